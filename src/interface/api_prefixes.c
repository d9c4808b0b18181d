/*
 * Ranges of identifiers: whose they are, and every act that changed that.
 */
#include "interface/api_inner.h"

#include "ledger/member.h"
#include "trade/credential.h"
#include "trade/keys.h"
#include "trade/owner.h"
#include "trade/prepared.h"
#include "trade/voice.h"

#include <stdlib.h>

enum { LIST_MAX = 10000, EVENTS_MAX = 1000 };

static enum err range_of(struct api_call *c, bool *found, struct range *r, struct slice prefix)
{
	struct state_key k;
	struct slice v;
	TRY(api_value_get(c, found, &v, key_make(&k, "x/", prefix)));
	return !*found || range_decode(r, v) ? ERR_OK : ERR_CORRUPT;
}

/* ---- one ---- */

/* The credentials of that id about the owner, by whomever, and whether they hold now. */
static enum err proofs_write(struct api_call *c, struct jsonw *w, const struct range *r)
{
	struct slice issuer;
	int64_t now = api_head_ms(c);
	TRY(api_voice_last(c, &issuer, VOICE_CREDENTIAL, r->credential));
	jsonw_array(w, "credentials");
	for (unsigned n = 0; issuer.n && n < API_VOICES_MAX; n++) {
		struct state_key k;
		struct slice key, v, about, before;
		struct credential cr;
		bool found;
		if (!credential_about_key(&k, &key, issuer, r->credential))
			return ERR_CORRUPT;
		TRY(api_value_get(c, &found, &v, key));
		if (!found || !credential_about_decode(&about, &before, v) ||
		    !credential_key(&k, &key, about, issuer, r->credential))
			return ERR_CORRUPT;
		if (slice_eq(about, r->owner)) {
			TRY(api_value_get(c, &found, &v, key));
			if (!found || !credential_decode(&cr, v))
				return ERR_CORRUPT;
			jsonw_object(w, NULL);
			jsonw_text(w, "id", r->credential);
			jsonw_text(w, "recorded_by", issuer);
			jsonw_text(w, "kind", cr.kind);
			jsonw_str(w, "standing", credential_standing_name(credential_standing(&cr, now)));
			jsonw_time(w, "standing_at", now);
			jsonw_object_end(w);
		}
		issuer = before;
	}
	jsonw_array_end(w);
	return ERR_OK;
}

/* Who has one around it: the longest counts. */
static enum err around_write(struct api_call *c, struct jsonw *w, struct slice prefix)
{
	size_t longest = 0;
	struct range r, at = {0};
	bool found;
	for (size_t n = owner_ancestor_next(prefix, 0); n; n = owner_ancestor_next(prefix, n)) {
		TRY(range_of(c, &found, &r, slice(prefix.p, n)));
		if (found && r.owner.n) {
			longest = n;
			at = r;
		}
	}
	if (longest) {
		jsonw_object(w, "inside");
		jsonw_text(w, "prefix", slice(prefix.p, longest));
		jsonw_text(w, "owner", at.owner);
		jsonw_object_end(w);
	}
	return ERR_OK;
}

/* One act that changed it. */
static enum err event_write(struct api_call *c, struct jsonw *w, struct slice prefix, uint64_t n)
{
	struct state_key k;
	struct slice v;
	struct record r;
	const Argosy__V1__Action *act;
	bool found;
	TRY(api_value_get(c, &found, &v, range_event_key(&k, prefix, n)));
	struct reader in = reader_of(v);
	uint64_t index1 = found ? reader_varint(&in) : 0;
	if (index1 == 0 || in.bad)
		return ERR_CORRUPT;
	TRY(api_record_get(c, &r, index1 - 1));
	TRY(api_act_get(c, &act, &r));
	jsonw_object(w, NULL);
	jsonw_str(w, "act", act_name(r.kind));
	jsonw_text(w, "by", r.member);
	if (act->act_case == ARGOSY__V1__ACTION__ACT_ARBITRATE_RANGE) {
		jsonw_str(w, "owner", act->arbitrate_range->member);
		jsonw_str(w, "reason", act->arbitrate_range->reason);
	} else if (act->act_case == ARGOSY__V1__ACTION__ACT_REGISTER_PREFIX) {
		jsonw_text(w, "owner", r.member);
		if (*act->register_prefix->credential)
			jsonw_str(w, "credential", act->register_prefix->credential);
	} else {
		return ERR_CORRUPT;
	}
	api_place_write(w, &r, index1 - 1);
	jsonw_object_end(w);
	return ERR_OK;
}

