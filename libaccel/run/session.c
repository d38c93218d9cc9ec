// SPDX-License-Identifier: MIT
/*
 * Sessions: the steps of a model, one after the other. What the CPU and the
 * NPU hand to each other is waited for and synchronised where it changes hands.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "libaccel/dev/error.h"
#include "chain.h"
#include "model.h"
#include "picture.h"

struct accel_session {
	struct accel_model *model;
	struct loaded *loaded;
	const struct target *target;
	struct accel_context *context;
	struct accel_job **jobs;	/* per segment; NULL on the cpu backend */
	struct chain chain;		/* of those that are under way */
	struct accel_bo *arena_bo, *sram_bo;
	uint8_t *arena, *host;
	uint8_t *sram;			/* NPU_SRAM; of the cpu backend alone */
	void **data;			/* per tensor of the graph */
	void **states;			/* per tensor, malloc()ed */
	bool profile, profiled;
	struct accel_layer_profile *layers;
	uint32_t layer_count;
	uint64_t npu_ns;		/* of all programs of a run */
	/* A run in the background. */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool has_thread, quit, running, begun;
	int result;
	char error[256];
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static const struct graph *graph_of(const struct accel_session *session)
{
	return session->model->artefact->graph;
}

static void start_state(const struct graph_tensor *tensor, void *state)
{
	uint64_t bytes = graph_bytes(tensor);

	if (tensor->data)
		memcpy(state, tensor->data, bytes);
	else
		memset(state, tensor->quant.count && graph_type_size(tensor->type) == 1 ?
			      graph_zero_point(tensor, 0) : 0, bytes);
}

int accel_session_reset(struct accel_session *session)
{
	const struct graph *graph = graph_of(session);
	uint32_t i;

	for (i = 0; i < graph->num_tensors; i++) {
		if (graph->tensors[i].state)
			start_state(&graph->tensors[i], session->states[i]);
	}
	return 0;
}

/* On chip if the device has room left there, else like all memory. */
static int set_up_sram(struct accel_session *session)
{
	const uint64_t size = session->target->header->sram_size;
	struct accel_device *device = session->loaded->device;
	struct accel_device_info info = { .size = sizeof(info) };

	if (!size)
		return 0;
	if (!accel_device_query(device, &info) && info.sram_size >= size &&
	    !accel_bo_create(device, size, ACCEL_BO_SRAM, &session->sram_bo))
		return 0;
	return accel_bo_create(device, size, ACCEL_BO_CACHED, &session->sram_bo);
}

static int set_up_memory(struct accel_session *session)
{
	const struct graph *graph = graph_of(session);
	const struct target *t = session->target;
	uint64_t arena = t->header->arena_size ? t->header->arena_size : 1;
	void *host;
	uint32_t i;
	int ret;

	session->data = calloc(graph->num_tensors + 1, sizeof(*session->data));
	session->states = calloc(graph->num_tensors + 1, sizeof(*session->states));
	if (!session->data || !session->states ||
	    posix_memalign(&host, 64, t->header->host_size + 1))
		return accel_error_room("the CPU's activations", t->header->host_size);
	session->host = host;
	memset(host, 0, t->header->host_size);
	for (i = 0; i < graph->num_tensors; i++) {
		const struct graph_tensor *tensor = &graph->tensors[i];

		if (tensor->state) {
			session->states[i] = malloc(graph_bytes(tensor) + 1);
			if (!session->states[i])
				return accel_error_room(tensor->name, graph_bytes(tensor));
			session->data[i] = session->states[i];
			start_state(tensor, session->states[i]);
		} else if (t->tensors[i].rows != ARTEFACT_NOWHERE) {
			session->data[i] = session->host + t->tensors[i].rows;
		} else {
			session->data[i] = tensor->data;
		}
	}
	if (session->loaded->prepared) {
		void *memory;

		if (posix_memalign(&memory, 64, arena))
			return accel_error_room("activations", arena);
		memset(memory, 0, arena);
		session->arena = memory;
		if (posix_memalign(&memory, 64, (size_t)t->header->sram_size + 1))
			return accel_error_room("activations", t->header->sram_size);
		memset(memory, 0, t->header->sram_size);
		session->sram = memory;
		return 0;
	}
	ret = set_up_sram(session);
	if (!ret)
		ret = accel_bo_create(session->loaded->device, arena, ACCEL_BO_CACHED,
				      &session->arena_bo);
	if (ret == -ENOMEM)
		return accel_error_room("activations in the device's memory", arena);
	return ret ? ret : accel_bo_map(session->arena_bo, (void **)&session->arena);
}

