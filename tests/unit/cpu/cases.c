// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>

#include "cases.h"
#include "random.h"

struct guarded guarded_random(size_t size)
{
	struct guarded guarded;
	size_t i;

	if (guarded_new(&guarded, size, (int)random_below(2))) {
		puts("Bail out! no memory");
		exit(1);
	}
	for (i = 0; i < size; i++)
		guarded.data[i] = (int8_t)random_below(256);

	return guarded;
}

int run_cases(int argc, char **argv, const struct kernel_case *all, size_t count)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	unsigned int cases = argc > 2 ? (unsigned int)strtoul(argv[2], NULL, 0) : 1000, done;
	enum accel_isa best = accel_isa_detect(), isa;
	unsigned int number = 0, failed = 0;
	size_t i;

	printf("1..%zu\n", ((size_t)best + 1) * count);
	for (isa = ACCEL_ISA_PORTABLE; isa <= best; isa++) {
		for (i = 0; i < count; i++) {
			bool good = true;

			random_seed(seed);
			for (done = 0; good && done <= cases / all[i].part; done++)
				good = all[i].run(isa);
			failed += !good;
			printf("%s %u - %u %s, %s, seed %llu\n", good ? "ok" : "not ok", ++number,
			       done, all[i].what, accel_isa_name(isa), (unsigned long long)seed);
		}
	}

	return failed != 0;
}
