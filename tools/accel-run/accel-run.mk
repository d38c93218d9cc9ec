# SPDX-License-Identifier: MIT

ACCEL_RUN	:= $(O)/tools/accel-run/accel-run
ALL		+= $(ACCEL_RUN)

$(ACCEL_RUN): $(O)/tools/accel-run/accel-run.o $$(CLI_A) $(LIBACCEL)
	$(CC) $(LDFLAGS) -o $@ $< $(CLI_A) $(LIBACCEL_LINK)
