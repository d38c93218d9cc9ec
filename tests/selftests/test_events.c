// SPDX-License-Identifier: MIT
/*
 * What generic netlink tells: each event once and in order, whose job it was
 * to those who may know. Needs root, accel-monitor in the path, and a board
 * that injects faults.
 */
#include <fcntl.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>

#include "board.h"
#include "listener.h"
#include "node.h"
#include "kselftest_harness.h"

#define NOBODY		65534
#define TIMEOUT_MS	300
#define HANGS		3
#define STATE_SIZE	65536

FIXTURE(events)
{
	int fd;
	struct work victim;
	struct listener root;
	struct listener nobody;
};

FIXTURE_SETUP(events)
{
	int ret = board_open();

	if (ret)
		SKIP(return, "no faults on demand: %s", strerror(-ret));
	board_clear_faults();
	self->fd = node_open();
	ASSERT_GE(self->fd, 0) TH_LOG("%s: %s", node_path(), strerror(-self->fd));
	ASSERT_EQ(0, work_open(&self->victim, self->fd, &conv_engine_test, 1, 3));
	ret = listener_start(&self->root, 0);
	ASSERT_EQ(0, ret) TH_LOG("accel-monitor: %s", strerror(-ret));
	ASSERT_EQ(0, listener_start(&self->nobody, NOBODY));
}

FIXTURE_TEARDOWN(events)
{
	listener_stop(&self->root);
	listener_stop(&self->nobody);
	if (self->fd <= 0)
		return;
	board_clear_faults();
	work_close(&self->victim);
	close(self->fd);
}

/* A job of a new context that meets a fault. Return: its result. */
static int meet(struct work *victim, uint32_t fault, uint32_t skip)
{
	int ret = work_context(victim, DRM_NVDLA_PRIORITY_NORMAL, 1, TIMEOUT_MS);

	if (ret)
		return ret;
	if (!board_fault(fault, 0, 1, skip, 0))
		return -ENOTSUP;

	return work_run(victim);
}

static int hang(struct work *victim)
{
	return meet(victim, NVDLA_BOARD_FAULT_HANG, 0);
}

TEST_F_TIMEOUT(events, hangs_are_told_once_and_in_order, 180)
{
	int64_t number = 0, next, ctx = 0, job = 0;
	unsigned int i, half;
	char comm[17] = "";
	const char *line;
	uint32_t handle;
	FILE *file;

	file = fopen("/proc/self/comm", "r");
	ASSERT_NE(NULL, file);
	ASSERT_EQ(1, fscanf(file, "%16s", comm));
	fclose(file);
	for (i = 0; i < HANGS; i++)
		ASSERT_EQ(-ETIME, hang(&self->victim));

	for (i = 0; i < HANGS * 2; i++) {
		half = i % 2;
		line = listener_next(&self->root);
		ASSERT_NE(NULL, line) TH_LOG("event %u did not come", i);
		EXPECT_TRUE(line_text(line, "message", half ? "reset" : "hang")) TH_LOG("%s", line);
		EXPECT_EQ(half ? 0 : ETIME, line_number(line, "error", -1));
		EXPECT_EQ(0, line_number(line, "core_index", -1));
		EXPECT_EQ(getpid(), line_number(line, "pid", -1)) TH_LOG("%s", line);
		EXPECT_TRUE(line_text(line, "comm", comm)) TH_LOG("%s", line);
		next = line_number(line, "event_seq", -1);
		EXPECT_GT(next, number);
		number = next;
		if (half) {
			EXPECT_EQ(ctx, line_number(line, "ctx_id", -1));
			EXPECT_EQ(job, line_number(line, "job", -1));
			continue;
		}
		/* Every hang was that of another context. */
		EXPECT_GT(line_number(line, "ctx_id", -1), ctx);
		EXPECT_GT(line_number(line, "job", -1), job);
		EXPECT_EQ(0, line_number(line, "fail_op", -1));
		EXPECT_EQ(3, line_number(line, "op_count", -1));
		ctx = line_number(line, "ctx_id", -1);
		job = line_number(line, "job", -1);
	}

	/* The same to everybody, but not whose they were. */
	for (i = 0; i < HANGS * 2; i++) {
		line = listener_next(&self->nobody);
		ASSERT_NE(NULL, line) TH_LOG("event %u did not come", i);
		EXPECT_TRUE(line_text(line, "message", i % 2 ? "reset" : "hang"));
		EXPECT_FALSE(tells_identity(line)) TH_LOG("%s", line);
	}

	/* What comes next is the next event, so none of them came twice. */
	if (self->victim.info.sram_size) {
		EXPECT_EQ(-ENOSPC, bo_create(self->fd, self->victim.info.sram_size * 2,
					     DRM_NVDLA_BO_SRAM, &handle));
		line = listener_next(&self->root);
		ASSERT_NE(NULL, line);
		EXPECT_TRUE(line_text(line, "message", "memory-pressure")) TH_LOG("%s", line);
		line = listener_next(&self->nobody);
		ASSERT_NE(NULL, line);
		EXPECT_TRUE(line_text(line, "message", "memory-pressure")) TH_LOG("%s", line);
	}
}

TEST_F(events, want_of_memory_is_told)
{
	uint64_t size = self->victim.info.sram_size * 2;
	const char *line;
	uint32_t handle;

	if (!size)
		SKIP(return, "no memory of its own");
	EXPECT_EQ(-ENOSPC, bo_create(self->fd, size, DRM_NVDLA_BO_SRAM, &handle));
	line = listener_next(&self->root);
	ASSERT_NE(NULL, line);
	EXPECT_TRUE(line_text(line, "message", "memory-pressure")) TH_LOG("%s", line);
	EXPECT_TRUE(line_text(line, "memory", "sram")) TH_LOG("%s", line);
	EXPECT_EQ(size, line_number(line, "size", -1));
	EXPECT_EQ(getpid(), line_number(line, "pid", -1));
	line = listener_next(&self->nobody);
	ASSERT_NE(NULL, line);
	EXPECT_EQ(size, line_number(line, "size", -1));
	EXPECT_FALSE(tells_identity(line)) TH_LOG("%s", line);
}

