// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "../../../kmod/hw/nvdla_board_regs.h"
#include "job.h"

void job_init(struct job *job, const char *config, uint64_t base, uint32_t seed)
{
	unsigned int i;

	memset(job, 0, sizeof(*job));
	job->config = nvdla_config_find(config);
	assert_non_null(job->config);
	job->shape = (struct conv_shape) { .width = 9, .height = 7, .channels = 24, .kernels = 19,
					   .kernel_width = 3, .kernel_height = 3, .stride = 1,
					   .pad = 1, .bias_shift = 2, .offset = 3, .scale = 5,
					   .shift = 9 };
	conv_data_init(&job->data, &job->shape, seed);
	conv_sizes(job->config, &job->shape, &job->sizes);
	for (i = 0; i < 4; i++)
		job->address[i] = base + i * (JOB_SIZE / 4);
}

void job_fini(struct job *job)
{
	conv_data_fini(&job->data);
}

void job_load(const struct job *job, uint8_t *memory)
{
	memset(memory, 0, JOB_SIZE);
	conv_pack_input(job->config, &job->shape, &job->data, memory);
	conv_pack_weights(job->config, &job->shape, &job->data, memory + JOB_SIZE / 4);
	conv_pack_bias(job->config, &job->shape, &job->data, memory + 2 * (JOB_SIZE / 4));
}

static void csb(struct client *client, unsigned int core, uint32_t reg, uint32_t value)
{
	client_write(client, NVDLA_BOARD_BAR_CSB, core * NVDLA_BOARD_CORE_STRIDE + reg, value);
}

/* Which port a slot is behind: 1 is the primary one. */
static uint32_t port(const struct job *job, unsigned int slot)
{
	return !(job->sram & 1u << slot);
}

void job_start(const struct job *job, struct client *client, unsigned int core)
{
	static const enum nvdla_unit order[] = { NVDLA_SDP_RDMA, NVDLA_SDP, NVDLA_CACC,
						 NVDLA_CMAC_A, NVDLA_CMAC_B, NVDLA_CSC,
						 NVDLA_CDMA };
	const struct conv_slots slots = { 0, 1, 2, 3 };
	const __u32 *base = job->config->base;
	struct builder builder;
	__u32 i;

	builder_init(&builder, job->config);
	conv_append(&builder, &job->shape, &slots);
	for (i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		uint32_t reg = base[order[i]] + NVDLA_S_POINTER;
		uint32_t pointers = client_read(client, NVDLA_BOARD_BAR_CSB,
						core * NVDLA_BOARD_CORE_STRIDE + reg);

		/* The group that the unit takes next. */
		csb(client, core, reg, pointers >> 16 & 1);
	}
	for (i = 0; i < builder.reg_count; i++) {
		uint32_t value = builder.regs[i].value;

		if (builder.regs[i].offset == base[NVDLA_SDP_RDMA] + SDP_RDMA_D_BRDMA_CFG)
			value |= FIELD_PREP(SDP_RDMA_D_BRDMA_CFG_BRDMA_RAM_TYPE, port(job, 2));
		csb(client, core, builder.regs[i].offset, value);
	}
	csb(client, core, base[NVDLA_CDMA] + CDMA_D_DAIN_RAM_TYPE, port(job, 0));
	csb(client, core, base[NVDLA_CDMA] + CDMA_D_WEIGHT_RAM_TYPE, port(job, 1));
	csb(client, core, base[NVDLA_SDP] + SDP_D_DST_DMA_CFG, port(job, 3));
	for (i = 0; i < builder.reloc_count; i++) {
		uint64_t address = job->address[builder.relocs[i].slot];
		uint32_t low = builder.relocs[i].reg;
		/* CDMA has the high word first. */
		bool first = low == base[NVDLA_CDMA] + CDMA_D_DAIN_ADDR_LOW_0 ||
			     low == base[NVDLA_CDMA] + CDMA_D_WEIGHT_ADDR_LOW;

		csb(client, core, low, (uint32_t)address);
		csb(client, core, first ? low - 4 : low + 4, (uint32_t)(address >> 32));
	}
	for (i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		csb(client, core, base[order[i]] + nvdla_units[order[i]].first_grouped, 1);
	builder_fini(&builder);
}

static uint32_t acknowledge(const struct job *job, struct client *client, unsigned int core)
{
	uint32_t reg = core * NVDLA_BOARD_CORE_STRIDE + job->config->base[NVDLA_GLB] +
		       GLB_S_INTR_STATUS;
	uint32_t status = client_read(client, NVDLA_BOARD_BAR_CSB, reg);

	client_write(client, NVDLA_BOARD_BAR_CSB, reg, status);

	return status;
}

void job_acknowledge(const struct job *job, struct client *client, unsigned int core)
{
	acknowledge(job, client, core);
}

bool job_wait(const struct job *job, struct client *client, unsigned int core, int event)
{
	uint32_t seen = 0, status;

	while ((seen & JOB_DONE) != JOB_DONE) {
		client_answer(client, event, 10000);
		if (!client_event(event, 0))
			return false;
		status = acknowledge(job, client, core);
		/* group 1 has the bit above that of group 0 */
		seen |= status | status >> 1;
	}

	return true;
}

size_t job_check(const struct job *job, const uint8_t *output)
{
	return conv_check(job->config, &job->shape, &job->data, output);
}

void job_reset_core(struct client *client, unsigned int core)
{
	struct timespec pause = { .tv_nsec = 1000000 };
	uint32_t reg = NVDLA_BOARD_CORE(core) + NVDLA_BOARD_CORE_CONTROL;
	unsigned int tries;

	client_write(client, NVDLA_BOARD_BAR_CONTROL, reg, NVDLA_BOARD_CORE_RESET);
	for (tries = 0; tries < 5000; tries++) {
		if (!(client_read(client, NVDLA_BOARD_BAR_CONTROL, reg) & NVDLA_BOARD_CORE_RESET))
			return;
		nanosleep(&pause, NULL);
	}
	fail_msg("core %u does not come out of reset", core);
}
