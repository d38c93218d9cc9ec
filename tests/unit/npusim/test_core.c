// SPDX-License-Identifier: MIT
/*
 * Registers, groups, interrupts and what waits for what, on every
 * configuration.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench_host.h"

#define EACH_CONFIG(config) \
	for ((config) = nvdla_configs; (config)->name; (config)++)

static void parameters(void **state)
{
	struct npusim_params params = { .config = "nv_tiny", .cores = 1 };
	struct npusim *sim;

	(void)state;
	assert_int_equal(npusim_new(&params, &sim), -EINVAL);
	params.config = "nv_small";
	params.cores = 33;
	assert_int_equal(npusim_new(&params, &sim), -EINVAL);
	params.cores = 0;
	assert_int_equal(npusim_new(&params, &sim), -EINVAL);
	params.cores = 4;
	assert_int_equal(npusim_new(&params, &sim), 0);
	assert_int_equal(npusim_reg_read(sim, 4, 0x1000), 0);
	assert_int_equal(npusim_reg_read(sim, 3, 0x1000), 0x303031);
	npusim_free(sim);
	npusim_free(NULL);
}

/* After reset every register has its value; ones stick exactly where they may. */
static void register_bits(void **state)
{
	const struct nvdla_config *config;
	unsigned int unit, i;
	struct bench bench;

	(void)state;
	EACH_CONFIG(config) {
		assert_int_equal(bench_new(config->name, 1, &bench), 0);
		for (unit = NVDLA_MCIF; unit < NVDLA_UNITS; unit++) {
			const struct nvdla_unit_desc *desc = &nvdla_units[unit];

			/* These have registers that do more than keep a value. */
			if (config->base[unit] == NVDLA_NO_UNIT || unit == NVDLA_BDMA)
				continue;
			for (i = 0; i < desc->count; i++) {
				const struct nvdla_reg_desc *reg = &desc->regs[i];
				bool lut = (unit == NVDLA_SDP || unit == NVDLA_CDP) &&
					   reg->offset < desc->first_grouped;
				uint32_t want = (reg->reset & ~reg->writable) | reg->writable;

				if (reg->offset == desc->first_grouped || lut ||
				    !strcmp(reg->name, "S_CBUF_FLUSH_STATUS"))
					continue;
				assert_int_equal(bench_read(&bench, unit, reg->offset), reg->reset);
				if (reg->offset == NVDLA_S_POINTER)
					continue;
				bench_write(&bench, unit, reg->offset, 0xffffffff);
				assert_int_equal(bench_read(&bench, unit, reg->offset), want);
			}
		}
		assert_int_equal(npusim_reg_read(bench.sim, 0, 0x3ffffffc), 0);
		npusim_reg_write(bench.sim, 0, 0x3ffffffc, 1);
		bench_free(&bench);
	}
}

static void groups(void **state)
{
	struct bench bench;

	(void)state;
	assert_int_equal(bench_new("nv_small", 1, &bench), 0);
	bench_write(&bench, NVDLA_CSC, CSC_S_POINTER, 0);
	bench_write(&bench, NVDLA_CSC, CSC_D_ATOMICS, 11);
	bench_write(&bench, NVDLA_CSC, CSC_S_POINTER, 1);
	assert_int_equal(bench_read(&bench, NVDLA_CSC, CSC_D_ATOMICS), 1);
	bench_write(&bench, NVDLA_CSC, CSC_D_ATOMICS, 22);
	bench_write(&bench, NVDLA_CSC, CSC_D_OP_ENABLE, 1);
	/* Group 1 waits behind group 0 and takes no more writes. */
	assert_int_equal(bench_read(&bench, NVDLA_CSC, CSC_S_STATUS), 0x20000);
	bench_write(&bench, NVDLA_CSC, CSC_D_ATOMICS, 33);
	bench_write(&bench, NVDLA_CSC, CSC_D_OP_ENABLE, 0);
	assert_int_equal(bench_read(&bench, NVDLA_CSC, CSC_D_ATOMICS), 22);
	assert_int_equal(bench_read(&bench, NVDLA_CSC, CSC_D_OP_ENABLE), 1);
	bench_write(&bench, NVDLA_CSC, CSC_S_POINTER, 0);
	assert_int_equal(bench_read(&bench, NVDLA_CSC, CSC_D_ATOMICS), 11);
	assert_int_equal(bench_read(&bench, NVDLA_CSC, CSC_S_POINTER), 0);
	assert_int_equal(npusim_run(bench.sim, 0, 1000), NPUSIM_STALLED);
	bench_write(&bench, NVDLA_CSC, CSC_D_OP_ENABLE, 1);
	assert_int_equal(bench_read(&bench, NVDLA_CSC, CSC_S_STATUS), 0x20001);
	npusim_reset(bench.sim, 0);
	assert_int_equal(bench_read(&bench, NVDLA_CSC, CSC_S_STATUS), 0);
	assert_int_equal(npusim_run(bench.sim, 0, 1000), NPUSIM_IDLE);
	bench_free(&bench);
}

