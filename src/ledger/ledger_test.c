/*
 * The ledger with a toy application: an action "key=value" puts a key and leaves a
 * record; "!..." is refused after putting, so that rollback shows. "@revoke",
 * "@suspend", "@quota", "@retire", "@second", "@other..." change who may sign. "#n" touches n rows, "%n" puts
 * n without asking, "<n" reads the first record n times.
 */
#include "ledger/ledger.h"
#include "ledger/header.h"
#include "ledger/member.h"

#include <sodium.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

static struct tx_signer signer;
static struct tx_signer beside[2]; /* who signs beside him */
static unsigned n_beside;
static struct validator validator;
static char dir[] = "/tmp/argosy-ledger-XXXXXX";
static char path[256];

/* ---- the toy ---- */

static enum verdict toy_prepare(struct tx *tx, struct verdict_text *t)
{
	tx->work = tx_work(tx, 0);
	for (size_t i = 0; i < tx->b->n_actions; i++)
		if (tx->b->actions[i].len == 0)
			return verdict_set(t, VERDICT_INVALID, "/actions", "empty action");
	return VERDICT_OK;
}

static uint64_t toy_quota;

static enum err toy_genesis(struct exec *x, struct slice app_state, struct err_text *t)
{
	(void)app_state;
	(void)t;
	struct member m = {.name = SLICE_LIT("Orchard"), .keys_valid = 1, .quota_units_per_hour = toy_quota};
	struct member_key k = {.kind = KEY_PERSON, .member = SLICE_LIT("orchard")};
	TRY(member_put(x, SLICE_LIT("orchard"), &m));
	return member_key_put(x, signer.public_key, &k);
}

static enum err toy_hook(struct exec *x, struct err_text *t)
{
	(void)x;
	(void)t;
	return ERR_OK;
}

static enum err toy_member(struct exec *x, const char *name, const struct tx_signer *key,
			   enum member_status status)
{
	struct slice id = slice_str(name);
	struct member m = {.name = id, .keys_valid = 1, .status = status};
	struct member_key k = {.kind = KEY_PERSON, .member = id};
	TRY(member_put(x, id, &m));
	return member_key_put(x, key->public_key, &k);
}

