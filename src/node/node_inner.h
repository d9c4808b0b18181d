/*
 * node_inner: what the files of a node share. Nobody outside src/node includes this.
 */
#ifndef ARGOSY_NODE_NODE_INNER_H
#define ARGOSY_NODE_NODE_INNER_H

#include "crypto/keyfile.h"
#include "crypto/sha256.h"
#include "data/codes.h"
#include "ledger/header.h"
#include "ledger/member.h"
#include "node/guard.h"
#include "node/node.h"
#include "node/solo.h"

#include <pthread.h>
#include <stdatomic.h>

#define NODE_FORMAT NODE_FORMAT_LINE "\n"
/* Of a folder. */
#define NODE_NO_FORMAT_TEXT                                                                        \
	"FORMAT is missing from %s, which holds the journal or keys of a node: write one line "    \
	"into it, \"" NODE_FORMAT_LINE "\" (unless 'argosy init' was interrupted there: then it "  \
	"can be run again)"

struct node {
	char dir[IO_PATH_MAX], keys[IO_PATH_MAX];
	struct node_options options;
	struct io_file *lock;
	char scratch[IO_PATH_MAX]; /* where the derived files are of a folder that cannot be written; or "" */
	struct ledger *ledger;
	struct guard *guard;
	struct solo *solo; /* NULL: read-only */
	bool read_only;
	struct err_text why;
	atomic_bool trying; /* a trial runs */
};

/* The next height to sign: a resumed epoch may begin further on than behind the last block. */
int64_t node_next_height(struct ledger *l);
/*
 * May this folder sign what comes after its journal? `read` is what came of reading the guard
 * (ERR_OK, ERR_NOTFOUND or ERR_CORRUPT), `last` what it said. False: it is older than what was
 * signed, or does not know (a copy); *why says so.
 */
bool guard_allows(struct ledger *l, enum err read, const struct guard_mark *last,
		  struct err_text *why);
/* The key in keys/validator.key. ERR_CORRUPT: it is lost or damaged; the text says what to do. */
enum err validator_key_load(struct keyfile *k, const char *keys, struct err_text *t) MUST_USE;
/* ---- backup.c ---- */

/* Names, and may make, a folder for derived files: in `dir`, or where that cannot be written
 * among the temporary files. The caller removes it (ledger_derived_remove). */
enum err node_scratch_make(char out[static IO_PATH_MAX], const char *dir, struct err_text *t) MUST_USE;

/* node_verify, and `verified` with what was made anew from the journal, if that is good. */
enum err node_verify_then(struct ledger_audit *out, const char *dir, const struct node_options *o,
			  enum err (*verified)(void *ctx, struct ledger *l, struct err_text *t), void *ctx,
			  struct err_text *t) MUST_USE;

#endif
