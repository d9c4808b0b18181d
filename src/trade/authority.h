/*
 * authority: who may do what to a thing with a history. The one table.
 *
 * "An identifier's registered owner commissions it. The holder, a custodian who
 * was offered it, or a role granted for that step appends to its history; what
 * anyone else says is recorded as a claim beside it, never in it. Goods from
 * outside, whose identifier no member has registered, are taken in by whoever
 * holds them." (design, "Who may write")
 */
#ifndef ARGOSY_TRADE_AUTHORITY_H
#define ARGOSY_TRADE_AUTHORITY_H

#include "trade/act.h"

/* How the sender stands to the subject. The first that fits counts. */
enum standing {
	/* Nothing is in the subject's history yet. */
	NEW_OWN,     /* its identifier is registered to the sender */
	NEW_FREE,    /* to nobody */
	NEW_GRANTED, /* to another, who granted the sender this step for the product */
	NEW_OTHER,   /* to another */
	/* It has a history. */
	HOLDER,
	OFFERED, /* custody of it, or of the container it is in, is offered to the sender */
	GRANTED, /* this step was granted by its owner or holder */
	OWNER,	 /* its registered owner, who no longer holds it */
	OTHER,
	STANDING_END
};

enum ruling {
	RULE_HISTORY = 1, /* 0, a forgotten cell, allows nothing */
	RULE_CLAIM,
	RULE_NOT_OWNER,
	RULE_NOT_HOLDER,
	RULE_NOT_OFFERED,
	RULE_NOT_FOUND,
};

extern const uint8_t authority_table[INTENT_END][STANDING_END]; /* enum ruling */

/* How the sender stands to the line's subject, for this action's step. Looks up the registered owner of
 * a subject that has none or no history yet, and grants only where nothing better is found. */
enum err authority_standing(struct act *a, enum standing *s, struct line *l,
			    const struct prepared_subject *ps) MUST_USE;

#endif
