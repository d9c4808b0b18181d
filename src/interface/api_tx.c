/*
 * Where a transaction was done, by its member and id: the block for ever, and what it
 * recorded; the verdict as long as the state keeps it, and for ever of one that left
 * records: it was applied. ?form=bytes gives the transaction itself, out of the block:
 * so that who has lost an answer can tell whether it is his own that was done.
 */
#include "interface/api_inner.h"

#include "ledger/block_record.h"
#include "ledger/member.h"
#include "ledger/tx.h"
#include "trade/subject.h"

/* Cuts "{member}/{id}". False: a problem is written. */
static bool names_cut(struct api_call *c, struct slice *member, uint8_t id[static TX_ID_BYTES])
{
	const uint8_t *slash = memchr(c->rest.p, '/', c->rest.n);
	size_t n = slash ? (size_t)(slash - c->rest.p) : c->rest.n;
	size_t skip = slash ? n + 1 : n;
	struct slice hex;
	if (!api_percent_decode(c->arena, member, slice(c->rest.p, n)) || !member_id_valid(*member)) {
		api_refuse(c, 400, "bad_request", NULL, "this is not a member's id");
		return false;
	}
	if (!api_percent_decode(c->arena, &hex, slice(c->rest.p + skip, c->rest.n - skip)) ||
	    !hex_decode(id, TX_ID_BYTES, hex)) {
		api_refuse(c, 400, "bad_request", NULL, "a transaction's id is %d hex digits",
			   2 * TX_ID_BYTES);
		return false;
	}
	return true;
}

/* What is known of it. */
struct past {
	struct slice member;
	uint8_t id[TX_ID_BYTES];
	struct tx_first first; /* its verdict and body hash where `kept` */
	bool kept;
	uint64_t first_index, records; /* 0 records: none, or the log does not tell */
	uint64_t tx_index;	       /* in the block, where it left records */
};

static enum err record_at(struct api_call *c, struct record *r, struct buf *space, uint64_t index)
{
	buf_clear(space);
	TRY(ledger_read_record(c->ledger, space, index));
	return record_decode(r, c->arena, buf_slice(space));
}

/* Heights never fall from record to record: finds the block's first, then those of the
 * transaction among them. */
static enum err records_find(struct api_call *c, struct past *p)
{
	struct ledger_head head;
	struct record r;
	struct buf space = BUF_INIT;
	uint64_t height = (uint64_t)p->first.height, low = 0;
	enum err e = ERR_OK;
	ledger_head(c->ledger, &head);
	for (uint64_t high = head.log_size; e == ERR_OK && low < high;) {
		uint64_t middle = low + (high - low) / 2;
		e = record_at(c, &r, &space, middle);
		if (e == ERR_OK && r.height < height)
			low = middle + 1;
		else
			high = middle;
	}
	for (uint64_t i = low; e == ERR_OK && i < head.log_size; i++) {
		e = record_at(c, &r, &space, i);
		if (e != ERR_OK || r.height != height)
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
	buf_fini(&space);
	return e;
}

static enum err past_find(struct api_call *c, struct past *p, struct err_text *t)
{
	char hex[2 * TX_ID_BYTES + 1];
	int64_t height = 0;
	bool found = false;
	hex_encode(hex, p->id, TX_ID_BYTES);
	TRY(ledger_tx_height(c->ledger, &found, &height, p->member, p->id));
	if (!found)
		return err_set(t, ERR_NOTFOUND, "no transaction %s of member %.*s was done", hex,
			       (int)p->member.n, (const char *)p->member.p);
	TRY(ledger_tx_verdict(c->ledger, &p->kept, &p->first, p->member, p->id, t));
	/* An id that was used again has several heights: the verdict goes with its own. */
	if (!p->kept)
		p->first.height = height;
	return records_find(c, p);
}

/* Is this the one? A refused one left no record that says where it stands in the block. */
static bool is_it(const struct past *p, uint64_t index, struct slice tx)
{
	struct slice member, id;
	if (!tx_peek(&member, &id, tx) || !slice_eq(member, p->member) ||
	    memcmp(id.p, p->id, TX_ID_BYTES) != 0)
		return false;
	if (p->records || !p->kept)
		return !p->records || index == p->tx_index;
	struct tx *whole;
	if (tx_decode(&whole, tx) != ERR_OK)
		return false;
	bool same = whole->form == VERDICT_OK && hash_eq(&whole->body_hash, &p->first.body_hash);
	tx_free(whole);
	return same;
}

/* The transaction as it stands in its block. */
static enum err bytes_write(struct api_call *c, const struct past *p, struct err_text *t)
{
	struct buf payload = BUF_INIT;
	struct block_record b;
	uint64_t index = 0;
	bool found = false;
	enum err e = ledger_read_block(c->ledger, &payload, p->first.height);
	if (e == ERR_OK && !block_record_decode(&b, buf_slice(&payload)))
		e = ERR_CORRUPT;
	struct reader packets = reader_of(e == ERR_OK ? b.packets : slice("", 0));
	for (uint64_t i = 0; e == ERR_OK && !found && i < b.n_packets; i++) {
		struct reader packet = reader_of(reader_lp(&packets));
		for (struct slice tx; !found && packet_next(&tx, &packet); index++) {
			found = is_it(p, index, tx);
			if (found)
				buf_put_slice(&c->out->body, tx);
		}
	}
	buf_fini(&payload);
	if (e == ERR_OK && !found)
		e = err_set(t, ERR_CORRUPT, "block %lld does not hold it", (long long)p->first.height);
	return e;
}

void api_transaction(struct api_call *c)
{
	struct past p = {.records = 0};
	struct err_text t = {""};
	char hex[2 * TX_ID_BYTES + 1];
	bool form_given;
	struct slice form = api_param(c, "form", &form_given);
	if (!names_cut(c, &p.member, p.id))
		return;
	bool bytes = form_given && slice_eq_str(form, "bytes");
	enum err e = past_find(c, &p, &t);
	if (e == ERR_OK && bytes)
		e = bytes_write(c, &p, &t);
	if (e != ERR_OK) {
		api_fault(c, e, &t);
		return;
	}
	if (bytes) {
		c->out->content_type = "application/octet-stream";
		return;
	}
	hex_encode(hex, p.id, TX_ID_BYTES);
	struct jsonw w = api_json(c);
	jsonw_object(&w, NULL);
	jsonw_text(&w, "member", p.member);
	jsonw_str(&w, "id", hex);
	jsonw_i64(&w, "height", p.first.height);
	if (p.records) {
		jsonw_u64(&w, "first_index", p.first_index);
		jsonw_u64(&w, "records", p.records);
	}
	if (p.kept || p.records) {
		enum verdict v = p.kept ? p.first.verdict : VERDICT_OK;
		jsonw_str(&w, "verdict", verdict_name(v));
		jsonw_str(&w, "sentence", c->zh ? verdict_zh(v) : verdict_en(v));
	}
	jsonw_object_end(&w);
	buf_put_u8(w.out, '\n');
}
