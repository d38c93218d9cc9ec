// SPDX-License-Identifier: MIT
/*
 * What may not run: for every engine, every address and every register the
 * kernel must refuse what is wrong and name the culprit.
 */
#include "node.h"
#include "kselftest_harness.h"

FIXTURE(node)
{
	int fd;
	struct drm_nvdla_device_info info;
	struct nvdla_config config;
};

FIXTURE_SETUP(node)
{
	self->fd = node_open();
	ASSERT_GE(self->fd, 0) TH_LOG("%s: %s", node_path(), strerror(-self->fd));
	ASSERT_EQ(0, node_query(self->fd, &self->info, &self->config));
}

FIXTURE_TEARDOWN(node)
{
	close(self->fd);
}

/* The engine at hand, with two operations, the second after the first. */
struct trial {
	const struct engine_test *test;
	struct builder b;
	struct drm_nvdla_slot_info slots[ENGINE_MAX_SLOTS + 1];
	uint32_t slot_count;
	struct drm_nvdla_program_create answer;
	int fd;
	int result;
};

static void trial_begin(struct trial *t, int fd, const struct nvdla_config *config,
			const struct engine_test *test)
{
	memset(t, 0, sizeof(*t));
	t->fd = fd;
	t->test = test;
	builder_init(&t->b, config);
	test->append(&t->b);
	t->slot_count = t->b.slot_count;
}

static int trial_upload(struct trial *t)
{
	t->result = program_create(t->fd, &t->b, t->slots, t->slot_count, &t->answer);
	if (!t->result)
		program_destroy(t->fd, t->answer.handle);

	return t->result;
}

/* Is it refused for the given register and reason? */
#define EXPECT_REFUSED(t, reg, code) do { \
	EXPECT_EQ(-EINVAL, trial_upload(t)) \
		TH_LOG("%s: register 0x%x", (t)->test->name, (unsigned int)(reg)); \
	EXPECT_EQ(0, (t)->answer.handle); \
	EXPECT_EQ(0, (t)->answer.fail_op) TH_LOG("%s: fail_op", (t)->test->name); \
	EXPECT_EQ((uint32_t)(reg), (t)->answer.fail_reg) \
		TH_LOG("%s: fail_reg 0x%x, code %u", (t)->test->name, (t)->answer.fail_reg, \
		       (t)->answer.fail_code); \
	EXPECT_EQ((uint32_t)(code), (t)->answer.fail_code) \
		TH_LOG("%s: register 0x%x", (t)->test->name, (unsigned int)(reg)); \
} while (0)

#define FOR_EACH_ENGINE(test, config) \
	for (test = engine_tests; *test; test++) \
		if (engine_test_possible(*test, config))

TEST_F(node, every_engine_is_accepted)
{
	const struct engine_test *const *test;
	unsigned int engines = 0;

	FOR_EACH_ENGINE(test, &self->config) {
		struct trial t;

		trial_begin(&t, self->fd, &self->config, *test);
		EXPECT_EQ(0, trial_upload(&t))
			TH_LOG("%s: operation %u, register 0x%x, code %u", (*test)->name,
			       t.answer.fail_op, t.answer.fail_reg, t.answer.fail_code);
		EXPECT_NE(0, t.answer.handle);
		engines++;
		builder_fini(&t.b);
	}
	EXPECT_GE(engines, 5);
}

