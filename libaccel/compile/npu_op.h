/* SPDX-License-Identifier: MIT */
/*
 * One operation of the NPU, described by what it computes and not by how it is
 * cut into hardware operations: the integer arithmetic of NVDLA's pipeline on
 * cubes in memory.
 *
 * The same description is compiled to register programs (lower/emit), executed
 * by the C reference (cpu/ref_npu.c) and by faster CPU kernels behind the same
 * interface (cpu/npu_kernels.h). All of them give the same bytes. The
 * structures have fixed sizes and no pointers: they are stored in artefacts as
 * they are.
 *
 * Arithmetic (NVDLA hardware, SDP and CACC; also the manual's chapter on
 * precision). With sat_n saturation to n bits and
 *     rnd(v, s) = v / 2^s rounded to nearest, halves away from zero,
 * an element passes
 *     convolution  x = sat_32(sum of data * weight)
 *     stage X      a = x op sat_32(operand << alu_shift)          op: + max min
 *                  x = sat_32(rnd(a * multiplier, mul_shift))
 *                  (PReLU: only where a < 0, elsewhere x = a modulo 2^32)
 *                  x = max(x, 0) if relu
 *     stage Y      o, o' = converted operands, see struct npu_converter
 *                  a = sat_32(rnd(x * o', mul_shift)); x = sat_32(a op o)
 *                  (PReLU: only where x < 0)
 *                  x = table lookup of x
 *     converter    sat_8(sat_17(rnd((x - offset) * scale, shift)))
 */
#ifndef ACCEL_NPU_OP_H
#define ACCEL_NPU_OP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What an offset counts from; also the slots of the register programs. */
enum npu_region {
	NPU_CONSTS,		/* weights and operands, read only */
	NPU_ARENA,		/* activations */
	NPU_SRAM,		/* activations that the NPU alone sees, on chip if there is room */
	NPU_REGIONS,
};

/**
 * struct npu_cube - a cube of bytes in memory
 * @offset: bytes from the start of the region to element (0, 0, 0)
 * @region: enum npu_region
 * @width: elements per line
 * @height: lines
 * @channels: channels
 * @line: bytes from a line to the next
 * @surface: bytes from an atom of channels to the next
 * @atom: channels that lie together
 *
 * Element (c, y, x), two's complement, is the byte at
 *     offset + (c / atom) * surface + y * line + x * atom + c % atom.
 * With @atom equal to the configuration's memory atom this is NVDLA's feature
 * format; with @atom 4 or 1 and a single surface a pitch-linear image of four
 * or one channels. Channels between @channels and the next multiple of @atom
 * exist in memory; their values mean nothing.
 */
struct npu_cube {
	uint64_t offset;
	uint32_t region;
	uint32_t width, height, channels;
	uint32_t line, surface;
	uint32_t atom;
	uint32_t pad;
};

/* Where an operand comes from. */
enum npu_source {
	NPU_REGISTER,		/* one value for all elements */
	NPU_CHANNEL,		/* one value per output channel, in a region */
	NPU_ELEMENT,		/* one byte per element: a cube of the output's size */
};

/**
 * struct npu_operand - operand of an ALU or multiplier
 * @source: enum npu_source
 * @value: NPU_REGISTER: the value
 * @offset: NPU_CHANNEL: where the values lie: int16, little endian, or int8
 * @region: NPU_CHANNEL: enum npu_region of @offset
 * @step: NPU_CHANNEL: bytes from a channel's value to the next: 1 for int8; 2, or
 *        4 when the ALU's and the multiplier's values alternate (ALU first)
 * @cube: NPU_ELEMENT: the bytes
 */
struct npu_operand {
	uint32_t source;
	int32_t value;
	uint64_t offset;
	uint32_t region;
	uint32_t step;
	struct npu_cube cube;
};

enum npu_alu { NPU_ALU_NONE, NPU_ALU_SUM, NPU_ALU_MAX, NPU_ALU_MIN };
enum npu_mul { NPU_MUL_NONE, NPU_MUL, NPU_MUL_PRELU };

/**
 * struct npu_stage - stage X1 or X2 of SDP
 * @alu: enum npu_alu
 * @alu_shift: left shift of the ALU operand, 0 to 63
 * @mul: enum npu_mul
 * @mul_shift: rounding right shift behind the multiplier, 0 to 63; 0 with
 *             NPU_MUL_NONE
 * @relu: clamp below at 0 at the end
 * @alu_operand: 16 bits wide
 * @mul_operand: 16 bits wide
 *
 * A stage reads memory once: if both operands come from memory they have the
 * same source and, with NPU_CHANNEL, alternate.
 */
struct npu_stage {
	uint8_t alu, alu_shift, mul, mul_shift, relu, pad[3];
	struct npu_operand alu_operand, mul_operand;
};

/**
 * struct npu_converter - converter of an operand of stage Y:
 *	sat_32(rnd((operand - offset) * scale, shift))
 */
struct npu_converter {
	int32_t offset;
	int16_t scale;
	uint8_t shift;		/* 0 to 63 */
	uint8_t bypass;
};

