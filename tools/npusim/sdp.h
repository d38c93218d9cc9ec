/* SPDX-License-Identifier: MIT */
/*
 * Inside of the single data processor: its three parts are the reader
 * (sdp_rdma.c), the arithmetic (sdp_int.c and sdp_lut.c, in FP16 sdp_fp.c) and
 * the sequence of one operation with its writer (sdp.c).
 *
 * Data flows in atoms, the memory atom's worth of channels of one pixel, in
 * the order surface, line, column. Every part of the unit has registers of its
 * own for the shape of the cube but passes on a plain stream of atoms, so only
 * the number of atoms has to agree. In INT8 memory may hold two bytes an
 * element on either side; an atom of the stages then lies in two surfaces.
 */
#ifndef NPUSIM_SDP_H
#define NPUSIM_SDP_H

#include "core.h"

/* Elements that the stages work on at once; a multiple of every atom. */
#define SDP_CHUNK	2048

enum sdp_precision { SDP_INT8, SDP_INT16, SDP_FP16 };

/* Event counters; an operation that does not enable them leaves them alone. */
enum sdp_count {
	SDP_COUNT_UFLOW,
	SDP_COUNT_OFLOW,
	SDP_COUNT_HYBRID,
	SDP_COUNT_LE_HIT,
	SDP_COUNT_LO_HIT,
	SDP_COUNT_SATURATION,
	SDP_COUNTS
};

/* The stages and what the reader fetches for them. */
enum sdp_stage_id {
	SDP_X1,
	SDP_X2,
	SDP_Y,
	SDP_STAGES
};

/**
 * struct sdp_x - registers of stage X1 or X2
 * @enable: the stage works at all
 * @alu: its ALU does
 * @alu_mem: and takes the operand from memory
 * @algo: 0 maximum, 1 minimum, else sum
 * @alu_shift: left shift of the ALU operand
 * @alu_operand: operand when not from memory
 * @mul: its multiplier works
 * @mul_mem: and takes the operand from memory
 * @prelu: multiply negative values only
 * @truncate: right shift after the multiplier, even when that is bypassed
 * @mul_operand: operand when not from memory
 * @relu: clamp negative values to 0
 */
struct sdp_x {
	bool enable;
	bool alu, alu_mem;
	unsigned int algo;
	unsigned int alu_shift;
	int16_t alu_operand;
	bool mul, mul_mem, prelu;
	unsigned int truncate;
	int16_t mul_operand;
	bool relu;
};

/* Converter of an operand of stage Y: (v - offset) * scale >> shift. */
struct sdp_cvt {
	bool enable;
	int32_t offset;
	int16_t scale;
	unsigned int shift;
};

/* Registers of stage Y. Its multiplier comes before its ALU. */
struct sdp_y {
	bool enable;
	bool alu, alu_mem;
	unsigned int algo;
	int32_t alu_operand;
	struct sdp_cvt alu_cvt;
	bool mul, mul_mem, prelu;
	unsigned int truncate;
	int32_t mul_operand;
	struct sdp_cvt mul_cvt;
	bool lut;
};

/* Registers of the lookup tables, in the units of the SDP. */
struct sdp_lut_cfg {
	bool linear;
	bool lo_on_uflow, lo_on_oflow, lo_on_hybrid;
	int8_t le_offset, le_select, lo_select;
	int32_t le_start, le_end, lo_start, lo_end;
	int16_t le_uflow_scale, le_oflow_scale, lo_uflow_scale, lo_oflow_scale;
	unsigned int le_uflow_shift, le_oflow_shift, lo_uflow_shift, lo_oflow_shift;
};

/* Output converter. */
struct sdp_out {
	bool bypass;		/* compare mode: results pass unchanged */
	int32_t offset;
	int16_t scale;
	unsigned int shift;
	unsigned int bits;	/* 8 or 16; 17 on the way to FP16 */
	bool fp;		/* results are FP16 */
};

