#include "trade/credential.h"

#include "data/codes.h"
#include "ledger/member.h"
#include "trade/owner.h"
#include "trade/voice.h"

bool credential_decode(struct credential *c, struct slice value)
{
	struct reader r = reader_of(value);
	*c = (struct credential){0};
	if (reader_u8(&r) != 'C' || reader_u8(&r) != 1)
		return false;
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

const char *credential_standing_name(enum credential_standing s)
{
	switch (s) {
	case CREDENTIAL_VALID:
		return "valid";
	case CREDENTIAL_EARLY:
		return "early";
	case CREDENTIAL_EXPIRED:
		return "expired";
	case CREDENTIAL_REVOKED:
		return "revoked";
	}
	return "unknown";
}

/* "<space><first>/<second>" */
static bool pair_key(struct state_key *k, struct slice *key, const char *space, struct slice first,
		     struct slice second)
{
	struct buf b = buf_over(k->b, sizeof k->b);
	buf_put_str(&b, space);
	buf_put_slice(&b, first);
	buf_put_u8(&b, '/');
	buf_put_slice(&b, second);
	*key = buf_slice(&b);
	return !b.failed;
}

bool credential_key(struct state_key *k, struct slice *key, struct slice about, struct slice issuer,
		    struct slice id)
{
	struct buf b = buf_over(k->b, sizeof k->b);
	buf_put_str(&b, "c/");
	buf_put_slice(&b, about);
	buf_put_u8(&b, '/');
	buf_put_slice(&b, issuer);
	buf_put_u8(&b, '/');
	buf_put_slice(&b, id);
	*key = buf_slice(&b);
	return !b.failed;
}

bool credential_about_key(struct state_key *k, struct slice *key, struct slice issuer, struct slice id)
{
	return pair_key(k, key, "c#/", issuer, id);
}

bool credential_about_decode(struct slice *about, struct slice *before, struct slice value)
{
	struct reader r = reader_of(value);
	*about = reader_lp(&r);
	*before = reader_lp(&r);
	return !r.bad && reader_left(&r) == 0;
}

enum err credential_known(struct exec *x, bool *known, struct slice about, struct slice id)
{
	struct state_key k;
	struct slice key, v;
	*known = false;
	return pair_key(&k, &key, "c+/", about, id) ? exec_get(x, known, &v, key) : ERR_OK;
}

static enum err credential_put(struct act *a, struct slice key, const struct credential *c)
{
	size_t room = 64 + c->kind.n + c->valid_from.n + c->valid_to.n;
	uint8_t *bytes = arena_alloc(a->x->arena, room);
	struct buf b = buf_over(bytes, room);
	if (!bytes)
		return ERR_NOMEM;
	buf_put_u8(&b, 'C');
	buf_put_u8(&b, 1);
	buf_put_lp(&b, c->kind);
	buf_put_lp(&b, c->valid_from);
	buf_put_lp(&b, c->valid_to);
	buf_put_varint(&b, c->recorded1);
	buf_put_varint(&b, c->revoked1);
	bug_if(b.failed);
	return exec_put(a->x, key, buf_slice(&b));
}

/* Whom the sender's of this id is about. */
static enum err about_get(struct act *a, bool *found, struct slice *about, struct slice id)
{
	struct state_key k;
	struct slice key, v, before;
	*found = false;
	if (!credential_about_key(&k, &key, a->sender, id))
		return ERR_OK;
	TRY(exec_get(a->x, found, &v, key));
	return !*found || credential_about_decode(about, &before, v) ? ERR_OK : ERR_CORRUPT;
}

/* Writes the rows by which it is found. */
static enum err about_put(struct act *a, struct slice about, struct slice id)
{
	struct state_key k;
	struct slice key, before;
	uint8_t room[2 * (MEMBER_ID_MAX + 1)];
	struct buf b = buf_over(room, sizeof room);
	TRY(voice_join(a->x, &before, VOICE_CREDENTIAL, id, a->sender));
	buf_put_lp(&b, about);
	buf_put_lp(&b, before);
	bug_if(b.failed || !credential_about_key(&k, &key, a->sender, id));
	TRY(exec_put(a->x, key, buf_slice(&b)));
	b = buf_over(room, sizeof room);
	buf_put_lp(&b, a->sender);
	bug_if(!pair_key(&k, &key, "c+/", about, id));
	return exec_put(a->x, key, buf_slice(&b));
}

/*
 * Its id becomes a subject of the issuer's, if nothing is in the history of it yet. If something
 * is, by whomever, it gets no new owner, holder or kind; the credential is recorded all the same,
 * there or beside it.
 */
static enum err list_issued(struct act *a, const struct prepared_subject *ps, struct slice owner)
{
	struct line *l;
	TRY(act_line(a, &l, ps->id));
	if (l->s.count)
		return act_judge(a, &l, ps);
	l->s.kind = SUBJECT_DOCUMENT;
	l->s.owner = owner;
	l->s.holder = a->sender;
	act_list(l, ROLE_ABOUT, MODE_HISTORY, 0);
	return ERR_OK;
}

static enum err issue(struct act *a)
{
	const Argosy__V1__Credential *c = a->p->action->issue_credential->credential;
	const struct prepared_subject *ps = &a->p->subjects[0];
	struct slice about = slice_str(c->subject), owner, same;
	struct member m;
	struct state_key k;
	struct slice key;
	bool found;
	TRY(member_get(a->x, &found, &m, about));
	if (!found)
		return act_refuse(a, VERDICT_NOT_FOUND, "/credential/subject", about,
				  "no such member");
	TRY(about_get(a, &found, &same, ps->id));
	if (found)
		return act_refuse(a, VERDICT_EXISTS, "/credential/id", ps->id, "already recorded");
	/* By ranges alone: that somebody calls a product of his so is no reason. */
	TRY(owner_by_range(a->x, &owner, ps->id, ps->gs1));
	if (owner.n && !slice_eq(owner, a->sender))
		return act_refuse(a, VERDICT_NOT_OWNER, "/credential/id", ps->id,
				  "registered to another member");
	if (!credential_key(&k, &key, about, a->sender, ps->id))
		return act_refuse(a, VERDICT_TOO_LARGE, "/credential/id", ps->id, "too long");
	struct credential value = {
		.kind = slice_str(c->kind),
		.valid_from = slice_str(c->valid_from),
		.valid_to = slice_str(c->valid_to),
		.recorded1 = exec_next_index(a->x) + 1,
	};
	STEP(list_issued(a, ps, owner));
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
	struct slice key, v, about, last;
	struct line *l;
	bool found;
	TRY(about_get(a, &found, &about, ps->id));
	TRY(voice_last(a->x, &last, VOICE_CREDENTIAL, ps->id));
	if (!found && last.n)
		return act_refuse(a, VERDICT_NOT_AUTHORISED, "/id", ps->id,
				  "recorded by another member");
	if (!found)
		return act_refuse(a, VERDICT_NOT_FOUND, "/id", ps->id, "no such credential");
	bug_if(!credential_key(&k, &key, about, a->sender, ps->id));
	TRY(exec_get(a->x, &found, &v, key));
	if (!found || !credential_decode(&c, v))
		return ERR_CORRUPT;
	if (c.revoked1)
		return act_refuse(a, VERDICT_STATE, "/id", ps->id, "already revoked");
	STEP(act_judge(a, &l, ps));
	c.revoked1 = exec_next_index(a->x) + 1;
	TRY(credential_put(a, key, &c));
	return act_finish(a);
}

enum err credential_execute(struct act *a)
{
	return a->p->kind == ACT_ISSUE_CREDENTIAL ? issue(a) : revoke(a);
}