#define NPU_LUT_ENTRIES		257

/**
 * struct npu_stage_y - stage Y of SDP; configurations with an element-wise
 * stage have it
 * @alu: enum npu_alu
 * @mul: enum npu_mul
 * @mul_shift: rounding right shift behind the multiplier
 * @lut: non-zero: look the value up
 * @alu_operand: NPU_REGISTER values have 32 bits and pass no converter
 * @alu_converter: for operands from memory
 * @lut_start: x up to here gives the first entry
 * @lut_shift: entries are 2^@lut_shift apart, 0 to 31; linear between them
 * @lut_offset: int16 table of NPU_LUT_ENTRIES in @lut_region; x at or behind
 *              @lut_start + 256 * 2^lut_shift gives the last entry
 */
struct npu_stage_y {
	uint8_t alu, mul, mul_shift, lut;
	uint32_t pad;
	struct npu_operand alu_operand, mul_operand;
	struct npu_converter alu_converter, mul_converter;
	int32_t lut_start;
	uint32_t lut_shift;
	uint64_t lut_offset;
	uint32_t lut_region;
	uint32_t pad2;
};

/**
 * struct npu_sdp - the single data processor
 * @cvt_offset: output converter
 * @cvt_scale: output converter
 * @cvt_shift: output converter, 0 to 63
 */
struct npu_sdp {
	struct npu_stage x1, x2;
	struct npu_stage_y y;
	int32_t cvt_offset;
	int16_t cvt_scale;
	uint8_t cvt_shift;
	uint8_t pad;
};

/**
 * struct npu_conv - convolution
 * @kernel_w: S, 1 to 32
 * @kernel_h: R, 1 to 32
 * @stride_x: 1 to 8
 * @stride_y: 1 to 8
 * @dilation_x: 1 to 32
 * @dilation_y: 1 to 32
 * @pad_left: columns of padding, 0 to 31
 * @pad_top: lines of padding
 * @pad_right: columns of padding, 0 to 63
 * @pad_bottom: lines of padding
 * @pad_value: value of the padding
 * @image: the input is a pitch-linear image
 * @groups: groups of channels; divides input channels and kernels
 * @groups_per_block: how many groups share a block-diagonal block of weights
 * @shared: 1: all blocks have the same weights, which are there once; then
 *          @groups_per_block divides @groups. Else 0
 * @weights: offset in NPU_CONSTS of the weights as packed by
 *           npu_weights_pack() for the configuration's atoms
 * @weight_bytes: their length
 *
 * Kernels are the channels of the output. Output size is
 * (left + in + right - ((kernel - 1) * dilation + 1)) / stride + 1.
 */
struct npu_conv {
	uint8_t kernel_w, kernel_h;
	uint8_t stride_x, stride_y;
	uint8_t dilation_x, dilation_y;
	uint8_t pad_left, pad_top, pad_right, pad_bottom;
	int8_t pad_value;
	uint8_t image;
	uint32_t groups;
	uint32_t groups_per_block;
	uint32_t shared;
	uint64_t weights;
	uint64_t weight_bytes;
};

enum npu_pool { NPU_POOL_MAX, NPU_POOL_MIN, NPU_POOL_AVERAGE };

/**
 * struct npu_pdp - planar data processor: pooling
 * @method: enum npu_pool
 * @kernel_w: 1 to 8
 * @kernel_h: 1 to 8
 * @stride_x: 1 to 16
 * @stride_y: 1 to 16
 * @pad_left: 0 to 7
 * @pad_value: 0: maxima and minima ignore padding, averages have none
 * @recip_w: NPU_POOL_AVERAGE: 2^16 / kernel width
 * @recip_h: NPU_POOL_AVERAGE: 2^16 / kernel height
 *
 * Average: rnd(rnd(sum * recip_w, 16) * recip_h, 16); without padding.
 */
struct npu_pdp {
	uint8_t method;
	uint8_t kernel_w, kernel_h;
	uint8_t stride_x, stride_y;
	uint8_t pad_left, pad_top, pad_right, pad_bottom;
	int8_t pad_value;
	uint8_t pad[2];
	uint32_t recip_w, recip_h;
};

#define NPU_CDP_LE	65

/**
 * struct npu_cdp - channel data processor: normalisation and tables
 * @reach: channels on either side whose squares are summed, 1 to 4; 0: the
 *         tables see the value itself
 * @multiply: what they say is multiplied by the value
 * @le_shift: entries of the first table are 2^@le_shift apart, 0 to 31
 * @lo_shift: entries of the second
 * @in_offset: taken off the input, 8 bits
 * @le_start: where the first table begins, 22 bits
 * @lo_start: where the second table begins, 22 bits
 * @out_offset: output converter, 25 bits
 * @out_scale: output converter
 * @out_shift: output converter, 0 to 63
 * @lut_offset: int16 tables in @lut_region: NPU_CDP_LE entries, then
 *              NPU_LUT_ENTRIES
 *
 * With v = x - in_offset, 0 for channels that do not exist, an element is
 *     s = sum of v^2 over the channels within reach, or v
 *     t = linear interpolation, in the first table where s lies in it
 *     sat_8(rnd((t * v - out_offset) * out_scale, out_shift))
 * In neither table it is the first entry of the second below both, else the
 * nearer end of the first.
 */
