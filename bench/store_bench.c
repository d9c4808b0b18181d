/*
 * A store of 1,000,000 events: opening, also after kill -9; traces; bundles.
 */
#include "bench_trade.h"

#include "trade/trace.h"
#include "verify/verify.h"

#include <signal.h>
#include <sys/wait.h>

enum { PER_ITEM = 20 };

static uint64_t env_number(const char *name, uint64_t fallback)
{
	const char *v = getenv(name);
	return v ? strtoull(v, NULL, 10) : fallback;
}

/* Twenty events on each of `items` items. */
static void load(struct bench_node *b, uint64_t items)
{
	enum { CHUNK = 200 };
	struct slice txs[CHUNK];
	for (uint64_t at = 0; at < items * PER_ITEM;) {
		size_t n = 0;
		for (; n < CHUNK && at < items * PER_ITEM; n++, at += 100)
			txs[n] = bench_tx(b, at % items, items, 100, 0);
		bench_submit(b, txs, n);
		for (size_t i = 0; i < n; i++)
			free((void *)(uintptr_t)txs[i].p);
	}
}

/* A transformation of ten inputs into one output, as a transaction. */
static void transform(struct bench_node *b, uint64_t output, const uint64_t *inputs, unsigned n)
{
	char in[10][64], out[64], *ins[10], *outs[1] = {out};
	Argosy__V1__Event ev = ARGOSY__V1__EVENT__INIT;
	Argosy__V1__Action act = ARGOSY__V1__ACTION__INIT;
	Argosy__V1__Body m = ARGOSY__V1__BODY__INIT;
	uint8_t packed[4096], body[4096], id[16] = {1};
	for (unsigned i = 0; i < n; i++) {
		snprintf(in[i], sizeof in[i], "urn:epc:id:sgtin:9521234.054321.%llu", (unsigned long long)inputs[i]);
		ins[i] = in[i];
	}
	snprintf(out, sizeof out, "urn:epc:id:sgtin:9521234.054321.%llu", (unsigned long long)output);
	ev.type = ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_TRANSFORMATION;
	ev.event_time = (char[]){"2026-05-02T10:00:00.000+02:00"};
	ev.event_time_zone_offset = (char[]){"+02:00"};
	ev.input_epc_list = ins;
	ev.n_input_epc_list = n;
	ev.output_epc_list = outs;
	ev.n_output_epc_list = 1;
	act.act_case = ARGOSY__V1__ACTION__ACT_EVENT;
	act.event = &ev;
	ProtobufCBinaryData list = {argosy__v1__action__pack(&act, packed), packed};
	b->next_id++;
	memcpy(id + 1, &b->next_id, 8);
	m.chain_id = b->chain;
	m.member = (char[]){"bench"};
	m.id = (ProtobufCBinaryData){16, id};
	m.expires_ms = clock_wall_ns() / 1000000 + 3600000;
	m.actions = &list;
	m.n_actions = 1;
	size_t len = argosy__v1__body__pack(&m, body);
	struct buf tx = BUF_INIT;
	if (tx_sign(&tx, &b->fingerprint, slice(body, len), &b->signer, 1) != ERR_OK)
		exit(1);
	struct slice one = buf_slice(&tx);
	bench_submit(b, &one, 1);
	buf_fini(&tx);
}

