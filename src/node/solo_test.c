/*
 * The solo driver with a toy application: what comes into which block, and in which order.
 *
 * An action is a text, and leaves it as its record. "#n" touches n rows besides; "~" is not
 * prepared before the gate is opened; "+" lets the second member sign from then on.
 */
#include "node/solo_inner.h"

#include "ledger/member.h"

#include <sodium.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static struct tx_signer signers[2];
static const char *const members[] = {"orchard", "packer"};
static struct validator validator;
static uint8_t secret[64];
static struct buf genesis_file;
static struct hash fingerprint;
static char root[] = "/tmp/argosy-solo-XXXXXX";

/* ---- the toy ---- */

static atomic_bool gate_open;
static atomic_uint prepared;

static enum verdict toy_prepare(struct tx *tx, struct verdict_text *t)
{
	(void)t;
	tx->work = tx_work(tx, 0);
	const uint8_t *a = tx->b->actions[0].data;
	while (a[0] == '~' && !atomic_load(&gate_open))
		usleep(100);
	prepared++;
	return VERDICT_OK;
}

static enum err admit(struct exec *x, unsigned i)
{
	struct slice id = slice_str(members[i]);
	struct member m = {.name = id, .keys_valid = 1};
	struct member_key k = {.kind = KEY_PERSON, .member = id};
	TRY(member_put(x, id, &m));
	return member_key_put(x, signers[i].public_key, &k);
}

static enum err toy_genesis(struct exec *x, struct slice app_state, struct err_text *t)
{
	(void)app_state;
	(void)t;
	return admit(x, 0);
}

static enum err toy_hook(struct exec *x, struct err_text *t)
{
	(void)x;
	(void)t;
	return ERR_OK;
}

static enum err toy_execute(struct exec *x, struct tx *tx, enum verdict *v, struct verdict_text *vt,
			    struct err_text *t)
{
	(void)t;
	*v = VERDICT_OK;
	struct slice a = slice(tx->b->actions[0].data, tx->b->actions[0].len);
	unsigned long left = a.p[0] == '#' ? strtoul((const char *)a.p + 1, NULL, 10) : 0, now;
	for (uint32_t i = 0; left; left -= now) {
		now = left < 20000 ? left : 20000;
		if (!exec_action(x, i++) || !exec_touch(x, now)) {
			*v = verdict_set(vt, VERDICT_TOO_LARGE, "", "too much");
			return ERR_OK;
		}
	}
	if (a.p[0] == '+')
		TRY(admit(x, 1));
	return exec_record(x, &(uint64_t){0}, NULL, a);
}

static const struct ledger_app toy = {toy_prepare, toy_genesis, toy_hook, toy_execute, toy_hook};

/* ---- a driver of its own ---- */

struct world {
	struct ledger *ledger;
	struct guard *guard;
	struct solo *solo;
};

static void begin(struct world *w, const char *name)
{
	char path[300], guard[320];
	struct err_text t = {{0}};
	struct ledger_options lo = {.app = &toy};
	struct solo_options so = {.threads = 3, .disk_floor_bytes = UINT64_MAX};
	struct solo_tip *tip = calloc(1, sizeof *tip);
	snprintf(path, sizeof path, "%s/%s", root, name);
	snprintf(guard, sizeof guard, "%s/%s.guard", root, name);
	assert_non_null(tip);
	commit_none(&tip->last_commit);
	assert_int_equal(ledger_create(path, buf_slice(&genesis_file), &lo, &t), ERR_OK);
	assert_int_equal(ledger_open(&w->ledger, path, &lo, &t), ERR_OK);
	assert_int_equal(guard_create(io_posix(), guard, &(struct guard_mark){0}, &t), ERR_OK);
	assert_int_equal(guard_open(&w->guard, io_posix(), guard, &t), ERR_OK);
	assert_int_equal(solo_start(&w->solo, w->ledger, w->guard, tip, 1, &validator, secret, &so,
				    &t),
			 ERR_OK);
	free(tip);
}

static void end(struct world *w)
{
	solo_stop(w->solo);
	ledger_close(w->ledger);
	guard_close(w->guard);
}

