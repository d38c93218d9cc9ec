// SPDX-License-Identifier: MIT
/*
 * sim backend: opening, options, life of the device.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "simdev.h"

#define MAX_CORES		32
#define DEFAULT_SRAM		(UINT64_C(512) << 10)
#define DEFAULT_CLOCK		UINT64_C(1000000000)
#define DEFAULT_TIMEOUT_MS	10000
#define MAX_TIMEOUT_MS		600000
/* Bytes behind the second port that a recording provides for. */
#define SRAM_RANGE		(UINT64_C(1) << 31)

/* What follows "sim:", taken apart; 0 where nothing was said. */
struct sim_options {
	char config[32];
	char name[64];
	char record[256];
	uint64_t cores;
	uint64_t sram;
	uint64_t clock;
	uint64_t latency;
	uint64_t bandwidth;
};

/* A number, perhaps with K, M or G behind it: powers of @unit. */
static int parse_number(const char *text, size_t length, uint64_t unit, uint64_t *out)
{
	static const char suffixes[] = "KMG";
	char copy[32], *end;
	uint64_t factor = 1;
	ptrdiff_t power;

	if (!length || length >= sizeof(copy) || text[0] < '0' || text[0] > '9')
		return -EINVAL;
	memcpy(copy, text, length);
	copy[length] = '\0';
	errno = 0;
	*out = strtoull(copy, &end, 0);
	if (errno)
		return -EINVAL;
	if (*end) {
		const char *suffix = strchr(suffixes, *end);

		if (!suffix || end[1])
			return -EINVAL;
		for (power = suffix - suffixes; power >= 0; power--)
			factor *= unit;
	}

	return __builtin_mul_overflow(*out, factor, out) ? -EINVAL : 0;
}

static int parse_options(const char *text, struct sim_options *options)
{
	const struct {
		const char *name;
		uint64_t *value;
		uint64_t unit;
		uint64_t min;
		uint64_t max;
	} known[] = {
		{ "cores=", &options->cores, 1, 1, MAX_CORES },
		{ "sram=", &options->sram, 1024, 0, UINT64_C(1) << 30 },
		{ "clock=", &options->clock, 1000, 1000, UINT64_C(100000000000) },
		{ "latency=", &options->latency, 1, 0, 1000000 },
		{ "bandwidth=", &options->bandwidth, 1, 1, 1000000 },
	};
	const size_t count = sizeof(known) / sizeof(known[0]);
	static const char record[] = "record=";
	size_t length = strcspn(text, ",");
	size_t i;

	if (!length || length >= sizeof(options->config))
		return accel_error_set(-EINVAL, "\"sim:%s\" names no configuration", text);
	memcpy(options->config, text, length);
	/* As far as there is room for it. */
	snprintf(options->name, sizeof(options->name), "sim:%s", text);

	while (text[length]) {
		text += length + 1;
		length = strcspn(text, ",");
		if (!strncmp(text, record, strlen(record))) {
			if (length == strlen(record) ||
			    length - strlen(record) >= sizeof(options->record))
				return accel_error_set(-EINVAL, "simulator option \"%.*s\" names no "
						       "folder of up to %zu bytes", (int)length,
						       text, sizeof(options->record) - 1);
			memcpy(options->record, text + strlen(record), length - strlen(record));
			options->record[length - strlen(record)] = '\0';
			if (access(options->record, W_OK | X_OK))
				return accel_error_set(-EINVAL, "cannot record in \"%s\": %s",
						       options->record, strerror(errno));
			continue;
		}
		for (i = 0; i < count; i++) {
			if (!strncmp(text, known[i].name, strlen(known[i].name)))
				break;
		}
		if (i == count)
			return accel_error_set(-EINVAL, "unknown simulator option \"%.*s\": use "
					       "cores=, sram=, clock=, latency=, bandwidth= "
					       "or record=",
					       (int)length, text);
		if (parse_number(text + strlen(known[i].name), length - strlen(known[i].name),
				 known[i].unit, known[i].value) ||
		    *known[i].value < known[i].min || *known[i].value > known[i].max)
			return accel_error_set(-EINVAL, "simulator option \"%.*s\": not a number "
					       "from %llu to %llu", (int)length, text,
					       (unsigned long long)known[i].min,
					       (unsigned long long)known[i].max);
	}

	return 0;
}

static void sim_free(struct accel_device *base)
{
	struct simdev_device *device = simdev(base);
	bool own_thread = simdev_on_own_thread(device);
	unsigned int i;

	pthread_mutex_lock(&device->lock);
	device->stopping = true;
	pthread_cond_broadcast(&device->work);
	pthread_mutex_unlock(&device->lock);

	for (i = 0; i < device->core_count; i++) {
		struct simdev_core *core = &device->cores[i];

		/* The last reference may have been that of a job that just ended. */
		if (own_thread && pthread_equal(core->thread, pthread_self())) {
			pthread_detach(core->thread);
			simdev_thread_orphan();
		} else {
			pthread_join(core->thread, NULL);
		}
		free(core->image);
		record_free(core->record);
	}
	free(device->cores);
	npusim_free(device->sim);
	nvdla_validator_free(device->validator);
	pthread_cond_destroy(&device->done);
	pthread_cond_destroy(&device->work);
	pthread_mutex_destroy(&device->lock);
	accel_device_fini(base);
	free(device);
}

/* The clock of a simulator stands still. */
static int sim_refresh(struct accel_device *device, struct drm_nvdla_device_info *info)
{
	(void)device, (void)info;

	return 0;
}