static int double_cmp(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

/* Of this thread alone: on a machine with other work wall time tells of that. */
static double cpu_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double trace_once(struct bench_node *b, const char *id, enum trace_direction d, size_t *nodes,
			 size_t *events, double *cpu)
{
	struct trace *t;
	struct err_text text = {{0}};
	struct trace_options o = {.direction = d};
	double begin = bench_now(), cpu_begin = cpu_now();
	enum err e = trace_run(&t, node_ledger(b->node), slice_str(id), &o, &text);
	*cpu = cpu_now() - cpu_begin;
	double took = bench_now() - begin;
	if (e != ERR_OK)
		bench_die(id, e, &text);
	*nodes = t->n_nodes;
	*events = t->n_events;
	trace_free(t);
	return took;
}

static void traces(struct bench_node *b, uint64_t items)
{
	enum { N = 5000 };
	static double took[N], cpu[N];
	size_t nodes, events;
	char id[80];
	for (int i = 0; i < N; i++) {
		snprintf(id, sizeof id, "01/09521234123453/21/%llu", (unsigned long long)((uint64_t)i * 7919 % items));
		took[i] = trace_once(b, id, TRACE_WHOLE, &nodes, &events, &cpu[i]);
		if (events != PER_ITEM) {
			fprintf(stderr, "%s has %zu events\n", id, events);
			exit(1);
		}
	}
	qsort(took, N, sizeof *took, double_cmp);
	qsort(cpu, N, sizeof *cpu, double_cmp);
	fprintf(stderr, "trace of 20 events: p50 %.3f ms; CPU p50 %.3f, p99 %.3f ms\n", took[N / 2] * 1e3,
		cpu[N / 2] * 1e3, cpu[N * 99 / 100] * 1e3);
	bench_line("trace of an item with 20 events, p99", took[N * 99 / 100] * 1e3, "ms", "0.2 ms",
		   took[N * 99 / 100] / 0.0002, 1, true);
	/* A tree of inputs: 1 + 10 + 100 + 1,000 nodes. */
	uint64_t next = 1;
	uint64_t level[1000], above[100];
	for (unsigned i = 0; i < 100; i++) {
		uint64_t in[10];
		for (unsigned k = 0; k < 10; k++)
			in[k] = level[i * 10 + k] = next++;
		above[i] = next++;
		transform(b, above[i], in, 10);
	}
	uint64_t top[10], root;
	for (unsigned i = 0; i < 10; i++) {
		top[i] = next++;
		transform(b, top[i], above + (size_t)i * 10, 10);
	}
	root = next++;
	transform(b, root, top, 10);
	snprintf(id, sizeof id, "01/09521234543213/21/%llu", (unsigned long long)root);
	double best[21], unused;
	for (int i = 0; i < 21; i++)
		best[i] = trace_once(b, id, TRACE_UP, &nodes, &events, &unused);
	qsort(best, 21, sizeof *best, double_cmp);
	fprintf(stderr, "closure: %zu nodes, %zu events\n", nodes, events);
	bench_line("closure of 1,111 nodes, median", best[10] * 1e3, "ms", "10 ms", best[10] / 0.010, 1, true);
}

static void bundles(struct bench_node *b, uint64_t items)
{
	enum { N = 201 };
	static double made[N], checked[N];
	struct err_text t = {{0}};
	size_t bytes = 0;
	for (int i = 0; i < N; i++) {
		char id[80];
		struct buf out = BUF_INIT;
		struct node_prove_options o = {0};
		snprintf(id, sizeof id, "01/09521234123453/21/%llu", (unsigned long long)((uint64_t)i * 104729 % items));
		double begin = bench_now();
		enum err e = node_prove(b->node, &out, slice_str(id), &o, &t);
		made[i] = bench_now() - begin;
		if (e != ERR_OK)
			bench_die("prove", e, &t);
		struct verify_options vo = {.fingerprint = b->fingerprint.b};
		begin = bench_now();
		struct verify_result *r = verify_bundle(out.p, out.n, &vo);
		checked[i] = bench_now() - begin;
		if (!r || r->reason != VERIFY_OK || r->subjects[0].n_events != PER_ITEM) {
			fprintf(stderr, "not verified\n");
			exit(1);
		}
		verify_free(r);
		if (out.n > bytes)
			bytes = out.n;
		buf_fini(&out);
	}
	qsort(made, N, sizeof *made, double_cmp);
	qsort(checked, N, sizeof *checked, double_cmp);
	bench_line("bundle of 20 events made, median", made[N / 2] * 1e3, "ms", "5 ms", made[N / 2] / 0.005, 1, true);
	bench_line("bundle of 20 events verified, median", checked[N / 2] * 1e3, "ms", "1 ms", checked[N / 2] / 0.001, 1, true);
	bench_line("bundle of 20 events, largest of 201", (double)bytes, "bytes", "2,600 bytes", (double)bytes / 2600, 1, true);
}

static double open_time(struct bench_node *b)
{
	double begin = bench_now();
	bench_node_open(b);
	return bench_now() - begin;
}

int main(void)
{
	if (sodium_init() < 0)
		return 1;
	uint64_t items = env_number("ARGOSY_BENCH_EVENTS", 1000000) / PER_ITEM;
	struct bench_node b;
	bench_node_make(&b, "store");
	double begin = bench_now();
	load(&b, items);
	fprintf(stderr, "loaded %llu events in %.1f s\n", (unsigned long long)items * PER_ITEM, bench_now() - begin);
	traces(&b, items);
	usleep(300000); /* the proof block */
	bundles(&b, items);
	node_close(b.node);
	double took = open_time(&b);
	bench_line("a store of 1,000,000 events opens", took, "s", "2 s", took / 2, 1, true);
	uint64_t next_id = b.next_id;
	node_close(b.node);

	/* A child writes until it is killed. */
	pid_t child = fork();
	if (child == 0) {
		bench_node_open(&b);
		for (;;)
			load(&b, items);
	}
	sleep(8);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	b.next_id = next_id + 100000000;
	took = open_time(&b);
	bench_line("the same after kill -9 under load", took, "s", "2 s", took / 2, 1, true);
	bench_node_remove(&b);
	return 0;
}
