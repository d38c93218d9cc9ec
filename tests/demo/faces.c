// SPDX-License-Identifier: MIT
/*
 * The demo: finds faces in labelled photos with a compiled face detector
 * (MediaPipe's full-range BlazeFace), draws them and counts how many of the
 * labelled ones were found.
 *
 * The network gives, for each cell of a grid over its input, a score and a box
 * relative to the cell's centre in input pixels.
 */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <accel/model.h>

#define MOST_FACES	256
#define MIN_SCORE	0.5f	/* detections below are dropped */
#define SAME_FACE	0.3f	/* overlap of detections of one face */
#define FOUND		0.4f	/* overlap with a label that counts */

struct box {
	float x, y, width, height;	/* pixels of the photo; top left corner */
	float score;
};

struct totals {
	unsigned int photos, labelled, found, wrong;
	uint64_t npu_ns, npu_cycles;
	double host_s;
};

static int fail(const char *what)
{
	fprintf(stderr, "faces: %s: %s\n", what, accel_error_text());
	return EXIT_FAILURE;
}

static float overlap(const struct box *a, const struct box *b)
{
	float w = fminf(a->x + a->width, b->x + b->width) - fmaxf(a->x, b->x);
	float h = fminf(a->y + a->height, b->y + b->height) - fmaxf(a->y, b->y);
	float both = w > 0 && h > 0 ? w * h : 0;

	return both / (a->width * a->height + b->width * b->height - both);
}

static int by_score(const void *a, const void *b)
{
	const struct box *x = a, *y = b;

	return x->score < y->score ? 1 : x->score > y->score ? -1 : 0;
}

/* Detections of the same face become their average, weighted by score. */
static unsigned int merge(struct box *boxes, unsigned int count)
{
	unsigned int i, j, kept = 0;

	qsort(boxes, count, sizeof(*boxes), by_score);
	for (i = 0; i < count; i++) {
		struct box sum = { 0 }, first = boxes[i];

		if (first.score <= 0)
			continue;
		for (j = i; j < count; j++) {
			struct box *b = &boxes[j];

			if (b->score <= 0 || (j != i && overlap(&first, b) < SAME_FACE))
				continue;
			sum.x += b->x * b->score;
			sum.y += b->y * b->score;
			sum.width += b->width * b->score;
			sum.height += b->height * b->score;
			sum.score += b->score;
			b->score = 0;
		}
		boxes[kept++] = (struct box) {
			sum.x / sum.score, sum.y / sum.score, sum.width / sum.score,
			sum.height / sum.score, first.score,
		};
	}
	return kept;
}

/* What the network said, in pixels of the photo that was letterboxed into its input. */
static unsigned int decode(const float *scores, const float *regressed, unsigned int cells,
			   unsigned int values, unsigned int size, const struct accel_image *photo,
			   struct box *boxes)
{
	unsigned int grid = (unsigned int)lround(sqrt(cells)), i, count = 0;
	float scale = fmaxf(photo->width, photo->height) / size;
	float left = (size - photo->width / scale) / 2, top = (size - photo->height / scale) / 2;

	for (i = 0; i < cells && count < MOST_FACES; i++) {
		const float *r = regressed + (size_t)i * values;
		float score = 1 / (1 + expf(-scores[i]));
		float x = r[0] + (i % grid + 0.5f) * size / grid;
		float y = r[1] + (i / grid + 0.5f) * size / grid;

		if (score < MIN_SCORE)
			continue;
		boxes[count++] = (struct box) {
			(x - r[2] / 2 - left) * scale, (y - r[3] / 2 - top) * scale,
			r[2] * scale, r[3] * scale, score,
		};
	}
	return merge(boxes, count);
}

static void draw(struct accel_image *photo, const struct box *box, const uint8_t colour[3])
{
	int x0 = (int)box->x, y0 = (int)box->y, x1 = (int)(box->x + box->width);
	int y1 = (int)(box->y + box->height), x, y;

	for (y = y0; y <= y1; y++) {
		for (x = x0; x <= x1; x++) {
			if ((x > x0 + 1 && x < x1 - 1 && y > y0 + 1 && y < y1 - 1) || x < 0 ||
			    y < 0 || x >= (int)photo->width || y >= (int)photo->height)
				continue;
			memcpy(photo->pixels + y * photo->stride + x * 3, colour, 3);
		}
	}
}

/* The number behind NAME=' in an XML tag. */
static bool attribute(const char *tag, const char *name, float *value)
{
	char text[32];
	const char *at;

	snprintf(text, sizeof(text), " %s='", name);
	at = strstr(tag, text);
	return at && sscanf(at + strlen(text), "%f", value) == 1;
}

