// SPDX-License-Identifier: MIT
/*
 * accel-validate: what quantisation costs a model, layer by layer and on
 * labelled pictures.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <accel/model.h>

#include "libaccel/cpu/ref/ref_op_kernels.h"
#include "libaccel/import/import.h"
#include "libaccel/graph/passes.h"
#include "libaccel/quant/quantize.h"
#include "libaccel/run/graph_exec.h"
#include "tools/cli/cli.h"

static const char usage[] =
"usage: accel-validate [OPTION]... MODEL PICTURE...\n"
"Compare a TFLite or ONNX model in float with its int8 form on pictures.\n"
"\n"
"  -c, --calibrate FOLDER   pictures to quantise with (not the ones to compare)\n"
"  -n, --samples N          how many of them at most\n"
"  -q, --config FILE        settings of the quantiser, JSON\n"
CLI_PICTURE_HELP
"  -L, --labels FILE        lines `picture class': share of right answers, float\n"
"                           and int8; pictures are named relative to FILE\n"
"  -a, --all                a line per operation (default: the outputs)\n"
"  -h, --help               this text\n"
"\n"
"A model that comes quantised is only run. The arithmetic is that of the CPU's\n"
"reference kernels; accel-run tells what the NPU makes of it.\n"
"\n"
"Examples:\n"
"  accel-validate --calibrate photos --letterbox --all face.tflite test/*.jpg\n"
"  accel-validate --calibrate train --labels test/labels.txt digits.onnx\n"
"\n"
"Exit status: 0; 1 it failed; 2 wrong usage.\n";

struct settings {
	const char *calibrate, *config, *labels;
	struct accel_image_fit fit;
	uint32_t samples;
	bool all;
};

/* Quantise; @graph becomes what was quantised, its channels perhaps evened out. */
static int make_int8(struct graph **graph, const struct settings *settings, struct graph **out)
{
	struct graph *teacher = NULL;

	struct quant_config config;
	struct quant *quant = NULL;
	int err = 0;

	quant_config_init(&config);
	if (settings->config)
		err = quant_config_load(settings->config, &config);
	config.progress = cli_progress;
	if (!err)
		err = quant_new(*graph, &config, &quant);
	if (!err) {
		int n = quant_add_images(quant, settings->calibrate, &settings->fit, settings->samples);

		err = n < 0 ? n : quant_finish(quant, out);
		if (!err)
			err = graph_clone(quant_graph(quant), &teacher);
		if (!err)
			printf("quantised with %d pictures of %s\n", n, settings->calibrate);
	}
	if (teacher) {
		graph_free(*graph);
		*graph = teacher;
	}
	quant_free(quant);
	quant_config_clear(&config);
	return err;
}

static int load(const struct graph *graph, const char *path, const struct settings *settings,
		void **data)
{
	struct accel_image image;
	int err = accel_image_read(path, &image);

	if (err)
		return err;
	err = quant_picture(&graph->tensors[graph->inputs[0]], &image, &settings->fit, data);
	accel_image_release(&image);
	return err;
}

static int compare(const struct graph *a, const struct graph *b, const struct settings *settings,
		   char **pictures, int count)
{
	struct quant_loss *loss = calloc(a->num_ops + 1, sizeof(*loss));
	int err = loss ? 0 : -ENOMEM;

	for (int i = 0; !err && i < count; i++) {
		void *data;

		err = load(a, pictures[i], settings, &data);
		if (err)
			break;
		err = quant_compare(a, b, (const void *const *)&data, loss);
		free(data);
	}
	if (!err && settings->all)
		quant_report(a, loss, stdout);
	for (uint32_t i = 0; !err && i < a->num_outputs; i++) {
		uint32_t op = graph_producer(a, a->outputs[i]);

		if (op != GRAPH_NONE)
			printf("output %u, %s: SNR %.2f dB, cosine %.6f, largest difference %g\n", i,
			       a->tensors[a->outputs[i]].name, quant_snr(&loss[op]),
			       quant_cosine(&loss[op]), loss[op].largest);
	}
	free(loss);
	return err;
}

/* The class with the highest value in the first output; negative errno. */
static int64_t best(struct graph_exec *exec, const struct graph *graph, const void *data)
{
	const struct graph_tensor *t = &graph->tensors[graph->outputs[0]];
	uint64_t n = graph_elements(t);
	float *values;
	int64_t found = 0;
	int err = graph_exec_run(exec, &data, NULL, NULL);

	if (err)
		return err;
	values = malloc((n + 1) * sizeof(*values));
	if (!values)
		return -ENOMEM;
	ref_to_float(t, graph_exec_data(exec, graph->outputs[0]), values);
	for (uint64_t i = 1; i < n; i++)
		if (values[i] > values[found])
			found = (int64_t)i;
	free(values);
	return found;
}