/* sdp_int.c: one step over @n elements, in place. */
void sdp_int_x(const struct sdp_x *x, int32_t *v, const int16_t *alu, const int16_t *mul,
	       unsigned int n);
void sdp_int_y(const struct sdp_y *y, int32_t *v, const int16_t *alu, const int16_t *mul,
	       unsigned int n);
/* Returns how many results did not fit into 17 bits. */
unsigned int sdp_int_out(const struct sdp_out *out, int32_t *v, unsigned int n);

/* sdp_lut.c. @count: event counters, see enum sdp_count; NULL: do not count. */
void sdp_lut_read_cfg(const struct sim_core *core, struct sdp_lut_cfg *cfg);
void sdp_lut_apply(const struct sdp_lut_cfg *cfg, const struct sim_lut *lut, int32_t *v,
		   unsigned int n, uint32_t *count);

/* sdp_fp.c: the same where the stages work in FP16; @flush: NaN counts as 0. */
void sdp_fp_in(int32_t *v, unsigned int n, bool half, bool flush, uint32_t *count);
void sdp_fp_x(const struct sdp_x *x, int32_t *v, const int16_t *alu, const int16_t *mul,
	      unsigned int n, bool flush);
void sdp_fp_y(const struct sdp_y *y, int32_t *v, const int16_t *alu, const int16_t *mul,
	      unsigned int n, bool flush);
void sdp_fp_lut(const struct sdp_lut_cfg *cfg, const struct sim_lut *lut, int32_t *v,
		unsigned int n, uint32_t *count);
unsigned int sdp_fp_out(const struct sdp_out *out, int32_t *v, unsigned int n);
unsigned int sdp_fp_from_int(int32_t *v, unsigned int n);
unsigned int sdp_fp_count_nan(const int32_t *v, unsigned int n);

/**
 * struct sdp_stream - a stream of atoms from memory
 * @unit, @reg: register that gave the address, for error messages
 * @port: memory port
 * @base: address of the first atom
 * @line_stride: bytes from line to line
 * @surf_stride: bytes from surface to surface
 * @mask: bits of an address
 * @width: atoms per line
 * @height: lines
 * @surfaces: surfaces
 * @atom: elements per atom
 * @bytes: bytes per atom of the stream, both operands together
 * @per_channel: one atom per surface, repeated for each of its pixels
 * @split: features of two bytes for INT8: an atom comes from two surfaces
 * @alu, @mul: which operands the stream carries; none: feature data
 * @wide: operands have two bytes
 * @surf, @line, @col: position of the next atom
 */
struct sdp_stream {
	enum nvdla_unit unit;
	uint32_t reg;
	enum npusim_port port;
	uint64_t base, line_stride, surf_stride, mask;
	unsigned int width, height, surfaces;
	unsigned int atom, bytes;
	bool per_channel, split, alu, mul, wide;
	unsigned int surf, line, col;
};

/* Everything that SDP_RDMA fetches. */
struct sdp_rdma {
	bool main;				/* feature data comes from memory */
	enum sdp_precision precision;		/* of the stages */
	bool count_numbers;			/* NaN and infinity of features */
	struct sdp_stream src;
	bool enable[SDP_STAGES];
	struct sdp_stream op[SDP_STAGES];
};

/* Number of atoms of a stream. */
static inline uint64_t sdp_stream_atoms(const struct sdp_stream *s)
{
	return (uint64_t)s->width * s->height * s->surfaces;
}

int sdp_rdma_setup(struct sim_core *core, unsigned int group, struct sdp_rdma *rdma);
/* For the timing model: what the readers fetch. */
void sdp_rdma_cost(const struct sdp_rdma *rdma, struct sim_cost *cost);
int sdp_stream_features(struct sim_core *core, struct sdp_stream *s, int32_t *v,
			unsigned int atoms, struct sim_cost *cost);
int sdp_stream_operands(struct sim_core *core, struct sdp_stream *s, int16_t *alu, int16_t *mul,
			unsigned int atoms, struct sim_cost *cost);

#endif /* NPUSIM_SDP_H */
