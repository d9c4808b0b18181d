/*
 * clock: the node's time, and whether it may be believed.
 *
 * Time only goes one way in a ledger: a block with a time far ahead makes every
 * deadline due. So a wall clock that gets more than ten minutes ahead of the
 * monotonic one since it was last looked at holds the node until the operator
 * says that it is right. A clock that falls behind only makes block times creep.
 */
#ifndef ARGOSY_NODE_CLOCK_H
#define ARGOSY_NODE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define CLOCK_JUMP_NS ((int64_t)600 * 1000000000)

struct clock_watch {
	int64_t wall_ns, mono_ns; /* when last believed */
	bool held;
};

/* Nanoseconds since 1970, and since some fixed moment. Tests may shift the wall. */
int64_t clock_wall_ns(void);
int64_t clock_mono_ns(void);
extern _Atomic int64_t clock_test_shift_ns;

void clock_watch_init(struct clock_watch *w);
/* The wall time to use; false if the clock jumped and nobody confirmed it. */
bool clock_watch_now(struct clock_watch *w, int64_t *wall_ns);
void clock_watch_confirm(struct clock_watch *w);

#endif
