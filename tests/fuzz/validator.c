// SPDX-License-Identifier: MIT
/*
 * Fuzzer: the kernel's validator joined to the simulated hardware.
 *
 * usage: fuzz-validator [-s SECONDS] [-n PROGRAMS] [-r SEED] [-v]
 *
 * Random programs go through the validator. What it accepts runs on npusim
 * with slots of exactly min_size, each alone in its address space. A finding
 * is an access outside a slot, an access that the program did not declare, or
 * a min_size whose last byte is never touched. One TAP test per configuration.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../../kmod/nvdla_validate.h"
#include "../../tools/npusim/npusim.h"
#include "program_gen.h"

/* Slots lie far apart; what is between them is nobody's. */
#define SLOT_BASE(n)	(0x10000000ULL * ((n) + 1))
#define SLOT_ROOM	0x08000000ULL
/* An operation that takes longer than this on the model is taken to hang. */
#define MAX_CYCLES	(1ULL << 26)
/* Larger programs are validated but not run: the model would take too long. */
#define MAX_WORK	(1U << 20)

struct totals {
	uint64_t programs, accepted, refused, ran, stalled, declined, large, ahead;
};

/**
 * struct bench - one configuration under test
 * @config: configuration
 * @validator: for it
 * @sim: hardware
 * @program: what runs now
 * @reached: by slot, one past the last byte touched
 * @access: by slot, DRM_NVDLA_ACCESS_* seen
 * @zeros: memory reads as zeros, which compressed weights of any size may be
 * @finding: what went wrong, empty if nothing
 * @error: the simulator declined a program
 * @totals: counts
 */
struct bench {
	const struct nvdla_config *config;
	struct nvdla_validator *validator;
	struct npusim *sim;
	const struct nvdla_program *program;
	uint64_t reached[GEN_SLOTS];
	uint32_t access[GEN_SLOTS];
	bool zeros;
	char finding[200];
	int error;
	char error_text[200];
	struct totals totals;
};

static void touch(struct bench *bench, uint64_t addr, size_t len, uint32_t access)
{
	uint64_t slot = addr / SLOT_BASE(0) - 1;
	uint64_t end = addr % SLOT_BASE(0) + len;

	if (bench->finding[0] || !len)
		return;
	if (addr < SLOT_BASE(0) || slot >= GEN_SLOTS ||
	    end > bench->program->slots[slot].min_size)
		snprintf(bench->finding, sizeof(bench->finding),
			 "%s of %zu bytes at %#" PRIx64 " is outside of every slot",
			 access == DRM_NVDLA_ACCESS_READ ? "read" : "write", len, addr);
	else if (access & ~bench->program->slots[slot].access)
		snprintf(bench->finding, sizeof(bench->finding),
			 "%s of slot %u was not declared",
			 access == DRM_NVDLA_ACCESS_READ ? "read" : "write", (unsigned int)slot);
	if (bench->finding[0])
		return;
	bench->access[slot] |= access;
	if (end > bench->reached[slot])
		bench->reached[slot] = end;
}

static int host_read(void *ctx, enum npusim_port port, uint64_t addr, void *dst, size_t len)
{
	(void)port;
	touch(ctx, addr, len, DRM_NVDLA_ACCESS_READ);
	memset(dst, ((struct bench *)ctx)->zeros ? 0 : (int)(addr >> 3) * 37, len);

	return 0;
}

static int host_write(void *ctx, enum npusim_port port, uint64_t addr, const void *src, size_t len)
{
	(void)port;
	(void)src;
	touch(ctx, addr, len, DRM_NVDLA_ACCESS_WRITE);

	return 0;
}

static void host_error(void *ctx, const struct npusim_error *error)
{
	struct bench *bench = ctx;

	bench->error = error->code;
	snprintf(bench->error_text, sizeof(bench->error_text), "%s", error->text);
}

static void write_reg(struct bench *bench, enum nvdla_unit unit, uint32_t offset, uint32_t value)
{
	npusim_reg_write(bench->sim, 0, bench->config->base[unit] + offset, value);
}

