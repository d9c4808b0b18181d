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

/* CPU a transaction, and the rate. */
static double run_singles(struct bench_node *b, uint64_t items, size_t n, double *rate)
{
	struct bench_txs txs;
	struct ledger_head before, after;
	bench_txs_make(&txs, b, n, 7919, items, 1, 0);
	ledger_head(node_ledger(b->node), &before);
	double cpu = bench_cpu();
	double took = bench_submit(b, txs.at, n);
	cpu = bench_cpu() - cpu;
	ledger_head(node_ledger(b->node), &after);
	fprintf(stderr, "%zu transactions, %.0f a block, %.1f us CPU each\n", n,
		(double)n / (double)(after.height - before.height), cpu / (double)n * 1e6);
	bench_txs_free(&txs);
	*rate = (double)n / took;
	return cpu / (double)n;
}

static double run_batches(struct bench_node *b, uint64_t items, size_t n, unsigned children)
{
	struct bench_txs txs;
	bench_txs_make(&txs, b, n, 100, items, 100, children);
	double cpu = bench_cpu();
	double took = bench_submit(b, txs.at, n);
	fprintf(stderr, "%zu batches, %.1f us CPU an event\n", n, (bench_cpu() - cpu) / (double)n * 1e4);
	bench_txs_free(&txs);
	return (double)n * 100 / took;
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
	const char *yard_name = "libsodium verify, one core";
	struct bench_node b;
	double rate, small_rate;

	bench_node_make(&b, "small");
	bench_load(&b, 0, 5000); /* items and event ids: 10,000 keys */
	double small_cpu = run_singles(&b, 5000, n / 4, &small_rate);
	double yard = bench_verify_rate();
	small_cpu = run_singles(&b, 5000, n / 4, &small_rate);
	double y = (yard + bench_verify_rate()) / 2;
	bench_line("single-action transactions, store of 5,000 items", small_rate, "tx/s", yard_name, small_rate / y, 1.0, false);
	bench_node_remove(&b);

	bench_node_make(&b, "large");
	bench_load(&b, 0, items / 10);
	yard = bench_verify_rate();
	run_singles(&b, items / 10, n, &rate);
	y = (yard + bench_verify_rate()) / 2;
	fprintf(stderr, "yardstick: %.0f verifications a second on one core\n", y);
	bench_line("single-action transactions, store of 100,000 items", rate, "tx/s", yard_name, rate / y, 1.0, false);

	double begin = bench_now();
	bench_load(&b, items / 10, items);
	fprintf(stderr, "loaded to %llu items in %.1f s\n", (unsigned long long)items, bench_now() - begin);
	struct bench_peak peak;
	bench_peak_begin(&peak);
	yard = bench_verify_rate();
	double cpu = run_singles(&b, items, n, &rate);
	y = (yard + bench_verify_rate()) / 2;
	bench_line("single-action transactions, store of 1,000,000 items", rate, "tx/s", yard_name, rate / y, 1.0, false);
	bench_line("cpu per single-action transaction, store of 1,000,000 items", cpu * 1e6, "us",
		   "the same with 10,000 keys", cpu / small_cpu, 1.5, true);
	yard = bench_verify_rate();
	double batch = run_batches(&b, items, batches, 0);
	y = (yard + bench_verify_rate()) / 2;
	bench_line("events in batches of 100, store of 1,000,000 items", batch, "events/s", yard_name, batch / y, 2.0, false);
	double most = bench_peak_end(&peak);
	usleep(1500000); /* the node gives back what it does not need when it is idle */
	struct state_stats st;
	state_stats(ledger_state(node_ledger(b.node)), &st);
	memory_line("anonymous memory, store of 1,000,000 items, most under load", most, st.keys);
	memory_line("the same, idle", bench_rss_anon(), st.keys);
	double kids = run_batches(&b, 100000, 40, 50);
	bench_line("events with 50 children in batches of 100", kids, "events/s", yard_name, kids / y, 0, false);
	fprintf(stderr, "%llu keys\n", (unsigned long long)st.keys);
	bench_node_remove(&b);
	return 0;
}
