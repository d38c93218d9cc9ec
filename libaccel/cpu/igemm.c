// SPDX-License-Identifier: MIT
#include <string.h>

#include "igemm.h"

#define ARG(field, offset) \
	_Static_assert(offsetof(struct accel_igemm, field) == (offset), \
		       "neon/igemm.inc knows the offset of " #field)

ARG(rows, 0);
ARG(weights, 8);
ARG(out, 16);
ARG(stride, 24);
ARG(taps, 32);
ARG(kc, 40);
ARG(nc, 48);
ARG(zero, 56);
ARG(min, 58);
ARG(raw, 59);
ARG(low, 60);
ARG(high, 64);

/*
 * The same product in plain C: the definition that the others are tested
 * against, and what runs on other machines. The columns' loop is the one that
 * compilers vectorise. Multipliers are Q31 as in the other kernels.
 */
#define PORTABLE_MR	4
#define PORTABLE_NR	16

static inline int8_t requant_q31(const struct accel_igemm *args, int32_t acc, int32_t multiplier)
{
	int64_t value = ((int64_t)acc * multiplier + (INT64_C(1) << 30)) >> 31;

	value += args->zero;
	if (value < args->min)
		value = args->min;

	return value > INT8_MAX ? INT8_MAX : value < INT8_MIN ? INT8_MIN : (int8_t)value;
}

static inline __attribute__((always_inline)) void
portable(const struct accel_igemm *args, unsigned int mr)
{
	const int8_t *packed = args->weights;
	char *out = args->out;
	size_t n, t, k, r, c;

	for (n = 0; n < args->nc; n += PORTABLE_NR) {
		int32_t acc[PORTABLE_MR][PORTABLE_NR];
		int32_t parameter[PORTABLE_NR];

		memcpy(parameter, packed, sizeof(parameter));
		packed += sizeof(parameter);
		for (r = 0; r < mr; r++)
			memcpy(acc[r], parameter, sizeof(parameter));

		for (t = 0; t < args->taps; t++) {
			const int8_t *const *rows = args->rows + t * mr;

			for (k = 0; k < args->kc; k++) {
				for (r = 0; r < mr; r++) {
					int16_t a = rows[r][k];

					for (c = 0; c < PORTABLE_NR; c++)
						acc[r][c] += (int16_t)(a * packed[c]);
				}
				packed += PORTABLE_NR;
			}
		}

		memcpy(parameter, packed, sizeof(parameter));
		packed += sizeof(parameter);
		for (r = 0; r < mr; r++) {
			if (args->raw) {
				memcpy(out + r * args->stride, acc[r], sizeof(acc[r]));
				continue;
			}
			for (c = 0; c < PORTABLE_NR; c++)
				out[r * args->stride + c] =
					(char)requant_q31(args, acc[r][c], parameter[c]);
		}
		out += args->raw ? sizeof(acc[0]) : PORTABLE_NR;
	}
}

static void portable_4x16(const struct accel_igemm *args)
{
	portable(args, PORTABLE_MR);
}

static void portable_1x16(const struct accel_igemm *args)
{
	portable(args, 1);
}

static const struct accel_igemm_kernel kernel_portable = {
	.name = "qs8_igemm_4x16__portable",
	.tile = portable_4x16, .row = portable_1x16,
	.mr = PORTABLE_MR, .nr = PORTABLE_NR, .kr = 1, .step = 1,
};

#ifdef __aarch64__
accel_igemm_fn accel_qs8_igemm_3x8c16__neonmlal;
accel_igemm_fn accel_qs8_igemm_1x8c16__neonmlal;
accel_igemm_fn accel_qs8_igemm_3x8c16__neonmlal_full;
accel_igemm_fn accel_qs8_igemm_1x8c16__neonmlal_full;
accel_igemm_fn accel_qs8_igemm_6x16c4__neondot;
accel_igemm_fn accel_qs8_igemm_1x16c4__neondot;
accel_igemm_fn accel_qs8_igemm_6x16c8__neoni8mm;

static const struct accel_igemm_kernel kernel_mlal = {
	.name = "qs8_igemm_3x8c16__neonmlal",
	.tile = accel_qs8_igemm_3x8c16__neonmlal, .row = accel_qs8_igemm_1x8c16__neonmlal,
	.mr = 3, .nr = 8, .kr = 8, .step = 16,
};

static const struct accel_igemm_kernel kernel_mlal_full = {
	.name = "qs8_igemm_3x8c16__neonmlal_full",
	.tile = accel_qs8_igemm_3x8c16__neonmlal_full,
	.row = accel_qs8_igemm_1x8c16__neonmlal_full,
	.mr = 3, .nr = 8, .kr = 8, .step = 16,
};

static const struct accel_igemm_kernel kernel_dot = {
	.name = "qs8_igemm_6x16c4__neondot",
	.tile = accel_qs8_igemm_6x16c4__neondot, .row = accel_qs8_igemm_1x16c4__neondot,
	.mr = 6, .nr = 16, .kr = 4, .step = 4,
};

/* A single row would leave half of every SMMLA unused: kernel_dot serves it. */
static const struct accel_igemm_kernel kernel_i8mm = {
	.name = "qs8_igemm_6x16c8__neoni8mm",
	.tile = accel_qs8_igemm_6x16c8__neoni8mm,
	.mr = 6, .nr = 16, .kr = 8, .step = 8, .pair_bias = true,
};
#endif

const struct accel_igemm_kernel *accel_igemm_select(enum accel_isa isa, size_t rows, bool full)
{
#ifdef __aarch64__
	if (isa >= ACCEL_ISA_I8MM && rows > 1)
		return &kernel_i8mm;
	if (isa >= ACCEL_ISA_DOTPROD)
		return &kernel_dot;
	if (isa >= ACCEL_ISA_NEON)
		return full ? &kernel_mlal_full : &kernel_mlal;
#else
	(void)isa;
	(void)rows;
	(void)full;
#endif
	return &kernel_portable;
}

size_t accel_igemm_packed_size(const struct accel_igemm_kernel *kernel, size_t n, size_t taps,
			       size_t kc)
{
	size_t blocks = (n + kernel->nr - 1) / kernel->nr;
	size_t parameters = (kernel->pair_bias ? 3 : 2) * sizeof(int32_t);

	return blocks * kernel->nr * (taps * kc + parameters);
}

static int8_t *pack_bias(const struct accel_igemm_kernel *kernel, int8_t *out,
			 const struct accel_requant *requant, size_t n, size_t first)
{
	unsigned int c, copies = kernel->pair_bias ? 2 : 1;

	for (c = 0; c < kernel->nr; c += copies) {
		unsigned int copy, i;

		for (copy = 0; copy < copies; copy++) {
			for (i = 0; i < copies; i++) {
				size_t channel = first + c + i;
				int32_t bias = channel < n ? requant->bias[channel] : 0;

				memcpy(out, &bias, sizeof(bias));
				out += sizeof(bias);
			}
		}
	}

	return out;
}

void accel_igemm_pack(const struct accel_igemm_kernel *kernel, size_t n, size_t taps, size_t k,
		      size_t kc, const int8_t *w, const struct accel_requant *requant,
		      void *packed)
{
	bool multiply = requant->shift >= 16 && requant->shift <= 31;
	int8_t *out = packed;
	size_t first, t, at, i;
	unsigned int c;

	for (first = 0; first < n; first += kernel->nr) {
		out = pack_bias(kernel, out, requant, n, first);
		for (t = 0; t < taps; t++) {
			size_t step;

			for (at = 0; at < kc; at += step) {
				/* What is left of K below a whole step is one of KR. */
				step = kc - at < kernel->step ? kernel->kr : kernel->step;
				for (c = 0; c < kernel->nr; c++) {
					const int8_t *column = w + ((first + c) * taps + t) * k;

					for (i = at; i < at + step; i++)
						*out++ = first + c < n && i < k ? column[i] : 0;
				}
			}
		}
		for (c = 0; c < kernel->nr; c++) {
			int32_t q31 = multiply && first + c < n ?
				      accel_requant_q31(requant, first + c) : 0;

			memcpy(out, &q31, sizeof(q31));
			out += sizeof(q31);
		}
	}
}
