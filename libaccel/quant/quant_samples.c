// SPDX-License-Identifier: MIT
/*
 * Running the float graph on samples.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "libaccel/dev/error.h"
#include "libaccel/quant/quant_state.h"
#include "libaccel/run/picture.h"

bool quant_is_float(const struct graph *graph)
{
	for (uint32_t i = 0; i < graph->num_ops; i++) {
		const struct graph_op *op = &graph->ops[i];

		if (op->kind <= GRAPH_FULLY_CONNECTED &&
		    graph->tensors[op->inputs[0]].type == GRAPH_F32)
			return true;
	}
	return false;
}

int quant_new(const struct graph *graph, const struct quant_config *config, struct quant **out)
{
	struct quant *quant = calloc(1, sizeof(*quant));
	int err;

	*out = NULL;
	if (!quant)
		return accel_error_memory("quantisation");
	quant->config = *config;
	err = graph_clone(graph, &quant->graph);
	if (!err && config->equalization)
		err = quant_equalize(quant->graph, config);
	if (err) {
		quant_free(quant);
		return err;
	}
	graph = quant->graph;
	quant->ranges = calloc(graph->num_tensors + 1, sizeof(*quant->ranges));
	quant->layers = calloc(graph->num_ops + 1, sizeof(*quant->layers));
	err = quant->ranges && quant->layers ? graph_exec_new(graph, false, &quant->exec) :
	      accel_error_memory("quantisation");
	if (err) {
		quant_free(quant);
		return err;
	}
	*out = quant;
	return 0;
}

const struct graph *quant_graph(const struct quant *quant)
{
	return quant->graph;
}

void quant_free(struct quant *quant)
{
	if (!quant)
		return;
	for (uint32_t i = 0; quant->ranges && i < quant->graph->num_tensors; i++)
		free(quant->ranges[i].bins);
	for (uint32_t i = 0; quant->layers && i < quant->graph->num_ops; i++)
		quant_layer_clear(&quant->layers[i]);
	graph_exec_free(quant->exec);
	graph_free(quant->graph);
	free(quant->ranges);
	free(quant->layers);
	free(quant);
}

static int note(struct quant *quant, uint32_t tensor, const void *data)
{
	const struct graph_tensor *t = &quant->graph->tensors[tensor];
	int err = 0;

	if (t->type == GRAPH_F32)
		err = quant_range_add(&quant->ranges[tensor], data, graph_elements(t));
	return err == -ERANGE ? accel_error_set(-EINVAL, "tensor %s has values that are not finite",
						t->name) : err;
}

static int observe(void *context, const struct graph_exec *exec, uint32_t number)
{
	struct quant *quant = context;
	const struct graph_op *op = &quant->graph->ops[number];
	int err = 0;

	if (op->num_outputs)
		err = note(quant, op->outputs[0], graph_exec_data(exec, op->outputs[0]));
	if (!err && op->kind <= GRAPH_FULLY_CONNECTED &&
	    quant->graph->tensors[op->inputs[0]].type == GRAPH_F32 &&
	    graph_is_const(&quant->graph->tensors[op->inputs[1]]) &&
	    (quant->config.bias_correction || quant->config.adaptive_rounding))
		err = quant_layer_add(&quant->layers[number], quant->graph, op,
				      graph_exec_data(exec, op->inputs[0]));
	return err;
}

int quant_add(struct quant *quant, const void *const *inputs)
{
	int err = 0;

	for (uint32_t i = 0; !err && i < quant->graph->num_inputs; i++)
		err = note(quant, quant->graph->inputs[i], inputs[i]);
	if (!err)
		err = graph_exec_run(quant->exec, inputs, observe, quant);
	quant->samples += !err;
	return err;
}

int quant_picture(const struct graph_tensor *input, const struct accel_image *image,
		  const struct accel_image_fit *fit, void **out)
{
	float *reals = malloc((graph_elements(input) + 1) * sizeof(*reals));
	int err;

	*out = malloc(graph_bytes(input) + 1);
	err = reals && *out ? picture_fill(input, image, fit, reals) : accel_error_memory("a picture");
	if (!err)
		err = picture_store(input, reals, *out);
	free(reals);
	if (err) {
		free(*out);
		*out = NULL;
	}
	return err;
}

static int is_picture(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot && (!strcasecmp(dot, ".jpg") || !strcasecmp(dot, ".jpeg") ||
		       !strcasecmp(dot, ".png"));
}

static int add_image(struct quant *quant, const char *folder, const char *name,
		     const struct accel_image_fit *fit)
{
	const struct graph_tensor *input = &quant->graph->tensors[quant->graph->inputs[0]];
	struct accel_image image;
	void *data;
	char *path;
	int err;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		return accel_error_memory("a name");
	err = accel_image_read(path, &image);
	free(path);
	if (err)
		return err;
	err = quant_picture(input, &image, fit, &data);
	accel_image_release(&image);
	if (err)
		return err;
	err = quant_add(quant, (const void *const *)&data);
	free(data);
	return err;
}

int quant_add_images(struct quant *quant, const char *folder, const struct accel_image_fit *fit,
		     uint32_t most)
{
	struct dirent **entries;
	int n = scandir(folder, &entries, is_picture, alphasort), used, err = 0;

	if (n < 0)
		return accel_error_set(-errno, "%s: %s", folder, strerror(errno));
	if (quant->graph->num_inputs != 1)
		err = accel_error_set(-EINVAL, "the model has %u inputs, pictures fit one",
				      quant->graph->num_inputs);
	else if (!n)
		err = accel_error_set(-ENOENT, "%s has no JPEG or PNG pictures", folder);
	used = most && (uint32_t)n > most ? (int)most : n;
	for (int i = 0; !err && i < used; i++) {
		if (quant->config.progress)
			quant->config.progress("calibrating", (uint64_t)i, (uint64_t)used);
		err = add_image(quant, folder, entries[(int64_t)i * n / used]->d_name, fit);
	}
	if (quant->config.progress)
		quant->config.progress("calibrating", 1, 1);
	for (int i = 0; i < n; i++)
		free(entries[i]);
	free(entries);
	return err ? err : used;
}
