// SPDX-License-Identifier: MIT
/*
 * Faults on demand: each does what its name says, and nothing else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../../kmod/hw/nvdla_board_regs.h"
#include "../../../tools/npusim/board/fault.h"
#include "job.h"
#include "suites.h"

#define CONTROL		NVDLA_BOARD_BAR_CONTROL
#define ANY		NVDLA_BOARD_FAULT_ANY

/* A board with two cores, a client, a job and its interrupts. */
struct bench {
	struct served served;
	struct client client;
	struct job job;
	int done[2], event;
};

static void bench_start(struct bench *bench)
{
	static const struct board_params params = { .config = "nv_large", .cores = 2 };

	served_start(&bench->served, &params);
	client_open(&bench->client, bench->served.path);
	job_init(&bench->job, "nv_large", 0, 11);
	job_load(&bench->job, bench->client.memory);
	assert_int_equal(client_map(&bench->client, 0, 0, CLIENT_MEMORY,
				    VFIO_MAP_READ | VFIO_MAP_WRITE, true), 0);
	bench->done[0] = client_vector(&bench->client, VFIO_IRQ_MSIX, 0);
	bench->done[1] = client_vector(&bench->client, VFIO_IRQ_MSIX, 1);
	bench->event = client_vector(&bench->client, VFIO_IRQ_MSIX, 2);
	client_write(&bench->client, CONTROL, NVDLA_BOARD_EVENT_ENABLE, 7);
}

static void bench_stop(struct bench *bench)
{
	close(bench->done[0]);
	close(bench->done[1]);
	close(bench->event);
	job_fini(&bench->job);
	client_close(&bench->client);
	served_stop(&bench->served);
}

static uint32_t arm(struct bench *bench, const struct fault *fault)
{
	struct client *client = &bench->client;

	client_write(client, CONTROL, NVDLA_BOARD_FAULT_KIND, fault->kind);
	client_write(client, CONTROL, NVDLA_BOARD_FAULT_CORE, fault->core);
	client_write(client, CONTROL, NVDLA_BOARD_FAULT_UNIT, fault->unit);
	client_write(client, CONTROL, NVDLA_BOARD_FAULT_TIMES, fault->times);
	client_write(client, CONTROL, NVDLA_BOARD_FAULT_SKIP, fault->skip);
	client_write(client, CONTROL, NVDLA_BOARD_FAULT_ARG, fault->arg);
	client_write(client, CONTROL, NVDLA_BOARD_FAULT_ADDR, (uint32_t)fault->addr);
	client_write(client, CONTROL, NVDLA_BOARD_FAULT_ADDR + 4, (uint32_t)(fault->addr >> 32));
	client_write(client, CONTROL, NVDLA_BOARD_FAULT_SIZE, (uint32_t)fault->size);
	client_write(client, CONTROL, NVDLA_BOARD_FAULT_SIZE + 4, (uint32_t)(fault->size >> 32));
	client_write(client, CONTROL, NVDLA_BOARD_FAULT_ARM, 1);

	return client_read(client, CONTROL, NVDLA_BOARD_FAULT_ARM);
}

/* A job on a core comes out right. */
static void assert_works(struct bench *bench, unsigned int core)
{
	uint8_t *output = bench->client.memory + 3 * (JOB_SIZE / 4);

	memset(output, 0, bench->job.sizes.output);
	job_start(&bench->job, &bench->client, core);
	assert_true(job_wait(&bench->job, &bench->client, core, bench->done[core]));
	assert_int_equal(job_check(&bench->job, output), 0);
}

