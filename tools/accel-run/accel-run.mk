# SPDX-License-Identifier: MIT

ACCEL_RUN	:= $(O)/tools/accel-run/accel-run
ALL		+= $(ACCEL_RUN)

$(ACCEL_RUN): $(O)/tools/accel-run/accel-run.o $(LIBACCEL)
	$(CC) $(LDFLAGS) -o $@ $< $(LIBACCEL_LINK)
