/*
 * trial: transactions executed on a copy, to say what would become of them.
 *
 * They run through the code that executes blocks; what they read and write goes to a copy
 * (trial_state.h). So a trial runs on a reader's thread beside blocks, and none of them waits
 * for more than one row.
 *
 * Rows that are wanted later may be of a later commit. What is told is a forecast in any
 * case; where rows of two commits contradict each other execution says that they are
 * damaged, and here that means: try again. A trial of one commit alone would have to hold
 * back blocks (state_read_begin) or copy the whole of what is in memory.
 *
 * Work is bounded over the whole, by rows touched and bytes kept, looked at before each
 * action; one action has bounds of its own.
 */
#include "ledger/inner.h"

#include "crypto/sha256.h"
#include "ledger/trial_state.h"

#include <stdlib.h>

void trial_fingerprint(struct hash *out, const struct hash *fingerprint)
{
	static const char tag[] = "argosy/trial/1"; /* with its NUL */
	struct sha256 h;
	sha256_init(&h);
	sha256_update(&h, tag, sizeof tag);
	sha256_update(&h, fingerprint->b, sizeof fingerprint->b);
	sha256_final(&h, out);
}

/* One transaction in an arena of its own; what it says of itself is copied into `a`. */
static enum err run(struct trial *t, struct exec *x, struct ledger_result *r, struct arena *a,
		    struct tx *tx, struct err_text *why)
{
	*r = (struct ledger_result){0};
	x->arena = arena_new(0);
	x->block_arena = arena_new(0);
	x->work = (struct work){0}; /* each may be in a block of its own: none is put off */
	if (tx->form == VERDICT_OK)
		tx->form = t->l->app->prepare(tx, &tx->form_text);
	enum err e = x->arena && x->block_arena ? exec_transaction(x, r, tx, why) : ERR_NOMEM;
	t->n_undo = 0; /* nothing undoes what is done */
	if (e == ERR_OK && r->text) {
		r->text = arena_copy(a, r->text, sizeof *r->text);
		e = r->text ? ERR_OK : ERR_NOMEM;
	}
	arena_free(x->arena);
	arena_free(x->block_arena);
	x->arena = x->block_arena = NULL;
	return e;
}

/* A transaction of one of the actions, with another id: the signature was checked before. */
static enum err part_of(struct tx **out, const struct tx *tx, size_t i)
{
	Argosy__V1__Body b = *tx->b;
	Argosy__V1__Signature sig = ARGOSY__V1__SIGNATURE__INIT, *sigs[TX_SIGNATURES_MAX] = {&sig};
	Argosy__V1__Transaction whole = ARGOSY__V1__TRANSACTION__INIT;
	Argosy__V1__Signature list[TX_SIGNATURES_MAX];
	uint8_t id[TX_ID_BYTES];
	struct sha256 h;
	struct hash derived;
	sha256_init(&h);
	sha256_update(&h, tx->id, TX_ID_BYTES);
	sha256_update(&h, (const uint8_t[]){(uint8_t)(i >> 8), (uint8_t)i}, 2);
	sha256_final(&h, &derived);
	memcpy(id, derived.b, sizeof id);
	b.id.data = id;
	b.actions = &tx->b->actions[i];
	b.n_actions = 1;
	size_t n = argosy__v1__body__get_packed_size(&b);
	uint8_t *body = malloc(n + 1);
	if (!body)
		return ERR_NOMEM;
	argosy__v1__body__pack(&b, body);
	whole.body = (ProtobufCBinaryData){n, body};
	for (unsigned k = 0; k < tx->n_signatures; k++) {
		list[k] = sig;
		list[k].key = (ProtobufCBinaryData){32, (uint8_t *)(uintptr_t)tx->signatures[k].key};
		list[k].signature =
			(ProtobufCBinaryData){64, (uint8_t *)(uintptr_t)tx->signatures[k].sig};
		sigs[k] = &list[k];
	}
	whole.signatures = sigs;
	whole.n_signatures = tx->n_signatures;
	n = argosy__v1__transaction__get_packed_size(&whole);
	uint8_t *bytes = malloc(n + 1);
	if (!bytes) {
		free(body);
		return ERR_NOMEM;
	}
	argosy__v1__transaction__pack(&whole, bytes);
	enum err e = tx_decode(out, slice(bytes, n));
	if (e == ERR_OK)
		(*out)->signatures_good = (*out)->form == VERDICT_OK;
	free(bytes);
	free(body);
	return e;
}

static bool full(const struct trial *t)
{
	return t->rows > TRIAL_ROWS_MAX || t->bytes > TRIAL_BYTES_MAX;
}

