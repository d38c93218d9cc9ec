// SPDX-License-Identifier: MIT
/*
 * npusim's board behind a vfio-user socket: what a driver and QEMU rely on.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../../kmod/hw/nvdla_board_regs.h"
#include "job.h"
#include "suites.h"

#define CONTROL		NVDLA_BOARD_BAR_CONTROL
#define BOTH		(VFIO_MAP_READ | VFIO_MAP_WRITE)

static const struct board_params large = { .config = "nv_large", .cores = 2,
					   .sram_size = 1 << 20 };

static void test_identity(void **state)
{
	struct served served;
	struct client client;
	struct vfio_device_info info = { .argsz = sizeof(info) };
	struct vfio_irq_info irq = { .argsz = sizeof(irq), .index = VFIO_IRQ_MSIX };
	char name[NVDLA_BOARD_CONFIG_NAME_SIZE];
	size_t len = sizeof(info);
	uint32_t word, i;

	(void)state;
	served_start(&served, &large);
	client_open(&client, served.path);
	assert_int_equal(client_call(&client, VFIO_USER_DEVICE_GET_INFO, &info, sizeof(info), NULL,
				     0, &info, &len), 0);
	assert_int_equal(info.num_regions, VFIO_REGIONS);
	assert_true(info.flags & VFIO_DEVICE_PCI);
	len = sizeof(irq);
	assert_int_equal(client_call(&client, VFIO_USER_DEVICE_GET_IRQ_INFO, &irq, sizeof(irq), NULL,
				     0, &irq, &len), 0);
	assert_int_equal(irq.count, 3);
	assert_int_equal(client_read(&client, VFIO_REGION_CONFIG, 0),
			 NVDLA_BOARD_PCI_VENDOR | NVDLA_BOARD_PCI_DEVICE << 16);
	assert_int_equal(client_read(&client, CONTROL, NVDLA_BOARD_MAGIC),
			 NVDLA_BOARD_MAGIC_VALUE);
	assert_int_equal(client_read(&client, CONTROL, NVDLA_BOARD_CORES), 2);
	assert_int_equal(client_read(&client, CONTROL, NVDLA_BOARD_SRAM_SIZE), 1 << 20);
	for (i = 0; i < sizeof(name); i += 4) {
		word = client_read(&client, CONTROL, NVDLA_BOARD_CONFIG_NAME + i);
		memcpy(name + i, &word, 4);
	}
	assert_string_equal(name, "nv_large");
	client_write(&client, CONTROL, NVDLA_BOARD_SCRATCH, 0x12345678);
	assert_int_equal(client_read(&client, CONTROL, NVDLA_BOARD_SCRATCH), 0x12345678);
	client_close(&client);
	served_stop(&served);
}

/* BAR registers size themselves, read-only bits stay. */
static void test_config_space(void **state)
{
	struct served served;
	struct client client;

	(void)state;
	served_start(&served, &large);
	client_open(&client, served.path);
	client_write(&client, VFIO_REGION_CONFIG, 0x10, 0xffffffff);
	assert_int_equal(client_read(&client, VFIO_REGION_CONFIG, 0x10), 0xfff80000);
	client_write(&client, VFIO_REGION_CONFIG, 0x18, 0xffffffff);
	client_write(&client, VFIO_REGION_CONFIG, 0x1c, 0xffffffff);
	assert_int_equal(client_read(&client, VFIO_REGION_CONFIG, 0x18), 0xfff0000c);
	assert_int_equal(client_read(&client, VFIO_REGION_CONFIG, 0x1c), 0xffffffff);
	client_write(&client, VFIO_REGION_CONFIG, 0, 0);
	assert_int_equal(client_read(&client, VFIO_REGION_CONFIG, 0),
			 NVDLA_BOARD_PCI_VENDOR | NVDLA_BOARD_PCI_DEVICE << 16);
	client_close(&client);
	served_stop(&served);
}

