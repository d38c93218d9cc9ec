// SPDX-License-Identifier: MIT
/*
 * NPU operations in portable C, bit-exact with the hardware. It is the
 * definition that faster kernels are tested against.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libaccel/cpu/npu_kernels.h"
#include "libaccel/cpu/sdp/cdp_line.h"
#include "libaccel/cpu/sdp/sdp_arithmetic.h"

/* One operand, spread over the channels where it does not change per element. */
struct operand {
	const int32_t *channel;	/* per channel, or NULL */
	const struct npu_operand *from;
};

struct npu_prepared {
	struct npu_op op;
	int16_t *weights;	/* [kernels][kernel_h][kernel_w][channels of a group] */
	int32_t *spread;	/* storage of the operands below */
	struct operand alu[3], mul[3];
	const uint8_t *lut;
};

static inline uint8_t *element(const struct npu_cube *cube, uint8_t *region, uint32_t c,
			       uint32_t y, uint32_t x)
{
	return region + cube->offset + (uint64_t)(c / cube->atom) * cube->surface +
	       (uint64_t)y * cube->line + (uint64_t)x * cube->atom + c % cube->atom;
}

/* Where the values of one operand for a line of one channel come from. */
struct line_operand {
	const int8_t *element;
	int32_t value;
};

static struct line_operand operand_line(const struct operand *operand, bool used,
					uint8_t *const regions[NPU_REGIONS], uint32_t c, uint32_t y)
{
	struct line_operand line = { NULL, 0 };

	if (!used)
		return line;
	if (operand->from->source == NPU_ELEMENT) {
		const struct npu_cube *cube = &operand->from->cube;

		line.element = (int8_t *)element(cube, regions[cube->region], c, y, 0);
	} else if (operand->channel) {
		line.value = operand->channel[c];
	} else if (operand->from->source == NPU_CHANNEL) {
		line.value = sdp_channel_value(operand->from, regions[operand->from->region], c);
	} else {
		line.value = operand->from->value;
	}
	return line;
}

/* SDP over one line of one channel; @x has @step values between elements. */
static void sdp_line(const struct npu_prepared *p, uint8_t *const regions[NPU_REGIONS], uint32_t c,
		     uint32_t y, const int32_t *x, size_t step)
{
	const struct npu_sdp *sdp = &p->op.sdp;
	const struct npu_stage *stages[2] = { &sdp->x1, &sdp->x2 };
	const uint8_t used_alu[3] = { sdp->x1.alu, sdp->x2.alu, sdp->y.alu };
	const uint8_t used_mul[3] = { sdp->x1.mul, sdp->x2.mul, sdp->y.mul };
	const uint32_t atom = p->op.out.atom;
	const bool has_y = sdp->y.alu || sdp->y.mul || sdp->y.lut;
	struct line_operand a[3], m[3];
	int8_t *out = (int8_t *)element(&p->op.out, regions[p->op.out.region], c, y, 0);
	uint32_t i, s;

	for (s = 0; s < 3; s++) {
		a[s] = operand_line(&p->alu[s], used_alu[s], regions, c, y);
		m[s] = operand_line(&p->mul[s], used_mul[s], regions, c, y);
		if (s < 2)
			a[s].value = sdp_shift_left(a[s].value, stages[s]->alu_shift);
	}

	for (i = 0; i < p->op.out.width; i++) {
		int32_t v = x[i * step];

		for (s = 0; s < 2; s++) {
			int32_t ao = a[s].value, mo = m[s].value;

			if (a[s].element)
				ao = sdp_shift_left(a[s].element[i * atom], stages[s]->alu_shift);
			if (m[s].element)
				mo = m[s].element[i * atom];
			if (used_alu[s] || used_mul[s] || stages[s]->relu)
				v = sdp_stage_x(stages[s], v, ao, mo);
		}
		if (has_y) {
			int32_t ao = a[2].value, mo = m[2].value;

			if (sdp->y.alu && p->alu[2].from->source != NPU_REGISTER)
				ao = sdp_convert(&sdp->y.alu_converter,
					     a[2].element ? a[2].element[i * atom] : ao);
			if (sdp->y.mul && p->mul[2].from->source != NPU_REGISTER)
				mo = sdp_convert(&sdp->y.mul_converter,
					     m[2].element ? m[2].element[i * atom] : mo);
			v = sdp_stage_y(&sdp->y, p->lut ? p->lut :
				    regions[sdp->y.lut_region] + sdp->y.lut_offset, v, ao, mo);
		}
		out[i * atom] = sdp_convert_out(sdp, v);
	}
}

