# SPDX-License-Identifier: MIT

FACES		:= $(O)/tests/demo/faces
ALL		+= $(FACES)

$(FACES): $(O)/tests/demo/faces.o $(LIBACCEL)
	$(CC) $(LDFLAGS) -o $@ $< $(LIBACCEL_LINK) -lm
