/*
 * Master data, credentials and grants, as they stand at the newest block.
 *
 * The state has no order by name. So what has an identifier is found by it; what several have
 * recorded under one name by the last of them, each naming the one before; a member's
 * credentials by a walk over all rows, as his keys are; and the grants on a subject
 * by its history and the claims beside it, which hold every act that gave one.
 */
#include "interface/api_inner.h"

#include "data/gs1.h"
#include "interface/protojson.h"
#include "ledger/member.h"
#include "trade/credential.h"
#include "trade/grant.h"
#include "trade/keys.h"
#include "trade/master.h"
#include "trade/owner.h"
#include "trade/prepared.h"
#include "trade/subject.h"
#include "trade/voice.h"

#include "argosy/v1/action.pb-c.h"

#include <stdlib.h>

enum { LIST_MAX = 10000, RECORDS_MAX = 10000 };

static const ProtobufCMessage *master_of(const Argosy__V1__Action *a)
{
	switch ((int)a->act_case) {
	case ARGOSY__V1__ACTION__ACT_REGISTER_PRODUCT:
		return &a->register_product->product->base;
	case ARGOSY__V1__ACTION__ACT_REGISTER_LOCATION:
		return &a->register_location->location->base;
	case ARGOSY__V1__ACTION__ACT_DEFINE_LOT:
		return &a->define_lot->lot->base;
	case ARGOSY__V1__ACTION__ACT_ISSUE_CREDENTIAL:
		return &a->issue_credential->credential->base;
	}
	return NULL;
}

/* What was signed in a record, under `name`. */
static enum err data_write(struct jsonw *w, const char *name, const struct record *r)
{
	Argosy__V1__Action *a = argosy__v1__action__unpack(NULL, r->action.n, r->action.p);
	const ProtobufCMessage *m = a ? master_of(a) : NULL;
	if (m)
		protojson_write(w, name, m);
	if (a)
		argosy__v1__action__free_unpacked(a, NULL);
	return m ? ERR_OK : ERR_CORRUPT;
}

/* ---- products, lots, locations ---- */

static enum err master_write(struct api_call *c, const struct gs1_id *id, char letter, const char *space,
			     const char *name, struct err_text *t)
{
	struct state_key k;
	struct slice v;
	struct master m;
	struct record r;
	bool found;
	TRY(api_value_get(c, &found, &v, key_make(&k, space, slice_str(id->canon))));
	if (!found)
		return err_set(t, ERR_NOTFOUND, "there is no %s %s", name, id->canon);
	if (!master_decode(&m, letter, v) || m.recorded1 == 0)
		return ERR_CORRUPT;
	TRY(api_record_get(c, &r, m.recorded1 - 1));
	struct jsonw w = api_json(c);
	jsonw_object(&w, NULL);
	jsonw_str(&w, "id", id->canon);
	jsonw_text(&w, "owner", m.owner);
	api_place_write(&w, &r, m.recorded1 - 1);
	TRY(data_write(&w, name, &r));
	jsonw_object_end(&w);
	buf_put_u8(w.out, '\n');
	return ERR_OK;
}

static void master_answer(struct api_call *c, char letter, const char *space, const char *name)
{
	struct gs1_id id;
	struct err_text t = {""};
	if (!api_id_take(c, &id, letter == 'L' ? GS1_ASKED_PLACE : GS1_ASKED_THING))
		return;
	enum err e = master_write(c, &id, letter, space, name, &t);
	if (e != ERR_OK)
		api_fault(c, e, &t);
}

void api_product(struct api_call *c)
{
	master_answer(c, 'P', "p/", "product");
}

void api_location(struct api_call *c)
{
	master_answer(c, 'L', "l/", "location");
}

static enum err subject_get(struct api_call *c, bool *found, struct subject *s, struct slice id)
{
	struct state_key k;
	struct slice v;
	*s = (struct subject){0};
	TRY(api_value_get(c, found, &v, key_make(&k, "s/", id)));
	return !*found || subject_decode(s, v) ? ERR_OK : ERR_CORRUPT;
}

