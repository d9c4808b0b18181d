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

static struct slice *singles(struct bench_node *b, size_t n, uint64_t items)
{
	struct slice *txs = calloc(n, sizeof *txs);
	for (size_t i = 0; i < n; i++)
		txs[i] = bench_tx(b, (uint64_t)i * 7919, items, 1, 0);
	return txs;
}

static void txs_free(struct slice *txs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free((void *)(uintptr_t)txs[i].p);
	free(txs);
}

/* CPU a transaction, and the rate. */
static double run_singles(struct bench_node *b, uint64_t items, size_t n, double *rate)
{
	struct slice *txs = singles(b, n, items);
	struct ledger_head before, after;
	ledger_head(node_ledger(b->node), &before);
	double cpu = bench_cpu();
	double took = bench_submit(b, txs, n);
	cpu = bench_cpu() - cpu;
	ledger_head(node_ledger(b->node), &after);
	fprintf(stderr, "%zu transactions, %.0f a block, %.1f us CPU each\n", n,
		(double)n / (double)(after.height - before.height), cpu / (double)n * 1e6);
	txs_free(txs, n);
	*rate = (double)n / took;
	return cpu / (double)n;
}

static double run_batches(struct bench_node *b, uint64_t items, size_t n, unsigned children)
{
	struct slice *txs = calloc(n, sizeof *txs);
	for (size_t i = 0; i < n; i++)
		txs[i] = bench_tx(b, (uint64_t)i * 100, items, 100, children);
	double took = bench_submit(b, txs, n);
	txs_free(txs, n);
	return (double)n * 100 / took;
}

static double rss_say(const char *when)
{
	double rss = bench_rss_anon();
	usleep(1500000); /* the node gives back what it does not need when it is idle */
	fprintf(stderr, "%s: %.1f MB, %.1f MB when idle\n", when, rss / 1e6, bench_rss_anon() / 1e6);
	return bench_rss_anon();
}

int main(void)
{
	if (sodium_init() < 0)
		return 1;
	uint64_t items = env_number("ARGOSY_BENCH_ITEMS", 1000000);
	size_t n = (size_t)env_number("ARGOSY_BENCH_TXS", 60000);
	size_t batches = (size_t)env_number("ARGOSY_BENCH_BATCHES", 2000);
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
	(void)rss_say("loaded");
	yard = bench_verify_rate();
	double cpu = run_singles(&b, items, n, &rate);
	y = (yard + bench_verify_rate()) / 2;
	bench_line("single-action transactions, store of 1,000,000 items", rate, "tx/s", yard_name, rate / y, 0, false);
	bench_line("cpu per single-action transaction, store of 1,000,000 items", cpu * 1e6, "us",
		   "the same with 10,000 keys", cpu / small_cpu, 1.5, true);
	(void)rss_say("singles");
	yard = bench_verify_rate();
	double batch = run_batches(&b, items, batches, 0);
	y = (yard + bench_verify_rate()) / 2;
	bench_line("events in batches of 100, store of 1,000,000 items", batch, "events/s", yard_name, batch / y, 2.0, false);
	double rss = rss_say("batches");
	struct state_stats st;
	state_stats(ledger_state(node_ledger(b.node)), &st);
	bench_line("anonymous memory, store of 1,000,000 items", rss / 1e6, "MB", "100 MB + 16 bytes a key",
		   rss / (100e6 + 16.0 * (double)st.keys), 1.0, true);
	double kids = run_batches(&b, 100000, 40, 50);
	bench_line("events with 50 children in batches of 100", kids, "events/s", yard_name, kids / y, 0, false);
	fprintf(stderr, "%llu keys\n", (unsigned long long)st.keys);
	bench_node_remove(&b);
	return 0;
}
