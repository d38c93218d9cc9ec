// SPDX-License-Identifier: MIT
/*
 * accel-compile: from a .tflite or .onnx file to an artefact.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <accel/model.h>

#include "libaccel/compile/compile.h"
#include "libaccel/import/import.h"
#include "libaccel/graph/passes.h"
#include "libaccel/quant/quantize.h"
#include "tools/cli/cli.h"

enum { MOST_CONFIGS = 16 };

static const char help[] =
"Usage: accel-compile [OPTION]... MODEL\n"
"Compile a .tflite or .onnx model for NVDLA.\n"
"\n"
"  -o, --output FILE        the artefact (default: MODEL with suffix .accel)\n"
"  -c, --config NAME,...    hardware configurations (default: nv_small,nv_large)\n"
"  -C, --calibrate FOLDER   pictures to quantise a float model with\n"
"  -N, --samples N          use N of them at most (default 64)\n"
"  -R, --random N           calibrate with N made-up inputs: for measuring speed\n"
"  -q, --quantize FILE      settings for quantisation, JSON\n"
"  -M, --method NAME        min-max, percentile, mse or entropy\n"
CLI_PICTURE_HELP
"  -b, --bandwidth BYTES    memory bandwidth to plan for, per cycle\n"
"      --sram BYTES         on-chip memory to plan for; 0: none; default 524288\n"
"                           where the configuration has a port for it\n"
"      --clock HZ           of the NPU, to compare it with the CPU (default 1e9)\n"
"      --cpu-cost FILE      what operations take on the CPU: read, or measured\n"
"                           and written; 'none': the NPU does whatever it can\n"
"                           (default: cpu-cost in the cache)\n"
"  -e, --explain            tell where each operation runs, why, at what cost\n"
"      --float              do not quantise: everything on the CPU\n"
"      --cpu                quantise, but put nothing on the NPU\n"
"      --no-cache           compile even if the result is in the cache\n"
"  -v, --verbose            print the time of each phase\n"
"  -h, --help               print this\n"
"\n"
"Examples:\n"
"  accel-compile -c nv_large -C photos/ -e face.tflite\n"
"  accel-compile --config nv_small,nv_large keyword_int8.tflite\n"
"\n"
"Exit status: 0; 1 it failed; 2 wrong usage.\n";

struct options {
	const char *model, *output, *folder, *quantize, *method, *cpu_cost;
	const char *configs[MOST_CONFIGS];
	uint32_t config_count, samples, random;
	struct accel_image_fit fit;
	struct lower_options lower;
	bool explain, cache, verbose, keep_float;
};

static double phase(const struct options *o, const char *name, double since)
{
	struct timespec ts;
	double now;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	now = (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
	if (o->verbose && name)
		fprintf(stderr, "%-12s %8.3f s\n", name, now - since);
	return now;
}

/* Everything that the artefact depends on. */
static uint64_t source_hash(const struct options *o)
{
	/* The program itself too: another one may make another artefact. */
	uint64_t hash = model_hash_file(model_hash_file(0, "/proc/self/exe"), o->model);
	struct dirent **names;
	char path[4096];
	uint32_t i;
	int n, count;

	for (i = 0; hash && i < o->config_count; i++)
		hash = model_hash(hash, o->configs[i], strlen(o->configs[i]) + 1);
	hash = model_hash(hash, &o->samples, sizeof(o->samples));
	hash = model_hash(hash, &o->random, sizeof(o->random));
	hash = model_hash(hash, o->fit.mean, sizeof(o->fit.mean));
	hash = model_hash(hash, o->fit.scale, sizeof(o->fit.scale));
	hash = model_hash(hash, &o->fit.letterbox, sizeof(o->fit.letterbox));
	hash = model_hash(hash, &o->lower.bytes_per_cycle, sizeof(o->lower.bytes_per_cycle));
	hash = model_hash(hash, &o->lower.sram_size, sizeof(o->lower.sram_size));
	hash = model_hash(hash, &o->lower.no_sram, sizeof(o->lower.no_sram));
	hash = model_hash(hash, &o->lower.clock, sizeof(o->lower.clock));
	hash = model_hash(hash, &o->lower.cpu, sizeof(o->lower.cpu));
	hash = model_hash(hash, &o->keep_float, sizeof(o->keep_float));
	hash = model_hash(hash, &o->lower.cpu_only, sizeof(o->lower.cpu_only));
	if (o->method)
		hash = model_hash(hash, o->method, strlen(o->method));
	if (o->quantize)
		hash = model_hash_file(hash, o->quantize);
	count = o->folder ? scandir(o->folder, &names, NULL, alphasort) : 0;
	for (n = 0; n < count; n++) {
		uint64_t file;

		snprintf(path, sizeof(path), "%s/%s", o->folder, names[n]->d_name);
		file = model_hash_file(hash, path);
		if (file)
			hash = file;
		free(names[n]);
	}
	if (count > 0)
		free(names);
	return hash;
}

