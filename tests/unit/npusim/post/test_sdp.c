// SPDX-License-Identifier: MIT
/*
 * Single data processor, memory to memory: stages X1, X2 and Y with operands
 * from registers and memory, and the output converter.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "rig.h"

enum { MAX, MIN, SUM };

/* One of ALU and MUL of a stage, with its operand. */
struct half {
	bool on, mem;
	int32_t reg;
	int cvt_offset, cvt_scale;
	unsigned int cvt_shift;
	bool cvt;
};

struct stage {
	bool on, prelu, relu;
	unsigned int algo, left, right;
	struct half alu, mul;
	bool wide, per_element;
	struct rig_cube cube;
};

/* Register offsets of a stage, by place. */
struct stage_regs {
	uint32_t cfg, alu_cfg, alu_value, mul_cfg, mul_value;
	uint32_t rdma, low;
};

static const struct stage_regs regs[3] = {
	{ SDP_D_DP_BS_CFG, SDP_D_DP_BS_ALU_CFG, SDP_D_DP_BS_ALU_SRC_VALUE, SDP_D_DP_BS_MUL_CFG,
	  SDP_D_DP_BS_MUL_SRC_VALUE, SDP_RDMA_D_BRDMA_CFG, SDP_RDMA_D_BS_BASE_ADDR_LOW },
	{ SDP_D_DP_BN_CFG, SDP_D_DP_BN_ALU_CFG, SDP_D_DP_BN_ALU_SRC_VALUE, SDP_D_DP_BN_MUL_CFG,
	  SDP_D_DP_BN_MUL_SRC_VALUE, SDP_RDMA_D_NRDMA_CFG, SDP_RDMA_D_BN_BASE_ADDR_LOW },
	{ SDP_D_DP_EW_CFG, SDP_D_DP_EW_ALU_CFG, SDP_D_DP_EW_ALU_SRC_VALUE, SDP_D_DP_EW_MUL_CFG,
	  SDP_D_DP_EW_MUL_SRC_VALUE, SDP_RDMA_D_ERDMA_CFG, SDP_RDMA_D_EW_BASE_ADDR_LOW },
};

static struct half random_half(struct rig *rig, unsigned int bits)
{
	struct half h = {
		.on = rig_random(rig, 4), .mem = rig_random(rig, 2),
		.reg = rig_random_signed(rig, bits),
		.cvt = rig_random(rig, 2), .cvt_offset = rig_random_signed(rig, 12),
		.cvt_scale = rig_random_signed(rig, 16), .cvt_shift = rig_random(rig, 20),
	};

	return h;
}

