/*
 * bench_trade: a node of its own with many items, and signed events for it.
 */
#ifndef ARGOSY_BENCH_BENCH_TRADE_H
#define ARGOSY_BENCH_BENCH_TRADE_H

#include "bench.h"

#include "node/node.h"
#include "node/clock.h"

#include "argosy/v1/action.pb-c.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>

struct bench_node {
	char dir[512];
	struct node *node;
	struct tx_signer signer;
	struct hash fingerprint;
	char chain[64];
	uint64_t next_id;
};

static inline void bench_die(const char *what, enum err e, const struct err_text *t)
{
	fprintf(stderr, "%s: %s: %s\n", what, err_str(e), t->text);
	exit(1);
}

static inline void bench_node_open(struct bench_node *b)
{
	struct err_text t = {{0}};
	struct node_options o = {0};
	enum err e = node_open(&b->node, b->dir, &o, &t);
	if (e != ERR_OK)
		bench_die("open", e, &t);
	const struct genesis *g = ledger_genesis(node_ledger(b->node));
	b->fingerprint = g->fingerprint;
	snprintf(b->chain, sizeof b->chain, "%s", g->chain_id);
}

static inline void bench_node_make(struct bench_node *b, const char *name)
{
	char cmd[700], path[600];
	struct err_text t = {{0}};
	struct keyfile k;
	memset(b, 0, sizeof *b);
	snprintf(b->dir, sizeof b->dir, "%s/%s", bench_dir(), name);
	snprintf(cmd, sizeof cmd, "rm -rf %s && mkdir -p %s", b->dir, bench_dir());
	if (system(cmd))
		exit(1);
	struct node_birth birth = {
		.member = "bench",
		.name = "Bench",
		.country = "NL",
		.quota = UINT64_C(1) << 40, /* a load, not a member's hour */
	};
	enum err e = node_create(b->dir, &birth, &t);
	if (e != ERR_OK)
		bench_die("create", e, &t);
	snprintf(path, sizeof path, "%s/keys/agent.key", b->dir);
	e = node_key_load(&k, path, &t);
	if (e != ERR_OK)
		bench_die("key", e, &t);
	memcpy(b->signer.public_key, k.public_key, 32);
	memcpy(b->signer.secret_key, k.secret_key, 64);
	keyfile_fini(&k);
	bench_node_open(b);
}

static inline void bench_node_remove(struct bench_node *b)
{
	char cmd[700];
	node_close(b->node);
	snprintf(cmd, sizeof cmd, "rm -rf %s", b->dir);
	if (system(cmd))
		exit(1);
}

/*
 * An event that is 500 bytes as compact JSON-LD: an item inspected at a port, with event id,
 * disposition, read point, location and purchase order. `children` > 0 makes it an
 * aggregation of that many items into a case.
 */
