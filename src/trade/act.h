/*
 * act: one action while it is being executed.
 *
 * The subjects that it touches are loaded once into *lines*, judged and
 * changed there, and written at the end, with exactly one log record. Nothing
 * is written before every line is judged, except by acts that touch no
 * subject; and what is written is rolled back by the ledger where the verdict
 * is not VERDICT_OK.
 */
#ifndef ARGOSY_TRADE_ACT_H
#define ARGOSY_TRADE_ACT_H

#include "ledger/app.h"
#include "trade/keys.h"
#include "trade/prepared.h"

/* A subject in the course of an action. Slices live in the block's arena or the state. */
struct line {
	struct slice id;
	struct subject s;
	bool stored; /* was in the state */
	bool dirty;
	bool listed; /* stands in the record: what follows tells how */
	enum subject_role role;
	enum record_mode mode; /* history, claim or unnamed */
	uint8_t flags; /* SUMMARY_TAKEN_IN, SUMMARY_UNNAMED */
	/* A void mark of this action, beside: which entry, of the claims or the history. 0: none. */
	uint64_t voided;
	enum record_mode void_mode;
	enum subject_role void_role;
	size_t chain;  /* next line of the same bucket, + 1 */
};

/* One chunk of a container's children, held while it is worked on. */
struct chunk {
	struct line *of; /* NULL: none */
	uint64_t number;
	unsigned n;
	bool dirty;
	size_t chain; /* next one kept of the same bucket, + 1 */
	struct slice id[SUBJECT_CHUNK];
};

struct act {
	struct exec *x;
	struct tx *tx;
	const struct prepared *p;
	struct slice sender;
	enum verdict v;
	struct verdict_text *vt;
	struct line **lines;
	size_t n_lines, cap_lines;
	size_t *buckets; /* line number + 1; used from a dozen lines on */
	size_t n_buckets; /* a power of two; 0: not yet */
	struct chunk chunk;
	/* Those held before it, in their order: each is written once, at the end. */
	struct chunk **kept;
	size_t n_kept, cap_kept;
	size_t *kept_buckets; /* as many as cap_kept, a power of two; number + 1 */
	uint64_t recorded1; /* log index + 1 of the record once it is written; 0: none */
};

/* Passes faults on, and stops where the action was refused. */
#define STEP(expr)                                                                                 \
	do {                                                                                       \
		enum err step_e_ = (expr);                                                         \
		if (step_e_ != ERR_OK || a->v != VERDICT_OK)                                       \
			return step_e_;                                                            \
	} while (0)

/* Sets the verdict; `what` (an identifier or name) is shown where it is not empty. Gives ERR_OK. */
enum err act_refuse(struct act *a, enum verdict v, const char *field, struct slice what,
		    const char *why) MUST_USE;

/* The line of a subject, loaded from the state on first mention. */
enum err act_line(struct act *a, struct line **out, struct slice id) MUST_USE;

/* Puts a line into the record. A line stands there once: the first listing counts. */
void act_list(struct line *l, enum subject_role role, enum record_mode mode,
	      uint8_t flags);

/* Puts a void mark for that listing of an older record into this action's record. */
void act_mark(struct line *l, const struct record_subject *voided);

/*
 * Who holds it: the holder of the outermost container. Empty: nobody yet. More than
 * SUBJECT_DEPTH_MAX containers around it (packing refuses that) are not followed: then
 * *outermost is NULL and nobody counts as its holder. `outermost` may be NULL.
 */
enum err act_holder(struct act *a, struct slice *holder, struct line **outermost,
		    struct line *l) MUST_USE;

/* Writes the record and every changed line. */
enum err act_finish(struct act *a) MUST_USE;

/* A copy in the block's arena. */
enum err act_copy(struct act *a, struct slice *out, struct slice s) MUST_USE;

/* authority.c: loads the subject, says by the table whether the sender may, and lists the line
 * as history or claim, or refuses. Opens histories. A line with a void mark in its history is
 * listed besides as a claim alone: who may write into the history has said it with the mark. */
enum err act_judge(struct act *a, struct line **out, const struct prepared_subject *ps) MUST_USE;

/* What each kind does; each ends with act_finish. */
enum err event_execute(struct act *a) MUST_USE;
enum err custody_execute(struct act *a) MUST_USE;
enum err master_execute(struct act *a) MUST_USE;
enum err credential_execute(struct act *a) MUST_USE;
enum err grant_execute(struct act *a) MUST_USE;
enum err member_execute(struct act *a) MUST_USE;
enum err key_execute(struct act *a) MUST_USE;
enum err attach_execute(struct act *a) MUST_USE;

/* contents.c: who is inside what. */
/* Who holds what is inside, for a move; refuses (VERDICT_STATE) where act_holder finds nobody to
 * follow. */
enum err contents_holder(struct act *a, struct slice *holder, struct line *l) MUST_USE;
/* Puts a thing inside a container, taking it out of another (which is then listed, unnamed). */
enum err contents_add(struct act *a, struct line *parent, struct line *child) MUST_USE;
/* Takes it out; from then on it is held by whoever held the container. */
enum err contents_remove(struct act *a, struct line *parent, struct line *child,
			 struct slice holder) MUST_USE;
/* Takes everything out; what was inside is listed, unnamed. */
enum err contents_clear(struct act *a, struct line *parent, struct slice holder) MUST_USE;
/* Writes the chunks that were held. */
enum err contents_flush(struct act *a) MUST_USE;

#endif