/* A slot must hold the last byte and need not hold one more. */
TEST_F(node, every_address_has_a_tight_extent)
{
	const struct engine_test *const *test;

	FOR_EACH_ENGINE(test, &self->config) {
		uint64_t sizes[ENGINE_MAX_SLOTS];
		struct trial t;
		uint32_t i;

		trial_begin(&t, self->fd, &self->config, *test);
		ASSERT_EQ(0, trial_upload(&t));
		for (i = 0; i < t.slot_count; i++)
			sizes[i] = t.slots[i].min_size;
		for (i = 0; i < t.b.reloc_count; i++) {
			struct drm_nvdla_reloc *reloc = &t.b.relocs[i];

			EXPECT_GT(sizes[reloc->slot], 0);
			EXPECT_NE(0, t.slots[reloc->slot].access);
			reloc->delta = self->config.atomic_m;
			ASSERT_EQ(0, trial_upload(&t));
			EXPECT_EQ(sizes[reloc->slot] + self->config.atomic_m,
				  t.slots[reloc->slot].min_size)
				TH_LOG("%s: register 0x%x", (*test)->name, reloc->reg);
			reloc->delta = 0;
		}
		builder_fini(&t.b);
	}
}

TEST_F(node, every_address_is_checked)
{
	const struct engine_test *const *test;

	FOR_EACH_ENGINE(test, &self->config) {
		struct trial t;
		uint32_t i;

		trial_begin(&t, self->fd, &self->config, *test);
		for (i = 0; i < t.b.reloc_count; i++) {
			struct drm_nvdla_reloc *reloc = &t.b.relocs[i], saved = *reloc;

			/* Misaligned. */
			reloc->delta = 1;
			EXPECT_REFUSED(&t, saved.reg, DRM_NVDLA_FAIL_ALIGN);
			/* Beyond all memory, and beyond 64 bits with the extent added. */
			reloc->delta = 1ULL << 63;
			EXPECT_REFUSED(&t, saved.reg, DRM_NVDLA_FAIL_OVERFLOW);
			reloc->delta = -(uint64_t)self->config.atomic_m;
			EXPECT_REFUSED(&t, saved.reg, DRM_NVDLA_FAIL_OVERFLOW);
			*reloc = saved;
			/* A slot that does not exist. */
			reloc->slot = t.slot_count;
			EXPECT_REFUSED(&t, saved.reg, DRM_NVDLA_FAIL_INDEX);
			reloc->slot = UINT32_MAX;
			EXPECT_REFUSED(&t, saved.reg, DRM_NVDLA_FAIL_INDEX);
			*reloc = saved;
			/* Not the low register of an address. */
			reloc->reg = saved.reg ^ 4;
			EXPECT_REFUSED(&t, saved.reg ^ 4, DRM_NVDLA_FAIL_RELOC);
			*reloc = saved;
			/* Twice. */
			builder_reloc(&t.b, 0, 0, saved.slot, 0);
			t.b.relocs[t.b.reloc_count - 1].reg = saved.reg;
			EXPECT_REFUSED(&t, saved.reg, DRM_NVDLA_FAIL_DUPLICATE);
			t.b.ops[0].reloc_count--;
			t.b.reloc_count--;
			reloc = &t.b.relocs[i];
			/* Missing: the last takes its place, the count shrinks. */
			*reloc = t.b.relocs[t.b.reloc_count - 1];
			t.b.ops[0].reloc_count--;
			EXPECT_REFUSED(&t, saved.reg, DRM_NVDLA_FAIL_RELOC);
			t.b.ops[0].reloc_count++;
			*reloc = saved;
		}
		EXPECT_EQ(0, trial_upload(&t));
		builder_fini(&t.b);
	}
}

TEST_F(node, slots_are_protected)
{
	const struct engine_test *const *test;

	FOR_EACH_ENGINE(test, &self->config) {
		struct trial t;
		uint32_t i, k;

		trial_begin(&t, self->fd, &self->config, *test);
		ASSERT_EQ(0, trial_upload(&t));
		for (i = 0; i < t.slot_count; i++) {
			uint32_t access = t.slots[i].access, reg = 0;

			for (k = 0; k < t.b.reloc_count; k++) {
				if (t.b.relocs[k].slot == i)
					reg = t.b.relocs[k].reg;
			}
			t.slots[i].max_access = access;
			EXPECT_EQ(0, trial_upload(&t));
			t.slots[i].max_access = access ^ (DRM_NVDLA_ACCESS_READ |
							  DRM_NVDLA_ACCESS_WRITE);
			EXPECT_REFUSED(&t, reg, DRM_NVDLA_FAIL_ACCESS);
			t.slots[i].max_access = 8;
			EXPECT_EQ(-EINVAL, trial_upload(&t));
			t.slots[i].max_access = 0;
		}
		builder_fini(&t.b);
	}
}

