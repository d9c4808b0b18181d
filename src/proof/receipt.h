/*
 * receipt: a transaction's records, and that the log of a signed head holds them
 * (docs/format/receipt.md). Its sender keeps it: a history that lacks one of them
 * contradicts the signature under it.
 *
 * Pure: encodes what the caller hands over. All slices are borrowed for the call.
 */
#ifndef ARGOSY_PROOF_RECEIPT_H
#define ARGOSY_PROOF_RECEIPT_H

#include "journal/mlog.h"
#include "proof/bundle.h"

struct receipt {
	struct bundle_head head;
	uint64_t first; /* log index of the first record */
	const struct slice *records; /* of one transaction, all of them, one after the other */
	size_t n;
	const struct mlog_range *path; /* in the log of the head */
};

enum { RECEIPT_BYTES_MAX = 16 << 20 };

/* Appends the file. ERR_LIMIT: it would be larger than a verifier takes. */
enum err receipt_encode(struct buf *out, const struct receipt *r, struct err_text *t) MUST_USE;

#endif
