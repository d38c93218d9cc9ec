// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libaccel/dev/error.h"
#include "chain.h"
#include "model.h"

static int wrap(struct artefact *artefact, struct accel_model **out)
{
	struct accel_model *model = calloc(1, sizeof(*model));

	if (!model) {
		artefact_close(artefact);
		return accel_error_memory("a model");
	}
	model->refs = 1;
	model->artefact = artefact;
	pthread_mutex_init(&model->lock, NULL);
	*out = model;
	return 0;
}

int accel_model_load(const char *path, struct accel_model **out)
{
	struct artefact *artefact;
	int ret;

	*out = NULL;
	ret = artefact_load(path, &artefact);
	return ret ? ret : wrap(artefact, out);
}

int accel_model_load_memory(const void *data, size_t size, struct accel_model **out)
{
	struct artefact *artefact;
	void *copy;
	int ret;

	*out = NULL;
	if (size < sizeof(struct artefact_header))
		return accel_error_set(-EINVAL, "artefact: %zu bytes are too few", size);
	if (posix_memalign(&copy, 4096, size))
		return accel_error_room("an artefact", size);
	memcpy(copy, data, size);
	ret = artefact_open(copy, size, false, &artefact);
	return ret ? ret : wrap(artefact, out);
}

struct accel_model *accel_model_ref(struct accel_model *model)
{
	__atomic_add_fetch(&model->refs, 1, __ATOMIC_RELAXED);
	return model;
}

void accel_model_unref(struct accel_model *model)
{
	if (!model || __atomic_sub_fetch(&model->refs, 1, __ATOMIC_ACQ_REL))
		return;
	artefact_close(model->artefact);
	pthread_mutex_destroy(&model->lock);
	free(model);
}

uint32_t accel_model_input_count(const struct accel_model *model)
{
	return model->artefact->graph->num_inputs;
}

uint32_t accel_model_output_count(const struct accel_model *model)
{
	return model->artefact->graph->num_outputs;
}

static int describe(const struct accel_model *model, const uint32_t *list, uint32_t count,
		    uint32_t index, struct accel_tensor_info *info)
{
	const struct graph_tensor *tensor;

	if (index >= count)
		return accel_error_set(-EINVAL, "the model has no tensor %u of that kind", index);
	if (info->size < sizeof(*info))
		return accel_error_set(-EINVAL, "structure of %zu bytes is too short", info->size);
	tensor = &model->artefact->graph->tensors[list[index]];
	info->name = tensor->name;
	info->type = (enum accel_type)tensor->type;
	info->rank = tensor->rank;
	memcpy(info->dims, tensor->dims, sizeof(info->dims));
	info->bytes = graph_bytes(tensor);
	info->scale = tensor->quant.count ? graph_scale(tensor, 0) : 0;
	info->zero_point = tensor->quant.count ? graph_zero_point(tensor, 0) : 0;
	return 0;
}

int accel_model_input(const struct accel_model *model, uint32_t index,
		      struct accel_tensor_info *info)
{
	const struct graph *graph = model->artefact->graph;

	return describe(model, graph->inputs, graph->num_inputs, index, info);
}

int accel_model_output(const struct accel_model *model, uint32_t index,
		       struct accel_tensor_info *info)
{
	const struct graph *graph = model->artefact->graph;

	return describe(model, graph->outputs, graph->num_outputs, index, info);
}

const char *accel_model_config(const struct accel_model *model, uint32_t index)
{
	return index < model->artefact->target_count ?
	       model->artefact->targets[index].header->config : NULL;
}

static void loaded_free(struct loaded *loaded)
{
	uint32_t i;

	for (i = 0; loaded->programs && i < loaded->target->segment_count; i++)
		accel_program_unref(loaded->programs[i]);
	for (i = 0; loaded->prepared && i < loaded->target->op_count; i++) {
		if (loaded->prepared[i])
			loaded->kernels[i]->free(loaded->prepared[i]);
	}
	for (i = 0; loaded->cpu_ops && i < loaded->target->step_count; i++)
		cpu_op_free(loaded->cpu_ops[i]);
	free(loaded->cpu_ops);
	free(loaded->waits);
	free(loaded->programs);
	free(loaded->prepared);
	free(loaded->kernels);
	accel_bo_unref(loaded->consts);
	accel_close(loaded->device);
	free(loaded);
}

