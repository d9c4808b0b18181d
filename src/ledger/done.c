/*
 * done: the ids of transactions that were done, in the state.
 *
 *   key    "t/" member "/" id
 *   value  'T' | body hash, 32 bytes | expires_ms zigzag | height varint | verdict varint
 *
 * They are forgotten in the order in which they were done. So that execution needs
 * no block for it, which a node that joined late or pruned its journal has not, the
 * ids of each block that had any stand in pages, numbered from 1 without a gap:
 *
 *   key    "t#" number, u64 big-endian
 *   value  'P' | block time ms zigzag | height varint | up to 1,000 times: member lp, id 16 bytes
 *   "t!"   number of the oldest page, varint | of the next one, varint | time of the oldest,
 *          zigzag; absent where there is no page
 *
 * An id is kept until no transaction of its block can be valid any more; where an
 * id was done, for ever, is what journal/ids.h keeps outside the state.
 */
#include "ledger/inner.h"

/* Ids stay in the state this long after the block that did them: the longest
 * life of a transaction, and ten minutes. */
#define ID_KEEP_MS (TX_LIFE_MS_MAX + 600000)
enum {
	/* Whole pages are forgotten, until so many ids or pages are. */
	PURGE_IDS = 4096,
	PURGE_PAGES = 64,
	PAGE_IDS = 1000, /* 49 KB at most; a value has 64 KiB */
	KEY_MAX = 2 + MEMBER_ID_MAX + 1 + TX_ID_BYTES
};

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
	return exec_put_touched(x, done_key(key, tx->member, tx->id), buf_slice(&b));
}

/* ---- forgetting ---- */

struct pages {
	uint64_t first, next; /* equal: there is none */
	int64_t first_ms;
};

static const uint8_t *page_key(uint8_t key[static 10], uint64_t number)
{
	key[0] = 't';
	key[1] = '#';
	for (unsigned i = 0; i < 8; i++)
		key[2 + i] = (uint8_t)(number >> (56 - 8 * i));
	return key;
}

static enum err damaged(struct err_text *t)
{
	return err_set(t, ERR_CORRUPT,
		       "the state's list of transaction ids is damaged; stop argosyd and run "
		       "\"argosy reindex\"");
}

static enum err pages_get(struct exec *x, struct pages *p, struct err_text *t)
{
	struct slice value;
	bool found;
	*p = (struct pages){1, 1, 0};
	TRY(exec_get(x, &found, &value, SLICE_LIT("t!")));
	if (!found)
		return ERR_OK;
	struct reader r = reader_of(value);
	p->first = reader_varint(&r);
	p->next = reader_varint(&r);
	p->first_ms = reader_zigzag(&r);
	return r.bad || reader_left(&r) || p->first >= p->next ? damaged(t) : ERR_OK;
}

static enum err pages_put(struct exec *x, const struct pages *p)
{
	uint8_t space[32];
	struct buf b = buf_over(space, sizeof space);
	buf_put_varint(&b, p->first);
	buf_put_varint(&b, p->next);
	buf_put_zigzag(&b, p->first_ms);
	bug_if(b.failed);
	return exec_put(x, SLICE_LIT("t!"), buf_slice(&b));
}

/* The page's time and height; its ids are behind what `ids` is left at. */
static enum err page_get(struct exec *x, int64_t *time_ms, uint64_t *height, struct reader *ids,
			 uint64_t number, struct err_text *t)
{
	uint8_t key[10];
	struct slice value;
	bool found;
	TRY(exec_get(x, &found, &value, slice(page_key(key, number), sizeof key)));
	if (!found)
		return damaged(t);
	*ids = reader_of(value);
	bool good = reader_u8(ids) == 'P';
	*time_ms = reader_zigzag(ids);
	*height = reader_varint(ids);
	return good && !ids->bad ? ERR_OK : damaged(t);
}

/* Forgets a page and the ids on it, which are all there: what the block did stays so long. */
static enum err page_forget(struct exec *x, uint64_t *n, uint64_t number, struct err_text *t)
{
	uint8_t key[KEY_MAX], of_page[10];
	struct slice value;
	struct reader r;
	struct done d;
	uint64_t height;
	int64_t time_ms;
	bool found;
	TRY(page_get(x, &time_ms, &height, &r, number, t));
	while (reader_left(&r) > 0) {
		struct slice member = reader_lp(&r), id = reader_bytes(&r, TX_ID_BYTES);
		if (r.bad || member.n > MEMBER_ID_MAX)
			return damaged(t);
		struct slice k = done_key(key, member, id.p);
		TRY(exec_get(x, &found, &value, k));
		if (!found || !done_decode(&d, value) || d.height != height)
			return damaged(t);
		TRY(exec_del(x, k));
		++*n;
	}
	return exec_del(x, slice(page_key(of_page, number), sizeof of_page));
}

enum err done_purge(struct exec *x, struct err_text *t)
{
	const int64_t before_ms = x->time_ms - ID_KEEP_MS;
	struct pages p;
	struct reader ids;
	uint64_t n = 0, height;
	TRY(pages_get(x, &p, t));
	const uint64_t first = p.first;
	while (p.first < p.next && p.first_ms < before_ms && n < PURGE_IDS &&
	       p.first - first < PURGE_PAGES) {
		TRY(page_forget(x, &n, p.first, t));
		p.first++;
		if (p.first < p.next)
			TRY(page_get(x, &p.first_ms, &height, &ids, p.first, t));
	}
	if (p.first == first)
		return ERR_OK;
	return p.first < p.next ? pages_put(x, &p) : exec_del(x, SLICE_LIT("t!"));
}

enum err done_list(struct exec *x, const struct done_id *ids, size_t n, struct err_text *t)
{
	uint8_t key[10];
	struct buf b = BUF_INIT;
	struct pages p;
	enum err e = ERR_OK;
	if (n == 0)
		return ERR_OK;
	TRY(pages_get(x, &p, t));
	if (p.first == p.next)
		p.first_ms = x->time_ms;
	for (size_t i = 0; i < n && e == ERR_OK; p.next++) {
		buf_clear(&b);
		buf_put_u8(&b, 'P');
		buf_put_zigzag(&b, x->time_ms);
		buf_put_varint(&b, (uint64_t)x->height);
		for (size_t end = n - i < PAGE_IDS ? n : i + PAGE_IDS; i < end; i++) {
			buf_put_lp(&b, ids[i].member);
			buf_put(&b, ids[i].id, TX_ID_BYTES);
		}
		e = buf_err(&b);
		if (e == ERR_OK)
			e = exec_put(x, slice(page_key(key, p.next), sizeof key), buf_slice(&b));
	}
	buf_fini(&b);
	return e == ERR_OK ? pages_put(x, &p) : e;
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