/* Every 4 KiB page comes from elsewhere in the file, as with an IOMMU. */
static void test_scattered_memory(void **state)
{
	const uint64_t base = 0x40000000, page = 4096;
	struct served served;
	struct client client;
	struct job job;
	uint8_t *plain = malloc(JOB_SIZE);
	uint64_t i, count = JOB_SIZE / page;
	int event;

	(void)state;
	assert_non_null(plain);
	served_start(&served, &large);
	client_open(&client, served.path);
	job_init(&job, "nv_large", base + 2048, 1);
	/* Tensors begin in the middle of pages. */
	job_load(&job, plain);
	for (i = 0; i <= count; i++)
		assert_int_equal(client_map(&client, base + i * page, (count - i) * page, page, BOTH,
					    true), 0);
	for (i = 0; i < JOB_SIZE; i++)
		client.memory[(count - (i + 2048) / page) * page + (i + 2048) % page] = plain[i];
	event = client_vector(&client, VFIO_IRQ_MSIX, 1);
	job_start(&job, &client, 1);
	assert_true(job_wait(&job, &client, 1, event));
	for (i = 0; i < JOB_SIZE; i++)
		plain[i] = client.memory[(count - (i + 2048) / page) * page + (i + 2048) % page];
	assert_int_equal(job_check(&job, plain + 3 * (JOB_SIZE / 4)), 0);
	close(event);
	job_fini(&job);
	free(plain);
	client_close(&client);
	served_stop(&served);
}

static void test_memory_by_messages(void **state)
{
	struct served served;
	struct client client;
	struct job job;
	int event;

	(void)state;
	served_start(&served, &large);
	client_open(&client, served.path);
	job_init(&job, "nv_large", 0, 2);
	job_load(&job, client.memory);
	assert_int_equal(client_map(&client, 0, 0, JOB_SIZE, BOTH, false), 0);
	event = client_vector(&client, VFIO_IRQ_MSIX, 0);
	job_start(&job, &client, 0);
	assert_true(job_wait(&job, &client, 0, event));
	assert_int_equal(job_check(&job, client.memory + 3 * (JOB_SIZE / 4)), 0);
	close(event);
	job_fini(&job);
	client_close(&client);
	served_stop(&served);
}

/* A reset does not wait for a client that leaves a DMA message unanswered. */
static void test_reset_while_waiting(void **state)
{
	struct served served;
	struct client client;
	struct timespec before, after;
	struct job job;

	(void)state;
	served_start(&served, &large);
	client_open(&client, served.path);
	job_init(&job, "nv_large", 0x100000000ull, 3);
	assert_int_equal(client_map(&client, 0x100000000ull, 0, JOB_SIZE, BOTH, false), 0);
	job_start(&job, &client, 0);
	clock_gettime(CLOCK_MONOTONIC, &before);
	assert_int_equal(client_call(&client, VFIO_USER_DEVICE_RESET, NULL, 0, NULL, 0, NULL, NULL),
			 0);
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_true(after.tv_sec - before.tv_sec < 4);
	job_fini(&job);
	client_close(&client);
	served_stop(&served);
}

struct expected_error {
	uint32_t kind, core;
	uint64_t low, high;
};

/* An error must come: event, registers, core stopped; after a reset all is well again. */
static void expect_stop(struct client *client, const struct job *job, int event,
			const struct expected_error *want)
{
	uint32_t status = NVDLA_BOARD_CORE(want->core) + NVDLA_BOARD_CORE_STATUS;
	uint64_t addr;

	assert_true(client_event(event, 10000));
	assert_int_equal(client_read(client, CONTROL, NVDLA_BOARD_ERROR_COUNT), 1);
	assert_int_equal(client_read(client, CONTROL, NVDLA_BOARD_ERROR_CODE), want->kind);
	assert_int_equal(client_read(client, CONTROL, NVDLA_BOARD_ERROR_CORE), want->core);
	addr = client_read(client, CONTROL, NVDLA_BOARD_ERROR_ADDR) |
	       (uint64_t)client_read(client, CONTROL, NVDLA_BOARD_ERROR_ADDR + 4) << 32;
	assert_in_range(addr, want->low, want->high);
	assert_int_not_equal(client_read(client, CONTROL, NVDLA_BOARD_ERROR_TEXT), 0);
	assert_int_not_equal(client_read(client, CONTROL, NVDLA_BOARD_ERROR_REG), 0);
	assert_true(client_read(client, CONTROL, status) & NVDLA_BOARD_CORE_STOPPED);
	client_write(client, CONTROL, NVDLA_BOARD_EVENT_STATUS, NVDLA_BOARD_EVENT_ERROR);
	client_write(client, CONTROL, NVDLA_BOARD_ERROR_POP, 1);
	assert_int_equal(client_read(client, CONTROL, NVDLA_BOARD_ERROR_COUNT), 0);
	job_reset_core(client, want->core);
	assert_false(client_read(client, CONTROL, status) & NVDLA_BOARD_CORE_STOPPED);
	(void)job;
}

