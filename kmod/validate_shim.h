/* SPDX-License-Identifier: (GPL-2.0-only OR MIT) */
/*
 * What the validator needs of its surroundings, in the kernel and in user
 * space: integer types, errno, memory, overflow-checked arithmetic.
 */
#ifndef _NVDLA_VALIDATE_SHIM_H_
#define _NVDLA_VALIDATE_SHIM_H_

#ifdef __KERNEL__

#include <linux/errno.h>
#include <linux/array_size.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/types.h>

#include "../uapi/drm/nvdla_accel.h"

static inline void *nvdla_zalloc(size_t count, size_t size)
{
	return kvcalloc(count, size, GFP_KERNEL_ACCOUNT);
}

static inline void *nvdla_alloc(size_t count, size_t size)
{
	return kvmalloc_array(count, size, GFP_KERNEL_ACCOUNT);
}

static inline void nvdla_free(const void *memory)
{
	kvfree(memory);
}

#else /* !__KERNEL__ */

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "drm/nvdla_accel.h"

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(array)		(sizeof(array) / sizeof((array)[0]))
#endif
#define check_add_overflow(a, b, sum)	__builtin_add_overflow(a, b, sum)

static inline void *nvdla_zalloc(size_t count, size_t size)
{
	return calloc(count ? count : 1, size);
}

static inline void *nvdla_alloc(size_t count, size_t size)
{
	return nvdla_zalloc(count, size);
}

static inline void nvdla_free(void *memory)
{
	free(memory);
}

#endif /* !__KERNEL__ */

/* @n / @d, rounded up. */
static inline __u64 nvdla_div_up(__u64 n, __u32 d)
{
#ifdef __KERNEL__
	return div_u64(n + d - 1, d);
#else
	return (n + d - 1) / d;
#endif
}

#endif /* _NVDLA_VALIDATE_SHIM_H_ */
