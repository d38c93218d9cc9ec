# SPDX-License-Identifier: MIT
#
# The units behind the convolution: their tight loops want -O3.

CFLAGS_tools/npusim/sdp_int	:= -O3
CFLAGS_tools/npusim/sdp_rdma	:= -O3
CFLAGS_tools/npusim/sdp		:= -O3
CFLAGS_tools/npusim/pdp_pool	:= -O3
CFLAGS_tools/npusim/cdp_lrn	:= -O3