/* One member's definition of a lot. *found false: he made none. */
static enum err lot_get(struct api_call *c, bool *found, struct master *m, struct slice id,
			struct slice member)
{
	struct state_key k;
	struct slice key, v;
	*found = false;
	if (!master_lot_key(&k, &key, id, member))
		return ERR_OK;
	TRY(api_value_get(c, found, &v, key));
	return !*found || (master_decode(m, 'O', v) && m->recorded1) ? ERR_OK : ERR_CORRUPT;
}

static enum err definition_write(struct api_call *c, struct jsonw *w, const struct master *m)
{
	struct record r;
	TRY(api_record_get(c, &r, m->recorded1 - 1));
	jsonw_text(w, "defined_by", r.member);
	api_place_write(w, &r, m->recorded1 - 1);
	return data_write(w, "lot", &r);
}

/* The others, the last who came in first. */
static enum err definitions_write(struct api_call *c, struct jsonw *w, struct slice id,
				  struct slice member, struct slice but)
{
	struct master m;
	bool found;
	jsonw_array(w, "others");
	for (unsigned n = 0; member.n && n < API_VOICES_MAX; n++) {
		TRY(lot_get(c, &found, &m, id, member));
		if (!found)
			return ERR_CORRUPT;
		if (!slice_eq(member, but)) {
			jsonw_object(w, NULL);
			TRY(definition_write(c, w, &m));
			jsonw_object_end(w);
		}
		member = m.owner;
	}
	jsonw_array_end(w);
	if (member.n)
		jsonw_bool(w, "more", true);
	return ERR_OK;
}

/* What the lot's owner says of it counts; where he says nothing, the last who defined it is shown. */
static enum err lot_write(struct api_call *c, const struct gs1_id *id, struct err_text *t)
{
	struct slice all = slice_str(id->canon), last, who;
	struct subject s;
	struct master m;
	bool found, owners = false;
	TRY(api_voice_last(c, &last, VOICE_LOT, all));
	if (last.n == 0)
		return err_set(t, ERR_NOTFOUND, "there is no lot %s", id->canon);
	TRY(subject_get(c, &found, &s, all));
	if (found && s.owner.n)
		TRY(lot_get(c, &owners, &m, all, s.owner));
	who = owners ? s.owner : last;
	TRY(lot_get(c, &found, &m, all, who));
	if (!found)
		return ERR_CORRUPT;
	struct jsonw w = api_json(c);
	jsonw_object(&w, NULL);
	jsonw_str(&w, "id", id->canon);
	jsonw_text(&w, "owner", s.owner);
	TRY(definition_write(c, &w, &m));
	TRY(definitions_write(c, &w, all, last, who));
	jsonw_object_end(&w);
	buf_put_u8(w.out, '\n');
	return ERR_OK;
}

void api_lot(struct api_call *c)
{
	struct gs1_id id;
	struct err_text t = {""};
	if (!api_id_take(c, &id, GS1_ASKED_THING))
		return;
	enum err e = lot_write(c, &id, &t);
	if (e != ERR_OK)
		api_fault(c, e, &t);
}

/* ---- credentials ---- */

/* `whole`: with what was signed. */
static enum err credential_write(struct api_call *c, struct jsonw *w, struct slice member, struct slice id,
				 struct slice value, int64_t now_ms, bool whole)
{
	struct credential cr;
	struct record r, revoked;
	if (!credential_decode(&cr, value) || cr.recorded1 == 0)
		return ERR_CORRUPT;
	TRY(api_record_get(c, &r, cr.recorded1 - 1));
	if (cr.revoked1)
		TRY(api_record_get(c, &revoked, cr.revoked1 - 1));
	jsonw_object(w, NULL);
	jsonw_text(w, "id", id);
	jsonw_text(w, "member", member);
	jsonw_text(w, "kind", cr.kind);
	jsonw_text(w, "recorded_by", r.member);
	if (cr.valid_from.n)
		jsonw_text(w, "valid_from", cr.valid_from);
	if (cr.valid_to.n)
		jsonw_text(w, "valid_to", cr.valid_to);
	jsonw_str(w, "standing", credential_standing_name(credential_standing(&cr, now_ms)));
	jsonw_time(w, "standing_at", now_ms);
	api_place_write(w, &r, cr.recorded1 - 1);
	if (cr.revoked1) {
		jsonw_time(w, "revoked", revoked.time_ms);
		jsonw_u64(w, "revoked_index", cr.revoked1 - 1);
	}
	if (whole)
		TRY(data_write(w, "credential", &r));
	jsonw_object_end(w);
	return ERR_OK;
}