static enum err toy_standing(struct exec *x, const struct tx *tx, struct slice what)
{
	struct member m;
	struct member_key k;
	bool found;
	TRY(member_get(x, &found, &m, tx->member));
	TRY(member_key_get(x, &found, &k, tx->signatures[0].key));
	if (slice_eq_str(what, "@revoke"))
		k.revoked_height = (uint64_t)x->height;
	else if (slice_eq_str(what, "@retire"))
		k.retire_at_ms = x->time_ms + 5000;
	else if (slice_eq_str(what, "@lose id"))
		return exec_del(x, slice("t/orchard/\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 26));
	else if (slice_eq_str(what, "@lose page"))
		return exec_del(x, slice("t#\0\0\0\0\0\0\0\1", 10));
	else if (slice_eq_str(what, "@second"))
		return member_key_put(x, beside[0].public_key, &k);
	else if (slice_eq_str(what, "@other"))
		return toy_member(x, "packer", &beside[1], MEMBER_ACTIVE);
	else if (slice_eq_str(what, "@other suspended"))
		return toy_member(x, "packer", &beside[1], MEMBER_SUSPENDED);
	else if (slice_eq_str(what, "@other revoked")) {
		k = (struct member_key){.kind = KEY_PERSON, .member = SLICE_LIT("packer")};
		k.revoked_height = (uint64_t)x->height;
		return member_key_put(x, beside[1].public_key, &k);
	} else if (slice_eq_str(what, "@suspend"))
		m.status = MEMBER_SUSPENDED;
	else
		m.quota_units_per_hour = 1;
	TRY(member_key_put(x, tx->signatures[0].key, &k));
	return member_put(x, tx->member, &m);
}

static enum err toy_work(struct exec *x, enum verdict *v, struct slice a)
{
	char text[16] = {0}, key[32];
	memcpy(text, a.p + 1, a.n - 1);
	unsigned long n = strtoul(text, NULL, 10);
	if (a.p[0] == '#' && !exec_touch(x, n))
		*v = VERDICT_STATE; /* the ledger knows better */
	for (unsigned long i = 0; i < n && a.p[0] == '%'; i++) {
		snprintf(key, sizeof key, "row %lu", i);
		TRY(exec_put(x, slice_str(key), SLICE_LIT("put")));
	}
	struct buf record = BUF_INIT;
	enum err e = ERR_OK;
	for (unsigned long i = 0; i < n && a.p[0] == '<' && e == ERR_OK; i++)
		e = exec_read_record(x, &record, 0);
	buf_fini(&record);
	return e;
}

static enum err toy_execute(struct exec *x, struct tx *tx, enum verdict *v, struct verdict_text *vt,
			    struct err_text *t)
{
	(void)t;
	*v = VERDICT_OK;
	for (size_t i = 0; i < tx->b->n_actions; i++) {
		struct slice a = slice(tx->b->actions[i].data, tx->b->actions[i].len);
		const uint8_t *eq = memchr(a.p, '=', a.n);
		size_t n = eq ? (size_t)(eq - a.p) : a.n;
		struct slice value = eq ? slice(eq + 1, a.n - n - 1) : slice("", 0);
		if (!exec_action(x, (uint32_t)i))
			return ERR_OK;
		if (memchr("#%<", a.p[0], 3)) {
			TRY(toy_work(x, v, a));
			continue;
		}
		if (a.p[0] == '@')
			TRY(toy_standing(x, tx, a));
		TRY(exec_put(x, slice(a.p, n), value));
		TRY(exec_record(x, &(uint64_t){0}, NULL, a));
		if (a.p[0] == '!')
			*v = verdict_set(vt, VERDICT_STATE, "", "refused by the toy");
	}
	return ERR_OK;
}

static const struct ledger_app toy = {toy_prepare, toy_genesis, toy_hook, toy_execute, toy_hook};

/* ---- helpers ---- */

static struct buf genesis_file;

static void fresh(const char *name)
{
	char cmd[512];
	snprintf(path, sizeof path, "%s/%s", dir, name);
	snprintf(cmd, sizeof cmd, "rm -rf %s", path);
	assert_int_equal(system(cmd), 0);
	struct ledger_options o = {.app = &toy};
	struct err_text t;
	enum err e = ledger_create(path, buf_slice(&genesis_file), &o, &t);
	if (e != ERR_OK)
		print_error("%s\n", t.text);
	assert_int_equal(e, ERR_OK);
}

static struct ledger *opened(struct ledger_options o)
{
	struct ledger *l;
	struct err_text t = {{0}};
	o.app = &toy;
	enum err e = ledger_open(&l, path, &o, &t);
	if (e != ERR_OK)
		print_error("%s: %s\n", err_str(e), t.text);
	assert_int_equal(e, ERR_OK);
	return l;
}

/* A signed transaction with these actions, NULL-terminated. */
static struct buf tx_make(uint64_t id, int64_t expires_ms, const char *const *actions)
{
	Argosy__V1__Body b = ARGOSY__V1__BODY__INIT;
	ProtobufCBinaryData list[1000];
	uint8_t idb[16] = {0}, packed[65536];
	char chain[] = "toy", member[] = "orchard";
	struct hash fp;
	struct genesis g;
	memcpy(idb, &id, sizeof id);
	b.chain_id = chain;
	b.member = member;
	b.id = (ProtobufCBinaryData){16, idb};
	b.expires_ms = expires_ms;
	for (; actions[b.n_actions]; b.n_actions++)
		list[b.n_actions] = (ProtobufCBinaryData){strlen(actions[b.n_actions]),
							  (uint8_t *)(uintptr_t)actions[b.n_actions]};
	b.actions = list;
	size_t n = argosy__v1__body__pack(&b, packed);
	assert_int_equal(genesis_decode(&g, buf_slice(&genesis_file), NULL), ERR_OK);
	fp = g.fingerprint;
	struct buf out = BUF_INIT;
	struct tx_signer by[3] = {signer, beside[0], beside[1]};
	assert_int_equal(tx_sign(&out, &fp, slice(packed, n), by, 1 + n_beside), ERR_OK);
	return out;
}

static struct ledger_result results[64];
static struct hash last_app_hash;

static int64_t heights_left_out; /* before the next block */

/* Executes and commits one block of these transactions as one packet. */
static void block(struct ledger *l, int64_t time_s, struct buf *txs, size_t n)
{
	struct buf packet = BUF_INIT;
	struct ledger_head head;
	struct ledger_executed out;
	struct err_text t = {{0}};
	for (size_t i = 0; i < n; i++) {
		buf_put_u8(&packet, 1 << 3 | 2);
		buf_put_lp(&packet, buf_slice(&txs[i]));
	}
	struct slice p = buf_slice(&packet);
	ledger_head(l, &head);
	struct ledger_block b = {.height = head.height + 1 + heights_left_out, .time_s = time_s, .packets = &p, .n_packets = n ? 1 : 0};
	enum err e = ledger_execute(l, &out, &b, &t);
	if (e != ERR_OK)
		print_error("%s\n", t.text);
	assert_int_equal(e, ERR_OK);
	assert_int_equal(out.n_results, n);
	for (size_t i = 0; i < n && i < 64; i++) {
		results[i] = out.results[i];
		results[i].text = NULL;
	}
	last_app_hash = out.app_hash;
	struct hash none = {{0}};
	assert_int_equal(ledger_commit(l, &b, &none, slice(NULL, 0), slice(NULL, 0), &t), ERR_OK);
	buf_fini(&packet);
}

static enum verdict one(struct ledger *l, int64_t time_s, uint64_t id, int64_t expires_s,
			const char *action)
{
	const char *actions[] = {action, NULL};
	struct buf tx = tx_make(id, expires_s * 1000, actions);
	block(l, time_s, &tx, 1);
	buf_fini(&tx);
	return results[0].verdict;
}

static void holds(struct ledger *l, const char *key, const char *value)
{
	struct buf b = BUF_INIT;
	bool found;
	assert_int_equal(ledger_get(l, &found, &b, slice_str(key)), ERR_OK);
	assert_int_equal(found, value != NULL);
	if (value)
		assert_true(slice_eq_str(buf_slice(&b), value));
	buf_fini(&b);
}

#define T0 1790000000

/* ---- tests ---- */

static void applies_and_replays(void **s)
{
	(void)s;
	fresh("apply");
	struct ledger *l = opened((struct ledger_options){.synchronous = true});
	assert_int_equal(one(l, T0, 1, T0 + 100, "a=1"), VERDICT_OK);
	assert_int_equal(results[0].records, 1);
	assert_int_equal(one(l, T0 + 1, 2, T0 + 100, "!b=2"), VERDICT_STATE);
	assert_int_equal(results[0].records, 0);
	assert_int_equal(one(l, T0 + 2, 3, T0 + 100, "c=3"), VERDICT_OK);
	assert_int_equal(results[0].first_index, 1);
	holds(l, "a", "1");
	holds(l, "!b", NULL);
	struct ledger_head before, after;
	ledger_head(l, &before);
	ledger_close(l); /* nothing flushed: all of it must come back from the journal */
	l = opened((struct ledger_options){.synchronous = true});
	ledger_head(l, &after);
	assert_memory_equal(&before, &after, sizeof before);
	holds(l, "c", "3");
	struct buf r = BUF_INIT;
	assert_int_equal(ledger_read_record(l, &r, 1), ERR_OK);
	assert_true(slice_eq_str(buf_slice(&r), "c=3"));
	buf_fini(&r);
	assert_int_equal(ledger_read_record(l, &r, 2), ERR_NOTFOUND);
	ledger_close(l);
	/* The same after throwing away all that is derived. */
	l = opened((struct ledger_options){.rebuild = true});
	ledger_head(l, &after);
	assert_memory_equal(&before, &after, sizeof before);
	assert_int_equal(ledger_flush(l, NULL), ERR_OK);
	ledger_close(l);
	l = opened((struct ledger_options){0});
	ledger_head(l, &after);
	assert_memory_equal(&before, &after, sizeof before);
	ledger_close(l);
}

static void batch_is_all_or_nothing(void **s)
{
	(void)s;
	fresh("batch");
	struct ledger *l = opened((struct ledger_options){.synchronous = true});
	const char *good[] = {"a=1", "b=2", NULL}, *bad[] = {"a=9", "!x=1", "c=3", NULL};
	struct buf txs[] = {tx_make(1, (T0 + 9) * 1000LL, good), tx_make(2, (T0 + 9) * 1000LL, bad)};
	block(l, T0, txs, 2);
	assert_int_equal(results[0].verdict, VERDICT_OK);
	assert_int_equal(results[0].records, 2);
	assert_int_equal(results[1].verdict, VERDICT_STATE);
	holds(l, "a", "1");
	holds(l, "b", "2");
	holds(l, "c", NULL);
	buf_fini(&txs[0]);
	buf_fini(&txs[1]);
	ledger_close(l);
}

static void ids_are_used_once(void **s)
{
	(void)s;
	fresh("ids");
	struct ledger *l = opened((struct ledger_options){.synchronous = true});
	assert_int_equal(one(l, T0, 1, T0 + 1000, "a=1"), VERDICT_OK);
	/* The same again: the first answer, no second effect. */
	assert_int_equal(one(l, T0 + 1, 1, T0 + 1000, "a=1"), VERDICT_OK);
	assert_true(results[0].duplicate && results[0].first_height == 1 && results[0].records == 0);
	assert_int_equal(one(l, T0 + 2, 1, T0 + 1000, "a=2"), VERDICT_CONFLICT);
	holds(l, "a", "1");
	/* A refused one keeps its answer. */
	assert_int_equal(one(l, T0 + 3, 2, T0 + 1000, "!no"), VERDICT_STATE);
	assert_int_equal(one(l, T0 + 4, 2, T0 + 1000, "!no"), VERDICT_STATE);
	assert_true(results[0].duplicate);
	/* Expiry. */
	assert_int_equal(one(l, T0 + 5, 3, T0 + 4, "x=1"), VERDICT_EXPIRED);
	assert_int_equal(one(l, T0 + 6, 4, T0 + 6 + 86401, "x=1"), VERDICT_EXPIRY_TOO_FAR);
	/* Across a restart. */
	ledger_close(l);
	l = opened((struct ledger_options){.synchronous = true});
	assert_int_equal(one(l, T0 + 7, 1, T0 + 1000, "a=1"), VERDICT_OK);
	assert_true(results[0].duplicate);
	/* Within one block too. */
	const char *actions[] = {"z=1", NULL};
	struct buf txs[] = {tx_make(9, (T0 + 99) * 1000LL, actions), tx_make(9, (T0 + 99) * 1000LL, actions)};
	block(l, T0 + 8, txs, 2);
	assert_false(results[0].duplicate);
	assert_true(results[1].duplicate);
	buf_fini(&txs[0]);
	buf_fini(&txs[1]);
	/* More than a day later the state has forgotten it, the answer is "expired", and the
	 * index still knows the height. */
	uint8_t id[16] = {1};
	struct slice member = SLICE_LIT("orchard");
	struct tx_first first;
	int64_t height;
	bool found;
	assert_int_equal(ledger_tx_verdict(l, &found, &first, member, id, NULL), ERR_OK);
	assert_true(found && first.height == 1 && first.verdict == VERDICT_OK);
	assert_int_equal(one(l, T0 + 90000, 10, T0 + 90001, "y=1"), VERDICT_OK);
	assert_int_equal(ledger_tx_verdict(l, &found, &first, member, id, NULL), ERR_OK);
	assert_false(found);
	struct buf key = BUF_INIT;
	buf_put_str(&key, "t/orchard/");
	buf_put(&key, id, 16);
	struct buf value = BUF_INIT;
	assert_int_equal(ledger_get(l, &found, &value, buf_slice(&key)), ERR_OK);
	assert_false(found);
	buf_fini(&key);
	buf_fini(&value);
	assert_int_equal(one(l, T0 + 90002, 1, T0 + 1000, "a=1"), VERDICT_EXPIRED);
	assert_int_equal(ledger_tx_height(l, &found, &height, SLICE_LIT("orchard"), id), ERR_OK);
	assert_true(found && height == 1);
	assert_int_equal(ledger_flush(l, NULL), ERR_OK);
	ledger_close(l);
	l = opened((struct ledger_options){0});
	assert_int_equal(ledger_tx_height(l, &found, &height, SLICE_LIT("orchard"), id), ERR_OK);
	assert_true(found && height == 1);
	ledger_close(l);
}

static void strangers_are_refused(void **s)
{
	(void)s;
	fresh("strangers");
	struct ledger *l = opened((struct ledger_options){.synchronous = true});
	struct tx_signer mine = signer;
	assert_int_equal(one(l, T0, 1, T0 + 10, "a=1"), VERDICT_OK);
	struct hash root = last_app_hash;
	crypto_sign_keypair(signer.public_key, signer.secret_key);
	assert_int_equal(one(l, T0 + 1, 2, T0 + 10, "b=1"), VERDICT_UNKNOWN_KEY);
	signer = mine;
	assert_true(hash_eq(&root, &last_app_hash)); /* no trace */
	const char *actions[] = {"c=1", NULL};
	struct buf tx = tx_make(3, (T0 + 10) * 1000LL, actions);
	tx.p[tx.n - 1] ^= 1; /* the signature's last byte */
	block(l, T0 + 2, &tx, 1);
	assert_int_equal(results[0].verdict, VERDICT_BAD_SIGNATURE);
	assert_true(hash_eq(&root, &last_app_hash));
	buf_fini(&tx);
	ledger_close(l);
}

static bool id_held(struct ledger *l, uint64_t id)
{
	struct buf key = BUF_INIT, value = BUF_INIT;
	uint8_t bytes[16] = {0};
	bool found;
	memcpy(bytes, &id, sizeof id);
	buf_put_str(&key, "t/orchard/");
	buf_put(&key, bytes, 16);
	assert_int_equal(ledger_get(l, &found, &value, buf_slice(&key)), ERR_OK);
	buf_fini(&key);
	buf_fini(&value);
	return found;
}

/* Pages of 1,000 ids are forgotten until a block has forgotten 4,096 ids, oldest first, over
 * any number of blocks without transactions and heights left out; and a rebuild forgets the
 * same. */
static void ids_are_forgotten_in_order(void **s)
{
	(void)s;
	enum { EACH = 3000 };
	const char *actions[] = {"a=1", NULL};
	struct buf *txs = calloc(EACH, sizeof *txs);
	uint64_t id = 0;
	assert_non_null(txs);
	fresh("forgotten");
	struct ledger *l = opened((struct ledger_options){.synchronous = true});
	for (int64_t k = 0; k < 2; k++) {
		for (size_t i = 0; i < EACH; i++)
			txs[i] = tx_make(++id, (T0 + 100) * 1000LL, actions);
		/* One of them twice: it is forgotten once. */
		buf_clear(&txs[1]);
		buf_put_slice(&txs[1], buf_slice(&txs[0]));
		block(l, T0 + k, txs, EACH);
		for (size_t i = 0; i < EACH; i++)
			buf_fini(&txs[i]);
		heights_left_out = 20000;
	}
	heights_left_out = 0;
	free(txs);
	for (int64_t k = 0; k < 30; k++)
		block(l, T0 + 10 + k, NULL, 0);
	assert_int_equal(one(l, T0 + 50, 7000, T0 + 100, "last=1"), VERDICT_OK);
	const int64_t day = T0 + 86400 + 600;
	assert_int_equal(one(l, day, 8000, day + 100, "b=1"), VERDICT_OK);
	assert_true(id_held(l, 1)); /* not older than that yet */
	assert_int_equal(one(l, day + 3600, 8001, day + 3700, "b=1"), VERDICT_OK);
	assert_false(id_held(l, 1) || id_held(l, EACH) || id_held(l, EACH + 2001));
	assert_true(id_held(l, EACH + 2002) && id_held(l, 2 * EACH) && id_held(l, 7000));
	assert_int_equal(one(l, day + 3601, 8002, day + 3700, "b=1"), VERDICT_OK);
	assert_false(id_held(l, EACH + 2002) || id_held(l, 2 * EACH) || id_held(l, 7000));
	assert_true(id_held(l, 8000) && id_held(l, 8001));
	struct ledger_head before, after;
	ledger_head(l, &before);
	ledger_close(l);
	l = opened((struct ledger_options){.rebuild = true});
	ledger_head(l, &after);
	assert_memory_equal(&before, &after, sizeof before);
	ledger_close(l);
}

/* A disk on which the journal cannot be read while `blind`: as on a node that has no old part. */
static struct io pruned;
static bool blind;
static unsigned looks; /* at the journal, meanwhile */

static enum err pruned_open(const struct io *io, struct io_file **out, const char *name,
			    enum io_mode mode, struct err_text *t)
{
	if (blind && strstr(name, "/log/")) {
		looks++;
		return err_set(t, ERR_NOTFOUND, "%s: pruned", name);
	}
	return io_posix()->open(io, out, name, mode, t);
}

static enum err pruned_pread(struct io_file *f, void *p, size_t n, uint64_t offset, size_t *got,
			     struct err_text *t)
{
	if (blind && strstr(f->path, "/log/")) {
		looks++;
		return err_set(t, ERR_NOTFOUND, "%s: pruned", f->path);
	}
	return io_posix()->pread(f, p, n, offset, got, t);
}

/* A few days of a ledger, from its second opening on without its journal; the app hashes. */
static void some_days(struct ledger_options o, struct hash hashes[static 12], struct ledger_head *head)
{
	size_t n = 0;
	uint64_t id = 0;
	fresh("days");
	struct ledger *l = opened(o);
	for (int64_t k = 0; k < 4; k++, hashes[n++] = last_app_hash)
		assert_int_equal(one(l, T0 + k, ++id, T0 + 100, k == 2 ? "!no" : "a=1"),
				 k == 2 ? VERDICT_STATE : VERDICT_OK);
	ledger_close(l);
	l = opened(o);
	blind = true;
	for (int64_t day = 1; day < 5; day++) {
		const int64_t t = T0 + day * 90000;
		assert_int_equal(one(l, t, ++id, t + 100, "b=1"), VERDICT_OK);
		hashes[n++] = last_app_hash;
		block(l, t + 10, NULL, 0);
		hashes[n++] = last_app_hash;
		for (uint64_t i = 1; i <= id; i++)
			assert_int_equal(id_held(l, i), i == id);
	}
	blind = false;
	ledger_head(l, head);
	ledger_close(l);
}

/* Execution reads no block: who has not got the old ones comes to the same roots. */
static void execution_reads_no_block(void **s)
{
	(void)s;
	struct hash whole[12], without[12];
	struct ledger_head before, after;
	pruned = *io_posix();
	pruned.open = pruned_open;
	pruned.pread = pruned_pread;
	some_days((struct ledger_options){.synchronous = true}, whole, &before);
	some_days((struct ledger_options){.synchronous = true, .io = &pruned}, without, &after);
	assert_memory_equal(whole, without, sizeof whole);
	assert_memory_equal(&before, &after, sizeof before);
	assert_int_equal(looks, 0);
	struct ledger *l = opened((struct ledger_options){.rebuild = true});
	ledger_head(l, &after);
	assert_memory_equal(&before, &after, sizeof before);
	ledger_close(l);
}

/* What is to be forgotten is there; where it is not, that is damage and stops the node. */
static void lost_ids_are_a_fault(void **s)
{
	(void)s;
	static const char *const lose[] = {"@lose id", "@lose page"};
	for (unsigned i = 0; i < 2; i++) {
		const char *actions[] = {"b=1", NULL};
		const int64_t day = T0 + 90000;
		struct ledger_executed out;
		struct err_text t = {{0}};
		fresh("lost");
		struct ledger *l = opened((struct ledger_options){.synchronous = true});
		assert_int_equal(one(l, T0, 1, T0 + 100, "a=1"), VERDICT_OK);
		assert_int_equal(one(l, T0 + 1, 2, T0 + 100, lose[i]), VERDICT_OK);
		struct buf tx = tx_make(3, (day + 100) * 1000, actions), packet = BUF_INIT;
		buf_put_u8(&packet, 1 << 3 | 2);
		buf_put_lp(&packet, buf_slice(&tx));
		struct slice p = buf_slice(&packet);
		struct ledger_block b = {.height = 3, .time_s = day, .packets = &p, .n_packets = 1};
		assert_int_equal(ledger_execute(l, &out, &b, &t), ERR_CORRUPT);
		assert_non_null(strstr(t.text, "transaction ids"));
		buf_fini(&packet);
		buf_fini(&tx);
		ledger_close(l);
	}
}

/* What ledger_check says of a new transaction. */
static enum verdict door_says(struct ledger *l, int64_t now_s, uint64_t id,
			      const char *const *actions, struct verdict_text *text)
{
	struct buf b = tx_make(id, (now_s + 10) * 1000, actions);
	struct tx *tx;
	struct tx_first first;
	enum verdict v = VERDICT_MALFORMED;
	*text = (struct verdict_text){{0}, {0}};
	assert_int_equal(ledger_prepare(l, &tx, buf_slice(&b)), ERR_OK);
	assert_int_equal(ledger_check(l, &v, &first, tx, now_s * 1000, text), ERR_OK);
	tx_free(tx);
	buf_fini(&b);
	return v;
}

static enum verdict at_the_door(struct ledger *l, int64_t now_s, uint64_t id,
				const char *const *actions)
{
	struct verdict_text text;
	return door_says(l, now_s, id, actions, &text);
}

static uint64_t used(struct ledger *l)
{
	struct buf b = BUF_INIT;
	bool found;
	assert_int_equal(ledger_get(l, &found, &b, SLICE_LIT("u/orchard")), ERR_OK);
	struct reader r = reader_of(buf_slice(&b));
	reader_varint(&r);
	uint64_t n = reader_varint(&r);
	buf_fini(&b);
	return n;
}

/* An action of the toy costs a row and a KiB of record, a transaction of it a KiB more. */
static void quota_holds_in_blocks_and_at_the_door(void **s)
{
	(void)s;
	const int64_t hour = (T0 / 3600 + 1) * 3600;
	const char *one_action[] = {"q=1", NULL}, *two[] = {"b=1", "r=1", NULL};
	toy_quota = 8;
	fresh("quota");
	struct ledger *l = opened((struct ledger_options){.synchronous = true});
	toy_quota = 0;
	assert_int_equal(one(l, hour, 1, hour + 10, "a=1"), VERDICT_OK);
	assert_int_equal(used(l), 3);
	assert_int_equal(one(l, hour + 1, 2, hour + 10, "!refused"), VERDICT_STATE);
	assert_int_equal(used(l), 6);
	/* What it names is too much: refused, and kept and charged all the same. */
	struct buf tx = tx_make(3, (hour + 9000) * 1000, two);
	assert_int_equal(at_the_door(l, hour + 2, 3, two), VERDICT_OK);
	block(l, hour + 2, &tx, 1);
	assert_int_equal(results[0].verdict, VERDICT_QUOTA);
	assert_int_equal(used(l), 9);
	holds(l, "b", NULL);
	block(l, hour + 3, &tx, 1);
	assert_true(results[0].verdict == VERDICT_QUOTA && results[0].duplicate);
	assert_int_equal(used(l), 9);
	/* After that nothing gets in; whoever puts it into a block charges it. */
	assert_int_equal(at_the_door(l, hour + 4, 4, one_action), VERDICT_QUOTA);
	assert_int_equal(one(l, hour + 4, 4, hour + 10, "c=1"), VERDICT_QUOTA);
	assert_int_equal(used(l), 11);
	holds(l, "c", NULL);
	/* The next hour; the id that was refused has its answer. */
	assert_int_equal(at_the_door(l, hour + 3600, 5, two), VERDICT_OK);
	assert_int_equal(one(l, hour + 3600, 5, hour + 3610, "c=1"), VERDICT_OK);
	assert_int_equal(used(l), 3);
	block(l, hour + 3601, &tx, 1);
	assert_true(results[0].verdict == VERDICT_QUOTA && results[0].duplicate);
	buf_fini(&tx);
	/* Where nobody says how much: 4,000,000. */
	ledger_close(l);
	fresh("quota");
	l = opened((struct ledger_options){.synchronous = true});
	const char *much[] = {"#20000", "#20000", "#20000", NULL};
	uint64_t id = 1;
	for (; id <= 66; id++) {
		tx = tx_make(id, (hour + 9000) * 1000, much);
		block(l, hour + (int64_t)id, &tx, 1);
		assert_int_equal(results[0].verdict, VERDICT_OK);
		buf_fini(&tx);
	}
	assert_int_equal(used(l), 66 * 60001);
	assert_int_equal(at_the_door(l, hour + 100, id, one_action), VERDICT_OK);
	tx = tx_make(id, (hour + 9000) * 1000, much);
	block(l, hour + 100, &tx, 1); /* it names little, and does more */
	assert_int_equal(results[0].verdict, VERDICT_OK);
	assert_int_equal(at_the_door(l, hour + 101, id + 1, one_action), VERDICT_QUOTA);
	buf_fini(&tx);
	ledger_close(l);
}

/* Work is bounded where it is done: an action, a transaction and a block by what they touch. */
static void work_has_bounds(void **s)
{
	(void)s;
	static char large[60 << 10] = "large=";
	static const struct {
		const char *actions[5];
		enum verdict verdict;
	} table[] = {
		{{"#20200"}, VERDICT_OK},
		{{"#20201"}, VERDICT_TOO_LARGE},
		{{"#20200", "#20200", "#20200", "#4935"}, VERDICT_OK}, /* and a KiB */
		{{"#20200", "#20200", "#20200", "#4936"}, VERDICT_TOO_LARGE},
		{{"#20200", "<2", "<3"}, VERDICT_OK},
		{{"<1092"}, VERDICT_OK},
		{{"<1093"}, VERDICT_TOO_LARGE},
		{{"%20200"}, VERDICT_OK},
		{{"%20201"}, VERDICT_TOO_LARGE},
		{{"done=1", "#20201", "after=1"}, VERDICT_TOO_LARGE},
	};
	const char *all[] = {large, NULL};
	memset(large + 6, 'x', sizeof large - 7);
	fresh("work");
	struct ledger *l = opened((struct ledger_options){.synchronous = true});
	struct buf tx = tx_make(999, (T0 + 100) * 1000LL, all);
	block(l, T0, &tx, 1);
	buf_fini(&tx);
	assert_int_equal(results[0].verdict, VERDICT_OK);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		tx = tx_make(i, (T0 + 100) * 1000LL, table[i].actions);
		uint64_t before = used(l);
		block(l, T0 + 1 + 2 * (int64_t)i, &tx, 1);
		if (results[0].verdict != table[i].verdict)
			fail_msg("row %zu: %s", i, verdict_name(results[0].verdict));
		assert_true(used(l) > before); /* refused or not */
		holds(l, "done", NULL);
		holds(l, "after", NULL);
		holds(l, "row 20199", i >= 7 ? "put" : NULL);
		holds(l, "row 20200", NULL);
		block(l, T0 + 2 + 2 * (int64_t)i, &tx, 1);
		assert_true(results[0].verdict == table[i].verdict && results[0].duplicate);
		buf_fini(&tx);
	}
	ledger_close(l);
}

/* What a block has no room for is put off without a trace, with all that follows, and has
 * its turn in the next. */
static void a_full_block_puts_off(void **s)
{
	(void)s;
	enum { N = 7, IN = 4 };
	const char *much[] = {"m=1", "#20200", "#20200", "#20200", NULL},
		   *too_much[] = {"#20200", "#20200", "#20200", "#20200", NULL},
		   *last[] = {"z=1", NULL};
	struct buf txs[N];
	struct hash full;
	for (uint64_t i = 0; i < N; i++)
		txs[i] = tx_make(i, (T0 + 100) * 1000LL, i == 5 ? too_much : i == 6 ? last : much);
	fresh("full");
	struct ledger *l = opened((struct ledger_options){.synchronous = true});
	block(l, T0, txs, IN);
	full = last_app_hash;
	ledger_close(l);
	fresh("full");
	l = opened((struct ledger_options){.synchronous = true});
	block(l, T0, txs, N);
	assert_true(hash_eq(&full, &last_app_hash));
	for (unsigned i = 0; i < N; i++) {
		assert_int_equal(results[i].verdict, i < IN ? VERDICT_OK : VERDICT_DEFERRED);
		assert_int_equal(results[i].records, i < IN);
	}
	assert_int_equal(at_the_door(l, T0 + 1, 4, much), VERDICT_OK);
	block(l, T0 + 1, txs, N); /* those that are done take no room */
	for (unsigned i = 0; i < N; i++)
		assert_int_equal(results[i].duplicate, i < IN);
	assert_int_equal(results[4].verdict, VERDICT_OK);
	assert_int_equal(results[5].verdict, VERDICT_TOO_LARGE);
	assert_int_equal(results[6].verdict, VERDICT_OK);
	holds(l, "z", "1");
	struct ledger_head before, after;
	ledger_head(l, &before);
	ledger_close(l);
	l = opened((struct ledger_options){.rebuild = true});
	ledger_head(l, &after);
	assert_memory_equal(&before, &after, sizeof before);
	ledger_close(l);
	for (unsigned i = 0; i < N; i++)
		buf_fini(&txs[i]);
}

/* One block: a transaction, one with this action, a third; the verdict of the third. */
static enum verdict third(struct ledger *l, int64_t time_s, uint64_t id, const char *action)
{
	const char *plain[] = {"p=1", NULL}, *acts[] = {action, NULL};
	struct buf txs[3] = {tx_make(id, (time_s + 9) * 1000, plain),
			     tx_make(id + 1, (time_s + 9) * 1000, acts),
			     tx_make(id + 2, (time_s + 9) * 1000, plain)};
	block(l, time_s, txs, 3);
	for (size_t i = 0; i < 3; i++)
		buf_fini(&txs[i]);
	assert_int_equal(results[0].verdict, VERDICT_OK);
	return results[2].verdict;
}

/* Who was let through a moment ago is not let through when his standing has changed since:
 * in the same block, at the door, and by time alone. */
static void standing_is_that_of_the_moment(void **s)
{
	(void)s;
	static const struct {
		const char *action;
		enum verdict then;
	} table[] = {{"@revoke", VERDICT_KEY_REVOKED},
		     {"@suspend", VERDICT_MEMBER_SUSPENDED},
		     {"@quota", VERDICT_QUOTA}};
	const char *plain[] = {"p=1", NULL}, *undone[] = {"@revoke", "!undone", NULL};
	struct ledger *l;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		fresh("standing");
		l = opened((struct ledger_options){.synchronous = true});
		assert_int_equal(at_the_door(l, T0, 9, plain), VERDICT_OK);
		assert_int_equal(third(l, T0, 1, table[i].action), table[i].then);
		assert_int_equal(at_the_door(l, T0 + 1, 9, plain), table[i].then);
		assert_int_equal(one(l, T0 + 1, 10, T0 + 9, "q=1"), table[i].then);
		ledger_close(l);
	}
	fresh("standing");
	l = opened((struct ledger_options){.synchronous = true});
	/* What was rolled back did not change it. */
	struct buf tx = tx_make(1, (T0 + 9) * 1000LL, undone);
	block(l, T0, &tx, 1);
	buf_fini(&tx);
	assert_int_equal(results[0].verdict, VERDICT_STATE);
	assert_int_equal(one(l, T0 + 1, 2, T0 + 9, "@retire"), VERDICT_OK);
	assert_int_equal(at_the_door(l, T0 + 5, 3, plain), VERDICT_OK);
	assert_int_equal(at_the_door(l, T0 + 6, 3, plain), VERDICT_KEY_REVOKED);
	assert_int_equal(one(l, T0 + 5, 3, T0 + 9, "a=1"), VERDICT_OK);
	assert_int_equal(one(l, T0 + 6, 4, T0 + 9, "a=2"), VERDICT_KEY_REVOKED);
	ledger_close(l);
}

