/*
 * master: products, locations, lots as the state holds them; the data
 * themselves stand in the log record named.
 *
 *   p/<id>  'P' u8 1 | lp owner | varint log index + 1 | varint category
 *   l/<id>  'L' u8 1 | lp owner | varint log index + 1
 *   o/<id>  'O' u8 1 | lp member | varint log index + 1
 */
#ifndef ARGOSY_TRADE_MASTER_H
#define ARGOSY_TRADE_MASTER_H

#include "trade/act.h"

struct master {
	struct slice owner;
	uint64_t recorded1; /* log index + 1 of the newest version */
	uint64_t category;  /* products: enum ProductCategory */
};

/* `letter` is 'P', 'L' or 'O'. False: damaged. */
bool master_decode(struct master *m, char letter, struct slice value);

#endif
