// SPDX-License-Identifier: MIT
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "accel-dump.h"
#include "kmod/hw/nvdla_config.h"
#include "libaccel/dev/error.h"
#include "libaccel/compile/artefact.h"

static const struct {
	uint32_t bit;
	const char *name;
} engines[] = {
	{ DRM_NVDLA_ENGINE_CONV, "CONV" }, { DRM_NVDLA_ENGINE_SDP, "SDP" },
	{ DRM_NVDLA_ENGINE_PDP, "PDP" }, { DRM_NVDLA_ENGINE_CDP, "CDP" },
	{ DRM_NVDLA_ENGINE_BDMA, "BDMA" }, { DRM_NVDLA_ENGINE_RUBIK, "RUBIK" },
};

static void print_engines(uint32_t mask)
{
	const char *between = "";
	size_t i;

	for (i = 0; i < sizeof(engines) / sizeof(engines[0]); i++) {
		if (mask & engines[i].bit) {
			printf("%s%s", between, engines[i].name);
			between = "+";
		}
	}
}

/* "CDMA.D_MISC_CFG", or the bare offset where there is no such register. */
static void print_register_name(const struct nvdla_config *config, uint32_t offset)
{
	enum nvdla_unit unit = nvdla_config_unit(config, offset);
	const struct nvdla_reg_desc *desc = NULL;

	if (unit < NVDLA_UNITS)
		desc = nvdla_reg_find(unit, offset - config->base[unit]);
	if (desc)
		printf("      %-8s %-26s", nvdla_units[unit].name, desc->name);
	else
		printf("      0x%-33x", offset);
}

static void print_op(const struct target *target, const struct artefact_segment *segment,
		     const struct nvdla_config *config, uint32_t index)
{
	const struct drm_nvdla_op *op = &target->hw_ops[segment->hw_op + index];
	uint32_t i;

	printf("    operation %u: ", index);
	print_engines(op->engines);
	for (i = 0; i < op->dep_count; i++)
		printf("%s%u", i ? ", " : " after ",
		       target->hw_deps[segment->hw_dep + op->first_dep + i]);
	putchar('\n');
	for (i = 0; i < op->reg_count; i++) {
		const struct drm_nvdla_reg *reg =
			&target->hw_regs[segment->hw_reg + op->first_reg + i];

		print_register_name(config, reg->offset);
		printf(" 0x%08x\n", reg->value);
	}
	for (i = 0; i < op->reloc_count; i++) {
		const struct drm_nvdla_reloc *reloc =
			&target->hw_relocs[segment->hw_reloc + op->first_reloc + i];

		print_register_name(config, reloc->reg);
		printf(" slot %u + 0x%llx\n", reloc->slot, (unsigned long long)reloc->delta);
	}
}

static void print_steps(const struct artefact *artefact, const struct target *target)
{
	static const char *const kinds[] = {
		[ARTEFACT_NPU] = "NPU", [ARTEFACT_CPU] = "CPU",
		[ARTEFACT_TO_CUBE] = "to NPU layout", [ARTEFACT_TO_ROWS] = "to rows",
	};
	uint32_t i;

	for (i = 0; i < target->step_count; i++) {
		const struct artefact_step *step = &target->steps[i];

		printf("  step %u: %s", i, kinds[step->kind]);
		if (step->kind == ARTEFACT_NPU)
			printf(", program of %u operations",
			       target->segments[step->index].hw_op_count);
		else if (step->kind == ARTEFACT_CPU)
			printf(", operation %u of %u", step->index, artefact->graph->num_ops);
		else
			printf(", tensor %u", step->index);
		putchar('\n');
	}
}

static int print_target(const struct artefact *artefact, const struct target *target,
			bool programs)
{
	const struct nvdla_config *config = nvdla_config_find(target->header->config);
	uint64_t cycles = 0;
	uint32_t i, s;

	for (i = 0; i < target->op_count; i++)
		cycles += target->ops[i].cycles;
	printf("%s\n", target->header->config);
	printf("  %u operations in %u programs of %u hardware operations, estimated %" PRIu64 " cycles\n",
	       target->op_count, target->segment_count, target->hw_op_count, cycles);
	printf("  %" PRIu64 " KiB weights, %" PRIu64 " KiB activations, %" PRIu64 " KiB for the CPU\n",
	       target->const_size / 1024, target->header->arena_size / 1024,
	       target->header->host_size / 1024);
	print_steps(artefact, target);
	if (!programs)
		return 0;
	if (!config)
		return accel_error_set(-EINVAL, "configuration '%.31s' is not known here",
				       target->header->config);
	for (s = 0; s < target->segment_count; s++) {
		printf("  program %u\n", s);
		for (i = 0; i < target->segments[s].hw_op_count; i++)
			print_op(target, &target->segments[s], config, i);
	}

	return 0;
}

int dump_artefact(const char *path, const char *config, bool programs)
{
	struct artefact *artefact;
	bool found = false;
	uint32_t i;
	int ret = artefact_load(path, &artefact);

	if (ret)
		return ret;
	printf("%s: %u operations, %u configurations, %zu KiB\n", path,
	       artefact->graph->num_ops, artefact->target_count, artefact->size / 1024);
	for (i = 0; i < artefact->target_count && !ret; i++) {
		if (config && strcmp(config, artefact->targets[i].header->config))
			continue;
		found = true;
		ret = print_target(artefact, &artefact->targets[i], programs);
	}
	if (!ret && !found)
		ret = accel_error_set(-ENOENT, "it is not compiled for '%s'", config);
	artefact_close(artefact);

	return ret;
}