static inline size_t bench_event(uint8_t *out, uint64_t item, uint64_t serial, unsigned children)
{
	static _Thread_local char epc[64][80];
	char id[64], order[80], *epcs[64];
	Argosy__V1__Event ev = ARGOSY__V1__EVENT__INIT;
	Argosy__V1__Action act = ARGOSY__V1__ACTION__INIT;
	Argosy__V1__Place rp = ARGOSY__V1__PLACE__INIT, bl = ARGOSY__V1__PLACE__INIT;
	Argosy__V1__TypedRef po = ARGOSY__V1__TYPED_REF__INIT, *pos[] = {&po};
	snprintf(id, sizeof id, "urn:uuid:%08x-0000-4000-8000-%012llx", (unsigned)(serial >> 20),
		 (unsigned long long)serial & 0xffffffffffff);
	snprintf(order, sizeof order, "urn:epc:id:gdti:0614141.00001.%llu", (unsigned long long)(item % 100000));
	ev.event_time = (char[]){"2026-05-01T10:00:00.000+02:00"};
	ev.event_time_zone_offset = (char[]){"+02:00"};
	ev.event_id = id;
	ev.action = ARGOSY__V1__EVENT_ACTION__EVENT_ACTION_OBSERVE;
	if (children == 0) {
		snprintf(epc[0], sizeof epc[0], "urn:epc:id:sgtin:9521234.012345.%llu", (unsigned long long)item);
		epcs[0] = epc[0];
		ev.type = ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_OBJECT;
		ev.epc_list = epcs;
		ev.n_epc_list = 1;
		ev.biz_step = (char[]){"inspecting"};
	} else {
		snprintf(epc[0], sizeof epc[0], "urn:epc:id:sscc:9521234.0%09llu", (unsigned long long)item);
		for (unsigned i = 0; i < children; i++) {
			snprintf(epc[i + 1], sizeof epc[0], "urn:epc:id:sgtin:9521234.012346.%llu",
				 (unsigned long long)(item * children + i));
			epcs[i] = epc[i + 1];
		}
		ev.type = ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_AGGREGATION;
		ev.action = ARGOSY__V1__EVENT_ACTION__EVENT_ACTION_ADD;
		ev.parent_id = epc[0];
		ev.child_epcs = epcs;
		ev.n_child_epcs = children;
		ev.biz_step = (char[]){"packing"};
	}
	ev.disposition = (char[]){"in_progress"};
	rp.id = (char[]){"urn:epc:id:sgln:9521234.00001.400"};
	bl.id = (char[]){"urn:epc:id:sgln:9521234.00001.0"};
	ev.read_point = &rp;
	ev.biz_location = &bl;
	po.type = (char[]){"po"};
	po.id = order;
	ev.biz_transaction_list = pos;
	ev.n_biz_transaction_list = 1;
	act.act_case = ARGOSY__V1__ACTION__ACT_EVENT;
	act.event = &ev;
	return argosy__v1__action__pack(&act, out);
}

/* A signed transaction of `n` events on items first, first + 1, ... (mod items). */
static inline struct slice bench_tx(struct bench_node *b, uint64_t first, uint64_t items, unsigned n,
				    unsigned children)
{
	static _Thread_local uint8_t space[1 << 20], body[1 << 20];
	ProtobufCBinaryData list[1000];
	Argosy__V1__Body m = ARGOSY__V1__BODY__INIT;
	uint8_t id[16] = {0};
	size_t at = 0;
	b->next_id++;
	memcpy(id, &b->next_id, 8);
	for (unsigned i = 0; i < n; i++) {
		size_t len = bench_event(space + at, (first + i) % items, b->next_id * 1000 + i, children);
		list[i] = (ProtobufCBinaryData){len, space + at};
		at += len;
	}
	m.chain_id = b->chain;
	m.member = (char[]){"bench"};
	m.id = (ProtobufCBinaryData){16, id};
	m.expires_ms = clock_wall_ns() / 1000000 + 3600000 * 6;
	m.actions = list;
	m.n_actions = n;
	size_t len = argosy__v1__body__pack(&m, body);
	struct buf out = BUF_INIT;
	if (tx_sign(&out, &b->fingerprint, slice(body, len), &b->signer, 1) != ERR_OK)
		exit(1);
	return buf_slice(&out);
}

/*
 * Transactions made beforehand, in a file that is mapped: they are the load's, and must not
 * count as the node's memory.
 */
struct bench_txs {
	struct slice *at;
	size_t n, bytes;
	FILE *file;
	uint8_t *map;
};

/* `n` of them: transaction i is of `per` events, the first on item i * step. */
static inline void bench_txs_make(struct bench_txs *t, struct bench_node *b, size_t n, uint64_t step,
				  uint64_t items, unsigned per, unsigned children)
{
	char path[600];
	snprintf(path, sizeof path, "%s/load", bench_dir());
	*t = (struct bench_txs){calloc(n, sizeof *t->at), n, 0, fopen(path, "w+b"), NULL};
	if (!t->at || !t->file)
		exit(1);
	unlink(path);
	for (size_t i = 0; i < n; i++) {
		struct slice tx = bench_tx(b, i * step, items, per, children);
		if (fwrite(tx.p, 1, tx.n, t->file) != tx.n)
			exit(1);
		t->at[i].n = tx.n;
		t->bytes += tx.n;
		free((void *)(uintptr_t)tx.p);
	}
	fflush(t->file);
	t->map = mmap(NULL, t->bytes, PROT_READ, MAP_SHARED | MAP_POPULATE, fileno(t->file), 0);
	if (t->map == MAP_FAILED)
		exit(1);
	const uint8_t *p = t->map;
	for (size_t i = 0; i < n; i++) {
		t->at[i].p = p;
		p += t->at[i].n;
	}
}

