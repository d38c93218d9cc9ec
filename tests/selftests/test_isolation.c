// SPDX-License-Identifier: MIT
/*
 * Two clients: what one leaves behind in the convolution buffer, in lookup
 * tables, in the SRAM, in freed memory and in the shadow registers must never
 * be seen by the other. Each test tries.
 */
#include <sys/mman.h>

#include "node.h"
#include "kselftest_harness.h"

FIXTURE(clients)
{
	int a, b;
	struct drm_nvdla_device_info info;
	struct nvdla_config config;
};

FIXTURE_SETUP(clients)
{
	self->a = node_open();
	ASSERT_GE(self->a, 0) TH_LOG("%s: %s", node_path(), strerror(-self->a));
	self->b = node_open();
	ASSERT_GE(self->b, 0);
	ASSERT_EQ(0, node_query(self->a, &self->info, &self->config));
}

FIXTURE_TEARDOWN(clients)
{
	close(self->a);
	close(self->b);
}

/* On core 0, so that both meet. */
static int open_on_first_core(struct work *work, int fd, const struct engine_test *test,
			      uint32_t seed)
{
	int ret = work_open(work, fd, test, seed, 1);

	return ret ? ret : work_context(work, DRM_NVDLA_PRIORITY_NORMAL, 1, 0);
}

/*
 * Every operation gives registers only where it wants something else than 0,
 * after another client's operation has set them all.
 */
TEST_F_TIMEOUT(clients, shadow_registers_are_written_anew, 120)
{
	const struct engine_test *const *first, *const *second;

	for (first = engine_tests; *first; first++) {
		if (!engine_test_possible(*first, &self->config))
			continue;
		for (second = engine_tests; *second; second++) {
			struct work before, after;

			if (!engine_test_possible(*second, &self->config))
				continue;
			ASSERT_EQ(0, open_on_first_core(&before, self->a, *first, 1));
			ASSERT_EQ(0, open_on_first_core(&after, self->b, *second, 2));
			EXPECT_EQ(0, work_run(&before)) TH_LOG("%s", (*first)->name);
			EXPECT_EQ(0, work_run(&after))
				TH_LOG("%s after %s", (*second)->name, (*first)->name);
			work_close(&before);
			work_close(&after);
		}
	}
}

TEST_F(clients, convolution_buffer_cannot_be_read)
{
	static const struct {
		enum nvdla_unit unit;
		__u32 offset;
		uint32_t add;
	} tricks[] = {
		/* Use data or weights that are there already. */
		{ NVDLA_CDMA, CDMA_D_MISC_CFG, CDMA_D_MISC_CFG_DATA_REUSE },
		{ NVDLA_CDMA, CDMA_D_MISC_CFG, CDMA_D_MISC_CFG_WEIGHT_REUSE },
		/* Let CSC work on more lines, columns, channels than were fetched. */
		{ NVDLA_CSC, CSC_D_DATAIN_SIZE_EXT_0, 1 << 16 },
		{ NVDLA_CSC, CSC_D_DATAIN_SIZE_EXT_0, 1 },
		{ NVDLA_CSC, CSC_D_DATAIN_SIZE_EXT_1, 8 },
		/* Look for them in other banks, or further apart. */
		{ NVDLA_CSC, CSC_D_BANK, 1 },
		{ NVDLA_CSC, CSC_D_BANK, 1 << 16 },
		{ NVDLA_CSC, CSC_D_ENTRY_PER_SLICE, 1 },
		/* Fetch fewer weights than are used. */
		{ NVDLA_CDMA, CDMA_D_WEIGHT_SIZE_1, -1u },
		{ NVDLA_CSC, CSC_D_WEIGHT_SIZE_EXT_0, 1 },
		{ NVDLA_CSC, CSC_D_WEIGHT_SIZE_EXT_1, 1 << 16 },
		/* Make more output than there is input. */
		{ NVDLA_CSC, CSC_D_DATAOUT_SIZE_0, 1 },
		{ NVDLA_CSC, CSC_D_DATAOUT_SIZE_0, 1 << 16 },
		{ NVDLA_CSC, CSC_D_ATOMICS, 1 },
	};
	struct drm_nvdla_slot_info slots[ENGINE_MAX_SLOTS] = { 0 };
	struct drm_nvdla_program_create create;
	struct work victim;
	unsigned int i;

	ASSERT_EQ(0, open_on_first_core(&victim, self->a, &conv_engine_test, 1));
	ASSERT_EQ(0, work_run(&victim));
	for (i = 0; i < sizeof(tricks) / sizeof(tricks[0]); i++) {
		struct drm_nvdla_reg *reg;
		struct builder b;

		builder_init(&b, &self->config);
		conv_engine_test.append(&b);
		reg = builder_find_reg(&b, 0, tricks[i].unit, tricks[i].offset);
		if (reg)
			reg->value += tricks[i].add;
		else
			builder_reg(&b, tricks[i].unit, tricks[i].offset, tricks[i].add);
		if (tricks[i].offset == CDMA_D_MISC_CFG)
			builder_reg(&b, NVDLA_CSC, CSC_D_MISC_CFG, tricks[i].add);
		EXPECT_EQ(-EINVAL, program_create(self->b, &b, slots, b.slot_count, &create))
			TH_LOG("trick %u", i);
		EXPECT_EQ(0, create.fail_op);
		builder_fini(&b);
	}
	work_close(&victim);
}

