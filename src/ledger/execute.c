/*
 * execute: one block of transactions on the state.
 *
 * For each transaction in order: form and signature; the sender (member, key,
 * status); the id (a repeat gets the first answer); expiry; the quota; then the
 * application. What is refused before the quota was taken leaves no trace. What is
 * refused after that keeps its id, so that a repeat gets the same answer.
 */
#include "ledger/inner.h"

#include "ledger/header.h"
#include "ledger/member.h"

#include <stdio.h>
#include <stdlib.h>

/* Ids stay in the state this long after the block that did them: the longest
 * life of a transaction, and ten minutes. */
#define ID_KEEP_MS (TX_LIFE_MS_MAX + 600000)
enum { PURGE_IDS_MAX = 4096, PURGE_BLOCKS_MAX = 64, TX_KEY_MAX = 2 + MEMBER_ID_MAX + 1 + TX_ID_BYTES };

/* ---- exec: what the application sees ---- */

enum err exec_get(struct exec *x, bool *found, struct slice *value, struct slice key)
{
	return state_get(x->ledger->state, found, value, key);
}

enum err exec_put(struct exec *x, struct slice key, struct slice value)
{
	return state_put(x->ledger->state, key, value);
}

enum err exec_del(struct exec *x, struct slice key)
{
	return state_del(x->ledger->state, key);
}

uint64_t exec_next_index(const struct exec *x)
{
	return mlog_size(x->ledger->mlog);
}

enum err exec_record(struct exec *x, uint64_t *index, struct hash *digest, struct slice record)
{
	return mlog_append(x->ledger->mlog, index, digest, record);
}

enum err exec_read_record(struct exec *x, struct buf *out, uint64_t index)
{
	return mlog_read(x->ledger->mlog, out, index);
}

/* ---- ids ---- */

static struct slice id_key(uint8_t out[static TX_KEY_MAX], struct slice member, const uint8_t *id)
{
	out[0] = 't';
	out[1] = '/';
	memcpy(out + 2, member.p, member.n);
	out[2 + member.n] = '/';
	memcpy(out + 3 + member.n, id, TX_ID_BYTES);
	return slice(out, 3 + member.n + TX_ID_BYTES);
}

struct id_value {
	struct hash body_hash;
	int64_t expires_ms;
	uint64_t height, verdict;
};

static bool id_decode(struct id_value *v, struct slice value)
{
	struct reader r = reader_of(value);
	bool good = reader_u8(&r) == 'T';
	v->body_hash = reader_hash(&r);
	v->expires_ms = reader_zigzag(&r);
	v->height = reader_varint(&r);
	v->verdict = reader_varint(&r);
	return good && !r.bad && reader_left(&r) == 0;
}

static enum err id_put(struct exec *x, const struct tx *tx, enum verdict v)
{
	uint8_t key[TX_KEY_MAX], space[80];
	struct buf b = {space, 0, sizeof space, 0, false}; /* never grows */
	buf_put_u8(&b, 'T');
	buf_put(&b, tx->body_hash.b, 32);
	buf_put_zigzag(&b, tx->b->expires_ms);
	buf_put_varint(&b, (uint64_t)x->height);
	buf_put_varint(&b, (uint64_t)v);
	return exec_put(x, id_key(key, tx->member, tx->id), buf_slice(&b));
}

/* Member and id of a transaction, without decoding the rest. */
static bool tx_peek(struct slice *member, struct slice *id, struct slice bytes)
{
	struct reader r = reader_of(bytes);
	*member = *id = slice(NULL, 0);
	while (reader_left(&r) > 0) {
		uint64_t tag = reader_varint(&r);
		struct slice body = reader_lp(&r);
		if (tag != (1 << 3 | 2))
			continue;
		struct reader f = reader_of(body);
		while (reader_left(&f) > 0) {
			uint64_t t = reader_varint(&f);
			if ((t & 7) == 0) {
				reader_varint(&f);
				continue;
			}
			struct slice v = reader_lp(&f);
			if (t == (2 << 3 | 2))
				*member = v;
			else if (t == (3 << 3 | 2))
				*id = v;
		}
		return !f.bad && id->n == TX_ID_BYTES && member->n > 0 && member->n <= MEMBER_ID_MAX;
	}
	return false;
}