static int add_random(struct quant *quant, const struct graph *graph, uint32_t samples)
{
	void **inputs = calloc(graph->num_inputs + 1, sizeof(*inputs));
	uint64_t state = 1, j;
	uint32_t n, i;
	int ret = inputs ? 0 : -ENOMEM;

	for (i = 0; !ret && i < graph->num_inputs; i++) {
		inputs[i] = malloc(graph_bytes(&graph->tensors[graph->inputs[i]]) + 1);
		ret = inputs[i] ? 0 : -ENOMEM;
	}
	for (n = 0; !ret && n < samples; n++) {
		for (i = 0; i < graph->num_inputs; i++) {
			const struct graph_tensor *t = &graph->tensors[graph->inputs[i]];
			uint64_t count = graph_bytes(t);

			for (j = 0; j < count; j++) {
				state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
				((uint8_t *)inputs[i])[j] = state >> 56;
			}
			for (j = 0; t->type == GRAPH_F32 && j < count / 4; j++)
				((float *)inputs[i])[j] =
					((uint8_t *)inputs[i])[j * 4] / 127.5f - 1;
		}
		ret = quant_add(quant, (const void *const *)inputs);
	}
	for (i = 0; inputs && i < graph->num_inputs; i++)
		free(inputs[i]);
	free(inputs);
	return ret;
}

static int method_number(const char *name)
{
	static const char *const names[QUANT_METHODS] = {
		[QUANT_MIN_MAX] = "min-max", [QUANT_PERCENTILE] = "percentile",
		[QUANT_MSE] = "mse", [QUANT_ENTROPY] = "entropy",
	};
	int i;

	for (i = 0; i < QUANT_METHODS && strcmp(name, names[i]); i++)
		;
	return i;
}

/* Replaces @graph by its INT8 form. */
static int quantize(const struct options *o, struct graph **graph)
{
	struct quant_config config;
	struct quant *quant = NULL;
	struct graph *result = NULL;
	int ret = 0;

	quant_config_init(&config);
	if (o->quantize)
		ret = quant_config_load(o->quantize, &config);
	config.progress = cli_progress;
	if (o->method)
		config.method = method_number(o->method);
	if (!o->folder) {
		/* Made-up inputs say nothing worth rounding for. */
		config.adaptive_rounding = false;
		config.bias_correction = false;
	}
	if (!ret)
		ret = quant_new(*graph, &config, &quant);
	if (!ret)
		ret = o->folder ? quant_add_images(quant, o->folder, &o->fit, o->samples) :
		      add_random(quant, *graph, o->random);
	if (ret >= 0)
		ret = quant_finish(quant, &result);
	quant_free(quant);
	quant_config_clear(&config);
	if (ret)
		return ret;
	graph_free(*graph);
	*graph = result;
	return 0;
}

