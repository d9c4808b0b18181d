/*
 * Where a transaction was done, by its member and id: the block for ever, the
 * verdict as long as the state keeps it.
 */
#include "interface/api_inner.h"

#include "ledger/member.h"
#include "ledger/tx.h"

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

void api_transaction(struct api_call *c)
{
	struct slice member;
	uint8_t id[TX_ID_BYTES];
	char hex[2 * TX_ID_BYTES + 1];
	struct tx_first first;
	struct err_text t = {""};
	int64_t height = 0;
	bool found = false, kept = false;
	if (!names_cut(c, &member, id))
		return;
	hex_encode(hex, id, TX_ID_BYTES);
	enum err e = ledger_tx_height(c->ledger, &found, &height, member, id);
	if (e == ERR_OK && !found)
		e = err_set(&t, ERR_NOTFOUND, "no transaction %s of member %.*s was done", hex,
			    (int)member.n, (const char *)member.p);
	if (e == ERR_OK)
		e = ledger_tx_verdict(c->ledger, &kept, &first, member, id, &t);
	if (e != ERR_OK) {
		api_fault(c, e, &t);
		return;
	}
	struct jsonw w = api_json(c);
	jsonw_object(&w, NULL);
	jsonw_text(&w, "member", member);
	jsonw_str(&w, "id", hex);
	/* An id that was used again has several heights: the verdict goes with its own. */
	jsonw_i64(&w, "height", kept ? first.height : height);
	if (kept) {
		jsonw_str(&w, "verdict", verdict_name(first.verdict));
		jsonw_str(&w, "sentence",
			  c->zh ? verdict_zh(first.verdict) : verdict_en(first.verdict));
	}
	jsonw_object_end(&w);
	buf_put_u8(w.out, '\n');
}
