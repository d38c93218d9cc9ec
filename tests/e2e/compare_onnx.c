// SPDX-License-Identifier: MIT
/*
 * Compare networks of onnx_networks.mjs with what ONNX Runtime answered.
 *
 * usage: compare_onnx FOLDER COUNT [CONFIG]...
 *
 * Each network is run as imported and behind the passes; quantised ones are
 * compiled as well and run on the simulator and the CPU for every CONFIG, which
 * must give the same bytes. Prints TAP, one line for each kind of network.
 *
 * Float outputs must agree to 60 dB (a mean of many values loses that much),
 * quantised ones to as many steps as the network's file says: one for an operator
 * on its own.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <accel/model.h>

#include "libaccel/compile/compile.h"
#include "libaccel/graph/passes.h"
#include "libaccel/import/import.h"
#include "libaccel/run/graph_exec.h"

enum { FLOAT, QDQ, QOP, KINDS, MOST_CONFIGS = 8 };

static const char *const kinds[KINDS] = { "float", "qdq", "qop" };

struct network {
	char name[512], text[512];
	unsigned int steps;
	bool integers;
	void *input, *output;
	size_t input_size, output_size;
};

/* What all networks of a kind came to. */
struct tally {
	unsigned int networks, wrong;
	unsigned long long equal, near, all;
	double worst_snr;
	unsigned int largest;
};

static int read_part(const struct network *net, const char *suffix, void **data, size_t *size)
{
	char path[600];
	FILE *file;
	long length;

	snprintf(path, sizeof(path), "%s.%s", net->name, suffix);
	file = fopen(path, "rbe");
	if (!file)
		return -errno;
	*data = NULL;
	if (!fseek(file, 0, SEEK_END) && (length = ftell(file)) >= 0) {
		rewind(file);
		*size = (size_t)length;
		*data = calloc(1, (size_t)length + 1);
		if (*data && fread(*data, 1, *size, file) != *size) {
			free(*data);
			*data = NULL;
		}
	}
	fclose(file);
	return *data ? 0 : -EIO;
}

static void network_release(struct network *net)
{
	free(net->input);
	free(net->output);
}

/* Return: 0; -ENOENT no such network. */
static int network_read(const char *folder, unsigned int number, int kind, struct network *net)
{
	size_t size;
	char *text;
	int err;

	memset(net, 0, sizeof(*net));
	snprintf(net->name, sizeof(net->name), "%s/%u.%s", folder, number, kinds[kind]);
	err = read_part(net, "txt", (void **)&text, &size);
	if (err)
		return err;
	net->steps = (unsigned int)atoi(text);
	snprintf(net->text, sizeof(net->text), "%.*s", (int)strcspn(text, "\n"), text);
	free(text);
	net->integers = kind != FLOAT;
	err = read_part(net, "input", &net->input, &net->input_size);
	return err ? err : read_part(net, "output", &net->output, &net->output_size);
}

/* Compare one answer; what differs too much is told. */
static bool judge(const struct network *net, const void *answer, const char *where,
		  bool is_signed, struct tally *tally)
{
	double signal = 0, noise = 0;
	unsigned int largest = 0;
	bool good;

	if (!net->integers) {
		const float *is = answer, *should = net->output;

		for (size_t i = 0; i < net->output_size / sizeof(float); i++) {
			signal += (double)should[i] * should[i];
			noise += ((double)is[i] - should[i]) * ((double)is[i] - should[i]);
		}
		signal = noise > 0 ? 10 * log10(signal / noise) : INFINITY;
		tally->worst_snr = fmin(tally->worst_snr, signal);
		good = signal > 60;
		if (!good)
			printf("# %s (%s), %s: %.1f dB\n", net->name, net->text, where, signal);
		return good;
	}
	for (size_t i = 0; i < net->output_size; i++) {
		unsigned int difference = is_signed ?
			(unsigned int)abs(((const int8_t *)answer)[i] - ((const int8_t *)net->output)[i]) :
			(unsigned int)abs(((const uint8_t *)answer)[i] - ((const uint8_t *)net->output)[i]);

		tally->equal += !difference;
		tally->near += difference == 1;
		tally->all++;
		largest = difference > largest ? difference : largest;
	}
	tally->largest = largest > tally->largest ? largest : tally->largest;
	good = largest <= net->steps;
	if (!good)
		printf("# %s (%s), %s: %u steps off\n", net->name, net->text, where, largest);
	return good;
}

