// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit: the sequencer, on registers that are plain memory.
 */
#include <kunit/test.h>

#include "../nvdla_drv.h"
#include "program.h"

/**
 * struct seq_bench - a core without hardware
 * @nvdla: device
 * @core: core
 * @ctx: context
 * @csb: registers
 * @bindings: of all jobs
 */
struct seq_bench {
	struct nvdla_device nvdla;
	struct nvdla_core core;
	struct nvdla_ctx ctx;
	u32 csb[0x12000 / 4];
	struct nvdla_binding bindings[TEST_SLOTS];
};

#define DONE(group)	(GLB_S_INTR_STATUS_SDP_DONE_STATUS0 << (group))

static int seq_init(struct kunit *test)
{
	struct seq_bench *bench = kunit_kzalloc(test, sizeof(*bench), GFP_KERNEL);
	struct nvdla_core *core;
	unsigned int unit, group;

	KUNIT_ASSERT_NOT_NULL(test, bench);
	core = &bench->core;
	bench->nvdla.config = nvdla_config_find("nv_small");
	KUNIT_ASSERT_EQ(test, nvdla_validator_new(bench->nvdla.config, &bench->nvdla.validator),
			0);
	bench->ctx.timeout = 1000 * HZ;
	bench->bindings[0] = (struct nvdla_binding){ 0x10000, SZ_64K, false };
	bench->bindings[1] = (struct nvdla_binding){ 0x20000, SZ_64K, false };
	core->nvdla = &bench->nvdla;
	core->csb = (void __iomem *)bench->csb;
	spin_lock_init(&core->lock);
	mutex_init(&core->program_lock);
	INIT_LIST_HEAD(&core->jobs);
	INIT_DELAYED_WORK(&core->watchdog, nvdla_watchdog);
	core->wq = alloc_ordered_workqueue("nvdla-kunit", 0);
	KUNIT_ASSERT_NOT_NULL(test, core->wq);
	core->image = kunit_kcalloc(test, 1024, sizeof(u32), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, core->image);
	for (unit = 0; unit < NVDLA_UNITS; unit++) {
		for (group = 0; group < 2; group++) {
			core->units[unit].shadow[group] =
				kunit_kcalloc(test, 64, sizeof(u32), GFP_KERNEL);
			KUNIT_ASSERT_NOT_NULL(test, core->units[unit].shadow[group]);
		}
	}
	nvdla_hw_setup(core);
	core->ready = true;
	test->priv = bench;
	return 0;
}

static void seq_exit(struct kunit *test)
{
	struct seq_bench *bench = test->priv;

	cancel_delayed_work_sync(&bench->core.watchdog);
	destroy_workqueue(bench->core.wq);
	nvdla_validator_free(bench->nvdla.validator);
}

static void free_program(void *program)
{
	nvdla_program_free(program);
}

static struct nvdla_job *push(struct kunit *test, struct test_program *p)
{
	struct seq_bench *bench = test->priv;
	struct nvdla_job *job = kunit_kzalloc(test, sizeof(*job), GFP_KERNEL);
	struct nvdla_refusal refusal;
	struct nvdla_program *program;

	KUNIT_ASSERT_NOT_NULL(test, job);
	KUNIT_ASSERT_EQ(test, test_program_validate(test, p, &program, &refusal), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, free_program, program), 0);
	job->program = program;
	job->nvdla = &bench->nvdla;
	job->ctx = &bench->ctx;
	job->bindings = bench->bindings;
	job->ops = kunit_kcalloc(test, program->op_count, sizeof(*job->ops), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, job->ops);
	KUNIT_ASSERT_EQ(test, nvdla_seq_push(&bench->core, job), 0);
	return job;
}

/* As the interrupt handler does; returns the number of jobs that ended. */
static unsigned int done(struct kunit *test, u32 status)
{
	struct seq_bench *bench = test->priv;
	LIST_HEAD(ended);

	spin_lock_irq(&bench->core.lock);
	nvdla_seq_done(&bench->core, status, ktime_get(), &ended);
	spin_unlock_irq(&bench->core.lock);
	return list_count_nodes(&ended);
}

