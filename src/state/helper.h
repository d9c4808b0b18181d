/*
 * helper: a thread that does one thing at a time for another.
 *
 * For work of a millisecond that either thread can do: whoever asks does its own part
 * meanwhile, and where the machine had no core to spare, the helper has not even begun
 * and is not waited for. All functions but the work itself belong to the one who asks.
 */
#ifndef ARGOSY_STATE_HELPER_H
#define ARGOSY_STATE_HELPER_H

#include "base/err.h"

struct helper;

/* `name` (15 bytes at most) is the thread's. ERR_UNAVAILABLE: no thread to be had. */
enum err helper_start(struct helper **out, const char *name) MUST_USE;
void helper_stop(struct helper *h); /* NULL is fine */

/* Has `work` done once, from now on; call helper_end before the next. */
void helper_ask(struct helper *h, void (*work)(void *ctx), void *ctx);
/* Returns when the work is done, or at once if it was not begun: then it will not be. */
void helper_end(struct helper *h);

#endif
