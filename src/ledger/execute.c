/*
 * execute: one block of transactions on the state.
 *
 * For each transaction in order: form and signatures; who signed (member, key,
 * status); the id (a repeat gets the first answer); expiry; the quota; then the
 * application. What is refused before the quota is looked at leaves no trace. What
 * is refused from there on keeps its id, so that a repeat gets the same answer, and
 * is charged. The checks are in door.c, the ids in done.c; what the application reads and
 * writes goes through exec.c.
 *
 * Work is counted as it is done (app.h). A transaction that alone passes its bound
 * is refused like any other. One that passes the block's, and all after it, are put
 * off: no trace, and whoever drives the ledger puts them into another block. The
 * first transaction of a block never is, so every one has its turn.
 */
#include "ledger/inner.h"

#include "ledger/header.h"
#include "ledger/trial_state.h"

#include <stdio.h>
#include <stdlib.h>

/* What a transaction that is refused undoes. */
struct exec_mark {
	size_t state;
	uint64_t log;
};

static struct exec_mark mark_set(const struct exec *x)
{
	const struct ledger *l = x->ledger;
	return (struct exec_mark){x->trial ? trial_mark(x->trial) : state_mark_set(l->state),
				  exec_next_index(x)};
}

static void mark_undo(struct exec *x, struct exec_mark m)
{
	if (x->trial) {
		trial_undo(x->trial, m.state, m.log);
		return;
	}
	state_rollback(x->ledger->state, m.state);
	mlog_truncate(x->ledger->mlog, m.log);
}

/* ---- one transaction ---- */

static enum err settled(struct exec *x, struct ledger_result *r, struct tx *tx, enum verdict v,
		     const struct verdict_text *vt)
{
	struct ledger *l = x->ledger;
	r->verdict = v;
	if (v != VERDICT_OK) {
		r->text = arena_copy(x->block_arena, vt, sizeof *vt);
		if (!r->text)
			return ERR_NOMEM;
	}
	if (!x->trial)
		l->ids_done[l->n_ids_done++] = (struct done_id){tx->member, tx->id};
	return done_put(x, tx, v);
}

static enum err refused(struct exec *x, struct ledger_result *r, enum verdict v,
			const struct verdict_text *vt)
{
	r->verdict = v;
	r->text = arena_copy(x->block_arena, vt, sizeof *vt);
	return r->text ? ERR_OK : ERR_NOMEM;
}

static enum err deferred(struct exec *x, struct ledger_result *r)
{
	struct verdict_text vt = {{0}, {0}};
	return refused(x, r, door_say(&vt, VERDICT_DEFERRED, ""), &vt);
}

/* What a transaction gets that passed a bound of its own. */
static enum verdict too_large(const struct exec *x, struct verdict_text *vt)
{
	char field[40] = "/body/actions";
	if (x->work.over == WORK_OVER_TX)
		return verdict_set(vt, VERDICT_TOO_LARGE, field, "more than %d units of work",
				   WORK_TX_MAX);
	snprintf(field, sizeof field, "/actions/%u", x->action_index);
	return verdict_set(vt, VERDICT_TOO_LARGE, field, "touches more than %d rows",
			   WORK_ACTION_ROWS_MAX);
}

/* The application's part, rolled back where its verdict is against. */
static enum err apply(struct exec *x, enum verdict *v, struct ledger_result *r, struct tx *tx,
		      struct verdict_text *vt, struct err_text *t)
{
	struct ledger *l = x->ledger;
	struct exec_mark mark = mark_set(x);
	x->action_index = 0;
	x->work.action_rows = 0;
	TRY(l->app->execute(x, tx, v, vt, t));
	arena_reset(x->arena);
	if (x->work.over == WORK_OVER_BLOCK)
		*v = VERDICT_DEFERRED;
	else if (x->work.over)
		*v = too_large(x, vt);
	if (*v != VERDICT_OK)
		mark_undo(x, mark);
	r->first_index = mark.log;
	r->records = (uint32_t)(exec_next_index(x) - mark.log);
	return ERR_OK;
}