/* All of one id, each of another issuer; the last who came in first. */
static enum err credential_show(struct api_call *c, const struct gs1_id *id, struct err_text *t)
{
	struct slice issuer, id_text = slice_str(id->canon);
	int64_t now = api_head_ms(c);
	TRY(api_voice_last(c, &issuer, VOICE_CREDENTIAL, id_text));
	if (issuer.n == 0)
		return err_set(t, ERR_NOTFOUND, "there is no credential %s", id->canon);
	struct jsonw w = api_json(c);
	jsonw_object(&w, NULL);
	jsonw_text(&w, "id", id_text);
	jsonw_array(&w, "credentials");
	for (unsigned n = 0; issuer.n && n < API_VOICES_MAX; n++) {
		struct state_key k;
		struct slice key, v, about, before;
		bool found;
		if (!credential_about_key(&k, &key, issuer, id_text))
			return ERR_CORRUPT;
		TRY(api_value_get(c, &found, &v, key));
		if (!found || !credential_about_decode(&about, &before, v) ||
		    !credential_key(&k, &key, about, issuer, id_text))
			return ERR_CORRUPT;
		TRY(api_value_get(c, &found, &v, key));
		if (!found)
			return ERR_CORRUPT;
		TRY(credential_write(c, &w, about, id_text, v, now, true));
		issuer = before;
	}
	jsonw_array_end(&w);
	if (issuer.n)
		jsonw_bool(&w, "more", true);
	jsonw_object_end(&w);
	buf_put_u8(w.out, '\n');
	return ERR_OK;
}

struct listed {
	uint64_t recorded1;
	struct slice id, value;
};

struct list {
	struct api_call *c;
	struct slice start; /* of the keys: "c/MEMBER/", then "ISSUER/ID" */
	struct listed *at;
	size_t n, cap;
};

static enum err list_row(void *ctx, struct slice key, struct slice value)
{
	struct list *l = ctx;
	struct credential cr;
	if (key.n <= l->start.n || memcmp(key.p, l->start.p, l->start.n) != 0)
		return ERR_OK;
	if (!credential_decode(&cr, value))
		return ERR_CORRUPT;
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
	size_t at = l->start.n;
	while (at < key.n && key.p[at] != '/')
		at++;
	if (at++ == key.n)
		return ERR_CORRUPT;
	uint8_t *k = arena_copy(l->c->arena, key.p, key.n), *v = arena_copy(l->c->arena, value.p, value.n);
	if (!k || !v)
		return ERR_NOMEM;
	l->at[l->n++] = (struct listed){cr.recorded1, slice(k + at, key.n - at), slice(v, value.n)};
	return ERR_OK;
}

static int listed_order(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;
	return (x->recorded1 > y->recorded1) - (x->recorded1 < y->recorded1);
}

