/*
 * A node in a folder of its own, driven as a client would: signed events in, durable
 * answers out, across restarts, copies and clocks that jump.
 */
#include "node/node.h"
#include "node/clock.h"
#include "trade/trade.h"

#include "argosy/v1/action.pb-c.h"

#include <sodium.h>

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static char root[] = "/tmp/argosy-node-XXXXXX";
static char dir[256];

__attribute__((format(printf, 1, 0))) static void run(const char *fmt, const char *a, const char *b)
{
	char cmd[1200];
	snprintf(cmd, sizeof cmd, fmt, a, b); /* NOLINT: literal formats below */
	assert_int_equal(system(cmd), 0);
}

static struct node *opened(const char *at)
{
	struct node *n;
	struct err_text t = {{0}};
	struct node_options o = {0};
	enum err e = node_open(&n, at, &o, &t);
	if (e != ERR_OK)
		print_error("%s: %s\n", err_str(e), t.text);
	assert_int_equal(e, ERR_OK);
	return n;
}

static void create(const char *name)
{
	struct err_text t = {{0}};
	struct node_birth b = {.member = "orchard", .name = "Orchard", .country = "CL"};
	snprintf(dir, sizeof dir, "%s/%s", root, name);
	enum err e = node_create(dir, &b, &t);
	if (e != ERR_OK)
		print_error("%s: %s\n", err_str(e), t.text);
	assert_int_equal(e, ERR_OK);
}

/* One OBSERVE event about a serial item, signed by the node's agent. */
static struct buf event_tx(struct node *n, const char *at, uint32_t number, int64_t expires_ms)
{
	char epc[80], path[300], time[] = "2026-05-01T10:00:00.000Z", offset[] = "+00:00",
				 step[] = "inspecting";
	snprintf(epc, sizeof epc, "urn:epc:id:sgtin:9521234.012345.%u", number);
	char *epcs[] = {epc};
	Argosy__V1__Event ev = ARGOSY__V1__EVENT__INIT;
	Argosy__V1__Action act = ARGOSY__V1__ACTION__INIT;
	Argosy__V1__Body body = ARGOSY__V1__BODY__INIT;
	struct keyfile k;
	struct tx_signer signer;
	struct buf out = BUF_INIT;
	uint8_t packed[4096], bodyb[4096], id[16] = {0};
	ev.type = ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_OBJECT;
	ev.action = ARGOSY__V1__EVENT_ACTION__EVENT_ACTION_OBSERVE;
	ev.event_time = time;
	ev.event_time_zone_offset = offset;
	ev.epc_list = epcs;
	ev.n_epc_list = 1;
	ev.biz_step = step;
	act.act_case = ARGOSY__V1__ACTION__ACT_EVENT;
	act.event = &ev;
	ProtobufCBinaryData a = {argosy__v1__action__pack(&act, packed), packed};
	const struct genesis *g = ledger_genesis(node_ledger(n));
	body.chain_id = (char *)(uintptr_t)g->chain_id;
	body.member = (char[]){"orchard"};
	memcpy(id, &number, sizeof number);
	body.id = (ProtobufCBinaryData){16, id};
	body.expires_ms = expires_ms ? expires_ms : clock_wall_ns() / 1000000 + 3600000;
	body.actions = &a;
	body.n_actions = 1;
	size_t len = argosy__v1__body__pack(&body, bodyb);
	snprintf(path, sizeof path, "%s/keys/agent.key", at);
	assert_int_equal(node_key_load(&k, path, NULL), ERR_OK);
	memcpy(signer.public_key, k.public_key, 32);
	memcpy(signer.secret_key, k.secret_key, 64);
	keyfile_fini(&k);
	assert_int_equal(tx_sign(&out, &g->fingerprint, slice(bodyb, len), &signer, 1), ERR_OK);
	return out;
}

