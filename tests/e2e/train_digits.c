// SPDX-License-Identifier: MIT
/*
 * Train a small convolutional network on OpenCV's 5000 handwritten digits and
 * write it as float ONNX. The same on every run: a generator with a fixed seed,
 * one thread, no framework.
 *
 * usage: train_digits DIGITS.PNG FOLDER
 *
 *	FOLDER/digits.onnx	input [1, 1, 20, 20] from 0 to 1, output [1, 10]
 *	FOLDER/train/N.png	digits for calibration, all of them trained on
 *	FOLDER/test/N.png	digits held out: every fifth column
 *	FOLDER/test/labels.txt	their classes
 *
 * Network: conv 3x3 stride 2, 12 channels, ReLU; conv 3x3 stride 2, 24 channels,
 * ReLU; Gemm to 10. Cross-entropy, gradient descent with momentum.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <accel/model.h>

enum {
	SIDE = 20, PIXELS = SIDE * SIDE, COLUMNS = 100, ROWS = 50, DIGITS = COLUMNS * ROWS,
	CLASSES = 10, PER_CLASS = ROWS / CLASSES,
	SIDE1 = 10, C1 = 12, SIDE2 = 5, C2 = 24, FLAT = C2 * SIDE2 * SIDE2,
	W1 = 0, B1 = W1 + C1 * 9, W2 = B1 + C1, B2 = W2 + C2 * C1 * 9,
	W3 = B2 + C2, B3 = W3 + CLASSES * FLAT, WEIGHTS = B3 + CLASSES,
	EPOCHS = 14, BATCH = 16, CALIBRATION = 128,
};

static float pixels[DIGITS][PIXELS];
static float weights[WEIGHTS], gradient[WEIGHTS], velocity[WEIGHTS];

struct layers {
	float a1[C1][SIDE1][SIDE1], a2[C2][SIDE2][SIDE2], out[CLASSES];
};

static uint64_t state = 1;

/* From -1 to 1. */
static float draw(void)
{
	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (float)(state >> 40) / (float)(1 << 23) - 1;
}

static int label(int digit)
{
	return digit / COLUMNS / PER_CLASS;
}

static int held_out(int digit)
{
	return digit % COLUMNS % 5 == 4;
}

/* Convolution 3x3, stride 2, one pixel of padding, and ReLU. */
static void conv(const float *in, int channels, int side, const float *w, const float *bias,
		 float *out, int kernels)
{
	const int half = side / 2 + side % 2;

	for (int k = 0; k < kernels; k++)
		for (int y = 0; y < half; y++)
			for (int x = 0; x < half; x++) {
				float sum = bias[k];

				for (int c = 0; c < channels; c++)
					for (int t = 0; t < 9; t++) {
						int v = y * 2 + t / 3 - 1, u = x * 2 + t % 3 - 1;

						if (v >= 0 && v < side && u >= 0 && u < side)
							sum += w[(k * channels + c) * 9 + t] *
							       in[(c * side + v) * side + u];
					}
				out[(k * half + y) * half + x] = sum > 0 ? sum : 0;
			}
}

/* @dout becomes the gradient before ReLU; @din is added to, NULL: not wanted. */
static void conv_back(const float *in, int channels, int side, const float *w, const float *out,
		      float *dout, int kernels, float *dw, float *dbias, float *din)
{
	const int half = side / 2 + side % 2;

	for (int k = 0; k < kernels; k++)
		for (int y = 0; y < half; y++)
			for (int x = 0; x < half; x++) {
				float d = dout[(k * half + y) * half + x];

				if (out[(k * half + y) * half + x] <= 0 || d == 0)
					continue;
				dbias[k] += d;
				for (int c = 0; c < channels; c++)
					for (int t = 0; t < 9; t++) {
						int v = y * 2 + t / 3 - 1, u = x * 2 + t % 3 - 1;
						int from = (c * side + v) * side + u;
						int tap = (k * channels + c) * 9 + t;

						if (v < 0 || v >= side || u < 0 || u >= side)
							continue;
						dw[tap] += d * in[from];
						if (din)
							din[from] += d * w[tap];
					}
			}
}

