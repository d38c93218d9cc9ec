// SPDX-License-Identifier: MIT
/*
 * Winograd convolution: 3x3 kernels, transformed beforehand to 4x4 weights per
 * channel. CSC transforms each window of 4x4 samples (its pre-addition), CMAC
 * multiplies point by point, sums over four channels and makes 2x2 results of
 * the 4x4 sums (its post-addition), which CACC accumulates.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cacc.h"
#include "conv.h"
#include "fp.h"
#include "round.h"

#define SIDE		4
#define POINTS		(SIDE * SIDE)
#define CHANNELS	4			/* of an atomic operation */
#define ATOM		(POINTS * CHANNELS)
#define RESULTS		4			/* pixels of a window's output */
#define MAX_SAMPLES	(1ull << 27)
#define MAX_LANES	32

static int32_t combine(int32_t a, int32_t b, bool subtract, enum sim_precision precision)
{
	if (precision != SIM_FP16)
		return subtract ? a - b : a + b;
	return (int32_t)(subtract ? fp17_sub((uint32_t)a, (uint32_t)b) :
				    fp17_add((uint32_t)a, (uint32_t)b));
}

/* Four samples, @step apart: the first less the third, and so on. */
static void transform(int32_t *v, unsigned int step, enum sim_precision precision)
{
	int32_t a = v[0], b = v[step], c = v[2 * step], d = v[3 * step];

	v[0] = combine(a, c, true, precision);
	v[step] = combine(b, c, false, precision);
	v[2 * step] = combine(c, b, true, precision);
	v[3 * step] = combine(b, d, true, precision);
}

void sim_pre_add(int32_t *v, unsigned int truncate, enum sim_precision precision)
{
	unsigned int i;

	for (i = 0; i < POINTS && precision == SIM_FP16; i++)
		v[i] = (int32_t)fp16_to_fp17((uint32_t)v[i]);
	for (i = 0; i < SIDE; i++)
		transform(v + i, SIDE, precision);
	for (i = 0; i < SIDE; i++)
		transform(v + SIDE * i, 1, precision);
	for (i = 0; i < POINTS; i++)
		v[i] = precision == SIM_FP16 ? (int32_t)fp17_to_fp16((uint32_t)v[i]) :
		       (int32_t)sim_saturate(sim_round_shift_wide(v[i], truncate),
					     precision == SIM_INT8 ? 8 : 16);
}

static int check(struct sim_core *core, const struct sim_conv_op *op)
{
	if (op->s != SIDE || op->r != SIDE)
		return sim_fail(core, -EINVAL, NVDLA_CSC, CSC_D_WEIGHT_SIZE_EXT_0,
				"%ux%u weights per channel, Winograd has 4x4", op->s, op->r);
	if (op->out_width % SIDE || op->out_height % SIDE)
		return sim_fail(core, -EINVAL, NVDLA_CSC, CSC_D_DATAOUT_SIZE_0,
				"%ux%u outputs, Winograd makes multiples of 4x4", op->out_width,
				op->out_height);
	if (op->in_width % SIDE || op->in_height % SIDE || op->in_width < op->out_width + 2 ||
	    op->in_height < op->out_height + 2)
		return sim_fail(core, -EINVAL, NVDLA_CSC, CSC_D_DATAIN_SIZE_EXT_0,
				"%ux%u inputs for %ux%u outputs in Winograd mode", op->in_width,
				op->in_height, op->out_width, op->out_height);
	if (op->channels % CHANNELS)
		return sim_fail(core, -EINVAL, NVDLA_CSC, CSC_D_WEIGHT_SIZE_EXT_1,
				"%u channels, Winograd takes four at a time", op->channels);
	if (op->batches > 1)
		return sim_fail(core, -EINVAL, NVDLA_CSC, CSC_D_BATCH_NUMBER,
				"BATCHES %u in Winograd mode", op->batches - 1);

	return 0;
}

