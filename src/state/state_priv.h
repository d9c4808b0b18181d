/*
 * state_priv: what the files of the state share; for state*.c alone.
 *
 * Locks, in the order in which they are taken:
 *   m      flush, staging, stop, fault, the store's meta. Never held while waiting
 *          for the disk.
 *   lock   readers against changes of cells, active, frozen, committed.
 *   views  the list of idle views.
 */
#ifndef ARGOSY_STATE_STATE_PRIV_H
#define ARGOSY_STATE_STATE_PRIV_H

#include "state/capture.h"
#include "state/cells.h"
#include "state/helper.h"
#include "state/memtable.h"
#include "state/state.h"
#include "state/store.h"

#include <pthread.h>

enum flush_step {
	FLUSH_IDLE,    /* no frozen table */
	FLUSH_WANTED,  /* the frozen table waits for the thread */
	FLUSH_RUNNING, /* the thread writes it */
	FLUSH_DONE,    /* a run has it; the block thread may lay that in its place */
};

enum merge_step {
	MERGE_IDLE,
	MERGE_RUNNING, /* the thread puts the oldest runs into LMDB, when it has no table to write */
	MERGE_DONE,    /* LMDB has them; the block thread may drop them */
};

/* A state as of a commit. */
struct version {
	int64_t height;
	struct hash root;
	uint64_t keys;
	struct buf note;
};

/* Rows of all layers under a prefix; one per thread that reads. */
struct lens {
	struct lens *next;
	struct state *s;
	struct store_view *view;
	struct row_list rows;
	struct leaf_list below;
	struct touch *touches;
	size_t touches_cap;
	struct leaf_list leaves;       /* scratch of proofs */
	struct capture captured;       /* the block thread's only */
	const struct capture *capture; /* what scans look into: of a helper, the block thread's */
};

struct hash_list {
	struct hash *at;
	size_t n, cap;
};

struct state {
	struct state_options o;
	char *dir;
	struct store *store;
	struct cells *cells;

	pthread_rwlock_t lock;
	struct memtable *active, *frozen;
	struct version committed;

	/* the block thread's own */
	struct lens *own;
	struct memtable *stage, *spare;
	struct row **undo; /* staged rows, oldest first */
	size_t undo_n, undo_cap;
	struct row_list staged_rows;
	struct hash_list reads; /* whose buckets are to be checked with the root */
	struct touch *touches;
	size_t touches_cap;
	bool root_known;
	int64_t delta;	       /* of the number of keys, with root_known */
	struct helper *helper; /* takes shares of the root; NULL: none */
	struct lens *second;   /* its own; open while it is asked */

	pthread_mutex_t m;
	pthread_cond_t changed;
	enum flush_step flush;
	enum merge_step merge;
	struct run *made; /* of FLUSH_DONE; NULL: it failed */
	bool staging, stop, threaded;
	enum err fault; /* sticky: no more writing */
	struct err_text fault_text;
	struct version frozen_at;
	int64_t frozen_from; /* the height that the frozen table lies over */
	uint64_t flushes, merges;
	pthread_t thread;

	pthread_mutex_t views;
	struct lens *idle;
};

enum err lens_new(struct lens **out, struct state *s) MUST_USE;
void lens_free(struct lens *l);
struct leaf_source lens_source(struct lens *l);
/* The row of the store, and with it its whole bucket for the scan that will follow. */
enum err lens_row(struct lens *l, bool *found, struct disk_row *row,
		  const struct hash *key_hash) MUST_USE;

/* state_version.c */
void state_key_hash(const struct state *s, struct hash *out, struct slice key);
enum err state_damaged(const struct state *s, struct err_text *t) MUST_USE;

enum err version_set(struct version *v, int64_t height, const struct hash *root, uint64_t keys,
		     struct slice note) MUST_USE;

/* state_build.c: all cells from a scan of all rows. */
enum err state_build(struct state *s, struct err_text *t) MUST_USE;

/* state_flush.c, called by the block thread while it does not stage. */
enum err flush_start(struct state *s, struct err_text *t) MUST_USE;
void flush_stop(struct state *s);
/* What the thread has finished becomes what is read: a run in place of the frozen table,
 * LMDB in place of the runs merged. */
void flush_reap(struct state *s);
/* Freezes what is pending if there is too much of it (or `all`), and waits for the
 * last flush first. */
enum err flush_push(struct state *s, bool all, struct err_text *t) MUST_USE;
enum err flush_wait(struct state *s, struct err_text *t) MUST_USE;

#endif