static void test_hang(void **state)
{
	struct bench bench;
	uint32_t status;

	(void)state;
	bench_start(&bench);
	assert_int_not_equal(arm(&bench, &(struct fault) { .kind = NVDLA_BOARD_FAULT_HANG, .core = 0,
						.unit = NVDLA_SDP, .times = 1 }), 0);
	job_start(&bench.job, &bench.client, 0);
	/* The other core does not notice. */
	assert_works(&bench, 1);
	usleep(50000);
	job_acknowledge(&bench.job, &bench.client, 0);
	status = client_read(&bench.client, NVDLA_BOARD_BAR_CSB,
			     bench.job.config->base[NVDLA_SDP] + NVDLA_S_STATUS);
	assert_int_equal(status & 3, 1);
	assert_int_equal(client_read(&bench.client, CONTROL, NVDLA_BOARD_FAULT_HITS), 1);
	assert_int_equal(client_read(&bench.client, CONTROL, NVDLA_BOARD_FAULT_ARMED), 0);
	job_reset_core(&bench.client, 0);
	assert_works(&bench, 0);
	bench_stop(&bench);
}

static void test_lost_interrupt(void **state)
{
	struct bench bench;

	(void)state;
	bench_start(&bench);
	assert_int_not_equal(arm(&bench, &(struct fault) { .kind = NVDLA_BOARD_FAULT_LOST_IRQ,
						.core = 1, .unit = ANY }), 0);
	job_start(&bench.job, &bench.client, 1);
	assert_false(client_event(bench.done[1], 200));
	/* The line is high all the same. */
	assert_int_equal(client_read(&bench.client, CONTROL, NVDLA_BOARD_INTR_STATUS), 2);
	client_write(&bench.client, CONTROL, NVDLA_BOARD_FAULT_CLEAR, ANY);
	job_acknowledge(&bench.job, &bench.client, 1);
	assert_works(&bench, 1);
	bench_stop(&bench);
}

static void test_spurious_interrupt(void **state)
{
	struct bench bench;

	(void)state;
	bench_start(&bench);
	assert_int_not_equal(arm(&bench, &(struct fault) { .kind = NVDLA_BOARD_FAULT_SPURIOUS_IRQ,
						.core = 1, .unit = ANY, .times = 1 }), 0);
	assert_true(client_event(bench.done[1], 1000));
	assert_int_equal(client_read(&bench.client, CONTROL, NVDLA_BOARD_INTR_STATUS), 0);
	assert_works(&bench, 1);
	bench_stop(&bench);
}

static void test_bus_error(void **state)
{
	struct bench bench;

	(void)state;
	bench_start(&bench);
	/* Beside everything: nothing happens. */
	assert_int_not_equal(arm(&bench, &(struct fault) { .kind = NVDLA_BOARD_FAULT_BUS_ERROR,
						.core = ANY, .unit = ANY, .times = 1,
						.addr = JOB_SIZE, .size = 4096 }), 0);
	assert_works(&bench, 0);
	/* In the weights, from the second transfer on. */
	assert_int_not_equal(arm(&bench, &(struct fault) { .kind = NVDLA_BOARD_FAULT_BUS_ERROR,
						.core = 0, .unit = ANY, .times = 1,
						.addr = JOB_SIZE / 4, .size = 64 }), 0);
	job_start(&bench.job, &bench.client, 0);
	assert_true(client_event(bench.event, 10000));
	assert_int_equal(client_read(&bench.client, CONTROL, NVDLA_BOARD_ERROR_CODE),
			 NVDLA_BOARD_ERROR_BUS);
	assert_in_range(client_read(&bench.client, CONTROL, NVDLA_BOARD_ERROR_ADDR), JOB_SIZE / 4,
			JOB_SIZE / 4 + 63);
	job_reset_core(&bench.client, 0);
	assert_works(&bench, 0);
	bench_stop(&bench);
}

