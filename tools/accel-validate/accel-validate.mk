# SPDX-License-Identifier: MIT

ACCEL_VALIDATE	:= $(O)/tools/accel-validate/accel-validate
ALL		+= $(ACCEL_VALIDATE)

# Importers and quantiser are not part of the shared library's interface.
$(ACCEL_VALIDATE): $(O)/tools/accel-validate/accel-validate.o $(LIBACCEL_A)
	$(CC) $(LDFLAGS) -o $@ $< $(LIBACCEL_A) $(LIBACCEL_LIBS)
