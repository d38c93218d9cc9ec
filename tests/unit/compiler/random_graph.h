/* SPDX-License-Identifier: MIT */
/*
 * Random quantised graphs with all that the NPU runs, one operation or several.
 */
#ifndef RANDOM_GRAPH_H
#define RANDOM_GRAPH_H

#include "libaccel/graph/graph.h"

/* One input, one or two outputs; passes graph_check(). @state: a generator's. */
void random_graph(struct graph **out, uint64_t *state);

#endif /* RANDOM_GRAPH_H */
