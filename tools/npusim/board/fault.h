/* SPDX-License-Identifier: MIT */
/*
 * Faults on demand: which are armed, and when they hit.
 */
#ifndef NPUSIM_FAULT_H
#define NPUSIM_FAULT_H

#include <stdbool.h>
#include <stdint.h>

struct fault_set;

/**
 * struct fault - one fault
 * @kind: NVDLA_BOARD_FAULT_*
 * @core: number of the core, or NVDLA_BOARD_FAULT_ANY
 * @unit: enum nvdla_unit, or NVDLA_BOARD_FAULT_ANY
 * @times: hits until it is over; 0: no end
 * @skip: occasions to let pass first
 * @arg: see the kinds
 * @addr: first bus address of the range
 * @size: its bytes; 0: every address
 */
struct fault {
	uint32_t kind, core, unit, times, skip, arg;
	uint64_t addr, size;
};

/* Return: 0 or -ENOMEM. */
int fault_set_new(struct fault_set **out);
void fault_set_free(struct fault_set *set);

/* Return: the fault's number from 1 on, or 0 when it makes no sense or there are too many. */
unsigned int fault_arm(struct fault_set *set, const struct fault *fault);

/**
 * fault_parse() - read a fault as it stands on the command line
 * @text: KIND[,core=N][,unit=NAME][,times=N][,skip=N][,arg=N][,addr=N][,size=N]
 * @out: receives it
 * @problem: receives what is wrong, in words
 *
 * Return: 0 or -EINVAL.
 */
int fault_parse(const char *text, struct fault *out, const char **problem);

/* Disarm one, or all with NVDLA_BOARD_FAULT_ANY. */
void fault_clear(struct fault_set *set, uint32_t number);

/**
 * fault_take() - an occasion: does a fault hit?
 * @unit: where it matters, else NVDLA_BOARD_FAULT_ANY
 * @addr: first address of the transfer, for bus errors and bit flips
 * @len: its bytes; 0 where addresses do not matter
 * @out: receives the fault that hits; may be NULL
 *
 * Any thread. Return: whether one hits; it is counted then.
 */
bool fault_take(struct fault_set *set, uint32_t kind, uint32_t core, uint32_t unit,
		uint64_t addr, uint64_t len, struct fault *out);

/* The largest argument of the armed faults of a kind for a core; 0: none. */
uint32_t fault_level(struct fault_set *set, uint32_t kind, uint32_t core);

uint32_t fault_armed(struct fault_set *set);
uint32_t fault_hits(struct fault_set *set);

#endif /* NPUSIM_FAULT_H */
