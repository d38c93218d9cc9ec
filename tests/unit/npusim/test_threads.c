// SPDX-License-Identifier: MIT
/*
 * Registers may be accessed while another thread runs the core, and cores run
 * at the same time. Worth most under -fsanitize=thread.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench_host.h"

#define OPERATIONS	12

struct poker {
	struct bench *bench;
	bool stop;
	unsigned long accesses;
};

/* What an interrupt handler and a monitor do, over and over. */
static void *poke(void *arg)
{
	struct poker *poker = arg;
	struct npusim_counters counters;
	struct bench *bench = poker->bench;

	while (!__atomic_load_n(&poker->stop, __ATOMIC_ACQUIRE)) {
		bench_read(bench, NVDLA_GLB, GLB_S_INTR_STATUS);
		bench_read(bench, NVDLA_CSC, CSC_S_STATUS);
		bench_read(bench, NVDLA_CACC, CACC_D_OUT_SATURATION);
		bench_read(bench, NVDLA_SDP, SDP_D_STATUS);
		bench_write(bench, NVDLA_MCIF, MCIF_CFG_RD_WEIGHT_0, 7);
		bench_write(bench, NVDLA_CDP, CDP_D_CYA, 1);
		npusim_get_counters(bench->sim, 0, &counters);
		npusim_cycles(bench->sim, 0);
		__atomic_add_fetch(&poker->accesses, 8, __ATOMIC_RELAXED);
	}

	return NULL;
}

static void registers_while_running(void **state)
{
	struct bench_conv conv;
	struct poker poker;
	struct bench bench;
	pthread_t thread;
	unsigned int i;
	uint8_t *want;

	(void)state;
	assert_int_equal(bench_new("nv_large", 5, &bench), 0);
	poker = (struct poker){ .bench = &bench };
	assert_int_equal(pthread_create(&thread, NULL, poke, &poker), 0);
	for (i = 0; i < OPERATIONS || !__atomic_load_n(&poker.accesses, __ATOMIC_RELAXED); i++) {
		bench.used = 0;
		bench_conv_random(&bench, i % 3 == 0, &conv);
		bench_conv_program(&bench, &conv, i & 1);
		assert_int_equal(bench_wait(&bench, 0x150001u << (i & 1)), 0);
		want = malloc(conv.out_bytes);
		assert_non_null(want);
		bench_conv_expect(&bench, &conv, want);
		assert_memory_equal(bench_at(&bench, conv.out), want, conv.out_bytes);
		free(want);
	}
	__atomic_store_n(&poker.stop, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	bench_free(&bench);
}

/* Simulators of their own, side by side. */
static void *work(void *arg)
{
	const char *config = arg;
	struct bench_conv conv;
	struct bench bench;
	unsigned int i, bad = 0;
	uint8_t *want;

	if (bench_new(config, 3, &bench))
		return (void *)config;
	for (i = 0; i < OPERATIONS && !bad; i++) {
		bench.used = 0;
		bench_conv_random(&bench, i & 1, &conv);
		bench_conv_program(&bench, &conv, i & 1);
		want = malloc(conv.out_bytes);
		bad = !want || bench_wait(&bench, 0x150001u << (i & 1));
		if (!bad) {
			bench_conv_expect(&bench, &conv, want);
			bad = memcmp(bench_at(&bench, conv.out), want, conv.out_bytes);
		}
		free(want);
	}
	bench_free(&bench);

	return bad ? (void *)config : NULL;
}

static void side_by_side(void **state)
{
	static const char *const configs[] = { "nv_small", "nv_small_256", "nv_large", "nv_large" };
	pthread_t threads[4];
	unsigned int i;
	void *result;

	(void)state;
	for (i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, work, (void *)configs[i]), 0);
	for (i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(threads[i], &result), 0);
		assert_null(result);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(registers_while_running),
		cmocka_unit_test(side_by_side),
	};

	return cmocka_run_group_tests_name("threads", tests, NULL, NULL);
}
