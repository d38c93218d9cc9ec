// SPDX-License-Identifier: MIT
/*
 * Messages of the generic netlink family "nvdla", for people and for scripts.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "message.h"
#include "tools/netlink/family.h"

static const char *const attr_names[NVDLA_A_MAX + 1] = {
	[NVDLA_A_DEV_INDEX] = "dev_index",
	[NVDLA_A_DEV_NAME] = "dev_name",
	[NVDLA_A_CONFIG] = "config",
	[NVDLA_A_HW_VERSION] = "hw_version",
	[NVDLA_A_FEATURES] = "features",
	[NVDLA_A_CORE_COUNT] = "core_count",
	[NVDLA_A_SRAM_SIZE] = "sram_size",
	[NVDLA_A_CLOCK_HZ] = "clock_hz",
	[NVDLA_A_MAX_CLOCK_HZ] = "max_clock_hz",
	[NVDLA_A_CORE_INDEX] = "core_index",
	[NVDLA_A_CORE_STATE] = "core_state",
	[NVDLA_A_CORE_JOBS] = "core_jobs",
	[NVDLA_A_CTX_ID] = "ctx_id",
	[NVDLA_A_CTX_FLAGS] = "ctx_flags",
	[NVDLA_A_CLIENT_ID] = "client_id",
	[NVDLA_A_PID] = "pid",
	[NVDLA_A_COMM] = "comm",
	[NVDLA_A_JOBS_QUEUED] = "jobs_queued",
	[NVDLA_A_JOBS_DONE] = "jobs_done",
	[NVDLA_A_BUSY_NS] = "busy_ns",
	[NVDLA_A_OPERATIONS] = "operations",
	[NVDLA_A_RESETS] = "resets",
	[NVDLA_A_HANGS] = "hangs",
	[NVDLA_A_MISSED] = "missed",
	[NVDLA_A_SPURIOUS] = "spurious",
	[NVDLA_A_EVENT_SEQ] = "event_seq",
	[NVDLA_A_TIME_NS] = "time_ns",
	[NVDLA_A_ERROR] = "error",
	[NVDLA_A_JOB] = "job",
	[NVDLA_A_FAIL_OP] = "fail_op",
	[NVDLA_A_OP_COUNT] = "op_count",
	[NVDLA_A_OLD_CLOCK_HZ] = "old_clock_hz",
	[NVDLA_A_TEMPERATURE] = "temperature",
	[NVDLA_A_LIMIT] = "limit",
	[NVDLA_A_MEMORY] = "memory",
	[NVDLA_A_SIZE] = "size",
};

static const char *const cmd_names[NVDLA_CMD_MAX + 1] = {
	[NVDLA_CMD_DEVICE_GET] = "device",
	[NVDLA_CMD_CORE_GET] = "core",
	[NVDLA_CMD_CONTEXT_GET] = "context",
	[NVDLA_CMD_COUNTERS_GET] = "counters",
	[NVDLA_CMD_HANG_NTF] = "hang",
	[NVDLA_CMD_FAULT_NTF] = "fault",
	[NVDLA_CMD_RESET_NTF] = "reset",
	[NVDLA_CMD_WEDGED_NTF] = "wedged",
	[NVDLA_CMD_GONE_NTF] = "gone",
	[NVDLA_CMD_FREQUENCY_NTF] = "frequency",
	[NVDLA_CMD_THERMAL_NTF] = "thermal",
	[NVDLA_CMD_MEMORY_PRESSURE_NTF] = "memory-pressure",
};

static void text_value(char *to, size_t size, unsigned int type, const struct nlattr *attr)
{
	uint32_t word;

	switch (family_policy[type].type) {
	case NLA_NUL_STRING:
		family_copy_text(to, size, attr);
		return;
	case NLA_U64:
		snprintf(to, size, "%" PRIu64, nla_get_u64(attr));
		return;
	case NLA_S32:
		snprintf(to, size, "%" PRId32, nla_get_s32(attr));
		return;
	}
	word = nla_get_u32(attr);
	if (type == NVDLA_A_CORE_STATE && family_core_state(word))
		snprintf(to, size, "%s", family_core_state(word));
	else if (type == NVDLA_A_MEMORY && word <= NVDLA_MEMORY_SRAM)
		snprintf(to, size, "%s", word == NVDLA_MEMORY_SRAM ? "sram" : "system");
	else if (type == NVDLA_A_CTX_FLAGS && word <= 3)
		snprintf(to, size, "%s%s%s", word & NVDLA_CTX_FLAGS_GUILTY ? "guilty" : "",
			 word == 3 ? "," : "", word & NVDLA_CTX_FLAGS_RESET ? "reset" : "");
	else
		snprintf(to, size, "%" PRIu32, word);
}

static bool is_text(unsigned int type)
{
	return family_policy[type].type == NLA_NUL_STRING || type == NVDLA_A_CORE_STATE ||
	       type == NVDLA_A_CTX_FLAGS || type == NVDLA_A_MEMORY;
}

static int show_json(const char *name, struct nlattr *attrs[])
{
	cJSON *object = cJSON_CreateObject();
	bool good = object && cJSON_AddStringToObject(object, "message", name);
	char value[128], *line = NULL;
	unsigned int i;

	for (i = 1; good && i <= NVDLA_A_MAX; i++) {
		if (!attrs[i] || !attr_names[i])
			continue;
		text_value(value, sizeof(value), i, attrs[i]);
		/* A double would not do for 64 bits. */
		good = is_text(i) ? cJSON_AddStringToObject(object, attr_names[i], value) :
				    cJSON_AddRawToObject(object, attr_names[i], value);
	}
	if (good)
		line = cJSON_PrintUnformatted(object);
	cJSON_Delete(object);
	if (!line)
		return -ENOMEM;
	puts(line);
	free(line);

	return 0;
}

static void show_text(const char *name, struct nlattr *attrs[])
{
	char value[128];
	unsigned int i;

	printf("%-8s", name);
	for (i = 1; i <= NVDLA_A_MAX; i++) {
		if (!attrs[i] || !attr_names[i])
			continue;
		text_value(value, sizeof(value), i, attrs[i]);
		if (i == NVDLA_A_ERROR && nla_get_u32(attrs[i]))
			printf(" error=\"%s\"", strerror((int)nla_get_u32(attrs[i])));
		else if (i == NVDLA_A_COMM)
			printf(" comm=\"%s\"", value);
		else if (*value)
			printf(" %s=%s", attr_names[i], value);
	}
	putchar('\n');
}

int message_show(unsigned int cmd, struct nlattr *attrs[], bool json)
{
	const char *name = cmd <= NVDLA_CMD_MAX ? cmd_names[cmd] : NULL;
	int ret = 0;

	/* A newer driver may know more than this program. */
	if (!name)
		return 0;
	if (json)
		ret = show_json(name, attrs);
	else
		show_text(name, attrs);
	/* Whoever reads a pipe wants events as they come. */
	fflush(stdout);

	return ret;
}