static void test_bus_errors(void **state)
{
	struct served served;
	struct client client;
	struct job job;
	int event, done;

	(void)state;
	served_start(&served, &large);
	client_open(&client, served.path);
	job_init(&job, "nv_large", 0x10000000, 4);
	event = client_vector(&client, VFIO_IRQ_MSIX, 2);
	done = client_vector(&client, VFIO_IRQ_MSIX, 0);
	client_write(&client, CONTROL, NVDLA_BOARD_EVENT_ENABLE, NVDLA_BOARD_EVENT_ERROR);

	/* nothing is mapped */
	job_start(&job, &client, 0);
	expect_stop(&client, &job, event, &(struct expected_error) { NVDLA_BOARD_ERROR_BUS, 0,
		    0x10000000, 0x10000000 + JOB_SIZE / 2 });
	/* the output may not be written */
	job_load(&job, client.memory);
	assert_int_equal(client_map(&client, 0x10000000, 0, JOB_SIZE, VFIO_MAP_READ, true), 0);
	job_start(&job, &client, 0);
	expect_stop(&client, &job, event, &(struct expected_error) { NVDLA_BOARD_ERROR_BUS, 0,
		    job.address[3], job.address[3] + job.sizes.output });
	assert_int_equal(client.memory[3 * (JOB_SIZE / 4)], 0);
	/* the mapping ends before the output does */
	assert_int_equal(client_unmap(&client, 0x10000000, JOB_SIZE), 0);
	assert_int_equal(client_map(&client, 0x10000000, 0, 3 * (JOB_SIZE / 4), BOTH, true), 0);
	job_start(&job, &client, 0);
	expect_stop(&client, &job, event, &(struct expected_error) { NVDLA_BOARD_ERROR_BUS, 0,
		    job.address[3], job.address[3] + job.sizes.output });
	/* bus mastering is off */
	assert_int_equal(client_map(&client, 0x10000000 + 3 * (JOB_SIZE / 4), 3 * (JOB_SIZE / 4),
				    JOB_SIZE / 4, BOTH, true), 0);
	client_write(&client, VFIO_REGION_CONFIG, 4, 2);
	job_start(&job, &client, 0);
	expect_stop(&client, &job, event, &(struct expected_error) { NVDLA_BOARD_ERROR_BUS, 0,
		    0x10000000, 0x10000000 + JOB_SIZE });
	client_write(&client, VFIO_REGION_CONFIG, 4, 6);
	/* and then everything is as it must be */
	while (client_event(done, 0))
		;
	job_acknowledge(&job, &client, 0);
	job_start(&job, &client, 0);
	assert_true(job_wait(&job, &client, 0, done));
	assert_int_equal(job_check(&job, client.memory + 3 * (JOB_SIZE / 4)), 0);
	close(event);
	close(done);
	job_fini(&job);
	client_close(&client);
	served_stop(&served);
}

/* The client shortens the file behind its memory. */
static void test_memory_taken_away(void **state)
{
	struct served served;
	struct client client;
	struct job job;
	int event;

	(void)state;
	served_start(&served, &large);
	client_open(&client, served.path);
	job_init(&job, "nv_large", 0, 5);
	assert_int_equal(client_map(&client, 0, 0, JOB_SIZE, BOTH, true), 0);
	event = client_vector(&client, VFIO_IRQ_MSIX, 2);
	client_write(&client, CONTROL, NVDLA_BOARD_EVENT_ENABLE, NVDLA_BOARD_EVENT_ERROR);
	assert_int_equal(ftruncate(client.memory_fd, 0), 0);
	job_start(&job, &client, 1);
	expect_stop(&client, &job, event, &(struct expected_error) { NVDLA_BOARD_ERROR_BUS, 1, 0,
		    JOB_SIZE });
	close(event);
	job_fini(&job);
	client_close(&client);
	served_stop(&served);
}

