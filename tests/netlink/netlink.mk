# SPDX-License-Identifier: MIT
#
# The netlink specification under the kernel's own tools.

CHECKS		+= netlink
DEB_PACKAGES	+= python3-yaml python3-jsonschema

.PHONY: check-netlink
check-netlink:
	@tests/netlink/check-spec '$(CC)' $(CACHE)
