/* SPDX-License-Identifier: MIT */
/*
 * From a quantised graph to steps: operations of the NPU, operations that the
 * CPU runs, and changes of layout between them.
 */
#ifndef ACCEL_LOWER_H
#define ACCEL_LOWER_H

#include "libaccel/graph/graph.h"
#include "kmod/hw/nvdla_config.h"
#include "cpu_cost.h"
#include "npu_op.h"
#include "tile.h"

#define LOWER_NONE	UINT32_MAX

/*
 * Bytes of on-chip memory that a device is taken to have if nobody says: the
 * plan runs on devices with less of it too, in ordinary memory.
 */
#define LOWER_SRAM_SIZE	(512 * 1024)

enum lower_step_kind {
	LOWER_NPU,		/* @index: of lower::ops */
	LOWER_CPU,		/* @index: operation of the graph */
	LOWER_TO_CUBE,		/* @index: tensor; from rows to the cube */
	LOWER_TO_ROWS,		/* @index: tensor; from the cube to rows */
	LOWER_KINDS,
};

/**
 * struct lower_step - something to be done, in order
 * @kind: enum lower_step_kind
 * @index: see there
 */
struct lower_step {
	uint32_t kind;
	uint32_t index;
};

/**
 * struct lower_buffer - memory for activations
 * @size: bytes
 * @first: first step that uses it
 * @last: last step that uses it
 * @host: seen by the CPU alone, else part of NPU_ARENA or NPU_SRAM
 * @shared: seen by both: the CPU lays it out or takes it apart
 * @sram: part of NPU_SRAM
 * @pinned: lives through the whole run: what the user reads or writes
 * @offset: where it was put, from the start of its arena
 */
struct lower_buffer {
	uint64_t size;
	uint32_t first, last;
	bool host, pinned, shared, sram;
	uint64_t offset;
};

/**
 * struct lower_tensor - where a tensor of the graph lives
 * @cube: in the NPU's layout, @offset within the buffer; only with @cube_buffer
 * @cube_buffer: LOWER_NONE: it has none
 * @rows_buffer: as the graph has it, row major; LOWER_NONE: not there
 * @wide: channels of the cube that can be relied upon: those beyond the
 *        tensor's, up to a whole atom, hold its zero point
 */
struct lower_tensor {
	struct npu_cube cube;
	uint32_t wide;
	uint32_t cube_buffer;
	uint32_t rows_buffer;
};

/* The cubes of an operation that lie in buffers, not in constants. */
enum lower_port { LOWER_IN, LOWER_OUT, LOWER_ELEMENT, LOWER_ELEMENT2, LOWER_PORTS };

/**
 * struct lower_op - an operation of the NPU
 * @op: what it computes; offsets of cubes are within buffers until lower_place()
 * @buffer: by port, the buffer, LOWER_NONE without element operand. The second
 *          one's is for stage X2's where another stage has one as well
 * @tiling: NPU_CONV: how it is cut
 * @cost: estimated
 * @loss_bits: most bits below full precision that a channel's multiplier has
 * @flies: NPU_CONV: the pooling @pool takes its results on the fly; they are in
 *         memory only where the CPU runs both
 * @flown: NPU_PDP: it is such a pooling, and part of the other's hardware operations
 * @pool: an index of lower::ops; behind lower_schedule() the next operation
 */
struct lower_op {
	struct npu_op op;
	uint32_t buffer[LOWER_PORTS];
	struct npu_tiling tiling;
	struct npu_cost cost;
	double loss_bits;
	bool flies, flown;
	uint32_t pool;
};

/**
 * struct lower_note - where an operation of the graph went, and why
 * @on_npu: it runs on the NPU, alone or as a part of another
 * @op: index of lower::ops, LOWER_NONE: none of its own
 * @why: in words, a literal
 */
struct lower_note {
	bool on_npu;
	uint32_t op;
	const char *why;
};

/**
 * struct lower_bytes - bytes that grow
 * @data: the bytes
 * @size: how many
 * @room: how many there is memory for
 */
struct lower_bytes {
	uint8_t *data;
	uint64_t size, room;
};