/* The compiled network on one device. Return: its answer, or NULL, the reason told. */
static void *run_on(const char *device_name, struct accel_model *model, const char *config,
		    const struct network *net)
{
	struct accel_session_params params = { .size = sizeof(params), .config = config };
	struct accel_device *device = NULL;
	struct accel_session *session = NULL;
	const void *result;
	void *data, *answer = malloc(net->output_size + 1);
	int err = answer ? accel_open(device_name, &device) : -ENOMEM;

	if (!err)
		err = accel_session_create(model, device, &params, &session);
	if (!err)
		err = accel_session_input(session, 0, &data);
	if (!err) {
		memcpy(data, net->input, net->input_size);
		err = accel_session_run(session);
	}
	if (!err)
		err = accel_session_output(session, 0, &result);
	if (!err) {
		memcpy(answer, result, net->output_size);
	} else {
		printf("# %s on %s: %s\n", net->name, device_name, accel_error_text());
		free(answer);
		answer = NULL;
	}
	accel_session_destroy(session);
	accel_close(device);
	return answer;
}

static bool check_compiled(const struct graph *graph, const struct network *net, bool is_signed,
			   char **configs, uint32_t count, struct tally *tally)
{
	const struct lower_options options = { 0 };
	struct accel_model *model = NULL;
	bool good = true;
	void *data = NULL;
	size_t size;

	if (model_compile(graph, (const char *const *)configs, count, &options, 0, &data, &size) ||
	    accel_model_load_memory(data, size, &model)) {
		printf("# %s (%s): %s\n", net->name, net->text, accel_error_text());
		free(data);
		return false;
	}
	for (uint32_t i = 0; i < count; i++) {
		char device[64];
		void *sim, *cpu;

		snprintf(device, sizeof(device), "sim:%s", configs[i]);
		sim = run_on(device, model, configs[i], net);
		cpu = run_on("cpu", model, configs[i], net);
		good &= sim && cpu && judge(net, sim, device, is_signed, tally);
		if (sim && cpu && memcmp(sim, cpu, net->output_size)) {
			printf("# %s (%s), %s: other bytes than the CPU\n", net->name, net->text, device);
			good = false;
		}
		free(sim);
		free(cpu);
	}
	accel_model_unref(model);
	free(data);
	return good;
}

static bool check(const struct network *net, char **configs, uint32_t count, struct tally *tally)
{
	bool good = true;

	for (int optimized = 0; good && optimized < 2; optimized++) {
		const void *inputs[1] = { net->input };
		struct graph_exec *exec = NULL;
		struct graph *graph = NULL;
		const struct graph_tensor *out;
		char path[600];
		int err;

		snprintf(path, sizeof(path), "%s.onnx", net->name);
		err = graph_import(path, NULL, &graph);
		if (!err && optimized)
			err = graph_optimize(graph);
		if (!err)
			err = graph_exec_new(graph, false, &exec);
		if (!err)
			err = graph_exec_run(exec, inputs, NULL, NULL);
		out = err ? NULL : &graph->tensors[graph->outputs[0]];
		if (err) {
			printf("# %s (%s): %s\n", net->name, net->text, accel_error_text());
			good = false;
		} else if (graph_bytes(out) != net->output_size) {
			printf("# %s (%s): %llu bytes instead of %zu\n", net->name, net->text,
			       (unsigned long long)graph_bytes(out), net->output_size);
			good = false;
		} else {
			good = judge(net, graph_exec_data(exec, graph->outputs[0]),
				     optimized ? "behind the passes" : "as imported",
				     out->type == GRAPH_I8, tally);
		}
		if (good && optimized && net->integers)
			good = check_compiled(graph, net, out->type == GRAPH_I8, configs, count, tally);
		graph_exec_free(exec);
		graph_free(graph);
	}
	return good;
}

int main(int argc, char **argv)
{
	bool failed = false;

	if (argc < 3 || argc > 3 + MOST_CONFIGS) {
		fprintf(stderr, "usage: compare_onnx FOLDER COUNT [CONFIG]...\n");
		return 2;
	}
	for (int kind = 0; kind < KINDS; kind++) {
		struct tally tally = { .worst_snr = INFINITY };

		for (unsigned int i = 0; i < (unsigned int)atoi(argv[2]); i++) {
			struct network net;
			int err = network_read(argv[1], i, kind, &net);

			if (!err) {
				tally.networks++;
				tally.wrong += !check(&net, argv + 3, (uint32_t)(argc - 3), &tally);
			} else if (err != -ENOENT) {
				printf("# %s: %s\n", net.name, strerror(-err));
				tally.wrong++;
			}
			network_release(&net);
		}
		failed |= tally.wrong || !tally.networks;
		printf("%s %d - %s networks as ONNX Runtime: %u of %u", tally.wrong || !tally.networks ?
		       "not ok" : "ok", kind + 1, kinds[kind], tally.networks - tally.wrong, tally.networks);
		if (kind == FLOAT)
			printf(", at least %.1f dB\n", tally.worst_snr);
		else
			printf(", %.3f %% of values equal, %.4f %% more than one step off, at most %u\n",
			       100.0 * (double)tally.equal / (double)(tally.all + !tally.all),
			       100.0 * (double)(tally.all - tally.equal - tally.near) /
			       (double)(tally.all + !tally.all), tally.largest);
	}
	printf("1..%d\n", KINDS);
	return failed;
}