/* Everything of the engine's units that is the kernel's own. */
TEST_F(node, kernel_registers_are_refused)
{
	const struct engine_test *const *test;

	FOR_EACH_ENGINE(test, &self->config) {
		struct drm_nvdla_reg *reg, saved;
		uint32_t i, refused = 0;
		struct trial t;

		trial_begin(&t, self->fd, &self->config, *test);
		for (i = 0; i < t.b.reloc_count; i++) {
			uint32_t base = t.b.relocs[i].reg & ~(NVDLA_WINDOW_SIZE - 1u);
			enum nvdla_unit unit = nvdla_config_unit(&self->config, base);
			uint32_t own[] = {
				t.b.relocs[i].reg,
				base + (unit == NVDLA_BDMA ? BDMA_CFG_LAUNCH0 : NVDLA_S_POINTER),
				base + (unit == NVDLA_BDMA ? BDMA_CFG_OP :
					(uint32_t)nvdla_units[unit].first_grouped),
			};
			unsigned int k;

			for (k = 0; k < sizeof(own) / sizeof(own[0]); k++) {
				reg = &t.b.regs[t.b.ops[0].first_reg];
				saved = *reg;
				reg->offset = own[k];
				reg->value = 0;
				EXPECT_REFUSED(&t, own[k], DRM_NVDLA_FAIL_KERNEL_REG);
				*reg = saved;
				refused++;
			}
		}
		EXPECT_GE(refused, 6);
		builder_fini(&t.b);
	}
}

TEST_F(node, foreign_registers_are_refused)
{
	const uint32_t glb = self->config.base[NVDLA_GLB];
	const struct engine_test *const *test;

	FOR_EACH_ENGINE(test, &self->config) {
		const uint32_t foreign[] = {
			glb + GLB_S_INTR_MASK, glb + GLB_S_INTR_SET, 0xfffffffc, 0x12344,
			self->config.base[NVDLA_MCIF], 0x00000002,
		};
		struct drm_nvdla_reg *reg, saved;
		struct trial t;
		unsigned int k;

		trial_begin(&t, self->fd, &self->config, *test);
		reg = &t.b.regs[t.b.ops[0].first_reg];
		saved = *reg;
		for (k = 0; k < sizeof(foreign) / sizeof(foreign[0]); k++) {
			reg->offset = foreign[k];
			EXPECT_REFUSED(&t, foreign[k], DRM_NVDLA_FAIL_UNKNOWN_REG);
		}
		/* Between two registers. */
		reg->offset = saved.offset + 1;
		EXPECT_REFUSED(&t, saved.offset + 1, DRM_NVDLA_FAIL_UNKNOWN_REG);
		builder_fini(&t.b);
	}
}

TEST_F(node, every_register_is_checked)
{
	const struct engine_test *const *test;

	FOR_EACH_ENGINE(test, &self->config) {
		uint32_t first, count, i;
		struct trial t;

		trial_begin(&t, self->fd, &self->config, *test);
		first = t.b.ops[0].first_reg;
		count = t.b.ops[0].reg_count;
		for (i = first; i < first + count; i++) {
			struct drm_nvdla_reg *reg = &t.b.regs[i], saved = *reg, *other;
			const struct nvdla_reg_desc *desc;
			enum nvdla_unit unit;

			unit = nvdla_config_unit(&self->config, reg->offset);
			desc = nvdla_reg_find(unit, reg->offset & (NVDLA_WINDOW_SIZE - 1));
			ASSERT_NE(NULL, desc);
			if (~desc->bits) {
				reg->value |= ~desc->bits;
				EXPECT_REFUSED(&t, saved.offset, DRM_NVDLA_FAIL_BITS);
				*reg = saved;
			}
			/* The same register a second time, in place of another. */
			other = &t.b.regs[i > first ? first : first + 1];
			saved = *other;
			*other = *reg;
			EXPECT_REFUSED(&t, reg->offset, DRM_NVDLA_FAIL_DUPLICATE);
			*other = saved;
		}
		EXPECT_EQ(0, trial_upload(&t));
		builder_fini(&t.b);
	}
}

