/*
 * solo: the driver's queues, its workers, and what is called from outside.
 *
 * The closer is in solo_closer.c; how it makes a block of what it took, in solo_block.c.
 */
#include "node/solo_inner.h"

#include <sodium.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	JOBS_MAX = 4096,	   /* accepted and not answered */
	WORKER_TAKES = 8,	   /* jobs a worker takes at once */
	BLOCK_TXS_WANTED = 512,
	BLOCK_BYTES_WANTED = 512 << 10,
};
/* Decoded, a transaction takes up to ten times its bytes. */
#define JOBS_BYTES_MAX ((size_t)2 << 20)

/* ---- queues ---- */

static void queue_init(struct queue *q)
{
	*q = (struct queue){NULL, &q->first, 0};
}

static void queue_put(struct queue *q, struct job *j)
{
	j->next = NULL;
	*q->last = j;
	q->last = &j->next;
	q->n++;
}

struct job *solo_queue_take(struct queue *q)
{
	struct job *j = q->first;
	if (!j)
		return NULL;
	q->first = j->next;
	if (!q->first)
		q->last = &q->first;
	q->n--;
	return j;
}

static void job_free(struct job *j)
{
	tx_free(j->tx);
	free(j->owned);
	free(j);
}

void solo_jobs_answer(struct solo *s, struct job *const *jobs, size_t n,
		      const struct node_answer *answers)
{
	size_t bytes = 0;
	for (size_t i = 0; i < n; i++) {
		jobs[i]->done(jobs[i]->ctx, answers ? &answers[i] : NULL);
		bytes += jobs[i]->bytes.n;
		job_free(jobs[i]);
	}
	pthread_mutex_lock(&s->mutex);
	s->jobs -= n;
	s->jobs_bytes -= bytes;
	if (s->room_wanted && s->jobs <= JOBS_MAX / 2 && s->jobs_bytes <= JOBS_BYTES_MAX / 2)
		pthread_cond_broadcast(&s->room);
	pthread_mutex_unlock(&s->mutex);
}

void solo_job_answer(struct solo *s, struct job *j, const struct node_answer *a)
{
	solo_jobs_answer(s, &j, 1, a);
}

void solo_stop_for(struct solo *s, enum err e, const struct err_text *t)
{
	pthread_mutex_lock(&s->mutex);
	if (!s->stopped)
		snprintf(s->why, sizeof s->why, "%s: %.200s", err_str(e), t->text);
	s->stopped = true;
	pthread_cond_broadcast(&s->work);
	pthread_cond_broadcast(&s->ready);
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->mutex);
}

void solo_wait_ms(struct solo *s, pthread_cond_t *c, int64_t ms)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	int64_t ns = until.tv_nsec + ms % 1000 * 1000000;
	until.tv_sec += ms / 1000 + ns / 1000000000;
	until.tv_nsec = ns % 1000000000;
	pthread_cond_timedwait(c, &s->mutex, &until);
}

enum err solo_fit(struct solo *s, int64_t *wall_ns)
{
	if (!clock_watch_now(&s->clock, wall_ns))
		return ERR_UNAVAILABLE;
	return s->no_room ? ERR_NOSPACE : ERR_OK;
}

enum err solo_unfit_say(enum err unfit, struct err_text *t)
{
	return err_set(t, unfit, "%s",
		       unfit == ERR_NOSPACE
			       ? "the disk is nearly full: nothing is accepted until there is room"
			       : "the clock jumped ahead: no blocks until the operator confirms it "
				 "(argosy clock confirm)");
}

/* ---- workers: the costly part, in parallel, once ---- */

/* True: goes into a block. False: answered. */
static bool work_on(struct solo *s, struct job *j, int64_t now_ms)
{
	struct node_answer a = {0};
	struct tx_first first = {0};
	struct err_text t = {{0}};
	enum verdict v = VERDICT_OK;
	enum err e = ledger_prepare(s->ledger, &j->tx, j->bytes);
	if (e == ERR_OK)
		e = ledger_check(s->ledger, &v, &first, j->tx, now_ms, &a.text);
	if (e != ERR_OK) {
		(void)!err_set(&t, e, "a transaction could not be checked on arrival");
		solo_stop_for(s, e, &t);
		solo_job_answer(s, j, NULL);
		return false;
	}
	/* A data-standard refusal is final wherever it is told: tell it here, cheaply. */
	if (v == VERDICT_OK && j->tx->form != VERDICT_OK) {
		v = j->tx->form;
		a.text = j->tx->form_text;
	}
	if (v == VERDICT_OK)
		return true;
	a.verdict = v;
	a.body_hash = j->tx->body_hash;
	if (v == VERDICT_DUPLICATE) {
		a.verdict = first.verdict;
		a.duplicate = true;
		a.height = first.height;
	}
	solo_job_answer(s, j, &a);
	return false;
}

