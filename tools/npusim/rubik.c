// SPDX-License-Identifier: MIT
/*
 * RUBIK: reorders cubes without computing. Contract makes the output of a
 * deconvolution out of the channels of a convolution; split and merge go from
 * a feature cube to one plane per channel and back.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"

#define ATOM	32

#define R(reg)		sim_reg(core, NVDLA_RUBIK, group, reg)
#define F(reg, field)	FIELD_GET(reg##_##field, sim_reg(core, NVDLA_RUBIK, group, reg))

/* One operation under way. */
struct rubik_op {
	unsigned int size;		/* bytes per element */
	unsigned int per_atom;		/* elements per atom */
	unsigned int width, height, channels_in, channels_out;
	unsigned int stride_x, stride_y;
	uint64_t src, src_line, src_surf, src_plane;
	uint64_t dst, dst_line, dst_surf, dst_plane;
	uint64_t src_cube, dst_block;	/* contract: between channel groups, block lines */
	enum npusim_port src_port, dst_port;
};

static void read_op(const struct sim_core *core, unsigned int group, struct rubik_op *op)
{
	op->size = F(RBK_D_MISC_CFG, IN_PRECISION) == RBK_D_MISC_CFG_IN_PRECISION_INT8 ? 1 : 2;
	op->per_atom = ATOM / op->size;
	op->width = F(RBK_D_DATAIN_SIZE_0, DATAIN_WIDTH) + 1;
	op->height = F(RBK_D_DATAIN_SIZE_0, DATAIN_HEIGHT) + 1;
	op->channels_in = F(RBK_D_DATAIN_SIZE_1, DATAIN_CHANNEL) + 1;
	op->channels_out = F(RBK_D_DATAOUT_SIZE_1, DATAOUT_CHANNEL) + 1;
	op->stride_x = F(RBK_D_DECONV_STRIDE, DECONV_X_STRIDE) + 1;
	op->stride_y = F(RBK_D_DECONV_STRIDE, DECONV_Y_STRIDE) + 1;
	op->src_port = F(RBK_D_DAIN_RAM_TYPE, DATAIN_RAM_TYPE) ? NPUSIM_MCIF : NPUSIM_CVIF;
	op->dst_port = F(RBK_D_DAOUT_RAM_TYPE, DATAOUT_RAM_TYPE) ? NPUSIM_MCIF : NPUSIM_CVIF;
	op->src = (R(RBK_D_DAIN_ADDR_LOW) & ~(uint64_t)(ATOM - 1)) |
		  (uint64_t)R(RBK_D_DAIN_ADDR_HIGH) << 32;
	op->dst = (R(RBK_D_DAOUT_ADDR_LOW) & ~(uint64_t)(ATOM - 1)) |
		  (uint64_t)R(RBK_D_DAOUT_ADDR_HIGH) << 32;
	op->src_line = R(RBK_D_DAIN_LINE_STRIDE) & ~(uint64_t)(ATOM - 1);
	op->src_surf = R(RBK_D_DAIN_SURF_STRIDE) & ~(uint64_t)(ATOM - 1);
	op->src_plane = R(RBK_D_DAIN_PLANAR_STRIDE) & ~(uint64_t)(ATOM - 1);
	op->dst_line = R(RBK_D_DAOUT_LINE_STRIDE) & ~(uint64_t)(ATOM - 1);
	op->dst_surf = R(RBK_D_DAOUT_SURF_STRIDE) & ~(uint64_t)(ATOM - 1);
	op->dst_plane = R(RBK_D_DAOUT_PLANAR_STRIDE) & ~(uint64_t)(ATOM - 1);
	op->src_cube = R(RBK_D_CONTRACT_STRIDE_0) & ~(uint64_t)(ATOM - 1);
	op->dst_block = R(RBK_D_CONTRACT_STRIDE_1) & ~(uint64_t)(ATOM - 1);
}

static int fetch(struct sim_core *core, const struct rubik_op *op, uint64_t addr, uint8_t *dst,
		 size_t len, struct sim_cost *cost)
{
	cost->cycles += len / ATOM;
	return sim_read(core, NVDLA_RUBIK, RBK_D_DAIN_ADDR_LOW, op->src_port, addr, dst, len, cost);
}

static int store(struct sim_core *core, const struct rubik_op *op, uint64_t addr,
		 const uint8_t *src, size_t len, struct sim_cost *cost)
{
	return sim_write(core, NVDLA_RUBIK, RBK_D_DAOUT_ADDR_LOW, op->dst_port, addr, src, len,
			 cost);
}

/* Channel group (sy, sx) of the input becomes pixel (sy, sx) of a block of the output. */
static int contract(struct sim_core *core, const struct rubik_op *op, uint8_t *in, uint8_t *out,
		    struct sim_cost *cost)
{
	unsigned int surfaces = (op->channels_out - 1) / op->per_atom + 1;
	unsigned int s, y, sy, sx, x;
	int err;