static int set_up_jobs(struct accel_session *session, struct accel_context *context)
{
	const struct target *t = session->target;
	uint32_t i;
	int ret = 0;

	if (session->loaded->prepared)
		return 0;
	if (context)
		session->context = accel_context_ref(context);
	else
		ret = accel_context_create(session->loaded->device, NULL, &session->context);
	if (!ret)
		ret = chain_init(&session->chain, t->step_count);
	session->jobs = calloc(t->segment_count + 1, sizeof(*session->jobs));
	if (!session->jobs)
		return accel_error_memory("jobs");
	for (i = 0; !ret && i < t->segment_count; i++) {
		ret = accel_job_create(session->loaded->programs[i], &session->jobs[i]);
		if (!ret)
			ret = accel_job_bind(session->jobs[i], NPU_CONSTS, session->loaded->consts,
					     0, 0);
		if (!ret)
			ret = accel_job_bind(session->jobs[i], NPU_ARENA, session->arena_bo, 0, 0);
		if (!ret && session->sram_bo)
			ret = accel_job_bind(session->jobs[i], NPU_SRAM, session->sram_bo, 0, 0);
	}
	return ret;
}

static int refuse_cpu(const struct accel_session *session)
{
	const struct target *t = session->target;
	uint32_t i;

	for (i = 0; i < t->step_count; i++) {
		uint32_t op = t->steps[i].index;

		if (t->steps[i].kind == ARTEFACT_CPU)
			return accel_error_set(-ENOTSUP, "%s would run on the CPU: %s",
					       graph_of(session)->ops[op].name,
					       t->strings + t->notes[op].why);
	}
	return 0;
}

int accel_session_create(struct accel_model *model, struct accel_device *device,
			 const struct accel_session_params *params, struct accel_session **out)
{
	struct accel_session_params defaults = { .size = sizeof(defaults) };
	struct accel_session *session;
	int ret;

	*out = NULL;
	if (!params)
		params = &defaults;
	if (params->size < sizeof(*params) ||
	    params->flags & ~(ACCEL_SESSION_STRICT | ACCEL_SESSION_PROFILE))
		return accel_error_set(-EINVAL, "session parameters of another library version");
	session = calloc(1, sizeof(*session));
	if (!session)
		return accel_error_memory("a session");
	pthread_mutex_init(&session->lock, NULL);
	pthread_cond_init(&session->wake, NULL);
	session->model = accel_model_ref(model);
	session->profile = params->flags & ACCEL_SESSION_PROFILE;
	ret = loaded_get(model, device, params->config, &session->loaded);
	if (ret)
		goto fail;
	session->target = session->loaded->target;
	if (params->flags & ACCEL_SESSION_STRICT)
		ret = refuse_cpu(session);
	if (!ret)
		ret = set_up_memory(session);
	if (!ret)
		ret = set_up_jobs(session, params->context);
	session->layers = calloc(session->target->op_count + graph_of(session)->num_ops + 1,
				 sizeof(*session->layers));
	if (!ret && !session->layers)
		ret = accel_error_memory("a session");
	if (ret)
		goto fail;
	*out = session;
	return 0;
fail:
	accel_session_destroy(session);
	return ret;
}

void accel_session_destroy(struct accel_session *session)
{
	uint32_t i;

	if (!session)
		return;
	if (session->has_thread) {
		pthread_mutex_lock(&session->lock);
		session->quit = true;
		pthread_cond_broadcast(&session->wake);
		pthread_mutex_unlock(&session->lock);
		pthread_join(session->thread, NULL);
	}
	chain_free(&session->chain);
	for (i = 0; session->jobs && i < session->target->segment_count; i++)
		accel_job_destroy(session->jobs[i]);
	free(session->jobs);
	accel_context_unref(session->context);
	accel_bo_unref(session->sram_bo);
	free(session->sram);
	if (session->arena_bo)
		accel_bo_unref(session->arena_bo);
	else
		free(session->arena);
	for (i = 0; session->states && i < graph_of(session)->num_tensors; i++)
		free(session->states[i]);
	free(session->states);
	free(session->data);
	free(session->host);
	free(session->layers);
	loaded_put(session->model, session->loaded);
	accel_model_unref(session->model);
	pthread_cond_destroy(&session->wake);
	pthread_mutex_destroy(&session->lock);
	free(session);
}