static enum err credentials_list(struct api_call *c, struct slice member, struct err_text *t)
{
	struct state_key k, km;
	struct slice v;
	struct buf start = buf_over(k.b, sizeof k.b);
	struct list l = {.c = c};
	bool found;
	int64_t now = api_head_ms(c);
	TRY(api_value_get(c, &found, &v, key_make(&km, "m/", member)));
	if (!found)
		return err_set(t, ERR_NOTFOUND, "there is no member %.*s", (int)member.n,
			       (const char *)member.p);
	buf_put_str(&start, "c/");
	buf_put_slice(&start, member);
	buf_put_u8(&start, '/');
	bug_if(start.failed);
	l.start = buf_slice(&start);
	enum err e = api_rows_each(c, list_row, &l);
	if (e == ERR_OK && l.n)
		qsort(l.at, l.n, sizeof *l.at, listed_order);
	struct jsonw w = api_json(c);
	jsonw_object(&w, NULL);
	jsonw_text(&w, "member", member);
	jsonw_array(&w, "credentials");
	for (size_t i = 0; i < l.n && e == ERR_OK; i++)
		e = credential_write(c, &w, member, l.at[i].id, l.at[i].value, now, false);
	jsonw_array_end(&w);
	jsonw_object_end(&w);
	buf_put_u8(w.out, '\n');
	free(l.at);
	return e;
}

void api_credential(struct api_call *c)
{
	struct gs1_id id;
	struct err_text t = {""};
	bool by_member;
	struct slice member = api_param(c, "member", &by_member);
	enum err e;
	if (by_member && !member_id_valid(member)) {
		api_refuse(c, 400, "bad_request", "?member", "this is not a member's id");
		return;
	}
	if (!by_member && !api_id_take(c, &id, GS1_ASKED_THING))
		return;
	e = by_member ? credentials_list(c, member, &t) : credential_show(c, &id, &t);
	if (e != ERR_OK)
		api_fault(c, e, &t);
}

/* ---- grants ---- */

struct grants {
	struct api_call *c;
	struct jsonw *w;
	struct slice subject;
	struct slice owner, holder; /* whose grants hold */
	int64_t now_ms;
	struct slice *seen; /* keys written, in the arena */
	size_t n, cap;
	bool more; /* that were not looked at */
};

static enum err grant_write(struct grants *g, const Argosy__V1__GrantStep *act, struct slice granter)
{
	struct state_key k;
	struct slice key, v, member = slice_str(act->member), step = slice_str(act->biz_step);
	struct grant gr;
	struct record r;
	bool found;
	if (!grant_key(&k, &key, g->subject, granter, member, step))
		return ERR_CORRUPT;
	for (size_t i = 0; i < g->n; i++)
		if (slice_eq(g->seen[i], key))
			return ERR_OK;
	if (g->n == LIST_MAX) {
		g->more = true;
		return ERR_OK;
	}
	if (g->n == g->cap) {
		struct slice *more = realloc(g->seen, (2 * g->cap + 16) * sizeof *more);
		if (!more)
			return ERR_NOMEM;
		g->seen = more;
		g->cap = 2 * g->cap + 16;
	}
	uint8_t *copy = arena_copy(g->c->arena, key.p, key.n);
	if (!copy)
		return ERR_NOMEM;
	g->seen[g->n++] = slice(copy, key.n);
	TRY(api_value_get(g->c, &found, &v, key));
	if (!found)
		return ERR_OK; /* revoked */
	if (!grant_decode(&gr, v) || gr.recorded1 == 0)
		return ERR_CORRUPT;
	TRY(api_record_get(g->c, &r, gr.recorded1 - 1));
	bool theirs = slice_eq(granter, g->owner) || slice_eq(granter, g->holder);
	bool expired = gr.until_ms && g->now_ms > gr.until_ms;
	jsonw_object(g->w, NULL);
	jsonw_text(g->w, "subject", g->subject);
	jsonw_text(g->w, "member", member);
	jsonw_text(g->w, "step", step);
	jsonw_text(g->w, "granter", granter);
	if (gr.until_ms)
		jsonw_time(g->w, "until", gr.until_ms);
	jsonw_str(g->w, "standing", expired ? "expired" : theirs ? "valid" : "lapsed");
	jsonw_time(g->w, "standing_at", g->now_ms);
	api_place_write(g->w, &r, gr.recorded1 - 1);
	jsonw_object_end(g->w);
	return ERR_OK;
}