static int make(const struct options *o, uint64_t source, void **data, size_t *size)
{
	const struct import_options import = { 0 };
	struct lower_options lower = o->lower;
	struct graph *graph = NULL;
	double time = phase(o, NULL, 0);
	int ret;

	if (graph_import(o->model, &import, &graph))
		return cli_failed(o->model);
	ret = graph_optimize(graph);
	time = phase(o, "import", time);
	/* Whoever chose the scales of a quantised model expects its results to the step. */
	lower.exact = !ret && !quant_is_float(graph);
	if (!ret && !o->keep_float && !lower.exact) {
		if (!o->folder && !o->random) {
			fprintf(stderr, "accel-compile: %s works on reals: it needs --calibrate "
				"FOLDER with pictures of the kind it is for (or --float)\n",
				o->model);
			graph_free(graph);
			return CLI_USAGE;
		}
		ret = quantize(o, &graph);
		time = phase(o, "quantise", time);
	}
	if (!ret)
		ret = model_compile(graph, o->configs, o->config_count, &lower, source, data,
				    size);
	phase(o, "compile", time);
	graph_free(graph);
	return ret ? cli_failed(o->model) : 0;
}

static int report(const struct options *o, const void *data, size_t size)
{
	struct accel_model *model;
	uint32_t i;

	if (accel_model_load_memory(data, size, &model))
		return cli_failed(o->output);
	for (i = 0; i < o->config_count; i++) {
		struct accel_model_summary s = { .size = sizeof(s) };

		if (o->explain) {
			accel_model_explain(model, o->configs[i], stdout);
		} else if (!accel_model_summary(model, o->configs[i], &s)) {
			printf("%s: %u operations on the NPU, %u on the CPU; %.3f M cycles "
			       "estimated, %.2f times the floor\n", o->configs[i], s.npu_ops,
			       s.cpu_ops, (double)s.cycles / 1e6,
			       s.roofline ? (double)s.cycles / (double)s.roofline : 0);
		}
	}
	accel_model_unref(model);
	return 0;
}

static int read_file(const char *path, void **data, size_t *size)
{
	FILE *file = fopen(path, "rbe");
	long length;

	*data = NULL;
	if (!file)
		return -errno;
	if (!fseek(file, 0, SEEK_END) && (length = ftell(file)) > 0) {
		rewind(file);
		*size = length;
		*data = malloc(length);
		if (*data && fread(*data, 1, length, file) != (size_t)length) {
			free(*data);
			*data = NULL;
		}
	}
	fclose(file);
	return *data ? 0 : -EIO;
}

static int compile(const struct options *o)
{
	uint64_t source = source_hash(o);
	char cached[4096];
	void *data = NULL;
	size_t size = 0;
	int ret = 0;

	if (!source || !o->cache || !model_cache_find(source, cached, sizeof(cached)) ||
	    read_file(cached, &data, &size)) {
		ret = make(o, source, &data, &size);
		/* A cache that cannot be written is no reason to fail. */
		if (!ret && source && o->cache)
			model_write(cached, data, size);
	}
	if (!ret && model_write(o->output, data, size))
		ret = cli_failed(o->output);
	if (!ret)
		ret = report(o, data, size);
	free(data);
	return ret;
}

static bool set_configs(struct options *o, char *list)
{
	char *name, *rest = list;

	o->config_count = 0;
	while ((name = strsep(&rest, ","))) {
		if (!*name || o->config_count == MOST_CONFIGS) {
			cli_wrong("--config: 1 to %d names with commas between", MOST_CONFIGS);
			return false;
		}
		o->configs[o->config_count++] = name;
	}
	return true;
}

static int load_cpu_cost(struct options *o)
{
	static char path[4096];

	if (!o->cpu_cost) {
		model_cache_file("cpu-cost", path, sizeof(path));
		o->cpu_cost = path;
	}
	return strcmp(o->cpu_cost, "none") ? cpu_cost_load(o->cpu_cost, &o->lower.cpu) : 0;
}

