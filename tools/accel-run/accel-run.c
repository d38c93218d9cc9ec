// SPDX-License-Identifier: MIT
/*
 * accel-run: run a compiled model on files and tell what comes out.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <accel/model.h>

#include "tools/cli/cli.h"

static const char help[] =
"Usage: accel-run [OPTION]... MODEL [FILE]...\n"
"Run a model that accel-compile made. Each FILE is a JPEG or PNG picture, or the\n"
"raw bytes of a tensor; one per input of the model, or any number of pictures\n"
"for a model with one input, which is then run once for each.\n"
"\n"
"  -d, --device NAME        drm, drm:/dev/accel/accelN, sim:CONFIG, cpu or auto\n"
"  -c, --config NAME        cpu: the configuration whose operations are run\n"
CLI_PICTURE_HELP
"  -t, --top N              print the N largest values of each output (default 5)\n"
"  -o, --output FOLDER      write each output as raw bytes into FOLDER/N.bin\n"
"  -r, --random SEED        fill the inputs that get no FILE with made-up values\n"
"  -n, --repeat N           run N times and print the time per run\n"
"  -p, --profile            print what each layer cost\n"
"  -S, --strict             refuse a model of which a part would run on the CPU\n"
"  -h, --help               print this\n"
"\n"
"Examples:\n"
"  accel-run faces.accel photo.jpg\n"
"  accel-run -d sim:nv_large -p faces.accel photo.jpg\n"
"\n"
"Exit status: 0; 1 it failed; 2 wrong usage.\n";

struct options {
	const char *device, *config, *folder;
	struct accel_image_fit fit;
	unsigned int top, repeat, seed;
	bool profile, strict, random;
};

static bool is_picture(const char *path)
{
	unsigned char magic[4] = { 0 };
	FILE *file = fopen(path, "rbe");
	bool picture = false;

	if (file) {
		picture = fread(magic, 1, 4, file) == 4 &&
			  ((magic[0] == 0xff && magic[1] == 0xd8) ||
			   !memcmp(magic, "\x89PNG", 4));
		fclose(file);
	}
	return picture;
}

static int set_input(struct accel_session *session, const struct accel_model *model,
		     uint32_t index, const char *path, const struct options *o)
{
	struct accel_tensor_info info = { .size = sizeof(info) };
	struct accel_image image;
	void *data = NULL;
	size_t got = 0;
	FILE *file;
	int ret;

	if (is_picture(path)) {
		ret = accel_image_read(path, &image);
		if (!ret) {
			ret = accel_session_set_image(session, index, &image, &o->fit);
			accel_image_release(&image);
		}
		return ret ? cli_failed(path) : 0;
	}
	if (accel_model_input(model, index, &info) || accel_session_input(session, index, &data))
		return cli_failed(path);
	file = fopen(path, "rbe");
	if (file) {
		got = fread(data, 1, info.bytes, file);
		if (got == info.bytes && fgetc(file) != EOF)
			got++;
		fclose(file);
	}
	if (got != info.bytes) {
		fprintf(stderr, "accel-run: %s: %s, input %s needs exactly %llu bytes\n", path,
			file ? "neither a picture nor a tensor of that size" : strerror(errno),
			info.name, (unsigned long long)info.bytes);
		return EXIT_FAILURE;
	}
	return 0;
}

static int print_output(struct accel_session *session, const struct accel_model *model,
			uint32_t index, unsigned int top)
{
	struct accel_tensor_info info = { .size = sizeof(info) };
	uint64_t count = 1, i;
	unsigned int n;
	float *values;
	int64_t got;

	if (accel_model_output(model, index, &info))
		return cli_failed("output");
	for (i = 0; i < info.rank; i++)
		count *= info.dims[i];
	values = calloc(count + 1, sizeof(*values));
	got = values ? accel_session_output_real(session, index, values, count) : -1;
	if (got < 0) {
		free(values);
		return cli_failed(info.name);
	}
	printf("%s:", info.name);
	for (n = 0; n < top && n < count; n++) {
		uint64_t best = 0;

		for (i = 0; i < count; i++)
			if (values[i] > values[best])
				best = i;
		printf(" %llu=%.6g", (unsigned long long)best, values[best]);
		values[best] = -__builtin_inff();
	}
	putchar('\n');
	free(values);
	return 0;
}

static int write_output(struct accel_session *session, const struct accel_model *model,
			uint32_t index, const char *folder)
{
	struct accel_tensor_info info = { .size = sizeof(info) };
	const void *data = NULL;
	char path[4096];
	FILE *file;
	bool good;

	if (accel_model_output(model, index, &info) ||
	    accel_session_output(session, index, &data))
		return cli_failed("output");
	snprintf(path, sizeof(path), "%s/%u.bin", folder, index);
	file = fopen(path, "wbe");
	good = file && fwrite(data, 1, info.bytes, file) == info.bytes;
	if (file && fclose(file))
		good = false;
	if (!good)
		fprintf(stderr, "accel-run: %s: %s\n", path, strerror(errno));
	return good ? 0 : EXIT_FAILURE;
}

static int print_profile(struct accel_session *session)
{
	int count = accel_session_profile(session, NULL, 0), i;
	struct accel_layer_profile *layers;
	uint64_t cycles = 0, npu = 0, cpu = 0;
	int timed;

	if (count < 0)
		return cli_failed("profile");
	layers = calloc(count + 1, sizeof(*layers));
	if (!layers || accel_session_profile(session, layers, count) < 0) {
		free(layers);
		return cli_failed("profile");
	}
	for (i = 0; i < count; i++) {
		printf("  %-16s %-40.40s %s %10llu cycles %9.3f ms\n", layers[i].kind,
		       layers[i].name, layers[i].on_npu ? "NPU" : "CPU",
		       (unsigned long long)layers[i].cycles, (double)layers[i].ns / 1e6);
		if (!layers[i].on_npu)
			cpu += layers[i].ns;
	}
	timed = accel_session_npu_time(session, &npu, &cycles);
	printf("  NPU %llu cycles, %.3f ms; CPU %.3f ms\n", (unsigned long long)cycles,
	       (double)npu / 1e6, (double)cpu / 1e6);
	free(layers);
	return timed ? cli_failed("profile") : 0;
}

static int run_once(struct accel_session *session, const struct accel_model *model,
		    const struct options *o)
{
	struct timespec a, b;
	unsigned int n;
	uint32_t i;
	int ret = 0;

	clock_gettime(CLOCK_MONOTONIC, &a);
	for (n = 0; n < o->repeat; n++) {
		if (accel_session_run(session))
			return cli_failed("run");
	}
	clock_gettime(CLOCK_MONOTONIC, &b);
	for (i = 0; !ret && i < accel_model_output_count(model); i++) {
		ret = print_output(session, model, i, o->top);
		if (!ret && o->folder)
			ret = write_output(session, model, i, o->folder);
	}
	if (o->repeat > 1)
		printf("%.3f ms per run\n", ((double)(b.tv_sec - a.tv_sec) * 1e3 +
			(double)(b.tv_nsec - a.tv_nsec) / 1e6) / o->repeat);
	return !ret && o->profile ? print_profile(session) : ret;
}

static int run(const char *path, char **files, unsigned int count, const struct options *o)
{
	struct accel_session_params params = {
		.size = sizeof(params), .config = o->config,
		.flags = (o->strict ? ACCEL_SESSION_STRICT : 0) |
			 (o->profile ? ACCEL_SESSION_PROFILE : 0),
	};
	struct accel_model_summary summary = { .size = sizeof(summary) };
	struct accel_device_info info = { .size = sizeof(info) };
	struct accel_model *model = NULL;
	struct accel_device *device = NULL;
	struct accel_session *session = NULL;
	unsigned int i, inputs;
	int ret;

	if (accel_model_load(path, &model))
		return cli_failed(path);
	inputs = accel_model_input_count(model);
	if (accel_open(o->device, &device) || accel_device_query(device, &info))
		ret = cli_failed(o->device ? o->device : "device");
	else
		ret = accel_session_create(model, device, &params, &session) ? cli_failed(path) : 0;
	if (!ret && count && inputs != 1 && count != inputs && !o->random) {
		fprintf(stderr, "accel-run: the model has %u inputs, %u files were given\n",
			inputs, count);
		ret = CLI_USAGE;
	}
	if (!ret && !accel_model_summary(model, info.config[0] ? info.config : o->config, &summary))
		fprintf(stderr, "%s: %u operations on the NPU%s, %u on the CPU\n", info.name,
			summary.npu_ops, info.config[0] ? "" : " would be (here by CPU kernels)",
			summary.cpu_ops);
	if (!ret && inputs == 1 && count > 1) {
		for (i = 0; !ret && i < count; i++) {
			printf("%s\n", files[i]);
			ret = set_input(session, model, 0, files[i], o);
			if (!ret)
				ret = run_once(session, model, o);
		}
	} else if (!ret) {
		for (i = 0; !ret && i < count; i++)
			ret = set_input(session, model, i, files[i], o);
		for (; !ret && o->random && i < inputs; i++)
			ret = cli_fill_input(session, model, i, o->seed) ?
			      cli_failed("input") : 0;
		if (!ret)
			ret = run_once(session, model, o);
	}
	accel_session_destroy(session);
	accel_close(device);
	accel_model_unref(model);
	return ret;
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "device", required_argument, NULL, 'd' },
		{ "config", required_argument, NULL, 'c' },
		CLI_PICTURE_OPTIONS,
		{ "top", required_argument, NULL, 't' },
		{ "output", required_argument, NULL, 'o' },
		{ "random", required_argument, NULL, 'r' },
		{ "repeat", required_argument, NULL, 'n' },
		{ "profile", no_argument, NULL, 'p' },
		{ "strict", no_argument, NULL, 'S' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct options o = { .top = 5, .repeat = 1 };
	bool good = true;
	int c;

	cli_picture_init(&o.fit);
	while ((c = cli_getopt(argc, argv, "d:c:" CLI_PICTURE_LETTERS "t:o:r:n:pSh", longs)) != -1) {
		switch (c) {
		case 'd':
			o.device = optarg;
			break;
		case 'c':
			o.config = optarg;
			break;
		case 'l':
		case 'm':
		case 's':
			good = cli_picture_option(c, optarg, &o.fit);
			break;
		case 't':
			good = cli_uint("top", optarg, 0, UINT32_MAX, &o.top);
			break;
		case 'o':
			o.folder = optarg;
			break;
		case 'r':
			o.random = true;
			good = cli_uint("random", optarg, 0, UINT32_MAX, &o.seed);
			break;
		case 'n':
			good = cli_uint("repeat", optarg, 1, UINT32_MAX, &o.repeat);
			break;
		case 'p':
			o.profile = true;
			break;
		case 'S':
			o.strict = true;
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
	if (optind >= argc)
		return cli_wrong("which MODEL?");
	return run(argv[optind], argv + optind + 1, argc - optind - 1, &o);
}
