/*
 * done: the ids of transactions that were done, in the state.
 *
 *   key    "t/" member "/" id
 *   value  'T' | body hash, 32 bytes | expires_ms zigzag | height varint | verdict varint
 *   "t!"   height varint | transactions varint: up to where ids were forgotten
 *
 * An id is kept until no transaction of its block can be valid any more; where an
 * id was done, for ever, is what ledger/ids.h keeps outside the state.
 */
#include "ledger/inner.h"

/* Ids stay in the state this long after the block that did them: the longest
 * life of a transaction, and ten minutes. */
#define ID_KEEP_MS (TX_LIFE_MS_MAX + 600000)
enum { PURGE_IDS_MAX = 4096, PURGE_BLOCKS_MAX = 64, KEY_MAX = 2 + MEMBER_ID_MAX + 1 + TX_ID_BYTES };

static struct slice done_key(uint8_t out[static KEY_MAX], struct slice member, const uint8_t *id)
{
	out[0] = 't';
	out[1] = '/';
	memcpy(out + 2, member.p, member.n);
	out[2 + member.n] = '/';
	memcpy(out + 3 + member.n, id, TX_ID_BYTES);
	return slice(out, 3 + member.n + TX_ID_BYTES);
}

static bool done_decode(struct done *v, struct slice value)
{
	struct reader r = reader_of(value);
	bool good = reader_u8(&r) == 'T';
	v->body_hash = reader_hash(&r);
	v->expires_ms = reader_zigzag(&r);
	v->height = reader_varint(&r);
	v->verdict = reader_varint(&r);
	return good && !r.bad && reader_left(&r) == 0;
}

enum err done_find(struct view *w, bool *found, struct done *d, struct slice member,
		   const uint8_t id[static TX_ID_BYTES], struct err_text *t)
{
	uint8_t key[KEY_MAX];
	struct slice value;
	TRY(view_get(w, found, &value, done_key(key, member, id)));
	if (*found && !done_decode(d, value))
		return err_set(t, ERR_CORRUPT, "a transaction id's record is damaged");
	return ERR_OK;
}

enum err done_put(struct exec *x, const struct tx *tx, enum verdict v)
{
	uint8_t key[KEY_MAX], space[80];
	struct buf b = buf_over(space, sizeof space);
	buf_put_u8(&b, 'T');
	buf_put(&b, tx->body_hash.b, 32);
	buf_put_zigzag(&b, tx->b->expires_ms);
	buf_put_varint(&b, (uint64_t)x->height);
	buf_put_varint(&b, (uint64_t)v);
	return exec_put(x, done_key(key, tx->member, tx->id), buf_slice(&b));
}

static enum err purge_one(struct exec *x, int64_t height, struct slice tx)
{
	struct slice member, id, value;
	uint8_t key[KEY_MAX];
	struct done v;
	bool found;
	if (!tx_peek(&member, &id, tx))
		return ERR_OK;
	TRY(exec_get(x, &found, &value, done_key(key, member, id.p)));
	if (!found || !done_decode(&v, value) || v.height != (uint64_t)height)
		return ERR_OK;
	return exec_del(x, done_key(key, member, id.p));
}

/*
 * Forgets ids of blocks older than ID_KEEP_MS, oldest first, from the journal's
 * own blocks, so that no index of expiries is needed. Only blocks with
 * transactions do it: an empty block must not change the app hash.
 */
enum err done_purge(struct exec *x, struct err_text *t)
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
		struct buf b = buf_over(space, sizeof space);
		buf_put_varint(&b, height);
		buf_put_varint(&b, skip);
		e = exec_put(x, SLICE_LIT("t!"), buf_slice(&b));
	}
	return e;
}

enum err ledger_tx_verdict(struct ledger *l, bool *found, struct tx_first *first,
			   struct slice member, const uint8_t id[static TX_ID_BYTES],
			   struct err_text *t)
{
	struct state_read read;
	struct buf space = BUF_INIT;
	struct view w = {.read = &read, .space = &space};
	struct done d;
	bug_if(member.n > MEMBER_ID_MAX);
	TRY(state_read_begin(&read, l->state));
	enum err e = done_find(&w, found, &d, member, id, t);
	if (e == ERR_OK && *found) {
		first->verdict = (enum verdict)d.verdict;
		first->height = (int64_t)d.height;
		first->body_hash = d.body_hash;
	}
	state_read_end(&read);
	buf_fini(&space);
	return e;
}
