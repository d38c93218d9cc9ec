// SPDX-License-Identifier: MIT
/*
 * A configuration that is read from the ROM is the one of the table.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "../../../kmod/hw/nvdla_cfgrom.h"
#include "../../../tools/npusim/npusim.h"

static int no_read(void *ctx, enum npusim_port port, uint64_t addr, void *dst, size_t len)
{
	(void)ctx, (void)port, (void)addr, (void)dst, (void)len;

	return -14;
}

static int no_write(void *ctx, enum npusim_port port, uint64_t addr, const void *src, size_t len)
{
	(void)ctx, (void)port, (void)addr, (void)src, (void)len;

	return -14;
}

static __u32 read_sim(void *ctx, __u32 offset)
{
	return npusim_reg_read(ctx, 0, offset);
}

static void from_rom(void **state)
{
	const struct nvdla_config *table;

	(void)state;
	for (table = nvdla_configs; table->name; table++) {
		struct npusim_params params = {
			.config = table->name,
			.cores = 1,
			.host = { .read = no_read, .write = no_write },
		};
		bool cvif = table->features & NVDLA_FEAT_CVIF;
		struct nvdla_config config;
		struct npusim *sim;

		assert_int_equal(npusim_new(&params, &sim), 0);
		if (!(table->features & NVDLA_FEAT_CFGROM)) {
			assert_int_not_equal(nvdla_config_from_rom(read_sim, sim, cvif, &config), 0);
			npusim_free(sim);
			continue;
		}
		assert_int_equal(nvdla_config_from_rom(read_sim, sim, cvif, &config), 0);
		npusim_free(sim);
		/*
		 * The latency the ROM states and the bursts are estimates of the
		 * designers; it knows neither the mask nor the latency buffers' room.
		 */
		config.name = table->name;
		config.intr_mask = table->intr_mask;
		assert_int_equal(config.rdma_beats, 0);
		config.rdma_beats = table->rdma_beats;
		config.mcif_latency = table->mcif_latency;
		config.cvif_latency = table->cvif_latency;
		config.mcif_burst = table->mcif_burst;
		config.cvif_burst = table->cvif_burst;
		assert_memory_equal(&config, table, sizeof(config));
	}
}

static __u32 read_ones(void *ctx, __u32 offset)
{
	(void)ctx, (void)offset;

	return ~0U;
}

static __u32 bad_offset;

/* nv_small's ROM with one word spoilt. */
static __u32 read_spoilt(void *ctx, __u32 offset)
{
	return offset == bad_offset ? 3 : npusim_reg_read(ctx, 0, offset);
}

static void nonsense(void **state)
{
	static const __u32 words[] = {
		CFGROM_CDMA_DESC, CFGROM_CDMA_BASE_FEATURE_TYPES, CFGROM_CDMA_BASE_ATOMIC_C,
		CFGROM_CDMA_BASE_ATOMIC_M, CFGROM_CBUF_BASE_CBUF_BANK_NUM,
		CFGROM_CBUF_BASE_CBUF_BANK_WIDTH, CFGROM_CBUF_BASE_CBUF_BANK_DEPTH,
		CFGROM_CIF_BASE_MEM_ADDR_WIDTH,
	};
	struct npusim_params params = {
		.config = "nv_small",
		.cores = 1,
		.host = { .read = no_read, .write = no_write },
	};
	struct nvdla_config config;
	struct npusim *sim;
	unsigned int i;

	(void)state;
	assert_int_not_equal(nvdla_config_from_rom(read_ones, NULL, false, &config), 0);
	assert_int_equal(npusim_new(&params, &sim), 0);
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		bad_offset = words[i];
		assert_int_not_equal(nvdla_config_from_rom(read_spoilt, sim, false, &config), 0);
	}
	npusim_free(sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(from_rom),
		cmocka_unit_test(nonsense),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
