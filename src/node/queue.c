#include "node/queue.h"

#include <stdlib.h>

struct list {
	struct job *first, *last;
};

struct submission {
	struct submission *all_next, *all_prev;
	struct submission *next[2]; /* in a flow of either side */
	bool in_flow[2];
	struct flow *source;
	struct list waiting, pulled; /* pulled: but those that were taken */
	struct job *edge;	     /* the first pulled one that is not ready; NULL: all are */
	size_t taken, outstanding, outstanding_bytes;
	uint64_t commits; /* taken ones that are done */
	enum err put_off;
};

/* A connection, or a member. */
struct flow {
	struct flow *next;	    /* in its ring, or of the spare ones */
	struct flow *sources_next;
	bool in_ring;
	uint8_t name[QUEUE_NAME_MAX];
	size_t name_n;
	uint64_t source;
	int64_t credit;
	struct submission *first, *last;
	unsigned users; /* of a connection: its submissions */
	size_t inside;	/* of a connection: its jobs that are inside */
};

/* ---- lists of jobs ---- */

static void list_append(struct list *l, struct job *j)
{
	j->next = NULL;
	j->prev = l->last;
	*(l->last ? &l->last->next : &l->first) = j;
	l->last = j;
}

static void list_prepend(struct list *l, struct job *j)
{
	j->prev = NULL;
	j->next = l->first;
	*(l->first ? &l->first->prev : &l->last) = j;
	l->first = j;
}

static void list_remove(struct list *l, struct job *j)
{
	*(j->prev ? &j->prev->next : &l->first) = j->next;
	*(j->next ? &j->next->prev : &l->last) = j->prev;
	j->next = j->prev = NULL;
}

/* ---- flows ---- */

static void ring_append(struct queue *q, enum queue_side side, struct flow *f)
{
	f->next = NULL;
	*(q->ring[side].last ? &q->ring[side].last->next : &q->ring[side].first) = f;
	q->ring[side].last = f;
	f->in_ring = true;
}

static struct flow *ring_shift(struct queue *q, enum queue_side side)
{
	struct flow *f = q->ring[side].first;
	q->ring[side].first = f->next;
	if (!f->next)
		q->ring[side].last = NULL;
	f->in_ring = false;
	return f;
}

static void ring_remove(struct queue *q, enum queue_side side, struct flow *f)
{
	struct flow *before = NULL, *at = q->ring[side].first;
	for (; at != f; at = at->next)
		before = at;
	*(before ? &before->next : &q->ring[side].first) = f->next;
	if (q->ring[side].last == f)
		q->ring[side].last = before;
	f->in_ring = false;
}

static struct job *head_of(const struct submission *s, enum queue_side side)
{
	if (side == QUEUE_IN)
		return s->waiting.first;
	return s->pulled.first != s->edge ? s->pulled.first : NULL;
}

static int64_t cost_of(const struct job *j, enum queue_side side)
{
	if (side == QUEUE_OUT)
		return j->cost;
	return j->bytes.n > QUEUE_JOB_BYTES ? (int64_t)j->bytes.n : QUEUE_JOB_BYTES;
}

static int64_t turn_of(enum queue_side side)
{
	return side == QUEUE_IN ? QUEUE_TURN_BYTES : QUEUE_TURN_WORK;
}

static bool named(const struct flow *f, struct slice name)
{
	return slice_eq(slice(f->name, f->name_n), name);
}

/* The member's flow. There are at least as many as submissions, and each is in one at most. */
static struct flow *member_flow(struct queue *q, struct slice member)
{
	for (struct flow *f = q->ring[QUEUE_OUT].first; f; f = f->next)
		if (named(f, member))
			return f;
	struct flow *f = q->spare;
	bug_if(!f || member.n > QUEUE_NAME_MAX);
	q->spare = f->next;
	*f = (struct flow){.name_n = member.n};
	if (member.n)
		memcpy(f->name, member.p, member.n);
	return f;
}

/* The submission has something on that side: it takes turns. */
static void flow_join(struct queue *q, enum queue_side side, struct submission *s)
{
	if (s->in_flow[side] || !head_of(s, side))
		return;
	struct flow *f = side == QUEUE_IN ? s->source : member_flow(q, head_of(s, side)->member);
	s->next[side] = NULL;
	*(f->last ? &f->last->next[side] : &f->first) = s;
	f->last = s;
	s->in_flow[side] = true;
	if (f->in_ring)
		return;
	f->credit = turn_of(side); /* for the first round, so that it waits for one turn of each */
	ring_append(q, side, f);
}

static void flow_leave(enum queue_side side, struct flow *f, struct submission *s)
{
	struct submission *before = NULL, *at = f->first;
	for (; at != s; at = at->next[side])
		before = at;
	*(before ? &before->next[side] : &f->first) = s->next[side];
	if (f->last == s)
		f->last = before;
	s->in_flow[side] = false;
}

