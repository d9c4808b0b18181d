/*
 * prove: what bundles are made of: histories, heads, epochs, witnesses.
 * For src/node alone.
 */
#ifndef ARGOSY_NODE_PROVE_H
#define ARGOSY_NODE_PROVE_H

#include "node/node_inner.h"
#include "proof/bundle.h"
#include "trade/stays.h"
#include "trade/trade.h"

struct spans {
	struct span *v;
	size_t n, cap;
};

/*
 * A subject and all its history, oldest first; memory from the arena. Of each record only what a
 * proof says of it is kept: a record may have a megabyte and stand in the histories of ten
 * thousand things.
 */
struct chapter {
	struct slice id;
	struct slice value; /* of the state key s/ID; empty: absent */
	struct slice proof;
	struct subject subject;
	size_t n;
	struct bundle_event *events;
	uint64_t *index;     /* each event's record in the log */
	bool *transforms;    /* it made this from others, or is a part of it; until it is followed */
	struct move *moves;  /* into containers and out of them, as recorded */
	size_t n_moves, cap_moves;
	/* The walk's own (book_journey.c). */
	bool reached, waiting, read;
	struct spans all, origin; /* origin: those of which what it was made from belongs too */
	struct stay *stays;
	size_t n_stays;
	bool *shown; /* the record of this event is part of the proof */
};

struct book {
	struct ledger *ledger;
	struct arena *arena;
	struct arena *scratch; /* for one record */
	struct chapter *chapters;
	size_t n, cap;
	size_t *places; /* by hash of the id: chapter + 1; open addressing */
	size_t n_places;
	size_t *queue; /* chapters to be walked, in the order in which they came up */
	size_t queued, walked, queue_cap;
	/* What was done so far: steps, of which a record of so many bytes counts one for each 64. */
	uint64_t work;
};

enum { BOOK_SUBJECTS_MAX = 10000, BOOK_EVENTS_MAX = 1000000, BOOK_WORK_MAX = 50000000 };

/* Counts work; ERR_LIMIT beyond BOOK_WORK_MAX. */
enum err book_work(struct book *b, uint64_t steps, struct err_text *t) MUST_USE;
/* Reads an event's record again, decoded into the scratch arena, valid until the next. */
enum err book_record(struct book *b, struct record *r, struct slice *bytes, uint64_t index,
		     struct err_text *t) MUST_USE;
/* As it was at the start, to be filled again; what was allocated stays until the end. */
void book_clear(struct book *b);
/* Loads a subject's history as committed now; gives its place in the book. Again is free.
 * A subject without a history is there with n 0 and an empty value. */
enum err book_load(struct book *b, size_t *at, struct slice id, struct err_text *t) MUST_USE;
/* The closure of chapter 0 (docs/format/bundle.md, "Journey"): loads what belongs to it and
 * marks the records that show it. */
enum err book_journey(struct book *b, struct err_text *t) MUST_USE;
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