static u32 csb_read(struct kunit *test, u32 offset)
{
	struct seq_bench *bench = test->priv;

	return bench->csb[offset / 4];
}

static void uses_both_groups(struct kunit *test)
{
	struct test_program *p = test_program_new(test, "nv_small");
	struct seq_bench *bench = test->priv;
	struct nvdla_job *job;

	test_program_copy_op(p);
	test_program_copy_op(p);
	test_program_copy_op(p);
	job = push(test, p);
	KUNIT_EXPECT_EQ(test, job->ops[0].state, NVDLA_OP_RUNNING);
	KUNIT_EXPECT_EQ(test, job->ops[1].state, NVDLA_OP_RUNNING);
	KUNIT_EXPECT_EQ(test, job->ops[2].state, NVDLA_OP_WAITING);
	KUNIT_EXPECT_EQ(test, job->ops[0].groups, 0);
	KUNIT_EXPECT_EQ(test, job->ops[1].groups, BIT(NVDLA_SDP) | BIT(NVDLA_SDP_RDMA));

	/* The wrong group's interrupt ends nothing. */
	KUNIT_EXPECT_EQ(test, done(test, GLB_S_INTR_STATUS_CDP_DONE_STATUS0), 0);
	KUNIT_EXPECT_EQ(test, job->ops[0].state, NVDLA_OP_RUNNING);
	KUNIT_EXPECT_EQ(test, done(test, DONE(0)), 0);
	KUNIT_EXPECT_EQ(test, job->ops[0].state, NVDLA_OP_DONE);
	nvdla_seq_fill(&bench->core);
	KUNIT_EXPECT_EQ(test, job->ops[2].state, NVDLA_OP_RUNNING);
	KUNIT_EXPECT_EQ(test, job->ops[2].groups, 0);
	/* Both at once. */
	KUNIT_EXPECT_EQ(test, done(test, DONE(0) | DONE(1)), 1);
	KUNIT_EXPECT_TRUE(test, list_empty(&bench->core.jobs));
	KUNIT_EXPECT_EQ(test, bench->core.units[NVDLA_SDP].used, 0);
}

/*
 * A fetch of weights may outlast its operation: CDMA's group is free when it has
 * ended, and its interrupt is let through until then.
 */
static void waits_for_weights(struct kunit *test)
{
	const u32 weights1 = GLB_S_INTR_STATUS_CDMA_WT_DONE_STATUS1;
	struct test_program *p = test_program_new(test, "nv_small");
	struct seq_bench *bench = test->priv;
	struct nvdla_core *core = &bench->core;
	u32 mask = bench->nvdla.config->base[NVDLA_GLB] + GLB_S_INTR_MASK;
	struct nvdla_job *job;

	/* The first keeps its weights; the second uses them while CDMA fetches the third's. */
	test_program_conv_op(p);
	test_program_set(p, NVDLA_CSC, CSC_D_MISC_CFG, CSC_D_MISC_CFG_SKIP_WEIGHT_RLS);
	test_program_conv_op(p);
	test_program_set(p, NVDLA_CSC, CSC_D_MISC_CFG, CSC_D_MISC_CFG_WEIGHT_REUSE);
	test_program_set(p, NVDLA_CDMA, CDMA_D_MISC_CFG, CDMA_D_MISC_CFG_SKIP_WEIGHT_RLS);
	test_program_conv_op(p);
	test_program_set(p, NVDLA_CDMA, CDMA_D_MISC_CFG, CDMA_D_MISC_CFG_WEIGHT_REUSE);
	test_program_conv_op(p);
	job = push(test, p);
	KUNIT_EXPECT_FALSE(test, job->program->ops[0].ahead);
	KUNIT_EXPECT_TRUE(test, job->program->ops[1].ahead);
	KUNIT_EXPECT_FALSE(test, job->program->ops[2].ahead);
	done(test, DONE(0) | GLB_S_INTR_STATUS_CDMA_WT_DONE_STATUS0);
	nvdla_seq_fill(core);
	KUNIT_EXPECT_EQ(test, job->ops[2].state, NVDLA_OP_RUNNING);
	KUNIT_EXPECT_TRUE(test, csb_read(test, mask) & weights1);

	/* Its result is there: who depends on it may go on, but CDMA's group is in use. */
	done(test, DONE(1));
	nvdla_seq_fill(core);
	KUNIT_EXPECT_EQ(test, job->ops[1].state, NVDLA_OP_DONE);
	KUNIT_EXPECT_EQ(test, job->ops[3].state, NVDLA_OP_WAITING);
	KUNIT_EXPECT_EQ(test, core->units[NVDLA_SDP].used, 1);
	KUNIT_EXPECT_EQ(test, core->units[NVDLA_CDMA].used, 2);
	KUNIT_EXPECT_FALSE(test, csb_read(test, mask) & weights1);

	done(test, weights1);
	KUNIT_EXPECT_EQ(test, core->units[NVDLA_CDMA].used, 1);
	KUNIT_EXPECT_TRUE(test, csb_read(test, mask) & weights1);
	nvdla_seq_fill(core);
	KUNIT_EXPECT_EQ(test, job->ops[3].state, NVDLA_OP_RUNNING);
	done(test, DONE(0));
	KUNIT_EXPECT_EQ(test, done(test, DONE(1)), 1);
	KUNIT_EXPECT_EQ(test, core->units[NVDLA_CDMA].used, 0);
}

