# SPDX-License-Identifier: MIT
#
# Tests of npusim's board and its vfio-user server.

SERVER_TEST	:= tests/unit/server
SERVER_TEST_OBJ	:= $(addprefix $(O)/$(SERVER_TEST)/,client.o job.o test_server.o test_malformed.o \
		     test_faults.o test_record.o) \
		   $(O)/tests/programs/builder.o $(O)/tests/programs/conv.o
SERVER_FUZZ_SECONDS ?= 15

$(O)/$(SERVER_TEST)/test-server: $(SERVER_TEST_OBJ) $(O)/tools/npusim/board/vfio_server.o \
				 $$(SERVER_OBJ) $$(NPUSIM_LIB)
	$(CC) $(LDFLAGS) -o $@ $^ -lcmocka

$(O)/$(SERVER_TEST)/fuzz-vfio: $(O)/$(SERVER_TEST)/fuzz_vfio.o $$(SERVER_OBJ) $$(NPUSIM_LIB)
	$(CC) $(LDFLAGS) -o $@ $^

# The same with the sanitizers watching.
SERVER_SAN_FUZZ	:= build/$(ARCH_TRIPLET)-address-undefined/$(SERVER_TEST)/fuzz-vfio

.PHONY: check-server fuzz-vfio FORCE
check-server: $(O)/$(SERVER_TEST)/test-server $(O)/npusim-replay
	@NPUSIM_REPLAY=$(O)/npusim-replay CMOCKA_MESSAGE_OUTPUT=TAP timeout 120 $<
	@$(MAKE) --no-print-directory SAN=address,undefined $(SERVER_SAN_FUZZ) >/dev/null
	@timeout 120 $(SERVER_SAN_FUZZ) $(SERVER_FUZZ_SECONDS)

fuzz-vfio:
	@$(MAKE) --no-print-directory SAN=address,undefined $(SERVER_SAN_FUZZ)
	$(SERVER_SAN_FUZZ) 3600

CHECKS		+= server
DEB_PACKAGES	+= libcmocka-dev