TEST_F(node, dependencies_point_backwards)
{
	struct trial t;

	trial_begin(&t, self->fd, &self->config, &conv_engine_test);
	conv_engine_test.append(&t.b);
	builder_dep(&t.b, 0);
	EXPECT_EQ(0, trial_upload(&t));
	t.b.deps[0] = 1;
	EXPECT_EQ(-EINVAL, trial_upload(&t));
	EXPECT_EQ(1, t.answer.fail_op);
	EXPECT_EQ(DRM_NVDLA_FAIL_DEPENDENCY, t.answer.fail_code);
	t.b.deps[0] = UINT32_MAX;
	EXPECT_EQ(-EINVAL, trial_upload(&t));
	EXPECT_EQ(DRM_NVDLA_FAIL_DEPENDENCY, t.answer.fail_code);
	/* A range that leaves the array. */
	t.b.deps[0] = 0;
	t.b.ops[1].dep_count = 2;
	EXPECT_EQ(-EINVAL, trial_upload(&t));
	EXPECT_EQ(DRM_NVDLA_FAIL_INDEX, t.answer.fail_code);
	t.b.ops[1].dep_count = UINT32_MAX;
	EXPECT_EQ(-EINVAL, trial_upload(&t));
	t.b.ops[1].dep_count = 1;
	t.b.ops[1].first_dep = UINT32_MAX;
	EXPECT_EQ(-EINVAL, trial_upload(&t));
	builder_fini(&t.b);
}

TEST_F(node, reuse_stays_inside_a_program)
{
	static const uint32_t first_must_not[] = {
		CDMA_D_MISC_CFG_DATA_REUSE, CDMA_D_MISC_CFG_WEIGHT_REUSE,
	};
	static const uint32_t last_must_not[] = {
		CDMA_D_MISC_CFG_SKIP_DATA_RLS, CDMA_D_MISC_CFG_SKIP_WEIGHT_RLS,
	};
	struct trial t;
	unsigned int i, k;

	for (i = 0; i < 4; i++) {
		uint32_t flag = i < 2 ? first_must_not[i] : last_must_not[i - 2];

		trial_begin(&t, self->fd, &self->config, &conv_engine_test);
		builder_reg(&t.b, NVDLA_CDMA, CDMA_D_MISC_CFG, flag);
		builder_reg(&t.b, NVDLA_CSC, CSC_D_MISC_CFG, flag);
		EXPECT_EQ(-EINVAL, trial_upload(&t)) TH_LOG("flag 0x%x", flag);
		EXPECT_EQ(0, t.answer.fail_op);
		EXPECT_EQ(DRM_NVDLA_FAIL_REUSE, t.answer.fail_code)
			TH_LOG("flag 0x%x: code %u", flag, t.answer.fail_code);
		k = t.answer.fail_reg & (NVDLA_WINDOW_SIZE - 1);
		EXPECT_TRUE(k == CDMA_D_MISC_CFG || k == CSC_D_MISC_CFG)
			TH_LOG("register 0x%x", t.answer.fail_reg);
		builder_fini(&t.b);
	}

	/* Keeping a line without being told to is the same. */
	trial_begin(&t, self->fd, &self->config, &conv_engine_test);
	builder_find_reg(&t.b, 0, NVDLA_CSC, CSC_D_RELEASE)->value--;
	EXPECT_REFUSED(&t, self->config.base[NVDLA_CSC] + CSC_D_RELEASE, DRM_NVDLA_FAIL_REUSE);
	builder_fini(&t.b);
}