static int load_programs(struct loaded *loaded)
{
	const struct target *t = loaded->target;
	uint64_t size = t->const_size ? t->const_size : 1;
	void *map;
	uint32_t i;
	int ret;

	ret = accel_bo_create(loaded->device, size, ACCEL_BO_CACHED, &loaded->consts);
	if (ret == -ENOMEM)
		return accel_error_room("weights in the device's memory", size);
	if (!ret)
		ret = accel_bo_map(loaded->consts, &map);
	if (ret)
		return ret;
	memcpy(map, t->consts, t->const_size);
	ret = accel_bo_sync(loaded->consts, ACCEL_SYNC_TO_DEVICE, 0, size);
	if (!ret && chain_waits(t, &loaded->waits))
		return accel_error_memory("programs");
	loaded->programs = calloc(t->segment_count + 1, sizeof(*loaded->programs));
	if (!loaded->programs)
		return accel_error_memory("programs");
	for (i = 0; !ret && i < t->segment_count; i++) {
		static const uint32_t access[NPU_REGIONS] = {
			[NPU_CONSTS] = ACCEL_ACCESS_READ,
			[NPU_ARENA] = ACCEL_ACCESS_READ | ACCEL_ACCESS_WRITE,
			[NPU_SRAM] = ACCEL_ACCESS_READ | ACCEL_ACCESS_WRITE,
		};
		const struct artefact_segment *s = &t->segments[i];
		const struct accel_program_desc desc = {
			.ops = t->hw_ops + s->hw_op, .op_count = s->hw_op_count,
			.regs = t->hw_regs + s->hw_reg, .reg_count = s->hw_reg_count,
			.relocs = t->hw_relocs + s->hw_reloc, .reloc_count = s->hw_reloc_count,
			.deps = t->hw_deps + s->hw_dep, .dep_count = s->hw_dep_count,
			.luts = t->hw_luts + s->hw_lut, .lut_count = s->hw_lut_count,
			.slot_count = NPU_REGIONS, .max_access = access,
		};

		ret = accel_program_create(loaded->device, &desc, &loaded->programs[i]);
	}
	return ret;
}

static int prepare_kernels(struct loaded *loaded)
{
	const struct target *t = loaded->target;
	uint32_t i;
	int ret = 0;

	loaded->prepared = calloc(t->op_count + 1, sizeof(*loaded->prepared));
	loaded->kernels = calloc(t->op_count + 1, sizeof(*loaded->kernels));
	if (!loaded->prepared || !loaded->kernels)
		return accel_error_memory("kernels");
	for (i = 0; !ret && i < t->op_count; i++) {
		loaded->kernels[i] = npu_kernels_best(&t->ops[i].op);
		ret = loaded->kernels[i]->prepare(&t->ops[i].op, &t->header->atoms, t->consts,
						  &loaded->prepared[i]);
	}
	return ret == -ENOMEM ? accel_error_memory("kernels") : ret;
}

/* The operations that the CPU runs on every device, their weights packed. */
static int prepare_cpu_ops(const struct accel_model *model, struct loaded *loaded)
{
	const struct graph *graph = model->artefact->graph;
	const struct target *t = loaded->target;
	uint32_t i;
	int ret = 0;

	loaded->cpu_ops = calloc(t->step_count + 1, sizeof(*loaded->cpu_ops));
	if (!loaded->cpu_ops)
		return accel_error_memory("operations");
	for (i = 0; !ret && i < t->step_count; i++) {
		if (t->steps[i].kind == ARTEFACT_CPU)
			ret = cpu_op_new(graph, &graph->ops[t->steps[i].index],
					 &loaded->cpu_ops[i]);
	}
	return ret;
}

static int choose_target(const struct accel_model *model, struct accel_device *device,
			 const char *config, const struct target **target, bool *cpu)
{
	struct accel_device_info info = { .size = sizeof(info) };
	int ret = accel_device_query(device, &info);

	if (ret)
		return ret;
	*cpu = info.backend == ACCEL_BACKEND_CPU;
	if (*cpu && !config)
		config = model->artefact->targets[0].header->config;
	if (!*cpu)
		config = info.config;
	*target = artefact_target(model->artefact, config);
	if (!*target)
		return accel_error_set(-ENOEXEC, "the model has no program for %s, only for %s%s",
				       config, model->artefact->targets[0].header->config,
				       model->artefact->target_count > 1 ? " and others" : "");
	return 0;
}

int loaded_get(struct accel_model *model, struct accel_device *device, const char *config,
	       struct loaded **out)
{
	const struct target *target;
	struct loaded *loaded;
	bool cpu;
	int ret = choose_target(model, device, config, &target, &cpu);

	if (ret)
		return ret;
	pthread_mutex_lock(&model->lock);
	for (loaded = model->loaded; loaded; loaded = loaded->next) {
		if (loaded->device == device && loaded->target == target)
			break;
	}
	if (!loaded) {
		loaded = calloc(1, sizeof(*loaded));
		if (!loaded) {
			ret = accel_error_memory("a model");
			goto out;
		}
		loaded->device = accel_device_ref(device);
		loaded->target = target;
		ret = cpu ? prepare_kernels(loaded) : load_programs(loaded);
		if (!ret)
			ret = prepare_cpu_ops(model, loaded);
		if (ret) {
			loaded_free(loaded);
			goto out;
		}
		loaded->next = model->loaded;
		model->loaded = loaded;
	}
	loaded->uses++;
	*out = loaded;
out:
	pthread_mutex_unlock(&model->lock);
	return ret;
}

void loaded_put(struct accel_model *model, struct loaded *loaded)
{
	struct loaded **at;

	if (!loaded)
		return;
	pthread_mutex_lock(&model->lock);
	if (--loaded->uses == 0) {
		for (at = &model->loaded; *at != loaded; at = &(*at)->next)
			;
		*at = loaded->next;
		loaded_free(loaded);
	}
	pthread_mutex_unlock(&model->lock);
}
