// SPDX-License-Identifier: MIT
/*
 * Random NPU operations, compiled and run on the simulator of every
 * configuration, against the C reference: the result byte by byte, and no byte
 * changed elsewhere. An argument adds seeds: test_npu_op [CASES [SEED]].
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <accel/accel.h>

#include "libaccel/cpu/npu_kernels.h"
#include "libaccel/compile/npu_code.h"
#include "random_op.h"

static unsigned int cases = 150;
static uint64_t seed = 1;

struct bench {
	const struct nvdla_config *config;
	struct accel_device *device;
	struct accel_context *context;
};

/* @after: what the regions hold then, but for the constants. */
static int run_code(struct bench *bench, const struct npu_code *code, struct random_case *c,
		    uint8_t *const after[NPU_REGIONS])
{
	struct accel_device_info info = { .size = sizeof(info) };
	const struct accel_program_desc desc = {
		.ops = code->ops, .regs = code->regs, .relocs = code->relocs, .deps = code->deps,
		.luts = code->luts, .op_count = code->op_count, .reg_count = code->reg_count,
		.reloc_count = code->reloc_count, .dep_count = code->dep_count,
		.lut_count = code->lut_count, .slot_count = NPU_REGIONS,
		.max_access = (uint32_t[]) {
			ACCEL_ACCESS_READ, ACCEL_ACCESS_READ | ACCEL_ACCESS_WRITE,
			ACCEL_ACCESS_READ | ACCEL_ACCESS_WRITE,
		},
	};
	struct accel_program *program = NULL;
	struct accel_bo *bos[NPU_REGIONS] = { NULL };
	struct accel_job *job = NULL;
	struct accel_fence *fence = NULL;
	void *maps[NPU_REGIONS];
	uint32_t r;
	int ret;

	ret = accel_device_query(bench->device, &info);
	if (!ret)
		ret = accel_program_create(bench->device, &desc, &program);
	if (!ret)
		ret = accel_job_create(program, &job);
	for (r = 0; !ret && r < NPU_REGIONS; r++) {
		const uint64_t size = c->size[r] + 4096;
		const bool sram = r == NPU_SRAM && size <= info.sram_size;

		ret = accel_bo_create(bench->device, size, sram ? ACCEL_BO_SRAM : ACCEL_BO_CACHED,
				      &bos[r]);
		if (!ret)
			ret = accel_bo_map(bos[r], &maps[r]);
		if (!ret) {
			memcpy(maps[r], c->regions[r], c->size[r]);
			ret = accel_bo_sync(bos[r], ACCEL_SYNC_TO_DEVICE, 0, size);
		}
		if (!ret)
			ret = accel_job_bind(job, r, bos[r], 0, 0);
	}
	if (!ret)
		ret = accel_job_submit(job, bench->context, 0, NULL, 0, &fence);
	if (!ret)
		ret = accel_fence_wait(fence, INT64_C(60000000000));
	for (r = NPU_ARENA; !ret && r < NPU_REGIONS; r++) {
		ret = accel_bo_sync(bos[r], ACCEL_SYNC_FROM_DEVICE, 0, c->size[r] + 4096);
		memcpy(after[r], maps[r], c->size[r]);
	}
	accel_fence_unref(fence);
	accel_job_destroy(job);
	for (r = 0; r < NPU_REGIONS; r++)
		accel_bo_unref(bos[r]);
	accel_program_unref(program);
	return ret;
}

/* Whole atoms are written: the channels that fill up the last one may change. */
static bool is_output(const struct npu_cube *out, uint64_t at, bool *fill)
{
	uint64_t offset, rest;
	uint32_t surface, c;

	if (at < out->offset || at >= npu_cube_end(out))
		return false;
	offset = at - out->offset;
	surface = out->surface ? offset / out->surface : 0;
	rest = out->surface ? offset % out->surface : offset;
	if (out->line && (rest / out->line >= out->height ||
			  rest % out->line >= (uint64_t)out->width * out->atom))
		return false;
	c = surface * out->atom + (rest % out->line) % out->atom;
	*fill = c >= out->channels;
	return true;
}