int accel_session_input(struct accel_session *session, uint32_t index, void **data)
{
	const struct graph *graph = graph_of(session);

	if (index >= graph->num_inputs)
		return accel_error_set(-EINVAL, "the model has no input %u", index);
	*data = session->data[graph->inputs[index]];
	return 0;
}

int accel_session_output(struct accel_session *session, uint32_t index, const void **data)
{
	const struct graph *graph = graph_of(session);

	if (index >= graph->num_outputs)
		return accel_error_set(-EINVAL, "the model has no output %u", index);
	*data = session->data[graph->outputs[index]];
	return 0;
}

int64_t accel_session_output_real(struct accel_session *session, uint32_t index, float *values,
				  uint64_t count)
{
	const struct graph *graph = graph_of(session);
	const struct graph_tensor *tensor;
	const void *data = NULL;
	uint64_t all, i;
	int ret = accel_session_output(session, index, &data);

	if (ret)
		return ret;
	tensor = &graph->tensors[graph->outputs[index]];
	all = graph_elements(tensor);
	for (i = 0; i < all && i < count; i++) {
		double v;

		switch (tensor->type) {
		case GRAPH_F32:
			v = ((const float *)data)[i];
			break;
		case GRAPH_I8:
			v = ((const int8_t *)data)[i];
			break;
		case GRAPH_U8:
		case GRAPH_BOOL:
			v = ((const uint8_t *)data)[i];
			break;
		case GRAPH_I16:
			v = ((const int16_t *)data)[i];
			break;
		case GRAPH_I32:
			v = ((const int32_t *)data)[i];
			break;
		case GRAPH_I64:
			v = (double)((const int64_t *)data)[i];
			break;
		default:
			return accel_error_set(-EINVAL, "output %u has no such form", index);
		}
		if (tensor->quant.count == 1)
			v = graph_scale(tensor, 0) * (v - graph_zero_point(tensor, 0));
		values[i] = (float)v;
	}
	return (int64_t)(all < count ? all : count);
}

/* ------------------------------------------------------------------ running */

static void record(struct accel_session *session, uint32_t op, bool on_npu, uint64_t cycles,
		   uint64_t ns)
{
	const struct graph_op *graph_op = &graph_of(session)->ops[op];
	struct accel_layer_profile *layer = &session->layers[session->layer_count];

	/* The hardware operations of one layer follow each other. */
	if (session->layer_count && layer[-1].name == graph_op->name && layer[-1].on_npu == on_npu) {
		layer[-1].cycles += cycles;
		layer[-1].ns += ns;
		return;
	}
	*layer = (struct accel_layer_profile) {
		.name = graph_op->name, .kind = graph_kind_name(graph_op->kind), .on_npu = on_npu,
		.cycles = cycles, .ns = ns,
	};
	session->layer_count++;
}

static int record_job(struct accel_session *session, const struct artefact_segment *segment,
		      struct accel_job *job)
{
	const struct target *t = session->target;
	struct accel_op_profile *profiles = calloc(segment->hw_op_count + 1, sizeof(*profiles));
	uint64_t start = UINT64_MAX, end = 0;
	uint32_t i;
	int count;

	if (!profiles)
		return accel_error_memory("a profile");
	count = accel_job_profile(job, profiles, segment->hw_op_count);
	for (i = 0; count > 0 && i < (uint32_t)count && i < segment->hw_op_count; i++) {
		uint32_t op = t->hw_source[segment->hw_op + i];

		record(session, t->ops[op].op.layer, true, profiles[i].cycles,
		       profiles[i].end_ns - profiles[i].start_ns);
		if (profiles[i].start_ns < start)
			start = profiles[i].start_ns;
		if (profiles[i].end_ns > end)
			end = profiles[i].end_ns;
	}
	if (end > start)
		session->npu_ns += end - start;
	free(profiles);
	return count < 0 ? count : 0;
}