int main(int argc, char **argv)
{
	enum { FLOAT = 256, CPU, NO_CACHE, SRAM, CLOCK, CPU_COST };
	static const struct option longs[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "config", required_argument, NULL, 'c' },
		{ "calibrate", required_argument, NULL, 'C' },
		{ "samples", required_argument, NULL, 'N' },
		{ "random", required_argument, NULL, 'R' },
		{ "quantize", required_argument, NULL, 'q' },
		{ "method", required_argument, NULL, 'M' },
		CLI_PICTURE_OPTIONS,
		{ "bandwidth", required_argument, NULL, 'b' },
		{ "sram", required_argument, NULL, SRAM },
		{ "clock", required_argument, NULL, CLOCK },
		{ "cpu-cost", required_argument, NULL, CPU_COST },
		{ "explain", no_argument, NULL, 'e' },
		{ "float", no_argument, NULL, FLOAT },
		{ "cpu", no_argument, NULL, CPU },
		{ "no-cache", no_argument, NULL, NO_CACHE },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct options o = {
		.configs = { "nv_small", "nv_large" }, .config_count = 2, .samples = 64,
		.cache = true,
	};
	bool good = true;
	uint32_t sram;
	char path[4096], *dot;
	int c;

	cli_picture_init(&o.fit);
	while ((c = cli_getopt(argc, argv, "o:c:C:N:R:q:M:" CLI_PICTURE_LETTERS "b:evh", longs)) !=
	       -1) {
		switch (c) {
		case 'o':
			o.output = optarg;
			break;
		case 'c':
			good = set_configs(&o, optarg);
			break;
		case 'C':
			o.folder = optarg;
			break;
		case 'N':
			good = cli_uint("samples", optarg, 1, UINT32_MAX, &o.samples);
			break;
		case 'R':
			good = cli_uint("random", optarg, 1, 1000000, &o.random);
			break;
		case 'q':
			o.quantize = optarg;
			break;
		case 'M':
			o.method = optarg;
			good = method_number(optarg) < QUANT_METHODS;
			if (!good)
				cli_wrong("--method: '%s' is none of min-max, percentile, mse, entropy",
					  optarg);
			break;
		case 'l':
		case 'm':
		case 's':
			good = cli_picture_option(c, optarg, &o.fit);
			break;
		case 'b':
			good = cli_real("bandwidth", optarg, 0.01, 1e6, &o.lower.bytes_per_cycle);
			break;
		case SRAM:
			good = cli_uint("sram", optarg, 0, UINT32_MAX, &sram);
			o.lower.sram_size = sram;
			o.lower.no_sram = !sram;
			break;
		case CLOCK:
			good = cli_real("clock", optarg, 1, 1e12, &o.lower.clock);
			break;
		case CPU_COST:
			o.cpu_cost = optarg;
			break;
		case 'e':
			o.explain = true;
			break;
		case FLOAT:
			o.keep_float = true;
			break;
		case CPU:
			o.lower.cpu_only = true;
			break;
		case NO_CACHE:
			o.cache = false;
			break;
		case 'v':
			o.verbose = true;
			break;
		case 'h':
			fputs(help, stdout);
			return EXIT_SUCCESS;
		default:
			good = false;
		}
		if (!good)
			return CLI_USAGE;
	}
	if (optind + 1 != argc)
		return cli_wrong("one MODEL, not %d", argc - optind);
	o.model = argv[optind];
	if (!o.output) {
		snprintf(path, sizeof(path) - 8, "%s", o.model);
		dot = strrchr(path, '.');
		if (dot && !strchr(dot, '/'))
			*dot = 0;
		strcat(path, ".accel");
		o.output = path;
	}
	if (load_cpu_cost(&o))
		return cli_failed(o.cpu_cost);
	return compile(&o);
}
