/*
 * credential: a member's qualifications.
 *
 *   c/<about>/<issuer>/<id>  'C' u8 1 | lp kind | lp valid from | lp valid to |
 *                            varint log index + 1 | varint log index + 1 of the revocation (0: none)
 *   c#/<issuer>/<id>         lp member that it is about | lp member who used the id before him
 *                            (empty: none)
 *   c!/<id>                  lp member who used the id last (trade/voice.h)
 *   c+/<about>/<id>          lp member who last recorded one of this id about him
 *
 * An id is each issuer's own: what another recorded under it keeps nobody from using it.
 * Nothing expires by itself: whether one holds is judged at a block's time.
 */
#ifndef ARGOSY_TRADE_CREDENTIAL_H
#define ARGOSY_TRADE_CREDENTIAL_H

#include "trade/act.h"
#include "trade/keys.h"

struct credential {
	struct slice kind;
	struct slice valid_from, valid_to; /* dates; empty: not bounded */
	uint64_t recorded1, revoked1;
};

bool credential_decode(struct credential *c, struct slice value);
/* "c/<about>/<issuer>/<id>", in `k`. False: longer than any key that is made. */
bool credential_key(struct state_key *k, struct slice *key, struct slice about, struct slice issuer,
		    struct slice id);
/* "c#/<issuer>/<id>", in `k`, of a credential that can be. False as above. */
bool credential_about_key(struct state_key *k, struct slice *key, struct slice issuer, struct slice id);
bool credential_about_decode(struct slice *about, struct slice *before, struct slice value);
/* Is there any of this id about this member? */
enum err credential_known(struct exec *x, bool *known, struct slice about, struct slice id) MUST_USE;

enum credential_standing { CREDENTIAL_VALID, CREDENTIAL_EARLY, CREDENTIAL_EXPIRED, CREDENTIAL_REVOKED };
/* On the UTC day of that time. */
enum credential_standing credential_standing(const struct credential *c, int64_t time_ms);
/* "valid", "early", "expired", "revoked" */
const char *credential_standing_name(enum credential_standing s);

#endif