/* A flow that has nothing more leaves the ring, and keeps no credit. */
static void flow_rest(struct queue *q, enum queue_side side, struct flow *f)
{
	if (f->first)
		return;
	ring_remove(q, side, f);
	if (side == QUEUE_IN)
		return;
	f->next = q->spare;
	q->spare = f;
}

/* Whose turn it is on that side, or NULL. */
static struct flow *turn(struct queue *q, enum queue_side side)
{
	struct flow *f;
	while ((f = q->ring[side].first)) {
		struct submission *s = f->first;
		struct job *j = head_of(s, side);
		/* What stands first in it may have changed, or be of another member. */
		if (!j || (side == QUEUE_OUT && !named(f, j->member))) {
			flow_leave(side, f, s);
			flow_rest(q, side, f);
			flow_join(q, side, s);
			continue;
		}
		if (f->credit >= cost_of(j, side))
			return f;
		f->credit += turn_of(side);
		ring_append(q, side, ring_shift(q, side));
	}
	return NULL;
}

/* The first job of the flow's first submission was removed: it pays, and the next one's turn is
 * that of the flow's next submission. */
static void turn_taken(struct queue *q, enum queue_side side, struct flow *f, struct submission *s,
		       int64_t cost)
{
	f->credit -= cost;
	flow_leave(side, f, s);
	struct job *j = head_of(s, side);
	if (j && (side == QUEUE_IN || named(f, j->member)))
		flow_join(q, side, s);
	flow_rest(q, side, f);
	flow_join(q, side, s);
}

/* ---- submissions ---- */

void queue_init(struct queue *q)
{
	*q = (struct queue){.inside = 0};
}

void queue_fini(struct queue *q)
{
	bug_if(q->all || q->spare || q->sources);
}

static void spare_free(struct queue *q)
{
	struct flow *f = q->spare;
	q->spare = f->next;
	free(f);
}

enum err queue_open(struct queue *q, struct submission **out, uint64_t source)
{
	struct submission *s = calloc(1, sizeof *s);
	struct flow *f = q->sources, *member = calloc(1, sizeof *member);
	while (f && f->source != source)
		f = f->sources_next;
	bool made = !f;
	if (made)
		f = calloc(1, sizeof *f);
	if (!s || !f || !member) {
		free(s);
		free(member);
		if (made)
			free(f);
		return ERR_NOMEM;
	}
	if (made) {
		f->source = source;
		f->sources_next = q->sources;
		q->sources = f;
	}
	member->next = q->spare;
	q->spare = member;
	f->users++;
	s->source = f;
	s->all_next = q->all;
	if (q->all)
		q->all->all_prev = s;
	q->all = s;
	*out = s;
	return ERR_OK;
}

void queue_close(struct queue *q, struct submission *s)
{
	if (!s)
		return;
	bug_if(s->outstanding);
	struct flow *f = s->source;
	if (s->in_flow[QUEUE_IN]) {
		flow_leave(QUEUE_IN, f, s);
		flow_rest(q, QUEUE_IN, f);
	}
	for (struct flow *m = q->ring[QUEUE_OUT].first, *next; s->in_flow[QUEUE_OUT] && m; m = next) {
		struct submission *at = m->first;
		next = m->next;
		while (at && at != s)
			at = at->next[QUEUE_OUT];
		if (at) {
			flow_leave(QUEUE_OUT, m, s);
			flow_rest(q, QUEUE_OUT, m);
		}
	}
	*(s->all_prev ? &s->all_prev->all_next : &q->all) = s->all_next;
	if (s->all_next)
		s->all_next->all_prev = s->all_prev;
	if (--f->users == 0) {
		struct flow **at = &q->sources;
		while (*at != f)
			at = &(*at)->sources_next;
		*at = f->sources_next;
		free(f);
	}
	spare_free(q);
	free(s);
}

void queue_put(struct queue *q, struct submission *s, struct job *j)
{
	j->of = s;
	j->place = JOB_WAITING;
	list_append(&s->waiting, j);
	s->outstanding++;
	s->outstanding_bytes += j->bytes.n;
	flow_join(q, QUEUE_IN, s);
}

size_t queue_outstanding(const struct submission *s)
{
	return s->outstanding;
}

size_t queue_outstanding_bytes(const struct submission *s)
{
	return s->outstanding_bytes;
}

void queue_put_off(struct job *j, enum err why)
{
	j->of->put_off = why;
}

enum err queue_is_put_off(const struct job *j)
{
	return j->of->put_off;
}

/* ---- for workers ---- */

static bool fits(const struct queue *q, size_t n, size_t jobs, size_t bytes)
{
	return q->inside == 0 || (q->inside < jobs && q->inside_bytes + n <= bytes);
}

