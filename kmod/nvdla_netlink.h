/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Generic netlink family "nvdla": state of devices for who asks, events as
 * they happen. The messages are those of
 * Documentation/netlink/specs/nvdla.yaml.
 */
#ifndef _NVDLA_NETLINK_H_
#define _NVDLA_NETLINK_H_

struct nvdla_core;
struct nvdla_device;
struct nvdla_job;

int nvdla_netlink_register(void);
void nvdla_netlink_unregister(void);

/* A device can be asked about from here on. 0, -ENOMEM, -EBUSY. */
int nvdla_netlink_add(struct nvdla_device *nvdla);
/* No more; returns when nobody is asking. Harmless for one that was not added. */
void nvdla_netlink_remove(struct nvdla_device *nvdla);

/*
 * Events; process context. They don't wait for memory: what cannot be sent is
 * missing in the events' numbers.
 */
/* The job hung, or with another @error than -ETIME, faulted. */
void nvdla_netlink_hang(struct nvdla_core *core, const struct nvdla_job *job, int error);
/* A reset because of the job ended with @error. */
void nvdla_netlink_reset(struct nvdla_core *core, const struct nvdla_job *job, int error);
void nvdla_netlink_wedged(struct nvdla_core *core, int error);
void nvdla_netlink_gone(struct nvdla_device *nvdla);
void nvdla_netlink_frequency(struct nvdla_device *nvdla, u64 old_hz, u64 hz);
/* The temperature passed the limit; both in thousandths of a degree Celsius. */
void nvdla_netlink_thermal(struct nvdla_device *nvdla, int temperature, int limit);
/* The current process got no buffer of @size bytes through its client. */
void nvdla_netlink_memory_pressure(struct nvdla_device *nvdla, u64 client, bool sram, u64 size);

#endif /* _NVDLA_NETLINK_H_ */
