// SPDX-License-Identifier: MIT
/*
 * Sessions beside each other: on one model and one device, from several
 * threads, in the background, and gone while they run. Meant for the thread
 * sanitizer too. The model goes from NPU to CPU and back on one way while
 * another way stays on the NPU.
 */
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <accel/model.h>

#include "libaccel/compile/compile.h"
#include "random_op.h"

#define SIDE	12
#define INPUT	(SIDE * SIDE * 8)
#define OUTPUTS	2
#define OUTPUT	(SIDE * SIDE * 16)
#define THREADS	4
#define RUNS	6

static uint32_t image(struct graph *g, uint32_t channels)
{
	const float scale = 0.05f;
	int t = graph_add_tensor(g, NULL, GRAPH_I8, 4, (uint32_t[]) { 1, SIDE, SIDE, channels });

	assert_true(t >= 0);
	assert_int_equal(graph_set_quant(g, t, 1, 0, &scale, NULL), 0);
	return t;
}

static uint32_t op(struct graph *g, enum graph_kind kind, uint32_t count, const uint32_t *inputs,
		   uint32_t out)
{
	int n = graph_add_op(g, g->num_ops, kind, NULL, count, inputs, out);

	assert_true(n >= 0);
	g->ops[n].act_min = -INFINITY;
	g->ops[n].act_max = INFINITY;
	return n;
}

static uint32_t conv(struct graph *g, uint32_t x, uint64_t *state)
{
	const uint32_t channels = g->tensors[x].dims[3], out = image(g, 16);
	const float scale = 0.01f;
	int8_t weights[16 * 9 * 16];
	uint32_t inputs[2] = { x }, i, n;

	for (i = 0; i < sizeof(weights); i++)
		weights[i] = random_range(state, -20, 20);
	inputs[1] = graph_add_const(g, NULL, GRAPH_I8, 4, (uint32_t[]) { 16, 3, 3, channels },
				    weights);
	assert_int_equal(graph_set_quant(g, inputs[1], 1, 0, &scale, NULL), 0);
	n = op(g, GRAPH_CONV, 2, inputs, out);
	g->ops[n].params.conv.groups = 1;
	g->ops[n].params.conv.window = (struct graph_window) {
		.kernel_h = 3, .kernel_w = 3, .stride_h = 1, .stride_w = 1, .dilation_h = 1,
		.dilation_w = 1, .pad_top = 1, .pad_bottom = 1, .pad_left = 1, .pad_right = 1,
	};
	return out;
}

static struct accel_model *make_model(void)
{
	static const char *const config = "nv_small";
	const struct lower_options options = { 0 };
	struct accel_model *model;
	uint64_t state = 1;
	struct graph *g;
	uint32_t x, middle, soft, n;
	size_t size;
	void *data;

	assert_int_equal(graph_new("session", &g), 0);
	g->inputs = malloc(sizeof(*g->inputs));
	g->outputs = malloc(OUTPUTS * sizeof(*g->outputs));
	assert_true(g->inputs && g->outputs);
	x = image(g, 8);
	g->inputs[0] = x;
	g->num_inputs = 1;
	middle = conv(g, x, &state);
	soft = image(g, 16);
	n = op(g, GRAPH_SOFTMAX, 1, &middle, soft);
	g->ops[n].params.softmax.axis = 3;
	g->ops[n].params.softmax.beta = 1;
	g->outputs[0] = conv(g, soft, &state);
	g->outputs[1] = conv(g, conv(g, conv(g, x, &state), &state), &state);
	g->num_outputs = OUTPUTS;
	if (graph_check(g) ||
	    model_compile(g, &config, 1, &options, 0, &data, &size) ||
	    accel_model_load_memory(data, size, &model))
		fail_msg("%s", accel_error_text());
	free(data);
	graph_free(g);
	return model;
}

/* A session with an input of its own, and what must come out. */
struct user {
	struct accel_model *model;
	struct accel_device *device;
	struct accel_session *session;
	int8_t input[INPUT], want[OUTPUTS][OUTPUT];
	int failures;
};

static struct accel_session *new_session(struct accel_model *model, struct accel_device *device)
{
	const struct accel_session_params params = {
		.size = sizeof(params), .config = "nv_small",
	};
	struct accel_session *session = NULL;

	return accel_session_create(model, device, &params, &session) ? NULL : session;
}

static int set_input(const struct user *user)
{
	void *data;

	if (accel_session_input(user->session, 0, &data))
		return -1;
	memcpy(data, user->input, INPUT);
	return 0;
}