static void program_stage(struct rig *rig, struct stage *s, unsigned int id, unsigned int w,
			  unsigned int h, unsigned int c)
{
	const struct stage_regs *r = &regs[id];
	bool alu, mul;
	unsigned int use, bytes;

	memset(s, 0, sizeof(*s));
	s->on = rig_random(rig, 4) && (id < 2 || rig->config->features & NVDLA_FEAT_SDP_EW);
	s->prelu = !rig_random(rig, 4);
	s->relu = id < 2 && !rig_random(rig, 3);
	s->algo = rig_random(rig, 3);
	s->left = rig_random(rig, rig_random(rig, 2) ? 64 : 6);
	s->right = rig_random(rig, rig_random(rig, 3) ? 12 : 64);
	s->alu = random_half(rig, id < 2 ? 16 : 32);
	s->mul = random_half(rig, id < 2 ? 16 : 32);
	s->wide = rig_random(rig, 2);
	s->per_element = rig_random(rig, 2);
	/* The lookup table's bypass and the bypass of ReLU are the same bit. */
	rig_write(rig, NVDLA_SDP, r->cfg, (!s->on) | (!s->alu.on) << 1 | s->algo << 2 |
		  (!s->mul.on) << 4 | s->prelu << 5 | (id == 2 || !s->relu) << 6);
	if (id < 2) {
		rig_write(rig, NVDLA_SDP, r->alu_cfg, s->alu.mem | s->left << 8);
		rig_write(rig, NVDLA_SDP, r->mul_cfg, s->mul.mem | s->right << 8);
	} else {
		rig_write(rig, NVDLA_SDP, r->alu_cfg, s->alu.mem | !s->alu.cvt << 1);
		rig_write(rig, NVDLA_SDP, r->mul_cfg, s->mul.mem | !s->mul.cvt << 1);
		rig_write(rig, NVDLA_SDP, SDP_D_DP_EW_ALU_CVT_OFFSET_VALUE,
			  (uint32_t)s->alu.cvt_offset);
		rig_write(rig, NVDLA_SDP, SDP_D_DP_EW_ALU_CVT_SCALE_VALUE,
			  (uint32_t)s->alu.cvt_scale);
		rig_write(rig, NVDLA_SDP, SDP_D_DP_EW_ALU_CVT_TRUNCATE_VALUE, s->alu.cvt_shift);
		rig_write(rig, NVDLA_SDP, SDP_D_DP_EW_MUL_CVT_OFFSET_VALUE,
			  (uint32_t)s->mul.cvt_offset);
		rig_write(rig, NVDLA_SDP, SDP_D_DP_EW_MUL_CVT_SCALE_VALUE,
			  (uint32_t)s->mul.cvt_scale);
		rig_write(rig, NVDLA_SDP, SDP_D_DP_EW_MUL_CVT_TRUNCATE_VALUE, s->mul.cvt_shift);
		rig_write(rig, NVDLA_SDP, SDP_D_DP_EW_TRUNCATE_VALUE, s->right);
	}
	rig_write(rig, NVDLA_SDP, r->alu_value, (uint32_t)s->alu.reg);
	rig_write(rig, NVDLA_SDP, r->mul_value, (uint32_t)s->mul.reg);

	alu = s->on && s->alu.on && s->alu.mem;
	mul = s->on && s->mul.on && s->mul.mem;
	if (!alu && !mul) {
		rig_write(rig, NVDLA_SDP_RDMA, r->rdma, 1);
		return;
	}
	use = alu && mul ? 2 : alu;
	bytes = rig->config->atomic_m << s->wide << (alu && mul);
	s->cube = rig_cube(rig, w, h, c, bytes);
	rig_write(rig, NVDLA_SDP_RDMA, r->rdma,
		  use << 1 | s->wide << 3 | s->per_element << 4 | 1 << 5);
	rig_write(rig, NVDLA_SDP_RDMA, r->low, s->cube.addr);
	rig_write(rig, NVDLA_SDP_RDMA, r->low + 8, s->cube.line);
	rig_write(rig, NVDLA_SDP_RDMA, r->low + 12, s->cube.surf);
	/* Operands per channel, and cubes of one pixel, lie packed. */
	if (!s->per_element || (w == 1 && h == 1))
		s->cube.surf = bytes;
	if (!s->per_element)
		s->cube.line = 0;
}

/* Operand of element (c, y, x) out of memory. */
static int operand(const struct rig *rig, const struct stage *s, bool mul, unsigned int c,
		   unsigned int y, unsigned int x)
{
	bool both = s->alu.on && s->alu.mem && s->mul.on && s->mul.mem;
	const uint8_t *p = rig->mem + rig_atom(&s->cube, c, y, s->per_element ? x : 0) - RIG_BASE;
	unsigned int size = s->wide ? 2 : 1, i = c % s->cube.atom;

	p += (both ? 2 * i + mul : i) * size;
	return s->wide ? (int16_t)(p[0] | p[1] << 8) : (int8_t)p[0];
}

static long double choose(long double a, long double b, unsigned int algo)
{
	return algo == MAX ? (a > b ? a : b) : algo == MIN ? (a < b ? a : b) : a + b;
}

static long double x_stage(const struct rig *rig, const struct stage *s, long double v,
			   unsigned int c, unsigned int y, unsigned int x)
{
	if (!s->on)
		return v;
	if (s->alu.on) {
		long double op = s->alu.mem ? operand(rig, s, false, c, y, x) :
					      (int16_t)s->alu.reg;

		v = choose(v, rig_clamp(rig_round(op, 0) * ((long double)(1ull << s->left)), 32),
			   s->algo);
	}
	if (s->mul.on && s->prelu && v >= 0) {
		v = (int32_t)(uint32_t)(long long)v;
	} else {
		if (s->mul.on)
			v *= s->mul.mem ? operand(rig, s, true, c, y, x) : (int16_t)s->mul.reg;
		v = rig_clamp(rig_round(v, s->right), 32);
	}

	return s->relu && v < 0 ? 0 : v;
}

static long double y_operand(const struct rig *rig, const struct stage *s, bool mul,
			     unsigned int c, unsigned int y, unsigned int x)
{
	const struct half *h = mul ? &s->mul : &s->alu;
	long double v;

	if (!h->mem)
		return h->reg;
	v = operand(rig, s, mul, c, y, x);
	if (!h->cvt)
		return v;

	return rig_clamp(rig_round((v - h->cvt_offset) * h->cvt_scale, h->cvt_shift), 32);
}

