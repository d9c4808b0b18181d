/*
 * receipt: a transaction's records and their place in the log, as its sender keeps them
 * (docs/format/receipt.md). verify_bundle takes receipts too: a good one is a result with
 * `receipt` set, a signed head, and no subjects.
 *
 * What a good receipt proves: the log of this head holds these records. What it does not:
 * that the histories do. A bundle shows that; one that does not, and whose log continues the
 * receipt's, contradicts itself (verify_evidence).
 */
#ifndef ARGOSY_VERIFY_RECEIPT_H
#define ARGOSY_VERIFY_RECEIPT_H

#include "verify/verify.h"

enum { VERIFY_RECEIPT_RECORDS_MAX = 10000 };

/* docs/format/record.md. */
enum verify_mode {
	VERIFY_MODE_HISTORY = 0,
	VERIFY_MODE_CLAIM = 1,
	VERIFY_MODE_UNNAMED = 2,    /* history; the event does not name the subject */
	VERIFY_MODE_VOID = 3,	    /* marks entry `voided` of the history as void */
	VERIFY_MODE_VOID_CLAIM = 4, /* the same among the claims */
};

/* What a record says of one subject. */
struct verify_receipt_line {
	const char *id; /* UTF-8 */
	uint8_t role, mode;
	uint64_t number; /* in the subject's history, or among its claims */
	uint64_t voided; /* of VERIFY_MODE_VOID, VERIFY_MODE_VOID_CLAIM; else 0 */
};

struct verify_receipt_record {
	uint64_t index; /* in the log */
	uint8_t digest[32];
	uint8_t kind; /* docs/format/record.md */
	size_t n_lines;
	struct verify_receipt_line *lines;
	const uint8_t *bytes;
	size_t bytes_n;
};

struct verify_receipt {
	const char *member;
	uint8_t tx_id[16], key[32];
	int64_t height, recorded_ms; /* of the block that the transaction stands in */
	size_t n_records;
	struct verify_receipt_record *records;
};

/*
 * Two results that cannot both be true. Of two bundles as verify_conflict; of a receipt and a
 * bundle also: does the bundle's history lack a record of the receipt, though its log holds
 * it? `link` (may be NULL): a bundle that shows that the later log continues the earlier one,
 * where the two do not.
 */
enum verify_conflict verify_evidence(char *words, size_t words_n, const struct verify_result *a,
				     const struct verify_result *b,
				     const struct verify_result *link, bool zh);

#endif