static inline void bench_txs_free(struct bench_txs *t)
{
	munmap(t->map, t->bytes);
	fclose(t->file);
	free(t->at);
}

/* The most anonymous memory between begin and end, looked at every 5 ms. */
struct bench_peak {
	pthread_t thread;
	atomic_bool stop;
	double bytes;
};

static inline void *bench_peak_main(void *arg)
{
	struct bench_peak *p = arg;
	while (!atomic_load(&p->stop)) {
		double now = bench_rss_anon();
		p->bytes = now > p->bytes ? now : p->bytes;
		usleep(5000);
	}
	return NULL;
}

static inline void bench_peak_begin(struct bench_peak *p)
{
	atomic_init(&p->stop, false);
	p->bytes = 0;
	if (pthread_create(&p->thread, NULL, bench_peak_main, p))
		exit(1);
}

static inline double bench_peak_end(struct bench_peak *p)
{
	atomic_store(&p->stop, true);
	pthread_join(p->thread, NULL);
	return p->bytes;
}

/* Submits with many in flight, waits for all, and gives the seconds it took. */
struct bench_flight {
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	size_t left;
	size_t refused;
	char why[600];
};

static inline void bench_landed(void *ctx, const struct node_answer *a)
{
	struct bench_flight *f = ctx;
	pthread_mutex_lock(&f->mutex);
	if (!a || a->unfit != ERR_OK || a->verdict != VERDICT_OK) {
		if (f->refused++ == 0)
			snprintf(f->why, sizeof f->why, "%s: %s %.150s",
				 !a		      ? "stopped"
				 : a->unfit != ERR_OK ? err_str(a->unfit)
						      : verdict_name(a->verdict),
				 a ? a->text.field : "", a ? a->text.text : "");
	}
	if (--f->left == 0)
		pthread_cond_signal(&f->cond);
	pthread_mutex_unlock(&f->mutex);
}

static inline double bench_submit(struct bench_node *b, const struct slice *txs, size_t n)
{
	struct bench_flight f = {.left = n};
	struct err_text t = {{0}};
	pthread_mutex_init(&f.mutex, NULL);
	pthread_cond_init(&f.cond, NULL);
	double begin = bench_now();
	for (size_t i = 0; i < n; i++) {
		enum err e;
		while ((e = node_submit_async(b->node, txs[i], bench_landed, &f, &t)) == ERR_LIMIT)
			node_wait_room(b->node);
		if (e != ERR_OK)
			bench_die("submit", e, &t);
	}
	pthread_mutex_lock(&f.mutex);
	while (f.left)
		pthread_cond_wait(&f.cond, &f.mutex);
	pthread_mutex_unlock(&f.mutex);
	double took = bench_now() - begin;
	if (f.refused) {
		fprintf(stderr, "%zu refused, the first: %s\n", f.refused, f.why);
		exit(1);
	}
	return took;
}

/* Loads items `from` to `items` by batches of 100, one event each. */
static inline void bench_load(struct bench_node *b, uint64_t from, uint64_t items)
{
	enum { CHUNK = 500 };
	struct slice txs[CHUNK];
	for (uint64_t at = from; at < items;) {
		size_t n = 0;
		for (; n < CHUNK && at < items; n++, at += 100)
			txs[n] = bench_tx(b, at, UINT64_MAX, 100, 0);
		bench_submit(b, txs, n);
		for (size_t i = 0; i < n; i++)
			free((void *)(uintptr_t)txs[i].p);
	}
}

#endif
