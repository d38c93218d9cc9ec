/* SPDX-License-Identifier: MIT */
/*
 * libaccel, models and sessions: load a compiled model (an artefact), bind
 * tensors, run it on any device. Errors, ownership and threads as in
 * <accel/accel.h>; a session belongs to one thread at a time.
 */
#ifndef ACCEL_MODEL_H
#define ACCEL_MODEL_H

#include <stdio.h>

#include <accel/accel.h>

#ifdef __cplusplus
extern "C" {
#endif

struct accel_model;
struct accel_session;

enum accel_type {
	ACCEL_F32, ACCEL_F16, ACCEL_I8, ACCEL_U8, ACCEL_I16, ACCEL_I32, ACCEL_I64, ACCEL_BOOL,
};

/**
 * struct accel_tensor_info - an input or output of a model
 * @size: bytes of the caller's structure; set it before the call
 * @name: lives as long as the model
 * @type: of its elements
 * @rank: number of dimensions
 * @dims: sizes, slowest first; images are [1, height, width, channels]
 * @bytes: of the whole tensor, row major without gaps
 * @scale: real = scale * (value - zero_point); 0: values are reals themselves
 * @zero_point: see @scale
 */
struct accel_tensor_info {
	size_t size;
	const char *name;
	enum accel_type type;
	uint32_t rank;
	uint32_t dims[8];
	uint64_t bytes;
	float scale;
	int32_t zero_point;
};

/* ------------------------------------------------------------------ models */

/**
 * accel_model_load() - load an artefact
 * @path: a file that accel-compile wrote; it is mapped and must not change
 *
 * Return: 0; -EINVAL no artefact, or a damaged one; -EPROTO one of another
 * format version; -ENOENT, -EACCES ...; -ENOMEM.
 */
int accel_model_load(const char *path, struct accel_model **out);

/* The same from memory; @data is copied. */
int accel_model_load_memory(const void *data, size_t size, struct accel_model **out);
struct accel_model *accel_model_ref(struct accel_model *model);
void accel_model_unref(struct accel_model *model);

uint32_t accel_model_input_count(const struct accel_model *model);
uint32_t accel_model_output_count(const struct accel_model *model);
/* Return: 0; -EINVAL no such tensor, or bad @info->size. */
int accel_model_input(const struct accel_model *model, uint32_t index,
		      struct accel_tensor_info *info);
int accel_model_output(const struct accel_model *model, uint32_t index,
		       struct accel_tensor_info *info);

/* Name of configuration number @index that the model has programs for, or NULL. */
const char *accel_model_config(const struct accel_model *model, uint32_t index);

/**
 * struct accel_model_summary - where a model runs, and what that costs
 * @size: bytes of the caller's structure; set it before the call
 * @npu_ops: operations of the network that run on the NPU, alone or fused
 * @cpu_ops: operations that run on the CPU
 * @hw_ops: hardware operations
 * @programs: programs between which the CPU works
 * @cycles: estimated, of all hardware operations
 * @roofline: sum over fused operations of the largest of MAC cycles, SDP
 *            elements / throughput and bytes / bandwidth
 * @macs: multiply-accumulates on the NPU
 * @read: bytes read by the NPU
 * @written: bytes written by the NPU
 * @weights: bytes of weights and other constants
 * @arena: bytes of activations
 */
struct accel_model_summary {
	size_t size;
	uint32_t npu_ops, cpu_ops, hw_ops, programs;
	uint64_t cycles, roofline, macs, read, written, weights, arena;
};

int accel_model_summary(const struct accel_model *model, const char *config,
			struct accel_model_summary *summary);

/**
 * accel_model_explain() - tell for each operation where it runs, why, and what
 * it costs
 * @config: configuration; NULL: the first
 * @file: where to
 */
int accel_model_explain(const struct accel_model *model, const char *config, FILE *file);

/* ---------------------------------------------------------------- sessions */

#define ACCEL_SESSION_STRICT	(1U << 0)	/* refuse a model that needs the CPU for anything */
#define ACCEL_SESSION_PROFILE	(1U << 1)	/* record times: accel_session_profile() */

/**
 * struct accel_session_params - how to make a session
 * @size: bytes of the caller's structure; set it before the call
 * @flags: ACCEL_SESSION_*
 * @context: queue for its jobs; NULL: one of its own
 * @config: on the cpu backend, the configuration whose operations are run;
 *          NULL: the model's first. Others run their own configuration
 */
struct accel_session_params {
	size_t size;
	uint32_t flags;
	struct accel_context *context;
	const char *config;
};

/**
 * accel_session_create() - make a model ready to run on a device
 * @params: NULL for the defaults
 *
 * Sessions of one model on one device share its weights and programs.
 *
 * Return: 0; -ENOEXEC the model has no program for the device's configuration;
 * -ENOTSUP strict, and the CPU would be needed; -ENOMEM; what the device says.
 */
int accel_session_create(struct accel_model *model, struct accel_device *device,
			 const struct accel_session_params *params, struct accel_session **out);
void accel_session_destroy(struct accel_session *session);

/**
 * accel_session_input() - memory of an input, to be filled by the caller
 * @data: receives it: accel_tensor_info.bytes bytes. It stays the session's
 *        and keeps its contents from run to run
 */
int accel_session_input(struct accel_session *session, uint32_t index, void **data);
/* Memory of an output; valid after a run, until the next one begins. */
int accel_session_output(struct accel_session *session, uint32_t index, const void **data);

/* An output as reals, @count of them at most. Return: how many, or -EINVAL. */
int64_t accel_session_output_real(struct accel_session *session, uint32_t index, float *values,
				  uint64_t count);

/**
 * struct accel_image - a picture in memory
 * @width: columns
 * @height: lines
 * @channels: 1 grey, 3 RGB
 * @stride: bytes from line to line
 * @pixels: 8 bits per channel
 */
struct accel_image {
	uint32_t width, height, channels;
	size_t stride;
	uint8_t *pixels;
};

/**
 * accel_image_read() - decode a JPEG or PNG file
 * @image: receives RGB; free with accel_image_release()
 *
 * Return: 0; -EINVAL not a picture, or broken; -EFBIG more than 2^28 pixels;
 * -ENOENT, -EACCES ...; -ENOMEM.
 */
int accel_image_read(const char *path, struct accel_image *image);
/* Write a PNG file. */
int accel_image_write(const char *path, const struct accel_image *image);
void accel_image_release(struct accel_image *image);

/**
 * struct accel_image_fit - how a picture becomes an input
 * @mean: subtracted from the 8-bit values, per channel
 * @scale: multiplied then, per channel
 * @letterbox: keep the proportions and fill the rest with the value of black
 *             rather than stretch
 */
struct accel_image_fit {
	float mean[3], scale[3];
	bool letterbox;
};

/**
 * accel_session_set_image() - put a picture into an input
 * @index: an input [1, height, width, 1 or 3]
 * @fit: NULL: stretched, and reals from -1 to 1
 *
 * Bilinear scaling with averages where it shrinks; grey is the mean of RGB by
 * their brightness.
 *
 * Return: 0; -EINVAL no such input, or not of that shape.
 */
int accel_session_set_image(struct accel_session *session, uint32_t index,
			    const struct accel_image *image, const struct accel_image_fit *fit);

/**
 * struct accel_yuv - a picture as cameras and video decoders give it, 4:2:0
 * @width: columns
 * @height: lines
 * @y: brightness, 16 to 235
 * @u: blue differences of two by two pixels each; NV12: behind @y's plane
 * @v: red differences; NV12: @u + 1, NV21: @u - 1
 * @y_stride: bytes from line to line of @y
 * @uv_stride: bytes from line to line of @u and @v
 * @uv_step: 1: planes of their own (I420, YV12); 2: interleaved (NV12, NV21)
 */
struct accel_yuv {
	uint32_t width, height;
	const uint8_t *y, *u, *v;
	size_t y_stride, uv_stride;
	uint32_t uv_step;
};

/**
 * accel_session_set_yuv() - put a YUV picture (ITU-R BT.601) into an input
 *
 * Converted to RGB with 8 bits per channel, then as accel_session_set_image().
 *
 * Return: 0; -EINVAL as there, or no such picture; -ENOMEM.
 */
int accel_session_set_yuv(struct accel_session *session, uint32_t index,
			  const struct accel_yuv *yuv, const struct accel_image_fit *fit);

/* Forget the states of a streaming model. */
int accel_session_reset(struct accel_session *session);

/**
 * accel_session_run() - run the model once, from its inputs to its outputs
 *
 * Return: 0; an error of the device: -ETIME, -EIO, -ENODEV; -ENOMEM.
 */
int accel_session_run(struct accel_session *session);

/**
 * accel_session_start() - begin a run and return
 *
 * Inputs must not be touched until accel_session_wait() has returned.
 *
 * Return: 0; -EBUSY one is under way; -ENOMEM, -EAGAIN no thread.
 */
int accel_session_start(struct accel_session *session);

/**
 * accel_session_wait() - wait for the run that accel_session_start() began
 * @timeout_ns: 0 only looks, negative waits for ever
 *
 * Return: what accel_session_run() would; -ETIMEDOUT not ended yet; -EINVAL
 * none was begun.
 */
int accel_session_wait(struct accel_session *session, int64_t timeout_ns);

/**
 * struct accel_layer_profile - what an operation of the network cost
 * @name: of the operation
 * @kind: what it is, e.g. "conv"
 * @on_npu: where it ran
 * @cycles: NPU core cycles
 * @ns: time; modelled time on the simulator's NPU
 */
struct accel_layer_profile {
	const char *name;
	const char *kind;
	bool on_npu;
	uint64_t cycles;
	uint64_t ns;
};

/**
 * accel_session_profile() - what the last run cost
 * @layers: what ran by itself, in order; names live as long as the model
 *
 * Return: how many layers there are, of which at most @count were stored;
 * -ENODATA without ACCEL_SESSION_PROFILE or before a run.
 */
int accel_session_profile(struct accel_session *session, struct accel_layer_profile *layers,
			  uint32_t count);

/**
 * accel_session_npu_time() - time that the last run took on the NPU
 * @ns: receives it: from the start of a program's first operation to the end of
 *      its last, added up over the programs; modelled time on the simulator
 * @cycles: receives the same in cycles of the device's present clock
 *
 * Operations on different engines overlap, so this is less than the layers' sum.
 *
 * Return: 0; -ENODATA as accel_session_profile().
 */
int accel_session_npu_time(struct accel_session *session, uint64_t *ns, uint64_t *cycles);

#ifdef __cplusplus
}
#endif

#endif /* ACCEL_MODEL_H */