static struct buf tx_make(unsigned by, const char *action)
{
	static uint64_t ids;
	Argosy__V1__Body b = ARGOSY__V1__BODY__INIT;
	ProtobufCBinaryData a = {strlen(action), (uint8_t *)(uintptr_t)action};
	uint8_t id[16] = {0}, packed[1024];
	struct buf out = BUF_INIT;
	ids++;
	memcpy(id, &ids, sizeof ids);
	b.chain_id = (char[]){"toy"};
	b.member = (char *)(uintptr_t)members[by];
	b.id = (ProtobufCBinaryData){16, id};
	b.expires_ms = clock_wall_ns() / 1000000 + 3600000;
	b.actions = &a;
	b.n_actions = 1;
	size_t n = argosy__v1__body__pack(&b, packed);
	assert_int_equal(tx_sign(&out, &fingerprint, slice(packed, n), &signers[by], 1), ERR_OK);
	return out;
}

struct sent {
	struct buf tx;
	struct node_answer a;
	bool known;
	unsigned until_prepared; /* its answer keeps the closer until so many are prepared */
	atomic_bool entered, answered;
};

static void on_done(void *ctx, const struct node_answer *a)
{
	struct sent *s = ctx;
	s->known = a != NULL;
	if (a)
		s->a = *a;
	atomic_store(&s->entered, true);
	while (prepared < s->until_prepared)
		usleep(100);
	atomic_store(&s->answered, true);
}

static struct submission *send_all(struct world *w, struct job *jobs, struct sent *sent, size_t n,
				   uint64_t source)
{
	struct submission *sub;
	struct err_text t = {{0}};
	for (size_t i = 0; i < n; i++)
		jobs[i] = (struct job){
			.bytes = buf_slice(&sent[i].tx), .done = on_done, .ctx = &sent[i]};
	assert_int_equal(solo_open(w->solo, &sub, source), ERR_OK);
	assert_int_equal(solo_put(w->solo, sub, jobs, n, &t), ERR_OK);
	return sub;
}

/* Ten minutes: no machine is so busy. */
static void becomes(const atomic_bool *what)
{
	for (unsigned i = 0; !atomic_load(what); i++, usleep(100))
		if (i > 6000000)
			fail_msg("it hangs");
}

static void await(struct sent *sent, size_t n)
{
	for (size_t i = 0; i < n; i++)
		becomes(&sent[i].answered);
}

static void forget(struct sent *sent, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_fini(&sent[i].tx);
}

/* ---- tests ---- */

/* Transactions that touch so much that a few fill a block: nobody is told "put off", all are
 * executed in their order, and they lie in no more blocks than they must. */
static void put_off(void **state)
{
	(void)state;
	enum { N = 60, ROWS = 50000, A_BLOCK = WORK_BLOCK_MAX / ROWS };
	struct world w;
	struct job before, jobs[N];
	static struct sent first, sent[N];
	begin(&w, "full");
	/* No block closes before all of them are ready for it. */
	first.tx = tx_make(0, "first");
	first.until_prepared = prepared + 1 + N;
	struct submission *other = send_all(&w, &before, &first, 1, 6);
	becomes(&first.entered);
	for (unsigned i = 0; i < N; i++) {
		char text[40];
		snprintf(text, sizeof text, "#%d of %u", ROWS, i);
		sent[i].tx = tx_make(0, text);
	}
	struct submission *sub = send_all(&w, jobs, sent, N, 7);
	await(&first, 1);
	await(sent, N);
	for (unsigned i = 0; i < N; i++) {
		assert_true(sent[i].known);
		assert_int_equal(sent[i].a.verdict, VERDICT_OK);
		assert_int_equal(sent[i].a.first_index, i + 1);
		if (i)
			assert_true(sent[i].a.height >= sent[i - 1].a.height);
		if (i >= A_BLOCK)
			assert_true(sent[i].a.height > sent[i - A_BLOCK].a.height);
	}
	/* What was put off is in the journal again, but all of it only once. */
	size_t in_blocks = 0;
	for (int64_t h = 1; h <= sent[N - 1].a.height; h++) {
		struct buf record = BUF_INIT;
		assert_int_equal(ledger_read_block(w.ledger, &record, h), ERR_OK);
		for (const uint8_t *p = record.p;
		     (p = memmem(p, record.n - (size_t)(p - record.p), "#50000 of ", 10)); p++)
			in_blocks++;
		buf_fini(&record);
	}
	printf("%zu of %d lay in %lld blocks\n", in_blocks, N, (long long)sent[N - 1].a.height);
	assert_true(in_blocks > N);
	assert_true(in_blocks <= 2 * N + N / 2);
	solo_close(w.solo, sub);
	solo_close(w.solo, other);
	forget(&first, 1);
	forget(sent, N);
	end(&w);
}

/* One that takes long to check: what others send is done before it, what its own sender sends
 * after it is done after it. */
