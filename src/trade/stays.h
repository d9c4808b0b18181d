/*
 * stays: when a thing was inside what, by the times of its packings and unpackings
 * (docs/decisions/0018): whatever the order in which they were recorded.
 */
#ifndef ARGOSY_TRADE_STAYS_H
#define ARGOSY_TRADE_STAYS_H

#include "trade/subject.h"

#include "argosy/v1/action.pb-c.h"

/* Put into a container, or taken out of it. */
struct move {
	int64_t at_ms, recorded_ms;
	bool into;
	struct slice container;
	uint64_t number; /* of the record in the container's history, from 1 */
	size_t event; /* its place in the thing's history, from 0 */
	int64_t void_ms; /* when it was declared in error; INT64_MAX: it was not */
};

/* Times from..to-1, in ms; INT64_MAX: no end. */
struct window {
	int64_t from_ms, to_ms;
};

/* Events count by when they happened. Other acts happen when they are recorded; of an offer of
 * custody between a packing and an unpacking that were both recorded late, it would be unclear
 * whether it lies between. So these count by either: their time, or what was recorded around
 * them. */
struct span {
	struct window in, recorded;
};

struct stay {
	struct slice container;
	struct span at;
	/* The events that began and ended it; `end` SIZE_MAX: still inside. */
	size_t begin, end;
	/* The end is told to have been before the beginning: what the container's history holds
	 * from the one record to the other counts. The caller widens `at.in`, by those. */
	bool contradicts;
};

/* What a record does to a thing: is it a move? Then `into`, `container` and `number` are written.
 * `e` NULL: another act. A declaration of error moves nothing; what is declared in error
 * still counts (stays_find). */
bool move_of(struct move *m, const struct record *r, const struct record_subject *rs,
	     const Argosy__V1__Event *e);

/*
 * The stays that follow from moves, which stand in the order of recording. A declaration takes no
 * stay away: one that began with a packing that is void now, and that no unpacking ended, ends
 * when the declaration was recorded. If it was taken out all the same, it was inside until then. `many`: of a lot
 * or class, which may be in several places at once. Memory is the arena's; ERR_NOMEM alone.
 */
enum err stays_find(struct stay **out, size_t *n_out, struct arena *a, const struct move *moves,
		    size_t n, bool many) MUST_USE;

bool window_holds(struct window w, int64_t ms);
/* The time in both; false: nothing can have happened in it. */
bool span_meet(struct span *out, struct span a, struct span b);
/* Is all of `b` in `a`? */
bool span_covers(struct span a, struct span b);
/* Wide enough for that moment too. */
void window_widen(struct window *w, int64_t ms);

#endif
