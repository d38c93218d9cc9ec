// SPDX-License-Identifier: MIT
/*
 * Runs a list of operators, this library's or XNNPACK's, with marks for the
 * instruction counter around one run each. Prints one line per operator: name,
 * how many elements or multiply-accumulates, which of these, kernel.
 */
#include <stdbool.h>

#include "bench.h"
#include "libaccel/cpu/pool.h"

float *real_a, *real_b, *real_out;
int8_t *byte_a, *byte_b, *byte_out;

enum xnn_status unary_theirs(enum xnn_unary_operator kind, enum xnn_datatype from,
			     enum xnn_datatype to, const void *in, void *out, xnn_operator_t *made)
{
	const struct xnn_quantization_params qi = { 0, 1 / 16.0f }, qo = { -128, 1 / 256.0f };
	const union xnn_unary_params params = { .leaky_relu = { 0.1f } };
	enum xnn_status status;

	status = xnn_create_unary_elementwise_nc(kind, from, to, &params, &qi, &qo, 0, made);
	if (status == xnn_status_success)
		status = xnn_reshape_unary_elementwise_nc(*made, 1, ELEMENTS, ELEMENTS, ELEMENTS,
							  NULL);
	if (status == xnn_status_success)
		status = xnn_setup_unary_elementwise_nc(*made, in, out);

	return status;
}

static bool run_theirs(const struct operator *op)
{
	xnn_operator_t made = NULL;
	enum xnn_status status = op->theirs(op, &made);

	if (status == xnn_status_success)
		status = xnn_run_operator(made, NULL);
	MARK_START();
	if (status == xnn_status_success)
		status = xnn_run_operator(made, NULL);
	MARK_END();
	xnn_delete_operator(made);
	if (status != xnn_status_success)
		fprintf(stderr, "%s: XNNPACK status %d\n", op->name, status);

	return status == xnn_status_success;
}

int run_operators(int argc, char **argv, const struct operator *operators, size_t count)
{
	const size_t room = 1u << 20;
	bool ours = argc == 2 && !strcmp(argv[1], "ours");
	size_t i;

	if (!ours && (argc != 2 || strcmp(argv[1], "xnnpack"))) {
		fprintf(stderr, "usage: %s ours|xnnpack\n", argv[0]);
		return 2;
	}
	if (accel_pool_configure(1, 0) ||
	    (!ours && xnn_initialize(NULL) != xnn_status_success)) {
		fprintf(stderr, "%s: does not start here\n", argv[0]);
		return 1;
	}
	real_a = allocate((room + 64) * sizeof(float));
	real_b = allocate((room + 64) * sizeof(float));
	real_out = allocate((room + 64) * sizeof(float));
	byte_a = allocate(room + 64);
	byte_b = allocate(room + 64);
	byte_out = allocate(room + 64);
	for (i = 0; i < room; i++) {
		real_a[i] = (float)(rand() % 2000) / 200 - 5;
		real_b[i] = (float)(rand() % 2000) / 200 - 5;
		byte_a[i] = (int8_t)rand();
		byte_b[i] = (int8_t)(rand() % 255 - 127);
	}
	for (i = 0; i < count; i++) {
		const struct operator *op = &operators[i];
		const char *kernel = "xnnpack";

		if (ours)
			kernel = op->ours(op);
		else if (!run_theirs(op))
			return 1;
		printf("%s %.0f %s %s\n", op->name, op->count, op->unit, kernel);
	}

	return 0;
}