/* A line of the padded input as [x][channel], for the taps of a kernel. */
static void gather_line(const struct npu_op *op, const uint8_t *region, int64_t y, int16_t *line)
{
	const struct npu_conv *conv = &op->conv;
	const uint32_t channels = op->in.channels, atom = op->in.atom;
	const size_t columns = conv->pad_left + op->in.width + conv->pad_right;
	uint32_t x, c0, c;
	size_t i;

	if (y < 0 || y >= op->in.height) {
		for (i = 0; i < columns * channels; i++)
			line[i] = conv->pad_value;
		return;
	}
	for (i = 0; i < (size_t)conv->pad_left * channels; i++)
		line[i] = conv->pad_value;
	for (i = (size_t)(conv->pad_left + op->in.width) * channels; i < columns * channels; i++)
		line[i] = conv->pad_value;
	line += (size_t)conv->pad_left * channels;
	for (c0 = 0; c0 < channels; c0 += atom) {
		const int8_t *from = (const int8_t *)region + op->in.offset +
				     (uint64_t)(c0 / atom) * op->in.surface +
				     (uint64_t)y * op->in.line;
		uint32_t count = channels - c0 < atom ? channels - c0 : atom;

		for (x = 0; x < op->in.width; x++)
			for (c = 0; c < count; c++)
				line[(size_t)x * channels + c0 + c] = from[(size_t)x * atom + c];
	}
}

/* Products of int8 values: a sum of this many cannot leave 32 bits. */
__attribute__((optimize("O3")))
static int32_t dot(const int16_t *a, const int16_t *b, uint32_t n)
{
	int32_t sum = 0;
	uint32_t i;

	for (i = 0; i < n; i++)
		sum += a[i] * b[i];
	return sum;
}

/* The same with one channel per kernel; @x moves by @channels. */
static int64_t conv_at(const struct npu_prepared *p, int16_t *const *lines, uint32_t k, uint32_t x)
{
	const struct npu_op *op = &p->op;
	const struct npu_conv *conv = &op->conv;
	const uint32_t channels = op->in.channels;
	const uint32_t group_c = channels / conv->groups;
	const uint32_t first_c = k / (op->out.channels / conv->groups) * group_c;
	const size_t kernel = (size_t)conv->kernel_h * conv->kernel_w * group_c;
	const int16_t *w = p->weights + k * kernel;
	int64_t sum = 0;
	uint32_t r, s;

	for (r = 0; r < conv->kernel_h; r++) {
		const int16_t *line = lines[r] + (size_t)x * conv->stride_x * channels + first_c;

		if (conv->groups == 1 && conv->dilation_x == 1) {
			sum += dot(line, w, conv->kernel_w * channels);
			w += conv->kernel_w * channels;
			continue;
		}
		for (s = 0; s < conv->kernel_w; s++, w += group_c) {
			const int16_t *from = line + (size_t)s * conv->dilation_x * channels;

			if (group_c == 1)
				sum += from[0] * w[0];
			else
				sum += dot(from, w, group_c);
		}
	}
	return sum;
}

