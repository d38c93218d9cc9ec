// SPDX-License-Identifier: MIT
/*
 * Record, then replay: the scripts hold on npusim-replay, and would not if
 * the results were others.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../../kmod/hw/nvdla_board_regs.h"
#include "job.h"
#include "suites.h"

#define JOBS	3

static void clear_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	char path[512];

	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (entry->d_name[0] != '.')
			unlink(path);
	}
	closedir(dir);
	rmdir(folder);
}

static int replay(const char *config, const char *folder, const char *script)
{
	const char *program = getenv("NPUSIM_REPLAY");
	char command[1024];

	assert_non_null(program);
	snprintf(command, sizeof(command), "'%s' --config %s '%s/%s' >/dev/null 2>&1", program,
		 config, folder, script);

	return system(command);
}

/* Lines of a script that begin with a word. */
static unsigned int count_lines(const char *folder, const char *script, const char *word)
{
	char path[512], line[256];
	unsigned int count = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, script);
	file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		count += !strncmp(line, word, strlen(word));
	fclose(file);

	return count;
}

/* Change a byte in the middle of an image. */
static void spoil(const char *folder, const char *image)
{
	char path[512];
	FILE *file;
	long size;
	int byte;

	snprintf(path, sizeof(path), "%s/%s", folder, image);
	file = fopen(path, "r+b");
	assert_non_null(file);
	fseek(file, 0, SEEK_END);
	size = ftell(file);
	assert_true(size > 0);
	fseek(file, size / 2, SEEK_SET);
	byte = fgetc(file);
	fseek(file, size / 2, SEEK_SET);
	fputc(byte ^ 0x55, file);
	fclose(file);
}

static void record_and_replay(const char *config, unsigned int cores)
{
	char folder[] = "/tmp/nvdla-record.XXXXXX", script[32], image[32];
	struct board_params params = { .config = config, .cores = cores };
	struct served served;
	struct client client;
	unsigned int core, round;
	struct job job;
	int event;

	assert_non_null(mkdtemp(folder));
	params.record = folder;
	served_start(&served, &params);
	client_open(&client, served.path);
	assert_int_equal(client_map(&client, 0x1000000, 0, CLIENT_MEMORY,
				    VFIO_MAP_READ | VFIO_MAP_WRITE, true), 0);
	for (core = 0; core < cores; core++) {
		event = client_vector(&client, VFIO_IRQ_MSIX, core);
		/* The same addresses with other contents each time. */
		for (round = 0; round < JOBS; round++) {
			job_init(&job, config, 0x1000000, round + 10 * core);
			job_load(&job, client.memory);
			/* The last one goes into a script of its own. */
			if (round == JOBS - 1)
				job_reset_core(&client, core);
			job_start(&job, &client, core);
			assert_true(job_wait(&job, &client, core, event));
			assert_int_equal(job_check(&job, client.memory + 3 * (JOB_SIZE / 4)), 0);
			job_fini(&job);
		}
		close(event);
	}
	client_close(&client);
	served_stop(&served);

	for (core = 0; core < cores; core++) {
		for (round = 0; round < 2; round++) {
			unsigned int jobs = round ? 1 : JOBS - 1;

			snprintf(script, sizeof(script), "core%u-%03u.npu", core, round);
			assert_int_equal(replay(config, folder, script), 0);
			assert_true(count_lines(folder, script, "wfi") >= jobs);
			assert_true(count_lines(folder, script, "crc") >= jobs);
			assert_true(count_lines(folder, script, "load") >= 3 * jobs);
		}
		snprintf(script, sizeof(script), "core%u-%03u.npu", core, 1);
		snprintf(image, sizeof(image), "core%u-%03u-%05u.bin", core, 1, 1);
		spoil(folder, image);
		assert_int_not_equal(replay(config, folder, script), 0);
	}
	clear_folder(folder);
}

static void test_one_core(void **state)
{
	(void)state;
	record_and_replay("nv_small", 1);
}

static void test_two_cores(void **state)
{
	(void)state;
	record_and_replay("nv_large", 2);
}

int run_record_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_core),
		cmocka_unit_test(test_two_cores),
	};

	return cmocka_run_group_tests_name("record and replay", tests, NULL, NULL);
}
