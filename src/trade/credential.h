/*
 * credential: a member's qualifications.
 *
 *   c/<member>/<id>  'C' u8 1 | lp recorded by | lp kind | lp valid from | lp valid to |
 *                    varint log index + 1 | varint log index + 1 of the revocation (0: none)
 *   c#/<id>          lp member that it is about
 *
 * Nothing expires by itself: whether one holds is judged at a block's time.
 */
#ifndef ARGOSY_TRADE_CREDENTIAL_H
#define ARGOSY_TRADE_CREDENTIAL_H

#include "trade/act.h"
#include "trade/keys.h"

struct credential {
	struct slice recorded_by, kind;
	struct slice valid_from, valid_to; /* dates; empty: not bounded */
	uint64_t recorded1, revoked1;
};

bool credential_decode(struct credential *c, struct slice value);
/* "c/<member>/<id>", in `k`. False: longer than any key that is made. */
bool credential_key(struct state_key *k, struct slice *key, struct slice member, struct slice id);

enum credential_standing { CREDENTIAL_VALID, CREDENTIAL_EARLY, CREDENTIAL_EXPIRED, CREDENTIAL_REVOKED };
/* On the UTC day of that time. */
enum credential_standing credential_standing(const struct credential *c, int64_t time_ms);

#endif
