// SPDX-License-Identifier: MIT
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "kmod/hw/nvdla_board_regs.h"
#include "kmod/hw/nvdla_regs.h"
#include "fault.h"

#define MAX_FAULTS	32
#define KINDS		(NVDLA_BOARD_FAULT_RESET + 1)

struct fault_set {
	pthread_mutex_t lock;
	struct fault faults[MAX_FAULTS];	/* kind 0: free */
	uint32_t hits;
	/* How many of each kind are armed, so that most occasions need no lock. */
	unsigned int armed[KINDS];
};

static const char *const kind_names[KINDS] = {
	[NVDLA_BOARD_FAULT_HANG] = "hang",
	[NVDLA_BOARD_FAULT_LOST_IRQ] = "lost-irq",
	[NVDLA_BOARD_FAULT_SPURIOUS_IRQ] = "spurious-irq",
	[NVDLA_BOARD_FAULT_BUS_ERROR] = "bus-error",
	[NVDLA_BOARD_FAULT_BIT_FLIP] = "bit-flip",
	[NVDLA_BOARD_FAULT_REMOVAL] = "removal",
	[NVDLA_BOARD_FAULT_SLOW] = "slow",
	[NVDLA_BOARD_FAULT_RESET] = "reset",
};

int fault_set_new(struct fault_set **out)
{
	struct fault_set *set = calloc(1, sizeof(*set));

	if (!set)
		return -ENOMEM;
	pthread_mutex_init(&set->lock, NULL);
	*out = set;

	return 0;
}

void fault_set_free(struct fault_set *set)
{
	if (!set)
		return;
	pthread_mutex_destroy(&set->lock);
	free(set);
}

static bool sensible(const struct fault *fault)
{
	if (!fault->kind || fault->kind >= KINDS)
		return false;
	if (fault->core != NVDLA_BOARD_FAULT_ANY && fault->core >= NVDLA_BOARD_MAX_CORES)
		return false;
	if (fault->unit != NVDLA_BOARD_FAULT_ANY && fault->unit >= NVDLA_UNITS)
		return false;
	return !fault->size || fault->size - 1 <= UINT64_MAX - fault->addr;
}

unsigned int fault_arm(struct fault_set *set, const struct fault *fault)
{
	unsigned int i, number = 0;

	if (!sensible(fault))
		return 0;
	pthread_mutex_lock(&set->lock);
	for (i = 0; i < MAX_FAULTS && !number; i++) {
		if (set->faults[i].kind)
			continue;
		set->faults[i] = *fault;
		__atomic_add_fetch(&set->armed[fault->kind], 1, __ATOMIC_RELEASE);
		number = i + 1;
	}
	pthread_mutex_unlock(&set->lock);

	return number;
}

static void disarm(struct fault_set *set, struct fault *fault)
{
	__atomic_sub_fetch(&set->armed[fault->kind], 1, __ATOMIC_RELEASE);
	fault->kind = 0;
}

void fault_clear(struct fault_set *set, uint32_t number)
{
	unsigned int i;

	pthread_mutex_lock(&set->lock);
	for (i = 0; i < MAX_FAULTS; i++) {
		if (set->faults[i].kind && (number == NVDLA_BOARD_FAULT_ANY || number == i + 1))
			disarm(set, &set->faults[i]);
	}
	pthread_mutex_unlock(&set->lock);
}

static bool matches(const struct fault *fault, uint32_t kind, uint32_t core, uint32_t unit,
		    uint64_t addr, uint64_t len)
{
	if (fault->kind != kind)
		return false;
	if (fault->core != NVDLA_BOARD_FAULT_ANY && fault->core != core)
		return false;
	if (unit != NVDLA_BOARD_FAULT_ANY && fault->unit != NVDLA_BOARD_FAULT_ANY &&
	    fault->unit != unit)
		return false;
	if (len && fault->size)
		return addr <= fault->addr + (fault->size - 1) && addr + (len - 1) >= fault->addr;
	return true;
}