TEST_F(node, buffer_banks_are_checked)
{
	struct trial t;
	uint32_t banks = self->config.cbuf_banks;
	uint32_t bad[] = { banks - 1, (banks - 1) << 16, (banks - 1) | (banks - 1) << 16 };
	unsigned int i;

	trial_begin(&t, self->fd, &self->config, &conv_engine_test);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		builder_find_reg(&t.b, 0, NVDLA_CDMA, CDMA_D_BANK)->value = bad[i];
		builder_find_reg(&t.b, 0, NVDLA_CSC, CSC_D_BANK)->value = bad[i];
		EXPECT_REFUSED(&t, self->config.base[NVDLA_CDMA] + CDMA_D_BANK,
			       DRM_NVDLA_FAIL_CBUF);
	}
	builder_fini(&t.b);
}

TEST_F(node, engines_must_fit_together)
{
	static const uint32_t bad[] = {
		0, DRM_NVDLA_ENGINE_CONV, DRM_NVDLA_ENGINE_CONV | DRM_NVDLA_ENGINE_PDP,
		DRM_NVDLA_ENGINE_SDP | DRM_NVDLA_ENGINE_CDP,
		DRM_NVDLA_ENGINE_CONV | DRM_NVDLA_ENGINE_SDP | DRM_NVDLA_ENGINE_BDMA,
		0x40, 0x80000000, UINT32_MAX,
	};
	struct trial t;
	unsigned int i;

	trial_begin(&t, self->fd, &self->config, &conv_engine_test);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		t.b.ops[0].engines = bad[i];
		EXPECT_REFUSED(&t, UINT32_MAX, DRM_NVDLA_FAIL_ENGINES);
	}
	builder_fini(&t.b);
	trial_begin(&t, self->fd, &self->config, &pdp_engine_test);
	t.b.ops[0].engines = DRM_NVDLA_ENGINE_BDMA;
	EXPECT_EQ(-EINVAL, trial_upload(&t));
	builder_fini(&t.b);
}

TEST_F(node, tables_are_checked)
{
	struct trial t;

	trial_begin(&t, self->fd, &self->config, &cdp_engine_test);
	EXPECT_EQ(0, trial_upload(&t));
	t.b.ops[0].lut = -1;
	EXPECT_REFUSED(&t, UINT32_MAX, DRM_NVDLA_FAIL_LUT);
	t.b.ops[0].lut = 1;
	EXPECT_REFUSED(&t, UINT32_MAX, DRM_NVDLA_FAIL_LUT);
	t.b.ops[0].lut = INT32_MIN;
	EXPECT_REFUSED(&t, UINT32_MAX, DRM_NVDLA_FAIL_LUT);
	t.b.ops[0].lut = 0;
	t.b.luts[0].pad = 1;
	EXPECT_EQ(-EINVAL, trial_upload(&t));
	t.b.luts[0].pad = 0;
	t.b.luts[0].reg_count = UINT32_MAX;
	EXPECT_EQ(-EINVAL, trial_upload(&t));
	t.b.luts[0].reg_count = 1;
	t.b.luts[0].engine = DRM_NVDLA_ENGINE_PDP;
	EXPECT_EQ(-EINVAL, trial_upload(&t));
	builder_fini(&t.b);

	/* An operation without tables may not have any. */
	trial_begin(&t, self->fd, &self->config, &pdp_engine_test);
	t.b.ops[0].lut = 0;
	EXPECT_REFUSED(&t, UINT32_MAX, DRM_NVDLA_FAIL_LUT);
	builder_fini(&t.b);
}