static int run_conv(const struct npu_prepared *p, uint8_t *const regions[NPU_REGIONS])
{
	const struct npu_op *op = &p->op;
	const struct npu_conv *conv = &op->conv;
	const size_t columns = conv->pad_left + op->in.width + conv->pad_right;
	const size_t line = columns * op->in.channels;
	int16_t *buffer = malloc(conv->kernel_h * line * sizeof(*buffer));
	int32_t *sums = malloc((size_t)op->out.width * sizeof(*sums));
	int64_t held[32];
	int16_t *lines[32];
	uint32_t r, y, x, k;

	if (!buffer || !sums) {
		free(buffer);
		free(sums);
		return -ENOMEM;
	}
	for (r = 0; r < conv->kernel_h; r++) {
		lines[r] = buffer + r * line;
		held[r] = INT64_MIN;
	}
	for (y = 0; y < op->out.height; y++) {
		for (r = 0; r < conv->kernel_h; r++) {
			int64_t need = (int64_t)y * conv->stride_y + (int64_t)r * conv->dilation_y -
				       conv->pad_top;
			uint32_t other;

			/* A line of the step before is often already there. */
			for (other = r; other < conv->kernel_h && held[other] != need; other++)
				;
			if (other < conv->kernel_h) {
				int16_t *swap = lines[r];
				int64_t was = held[r];

				lines[r] = lines[other];
				held[r] = held[other];
				lines[other] = swap;
				held[other] = was;
				continue;
			}
			gather_line(op, regions[op->in.region], need, lines[r]);
			held[r] = need;
		}
		for (k = 0; k < op->out.channels; k++) {
			for (x = 0; x < op->out.width; x++)
				sums[x] = sdp_sat32(conv_at(p, lines, k, x));
			sdp_line(p, regions, k, y, sums, 1);
		}
	}
	free(buffer);
	free(sums);
	return 0;
}

static int run_sdp(const struct npu_prepared *p, uint8_t *const regions[NPU_REGIONS])
{
	const struct npu_op *op = &p->op;
	int32_t *line = malloc((size_t)op->in.width * sizeof(*line));
	uint32_t c, y, x;

	if (!line)
		return -ENOMEM;
	for (c = 0; c < op->in.channels; c++) {
		for (y = 0; y < op->in.height; y++) {
			const int8_t *from = (int8_t *)element(&op->in, regions[op->in.region], c,
							       y, 0);

			for (x = 0; x < op->in.width; x++)
				line[x] = from[(size_t)x * op->in.atom];
			sdp_line(p, regions, c, y, line, 1);
		}
	}
	free(line);
	return 0;
}

static int8_t pool_at(const struct npu_op *op, uint8_t *region, uint32_t c, uint32_t y, uint32_t x)
{
	const struct npu_pdp *pdp = &op->pdp;
	int64_t v = pdp->method == NPU_POOL_MAX ? INT8_MIN :
		    pdp->method == NPU_POOL_MIN ? INT8_MAX : 0;
	uint32_t r, s;

	for (r = 0; r < pdp->kernel_h; r++) {
		int64_t from_y = (int64_t)y * pdp->stride_y + r - pdp->pad_top;

		if (from_y < 0 || from_y >= op->in.height)
			continue;
		for (s = 0; s < pdp->kernel_w; s++) {
			int64_t from_x = (int64_t)x * pdp->stride_x + s - pdp->pad_left;
			int8_t e;

			if (from_x < 0 || from_x >= op->in.width)
				continue;
			e = (int8_t)*element(&op->in, region, c, (uint32_t)from_y,
					     (uint32_t)from_x);
			if (pdp->method == NPU_POOL_AVERAGE)
				v += e;
			else if (pdp->method == NPU_POOL_MAX ? e > v : e < v)
				v = e;
		}
	}
	if (pdp->method == NPU_POOL_AVERAGE) {
		v = sdp_shift_round(v * pdp->recip_w, 16, 64);
		v = sdp_shift_round(v * pdp->recip_h, 16, 64);
		v = v > INT8_MAX ? INT8_MAX : v < INT8_MIN ? INT8_MIN : v;
	}
	return (int8_t)v;
}

