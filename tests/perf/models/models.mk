# SPDX-License-Identifier: MIT
#
# `make bench-models`: what networks cost on nv_small and nv_large.
# `make bench-accuracy`: what INT8 costs in accuracy.

BENCHES		+= models accuracy

ARTEFACT_FIGURES := $(O)/tests/perf/models/artefact_figures

$(ARTEFACT_FIGURES): $(O)/tests/perf/models/artefact_figures.o $(LIBACCEL_A)
	$(CC) $(LDFLAGS) -o $@ $< $(LIBACCEL_A) $(LIBACCEL_LIBS)

.PHONY: bench-models
bench-models: $$(ACCEL_COMPILE) $$(ACCEL_RUN) $(ARTEFACT_FIGURES)
	@tests/e2e/fetch-models $(CACHE) >&2
	@tests/perf/models/measure-models $(ACCEL_COMPILE) $(ACCEL_RUN) $(ARTEFACT_FIGURES) $(CACHE)/models

.PHONY: bench-accuracy
bench-accuracy: $$(ACCEL_VALIDATE)
	@tests/e2e/fetch-models $(CACHE) >&2
	@tests/e2e/fetch-onnxruntime $(CACHE)/$(ONNXRUNTIME) >&2
	@tests/perf/models/measure-accuracy $(ACCEL_VALIDATE) $(CACHE) $(CACHE)/$(ONNXRUNTIME)
