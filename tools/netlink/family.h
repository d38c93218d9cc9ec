/* SPDX-License-Identifier: MIT */
/*
 * The generic netlink family "nvdla": how programs ask it.
 */
#ifndef TOOLS_NETLINK_FAMILY_H
#define TOOLS_NETLINK_FAMILY_H

#include <stdint.h>

#include <linux/nvdla_netlink.h>
#include <netlink/attr.h>
#include <netlink/netlink.h>

/* Every device or context, where family_ask() takes the number of one. */
#define FAMILY_ANY	(-1L)

/**
 * struct family - a connection
 * @sock: to the kernel
 * @number: of the family
 */
struct family {
	struct nl_sock *sock;
	int number;
};

/* Types of the attributes, for libnl's parser. */
extern const struct nla_policy family_policy[NVDLA_A_MAX + 1];

/**
 * family_open() - connect
 * @family: receives the connection, for one thread at a time; family_close() ends it
 *
 * Return: 0, or libnl's negative error; -NLE_OBJ_NOTFOUND when the driver is not loaded.
 */
int family_open(struct family *family);

/* End a connection; one that was never made is fine when it is all zero. */
void family_close(struct family *family);

/**
 * family_ask() - ask, and wait for the whole answer
 * @family: connection
 * @cmd: NVDLA_CMD_*
 * @flags: NLM_F_DUMP, or 0 for a single object
 * @device: number of a node, or FAMILY_ANY
 * @context: number of a context, or FAMILY_ANY
 *
 * Messages go to the socket's callback for NL_CB_VALID.
 *
 * Return: 0 or libnl's negative error.
 */
int family_ask(struct family *family, int cmd, int flags, long device, long context);

/**
 * family_parse() - take a message apart
 * @family: connection that it came over
 * @message: what the callback got
 * @attrs: receives NVDLA_A_MAX + 1 attributes, NULL where the message has none
 *
 * Return: its NVDLA_CMD_*, or -1 if it is none of the family's.
 */
int family_parse(const struct family *family, struct nl_msg *message, struct nlattr *attrs[]);

/**
 * family_copy_text() - a text, with nothing in it that a terminal obeys
 * @to: receives it
 * @size: room, the NUL included
 * @attr: a text attribute
 *
 * A process chooses its name.
 */
void family_copy_text(char *to, size_t size, const struct nlattr *attr);

/* The state of a core in a word; NULL when this program does not know it. */
const char *family_core_state(uint32_t state);

#endif /* TOOLS_NETLINK_FAMILY_H */
