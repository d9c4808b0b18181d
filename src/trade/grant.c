#include "trade/grant.h"

#include "trade/authority.h"
#include "trade/owner.h"

bool grant_decode(struct grant *g, struct slice value)
{
	struct reader r = reader_of(value);
	*g = (struct grant){0};
	if (reader_u8(&r) != 'G' || reader_u8(&r) != 1)
		return false;
	g->granter = reader_lp(&r);
	g->until_ms = reader_zigzag(&r);
	g->recorded1 = reader_varint(&r);
	return !r.bad && reader_left(&r) == 0;
}

bool grant_key(struct state_key *k, struct slice *key, struct slice subject, struct slice member,
	       struct slice step)
{
	struct buf b = buf_over(k->b, sizeof k->b);
	buf_put_str(&b, "r/");
	buf_put_slice(&b, subject);
	buf_put_u8(&b, '/');
	buf_put_slice(&b, member);
	buf_put_u8(&b, '/');
	buf_put_slice(&b, step);
	*key = buf_slice(&b);
	return !b.failed;
}

static enum err grant_get(struct exec *x, bool *found, struct grant *g, struct slice subject,
			  struct slice member, struct slice step)
{
	struct state_key k;
	struct slice key, v;
	*found = false;
	if (!grant_key(&k, &key, subject, member, step))
		return ERR_OK;
	TRY(exec_get(x, found, &v, key));
	return !*found || grant_decode(g, v) ? ERR_OK : ERR_CORRUPT;
}

/* One subject or product: for any step, then for this one. */
static enum err covers(struct act *a, bool *yes, struct slice subject, struct slice owner,
		       struct slice holder)
{
	struct slice steps[2] = {slice(NULL, 0), a->p->step};
	for (unsigned i = 0; i < 2 && !*yes; i++) {
		struct grant g;
		bool found;
		if (i == 1 && steps[i].n == 0)
			break;
		TRY(grant_get(a->x, &found, &g, subject, a->sender, steps[i]));
		if (!found || (g.until_ms && a->x->time_ms > g.until_ms))
			continue;
		*yes = (owner.n && slice_eq(g.granter, owner)) ||
		       (holder.n && slice_eq(g.granter, holder));
	}
	return ERR_OK;
}

enum err grant_covers_product(struct act *a, bool *yes, struct slice owner,
			      const struct prepared_subject *ps)
{
	struct slice product = product_of(ps->id, ps->gs1);
	*yes = false;
	return product.n ? covers(a, yes, product, owner, slice(NULL, 0)) : ERR_OK;
}

enum err grant_covers(struct act *a, bool *yes, struct slice owner, struct slice holder,
		      const struct prepared_subject *ps)
{
	*yes = false;
	TRY(covers(a, yes, ps->id, owner, holder));
	if (!*yes && owner.n && !slice_eq(product_of(ps->id, ps->gs1), ps->id))
		TRY(grant_covers_product(a, yes, owner, ps));
	return ERR_OK;
}

/* ---- the acts ---- */

static enum err grant_put(struct act *a, struct slice key, int64_t until_ms)
{
	uint8_t room[2 + MEMBER_ID_MAX + 1 + 20];
	struct buf b = buf_over(room, sizeof room);
	buf_put_u8(&b, 'G');
	buf_put_u8(&b, 1);
	buf_put_lp(&b, a->sender);
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

enum err grant_execute(struct act *a)
{
	const Argosy__V1__Action *act = a->p->action;
	bool grants = a->p->kind == ACT_GRANT_STEP;
	struct slice member = slice_str(grants ? act->grant_step->member : act->revoke_grant->member);
	struct slice step = slice_str(grants ? act->grant_step->biz_step : act->revoke_grant->biz_step);
	const struct prepared_subject *ps = &a->p->subjects[0];
	struct line *l;
	struct state_key k;
	struct slice key;
	if (grants) {
		STEP(member_known(a, member));
		if (slice_eq(member, a->sender))
			return act_refuse(a, VERDICT_INVALID, "/member", member, "is the granter");
		int64_t until = act->grant_step->until_ms;
		if (until < 0 || (until && until <= a->x->time_ms))
			return act_refuse(a, VERDICT_INVALID, "/untilMs", slice(NULL, 0),
					  "not after the block's time");
	}
	STEP(act_judge(a, &l, ps));
	if (member.n > MEMBER_ID_MAX || !grant_key(&k, &key, ps->id, member, step))
		return act_refuse(a, VERDICT_TOO_LARGE, "/subject", ps->id,
				  "too long to be granted by itself");
	if (grants) {
		TRY(grant_put(a, key, act->grant_step->until_ms));
	} else {
		struct slice v;
		bool found;
		TRY(exec_get(a->x, &found, &v, key));
		if (!found)
			return act_refuse(a, VERDICT_NOT_FOUND, "", ps->id, "no such grant");
		TRY(exec_del(a->x, key));
	}
	return act_finish(a);
}
