#include "trade/credential.h"

#include "data/codes.h"
#include "ledger/member.h"
#include "trade/owner.h"

bool credential_decode(struct credential *c, struct slice value)
{
	struct reader r = reader_of(value);
	*c = (struct credential){0};
	if (reader_u8(&r) != 'C' || reader_u8(&r) != 1)
		return false;
	c->recorded_by = reader_lp(&r);
	c->kind = reader_lp(&r);
	c->valid_from = reader_lp(&r);
	c->valid_to = reader_lp(&r);
	c->recorded1 = reader_varint(&r);
	c->revoked1 = reader_varint(&r);
	return !r.bad && reader_left(&r) == 0;
}

enum credential_standing credential_standing(const struct credential *c, int64_t time_ms)
{
	enum { DAY_MS = 24 * 3600 * 1000 };
	int64_t from, to, day = time_ms / DAY_MS - (time_ms % DAY_MS < 0);
	if (c->revoked1)
		return CREDENTIAL_REVOKED;
	if (c->valid_from.n && date_parse(&from, c->valid_from) && day < from)
		return CREDENTIAL_EARLY;
	if (c->valid_to.n && date_parse(&to, c->valid_to) && day > to)
		return CREDENTIAL_EXPIRED;
	return CREDENTIAL_VALID;
}

bool credential_key(struct state_key *k, struct slice *key, struct slice member, struct slice id)
{
	struct buf b = buf_over(k->b, sizeof k->b);
	buf_put_str(&b, "c/");
	buf_put_slice(&b, member);
	buf_put_u8(&b, '/');
	buf_put_slice(&b, id);
	*key = buf_slice(&b);
	return !b.failed;
}

static enum err credential_put(struct act *a, struct slice key, const struct credential *c)
{
	size_t room = 64 + c->recorded_by.n + c->kind.n + c->valid_from.n + c->valid_to.n;
	uint8_t *bytes = arena_alloc(a->x->arena, room);
	struct buf b = buf_over(bytes, room);
	if (!bytes)
		return ERR_NOMEM;
	buf_put_u8(&b, 'C');
	buf_put_u8(&b, 1);
	buf_put_lp(&b, c->recorded_by);
	buf_put_lp(&b, c->kind);
	buf_put_lp(&b, c->valid_from);
	buf_put_lp(&b, c->valid_to);
	buf_put_varint(&b, c->recorded1);
	buf_put_varint(&b, c->revoked1);
	bug_if(b.failed);
	return exec_put(a->x, key, buf_slice(&b));
}

static enum err about_get(struct act *a, bool *found, struct slice *member, struct slice id)
{
	struct state_key k;
	struct slice v;
	TRY(exec_get(a->x, found, &v, key_make(&k, "c#/", id)));
	if (!*found)
		return ERR_OK;
	struct reader r = reader_of(v);
	*member = reader_lp(&r);
	return r.bad || reader_left(&r) ? ERR_CORRUPT : ERR_OK;
}

static enum err about_put(struct act *a, struct slice member, struct slice id)
{
	struct state_key k;
	uint8_t room[MEMBER_ID_MAX + 1];
	struct buf b = buf_over(room, sizeof room);
	buf_put_lp(&b, member);
	bug_if(b.failed);
	return exec_put(a->x, key_make(&k, "c#/", id), buf_slice(&b));
}

static enum err issue(struct act *a)
{
	const Argosy__V1__Credential *c = a->p->action->issue_credential->credential;
	const struct prepared_subject *ps = &a->p->subjects[0];
	struct slice about = slice_str(c->subject), owner;
	struct member m;
	struct line *l;
	struct state_key k;
	struct slice key;
	bool found;
	TRY(member_get(a->x, &found, &m, about));
	if (!found)
		return act_refuse(a, VERDICT_NOT_FOUND, "/credential/subject", about,
				  "no such member");
	TRY(about_get(a, &found, &owner, ps->id));
	if (found)
		return act_refuse(a, VERDICT_EXISTS, "/credential/id", ps->id, "already recorded");
	TRY(owner_find(a->x, &owner, ps->id, ps->gs1));
	if (owner.n && !slice_eq(owner, a->sender))
		return act_refuse(a, VERDICT_NOT_OWNER, "/credential/id", ps->id,
				  "registered to another member");
	TRY(act_line(a, &l, ps->id));
	if (l->s.count)
		return act_refuse(a, VERDICT_EXISTS, "/credential/id", ps->id,
				  "something else has this identifier");
	if (!credential_key(&k, &key, about, ps->id))
		return act_refuse(a, VERDICT_TOO_LARGE, "/credential/id", ps->id, "too long");
	l->s.kind = SUBJECT_DOCUMENT;
	l->s.owner = owner;
	l->s.holder = a->sender;
	act_list(a, l, ROLE_ABOUT, MODE_HISTORY, 0);
	struct credential value = {
		.recorded_by = a->sender,
		.kind = slice_str(c->kind),
		.valid_from = slice_str(c->valid_from),
		.valid_to = slice_str(c->valid_to),
		.recorded1 = exec_next_index(a->x) + 1,
	};
	TRY(about_put(a, about, ps->id));
	TRY(credential_put(a, key, &value));
	return act_finish(a);
}

/* By whoever recorded it. */
static enum err revoke(struct act *a)
{
	const struct prepared_subject *ps = &a->p->subjects[0];
	struct credential c;
	struct state_key k;
	struct slice key, v, about;
	struct line *l;
	bool found;
	TRY(about_get(a, &found, &about, ps->id));
	if (!found)
		return act_refuse(a, VERDICT_NOT_FOUND, "/id", ps->id, "no such credential");
	bug_if(!credential_key(&k, &key, about, ps->id));
	TRY(exec_get(a->x, &found, &v, key));
	if (!found || !credential_decode(&c, v))
		return ERR_CORRUPT;
	if (!slice_eq(c.recorded_by, a->sender))
		return act_refuse(a, VERDICT_NOT_AUTHORISED, "/id", ps->id,
				  "recorded by another member");
	if (c.revoked1)
		return act_refuse(a, VERDICT_STATE, "/id", ps->id, "already revoked");
	TRY(act_line(a, &l, ps->id));
	act_list(a, l, ROLE_ABOUT, MODE_HISTORY, 0);
	c.revoked1 = exec_next_index(a->x) + 1;
	TRY(credential_put(a, key, &c));
	return act_finish(a);
}

enum err credential_execute(struct act *a)
{
	return a->p->kind == ACT_ISSUE_CREDENTIAL ? issue(a) : revoke(a);
}
