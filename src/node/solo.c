/*
 * solo: the driver's workers, and what is called from outside.
 *
 * The closer is in solo_closer.c; how it makes a block of what it took, in solo_block.c.
 */
#include "node/solo_inner.h"

#include "crypto/keyfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	BLOCK_TXS_WANTED = 512,
	BLOCK_BYTES_WANTED = 512 << 10,
};

/* ---- answers ---- */

/* Somebody may have something to do now. With the mutex. */
static void wake(struct solo *s)
{
	if (!s->queue.takeable)
		s->takeable_ns = 0;
	else if (!s->takeable_ns)
		s->takeable_ns = clock_mono_ns();
	if (queue_can_pull(&s->queue))
		pthread_cond_signal(&s->work);
	if (s->stopped || s->jobs == 0 || (s->queue.takeable && !solo_more_coming(s)))
		pthread_cond_signal(&s->ready);
}

/* Are there half as many of this process's own as may be? */
static bool own_room(const struct solo *s)
{
	return queue_outstanding(s->own) <= QUEUE_JOBS_MAX / 2 &&
	       queue_outstanding_bytes(s->own) <= QUEUE_BYTES_MAX / 2;
}

void solo_jobs_answer(struct solo *s, struct job *const *jobs, size_t n,
		      const struct node_answer *answers)
{
	/* Before the answers: who has them all closes the submission and frees its jobs. */
	pthread_mutex_lock(&s->mutex);
	for (size_t i = 0; i < n; i++) {
		if (answers && answers[i].unfit != ERR_OK)
			queue_put_off(jobs[i], answers[i].unfit);
		queue_done(&s->queue, jobs[i]);
	}
	if (s->room_wanted && own_room(s))
		pthread_cond_broadcast(&s->room);
	if (n > 1 && queue_can_pull(&s->queue))
		pthread_cond_broadcast(&s->work);
	wake(s);
	pthread_mutex_unlock(&s->mutex);
	for (size_t i = 0; i < n; i++) {
		struct job *j = jobs[i];
		bool alone = j->alone;
		uint8_t *owned = j->owned;
		/* While it was in the queue its member's name was lent from here. */
		tx_free(j->tx);
		j->tx = NULL;
		j->done(j->ctx, answers ? &answers[i] : NULL);
		if (alone) {
			free(owned);
			free(j);
		}
	}
	pthread_mutex_lock(&s->mutex);
	s->jobs -= n;
	if (s->jobs == 0) {
		pthread_cond_broadcast(&s->ready);
		if (s->stopping)
			pthread_cond_broadcast(&s->work);
	}
	pthread_mutex_unlock(&s->mutex);
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

/* May this refusal at the door be another after what comes before in the same submission? */
static bool may_change(enum verdict v)
{
	return v == VERDICT_UNKNOWN_MEMBER || v == VERDICT_UNKNOWN_KEY ||
	       v == VERDICT_KEY_REVOKED || v == VERDICT_MEMBER_SUSPENDED || v == VERDICT_QUOTA;
}

uint64_t solo_work_of(const struct job *j)
{
	return j->tx->work ? j->tx->work : 1;
}

enum found { FOUND_FIT, FOUND_REFUSED, FOUND_MAYBE, FOUND_FAULT };

/* Is it fit for a block? If not, *a says what of it. */
static enum found look_at(struct solo *s, struct job *j, int64_t now_ms, struct node_answer *a)
{
	struct tx_first first = {0};
	struct err_text t = {{0}};
	enum verdict v = VERDICT_OK;
	enum err e = j->tx ? ERR_OK : ledger_prepare(s->ledger, &j->tx, j->bytes);
	if (e == ERR_OK)
		e = ledger_check(s->ledger, &v, &first, j->tx, now_ms, &a->text);
	if (e != ERR_OK) {
		(void)!err_set(&t, e, "a transaction could not be checked on arrival");
		solo_stop_for(s, e, &t);
		return FOUND_FAULT;
	}
	bool maybe = j->tx->signatures_good && may_change(v);
	/* A data-standard refusal is final wherever it is told: tell it here, cheaply. */
	if (v == VERDICT_OK && j->tx->form != VERDICT_OK) {
		v = j->tx->form;
		a->text = j->tx->form_text;
	}
	if (v == VERDICT_OK)
		return FOUND_FIT;
	a->verdict = v;
	a->body_hash = j->tx->body_hash;
	if (v == VERDICT_DUPLICATE) {
		a->verdict = first.verdict;
		a->duplicate = true;
		a->height = first.height;
	}
	return maybe ? FOUND_MAYBE : FOUND_REFUSED;
}

bool solo_more_coming(struct solo *s)
{
	if (s->queue.takeable >= BLOCK_TXS_WANTED || s->queue.takeable_bytes >= BLOCK_BYTES_WANTED)
		return false;
	if (!s->working && !queue_can_pull(&s->queue))
		return false;
	return !s->takeable_ns ||
	       clock_mono_ns() - s->takeable_ns < (int64_t)SOLO_GATHER_MS * 1000000;
}

/* One job, from the queue and back to it. With the mutex, which is dropped meanwhile. */
static void work_on(struct solo *s, struct job *j)
{
	struct node_answer a = {0};
	enum found found = FOUND_REFUSED;
	bool stopped = s->stopped;
	int64_t wall_ns = 0, now_ms;
	s->working++;
	a.unfit = queue_is_put_off(j);
	if (a.unfit == ERR_OK)
		a.unfit = solo_fit(s, &wall_ns);
	/* The next block is later than the last, even if the clock fell behind. */
	now_ms = wall_ns / 1000000;
	if (now_ms <= s->block_ms)
		now_ms = s->block_ms + 1;
	pthread_mutex_unlock(&s->mutex);
	if (!stopped && a.unfit == ERR_OK)
		found = look_at(s, j, now_ms, &a);
	pthread_mutex_lock(&s->mutex);
	s->working--;
	if (found == FOUND_FIT)
		queue_ready(&s->queue, j, j->tx->member, solo_work_of(j));
	if (found == FOUND_FIT || (found == FOUND_MAYBE && queue_hold(&s->queue, j))) {
		wake(s);
		return;
	}
	pthread_mutex_unlock(&s->mutex);
	solo_jobs_answer(s, &j, 1, stopped || found == FOUND_FAULT ? NULL : &a);
	pthread_mutex_lock(&s->mutex);
}

static void *worker_main(void *arg)
{
	struct solo *s = arg;
	pthread_setname_np(pthread_self(), "argosy-worker");
	pthread_mutex_lock(&s->mutex);
	while (!s->stopping || s->jobs) {
		struct job *j = queue_pull(&s->queue);
		if (j)
			work_on(s, j);
		else
			pthread_cond_wait(&s->work, &s->mutex);
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
	s->secret_key = secret_alloc(64);
	validators_hash(&s->validators_hash, validator, 1);
	consensus_hash(&s->consensus_hash);
	queue_init(&s->queue);
	clock_watch_init(&s->clock);
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned n = o->threads ? o->threads : cores > 0 ? (unsigned)cores : 1;
	s->workers = calloc(n, sizeof *s->workers);
	enum err e = s->workers && s->secret_key ? ERR_OK : ERR_NOMEM;
	if (e == ERR_OK) {
		memcpy(s->secret_key, secret_key, 64);
		secret_seal(s->secret_key);
		e = queue_open(&s->queue, &s->own, SOLO_HERE);
	}
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
	secret_free(s->secret_key);
	queue_close(&s->queue, s->own);
	queue_fini(&s->queue);
	pthread_mutex_destroy(&s->mutex);
	pthread_cond_destroy(&s->work);
	pthread_cond_destroy(&s->ready);
	pthread_cond_destroy(&s->changed);
	pthread_cond_destroy(&s->room);
	free(s->workers);
	free(s);
}

enum err solo_open(struct solo *s, struct submission **out, uint64_t source)
{
	pthread_mutex_lock(&s->mutex);
	enum err e = queue_open(&s->queue, out, source);
	pthread_mutex_unlock(&s->mutex);
	return e;
}

void solo_close(struct solo *s, struct submission *sub)
{
	pthread_mutex_lock(&s->mutex);
	queue_close(&s->queue, sub);
	pthread_mutex_unlock(&s->mutex);
}

/* May anything be put? With the mutex. */
static enum err open_for_work(struct solo *s, struct err_text *t)
{
	int64_t wall_ns;
	enum err e = solo_fit(s, &wall_ns);
	if (s->stopped || s->stopping)
		return err_set(t, ERR_UNAVAILABLE, "the node has stopped: %s", s->why);
	return e == ERR_OK ? e : solo_unfit_say(e, t);
}

/* With the mutex. */
static void put(struct solo *s, struct submission *sub, struct job *jobs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		queue_put(&s->queue, sub, &jobs[i]);
	s->jobs += n;
	if (n > 1)
		pthread_cond_broadcast(&s->work);
	else
		pthread_cond_signal(&s->work);
}

enum err solo_put(struct solo *s, struct submission *sub, struct job *jobs, size_t n,
		  struct err_text *t)
{
	pthread_mutex_lock(&s->mutex);
	enum err e = open_for_work(s, t);
	if (e == ERR_OK)
		put(s, sub, jobs, n);
	pthread_mutex_unlock(&s->mutex);
	return e;
}

enum err solo_submit(struct solo *s, struct slice tx,
		     void (*done)(void *ctx, const struct node_answer *), void *ctx,
		     struct err_text *t)
{
	struct job *j = calloc(1, sizeof *j);
	uint8_t *owned = malloc(tx.n + 1);
	if (!j || !owned) {
		free(j);
		free(owned);
		return ERR_NOMEM;
	}
	if (tx.n)
		memcpy(owned, tx.p, tx.n);
	*j = (struct job){.bytes = slice(owned, tx.n),
			  .done = done,
			  .ctx = ctx,
			  .owned = owned,
			  .alone = true};
	pthread_mutex_lock(&s->mutex);
	enum err e = open_for_work(s, t);
	size_t waiting = queue_outstanding(s->own);
	if (e == ERR_OK && waiting &&
	    (waiting >= QUEUE_JOBS_MAX ||
	     queue_outstanding_bytes(s->own) + tx.n > QUEUE_BYTES_MAX))
		e = err_set(t, ERR_LIMIT, "too many transactions are waiting: try again");
	if (e == ERR_OK)
		put(s, s->own, j, 1);
	pthread_mutex_unlock(&s->mutex);
	if (e != ERR_OK) {
		free(owned);
		free(j);
	}
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
	if (!own_room(s))
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