static struct node_answer submit(struct node *n, const struct buf *tx)
{
	struct node_answer a = {0};
	struct err_text t = {{0}};
	struct slice s = buf_slice(tx);
	enum err e = node_submit(n, &a, &s, 1, &t);
	if (e != ERR_OK)
		print_error("%s\n", t.text);
	assert_int_equal(e, ERR_OK);
	return a;
}

static void accepts_and_remembers(void **s)
{
	(void)s;
	create("accept");
	struct node *n = opened(dir);
	struct buf tx = event_tx(n, dir, 1, 0);
	struct node_answer a = submit(n, &tx);
	if (a.verdict != VERDICT_OK)
		print_error("%s: %s %s\n", verdict_name(a.verdict), a.text.field, a.text.text);
	assert_int_equal(a.verdict, VERDICT_OK);
	assert_int_equal(a.height, 1);
	assert_int_equal(a.records, 1);
	a = submit(n, &tx);
	assert_true(a.duplicate && a.verdict == VERDICT_OK && a.height == 1);
	/* A second process (here: a second open) is refused. */
	struct node *second;
	struct err_text t = {{0}};
	struct node_options o = {0};
	assert_int_equal(node_open(&second, dir, &o, &t), ERR_LOCKED);
	node_close(n);
	n = opened(dir);
	a = submit(n, &tx);
	assert_true(a.duplicate && a.height == 1);
	struct node_status st;
	node_status(n, &st);
	assert_false(st.read_only);
	assert_int_equal(st.head.log_size, 1);
	/* The proof block was closed at the latest when the node was. */
	assert_true(st.head.height >= 2);
	buf_fini(&tx);
	node_close(n);
	struct ledger_audit audit;
	char left[400];
	/* What a check that was killed left (no process has this number) goes. */
	snprintf(left, sizeof left, "%s/verify-99999999.tmp", dir);
	assert_int_equal(mkdir(left, 0700), 0);
	enum err e = node_verify(&audit, dir, NULL, &t);
	if (e != ERR_OK)
		print_error("%s\n", t.text);
	assert_int_equal(e, ERR_OK);
	assert_int_equal(audit.transactions, 1);
	assert_int_not_equal(access(left, F_OK), 0);
}

static void many_at_once(void **s)
{
	(void)s;
	enum { N = 500 };
	create("many");
	struct node *n = opened(dir);
	static struct buf txs[N];
	static struct slice list[N];
	static struct node_answer answers[N];
	struct err_text t = {{0}};
	for (uint32_t i = 0; i < N; i++) {
		txs[i] = event_tx(n, dir, i + 1, 0);
		list[i] = buf_slice(&txs[i]);
	}
	assert_int_equal(node_submit(n, answers, list, N, &t), ERR_OK);
	uint64_t records = 0;
	for (uint32_t i = 0; i < N; i++) {
		assert_int_equal(answers[i].verdict, VERDICT_OK);
		records += answers[i].records;
		buf_fini(&txs[i]);
	}
	struct node_status st;
	node_status(n, &st);
	assert_int_equal(records, N);
	assert_int_equal(st.head.log_size, N);
	node_close(n);
}