static void load_lut(struct bench *bench, const struct nvdla_program_lut *lut)
{
	uint32_t access = lut->unit == NVDLA_CDP ? CDP_S_LUT_ACCESS_CFG : SDP_S_LUT_ACCESS_CFG;
	uint32_t i;

	write_reg(bench, lut->unit, access, SDP_S_LUT_ACCESS_CFG_LUT_ACCESS_TYPE);
	for (i = 0; i < DRM_NVDLA_LUT_LE_ENTRIES; i++)
		write_reg(bench, lut->unit, access + 4, lut->le[i]);
	write_reg(bench, lut->unit, access, SDP_S_LUT_ACCESS_CFG_LUT_ACCESS_TYPE |
		  SDP_S_LUT_ACCESS_CFG_LUT_TABLE_ID);
	for (i = 0; i < DRM_NVDLA_LUT_LO_ENTRIES; i++)
		write_reg(bench, lut->unit, access + 4, lut->lo[i]);
	for (i = 0; i < lut->reg_count; i++)
		npusim_reg_write(bench->sim, 0, lut->regs[i].offset, lut->regs[i].value);
}

static void start_op(struct bench *bench, uint32_t op, const uint32_t *values, uint8_t *groups)
{
	static const uint8_t order[] = {
		NVDLA_PDP, NVDLA_PDP_RDMA, NVDLA_SDP, NVDLA_SDP_RDMA, NVDLA_CACC, NVDLA_CMAC_A,
		NVDLA_CMAC_B, NVDLA_CSC, NVDLA_CDMA, NVDLA_CDP, NVDLA_CDP_RDMA, NVDLA_RUBIK,
	};
	const struct nvdla_program_op *desc = &bench->program->ops[op];
	unsigned int unit, i;

	if (desc->lut >= 0)
		load_lut(bench, &bench->program->luts[desc->lut]);
	for (unit = 0; unit < NVDLA_UNITS; unit++) {
		unsigned int count = nvdla_unit_words(bench->validator, unit);

		if (!(desc->units & BIT(unit)))
			continue;
		if (unit != NVDLA_BDMA)
			write_reg(bench, unit, NVDLA_S_POINTER, groups[unit]);
		for (i = 0; i < count; i++)
			write_reg(bench, unit, nvdla_unit_offset(bench->validator, unit, i),
				  *values++);
	}
	for (i = 0; i < ARRAY_SIZE(order); i++) {
		if (desc->units & BIT(order[i]))
			write_reg(bench, order[i], nvdla_units[order[i]].first_grouped, 1);
	}
	if (desc->units & BIT(NVDLA_BDMA)) {
		write_reg(bench, NVDLA_BDMA, BDMA_CFG_OP, 1);
		write_reg(bench, NVDLA_BDMA,
			  groups[NVDLA_BDMA] ? BDMA_CFG_LAUNCH1 : BDMA_CFG_LAUNCH0, 1);
	}
}

static unsigned int last_unit(uint32_t engines)
{
	if (engines & DRM_NVDLA_ENGINE_PDP)
		return NVDLA_PDP;
	if (engines & DRM_NVDLA_ENGINE_SDP)
		return NVDLA_SDP;
	if (engines & DRM_NVDLA_ENGINE_CDP)
		return NVDLA_CDP;
	return engines & DRM_NVDLA_ENGINE_BDMA ? NVDLA_BDMA : NVDLA_RUBIK;
}

/* Run until the interrupt that ends an operation; 0, or 1 if it does not come. */
static int wait_op(struct bench *bench, uint32_t done)
{
	uint32_t status_reg = bench->config->base[NVDLA_GLB] + GLB_S_INTR_STATUS;

	for (;;) {
		enum npusim_state state = npusim_run(bench->sim, 0, MAX_CYCLES);
		uint32_t status = npusim_reg_read(bench->sim, 0, status_reg);

		npusim_reg_write(bench->sim, 0, status_reg, status);
		if (status & done)
			return 0;
		if (state != NPUSIM_INTERRUPT)
			return 1;
	}
}

