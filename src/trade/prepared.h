/*
 * prepared: an action decoded, validated and digested once, before any block.
 *
 * This is the trust wall for actions: past prepare.c every identifier is in
 * canonical form and within SUBJECT_ID_MAX, every event obeys EPCIS and the
 * data standard, and its hash is known. All memory is the transaction's arena.
 */
#ifndef ARGOSY_TRADE_PREPARED_H
#define ARGOSY_TRADE_PREPARED_H

#include "data/event.h"
#include "data/gs1.h"
#include "ledger/tx.h"
#include "trade/subject.h"

#include "argosy/v1/action.pb-c.h"

/*
 * Every act: number (frozen: the field in Action.act), NAME, name (key scopes,
 * summaries), may an agent key do it: 2 by default, 1 if its scope says so,
 * 0 never (people alone manage keys, members, credentials and grants).
 */
#define ACT_TABLE(X)                                                                               \
	X(1, EVENT, "event", 2)                                                                    \
	X(2, DOCUMENT, "document", 2)                                                              \
	X(3, REGISTER_PRODUCT, "register_product", 2)                                              \
	X(4, REGISTER_LOCATION, "register_location", 2)                                            \
	X(5, REGISTER_PREFIX, "register_prefix", 1)                                                \
	X(6, DEFINE_LOT, "define_lot", 2)                                                          \
	X(7, ISSUE_CREDENTIAL, "issue_credential", 0)                                              \
	X(8, REVOKE_CREDENTIAL, "revoke_credential", 0)                                            \
	X(9, OFFER_CUSTODY, "offer_custody", 2)                                                    \
	X(10, ACCEPT_CUSTODY, "accept_custody", 2)                                                 \
	X(11, DECLINE_CUSTODY, "decline_custody", 2)                                               \
	X(12, GRANT_STEP, "grant_step", 0)                                                         \
	X(13, REVOKE_GRANT, "revoke_grant", 0)                                                     \
	X(14, ADMIT_MEMBER, "admit_member", 0)                                                     \
	X(15, SET_MEMBER, "set_member", 0)                                                         \
	X(16, ADD_KEY, "add_key", 0)                                                               \
	X(17, REVOKE_KEY, "revoke_key", 0)                                                         \
	X(18, DISOWN_KEY, "disown_key", 0)                                                         \
	X(19, ATTACH, "attach", 2)                                                                 \
	X(20, ERASE_ATTACHMENT, "erase_attachment", 2)                                             \
	X(21, STATEMENT, "statement", 2)                                                           \
	X(40, ARBITRATE_RANGE, "arbitrate_range", 0)

enum act_kind {
	ACT_NONE = 0,
#define X(number, name, text, agent) ACT_##name = number,
	ACT_TABLE(X)
#undef X
	ACT_END
};

/* "offer_custody"; NULL if there is no such act. */
const char *act_name(unsigned kind);
/* The kind by its name; ACT_NONE if there is none. */
enum act_kind act_by_name(struct slice name);
/* 2 by default, 1 if its scope says so, 0 never. */
unsigned act_agent(enum act_kind kind);

/* What an act wants of a subject: the row of the table in authority.c. */
enum intent {
	INTENT_OBSERVE,	       /* says something of it */
	INTENT_CREATE,	       /* brings it into being: commissioning, output */
	INTENT_CREATE_PARTIAL, /* brings some of a class or lot into being */
	INTENT_STRUCTURE,      /* packs, unpacks, consumes, decommissions it */
	INTENT_ABOUT,	       /* a document, a statement, master data about it */
	INTENT_PART,	       /* tells a part of the transformation that has this name */
	INTENT_OFFER,
	INTENT_ACCEPT,
	INTENT_DECLINE,
	INTENT_GRANT,
	INTENT_END
};

struct prepared_subject {
	struct slice id; /* canonical */
	enum gs1_kind gs1;
	enum subject_kind kind;
	enum subject_role role;
	enum intent intent;
	bool partial; /* some of a class or lot, not a thing by itself */
};

struct prepared {
	enum act_kind kind;
	const Argosy__V1__Action *action;
	struct slice bytes; /* exactly as signed */
	struct prepared_subject *subjects;
	size_t n_subjects;
	struct slice where; /* canonical; may be empty */
	struct slice step;  /* as in the summary */
	/* Events alone. */
	struct hash event_hash;
	struct hash identity;	 /* key of the event for this member (identity.h) */
	struct hash declaration; /* SHA-256(event hash || packed ErrorDeclaration), if it declares */
	int64_t happened_ms;
	uint8_t summary_flags;
	bool declares_error, unpacks_all;
};

/* Named subjects of one action at most: a list of 10,000 and the container that it goes into; an event
 * that unpacks all adds 10,000 at most. */
enum { ACTION_SUBJECTS_MAX = 10001, UNPACK_MAX = 10000 };

/* Flags of an event's summaries, but for those that depend on the subject. */
uint8_t event_summary_flags(const event_t *e);

/*
 * trade_app.prepare. Memory running out is no verdict: then VERDICT_OK with
 * tx->prepared NULL and tx->work 0, and the ledger meets the same fault or tries again.
 */
enum verdict trade_prepare(struct tx *tx, struct verdict_text *t);

#endif