/* Each signature is by a key in force of an active member; else there is no trace. */
static void strangers_do_not_sign_beside(void **s)
{
	(void)s;
	static const struct {
		const char *action; /* before it, by the sender alone */
		unsigned n;
		enum verdict verdict;
		const char *field;
	} table[] = {
		{"a=1", 1, VERDICT_UNKNOWN_KEY, "/signatures/1"},
		{"@second", 1, VERDICT_OK, ""},
		{"a=2", 2, VERDICT_UNKNOWN_KEY, "/signatures/2"},
		{"@other", 2, VERDICT_OK, ""},
		{"@other suspended", 2, VERDICT_MEMBER_SUSPENDED, "/signatures/2"},
		{"@other", 2, VERDICT_OK, ""},
		{"@other revoked", 2, VERDICT_KEY_REVOKED, "/signatures/2"},
	};
	const char *actions[] = {"k=1", NULL};
	crypto_sign_keypair(beside[0].public_key, beside[0].secret_key);
	crypto_sign_keypair(beside[1].public_key, beside[1].secret_key);
	fresh("beside");
	struct ledger *l = opened((struct ledger_options){.synchronous = true});
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		int64_t time_s = T0 + 2 * (int64_t)i;
		assert_int_equal(one(l, time_s, 100 + i, T0 + 100, table[i].action), VERDICT_OK);
		struct hash before = last_app_hash;
		n_beside = table[i].n;
		struct verdict_text said;
		assert_int_equal(door_says(l, time_s, i, actions, &said), table[i].verdict);
		assert_string_equal(said.field, table[i].field);
		assert_int_equal(one(l, time_s + 1, i, T0 + 100, "k=1"), table[i].verdict);
		n_beside = 0;
		assert_int_equal(hash_eq(&before, &last_app_hash), table[i].verdict != VERDICT_OK);
	}
	ledger_close(l);
}

