/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * Bit-field macros for register definitions that are shared by the kernel
 * module and user space: in the kernel the kernel's own, elsewhere the same
 * four names with the same meaning.
 */
#ifndef _NVDLA_BITS_H_
#define _NVDLA_BITS_H_

#ifdef __KERNEL__
#include <linux/bitfield.h>
#include <linux/bits.h>
#include <linux/types.h>
#else
#include <stdint.h>
#include <linux/types.h>

#ifndef BIT
#define BIT(n)			(UINT32_C(1) << (n))
#endif
#ifndef GENMASK
#define GENMASK(h, l)		((UINT32_MAX >> (31 - (h))) & (UINT32_MAX << (l)))
#endif
#ifndef FIELD_GET
#define FIELD_GET(mask, reg)	(((uint32_t)(reg) & (mask)) >> __builtin_ctz(mask))
#define FIELD_PREP(mask, val)	(((uint32_t)(val) << __builtin_ctz(mask)) & (mask))
#define FIELD_MAX(mask)		((uint32_t)(mask) >> __builtin_ctz(mask))
#endif
#endif /* __KERNEL__ */

#endif /* _NVDLA_BITS_H_ */