static void test_bit_flips(void **state)
{
	struct bench bench;

	(void)state;
	bench_start(&bench);
	assert_int_not_equal(arm(&bench, &(struct fault) { .kind = NVDLA_BOARD_FAULT_BIT_FLIP,
						.core = 0, .unit = ANY, .times = 1,
						.addr = JOB_SIZE / 4 + 32, .size = 32 }), 0);
	assert_works(&bench, 0);
	assert_true(client_event(bench.event, 1000));
	assert_int_equal(client_read(&bench.client, CONTROL, NVDLA_BOARD_ERROR_CODE),
			 NVDLA_BOARD_ERROR_ECC_CORRECTED);
	assert_int_equal(client_read(&bench.client, CONTROL, NVDLA_BOARD_ERROR_ADDR),
			 JOB_SIZE / 4 + 32);
	client_write(&bench.client, CONTROL, NVDLA_BOARD_ERROR_POP, 1);
	client_write(&bench.client, CONTROL, NVDLA_BOARD_EVENT_STATUS, 7);
	/* All weights that are read, uncorrected: wrong results, but no stop. */
	assert_int_not_equal(arm(&bench, &(struct fault) { .kind = NVDLA_BOARD_FAULT_BIT_FLIP,
						.core = 0, .unit = ANY, .arg = 1,
						.addr = JOB_SIZE / 4,
						.size = bench.job.sizes.weights }), 0);
	job_start(&bench.job, &bench.client, 0);
	assert_true(job_wait(&bench.job, &bench.client, 0, bench.done[0]));
	assert_int_not_equal(job_check(&bench.job, bench.client.memory + 3 * (JOB_SIZE / 4)), 0);
	assert_int_equal(client_read(&bench.client, CONTROL, NVDLA_BOARD_ERROR_CODE),
			 NVDLA_BOARD_ERROR_ECC_FATAL);
	client_write(&bench.client, CONTROL, NVDLA_BOARD_FAULT_CLEAR, ANY);
	assert_works(&bench, 0);
	bench_stop(&bench);
}

static void test_removal(void **state)
{
	struct bench bench;

	(void)state;
	bench_start(&bench);
	/* The seven units of a job, and then the first of the next. */
	assert_int_not_equal(arm(&bench, &(struct fault) { .kind = NVDLA_BOARD_FAULT_REMOVAL,
						.core = ANY, .unit = ANY, .times = 1,
						.skip = 7 }), 0);
	assert_works(&bench, 0);
	job_start(&bench.job, &bench.client, 0);
	assert_int_equal(client_read(&bench.client, CONTROL, NVDLA_BOARD_MAGIC), 0xffffffff);
	assert_int_equal(client_read(&bench.client, VFIO_REGION_CONFIG, 0), 0xffffffff);
	assert_false(client_event(bench.done[0], 100));
	/* Who plugs it in again finds it as new. */
	client_close(&bench.client);
	client_open(&bench.client, bench.served.path);
	assert_int_equal(client_read(&bench.client, CONTROL, NVDLA_BOARD_MAGIC),
			 NVDLA_BOARD_MAGIC_VALUE);
	bench_stop(&bench);
}

static uint32_t modelled_cycles(struct bench *bench)
{
	const uint32_t core = NVDLA_BOARD_CORE(0);

	client_write(&bench->client, CONTROL, core + NVDLA_BOARD_CORE_LATCH, 1);

	return client_read(&bench->client, CONTROL, core + NVDLA_BOARD_CORE_CYCLES);
}

static void test_slow_memory(void **state)
{
	struct bench bench;
	uint32_t fast, slow;

	(void)state;
	bench_start(&bench);
	assert_works(&bench, 0);
	fast = modelled_cycles(&bench);
	assert_int_not_equal(arm(&bench, &(struct fault) { .kind = NVDLA_BOARD_FAULT_SLOW,
						.core = ANY, .unit = ANY, .arg = 100 }), 0);
	assert_works(&bench, 0);
	slow = modelled_cycles(&bench) - fast;
	assert_true(slow > 10 * fast);
	client_write(&bench.client, CONTROL, NVDLA_BOARD_FAULT_CLEAR, ANY);
	assert_works(&bench, 0);
	assert_true(modelled_cycles(&bench) - slow - fast < 2 * fast);
	bench_stop(&bench);
}