/* The window of four channels at output @x, @y, transformed, as [point][channel]. */
static void gather_window(const struct sim_core *core, const struct sim_conv_op *op,
			  unsigned int x, unsigned int y, unsigned int block,
			  unsigned int truncate, int16_t *out)
{
	const unsigned int entry_channels = core->config->cbuf_bank_width / POINTS / op->bytes;
	const unsigned int tiles = op->in_width / SIDE;
	unsigned int first = block * CHANNELS, i, c;
	int32_t v[CHANNELS][POINTS];

	for (i = 0; i < POINTS; i++) {
		unsigned int in_x = x + i % SIDE, in_y = y + i / SIDE;
		const uint8_t *entry = sim_csc_entry(core, op, (uint64_t)(in_y / SIDE) * SIDE *
						     op->entries +
						     (uint64_t)(first / entry_channels) * tiles +
						     in_x / SIDE);
		unsigned int at = (in_y % SIDE * SIDE + in_x % SIDE) * entry_channels +
				  first % entry_channels;

		for (c = 0; c < CHANNELS; c++) {
			const uint8_t *from = entry + (size_t)(at + c) * op->bytes;
			int16_t sample;

			if (op->bytes == 1) {
				v[c][i] = (int8_t)*from;
				continue;
			}
			memcpy(&sample, from, sizeof(sample));
			v[c][i] = op->precision == SIM_FP16 ? (uint16_t)sample : sample;
		}
	}
	for (c = 0; c < CHANNELS; c++) {
		sim_pre_add(v[c], truncate, op->precision);
		for (i = 0; i < POINTS; i++)
			out[i * CHANNELS + c] = (int16_t)v[c][i];
	}
}

int sim_gather_winograd(struct sim_core *core, struct sim_conv_op *op)
{
	unsigned int truncate = CSC_FIELD(core, D_PRA_CFG, PRA_TRUNCATE), x, y, block;
	uint64_t windows;
	int16_t *out;
	int err;

	err = check(core, op);
	if (err)
		return err;
	op->blocks = op->channels / CHANNELS;
	windows = (uint64_t)op->out_width * op->out_height / RESULTS;
	if (windows * op->blocks * ATOM > MAX_SAMPLES)
		return sim_fail(core, -EINVAL, NVDLA_CSC, CSC_D_DATAOUT_SIZE_0,
				"%ux%u outputs of %u channels are more than can be simulated",
				op->out_width, op->out_height, op->channels);
	op->in = malloc((size_t)windows * op->blocks * ATOM * sizeof(*op->in));
	if (!op->in)
		return sim_fail(core, -ENOMEM, NVDLA_CSC, CSC_D_DATAIN_SIZE_EXT_0, "no memory");
	out = op->in;
	for (y = 0; y < op->out_height; y += 2)
		for (x = 0; x < op->out_width; x += 2)
			for (block = 0; block < op->blocks; block++, out += ATOM)
				gather_window(core, op, x, y, block, truncate, out);

	return 0;
}

int sim_winograd_taps(struct sim_core *core, struct sim_conv_op *op)
{
	unsigned int i;

	op->tap_count = op->blocks;
	op->taps = calloc(op->tap_count, sizeof(*op->taps));
	op->tap_samples = calloc(op->tap_count, sizeof(*op->tap_samples));
	if (!op->taps || !op->tap_samples)
		return sim_fail(core, -ENOMEM, NVDLA_CSC, CSC_D_WEIGHT_SIZE_EXT_0, "no memory");
	for (i = 0; i < op->tap_count; i++) {
		op->taps[i].pairs = ATOM / 2;
		op->tap_samples[i] = ATOM;
	}
	op->pair_count = (size_t)op->blocks * ATOM / 2;
	op->sum_length = (uint64_t)op->blocks * ATOM;

	return 0;
}