/* What comes before the result changes nothing; nor is it needed where CDMA went on. */
static void weights_come_early_or_unseen(struct kunit *test)
{
	struct test_program *p = test_program_new(test, "nv_small");
	struct seq_bench *bench = test->priv;
	struct nvdla_core *core = &bench->core;
	unsigned int early;

	test_program_conv_op(p);
	test_program_set(p, NVDLA_CSC, CSC_D_MISC_CFG, CSC_D_MISC_CFG_SKIP_WEIGHT_RLS);
	test_program_conv_op(p);
	test_program_set(p, NVDLA_CSC, CSC_D_MISC_CFG, CSC_D_MISC_CFG_WEIGHT_REUSE);
	test_program_set(p, NVDLA_CDMA, CDMA_D_MISC_CFG, CDMA_D_MISC_CFG_SKIP_WEIGHT_RLS);
	test_program_conv_op(p);
	test_program_set(p, NVDLA_CDMA, CDMA_D_MISC_CFG, CDMA_D_MISC_CFG_WEIGHT_REUSE);
	for (early = 0; early < 2; early++) {
		/* The groups go on from where the last job ended. */
		unsigned int group = core->units[NVDLA_SDP].next;

		push(test, p);
		done(test, DONE(group));
		nvdla_seq_fill(core);
		if (early)
			done(test, GLB_S_INTR_STATUS_CDMA_WT_DONE_STATUS0 << !group);
		done(test, DONE(!group));
		KUNIT_EXPECT_EQ(test, core->fetching != 0, !early);
		KUNIT_EXPECT_EQ(test, core->units[NVDLA_CDMA].used, early ? 1 : 2);
		KUNIT_EXPECT_EQ(test, done(test, DONE(group)), 1);
		KUNIT_EXPECT_EQ(test, core->units[NVDLA_CDMA].used, 0);
		KUNIT_EXPECT_EQ(test, core->fetching, 0);
	}
}

static void waits_for_dependencies(struct kunit *test)
{
	struct test_program *p = test_program_new(test, "nv_small");
	struct nvdla_job *job;

	test_program_copy_op(p);
	test_program_copy_op(p);
	test_program_dep(p, 0);
	job = push(test, p);
	KUNIT_EXPECT_EQ(test, job->ops[0].state, NVDLA_OP_RUNNING);
	KUNIT_EXPECT_EQ(test, job->ops[1].state, NVDLA_OP_READY);
	/* The interrupt handler itself starts what waited. */
	KUNIT_EXPECT_EQ(test, done(test, DONE(0)), 0);
	KUNIT_EXPECT_EQ(test, job->ops[1].state, NVDLA_OP_RUNNING);
	KUNIT_EXPECT_EQ(test, done(test, DONE(1)), 1);
}

