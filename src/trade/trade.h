/*
 * trade: the application on the ledger: members, goods and what happens to them.
 *
 * `trade_app` is registered with the ledger. The readers below work on
 * committed data, from any thread.
 */
#ifndef ARGOSY_TRADE_TRADE_H
#define ARGOSY_TRADE_TRADE_H

#include "ledger/app.h"
#include "trade/subject.h"

#include "argosy/v1/action.pb-c.h"

extern const struct ledger_app trade_app;

/*
 * Decodes a record's action, and makes what its summaries have in common.
 * Memory is the arena's, or borrowed from the record. ERR_CORRUPT: the record's
 * action is not one. ERR_NOMEM.
 */
enum err record_open(struct summary *base, const Argosy__V1__Action **action, struct arena *a,
		     const struct record *r) MUST_USE;

/* The summary that the record left in the history (or the claims) of one of its
 * subjects. `flags` are those of the subject in the state. */
struct summary record_summary_for(const struct summary *base, const struct record_subject *rs,
				  uint8_t flags);

/* Both in one, for one subject: proofs need no more. *action (may be NULL) receives the action. */
enum err record_summary(struct summary *s, struct arena *a, const struct record *r,
			const struct record_subject *rs, uint8_t flags,
			const Argosy__V1__Action **action) MUST_USE;

#endif