void sim_post_add(const int64_t *v, int64_t *out)
{
	int64_t upper[SIDE], lower[SIDE];
	unsigned int i;

	for (i = 0; i < SIDE; i++) {
		upper[i] = v[i] + v[SIDE + i] + v[2 * SIDE + i];
		lower[i] = v[SIDE + i] - v[2 * SIDE + i] - v[3 * SIDE + i];
	}
	out[0] = upper[0] + upper[1] + upper[2];
	out[1] = upper[1] - upper[2] - upper[3];
	out[2] = lower[0] + lower[1] + lower[2];
	out[3] = lower[1] - lower[2] - lower[3];
}

/* What one window adds to its kernels' sums, in integers. */
static void add_int(const struct sim_conv_op *op, const int16_t *in, const int16_t *weights,
		    int64_t (*sum)[MAX_LANES])
{
	const unsigned int bits = op->precision == SIM_INT8 ? SIM_SUM_BITS_INT8 :
							       SIM_SUM_BITS_INT16;
	const unsigned int lanes = op->lanes;
	int64_t points[POINTS][MAX_LANES], v[POINTS], out[RESULTS];
	unsigned int i, j, k;

	for (i = 0; i < POINTS; i++) {
		memset(points[i], 0, lanes * sizeof(**points));
		for (j = 0; j < CHANNELS / 2; j++, in += 2, weights += 2 * lanes) {
			const int64_t a = in[0], b = in[1];

			for (k = 0; k < lanes; k++)
				points[i][k] += a * weights[2 * k] + b * weights[2 * k + 1];
		}
	}
	for (k = 0; k < lanes; k++) {
		for (i = 0; i < POINTS; i++)
			v[i] = points[i][k];
		sim_post_add(v, out);
		for (i = 0; i < RESULTS; i++)
			sum[i][k] = sim_saturate(sum[i][k] + out[i], bits);
	}
}

static void add_fp16(const struct sim_conv_op *op, const int16_t *in, const int16_t *weights,
		     unsigned int kernels, int64_t (*sum)[MAX_LANES])
{
	struct sim_float_sum add[RESULTS];
	uint16_t samples[ATOM], w[ATOM];
	unsigned int i, k;

	memcpy(samples, in, sizeof(samples));
	for (k = 0; k < kernels; k++) {
		for (i = 0; i < ATOM; i++)
			w[i] = (uint16_t)weights[(size_t)i / 2 * op->lanes * 2 + 2 * k + i % 2];
		sim_mac_fp16_winograd(samples, w, add);
		for (i = 0; i < RESULTS; i++)
			sum[i][k] = (int64_t)sim_cacc_add((uint64_t)sum[i][k], &add[i]);
	}
}

void sim_winograd_group(const struct sim_conv_op *op, const int16_t *weights,
			unsigned int kernels, int32_t *out, uint32_t *saturated)
{
	const size_t step = (size_t)ATOM * op->lanes;
	const int16_t *in = op->in;
	int64_t sum[RESULTS][MAX_LANES];
	unsigned int x, y, block, i, k;

	for (y = 0; y < op->out_height; y += 2) {
		for (x = 0; x < op->out_width; x += 2) {
			memset(sum, 0, sizeof(sum));
			for (block = 0; block < op->blocks; block++, in += ATOM) {
				if (op->precision == SIM_FP16)
					add_fp16(op, in, weights + block * step, kernels, sum);
				else
					add_int(op, in, weights + block * step, sum);
			}
			for (i = 0; i < RESULTS; i++) {
				int32_t *to = out + ((size_t)(y + i / 2) * op->out_width + x +
						     i % 2) * op->lanes;

				for (k = 0; k < op->lanes; k++)
					to[k] = k >= kernels ? 0 :
						op->precision == SIM_FP16 ?
						(int32_t)sim_cacc_float((uint64_t)sum[i][k]) :
						sim_cacc_int(sum[i][k], op->truncate, saturated);
			}
		}
	}
}
