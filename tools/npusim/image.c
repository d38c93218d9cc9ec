// SPDX-License-Identifier: MIT
/*
 * Image input: pixels from memory into CBUF.
 */
#include <errno.h>

#include "conv.h"

int sim_image_load(struct sim_core *core, unsigned int group, struct sim_fetch *fetch,
		   struct sim_cost *cost)
{
	(void)group;
	(void)fetch;
	(void)cost;
	return sim_fail(core, -ENOSYS, NVDLA_CDMA, CDMA_D_DATAIN_FORMAT, "DATAIN_FORMAT PIXEL");
}