/*
 * Every act of a history that gave a grant, newest first, and what became of it. None stands among
 * the claims: who may not grant is refused.
 */
static enum err grants_of(struct grants *g, uint64_t last1)
{
	struct arena *a = arena_new(0);
	struct buf b = BUF_INIT;
	enum err e = a ? ERR_OK : ERR_NOMEM;
	for (unsigned n = 0; e == ERR_OK && last1; n++) {
		struct record r;
		uint64_t prev1 = 0;
		if (n == RECORDS_MAX) {
			g->more = true;
			break;
		}
		arena_reset(a);
		buf_clear(&b);
		e = ledger_read_record(g->c->ledger, &b, last1 - 1);
		if (e == ERR_OK)
			e = record_decode(&r, a, buf_slice(&b));
		for (size_t i = 0; e == ERR_OK && i < r.n_subjects; i++)
			if (!mode_is_claim(r.subjects[i].mode) &&
			    slice_eq(r.subjects[i].id, g->subject))
				prev1 = r.subjects[i].prev1;
		if (e == ERR_OK && r.kind == ACT_GRANT_STEP) {
			Argosy__V1__Action *act = argosy__v1__action__unpack(NULL, r.action.n, r.action.p);
			e = act && act->act_case == ARGOSY__V1__ACTION__ACT_GRANT_STEP
				    ? grant_write(g, act->grant_step, r.member)
				    : ERR_CORRUPT;
			if (act)
				argosy__v1__action__free_unpacked(act, NULL);
		}
		if (e == ERR_OK && prev1 >= last1)
			e = ERR_CORRUPT;
		last1 = prev1;
	}
	buf_fini(&b);
	arena_free(a);
	return e;
}

/* The holder of the outermost container. */
static enum err holder_get(struct api_call *c, struct slice *holder, const struct subject *s)
{
	struct subject at = *s;
	bool found;
	for (unsigned i = 0; at.container.n && i < SUBJECT_DEPTH_MAX; i++) {
		TRY(subject_get(c, &found, &at, at.container));
		if (!found)
			return ERR_CORRUPT;
	}
	*holder = at.holder;
	return ERR_OK;
}

static enum err grants_list(struct api_call *c, struct gs1_id *id, struct err_text *t)
{
	struct slice all = slice_str(id->canon), product = product_of(all, id->kind);
	struct subject s, of;
	bool found, of_found = false;
	TRY(subject_get(c, &found, &s, all));
	/* A grant on the product holds for its things, also before they have a history. */
	if (product.n && !slice_eq(product, all))
		TRY(subject_get(c, &of_found, &of, product));
	if (!found && !of_found)
		return err_set(t, ERR_NOTFOUND, "nothing is recorded about %s", id->canon);
	struct jsonw w = api_json(c);
	struct grants g = {.c = c, .w = &w, .subject = all, .now_ms = api_head_ms(c)};
	jsonw_object(&w, NULL);
	jsonw_text(&w, "id", all);
	jsonw_array(&w, "grants");
	enum err e = ERR_OK;
	if (found) {
		g.owner = s.owner;
		e = holder_get(c, &g.holder, &s);
		if (e == ERR_OK)
			e = grants_of(&g, s.last1);
	}
	if (e == ERR_OK && of_found) {
		g.subject = product;
		g.owner = found ? s.owner : of.owner;
		g.holder = slice("", 0);
		e = grants_of(&g, of.last1);
	}
	jsonw_array_end(&w);
	if (g.more)
		jsonw_bool(&w, "more", true);
	jsonw_object_end(&w);
	buf_put_u8(w.out, '\n');
	free(g.seen);
	return e;
}

void api_grants(struct api_call *c)
{
	struct gs1_id id;
	struct err_text t = {""};
	if (!api_id_take(c, &id, GS1_ASKED_THING))
		return;
	enum err e = grants_list(c, &id, &t);
	if (e != ERR_OK)
		api_fault(c, e, &t);
}
