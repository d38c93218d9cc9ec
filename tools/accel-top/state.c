// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "state.h"

/* What a callback fills in. */
struct answer {
	struct family *family;
	struct top_state *state;
	int ret;
};

static uint32_t word_of(struct nlattr *attrs[], int attr)
{
	return attrs[attr] ? nla_get_u32(attrs[attr]) : 0;
}

static uint64_t long_of(struct nlattr *attrs[], int attr)
{
	return attrs[attr] ? nla_get_u64(attrs[attr]) : 0;
}

/* A list with room for one more than @count; NULL: out of memory, and it is as it was. */
static void *make_room(void *list, size_t count, size_t size)
{
	/* Doubled whenever the number is a power of two, from 8 up. */
	if (count && (count < 8 || count & (count - 1)))
		return list;

	return realloc(list, (count < 8 ? 8 : 2 * count) * size);
}

static struct top_device *find_device(struct top_state *state, int node)
{
	size_t i;

	for (i = 0; i < state->device_count; i++) {
		if (state->devices[i].node == node)
			return &state->devices[i];
	}

	return NULL;
}

static int take_device(struct top_state *state, int node, struct nlattr *attrs[])
{
	struct top_device *list = make_room(state->devices, state->device_count, sizeof(*list));
	struct top_device *device;

	if (!list)
		return -ENOMEM;
	state->devices = list;
	device = &list[state->device_count++];
	*device = (struct top_device){ .node = node };
	if (attrs[NVDLA_A_DEV_NAME])
		family_copy_text(device->name, sizeof(device->name), attrs[NVDLA_A_DEV_NAME]);
	if (attrs[NVDLA_A_CONFIG])
		family_copy_text(device->config, sizeof(device->config), attrs[NVDLA_A_CONFIG]);
	device->clock_hz = long_of(attrs, NVDLA_A_CLOCK_HZ);
	device->max_hz = long_of(attrs, NVDLA_A_MAX_CLOCK_HZ);
	device->cores = word_of(attrs, NVDLA_A_CORE_COUNT);
	if (device->cores > TOP_CORES)
		device->cores = TOP_CORES;

	return 0;
}

static int take_context(struct top_state *state, int node, struct nlattr *attrs[])
{
	struct top_context *list = make_room(state->contexts, state->context_count, sizeof(*list));

	if (!list)
		return -ENOMEM;
	state->contexts = list;
	list[state->context_count++] = (struct top_context){
		.node = node,
		.id = word_of(attrs, NVDLA_A_CTX_ID),
		.flags = word_of(attrs, NVDLA_A_CTX_FLAGS),
		.client = long_of(attrs, NVDLA_A_CLIENT_ID),
		.queued = long_of(attrs, NVDLA_A_JOBS_QUEUED),
		.done = long_of(attrs, NVDLA_A_JOBS_DONE),
		.busy_ns = long_of(attrs, NVDLA_A_BUSY_NS),
	};

	return 0;
}

static void take_core(struct top_device *device, int cmd, struct nlattr *attrs[])
{
	uint32_t index = word_of(attrs, NVDLA_A_CORE_INDEX);

	if (!device || index >= device->cores)
		return;
	if (cmd == NVDLA_CMD_COUNTERS_GET) {
		device->core[index].busy_ns = long_of(attrs, NVDLA_A_BUSY_NS);
		return;
	}
	device->core[index].jobs = word_of(attrs, NVDLA_A_CORE_JOBS);
	device->core[index].state = word_of(attrs, NVDLA_A_CORE_STATE);
}

static int on_message(struct nl_msg *message, void *data)
{
	struct nlattr *attrs[NVDLA_A_MAX + 1];
	struct answer *answer = data;
	int cmd = family_parse(answer->family, message, attrs), node;

	if (cmd < 0 || !attrs[NVDLA_A_DEV_INDEX] || answer->ret)
		return NL_SKIP;
	node = (int)nla_get_u32(attrs[NVDLA_A_DEV_INDEX]);
	if (cmd == NVDLA_CMD_DEVICE_GET)
		answer->ret = take_device(answer->state, node, attrs);
	else if (cmd == NVDLA_CMD_CONTEXT_GET)
		answer->ret = take_context(answer->state, node, attrs);
	else
		take_core(find_device(answer->state, node), cmd, attrs);

	return NL_OK;
}

int top_state_take(struct family *family, struct top_state *state)
{
	static const int questions[] = {
		NVDLA_CMD_DEVICE_GET, NVDLA_CMD_COUNTERS_GET, NVDLA_CMD_CORE_GET,
		NVDLA_CMD_CONTEXT_GET,
	};
	struct answer answer = { .family = family, .state = state };
	unsigned int i;
	int ret = 0;

	*state = (struct top_state){ 0 };
	/* The module may be loaded, or loaded anew, while we are looking. */
	if (!family->sock && family_open(family))
		return 0;
	nl_socket_modify_cb(family->sock, NL_CB_VALID, NL_CB_CUSTOM, on_message, &answer);
	for (i = 0; !ret && i < sizeof(questions) / sizeof(questions[0]); i++) {
		if (questions[i] == NVDLA_CMD_COUNTERS_GET)
			state->cores_ns = top_now_ns();
		if (questions[i] == NVDLA_CMD_CONTEXT_GET)
			state->contexts_ns = top_now_ns();
		ret = family_ask(family, questions[i], NLM_F_DUMP, FAMILY_ANY, FAMILY_ANY);
	}
	if (ret)
		family_close(family);
	if (ret || answer.ret)
		top_state_release(state);

	return answer.ret;
}

void top_state_release(struct top_state *state)
{
	free(state->devices);
	free(state->contexts);
	*state = (struct top_state){ 0 };
}

const struct top_device *top_state_device(const struct top_state *state, int node)
{
	return find_device((struct top_state *)state, node);
}

const struct top_context *top_state_context(const struct top_state *state,
					    const struct top_context *context)
{
	size_t i;

	for (i = 0; i < state->context_count; i++) {
		const struct top_context *other = &state->contexts[i];

		if (other->node == context->node && other->id == context->id &&
		    other->client == context->client)
			return other;
	}

	return NULL;
}
