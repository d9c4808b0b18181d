/*
 * trace: where something comes from, where it went, all that happened to it.
 *
 * Readers of committed data. A history is walked back through the links that
 * each log record holds (docs/format/record.md), so no index is needed.
 */
#ifndef ARGOSY_TRADE_TRACE_H
#define ARGOSY_TRADE_TRACE_H

#include "trade/stays.h"

#include "argosy/v1/action.pb-c.h"

struct ledger;

enum trace_direction {
	TRACE_SELF = 0,	 /* the subject's own history only */
	TRACE_UP = 1,	 /* and what it was made from, and containers while it was inside them */
	TRACE_DOWN = 2,	 /* and what was made from it, and what it held */
	TRACE_WHOLE = 3, /* both */
};

/* A subject met on the way, and the time for which its events count. */
struct trace_node {
	struct slice id;
	struct subject subject;
	/* Why it is here: the subject's index in `nodes` that led to it, and how. SIZE_MAX: the start. */
	size_t via;
	enum subject_role link; /* ROLE_PARENT: container; ROLE_INPUT: was made from it; ROLE_OUTPUT; ROLE_CHILD */
	/* Of this subject only what happened in this time belongs to the trace. */
	struct span at;
	unsigned depth;
	bool contradicts; /* the times of a packing and its unpacking do: stays.h */
};

struct trace_event {
	uint64_t index;	      /* in the log */
	size_t node;	      /* the trace node whose history it is in */
	struct record record; /* decoded; slices in the trace's arena */
	const Argosy__V1__Action *action; /* decoded, likewise */
	struct summary summary;
	enum record_mode mode;
	/* A later record declares it in error; or it declares so what is not recorded here. */
	bool voided;
	uint64_t voids; /* a void mark: the entry of this history (or of its claims) that it voids */
	uint64_t voids_index1; /* log index + 1 of that one; 0: not read */
	bool disowned; /* signed by a key disowned from an earlier or equal height */
};

struct trace {
	struct arena *arena;
	struct trace_node *nodes;
	size_t n_nodes;
	struct trace_event *events; /* each log record once, oldest first by (happened, index) */
	size_t n_events;
	bool truncated;	  /* a limit was met */
	const char *cut;  /* then: which, and of what the oldest or the rest is missing; else "" */
	uint64_t height;
};

struct trace_options {
	enum trace_direction direction;
	size_t nodes_max;  /* 0: 10,000 */
	size_t events_max; /* 0: 100,000 */
	bool claims;	   /* include claims */
};

/*
 * `subject_id` in any form that docs/format/identifiers.md knows.
 *
 * Up: what its makers used, until it was used; and each container (of these too)
 * for just the time in which it was inside: from the packing until before the
 * unpacking. Down: what was made from it, from then on, and what it held while it
 * held it. What counts is when events happened, whatever the order in which they were
 * recorded; but what was recorded before a use, or after a making, is never left out
 * (docs/decisions/0018). So all the history of each container is read. An event
 * declared in error leads where it did, marked: a declaration takes nothing away. A use that was
 * recorded as a claim (of a lot in other hands) leads down as well: a recall must
 * not miss it.
 *
 * ERR_NOTFOUND: nothing is recorded of the subject. ERR_FORMAT: no identifier.
 * Free with trace_free.
 */
enum err trace_run(struct trace **out, struct ledger *l, struct slice subject_id,
		   const struct trace_options *o, struct err_text *t) MUST_USE;
void trace_free(struct trace *t);

#endif
