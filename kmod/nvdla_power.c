// SPDX-License-Identifier: GPL-2.0-only
/*
 * The clock of the cores. The governor looks at the busiest core; contexts may
 * hint how often and how fast their jobs have to run, which together with what
 * these jobs cost so far gives a lowest clock; heat gives a highest.
 */
#include <drm/drm_managed.h>
#include <drm/drm_file.h>
#include <drm/drm_print.h>
#include <linux/math64.h>
#include <linux/pm_opp.h>

#include "nvdla_drv.h"
#include "nvdla_netlink.h"
#include "nvdla_power.h"

/*
 * The governor looks so often. Above UP percent it takes the highest clock; a
 * lower one is such that the load stays below UP - DOWN / 2.
 */
#define POLLING_MS	20
#define UP		60
#define DOWN		10

/* A lowest clock leaves room for what the driver does between jobs. */
#define MARGIN_PERCENT	115

#define LIMIT_MC	85000
#define HYSTERESIS_MC	5000
#define HOT_POLL_MS	100
#define COOL_POLL_MS	1000

/* ------------------------------------------------------------- the clock */

/* Note the operating points, from the highest down; return how many there are. */
static unsigned int list_points(struct nvdla_device *nvdla)
{
	struct nvdla_power *power = &nvdla->power;
	unsigned long hz = ULONG_MAX;

	for (power->point_count = 0; power->point_count < NVDLA_MAX_POINTS; hz--) {
		struct dev_pm_opp *opp = dev_pm_opp_find_freq_floor(nvdla->dev, &hz);

		if (IS_ERR(opp))
			break;
		dev_pm_opp_put(opp);
		power->points[power->point_count++] = hz;
	}
	return power->point_count;
}

static int target(struct device *dev, unsigned long *freq, u32 flags)
{
	struct nvdla_device *nvdla = dev_get_drvdata(dev);
	struct nvdla_power *power = &nvdla->power;
	struct dev_pm_opp *opp = devfreq_recommended_opp(dev, freq, flags);
	unsigned long old = power->hz;
	int ret = 0;

	if (IS_ERR(opp))
		return PTR_ERR(opp);
	dev_pm_opp_put(opp);
	scoped_guard(mutex, &power->lock) {
		if (*freq == old)
			return 0;
		/* While it is off there is nothing to set; nvdla_power_on() will. */
		if (power->on)
			ret = nvdla->glue->set_rate(nvdla, *freq);
		if (!ret)
			WRITE_ONCE(power->hz, *freq);
	}
	if (ret)
		*freq = old;
	else
		nvdla_netlink_frequency(nvdla, old, *freq);
	return ret;
}

static int get_cur_freq(struct device *dev, unsigned long *freq)
{
	struct nvdla_device *nvdla = dev_get_drvdata(dev);

	*freq = READ_ONCE(nvdla->power.hz);
	return 0;
}

static int get_dev_status(struct device *dev, struct devfreq_dev_status *status)
{
	struct nvdla_device *nvdla = dev_get_drvdata(dev);
	struct nvdla_power *power = &nvdla->power;
	ktime_t now = ktime_get();
	u64 most = 0, passed;
	unsigned int i;

	for (i = 0; i < nvdla->core_count; i++) {
		u64 ns = nvdla_usage_of_core(&nvdla->cores[i]);

		most = max(most, ns - power->busy_ns[i]);
		power->busy_ns[i] = ns;
	}
	passed = ktime_to_ns(ktime_sub(now, power->looked));
	power->looked = now;
	status->busy_time = div_u64(min(most, passed), NSEC_PER_USEC);
	status->total_time = div_u64(passed, NSEC_PER_USEC);
	status->current_frequency = READ_ONCE(power->hz);
	return 0;
}

