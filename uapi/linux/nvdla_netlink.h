/* SPDX-License-Identifier: MIT */
/*
 * Generic netlink family "nvdla": state and events of NVDLA accelerators.
 * Documentation/netlink/specs/nvdla.yaml says what stands in which message.
 */
#ifndef _UAPI_LINUX_NVDLA_NETLINK_H
#define _UAPI_LINUX_NVDLA_NETLINK_H

#define NVDLA_FAMILY_NAME	"nvdla"
#define NVDLA_FAMILY_VERSION	1

/**
 * enum nvdla_core_state - what a core is up to
 * @NVDLA_CORE_STATE_IDLE: it has nothing to do
 * @NVDLA_CORE_STATE_BUSY: it has jobs
 * @NVDLA_CORE_STATE_OFF: it is not powered, or about to be reset
 * @NVDLA_CORE_STATE_LOST: it could not be reset, or its device is gone
 */
enum nvdla_core_state {
	NVDLA_CORE_STATE_IDLE,
	NVDLA_CORE_STATE_BUSY,
	NVDLA_CORE_STATE_OFF,
	NVDLA_CORE_STATE_LOST,
};

/**
 * enum nvdla_ctx_flags - what became of a context
 * @NVDLA_CTX_FLAGS_GUILTY: one of its jobs hung or faulted; it runs no more
 * @NVDLA_CTX_FLAGS_RESET: a core was reset under it
 */
enum nvdla_ctx_flags {
	NVDLA_CTX_FLAGS_GUILTY = 1,
	NVDLA_CTX_FLAGS_RESET = 2,
};

/**
 * enum nvdla_memory - what ran short
 * @NVDLA_MEMORY_SYSTEM: memory of the machine, or contiguous memory without an IOMMU
 * @NVDLA_MEMORY_SRAM: memory behind the second port
 */
enum nvdla_memory {
	NVDLA_MEMORY_SYSTEM,
	NVDLA_MEMORY_SRAM,
};

enum {
	NVDLA_A_PAD = 1,
	NVDLA_A_DEV_INDEX,
	NVDLA_A_DEV_NAME,
	NVDLA_A_CONFIG,
	NVDLA_A_HW_VERSION,
	NVDLA_A_FEATURES,
	NVDLA_A_CORE_COUNT,
	NVDLA_A_SRAM_SIZE,
	NVDLA_A_CLOCK_HZ,
	NVDLA_A_MAX_CLOCK_HZ,
	NVDLA_A_CORE_INDEX,
	NVDLA_A_CORE_STATE,
	NVDLA_A_CORE_JOBS,
	NVDLA_A_CTX_ID,
	NVDLA_A_CTX_FLAGS,
	NVDLA_A_CLIENT_ID,
	NVDLA_A_PID,
	NVDLA_A_COMM,
	NVDLA_A_JOBS_QUEUED,
	NVDLA_A_JOBS_DONE,
	NVDLA_A_BUSY_NS,
	NVDLA_A_OPERATIONS,
	NVDLA_A_RESETS,
	NVDLA_A_HANGS,
	NVDLA_A_MISSED,
	NVDLA_A_SPURIOUS,
	NVDLA_A_EVENT_SEQ,
	NVDLA_A_TIME_NS,
	NVDLA_A_ERROR,
	NVDLA_A_JOB,
	NVDLA_A_FAIL_OP,
	NVDLA_A_OP_COUNT,
	NVDLA_A_OLD_CLOCK_HZ,
	NVDLA_A_TEMPERATURE,
	NVDLA_A_LIMIT,
	NVDLA_A_MEMORY,
	NVDLA_A_SIZE,

	__NVDLA_A_MAX,
	NVDLA_A_MAX = (__NVDLA_A_MAX - 1)
};

enum {
	NVDLA_CMD_DEVICE_GET = 1,
	NVDLA_CMD_CORE_GET,
	NVDLA_CMD_CONTEXT_GET,
	NVDLA_CMD_COUNTERS_GET,
	NVDLA_CMD_HANG_NTF,
	NVDLA_CMD_FAULT_NTF,
	NVDLA_CMD_RESET_NTF,
	NVDLA_CMD_WEDGED_NTF,
	NVDLA_CMD_GONE_NTF,
	NVDLA_CMD_FREQUENCY_NTF,
	NVDLA_CMD_THERMAL_NTF,
	NVDLA_CMD_MEMORY_PRESSURE_NTF,

	__NVDLA_CMD_MAX,
	NVDLA_CMD_MAX = (__NVDLA_CMD_MAX - 1)
};

#define NVDLA_MCGRP_HANG		"hang"
#define NVDLA_MCGRP_RESET		"reset"
#define NVDLA_MCGRP_WEDGED		"wedged"
#define NVDLA_MCGRP_FREQUENCY		"frequency"
#define NVDLA_MCGRP_THERMAL		"thermal"
#define NVDLA_MCGRP_MEMORY_PRESSURE	"memory-pressure"
#define NVDLA_MCGRP_IDENTITIES		"identities"

#endif /* _UAPI_LINUX_NVDLA_NETLINK_H */