static int forward(const float *in, struct layers *l)
{
	int best = 0;

	conv(in, 1, SIDE, weights + W1, weights + B1, &l->a1[0][0][0], C1);
	conv(&l->a1[0][0][0], C1, SIDE1, weights + W2, weights + B2, &l->a2[0][0][0], C2);
	for (int k = 0; k < CLASSES; k++) {
		const float *flat = &l->a2[0][0][0];

		l->out[k] = weights[B3 + k];
		for (int i = 0; i < FLAT; i++)
			l->out[k] += weights[W3 + k * FLAT + i] * flat[i];
		best = l->out[k] > l->out[best] ? k : best;
	}
	return best;
}

static void backward(const float *in, int class, const struct layers *l)
{
	static float d2[C2][SIDE2][SIDE2], d1[C1][SIDE1][SIDE1];
	const float *flat = &l->a2[0][0][0];
	float sum = 0, most = l->out[0];

	memset(d2, 0, sizeof(d2));
	memset(d1, 0, sizeof(d1));
	for (int k = 1; k < CLASSES; k++)
		most = fmaxf(most, l->out[k]);
	for (int k = 0; k < CLASSES; k++)
		sum += expf(l->out[k] - most);
	for (int k = 0; k < CLASSES; k++) {
		float d = expf(l->out[k] - most) / sum - (k == class);

		gradient[B3 + k] += d;
		for (int i = 0; i < FLAT; i++) {
			gradient[W3 + k * FLAT + i] += d * flat[i];
			(&d2[0][0][0])[i] += d * weights[W3 + k * FLAT + i];
		}
	}
	conv_back(&l->a1[0][0][0], C1, SIDE1, weights + W2, flat, &d2[0][0][0], C2, gradient + W2,
		  gradient + B2, &d1[0][0][0]);
	conv_back(in, 1, SIDE, weights + W1, &l->a1[0][0][0], &d1[0][0][0], C1, gradient + W1,
		  gradient + B1, NULL);
}

static void train(void)
{
	static int order[DIGITS];
	static struct layers l;
	int count = 0;

	for (int i = 0; i < DIGITS; i++)
		if (!held_out(i))
			order[count++] = i;
	for (int i = 0; i < W2; i++)
		weights[i] = i < B1 ? draw() * sqrtf(6.f / 9) : 0;
	for (int i = W2; i < B2; i++)
		weights[i] = draw() * sqrtf(6.f / (C1 * 9));
	for (int i = W3; i < B3; i++)
		weights[i] = draw() * sqrtf(3.f / FLAT);
	for (int epoch = 0; epoch < EPOCHS; epoch++) {
		float rate = 0.04f * (1 - (float)epoch / EPOCHS);

		for (int i = count - 1; i > 0; i--) {
			int j = (int)((draw() + 1) / 2 * (float)(i + 1)), other;

			j = j > i ? i : j;
			other = order[i];
			order[i] = order[j];
			order[j] = other;
		}
		for (int i = 0; i + BATCH <= count; i += BATCH) {
			memset(gradient, 0, sizeof(gradient));
			for (int n = i; n < i + BATCH; n++) {
				forward(pixels[order[n]], &l);
				backward(pixels[order[n]], label(order[n]), &l);
			}
			for (int w = 0; w < WEIGHTS; w++) {
				velocity[w] = 0.9f * velocity[w] - rate / BATCH * gradient[w];
				weights[w] += velocity[w];
			}
		}
	}
}

/* ------------------------------------------------- protocol buffers by hand */

struct bytes {
	size_t count;
	uint8_t data[1 << 17];
};

static void put(struct bytes *b, const void *data, size_t count)
{
	if (count > sizeof(b->data) - b->count)
		abort();	/* the network's size is fixed above */
	memcpy(b->data + b->count, data, count);
	b->count += count;
}

static void put_varint(struct bytes *b, uint64_t value)
{
	do {
		uint8_t byte = (uint8_t)((value & 127) | (value > 127 ? 128 : 0));

		put(b, &byte, 1);
		value >>= 7;
	} while (value);
}

