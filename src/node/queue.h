/*
 * queue: who is served next, before signatures are checked and after.
 *
 *   put   -> waiting   of a submission, in order
 *   pull  -> in work   a worker has it: connections take turns, by bytes
 *   ready -> ready     or, if it may be refused only for what comes before it: held
 *   take  -> taken     the closer has it: members take turns, by work
 *   done               it has its answer
 *
 * A submission is what one sender sends as one: an HTTP request, or the chain of calls of a
 * process. What it holds is taken in its order: a job is taken only when nothing before it in
 * its submission is in work, held or ready. So a later one never comes into a block before an
 * earlier one, and a slow one holds up its own submission and no other.
 *
 * Both turns are deficit round robin (Shreedhar and Varghese, 1995): each flow (a connection,
 * a member) that has something gets a credit a round, and spends it on what it has. Within a
 * flow its submissions take turns job by job.
 *
 * What is inside (pulled and not done) is bounded, since a decoded transaction takes up to ten
 * times its bytes. A part of the room is kept for connections that have nothing inside, so that
 * one that begins need not wait for those that fill it.
 *
 * Held: the door refuses by the state as it is, and an earlier transaction of the same
 * submission may be about to change that (the key that signs is registered by it). Such a one
 * is looked at again when something of its submission was done, and refused when there is
 * nothing before it any more.
 *
 * Not locked: the caller holds a mutex throughout.
 */
#ifndef ARGOSY_NODE_QUEUE_H
#define ARGOSY_NODE_QUEUE_H

#include "base/bytes.h"

struct node_answer;
struct submission;
struct tx;

enum {
	QUEUE_JOBS_MAX = 4096,	 /* inside */
	QUEUE_JOBS_COMMON = 3072, /* of them, for those that have something inside already */
	QUEUE_BYTES_MAX = 2 << 20,
	QUEUE_BYTES_COMMON = 3 << 19,
	QUEUE_TURN_BYTES = 16 << 10, /* what a connection gets a round */
	QUEUE_TURN_WORK = 256,	    /* what a member gets a round */
	QUEUE_JOB_BYTES = 128,	    /* a job counts as so many bytes at least */
	QUEUE_NAME_MAX = 32,
};

enum job_place { JOB_WAITING, JOB_IN_WORK, JOB_HELD, JOB_READY, JOB_TAKEN };

/* A transaction from its submission until it is answered. */
struct job {
	struct slice bytes;
	void (*done)(void *ctx, const struct node_answer *);
	void *ctx;
	uint8_t *owned; /* copy of bytes, or NULL where borrowed */
	bool alone;	/* malloc'ed by itself: freed when it is answered */
	struct tx *tx;	/* NULL until a worker has decoded it */

	/* The queue's own. */
	struct job *next, *prev, *again;
	struct submission *of;
	enum job_place place;
	struct slice member;
	int64_t cost;
	bool foremost; /* when it was given to a worker nothing of its submission was before it */
	uint64_t seen; /* how many of its submission were done then */
};

struct flow;

enum queue_side { QUEUE_IN, QUEUE_OUT };

struct queue {
	struct {
		struct flow *first, *last;
	} ring[2];
	struct flow *sources, *spare;
	struct submission *all;
	struct job *again_first, *again_last;
	size_t inside, inside_bytes;
	size_t takeable, takeable_bytes;
};

void queue_init(struct queue *q);
/* When every submission is closed. */
void queue_fini(struct queue *q);

/* `source`: the connection that it came by. ERR_NOMEM. */
enum err queue_open(struct queue *q, struct submission **out, uint64_t source) MUST_USE;
/* When all its jobs are done. */
void queue_close(struct queue *q, struct submission *s);
void queue_put(struct queue *q, struct submission *s, struct job *j);

/* Is there something for a worker? */
bool queue_can_pull(struct queue *q);
/* What a worker does next, or NULL. */
struct job *queue_pull(struct queue *q);

/* What became of a pulled job: it may go into a block; `member` stays there while it lives. */
void queue_ready(struct queue *q, struct job *j, struct slice member, uint64_t work);
/* It would be refused. True: it is held and will be pulled again. False: that is final. */
bool queue_hold(struct queue *q, struct job *j);

/* The next for a block, or NULL; looking twice gives the same. */
struct job *queue_next(struct queue *q);
/* Takes it. */
void queue_take(struct queue *q, struct job *j);
/* Taken ones that went into no block, in order: they come before what they came before. */
void queue_back(struct queue *q, struct job *const *jobs, size_t n);
/* It has, or is about to get, its answer: pulled, held, ready or taken. It is the caller's now. */
void queue_done(struct queue *q, struct job *j);
/* Any job that is held or ready, for the end. NULL: none. */
struct job *queue_any(struct queue *q);

/* A job of it was answered as put off: what comes after it must be, too. Until all are done. */
void queue_put_off(struct job *j, enum err why);
enum err queue_is_put_off(const struct job *j);
/* Not done yet. */
size_t queue_outstanding(const struct submission *s);
size_t queue_outstanding_bytes(const struct submission *s);

#endif
