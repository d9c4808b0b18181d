/*
 * solo_inner: what the solo driver's files share. Nobody but solo*.c includes this.
 *
 *   queue.c        who is served next
 *   solo.c         workers, calls from outside
 *   solo_closer.c  the thread that decides when a block closes, and of which jobs
 *   solo_block.c   one block: packets, header, signature, commit
 *
 * A job is in one place at a time (queue.h). It counts in `jobs` until its answer was given.
 */
#ifndef ARGOSY_NODE_SOLO_INNER_H
#define ARGOSY_NODE_SOLO_INNER_H

#include "node/clock.h"
#include "node/queue.h"
#include "node/solo.h"

#include <pthread.h>

struct solo {
	/* Set at the start, then only read. */
	struct ledger *ledger;
	struct guard *guard;
	struct solo_options options;
	struct validator validator;
	uint8_t *secret_key; /* sealed memory, 64 bytes, only to be read */
	struct hash validators_hash, consensus_hash;

	/* The mutex guards what follows, down to block_ms. */
	pthread_mutex_t mutex;
	pthread_cond_t work, ready, changed, room; /* for workers, the closer, waiters, submitters */
	unsigned room_wanted;
	struct queue queue;
	struct submission *own; /* of solo_submit */
	size_t jobs;		/* not answered */
	unsigned working;	/* jobs in workers' hands */
	int64_t takeable_ns;	/* since when there is something to take; 0: there is nothing */
	bool stopping, stopped, want_proof, no_room;
	char why[256];
	struct clock_watch clock;
	int64_t proven; /* newest height whose app hash a header carries; -1: none */
	int64_t block_ms; /* time of the newest block */

	/* The closer's own: no other thread reads them. */
	struct solo_tip tip;
	int64_t next_height;
	size_t since_trim;
	unsigned trims_owed; /* when idle */
	size_t block_jobs;   /* so many at most go into the next block */
	struct header header;
	struct commit commit;

	pthread_t *workers;
	unsigned n_workers;
	pthread_t closer;
	bool closer_started;
};

/* ---- solo.c ---- */

/* What executing a job will cost at least, in the ledger's units. Once a worker has decoded it. */
uint64_t solo_work_of(const struct job *j);
/* Answers jobs[i] by answers[i] and forgets them; `answers` NULL: the outcome is unknown.
 * Without the mutex. */
void solo_jobs_answer(struct solo *s, struct job *const *jobs, size_t n,
		      const struct node_answer *answers);
/*
 * Are clock and disk fit for a block now? The wall's time, if so; else ERR_UNAVAILABLE or
 * ERR_NOSPACE. Looks at the clock itself, so that a jump is known before anything is judged
 * by it; the disk is looked at by the closer. With the mutex.
 */
enum err solo_fit(struct solo *s, int64_t *wall_ns) MUST_USE;
/* Stops the driver for good, by this fault. The first reason stays. Without the mutex. */
void solo_stop_for(struct solo *s, enum err e, const struct err_text *t);
/* Waits for the condition, at most so long; may return early. With the mutex. */
void solo_wait_ms(struct solo *s, pthread_cond_t *c, int64_t ms);
/*
 * Is it better to let the workers go on before a block closes? Only while they have work in
 * hand: then the processor is not idle meanwhile, and a larger block costs less a transaction
 * (one sync, one signature, shared paths of the trie). When the workers have nothing left, the
 * block closes; and at the latest SOLO_GATHER_MS after something was ready for it, so that no
 * transaction that takes long to check holds up those of others. With the mutex.
 */
enum { SOLO_GATHER_MS = 50 };
bool solo_more_coming(struct solo *s);

/* ---- solo_closer.c ---- */

/* The closer's thread; `arg` is the struct solo. Ends when the driver stops and every job
 * has been answered. */
void *solo_closer_main(void *arg);

/* ---- solo_block.c ---- */

/*
 * Closes one block of these jobs. The signature is in the journal's record and the
 * record is synced; then the guard is; only then may anybody see the block. So a node
 * that crashed in between never showed the signature, and a journal older than the
 * guard is known for a copy.
 *
 * answers[i] is jobs[i]'s, true only where ERR_OK is returned. After any other, what became
 * of the block is unknown and the driver must stop. A verdict DEFERRED is no answer: this job
 * and all after it were put off, and go into another block. On the closer's thread, without
 * the mutex.
 */
enum err solo_block_close(struct solo *s, struct job *const *jobs, size_t n, int64_t wall_ns,
			  struct node_answer *answers, struct err_text *t) MUST_USE;

#endif
