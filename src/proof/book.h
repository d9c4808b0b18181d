/*
 * book: the histories that a proof is about, read back out of the log, and which records a
 * journey needs of them.
 */
#ifndef ARGOSY_PROOF_BOOK_H
#define ARGOSY_PROOF_BOOK_H

#include "ledger/ledger.h"
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
/* Reads an event's record again, its bytes alone, into the scratch arena, valid until the next. */
enum err book_bytes(struct book *b, struct slice *bytes, uint64_t index, struct err_text *t) MUST_USE;
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

#endif