int nvdla_power_on(struct nvdla_device *nvdla)
{
	struct nvdla_power *power = &nvdla->power;
	int ret = 0;

	scoped_guard(mutex, &power->lock) {
		if (power->hz)
			ret = nvdla->glue->set_rate(nvdla, power->hz);
		power->on = !ret;
	}
	guard(mutex)(&power->choice);
	if (!ret && power->devfreq) {
		power->looked = ktime_get();
		devfreq_resume_device(power->devfreq);
	}
	return ret;
}

void nvdla_power_off(struct nvdla_device *nvdla)
{
	struct nvdla_power *power = &nvdla->power;

	scoped_guard(mutex, &power->choice) {
		if (power->devfreq)
			devfreq_suspend_device(power->devfreq);
	}
	guard(mutex)(&power->lock);
	power->on = false;
}

/* ----------------------------------------------------------------- hints */

/* Cycles a second that a context's hints ask for. */
static u64 wanted_hz(const struct nvdla_ctx *ctx, u64 highest)
{
	u64 cycles = atomic64_read(&ctx->job_cycles), latency = 0, rate;
	u32 us = READ_ONCE(ctx->latency_us), per_second = READ_ONCE(ctx->frames_per_second);

	if (!us && !per_second)
		return 0;
	/* What its jobs cost is not known before one has ended. */
	if (!cycles)
		return highest;
	if (us)
		latency = mul_u64_u64_div_u64(cycles, USEC_PER_SEC, us);
	rate = min(cycles, U32_MAX) * per_second;
	return min(max(latency, rate), highest);
}

static void set_floor(struct work_struct *work)
{
	struct nvdla_device *nvdla = container_of(work, struct nvdla_device, power.floor_work);
	struct nvdla_power *power = &nvdla->power;
	u64 highest = power->points[0], sum = 0;
	struct nvdla_ctx *ctx;
	unsigned long id;
	s32 khz;

	guard(mutex)(&power->choice);
	if (!power->devfreq)
		return;
	xa_lock(&nvdla->contexts);
	xa_for_each(&nvdla->contexts, id, ctx)
		sum += wanted_hz(ctx, highest);
	xa_unlock(&nvdla->contexts);
	khz = div_u64(min(div_u64(sum * MARGIN_PERCENT, 100), highest), 1000);
	if (khz == power->floor_khz)
		return;
	power->floor_khz = khz;
	dev_pm_qos_update_request(&power->floor, khz);
}

void nvdla_power_hints_changed(struct nvdla_device *nvdla)
{
	if (READ_ONCE(nvdla->power.devfreq))
		schedule_work(&nvdla->power.floor_work);
}

/* The dearest job counts, and is forgotten by and by. */
u64 nvdla_power_job_done(struct nvdla_ctx *ctx, u64 ns)
{
	struct nvdla_device *nvdla = ctx->file->nvdla;
	u64 cycles = mul_u64_u64_div_u64(ns, READ_ONCE(nvdla->power.hz), NSEC_PER_SEC);
	u64 known = atomic64_read(&ctx->job_cycles);

	atomic64_set(&ctx->job_cycles, max(cycles, known - (known >> 4)));
	if ((READ_ONCE(ctx->latency_us) || READ_ONCE(ctx->frames_per_second)) && cycles != known)
		nvdla_power_hints_changed(nvdla);
	return cycles;
}

int nvdla_ioctl_ctx_set_qos(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct drm_nvdla_ctx_set_qos *args = data;
	struct nvdla_ctx *ctx;

	if (args->pad)
		return -EINVAL;
	ctx = nvdla_ctx_find(file->driver_priv, args->handle);
	if (!ctx)
		return -ENOENT;
	WRITE_ONCE(ctx->latency_us, args->latency_us);
	WRITE_ONCE(ctx->frames_per_second, args->frames_per_second);
	nvdla_power_hints_changed(to_nvdla(drm));
	nvdla_ctx_put(ctx);
	return 0;
}

/* ------------------------------------------------------------------ heat */

