/*
 * What the chain knows of an attachment: who attached it to what, and the receipt of its erasure.
 * The payload lies in the node's folder; it is not served.
 */
#include "interface/api_inner.h"

#include "trade/attach.h"
#include "trade/keys.h"

#include "argosy/v1/action.pb-c.h"

enum { HASH_BYTES = 32 };

/* The record of an act of the attachment, and the act; both are the call's. */
static enum err act_read(struct api_call *c, struct record *r, const Argosy__V1__Action **act,
			 uint64_t index)
{
	struct buf b = BUF_INIT;
	enum err e = ledger_read_record(c->ledger, &b, index);
	uint8_t *copy = e == ERR_OK ? arena_copy(c->arena, b.p, b.n) : NULL;
	if (e == ERR_OK && !copy)
		e = ERR_NOMEM;
	if (e == ERR_OK)
		e = record_decode(r, c->arena, slice(copy, b.n));
	buf_fini(&b);
	TRY(e);
	ProtobufCAllocator from = wire_allocator(c->arena);
	*act = argosy__v1__action__unpack(&from, r->action.n, r->action.p);
	return *act ? ERR_OK : ERR_CORRUPT;
}

/* Where a record stands: {index, height, recorded, member, ... */
static void place_write(struct jsonw *w, const struct record *r, uint64_t index)
{
	jsonw_u64(w, "index", index);
	jsonw_u64(w, "height", r->height);
	jsonw_time(w, "recorded", r->time_ms);
	jsonw_text(w, "member", r->member);
}

static enum err attachment_write(struct api_call *c, const uint8_t *hash, const struct attachment *at)
{
	struct record made, erased;
	const Argosy__V1__Action *act, *end = NULL;
	if (at->recorded1 == 0)
		return ERR_CORRUPT;
	TRY(act_read(c, &made, &act, at->recorded1 - 1));
	if (at->erased1)
		TRY(act_read(c, &erased, &end, at->erased1 - 1));
	struct jsonw w = api_json(c);
	jsonw_object(&w, NULL);
	jsonw_hex(&w, "hash", slice(hash, HASH_BYTES));
	jsonw_text(&w, "subject", at->subject);
	place_write(&w, &made, at->recorded1 - 1);
	if (act->act_case == ARGOSY__V1__ACTION__ACT_ATTACH) {
		jsonw_str(&w, "kind", act->attach->kind);
		jsonw_str(&w, "media_type", act->attach->media_type);
		jsonw_u64(&w, "size_bytes", act->attach->size_bytes);
		jsonw_str(&w, "title", act->attach->title);
	}
	if (end && end->act_case == ARGOSY__V1__ACTION__ACT_ERASE_ATTACHMENT) {
		jsonw_object(&w, "erased");
		place_write(&w, &erased, at->erased1 - 1);
		jsonw_str(&w, "reason", end->erase_attachment->reason);
		jsonw_object_end(&w);
	}
	jsonw_object_end(&w);
	buf_put_u8(w.out, '\n');
	return ERR_OK;
}

void api_attachment(struct api_call *c)
{
	uint8_t hash[HASH_BYTES];
	struct state_key k;
	struct buf value = BUF_INIT;
	struct attachment at;
	struct err_text t = {""};
	bool found;
	if (!hex_decode(hash, HASH_BYTES, c->rest)) {
		api_refuse(c, 400, "bad_request", NULL, "an attachment's hash is %d hex digits",
			   2 * HASH_BYTES);
		return;
	}
	enum err e = ledger_get(c->ledger, &found, &value, key_make(&k, "a/", slice(hash, HASH_BYTES)));
	if (e == ERR_OK && !found)
		e = err_set(&t, ERR_NOTFOUND, "no attachment of this hash is recorded on this chain");
	else if (e == ERR_OK && !attachment_decode(&at, buf_slice(&value)))
		e = ERR_CORRUPT;
	if (e == ERR_OK)
		e = attachment_write(c, hash, &at);
	buf_fini(&value);
	if (e != ERR_OK)
		api_fault(c, e, &t);
}
