/*
 * receipt: what became of a transaction, found in the log; and its receipt.
 *
 * The records of a transaction stand in the log one after the other. A receipt shows them
 * under the newest head: whoever sent it needs no later one, for each later log continues
 * this one.
 */
#include "node/prove.h"

#include "proof/receipt.h"
#include "trade/subject.h"

#include <stdlib.h>

enum { SCRATCH = 64 << 20 };

/* `a` is emptied first: the record lives until the next call. */
static enum err record_at(struct node *n, struct record *r, struct arena *a, struct buf *space,
			  uint64_t index)
{
	buf_clear(space);
	arena_reset(a);
	TRY(ledger_read_record(n->ledger, space, index));
	return record_decode(r, a, buf_slice(space));
}

/* Heights never fall from record to record: finds the block's first, then those of the
 * transaction among them. */
static enum err records_find(struct node *n, struct node_past *p, struct arena *a,
			     struct buf *space)
{
	struct ledger_head head;
	struct record r;
	uint64_t height = (uint64_t)p->first.height, low = 0;
	ledger_head(n->ledger, &head);
	for (uint64_t high = head.log_size; low < high;) {
		uint64_t middle = low + (high - low) / 2;
		TRY(record_at(n, &r, a, space, middle));
		if (r.height < height)
			low = middle + 1;
		else
			high = middle;
	}
	for (uint64_t i = low; i < head.log_size; i++) {
		TRY(record_at(n, &r, a, space, i));
		if (r.height != height)
			break;
		if (memcmp(r.tx_id, p->id, TX_ID_BYTES) != 0 || !slice_eq(r.member, p->member)) {
			if (p->records)
				break;
			continue;
		}
		if (p->records++ == 0) {
			p->first_index = i;
			p->tx_index = r.tx_index;
		}
	}
	return ERR_OK;
}

enum err node_past_find(struct node *n, struct node_past *out, struct slice member,
			const uint8_t id[static TX_ID_BYTES], struct err_text *t)
{
	char hex[2 * TX_ID_BYTES + 1];
	int64_t height = 0;
	bool found = false;
	*out = (struct node_past){.member = member};
	memcpy(out->id, id, TX_ID_BYTES);
	hex_encode(hex, id, TX_ID_BYTES);
	TRY(ledger_tx_height(n->ledger, &found, &height, member, id));
	if (!found)
		return err_set(t, ERR_NOTFOUND, "no transaction %s of member %.*s was done", hex,
			       (int)member.n, (const char *)member.p);
	TRY(ledger_tx_verdict(n->ledger, &out->kept, &out->first, member, id, t));
	/* An id that was used again has several heights: the verdict goes with its own. */
	if (!out->kept)
		out->first.height = height;
	struct arena *a = arena_new(SCRATCH);
	struct buf space = BUF_INIT;
	enum err e = a ? records_find(n, out, a, &space) : ERR_NOMEM;
	buf_fini(&space);
	arena_free(a);
	return e;
}

/* Is record `index` of the same transaction? One that is not there is not. */
static enum err same_transaction(struct node *n, bool *same, const struct record *of,
				 uint64_t index, uint64_t size, struct arena *a, struct buf *space)
{
	struct record r;
	*same = false;
	if (index >= size)
		return ERR_OK;
	TRY(record_at(n, &r, a, space, index));
	*same = r.height == of->height && r.tx_index == of->tx_index;
	return ERR_OK;
}

static enum err range_find(struct node *n, uint64_t *first, uint64_t *count, uint64_t index,
			   uint64_t size, struct err_text *t)
{
	struct record of;
	struct arena *a = arena_new(SCRATCH);
	struct buf space = BUF_INIT;
	bool same = true;
	enum err e = a ? record_at(n, &of, a, &space, index) : ERR_NOMEM;
	if (e == ERR_NOTFOUND)
		e = err_set(t, e, "there is no record %llu yet", (unsigned long long)index);
	for (*first = index; e == ERR_OK && *first > 0;) {
		e = same_transaction(n, &same, &of, *first - 1, size, a, &space);
		if (e != ERR_OK || !same)
			break;
		--*first;
	}
	for (*count = index + 1 - *first; e == ERR_OK; ++*count) {
		e = same_transaction(n, &same, &of, *first + *count, size, a, &space);
		if (e != ERR_OK || !same)
			break;
	}
	buf_fini(&space);
	arena_free(a);
	return e;
}

static enum err encode(struct node *n, struct buf *out, struct receipt *r, size_t count,
		       struct err_text *t)
{
	struct mlog_range path;
	struct buf bytes = BUF_INIT;
	size_t *ends = calloc(count, sizeof *ends);
	struct slice *list = calloc(count, sizeof *list);
	enum err e = ends && list ? ERR_OK : ERR_NOMEM;
	for (size_t i = 0; i < count && e == ERR_OK; i++) {
		e = ledger_read_record(n->ledger, &bytes, r->first + i);
		ends[i] = bytes.n;
		if (e == ERR_OK && bytes.n > RECEIPT_BYTES_MAX)
			e = err_set(t, ERR_LIMIT, "the records are too many bytes for a receipt");
	}
	for (size_t i = 0; i < count && e == ERR_OK; i++) {
		size_t from = i ? ends[i - 1] : 0;
		list[i] = slice(bytes.p + from, ends[i] - from);
	}
	if (e == ERR_OK)
		e = mlog_prove_range(ledger_mlog(n->ledger), &path, r->first, count,
				     r->head.log_size);
	r->records = list;
	r->n = count;
	r->path = &path;
	if (e == ERR_OK)
		e = receipt_encode(out, r, t);
	buf_fini(&bytes);
	free(ends);
	free(list);
	return e;
}

enum err node_receipt(struct node *n, struct buf *out, uint64_t index, struct err_text *t)
{
	struct signed_block *block = calloc(1, sizeof *block);
	struct receipt r = {.first = 0};
	uint64_t count = 0;
	enum err e = block ? head_newest(n, &r.head, block, t) : ERR_NOMEM;
	if (e == ERR_OK && index >= r.head.log_size)
		e = err_set(t, ERR_NOTFOUND, "there is no record %llu yet",
			    (unsigned long long)index);
	if (e == ERR_OK)
		e = range_find(n, &r.first, &count, index, r.head.log_size, t);
	if (e == ERR_OK)
		e = encode(n, out, &r, (size_t)count, t);
	free(block);
	return e;
}