struct npu_cdp {
	uint8_t reach, multiply;
	uint8_t le_shift, lo_shift;
	int32_t in_offset;
	int32_t le_start, lo_start;
	int32_t out_offset;
	int16_t out_scale;
	uint8_t out_shift;
	uint8_t pad;
	uint64_t lut_offset;
	uint32_t lut_region;
	uint32_t pad2;
};

enum npu_kind {
	NPU_CONV,		/* convolution, SDP */
	NPU_SDP,		/* SDP, from memory to memory */
	NPU_PDP,		/* pooling, from memory to memory */
	NPU_CDP,		/* normalisation, from memory to memory */
};

/**
 * struct npu_op - one operation
 * @kind: enum npu_kind
 * @layer: index of the layer of the model it belongs to, for reports
 * @in: what it reads
 * @out: what it writes; for NPU_CONV and NPU_SDP with the sizes of SDP
 * @conv: NPU_CONV
 * @sdp: NPU_CONV, NPU_SDP
 * @pdp: NPU_PDP
 * @cdp: NPU_CDP
 */
struct npu_op {
	uint32_t kind;
	uint32_t layer;
	struct npu_cube in, out;
	struct npu_conv conv;
	struct npu_sdp sdp;
	struct npu_pdp pdp;
	struct npu_cdp cdp;
};

/**
 * struct npu_atoms - what of a configuration decides how weights are packed
 * @c: input channels per cycle
 * @k: kernels per kernel group
 * @m: bytes per memory atom
 */
struct npu_atoms {
	uint32_t c, k, m;
};

/**
 * npu_op_check() - is an operation well formed and inside its memory?
 * @op: from anywhere
 * @size: bytes in each region
 * @why: receives a reason in words when it is not
 *
 * After 0 the CPU kernels may run @op on regions of these sizes without any
 * further check.
 *
 * Return: 0 or -EINVAL.
 */
int npu_op_check(const struct npu_op *op, const uint64_t size[NPU_REGIONS], const char **why);

/* Bytes from the start of its region to the end of @cube. */
uint64_t npu_cube_end(const struct npu_cube *cube);

/* Is it one point whose surfaces lie apart? SDP takes the channels of a point in one run. */
bool npu_cube_scattered(const struct npu_cube *cube);

/**
 * npu_cube_dense() - a cube in feature format without gaps
 * @cube: receives it; @offset and @region are set to 0
 */
void npu_cube_dense(struct npu_cube *cube, uint32_t width, uint32_t height, uint32_t channels,
		    uint32_t atom);

#define NPU_OPERANDS	6

/**
 * npu_op_operands() - what SDP reads beside @op's input
 * @cubes: receives it; values per channel as a line of bytes
 *
 * Return: how many.
 */
uint32_t npu_op_operands(const struct npu_op *op, struct npu_cube cubes[NPU_OPERANDS]);

/* Output size of a convolution or pooling in one direction; 0: none. */
uint32_t npu_window_out(uint32_t in, uint32_t before, uint32_t after, uint32_t kernel,
			uint32_t dilation, uint32_t stride);

/* Does no output lie wholly in the padding? The hardware must see some input. */
bool npu_padding_fits(const struct npu_conv *conv);

/**
 * npu_weights_size() - bytes that packed weights take
 * @op: a convolution with @in, @out and @conv set except weights, weight_bytes
 * @atoms: the configuration's
 */
uint64_t npu_weights_size(const struct npu_op *op, const struct npu_atoms *atoms);

/**
 * npu_weights_block() - where the weights of a block of groups lie
 * @block: number of the block
 * @bytes: receives their length
 *
 * Return: offset from the start of the operation's weights.
 */
uint64_t npu_weights_block(const struct npu_op *op, uint32_t block, uint64_t *bytes);

/**
 * npu_weights_pack() - put weights in the order the hardware reads them
 * @op: a convolution
 * @atoms: the configuration's
 * @weights: [kernels][kernel_h][kernel_w][channels of a group]; with
 *           op->conv.shared those of all blocks are the same
 * @out: npu_weights_size() bytes
 *
 * Per block of groups (one block without groups), zero outside the block's
 * diagonal: for each kernel group, each @c channels, each line and column of
 * the kernel, each kernel of the group: its channels. Filled up with zeros to
 * 8 bytes at the end of each block. Source: the hardware manual's chapter on
 * formats.
 */
void npu_weights_pack(const struct npu_op *op, const struct npu_atoms *atoms,
		      const int8_t *weights, int8_t *out);

/* The inverse: @weights receives what was packed. */
void npu_weights_unpack(const struct npu_op *op, const struct npu_atoms *atoms,
			const int8_t *packed, int8_t *weights);

#endif /* ACCEL_NPU_OP_H */
