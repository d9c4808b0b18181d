/*
 * Custody: offered by the holder, accepted (or declined) by whom it was offered
 * to. The holder may withdraw an offer by declining it himself. A container's
 * contents go with it, since their holder is found through the containers.
 */
#include "trade/act.h"

#include "ledger/member.h"

static enum err check_to(struct act *a, struct slice to)
{
	struct member m;
	bool found;
	TRY(member_get(a->x, &found, &m, to));
	if (!found)
		return act_refuse(a, VERDICT_NOT_FOUND, "/toMember", to, "no such member");
	if (m.status != MEMBER_ACTIVE)
		return act_refuse(a, VERDICT_STATE, "/toMember", to, "suspended");
	if (slice_eq(to, a->sender))
		return act_refuse(a, VERDICT_INVALID, "/toMember", to, "is the holder himself");
	return ERR_OK;
}

static enum err offer(struct act *a, struct line *l)
{
	if (l->s.kind == SUBJECT_CLASS)
		return act_refuse(a, VERDICT_INVALID, "/subjects", l->id,
				  "a class of goods is in nobody's custody");
	if (l->s.flags & SUBJECT_DECOMMISSIONED)
		return act_refuse(a, VERDICT_STATE, "/subjects", l->id, "decommissioned");
	l->s.offered_to = slice_str(a->p->action->offer_custody->to_member);
	return ERR_OK;
}

static enum err accept(struct act *a, struct line *l)
{
	struct slice from = slice_str(a->p->action->accept_custody->from_member);
	if (!slice_eq(l->s.offered_to, a->sender))
		return act_refuse(a, VERDICT_NOT_OFFERED, "/subjects", l->id,
				  "custody was not offered");
	if (!slice_eq(l->s.holder, from))
		return act_refuse(a, VERDICT_STATE, "/fromMember", l->id, "held by another member");
	l->s.holder = a->sender;
	l->s.offered_to = slice(NULL, 0);
	return ERR_OK;
}

static enum err decline(struct act *a, struct line *l)
{
	if (l->s.offered_to.n == 0 ||
	    (!slice_eq(l->s.offered_to, a->sender) && !slice_eq(l->s.holder, a->sender)))
		return act_refuse(a, VERDICT_NOT_OFFERED, "/subjects", l->id,
				  "custody was not offered");
	l->s.offered_to = slice(NULL, 0);
	return ERR_OK;
}

enum err custody_execute(struct act *a)
{
	if (a->p->kind == ACT_OFFER_CUSTODY)
		STEP(check_to(a, slice_str(a->p->action->offer_custody->to_member)));
	for (size_t i = 0; i < a->p->n_subjects; i++) {
		const struct prepared_subject *ps = &a->p->subjects[i];
		struct line *l;
		STEP(act_judge(a, &l, ps));
		if (l->s.container.n)
			return act_refuse(a, VERDICT_STATE, "/subjects", l->id,
					  "goes with the container it is in");
		if (ps->intent == INTENT_OFFER)
			STEP(offer(a, l));
		else if (ps->intent == INTENT_ACCEPT)
			STEP(accept(a, l));
		else
			STEP(decline(a, l));
	}
	return act_finish(a);
}
