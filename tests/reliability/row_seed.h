/*
 * row_seed: what a row that goes by chance begins with. It is printed, so that tools/run-rows names
 * it last when the row fails; ARGOSY_SEED=N runs the same again.
 */
#ifndef ARGOSY_RELIABILITY_ROW_SEED_H
#define ARGOSY_RELIABILITY_ROW_SEED_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* As asked on the command line (or NULL), by the environment, or as usual. */
static inline uint64_t row_seed(const char *asked, uint64_t usual)
{
	if (!asked)
		asked = getenv("ARGOSY_SEED");
	uint64_t seed = asked ? strtoull(asked, NULL, 10) : usual;
	printf("seed %" PRIu64 "\n", seed);
	fflush(stdout);
	return seed;
}

/* The same, as a start for row_random, whose numbers must not begin with 0. */
static inline uint64_t row_seed_spread(uint64_t seed)
{
	return seed * 0x9e3779b97f4a7c15u | 1;
}

#endif
