# SPDX-License-Identifier: MIT

ACCEL_COMPILE	:= $(O)/tools/accel-compile/accel-compile
ALL		+= $(ACCEL_COMPILE)

# Importers and quantiser are not part of the shared library's interface.
$(ACCEL_COMPILE): $(O)/tools/accel-compile/accel-compile.o $$(CLI_A) $(LIBACCEL_A)
	$(CC) $(LDFLAGS) -o $@ $< $(CLI_A) $(LIBACCEL_A) $(LIBACCEL_LIBS)