/* Run an accepted program; 0 when all of it ran to its end. */
static int run_program(struct bench *bench)
{
	const struct nvdla_program *program = bench->program;
	struct nvdla_binding bindings[GEN_SLOTS];
	uint8_t groups[NVDLA_UNITS] = { 0 };
	uint32_t i, unit, image[NVDLA_UNITS * 64];

	for (i = 0; i < GEN_SLOTS; i++)
		bindings[i] = (struct nvdla_binding) { SLOT_BASE(i), SLOT_ROOM, false };
	npusim_reset(bench->sim, 0);
	bench->error = 0;
	for (i = 0; i < program->op_count; i++) {
		const struct nvdla_program_op *op = &program->ops[i];
		unsigned int last = last_unit(op->engines);

		nvdla_program_image(program, i, bindings, image);
		start_op(bench, i, image, groups);
		if (wait_op(bench, op->done << groups[last]))
			return 1;
		for (unit = 0; unit < NVDLA_UNITS; unit++) {
			if (op->units & BIT(unit))
				groups[unit] ^= 1;
		}
	}

	return 0;
}

/* An estimate of what the model has to do: elements of all cubes. */
static int too_large(const struct nvdla_program *program)
{
	uint64_t bytes = 0;
	uint32_t i;

	for (i = 0; i < program->slot_count; i++) {
		if (program->slots[i].min_size > SLOT_ROOM)
			return 1;
		bytes += program->slots[i].min_size;
	}

	return bytes > MAX_WORK;
}

static bool fetches_ahead(const struct nvdla_program *program)
{
	uint32_t i;

	for (i = 0; i < program->op_count; i++) {
		if (program->ops[i].ahead)
			return true;
	}

	return false;
}

static void check_tight(struct bench *bench)
{
	uint32_t i;

	for (i = 0; i < GEN_SLOTS && !bench->finding[0]; i++) {
		const struct drm_nvdla_slot_info *slot = &bench->program->slots[i];

		if (bench->reached[i] != slot->min_size || bench->access[i] != slot->access)
			snprintf(bench->finding, sizeof(bench->finding),
				 "slot %u: min_size %#llx access %u, but %#" PRIx64 " bytes and access %u were used",
				 i, (unsigned long long)slot->min_size, slot->access,
				 bench->reached[i], bench->access[i]);
	}
}

static void print_program(const struct builder *b)
{
	uint32_t i, k;

	for (i = 0; i < b->op_count; i++) {
		const struct drm_nvdla_op *op = &b->ops[i];

		printf("# op %u engines %#x lut %d\n", i, op->engines, op->lut);
		for (k = op->first_reg; k < op->first_reg + op->reg_count && k < b->reg_count; k++) {
			enum nvdla_unit unit = nvdla_config_unit(b->config, b->regs[k].offset);
			const struct nvdla_reg_desc *reg = unit < NVDLA_UNITS ?
				nvdla_reg_find(unit, b->regs[k].offset & 0xfff) : NULL;

			printf("#   %s.%s = %#x\n", unit < NVDLA_UNITS ? nvdla_units[unit].name : "?",
			       reg ? reg->name : "?", b->regs[k].value);
		}
		for (k = op->first_reloc;
		     k < op->first_reloc + op->reloc_count && k < b->reloc_count; k++)
			printf("#   reloc %#x slot %u delta %#llx\n", b->relocs[k].reg,
			       b->relocs[k].slot, (unsigned long long)b->relocs[k].delta);
	}
}

