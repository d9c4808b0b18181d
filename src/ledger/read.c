/*
 * read: what readers, and those who prove, ask of a ledger: heads, blocks, records, values, all
 * as committed; and what was damaged when they asked.
 */
#include "ledger/inner.h"

void ledger_head(struct ledger *l, struct ledger_head *h)
{
	pthread_rwlock_rdlock(&l->visible);
	*h = l->head;
	pthread_rwlock_unlock(&l->visible);
}

void ledger_journal_end(struct ledger *l, struct ledger_head *h, struct journal_pos *end)
{
	pthread_rwlock_rdlock(&l->visible);
	*h = l->head;
	*end = l->end_pos;
	pthread_rwlock_unlock(&l->visible);
}

const struct genesis *ledger_genesis(const struct ledger *l)
{
	return &l->genesis;
}

const struct epoch *ledger_epochs(struct ledger *l, size_t *n)
{
	*n = l->n_epochs;
	return l->epochs;
}

const struct epoch_set *ledger_validators(struct ledger *l)
{
	return &l->validators;
}

struct slice ledger_genesis_file(const struct ledger *l)
{
	return buf_slice(&l->genesis_file);
}

/* `t` NULL: the rows of the state. */
static void damage_keep(struct ledger *l, const struct err_text *t)
{
	pthread_mutex_lock(&l->damage_lock);
	if (t)
		l->damage = *t;
	else
		(void)err_set(&l->damage, ERR_CORRUPT,
			      "the rows of the state (state/data.mdb, state/run-*) do not hash to its root; "
			      "stop argosyd and run \"argosy reindex\"");
	pthread_mutex_unlock(&l->damage_lock);
}

void ledger_damage(struct ledger *l, struct err_text *t)
{
	pthread_mutex_lock(&l->damage_lock);
	*t = l->damage;
	pthread_mutex_unlock(&l->damage_lock);
	if (!t->text[0])
		(void)err_set(t, ERR_CORRUPT,
			      "the bytes are not what was written: \"argosy verify\" says where; \"argosy "
			      "reindex\" makes state/ anew");
}

enum err ledger_record_read(struct ledger *l, struct buf *out, uint64_t index)
{
	enum err e = mlog_read(l->mlog, out, index);
	if (e == ERR_CORRUPT) {
		struct err_text t;
		mlog_blame(l->mlog, &t, index);
		damage_keep(l, &t);
	}
	return e;
}

enum err ledger_read_block(struct ledger *l, struct buf *out, int64_t height)
{
	struct journal_pos pos;
	uint8_t type;
	struct block_record b;
	struct buf payload = BUF_INIT;
	struct err_text t = {""};
	TRY(places_get(l->places, &pos, height));
	enum err e = journal_read(l->journal, pos, &type, &payload, &t);
	if (e == ERR_NOTFOUND ||
	    (e == ERR_OK && (type != JOURNAL_BLOCK || !block_record_decode(&b, buf_slice(&payload)) ||
			     b.height != height)))
		e = err_set(&t, ERR_CORRUPT,
			    "state/blocks does not say where block %lld lies; stop argosyd and run "
			    "\"argosy reindex\"",
			    (long long)height);
	if (e == ERR_CORRUPT)
		damage_keep(l, &t);
	if (e == ERR_OK) {
		buf_put_slice(out, buf_slice(&payload));
		e = buf_err(out);
	}
	buf_fini(&payload);
	return e;
}

enum err ledger_journal_each(struct ledger *l, int64_t after,
			     bool (*fn)(void *ctx, uint8_t type, struct slice payload), void *ctx,
			     struct err_text *t)
{
	struct ledger_head head;
	struct journal_pos from, end;
	struct journal_cursor *c;
	struct journal_record r;
	bool start = after < l->genesis.initial_height;
	ledger_journal_end(l, &head, &end);
	if (after > head.height)
		return ERR_NOTFOUND;
	if (!start)
		TRY(places_get(l->places, &from, after));
	TRY(journal_cursor_open(&c, l->journal, start ? NULL : &from, t));
	enum err e = start ? ERR_OK : journal_cursor_next(c, &r, t);
	while (e == ERR_OK) {
		e = journal_cursor_next(c, &r, t);
		if (e == ERR_OK &&
		    (journal_pos_cmp(r.pos, end) >= 0 || !fn(ctx, r.type, r.payload)))
			break;
	}
	journal_cursor_close(c);
	return e == ERR_NOTFOUND ? ERR_OK : e;
}

enum err ledger_read_record(struct ledger *l, struct buf *out, uint64_t index)
{
	if (index >= mlog_committed(l->mlog))
		return ERR_NOTFOUND;
	return ledger_record_read(l, out, index);
}

enum err ledger_get(struct ledger *l, bool *found, struct buf *out, struct slice key)
{
	struct state_read r;
	TRY(state_read_begin(&r, l->state));
	enum err e = state_read_get(&r, found, out, key);
	state_read_end(&r);
	if (e == ERR_CORRUPT)
		damage_keep(l, NULL);
	return e;
}

enum err ledger_tx_height(struct ledger *l, bool *found, int64_t *height, struct slice member,
			  const uint8_t id[static TX_ID_BYTES])
{
	struct ledger_head h;
	TRY(ids_find(l->ids, found, height, member, id));
	/* The index has a block's ids a moment before the block is seen. */
	ledger_head(l, &h);
	if (*found && *height > h.height)
		*found = false;
	return ERR_OK;
}

static enum err prove(struct ledger *l, struct ledger_proof *p, const struct slice *keys, size_t n,
		      struct buf *values, struct state_proof *proofs, struct err_text *t)
{
	struct state_read r;
	bool found;
	p->height = l->head.height;
	p->log_size = l->head.log_size;
	p->log_root = l->head.log_root;
	p->state_root = l->head.state_root;
	p->app_hash = l->head.app_hash;
	TRY(state_read_begin(&r, l->state));
	enum err e = ERR_OK;
	for (size_t i = 0; i < n && e == ERR_OK; i++) {
		e = state_read_prove(&r, &proofs[i], &values[i], keys[i]);
		found = proofs[i].kind == STATE_PROOF_PRESENT;
		if (e == ERR_OK && !state_proof_check(&proofs[i], &p->state_root, keys[i],
						      found ? &(struct slice){values[i].p, values[i].n}
							    : NULL))
			e = err_set(t, ERR_CORRUPT, "the state's proof does not fit its root; run argosy reindex");
	}
	state_read_end(&r);
	return e;
}

enum err ledger_prove(struct ledger *l, struct ledger_proof *p, const struct slice *keys, size_t n,
		      struct buf *values, struct state_proof *proofs, struct err_text *t)
{
	pthread_rwlock_rdlock(&l->visible);
	enum err e = prove(l, p, keys, n, values, proofs, t);
	pthread_rwlock_unlock(&l->visible);
	return e;
}

struct state *ledger_state(struct ledger *l)
{
	return l->state;
}

struct mlog *ledger_mlog(struct ledger *l)
{
	return l->mlog;
}