static void test_stuck_reset(void **state)
{
	const uint32_t control = NVDLA_BOARD_CORE(0) + NVDLA_BOARD_CORE_CONTROL;
	struct bench bench;

	(void)state;
	bench_start(&bench);
	assert_int_not_equal(arm(&bench, &(struct fault) { .kind = NVDLA_BOARD_FAULT_HANG, .core = 0,
						.unit = ANY, .times = 1 }), 0);
	assert_int_not_equal(arm(&bench, &(struct fault) { .kind = NVDLA_BOARD_FAULT_RESET,
						.core = 0, .unit = ANY, .times = 1 }), 0);
	job_start(&bench.job, &bench.client, 0);
	client_write(&bench.client, CONTROL, control, NVDLA_BOARD_CORE_RESET);
	usleep(20000);
	assert_int_equal(client_read(&bench.client, CONTROL, control), NVDLA_BOARD_CORE_RESET);
	assert_works(&bench, 1);
	/* The next one works. */
	job_reset_core(&bench.client, 0);
	assert_int_equal(client_read(&bench.client, CONTROL, control), 0);
	assert_works(&bench, 0);
	bench_stop(&bench);
}

static void test_senseless_faults(void **state)
{
	static const char *const wrong[] = {
		"", "hang2", "hang,core", "hang,core=", "hang,core=x", "hang,core=32",
		"hang,unit=XYZ", "hang,times=99999999999", "slow,arg=-1",
		"bus-error,addr=0xffffffffffffffff,size=2", "hang,,core=1=2",
	};
	const char *problem;
	struct bench bench;
	struct fault fault;
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_not_equal(fault_parse(wrong[i], &fault, &problem), 0);
	assert_int_equal(fault_parse("bus-error,core=3,addr=0x1000,size=64,skip=2,times=5,arg=1",
				     &fault, &problem), 0);
	assert_int_equal(fault.kind, NVDLA_BOARD_FAULT_BUS_ERROR);
	assert_int_equal(fault.core, 3);
	assert_int_equal(fault.addr, 0x1000);
	assert_int_equal(fault_parse("hang,unit=cdma", &fault, &problem), 0);
	assert_int_equal(fault.unit, NVDLA_CDMA);

	bench_start(&bench);
	assert_int_equal(arm(&bench, &(struct fault) { .kind = 0, .core = ANY, .unit = ANY }), 0);
	assert_int_equal(arm(&bench, &(struct fault) { .kind = 99, .core = ANY, .unit = ANY }), 0);
	assert_int_equal(arm(&bench, &(struct fault) { .kind = 1, .core = 40, .unit = ANY }), 0);
	assert_int_equal(arm(&bench, &(struct fault) { .kind = 1, .core = ANY, .unit = 99 }), 0);
	for (i = 0; i < 32; i++)
		assert_int_equal(arm(&bench, &(struct fault) { .kind = NVDLA_BOARD_FAULT_HANG,
							.core = 1, .unit = NVDLA_PDP }), i + 1);
	assert_int_equal(arm(&bench, &(struct fault) { .kind = NVDLA_BOARD_FAULT_HANG, .core = 1,
						.unit = NVDLA_PDP }), 0);
	client_write(&bench.client, CONTROL, NVDLA_BOARD_RESET, NVDLA_BOARD_RESET_KEY);
	assert_int_equal(client_read(&bench.client, CONTROL, NVDLA_BOARD_FAULT_ARMED), 0);
	bench_stop(&bench);
}

int run_fault_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hang),
		cmocka_unit_test(test_lost_interrupt),
		cmocka_unit_test(test_spurious_interrupt),
		cmocka_unit_test(test_bus_error),
		cmocka_unit_test(test_bit_flips),
		cmocka_unit_test(test_removal),
		cmocka_unit_test(test_slow_memory),
		cmocka_unit_test(test_stuck_reset),
		cmocka_unit_test(test_senseless_faults),
	};

	return cmocka_run_group_tests_name("faults on demand", tests, NULL, NULL);
}
