/*
 * run: a file of rows in order of key hash, written once: what the state's memory table
 * held when it was flushed. Runs lie over LMDB until they are merged into it.
 *
 * A run goes from one height of the state (not of the chain) to another: over rows of
 * the first it makes those of the second. The name says both. Layout: docs/format/state.md.
 * Its bytes are read through a map of the file and held to be what was written no more
 * than LMDB's are: whoever reads rows checks them against the trie.
 */
#ifndef ARGOSY_STATE_RUN_H
#define ARGOSY_STATE_RUN_H

#include "base/io.h"
#include "state/disk_row.h"

struct run;

struct run_span {
	int64_t from, to; /* heights: 0 <= from < to */
};

/* Is this the name of a run's file? */
bool run_name_parse(struct run_span *span, const char *name);

/* Durable on return, under its name. `rows` are in order, none void. */
enum err run_write(const struct io *io, const char *dir, int64_t from, const struct row_list *rows,
		   const struct store_meta *meta, struct err_text *t) MUST_USE;
/* Maps it and checks its form. ERR_CORRUPT: it is not whole. */
enum err run_open(struct run **out, const struct io *io, const char *dir, struct run_span span,
		  struct err_text *t) MUST_USE;
void run_close(struct run *r); /* NULL is fine */
enum err run_remove(const struct io *io, const char *dir, struct run_span span,
		    struct err_text *t) MUST_USE;

struct run_span run_span(const struct run *r);
const struct store_meta *run_meta(const struct run *r);
size_t run_count(const struct run *r);

/* Borrowed from the map. */
struct run_row {
	const uint8_t *key_hash;
	struct slice data; /* NULL: the key is deleted */
};

/* The key hash of the row at `i` < run_count. */
const uint8_t *run_key_hash(const struct run *r, size_t i);
/* The row at `i` < run_count. ERR_CORRUPT: its bytes changed since it was opened. */
enum err run_row(const struct run *r, struct run_row *row, size_t i) MUST_USE;
/* The first row at or above a key hash; run_count if there is none. */
size_t run_seek(const struct run *r, const uint8_t *key_hash);

#endif
