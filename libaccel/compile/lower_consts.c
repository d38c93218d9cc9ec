// SPDX-License-Identifier: MIT
/*
 * Constants: operands and tables where they were made, weights behind them in
 * the order of the operations. Weights that follow each other in time then do so
 * in memory too, and one fetch may bring those of several operations.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lower.h"

/* Room at the end of @bytes, zeroed, aligned. Return: its offset. */
static uint64_t take(struct lower *lower, struct lower_bytes *bytes, uint64_t size,
		     uint64_t align)
{
	uint64_t offset = (bytes->size + align - 1) & ~(align - 1);
	uint64_t room = bytes->room ? bytes->room : 4096;
	uint8_t *larger;

	if (lower->error)
		return 0;
	while (room < offset + size)
		room *= 2;
	if (room != bytes->room) {
		larger = realloc(bytes->data, room);
		if (!larger) {
			lower->error = -ENOMEM;
			return 0;
		}
		bytes->data = larger;
		bytes->room = room;
	}
	memset(bytes->data + bytes->size, 0, offset + size - bytes->size);
	bytes->size = offset + size;
	return offset;
}

uint64_t lower_const(struct lower *lower, uint64_t size)
{
	return take(lower, &lower->consts, size, 128);
}

uint64_t lower_weights(struct lower *lower, uint64_t size)
{
	return take(lower, &lower->weights, size, 1);
}

void lower_join_consts(struct lower *lower)
{
	uint32_t i;

	/* So that the first weights begin at a burst. */
	lower_const(lower, 0);
	for (i = 0; i < lower->op_count && !lower->error; i++) {
		struct npu_op *op = &lower->ops[i].op;
		uint64_t from = op->conv.weights;

		if (op->kind != NPU_CONV)
			continue;
		op->conv.weights = take(lower, &lower->consts, op->conv.weight_bytes,
					lower->config->cbuf_bank_width);
		if (!lower->error)
			memcpy(lower->consts.data + op->conv.weights, lower->weights.data + from,
			       op->conv.weight_bytes);
	}
	free(lower->weights.data);
	lower->weights = (struct lower_bytes) { 0 };
	/* The last weights may be fetched a little beyond their end. */
	lower_const(lower, 128);
}