/* A disk on which the nth write or sync from now on fails, and all after it if `for_good`. */
static struct io failing;
static int64_t fails_in = -1;
static bool for_good;

static bool fails(void)
{
	if (fails_in < 0)
		return false;
	if (fails_in > 0) {
		fails_in--;
		return false;
	}
	fails_in = for_good ? 0 : -1;
	return true;
}

static enum err failing_pwrite(struct io_file *f, const struct slice *parts, size_t count,
			       uint64_t offset, struct err_text *t)
{
	return fails() ? err_set(t, ERR_NOSPACE, "%s: no room", f->path)
		       : io_posix()->pwrite(f, parts, count, offset, t);
}

static enum err failing_sync(struct io_file *f, struct err_text *t)
{
	return fails() ? err_set(t, ERR_IO, "%s: not synced", f->path) : io_posix()->sync(f, t);
}

/* Three blocks until one fails; gives the height that was acknowledged. */
static int64_t blocks_until_failure(struct ledger *l)
{
	const char *actions[] = {"a=1", "b=2", NULL};
	int64_t height = 0;
	for (enum err e = ERR_OK; e == ERR_OK && height < 3;) {
		struct buf tx = tx_make((uint64_t)height + 1, (T0 + 100) * 1000LL, actions), packet = BUF_INIT;
		struct ledger_executed out;
		struct err_text t = {{0}};
		buf_put_u8(&packet, 1 << 3 | 2);
		buf_put_lp(&packet, buf_slice(&tx));
		struct slice p = buf_slice(&packet);
		struct ledger_block b = {.height = height + 1, .time_s = T0 + height, .packets = &p, .n_packets = 1};
		e = ledger_execute(l, &out, &b, &t);
		if (e == ERR_OK)
			e = ledger_commit(l, &b, &(struct hash){{0}}, slice(NULL, 0), slice(NULL, 0), &t);
		if (e == ERR_OK)
			height++;
		else
			assert_true(strlen(t.text) > 0);
		buf_fini(&packet);
		buf_fini(&tx);
	}
	return height;
}