static void describe(const struct nvdla_config *config, const struct random_case *random,
		     const struct npu_tiling *t, unsigned int n)
{
	const struct npu_op *op = &random->op;
	const struct npu_op *pool = random->pooled ? &random->pool : op;

	print_message("# %s case %u kind %u in %ux%ux%u out %ux%ux%u kernel %ux%u stride %ux%u "
		      "dilation %ux%u pad %u,%u,%u,%u image %u groups %u/%u tiles %ux%u kernels %u "
		      "banks %u+%u keep %u\n",
		      config->name, n, op->kind, op->in.width, op->in.height, op->in.channels,
		      op->out.width, op->out.height, op->out.channels, op->conv.kernel_w,
		      op->conv.kernel_h, op->conv.stride_x, op->conv.stride_y,
		      op->conv.dilation_x, op->conv.dilation_y, op->conv.pad_left,
		      op->conv.pad_top, op->conv.pad_right, op->conv.pad_bottom, op->conv.image,
		      op->conv.groups, op->conv.groups_per_block, t->columns, t->rows, t->kernels,
		      t->data_banks, t->weight_banks, t->keep_weights);
	if (pool->kind == NPU_PDP)
		print_message("# pooling %u to %ux%u window %ux%u stride %ux%u pad %u,%u,%u,%u\n",
			      pool->pdp.method, pool->out.width, pool->out.height,
			      pool->pdp.kernel_w, pool->pdp.kernel_h, pool->pdp.stride_x,
			      pool->pdp.stride_y, pool->pdp.pad_left, pool->pdp.pad_top,
			      pool->pdp.pad_right, pool->pdp.pad_bottom);
}

/* Smaller tiles than the cheapest ones, which share lines more often. */
static void cut_smaller(const struct npu_op *op, const struct npu_op *pool,
			struct npu_tiling *tiling, uint64_t *state)
{
	struct npu_tiling t = *tiling;

	t.rows = random_range(state, 1, t.rows);
	if (random_range(state, 0, 3) == 0)
		t.columns = random_range(state, 1, t.columns);
	if (npu_tile_allowed(op, pool, &t))
		*tiling = t;
}

/*
 * Hardware operations that found lines or weights in CBUF, and those whose CDMA
 * fetched other weights than they used, of all cases so far.
 */
static struct {
	unsigned int data, weights, ahead;
} reused;

static void count_reuse(const struct nvdla_config *config, const struct npu_code *code)
{
	const uint32_t cdma = config->base[NVDLA_CDMA], csc = config->base[NVDLA_CSC];
	uint32_t i, fetched = 0;

	for (i = 0; i < code->reg_count; i++) {
		const uint32_t offset = code->regs[i].offset, value = code->regs[i].value;

		if (offset == cdma + CDMA_D_MISC_CFG) {
			reused.data += !!(value & CDMA_D_MISC_CFG_DATA_REUSE);
			reused.weights += !!(value & CDMA_D_MISC_CFG_WEIGHT_REUSE);
		}
		if (offset == cdma + CDMA_D_WEIGHT_BYTES)
			fetched = value;
		if (offset == csc + CSC_D_WEIGHT_BYTES)
			reused.ahead += value != fetched;
	}
}

static void run_reference(const struct npu_op *op, const struct npu_atoms *atoms,
			  uint8_t *const regions[NPU_REGIONS])
{
	struct npu_prepared *prepared;

	assert_int_equal(npu_kernels_reference.prepare(op, atoms, regions[NPU_CONSTS], &prepared),
			 0);
	assert_int_equal(npu_kernels_reference.run(prepared, regions), 0);
	npu_kernels_reference.free(prepared);
}

/* Of a region, against what the reference made of it. */
static bool compare_region(const struct random_case *c, uint32_t region, const uint8_t *before,
			   const uint8_t *after)
{
	const struct npu_cube *out = c->pooled ? &c->pool.out : &c->op.out;
	uint64_t i;

	for (i = 0; i < c->size[region]; i++) {
		const int8_t want = (int8_t)c->regions[region][i];
		bool fill = false, output = out->region == region && is_output(out, i, &fill);

		/* Results that are pooled as they come are in no memory. */
		if (c->pooled && region == c->op.out.region && i >= c->op.out.offset &&
		    i < npu_cube_end(&c->op.out)) {
			if (after[i] == before[i])
				continue;
			print_error("byte %llu of a result on the fly was written\n",
				    (unsigned long long)i);
			return false;
		}
		if (fill || (int8_t)after[i] == want)
			continue;
		print_error("byte %llu of region %u (%s) is %d, should be %d (was %d); output at "
			    "%llu of region %u\n", (unsigned long long)i, region,
			    output ? "output" : "elsewhere", (int8_t)after[i], want,
			    (int8_t)before[i], (unsigned long long)out->offset, out->region);
		return false;
	}
	return true;
}