static int get_max_state(struct thermal_cooling_device *cooling, unsigned long *state)
{
	struct nvdla_device *nvdla = cooling->devdata;

	*state = nvdla->power.point_count - 1;
	return 0;
}

static int get_cur_state(struct thermal_cooling_device *cooling, unsigned long *state)
{
	struct nvdla_device *nvdla = cooling->devdata;

	*state = READ_ONCE(nvdla->power.cooling_state);
	return 0;
}

/* The thermal core calls it for one state after another. */
static int set_cur_state(struct thermal_cooling_device *cooling, unsigned long state)
{
	struct nvdla_device *nvdla = cooling->devdata;
	struct nvdla_power *power = &nvdla->power;
	int ret;

	if (state >= power->point_count)
		return -EINVAL;
	ret = dev_pm_qos_update_request(&power->ceiling, power->points[state] / 1000);
	if (ret < 0)
		return ret;
	WRITE_ONCE(power->cooling_state, state);
	return 0;
}

static const struct thermal_cooling_device_ops cooling_ops = {
	.get_max_state = get_max_state,
	.get_cur_state = get_cur_state,
	.set_cur_state = set_cur_state,
};

/* devfreq's own cooling device is there only for nodes of a device tree. */
static void add_cooling(struct nvdla_device *nvdla, const char *name)
{
	struct nvdla_power *power = &nvdla->power;
	struct thermal_cooling_device *cooling;

	if (power->profile.is_cooling_device)
		return;
	if (dev_pm_qos_add_request(nvdla->dev, &power->ceiling, DEV_PM_QOS_MAX_FREQUENCY,
				   PM_QOS_MAX_FREQUENCY_DEFAULT_VALUE) < 0)
		return;
	cooling = thermal_cooling_device_register(name, nvdla, &cooling_ops);
	if (IS_ERR(cooling)) {
		drm_warn(&nvdla->drm, "no cooling device: %pe\n", cooling);
		dev_pm_qos_remove_request(&power->ceiling);
		return;
	}
	power->cooling = cooling;
}

static void remove_cooling(struct nvdla_power *power)
{
	if (!power->cooling)
		return;
	thermal_cooling_device_unregister(power->cooling);
	power->cooling = NULL;
	dev_pm_qos_remove_request(&power->ceiling);
}

static int get_temp(struct thermal_zone_device *zone, int *temperature)
{
	struct nvdla_device *nvdla = thermal_zone_device_priv(zone);
	struct nvdla_power *power = &nvdla->power;
	bool passed;
	int limit;

	scoped_guard(mutex, &power->lock) {
		/* A device that is off cools down; it is not woken to say so. */
		if (power->on)
			power->temperature = nvdla->glue->temperature(nvdla);
		*temperature = power->temperature;
		limit = power->limit - (power->hot ? HYSTERESIS_MC : 0);
		passed = power->hot != (*temperature >= limit);
		power->hot ^= passed;
	}
	if (passed)
		nvdla_netlink_thermal(nvdla, *temperature, limit);
	return 0;
}

static int set_trip_temp(struct thermal_zone_device *zone, const struct thermal_trip *trip,
			 int temperature)
{
	struct nvdla_device *nvdla = thermal_zone_device_priv(zone);

	guard(mutex)(&nvdla->power.lock);
	nvdla->power.limit = temperature;
	return 0;
}

static bool should_bind(struct thermal_zone_device *zone, const struct thermal_trip *trip,
			struct thermal_cooling_device *cooling, struct cooling_spec *spec)
{
	struct nvdla_device *nvdla = thermal_zone_device_priv(zone);

	return cooling == nvdla->power.cooling;
}

static const struct thermal_zone_device_ops zone_ops = {
	.should_bind = should_bind,
	.get_temp = get_temp,
	.set_trip_temp = set_trip_temp,
};

