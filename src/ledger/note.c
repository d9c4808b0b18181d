/*
 * note: what a flush of the state says of the rest of the folder, and the epochs that stand in it.
 */
#include "ledger/inner.h"

void note_encode(struct buf *b, const struct ledger *l, const struct ledger_head *h,
		 struct journal_pos pos)
{
	buf_put_u8(b, 1);
	buf_put_varint(b, (uint64_t)h->height);
	buf_put_zigzag(b, h->time_s);
	buf_put_varint(b, (uint64_t)h->time_ns);
	buf_put(b, h->block_hash.b, 32);
	buf_put(b, h->app_hash.b, 32);
	buf_put(b, h->results_hash.b, 32);
	buf_put_varint(b, h->log_size);
	buf_put(b, h->log_root.b, 32);
	buf_put(b, h->state_root.b, 32);
	buf_put_varint(b, pos.segment);
	buf_put_varint(b, pos.offset);
	for (size_t i = 0; i < l->n_epochs; i++)
		epoch_encode(b, &l->epochs[i]);
}

bool note_decode(struct ledger_head *h, struct journal_pos *pos, struct reader *rest,
		 struct slice note)
{
	struct reader r = reader_of(note);
	if (reader_u8(&r) != 1)
		return false;
	h->height = (int64_t)reader_varint(&r);
	h->time_s = reader_zigzag(&r);
	h->time_ns = (int32_t)reader_varint(&r);
	h->block_hash = reader_hash(&r);
	h->app_hash = reader_hash(&r);
	h->results_hash = reader_hash(&r);
	h->log_size = reader_varint(&r);
	h->log_root = reader_hash(&r);
	h->state_root = reader_hash(&r);
	pos->segment = (uint32_t)reader_varint(&r);
	pos->offset = reader_varint(&r);
	*rest = r;
	return !r.bad;
}

enum err ledger_epoch_add(struct ledger *l, const struct epoch *e, struct err_text *t)
{
	if (l->n_epochs == EPOCHS_MAX)
		return err_set(t, ERR_LIMIT, "more than %d epochs", EPOCHS_MAX);
	enum err err = epoch_apply(&l->validators, e, &l->fingerprint, t);
	if (err == ERR_OK)
		l->epochs[l->n_epochs++] = *e;
	return err == ERR_VERIFY ? ERR_CORRUPT : err;
}
