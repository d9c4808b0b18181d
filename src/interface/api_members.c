/*
 * Members and their keys. The state has no order by name, so the list is a walk
 * over all rows, in 256 parts, so that no block waits for the whole of it.
 */
#include "interface/api_inner.h"

#include "ledger/member.h"

#include <stdio.h>

static const char *key_kind_name(enum key_kind kind)
{
	switch (kind) {
	case KEY_PERSON:
		return "person";
	case KEY_AGENT:
		return "agent";
	}
	return "unknown";
}

static const char *status_name(enum member_status s)
{
	switch (s) {
	case MEMBER_ACTIVE:
		return "active";
	case MEMBER_SUSPENDED:
		return "suspended";
	}
	return "unknown";
}

static void member_write(struct jsonw *w, struct slice id, const struct member *m)
{
	jsonw_text(w, "id", id);
	jsonw_text(w, "name", m->name);
	jsonw_text(w, "country", m->country);
	jsonw_str(w, "status", status_name(m->status));
	jsonw_array(w, "roles");
	for (unsigned i = 0; i < m->n_roles; i++)
		jsonw_text(w, NULL, m->roles[i]);
	jsonw_array_end(w);
	jsonw_u64(w, "quota_units_per_hour", m->quota_units_per_hour);
	jsonw_u64(w, "keys_valid", m->keys_valid);
	jsonw_u64(w, "admitted_height", m->admitted_height);
	if (m->party.n)
		jsonw_text(w, "party", m->party);
}

static void key_write(struct jsonw *w, struct slice key, const struct member_key *k)
{
	jsonw_object(w, NULL);
	jsonw_hex(w, "key", key);
	jsonw_str(w, "kind", key_kind_name(k->kind));
	jsonw_text(w, "member", k->member);
	jsonw_u64(w, "from_height", k->from_height);
	if (k->retire_at_ms)
		jsonw_time(w, "retires", k->retire_at_ms);
	if (k->revoked_height)
		jsonw_u64(w, "revoked_height", k->revoked_height);
	if (k->disowned_height)
		jsonw_u64(w, "disowned_from_height", k->disowned_height);
	jsonw_array(w, "scope");
	for (unsigned i = 0; i < k->n_scope; i++)
		jsonw_text(w, NULL, k->scope[i]);
	jsonw_array_end(w);
	jsonw_object_end(w);
}

struct walk {
	struct jsonw *w;
	struct slice member; /* of the keys asked for; empty: members are asked for */
	size_t given;
};

enum { LIST_MAX = 10000 };

static enum err each_row(void *ctx, struct slice key, struct slice value)
{
	struct walk *k = ctx;
	struct member m;
	struct member_key mk;
	if (k->member.n == 0 && slice_starts(key, "m/") && member_decode(&m, value)) {
		jsonw_object(k->w, NULL);
		member_write(k->w, slice(key.p + 2, key.n - 2), &m);
		jsonw_object_end(k->w);
		k->given++;
	}
	if (k->member.n && key.n == 34 && slice_starts(key, "k/") &&
	    member_key_decode(&mk, value) && slice_eq(mk.member, k->member)) {
		key_write(k->w, slice(key.p + 2, 32), &mk);
		k->given++;
	}
	return k->given < LIST_MAX ? ERR_OK : ERR_LIMIT;
}

void api_members(struct api_call *c)
{
	struct jsonw w = api_json(c);
	struct walk k = {.w = &w};
	jsonw_object(&w, NULL);
	jsonw_array(&w, "members");
	enum err e = api_rows_each(c, each_row, &k);
	jsonw_array_end(&w);
	jsonw_object_end(&w);
	buf_put_u8(w.out, '\n');
	if (e != ERR_OK)
		api_fault(c, e, NULL);
}

/* What he may do in an hour, and did in that of the newest block. */
static enum err quota_write(struct api_call *c, struct jsonw *w, struct slice id,
			    const struct member *m)
{
	const struct genesis *g = ledger_genesis(c->ledger);
	struct ledger_head h;
	struct ledger_quota q;
	ledger_head(c->ledger, &h);
	TRY(ledger_quota(c->ledger, &q, id, m->quota_units_per_hour,
			 h.height ? block_time_ms(h.time_s, h.time_ns)
				  : block_time_ms(g->time.s, g->time.ns)));
	jsonw_object(w, "quota");
	jsonw_u64(w, "limit", q.limit);
	jsonw_u64(w, "used", q.used);
	jsonw_time(w, "hour", (int64_t)q.hour * 3600000);
	jsonw_object_end(w);
	return ERR_OK;
}

void api_member(struct api_call *c)
{
	struct slice id;
	struct member m;
	struct err_text t = {""};
	struct buf key = BUF_INIT, value = BUF_INIT;
	bool found = false;
	if (!api_percent_decode(c->arena, &id, c->rest) || !member_id_valid(id)) {
		api_refuse(c, 400, "bad_request", NULL, "this is not a member's id");
		return;
	}
	buf_put_str(&key, "m/");
	buf_put_slice(&key, id);
	enum err e = buf_err(&key);
	if (e == ERR_OK)
		e = ledger_get(c->ledger, &found, &value, buf_slice(&key));
	if (e == ERR_OK && !found)
		e = err_set(&t, ERR_NOTFOUND, "there is no member %.*s", (int)id.n,
			    (const char *)id.p);
	if (e == ERR_OK && !member_decode(&m, buf_slice(&value)))
		e = ERR_CORRUPT;
	if (e == ERR_OK) {
		struct jsonw w = api_json(c);
		struct walk k = {.w = &w, .member = id};
		jsonw_object(&w, NULL);
		member_write(&w, id, &m);
		e = quota_write(c, &w, id, &m);
		jsonw_array(&w, "keys");
		if (e == ERR_OK)
			e = api_rows_each(c, each_row, &k);
		jsonw_array_end(&w);
		jsonw_object_end(&w);
		buf_put_u8(w.out, '\n');
	}
	buf_fini(&key);
	buf_fini(&value);
	if (e != ERR_OK)
		api_fault(c, e, &t);
}