static void test_mapping_rules(void **state)
{
	struct served served;
	struct client client;

	(void)state;
	served_start(&served, &large);
	client_open(&client, served.path);
	assert_int_equal(client_map(&client, 0x1000, 0, 0x2000, BOTH, true), 0);
	assert_int_equal(client_map(&client, 0x2000, 0, 0x1000, BOTH, true), -EEXIST);
	assert_int_equal(client_map(&client, 0, 0, 0x10000, BOTH, false), -EEXIST);
	assert_int_equal(client_map(&client, 0x8000, 0, 0, BOTH, true), -EINVAL);
	assert_int_equal(client_map(&client, 0x8000, CLIENT_MEMORY, 0x1000, BOTH, true), -EINVAL);
	assert_int_equal(client_map(&client, 0x8000, UINT64_MAX - 10, 0x1000, BOTH, true), -EINVAL);
	assert_int_equal(client_map(&client, UINT64_MAX - 10, 0, 0x1000, BOTH, true), -EINVAL);
	assert_int_equal(client_map(&client, UINT64_MAX - 0xfff, 0, 0x1000, BOTH, true), 0);
	assert_int_equal(client_map(&client, 0x8000, 0, 0x1000, 0x80, true), -EINVAL);
	/* not in the middle of a mapping, but more than is mapped, or nothing */
	assert_int_equal(client_unmap(&client, 0x1000, 0x1000), -EINVAL);
	assert_int_equal(client_unmap(&client, 0x2000, 0x10000), -EINVAL);
	assert_int_equal(client_map(&client, 0x5000, 0, 0x1000, BOTH, true), 0);
	assert_int_equal(client_unmap(&client, 0, 0x8000), 0);
	assert_int_equal(client_unmap(&client, 0, 0x8000), 0);
	assert_int_equal(client_unmap(&client, 0x1000, 0), -EINVAL);
	assert_int_equal(client_unmap(&client, UINT64_MAX, 2), -EINVAL);
	assert_int_equal(client_map(&client, 0x1000, 0, 0x5000, BOTH, true), 0);
	client_close(&client);
	served_stop(&served);
}

static void test_second_client(void **state)
{
	struct vfio_version version = { 0 };
	struct served served;
	struct client first, second;

	(void)state;
	served_start(&served, &large);
	client_open(&first, served.path);
	client_connect(&second, served.path);
	assert_int_equal(client_call(&second, VFIO_USER_VERSION, &version, sizeof(version), NULL, 0,
				     NULL, NULL), -EBUSY);
	client_close(&second);
	assert_int_equal(client_read(&first, CONTROL, NVDLA_BOARD_CORES), 2);
	client_close(&first);
	served_stop(&served);
}

static void test_reconnect(void **state)
{
	struct served served;
	struct client client;
	struct job job;
	unsigned int round;
	int event;

	(void)state;
	served_start(&served, &large);
	for (round = 0; round < 4; round++) {
		client_open(&client, served.path);
		assert_int_equal(client_read(&client, CONTROL, NVDLA_BOARD_SCRATCH), 0);
		client_write(&client, CONTROL, NVDLA_BOARD_SCRATCH, 1);
		job_init(&job, "nv_large", 0, round);
		job_load(&job, client.memory);
		assert_int_equal(client_map(&client, 0, 0, JOB_SIZE, BOTH, true), 0);
		event = client_vector(&client, VFIO_IRQ_MSIX, 0);
		job_start(&job, &client, 0);
		/* Two of them leave in the middle. */
		if (round & 1) {
			assert_true(job_wait(&job, &client, 0, event));
			assert_int_equal(job_check(&job, client.memory + 3 * (JOB_SIZE / 4)), 0);
		}
		close(event);
		job_fini(&job);
		client_close(&client);
	}
	served_stop(&served);
}