static void check_case(struct bench *bench, struct random_case *c, unsigned int n, uint64_t *state)
{
	const struct npu_atoms atoms = {
		bench->config->atomic_c, bench->config->atomic_k, bench->config->atomic_m,
	};
	uint8_t *before[NPU_REGIONS] = { NULL }, *after[NPU_REGIONS] = { NULL };
	struct npu_code code = { 0 };
	struct npu_tiling tiling = { 0 };
	const struct npu_op *pool = c->pooled ? &c->pool : NULL;
	const char *why;
	uint32_t r;

	if (npu_op_check(&c->op, c->size, &why)) {
		describe(bench->config, c, &tiling, n);
		fail_msg("refused: %s", why);
	}
	if (c->op.kind == NPU_CONV &&
	    npu_tile_plan(bench->config, &c->op, pool, npu_default_bandwidth(bench->config), &tiling,
			  NULL, &why))
		goto out;	/* does not fit: nothing to compare */
	if (c->op.kind == NPU_CONV && random_range(state, 0, 1))
		cut_smaller(&c->op, pool, &tiling, state);
	assert_int_equal(npu_code_add(&code, bench->config, &c->op, pool, &tiling, 0,
				      c->regions[NPU_CONSTS]), 0);
	if (random_range(state, 0, 1))
		assert_int_equal(npu_code_fetch_ahead(&code, bench->config,
						      random_range(state, 1, 40) * 0.5), 0);
	count_reuse(bench->config, &code);
	for (r = NPU_ARENA; r < NPU_REGIONS; r++) {
		before[r] = malloc(c->size[r] + 1);
		after[r] = malloc(c->size[r] + 1);
		assert_true(before[r] && after[r]);
		memcpy(before[r], c->regions[r], c->size[r]);
	}
	if (run_code(bench, &code, c, after)) {
		describe(bench->config, c, &tiling, n);
		fail_msg("%s", accel_error_text());
	}
	run_reference(&c->op, &atoms, c->regions);
	if (pool)
		run_reference(pool, &atoms, c->regions);
	for (r = NPU_ARENA; r < NPU_REGIONS; r++) {
		if (!compare_region(c, r, before[r], after[r])) {
			describe(bench->config, c, &tiling, n);
			fail();
		}
	}
out:
	npu_code_free(&code);
	for (r = 0; r < NPU_REGIONS; r++) {
		free(before[r]);
		free(after[r]);
	}
}

static void test_kind(void **state, enum random_kind kind)
{
	struct bench *bench = *state;
	uint64_t random = seed * 1000 + kind;
	unsigned int n, tries = 0;

	for (n = 0; n < cases; ) {
		struct random_case c;

		assert_true(tries++ < cases * 50);
		if (!random_case(&c, bench->config, kind, &random))
			continue;
		check_case(bench, &c, n, &random);
		random_case_free(&c);
		n++;
	}
}

static void test_reusing(void **state, enum random_kind kind)
{
	memset(&reused, 0, sizeof(reused));
	test_kind(state, kind);
	/* Otherwise the cases are not what they were made for. */
	assert_true(cases < 100 || (reused.data > 20 && reused.weights > 20));
	assert_true(cases < 100 || kind != RANDOM_DEPTHWISE || reused.ahead > 20);
}

static void test_conv(void **state) { test_reusing(state, RANDOM_CONV); }
static void test_depthwise(void **state) { test_reusing(state, RANDOM_DEPTHWISE); }
static void test_image(void **state) { test_reusing(state, RANDOM_IMAGE); }
static void test_pooled(void **state) { test_kind(state, RANDOM_POOLED); }
static void test_sdp(void **state) { test_kind(state, RANDOM_SDP); }
static void test_pool(void **state) { test_kind(state, RANDOM_POOL); }
static void test_normalise(void **state) { test_kind(state, RANDOM_NORMALISE); }

int main(int argc, char **argv)
{
	const struct nvdla_config *config;
	int failed = 0;

	if (argc > 1)
		cases = strtoul(argv[1], NULL, 0);
	if (argc > 2)
		seed = strtoull(argv[2], NULL, 0);
	for (config = nvdla_configs; config->name; config++) {
		struct bench bench = { .config = config };
		char names[7][64], device[64];
		struct CMUnitTest tests[] = {
			{ names[0], test_conv, NULL, NULL, &bench },
			{ names[1], test_depthwise, NULL, NULL, &bench },
			{ names[2], test_image, NULL, NULL, &bench },
			{ names[3], test_sdp, NULL, NULL, &bench },
			{ names[4], test_pool, NULL, NULL, &bench },
			{ names[5], test_pooled, NULL, NULL, &bench },
			{ names[6], test_normalise, NULL, NULL, &bench },
		};
		static const char *const kinds[] = {
			"convolution", "depthwise convolution", "image", "element-wise", "pooling",
			"convolution with pooling", "normalisation",
		};
		int i;

		if (argc > 3 && strcmp(argv[3], config->name))
			continue;
		for (i = 0; i < 7; i++)
			snprintf(names[i], sizeof(names[i]), "%s: %s", config->name, kinds[i]);
		snprintf(device, sizeof(device), "sim:%s", config->name);
		if (accel_open(device, &bench.device) ||
		    accel_context_create(bench.device, NULL, &bench.context)) {
			fprintf(stderr, "%s: %s\n", device, accel_error_text());
			return 1;
		}
		failed += cmocka_run_group_tests_name(config->name, tests, NULL, NULL);
		accel_context_unref(bench.context);
		accel_close(bench.device);
	}
	return failed != 0;
}
