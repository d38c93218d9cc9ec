// SPDX-License-Identifier: MIT
/*
 * Artefacts with damage: bytes changed, cut off, sections moved, the hash made
 * right again so that everything behind it is reached. None may crash the
 * loader, nor a run on the CPU of what it accepts. Arguments: ARTEFACT SECONDS
 * [SEED]; build with SAN=address,undefined to see more.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <accel/model.h>

#include "libaccel/compile/artefact.h"

static uint64_t state;

static uint32_t next(void)
{
	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(state >> 33);
}

static const uint32_t values[] = {
	0, 1, 2, 7, 8, 64, 127, 128, 255, 256, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff,
	0x80000000, 0xfffffff8, 0xffffffff,
};

static void change(uint8_t *data, size_t size)
{
	unsigned int count = 1 + next() % 4;

	while (count--) {
		/* Tables lie before the weights: most changes go there. */
		size_t at = next() % (next() % 4 ? size / 8 + 64 : size);

		if (at + 4 > size)
			continue;
		switch (next() % 3) {
		case 0:
			data[at] ^= 1u << next() % 8;
			break;
		case 1:
			memcpy(data + at / 4 * 4,
			       &values[next() % (sizeof(values) / sizeof(values[0]))], 4);
			break;
		default:
			data[at] = next();
		}
	}
}

static void run(struct accel_model *model, struct accel_device *device)
{
	struct accel_session *session;
	uint32_t i;

	for (i = 0; accel_model_config(model, i); i++) {
		struct accel_session_params params = {
			.size = sizeof(params), .config = accel_model_config(model, i),
		};
		struct accel_model_summary summary = { .size = sizeof(summary) };
		const void *data;

		accel_model_summary(model, params.config, &summary);
		/* What asks for much memory or work is legal, but takes too long here. */
		if (summary.macs > 100000000 || summary.arena > 64 << 20)
			continue;
		if (accel_session_create(model, device, &params, &session))
			continue;
		accel_session_run(session);
		accel_session_output(session, 0, &data);
		accel_session_destroy(session);
	}
}

int main(int argc, char **argv)
{
	struct accel_device *device;
	struct accel_model *model;
	unsigned long tries = 0, accepted = 0;
	time_t end;
	size_t size;
	uint8_t *whole, *copy;
	FILE *file;

	if (argc < 3 || !(file = fopen(argv[1], "rbe")))
		return 2;
	end = time(NULL) + atoi(argv[2]);
	state = argc > 3 ? strtoull(argv[3], NULL, 0) : 1;
	fseek(file, 0, SEEK_END);
	size = ftell(file);
	rewind(file);
	whole = malloc(size);
	copy = malloc(size);
	if (!whole || !copy || fread(whole, 1, size, file) != size ||
	    accel_open("cpu", &device))
		return 2;
	fclose(file);
	while (time(NULL) < end) {
		size_t length = size;

		memcpy(copy, whole, size);
		change(copy, size);
		if (next() % 16 == 0)
			length = next() % size;
		if (next() % 16 && length >= sizeof(struct artefact_header)) {
			struct artefact_header *header = (void *)copy;

			header->magic = ARTEFACT_MAGIC;
			header->version = ARTEFACT_VERSION;
			header->size = length;
			header->hash = XXH3_64bits(copy + sizeof(*header),
						   length - sizeof(*header));
		}
		tries++;
		if (accel_model_load_memory(copy, length, &model))
			continue;
		accepted++;
		run(model, device);
		accel_model_unref(model);
	}
	printf("# %lu artefacts, %lu of them loaded\n", tries, accepted);
	accel_close(device);
	free(whole);
	free(copy);
	return !tries;
}