static void copies_do_not_sign(void **s)
{
	(void)s;
	create("copy");
	struct node *n = opened(dir);
	struct buf tx = event_tx(n, dir, 1, 0);
	char backup[300], old[300];
	int64_t height;
	struct err_text t = {{0}};
	struct node_status st;
	submit(n, &tx);
	snprintf(backup, sizeof backup, "%s/backup", root);
	snprintf(old, sizeof old, "%s/restored", root);
	assert_int_equal(node_backup(n, backup, &height, &t), ERR_OK);
	assert_true(height >= 1);
	/* Into a folder that is not empty: refused. */
	assert_int_equal(node_backup(n, backup, &height, &t), ERR_EXISTS);
	struct buf tx2 = event_tx(n, dir, 2, 0);
	submit(n, &tx2);
	node_close(n);
	enum err e = node_restore(backup, old, &t);
	if (e != ERR_OK)
		print_error("%s\n", t.text);
	assert_int_equal(e, ERR_OK);
	n = opened(old);
	node_status(n, &st);
	assert_true(st.read_only);
	assert_non_null(strstr(st.why, "resume"));
	struct slice one = buf_slice(&tx2);
	struct node_answer a;
	assert_int_equal(node_submit(n, &a, &one, 1, &t), ERR_READONLY);
	node_close(n);
	/* An older journal put back under a newer guard: found out, too. */
	run("rm -rf %s/log%s", dir, "");
	run("cp -r %s/log %s/log", backup, dir);
	n = opened(dir);
	node_status(n, &st);
	assert_true(st.read_only);
	assert_non_null(strstr(st.why, "was signed"));
	node_close(n);
	buf_fini(&tx);
	buf_fini(&tx2);
}

static bool head_is_2(const struct node_status *st)
{
	return st->head.height == 2;
}

static bool clock_is_held(const struct node_status *st)
{
	return st->clock_held;
}

static bool nothing_queued(const struct node_status *st)
{
	return st->queued == 0;
}

/* Waits until the status is so; ten minutes, which end a hang alone. */
static void becomes(struct node *n, struct node_status *st, bool (*so)(const struct node_status *))
{
	node_status(n, st);
	for (int i = 0; i < 600000 && !so(st); i++, usleep(1000))
		node_status(n, st);
	assert_true(so(st));
}

static void clock_that_jumps_holds_blocks(void **s)
{
	(void)s;
	create("clock");
	struct node *n = opened(dir);
	struct buf tx = event_tx(n, dir, 1, 0), tx2 = event_tx(n, dir, 2, clock_wall_ns() / 1000000 + 3 * 3600000);
	struct node_status st;
	struct err_text t = {{0}};
	submit(n, &tx);
	/* The proof block has passed. */
	becomes(n, &st, head_is_2);
	clock_test_shift_ns = (int64_t)3600 * 1000000000;
	/* The driver looks at the clock once a second. */
	becomes(n, &st, clock_is_held);
	struct slice one = buf_slice(&tx2);
	struct node_answer a;
	assert_int_equal(node_submit(n, &a, &one, 1, &t), ERR_UNAVAILABLE);
	assert_non_null(strstr(t.text, "clock"));
	node_confirm_clock(n);
	a = submit(n, &tx2);
	assert_int_equal(a.verdict, VERDICT_OK);
	/* Back again: blocks go on, and their time does not fall. */
	int64_t before;
	node_status(n, &st);
	before = st.head.time_s;
	clock_test_shift_ns = 0;
	struct buf tx3 = event_tx(n, dir, 3, clock_wall_ns() / 1000000 + 2 * 3600000);
	a = submit(n, &tx3);
	assert_int_equal(a.verdict, VERDICT_OK);
	node_status(n, &st);
	assert_true(st.head.time_s >= before);
	node_close(n);
	buf_fini(&tx);
	buf_fini(&tx2);
	buf_fini(&tx3);
}

/* A job whose answer comes back here. */
struct answer_slot {
	atomic_bool answered, hold, entered;
	bool known;
	struct node_answer a;
};

static void slot_fill(void *ctx, const struct node_answer *a)
{
	struct answer_slot *slot = ctx;
	atomic_store(&slot->entered, true);
	while (atomic_load(&slot->hold))
		usleep(1000);
	slot->known = a != NULL;
	if (a)
		slot->a = *a;
	atomic_store(&slot->answered, true);
}

/* For ten minutes. */
static bool becomes_true(atomic_bool *what)
{
	for (int i = 0; i < 600000 && !atomic_load(what); i++)
		usleep(1000);
	return atomic_load(what);
}

