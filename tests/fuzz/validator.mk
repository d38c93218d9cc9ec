# SPDX-License-Identifier: MIT
#
# The validator's fuzzer.

FUZZ_VALIDATOR_SRCS := tests/fuzz/validator.c tests/fuzz/program_gen.c tests/fuzz/program_conv.c \
	tests/programs/builder.c $(filter-out kmod/hw/%,$(NVDLA_VALIDATOR_SRCS))
FUZZ_VALIDATOR_OBJS := $(FUZZ_VALIDATOR_SRCS:%.c=$(O)/%.o)
$(FUZZ_VALIDATOR_OBJS): CPPFLAGS += $(LIBDRM_CFLAGS)

$(O)/fuzz-validator: $(FUZZ_VALIDATOR_OBJS) $(O)/tools/npusim/libnpusim.a
	$(CC) $(LDFLAGS) -o $@ $^ -lm

# Seconds, shared by all configurations.
FUZZ_SECONDS	?= 600

.PHONY: check-validator fuzz fuzz-validator
check-validator: $(O)/fuzz-validator
	$< -s 20

fuzz-validator: $(O)/fuzz-validator
	$< -s $(FUZZ_SECONDS) -r $$(od -An -N4 -tu4 /dev/urandom)

fuzz: fuzz-validator

CHECKS		+= validator
