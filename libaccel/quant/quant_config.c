// SPDX-License-Identifier: MIT
/*
 * Settings of the quantiser and their file.
 */
#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "libaccel/dev/error.h"
#include "libaccel/quant/quant_state.h"

#define FILE_MAX	(1 << 20)

static const char *const methods[QUANT_METHODS] = { "min-max", "percentile", "mse", "entropy" };

static const struct quant_rule nothing = { .method = QUANT_METHODS };

void quant_config_init(struct quant_config *config)
{
	*config = (struct quant_config){
		.method = QUANT_MSE, .percentile = 99.99f, .equalization = true, .bias_correction = true,
		.adaptive_rounding = true, .conv_layers = nothing, .fc_layers = nothing,
	};
}

void quant_config_clear(struct quant_config *config)
{
	for (uint32_t i = 0; i < config->num_layers; i++)
		free(config->layers[i].name);
	free(config->layers);
	config->layers = NULL;
	config->num_layers = 0;
}

static int read_method(const cJSON *value, uint32_t *method)
{
	for (uint32_t i = 0; cJSON_IsString(value) && i < QUANT_METHODS; i++)
		if (!strcmp(value->valuestring, methods[i])) {
			*method = i;
			return 0;
		}
	return accel_error_set(-EINVAL, "method is none of min-max, percentile, mse, entropy");
}

static int read_bool(const cJSON *value, bool *out)
{
	if (!cJSON_IsBool(value))
		return accel_error_set(-EINVAL, "%s is neither true nor false", value->string);
	*out = cJSON_IsTrue(value);
	return 0;
}

static int read_rule(const cJSON *object, const char *place, struct quant_rule *rule)
{
	const cJSON *value;
	int err = 0;

	if (!cJSON_IsObject(object))
		return accel_error_set(-EINVAL, "%s: not an object", place);
	cJSON_ArrayForEach(value, object) {
		if (!strcmp(value->string, "exclude")) {
			err = read_bool(value, &rule->exclude);
		} else if (!strcmp(value->string, "method")) {
			err = read_method(value, &rule->method);
		} else if (!strcmp(value->string, "scale")) {
			rule->scale = cJSON_IsNumber(value) ? (float)value->valuedouble : 0;
			if (!(rule->scale > 0) || !isfinite(rule->scale))
				err = accel_error_set(-EINVAL, "%s: scale is no positive number", place);
		} else if (!strcmp(value->string, "zero_point")) {
			rule->has_zero_point = true;
			rule->zero_point = cJSON_IsNumber(value) ? value->valueint : INT32_MAX;
			if (rule->zero_point < -128 || rule->zero_point > 127)
				err = accel_error_set(-EINVAL, "%s: zero_point is not between -128 and 127",
						      place);
		} else {
			err = accel_error_set(-EINVAL, "%s: unknown setting %s", place, value->string);
		}
		if (err)
			return err;
	}
	return 0;
}

static int read_layers(const cJSON *object, struct quant_config *config)
{
	const cJSON *value;

	if (!cJSON_IsObject(object))
		return accel_error_set(-EINVAL, "layers: not an object");
	cJSON_ArrayForEach(value, object) {
		struct quant_rule *more = realloc(config->layers,
						  (config->num_layers + 1) * sizeof(*more));
		int err;

		if (!more)
			return accel_error_memory("settings");
		config->layers = more;
		more[config->num_layers] = nothing;
		more[config->num_layers].name = strdup(value->string);
		if (!more[config->num_layers].name)
			return accel_error_memory("settings");
		config->num_layers++;
		err = read_rule(value, value->string, &more[config->num_layers - 1]);
		if (err)
			return err;
	}
	return 0;
}

static int read_setting(const cJSON *value, struct quant_config *config)
{
	if (!strcmp(value->string, "method"))
		return read_method(value, &config->method);
	if (!strcmp(value->string, "percentile")) {
		if (!cJSON_IsNumber(value) || !(value->valuedouble > 50 && value->valuedouble <= 100))
			return accel_error_set(-EINVAL, "percentile is not between 50 and 100");
		config->percentile = (float)value->valuedouble;
		return 0;
	}
	if (!strcmp(value->string, "equalization"))
		return read_bool(value, &config->equalization);
	if (!strcmp(value->string, "bias_correction"))
		return read_bool(value, &config->bias_correction);
	if (!strcmp(value->string, "adaptive_rounding"))
		return read_bool(value, &config->adaptive_rounding);
	if (!strcmp(value->string, "conv_layers"))
		return read_rule(value, "conv_layers", &config->conv_layers);
	if (!strcmp(value->string, "fc_layers"))
		return read_rule(value, "fc_layers", &config->fc_layers);
	if (!strcmp(value->string, "layers"))
		return read_layers(value, config);
	return accel_error_set(-EINVAL, "unknown setting %s", value->string);
}

int quant_config_parse(const char *text, struct quant_config *config)
{
	cJSON *json = cJSON_Parse(text);
	const cJSON *value;
	int err = 0;

	quant_config_init(config);
	if (!json) {
		const char *at = cJSON_GetErrorPtr();

		return accel_error_set(-EINVAL, "no JSON, near: %.40s", at ? at : "");
	}
	if (!cJSON_IsObject(json))
		err = accel_error_set(-EINVAL, "the settings are no object");
	cJSON_ArrayForEach(value, json) {
		err = err ? err : read_setting(value, config);
		if (err)
			break;
	}
	cJSON_Delete(json);
	if (err)
		quant_config_clear(config);
	return err;
}

int quant_config_load(const char *path, struct quant_config *config)
{
	char *text = malloc(FILE_MAX + 1);
	size_t size;
	FILE *file;
	int err;

	quant_config_init(config);
	if (!text)
		return accel_error_memory("settings");
	file = fopen(path, "re");
	if (!file) {
		err = accel_error_set(-errno, "%s: %s", path, strerror(errno));
		free(text);
		return err;
	}
	size = fread(text, 1, FILE_MAX, file);
	text[size] = 0;
	if (ferror(file))
		err = accel_error_set(-EIO, "%s: cannot be read", path);
	else if (size == FILE_MAX)
		err = accel_error_set(-EINVAL, "%s is too large", path);
	else
		err = quant_config_parse(text, config);
	fclose(file);
	free(text);
	return err;
}

static void overlay(struct quant_rule *rule, const struct quant_rule *more)
{
	rule->exclude |= more->exclude;
	if (more->method != QUANT_METHODS)
		rule->method = more->method;
	if (more->scale > 0)
		rule->scale = more->scale;
	if (more->has_zero_point) {
		rule->has_zero_point = true;
		rule->zero_point = more->zero_point;
	}
}

struct quant_rule quant_rule_for(const struct quant_config *config, const struct graph_op *op)
{
	struct quant_rule rule = { .method = config->method };

	if (op->kind == GRAPH_CONV || op->kind == GRAPH_CONV_TRANSPOSED)
		overlay(&rule, &config->conv_layers);
	if (op->kind == GRAPH_FULLY_CONNECTED)
		overlay(&rule, &config->fc_layers);
	for (uint32_t i = 0; i < config->num_layers; i++)
		if (!strcmp(config->layers[i].name, op->name) ||
		    !fnmatch(config->layers[i].name, op->name, 0))
			overlay(&rule, &config->layers[i]);
	return rule;
}