/* A handler that waits in the node, as HTTP's do. */
struct handler {
	struct node *n;
	struct slice tx;
	enum err e;
	struct err_text t;
	atomic_bool back;
};

static void *handler_main(void *arg)
{
	struct handler *h = arg;
	struct node_answer a;
	h->e = node_submit(h->n, &a, &h->tx, 1, &h->t);
	atomic_store(&h->back, true);
	return NULL;
}

/* What was accepted before the clock jumped, and is in no block yet, is answered at once, and
 * truly is in none. Nothing is judged by such a clock, and the node can be closed. */
static void nobody_waits_for_the_clock(void **s)
{
	(void)s;
	enum { N = 30 };
	create("waits");
	struct node *n = opened(dir);
	static struct answer_slot slots[N];
	struct buf txs[N + 2];
	struct err_text t = {{0}};
	struct node_status st;
	pthread_t thread;
	for (uint32_t i = 0; i < N + 2; i++)
		txs[i] = event_tx(n, dir, i + 1, 0);
	/* The first one's answer keeps the closer busy, so the others wait. */
	atomic_store(&slots[0].hold, true);
	for (uint32_t i = 0; i < N; i++) {
		assert_int_equal(node_submit_async(n, buf_slice(&txs[i]), slot_fill, &slots[i], &t),
				 ERR_OK);
		assert_true(i > 0 || becomes_true(&slots[0].entered));
	}
	struct handler h = {.n = n, .tx = buf_slice(&txs[N])};
	assert_int_equal(pthread_create(&thread, NULL, handler_main, &h), 0);
	for (st.queued = 0; st.queued < N + 1; usleep(1000))
		node_status(n, &st);
	usleep(50000); /* most likely the workers are done with them; it matters not */
	clock_test_shift_ns = (int64_t)2 * 3600 * 1000000000;
	/* It would have expired by that clock. */
	struct handler late = {.n = n, .tx = buf_slice(&txs[N + 1])};
	handler_main(&late);
	assert_int_equal(late.e, ERR_UNAVAILABLE);
	assert_non_null(strstr(late.t.text, "argosy clock confirm"));
	atomic_store(&slots[0].hold, false);
	for (uint32_t i = 0; i < N; i++) {
		assert_true(becomes_true(&slots[i].answered));
		assert_true(slots[i].known);
		assert_int_equal(slots[i].a.unfit, i ? ERR_UNAVAILABLE : ERR_OK);
	}
	assert_true(becomes_true(&h.back));
	pthread_join(thread, NULL);
	assert_int_equal(h.e, ERR_UNAVAILABLE);
	assert_string_equal(h.t.text, late.t.text);
	/* The last are counted out only after they were answered. */
	becomes(n, &st, nothing_queued);
	assert_true(st.clock_held && !st.stopped);
	assert_int_equal(st.head.height, 1);
	/* The block that is owed cannot be made; closing does not wait for it. */
	node_close(n);
	clock_test_shift_ns = 0;
	n = opened(dir);
	for (uint32_t i = 0; i < N + 2; i++) {
		struct node_answer a = submit(n, &txs[i]);
		assert_int_equal(a.verdict, VERDICT_OK);
		assert_int_equal(a.duplicate, i == 0);
		buf_fini(&txs[i]);
	}
	node_close(n);
}

static void creation_can_be_taken_up_again(void **s)
{
	(void)s;
	create("unfinished");
	/* As a crash before the guard was made leaves it. */
	run("rm %s/FORMAT %s/keys/last_signed", dir, dir);
	struct err_text t = {{0}};
	struct node_birth b = {.member = "orchard", .name = "Orchard", .country = "CL"};
	assert_int_equal(node_create(dir, &b, &t), ERR_OK);
	struct node *n = opened(dir);
	struct buf tx = event_tx(n, dir, 1, 0);
	assert_int_equal(submit(n, &tx).verdict, VERDICT_OK);
	buf_fini(&tx);
	node_close(n);
	/* A node that is one is never made again. */
	assert_int_equal(node_create(dir, &b, &t), ERR_EXISTS);
}

