# SPDX-License-Identifier: MIT

ACCEL_VALIDATE	:= $(O)/tools/accel-validate/accel-validate
ALL		+= $(ACCEL_VALIDATE)

# Importers and quantiser are not part of the shared library's interface.
$(ACCEL_VALIDATE): $(O)/tools/accel-validate/accel-validate.o $$(CLI_A) $(LIBACCEL_A)
	$(CC) $(LDFLAGS) -o $@ $< $(CLI_A) $(LIBACCEL_A) $(LIBACCEL_LIBS)
