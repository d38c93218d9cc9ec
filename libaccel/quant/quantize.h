/* SPDX-License-Identifier: MIT */
/*
 * From a float graph to an int8 graph, with calibration data.
 *
 *	quant_config_load(path, &config)		or quant_config_init()
 *	quant_new(graph, &config, &quant)
 *	quant_add(quant, inputs)			for each sample, or quant_add_images()
 *	quant_finish(quant, &int8_graph)
 *
 * Activations get one scale and zero point per tensor, weights a scale per
 * output channel with zero point 0, biases int32 at input scale * weight scale.
 * Operations that only move data, and poolings, have equal scales on both sides.
 * Operations that lose too much in 8 bits or were excluded stay in float between
 * DEQUANTIZE and QUANTIZE. Inputs and outputs of the graph keep their types.
 */
#ifndef ACCEL_QUANTIZE_H
#define ACCEL_QUANTIZE_H

#include <stdio.h>

#include <accel/model.h>

#include "libaccel/graph/graph.h"

/* How a range of reals is chosen from a tensor's distribution. */
enum quant_method {
	QUANT_MIN_MAX,		/* all that was seen */
	QUANT_PERCENTILE,	/* but for a share at either end */
	QUANT_MSE,		/* least squared error of rounding and clipping together */
	QUANT_ENTROPY,		/* least Kullback-Leibler divergence */
	QUANT_METHODS,
};

/**
 * struct quant_rule - settings for some layers
 * @name: of the operation, or a pattern with * and ?; rules by type: NULL
 * @exclude: stay in float
 * @method: enum quant_method; QUANT_METHODS: not said
 * @scale: of the output; 0: not said
 * @zero_point: of the output, if @has_zero_point
 */
struct quant_rule {
	char *name;
	bool exclude;
	uint32_t method;
	float scale;
	bool has_zero_point;
	int32_t zero_point;
};

/**
 * struct quant_config - settings
 * @method: for activations
 * @percentile: share of values inside the range, in percent
 * @equalization: even out the channels of activations before anything else
 * @bias_correction: make up for the mean error of rounded weights
 * @adaptive_rounding: round weights up or down so that the layer's output, not
 *                     the weight, is nearest to the float network's
 * @conv_layers: for all convolutions
 * @fc_layers: for all fully connected layers
 * @layers: by name; a later one wins, all win over those by type
 * @num_layers: their number
 * @progress: told how much of a step is done, or NULL; ends with @done == @all
 */
struct quant_config {
	uint32_t method;
	float percentile;
	bool equalization, bias_correction, adaptive_rounding;
	struct quant_rule conv_layers, fc_layers;
	struct quant_rule *layers;
	uint32_t num_layers;
	void (*progress)(const char *step, uint64_t done, uint64_t all);
};

/* Defaults: least squared error, bias correction and adaptive rounding. */
void quant_config_init(struct quant_config *config);
void quant_config_clear(struct quant_config *config);

/**
 * quant_config_load() - read settings from a JSON file
 *
 * Format: Documentation/models.rst.
 *
 * Return: 0; -EINVAL with the place in accel_error_text(); errors of open().
 */
int quant_config_load(const char *path, struct quant_config *config);
int quant_config_parse(const char *text, struct quant_config *config);

struct quant;

/**
 * quant_new() - begin to quantise
 * @graph: float, after graph_optimize(); copied
 * @config: copied but for its strings and rules, which must outlive the object
 */
int quant_new(const struct graph *graph, const struct quant_config *config, struct quant **out);
void quant_free(struct quant *quant);

/* The float graph that is quantised: the given one, its channels perhaps evened out. */
const struct graph *quant_graph(const struct quant *quant);

/* Run the float graph on a sample and note what it does; see graph_exec_run(). */
int quant_add(struct quant *quant, const void *const *inputs);

/**
 * quant_add_images() - all JPEG and PNG files of a folder as samples
 * @fit: as in accel_session_set_image()
 * @most: samples at most, 0: all; taken evenly from the sorted names
 *
 * The graph must have one input that is a picture, NHWC or NCHW.
 *
 * Return: number of samples; -ENOENT: none; errors.
 */
int quant_add_images(struct quant *quant, const char *folder, const struct accel_image_fit *fit,
		     uint32_t most);

/* Make the int8 graph. At least one sample must have been added. */
int quant_finish(struct quant *quant, struct graph **out);

/* Does the graph work on reals, so that quantisation has something to do? */
bool quant_is_float(const struct graph *graph);

/**
 * struct quant_loss - what quantisation cost an operation
 * @signal: sum of squares of the float output
 * @noise: sum of squared differences
 * @dot: sum of products
 * @other: sum of squares of the int8 output
 * @largest: largest difference
 * @op: operation of the float graph, GRAPH_NONE behind the last
 */
struct quant_loss {
	double signal, noise, dot, other, largest;
	uint32_t op;
};

/**
 * quant_compare() - run both graphs on a sample and add up what differs
 * @a: float
 * @b: made from @a; operations are matched by name
 * @loss: one per operation of @a, zero before the first sample
 */
int quant_compare(const struct graph *a, const struct graph *b, const void *const *inputs,
		  struct quant_loss *loss);

/* 10 log10(signal / noise) in dB; INFINITY without noise. */
double quant_snr(const struct quant_loss *loss);
double quant_cosine(const struct quant_loss *loss);

/* A table with a line per operation. */
void quant_report(const struct graph *a, const struct quant_loss *loss, FILE *file);

/**
 * quant_picture() - a picture as the bytes of a graph's input
 * @out: receives memory of graph_bytes() that the caller frees
 */
int quant_picture(const struct graph_tensor *input, const struct accel_image *image,
		  const struct accel_image_fit *fit, void **out);

#endif /* ACCEL_QUANTIZE_H */