static void run_pdp(const struct npu_prepared *p, uint8_t *const regions[NPU_REGIONS])
{
	const struct npu_op *op = &p->op;
	uint32_t c, y, x;

	for (c = 0; c < op->out.channels; c++)
		for (y = 0; y < op->out.height; y++)
			for (x = 0; x < op->out.width; x++)
				*element(&op->out, regions[op->out.region], c, y, x) =
					(uint8_t)pool_at(op, regions[op->in.region], c, y, x);
}

static void ref_free(struct npu_prepared *p)
{
	if (!p)
		return;
	free(p->weights);
	free(p->spread);
	free(p);
}

static int32_t *spread(struct operand *operand, const struct npu_operand *from, bool used,
		       const uint8_t *consts, uint32_t channels, int32_t *to)
{
	uint32_t c;

	operand->from = from;
	if (!used || from->source != NPU_CHANNEL || from->region != NPU_CONSTS)
		return to;
	operand->channel = to;
	for (c = 0; c < channels; c++)
		*to++ = sdp_channel_value(from, consts, c);
	return to;
}

static int ref_prepare(const struct npu_op *op, const struct npu_atoms *atoms,
		       const uint8_t *consts, struct npu_prepared **out)
{
	struct npu_prepared *p = calloc(1, sizeof(*p));
	const struct npu_sdp *sdp;
	int32_t *to;

	if (!p)
		return -ENOMEM;
	p->op = *op;
	sdp = &p->op.sdp;
	p->spread = calloc(6 * (size_t)op->out.channels, sizeof(*p->spread));
	if (!p->spread)
		goto nomem;
	if (op->kind == NPU_CONV) {
		size_t count = (size_t)op->out.channels * op->conv.kernel_h * op->conv.kernel_w *
			       (op->in.channels / op->conv.groups);
		int8_t *plain = malloc(count);
		size_t i;

		p->weights = malloc(count * sizeof(*p->weights));
		if (!plain || !p->weights) {
			free(plain);
			goto nomem;
		}
		npu_weights_unpack(op, atoms, (const int8_t *)consts + op->conv.weights, plain);
		for (i = 0; i < count; i++)
			p->weights[i] = plain[i];
		free(plain);
	}
	if (op->kind == NPU_CONV || op->kind == NPU_SDP) {
		const uint32_t channels = op->out.channels;

		to = spread(&p->alu[0], &sdp->x1.alu_operand, sdp->x1.alu, consts, channels,
			    p->spread);
		to = spread(&p->mul[0], &sdp->x1.mul_operand, sdp->x1.mul, consts, channels, to);
		to = spread(&p->alu[1], &sdp->x2.alu_operand, sdp->x2.alu, consts, channels, to);
		to = spread(&p->mul[1], &sdp->x2.mul_operand, sdp->x2.mul, consts, channels, to);
		to = spread(&p->alu[2], &sdp->y.alu_operand, sdp->y.alu, consts, channels, to);
		spread(&p->mul[2], &sdp->y.mul_operand, sdp->y.mul, consts, channels, to);
		if (sdp->y.lut && sdp->y.lut_region == NPU_CONSTS)
			p->lut = consts + sdp->y.lut_offset;
	}
	*out = p;
	return 0;
nomem:
	ref_free(p);
	return -ENOMEM;
}

static int ref_run(const struct npu_prepared *p, uint8_t *const regions[NPU_REGIONS])
{
	switch (p->op.kind) {
	case NPU_CONV:
		return run_conv(p, regions);
	case NPU_SDP:
		return run_sdp(p, regions);
	case NPU_PDP:
		run_pdp(p, regions);
		return 0;
	default:
		return cdp_run(&p->op, regions);
	}
}

const struct npu_kernels npu_kernels_reference = {
	.name = "reference",
	.prepare = ref_prepare,
	.run = ref_run,
	.free = ref_free,
};