static void put_number(struct bytes *b, int field, uint64_t value)
{
	put_varint(b, (uint64_t)field << 3);
	put_varint(b, value);
}

static void put_bytes(struct bytes *b, int field, const void *data, size_t count)
{
	put_varint(b, (uint64_t)field << 3 | 2);
	put_varint(b, count);
	put(b, data, count);
}

static void put_text(struct bytes *b, int field, const char *text)
{
	put_bytes(b, field, text, strlen(text));
}

/* TensorProto: dims 1, data_type 2 (1: float), name 8, raw_data 9. */
static void put_weights(struct bytes *graph, const char *name, int first, const int *dims, int rank)
{
	static struct bytes tensor;
	int count = 1;

	tensor.count = 0;
	for (int i = 0; i < rank; i++) {
		put_number(&tensor, 1, (uint64_t)dims[i]);
		count *= dims[i];
	}
	put_number(&tensor, 2, 1);
	put_text(&tensor, 8, name);
	put_bytes(&tensor, 9, weights + first, (size_t)count * sizeof(float));
	put_bytes(graph, 5, tensor.data, tensor.count);
}

/* AttributeProto: name 1, i 3, ints 8, type 20 (2: INT, 7: INTS). */
static void put_attribute(struct bytes *node, const char *name, const int *values, int count)
{
	static struct bytes attribute;

	attribute.count = 0;
	put_text(&attribute, 1, name);
	for (int i = 0; i < count; i++)
		put_number(&attribute, count == 1 ? 3 : 8, (uint64_t)values[i]);
	put_number(&attribute, 20, count == 1 ? 2 : 7);
	put_bytes(node, 5, attribute.data, attribute.count);
}

/* NodeProto: input 1, output 2, name 3, op_type 4. @inputs end with NULL. */
static void put_node(struct bytes *graph, const char *type, const char *const *inputs,
		     const char *output)
{
	static const int pads[] = { 1, 1, 1, 1 }, strides[] = { 2, 2 }, yes[] = { 1 };
	static struct bytes node;

	node.count = 0;
	for (; *inputs; inputs++)
		put_text(&node, 1, *inputs);
	put_text(&node, 2, output);
	put_text(&node, 3, output);
	put_text(&node, 4, type);
	if (!strcmp(type, "Conv")) {
		put_attribute(&node, "pads", pads, 4);
		put_attribute(&node, "strides", strides, 2);
	} else if (!strcmp(type, "Gemm")) {
		put_attribute(&node, "transB", yes, 1);
	}
	put_bytes(graph, 1, node.data, node.count);
}

/* ValueInfoProto: name 1, type 2 {tensor 1 {elem_type 1, shape 2 {dim 1 {value 1}}}}. */
static void put_value(struct bytes *graph, int field, const char *name, const int *dims, int rank)
{
	static struct bytes dim, shape, tensor, type, value;

	dim.count = shape.count = tensor.count = type.count = value.count = 0;
	for (int i = 0; i < rank; i++) {
		dim.count = 0;
		put_number(&dim, 1, (uint64_t)dims[i]);
		put_bytes(&shape, 1, dim.data, dim.count);
	}
	put_number(&tensor, 1, 1);
	put_bytes(&tensor, 2, shape.data, shape.count);
	put_bytes(&type, 1, tensor.data, tensor.count);
	put_text(&value, 1, name);
	put_bytes(&value, 2, type.data, type.count);
	put_bytes(graph, field, value.data, value.count);
}