static void score_photo(const struct box *found, unsigned int count, const struct box *labels,
			unsigned int label_count, struct totals *totals, unsigned int *hits)
{
	bool used[MOST_FACES] = { false };
	unsigned int i, j;

	*hits = 0;
	for (i = 0; i < label_count; i++) {
		unsigned int best = MOST_FACES;

		for (j = 0; j < count; j++) {
			if (!used[j] && overlap(&labels[i], &found[j]) >= FOUND &&
			    (best == MOST_FACES || overlap(&labels[i], &found[j]) >
						   overlap(&labels[i], &found[best])))
				best = j;
		}
		if (best < MOST_FACES) {
			used[best] = true;
			(*hits)++;
		}
	}
	totals->labelled += label_count;
	totals->found += *hits;
	totals->wrong += count - *hits;
}

static int one_photo(struct accel_session *session, const struct accel_model *model,
		     const char *path, const char *name, const struct box *labels,
		     unsigned int label_count, const char *folder, struct totals *totals)
{
	static const uint8_t green[3] = { 0, 220, 60 }, grey[3] = { 200, 200, 200 };
	static const struct accel_image_fit fit = {
		.mean = { 127.5f, 127.5f, 127.5f }, .scale = { 1 / 127.5f, 1 / 127.5f, 1 / 127.5f },
		.letterbox = true,
	};
	struct accel_tensor_info in = { .size = sizeof(in) }, out[2];
	struct accel_image photo;
	struct box boxes[MOST_FACES];
	float *values[2] = { NULL, NULL };
	unsigned int i, count, hits, boxes_at = 0;
	uint64_t ns = 0, cycles = 0;
	struct timespec a, b;
	char target[4096];
	int ret;

	if (accel_image_read(path, &photo))
		return fail(path);
	clock_gettime(CLOCK_MONOTONIC, &a);
	ret = accel_session_set_image(session, 0, &photo, &fit);
	if (!ret)
		ret = accel_session_run(session);
	clock_gettime(CLOCK_MONOTONIC, &b);
	if (!ret)
		ret = accel_model_input(model, 0, &in);
	for (i = 0; !ret && i < 2; i++) {
		out[i].size = sizeof(out[i]);
		ret = accel_model_output(model, i, &out[i]);
		if (ret)
			break;
		values[i] = calloc((size_t)out[i].dims[1] * out[i].dims[2], sizeof(float));
		if (!values[i] || accel_session_output_real(session, i, values[i],
				(uint64_t)out[i].dims[1] * out[i].dims[2]) < 0)
			ret = -ENOMEM;
	}
	if (ret) {
		ret = fail(name);
		goto out;
	}
	/* Scores have one value per cell. */
	boxes_at = out[0].dims[2] == 1;
	count = decode(values[!boxes_at], values[boxes_at], out[0].dims[1],
		       out[boxes_at].dims[2], in.dims[1], &photo, boxes);
	score_photo(boxes, count, labels, label_count, totals, &hits);
	accel_session_npu_time(session, &ns, &cycles);
	totals->npu_ns += ns;
	totals->npu_cycles += cycles;
	totals->host_s += (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9;
	totals->photos++;
	printf("%-24s %2u of %2u faces, %u wrong\n", name, hits, label_count, count - hits);
	if (folder) {
		for (i = 0; i < label_count; i++)
			draw(&photo, &labels[i], grey);
		for (i = 0; i < count; i++)
			draw(&photo, &boxes[i], green);
		snprintf(target, sizeof(target), "%s/%.*s.png", folder,
			 (int)strcspn(name, "."), name);
		if (accel_image_write(target, &photo))
			ret = fail(target);
	}
out:
	free(values[0]);
	free(values[1]);
	accel_image_release(&photo);
	return ret;
}

/* All photos of a label file (dlib's format: <image file=''> with <box>es in it). */
static int label_file(struct accel_session *session, const struct accel_model *model,
		      const char *path, const char *folder, struct totals *totals)
{
	struct box labels[MOST_FACES];
	char line[4096], name[256] = "", photo[8192];
	const char *slash = strrchr(path, '/');
	unsigned int count = 0;
	FILE *file = fopen(path, "re");
	int ret = 0;

	if (!file) {
		fprintf(stderr, "faces: %s: %s\n", path, strerror(errno));
		return EXIT_FAILURE;
	}
	while (!ret && fgets(line, sizeof(line), file)) {
		struct box box = { 0 };

		if (strstr(line, "<image ")) {
			const char *at = strstr(line, "file='");

			count = 0;
			if (!at || sscanf(at + 6, "%255[^']", name) != 1)
				name[0] = 0;
		} else if (strstr(line, "<box ") && count < MOST_FACES &&
			   attribute(line, "left", &box.x) && attribute(line, "top", &box.y) &&
			   attribute(line, "width", &box.width) &&
			   attribute(line, "height", &box.height)) {
			labels[count++] = box;
		} else if (strstr(line, "</image>") && name[0]) {
			snprintf(photo, sizeof(photo), "%.*s/%s",
				 slash ? (int)(slash - path) : 1, slash ? path : ".", name);
			ret = one_photo(session, model, photo, name, labels, count, folder,
					totals);
		}
	}
	fclose(file);
	return ret;
}

static int by_time(const void *a, const void *b)
{
	const struct accel_layer_profile *x = a, *y = b;

	return x->ns < y->ns ? 1 : x->ns > y->ns ? -1 : 0;
}

static void print_layers(struct accel_session *session, unsigned int most)
{
	int count = accel_session_profile(session, NULL, 0), i;
	struct accel_layer_profile *layers = count > 0 ? calloc(count, sizeof(*layers)) : NULL;

	if (!layers || accel_session_profile(session, layers, count) < 0) {
		free(layers);
		return;
	}
	qsort(layers, count, sizeof(*layers), by_time);
	printf("\nLayers that took longest, last photo:\n");
	for (i = 0; i < count && i < (int)most; i++)
		printf("  %-18s %-36.36s %s %8.3f ms\n", layers[i].kind, layers[i].name,
		       layers[i].on_npu ? "NPU" : "CPU", (double)layers[i].ns / 1e6);
	free(layers);
}

int main(int argc, char **argv)
{
	struct accel_session_params params = {
		.size = sizeof(params), .flags = ACCEL_SESSION_PROFILE,
	};
	struct accel_model_summary summary = { .size = sizeof(summary) };
	struct accel_device_info info = { .size = sizeof(info) };
	struct accel_session *session = NULL;
	struct accel_device *device = NULL;
	struct accel_model *model = NULL;
	struct totals totals = { 0 };
	const char *name = NULL, *folder = NULL;
	unsigned int need = 0, wrong = MOST_FACES;
	int c, i, ret = 0;

	while ((c = getopt(argc, argv, "d:o:n:w:")) != -1) {
		if (c == 'd')
			name = optarg;
		else if (c == 'o')
			folder = optarg;
		else if (c == 'n')
			need = strtoul(optarg, NULL, 0);
		else if (c == 'w')
			wrong = strtoul(optarg, NULL, 0);
		else
			return 2;
	}
	if (optind + 2 > argc) {
		fputs("Usage: faces [-d DEVICE] [-o FOLDER] [-n LEAST-FOUND] [-w MOST-WRONG] "
		      "MODEL LABELS.xml...\n", stderr);
		return 2;
	}
	if (accel_model_load(argv[optind], &model))
		return fail(argv[optind]);
	if (accel_open(name, &device) || accel_device_query(device, &info) ||
	    accel_session_create(model, device, &params, &session)) {
		ret = fail(name ? name : "device");
		goto out;
	}
	accel_model_summary(model, info.config[0] ? info.config : NULL, &summary);
	printf("%s, %s, %u core%s\n%u operations on the NPU, %u on the CPU\n\n", info.name,
	       info.config[0] ? info.config : "no NPU", info.cores, info.cores == 1 ? "" : "s",
	       info.config[0] ? summary.npu_ops : 0,
	       summary.cpu_ops + (info.config[0] ? 0 : summary.npu_ops));
	for (i = optind + 1; !ret && i < argc; i++)
		ret = label_file(session, model, argv[i], folder, &totals);
	if (!ret && totals.photos) {
		print_layers(session, 10);
		printf("\n%u of %u labelled faces found, %u wrong, in %u photos\n", totals.found,
		       totals.labelled, totals.wrong, totals.photos);
		if (info.backend == ACCEL_BACKEND_SIM)
			printf("NPU, modelled: %.3f ms, %.3f M cycles per frame at %.0f MHz\n",
			       (double)totals.npu_ns / 1e6 / totals.photos,
			       (double)totals.npu_cycles / 1e6 / totals.photos,
			       (double)info.clock_hz / 1e6);
		printf("%.1f ms per frame on this machine, pictures in and out not counted\n",
		       totals.host_s * 1e3 / totals.photos);
		if (totals.found < need || totals.wrong > wrong) {
			fprintf(stderr, "faces: at least %u found and at most %u wrong wanted\n",
				need, wrong);
			ret = EXIT_FAILURE;
		}
	}
out:
	accel_session_destroy(session);
	accel_close(device);
	accel_model_unref(model);
	return ret;
}
