/*
 * subject: anything that has a history: item, lot, logistic unit, asset,
 * shipment, order, transformation. Codecs of docs/format/record.md.
 */
#ifndef ARGOSY_TRADE_SUBJECT_H
#define ARGOSY_TRADE_SUBJECT_H

#include "base/bytes.h"

enum subject_kind {
	SUBJECT_ITEM = 1,
	SUBJECT_LOT = 2,
	SUBJECT_CLASS = 3,
	SUBJECT_UNIT = 4, /* logistic unit: SSCC */
	SUBJECT_ASSET = 5,
	SUBJECT_SHIPMENT = 6,
	SUBJECT_ORDER = 7,
	SUBJECT_TRANSFORMATION = 8,
	SUBJECT_DOCUMENT = 9,
	SUBJECT_OTHER = 10,
};

enum { SUBJECT_TAKEN_IN = 1, SUBJECT_DECOMMISSIONED = 2 };
enum { SUBJECT_ID_MAX = 480, SUBJECT_CHUNK = 64, SUBJECT_DEPTH_MAX = 16 };

/* Slices are borrowed. */
struct subject {
	uint64_t count;
	struct hash head;
	uint64_t last1; /* log index + 1 of the last record; 0: none */
	uint64_t claims;
	struct hash claims_head;
	uint64_t claims_last1;
	enum subject_kind kind;
	uint8_t flags;
	struct slice owner, holder, offered_to;
	struct slice container;
	uint64_t container_since1; /* log index + 1 */
	uint64_t slot;
	uint64_t children;
	/* No more containers than this are nested below; 0 where it has no children. It grows with
	 * what is packed and falls only when the last child leaves. */
	uint8_t height;
};

bool subject_decode(struct subject *s, struct slice value);
void subject_encode(struct buf *b, const struct subject *s);

/* One line of a history, as it is hashed and shown. */
enum {
	SUMMARY_ACTION_MASK = 3,
	SUMMARY_ERROR = 4,
	SUMMARY_TAKEN_IN = 8,
	SUMMARY_UNNAMED = 16,
	SUMMARY_SENSOR = 32,
	SUMMARY_VOID = 128, /* a void mark: with SUMMARY_ERROR and nothing else */
};

enum subject_role {
	ROLE_WHAT = 1,
	ROLE_PARENT = 2,
	ROLE_CHILD = 3,
	ROLE_INPUT = 4,
	ROLE_OUTPUT = 5,
	ROLE_ABOUT = 6,
};

enum record_mode {
	MODE_HISTORY = 0,
	MODE_CLAIM = 1,
	MODE_UNNAMED = 2,
	/* Marks that say which entry of this chain is declared in error. */
	MODE_VOID = 3,	     /* in the history */
	MODE_VOID_CLAIM = 4, /* among the claims */
};

static inline bool mode_is_claim(enum record_mode m)
{
	return m == MODE_CLAIM || m == MODE_VOID_CLAIM;
}

static inline bool mode_is_void(enum record_mode m)
{
	return m == MODE_VOID || m == MODE_VOID_CLAIM;
}

struct summary {
	uint8_t kind; /* field number in Action.act */
	uint8_t flags;
	uint8_t role;
	int64_t happened_ms, recorded_ms;
	struct slice step, where, who;
	uint64_t voided; /* of a void mark: the entry that it voids, from 1; else 0 */
};

/* The summary of a void mark: it says which entry is void, and nothing else. */
struct summary summary_void(enum subject_role role, uint64_t voided, int64_t recorded_ms,
			    struct slice who);
void summary_encode(struct buf *b, const struct summary *s);
bool summary_decode(struct summary *s, struct slice bytes);
/* head = SHA-256(tag || head || digest || summary); claims have their own tag. */
void history_advance(struct hash *head, bool claims, const struct hash *digest, struct slice summary);

/* A decoded log record. */
enum { RECORD_SUBJECTS_MAX = 40400 }; /* a row may stand there in its history and in its claims */
struct record_subject {
	enum subject_role role;
	enum record_mode mode;
	struct slice id;
	uint64_t number; /* from 1 */
	uint64_t prev1;	 /* log index + 1 of the one before; 0: none */
	uint64_t voided; /* of a void mark: the entry of that chain that is declared in error; else 0 */
};
struct record {
	uint64_t height;
	int64_t time_ms;
	uint64_t tx_index, action_index;
	struct slice member;
	uint8_t key[32];
	uint8_t tx_id[16];
	uint8_t kind;
	struct hash event_hash;
	size_t n_subjects;
	struct record_subject *subjects; /* in the arena given */
	struct slice action;
};

enum err record_decode(struct record *r, struct arena *a, struct slice bytes) MUST_USE;
void record_encode(struct buf *b, const struct record *r);

#endif
