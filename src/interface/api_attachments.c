/*
 * What the chain knows of an attachment: who attached it to what, each by himself, and the receipts
 * of those who erased it.
 * The payload lies in the node's folder; it is not served.
 */
#include "interface/api_inner.h"

#include "trade/attach.h"
#include "trade/voice.h"

enum { HASH_BYTES = 32 };

/* Where a record stands: "index", "height", "recorded", "member". */
static void place_write(struct jsonw *w, const struct record *r, uint64_t index)
{
	api_place_write(w, r, index);
	jsonw_text(w, "member", r->member);
}

/* One member's. */
static enum err attachment_write(struct api_call *c, struct jsonw *w, const struct attachment *at)
{
	struct record made, erased;
	const Argosy__V1__Action *act, *end = NULL;
	if (at->recorded1 == 0)
		return ERR_CORRUPT;
	TRY(api_record_get(c, &made, at->recorded1 - 1));
	TRY(api_act_get(c, &act, &made));
	if (at->erased1) {
		TRY(api_record_get(c, &erased, at->erased1 - 1));
		TRY(api_act_get(c, &end, &erased));
	}
	jsonw_object(w, NULL);
	jsonw_text(w, "subject", at->subject);
	place_write(w, &made, at->recorded1 - 1);
	if (act->act_case == ARGOSY__V1__ACTION__ACT_ATTACH) {
		jsonw_str(w, "kind", act->attach->kind);
		jsonw_str(w, "media_type", act->attach->media_type);
		jsonw_u64(w, "size_bytes", act->attach->size_bytes);
		jsonw_str(w, "title", act->attach->title);
	}
	if (end && end->act_case == ARGOSY__V1__ACTION__ACT_ERASE_ATTACHMENT) {
		jsonw_object(w, "erased");
		place_write(w, &erased, at->erased1 - 1);
		jsonw_str(w, "reason", end->erase_attachment->reason);
		jsonw_object_end(w);
	}
	jsonw_object_end(w);
	return ERR_OK;
}

/* The last who attached it first. */
static enum err attachments_write(struct api_call *c, const uint8_t *hash, struct err_text *t)
{
	struct slice member;
	bool kept = false;
	unsigned n = 0;
	TRY(api_voice_last(c, &member, VOICE_ATTACHMENT, slice(hash, HASH_BYTES)));
	if (member.n == 0)
		return err_set(t, ERR_NOTFOUND, "no attachment of this hash is recorded on this chain");
	struct jsonw w = api_json(c);
	jsonw_object(&w, NULL);
	jsonw_hex(&w, "hash", slice(hash, HASH_BYTES));
	jsonw_array(&w, "attachments");
	for (; member.n && n < API_VOICES_MAX; n++) {
		struct state_key k;
		struct slice v;
		struct attachment at;
		bool found;
		TRY(api_value_get(c, &found, &v, attachment_key(&k, hash, member)));
		if (!found || !attachment_decode(&at, v))
			return ERR_CORRUPT;
		TRY(attachment_write(c, &w, &at));
		kept = kept || at.erased1 == 0;
		member = at.before;
	}
	jsonw_array_end(&w);
	jsonw_bool(&w, "kept", kept || member.n); /* of those not shown nothing is known */
	if (member.n)
		jsonw_bool(&w, "more", true);
	jsonw_object_end(&w);
	buf_put_u8(w.out, '\n');
	return ERR_OK;
}

void api_attachment(struct api_call *c)
{
	uint8_t hash[HASH_BYTES];
	struct err_text t = {""};
	if (!hex_decode(hash, HASH_BYTES, c->rest)) {
		api_refuse(c, 400, "bad_request", NULL, "an attachment's hash is %d hex digits",
			   2 * HASH_BYTES);
		return;
	}
	enum err e = attachments_write(c, hash, &t);
	if (e != ERR_OK)
		api_fault(c, e, &t);
}