static void every_write_may_fail(void **s)
{
	(void)s;
	failing = *io_posix();
	failing.pwrite = failing_pwrite;
	failing.sync = failing_sync;
	bool failed = true;
	for (int64_t n = 0; failed; n++) {
		for (unsigned k = 0; k < 2; k++) {
			struct ledger_options o = {.app = &toy, .io = &failing, .synchronous = true};
			struct err_text t = {{0}};
			struct ledger *l;
			struct ledger_head head;
			int64_t acknowledged = 0;
			fresh("fails");
			fails_in = n;
			for_good = k;
			if (ledger_open(&l, path, &o, &t) == ERR_OK) {
				acknowledged = blocks_until_failure(l);
				(void)!ledger_flush(l, NULL);
				ledger_close(l);
			} else {
				assert_true(strlen(t.text) > 0);
			}
			failed = fails_in < 1 && (for_good ? fails_in == 0 : fails_in < 0);
			fails_in = -1;
			l = opened((struct ledger_options){.synchronous = true});
			ledger_head(l, &head);
			assert_true(head.height >= acknowledged);
			holds(l, "b", head.height ? "2" : NULL);
			ledger_close(l);
		}
	}
}

static void damage_is_found(void **s)
{
	(void)s;
	fresh("damage");
	struct ledger *l = opened((struct ledger_options){.synchronous = true});
	for (unsigned i = 0; i < 20; i++) {
		char action[32];
		snprintf(action, sizeof action, "k%u=%u", i, i);
		assert_int_equal(one(l, T0 + i, 100 + i, T0 + 1000, action), VERDICT_OK);
	}
	assert_int_equal(ledger_flush(l, NULL), ERR_OK);
	struct ledger_head want, got;
	ledger_head(l, &want);
	ledger_close(l);
	/* An old state folder (or none) is mended by replay; a damaged one by a rebuild. */
	char cmd[1200];
	snprintf(cmd, sizeof cmd, "printf 'xxxxxxxx' | dd of=%s/state/blocks bs=1 seek=32 conv=notrunc 2>/dev/null", path);
	assert_int_equal(system(cmd), 0);
	struct ledger_options o = {.app = &toy};
	struct err_text t = {{0}};
	assert_int_equal(ledger_open(&l, path, &o, &t), ERR_OK);
	ledger_head(l, &got);
	assert_memory_equal(&want, &got, sizeof want);
	ledger_close(l);
	/* The whole check in a scratch folder. */
	char scratch[300];
	struct ledger_audit audit;
	snprintf(scratch, sizeof scratch, "%s/scratch", dir);
	o.derived_dir = scratch;
	enum err e = ledger_verify(&audit, path, &o, &t);
	if (e != ERR_OK)
		print_error("%s\n", t.text);
	assert_int_equal(e, ERR_OK);
	assert_int_equal(audit.blocks, 20);
	assert_int_equal(audit.transactions, 20);
	assert_int_equal(audit.height, 20);
	snprintf(cmd, sizeof cmd, "rm -rf %s; printf 'y' | dd of=%s/log/000001.seg bs=1 seek=3000 conv=notrunc 2>/dev/null", scratch, path);
	assert_int_equal(system(cmd), 0);
	assert_int_equal(ledger_verify(&audit, path, &o, &t), ERR_CORRUPT);
	assert_true(strlen(t.text) > 10);
}

