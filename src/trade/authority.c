#include "trade/authority.h"

#include "trade/grant.h"
#include "trade/owner.h"

#define HIST RULE_HISTORY
#define CLAIM RULE_CLAIM
#define NOWN RULE_NOT_OWNER
#define NHOLD RULE_NOT_HOLDER
#define NOFF RULE_NOT_OFFERED
#define NFND RULE_NOT_FOUND

/*
 * Saying something is never refused: it is history or a claim. Changing the
 * world of records (creating, packing, consuming, handing over) is the
 * holder's, or of him who may open the history; a grant or an offer lets one
 * write into a history, not take the goods apart.
 *
 * Some of a class or lot may be in many hands: making more of it is the
 * registered owner's, also after the first of it was handed on.
 *
 * The name of a transformation (PART) binds its parts together, in proofs, for whoever holds it:
 * to another, whatever he was offered or granted of it, it is a name that is in use, and his
 * goods are made of what his own event says.
 *
 * Papers (ABOUT) open a history only for the registered owner: nobody takes
 * goods in by talking of them.
 */
const uint8_t authority_table[INTENT_END][STANDING_END] = {
	/*                         NEW_OWN NEW_FREE GRANTED  OTHER   HOLDER OFFERED GRANTED OWNER  OTHER */
	[INTENT_OBSERVE]        = {HIST,   HIST,    HIST,    CLAIM,  HIST,  HIST,   HIST,   CLAIM, CLAIM},
	[INTENT_CREATE]         = {HIST,   HIST,    HIST,    NOWN,   HIST,  NHOLD,  NHOLD,  NHOLD, NHOLD},
	[INTENT_CREATE_PARTIAL] = {HIST,   HIST,    HIST,    NOWN,   HIST,  NHOLD,  HIST,   HIST,  NHOLD},
	[INTENT_STRUCTURE]      = {HIST,   HIST,    HIST,    NOWN,   HIST,  NHOLD,  NHOLD,  NHOLD, NHOLD},
	[INTENT_ABOUT]          = {HIST,   CLAIM,   CLAIM,   CLAIM,  HIST,  HIST,   HIST,   HIST,  CLAIM},
	[INTENT_PART]           = {HIST,   HIST,    HIST,    CLAIM,  HIST,  CLAIM,  CLAIM,  CLAIM, CLAIM},
	[INTENT_OFFER]          = {NFND,   NFND,    NFND,    NFND,   HIST,  NHOLD,  NHOLD,  NHOLD, NHOLD},
	[INTENT_ACCEPT]         = {NFND,   NFND,    NFND,    NFND,   NOFF,  HIST,   NOFF,   NOFF,  NOFF},
	[INTENT_DECLINE]        = {NFND,   NFND,    NFND,    NFND,   HIST,  HIST,   NOFF,   NOFF,  NOFF},
	[INTENT_GRANT]          = {HIST,   NFND,    NFND,    NFND,   HIST,  NHOLD,  NHOLD,  HIST,  NHOLD},
};

/*
 * Who owns it is asked anew until its history is opened, so that what others say of it before
 * fixes neither owner nor kind. Then it stands, but for what was taken in: that is owned by whose
 * range it lies in now, so that a range registered later gives it an owner from then on, and one
 * that is arbitrated another; it stays marked.
 */
static enum err owner_refresh(struct act *a, struct line *l, const struct prepared_subject *ps)
{
	struct slice owner;
	bool taken_in = l->s.flags & SUBJECT_TAKEN_IN;
	if (l->s.count ? l->s.owner.n && !taken_in : l->dirty)
		return ERR_OK;
	if (l->s.count == 0) {
		TRY(owner_find(a->x, &owner, ps->id, ps->gs1));
		l->s.kind = ps->kind;
	} else {
		TRY(owner_by_range(a->x, &owner, ps->id, ps->gs1));
	}
	if (l->s.count && slice_eq(owner, l->s.owner))
		return ERR_OK;
	l->s.owner = owner;
	l->dirty = true;
	return ERR_OK;
}

static enum err standing_new(struct act *a, enum standing *s, struct line *l,
			     const struct prepared_subject *ps)
{
	bool granted;
	if (l->s.owner.n == 0 || slice_eq(l->s.owner, a->sender)) {
		*s = l->s.owner.n ? NEW_OWN : NEW_FREE;
		return ERR_OK;
	}
	TRY(grant_covers_product(a, &granted, l->s.owner, ps));
	*s = granted ? NEW_GRANTED : NEW_OTHER;
	return ERR_OK;
}

enum err authority_standing(struct act *a, enum standing *s, struct line *l,
			    const struct prepared_subject *ps)
{
	struct slice holder;
	struct line *outermost;
	bool granted;
	TRY(owner_refresh(a, l, ps));
	if (l->s.count == 0)
		return standing_new(a, s, l, ps);
	STEP(act_holder(a, &holder, &outermost, l));
	if (slice_eq(holder, a->sender)) {
		*s = HOLDER;
		return ERR_OK;
	}
	if (slice_eq(l->s.offered_to, a->sender) ||
	    (outermost && slice_eq(outermost->s.offered_to, a->sender))) {
		*s = OFFERED;
		return ERR_OK;
	}
	TRY(grant_covers(a, &granted, l->s.owner, holder, ps));
	*s = granted ? GRANTED : slice_eq(l->s.owner, a->sender) ? OWNER : OTHER;
	return ERR_OK;
}

static enum err ruling_refuse(struct act *a, enum ruling r, struct slice id)
{
	switch (r) {
	case RULE_NOT_OWNER:
		return act_refuse(a, VERDICT_NOT_OWNER, "", id,
				  "registered to another member, who has not commissioned it");
	case RULE_NOT_HOLDER:
		return act_refuse(a, VERDICT_NOT_HOLDER, "", id, "held by another member");
	case RULE_NOT_OFFERED:
		return act_refuse(a, VERDICT_NOT_OFFERED, "", id, "custody was not offered");
	case RULE_NOT_FOUND:
		return act_refuse(a, VERDICT_NOT_FOUND, "", id, "has no history here");
	case RULE_HISTORY:
	case RULE_CLAIM:
		break;
	}
	return ERR_OK;
}

enum err act_judge(struct act *a, struct line **out, const struct prepared_subject *ps)
{
	enum standing s;
	struct line *l;
	uint8_t flags = 0;
	STEP(act_line(a, &l, ps->id));
	*out = l;
	STEP(authority_standing(a, &s, l, ps));
	bug_if(authority_table[ps->intent][s] == 0);
	enum ruling r = (enum ruling)authority_table[ps->intent][s];
	STEP(ruling_refuse(a, r, ps->id));
	if (l->voided && (r == RULE_HISTORY || l->void_mode == MODE_VOID_CLAIM))
		return ERR_OK;
	if (r == RULE_HISTORY && l->s.count == 0) {
		l->s.holder = a->sender;
		if (s == NEW_FREE) {
			l->s.flags |= SUBJECT_TAKEN_IN;
			flags = SUMMARY_TAKEN_IN;
		}
	}
	act_list(l, ps->role, r == RULE_CLAIM ? MODE_CLAIM : MODE_HISTORY, flags);
	return ERR_OK;
}