static int one_program(struct bench *bench, uint64_t seed, int verbose)
{
	static const struct drm_nvdla_slot_info slots[GEN_SLOTS];
	struct nvdla_refusal refusal;
	struct nvdla_program *program;
	struct rng rng = { seed };
	struct builder b;
	int ret;

	builder_init(&b, bench->config);
	gen_program(&b, &rng);
	if (rng_once(&rng, 2))
		gen_bend(&b, &rng);
	bench->zeros = rng_once(&rng, 2);
	bench->totals.programs++;
	ret = nvdla_program_validate(bench->validator, &(struct nvdla_program_desc) {
		b.ops, b.regs, b.relocs, b.deps, b.luts, slots,
		b.op_count, b.reg_count, b.reloc_count, b.dep_count, b.lut_count, GEN_SLOTS,
	}, &program, &refusal);
	if (ret) {
		bench->totals.refused++;
		if (ret == -EINVAL && refusal.code == DRM_NVDLA_FAIL_NONE)
			snprintf(bench->finding, sizeof(bench->finding), "refused without a reason");
		if (verbose) {
			printf("# refused: op %d reg %#x code %u\n", (int)refusal.op, refusal.reg,
			       refusal.code);
			print_program(&b);
		}
		builder_fini(&b);
		return bench->finding[0];
	}

	bench->totals.accepted++;
	bench->program = program;
	memset(bench->reached, 0, sizeof(bench->reached));
	memset(bench->access, 0, sizeof(bench->access));
	if (too_large(program)) {
		bench->totals.large++;
	} else if (!run_program(bench)) {
		bench->totals.ran++;
		bench->totals.ahead += fetches_ahead(program);
		check_tight(bench);
	} else if (bench->error) {
		bench->totals.declined++;
		if (verbose)
			printf("# seed %#" PRIx64 ": declined: %s\n", seed, bench->error_text);
	} else {
		bench->totals.stalled++;
		printf("# seed %#" PRIx64 ": stalled\n", seed);
	}
	if (bench->finding[0] || verbose)
		print_program(&b);
	nvdla_program_free(program);
	builder_fini(&b);

	return bench->finding[0];
}

static int new_bench(struct bench *bench, const struct nvdla_config *config)
{
	struct npusim_params params = {
		.config = config->name,
		.cores = 1,
		.host = {
			.ctx = bench,
			.read = host_read,
			.write = host_write,
			.error = host_error,
		},
	};

	memset(bench, 0, sizeof(*bench));
	bench->config = config;
	if (nvdla_validator_new(config, &bench->validator) || npusim_new(&params, &bench->sim)) {
		perror("fuzz-validator");
		return -1;
	}

	return 0;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec * 1e-9;
}

int main(int argc, char **argv)
{
	uint64_t seed = 1, limit = UINT64_MAX, i;
	int number = 0, failed = 0, verbose = 0, option;
	const struct nvdla_config *config;
	const char *only = NULL;
	double seconds = 10;

	while ((option = getopt(argc, argv, "s:n:r:c:v")) != -1) {
		switch (option) {
		case 's':
			seconds = atof(optarg);
			break;
		case 'n':
			limit = strtoull(optarg, NULL, 0);
			break;
		case 'r':
			seed = strtoull(optarg, NULL, 0);
			break;
		case 'c':
			only = optarg;
			break;
		case 'v':
			verbose = 1;
			break;
		default:
			fprintf(stderr,
				"usage: %s [-s SECONDS] [-n PROGRAMS] [-r SEED] [-c CONFIG] [-v]\n",
				argv[0]);
			return 2;
		}
	}

	for (config = nvdla_configs; config->name; config++)
		number += !only || !strcmp(only, config->name);
	printf("TAP version 13\n1..%d\n", number);
	seconds /= number ? number : 1;
	number = 0;
	for (config = nvdla_configs; config->name; config++) {
		double end = now() + seconds;
		struct bench bench;
		uint64_t at = seed;

		if (only && strcmp(only, config->name))
			continue;
		if (new_bench(&bench, config))
			return 2;
		for (i = 0; i < limit && now() < end; i++) {
			at = seed + i * 0x2545f4914f6cdd1dULL;
			if (one_program(&bench, at, verbose))
				break;
		}
		if (!bench.finding[0] && bench.totals.programs > 5000 && !bench.totals.ahead)
			snprintf(bench.finding, sizeof(bench.finding),
				 "no program fetched weights ahead");
		failed += !!bench.finding[0];
		if (bench.finding[0])
			printf("# seed %#" PRIx64 ": %s\n", at, bench.finding);
		printf("%s %d - %s: %" PRIu64 " programs, %" PRIu64 " refused, %" PRIu64
		       " ran, %" PRIu64 " of them ahead, %" PRIu64 " declined, %" PRIu64
		       " stalled, %" PRIu64 " too large\n",
		       bench.finding[0] ? "not ok" : "ok", ++number, config->name,
		       bench.totals.programs, bench.totals.refused, bench.totals.ran,
		       bench.totals.ahead,
		       bench.totals.declined, bench.totals.stalled, bench.totals.large);
		fflush(stdout);
		npusim_free(bench.sim);
		nvdla_validator_free(bench.validator);
	}

	return !!failed;
}