/* The pin: high until acknowledged, masked when it has triggered. */
static void test_pin(void **state)
{
	struct vfio_irq_set unmask = { .argsz = sizeof(unmask), .count = 1,
				       .flags = VFIO_SET_DATA_NONE | VFIO_SET_UNMASK };
	struct served served;
	struct client client;
	struct job job;
	int event;

	(void)state;
	served_start(&served, &large);
	client_open(&client, served.path);
	job_init(&job, "nv_large", 0, 6);
	job_load(&job, client.memory);
	assert_int_equal(client_map(&client, 0, 0, JOB_SIZE, BOTH, true), 0);
	event = client_vector(&client, VFIO_IRQ_INTX, 0);
	job_start(&job, &client, 0);
	assert_true(client_event(event, 10000));
	assert_false(client_event(event, 100));
	assert_int_equal(client_read(&client, CONTROL, NVDLA_BOARD_INTR_STATUS), 1);
	/* unmasked, but not acknowledged */
	assert_int_equal(client_call(&client, VFIO_USER_DEVICE_SET_IRQS, &unmask, sizeof(unmask),
				     NULL, 0, NULL, NULL), 0);
	assert_true(client_event(event, 1000));
	job_acknowledge(&job, &client, 0);
	assert_int_equal(client_read(&client, CONTROL, NVDLA_BOARD_INTR_STATUS), 0);
	assert_int_equal(client_call(&client, VFIO_USER_DEVICE_SET_IRQS, &unmask, sizeof(unmask),
				     NULL, 0, NULL, NULL), 0);
	assert_false(client_event(event, 50));
	close(event);
	job_fini(&job);
	client_close(&client);
	served_stop(&served);
}

/* What is acknowledged in part rings again. */
static void test_message_repeats(void **state)
{
	struct served served;
	struct client client;
	struct job job;
	uint32_t reg;
	int event;

	(void)state;
	served_start(&served, &large);
	client_open(&client, served.path);
	job_init(&job, "nv_large", 0, 7);
	reg = job.config->base[NVDLA_GLB];
	event = client_vector(&client, VFIO_IRQ_MSI, 0);
	client_write(&client, NVDLA_BOARD_BAR_CSB, reg + GLB_S_INTR_SET, 3);
	assert_true(client_event(event, 1000));
	client_write(&client, NVDLA_BOARD_BAR_CSB, reg + GLB_S_INTR_STATUS, 1);
	assert_true(client_event(event, 1000));
	client_write(&client, NVDLA_BOARD_BAR_CSB, reg + GLB_S_INTR_STATUS, 2);
	assert_false(client_event(event, 50));
	close(event);
	job_fini(&job);
	client_close(&client);
	served_stop(&served);
}

/* Output into the SRAM, seen through a mapping of BAR2. */
static void test_sram(void **state)
{
	struct served served;
	struct client client;
	struct vfio_region_info info = { .argsz = sizeof(info), .index = NVDLA_BOARD_BAR_SRAM };
	uint64_t sram;
	uint8_t out[64 * 1024];
	struct job job;
	size_t len = sizeof(info), i;
	uint32_t word;
	int event;

	(void)state;
	served_start(&served, &large);
	client_open(&client, served.path);
	assert_int_equal(client_call(&client, VFIO_USER_DEVICE_GET_REGION_INFO, &info, sizeof(info),
				     NULL, 0, &info, &len), 0);
	assert_int_equal(info.size, 1 << 20);
	assert_true(info.flags & VFIO_REGION_CAN_MMAP);
	sram = client_read(&client, CONTROL, NVDLA_BOARD_SRAM_BASE) |
	       (uint64_t)client_read(&client, CONTROL, NVDLA_BOARD_SRAM_BASE + 4) << 32;
	job_init(&job, "nv_large", 0, 8);
	job_load(&job, client.memory);
	job.sram = 1 << 3;
	job.address[3] = sram + 0x8000;
	assert_int_equal(client_map(&client, 0, 0, JOB_SIZE, BOTH, true), 0);
	event = client_vector(&client, VFIO_IRQ_MSIX, 0);
	job_start(&job, &client, 0);
	assert_true(job_wait(&job, &client, 0, event));
	assert_true(job.sizes.output <= sizeof(out));
	for (i = 0; i < job.sizes.output; i += 4) {
		word = client_read(&client, NVDLA_BOARD_BAR_SRAM, 0x8000 + i);
		memcpy(out + i, &word, 4);
	}
	assert_int_equal(job_check(&job, out), 0);
	close(event);
	job_fini(&job);
	client_close(&client);
	served_stop(&served);
}