static void interrupts(void **state)
{
	const struct nvdla_config *config;
	struct bench bench;

	(void)state;
	EACH_CONFIG(config) {
		uint32_t bits = config->features & NVDLA_FEAT_BDMA ? 0x3f03ff : 0x3f003f;

		assert_int_equal(bench_new(config->name, 1, &bench), 0);
		bench_write(&bench, NVDLA_GLB, GLB_S_INTR_MASK, 0xffffffff);
		assert_int_equal(bench_read(&bench, NVDLA_GLB, GLB_S_INTR_MASK), config->intr_mask);
		/* Masked bits show, but raise no interrupt. */
		bench_write(&bench, NVDLA_GLB, GLB_S_INTR_SET, 0xffffffff);
		assert_int_equal(bench_read(&bench, NVDLA_GLB, GLB_S_INTR_STATUS), bits);
		assert_int_equal(bench_read(&bench, NVDLA_GLB, GLB_S_INTR_SET), 0);
		assert_int_equal(bench.irqs, 0);
		bench_write(&bench, NVDLA_GLB, GLB_S_INTR_MASK, bits & ~2u);
		assert_int_equal(bench.irqs, 1);
		assert_true(bench.level);
		bench_write(&bench, NVDLA_GLB, GLB_S_INTR_STATUS, 1);
		assert_true(bench.level);
		bench_write(&bench, NVDLA_GLB, GLB_S_INTR_STATUS, 2);
		assert_false(bench.level);
		assert_int_equal(bench_read(&bench, NVDLA_GLB, GLB_S_INTR_STATUS), bits & ~3u);
		bench_free(&bench);
	}
}

/* Each unit has its own consumer; a unit that is missing stalls the others. */
static void missing_unit(void **state)
{
	static const enum nvdla_unit units[] = {
		NVDLA_CSC, NVDLA_CMAC_A, NVDLA_CMAC_B, NVDLA_CACC, NVDLA_SDP, NVDLA_CDMA,
	};
	struct bench_conv conv = {
		.format = -1, .width = 5, .height = 5, .channels = 16, .kernels = 8, .r = 1, .s = 1,
		.stride_x = 1, .stride_y = 1, .dil_x = 1, .dil_y = 1, .shift = 6,
	};
	struct bench bench;
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		assert_int_equal(bench_new("nv_small", 9, &bench), 0);
		conv.in = 0;
		conv.weights = 0;
		assert_int_equal(bench_conv_place(&bench, &conv), 0);
		/* The unit's other group is enabled instead of its first. */
		bench_conv_program(&bench, &conv, 1);
		npusim_reset(bench.sim, 0);
		conv.wrong = true;
		conv.wrong_unit = units[i];
		conv.wrong_reg = NVDLA_S_POINTER;
		conv.wrong_value = 1;
		bench_conv_program(&bench, &conv, 0);
		assert_int_equal(bench_wait(&bench, 1), -1);
		assert_int_equal(bench.errors, 0);
		assert_int_equal(npusim_run(bench.sim, 0, 100), NPUSIM_STALLED);
		assert_int_equal(bench_read(&bench, units[i], NVDLA_S_STATUS), 0x20000);
		bench_free(&bench);
	}
}