/* The transactions of a packet: a sequence of protobuf field 1. */
static bool packet_next(struct slice *tx, struct reader *packet)
{
	if (reader_left(packet) == 0)
		return false;
	uint64_t tag = reader_varint(packet);
	*tx = reader_lp(packet);
	return !packet->bad && tag == (1 << 3 | 2);
}

static enum err purge_one(struct exec *x, int64_t height, struct slice tx)
{
	struct slice member, id, value;
	uint8_t key[TX_KEY_MAX];
	struct id_value v;
	bool found;
	if (!tx_peek(&member, &id, tx))
		return ERR_OK;
	TRY(exec_get(x, &found, &value, id_key(key, member, id.p)));
	if (!found || !id_decode(&v, value) || v.height != (uint64_t)height)
		return ERR_OK;
	return exec_del(x, id_key(key, member, id.p));
}

/*
 * Forgets ids of blocks older than ID_KEEP_MS, oldest first, from the journal's
 * own blocks, so that no index of expiries is needed. Only blocks with
 * transactions do it: an empty block must not change the app hash.
 */
static enum err purge(struct exec *x, struct err_text *t)
{
	struct ledger *l = x->ledger;
	struct slice value;
	bool found;
	uint64_t height = (uint64_t)l->genesis.initial_height, skip = 0, ids = 0;
	TRY(exec_get(x, &found, &value, SLICE_LIT("t!")));
	if (found) {
		struct reader r = reader_of(value);
		height = reader_varint(&r);
		skip = reader_varint(&r);
	}
	uint64_t from_height = height, from_skip = skip;
	struct buf payload = BUF_INIT;
	enum err e = ERR_OK;
	for (unsigned blocks = 0; blocks < PURGE_BLOCKS_MAX && ids < PURGE_IDS_MAX; blocks++) {
		struct block_record b;
		if ((int64_t)height > l->head.height)
			break;
		/* Read once and found too young: no need to read it again for each block. */
		if ((int64_t)height == l->young_height && l->young_ms >= x->time_ms - ID_KEEP_MS)
			break;
		buf_clear(&payload);
		e = ledger_read_block(l, &payload, (int64_t)height);
		if (e == ERR_NOTFOUND) { /* a height that a resumed epoch left out */
			e = ERR_OK;
			height++;
			continue;
		}
		if (e != ERR_OK)
			break;
		if (!block_record_decode(&b, buf_slice(&payload))) {
			e = err_set(t, ERR_CORRUPT, "block %llu in the journal is damaged",
				    (unsigned long long)height);
			break;
		}
		l->young_height = (int64_t)height;
		l->young_ms = block_time_ms(b.time_s, b.time_ns);
		if (l->young_ms >= x->time_ms - ID_KEEP_MS)
			break;
		struct reader packets = reader_of(b.packets);
		uint64_t at = 0;
		for (uint64_t p = 0; p < b.n_packets && e == ERR_OK; p++) {
			struct reader packet = reader_of(reader_lp(&packets));
			for (struct slice tx; e == ERR_OK && packet_next(&tx, &packet); at++) {
				if (at < skip || ids >= PURGE_IDS_MAX)
					continue;
				e = purge_one(x, (int64_t)height, tx);
				skip = at + 1;
				ids++;
			}
		}
		if (e != ERR_OK || at > skip)
			break;
		height++;
		skip = 0;
	}
	buf_fini(&payload);
	if (e == ERR_OK && (height != from_height || skip != from_skip)) {
		uint8_t space[24];
		struct buf b = {space, 0, sizeof space, 0, false};
		buf_put_varint(&b, height);
		buf_put_varint(&b, skip);
		e = exec_put(x, SLICE_LIT("t!"), buf_slice(&b));
	}
	return e;
}

/* ---- the sender ---- */

