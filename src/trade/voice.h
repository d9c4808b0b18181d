/*
 * voice: several members, each with a row of his own under one name.
 *
 * A credential's id, an attachment's hash, a lot's id is only a name: who was the first to use it
 * keeps nobody else from doing so. Each member has a row of his own under it, with the member
 * before him in it, and one head row names the last: so readers find all of them without an
 * order of keys, the newest first.
 *
 *   <head space><name>  lp member who came last
 */
#ifndef ARGOSY_TRADE_VOICE_H
#define ARGOSY_TRADE_VOICE_H

#include "ledger/app.h"
#include "trade/keys.h"

/* Spaces of the heads. */
#define VOICE_ATTACHMENT "a#/"
#define VOICE_CREDENTIAL "c!/"
#define VOICE_LOT "o#/"

/* The last member under a name; empty: none. Borrowed from the state. */
enum err voice_last(struct exec *x, struct slice *member, const char *space,
		    struct slice name) MUST_USE;
/* The sender comes in under a name: *before is whom his row is to name. */
enum err voice_join(struct exec *x, struct slice *before, const char *space, struct slice name,
		    struct slice member) MUST_USE;
/* A head row's value. */
bool voice_decode(struct slice *member, struct slice value);

#endif
