// SPDX-License-Identifier: MIT
/*
 * Container Device Interface, https://github.com/cncf-tags/container-device-interface:
 * podman, containerd and Kubernetes read such a file from /etc/cdi and hand the
 * device to containers that ask for `nvdla.org/npu=0`.
 */
#include <stdio.h>
#include <string.h>

#include "accel-info.h"

static cJSON *edits(const struct accel_device_info *const *infos, unsigned int count)
{
	cJSON *object = cJSON_CreateObject();
	cJSON *nodes = object ? cJSON_AddArrayToObject(object, "deviceNodes") : NULL;
	unsigned int i;

	for (i = 0; nodes && i < count; i++) {
		cJSON *node = cJSON_CreateObject();

		if (!node || !cJSON_AddStringToObject(node, "path",
						      infos[i]->name + strlen("drm:")) ||
		    !cJSON_AddStringToObject(node, "permissions", "rw")) {
			cJSON_Delete(node);
			nodes = NULL;
			break;
		}
		cJSON_AddItemToArray(nodes, node);
	}
	if (!nodes) {
		cJSON_Delete(object);
		return NULL;
	}

	return object;
}

static bool add_device(cJSON *list, const char *name, const struct accel_device_info *const *infos,
		       unsigned int count)
{
	cJSON *device = cJSON_CreateObject(), *contents = edits(infos, count);

	if (!device || !contents || !cJSON_AddStringToObject(device, "name", name)) {
		cJSON_Delete(device);
		cJSON_Delete(contents);
		return false;
	}
	cJSON_AddItemToObject(device, "containerEdits", contents);
	cJSON_AddItemToArray(list, device);

	return true;
}

cJSON *cdi_specification(const struct accel_device_info *infos, unsigned int count)
{
	const struct accel_device_info *nodes[64];
	cJSON *object = cJSON_CreateObject(), *list;
	unsigned int i, used = 0;
	bool good;

	if (!object)
		return NULL;
	good = cJSON_AddStringToObject(object, "cdiVersion", "0.5.0") &&
	       cJSON_AddStringToObject(object, "kind", "nvdla.org/npu");
	list = good ? cJSON_AddArrayToObject(object, "devices") : NULL;
	for (i = 0; list && i < count && good; i++) {
		const struct accel_device_info *info = &infos[i];
		char name[16];

		/* Only device nodes can be handed on. */
		if (info->backend != ACCEL_BACKEND_DRM || strncmp(info->name, "drm:/", 5))
			continue;
		snprintf(name, sizeof(name), "%u", used);
		nodes[used++] = info;
		good = add_device(list, name, &info, 1);
	}
	if (list && good && used)
		good = add_device(list, "all", nodes, used);
	if (!list || !good) {
		cJSON_Delete(object);
		return NULL;
	}

	return object;
}
