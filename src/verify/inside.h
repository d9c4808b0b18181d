/*
 * inside: what the parts of the verifier share. docs/format/bundle.md is the text
 * that these functions follow; every reader refuses all but the one encoding.
 */
#ifndef ARGOSY_VERIFY_INSIDE_H
#define ARGOSY_VERIFY_INSIDE_H

#include "base/bytes.h"
#include "verify/verify.h"

enum {
	APP_VERSION = 1, /* what the app hash is made of */
	CHAIN_ID_BYTES = 50,
	EPOCHS_MAX = 64,
	SUBJECTS_MAX = 10000,
	EVENTS_MAX = 1000000,
	RECORDS_MAX = 100000,
	STRINGS_MAX = 20000,
	STRING_BYTES = 480,
	CONSISTENCIES_MAX = 64,
	WITNESSES_MAX = 64,
	WITNESS_NAME_BYTES = 64,
	SIBLINGS_MAX = 255,
	RECORD_SUBJECTS_MAX_ = 40400,
};

/* ---- hashes (hash.c) ---- */
/* Are the two 32 bytes one hash? Asked wherever a proof commits to what it shows, and nowhere
 * else: with this and signatures always good, a fuzzer gets behind them. */
#ifndef commits
static inline bool commits(const void *a, const void *b)
{
	return memcmp(a, b, 32) == 0;
}
#endif
void h_of(struct hash *out, struct slice s);
void h_parts(struct hash *out, const struct slice *parts, size_t n);
void h_leaf(struct hash *out, struct slice item);
void h_node(struct hash *out, const struct hash *left, const struct hash *right);
bool signature_good(const uint8_t *sig, struct slice msg, const uint8_t *key);
/* Does the tree of size2 and root2 begin with that of size1 and root1 (RFC 9162, 2.1.4.2)? */
bool consistency_good(uint64_t size1, const struct hash *root1, uint64_t size2,
		      const struct hash *root2, const struct hash *path, size_t n);

/* ---- the work in hand ---- */
struct work {
	struct verify_result *r;
	struct arena *arena;
	struct reader in;
	/* After the signed head: */
	struct hash header_path[5];
	struct hash leaf_height, leaf_time;
	struct hash state_root;
	bool state_root_known;
	/* The commit, kept until the state root is known. */
	uint64_t round, parts;
	struct hash parts_hash;
	size_t n_sigs;
	struct {
		size_t index;
		int64_t s;
		int32_t ns;
		const uint8_t *sig;
	} sigs[VERIFY_VALIDATORS_MAX];
	/* Validators of this height, in order. */
	size_t n_validators;
	uint8_t keys[VERIFY_VALIDATORS_MAX][32];
	uint64_t power[VERIFY_VALIDATORS_MAX];
	/* Every key that was a validator's in some epoch up to here. */
	size_t n_ever;
	uint8_t ever[VERIFY_VALIDATORS_MAX + EPOCHS_MAX][32];
	uint64_t app_version;
	int64_t genesis_s, genesis_height;
	/* Dictionary. */
	size_t n_strings;
	const char **strings;
	uint32_t *lengths;
	bool *used;
	size_t *subject_of; /* by string: the subject of this id, or SIZE_MAX */
	size_t n_frames;
	struct record_frame {
		size_t subject, event; /* ascending */
		size_t n;
		struct record_entry {
			uint8_t role, mode;
			struct slice id;
			uint64_t number;
		} * entries; /* in the arena */
		uint64_t event_type; /* Event.type; 0: not an event */
	} * frames;
};

/* Writes reason and detail once, the first; returns false, so that a check can end
 * with `return refuse(...)`. */
bool refuse(struct work *w, enum verify_reason reason, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Memory of the result; NULL refuses with VERIFY_NOMEM. */
void *take_memory(struct work *w, size_t n);

/* ---- parts, in the order of the file ---- */
bool read_signed_head(struct work *w, const uint8_t *fingerprint); /* chain.c */
bool check_commit(struct work *w);    /* chain.c, when the state root is known */
bool read_dictionary(struct work *w); /* dictionary.c */
bool dictionary_all_used(struct work *w);
/* A reference: "" for 0. NULL refuses. *length may be NULL. */
const char *read_reference(struct work *w, size_t *length);
const char *use_string(struct work *w, uint64_t number, size_t *length);
/* The number of a string, SIZE_MAX if it is not there. */
size_t find_string(const struct work *w, struct slice s);
bool read_subjects(struct work *w);	 /* subject.c */
bool read_records(struct work *w);	 /* record.c */
/* NULL: the record of this event (from 0) is not shown. */
const struct record_frame *frame_of(const struct work *w, size_t subject, size_t event);
bool check_journey(struct work *w); /* journey.c */
/* SIZE_MAX: it is not in the bundle. */
size_t subject_named(const struct work *w, struct slice id);
bool read_receipt(struct work *w);	 /* receipt.c */
bool read_consistencies(struct work *w); /* witness.c */
bool read_witnesses(struct work *w);
/* Which of them count: those whose keys the reader named. */
bool count_witnesses(struct work *w, const struct verify_options *o);
/* How many epochs, from the first, are the same in both. */
size_t epochs_shared(const struct verify_result *a, const struct verify_result *b);
bool check_held_head(struct work *w, const struct verify_result *held);

/* ---- steps by number (dictionary.c) ---- */
enum { STEP_FIRST_STRING = 64 };
/* From here on numbers stand for what makes, moves or voids: whoever does not know one cannot
 * judge a history. Below, and of flags all but the highest, they are shown by number. */
enum { KINDS_THAT_ACT = 128, FLAG_THAT_ACTS = 128, ROLE_FIRST = 1, ROLE_LAST = 6 };
/* NULL: no such number. */
const char *step_by_number(uint64_t number);
bool step_in_table(const char *s);

/* ---- numbers of docs/format/record.md ---- */
enum { MODE_HISTORY = 0, MODE_CLAIM = 1, MODE_VOID = 3, MODE_VOID_CLAIM = 4 };
enum { FLAG_ERROR = 4, FLAG_VOID = 128 };

static inline bool is_claim(uint8_t mode)
{
	return mode == MODE_CLAIM || mode == MODE_VOID_CLAIM;
}

/* Void marks, as other acts, happen when they are recorded. */
static inline bool is_event(const struct verify_event *e)
{
	return e->kind == 1 && !(e->flags & FLAG_VOID);
}

/* ---- when a thing was where (stay.c) ---- */

struct move {
	int64_t at_ms, recorded_ms;
	bool into;
	struct slice container;
	uint64_t event;	 /* number of the thing's event, from 1 */
	int64_t void_ms; /* when it was declared in error; INT64_MAX: it was not */
};
/* Times from..to-1; INT64_MAX: no end. */
struct span {
	int64_t from, to;
};
/* Events belong by when they happened; other acts by that, or by what was recorded around. */
struct when {
	struct span happened, recorded;
};
struct stay {
	struct slice container;
	struct when at;
	uint64_t begin, end;	/* events; 0: still inside */
	bool contradicts;	/* the end is told to be before the beginning */
};
/* Of moves in the order of recording. A stay that a void packing began, and that no unpacking
 * ended, ends when that was declared. False: no memory. */
bool find_stays(struct work *w, struct stay **out, size_t *n_out, const struct move *m, size_t n,
		bool many);

/* ---- text (base32.c) ---- */
/* Decodes into `out` (room for n * 5 / 8); false: not in the one form. */
bool base32_decode(uint8_t *out, size_t *out_n, const uint8_t *text, size_t n);

#endif
