/*
 * Transactions from encoded bytes to durable answer, in process, against one core's
 * libsodium verify rate of 300-byte messages.
 */
#include "bench_trade.h"

static uint64_t env_number(const char *name, uint64_t fallback)
{
	const char *v = getenv(name);
	return v ? strtoull(v, NULL, 10) : fallback;
}

/* What one kind of load gave, and what one core verified meanwhile: the host's speed drifts, so
 * the yardstick is taken between the parts of the load. */
struct run {
	double rate;	  /* events a second */
	double cpu;	  /* seconds an event */
	double yard;	  /* verifications a second */
	double per_block; /* transactions */
};

enum { PARTS = 6 };

/* `n` transactions of `per` events each, from items `step` apart. */
static struct run run_load(struct bench_node *b, uint64_t items, size_t n, uint64_t step,
			   unsigned per, unsigned children)
{
	struct run r = {.yard = bench_verify_rate()};
	struct ledger_head before, after;
	double took = 0, cpu = 0;
	size_t each = n / PARTS;
	ledger_head(node_ledger(b->node), &before);
	for (int i = 0; i < PARTS; i++) {
		struct bench_txs txs;
		bench_txs_make(&txs, b, each, step, items, per, children);
		double begin = bench_cpu();
		took += bench_submit(b, txs.at, each);
		cpu += bench_cpu() - begin;
		bench_txs_free(&txs);
		r.yard += bench_verify_rate();
	}
	ledger_head(node_ledger(b->node), &after);
	r.rate = (double)(each * PARTS * per) / took;
	r.cpu = cpu / (double)(each * PARTS * per);
	r.yard /= PARTS + 1;
	r.per_block = (double)(each * PARTS) / (double)(after.height - before.height);
	fprintf(stderr, "%zu transactions of %u events: %.0f events a second, %.1f us CPU each, "
			"%.0f transactions a block; %.0f verifications a second\n",
		each * PARTS, per, r.rate, r.cpu * 1e6, r.per_block, r.yard);
	return r;
}

static void rate_line(const char *name, const struct run *r, const char *unit, double goal)
{
	bench_line(name, r->rate, unit, "libsodium verify, one core", r->rate / r->yard, goal, false);
}

/* Until the disk holds what the load left: that is not the next load's work. */
static void settle(struct bench_node *b)
{
	struct state_stats st, last = {0};
	for (int i = 0; i < 60; i++) {
		usleep(1000000);
		state_stats(ledger_state(node_ledger(b->node)), &st);
		if (i && st.merges == last.merges && st.file_bytes == last.file_bytes)
			return;
		last = st;
	}
}

static void memory_line(const char *name, double bytes, uint64_t keys)
{
	bench_line(name, bytes / 1e6, "MB", "100 MB + 16 bytes a key", bytes / (100e6 + 16.0 * (double)keys), 1.0, true);
}

int main(void)
{
	if (sodium_init() < 0)
		return 1;
	uint64_t items = env_number("ARGOSY_BENCH_ITEMS", 1000000);
	size_t n = (size_t)env_number("ARGOSY_BENCH_TXS", 60000);
	size_t batches = (size_t)env_number("ARGOSY_BENCH_BATCHES", 6000);
	struct bench_node b;

	bench_node_make(&b, "small");
	bench_load(&b, 0, 5000); /* items and event ids: 10,000 keys */
	struct run warm = run_load(&b, 5000, n / 6, 7919, 1, 0), small;
	(void)warm;
	small = run_load(&b, 5000, n / 3, 7919, 1, 0);
	rate_line("single-action transactions, store of 5,000 items", &small, "tx/s", 1.0);
	bench_node_remove(&b);

	bench_node_make(&b, "large");
	bench_load(&b, 0, items / 10);
	struct run r = run_load(&b, items / 10, n, 7919, 1, 0);
	rate_line("single-action transactions, store of 100,000 items", &r, "tx/s", 1.0);

	double begin = bench_now();
	bench_load(&b, items / 10, items);
	fprintf(stderr, "loaded to %llu items in %.1f s\n", (unsigned long long)items, bench_now() - begin);
	settle(&b);
	struct bench_peak peak;
	bench_peak_begin(&peak);
	/* So many that what they leave for the disk is merged meanwhile, as it is in the long run. */
	struct run large = run_load(&b, items, 3 * n, 7919, 1, 0);
	rate_line("single-action transactions, store of 1,000,000 items", &large, "tx/s", 0);
	bench_line("cpu per single-action transaction, store of 1,000,000 items", large.cpu * 1e6, "us",
		   "the same with 10,000 keys", large.cpu / small.cpu, 1.5, true);
	r = run_load(&b, items, batches, 100, 100, 0);
	rate_line("events in batches of 100, store of 1,000,000 items", &r, "events/s", 2.0);
	double most = bench_peak_end(&peak);
	usleep(1500000); /* the node gives back what it does not need when it is idle */
	struct state_stats st;
	state_stats(ledger_state(node_ledger(b.node)), &st);
	memory_line("anonymous memory, store of 1,000,000 items, most under load", most, st.keys);
	memory_line("the same, idle", bench_rss_anon(), st.keys);
	r = run_load(&b, 100000, 60, 100, 100, 50);
	rate_line("events with 50 children in batches of 100", &r, "events/s", 0);
	fprintf(stderr, "%llu keys\n", (unsigned long long)st.keys);
	bench_node_remove(&b);
	return 0;
}