enum err exec_transaction(struct exec *x, struct ledger_result *r, struct tx *tx,
			  struct err_text *t)
{
	struct ledger *l = x->ledger;
	struct verdict_text vt = {{0}, {0}};
	struct view w = {.x = x};
	struct done before;
	struct ledger_quota quota;
	enum verdict v;
	bool found;

	if (x->work.over == WORK_OVER_BLOCK)
		return deferred(x, r);
	if (!tx->signatures_good)
		return refused(x, r, tx->form, &tx->form_text);
	if (strcmp(tx->b->chain_id, l->genesis.chain_id) != 0) {
		v = door_say(&vt, VERDICT_WRONG_CHAIN, "/body/chainId");
		return refused(x, r, v, &vt);
	}
	if (tx->work == 0)
		tx->form = l->app->prepare(tx, &tx->form_text);
	if (tx->work == 0)
		return err_set(t, ERR_NOMEM, "preparing a transaction of %zu bytes", tx->bytes.n);
	TRY(door_sender(&w, &v, &quota.limit, tx, x->time_ms, &vt));
	if (v != VERDICT_OK)
		return refused(x, r, v, &vt);
	TRY(done_find(&w, &found, &before, tx->member, tx->id, t));
	if (found) {
		if (!hash_eq(&before.body_hash, &tx->body_hash)) {
			v = door_say(&vt, VERDICT_CONFLICT, "/body/id");
			return refused(x, r, v, &vt);
		}
		r->verdict = (enum verdict)before.verdict;
		r->duplicate = true;
		r->first_height = (int64_t)before.height;
		return ERR_OK;
	}
	v = door_expiry(tx, x->time_ms, &vt);
	if (v != VERDICT_OK)
		return refused(x, r, v, &vt);
	TRY(door_quota_get(&w, &quota, tx->member, x->time_ms));
	x->tx = tx;
	x->work.tx = 0;
	x->work.over = WORK_WITHIN;
	exec_work(x, 0, work_kib(tx->bytes.n));
	v = tx->form;
	if (!quota_within(&quota, tx->work))
		v = door_say(&vt, VERDICT_QUOTA, "/body/member");
	else if (v != VERDICT_OK)
		vt = tx->form_text;
	else if (!x->work.over)
		TRY(apply(x, &v, r, tx, &vt, t));
	x->tx = NULL;
	if (x->work.over == WORK_OVER_BLOCK)
		return deferred(x, r);
	TRY(door_quota_put(x, &quota, tx->member, tx->work > x->work.tx ? tx->work : x->work.tx));
	return settled(x, r, tx, v, &vt);
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
			 .arena = l->action_arena,
			 .block_arena = l->arena};
	out->n_results = n;
	out->results = arena_alloc(l->arena, (n + 1) * sizeof *out->results);
	l->ids_done = arena_alloc(l->arena, (n + 1) * sizeof *l->ids_done);
	l->n_ids_done = 0;
	l->staged_txs = n;
	l->staged_senders = (struct senders){0};
	if (!out->results || !l->ids_done)
		return ERR_NOMEM;
	if (n > 0)
		TRY(done_purge(&x, t));
	TRY(l->app->begin(&x, t));
	for (size_t i = 0; i < n; i++) {
		x.tx_index = (uint32_t)i;
		TRY(exec_transaction(&x, &out->results[i], txs[i], t));
	}
	TRY(done_list(&x, l->ids_done, l->n_ids_done, t));
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
	l->action_arena = arena_new(0);
	struct tx **made = NULL;
	size_t n = 0;
	bool owned = false;
	enum err e = l->arena && l->action_arena ? block_txs(l, &made, &n, &owned, b) : ERR_NOMEM;
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
	arena_free(l->action_arena);
	l->action_arena = NULL;
	if (e != ERR_OK)
		ledger_abort(l);
	if (e == ERR_CORRUPT && t && !t->text[0])
		ledger_damage(l, t);
	return e;
}