bool solo_more_coming(const struct solo *s)
{
	return (s->incoming.first || s->working) && s->prepared.n < BLOCK_TXS_WANTED &&
	       s->prepared_bytes < BLOCK_BYTES_WANTED;
}

static void prepared_put(struct solo *s, struct job *j)
{
	queue_put(&s->prepared, j);
	s->prepared_bytes += j->bytes.n;
}

static void *worker_main(void *arg)
{
	struct solo *s = arg;
	pthread_setname_np(pthread_self(), "argosy-worker");
	pthread_mutex_lock(&s->mutex);
	for (;;) {
		while (!s->incoming.first && !s->stopping && !s->stopped)
			pthread_cond_wait(&s->work, &s->mutex);
		if (!s->incoming.first)
			break;
		struct job *mine[WORKER_TAKES];
		unsigned n = 0;
		while (n < WORKER_TAKES && (mine[n] = solo_queue_take(&s->incoming)))
			n++;
		s->working += n;
		bool stopped = s->stopped;
		int64_t wall_ns = 0, now_ms;
		const struct node_answer no = {.unfit = solo_fit(s, &wall_ns)};
		/* The next block is later than the last, even if the clock fell behind. */
		now_ms = wall_ns / 1000000;
		if (now_ms <= s->block_ms)
			now_ms = s->block_ms + 1;
		pthread_mutex_unlock(&s->mutex);
		unsigned kept = 0;
		for (unsigned i = 0; i < n; i++) {
			if (stopped)
				solo_job_answer(s, mine[i], NULL);
			else if (no.unfit != ERR_OK)
				solo_job_answer(s, mine[i], &no);
			else if (work_on(s, mine[i], now_ms))
				mine[kept++] = mine[i];
		}
		pthread_mutex_lock(&s->mutex);
		for (unsigned i = 0; i < kept; i++)
			prepared_put(s, mine[i]);
		s->working -= n;
		if (!solo_more_coming(s))
			pthread_cond_signal(&s->ready);
	}
	pthread_mutex_unlock(&s->mutex);
	return NULL;
}

/* ---- outside ---- */

enum err solo_start(struct solo **out, struct ledger *l, struct guard *g, const struct solo_tip *tip,
		    int64_t next_height, const struct validator *validator,
		    const uint8_t secret_key[static 64], const struct solo_options *o,
		    struct err_text *t)
{
	struct solo *s = calloc(1, sizeof *s);
	struct ledger_head head;
	if (!s)
		return ERR_NOMEM;
	pthread_condattr_t mono;
	pthread_condattr_init(&mono);
	pthread_condattr_setclock(&mono, CLOCK_MONOTONIC);
	pthread_mutex_init(&s->mutex, NULL);
	pthread_cond_init(&s->work, &mono);
	pthread_cond_init(&s->ready, &mono);
	pthread_cond_init(&s->changed, &mono);
	pthread_cond_init(&s->room, &mono);
	pthread_condattr_destroy(&mono);
	s->ledger = l;
	s->guard = g;
	s->options = *o;
	if (s->options.proof_delay_ms == 0)
		s->options.proof_delay_ms = 100;
	s->tip = *tip;
	s->next_height = next_height;
	ledger_head(l, &head);
	s->proven = head.height - 1;
	s->block_ms = block_time_ms(head.time_s, head.time_ns);
	s->validator = *validator;
	memcpy(s->secret_key, secret_key, 64);
	validators_hash(&s->validators_hash, validator, 1);
	consensus_hash(&s->consensus_hash);
	queue_init(&s->incoming);
	queue_init(&s->prepared);
	clock_watch_init(&s->clock);
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned n = o->threads ? o->threads : cores > 0 ? (unsigned)cores : 1;
	s->workers = calloc(n, sizeof *s->workers);
	enum err e = s->workers ? ERR_OK : ERR_NOMEM;
	for (unsigned i = 0; i < n && e == ERR_OK; i++) {
		if (pthread_create(&s->workers[i], NULL, worker_main, s))
			e = err_set(t, ERR_NOMEM, "cannot start a thread");
		else
			s->n_workers++;
	}
	if (e == ERR_OK && pthread_create(&s->closer, NULL, solo_closer_main, s))
		e = err_set(t, ERR_NOMEM, "cannot start a thread");
	else if (e == ERR_OK)
		s->closer_started = true;
	if (e != ERR_OK) {
		solo_stop(s);
		return e;
	}
	*out = s;
	return ERR_OK;
}

