// SPDX-License-Identifier: MIT
/*
 * Depthwise layers of one pixel, as batch normalisation behind a concatenation is:
 * a product and a sum per channel. SDP does both by itself, and takes as many
 * values a cycle as it writes; behind the convolution it spends a cycle more on
 * each pixel of a surface, and its sums are handed over in stripes.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "layer.h"

/* Bits behind the point of what X1 hands to X2, and X2 to the converter. */
#define MOST_POINT	22

/* Bits that a channel's multiplier may lack. */
#define MOST_LOSS	4

/*
 * out = zo + R[k] * (x - zi) + B[k]: X1 takes off zi and multiplies, X2 adds and
 * has the ReLU, the converter rounds.
 */
static bool set_stages(struct lower *lower, const struct layer *layer, struct lower_op *op)
{
	const uint32_t count = layer->kernels;
	const double so = graph_scale(&lower->graph->tensors[layer->out], 0);
	const int32_t zo = graph_zero_point(&lower->graph->tensors[layer->out], 0);
	double *product = calloc(count, sizeof(*product)), *sum = calloc(count, sizeof(*sum));
	int16_t *values = calloc(count, sizeof(*values));
	struct requant requant = { .mul = values };
	struct npu_sdp *sdp = &op->op.sdp;
	double most = 0, most_sum = 0;
	int point, shift = 0;
	bool ok = false;
	uint32_t k;

	if (!product || !sum || !values) {
		lower->error = -ENOMEM;
		goto out;
	}
	for (k = 0; k < count; k++) {
		product[k] = layer->scale[k] * layer->weights[k] / so;
		sum[k] = layer->scale[k] * layer->bias[k] / so;
		most = fmax(most, 256 * fabs(product[k]) + fabs(sum[k]));
		most_sum = fmax(most_sum, fabs(sum[k]));
	}
	requant_choose(product, count, &requant);
	/* Room for the sum, the zero point and a bit. */
	point = 29 - (int)ceil(log2(most + 256));
	point = point < MOST_POINT ? point : MOST_POINT;
	point = point < requant.shift ? point : requant.shift;
	if (requant.loss_bits > MOST_LOSS || point < 8)
		goto out;
	sdp->x1.alu = NPU_ALU_SUM;
	sdp->x1.alu_operand.source = NPU_REGISTER;
	sdp->x1.alu_operand.value = -layer->conv.pad_value;
	sdp->x1.mul = NPU_MUL;
	sdp->x1.mul_shift = requant.shift - point;
	lower_put_values(lower, &sdp->x1.mul_operand, values, count);
	while (ldexp(most_sum, point - shift) > INT16_MAX)
		shift++;
	for (k = 0; k < count; k++)
		values[k] = (int16_t)round(ldexp(sum[k], point - shift));
	sdp->x2.alu = NPU_ALU_SUM;
	sdp->x2.alu_shift = shift;
	lower_put_values(lower, &sdp->x2.alu_operand, values, count);
	sdp->x2.relu = layer->act_lo == zo;
	sdp->cvt_offset = -zo * (1 << point);
	sdp->cvt_scale = 1;
	sdp->cvt_shift = point;
	op->loss_bits = requant.loss_bits;
	ok = true;
out:
	free(product);
	free(sum);
	free(values);
	return ok;
}

bool layer_scale(struct lower *lower, const struct layer *layer)
{
	const struct npu_conv *conv = &layer->conv;
	const int32_t zo = graph_zero_point(&lower->graph->tensors[layer->out], 0);
	const int32_t lo = layer->act_lo == zo ? INT8_MIN : layer->act_lo;
	struct npu_cost cost;
	struct lower_op op;
	const char *why;

	if (layer->cubes || conv->kernel_w * conv->kernel_h > 1 || conv->stride_x > 1 ||
	    conv->stride_y > 1 || conv->pad_left || conv->pad_right || conv->pad_top ||
	    conv->pad_bottom || conv->groups < 2 || conv->groups != layer->in_channels ||
	    layer->kernels != conv->groups || lower_clamps(lo, layer->act_hi))
		return false;
	lower_start(&op, NPU_SDP);
	if (!lower_read(lower, layer->in, &op) || op.op.in.atom != lower->config->atomic_m ||
	    !lower_output(lower, layer->out, &op))
		return false;
	npu_op_cost(lower->config, &op.op, lower->bandwidth, &cost);
	if (cost.cycles >= layer_cycles(lower, conv, layer->in_channels, layer->in_width,
					layer->in_height, layer->kernels))
		return false;
	return set_stages(lower, layer, &op) && lower_emit(lower, &op, &why);
}