/* *done false: a bound was met before its end. */
static enum err try_each(struct trial *t, struct exec *x, struct ledger_tried *out, bool *done,
			 struct arena *a, struct tx *tx, struct err_text *why)
{
	size_t n = tx->b->n_actions;
	*done = true;
	out->actions = arena_alloc(a, n * sizeof *out->actions);
	if (!out->actions)
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++) {
		struct tx *part;
		struct ledger_result *r = &out->actions[i];
		if (full(t)) {
			*done = false;
			return ERR_OK;
		}
		TRY(part_of(&part, tx, i));
		enum err e = run(t, x, r, a, part, why);
		tx_free(part);
		TRY(e);
		out->n_actions = i + 1;
		/* Each part lacks the same: chain, key, member, time. */
		if (i == 0 && (r->verdict == VERDICT_WRONG_CHAIN ||
			       (r->verdict >= 20 && r->verdict < 60 && r->verdict != VERDICT_QUOTA &&
				r->verdict != VERDICT_KEY_SCOPE))) {
			out->whole = *r;
			out->n_actions = 0;
			return ERR_OK;
		}
	}
	return ERR_OK;
}

static enum err try_one(struct trial *t, struct exec *x, struct ledger_tried *out, bool *done,
			struct arena *a, struct slice bytes, bool each,
			const struct hash *fingerprint, struct err_text *why)
{
	struct tx *tx;
	struct view w = {.x = x};
	struct done before;
	bool found = false;
	TRY(tx_decode(&tx, bytes));
	tx_verify(tx, fingerprint);
	enum err e = ERR_OK;
	*done = true;
	if (each && tx->signatures_good)
		e = done_find(&w, &found, &before, tx->member, tx->id, why);
	if (e == ERR_OK && each && tx->signatures_good && !found)
		e = try_each(t, x, out, done, a, tx, why);
	else if (e == ERR_OK)
		e = run(t, x, &out->whole, a, tx, why);
	tx_free(tx);
	return e;
}

static enum err try_all(struct trial *t, struct ledger_trial *out, struct arena *a,
			const struct slice *txs, size_t n, bool each, int64_t time_ms,
			struct err_text *why)
{
	struct hash fingerprint;
	struct exec x = {.ledger = t->l,
			 .height = out->height + 1,
			 .time_ms = time_ms,
			 .trial = t};
	if (x.height < t->l->genesis.initial_height)
		x.height = t->l->genesis.initial_height;
	trial_fingerprint(&fingerprint, &t->l->fingerprint);
	x.arena = arena_new(0);
	x.block_arena = arena_new(0);
	enum err e = x.arena && x.block_arena ? t->l->app->begin(&x, why) : ERR_NOMEM;
	arena_free(x.arena);
	arena_free(x.block_arena);
	for (size_t i = 0; i < n && e == ERR_OK && !full(t); i++) {
		bool done;
		x.tx_index = (uint32_t)i;
		e = try_one(t, &x, &out->txs[i], &done, a, txs[i], each, &fingerprint, why);
		if (e != ERR_OK || (!done && out->txs[i].n_actions == 0))
			break;
		out->n_txs = i + 1;
		if (!done)
			break;
	}
	return e;
}

enum err ledger_try(struct ledger *l, struct ledger_trial *out, struct arena *a,
		    const struct slice *txs, size_t n, bool each, int64_t time_ms,
		    struct err_text *why)
{
	struct ledger_head head, now;
	ledger_head(l, &head);
	struct trial t = {.l = l,
			  .keep = arena_new(0),
			  .slots = 1024,
			  .first_index = head.log_size,
			  .seed = (uint64_t)bytes_u32be(head.app_hash.b) << 32 |
				  bytes_u32be(head.app_hash.b + 4),
			  .space = BUF_INIT};
	int64_t head_ms = block_time_ms(head.time_s, head.time_ns);
	t.table = calloc(t.slots, sizeof *t.table);
	*out = (struct ledger_trial){arena_alloc(a, (n + 1) * sizeof *out->txs), 0, head.height};
	enum err e = t.keep && t.table && out->txs ? ERR_OK : ERR_NOMEM;
	if (e == ERR_OK)
		e = try_all(&t, out, a, txs, n, each, time_ms > head_ms ? time_ms : head_ms + 1, why);
	ledger_head(l, &now);
	if (e == ERR_CORRUPT && now.height != head.height)
		e = err_set(why, ERR_UNAVAILABLE,
			    "blocks changed what the trial is about while it ran: try again");
	arena_free(t.keep);
	free(t.table);
	free(t.undo);
	free(t.records);
	buf_fini(&t.space);
	return e;
}
