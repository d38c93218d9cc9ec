// SPDX-License-Identifier: MIT
#include "npu_kernels.h"

/* Fastest first; the last one runs everything everywhere. */
static const struct npu_kernels *const kernels[] = {
	&npu_kernels_fast,
	&npu_kernels_reference,
};

const struct npu_kernels *npu_kernels_best(const struct npu_op *op)
{
	const size_t last = sizeof(kernels) / sizeof(kernels[0]) - 1;
	size_t i;

	for (i = 0; i < last; i++) {
		if ((!kernels[i]->usable || kernels[i]->usable()) &&
		    (!kernels[i]->supports || kernels[i]->supports(op)))
			return kernels[i];
	}
	return kernels[last];
}