/* Neither is one that lost its FORMAT, with its guard or without. */
static void a_lost_format_is_no_licence(void **s)
{
	(void)s;
	create("format");
	struct node *n = opened(dir);
	struct buf tx = event_tx(n, dir, 1, 0);
	assert_int_equal(submit(n, &tx).verdict, VERDICT_OK);
	buf_fini(&tx);
	node_close(n);
	run("cp -r %s %s.was", dir, dir);
	struct err_text t = {{0}};
	struct node_birth b = {.member = "orchard", .name = "Orchard", .country = "CL"};
	run("rm %s/FORMAT%s", dir, "");
	for (int guard = 1; guard >= 0; guard--) {
		assert_int_equal(node_create(dir, &b, &t), ERR_EXISTS);
		assert_non_null(strstr(t.text, "\"argosy-data 1\""));
		assert_int_equal(node_lacks(dir), NODE_LACKS_FORMAT);
		assert_int_equal(node_open(&n, dir, &(struct node_options){0}, &t), ERR_CORRUPT);
		assert_non_null(strstr(t.text, "\"argosy-data 1\""));
		assert_int_equal(node_resume(dir, NULL, &t), ERR_CORRUPT);
		run("diff -r %s/log %s.was/log", dir, dir);
		run("rm -f %s/keys/last_signed %s.was/keys/last_signed", dir, dir);
		run("diff -r %s/keys %s.was/keys", dir, dir);
	}
	/* Nor where the journal cannot be read any more. */
	run("printf X | dd of=%s/log/000001.seg bs=1 seek=10 conv=notrunc 2>/dev/null%s", dir, "");
	assert_int_equal(node_create(dir, &b, &t), ERR_EXISTS);
	run("test -f %s/keys/validator.key%s", dir, "");
}

/* What is missing in a node is named; nobody is told to make another. */
static void what_is_lost_is_named(void **s)
{
	(void)s;
	create("lost");
	struct node *n;
	struct err_text t = {{0}};
	struct node_options reading = {.read_only = true};
	run("mv %s/keys/validator.key %s.key", dir, dir);
	assert_int_equal(node_lacks(dir), NODE_LACKS_KEY);
	assert_int_equal(node_open(&n, dir, &(struct node_options){0}, &t), ERR_CORRUPT);
	assert_non_null(strstr(t.text, "validator.key is missing"));
	assert_non_null(strstr(t.text, "key rotate validator"));
	assert_int_equal(node_open(&n, dir, &reading, &t), ERR_OK);
	node_close(n);
	run("echo nonsense > %s/keys/validator.key%s", dir, "");
	assert_int_equal(node_open(&n, dir, &(struct node_options){0}, &t), ERR_CORRUPT);
	assert_non_null(strstr(t.text, "key rotate validator"));
	run("mv %s.key %s/keys/validator.key", dir, dir);
	assert_int_equal(node_lacks(dir), NODE_LACKS_NOTHING);
	node_close(opened(dir));
	run("mv %s/log %s.log", dir, dir);
	assert_int_equal(node_open(&n, dir, &(struct node_options){0}, &t), ERR_CORRUPT);
	assert_int_equal(node_open(&n, root, &(struct node_options){0}, &t), ERR_NOTFOUND);
}

