// SPDX-License-Identifier: MIT
/*
 * What quantisation cost, layer by layer.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "libaccel/cpu/ref/ref_op_kernels.h"
#include "libaccel/dev/error.h"
#include "libaccel/quant/quant_state.h"

/* Operation of @graph with @name that has an output; GRAPH_NONE: none. */
static uint32_t find_op(const struct graph *graph, const char *name, uint32_t kind)
{
	for (uint32_t i = 0; i < graph->num_ops; i++)
		if (graph->ops[i].kind == kind && graph->ops[i].num_outputs &&
		    !strcmp(graph->ops[i].name, name))
			return i;
	return GRAPH_NONE;
}

static int add_loss(const struct graph_exec *a, const struct graph *ga, uint32_t ta,
		    const struct graph_exec *b, const struct graph *gb, uint32_t tb,
		    struct quant_loss *loss)
{
	const struct graph_tensor *t = &ga->tensors[ta], *u = &gb->tensors[tb];
	uint64_t n = graph_elements(t);
	float *x, *y;

	if (graph_elements(u) != n)
		return 0;
	x = malloc((n + 1) * sizeof(*x));
	y = malloc((n + 1) * sizeof(*y));
	if (!x || !y) {
		free(x);
		free(y);
		return accel_error_memory("a comparison");
	}
	ref_to_float(t, graph_exec_data(a, ta), x);
	ref_to_float(u, graph_exec_data(b, tb), y);
	for (uint64_t i = 0; i < n; i++) {
		double difference = (double)x[i] - y[i];

		loss->signal += (double)x[i] * x[i];
		loss->other += (double)y[i] * y[i];
		loss->dot += (double)x[i] * y[i];
		loss->noise += difference * difference;
		loss->largest = fmax(loss->largest, fabs(difference));
	}
	free(x);
	free(y);
	return 0;
}

int quant_compare(const struct graph *a, const struct graph *b, const void *const *inputs,
		  struct quant_loss *loss)
{
	struct graph_exec *run_a = NULL, *run_b = NULL;
	int err = graph_exec_new(a, true, &run_a);

	if (!err)
		err = graph_exec_new(b, true, &run_b);
	if (!err)
		err = graph_exec_run(run_a, inputs, NULL, NULL);
	if (!err)
		err = graph_exec_run(run_b, inputs, NULL, NULL);
	for (uint32_t i = 0; !err && i < a->num_ops; i++) {
		uint32_t other = find_op(b, a->ops[i].name, a->ops[i].kind);

		loss[i].op = i;
		if (other == GRAPH_NONE || !a->ops[i].num_outputs)
			continue;
		err = add_loss(run_a, a, a->ops[i].outputs[0], run_b, b, b->ops[other].outputs[0],
			       &loss[i]);
	}
	graph_exec_free(run_a);
	graph_exec_free(run_b);
	return err;
}

double quant_snr(const struct quant_loss *loss)
{
	return loss->noise > 0 ? 10 * log10(loss->signal / loss->noise) : INFINITY;
}

double quant_cosine(const struct quant_loss *loss)
{
	double norm = sqrt(loss->signal) * sqrt(loss->other);

	return norm > 0 ? loss->dot / norm : loss->signal == loss->other;
}

void quant_report(const struct graph *a, const struct quant_loss *loss, FILE *file)
{
	fprintf(file, "%4s %-16s %8s %9s %12s  %s\n", "op", "kind", "SNR dB", "cosine", "largest",
		"name");
	for (uint32_t i = 0; i < a->num_ops; i++)
		if (a->ops[i].num_outputs && loss[i].signal + loss[i].other > 0)
			fprintf(file, "%4u %-16s %8.2f %9.6f %12g  %s\n", i,
				graph_kind_name(a->ops[i].kind), quant_snr(&loss[i]),
				quant_cosine(&loss[i]), loss[i].largest, a->ops[i].name);
}
