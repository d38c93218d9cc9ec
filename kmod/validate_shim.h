/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * What the validator needs of its surroundings, in the kernel and in user
 * space: integer types, errno, memory, overflow-checked arithmetic.
 */
#ifndef _NVDLA_VALIDATE_SHIM_H_
#define _NVDLA_VALIDATE_SHIM_H_

#ifdef __KERNEL__

#include <linux/errno.h>
#include <linux/math.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/types.h>

#include "../uapi/drm/nvdla_accel.h"

#define nvdla_zalloc(count, size)	kvcalloc((count), (size), GFP_KERNEL_ACCOUNT)
#define nvdla_alloc(count, size)	kvmalloc_array((count), (size), GFP_KERNEL_ACCOUNT)
#define nvdla_free(pointer)		kvfree(pointer)

#else /* !__KERNEL__ */

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "drm/nvdla_accel.h"

#ifndef DIV_ROUND_UP
#define DIV_ROUND_UP(n, d)		(((n) + (d) - 1) / (d))
#endif
#define check_add_overflow(a, b, sum)	__builtin_add_overflow(a, b, sum)
#define check_mul_overflow(a, b, prod)	__builtin_mul_overflow(a, b, prod)

#define nvdla_zalloc(count, size)	calloc((count) ? (count) : 1, (size))
#define nvdla_alloc(count, size)	nvdla_zalloc(count, size)
#define nvdla_free(pointer)		free(pointer)

#endif /* !__KERNEL__ */

#endif /* _NVDLA_VALIDATE_SHIM_H_ */