static void proves(void **s)
{
	(void)s;
	create("prove");
	struct node *n = opened(dir);
	struct buf tx = event_tx(n, dir, 1, 0), out = BUF_INIT;
	struct err_text t = {{0}};
	struct node_prove_options o = {.journey = false};
	submit(n, &tx);
	enum err e = node_prove(n, &out, SLICE_LIT("urn:epc:id:sgtin:9521234.012345.1"), &o, &t);
	if (e != ERR_OK)
		print_error("%s: %s\n", err_str(e), t.text);
	assert_int_equal(e, ERR_OK);
	assert_true(out.n > 300 && out.n < 1000);
	buf_clear(&out);
	o.journey = true;
	assert_int_equal(node_prove(n, &out, SLICE_LIT("urn:epc:id:sgtin:9521234.012345.1"), &o, &t), ERR_OK);
	assert_int_equal(node_prove(n, &out, SLICE_LIT("urn:epc:id:sgtin:9521234.012345.7"), &o, &t), ERR_NOTFOUND);
	buf_clear(&out);
	assert_int_equal(node_head_export(n, &out, &t), ERR_OK);
	buf_fini(&out);
	buf_fini(&tx);
	node_close(n);
}

static void signs_again(const char *at, uint32_t number)
{
	struct err_text t = {{0}};
	struct node *n = opened(at);
	struct node_status st;
	node_status(n, &st);
	if (st.read_only)
		print_error("%s\n", st.why);
	assert_false(st.read_only);
	struct buf tx = event_tx(n, at, number, 0);
	assert_int_equal(submit(n, &tx).verdict, VERDICT_OK);
	buf_fini(&tx);
	node_close(n);
	struct ledger_audit audit;
	enum err e = node_verify(&audit, at, NULL, &t);
	if (e != ERR_OK)
		print_error("%s\n", t.text);
	assert_int_equal(e, ERR_OK);
}

static void good(enum err e, const struct err_text *t)
{
	if (e != ERR_OK)
		print_error("%s: %s\n", err_str(e), t->text);
	assert_int_equal(e, ERR_OK);
}

/* Resuming and rotating, again after a crash at each place where one may come. */
static void epochs_survive_crashes(void **s)
{
	(void)s;
	char next[300], after[300];
	struct err_text t = {{0}};
	struct node_rotation rotation;
	struct node *n;
	create("epochs");
	signs_again(dir, 1);
	/* The record was written and the guard was not. */
	run("rm %s/keys/last_signed%s", dir, "");
	good(node_resume(dir, NULL, &t), &t);
	run("rm %s/keys/last_signed%s", dir, "");
	good(node_resume(dir, NULL, &t), &t);
	signs_again(dir, 2);
	/* A new key right after a resume that nothing was signed in. */
	run("rm %s/keys/last_signed%s", dir, "");
	good(node_resume(dir, NULL, &t), &t);
	run("cp %s/keys/validator.key %s.old", dir, dir);
	snprintf(next, sizeof next, "%s/keys/next-validator.key", dir);
	snprintf(after, sizeof after, "%s.next", dir);
	good(node_rotate_validator(&rotation, dir, next, after, &t), &t);
	assert_true(!rotation.before && rotation.next_there);
	/* The record was written and the key was not put in its place. */
	run("cp %s.old %s/keys/validator.key", dir, dir);
	assert_int_equal(node_open(&n, dir, &(struct node_options){0}, &t), ERR_MISMATCH);
	good(node_rotate_validator(&rotation, dir, next, "unused.key", &t), &t);
	assert_true(rotation.before && !rotation.in_place && !rotation.next_there);
	run("test ! -e %s/keys/unused.key%s", dir, "");
	signs_again(dir, 3);
	/* A key that is lost. */
	run("rm %s/keys/validator.key%s", dir, "");
	good(node_rotate_validator(&rotation, dir, after, "next3.key", &t), &t);
	signs_again(dir, 4);
	/* Cut short before the record: the key after the next one is there already, and is used. A
	 * file of the next one itself, or of one in force, is not. */
	uint8_t left[32];
	char keys[300];
	snprintf(keys, sizeof keys, "%s/keys", dir);
	assert_int_equal(node_rotate_validator(&rotation, dir, "next3.key", "next3.key", &t), ERR_EXISTS);
	assert_int_equal(node_rotate_validator(&rotation, dir, "next3.key", "validator.key", &t),
			 ERR_EXISTS);
	assert_int_equal(node_rotate_validator(&rotation, dir, "next3.key", "agent.key", &t), ERR_EXISTS);
	good(node_key_make(keys, "next4.key", KEYFILE_VALIDATOR, "next validator", NULL, left, &t), &t);
	/* One that is damaged. */
	run("echo nonsense > %s/keys/validator.key%s", dir, "");
	good(node_rotate_validator(&rotation, dir, "next3.key", "next4.key", &t), &t);
	signs_again(dir, 5);
	snprintf(after, sizeof after, "%s/keys/next3.key", dir);
	/* Another key than the one committed to. */
	assert_int_equal(node_rotate_validator(&rotation, dir, after, "next5.key", &t),
			 ERR_OK); /* in force: nothing to do */
	assert_int_equal(node_rotate_validator(&rotation, dir, "agent.key", "next5.key", &t),
			 ERR_MISMATCH);
}

