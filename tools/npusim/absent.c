// SPDX-License-Identifier: MIT
/*
 * Answers for units that are not linked in: they refuse to run.
 */
#include <errno.h>

#include "core.h"

#define WEAK __attribute__((weak))

static int refuse(struct sim_core *core, enum nvdla_unit unit)
{
	return sim_fail(core, -ENOSYS, unit, nvdla_units[unit].first_grouped < NVDLA_WINDOW_SIZE ?
			nvdla_units[unit].first_grouped : 0, "this unit is not modelled");
}

WEAK int sim_sdp_run(struct sim_core *core, unsigned int group, unsigned int rdma_group,
		     const struct sim_cube *acc, struct sim_cube *out, struct sim_cost *cost)
{
	(void)group, (void)rdma_group, (void)acc, (void)out, (void)cost;
	return refuse(core, NVDLA_SDP);
}

WEAK int sim_pdp_run(struct sim_core *core, unsigned int group, unsigned int rdma_group,
		     const struct sim_cube *in, struct sim_cost *cost)
{
	(void)group, (void)rdma_group, (void)in, (void)cost;
	return refuse(core, NVDLA_PDP);
}

WEAK int sim_cdp_run(struct sim_core *core, unsigned int group, unsigned int rdma_group,
		     struct sim_cost *cost)
{
	(void)group, (void)rdma_group, (void)cost;
	return refuse(core, NVDLA_CDP);
}

WEAK int sim_rubik_run(struct sim_core *core, unsigned int group, struct sim_cost *cost)
{
	(void)group, (void)cost;
	return refuse(core, NVDLA_RUBIK);
}

WEAK int sim_bdma_run(struct sim_core *core, unsigned int group, struct sim_cost *cost)
{
	(void)group, (void)cost;
	return refuse(core, NVDLA_BDMA);
}

WEAK void sim_bdma_done(struct sim_core *core, unsigned int group)
{
	(void)core, (void)group;
}

WEAK void sim_sdp_csb_write(struct sim_core *core, uint32_t off, uint32_t value)
{
	(void)core, (void)off, (void)value;
}

WEAK uint32_t sim_sdp_csb_read(struct sim_core *core, uint32_t off)
{
	return sim_reg(core, NVDLA_SDP, 0, off);
}

WEAK void sim_cdp_csb_write(struct sim_core *core, uint32_t off, uint32_t value)
{
	(void)core, (void)off, (void)value;
}

WEAK uint32_t sim_cdp_csb_read(struct sim_core *core, uint32_t off)
{
	return sim_reg(core, NVDLA_CDP, 0, off);
}

WEAK void sim_bdma_csb_write(struct sim_core *core, uint32_t off, uint32_t value)
{
	(void)core, (void)off, (void)value;
}

WEAK uint32_t sim_bdma_csb_read(struct sim_core *core, uint32_t off)
{
	return sim_reg(core, NVDLA_BDMA, 0, off);
}