/* Where member and key records come from: the block being executed, or the last commit. */
struct view {
	struct exec *x;		 /* NULL: `read` */
	struct state_read *read;
	struct buf *space;	 /* for values of `read` */
};

static enum err view_get(struct view *w, bool *found, struct slice *value, struct slice key)
{
	if (w->x)
		return exec_get(w->x, found, value, key);
	buf_clear(w->space);
	TRY(state_read_get(w->read, found, w->space, key));
	*value = buf_slice(w->space);
	return buf_err(w->space);
}

static enum verdict say(struct verdict_text *t, enum verdict v, const char *field)
{
	return verdict_set(t, v, field, "%s", verdict_en(v));
}

/* May this key of this member sign now? Gives the member's quota. */
static enum err sender_check(struct view *w, enum verdict *v, uint64_t *quota, const struct tx *tx,
			     int64_t time_ms, struct verdict_text *t)
{
	uint8_t key[2 + 32 + MEMBER_ID_MAX];
	struct slice value;
	struct member_key k;
	struct member m;
	bool found;

	*v = VERDICT_OK;
	memcpy(key, "k/", 2);
	memcpy(key + 2, tx->signatures[0].key, 32);
	TRY(view_get(w, &found, &value, slice(key, 34)));
	if (!found) {
		*v = say(t, VERDICT_UNKNOWN_KEY, "/signatures/0");
		return ERR_OK;
	}
	if (!member_key_decode(&k, value))
		return ERR_CORRUPT;
	if (!slice_eq(k.member, tx->member)) {
		*v = say(t, VERDICT_UNKNOWN_KEY, "/body/member");
		return ERR_OK;
	}
	if (k.revoked_height || (k.retire_at_ms && time_ms >= k.retire_at_ms)) {
		*v = say(t, VERDICT_KEY_REVOKED, "/signatures/0");
		return ERR_OK;
	}
	memcpy(key, "m/", 2);
	memcpy(key + 2, tx->member.p, tx->member.n);
	TRY(view_get(w, &found, &value, slice(key, 2 + tx->member.n)));
	if (!found)
		*v = say(t, VERDICT_UNKNOWN_MEMBER, "/body/member");
	else if (!member_decode(&m, value))
		return ERR_CORRUPT;
	else if (m.status != MEMBER_ACTIVE)
		*v = say(t, VERDICT_MEMBER_SUSPENDED, "/body/member");
	else
		*quota = m.quota_actions_per_hour;
	return ERR_OK;
}

static enum verdict expiry_check(const struct tx *tx, int64_t time_ms, struct verdict_text *t)
{
	if (tx->b->expires_ms < time_ms)
		return say(t, VERDICT_EXPIRED, "/body/expiresMs");
	if (tx->b->expires_ms > time_ms + TX_LIFE_MS_MAX)
		return say(t, VERDICT_EXPIRY_TOO_FAR, "/body/expiresMs");
	return VERDICT_OK;
}

static uint64_t hour_of(int64_t time_ms)
{
	return (uint64_t)(time_ms / 3600000);
}

/* Has the member actions left in this hour for the transaction? *used: before it. */
static enum err quota_check(struct view *w, bool *within, uint64_t *used, const struct tx *tx,
			    uint64_t hour, uint64_t limit)
{
	uint8_t key[2 + MEMBER_ID_MAX];
	struct slice value;
	bool found;
	memcpy(key, "u/", 2);
	memcpy(key + 2, tx->member.p, tx->member.n);
	*used = 0;
	TRY(view_get(w, &found, &value, slice(key, 2 + tx->member.n)));
	if (found) {
		struct reader r = reader_of(value);
		if (reader_varint(&r) == hour)
			*used = reader_varint(&r);
	}
	*within = limit == 0 || (*used <= limit && tx->b->n_actions <= limit - *used);
	return ERR_OK;
}

