/*
 * proof_bench: a bundle of twenty events, made from its parts and verified. The path is as
 * long as among 1,000,000 keys.
 */
#include "bench.h"

#include "../tests/proof_world.h"

enum { ROUNDS = 2000 };

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

/* The median of ROUNDS, in ms: a machine that is busy beside does not count. */
static double median(double *seconds)
{
	qsort(seconds, ROUNDS, sizeof *seconds, compare);
	return seconds[ROUNDS / 2] * 1e3;
}

static void measure(size_t validators)
{
	static double took[ROUNDS];
	struct world *w = w_parcel(validators);
	struct buf b = BUF_INIT;
	char name[80];
	size_t which = 0;
	w_deep(w, 20);
	for (int i = 0; i < ROUNDS; i++) {
		double start = bench_now();
		buf_clear(&b);
		world_bundle(w, &b, &which, 1, false);
		took[i] = bench_now() - start;
	}
	double made = median(took);
	for (int i = 0; i < ROUNDS; i++) {
		double start = bench_now();
		MUST(w_reason(w, buf_slice(&b)) == VERIFY_OK);
		took[i] = bench_now() - start;
	}
	double verified = median(took);
	snprintf(name, sizeof name, "bundle of 20 events encoded, %zu validators", validators);
	bench_line(name, made, "ms", "5 ms", made / 5, 1, true);
	snprintf(name, sizeof name, "bundle of 20 events verified, %zu validators", validators);
	bench_line(name, verified, "ms", "1 ms", verified, 1, true);
	snprintf(name, sizeof name, "bundle of 20 events, size, %zu validators", validators);
	bench_line(name, (double)b.n, "bytes", "2600 bytes", (double)b.n / 2600, 1, true);
	buf_fini(&b);
	world_free(w);
}

int main(void)
{
	MUST(ed25519_init() == ERR_OK);
	measure(1);
	measure(4);
	return 0;
}