static long double y_stage(const struct rig *rig, const struct stage *s, long double v,
			   unsigned int c, unsigned int y, unsigned int x)
{
	if (!s->on)
		return v;
	if (s->mul.on && !(s->prelu && v >= 0))
		v = rig_clamp(rig_round(v * y_operand(rig, s, true, c, y, x), s->right), 32);
	if (s->alu.on)
		v = rig_clamp(choose(v, y_operand(rig, s, false, c, y, x), s->algo), 32);

	return v;
}

static void one_operation(struct rig *rig, unsigned int group)
{
	const unsigned int atom = rig->config->atomic_m;
	unsigned int w = 1 + rig_random(rig, 9), h = 1 + rig_random(rig, 5);
	unsigned int ch = 1 + rig_random(rig, 3 * atom), c, y, x, id;
	int32_t offset = rig_random_signed(rig, rig_random(rig, 2) ? 8 : 32);
	int16_t scale = (int16_t)rig_random_signed(rig, rig_random(rig, 2) ? 4 : 16);
	unsigned int shift = rig_random(rig, rig_random(rig, 2) ? 8 : 64), saturated = 0;
	struct rig_cube src, dst;
	struct stage st[3];
	bool nonzero = false;

	if (!rig_random(rig, 5))
		w = h = 1;
	rig->next = RIG_BASE;
	rig_write(rig, NVDLA_SDP, SDP_S_POINTER, group);
	rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_S_POINTER, group);
	rig_write(rig, NVDLA_SDP, SDP_D_DATA_FORMAT, 0);
	rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_FEATURE_MODE_CFG, 0);
	for (id = 0; id < 3; id++)
		program_stage(rig, &st[id], id, w, h, ch);
	src = rig_cube(rig, w, h, ch, atom);
	dst = rig_cube(rig, w, h, ch, atom);
	rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_DATA_CUBE_WIDTH, w - 1);
	rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_DATA_CUBE_HEIGHT, h - 1);
	rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_DATA_CUBE_CHANNEL, ch - 1);
	rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_SRC_BASE_ADDR_LOW, src.addr);
	rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_SRC_LINE_STRIDE, src.line);
	rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_SRC_SURFACE_STRIDE, src.surf);
	rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_SRC_DMA_CFG, 1);
	rig_write(rig, NVDLA_SDP, SDP_D_DATA_CUBE_WIDTH, w - 1);
	rig_write(rig, NVDLA_SDP, SDP_D_DATA_CUBE_HEIGHT, h - 1);
	rig_write(rig, NVDLA_SDP, SDP_D_DATA_CUBE_CHANNEL, ch - 1);
	rig_write(rig, NVDLA_SDP, SDP_D_DST_BASE_ADDR_LOW, dst.addr);
	rig_write(rig, NVDLA_SDP, SDP_D_DST_LINE_STRIDE, dst.line);
	rig_write(rig, NVDLA_SDP, SDP_D_DST_SURFACE_STRIDE, dst.surf);
	rig_write(rig, NVDLA_SDP, SDP_D_DST_DMA_CFG, 1);
	rig_write(rig, NVDLA_SDP, SDP_D_CVT_OFFSET, (uint32_t)offset);
	rig_write(rig, NVDLA_SDP, SDP_D_CVT_SCALE, (uint32_t)(uint16_t)scale);
	rig_write(rig, NVDLA_SDP, SDP_D_CVT_SHIFT, shift);
	rig_write(rig, NVDLA_SDP, SDP_D_PERF_ENABLE, SDP_D_PERF_ENABLE_PERF_SAT_EN);
	if (w == 1 && h == 1) {
		src.surf = atom;
		dst.surf = atom;
	}
	rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_OP_ENABLE, 1);
	rig_write(rig, NVDLA_SDP, SDP_D_OP_ENABLE, 1);
	rig_run(rig, 1u << group);

	/* The last atom is processed whole. */
	for (c = 0; c < ((ch - 1) / atom + 1) * atom; c++) {
		for (y = 0; y < h; y++) {
			for (x = 0; x < w; x++) {
				long double v = rig_element(rig, &src, c, y, x), full;
				int8_t want, got = rig_element(rig, &dst, c, y, x);

				v = x_stage(rig, &st[0], v, c, y, x);
				v = x_stage(rig, &st[1], v, c, y, x);
				v = y_stage(rig, &st[2], v, c, y, x);
				full = rig_round((v - offset) * scale, shift);
				/* Judged on what lies below the point, too. */
				saturated += full > 65535 ||
					     (v - offset) * scale < -65536 * ((long double)(1ull << shift));
				want = (int8_t)rig_clamp(full, 8);
				nonzero |= want;
				if (got != want)
					fail_msg("%s: c %u y %u x %u: %d, want %d", rig->config->name,
						 c, y, x, got, want);
			}
		}
	}
	assert_int_equal(rig_read(rig, NVDLA_SDP, SDP_D_STATUS), nonzero);
	assert_int_equal(rig_read(rig, NVDLA_SDP, SDP_D_PERF_OUT_SATURATION),
			 shift < 49 ? saturated : 0);
}

