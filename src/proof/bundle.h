/*
 * bundle: makes the proofs that argosy-verify checks (docs/format/bundle.md).
 *
 * Pure: encodes what the caller hands over and checks no more of it than it must to
 * encode it. All slices are borrowed for the call.
 */
#ifndef ARGOSY_PROOF_BUNDLE_H
#define ARGOSY_PROOF_BUNDLE_H

#include "ledger/epoch.h"

/* A head that is final: its header, who signed it, and what its app hash is made of
 * (the log and state after the block before). */
struct bundle_head {
	const struct genesis *genesis; /* as genesis_decode gave it: with `core` */
	const struct epoch *epochs;    /* those that began up to the header's height */
	size_t n_epochs;
	const struct header *header;
	const struct commit *commit;
	uint64_t log_size;
	struct hash log_root, state_root;
};

/* A line of a history: a summary (docs/format/record.md) and the digest of its record. */
struct bundle_event {
	uint8_t kind, flags, role;
	int64_t happened_ms, recorded_ms;
	struct slice step, where, who;
	struct hash digest;
	uint64_t voided; /* a void mark: the number (from 1) of the event that it voids; else 0 */
};

struct bundle_subject {
	struct slice id;
	struct slice value;		   /* of the state key s/ID; empty: absent */
	struct slice proof;		   /* of that key, as state_proof_put writes it */
	const struct bundle_event *events; /* all of them, oldest first */
	size_t n_events;
};

/* A log record shown in full: event `event` (from 0) of subject `subject`. */
struct bundle_record {
	size_t subject, event;
	struct slice record;
};

/* The log of `size` records and `root` is the beginning of this head's. */
struct bundle_consistency {
	uint64_t size;
	struct hash root;
	const struct hash *path; /* RFC 6962, 2.1.2 */
	size_t n;
};

enum { WITNESS_NAME_MAX = 64 };
/* How a witness checked what he signs: that the log continues the last one that he saw; or he
 * executed the chain and computed the state root himself. */
enum witness_how { WITNESS_LOG = 1, WITNESS_REPLAYED = 2 };

struct bundle_witness {
	uint8_t key[32];
	struct slice name; /* as the witness signed it */
	int64_t height;
	struct hash header_hash;
	uint64_t log_size;
	struct hash log_root;
	uint8_t how;		/* enum witness_how */
	struct hash state_root; /* of WITNESS_REPLAYED alone */
	uint8_t sig[64];
};

struct bundle {
	struct bundle_head head;
	const struct bundle_subject *subjects; /* the first is what it is about */
	size_t n_subjects;
	const struct bundle_record *records; /* any order */
	size_t n_records;
	const struct bundle_consistency *consistencies; /* sizes ascending, each once */
	size_t n_consistencies;
	const struct bundle_witness *witnesses; /* any order, no key and height twice */
	size_t n_witnesses;
};

/* Appends the bundle. ERR_FORMAT: a value or an event that cannot be encoded; ERR_LIMIT. */
enum err bundle_encode(struct buf *out, const struct bundle *b, struct err_text *t) MUST_USE;
/* Appends a head file. Witnesses must be of this very head. */
enum err bundle_head_encode(struct buf *out, const struct bundle_head *h,
			    const struct bundle_witness *witnesses, size_t n,
			    struct err_text *t) MUST_USE;

/* Appends what bundles, heads and receipts begin with behind their first four bytes: the signed
 * head (docs/format/bundle.md). ERR_MISMATCH: the header carries another log or state. */
enum err bundle_signed_head_put(struct buf *out, const struct bundle_head *h,
				struct err_text *t) MUST_USE;

/* A partner's signature on a head: fills in w->sig for the other fields. */
enum err bundle_witness_sign(struct bundle_witness *w, const struct hash *fingerprint,
			     const uint8_t secret[static 64]) MUST_USE;

/* Does w->sig fit? ERR_NOMEM only. */
enum err bundle_witness_check(bool *good, const struct bundle_witness *w,
			      const struct hash *fingerprint) MUST_USE;

/* Appends "https://host/p#BASE32": `prefix` as given ("https://host/p#"), then the bytes. */
void bundle_to_url(struct buf *out, const char *prefix, struct slice bytes);

#endif