/* Readers on another thread, until told to stop. */
struct reading {
	struct node *n;
	atomic_bool stop;
	unsigned rounds;
};

static void *reader_main(void *arg)
{
	struct reading *r = arg;
	struct node_prove_options o = {.journey = true};
	while (!atomic_load(&r->stop)) {
		struct buf out = BUF_INIT;
		struct node_status st;
		int64_t height;
		bool found;
		(void)!node_prove(r->n, &out, SLICE_LIT("urn:epc:id:sgtin:9521234.012345.1"), &o, NULL);
		buf_clear(&out);
		node_status(r->n, &st);
		(void)!ledger_read_block(node_ledger(r->n), &out, st.head.height);
		(void)!ledger_tx_height(node_ledger(r->n), &found, &height, SLICE_LIT("orchard"), (uint8_t[16]){1});
		buf_fini(&out);
		r->rounds++;
	}
	return NULL;
}

/* A new epoch stands in every later proof: none where the guard says that there is no need.
 * But a folder that was set back with its guard does not know. */
static void only_copies_are_resumed(void **s)
{
	(void)s;
	struct err_text t = {{0}};
	struct node_status st;
	create("healthy");
	signs_again(dir, 1);
	struct node *n = opened(dir);
	struct ledger_head head;
	ledger_head(node_ledger(n), &head);
	struct hash chain = ledger_genesis(node_ledger(n))->fingerprint;
	node_close(n);
	struct node_known_head own = {.height = head.height, .hash = head.block_hash};
	struct node_known_head word = {.height = head.height + 5, .hash = {{1}}};
	struct node_known_head other = {
		.height = head.height + 5, .verified = true, .chain = {{1}}};
	assert_int_equal(node_resume(dir, NULL, &t), ERR_CONFLICT);
	assert_non_null(strstr(t.text, "may sign as it is"));
	assert_int_equal(node_resume(dir, &own, &t), ERR_CONFLICT);
	assert_int_equal(node_resume(dir, &word, &t), ERR_CONFLICT);
	assert_int_equal(node_resume(dir, &other, &t), ERR_MISMATCH);
	own.verified = true;
	own.chain = chain;
	assert_int_equal(node_resume(dir, &own, &t), ERR_CONFLICT);
	signs_again(dir, 2);
	struct node_known_head newer = {
		.height = head.height + 50, .hash = {{1}}, .verified = true, .chain = chain};
	good(node_resume(dir, &newer, &t), &t);
	signs_again(dir, 3);
	n = opened(dir);
	node_status(n, &st);
	assert_true(st.head.height > newer.height);
	node_close(n);
	/* Opened only to be read, it says whether it is a copy. */
	struct node_options reading = {.read_only = true};
	for (int copy = 0; copy < 2; copy++) {
		assert_int_equal(node_open(&n, dir, &reading, &t), ERR_OK);
		node_status(n, &st);
		assert_int_equal(st.read_only, copy);
		assert_int_equal(strstr(st.why, "argosy resume") != NULL, copy);
		node_close(n);
		run("rm -f %s/keys/last_signed%s", dir, "");
	}
}