int main(void)
{
	if (sodium_init() < 0 || !mkdtemp(dir))
		return 1;
	crypto_sign_keypair(signer.public_key, signer.secret_key);
	crypto_sign_keypair(validator.key, (uint8_t[64]){0});
	validator.power = 1;
	struct genesis g = {.app_version = 1, .time = {T0 - 1, 0}, .initial_height = 1, .n_validators = 1};
	snprintf(g.chain_id, sizeof g.chain_id, "toy");
	g.validators[0] = validator;
	struct err_text t;
	if (genesis_encode(&genesis_file, &g, &t) != ERR_OK) {
		fprintf(stderr, "%s\n", t.text);
		return 1;
	}
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(applies_and_replays), cmocka_unit_test(batch_is_all_or_nothing),
		cmocka_unit_test(ids_are_used_once), cmocka_unit_test(strangers_are_refused),
		cmocka_unit_test(ids_are_forgotten_in_order), cmocka_unit_test(execution_reads_no_block),
		cmocka_unit_test(lost_ids_are_a_fault),
		cmocka_unit_test(quota_holds_in_blocks_and_at_the_door),
		cmocka_unit_test(work_has_bounds), cmocka_unit_test(a_full_block_puts_off),
		cmocka_unit_test(standing_is_that_of_the_moment), cmocka_unit_test(strangers_do_not_sign_beside),
		cmocka_unit_test(every_write_may_fail),
		cmocka_unit_test(damage_is_found),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	char cmd[300];
	snprintf(cmd, sizeof cmd, "rm -rf %s", dir);
	if (system(cmd))
		return 1;
	buf_fini(&genesis_file);
	return failed;
}