static void limit(void **state)
{
	struct bench_conv conv = {
		.format = -1, .width = 5, .height = 5, .channels = 16, .kernels = 8, .r = 1, .s = 1,
		.stride_x = 1, .stride_y = 1, .dil_x = 1, .dil_y = 1, .shift = 6,
	};
	struct npusim_counters counters;
	struct bench bench;
	uint64_t cycles;

	(void)state;
	assert_int_equal(bench_new("nv_small", 9, &bench), 0);
	assert_int_equal(bench_conv_place(&bench, &conv), 0);
	bench_conv_program(&bench, &conv, 0);
	assert_int_equal(npusim_run(bench.sim, 0, 10), NPUSIM_LIMIT);
	assert_int_equal(npusim_cycles(bench.sim, 0), 10);
	assert_int_equal(bench_wait(&bench, 0x150001), 0);
	cycles = npusim_cycles(bench.sim, 0);
	assert_true(cycles > 200 && cycles < 2000);
	npusim_get_counters(bench.sim, 0, &counters);
	assert_int_equal(counters.macs, 5 * 5 * 16 * 8);
	assert_true(counters.busy_cycles && counters.busy_cycles <= cycles);
	assert_int_equal(counters.read_bytes, 5 * 5 * 16 + conv.weight_bytes);
	assert_int_equal(counters.write_bytes, conv.out_bytes);
	assert_true(counters.energy_pj > 0);
	/* Only what the registers ask for was touched. */
	assert_true(bench.lowest >= conv.in && bench.highest <= conv.out + conv.out_bytes);
	bench_free(&bench);
}

/* Compared with the RTL, every configuration has the smallest one's ROM. */
static void rtl_rom(void **state)
{
	struct npusim_params params = { .config = "nv_large", .cores = 1, .rtl_rom = true };
	struct npusim *sim;

	(void)state;
	assert_int_equal(npusim_new(&params, &sim), 0);
	assert_int_equal(npusim_reg_read(sim, 0, CFGROM_CDMA_BASE_ATOMIC_C), 8);
	assert_int_equal(npusim_reg_read(sim, 0, CFGROM_SDP_EW_THROUGHPUT), 0);
	npusim_free(sim);
}

static void rom(void **state)
{
	const struct nvdla_config *config;
	struct bench bench;

	(void)state;
	assert_int_equal(bench_new("nv_small", 1, &bench), 0);
	assert_int_equal(npusim_reg_read(bench.sim, 0, 0), 0x10001);
	assert_int_equal(bench_read(&bench, NVDLA_CFGROM, CFGROM_CDMA_IMAGE_IN_FORMATS_PACKED),
			 0x0cfff001);
	assert_int_equal(bench_read(&bench, NVDLA_CFGROM, CFGROM_SDP_CAP_COMPAT), 0x18);
	assert_int_equal(bench_read(&bench, NVDLA_CFGROM, CFGROM_CIF_BASE_BURST_LENGTH_MAX), 0x80);
	assert_int_equal(bench_read(&bench, NVDLA_CFGROM, CFGROM_CIF_BASE_LATENCY), 0x32);
	bench_free(&bench);
	for (config = nvdla_configs; config->features & NVDLA_FEAT_CFGROM; config++) {
		assert_int_equal(bench_new(config->name, 1, &bench), 0);
		assert_int_equal(bench_read(&bench, NVDLA_CFGROM, CFGROM_CDMA_BASE_ATOMIC_C),
				 config->atomic_c);
		assert_int_equal(bench_read(&bench, NVDLA_CFGROM, CFGROM_CBUF_BASE_CBUF_BANK_NUM),
				 config->cbuf_banks);
		bench_free(&bench);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parameters),
		cmocka_unit_test(register_bits),
		cmocka_unit_test(groups),
		cmocka_unit_test(interrupts),
		cmocka_unit_test(missing_unit),
		cmocka_unit_test(limit),
		cmocka_unit_test(rom),
		cmocka_unit_test(rtl_rom),
	};

	return cmocka_run_group_tests_name("core", tests, NULL, NULL);
}
