// SPDX-License-Identifier: MIT
/*
 * ONNX's constants and attributes.
 */
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libaccel/cpu/ref/ref_op_kernels.h"
#include "libaccel/dev/error.h"
#include "libaccel/import/import_build.h"
#include "libaccel/import/onnx_import.h"

int onnx_graph_type(int32_t type)
{
	switch (type) {
	case ONNX_FLOAT: case ONNX_FLOAT16: case ONNX_DOUBLE:
		return GRAPH_F32;	/* other reals are converted */
	case ONNX_UINT8: return GRAPH_U8;
	case ONNX_INT8: return GRAPH_I8;
	case ONNX_INT16: return GRAPH_I16;
	case ONNX_INT32: return GRAPH_I32;
	case ONNX_INT64: return GRAPH_I64;
	case ONNX_BOOL: return GRAPH_BOOL;
	default: return -1;
	}
}

/* Bytes of an element in raw data. */
static size_t raw_size(int32_t type)
{
	switch (type) {
	case ONNX_FLOAT: case ONNX_INT32: return 4;
	case ONNX_DOUBLE: case ONNX_INT64: return 8;
	case ONNX_FLOAT16: case ONNX_INT16: return 2;
	default: return 1;
	}
}

static void convert_raw(int32_t type, const uint8_t *raw, size_t n, void *out)
{
	float *reals = out;

	switch (type) {
	case ONNX_FLOAT16:
		for (size_t i = 0; i < n; i++)
			reals[i] = ref_half_to_float((uint16_t)(raw[2 * i] | raw[2 * i + 1] << 8));
		break;
	case ONNX_DOUBLE:
		for (size_t i = 0; i < n; i++) {
			double value;

			memcpy(&value, raw + 8 * i, 8);
			reals[i] = (float)value;
		}
		break;
	default:
		if (n)
			memcpy(out, raw, n * raw_size(type));
	}
}

/* Values in the typed lists of the message instead of raw bytes. */
static bool convert_lists(const Onnx__Tensor *t, enum graph_type type, size_t n, void *out)
{
	switch (t->data_type) {
	case ONNX_FLOAT:
		if (t->n_float_data == n && n)
			memcpy(out, t->float_data, n * 4);
		return t->n_float_data == n;
	case ONNX_DOUBLE:
		for (size_t i = 0; t->n_double_data == n && i < n; i++)
			((float *)out)[i] = (float)t->double_data[i];
		return t->n_double_data == n;
	case ONNX_INT64:
		if (t->n_int64_data == n && n)
			memcpy(out, t->int64_data, n * 8);
		return t->n_int64_data == n;
	default:
		break;
	}
	if (t->n_int32_data != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		int32_t value = t->int32_data[i];

		if (t->data_type == ONNX_FLOAT16)
			((float *)out)[i] = ref_half_to_float((uint16_t)value);
		else if (type == GRAPH_F32)
			return false;
		else if (type == GRAPH_I32)
			((int32_t *)out)[i] = value;
		else if (type == GRAPH_I16)
			((int16_t *)out)[i] = (int16_t)value;
		else
			((uint8_t *)out)[i] = (uint8_t)value;
	}
	return true;
}