static int run_segment(struct accel_session *session, uint32_t index)
{
	const struct artefact_segment *segment = &session->target->segments[index];
	uint8_t *const regions[NPU_REGIONS] = {
		[NPU_CONSTS] = (uint8_t *)session->target->consts, [NPU_ARENA] = session->arena,
		[NPU_SRAM] = session->sram,
	};
	uint32_t i;
	int ret = 0;

	if (session->jobs) {
		ret = chain_submit(&session->chain, session->jobs[index], session->context,
				   session->profile ? ACCEL_JOB_PROFILE : 0, index);
		/* Each part for itself, where it is to be told what each takes. */
		if (!ret && session->profile)
			ret = chain_wait(&session->chain, index);
		if (!ret && session->profile)
			ret = record_job(session, segment, session->jobs[index]);
		return ret;
	}
	for (i = segment->first_op; !ret && i < segment->first_op + segment->op_count; i++) {
		uint64_t begin = now_ns();

		ret = session->loaded->kernels[i]->run(session->loaded->prepared[i], regions);
		if (session->profile)
			record(session, session->target->ops[i].op.layer, false, 0,
			       now_ns() - begin);
	}
	return ret == -ENOMEM ? accel_error_memory("a kernel") : ret;
}

/* Lines and surfaces of a cube change hands. */
static int sync_cube(struct accel_session *session, const struct npu_cube *cube, uint32_t flags)
{
	if (!session->arena_bo)
		return 0;
	return accel_bo_sync(session->arena_bo, flags, cube->offset,
			     npu_cube_end(cube) - cube->offset);
}

/* Does memory between a cube's first byte and its last belong to another, or a line of cache? */
static bool is_part(const struct npu_cube *cube)
{
	const uint64_t surfaces = (cube->channels + cube->atom - 1) / cube->atom;
	const uint64_t end = npu_cube_end(cube);

	return cube->offset % 64 || end % 64 ||
	       surfaces * cube->height * cube->width * cube->atom != end - cube->offset;
}

static int convert(struct accel_session *session, uint32_t index, bool to_cube)
{
	const struct npu_cube *cube = &session->target->tensors[index].cube;
	const struct graph_tensor *tensor = &graph_of(session)->tensors[index];
	int ret = 0;

	if (to_cube) {
		/* What the cache holds of the other parts may be older than theirs. */
		if (is_part(cube))
			ret = sync_cube(session, cube, ACCEL_SYNC_FROM_DEVICE);
		if (ret)
			return ret;
		layout_to_cube(cube, tensor->rank ? tensor->dims[tensor->rank - 1] : 1,
			       session->data[index], session->arena,
			       (int8_t)graph_zero_point(tensor, 0));
		return sync_cube(session, cube, ACCEL_SYNC_TO_DEVICE);
	}
	ret = sync_cube(session, cube, ACCEL_SYNC_FROM_DEVICE);
	if (!ret)
		layout_to_rows(cube, session->arena, session->data[index]);
	return ret;
}

static int run_step(struct accel_session *session, const struct artefact_step *step)
{
	uint64_t begin;
	int ret;

	switch (step->kind) {
	case ARTEFACT_NPU:
		return run_segment(session, step->index);
	case ARTEFACT_CPU:
		begin = now_ns();
		ret = cpu_op_again(session->loaded->cpu_ops[step - session->target->steps],
				   session->data);
		if (session->profile)
			record(session, step->index, false, 0, now_ns() - begin);
		return ret == -ENOMEM ? accel_error_memory("an operation") : ret;
	default:
		if (session->jobs) {
			uint32_t segment = session->loaded->waits[step - session->target->steps];

			ret = segment == CHAIN_NONE ? 0 : chain_wait(&session->chain, segment);
			if (ret)
				return ret;
		}
		return convert(session, step->index, step->kind == ARTEFACT_TO_CUBE);
	}
}

static int run(struct accel_session *session)
{
	uint32_t i;
	int ret = 0, err;

	session->layer_count = 0;
	session->npu_ns = 0;
	for (i = 0; !ret && i < session->target->step_count; i++)
		ret = run_step(session, &session->target->steps[i]);
	/* Also after an error: the memory is the programs' until they are done. */
	err = chain_wait(&session->chain, CHAIN_NONE);
	ret = ret ? ret : err;
	session->profiled = session->profile && !ret;
	return ret;
}

static bool busy(struct accel_session *session)
{
	bool begun;

	pthread_mutex_lock(&session->lock);
	begun = session->begun;
	pthread_mutex_unlock(&session->lock);
	return begun;
}

int accel_session_run(struct accel_session *session)
{
	if (busy(session))
		return accel_error_set(-EBUSY, "a run is under way");
	return run(session);
}