/* Counts the actions against the member's hour. */
static enum err quota_take(struct exec *x, bool *within, const struct tx *tx, uint64_t limit)
{
	uint8_t key[2 + MEMBER_ID_MAX], space[24];
	uint64_t hour = hour_of(x->time_ms), used;
	struct view w = {.x = x};
	TRY(quota_check(&w, within, &used, tx, hour, limit ? limit : x->ledger->quota_default));
	if (!*within)
		return ERR_OK;
	struct buf b = {space, 0, sizeof space, 0, false};
	buf_put_varint(&b, hour);
	buf_put_varint(&b, used + tx->b->n_actions);
	memcpy(key, "u/", 2);
	memcpy(key + 2, tx->member.p, tx->member.n);
	return exec_put(x, slice(key, 2 + tx->member.n), buf_slice(&b));
}

/* ---- one transaction ---- */

static enum err done(struct exec *x, struct ledger_result *r, struct tx *tx, enum verdict v,
		     const struct verdict_text *vt)
{
	struct ledger *l = x->ledger;
	r->verdict = v;
	if (v != VERDICT_OK) {
		r->text = arena_copy(x->arena, vt, sizeof *vt);
		if (!r->text)
			return ERR_NOMEM;
	}
	l->ids_done[l->n_ids_done++] = (struct done_id){tx->member, tx->id};
	return id_put(x, tx, v);
}

static enum err refused(struct exec *x, struct ledger_result *r, enum verdict v,
			const struct verdict_text *vt)
{
	r->verdict = v;
	r->text = arena_copy(x->arena, vt, sizeof *vt);
	return r->text ? ERR_OK : ERR_NOMEM;
}

static enum err execute_one(struct exec *x, struct ledger_result *r, struct tx *tx,
			    struct err_text *t)
{
	struct ledger *l = x->ledger;
	struct verdict_text vt = {{0}, {0}};
	struct view w = {.x = x};
	uint8_t key[TX_KEY_MAX];
	struct id_value before;
	struct slice value;
	uint64_t quota = 0;
	enum verdict v;
	bool found;

	if (!tx->signatures_good)
		return refused(x, r, tx->form, &tx->form_text);
	if (strcmp(tx->b->chain_id, l->genesis.chain_id) != 0) {
		v = say(&vt, VERDICT_WRONG_CHAIN, "/body/chainId");
		return refused(x, r, v, &vt);
	}
	TRY(sender_check(&w, &v, &quota, tx, x->time_ms, &vt));
	if (v != VERDICT_OK)
		return refused(x, r, v, &vt);
	TRY(exec_get(x, &found, &value, id_key(key, tx->member, tx->id)));
	if (found) {
		if (!id_decode(&before, value))
			return err_set(t, ERR_CORRUPT, "a transaction id's record is damaged");
		if (!hash_eq(&before.body_hash, &tx->body_hash)) {
			v = say(&vt, VERDICT_CONFLICT, "/body/id");
			return refused(x, r, v, &vt);
		}
		r->verdict = (enum verdict)before.verdict;
		r->duplicate = true;
		r->first_height = (int64_t)before.height;
		return ERR_OK;
	}
	v = expiry_check(tx, x->time_ms, &vt);
	if (v != VERDICT_OK)
		return refused(x, r, v, &vt);
	bool within;
	TRY(quota_take(x, &within, tx, quota));
	if (!within) {
		v = say(&vt, VERDICT_QUOTA, "/body/member");
		return refused(x, r, v, &vt);
	}
	if (tx->form != VERDICT_OK)
		return done(x, r, tx, tx->form, &tx->form_text);

	state_mark mark = state_mark_set(l->state);
	uint64_t log_mark = mlog_size(l->mlog);
	x->tx = tx;
	x->action_index = 0;
	TRY(l->app->execute(x, tx, &v, &vt, t));
	x->tx = NULL;
	if (v != VERDICT_OK) {
		state_rollback(l->state, mark);
		mlog_truncate(l->mlog, log_mark);
	}
	r->first_index = log_mark;
	r->records = (uint32_t)(mlog_size(l->mlog) - log_mark);
	return done(x, r, tx, v, &vt);
}

/* ---- one block ---- */