/* A clock of 0 stands still; counters and modelled time go with it. */
static void test_clock(void **state)
{
	const uint32_t core = NVDLA_BOARD_CORE(0);
	struct served served;
	struct client client;
	struct job job;
	uint32_t cycles, ns;
	int event;

	(void)state;
	served_start(&served, &large);
	client_open(&client, served.path);
	job_init(&job, "nv_large", 0, 9);
	job_load(&job, client.memory);
	assert_int_equal(client_map(&client, 0, 0, JOB_SIZE, BOTH, true), 0);
	event = client_vector(&client, VFIO_IRQ_MSIX, 0);
	client_write(&client, CONTROL, core + NVDLA_BOARD_CORE_CLOCK_DIVIDER, 0);
	job_start(&job, &client, 0);
	assert_false(client_event(event, 100));
	client_write(&client, CONTROL, core + NVDLA_BOARD_CORE_CLOCK_DIVIDER, 4);
	assert_true(job_wait(&job, &client, 0, event));
	assert_int_equal(job_check(&job, client.memory + 3 * (JOB_SIZE / 4)), 0);
	client_write(&client, CONTROL, core + NVDLA_BOARD_CORE_LATCH, 1);
	cycles = client_read(&client, CONTROL, core + NVDLA_BOARD_CORE_CYCLES);
	ns = client_read(&client, CONTROL, core + NVDLA_BOARD_CORE_TIME_NS);
	assert_true(cycles > 100);
	/* 1 GHz divided by 4 */
	assert_in_range(ns, 4 * cycles - 8, 4 * cycles);
	assert_int_not_equal(client_read(&client, CONTROL, core + NVDLA_BOARD_CORE_OPS), 0);
	assert_int_not_equal(client_read(&client, CONTROL, core + NVDLA_BOARD_CORE_READ_BYTES), 0);
	assert_int_not_equal(client_read(&client, CONTROL, core + NVDLA_BOARD_CORE_ENERGY_PJ), 0);
	close(event);
	job_fini(&job);
	client_close(&client);
	served_stop(&served);
}

static uint64_t nanoseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);

	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void test_real_time(void **state)
{
	const uint32_t core = NVDLA_BOARD_CORE(0);
	struct board_params params = large;
	struct served served;
	struct client client;
	uint64_t began, took, modelled;
	struct job job;
	int event;

	(void)state;
	params.realtime = true;
	params.timing.clock_hz = 20000;
	served_start(&served, &params);
	client_open(&client, served.path);
	job_init(&job, "nv_large", 0, 10);
	job_load(&job, client.memory);
	assert_int_equal(client_map(&client, 0, 0, JOB_SIZE, BOTH, true), 0);
	event = client_vector(&client, VFIO_IRQ_MSIX, 0);
	began = nanoseconds();
	job_start(&job, &client, 0);
	assert_true(job_wait(&job, &client, 0, event));
	took = nanoseconds() - began;
	client_write(&client, CONTROL, core + NVDLA_BOARD_CORE_LATCH, 1);
	modelled = client_read(&client, CONTROL, core + NVDLA_BOARD_CORE_TIME_NS);
	/* Never early; late by what this machine needs. */
	assert_true(took >= modelled);
	assert_true(modelled > 5000000);
	assert_true(took < modelled + 2000000000u);
	close(event);
	job_fini(&job);
	client_close(&client);
	served_stop(&served);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_config_space),
		cmocka_unit_test(test_scattered_memory),
		cmocka_unit_test(test_memory_by_messages),
		cmocka_unit_test(test_reset_while_waiting),
		cmocka_unit_test(test_bus_errors),
		cmocka_unit_test(test_memory_taken_away),
		cmocka_unit_test(test_mapping_rules),
		cmocka_unit_test(test_second_client),
		cmocka_unit_test(test_reconnect),
		cmocka_unit_test(test_pin),
		cmocka_unit_test(test_message_repeats),
		cmocka_unit_test(test_sram),
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_real_time),
	};
	int failed = cmocka_run_group_tests_name("board and bus", tests, NULL, NULL);

	failed += run_malformed_tests();
	failed += run_fault_tests();
	failed += run_record_tests();

	return failed ? 1 : 0;
}
