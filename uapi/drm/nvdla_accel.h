/* SPDX-License-Identifier: MIT */
/*
 * Interface of the NVDLA accelerator driver, device nodes /dev/accel/accelN.
 *
 * User space uploads a *program* once: a list of hardware operations given as
 * register values, with every address left open as a relocation against a
 * numbered *slot*. The kernel checks it once and says how large the buffer in
 * each slot must be and whether it is read or written. A *job* is a program
 * together with one buffer object per slot, run on a *context*.
 *
 * Register offsets are the configuration's own CSB byte offsets (window of the
 * unit as reported by DRM_NVDLA_QUERY_DEVICE plus the register's offset in it).
 *
 * Every field named pad, and every flag bit not defined here, must be 0.
 */
#ifndef _NVDLA_ACCEL_H_
#define _NVDLA_ACCEL_H_

#include "drm.h"

#if defined(__cplusplus)
extern "C" {
#endif

/**
 * enum drm_nvdla_ioctl_id - numbers of the driver's ioctls
 */
enum drm_nvdla_ioctl_id {
	/** @DRM_NVDLA_DEV_QUERY: what the device is and can do */
	DRM_NVDLA_DEV_QUERY = 0,
	/** @DRM_NVDLA_BO_CREATE: allocate a buffer object */
	DRM_NVDLA_BO_CREATE,
	/** @DRM_NVDLA_BO_MMAP_OFFSET: offset to hand to mmap() */
	DRM_NVDLA_BO_MMAP_OFFSET,
	/** @DRM_NVDLA_BO_SYNC: hand a cached buffer between CPU and device */
	DRM_NVDLA_BO_SYNC,
	/** @DRM_NVDLA_BO_WAIT: wait until jobs no longer use a buffer */
	DRM_NVDLA_BO_WAIT,
	/** @DRM_NVDLA_PROGRAM_CREATE: upload and validate a program */
	DRM_NVDLA_PROGRAM_CREATE,
	/** @DRM_NVDLA_PROGRAM_DESTROY: drop a program */
	DRM_NVDLA_PROGRAM_DESTROY,
	/** @DRM_NVDLA_CTX_CREATE: make a context */
	DRM_NVDLA_CTX_CREATE,
	/** @DRM_NVDLA_CTX_DESTROY: drop a context */
	DRM_NVDLA_CTX_DESTROY,
	/** @DRM_NVDLA_CTX_GET_STATE: did a context's job hang? */
	DRM_NVDLA_CTX_GET_STATE,
	/** @DRM_NVDLA_SUBMIT: queue jobs */
	DRM_NVDLA_SUBMIT,
	/** @DRM_NVDLA_PERFMON_CREATE: make a recorder of per-operation times */
	DRM_NVDLA_PERFMON_CREATE,
	/** @DRM_NVDLA_PERFMON_DESTROY: drop a recorder */
	DRM_NVDLA_PERFMON_DESTROY,
	/** @DRM_NVDLA_PERFMON_GET_VALUES: read what a recorder holds */
	DRM_NVDLA_PERFMON_GET_VALUES,
	/** @DRM_NVDLA_CTX_SET_QOS: say how fast a context's jobs have to run */
	DRM_NVDLA_CTX_SET_QOS,
};

/**
 * struct drm_nvdla_obj_array - an array in user memory
 *
 * @stride is the size of the caller's structure, so that structures can grow:
 * fields the kernel knows and the caller does not are read as 0; what the
 * caller has beyond the kernel's structure must be 0.
 */
struct drm_nvdla_obj_array {
	/** @stride: bytes from one element to the next, a multiple of 4 */
	__u32 stride;
	/** @count: number of elements */
	__u32 count;
	/** @array: user pointer to the first element; ignored if @count is 0 */
	__u64 array;
};

/* ------------------------------------------------------------------ device */

/**
 * enum drm_nvdla_unit - units with a register window, index of
 * &drm_nvdla_device_info.base
 */
enum drm_nvdla_unit {
	/** @DRM_NVDLA_UNIT_CFGROM: configuration ROM */
	DRM_NVDLA_UNIT_CFGROM,
	/** @DRM_NVDLA_UNIT_GLB: interrupts */
	DRM_NVDLA_UNIT_GLB,
	/** @DRM_NVDLA_UNIT_MCIF: primary memory port */
	DRM_NVDLA_UNIT_MCIF,
	/** @DRM_NVDLA_UNIT_CVIF: second memory port */
	DRM_NVDLA_UNIT_CVIF,
	/** @DRM_NVDLA_UNIT_BDMA: bridge DMA */
	DRM_NVDLA_UNIT_BDMA,
	/** @DRM_NVDLA_UNIT_CDMA: convolution DMA */
	DRM_NVDLA_UNIT_CDMA,
	/** @DRM_NVDLA_UNIT_CSC: convolution sequence controller */
	DRM_NVDLA_UNIT_CSC,
	/** @DRM_NVDLA_UNIT_CMAC_A: first half of the MAC array */
	DRM_NVDLA_UNIT_CMAC_A,
	/** @DRM_NVDLA_UNIT_CMAC_B: second half of the MAC array */
	DRM_NVDLA_UNIT_CMAC_B,
	/** @DRM_NVDLA_UNIT_CACC: convolution accumulator */
	DRM_NVDLA_UNIT_CACC,
	/** @DRM_NVDLA_UNIT_SDP_RDMA: read DMA of SDP */
	DRM_NVDLA_UNIT_SDP_RDMA,
	/** @DRM_NVDLA_UNIT_SDP: single data processor */
	DRM_NVDLA_UNIT_SDP,
	/** @DRM_NVDLA_UNIT_PDP_RDMA: read DMA of PDP */
	DRM_NVDLA_UNIT_PDP_RDMA,
	/** @DRM_NVDLA_UNIT_PDP: planar data processor */
	DRM_NVDLA_UNIT_PDP,
	/** @DRM_NVDLA_UNIT_CDP_RDMA: read DMA of CDP */
	DRM_NVDLA_UNIT_CDP_RDMA,
	/** @DRM_NVDLA_UNIT_CDP: channel data processor */
	DRM_NVDLA_UNIT_CDP,
	/** @DRM_NVDLA_UNIT_RUBIK: reshape engine */
	DRM_NVDLA_UNIT_RUBIK,
	/** @DRM_NVDLA_UNITS: how many */
	DRM_NVDLA_UNITS,
};

/** define DRM_NVDLA_NO_UNIT - base of a unit that the device lacks */
#define DRM_NVDLA_NO_UNIT		(~0U)

/* Bits of &drm_nvdla_device_info.features. */
/** define DRM_NVDLA_FEAT_SDP_EW - SDP has its Y (element-wise) stage */
#define DRM_NVDLA_FEAT_SDP_EW		0x1
/** define DRM_NVDLA_FEAT_SDP_LUT - and a lookup table in it */
#define DRM_NVDLA_FEAT_SDP_LUT		0x2
/** define DRM_NVDLA_FEAT_CVIF - second memory port (SRAM) */
#define DRM_NVDLA_FEAT_CVIF		0x4
/** define DRM_NVDLA_FEAT_BDMA - bridge DMA */
#define DRM_NVDLA_FEAT_BDMA		0x8
/** define DRM_NVDLA_FEAT_RUBIK - reshape engine */
#define DRM_NVDLA_FEAT_RUBIK		0x10
/** define DRM_NVDLA_FEAT_INT16 - 16-bit integers */
#define DRM_NVDLA_FEAT_INT16		0x20
/** define DRM_NVDLA_FEAT_FP16 - half precision floats */
#define DRM_NVDLA_FEAT_FP16		0x40
/** define DRM_NVDLA_FEAT_WINOGRAD - Winograd convolution */
#define DRM_NVDLA_FEAT_WINOGRAD		0x80
/** define DRM_NVDLA_FEAT_BATCH - several inputs per convolution */
#define DRM_NVDLA_FEAT_BATCH		0x100
/** define DRM_NVDLA_FEAT_WT_COMPRESS - sparse weights */
#define DRM_NVDLA_FEAT_WT_COMPRESS	0x200
/** define DRM_NVDLA_FEAT_CFGROM - describes itself */
#define DRM_NVDLA_FEAT_CFGROM		0x400

/**
 * struct drm_nvdla_device_info - answer to DRM_NVDLA_QUERY_DEVICE
 *
 * The hardware part has the fields of &struct nvdla_config (kmod/hw).
 */
struct drm_nvdla_device_info {
	/** @name: configuration, e.g. "nv_large"; NUL-terminated */
	char name[32];
	/** @hw_version: GLB S_NVDLA_HW_VERSION */
	__u32 hw_version;
	/** @features: DRM_NVDLA_FEAT_* bits */
	__u32 features;
	/** @atomic_c: input channels multiplied per cycle */
	__u32 atomic_c;
	/** @atomic_k: kernels per kernel group */
	__u32 atomic_k;
	/** @atomic_m: bytes per memory atom */
	__u32 atomic_m;
	/** @cbuf_banks: banks of the convolution buffer */
	__u32 cbuf_banks;
	/** @cbuf_bank_width: bytes per CBUF entry */
	__u32 cbuf_bank_width;
	/** @cbuf_bank_depth: entries per bank */
	__u32 cbuf_bank_depth;
	/** @max_batch: inputs per convolution */
	__u32 max_batch;
	/** @sdp_bs_throughput: elements per cycle of SDP stage X1 */
	__u32 sdp_bs_throughput;
	/** @sdp_bn_throughput: elements per cycle of SDP stage X2 */
	__u32 sdp_bn_throughput;
	/** @sdp_ew_throughput: elements per cycle of SDP stage Y, 0 if absent */
	__u32 sdp_ew_throughput;
	/** @pdp_throughput: elements per cycle of PDP */
	__u32 pdp_throughput;
	/** @cdp_throughput: elements per cycle of CDP */
	__u32 cdp_throughput;
	/** @mcif_width: bytes per beat of the primary memory port */
	__u32 mcif_width;
	/** @mcif_burst: beats per burst there */
	__u32 mcif_burst;
	/** @mcif_latency: read latency in cycles the design was sized for */
	__u32 mcif_latency;
	/** @cvif_width: bytes per beat of the second port, 0 if absent */
	__u32 cvif_width;
	/** @cvif_burst: beats per burst there */
	__u32 cvif_burst;
	/** @cvif_latency: read latency in cycles there */
	__u32 cvif_latency;
	/** @address_bits: width of a device address */
	__u32 address_bits;
	/** @image_packed: bit n set: packed pixel format n works */
	__u32 image_packed;
	/** @image_semi: bit n set: semi-planar pixel format 28 + n works */
	__u32 image_semi;
	/** @base: window of each &enum drm_nvdla_unit, or DRM_NVDLA_NO_UNIT */
	__u32 base[DRM_NVDLA_UNITS];
	/** @core_count: number of cores, numbered from 0 */
	__u32 core_count;
	/** @bind_align: &drm_nvdla_bind.offset must be a multiple of this */
	__u32 bind_align;
	/** @max_clock_hz: highest core clock; 0 if unknown */
	__u64 max_clock_hz;
	/** @clock_hz: core clock now; 0 if unknown */
	__u64 clock_hz;
	/** @sram_size: bytes of SRAM for DRM_NVDLA_BO_SRAM; 0 if none */
	__u64 sram_size;
	/** @max_ops: operations per program */
	__u32 max_ops;
	/** @max_regs: register values per program */
	__u32 max_regs;
	/** @max_relocs: relocations per program */
	__u32 max_relocs;
	/** @max_deps: dependencies per program */
	__u32 max_deps;
	/** @max_luts: lookup tables per program */
	__u32 max_luts;
	/** @max_slots: slots per program */
	__u32 max_slots;
	/** @max_jobs: jobs per submit */
	__u32 max_jobs;
	/** @max_syncs: fences in and out per job */
	__u32 max_syncs;
	/** @default_timeout_ms: &drm_nvdla_ctx_create.timeout_ms when 0 */
	__u32 default_timeout_ms;
	/** @max_timeout_ms: highest &drm_nvdla_ctx_create.timeout_ms */
	__u32 max_timeout_ms;
};

/**
 * enum drm_nvdla_query - what DRM_IOCTL_NVDLA_DEV_QUERY can tell
 */
enum drm_nvdla_query {
	/** @DRM_NVDLA_QUERY_DEVICE: &struct drm_nvdla_device_info */
	DRM_NVDLA_QUERY_DEVICE = 0,
};

/**
 * struct drm_nvdla_dev_query - DRM_IOCTL_NVDLA_DEV_QUERY
 *
 * Errors: -EINVAL unknown type or non-zero pad, -EFAULT bad pointer.
 */
struct drm_nvdla_dev_query {
	/** @type: &enum drm_nvdla_query */
	__u32 type;
	/**
	 * @size: in: bytes at @pointer, out: bytes the kernel has. The smaller
	 * number is copied, the rest of the caller's structure is zeroed.
	 */
	__u32 size;
	/** @pointer: user pointer to the structure; 0 asks for @size only */
	__u64 pointer;
};

/* ---------------------------------------------------------- buffer objects */

/** define DRM_NVDLA_BO_CACHED - CPU mappings are cached; use BO_SYNC */
#define DRM_NVDLA_BO_CACHED		0x1
/** define DRM_NVDLA_BO_NO_MMAP - never mapped by the CPU, nor exported */
#define DRM_NVDLA_BO_NO_MMAP		0x2
/** define DRM_NVDLA_BO_SRAM - lives in the device's SRAM; not exportable; keeps it powered */
#define DRM_NVDLA_BO_SRAM		0x4

/**
 * struct drm_nvdla_bo_create - DRM_IOCTL_NVDLA_BO_CREATE
 *
 * A new buffer reads as zeros. Without DRM_NVDLA_BO_CACHED its CPU mappings
 * are write-combined and need no DRM_IOCTL_NVDLA_BO_SYNC.
 *
 * Errors: -EINVAL size 0, unknown or contradicting flags (CACHED and SRAM);
 * -ENOMEM; -ENOSPC SRAM is full; -EOPNOTSUPP the device has no SRAM.
 */
struct drm_nvdla_bo_create {
	/** @size: in: bytes; out: rounded up to whole pages */
	__u64 size;
	/** @flags: DRM_NVDLA_BO_* */
	__u32 flags;
	/** @handle: out: GEM handle */
	__u32 handle;
};

/**
 * struct drm_nvdla_bo_mmap_offset - DRM_IOCTL_NVDLA_BO_MMAP_OFFSET
 *
 * Errors: -ENOENT no such handle, -EPERM DRM_NVDLA_BO_NO_MMAP, -EINVAL imported.
 */
struct drm_nvdla_bo_mmap_offset {
	/** @handle: GEM handle */
	__u32 handle;
	/** @pad: 0 */
	__u32 pad;
	/** @offset: out: offset for mmap() of the device node */
	__u64 offset;
};

/** define DRM_NVDLA_SYNC_TO_DEVICE - the CPU wrote, the device will read */
#define DRM_NVDLA_SYNC_TO_DEVICE	0x1
/** define DRM_NVDLA_SYNC_FROM_DEVICE - the device wrote, the CPU will read */
#define DRM_NVDLA_SYNC_FROM_DEVICE	0x2

/**
 * struct drm_nvdla_bo_sync - DRM_IOCTL_NVDLA_BO_SYNC
 *
 * Cleans or invalidates CPU caches; does nothing where memory is coherent and
 * for buffers without DRM_NVDLA_BO_CACHED. It waits for nothing.
 *
 * Errors: -ENOENT no such handle, -EINVAL flags, or range outside the buffer.
 */
struct drm_nvdla_bo_sync {
	/** @handle: GEM handle */
	__u32 handle;
	/** @flags: DRM_NVDLA_SYNC_*, at least one */
	__u32 flags;
	/** @offset: first byte */
	__u64 offset;
	/** @size: number of bytes, not 0 */
	__u64 size;
};

/** define DRM_NVDLA_WAIT_READ - until the CPU may read: writers are done */
#define DRM_NVDLA_WAIT_READ		0x1
/** define DRM_NVDLA_WAIT_WRITE - until the CPU may write: everybody is done */
#define DRM_NVDLA_WAIT_WRITE		0x2

/**
 * struct drm_nvdla_bo_wait - DRM_IOCTL_NVDLA_BO_WAIT
 *
 * Errors: -ENOENT no such handle, -EINVAL flags, -ETIME the time passed,
 * -ERESTARTSYS/-EINTR a signal came.
 */
struct drm_nvdla_bo_wait {
	/** @handle: GEM handle */
	__u32 handle;
	/** @flags: DRM_NVDLA_WAIT_*, at least one */
	__u32 flags;
	/** @timeout_ns: absolute CLOCK_MONOTONIC; in the past: only look */
	__s64 timeout_ns;
};

/* ---------------------------------------------------------------- programs */

/* Engines of an operation; the permitted sets are listed at drm_nvdla_op. */
/** define DRM_NVDLA_ENGINE_CONV - CDMA, CSC, CMAC_A, CMAC_B and CACC */
#define DRM_NVDLA_ENGINE_CONV		0x1
/** define DRM_NVDLA_ENGINE_SDP - SDP, and SDP_RDMA if it reads memory */
#define DRM_NVDLA_ENGINE_SDP		0x2
/** define DRM_NVDLA_ENGINE_PDP - PDP, and PDP_RDMA if not fed by SDP */
#define DRM_NVDLA_ENGINE_PDP		0x4
/** define DRM_NVDLA_ENGINE_CDP - CDP and CDP_RDMA */
#define DRM_NVDLA_ENGINE_CDP		0x8
/** define DRM_NVDLA_ENGINE_BDMA - bridge DMA */
#define DRM_NVDLA_ENGINE_BDMA		0x10
/** define DRM_NVDLA_ENGINE_RUBIK - reshape engine */
#define DRM_NVDLA_ENGINE_RUBIK		0x20

/**
 * struct drm_nvdla_reg - value of one register
 *
 * Registers of an operation that are not listed are written as 0. The kernel
 * alone writes, and refuses to find here: everything below D_OP_ENABLE of a
 * unit (S_POINTER, lookup table access ...), D_OP_ENABLE itself, every address
 * register (high and low), registers that hold only a RAM type, performance
 * enables and read-only registers, D_CYA, BDMA's CFG_OP, LAUNCH and STATUS.
 * RAM type bits that share a register with other fields must be 0. A register
 * may be listed once per operation.
 */
struct drm_nvdla_reg {
	/** @offset: CSB byte offset */
	__u32 offset;
	/** @value: its value */
	__u32 value;
};

/**
 * struct drm_nvdla_reloc - address of a buffer, to be filled in by the kernel
 *
 * Every address that an operation uses needs exactly one; addresses it does
 * not use need none and must have none. The kernel fills the low register
 * named here, the high register beside it, and the RAM type that goes with
 * the pair. @delta must be a multiple of &drm_nvdla_device_info.atomic_m.
 */
struct drm_nvdla_reloc {
	/** @reg: CSB byte offset of the low address register */
	__u32 reg;
	/** @slot: index of the slot */
	__u32 slot;
	/** @delta: bytes from the start of what is bound to the slot */
	__u64 delta;
};

/** define DRM_NVDLA_LUT_LE_ENTRIES - entries of the first table */
#define DRM_NVDLA_LUT_LE_ENTRIES	65
/** define DRM_NVDLA_LUT_LO_ENTRIES - entries of the second table */
#define DRM_NVDLA_LUT_LO_ENTRIES	257

/**
 * struct drm_nvdla_lut - contents of an engine's lookup tables
 *
 * The registers that go with the tables (S_LUT_CFG, S_LUT_INFO, S_LUT_LE_START
 * ... S_LUT_LO_SLOPE_SHIFT) are given as a range of the program's registers;
 * those not listed are written as 0. S_LUT_ACCESS_* are the kernel's.
 */
struct drm_nvdla_lut {
	/** @engine: DRM_NVDLA_ENGINE_SDP or DRM_NVDLA_ENGINE_CDP */
	__u32 engine;
	/** @flags: 0 */
	__u32 flags;
	/** @first_reg: index of the first register in the program's array */
	__u32 first_reg;
	/** @reg_count: number of registers */
	__u32 reg_count;
	/** @le: table LE: exponential or linear */
	__u16 le[DRM_NVDLA_LUT_LE_ENTRIES];
	/** @pad: 0 */
	__u16 pad;
	/** @lo: table LO: linear */
	__u16 lo[DRM_NVDLA_LUT_LO_ENTRIES];
	/** @pad2: 0 */
	__u16 pad2;
};

/**
 * struct drm_nvdla_op - one hardware operation
 *
 * Permitted engine sets: CONV|SDP, CONV|SDP|PDP, SDP, SDP|PDP, PDP, CDP, BDMA,
 * RUBIK. Engines of one operation work on the fly: CONV feeds SDP, SDP feeds
 * PDP. Operations that use the same engine run in the order of the program,
 * but the next may start reading before the previous has written everything,
 * and different engines run at the same time: name as a dependency every
 * operation whose result is read or whose input is overwritten.
 *
 * CBUF contents may be kept from one convolution to the next (SKIP_DATA_RLS,
 * DATA_REUSE and the same for weights) inside a program only. So may weights
 * that CDMA is told to fetch and CSC is not told to use: they are for the
 * convolutions behind, which take them in the order in which they came, with
 * the same division of the banks. There they lie beside those in use.
 */
struct drm_nvdla_op {
	/** @engines: DRM_NVDLA_ENGINE_* */
	__u32 engines;
	/** @flags: 0 */
	__u32 flags;
	/** @first_reg: index of its first register in the program's array */
	__u32 first_reg;
	/** @reg_count: number of registers */
	__u32 reg_count;
	/** @first_reloc: index of its first relocation */
	__u32 first_reloc;
	/** @reloc_count: number of relocations */
	__u32 reloc_count;
	/** @first_dep: index of its first dependency */
	__u32 first_dep;
	/** @dep_count: number of dependencies */
	__u32 dep_count;
	/**
	 * @lut: index of the tables to load, or -1. Needed by an SDP operation
	 * whose table is not bypassed and by every CDP operation; refused
	 * elsewhere. The kernel loads a table only when it is not there yet.
	 */
	__s32 lut;
	/** @pad: 0 */
	__u32 pad;
};

/** define DRM_NVDLA_ACCESS_READ - some operation reads the slot */
#define DRM_NVDLA_ACCESS_READ		0x1
/** define DRM_NVDLA_ACCESS_WRITE - some operation writes the slot */
#define DRM_NVDLA_ACCESS_WRITE		0x2

/**
 * struct drm_nvdla_slot_info - what a program does with a slot
 */
struct drm_nvdla_slot_info {
	/**
	 * @min_size: out: bytes from the start of the slot up to and with the
	 * last one that any operation reads or writes; 0: the slot is unused
	 */
	__u64 min_size;
	/** @access: out: DRM_NVDLA_ACCESS_* */
	__u32 access;
	/**
	 * @max_access: in: the most that the program may do with the slot,
	 * DRM_NVDLA_ACCESS_*; 0 means no restriction. A program that would do
	 * more is refused.
	 */
	__u32 max_access;
};

/**
 * enum drm_nvdla_fail - why a program was refused
 */
enum drm_nvdla_fail {
	/** @DRM_NVDLA_FAIL_NONE: it was not, or not by the validator */
	DRM_NVDLA_FAIL_NONE = 0,
	/** @DRM_NVDLA_FAIL_COUNT: a count is above its limit, or 0 operations */
	DRM_NVDLA_FAIL_COUNT,
	/** @DRM_NVDLA_FAIL_INDEX: a range or index leaves its array */
	DRM_NVDLA_FAIL_INDEX,
	/** @DRM_NVDLA_FAIL_FLAGS: unknown flag, or pad not 0 */
	DRM_NVDLA_FAIL_FLAGS,
	/** @DRM_NVDLA_FAIL_ENGINES: not a permitted engine set here */
	DRM_NVDLA_FAIL_ENGINES,
	/** @DRM_NVDLA_FAIL_DEPENDENCY: not an earlier operation */
	DRM_NVDLA_FAIL_DEPENDENCY,
	/** @DRM_NVDLA_FAIL_UNKNOWN_REG: no such register in these engines */
	DRM_NVDLA_FAIL_UNKNOWN_REG,
	/** @DRM_NVDLA_FAIL_KERNEL_REG: only the kernel may set this */
	DRM_NVDLA_FAIL_KERNEL_REG,
	/** @DRM_NVDLA_FAIL_DUPLICATE: register or relocation given twice */
	DRM_NVDLA_FAIL_DUPLICATE,
	/** @DRM_NVDLA_FAIL_BITS: bits that do not exist or are the kernel's */
	DRM_NVDLA_FAIL_BITS,
	/** @DRM_NVDLA_FAIL_VALUE: value not supported by the hardware */
	DRM_NVDLA_FAIL_VALUE,
	/** @DRM_NVDLA_FAIL_MISMATCH: contradicts another register */
	DRM_NVDLA_FAIL_MISMATCH,
	/** @DRM_NVDLA_FAIL_RELOC: relocation missing, unused or not an address */
	DRM_NVDLA_FAIL_RELOC,
	/** @DRM_NVDLA_FAIL_ALIGN: address or stride not a multiple of the atom */
	DRM_NVDLA_FAIL_ALIGN,
	/** @DRM_NVDLA_FAIL_OVERFLOW: extent beyond what can be addressed */
	DRM_NVDLA_FAIL_OVERFLOW,
	/** @DRM_NVDLA_FAIL_ACCESS: does more than &drm_nvdla_slot_info.max_access */
	DRM_NVDLA_FAIL_ACCESS,
	/** @DRM_NVDLA_FAIL_CBUF: does not fit the convolution buffer */
	DRM_NVDLA_FAIL_CBUF,
	/** @DRM_NVDLA_FAIL_REUSE: reuses or keeps CBUF data it may not */
	DRM_NVDLA_FAIL_REUSE,
	/** @DRM_NVDLA_FAIL_LUT: lookup table missing, superfluous or wrong */
	DRM_NVDLA_FAIL_LUT,
};

/**
 * struct drm_nvdla_program_create - DRM_IOCTL_NVDLA_PROGRAM_CREATE
 *
 * The arrays are copied and checked once; later changes in user memory have no
 * effect. On success @slots is filled in.
 *
 * Errors: -EINVAL refused, with @fail_op, @fail_reg and @fail_code saying
 * where and why; -E2BIG a count above its limit; -EFAULT, -ENOMEM.
 */
struct drm_nvdla_program_create {
	/** @ops: array of &struct drm_nvdla_op, at least one */
	struct drm_nvdla_obj_array ops;
	/** @regs: array of &struct drm_nvdla_reg */
	struct drm_nvdla_obj_array regs;
	/** @relocs: array of &struct drm_nvdla_reloc */
	struct drm_nvdla_obj_array relocs;
	/** @deps: array of __u32, indices of earlier operations */
	struct drm_nvdla_obj_array deps;
	/** @luts: array of &struct drm_nvdla_lut */
	struct drm_nvdla_obj_array luts;
	/** @slots: in and out: array of &struct drm_nvdla_slot_info */
	struct drm_nvdla_obj_array slots;
	/** @flags: 0 */
	__u32 flags;
	/** @handle: out: program handle, not 0 */
	__u32 handle;
	/** @fail_op: out: operation that was refused, or ~0 */
	__u32 fail_op;
	/** @fail_reg: out: CSB offset of the register to blame, or ~0 */
	__u32 fail_reg;
	/** @fail_code: out: &enum drm_nvdla_fail */
	__u32 fail_code;
	/** @pad: 0 */
	__u32 pad;
};

/**
 * struct drm_nvdla_program_destroy - DRM_IOCTL_NVDLA_PROGRAM_DESTROY
 *
 * Jobs that were queued with it keep it. Errors: -ENOENT, -EINVAL pad.
 */
struct drm_nvdla_program_destroy {
	/** @handle: program handle */
	__u32 handle;
	/** @pad: 0 */
	__u32 pad;
};

/* ---------------------------------------------------------------- contexts */

/**
 * enum drm_nvdla_priority - who goes first
 */
enum drm_nvdla_priority {
	/** @DRM_NVDLA_PRIORITY_LOW: background work */
	DRM_NVDLA_PRIORITY_LOW = 0,
	/** @DRM_NVDLA_PRIORITY_NORMAL: the usual */
	DRM_NVDLA_PRIORITY_NORMAL,
	/** @DRM_NVDLA_PRIORITY_HIGH: before others; needs CAP_SYS_NICE */
	DRM_NVDLA_PRIORITY_HIGH,
};

/**
 * struct drm_nvdla_ctx_create - DRM_IOCTL_NVDLA_CTX_CREATE
 *
 * Errors: -EINVAL unknown priority, mask with no existing core or with a core
 * that does not exist, timeout above the limit; -EACCES priority not
 * permitted; -ENOMEM; -ENOSPC too many contexts; -ENODEV none of its cores
 * works any more.
 */
struct drm_nvdla_ctx_create {
	/** @priority: &enum drm_nvdla_priority */
	__u32 priority;
	/** @core_mask: bit n: may run on core n; 0: on all */
	__u32 core_mask;
	/** @timeout_ms: a job without progress for so long hangs; 0: default */
	__u32 timeout_ms;
	/** @handle: out: context handle, not 0 */
	__u32 handle;
};

/**
 * struct drm_nvdla_ctx_destroy - DRM_IOCTL_NVDLA_CTX_DESTROY
 *
 * Queued jobs still run. Errors: -ENOENT, -EINVAL pad.
 */
struct drm_nvdla_ctx_destroy {
	/** @handle: context handle */
	__u32 handle;
	/** @pad: 0 */
	__u32 pad;
};

/** define DRM_NVDLA_CTX_GUILTY - a job of this context hung or faulted */
#define DRM_NVDLA_CTX_GUILTY		0x1
/** define DRM_NVDLA_CTX_RESET - a core was reset while its job ran there */
#define DRM_NVDLA_CTX_RESET		0x2

/**
 * struct drm_nvdla_ctx_get_state - DRM_IOCTL_NVDLA_CTX_GET_STATE
 *
 * A guilty context accepts no more jobs; make a new one. Errors: -ENOENT.
 */
struct drm_nvdla_ctx_get_state {
	/** @handle: context handle */
	__u32 handle;
	/** @flags: out: DRM_NVDLA_CTX_* */
	__u32 flags;
	/** @jobs_queued: out: jobs accepted so far */
	__u64 jobs_queued;
	/** @jobs_done: out: jobs finished so far, with or without error */
	__u64 jobs_done;
	/** @fail_op: out: operation that hung, or ~0 */
	__u32 fail_op;
	/** @fail_errno: out: positive errno of the guilty job, or 0 */
	__u32 fail_errno;
};

/**
 * struct drm_nvdla_ctx_set_qos - DRM_IOCTL_NVDLA_CTX_SET_QOS
 *
 * Hints that keep the clock from falling below what the context's jobs need,
 * as far as their cost so far tells; before the first has ended that is the
 * highest clock. The contexts' needs add up. They promise nothing, heat and
 * the administrator's limits go before, and 0 takes a hint back.
 *
 * Without operating points they have no effect. Errors: -ENOENT, -EINVAL pad.
 */
struct drm_nvdla_ctx_set_qos {
	/** @handle: context handle */
	__u32 handle;
	/** @latency_us: microseconds that a job may take on its core, 0: any */
	__u32 latency_us;
	/** @frames_per_second: jobs to be run each second, 0: not known */
	__u32 frames_per_second;
	/** @pad: 0 */
	__u32 pad;
};

/* -------------------------------------------------------------------- jobs */

/**
 * struct drm_nvdla_bind - the buffer in one slot of a program
 *
 * A slot with min_size 0 may have handle, offset and size 0.
 */
struct drm_nvdla_bind {
	/** @handle: GEM handle */
	__u32 handle;
	/** @pad: 0 */
	__u32 pad;
	/** @offset: first byte; a multiple of &drm_nvdla_device_info.bind_align */
	__u64 offset;
	/** @size: bytes; at least the slot's min_size */
	__u64 size;
};

/** define DRM_NVDLA_SYNC_WAIT - wait for it before the job starts */
#define DRM_NVDLA_SYNC_WAIT		0x1
/** define DRM_NVDLA_SYNC_SIGNAL - signal it when the job has ended */
#define DRM_NVDLA_SYNC_SIGNAL		0x2
/** define DRM_NVDLA_SYNC_TIMELINE - a point of a timeline syncobj */
#define DRM_NVDLA_SYNC_TIMELINE		0x4

/**
 * struct drm_nvdla_sync - fence in or out
 */
struct drm_nvdla_sync {
	/** @flags: exactly one of WAIT and SIGNAL, and perhaps TIMELINE */
	__u32 flags;
	/** @handle: syncobj handle */
	__u32 handle;
	/** @point: of the timeline; 0 without TIMELINE, not 0 to signal one */
	__u64 point;
};

/** define DRM_NVDLA_JOB_PROFILE - record times and stalls per operation */
#define DRM_NVDLA_JOB_PROFILE		0x1
/** define DRM_NVDLA_JOB_NO_IMPLICIT - take no notice of buffers' fences */
#define DRM_NVDLA_JOB_NO_IMPLICIT	0x2

/**
 * struct drm_nvdla_job - one job
 *
 * Without NO_IMPLICIT a job waits for the writers of every buffer it reads and
 * for everybody who uses a buffer it writes; in either case it adds its own
 * fence to every buffer.
 */
struct drm_nvdla_job {
	/** @program: program handle */
	__u32 program;
	/** @flags: DRM_NVDLA_JOB_* */
	__u32 flags;
	/** @perfmon: recorder for DRM_NVDLA_JOB_PROFILE, else 0 */
	__u32 perfmon;
	/** @pad: 0 */
	__u32 pad;
	/** @binds: array of &struct drm_nvdla_bind, one per slot */
	struct drm_nvdla_obj_array binds;
	/** @syncs: array of &struct drm_nvdla_sync */
	struct drm_nvdla_obj_array syncs;
};

/**
 * struct drm_nvdla_submit - DRM_IOCTL_NVDLA_SUBMIT
 *
 * Jobs are queued in order; jobs of one context start in order. If one is
 * refused, those before it stay queued (@jobs_queued tells how many) and those
 * after it are not looked at. The job's fence carries -ETIME (hang), -EIO
 * (device error), -ECANCELED (its context became guilty before it ran) or
 * -ENODEV (device gone, or every core that the context may use).
 *
 * Errors: -ENOENT no such context, program, buffer, recorder or syncobj;
 * -EINVAL counts, sizes, alignment, flags, an SRAM buffer beside another in
 * one image; -EPERM an imported buffer that may not be written; -EIO guilty
 * context; -E2BIG a count above its limit; -EBUSY recorder in use; -ENODEV
 * device gone, or no core of the context works; -EFAULT; -ENOMEM.
 */
struct drm_nvdla_submit {
	/** @ctx: context handle */
	__u32 ctx;
	/** @flags: 0 */
	__u32 flags;
	/** @jobs: array of &struct drm_nvdla_job, at least one */
	struct drm_nvdla_obj_array jobs;
	/** @jobs_queued: out: how many were queued */
	__u32 jobs_queued;
	/** @pad: 0 */
	__u32 pad;
};

/* --------------------------------------------------------------- profiling */

/**
 * struct drm_nvdla_perfmon_create - DRM_IOCTL_NVDLA_PERFMON_CREATE
 *
 * A recorder belongs to one job at a time. Errors: -EINVAL, -E2BIG, -ENOMEM.
 */
struct drm_nvdla_perfmon_create {
	/** @max_ops: records it has room for, 1 to max_ops of the device */
	__u32 max_ops;
	/** @flags: 0 */
	__u32 flags;
	/** @handle: out: recorder handle, not 0 */
	__u32 handle;
	/** @pad: 0 */
	__u32 pad;
};

/**
 * struct drm_nvdla_perfmon_destroy - DRM_IOCTL_NVDLA_PERFMON_DESTROY
 */
struct drm_nvdla_perfmon_destroy {
	/** @handle: recorder handle */
	__u32 handle;
	/** @pad: 0 */
	__u32 pad;
};

/**
 * struct drm_nvdla_op_profile - what one operation cost
 *
 * Times are CLOCK_MONOTONIC as seen by the driver. The stall counters are the
 * hardware's, 0 for engines that took no part.
 */
struct drm_nvdla_op_profile {
	/** @start_ns: when it was enabled */
	__u64 start_ns;
	/** @end_ns: when its last engine reported the end; 0: it did not run */
	__u64 end_ns;
	/** @cycles: core cycles between its predecessors' end and its own */
	__u64 cycles;
	/** @core: core that ran it */
	__u32 core;
	/** @engines: DRM_NVDLA_ENGINE_* */
	__u32 engines;
	/** @data_stall: cycles that CDMA waited to read data */
	__u32 data_stall;
	/** @weight_stall: cycles that CDMA waited to read weights */
	__u32 weight_stall;
	/** @read_stall: cycles that the other read DMAs waited, added up */
	__u32 read_stall;
	/** @write_stall: cycles that write DMAs waited, added up */
	__u32 write_stall;
	/** @saturated: outputs that SDP's output converter saturated */
	__u32 saturated;
	/** @pad: 0 */
	__u32 pad;
};

/**
 * struct drm_nvdla_perfmon_get_values - DRM_IOCTL_NVDLA_PERFMON_GET_VALUES
 *
 * Errors: -ENOENT, -EBUSY its job has not ended, -EFAULT, -EINVAL.
 */
struct drm_nvdla_perfmon_get_values {
	/** @handle: recorder handle */
	__u32 handle;
	/** @flags: 0 */
	__u32 flags;
	/** @values: out: array of &struct drm_nvdla_op_profile */
	struct drm_nvdla_obj_array values;
	/** @op_count: out: operations of the last job; more may exist than fit */
	__u32 op_count;
	/** @pad: 0 */
	__u32 pad;
};

#define DRM_NVDLA_IOWR(nr, type) \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_NVDLA_##nr, struct drm_nvdla_##type)

#define DRM_IOCTL_NVDLA_DEV_QUERY		DRM_NVDLA_IOWR(DEV_QUERY, dev_query)
#define DRM_IOCTL_NVDLA_BO_CREATE		DRM_NVDLA_IOWR(BO_CREATE, bo_create)
#define DRM_IOCTL_NVDLA_BO_MMAP_OFFSET		DRM_NVDLA_IOWR(BO_MMAP_OFFSET, bo_mmap_offset)
#define DRM_IOCTL_NVDLA_BO_SYNC			DRM_NVDLA_IOWR(BO_SYNC, bo_sync)
#define DRM_IOCTL_NVDLA_BO_WAIT			DRM_NVDLA_IOWR(BO_WAIT, bo_wait)
#define DRM_IOCTL_NVDLA_PROGRAM_CREATE		DRM_NVDLA_IOWR(PROGRAM_CREATE, program_create)
#define DRM_IOCTL_NVDLA_PROGRAM_DESTROY		DRM_NVDLA_IOWR(PROGRAM_DESTROY, program_destroy)
#define DRM_IOCTL_NVDLA_CTX_CREATE		DRM_NVDLA_IOWR(CTX_CREATE, ctx_create)
#define DRM_IOCTL_NVDLA_CTX_DESTROY		DRM_NVDLA_IOWR(CTX_DESTROY, ctx_destroy)
#define DRM_IOCTL_NVDLA_CTX_GET_STATE		DRM_NVDLA_IOWR(CTX_GET_STATE, ctx_get_state)
#define DRM_IOCTL_NVDLA_SUBMIT			DRM_NVDLA_IOWR(SUBMIT, submit)
#define DRM_IOCTL_NVDLA_PERFMON_CREATE		DRM_NVDLA_IOWR(PERFMON_CREATE, perfmon_create)
#define DRM_IOCTL_NVDLA_PERFMON_DESTROY		DRM_NVDLA_IOWR(PERFMON_DESTROY, perfmon_destroy)
#define DRM_IOCTL_NVDLA_PERFMON_GET_VALUES \
	DRM_NVDLA_IOWR(PERFMON_GET_VALUES, perfmon_get_values)
#define DRM_IOCTL_NVDLA_CTX_SET_QOS		DRM_NVDLA_IOWR(CTX_SET_QOS, ctx_set_qos)

#if defined(__cplusplus)
}
#endif

#endif /* _NVDLA_ACCEL_H_ */