static enum err block_txs(struct ledger *l, struct tx ***txs, size_t *n, bool *owned,
			  const struct ledger_block *b)
{
	*owned = false;
	if (b->txs || b->n_packets == 0) {
		*n = b->n_txs;
		return ERR_OK;
	}
	/* Not prepared by the caller: prepare here, one after the other. */
	size_t cap = 0;
	struct tx **list = NULL;
	*owned = true;
	for (size_t p = 0; p < b->n_packets; p++) {
		struct reader packet = reader_of(b->packets[p]);
		for (struct slice bytes; packet_next(&bytes, &packet);) {
			if (*n == cap) {
				cap = cap ? cap * 2 : 64;
				struct tx **more = realloc(list, cap * sizeof *more);
				if (!more)
					return ERR_NOMEM; /* the caller frees what there is */
				list = more;
				*txs = list;
			}
			TRY(ledger_prepare(l, &list[*n], bytes));
			++*n;
		}
	}
	*txs = list;
	return ERR_OK;
}

static void txs_free(struct tx **txs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		tx_free(txs[i]);
	free(txs);
}

/* The data of each packet's result: its transactions' verdicts. */
static enum err packet_results(struct ledger *l, struct ledger_executed *out,
			       const struct ledger_block *b)
{
	out->n_packets = b->n_packets;
	out->packet_results = arena_alloc(l->arena, (b->n_packets + 1) * sizeof(struct slice));
	if (!out->packet_results)
		return ERR_NOMEM;
	size_t at = 0;
	struct buf data = BUF_INIT;
	enum err e = ERR_OK;
	for (size_t p = 0; p < b->n_packets && e == ERR_OK; p++) {
		struct reader packet = reader_of(b->packets[p]);
		buf_clear(&data);
		for (struct slice tx; packet_next(&tx, &packet) && at < out->n_results; at++)
			buf_put_varint(&data, (uint64_t)out->results[at].verdict);
		e = buf_err(&data);
		uint8_t *copy = e == ERR_OK ? arena_copy(l->arena, data.p, data.n) : NULL;
		if (!copy)
			e = ERR_NOMEM;
		out->packet_results[p] = slice(copy, data.n);
	}
	buf_fini(&data);
	return e;
}

static enum err execute(struct ledger *l, struct ledger_executed *out, const struct ledger_block *b,
			struct tx *const *txs, size_t n, struct err_text *t)
{
	struct exec x = {.ledger = l,
			 .height = b->height,
			 .time_ms = block_time_ms(b->time_s, b->time_ns),
			 .arena = l->arena};
	out->n_results = n;
	out->results = arena_alloc(l->arena, (n + 1) * sizeof *out->results);
	l->ids_done = arena_alloc(l->arena, (n + 1) * sizeof *l->ids_done);
	l->n_ids_done = 0;
	l->staged_txs = n;
	if (!out->results || !l->ids_done)
		return ERR_NOMEM;
	if (n > 0)
		TRY(purge(&x, t));
	TRY(l->app->begin(&x, t));
	for (size_t i = 0; i < n; i++) {
		x.tx_index = (uint32_t)i;
		TRY(execute_one(&x, &out->results[i], txs[i], t));
	}
	TRY(l->app->end(&x, t));
	TRY(packet_results(l, out, b));

	struct ledger_head *h = &l->staged;
	h->height = b->height;
	h->time_s = b->time_s;
	h->time_ns = b->time_ns;
	TRY(state_root(l->state, &h->state_root, t));
	h->log_size = mlog_size(l->mlog);
	mlog_root(l->mlog, &h->log_root);
	app_hash(&h->app_hash, h->log_size, &h->log_root, &h->state_root);
	results_hash(&h->results_hash, out->packet_results, out->n_packets);
	out->app_hash = h->app_hash;
	out->results_hash = h->results_hash;
	return ERR_OK;
}

