/* SPDX-License-Identifier: MIT */
/*
 * Messages of the generic netlink family "nvdla", for people and for scripts.
 */
#ifndef ACCEL_MONITOR_MESSAGE_H
#define ACCEL_MONITOR_MESSAGE_H

#include <stdbool.h>

#include <linux/nvdla_netlink.h>
#include <netlink/attr.h>

/**
 * message_show() - print a message as a line
 * @cmd: NVDLA_CMD_*
 * @attrs: NVDLA_A_MAX + 1 attributes, NULL where the message has none
 * @json: as an object with the attributes' names of the specification, "-" being "_"
 *
 * Attributes that this program does not know are left out.
 *
 * Return: 0 or -ENOMEM.
 */
int message_show(unsigned int cmd, struct nlattr *attrs[], bool json);

#endif /* ACCEL_MONITOR_MESSAGE_H */
