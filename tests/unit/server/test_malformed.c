// SPDX-License-Identifier: MIT
/*
 * Clients that do not keep to the protocol: they lose their connection or get
 * an error, and the next client is served.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../../kmod/hw/nvdla_board_regs.h"
#include "client.h"
#include "suites.h"

static const struct board_params small = { .config = "nv_small", .cores = 1 };

/* The server has closed the connection. */
static void assert_closed(const struct client *client)
{
	char byte[256];
	ssize_t got;

	do {
		got = recv(client->socket, byte, sizeof(byte), 0);
	} while (got > 0);
	assert_true(got == 0 || errno == ECONNRESET);
}

static void assert_served(const struct served *served)
{
	struct client client;

	client_open(&client, served->path);
	assert_int_equal(client_read(&client, NVDLA_BOARD_BAR_CONTROL, NVDLA_BOARD_MAGIC),
			 NVDLA_BOARD_MAGIC_VALUE);
	client_close(&client);
}

static void test_bad_headers(void **state)
{
	static const struct vfio_header bad[] = {
		{ .command = VFIO_USER_VERSION, .size = 0 },
		{ .command = VFIO_USER_VERSION, .size = 15 },
		{ .command = VFIO_USER_VERSION, .size = 0xffffffff },
		{ .command = VFIO_USER_VERSION, .size = VFIO_MAX_MESSAGE + 1 },
		{ .command = VFIO_USER_VERSION, .size = 16, .flags = 7 },
		/* no version first, or one without numbers */
		{ .command = VFIO_USER_DEVICE_RESET, .size = 16 },
		{ .command = VFIO_USER_VERSION, .size = 16 },
	};
	struct served served;
	struct client client;
	size_t i;

	(void)state;
	served_start(&served, &small);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		client_connect(&client, served.path);
		assert_int_equal(send(client.socket, &bad[i], sizeof(bad[i]), MSG_NOSIGNAL),
				 sizeof(bad[i]));
		assert_closed(&client);
		client_close(&client);
		assert_served(&served);
	}
	served_stop(&served);
}

static void test_half_a_message(void **state)
{
	const struct vfio_header header = { .command = VFIO_USER_VERSION, .size = 100 };
	struct served served;
	struct client client;
	size_t len;

	(void)state;
	served_start(&served, &small);
	for (len = 1; len <= sizeof(header); len += 5) {
		client_connect(&client, served.path);
		assert_int_equal(send(client.socket, &header, len, MSG_NOSIGNAL), len);
		client_close(&client);
		assert_served(&served);
	}
	served_stop(&served);
}

static void test_wrong_version(void **state)
{
	struct {
		struct vfio_version version;
		char text[4];
	} hello = { { 1, 0 }, "{}" };
	struct served served;
	struct client client;

	(void)state;
	served_start(&served, &small);
	client_connect(&client, served.path);
	assert_int_equal(client_call(&client, VFIO_USER_VERSION, &hello, sizeof(hello), NULL, 0,
				     NULL, NULL), -EINVAL);
	assert_closed(&client);
	client_close(&client);
	/* capabilities that do not end */
	hello.version.major = 0;
	memset(hello.text, '{', sizeof(hello.text));
	client_connect(&client, served.path);
	assert_int_equal(client_call(&client, VFIO_USER_VERSION, &hello, sizeof(hello), NULL, 0,
				     NULL, NULL), -EINVAL);
	assert_closed(&client);
	client_close(&client);
	assert_served(&served);
	served_stop(&served);
}

/* Payloads that are shorter than their command's fixed part. */
static void test_cut_payloads(void **state)
{
	static const struct { uint16_t command; size_t whole; } commands[] = {
		{ VFIO_USER_DMA_MAP, sizeof(struct vfio_dma_map) },
		{ VFIO_USER_DMA_UNMAP, sizeof(struct vfio_dma_unmap) },
		{ VFIO_USER_DEVICE_GET_REGION_INFO, sizeof(struct vfio_region_info) },
		{ VFIO_USER_DEVICE_GET_IRQ_INFO, sizeof(struct vfio_irq_info) },
		{ VFIO_USER_DEVICE_SET_IRQS, sizeof(struct vfio_irq_set) },
		{ VFIO_USER_REGION_READ, sizeof(struct vfio_region_access) },
		{ VFIO_USER_REGION_WRITE, sizeof(struct vfio_region_access) },
		{ VFIO_USER_REGION_WRITE_MULTI, sizeof(struct vfio_write_multi) },
	};
	const uint8_t zeros[64] = { 0 };
	struct served served;
	struct client client;
	size_t i;

	(void)state;
	served_start(&served, &small);
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		client_open(&client, served.path);
		assert_int_equal(client_call(&client, commands[i].command, zeros,
					     commands[i].whole - 1, NULL, 0, NULL, NULL), -EINVAL);
		assert_closed(&client);
		client_close(&client);
	}
	assert_served(&served);
	served_stop(&served);
}