enum err ledger_execute(struct ledger *l, struct ledger_executed *out, const struct ledger_block *b,
			struct err_text *t)
{
	bug_if(l->staging);
	*out = (struct ledger_executed){0};
	if (b->height <= l->head.height || b->height < l->genesis.initial_height)
		return err_set(t, ERR_MISMATCH, "block %lld follows height %lld",
			       (long long)b->height, (long long)l->head.height);
	if (l->head.height && (b->time_s < l->head.time_s ||
			       (b->time_s == l->head.time_s && b->time_ns <= l->head.time_ns)))
		return err_set(t, ERR_MISMATCH, "block %lld is not later than the one before",
			       (long long)b->height);
	TRY(state_begin(l->state, t));
	l->staging = true;
	l->arena = arena_new(0);
	struct tx **made = NULL;
	size_t n = 0;
	bool owned = false;
	enum err e = l->arena ? block_txs(l, &made, &n, &owned, b) : ERR_NOMEM;
	if (e == ERR_OK)
		e = execute(l, out, b, owned ? made : b->txs, n, t);
	if (owned && e == ERR_OK && n) {
		/* The ids to remember point into the transactions: copy before they go. */
		for (size_t i = 0; i < l->n_ids_done && e == ERR_OK; i++) {
			struct done_id *d = &l->ids_done[i];
			d->member.p = arena_copy(l->arena, d->member.p, d->member.n);
			d->id = arena_copy(l->arena, d->id, TX_ID_BYTES);
			if (!d->member.p || !d->id)
				e = ERR_NOMEM;
		}
	}
	if (owned)
		txs_free(made, n);
	if (e != ERR_OK)
		ledger_abort(l);
	return e;
}

/* ---- at the door ---- */

enum err ledger_prepare(struct ledger *l, struct tx **out, struct slice bytes)
{
	TRY(tx_decode(out, bytes));
	struct tx *tx = *out;
	if (l->believing)
		tx->signatures_good = tx->form == VERDICT_OK;
	else
		tx_verify(tx, &l->fingerprint);
	if (tx->form == VERDICT_OK)
		tx->form = l->app->prepare(tx, &tx->form_text);
	return ERR_OK;
}

static enum err door(struct ledger *l, struct state_read *read, struct buf *space,
		     enum verdict *v, struct tx_first *first, struct tx *tx, int64_t now_ms,
		     struct verdict_text *t)
{
	struct view w = {.read = read, .space = space};
	uint8_t key[TX_KEY_MAX];
	struct id_value before;
	struct slice value;
	uint64_t quota, used;
	bool found, within = true;
	TRY(sender_check(&w, v, &quota, tx, now_ms, t));
	if (*v != VERDICT_OK)
		return ERR_OK;
	TRY(view_get(&w, &found, &value, id_key(key, tx->member, tx->id)));
	if (!found) {
		*v = expiry_check(tx, now_ms, t);
		if (*v == VERDICT_OK)
			TRY(quota_check(&w, &within, &used, tx, hour_of(now_ms),
					quota ? quota : l->quota_default));
		if (!within)
			*v = say(t, VERDICT_QUOTA, "/body/member");
		return ERR_OK;
	}
	if (!id_decode(&before, value))
		return ERR_CORRUPT;
	if (!hash_eq(&before.body_hash, &tx->body_hash)) {
		*v = say(t, VERDICT_CONFLICT, "/body/id");
		return ERR_OK;
	}
	first->verdict = (enum verdict)before.verdict;
	first->height = (int64_t)before.height;
	*v = say(t, VERDICT_DUPLICATE, "/body/id");
	return ERR_OK;
}

enum err ledger_check(struct ledger *l, enum verdict *v, struct tx_first *first, struct tx *tx,
		      int64_t now_ms, struct verdict_text *t)
{
	if (!tx->signatures_good) {
		if (t)
			*t = tx->form_text;
		*v = tx->form;
		return ERR_OK;
	}
	if (strcmp(tx->b->chain_id, l->genesis.chain_id) != 0) {
		*v = say(t, VERDICT_WRONG_CHAIN, "/body/chainId");
		return ERR_OK;
	}
	struct state_read read;
	struct buf space = BUF_INIT;
	TRY(state_read_begin(&read, l->state));
	enum err e = door(l, &read, &space, v, first, tx, now_ms, t);
	state_read_end(&read);
	buf_fini(&space);
	return e;
}