/* Without an IOMMU nobody has so much memory in one piece. */
static int ask_for_too_much(int fd)
{
	struct sysinfo info;
	uint32_t handle;

	return sysinfo(&info) ? -errno :
	       bo_create(fd, (uint64_t)info.totalram * info.mem_unit / 10 * 9, 0, &handle);
}

/**
 * struct told - an event as it has to be told
 * @message: its kind
 * @error: positive errno, or -1 for events that have none
 * @memory: what ran short, or NULL
 */
struct told {
	const char *message;
	int error;
	const char *memory;
};

static bool is_told(const char *line, const struct told *told)
{
	return line && line_text(line, "message", told->message) &&
	       line_number(line, "error", -1) == told->error &&
	       (!told->memory || line_text(line, "memory", told->memory));
}

/* Different ones close behind one another: each once, in order, none lost. */
TEST_F_TIMEOUT(events, all_kinds_keep_their_order, 180)
{
	uint64_t sram = self->victim.info.sram_size;
	struct told told[8];
	unsigned int count = 0, i;
	int64_t numbers[8];
	uint32_t handle;
	char group[128];
	const char *line;
	int ret;

	EXPECT_EQ(-ETIME, hang(&self->victim));
	told[count++] = (struct told){ "hang", ETIME, NULL };
	told[count++] = (struct told){ "reset", 0, NULL };
	ret = meet(&self->victim, NVDLA_BOARD_FAULT_BUS_ERROR, 2);
	EXPECT_TRUE(ret == -EIO || ret == -ETIME) TH_LOG("%d", ret);
	told[count++] = (struct told){ ret == -ETIME ? "hang" : "fault", -ret, NULL };
	told[count++] = (struct told){ "reset", 0, NULL };
	if (sram) {
		EXPECT_EQ(-ENOSPC, bo_create(self->fd, sram * 2, DRM_NVDLA_BO_SRAM, &handle));
		told[count++] = (struct told){ "memory-pressure", -1, "sram" };
	}
	device_file(group, sizeof(group), "iommu_group");
	if (access(group, F_OK)) {
		EXPECT_EQ(-ENOMEM, ask_for_too_much(self->fd));
		told[count++] = (struct told){ "memory-pressure", -1, "system" };
	}
	EXPECT_EQ(-ETIME, hang(&self->victim));
	told[count++] = (struct told){ "hang", ETIME, NULL };
	told[count++] = (struct told){ "reset", 0, NULL };

	for (i = 0; i < count; i++) {
		line = listener_next(&self->root);
		ASSERT_TRUE(is_told(line, &told[i])) TH_LOG("%u, %s: %s", i, told[i].message,
							    line ? line : "nothing");
		EXPECT_EQ(getpid(), line_number(line, "pid", -1)) TH_LOG("%s", line);
		numbers[i] = line_number(line, "event_seq", -1);
		EXPECT_GT(numbers[i], i ? numbers[i - 1] : 0);
	}
	/* The same events, with the same numbers, and nobody's name. */
	for (i = 0; i < count; i++) {
		line = listener_next(&self->nobody);
		ASSERT_TRUE(is_told(line, &told[i])) TH_LOG("%u, %s: %s", i, told[i].message,
							    line ? line : "nothing");
		EXPECT_EQ(numbers[i], line_number(line, "event_seq", -1));
		EXPECT_FALSE(tells_identity(line)) TH_LOG("%s", line);
	}
}

static const char *find_line(const char *lines, const char *message)
{
	while (lines && *lines) {
		if (line_text(lines, "message", message))
			return lines;
		lines = strchr(lines, '\n');
		lines = lines ? lines + 1 : NULL;
	}

	return NULL;
}

TEST_F(events, contexts_of_others_are_not_there)
{
	struct drm_nvdla_device_info *info = &self->victim.info;
	char *lines = malloc(STATE_SIZE);
	const char *line;

	ASSERT_NE(NULL, lines);
	ASSERT_EQ(0, work_run(&self->victim));
	ASSERT_EQ(0, ask_state(0, lines, STATE_SIZE));
	line = find_line(lines, "device");
	ASSERT_NE(NULL, line) TH_LOG("%s", lines);
	EXPECT_EQ(info->core_count, line_number(line, "core_count", 0));
	EXPECT_EQ(info->sram_size, line_number(line, "sram_size", 0));
	line = find_line(lines, "counters");
	ASSERT_NE(NULL, line);
	EXPECT_GT(line_number(line, "operations", 0), 0);
	EXPECT_NE(NULL, find_line(lines, "core"));
	line = find_line(lines, "context");
	ASSERT_NE(NULL, line) TH_LOG("%s", lines);
	EXPECT_NE(NULL, strstr(line, "\"pid\""));
	EXPECT_GT(line_number(line, "busy_ns", 0), 0) TH_LOG("%s", line);

	ASSERT_EQ(0, ask_state(NOBODY, lines, STATE_SIZE));
	EXPECT_NE(NULL, find_line(lines, "device"));
	EXPECT_NE(NULL, find_line(lines, "counters"));
	EXPECT_EQ(NULL, find_line(lines, "context")) TH_LOG("%s", lines);
	free(lines);
}

TEST_HARNESS_MAIN