static const struct accel_backend_ops sim_ops = {
	.free = sim_free,
	.refresh = sim_refresh,
	.bo_create = host_bo_create,
	.bo_free = host_bo_free,
	.bo_map = host_bo_map,
	.bo_import = host_bo_import,
	.bo_export = host_bo_export,
	.bo_sync = host_bo_sync,
	.bo_wait = simdev_bo_wait,
	.program_create = simdev_program_create,
	.program_free = simdev_program_free,
	.context_create = simdev_context_create,
	.context_free = simdev_context_free,
	.context_query = simdev_context_query,
	.job_submit = simdev_job_submit,
	.job_profile = simdev_job_profile,
	.job_release = simdev_job_release,
	.fence_free = simdev_fence_free,
	.fence_wait = simdev_fence_wait,
	.fence_export = simdev_fence_export,
};

static void describe(struct accel_device *device, const struct nvdla_config *config,
		     const struct sim_options *options)
{
	struct drm_nvdla_device_info *info = &device->info;

	accel_config_to_info(config, info);
	info->core_count = options->cores;
	info->bind_align = NVDLA_BIND_ALIGN;
	info->clock_hz = options->clock;
	info->max_clock_hz = options->clock;
	info->sram_size = config->features & NVDLA_FEAT_CVIF ? options->sram : 0;
	info->max_ops = NVDLA_MAX_OPS;
	info->max_regs = NVDLA_MAX_REGS;
	info->max_relocs = NVDLA_MAX_RELOCS;
	info->max_deps = NVDLA_MAX_DEPS;
	info->max_luts = NVDLA_MAX_LUTS;
	info->max_slots = NVDLA_MAX_SLOTS;
	info->default_timeout_ms = DEFAULT_TIMEOUT_MS;
	info->max_timeout_ms = MAX_TIMEOUT_MS;
	accel_info_to_config(info, &device->config);
	strcpy(device->name, options->name);
}

static int make_locks(struct simdev_device *device)
{
	pthread_condattr_t attr;
	int ret;

	if (pthread_condattr_init(&attr))
		return accel_error_memory("a lock");
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	ret = pthread_mutex_init(&device->lock, NULL);
	if (!ret) {
		ret = pthread_cond_init(&device->work, NULL);
		if (!ret) {
			ret = pthread_cond_init(&device->done, &attr);
			if (ret)
				pthread_cond_destroy(&device->work);
		}
		if (ret)
			pthread_mutex_destroy(&device->lock);
	}
	pthread_condattr_destroy(&attr);

	return ret ? accel_error_memory("a lock") : 0;
}

static int make_simulator(struct simdev_device *device, const struct sim_options *options)
{
	struct npusim_params params = {
		.config = options->config,
		.cores = options->cores,
		.host = {
			.read = simdev_memory_read,
			.write = simdev_memory_write,
			.error = simdev_error,
		},
		.timing = {
			.clock_hz = options->clock,
			.bytes_per_cycle = options->bandwidth,
			.latency = options->latency,
		},
	};
	int ret = npusim_new(&params, &device->sim);

	if (ret)
		return accel_error_set(ret, "cannot make a simulator of %s: %s", options->config,
				       strerror(-ret));
	ret = nvdla_validator_new(&device->host.base.config, &device->validator);
	if (ret) {
		npusim_free(device->sim);
		return accel_error_memory("a validator");
	}

	return 0;
}

int accel_sim_open(const char *text, struct accel_device **out)
{
	struct sim_options options = {
		.cores = 1,
		.sram = DEFAULT_SRAM,
		.clock = DEFAULT_CLOCK,
	};
	const struct nvdla_config *config;
	struct simdev_device *device;
	unsigned int i;
	int ret;

	ret = parse_options(text, &options);
	if (ret)
		return ret;
	config = nvdla_config_find(options.config);
	if (!config)
		return accel_error_set(-EINVAL, "\"%s\" is no configuration of NVDLA",
				       options.config);

	device = calloc(1, sizeof(*device));
	if (!device)
		return accel_error_memory("a device");
	device->cores = calloc(options.cores, sizeof(*device->cores));
	if (!device->cores) {
		ret = accel_error_memory("a device");
		goto free_device;
	}
	ret = accel_device_init(&device->host.base, &sim_ops, ACCEL_BACKEND_SIM);
	if (ret)
		goto free_device;
	describe(&device->host.base, config, &options);
	ret = make_locks(device);
	if (ret)
		goto fini_device;
	ret = make_simulator(device, &options);
	if (ret)
		goto destroy_locks;

	for (i = 0; i < options.cores; i++) {
		struct simdev_core *core = &device->cores[i];

		core->device = device;
		core->index = i;
		if (options.record[0] &&
		    record_new(options.record, config->name, i,
			       npusim_glb_base(device->sim) + GLB_S_INTR_STATUS,
			       simdev_sram_base(config), config->features & NVDLA_FEAT_CVIF ?
			       simdev_sram_base(config) + SRAM_RANGE : 0, &core->record)) {
			ret = accel_error_memory("a recording");
			sim_free(&device->host.base);
			return ret;
		}
		if (pthread_create(&core->thread, NULL, simdev_core_thread, core)) {
			ret = accel_error_set(-EAGAIN, "cannot start a thread");
			record_free(core->record);
			/* From here on the device can take itself apart. */
			sim_free(&device->host.base);
			return ret;
		}
		device->core_count++;
	}
	*out = &device->host.base;

	return 0;

destroy_locks:
	pthread_cond_destroy(&device->done);
	pthread_cond_destroy(&device->work);
	pthread_mutex_destroy(&device->lock);
fini_device:
	accel_device_fini(&device->host.base);
free_device:
	free(device->cores);
	free(device);

	return ret;
}