/**
 * struct lower - a graph on its way to one configuration
 * @graph: the graph; must stay as it is
 * @config: the configuration
 * @bandwidth: bytes per cycle to plan for
 * @atoms: of the configuration
 * @tensors: one per tensor of the graph
 * @notes: one per operation of the graph
 * @consts: contents of region NPU_CONSTS
 * @weights: those of convolutions, until they join @consts
 * @arena_size: bytes of NPU_ARENA
 * @sram_limit: bytes that NPU_SRAM may have
 * @sram_size: bytes that it has
 * @host_size: bytes of the CPU's own arena
 */
struct lower {
	const struct graph *graph;
	const struct nvdla_config *config;
	double bandwidth;
	struct npu_atoms atoms;
	struct lower_tensor *tensors;
	struct lower_note *notes;
	struct lower_op *ops;
	struct lower_step *steps;
	struct lower_buffer *buffers;
	struct lower_bytes consts, weights;
	uint32_t op_count, op_room, step_count, step_room, buffer_count, buffer_room;
	uint64_t arena_size, host_size, sram_limit, sram_size;
	uint8_t *done;		/* by operation of the graph: placed already */
	uint8_t *have;		/* by tensor of the graph: it is there, or will be in time */
	uint32_t current;	/* operation of the graph being lowered */
	bool cpu_only, exact;
	double clock;
	struct cpu_cost cpu;
	int error;
};

/**
 * struct lower_options - choices
 * @bytes_per_cycle: memory bandwidth to plan for; 0: the configuration's
 * @sram_size: bytes of on-chip memory to plan for; 0: LOWER_SRAM_SIZE where the
 *             configuration has a port for it, else none
 * @no_sram: plan for none
 * @cpu_only: put nothing on the NPU
 * @exact: every result is rounded and saturated as the graph says. Else an
 *         addition, a slope or a convolution may take the result before it as
 *         it was before that, which is nearer to the reals, costs less, and is
 *         for graphs whose scales were chosen to hold nearly all values
 * @clock: of the NPU, Hz, to compare with the CPU; 0: 1 GHz
 * @cpu: what the CPU takes
 */
struct lower_options {
	double bytes_per_cycle;
	uint64_t sram_size;
	bool no_sram;
	bool cpu_only;
	bool exact;
	double clock;
	struct cpu_cost cpu;
};

/**
 * lower_graph() - place and lower a graph
 * @graph: checked; quantised where it is to run on the NPU; outlives @out
 *
 * Return: 0; -ENOMEM; -E2BIG. Operations that the NPU cannot run go to the CPU.
 */
int lower_graph(const struct graph *graph, const struct nvdla_config *config,
		const struct lower_options *options, struct lower **out);
void lower_free(struct lower *lower);

/* ---------------------------------------------- between the parts of lowering */

/*
 * Have the operation that makes @tensor done now, out of turn, if its inputs
 * are there. Return: whether @tensor is there then.
 */
bool lower_ahead(struct lower *lower, uint32_t tensor);

/* Put steps in a good order; operations are numbered anew. */
int lower_schedule(struct lower *lower);

/*
 * Have convolutions in a row that work on the same data fetch them once, where
 * they fit CBUF and it pays. Behind lower_schedule().
 */
void lower_share(struct lower *lower);

/* Give every buffer its place and the operations their addresses. */
int lower_place(struct lower *lower);

/* A buffer of @size bytes. Return: its number. */
uint32_t lower_buffer_new(struct lower *lower, uint64_t size, bool host);

/* Room in the constants, zeroed, aligned to 128 bytes. Return: its offset. */
uint64_t lower_const(struct lower *lower, uint64_t size);

/* Room for weights. Return: the offset that npu_conv::weights has until they join. */
uint64_t lower_weights(struct lower *lower, uint64_t size);

/* Put all weights behind the other constants. Behind lower_schedule(). */
void lower_join_consts(struct lower *lower);

/* Shape of a tensor as a cube; false: it is not one (batches, too large). */
bool lower_shape(const struct graph_tensor *tensor, uint32_t *width, uint32_t *height,
		 uint32_t *channels);

/* INT8 activation with one scale that fits a cube? */
bool lower_is_cube(const struct lower *lower, uint32_t tensor);

/* The tensor's cube, made from its rows if it has only those. */
const struct lower_tensor *lower_input(struct lower *lower, uint32_t tensor);

/* Have the tensor's rows put into its cube, which was made by hand. */
void lower_to_cube(struct lower *lower, uint32_t tensor);

