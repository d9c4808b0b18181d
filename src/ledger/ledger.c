/*
 * ledger: making a staged block durable and seen, or giving it up.
 *
 * Life of a block: ledger_execute (execute.c) stages it, state and event log in
 * memory; ledger_commit writes the journal record and syncs it, and only then lets
 * the block be seen. LMDB and the derived files follow behind, in large batches; a
 * note with each batch says up to where they go, and opening (open.c) replays the
 * journal from there. ledger_abort gives a staged block up.
 */
#include "ledger/inner.h"

#include <stdlib.h>

int64_t ledger_state_height(const struct ledger *l, int64_t height)
{
	return height - l->genesis.initial_height + 2;
}

/* ---- commit ---- */

enum err ledger_see(struct ledger *l, const struct hash *block_hash, struct journal_pos pos,
		    struct err_text *t)
{
	struct buf note = BUF_INIT;
	l->staged.block_hash = *block_hash;
	note_encode(&note, l, &l->staged, pos);
	enum err e = buf_err(&note);
	for (size_t i = 0; i < l->n_ids_done && e == ERR_OK; i++)
		e = ids_add(l->ids, l->ids_done[i].member, l->ids_done[i].id, l->staged.height);
	if (e == ERR_OK)
		e = places_put(l->places, l->staged.height, pos, t);
	if (e == ERR_OK) {
		pthread_rwlock_wrlock(&l->visible);
		e = mlog_commit(l->mlog, t);
		if (e == ERR_OK)
			e = state_commit(l->state, ledger_state_height(l, l->staged.height),
					 buf_slice(&note), t);
		if (e == ERR_OK) {
			struct journal_stat stat;
			journal_stat(l->journal, &stat);
			l->end_pos = stat.end;
			l->head = l->staged;
			l->transactions += l->staged_txs;
			l->last_pos = pos;
		}
		pthread_rwlock_unlock(&l->visible);
	}
	if (e != ERR_OK)
		state_abort(l->state); /* the block is in the journal: the next opening has it */
	buf_fini(&note);
	arena_free(l->arena);
	l->arena = NULL;
	l->staging = false;
	return e;
}

enum err ledger_commit(struct ledger *l, const struct ledger_block *b, const struct hash *block_hash,
		       struct slice header, struct slice commit, struct err_text *t)
{
	bug_if(!l->staging || l->staged.height != b->height);
	struct block_record r = {.height = b->height,
				 .time_s = b->time_s,
				 .time_ns = b->time_ns,
				 .app_hash = l->staged.app_hash,
				 .header = header,
				 .commit = commit,
				 .n_packets = b->n_packets};
	struct buf head = BUF_INIT, lengths = BUF_INIT;
	struct slice *parts = calloc(1 + 2 * b->n_packets, sizeof *parts);
	struct journal_pos pos;
	block_record_head(&head, &r);
	for (size_t i = 0; i < b->n_packets; i++)
		buf_put_varint(&lengths, b->packets[i].n);
	enum err e = parts && buf_err(&head) == ERR_OK ? buf_err(&lengths) : ERR_NOMEM;
	if (e == ERR_OK) {
		/* head | length packet | length packet ... */
		struct reader at = reader_of(buf_slice(&lengths));
		parts[0] = buf_slice(&head);
		for (size_t i = 0; i < b->n_packets; i++) {
			const uint8_t *p = at.p;
			reader_varint(&at);
			parts[1 + 2 * i] = slice(p, (size_t)(at.p - p));
			parts[2 + 2 * i] = b->packets[i];
		}
		e = journal_append_parts(l->journal, JOURNAL_BLOCK, parts, 1 + 2 * b->n_packets, &pos, t);
	}
	if (e == ERR_OK)
		e = journal_sync(l->journal, t);
	if (e == ERR_OK && b->durable)
		e = b->durable(b->durable_ctx, t);
	buf_fini(&head);
	buf_fini(&lengths);
	free(parts);
	if (e != ERR_OK) {
		ledger_abort(l);
		return e;
	}
	return ledger_see(l, block_hash, pos, t);
}

void ledger_abort(struct ledger *l)
{
	if (!l->staging)
		return;
	state_abort(l->state);
	mlog_truncate(l->mlog, l->head.log_size);
	arena_free(l->arena);
	l->arena = NULL;
	l->n_ids_done = 0;
	l->staging = false;
}

enum err ledger_epoch_begin(struct ledger *l, const struct epoch *e, struct err_text *t)
{
	struct buf payload = BUF_INIT;
	bug_if(l->staging);
	enum err err = ledger_epoch_add(l, e, t);
	if (err == ERR_OK) {
		epoch_encode(&payload, e);
		err = buf_err(&payload);
	}
	if (err == ERR_OK)
		err = journal_append(l->journal, JOURNAL_EPOCH, buf_slice(&payload), NULL, t);
	if (err == ERR_OK)
		err = journal_sync(l->journal, t);
	buf_fini(&payload);
	return err;
}