static void *background(void *argument)
{
	struct accel_session *session = argument;

	pthread_mutex_lock(&session->lock);
	for (;;) {
		int ret;

		while (!session->running && !session->quit)
			pthread_cond_wait(&session->wake, &session->lock);
		if (!session->running)
			break;
		pthread_mutex_unlock(&session->lock);
		ret = run(session);
		pthread_mutex_lock(&session->lock);
		session->result = ret;
		strncpy(session->error, ret ? accel_error_text() : "", sizeof(session->error) - 1);
		session->running = false;
		pthread_cond_broadcast(&session->wake);
	}
	pthread_mutex_unlock(&session->lock);
	return NULL;
}

int accel_session_start(struct accel_session *session)
{
	int ret = 0;

	pthread_mutex_lock(&session->lock);
	if (session->begun) {
		ret = accel_error_set(-EBUSY, "a run is under way");
	} else if (!session->has_thread) {
		ret = -pthread_create(&session->thread, NULL, background, session);
		if (ret)
			accel_error_set(ret, "no thread for the run: %s", strerror(-ret));
		else
			session->has_thread = true;
	}
	if (!ret) {
		session->begun = true;
		session->running = true;
		pthread_cond_broadcast(&session->wake);
	}
	pthread_mutex_unlock(&session->lock);
	return ret;
}

int accel_session_wait(struct accel_session *session, int64_t timeout_ns)
{
	struct timespec until;
	int ret = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	if (timeout_ns > 0) {
		until.tv_sec += timeout_ns / 1000000000;
		until.tv_nsec += timeout_ns % 1000000000;
		if (until.tv_nsec >= 1000000000) {
			until.tv_nsec -= 1000000000;
			until.tv_sec++;
		}
	}
	pthread_mutex_lock(&session->lock);
	if (!session->begun) {
		pthread_mutex_unlock(&session->lock);
		return accel_error_set(-EINVAL, "no run was begun");
	}
	while (session->running && !ret) {
		if (timeout_ns < 0)
			pthread_cond_wait(&session->wake, &session->lock);
		else
			ret = pthread_cond_timedwait(&session->wake, &session->lock, &until);
	}
	if (session->running) {
		ret = accel_error_set(-ETIMEDOUT, "the run has not ended yet");
	} else {
		ret = session->result;
		session->begun = false;
		if (ret)
			accel_error_set(ret, "%s", session->error);
	}
	pthread_mutex_unlock(&session->lock);
	return ret;
}

int accel_session_profile(struct accel_session *session, struct accel_layer_profile *layers,
			  uint32_t count)
{
	if (!session->profiled)
		return accel_error_set(-ENODATA, "nothing was profiled");
	if (count > session->layer_count)
		count = session->layer_count;
	memcpy(layers, session->layers, count * sizeof(*layers));
	return (int)session->layer_count;
}


int accel_session_npu_time(struct accel_session *session, uint64_t *ns, uint64_t *cycles)
{
	struct accel_device_info info = { .size = sizeof(info) };
	int ret;

	if (!session->profiled)
		return accel_error_set(-ENODATA, "nothing was profiled");
	ret = accel_device_query(session->loaded->device, &info);
	if (ret)
		return ret;
	*ns = session->npu_ns;
	*cycles = (uint64_t)((double)session->npu_ns * (double)info.clock_hz / 1e9 + 0.5);
	return 0;
}

int accel_session_set_image(struct accel_session *session, uint32_t index,
			    const struct accel_image *image, const struct accel_image_fit *fit)
{
	const struct graph *graph = graph_of(session);
	const struct graph_tensor *tensor;
	float *reals;
	void *data = NULL;
	int ret = accel_session_input(session, index, &data);

	if (ret)
		return ret;
	tensor = &graph->tensors[graph->inputs[index]];
	if (picture_direct(tensor, image, fit, data))
		return 0;
	reals = calloc(graph_elements(tensor) + 1, sizeof(*reals));
	if (!reals)
		return accel_error_memory("a picture");
	ret = picture_fill(tensor, image, fit, reals);
	if (!ret)
		ret = picture_store(tensor, reals, data);
	free(reals);
	return ret;
}

int accel_session_set_yuv(struct accel_session *session, uint32_t index,
			  const struct accel_yuv *yuv, const struct accel_image_fit *fit)
{
	struct accel_image image;
	int ret = picture_from_yuv(yuv, &image);

	if (!ret)
		ret = accel_session_set_image(session, index, &image, fit);
	if (image.pixels)
		free(image.pixels);
	return ret;
}