	for (s = 0; s < surfaces; s++) {
		for (y = 0; y < op->height; y++) {
			for (sy = 0; sy < op->stride_y; sy++) {
				for (sx = 0; sx < op->stride_x; sx++) {
					uint64_t cube = (sy * op->stride_x + sx) * op->src_cube;

					err = fetch(core, op, op->src + cube + s * op->src_surf +
						    y * op->src_line, in,
						    (size_t)op->width * ATOM, cost);
					if (err)
						return err;
					for (x = 0; x < op->width; x++)
						memcpy(out + ((size_t)x * op->stride_x + sx) * ATOM,
						       in + (size_t)x * ATOM, ATOM);
				}
				err = store(core, op, op->dst + s * op->dst_surf +
					    y * op->dst_block + sy * op->dst_line, out,
					    (size_t)op->width * op->stride_x * ATOM, cost);
				if (err)
					return err;
			}
		}
	}

	return 0;
}

/* Bytes of a line of a plane; hardware moves whole atoms. */
static size_t plane_line(const struct rubik_op *op)
{
	return ((size_t)op->width * op->size + ATOM - 1) / ATOM * ATOM;
}

static int split(struct sim_core *core, const struct rubik_op *op, uint8_t *in, uint8_t *out,
		 struct sim_cost *cost)
{
	unsigned int c, y, x, k;
	int err;

	for (c = 0; c < op->channels_out; c += op->per_atom) {
		for (y = 0; y < op->height; y++) {
			err = fetch(core, op, op->src + c / op->per_atom * op->src_surf +
				    y * op->src_line, in, (size_t)op->width * ATOM, cost);
			for (k = 0; !err && k < op->per_atom && c + k < op->channels_out; k++) {
				memset(out, 0, plane_line(op));
				for (x = 0; x < op->width; x++)
					memcpy(out + (size_t)x * op->size,
					       in + (size_t)x * ATOM + k * op->size, op->size);
				err = store(core, op, op->dst + (c + k) * op->dst_plane +
					    y * op->dst_line, out, plane_line(op), cost);
			}
			if (err)
				return err;
		}
	}

	return 0;
}

static int merge(struct sim_core *core, const struct rubik_op *op, uint8_t *in, uint8_t *out,
		 struct sim_cost *cost)
{
	unsigned int c, y, x, k;
	int err;

	for (c = 0; c < op->channels_in; c += op->per_atom) {
		for (y = 0; y < op->height; y++) {
			memset(out, 0, (size_t)op->width * ATOM);
			for (k = 0; k < op->per_atom && c + k < op->channels_in; k++) {
				err = fetch(core, op, op->src + (c + k) * op->src_plane +
					    y * op->src_line, in, plane_line(op), cost);
				if (err)
					return err;
				for (x = 0; x < op->width; x++)
					memcpy(out + (size_t)x * ATOM + k * op->size,
					       in + (size_t)x * op->size, op->size);
			}
			err = store(core, op, op->dst + c / op->per_atom * op->dst_surf +
				    y * op->dst_line, out, (size_t)op->width * ATOM, cost);
			if (err)
				return err;
		}
	}

	return 0;
}

int sim_rubik_run(struct sim_core *core, unsigned int group, struct sim_cost *cost)
{
	struct rubik_op op;
	uint8_t *in, *out;
	int err;

	if (F(RBK_D_MISC_CFG, IN_PRECISION) > RBK_D_MISC_CFG_IN_PRECISION_FP16)
		return sim_fail(core, -EINVAL, NVDLA_RUBIK, RBK_D_MISC_CFG,
				"RBK D_MISC_CFG.IN_PRECISION is 3, which is reserved");
	read_op(core, group, &op);
	if ((uint64_t)op.width * op.height * op.stride_x * op.stride_y *
	    ((op.channels_in > op.channels_out ? op.channels_in : op.channels_out) + ATOM) >
	    SIM_MAX_ELEMENTS)
		return sim_fail(core, -EINVAL, NVDLA_RUBIK, RBK_D_DATAIN_SIZE_0,
				"RBK D_DATAIN_SIZE_*: more elements than the simulator takes");
	in = malloc((size_t)op.width * ATOM);
	out = malloc((size_t)op.width * op.stride_x * ATOM);
	if (!in || !out) {
		err = sim_fail(core, -ENOMEM, NVDLA_RUBIK, RBK_D_DATAIN_SIZE_0,
			       "RBK D_DATAIN_SIZE_0.DATAIN_WIDTH: no memory for a line");
		goto out;
	}
	switch (F(RBK_D_MISC_CFG, RUBIK_MODE)) {
	case RBK_D_MISC_CFG_RUBIK_MODE_CONTRACT:
		err = contract(core, &op, in, out, cost);
		break;
	case RBK_D_MISC_CFG_RUBIK_MODE_SPLIT:
		err = split(core, &op, in, out, cost);
		break;
	case RBK_D_MISC_CFG_RUBIK_MODE_MERGE:
		err = merge(core, &op, in, out, cost);
		break;
	default:
		err = sim_fail(core, -EINVAL, NVDLA_RUBIK, RBK_D_MISC_CFG,
			       "RBK D_MISC_CFG.RUBIK_MODE is 3, which is reserved");
		break;
	}

out:
	free(in);
	free(out);
	return err;
}
