// SPDX-License-Identifier: MIT
#include "cli.h"

int cli_fill_input(struct accel_session *session, const struct accel_model *model,
		   uint32_t index, uint32_t seed)
{
	struct accel_tensor_info info = { .size = sizeof(info) };
	uint64_t state = (uint64_t)seed + 1, i;
	void *data = NULL;
	int ret = accel_model_input(model, index, &info);

	if (!ret)
		ret = accel_session_input(session, index, &data);
	if (ret)
		return ret;
	for (i = 0; i < info.bytes; i++) {
		state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		((uint8_t *)data)[i] = state >> 56;
	}
	for (i = 0; info.type == ACCEL_F32 && i < info.bytes / sizeof(float); i++)
		((float *)data)[i] = ((uint8_t *)data)[i * 4] / 127.5f - 1;

	return 0;
}