static void add_zone(struct nvdla_device *nvdla, const char *name)
{
	const struct thermal_trip trip = {
		.temperature = LIMIT_MC,
		.hysteresis = HYSTERESIS_MC,
		.type = THERMAL_TRIP_PASSIVE,
		.flags = THERMAL_TRIP_FLAG_RW_TEMP,
	};
	struct thermal_zone_device *zone;

	if (!nvdla->glue->temperature)
		return;
	zone = thermal_zone_device_register_with_trips(name, &trip, 1, nvdla, &zone_ops, NULL,
						       HOT_POLL_MS, COOL_POLL_MS);
	if (IS_ERR(zone)) {
		drm_warn(&nvdla->drm, "no thermal zone: %pe\n", zone);
		return;
	}
	nvdla->power.zone = zone;
	thermal_zone_device_enable(zone);
}

/* -------------------------------------------------------- life and death */

static void stop_work(struct drm_device *drm, void *data)
{
	cancel_work_sync(&to_nvdla(drm)->power.floor_work);
}

int nvdla_power_init(struct nvdla_device *nvdla)
{
	struct nvdla_power *power = &nvdla->power;
	int ret;

	power->limit = LIMIT_MC;
	INIT_WORK(&power->floor_work, set_floor);
	ret = drmm_mutex_init(&nvdla->drm, &power->lock);
	if (!ret)
		ret = drmm_mutex_init(&nvdla->drm, &power->choice);
	return ret ?: drmm_add_action_or_reset(&nvdla->drm, stop_work, NULL);
}

void nvdla_power_add(struct nvdla_device *nvdla)
{
	struct nvdla_power *power = &nvdla->power;
	struct devfreq *devfreq;
	unsigned long hz;
	char name[THERMAL_NAME_LENGTH];

	if (!nvdla->glue->set_rate || list_points(nvdla) < 2)
		return;
	hz = power->points[0];
	scoped_guard(mutex, &power->lock)
		power->hz = hz;
	power->looked = ktime_get();
	power->ondemand.upthreshold = UP;
	power->ondemand.downdifferential = DOWN;
	power->profile.initial_freq = hz;
	power->profile.polling_ms = POLLING_MS;
	power->profile.timer = DEVFREQ_TIMER_DELAYED;
	power->profile.target = target;
	power->profile.get_dev_status = get_dev_status;
	power->profile.get_cur_freq = get_cur_freq;
	power->profile.is_cooling_device = nvdla->dev->of_node;
	devfreq = devfreq_add_device(nvdla->dev, &power->profile, DEVFREQ_GOV_SIMPLE_ONDEMAND,
				     &power->ondemand);
	if (IS_ERR(devfreq)) {
		drm_warn(&nvdla->drm, "the clock stays at %lu MHz: no devfreq: %pe\n",
			 hz / 1000000, devfreq);
		return;
	}
	if (dev_pm_qos_add_request(nvdla->dev, &power->floor, DEV_PM_QOS_MIN_FREQUENCY, 0) < 0) {
		drm_warn(&nvdla->drm, "the clock stays at %lu MHz: no PM QoS\n", hz / 1000000);
		devfreq_remove_device(devfreq);
		return;
	}
	scoped_guard(mutex, &power->choice)
		WRITE_ONCE(power->devfreq, devfreq);
	snprintf(name, sizeof(name), "nvdla%d", nvdla->drm.accel->index);
	add_cooling(nvdla, name);
	add_zone(nvdla, name);
	nvdla_power_hints_changed(nvdla);
}

void nvdla_power_remove(struct nvdla_device *nvdla)
{
	struct nvdla_power *power = &nvdla->power;
	struct devfreq *devfreq = power->devfreq;

	if (!devfreq)
		return;
	if (power->zone)
		thermal_zone_device_unregister(power->zone);
	power->zone = NULL;
	remove_cooling(power);
	scoped_guard(mutex, &power->choice)
		WRITE_ONCE(power->devfreq, NULL);
	dev_pm_qos_remove_request(&power->floor);
	devfreq_remove_device(devfreq);
}