static void arithmetic(void **state)
{
	const struct nvdla_config *config;
	unsigned int i;

	(void)state;
	for (config = nvdla_configs; config->name; config++) {
		struct rig *rig = rig_new(config, 1);

		for (i = 0; i < 300; i++)
			one_operation(rig, i & 1);
		rig_free(rig);
	}
}

/* INT16: atoms of half as many channels; X1 scales and adds a cube. */
static void int16(void **state)
{
	const struct nvdla_config *config;
	unsigned int i, c, y, x;

	(void)state;
	for (config = nvdla_configs; config->name; config++) {
		struct rig *rig;

		if (!(config->features & NVDLA_FEAT_INT16))
			continue;
		rig = rig_new(config, 7);
		for (i = 0; i < 200; i++) {
			unsigned int w = 1 + rig_random(rig, 9), h = 1 + rig_random(rig, 5);
			unsigned int ch = 1 + rig_random(rig, 60), shift = rig_random(rig, 20);
			int mul = (int16_t)rig_random_signed(rig, 16);
			struct rig_cube src, op, dst;

			rig->next = RIG_BASE;
			src = rig_cube(rig, w, h, 2 * ch, 32);
			op = rig_cube(rig, w, h, 2 * ch, 32);
			dst = rig_cube(rig, w, h, 2 * ch, 32);
			rig_write(rig, NVDLA_SDP, SDP_S_POINTER, i & 1);
			rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_S_POINTER, i & 1);
			rig_write(rig, NVDLA_SDP, SDP_D_DATA_FORMAT, 1 | 1 << 2);
			rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_FEATURE_MODE_CFG,
				  1 << 2 | 1 << 4 | 1 << 6);
			rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_DATA_CUBE_WIDTH, w - 1);
			rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_DATA_CUBE_HEIGHT, h - 1);
			rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_DATA_CUBE_CHANNEL, ch - 1);
			rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_SRC_BASE_ADDR_LOW, src.addr);
			rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_SRC_LINE_STRIDE, src.line);
			rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_SRC_SURFACE_STRIDE, src.surf);
			rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_SRC_DMA_CFG, 1);
			rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_BRDMA_CFG,
				  1 << 1 | 1 << 3 | 1 << 4 | 1 << 5);
			rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_BS_BASE_ADDR_LOW, op.addr);
			rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_BS_LINE_STRIDE, op.line);
			rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_BS_SURFACE_STRIDE, op.surf);
			rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_NRDMA_CFG, 1);
			rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_ERDMA_CFG, 1);
			rig_write(rig, NVDLA_SDP, SDP_D_DATA_CUBE_WIDTH, w - 1);
			rig_write(rig, NVDLA_SDP, SDP_D_DATA_CUBE_HEIGHT, h - 1);
			rig_write(rig, NVDLA_SDP, SDP_D_DATA_CUBE_CHANNEL, ch - 1);
			rig_write(rig, NVDLA_SDP, SDP_D_DST_BASE_ADDR_LOW, dst.addr);
			rig_write(rig, NVDLA_SDP, SDP_D_DST_LINE_STRIDE, dst.line);
			rig_write(rig, NVDLA_SDP, SDP_D_DST_SURFACE_STRIDE, dst.surf);
			rig_write(rig, NVDLA_SDP, SDP_D_DST_DMA_CFG, 1);
			rig_write(rig, NVDLA_SDP, SDP_D_DP_BS_CFG, SUM << 2 | 0x40);
			rig_write(rig, NVDLA_SDP, SDP_D_DP_BS_ALU_CFG, 1);
			rig_write(rig, NVDLA_SDP, SDP_D_DP_BS_MUL_CFG, shift << 8);
			rig_write(rig, NVDLA_SDP, SDP_D_DP_BS_MUL_SRC_VALUE, (uint16_t)mul);
			rig_write(rig, NVDLA_SDP, SDP_D_DP_BN_CFG, 1);
			rig_write(rig, NVDLA_SDP, SDP_D_DP_EW_CFG, 1);
			rig_write(rig, NVDLA_SDP, SDP_D_CVT_OFFSET, 0);
			rig_write(rig, NVDLA_SDP, SDP_D_CVT_SCALE, 1);
			rig_write(rig, NVDLA_SDP, SDP_D_CVT_SHIFT, 0);
			if (w == 1 && h == 1)
				src.surf = op.surf = dst.surf = 32;
			rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_OP_ENABLE, 1);
			rig_write(rig, NVDLA_SDP, SDP_D_OP_ENABLE, 1);
			rig_run(rig, 1u << (i & 1));
			for (c = 0; c < ch; c++) {
				for (y = 0; y < h; y++) {
					for (x = 0; x < w; x++) {
						int16_t a, b, got;

						/* Byte 2c of a cube of bytes. */
						memcpy(&a, rig->mem + rig_atom(&src, 2 * c, y, x) -
						       RIG_BASE + 2 * c % 32, 2);
						memcpy(&b, rig->mem + rig_atom(&op, 2 * c, y, x) -
						       RIG_BASE + 2 * c % 32, 2);
						memcpy(&got, rig->mem + rig_atom(&dst, 2 * c, y, x) -
						       RIG_BASE + 2 * c % 32, 2);
						assert_int_equal(got, rig_clamp(rig_round(
							((long double)a + b) * mul, shift), 16));
					}
				}
			}
		}
		rig_free(rig);
	}
}