static int write_model(const char *path)
{
	static struct bytes graph, model, opset;
	FILE *file = fopen(path, "wbe");
	int good;

	put_node(&graph, "Conv", (const char *[]){ "image", "w1", "b1", NULL }, "conv1");
	put_node(&graph, "Relu", (const char *[]){ "conv1", NULL }, "relu1");
	put_node(&graph, "Conv", (const char *[]){ "relu1", "w2", "b2", NULL }, "conv2");
	put_node(&graph, "Relu", (const char *[]){ "conv2", NULL }, "relu2");
	put_node(&graph, "Flatten", (const char *[]){ "relu2", NULL }, "flat");
	put_node(&graph, "Gemm", (const char *[]){ "flat", "w3", "b3", NULL }, "scores");
	put_text(&graph, 2, "digits");
	put_weights(&graph, "w1", W1, (const int[]){ C1, 1, 3, 3 }, 4);
	put_weights(&graph, "b1", B1, (const int[]){ C1 }, 1);
	put_weights(&graph, "w2", W2, (const int[]){ C2, C1, 3, 3 }, 4);
	put_weights(&graph, "b2", B2, (const int[]){ C2 }, 1);
	put_weights(&graph, "w3", W3, (const int[]){ CLASSES, FLAT }, 2);
	put_weights(&graph, "b3", B3, (const int[]){ CLASSES }, 1);
	put_value(&graph, 11, "image", (const int[]){ 1, 1, SIDE, SIDE }, 4);
	put_value(&graph, 12, "scores", (const int[]){ 1, CLASSES }, 2);
	/* ModelProto: ir_version 1, graph 7, opset_import 8 {version 2}. */
	put_number(&model, 1, 8);
	put_bytes(&model, 7, graph.data, graph.count);
	put_number(&opset, 2, 13);
	put_bytes(&model, 8, opset.data, opset.count);
	good = file && fwrite(model.data, 1, model.count, file) == model.count;
	return file && !fclose(file) && good ? 0 : -1;
}

static int write_digit(const char *folder, const char *part, int digit)
{
	uint8_t out[PIXELS];
	struct accel_image image = {
		.width = SIDE, .height = SIDE, .channels = 1, .stride = SIDE, .pixels = out,
	};
	char path[4096];

	for (int i = 0; i < PIXELS; i++)
		out[i] = (uint8_t)lrintf(pixels[digit][i] * 255);
	snprintf(path, sizeof(path), "%s/%s/%04d.png", folder, part, digit);
	return accel_image_write(path, &image);
}

static int read_digits(const char *path)
{
	struct accel_image image;
	int err = accel_image_read(path, &image);

	if (err)
		return err;
	if (image.width != SIDE * COLUMNS || image.height != SIDE * ROWS)
		err = -1;
	for (int i = 0; !err && i < DIGITS; i++)
		for (int p = 0; p < PIXELS; p++) {
			size_t y = (size_t)(i / COLUMNS * SIDE + p / SIDE);
			size_t x = (size_t)(i % COLUMNS * SIDE + p % SIDE);

			pixels[i][p] = (float)image.pixels[y * image.stride + x * image.channels] / 255;
		}
	accel_image_release(&image);
	return err;
}

int main(int argc, char **argv)
{
	char path[4096];
	FILE *labels;
	int err = 0;

	if (argc != 3) {
		fputs("usage: train_digits DIGITS.PNG FOLDER\n", stderr);
		return 2;
	}
	if (read_digits(argv[1])) {
		fprintf(stderr, "train_digits: %s: %s\n", argv[1], accel_error_text());
		return EXIT_FAILURE;
	}
	train();
	snprintf(path, sizeof(path), "%s/train", argv[2]);
	mkdir(path, 0777);
	snprintf(path, sizeof(path), "%s/test", argv[2]);
	mkdir(path, 0777);
	snprintf(path, sizeof(path), "%s/test/labels.txt", argv[2]);
	labels = fopen(path, "we");
	if (!labels) {
		perror(path);
		return EXIT_FAILURE;
	}
	for (int i = 0; !err && i < DIGITS; i++) {
		if (held_out(i)) {
			err = write_digit(argv[2], "test", i);
			fprintf(labels, "%04d.png %d\n", i, label(i));
		} else if (i % (DIGITS / CALIBRATION) == 0) {
			err = write_digit(argv[2], "train", i);
		}
	}
	snprintf(path, sizeof(path), "%s/digits.onnx", argv[2]);
	if (fclose(labels) || err || write_model(path)) {
		fprintf(stderr, "train_digits: cannot write to %s\n", argv[2]);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
