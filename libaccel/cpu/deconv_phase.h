/* SPDX-License-Identifier: MIT */
/*
 * Transposed convolution as ordinary ones: the outputs whose position modulo
 * the stride is the same see the same taps of the kernel, and see them as a
 * convolution of stride 1 with the kernel turned round.
 */
#ifndef ACCEL_CPU_DECONV_PHASE_H
#define ACCEL_CPU_DECONV_PHASE_H

#include <stdint.h>

/**
 * struct deconv_phase - one phase in one direction
 * @first: first output of the phase; the others are a stride apart
 * @count: outputs; 0: none
 * @taps: taps of its kernel; 0: nothing but the bias reaches these outputs
 * @tap: the kernel's tap that is the first here; the others are @tap_step less
 *       each
 * @tap_step: see @tap
 * @start: where in the input the first output's first tap lies; may be negative
 * @dilation: inputs from tap to tap
 */
struct deconv_phase {
	uint32_t first, count, taps, tap, tap_step, dilation;
	int64_t start;
};

/**
 * deconv_phase() - phase @number of @stride
 * @out: outputs in this direction
 * @kernel: taps of the whole kernel
 * @pad: outputs dropped before the first
 */
static inline struct deconv_phase deconv_phase(uint32_t number, uint32_t out, uint32_t kernel,
					       uint32_t stride, uint32_t dilation, uint32_t pad)
{
	struct deconv_phase phase = { .first = number, .tap_step = 1, .dilation = 1 };
	uint32_t k;

	phase.count = number < out ? (out - number - 1) / stride + 1 : 0;
	for (k = 0; k < kernel; k++) {
		int64_t at = (int64_t)number + pad - (int64_t)k * dilation;

		if (at % stride)
			continue;
		if (phase.taps) {
			phase.tap_step = k - phase.tap;
			phase.dilation = (uint32_t)((uint64_t)phase.tap_step * dilation / stride);
		}
		phase.taps++;
		phase.tap = k;
		phase.start = at / stride;
	}

	return phase;
}

#endif /* ACCEL_CPU_DECONV_PHASE_H */