static void reads_beside_blocks(void **s)
{
	(void)s;
	enum { ROUNDS = 10, EACH = 20 };
	create("readers");
	struct node *n = opened(dir);
	struct reading r = {.n = n};
	pthread_t thread;
	char backup[300];
	int64_t height;
	struct err_text t = {{0}};
	assert_int_equal(pthread_create(&thread, NULL, reader_main, &r), 0);
	for (uint32_t round = 0; round < ROUNDS; round++) {
		struct buf txs[EACH];
		struct slice list[EACH];
		struct node_answer answers[EACH];
		for (uint32_t i = 0; i < EACH; i++) {
			txs[i] = event_tx(n, dir, round * EACH + i + 1, 0);
			list[i] = buf_slice(&txs[i]);
		}
		assert_int_equal(node_submit(n, answers, list, EACH, &t), ERR_OK);
		for (uint32_t i = 0; i < EACH; i++) {
			assert_int_equal(answers[i].verdict, VERDICT_OK);
			buf_fini(&txs[i]);
		}
	}
	snprintf(backup, sizeof backup, "%s/readers-backup", root);
	assert_int_equal(node_backup(n, backup, &height, &t), ERR_OK);
	atomic_store(&r.stop, true);
	pthread_join(thread, NULL);
	assert_true(r.rounds > 0);
	node_close(n);
}

/* A block that nobody signed, appended by somebody who can reckon checksums. */
static void unsigned_block_is_found(void **s)
{
	(void)s;
	create("unsigned");
	signs_again(dir, 1);
	struct err_text t = {{0}};
	struct ledger *l;
	struct ledger_options o = {.app = &trade_app};
	struct ledger_head head;
	struct ledger_executed out;
	good(ledger_open(&l, dir, &o, &t), &t);
	ledger_head(l, &head);
	struct ledger_block b = {.height = head.height + 1, .time_s = head.time_s + 1};
	good(ledger_execute(l, &out, &b, &t), &t);
	good(ledger_commit(l, &b, &(struct hash){{0}}, slice(NULL, 0), slice(NULL, 0), &t), &t);
	ledger_close(l);
	struct ledger_audit audit;
	assert_int_equal(node_verify(&audit, dir, NULL, &t), ERR_VERIFY);
	assert_int_equal(audit.bad_height, head.height + 1);
	struct node *n;
	assert_int_equal(node_open(&n, dir, &(struct node_options){0}, &t), ERR_CORRUPT);
	/* A copy of it is not restored, and what was copied is no node. */
	char restored[300];
	snprintf(restored, sizeof restored, "%s/unsigned-restored", root);
	assert_int_equal(node_restore(dir, restored, &t), ERR_VERIFY);
	assert_int_equal(node_open(&n, restored, &(struct node_options){0}, &t), ERR_CORRUPT);
}

int main(void)
{
	if (sodium_init() < 0 || !mkdtemp(root))
		return 1;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepts_and_remembers),
		cmocka_unit_test(many_at_once),
		cmocka_unit_test(copies_do_not_sign),
		cmocka_unit_test(clock_that_jumps_holds_blocks),
		cmocka_unit_test(nobody_waits_for_the_clock),
		cmocka_unit_test(proves),
		cmocka_unit_test(epochs_survive_crashes),
		cmocka_unit_test(only_copies_are_resumed),
		cmocka_unit_test(creation_can_be_taken_up_again),
		cmocka_unit_test(a_lost_format_is_no_licence),
		cmocka_unit_test(what_is_lost_is_named),
		cmocka_unit_test(reads_beside_blocks),
		cmocka_unit_test(unsigned_block_is_found),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	run("rm -rf %s%s", root, "");
	return failed;
}