static int classify(const struct graph *a, const struct graph *b, const struct settings *settings)
{
	const char *slash = strrchr(settings->labels, '/');
	int folder = slash ? (int)(slash - settings->labels) + 1 : 0, err, total = 0;
	int right_a = 0, right_b = 0, same = 0;
	struct graph_exec *run_a = NULL, *run_b = NULL;
	char name[1024], path[4096];
	long long label;
	FILE *file = fopen(settings->labels, "re");

	if (!file) {
		fprintf(stderr, "accel-validate: %s: %s\n", settings->labels, strerror(errno));
		return -errno;
	}
	err = graph_exec_new(a, false, &run_a);
	if (!err)
		err = graph_exec_new(b, false, &run_b);
	while (!err && fscanf(file, "%1023s %lld", name, &label) == 2) {
		int64_t class_a, class_b;
		void *data;

		snprintf(path, sizeof(path), "%.*s%s", folder, settings->labels, name);
		err = load(a, path, settings, &data);
		if (err)
			break;
		class_a = best(run_a, a, data);
		class_b = best(run_b, b, data);
		free(data);
		if (class_a < 0 || class_b < 0)
			err = (int)(class_a < 0 ? class_a : class_b);
		total++;
		right_a += class_a == label;
		right_b += class_b == label;
		same += class_a == class_b;
	}
	if (!err && total)
		printf("%d labelled pictures: right in float %.2f %%, in int8 %.2f %%; same answer %.2f %%\n",
		       total, 100.0 * right_a / total, 100.0 * right_b / total, 100.0 * same / total);
	graph_exec_free(run_a);
	graph_exec_free(run_b);
	fclose(file);
	return err;
}

static int validate(const char *path, const struct settings *settings, char **pictures, int count)
{
	struct graph *graph = NULL, *int8 = NULL;
	int err;

	if (graph_import(path, NULL, &graph))
		return cli_failed("import");
	if (graph_optimize(graph)) {
		graph_free(graph);
		return cli_failed(path);
	}
	printf("%s: %u operations, %u inputs, %u outputs\n", graph->name, graph->num_ops,
	       graph->num_inputs, graph->num_outputs);
	if (quant_is_float(graph) && settings->calibrate)
		err = make_int8(&graph, settings, &int8);
	else
		err = graph_clone(graph, &int8);
	if (!err && !quant_is_float(graph))
		printf("it comes quantised\n");
	else if (!err && !settings->calibrate)
		printf("no pictures to quantise with (--calibrate): compared with itself\n");
	if (!err && graph->num_inputs != 1 && (count || settings->labels)) {
		fprintf(stderr, "accel-validate: the model has %u inputs, pictures fit one\n",
			graph->num_inputs);
		err = 1;
	}
	if (!err && count)
		err = compare(graph, int8, settings, pictures, count);
	if (!err && settings->labels)
		err = classify(graph, int8, settings);
	graph_free(graph);
	graph_free(int8);
	return err < 0 ? cli_failed(path) : err;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "calibrate", required_argument, NULL, 'c' },
		{ "samples", required_argument, NULL, 'n' },
		{ "config", required_argument, NULL, 'q' },
		CLI_PICTURE_OPTIONS,
		{ "labels", required_argument, NULL, 'L' },
		{ "all", no_argument, NULL, 'a' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct settings settings = { 0 };
	bool good = true;
	int option;

	cli_picture_init(&settings.fit);
	while ((option = cli_getopt(argc, argv, "c:n:q:" CLI_PICTURE_LETTERS "L:ah", options)) !=
	       -1) {
		switch (option) {
		case 'c':
			settings.calibrate = optarg;
			break;
		case 'n':
			good = cli_uint("samples", optarg, 1, UINT32_MAX, &settings.samples);
			break;
		case 'q':
			settings.config = optarg;
			break;
		case 'l':
		case 'm':
		case 's':
			good = cli_picture_option(option, optarg, &settings.fit);
			break;
		case 'L':
			settings.labels = optarg;
			break;
		case 'a':
			settings.all = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			good = false;
		}
		if (!good)
			return CLI_USAGE;
	}
	if (optind >= argc)
		return cli_wrong("which MODEL?");
	return validate(argv[optind], &settings, argv + optind + 1, argc - optind - 1);
}