static enum err prefix_write(struct api_call *c, struct slice prefix, struct err_text *t)
{
	struct range r;
	bool found;
	TRY(range_of(c, &found, &r, prefix));
	if (!found || r.n == 0)
		return err_set(t, ERR_NOTFOUND, "the range %.*s was never registered", (int)prefix.n,
			       (const char *)prefix.p);
	struct jsonw w = api_json(c);
	jsonw_object(&w, NULL);
	jsonw_text(&w, "prefix", prefix);
	jsonw_text(&w, "owner", r.owner);
	if (r.credential.n)
		TRY(proofs_write(c, &w, &r));
	TRY(around_write(c, &w, prefix));
	jsonw_bool(&w, "longer_ones", r.inside);
	jsonw_array(&w, "history");
	for (uint64_t n = r.n; n && r.n - n < EVENTS_MAX; n--)
		TRY(event_write(c, &w, prefix, n - 1));
	jsonw_array_end(&w);
	if (r.n > EVENTS_MAX)
		jsonw_bool(&w, "more", true);
	jsonw_object_end(&w);
	buf_put_u8(w.out, '\n');
	return ERR_OK;
}

/* ---- all, or a member's ---- */

struct listed {
	uint64_t since1;
	struct slice prefix, owner;
};

struct list {
	struct api_call *c;
	struct slice member; /* empty: everybody's */
	struct listed *at;
	size_t n, cap;
};

static enum err list_row(void *ctx, struct slice key, struct slice value)
{
	struct list *l = ctx;
	struct range r;
	if (key.n < 3 || !slice_starts(key, "x/"))
		return ERR_OK;
	if (!range_decode(&r, value))
		return ERR_CORRUPT;
	if (r.owner.n == 0 || (l->member.n && !slice_eq(r.owner, l->member)))
		return ERR_OK;
	if (l->n == LIST_MAX)
		return ERR_LIMIT;
	if (l->n == l->cap) {
		size_t cap = 2 * l->cap + 16;
		struct listed *more = realloc(l->at, cap * sizeof *more);
		if (!more)
			return ERR_NOMEM;
		l->at = more;
		l->cap = cap;
	}
	uint8_t *p = arena_copy(l->c->arena, key.p + 2, key.n - 2);
	uint8_t *o = arena_copy(l->c->arena, r.owner.p, r.owner.n);
	if (!p || !o)
		return ERR_NOMEM;
	l->at[l->n++] = (struct listed){r.since1, slice(p, key.n - 2), slice(o, r.owner.n)};
	return ERR_OK;
}

static int by_prefix(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;
	return slice_cmp(x->prefix, y->prefix);
}

static enum err listed_write(struct api_call *c, struct jsonw *w, const struct listed *l)
{
	struct record r;
	if (l->since1 == 0)
		return ERR_CORRUPT;
	TRY(api_record_get(c, &r, l->since1 - 1));
	jsonw_object(w, NULL);
	jsonw_text(w, "prefix", l->prefix);
	jsonw_text(w, "owner", l->owner);
	jsonw_bool(w, "arbitrated", r.kind == ACT_ARBITRATE_RANGE);
	api_place_write(w, &r, l->since1 - 1);
	jsonw_object_end(w);
	return ERR_OK;
}

void api_prefixes(struct api_call *c)
{
	bool by_member;
	struct list l = {.c = c, .member = api_param(c, "member", &by_member)};
	if (by_member && !member_id_valid(l.member)) {
		api_refuse(c, 400, "bad_request", "?member", "this is not a member's id");
		return;
	}
	enum err e = api_rows_each(c, list_row, &l);
	if (l.n)
		qsort(l.at, l.n, sizeof *l.at, by_prefix);
	struct jsonw w = api_json(c);
	jsonw_object(&w, NULL);
	jsonw_array(&w, "prefixes");
	for (size_t i = 0; i < l.n && e == ERR_OK; i++)
		e = listed_write(c, &w, &l.at[i]);
	jsonw_array_end(&w);
	jsonw_object_end(&w);
	buf_put_u8(w.out, '\n');
	free(l.at);
	if (e != ERR_OK)
		api_fault(c, e, NULL);
}

void api_prefix(struct api_call *c)
{
	struct slice prefix;
	struct err_text t = {""};
	bool decoded = api_percent_decode(c->arena, &prefix, c->rest);
	const char *fault = decoded ? owner_prefix_fault(prefix) : "the prefix is badly encoded";
	if (fault) {
		api_refuse(c, decoded ? 422 : 400, decoded ? "invalid" : "bad_request", NULL, "%s",
			   fault);
		return;
	}
	enum err e = prefix_write(c, prefix, &t);
	if (e != ERR_OK)
		api_fault(c, e, &t);
}