static void programs_next_job(struct kunit *test)
{
	struct test_program *p = test_program_new(test, "nv_small");
	struct seq_bench *bench = test->priv;
	struct nvdla_job *first, *second;

	test_program_copy_op(p);
	first = push(test, p);
	second = push(test, p);
	KUNIT_EXPECT_EQ(test, first->ops[0].state, NVDLA_OP_RUNNING);
	KUNIT_EXPECT_EQ(test, second->ops[0].state, NVDLA_OP_READY);
	KUNIT_EXPECT_EQ(test, done(test, DONE(0)), 1);
	KUNIT_EXPECT_EQ(test, second->ops[0].state, NVDLA_OP_RUNNING);
	KUNIT_EXPECT_EQ(test, done(test, DONE(1)), 1);

	/* After a reset the job behind a hung one starts anew. */
	first = push(test, p);
	second = push(test, p);
	spin_lock_irq(&bench->core.lock);
	list_del_init(&first->link);
	nvdla_hw_setup(&bench->core);
	nvdla_seq_reset(&bench->core);
	spin_unlock_irq(&bench->core.lock);
	KUNIT_EXPECT_EQ(test, second->ops[0].state, NVDLA_OP_WAITING);
	nvdla_seq_fill(&bench->core);
	KUNIT_EXPECT_EQ(test, second->ops[0].state, NVDLA_OP_RUNNING);
	KUNIT_EXPECT_EQ(test, second->ops[0].groups, 0);
	KUNIT_EXPECT_EQ(test, done(test, DONE(0)), 1);
}

static void writes_registers(struct kunit *test)
{
	struct test_program *p = test_program_new(test, "nv_small");

	test_program_copy_op(p);
	test_program_set(p, NVDLA_SDP, SDP_D_CVT_SCALE, 77);
	push(test, p);
	KUNIT_EXPECT_EQ(test, csb_read(test, 0x9000 + SDP_D_CVT_SCALE), 77);
	KUNIT_EXPECT_EQ(test, csb_read(test, 0x9000 + SDP_D_DST_BASE_ADDR_LOW), 0x20000);
	KUNIT_EXPECT_EQ(test, csb_read(test, 0x9000 + SDP_D_DST_DMA_CFG), 1);
	KUNIT_EXPECT_EQ(test, csb_read(test, 0x8000 + SDP_RDMA_D_SRC_BASE_ADDR_LOW), 0x10000);
	KUNIT_EXPECT_EQ(test, csb_read(test, 0x9000 + SDP_D_OP_ENABLE), 1);
	KUNIT_EXPECT_EQ(test, csb_read(test, 0x8000 + SDP_RDMA_D_OP_ENABLE), 1);
	KUNIT_EXPECT_EQ(test, done(test, DONE(0)), 1);

	/* The other group has its own registers: everything is written again. */
	test_program_set(p, NVDLA_SDP, SDP_D_CVT_SCALE, 0);
	push(test, p);
	KUNIT_EXPECT_EQ(test, csb_read(test, 0x9000 + NVDLA_S_POINTER), 1);
	KUNIT_EXPECT_EQ(test, csb_read(test, 0x9000 + SDP_D_CVT_SCALE), 0);
	KUNIT_EXPECT_EQ(test, done(test, DONE(1)), 1);
}

static struct kunit_case seq_cases[] = {
	KUNIT_CASE(uses_both_groups),
	KUNIT_CASE(waits_for_weights),
	KUNIT_CASE(weights_come_early_or_unseen),
	KUNIT_CASE(waits_for_dependencies),
	KUNIT_CASE(programs_next_job),
	KUNIT_CASE(writes_registers),
	{}
};

static struct kunit_suite seq_suite = {
	.name = "nvdla_seq",
	.init = seq_init,
	.exit = seq_exit,
	.test_cases = seq_cases,
};

kunit_test_suite(seq_suite);
