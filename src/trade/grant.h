/*
 * grant: a step of a history that its owner or holder leaves to another member.
 *
 * `r/<subject>/<granter>/<member>/<step>` = 'G' u8 1 | zigzag until ms (0: until revoked) |
 * varint log index + 1. <step> is empty for any step; a '/' in it stands as a space. Since a
 * member's id has no '/' either, no two grants share a key. Owner and holder may both grant the
 * same; only he who granted can revoke. A grant holds only while its granter is the subject's
 * registered owner or its holder.
 */
#ifndef ARGOSY_TRADE_GRANT_H
#define ARGOSY_TRADE_GRANT_H

#include "trade/act.h"
#include "trade/keys.h"

struct grant {
	int64_t until_ms;
	uint64_t recorded1;
};
bool grant_decode(struct grant *g, struct slice value);
/* Its key, in `k`. False: no key so long is ever made, so there is no such grant. */
bool grant_key(struct state_key *k, struct slice *key, struct slice subject, struct slice granter,
	       struct slice member, struct slice step);

/* Does a grant of the owner or holder let the sender write this action's step into the subject's history? */
enum err grant_covers(struct act *a, bool *yes, struct slice owner, struct slice holder,
		      const struct prepared_subject *ps) MUST_USE;
/* The same for a subject without history: by a grant on its product alone. */
enum err grant_covers_product(struct act *a, bool *yes, struct slice owner,
			      const struct prepared_subject *ps) MUST_USE;

#endif
