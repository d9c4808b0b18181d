/*
 * grant_exec: a member grants a step, or takes a grant back. What a grant lets another do is
 * grant.c's; whether it may be given is asked of authority.c, as of any act.
 */
#include "trade/grant.h"

#include "trade/authority.h"
#include "trade/owner.h"

static enum err grant_put(struct act *a, struct slice key, int64_t until_ms)
{
	uint8_t room[2 + 20];
	struct buf b = buf_over(room, sizeof room);
	buf_put_u8(&b, 'G');
	buf_put_u8(&b, 1);
	buf_put_zigzag(&b, until_ms);
	buf_put_varint(&b, exec_next_index(a->x) + 1);
	bug_if(b.failed);
	return exec_put(a->x, key, buf_slice(&b));
}

static enum err member_known(struct act *a, struct slice id)
{
	struct state_key k;
	struct slice v;
	bool found = false;
	if (id.n && id.n <= MEMBER_ID_MAX)
		TRY(exec_get(a->x, &found, &v, key_make(&k, "m/", id)));
	return found ? ERR_OK : act_refuse(a, VERDICT_NOT_FOUND, "/member", id, "no such member");
}

/*
 * A product whose history another opened before it was in the sender's range: what he grants
 * holds all the same for things that are his; it stands among the product's claims.
 */
static enum err owner_now(struct act *a, bool *yes, const struct prepared_subject *ps)
{
	struct slice owner;
	*yes = false;
	if (!slice_eq(product_of(ps->id, ps->gs1), ps->id))
		return ERR_OK;
	TRY(owner_find(a->x, &owner, ps->id, ps->gs1));
	*yes = slice_eq(owner, a->sender);
	return ERR_OK;
}

static enum err grant(struct act *a)
{
	const Argosy__V1__GrantStep *act = a->p->action->grant_step;
	struct slice member = slice_str(act->member), key;
	struct prepared_subject ps = a->p->subjects[0];
	struct state_key k;
	struct line *l;
	bool mine;
	STEP(member_known(a, member));
	if (slice_eq(member, a->sender))
		return act_refuse(a, VERDICT_INVALID, "/member", member, "is the granter");
	if (act->until_ms < 0 || (act->until_ms && act->until_ms <= a->x->time_ms))
		return act_refuse(a, VERDICT_INVALID, "/untilMs", slice(NULL, 0),
				  "not after the block's time");
	TRY(owner_now(a, &mine, &ps));
	if (mine)
		ps.intent = INTENT_ABOUT;
	STEP(act_judge(a, &l, &ps));
	if (!grant_key(&k, &key, ps.id, a->sender, member, slice_str(act->biz_step)))
		return act_refuse(a, VERDICT_TOO_LARGE, "/subject", ps.id,
				  "too long to be granted by itself");
	TRY(grant_put(a, key, act->until_ms));
	return act_finish(a);
}

/* One's own, also when one neither owns nor holds the thing any more: then it is a claim. */
static enum err revoke(struct act *a)
{
	const Argosy__V1__RevokeGrant *act = a->p->action->revoke_grant;
	const struct prepared_subject *ps = &a->p->subjects[0];
	struct state_key k;
	struct slice key, v;
	struct line *l;
	bool found = false;
	if (grant_key(&k, &key, ps->id, a->sender, slice_str(act->member), slice_str(act->biz_step)))
		TRY(exec_get(a->x, &found, &v, key));
	if (!found)
		return act_refuse(a, VERDICT_NOT_FOUND, "", ps->id, "you gave no such grant");
	TRY(exec_del(a->x, key));
	STEP(act_judge(a, &l, ps));
	return act_finish(a);
}

enum err grant_execute(struct act *a)
{
	return a->p->kind == ACT_GRANT_STEP ? grant(a) : revoke(a);
}
