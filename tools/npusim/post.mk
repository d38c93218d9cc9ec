# SPDX-License-Identifier: MIT
#
# The units behind the convolution: their tight loops want -O3.

CFLAGS_tools/npusim/sdp_int	:= -O3
CFLAGS_tools/npusim/sdp_fp	:= -O3
CFLAGS_tools/npusim/sdp_rdma	:= -O3
CFLAGS_tools/npusim/sdp		:= -O3
CFLAGS_tools/npusim/pdp_pool	:= -O3
CFLAGS_tools/npusim/pdp_wide	:= -O3
CFLAGS_tools/npusim/cdp_lrn	:= -O3
CFLAGS_tools/npusim/cdp_fp	:= -O3

POST_TEST_OBJ	:= $(patsubst %.c,$(O)/%.o,$(sort $(wildcard tests/unit/npusim/post/*.c)))

$(O)/tests/unit/npusim/post/test-post: $(POST_TEST_OBJ) $(O)/tools/npusim/libnpusim.a
	$(CC) $(LDFLAGS) -o $@ $^ -lcmocka -lm

# Part of the suite npusim.
.PHONY: check-npusim-post
check-npusim: check-npusim-post
check-npusim-post: $(O)/tests/unit/npusim/post/test-post
	@CMOCKA_MESSAGE_OUTPUT=TAP timeout 120 $<

POST_MEASURE	:= $(O)/tests/unit/npusim/post/bench/measure

$(POST_MEASURE): $(O)/tests/unit/npusim/post/bench/measure.o \
		 $(O)/tests/unit/npusim/post/bench/programs.o $(O)/tools/npusim/libnpusim.a
	$(CC) $(LDFLAGS) -o $@ $^

.PHONY: bench-npusim-post
bench-npusim: bench-npusim-post
bench-npusim-post: $(POST_MEASURE)
	@$<
