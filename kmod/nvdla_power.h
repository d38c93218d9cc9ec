/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The clock of the cores: devfreq, what contexts hint, cooling, and off.
 */
#ifndef _NVDLA_POWER_H_
#define _NVDLA_POWER_H_

#include <linux/devfreq.h>
#include <linux/mutex.h>
#include <linux/pm_qos.h>
#include <linux/thermal.h>
#include <linux/workqueue.h>

#include "nvdla_core.h"

struct drm_device;
struct drm_file;
struct nvdla_ctx;
struct nvdla_device;

/* Devices without a job for so long are turned off. */
#define NVDLA_AUTOSUSPEND_MS	250

#define NVDLA_MAX_POINTS	16

/**
 * struct nvdla_power - the clock of a device
 * @lock: protects @on, @hz and @hot, held while the clock is changed. No other
 *	lock of the driver is taken under it
 * @on: the device is powered
 * @hz: what the clock is while it is on; 0 if it cannot be set
 * @hot: the temperature is above @limit
 * @temperature: what it was when it was read last
 * @limit: temperature above which the clock is lowered
 * @choice: held while @devfreq comes, goes, sleeps or wakes, and while @floor is
 *	set; taken before any lock of devfreq, and these before @lock
 * @devfreq: chooses the clock, NULL if it stays
 * @profile: for @devfreq
 * @ondemand: for its governor
 * @looked: when @busy_ns was taken
 * @busy_ns: by core
 * @points: operating points in Hz, from the highest down
 * @point_count: number of @points
 * @ceiling: highest clock that heat allows, in kHz
 * @cooling: lowers @ceiling for thermal zones, NULL if devfreq has such a device
 * @cooling_state: points that it forbids
 * @zone: thermal zone, NULL where the glue knows no temperature
 * @floor: lowest clock that the contexts' hints allow, in kHz
 * @floor_khz: what @floor was set to
 * @floor_work: sets @floor anew
 */
struct nvdla_power {
	struct mutex lock;	/* see above */
	bool on;
	unsigned long hz;
	bool hot;
	int temperature;
	int limit;
	struct mutex choice;	/* see above */
	struct devfreq *devfreq;
	struct devfreq_dev_profile profile;
	struct devfreq_simple_ondemand_data ondemand;
	ktime_t looked;
	u64 busy_ns[NVDLA_MAX_CORES];
	unsigned long points[NVDLA_MAX_POINTS];
	unsigned int point_count;
	struct dev_pm_qos_request ceiling;
	struct thermal_cooling_device *cooling;
	unsigned long cooling_state;
	struct thermal_zone_device *zone;
	struct dev_pm_qos_request floor;
	s32 floor_khz;
	struct work_struct floor_work;
};

int nvdla_power_init(struct nvdla_device *nvdla);

/*
 * The device was registered, or is about to be removed: let devfreq choose its
 * clock, or no more. Without operating points or governor the clock stays.
 */
void nvdla_power_add(struct nvdla_device *nvdla);
void nvdla_power_remove(struct nvdla_device *nvdla);

/* Powered, before the cores are reset; and about to be turned off. */
int nvdla_power_on(struct nvdla_device *nvdla);
void nvdla_power_off(struct nvdla_device *nvdla);

/* A job of the context occupied its core for so long: in cycles. Any context. */
u64 nvdla_power_job_done(struct nvdla_ctx *ctx, u64 ns);
/* Hints changed, or a context with some is gone. Any context. */
void nvdla_power_hints_changed(struct nvdla_device *nvdla);

int nvdla_ioctl_ctx_set_qos(struct drm_device *drm, void *data, struct drm_file *file);

#endif /* _NVDLA_POWER_H_ */
