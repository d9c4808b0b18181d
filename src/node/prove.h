/*
 * prove: what a node adds to histories (proof/book.h) to make a proof: heads, epochs, witnesses.
 * For src/node alone.
 */
#ifndef ARGOSY_NODE_PROVE_H
#define ARGOSY_NODE_PROVE_H

#include "node/node_inner.h"
#include "proof/bundle.h"

/* The header and commit of a block. */
struct signed_block {
	struct header header;
	struct commit commit;
};
/* The newest final head, for which a block may be closed first; `h` borrows `block` and what the
 * ledger has. */
enum err head_newest(struct node *n, struct bundle_head *h, struct signed_block *block,
		     struct err_text *t) MUST_USE;

/* The witnesses kept in the folder who signed the head of `height`, or one that this continues;
 * at most WITNESSES_MAX. */
enum { WITNESSES_MAX = 64 };
enum err witnesses_load(struct node *n, struct arena *a, struct bundle_witness **list, size_t *count,
			int64_t height, const struct hash *header_hash, uint64_t log_size) MUST_USE;
/* Proofs that the log of `log_size` continues each of these older ones; sorts `sizes`. */
enum err consistencies_make(struct node *n, struct arena *a, struct bundle_consistency **list,
			    size_t *count, uint64_t *sizes, size_t n_sizes, uint64_t log_size,
			    const struct hash *log_root, struct err_text *t) MUST_USE;

#endif