void solo_stop(struct solo *s)
{
	if (!s)
		return;
	pthread_mutex_lock(&s->mutex);
	s->stopping = true;
	pthread_cond_broadcast(&s->work);
	pthread_cond_broadcast(&s->ready);
	pthread_mutex_unlock(&s->mutex);
	for (unsigned i = 0; i < s->n_workers; i++)
		pthread_join(s->workers[i], NULL);
	if (s->closer_started) {
		pthread_mutex_lock(&s->mutex);
		pthread_cond_broadcast(&s->ready);
		pthread_mutex_unlock(&s->mutex);
		pthread_join(s->closer, NULL);
	}
	sodium_memzero(s->secret_key, sizeof s->secret_key);
	pthread_mutex_destroy(&s->mutex);
	pthread_cond_destroy(&s->work);
	pthread_cond_destroy(&s->ready);
	pthread_cond_destroy(&s->changed);
	pthread_cond_destroy(&s->room);
	free(s->workers);
	free(s);
}

enum err solo_submit(struct solo *s, struct slice tx, bool borrow,
		     void (*done)(void *ctx, const struct node_answer *), void *ctx,
		     struct err_text *t)
{
	struct job *j = calloc(1, sizeof *j);
	if (!j)
		return ERR_NOMEM;
	j->done = done;
	j->ctx = ctx;
	j->bytes = tx;
	if (!borrow) {
		j->owned = malloc(tx.n + 1);
		if (!j->owned) {
			free(j);
			return ERR_NOMEM;
		}
		if (tx.n)
			memcpy(j->owned, tx.p, tx.n);
		j->bytes = slice(j->owned, tx.n);
	}
	int64_t wall_ns;
	pthread_mutex_lock(&s->mutex);
	enum err e = solo_fit(s, &wall_ns);
	if (s->stopped || s->stopping)
		e = err_set(t, ERR_UNAVAILABLE, "the node has stopped: %s", s->why);
	else if (e != ERR_OK)
		e = solo_unfit_say(e, t);
	else if (s->jobs && (s->jobs >= JOBS_MAX || s->jobs_bytes + tx.n > JOBS_BYTES_MAX))
		e = err_set(t, ERR_LIMIT, "too many transactions are waiting: try again");
	if (e == ERR_OK) {
		queue_put(&s->incoming, j);
		s->jobs++;
		s->jobs_bytes += tx.n;
		pthread_cond_signal(&s->work);
	}
	pthread_mutex_unlock(&s->mutex);
	if (e != ERR_OK)
		job_free(j);
	return e;
}

enum err solo_wait_proof(struct solo *s, int64_t height, int64_t ms, struct err_text *t)
{
	int64_t end = clock_mono_ns() / 1000000 + ms, wall_ns;
	enum err e = ERR_OK;
	pthread_mutex_lock(&s->mutex);
	while (s->proven < height && e == ERR_OK) {
		int64_t left = end - clock_mono_ns() / 1000000;
		enum err unfit = solo_fit(s, &wall_ns);
		if (s->stopped)
			e = err_set(t, ERR_UNAVAILABLE, "the node has stopped: %s", s->why);
		else if (unfit != ERR_OK)
			e = solo_unfit_say(unfit, t);
		else if (left <= 0)
			e = err_set(t, ERR_UNAVAILABLE, "no block closed in time");
		else {
			s->want_proof = true;
			pthread_cond_signal(&s->ready);
			solo_wait_ms(s, &s->changed, left < 50 ? left : 50);
		}
	}
	pthread_mutex_unlock(&s->mutex);
	return e;
}

void solo_wait_room(struct solo *s)
{
	pthread_mutex_lock(&s->mutex);
	s->room_wanted++;
	/* Half empty, or a moment has passed: then the submitter tries again. */
	if (s->jobs > JOBS_MAX / 2 || s->jobs_bytes > JOBS_BYTES_MAX / 2)
		solo_wait_ms(s, &s->room, 100);
	s->room_wanted--;
	pthread_mutex_unlock(&s->mutex);
}

void solo_status(struct solo *s, struct node_status *st)
{
	pthread_mutex_lock(&s->mutex);
	st->stopped = s->stopped;
	st->clock_held = s->clock.held;
	st->disk_full = s->no_room;
	st->queued = s->jobs;
	if (s->stopped)
		snprintf(st->why, sizeof st->why, "%s", s->why);
	pthread_mutex_unlock(&s->mutex);
}

void solo_confirm_clock(struct solo *s)
{
	pthread_mutex_lock(&s->mutex);
	clock_watch_confirm(&s->clock);
	pthread_cond_broadcast(&s->ready);
	pthread_mutex_unlock(&s->mutex);
}