/* Each client sees its own table, whoever ran before. */
TEST_F_TIMEOUT(clients, lookup_tables_are_ones_own, 120)
{
	static const uint32_t engines[] = { DRM_NVDLA_ENGINE_CDP, DRM_NVDLA_ENGINE_SDP };
	unsigned int e, round, who, i;

	for (e = 0; e < 2; e++) {
		const int fds[2] = { self->a, self->b };
		struct work works[2];

		if (engines[e] == DRM_NVDLA_ENGINE_SDP &&
		    !(self->config.features & NVDLA_FEAT_SDP_LUT))
			continue;
		for (who = 0; who < 2; who++) {
			struct drm_nvdla_program_create create;
			struct builder b;

			ASSERT_EQ(0, open_on_first_core(&works[who], fds[who], &cdp_engine_test,
							who));
			builder_init(&b, &self->config);
			lut_append(&b, engines[e], 1000 + who);
			ASSERT_EQ(0, program_create(fds[who], &b, works[who].slots, 2, &create));
			builder_fini(&b);
			program_destroy(fds[who], works[who].program);
			works[who].program = create.handle;
		}
		for (round = 0; round < 6; round++) {
			const int8_t *in, *out;
			uint32_t wrong = 0;

			who = round % 3 == 1;
			in = works[who].maps[0];
			out = works[who].maps[1];
			work_spoil(&works[who]);
			ASSERT_EQ(0, work_submit(&works[who], 0, NULL, 0));
			ASSERT_EQ(0, bo_wait(fds[who], works[who].binds[1].handle,
					     DRM_NVDLA_WAIT_READ, LONG));
			for (i = 0; i < CUBE_BYTES; i += 7)
				wrong += out[i] != lut_value(1000 + who, in[i]);
			EXPECT_EQ(0, wrong) TH_LOG("engine %u, round %u", engines[e], round);
		}
		work_close(&works[0]);
		work_close(&works[1]);
	}
}

/* Fill all memory of one kind, go away, and let the other one look. */
static uint64_t leftovers(int victim, int spy, uint32_t flags, uint64_t total, uint64_t piece)
{
	uint32_t handles[128];
	unsigned int count = 0, i;
	uint64_t k, found = 0;
	unsigned char *map;

	while (count < 128 && count * piece < total &&
	       !bo_create(victim, piece, flags, &handles[count])) {
		map = bo_map(victim, handles[count], piece);
		if (map) {
			memset(map, 0xc3, piece);
			munmap(map, piece);
		}
		count++;
	}
	for (i = 0; i < count; i++)
		bo_close(victim, handles[i]);

	for (i = 0; i < count; i++) {
		if (bo_create(spy, piece, flags, &handles[i]))
			break;
		map = bo_map(spy, handles[i], piece);
		for (k = 0; map && k < piece; k++)
			found += map[k] != 0;
		if (map)
			munmap(map, piece);
	}
	while (i)
		bo_close(spy, handles[--i]);

	return found;
}

TEST_F(clients, sram_is_cleared)
{
	if (!self->info.sram_size)
		SKIP(return, "no SRAM");
	EXPECT_EQ(0, leftovers(self->a, self->b, DRM_NVDLA_BO_SRAM, self->info.sram_size,
			       64 << 10));
}

TEST_F(clients, freed_memory_is_cleared)
{
	EXPECT_EQ(0, leftovers(self->a, self->b, DRM_NVDLA_BO_CACHED, 8 << 20, 128 << 10));
	EXPECT_EQ(0, leftovers(self->a, self->b, 0, 4 << 20, 64 << 10));
}

/* A buffer of one is nothing to the other, whatever number he tries. */
TEST_F(clients, handles_of_others_are_unknown)
{
	struct work victim, spy;
	uint32_t number;

	ASSERT_EQ(0, work_open(&victim, self->a, &conv_engine_test, 1, 1));
	ASSERT_EQ(0, work_open(&spy, self->b, &conv_engine_test, 2, 1));
	for (number = 1; number < 64; number++) {
		struct drm_nvdla_bind saved = spy.binds[0];
		uint32_t program = spy.program, ctx = spy.ctx, i;
		bool own = false;

		for (i = 0; i < spy.slot_count; i++)
			own |= spy.binds[i].handle == number;
		if (!own) {
			spy.binds[0].handle = number;
			EXPECT_EQ(-ENOENT, work_submit(&spy, 0, NULL, 0)) TH_LOG("%u", number);
			spy.binds[0] = saved;
		}
		if (number != program) {
			spy.program = number;
			EXPECT_EQ(-ENOENT, work_submit(&spy, 0, NULL, 0)) TH_LOG("%u", number);
			spy.program = program;
		}
		if (number != ctx) {
			spy.ctx = number;
			EXPECT_EQ(-ENOENT, work_submit(&spy, 0, NULL, 0)) TH_LOG("%u", number);
			spy.ctx = ctx;
		}
	}
	EXPECT_EQ(0, work_run(&spy));
	EXPECT_EQ(0, work_run(&victim));
}

TEST_HARNESS_MAIN