static void slow(void **state)
{
	(void)state;
	struct world w;
	struct job first[2], jobs[20];
	static struct sent mine[2], others[20];
	begin(&w, "slow");
	mine[0].tx = tx_make(0, "~ slow");
	mine[1].tx = tx_make(0, "after it");
	struct submission *a = send_all(&w, first, mine, 2, 1);
	for (unsigned i = 0; i < 20; i++)
		others[i].tx = tx_make(0, "other");
	struct submission *b = send_all(&w, jobs, others, 20, 2);
	await(others, 20);
	assert_false(atomic_load(&mine[0].answered) || atomic_load(&mine[1].answered));
	atomic_store(&gate_open, true);
	await(mine, 2);
	for (unsigned i = 0; i < 20; i++)
		assert_true(others[i].a.height < mine[0].a.height);
	assert_true(mine[0].a.first_index == 20 && mine[1].a.first_index == 21);
	solo_close(w.solo, a);
	solo_close(w.solo, b);
	forget(mine, 2);
	forget(others, 20);
	end(&w);
}

/* The door judges by what is committed: what an earlier one of the same submission makes
 * possible is not refused. What nothing makes possible is, and reaches no block. */
static void made_possible_before(void **state)
{
	(void)state;
	enum { N = 200 };
	struct world w;
	struct job jobs[N];
	static struct sent sent[N];
	for (int round = 0; round < 2; round++) {
		begin(&w, round ? "possible" : "impossible");
		memset(sent, 0, sizeof sent);
		for (unsigned i = 0; i < N; i++)
			sent[i].tx = tx_make(i > 0 && i < N - 1, i ? "act" : round ? "+" : "-");
		struct submission *sub = send_all(&w, jobs, sent, N, 1);
		await(sent, N);
		for (unsigned i = 0; i < N; i++) {
			bool does = round || i == 0 || i == N - 1;
			assert_int_equal(sent[i].a.verdict, does ? VERDICT_OK : VERDICT_UNKNOWN_KEY);
			assert_int_equal(sent[i].a.height != 0, does);
			if (does && round)
				assert_int_equal(sent[i].a.first_index, i);
		}
		/* Not a block for each. */
		assert_true(sent[N - 1].a.height < N / 2);
		solo_close(w.solo, sub);
		forget(sent, N);
		end(&w);
	}
}

/* A driver that stops finishes what it accepted, however much waits. */
static void stops_when_done(void **state)
{
	(void)state;
	enum { N = 6000 };
	struct world w;
	static struct sent sent[N];
	struct err_text t = {{0}};
	begin(&w, "stops");
	for (unsigned i = 0; i < N; i++) {
		enum err e;
		sent[i].tx = tx_make(0, "act");
		while ((e = solo_submit(w.solo, buf_slice(&sent[i].tx), on_done, &sent[i], &t)) ==
		       ERR_LIMIT)
			solo_wait_room(w.solo);
		assert_int_equal(e, ERR_OK);
	}
	end(&w);
	for (unsigned i = 0; i < N; i++) {
		assert_true(atomic_load(&sent[i].answered) && sent[i].known);
		assert_int_equal(sent[i].a.verdict, VERDICT_OK);
		assert_int_equal(sent[i].a.first_index, i);
	}
	forget(sent, N);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(put_off),
		cmocka_unit_test(slow),
		cmocka_unit_test(made_possible_before),
		cmocka_unit_test(stops_when_done),
	};
	struct err_text t = {{0}};
	if (sodium_init() < 0 || !mkdtemp(root))
		return 1;
	for (unsigned i = 0; i < 2; i++)
		crypto_sign_keypair(signers[i].public_key, signers[i].secret_key);
	crypto_sign_keypair(validator.key, secret);
	validator.power = 1;
	struct genesis g = {.app_version = 1, .initial_height = 1, .n_validators = 1};
	g.time.s = clock_wall_ns() / 1000000000 - 10;
	snprintf(g.chain_id, sizeof g.chain_id, "toy");
	g.validators[0] = validator;
	if (genesis_encode(&genesis_file, &g, &t) != ERR_OK ||
	    genesis_decode(&g, buf_slice(&genesis_file), &t) != ERR_OK) {
		fprintf(stderr, "%s\n", t.text);
		return 1;
	}
	fingerprint = g.fingerprint;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	char command[300];
	snprintf(command, sizeof command, "rm -rf %s", root);
	buf_fini(&genesis_file);
	return system(command) != 0 || failed;
}
