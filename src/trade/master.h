/*
 * master: products, locations, lots as the state holds them; the data
 * themselves stand in the log record named.
 *
 *   p/<id>  'P' u8 1 | lp owner | varint log index + 1 | varint category
 *   l/<id>  'L' u8 1 | lp owner | varint log index + 1
 *   o/<id>/<member>  'O' u8 1 | lp member who defined it before him (empty: none) |
 *                    varint log index + 1
 *   o#/<id>          lp member who defined it last (trade/voice.h)
 *
 * A product or location has one registration: in a range, its registrant's; else that of the
 * first who made one. A lot is defined by each for himself; the definition of the owner counts.
 */
#ifndef ARGOSY_TRADE_MASTER_H
#define ARGOSY_TRADE_MASTER_H

#include "trade/act.h"

struct master {
	struct slice owner; /* lots: who defined it before him */
	uint64_t recorded1; /* log index + 1 of the newest version */
	uint64_t category;  /* products: enum ProductCategory */
};

/* `letter` is 'P', 'L' or 'O'. False: damaged. */
bool master_decode(struct master *m, char letter, struct slice value);
/* "o/<id>/<member>", in `k`. False: longer than any key that is made. */
bool master_lot_key(struct state_key *k, struct slice *key, struct slice id, struct slice member);

#endif
