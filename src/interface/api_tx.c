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

bool api_transaction_named(struct api_call *c, struct slice *member, uint8_t id[static TX_ID_BYTES])
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

/* Is this the one? A refused one left no record that says where it stands in the block. */
static bool is_it(const struct node_past *p, uint64_t index, struct slice tx)
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
static enum err bytes_write(struct api_call *c, const struct node_past *p, struct err_text *t)
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
	struct node_past p;
	struct slice member;
	uint8_t id[TX_ID_BYTES];
	struct err_text t = {""};
	char hex[2 * TX_ID_BYTES + 1];
	bool form_given;
	struct slice form = api_param(c, "form", &form_given);
	if (!api_transaction_named(c, &member, id))
		return;
	bool bytes = form_given && slice_eq_str(form, "bytes");
	enum err e = node_past_find(c->node, &p, member, id, &t);
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