static int compare(const struct user *user)
{
	const void *data;
	uint32_t i;
	int wrong = 0;

	for (i = 0; i < OUTPUTS; i++)
		wrong += accel_session_output(user->session, i, &data) ||
			 memcmp(data, user->want[i], OUTPUT);
	return wrong;
}

/* What the CPU's kernels say is right. */
static void expect(struct user *user, uint64_t seed)
{
	struct user cpu = *user;
	const void *data;
	uint32_t i;

	for (i = 0; i < INPUT; i++)
		user->input[i] = random_next(&seed);
	memcpy(cpu.input, user->input, INPUT);
	assert_int_equal(accel_open("cpu", &cpu.device), 0);
	cpu.session = new_session(user->model, cpu.device);
	assert_non_null(cpu.session);
	assert_int_equal(set_input(&cpu), 0);
	assert_int_equal(accel_session_run(cpu.session), 0);
	for (i = 0; i < OUTPUTS; i++) {
		assert_int_equal(accel_session_output(cpu.session, i, &data), 0);
		memcpy(user->want[i], data, OUTPUT);
	}
	accel_session_destroy(cpu.session);
	accel_close(cpu.device);
}

static void make_users(struct user *users, uint32_t count, struct accel_model *model,
		       struct accel_device *device)
{
	uint32_t i;

	for (i = 0; i < count; i++) {
		users[i] = (struct user) { .model = model, .device = device };
		expect(&users[i], i + 1);
	}
}

/* All of a session's life, several times over. */
static void *live(void *argument)
{
	struct user *user = argument;
	int i;

	for (i = 0; i < RUNS; i++) {
		user->session = new_session(user->model, user->device);
		if (!user->session || set_input(user)) {
			user->failures++;
			continue;
		}
		if (i % 2)
			user->failures += !!accel_session_run(user->session);
		else
			user->failures += accel_session_start(user->session) ||
					  accel_session_wait(user->session, -1);
		user->failures += compare(user);
		accel_session_destroy(user->session);
	}
	return NULL;
}

static void test_threads(void **unused)
{
	struct accel_model *model = make_model();
	struct accel_device *device;
	static struct user users[THREADS];
	pthread_t threads[THREADS];
	uint32_t i;

	(void)unused;
	assert_int_equal(accel_open("sim:nv_small", &device), 0);
	make_users(users, THREADS, model, device);
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, live, &users[i]), 0);
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(users[i].failures, 0);
	}
	accel_close(device);
	accel_model_unref(model);
}

/* Several runs begun before any is waited for, again and again. */
static void test_in_flight(void **unused)
{
	struct accel_model *model = make_model();
	struct accel_device *device;
	static struct user users[THREADS];
	uint32_t i, run;

	(void)unused;
	assert_int_equal(accel_open("sim:nv_small", &device), 0);
	make_users(users, THREADS, model, device);
	for (i = 0; i < THREADS; i++) {
		users[i].session = new_session(model, device);
		assert_non_null(users[i].session);
	}
	for (run = 0; run < RUNS; run++) {
		for (i = 0; i < THREADS; i++) {
			assert_int_equal(set_input(&users[i]), 0);
			assert_int_equal(accel_session_start(users[i].session), 0);
			/* One run at a time. */
			assert_int_equal(accel_session_start(users[i].session), -EBUSY);
			assert_int_equal(accel_session_run(users[i].session), -EBUSY);
		}
		for (i = THREADS; i-- > 0;) {
			assert_int_equal(accel_session_wait(users[i].session, -1), 0);
			assert_int_equal(compare(&users[i]), 0);
		}
	}
	for (i = 0; i < THREADS; i++)
		accel_session_destroy(users[i].session);
	accel_close(device);
	accel_model_unref(model);
}

/* Model and device are let go first, sessions in the middle of a run. */
static void test_destroyed(void **unused)
{
	static struct user users[THREADS];
	uint32_t i, run;

	(void)unused;
	for (run = 0; run < RUNS; run++) {
		struct accel_model *model = make_model();
		struct accel_device *device;

		assert_int_equal(accel_open("sim:nv_small", &device), 0);
		make_users(users, 1, model, device);
		for (i = 0; i < THREADS; i++) {
			users[i] = users[0];
			users[i].session = new_session(model, device);
			assert_non_null(users[i].session);
			assert_int_equal(set_input(&users[i]), 0);
		}
		accel_model_unref(model);
		accel_close(device);
		for (i = 0; i < THREADS; i++)
			assert_int_equal(accel_session_start(users[i].session), 0);
		for (i = 0; i < THREADS; i++)
			accel_session_destroy(users[i].session);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_in_flight),
		cmocka_unit_test(test_destroyed),
	};

	return cmocka_run_group_tests_name("sessions", tests, NULL, NULL);
}