/* Reader and stage disagree about an operand: hardware hangs, we say so. */
static void operand_mismatch(void **state)
{
	struct rig *rig = rig_new(&nvdla_configs[0], 3);

	(void)state;
	rig_write(rig, NVDLA_SDP, SDP_D_DATA_FORMAT, 0);
	rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_FEATURE_MODE_CFG, 0);
	rig_write(rig, NVDLA_SDP, SDP_D_DP_BS_CFG, 0x52);
	rig_write(rig, NVDLA_SDP, SDP_D_DP_BN_CFG, 1);
	rig_write(rig, NVDLA_SDP, SDP_D_DP_EW_CFG, 1);
	rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_BRDMA_CFG, 0);
	rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_NRDMA_CFG, 1);
	rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_ERDMA_CFG, 1);
	rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_OP_ENABLE, 1);
	rig_write(rig, NVDLA_SDP, SDP_D_OP_ENABLE, 1);
	rig_expect_error(rig, -EINVAL);
	assert_non_null(strstr(rig->error.text, "BS"));
	rig_free(rig);
}

/* INT16 where there is none, and memory that is not there. */
static void bad_input(void **state)
{
	struct rig *rig = rig_new(&nvdla_configs[0], 4);

	(void)state;
	rig_write(rig, NVDLA_SDP, SDP_D_DATA_FORMAT, 1);
	rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_OP_ENABLE, 1);
	rig_write(rig, NVDLA_SDP, SDP_D_OP_ENABLE, 1);
	rig_expect_error(rig, -EINVAL);
	assert_non_null(strstr(rig->error.text, "D_DATA_FORMAT"));
	rig_free(rig);

	rig = rig_new(&nvdla_configs[0], 5);
	rig_write(rig, NVDLA_SDP, SDP_D_DATA_FORMAT, 0);
	rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_FEATURE_MODE_CFG, 0);
	rig_write(rig, NVDLA_SDP, SDP_D_DP_BS_CFG, 1);
	rig_write(rig, NVDLA_SDP, SDP_D_DP_BN_CFG, 1);
	rig_write(rig, NVDLA_SDP, SDP_D_DP_EW_CFG, 1);
	rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_BRDMA_CFG, 1);
	rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_NRDMA_CFG, 1);
	rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_ERDMA_CFG, 1);
	rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_SRC_DMA_CFG, 1);
	rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_SRC_BASE_ADDR_LOW, 0x1000);
	rig_write(rig, NVDLA_SDP_RDMA, SDP_RDMA_D_OP_ENABLE, 1);
	rig_write(rig, NVDLA_SDP, SDP_D_OP_ENABLE, 1);
	rig_expect_error(rig, -EFAULT);
	assert_int_equal(rig->error.addr, 0x1000);
	rig_free(rig);
}

int test_sdp(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arithmetic),
		cmocka_unit_test(int16),
		cmocka_unit_test(operand_mismatch),
		cmocka_unit_test(bad_input),
	};

	return cmocka_run_group_tests_name("sdp", tests, NULL, NULL);
}