/* Data in a file beside the model. */
static int read_external(const Onnx__Tensor *t, const char *folder, uint64_t size, uint8_t **out)
{
	const char *location = NULL;
	long long offset = 0;
	char *path;
	int file, err = 0;

	for (size_t i = 0; i < t->n_external_data; i++) {
		const Onnx__Entry *entry = t->external_data[i];

		if (!entry->key || !entry->value)
			continue;
		if (!strcmp(entry->key, "location"))
			location = entry->value;
		else if (!strcmp(entry->key, "offset"))
			offset = strtoll(entry->value, NULL, 10);
	}
	if (!folder || !location || location[0] == '/' || strstr(location, "..") || offset < 0)
		return accel_error_set(-EINVAL, "data outside the model lies in no file beside it");
	if (asprintf(&path, "%s/%s", folder, location) < 0)
		return accel_error_memory("a name");
	file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	*out = malloc(size ? size : 1);
	if (file < 0)
		err = accel_error_set(-errno, "%s: %s", path, strerror(errno));
	else if (!*out)
		err = accel_error_memory("a constant");
	for (uint64_t at = 0; !err && at < size;) {
		ssize_t got = pread(file, *out + at, size - at, offset + (off_t)at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			err = accel_error_set(-EINVAL, "%s is too short", path);
		else
			at += (uint64_t)got;
	}
	if (file >= 0)
		close(file);
	free(path);
	if (err) {
		free(*out);
		*out = NULL;
	}
	return err;
}

int onnx_tensor(struct graph *graph, const Onnx__Tensor *t, const char *folder)
{
	int type = t->has_data_type ? onnx_graph_type(t->data_type) : -1, id, err = 0;
	const char *name = t->name && t->name[0] ? t->name : NULL, *shown = name ? name : "constant";
	uint32_t dims[GRAPH_DIMS];
	uint8_t *external = NULL;
	const uint8_t *raw = t->raw_data.data;
	uint64_t n, bytes;
	void *data;

	if (type < 0 || t->n_dims > GRAPH_DIMS)
		return accel_error_set(-ENOTSUP, "%s: type or number of dimensions is not supported", shown);
	for (size_t i = 0; i < t->n_dims; i++) {
		if (t->dims[i] < 0 || t->dims[i] > INT32_MAX)
			return accel_error_set(-EINVAL, "%s: a dimension is out of bounds", shown);
		dims[i] = (uint32_t)t->dims[i];
	}
	id = graph_add_tensor(graph, name, type, (uint32_t)t->n_dims, dims);
	if (id < 0)
		return id;
	n = graph_elements(&graph->tensors[id]);
	bytes = n * raw_size(t->data_type);
	if (t->data_location == 1) {
		err = read_external(t, folder, bytes, &external);
		if (err)
			return err;
		raw = external;
	} else if (t->has_raw_data && t->raw_data.len != bytes) {
		return accel_error_set(-EINVAL, "%s: its data has %zu bytes, its shape needs %llu", shown,
				       t->raw_data.len, (unsigned long long)bytes);
	} else if (!t->has_raw_data && n > t->n_float_data && n > t->n_int32_data &&
		   n > t->n_int64_data && n > t->n_double_data) {
		return accel_error_set(-EINVAL, "%s has no data", shown);
	}
	data = malloc(n * graph_type_size(type) + 8);
	if (!data) {
		free(external);
		return accel_error_memory("a constant");
	}
	graph->tensors[id].data = data;
	graph->tensors[id].owned = true;
	if (external || t->has_raw_data)
		convert_raw(t->data_type, raw, n, data);
	else if (!convert_lists(t, type, n, data))
		err = accel_error_set(-EINVAL, "%s: data and shape do not fit", shown);
	if (type == GRAPH_BOOL)
		for (uint64_t i = 0; i < n; i++)
			((uint8_t *)data)[i] = ((uint8_t *)data)[i] != 0;
	free(external);
	return err ? err : id;
}

const Onnx__Attribute *onnx_attribute(const struct onnx_node *node, const char *name)
{
	for (size_t i = 0; i < node->node->n_attribute; i++)
		if (node->node->attribute[i]->name && !strcmp(node->node->attribute[i]->name, name))
			return node->node->attribute[i];
	return NULL;
}

int64_t onnx_int(const struct onnx_node *node, const char *name, int64_t absent)
{
	const Onnx__Attribute *attribute = onnx_attribute(node, name);

	return attribute && attribute->has_i ? attribute->i : absent;
}

float onnx_float(const struct onnx_node *node, const char *name, float absent)
{
	const Onnx__Attribute *attribute = onnx_attribute(node, name);

	return attribute && attribute->has_f ? attribute->f : absent;
}

bool onnx_string_is(const struct onnx_node *node, const char *name, const char *value,
		    const char *absent)
{
	const Onnx__Attribute *attribute = onnx_attribute(node, name);

	if (!attribute || !attribute->has_s)
		return !strcmp(value, absent);
	return attribute->s.len == strlen(value) && !memcmp(attribute->s.data, value, attribute->s.len);
}

int onnx_ints(const struct onnx_node *node, const char *name, uint32_t most, int64_t *values)
{
	const Onnx__Attribute *attribute = onnx_attribute(node, name);

	if (!attribute)
		return -ENOENT;
	if (attribute->n_ints > most)
		return accel_error_set(-EINVAL, "%s has too many values", name);
	for (size_t i = 0; i < attribute->n_ints; i++)
		values[i] = attribute->ints[i];
	return (int)attribute->n_ints;
}

int onnx_ints_or_input(const struct onnx_node *node, const char *name, uint32_t input,
		       uint32_t most, int64_t *values)
{
	int n = onnx_ints(node, name, most, values);

	if (n != -ENOENT)
		return n;
	if (!onnx_given(node, input))
		return -ENOENT;
	return build_integers(node->graph, node->in[input], name, most, values);
}

int onnx_need(const struct onnx_node *node, uint32_t inputs)
{
	for (uint32_t i = 0; i < inputs; i++)
		if (!onnx_given(node, i))
			return accel_error_set(-EINVAL, "input %u is missing", i);
	return 0;
}

double onnx_scalar(const struct onnx_node *node, uint32_t input)
{
	const struct graph_tensor *t = onnx_given(node, input) ? onnx_in(node, input) : NULL;

	if (!t || !graph_is_const(t) || !graph_elements(t))
		return NAN;
	switch (t->type) {
	case GRAPH_F32: return *(const float *)t->data;
	case GRAPH_I8: return *(const int8_t *)t->data;
	case GRAPH_U8: return *(const uint8_t *)t->data;
	case GRAPH_I32: return *(const int32_t *)t->data;
	case GRAPH_I64: return (double)*(const int64_t *)t->data;
	default: return NAN;
	}
}