/* Counts that promise more than the payload holds. */
static void test_lying_counts(void **state)
{
	struct vfio_region_access write = { .region = NVDLA_BOARD_BAR_CONTROL, .count = 4096 };
	struct vfio_write_multi multi = { .count = UINT64_MAX };
	struct vfio_irq_set set = { .argsz = sizeof(set), .index = VFIO_IRQ_MSIX, .count = 2,
				    .flags = VFIO_SET_DATA_BOOL | VFIO_SET_TRIGGER };
	struct served served;
	struct client client;

	(void)state;
	served_start(&served, &small);
	client_open(&client, served.path);
	assert_int_equal(client_call(&client, VFIO_USER_REGION_WRITE, &write, sizeof(write), NULL, 0,
				     NULL, NULL), -EINVAL);
	assert_closed(&client);
	client_close(&client);
	client_open(&client, served.path);
	assert_int_equal(client_call(&client, VFIO_USER_REGION_WRITE_MULTI, &multi, sizeof(multi),
				     NULL, 0, NULL, NULL), -EINVAL);
	assert_closed(&client);
	client_close(&client);
	client_open(&client, served.path);
	assert_int_equal(client_call(&client, VFIO_USER_DEVICE_SET_IRQS, &set, sizeof(set), NULL, 0,
				     NULL, NULL), -EINVAL);
	assert_closed(&client);
	client_close(&client);
	served_stop(&served);
}

/* Requests that make no sense get an error; the connection stays. */
static void test_senseless_requests(void **state)
{
	static const struct vfio_region_access reads[] = {
		{ .region = VFIO_REGION_CONFIG, .offset = 4096, .count = 4 },
		{ .region = VFIO_REGION_CONFIG, .offset = 4093, .count = 4 },
		{ .region = NVDLA_BOARD_BAR_CSB, .offset = 0x40000, .count = 4 },
		{ .region = NVDLA_BOARD_BAR_CONTROL, .offset = UINT64_MAX, .count = 4 },
		{ .region = NVDLA_BOARD_BAR_CONTROL, .count = 0 },
		{ .region = NVDLA_BOARD_BAR_CONTROL, .count = UINT32_MAX },
		{ .region = NVDLA_BOARD_BAR_SRAM, .count = 4 },
		{ .region = 1, .count = 4 }, { .region = VFIO_REGION_ROM, .count = 4 },
		{ .region = VFIO_REGIONS, .count = 4 }, { .region = UINT32_MAX, .count = 4 },
	};
	static const struct vfio_irq_set sets[] = {
		{ .index = VFIO_IRQ_MSIX, .start = 2, .count = 1, .flags = 0x21 },
		{ .index = VFIO_IRQ_MSIX, .start = UINT32_MAX, .count = 2, .flags = 0x21 },
		{ .index = 77, .count = 1, .flags = 0x21 },
		{ .index = VFIO_IRQ_MSIX, .count = 1, .flags = 0 },
		{ .index = VFIO_IRQ_MSIX, .count = 1, .flags = 0x31 },
		{ .index = VFIO_IRQ_MSIX, .count = 1, .flags = 0x25 },
		{ .index = VFIO_IRQ_MSIX, .count = 1, .flags = 0xff000021 },
		{ .index = VFIO_IRQ_MSIX, .count = 1, .flags = 0x09 },
	};
	struct served served;
	struct client client;
	size_t i;

	(void)state;
	served_start(&served, &small);
	client_open(&client, served.path);
	for (i = 0; i < sizeof(reads) / sizeof(reads[0]); i++)
		assert_int_equal(client_call(&client, VFIO_USER_REGION_READ, &reads[i],
					     sizeof(reads[i]), NULL, 0, NULL, NULL), -EINVAL);
	for (i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
		assert_int_equal(client_call(&client, VFIO_USER_DEVICE_SET_IRQS, &sets[i],
					     sizeof(sets[i]), NULL, 0, NULL, NULL), -EINVAL);
	assert_int_equal(client_call(&client, 99, NULL, 0, NULL, 0, NULL, NULL), -ENOSYS);
	assert_int_equal(client_read(&client, NVDLA_BOARD_BAR_CONTROL, NVDLA_BOARD_MAGIC),
			 NVDLA_BOARD_MAGIC_VALUE);
	client_close(&client);
	served_stop(&served);
}

/* Registers take aligned words: anything else reads ones, is dropped, and is reported. */
static void test_odd_accesses(void **state)
{
	struct {
		struct vfio_region_access access;
		uint32_t value;
	} reply, request = { { NVDLA_BOARD_SCRATCH + 1, NVDLA_BOARD_BAR_CONTROL, 2 }, 0x5555 };
	size_t len = sizeof(reply);
	struct served served;
	struct client client;

	(void)state;
	served_start(&served, &small);
	client_open(&client, served.path);
	assert_int_equal(client_call(&client, VFIO_USER_REGION_READ, &request.access,
				     sizeof(request.access), NULL, 0, &reply, &len), 0);
	assert_int_equal(reply.value & 0xffff, 0xffff);
	assert_int_equal(client_call(&client, VFIO_USER_REGION_WRITE, &request,
				     sizeof(request.access) + 2, NULL, 0, NULL, NULL), 0);
	assert_int_equal(client_read(&client, NVDLA_BOARD_BAR_CONTROL, NVDLA_BOARD_SCRATCH), 0);
	assert_int_equal(client_read(&client, NVDLA_BOARD_BAR_CONTROL, NVDLA_BOARD_ERROR_COUNT), 2);
	assert_int_equal(client_read(&client, NVDLA_BOARD_BAR_CONTROL, NVDLA_BOARD_ERROR_CODE),
			 NVDLA_BOARD_ERROR_ACCESS);
	client_close(&client);
	served_stop(&served);
}

int run_malformed_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_headers),
		cmocka_unit_test(test_half_a_message),
		cmocka_unit_test(test_wrong_version),
		cmocka_unit_test(test_cut_payloads),
		cmocka_unit_test(test_lying_counts),
		cmocka_unit_test(test_senseless_requests),
		cmocka_unit_test(test_odd_accesses),
	};

	return cmocka_run_group_tests_name("malformed messages", tests, NULL, NULL);
}
