# SPDX-License-Identifier: MIT
#
# `make bench-models`: what networks cost on nv_small and nv_large.

BENCHES		+= models

ARTEFACT_FIGURES := $(O)/tests/perf/models/artefact_figures

$(ARTEFACT_FIGURES): $(O)/tests/perf/models/artefact_figures.o $(LIBACCEL_A)
	$(CC) $(LDFLAGS) -o $@ $< $(LIBACCEL_A) $(LIBACCEL_LIBS)

.PHONY: bench-models
bench-models: $$(ACCEL_COMPILE) $$(ACCEL_RUN) $(ARTEFACT_FIGURES)
	@tests/e2e/fetch-models $(CACHE) >&2
	@tests/perf/models/measure-models $(ACCEL_COMPILE) $(ACCEL_RUN) $(ARTEFACT_FIGURES) $(CACHE)/models