/* Whose job may come inside now. */
static struct flow *entering(struct queue *q)
{
	struct flow *f = turn(q, QUEUE_IN);
	if (!f || fits(q, f->first->waiting.first->bytes.n, QUEUE_JOBS_COMMON, QUEUE_BYTES_COMMON))
		return f;
	for (f = q->ring[QUEUE_IN].first; f; f = f->next)
		if (f->inside == 0 &&
		    fits(q, f->first->waiting.first->bytes.n, QUEUE_JOBS_MAX, QUEUE_BYTES_MAX))
			return f;
	return NULL;
}

bool queue_can_pull(struct queue *q)
{
	return q->again_first || entering(q);
}

static void to_worker(struct job *j)
{
	struct submission *s = j->of;
	j->place = JOB_IN_WORK;
	j->foremost = s->pulled.first == j && s->taken == 0;
	j->seen = s->commits;
}

struct job *queue_pull(struct queue *q)
{
	struct job *j = q->again_first;
	if (j) {
		q->again_first = j->again;
		if (!j->again)
			q->again_last = NULL;
		to_worker(j);
		return j;
	}
	struct flow *f = entering(q);
	if (!f)
		return NULL;
	struct submission *s = f->first;
	j = s->waiting.first;
	list_remove(&s->waiting, j);
	list_append(&s->pulled, j);
	if (!s->edge)
		s->edge = j;
	q->inside++;
	q->inside_bytes += j->bytes.n;
	f->inside++;
	turn_taken(q, QUEUE_IN, f, s, cost_of(j, QUEUE_IN));
	to_worker(j);
	return j;
}

/* Something of the submission has changed: what is ready before its edge may be taken, and one
 * that is held there may be due. */
static void advance(struct queue *q, struct submission *s)
{
	for (; s->edge && s->edge->place == JOB_READY; s->edge = s->edge->next) {
		q->takeable++;
		q->takeable_bytes += s->edge->bytes.n;
	}
	flow_join(q, QUEUE_OUT, s);
	struct job *j = s->edge;
	if (!j || j->place != JOB_HELD)
		return;
	if (j->seen == s->commits && !(s->pulled.first == j && s->taken == 0))
		return;
	j->place = JOB_IN_WORK; /* waits for a worker, once */
	j->again = NULL;
	*(q->again_last ? &q->again_last->again : &q->again_first) = j;
	q->again_last = j;
}

void queue_ready(struct queue *q, struct job *j, struct slice member, uint64_t work)
{
	j->place = JOB_READY;
	j->member = member;
	j->cost = work ? (int64_t)work : 1;
	advance(q, j->of);
}

bool queue_hold(struct queue *q, struct job *j)
{
	if (j->foremost)
		return false;
	j->place = JOB_HELD;
	advance(q, j->of);
	return true;
}

/* ---- for the closer ---- */

struct job *queue_next(struct queue *q)
{
	struct flow *f = turn(q, QUEUE_OUT);
	return f ? f->first->pulled.first : NULL;
}

void queue_take(struct queue *q, struct job *j)
{
	struct submission *s = j->of;
	struct flow *f = q->ring[QUEUE_OUT].first;
	bug_if(!f || f->first != s || s->pulled.first != j);
	list_remove(&s->pulled, j);
	j->place = JOB_TAKEN;
	s->taken++;
	q->takeable--;
	q->takeable_bytes -= j->bytes.n;
	turn_taken(q, QUEUE_OUT, f, s, j->cost);
}

void queue_back(struct queue *q, struct job *const *jobs, size_t n)
{
	while (n-- > 0) {
		struct job *j = jobs[n];
		struct submission *s = j->of;
		list_prepend(&s->pulled, j);
		j->place = JOB_READY;
		s->taken--;
		q->takeable++;
		q->takeable_bytes += j->bytes.n;
		flow_join(q, QUEUE_OUT, s);
	}
}

void queue_done(struct queue *q, struct job *j)
{
	struct submission *s = j->of;
	if (j->place == JOB_TAKEN) {
		s->taken--;
		s->commits++;
	} else {
		/* A ready one before the edge counts as takeable. */
		bool before = j->place == JOB_READY;
		for (const struct job *k = s->edge; before && k; k = k->next)
			before = k != j;
		if (before) {
			q->takeable--;
			q->takeable_bytes -= j->bytes.n;
		}
		if (s->edge == j)
			s->edge = j->next;
		list_remove(&s->pulled, j);
	}
	s->outstanding--;
	s->outstanding_bytes -= j->bytes.n;
	q->inside--;
	q->inside_bytes -= j->bytes.n;
	s->source->inside--;
	if (s->outstanding == 0)
		s->put_off = ERR_OK;
	advance(q, s);
}

struct job *queue_any(struct queue *q)
{
	for (struct submission *s = q->all; s; s = s->all_next)
		for (struct job *j = s->pulled.first; j; j = j->next)
			if (j->place == JOB_HELD || j->place == JOB_READY)
				return j;
	return NULL;
}
