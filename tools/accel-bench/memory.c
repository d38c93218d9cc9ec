// SPDX-License-Identifier: MIT
/*
 * How fast memory is: for the CPU through the mappings of buffers, and for the
 * NPU, which copies a large cube through SDP.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "accel-bench.h"
#include "tools/cli/cli.h"
#include "tools/workbench/workbench.h"

/* What a machine without an IOMMU still has in one piece. */
#define CPU_BYTES	(4u << 20)
#define CPU_ROUNDS	20
#define NPU_ROUNDS	8
#define COPY_WIDTH	256
#define COPY_HEIGHT	64
#define COPY_CHANNELS	64
#define COPY_BYTES	(COPY_WIDTH * COPY_HEIGHT * COPY_CHANNELS)
#define TIMEOUT_NS	INT64_C(60000000000)

/* GB/s of moving CPU_BYTES @rounds times; the fastest round counts. */
static double copy_rate(void *to, const void *from, unsigned int rounds)
{
	int64_t best = INT64_MAX;
	unsigned int i;

	for (i = 0; i < rounds; i++) {
		int64_t start = bench_now_ns(), passed;

		memcpy(to, from, CPU_BYTES);
		__asm__ volatile("" : : "r"(to) : "memory");
		passed = bench_now_ns() - start;
		best = passed < best ? passed : best;
	}

	return (double)CPU_BYTES / (double)best;
}

static void measure_mapping(struct bench *bench, uint32_t flags, const char *name, void *plain)
{
	struct accel_bo *bo;
	void *map;

	bench_need("buffer", accel_bo_create(bench->device, CPU_BYTES, flags, &bo));
	bench_need("buffer", accel_bo_map(bo, &map));
	bench_figure("GB/s", copy_rate(map, plain, CPU_ROUNDS), "memory.cpu_write_%s", name);
	/* Write-combined memory is slow to read; once is enough. */
	bench_figure("GB/s", copy_rate(plain, map, flags ? CPU_ROUNDS : 1),
		     "memory.cpu_read_%s", name);
	accel_bo_unref(bo);
}

/* SDP from slot 0 to slot 1 with all stages bypassed. */
static void append_copy(struct builder *b)
{
	static const struct {
		uint32_t cfg, rdma_cfg;
	} stages[] = {
		{ SDP_D_DP_BS_CFG, SDP_RDMA_D_BRDMA_CFG },
		{ SDP_D_DP_BN_CFG, SDP_RDMA_D_NRDMA_CFG },
		{ SDP_D_DP_EW_CFG, SDP_RDMA_D_ERDMA_CFG },
	};
	unsigned int i;

	builder_op(b, DRM_NVDLA_ENGINE_SDP);
	sdp_cube_append(b, COPY_WIDTH, COPY_HEIGHT, COPY_CHANNELS);
	for (i = 0; i < 3; i++) {
		/* The bit is the same in all three. */
		builder_reg(b, NVDLA_SDP, stages[i].cfg, SDP_D_DP_EW_CFG_EW_BYPASS);
		builder_reg(b, NVDLA_SDP_RDMA, stages[i].rdma_cfg,
			    SDP_RDMA_D_ERDMA_CFG_ERDMA_DISABLE);
	}
	builder_reloc(b, NVDLA_SDP_RDMA, SDP_RDMA_D_SRC_BASE_ADDR_LOW, 0, 0);
	builder_reloc(b, NVDLA_SDP, SDP_D_DST_BASE_ADDR_LOW, 1, 0);
}

static void measure_npu(struct bench *bench)
{
	struct accel_op_profile profile;
	int64_t times[NPU_ROUNDS];
	struct workbench work;
	struct builder builder;
	unsigned int i;
	int got;

	builder_init(&builder, bench->config);
	append_copy(&builder);
	bench_need("copy", workbench_open(bench->device, 1, &builder, &work));
	builder_fini(&builder);
	fill_random(work.maps[0], COPY_BYTES, 1);
	bench_need("copy", workbench_give(&work));
	for (i = 0; i < NPU_ROUNDS; i++) {
		struct accel_fence *fence;

		bench_need("copy", accel_job_submit(work.job, work.context, ACCEL_JOB_PROFILE,
						    NULL, 0, &fence));
		bench_need("copy", accel_fence_wait(fence, TIMEOUT_NS));
		accel_fence_unref(fence);
		got = accel_job_profile(work.job, &profile, 1);
		bench_need("profile", got < 0 ? got : 0);
		times[i] = (int64_t)(profile.end_ns - profile.start_ns);
		cli_progress("memory", i, NPU_ROUNDS);
	}
	bench_need("copy", workbench_take(&work));
	if (memcmp(work.maps[0], work.maps[1], COPY_BYTES))
		bench_need("the NPU's copy is wrong", -EBADMSG);
	workbench_close(&work);
	/* Read once and written once. */
	bench_figure("GB/s", 2.0 * COPY_BYTES / bench_median(times, NPU_ROUNDS),
		     "memory.npu_copy");
}

void bench_memory(struct bench *bench)
{
	void *plain = malloc(CPU_BYTES);

	bench_need("memory", plain ? 0 : -ENOMEM);
	memset(plain, 1, CPU_BYTES);
	measure_mapping(bench, ACCEL_BO_CACHED, "cached", plain);
	measure_mapping(bench, 0, "write_combined", plain);
	free(plain);
	measure_npu(bench);
}