/* The tensor's cube, made if there is none yet; nothing fills it. */
const struct lower_tensor *lower_own_cube(struct lower *lower, uint32_t tensor);

/* A new cube for the result @tensor; false after an error. */
bool lower_output(struct lower *lower, uint32_t tensor, struct lower_op *op);

/* An operation that does nothing yet. */
void lower_start(struct lower_op *op, enum npu_kind kind);

/* Read a tensor as input or as element operand. */
bool lower_read(struct lower *lower, uint32_t tensor, struct lower_op *op);
bool lower_read_element(struct lower *lower, uint32_t tensor, struct lower_op *op,
			struct npu_operand *operand);

/**
 * lower_emit() - append an operation
 *
 * Return: false when the configuration cannot run it; nothing is appended then
 * and @why says so.
 */
bool lower_emit(struct lower *lower, struct lower_op *op, const char **why);

/**
 * lower_fly() - have the pooling emitted last take its input on the fly
 * @tensor: its input
 *
 * Return: whether it does: @tensor is made by one convolution for it alone, the
 * hardware can, and it costs less.
 */
bool lower_fly(struct lower *lower, uint32_t tensor);

/*
 * Each lowers operation number @index of the graph, or says why it cannot.
 * Return: NULL, or the reason in words.
 */
const char *lower_conv(struct lower *lower, uint32_t index);
const char *lower_average(struct lower *lower, uint32_t index);
const char *lower_pool(struct lower *lower, uint32_t index);
const char *lower_arith(struct lower *lower, uint32_t index);
const char *lower_broadcast(struct lower *lower, uint32_t index);
const char *lower_concat(struct lower *lower, uint32_t index);
const char *lower_activation(struct lower *lower, uint32_t index);
const char *lower_table(struct lower *lower, uint32_t index);
const char *lower_lrn(struct lower *lower, uint32_t index);
const char *lower_requantize(struct lower *lower, uint32_t index);
const char *lower_pad(struct lower *lower, uint32_t index);
const char *lower_reshape(struct lower *lower, uint32_t index);
const char *lower_select(struct lower *lower, uint32_t index);
const char *lower_resize(struct lower *lower, uint32_t index);
const char *lower_transposed(struct lower *lower, uint32_t index);
const char *lower_depth_to_space(struct lower *lower, uint32_t index);
const char *lower_space_to_depth(struct lower *lower, uint32_t index);

/* One scale and zero point for both? */
bool lower_same_quant(const struct graph_tensor *a, const struct graph_tensor *b);

/* Does a GRAPH_PAD add nothing but channels of zero? */
bool lower_pads_channels(const struct graph *graph, const struct graph_op *op);

/**
 * struct requant - real multipliers as the hardware has them
 * @mul: 16-bit multipliers, @count of them
 * @shift: mul / 2^shift is the real one
 * @loss_bits: bits that the smallest multiplier lacks to 15
 */
struct requant {
	int16_t *mul;
	int shift;
	double loss_bits;
};

/* Multipliers for @real; @requant->mul has room for them. */
void requant_choose(const double *real, uint32_t count, struct requant *requant);

/**
 * requant_convert() - split a right shift between a stage and the converter
 * @total: right shift still to be done
 * @zero_point: of the result
 * @excess: steps by which what arrives is too large; the converter takes them off
 * @sdp: its output converter is set
 *
 * As much as possible is left to the converter, so that only one rounding
 * counts: 22 bits behind the point leave 512 steps in 32 bits, fewer bits more
 * of them where @excess needs that.
 *
 * Return: shift for the stage.
 */
int requant_convert(int total, int32_t zero_point, double excess, struct npu_sdp *sdp);

/* Does the clamp [lo, hi] need anything beyond saturation? */
static inline bool lower_clamps(int32_t lo, int32_t hi)
{
	return lo > INT8_MIN || hi < INT8_MAX;
}

/* Have an operand take @values, one per channel, from the constants. */
void lower_put_values(struct lower *lower, struct npu_operand *operand, const int16_t *values,
		      uint32_t count);

/* Append max(lo), min(hi) on INT8 as an operation of its own, in place. */
bool lower_clamp(struct lower *lower, uint32_t tensor, int32_t lo, int32_t hi, const char **why);

#endif /* ACCEL_LOWER_H */