TEST_F(node, arrays_are_checked)
{
	struct drm_nvdla_program_create good, bad;
	struct drm_nvdla_slot_info slots[8] = { 0 };
	struct builder b;
	unsigned int i;

	builder_init(&b, &self->config);
	conv_engine_test.append(&b);
	ASSERT_EQ(0, program_create(self->fd, &b, slots, b.slot_count, &good));
	EXPECT_EQ(0, program_destroy(self->fd, good.handle));
	EXPECT_EQ(-ENOENT, program_destroy(self->fd, good.handle));
	EXPECT_EQ(-ENOENT, program_destroy(self->fd, 0));
	good.handle = 0;

	/* Each array in turn: too many, unreadable, odd or small elements. */
	for (i = 0; i < 6; i++) {
		struct drm_nvdla_obj_array *array;
		int ret;

		bad = good;
		array = &(&bad.ops)[i];
		array->count = UINT32_MAX;
		ret = node_ioctl(self->fd, DRM_IOCTL_NVDLA_PROGRAM_CREATE, &bad);
		EXPECT_EQ(-E2BIG, ret) TH_LOG("array %u", i);

		bad = good;
		array->count = 1;
		array->array = 8;
		if (!array->stride)
			array->stride = 4;
		ret = node_ioctl(self->fd, DRM_IOCTL_NVDLA_PROGRAM_CREATE, &bad);
		EXPECT_EQ(-EFAULT, ret) TH_LOG("array %u", i);

		bad = good;
		array->count = 1;
		array->stride = 3;
		ret = node_ioctl(self->fd, DRM_IOCTL_NVDLA_PROGRAM_CREATE, &bad);
		EXPECT_LT(ret, 0) TH_LOG("array %u", i);
		array->stride = 0;
		ret = node_ioctl(self->fd, DRM_IOCTL_NVDLA_PROGRAM_CREATE, &bad);
		EXPECT_LT(ret, 0) TH_LOG("array %u", i);
	}

	bad = good;
	bad.ops.count = 0;
	EXPECT_EQ(-EINVAL, node_ioctl(self->fd, DRM_IOCTL_NVDLA_PROGRAM_CREATE, &bad));
	bad = good;
	bad.flags = 1;
	EXPECT_EQ(-EINVAL, node_ioctl(self->fd, DRM_IOCTL_NVDLA_PROGRAM_CREATE, &bad));
	bad = good;
	bad.pad = 1;
	EXPECT_EQ(-EINVAL, node_ioctl(self->fd, DRM_IOCTL_NVDLA_PROGRAM_CREATE, &bad));
	bad = good;
	b.ops[0].flags = 1;
	EXPECT_EQ(-EINVAL, node_ioctl(self->fd, DRM_IOCTL_NVDLA_PROGRAM_CREATE, &bad));
	EXPECT_EQ(DRM_NVDLA_FAIL_FLAGS, bad.fail_code);
	builder_fini(&b);
}

/* Structures of a later version: what is beyond ours must be 0. */
TEST_F(node, larger_structures_are_understood)
{
	struct {
		struct drm_nvdla_op op;
		uint64_t later;
	} ops[1] = { 0 };
	struct drm_nvdla_program_create create, saved;
	struct drm_nvdla_slot_info slots[8] = { 0 };
	struct builder b;

	builder_init(&b, &self->config);
	conv_engine_test.append(&b);
	ASSERT_EQ(0, program_create(self->fd, &b, slots, b.slot_count, &create));
	saved = create;
	ops[0].op = b.ops[0];
	create.ops = ARRAY(ops, 1);
	EXPECT_EQ(0, node_ioctl(self->fd, DRM_IOCTL_NVDLA_PROGRAM_CREATE, &create));
	EXPECT_NE(saved.handle, create.handle);
	ops[0].later = 1;
	EXPECT_LT(node_ioctl(self->fd, DRM_IOCTL_NVDLA_PROGRAM_CREATE, &create), 0);
	builder_fini(&b);
}

TEST_HARNESS_MAIN
