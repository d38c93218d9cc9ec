// SPDX-License-Identifier: MIT
/*
 * Numbers of Documentation/netlink/specs/drm_ras.yaml in Linux 7.3; the headers
 * of older systems do not have them.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <netlink/errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>

#include "board.h"
#include "ras.h"

#define FAMILY		"drm-ras"
#define VERSION		1

enum { LIST_NODES = 1, GET_COUNTER, CLEAR_COUNTER };
enum { NODE_ID = 1, DEVICE_NAME, NODE_NAME, NODE_TYPE };
enum { OF_NODE = 1, ERROR_ID, ERROR_NAME, ERROR_VALUE };

#define ATTRS		5

/**
 * struct question - a connection and what its answers go to
 * @sock: to the kernel
 * @family: number of the family
 * @device: name of the device on its bus
 * @ras: receives the node or counters
 * @known: the node was found
 */
struct question {
	struct nl_sock *sock;
	int family;
	char device[64];
	struct ras *ras;
	bool known;
};

static int on_node(struct nl_msg *message, void *data)
{
	struct nlattr *attrs[ATTRS];
	struct question *question = data;

	if (genlmsg_parse(nlmsg_hdr(message), 0, attrs, ATTRS - 1, NULL) < 0 || !attrs[NODE_ID] ||
	    !attrs[DEVICE_NAME] || strcmp(nla_get_string(attrs[DEVICE_NAME]), question->device))
		return NL_OK;
	question->ras->node = nla_get_u32(attrs[NODE_ID]);
	question->known = true;

	return NL_OK;
}

static int on_counter(struct nl_msg *message, void *data)
{
	struct nlattr *attrs[ATTRS];
	struct question *question = data;
	struct ras *ras = question->ras;
	uint32_t id;

	if (genlmsg_parse(nlmsg_hdr(message), 0, attrs, ATTRS - 1, NULL) < 0 ||
	    !attrs[ERROR_ID] || !attrs[ERROR_NAME] || !attrs[ERROR_VALUE])
		return NL_OK;
	id = nla_get_u32(attrs[ERROR_ID]);
	if (id < 1 || id > RAS_COUNTERS)
		return NL_OK;
	snprintf(ras->names[id - 1], sizeof(ras->names[0]), "%s",
		 nla_get_string(attrs[ERROR_NAME]));
	ras->values[id - 1] = nla_get_u32(attrs[ERROR_VALUE]);
	ras->found++;

	return NL_OK;
}

static int errno_of(int ret)
{
	switch (-ret) {
	case 0:
		return 0;
	case NLE_PERM:
		return -EPERM;
	case NLE_OBJ_NOTFOUND:
		return -ENOENT;
	default:
		return -EIO;
	}
}

static int ask(struct question *question, int cmd, int flags, nl_recvmsg_msg_cb_t answer,
	       uint32_t node, uint32_t id)
{
	struct nl_msg *message = nlmsg_alloc();
	int ret = 0;

	if (!message)
		return -ENOMEM;
	if (!genlmsg_put(message, NL_AUTO_PORT, NL_AUTO_SEQ, question->family, 0, flags, cmd,
			 VERSION) ||
	    (cmd != LIST_NODES && nla_put_u32(message, OF_NODE, node)) ||
	    (id && nla_put_u32(message, ERROR_ID, id)))
		ret = -NLE_NOMEM;
	nl_socket_modify_cb(question->sock, NL_CB_VALID, NL_CB_CUSTOM, answer, question);
	if (!ret)
		ret = nl_send_auto(question->sock, message);
	nlmsg_free(message);
	if (ret >= 0 && cmd != CLEAR_COUNTER)
		ret = nl_recvmsgs_default(question->sock);
	if (ret >= 0 && !(flags & NLM_F_DUMP))
		ret = nl_wait_for_ack(question->sock);

	return errno_of(ret < 0 ? ret : 0);
}

static int start(struct question *question, struct ras *ras)
{
	int ret = device_name(question->device, sizeof(question->device));

	if (ret)
		return ret;
	question->ras = ras;
	question->sock = nl_socket_alloc();
	if (!question->sock)
		return -ENOMEM;
	ret = genl_connect(question->sock);
	if (!ret)
		ret = genl_ctrl_resolve(question->sock, FAMILY);
	if (ret < 0) {
		nl_socket_free(question->sock);
		return -ENOTSUP;
	}
	question->family = ret;

	return 0;
}

int ras_read(struct ras *ras)
{
	struct question question = { 0 };
	int ret;

	*ras = (struct ras){ 0 };
	ret = start(&question, ras);
	if (ret)
		return ret;
	ret = ask(&question, LIST_NODES, NLM_F_DUMP, on_node, 0, 0);
	if (!ret)
		ret = question.known ? 0 : -ENOENT;
	if (!ret)
		ret = ask(&question, GET_COUNTER, NLM_F_DUMP, on_counter, ras->node, 0);
	nl_socket_free(question.sock);

	return ret;
}

int ras_read_one(const struct ras *ras, uint32_t number, uint32_t *value)
{
	struct question question = { 0 };
	struct ras answer = { 0 };
	int ret = start(&question, &answer);

	if (ret)
		return ret;
	ret = ask(&question, GET_COUNTER, 0, on_counter, ras->node, number);
	nl_socket_free(question.sock);
	if (!ret && (answer.found != 1 || number > RAS_COUNTERS))
		return -EIO;
	if (!ret)
		*value = answer.values[number - 1];

	return ret;
}

int ras_clear(const struct ras *ras, uint32_t number)
{
	struct question question = { 0 };
	struct ras answer = { 0 };
	int ret = start(&question, &answer);

	if (ret)
		return ret;
	ret = ask(&question, CLEAR_COUNTER, 0, on_counter, ras->node, number);
	nl_socket_free(question.sock);

	return ret;
}