bool fault_take(struct fault_set *set, uint32_t kind, uint32_t core, uint32_t unit,
		uint64_t addr, uint64_t len, struct fault *out)
{
	bool hit = false;
	unsigned int i;

	if (!__atomic_load_n(&set->armed[kind], __ATOMIC_ACQUIRE))
		return false;
	pthread_mutex_lock(&set->lock);
	for (i = 0; i < MAX_FAULTS && !hit; i++) {
		struct fault *fault = &set->faults[i];

		if (!matches(fault, kind, core, unit, addr, len))
			continue;
		if (fault->skip) {
			fault->skip--;
			continue;
		}
		hit = true;
		set->hits++;
		if (out)
			*out = *fault;
		if (fault->times && !--fault->times)
			disarm(set, fault);
	}
	pthread_mutex_unlock(&set->lock);

	return hit;
}

uint32_t fault_level(struct fault_set *set, uint32_t kind, uint32_t core)
{
	uint32_t level = 0;
	unsigned int i;

	pthread_mutex_lock(&set->lock);
	for (i = 0; i < MAX_FAULTS; i++) {
		if (matches(&set->faults[i], kind, core, NVDLA_BOARD_FAULT_ANY, 0, 0) &&
		    set->faults[i].arg > level)
			level = set->faults[i].arg;
	}
	pthread_mutex_unlock(&set->lock);

	return level;
}

uint32_t fault_armed(struct fault_set *set)
{
	uint32_t count = 0;
	unsigned int i;

	pthread_mutex_lock(&set->lock);
	for (i = 0; i < MAX_FAULTS; i++)
		count += set->faults[i].kind != 0;
	pthread_mutex_unlock(&set->lock);

	return count;
}

uint32_t fault_hits(struct fault_set *set)
{
	uint32_t hits;

	pthread_mutex_lock(&set->lock);
	hits = set->hits;
	pthread_mutex_unlock(&set->lock);

	return hits;
}

static int parse_unit(const char *name, uint32_t *out)
{
	unsigned int unit;

	for (unit = 0; unit < NVDLA_UNITS; unit++) {
		if (!strcasecmp(nvdla_units[unit].name, name)) {
			*out = unit;
			return 0;
		}
	}

	return -EINVAL;
}

static int parse_number(const char *text, uint64_t max, uint64_t *out)
{
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	*out = strtoull(text, &end, 0);

	return errno || *end || *out > max ? -EINVAL : 0;
}

static int parse_word(char *word, struct fault *fault)
{
	const struct {
		const char *name;
		uint32_t *small;
		uint64_t *large;
	} fields[] = {
		{ "core", &fault->core, NULL }, { "times", &fault->times, NULL },
		{ "skip", &fault->skip, NULL }, { "arg", &fault->arg, NULL },
		{ "addr", NULL, &fault->addr }, { "size", NULL, &fault->size },
	};
	char *value = strchr(word, '=');
	uint64_t number;
	size_t i;

	if (!value)
		return -EINVAL;
	*value++ = '\0';
	if (!strcmp(word, "unit"))
		return parse_unit(value, &fault->unit);
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (strcmp(word, fields[i].name))
			continue;
		if (parse_number(value, fields[i].small ? UINT32_MAX : UINT64_MAX, &number))
			return -EINVAL;
		if (fields[i].small)
			*fields[i].small = (uint32_t)number;
		else
			*fields[i].large = number;
		return 0;
	}

	return -EINVAL;
}

int fault_parse(const char *text, struct fault *out, const char **problem)
{
	char copy[256], *word, *save = NULL;
	unsigned int kind;

	*out = (struct fault) { .core = NVDLA_BOARD_FAULT_ANY, .unit = NVDLA_BOARD_FAULT_ANY,
				.times = 1 };
	*problem = "it is too long";
	if (strlen(text) >= sizeof(copy))
		return -EINVAL;
	strcpy(copy, text);
	word = strtok_r(copy, ",", &save);
	for (kind = 1; word && kind < KINDS; kind++) {
		if (!strcmp(word, kind_names[kind]))
			out->kind = kind;
	}
	*problem = "there are hang, lost-irq, spurious-irq, bus-error, bit-flip, removal, slow and reset";
	if (!out->kind)
		return -EINVAL;
	*problem = "after the kind come core=, unit=, times=, skip=, arg=, addr= and size=";
	while ((word = strtok_r(NULL, ",", &save))) {
		if (parse_word(word, out))
			return -EINVAL;
	}
	*problem = "a core or an address range is impossible";

	return sensible(out) ? 0 : -EINVAL;
}
