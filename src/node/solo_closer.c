/*
 * solo_closer: the thread that decides when a block closes, and of which jobs.
 *
 * A block closes when something is ready and the workers have nothing in hand (or enough is
 * ready, or a moment has passed), or when a proof block is owed: the newest header lacks the
 * newest app hash, and somebody waits for it or nothing came for a moment. Clock and disk must
 * be fit for it; while they are not, what is ready is answered so, and goes into no block.
 * A fault stops the driver; the closer ends only when every accepted job has its answer.
 */
#include "node/solo_inner.h"

#include <malloc.h>
#include <stdlib.h>

enum {
	BLOCK_TXS_MAX = 4096,
	/* glibc keeps what transactions used in the arenas of the threads that made them; it is
	 * given back after so many bytes of transactions. */
	TRIM_EVERY_BYTES = 4 << 20,
	BLOCK_PACKETS_BYTES = 3 << 20, /* of transactions in a block; the block limit is 4 MiB */
};

/* Takes what is ready, up to one block's worth. With the mutex. */
static size_t take_block(struct solo *s, struct job **jobs)
{
	size_t n = 0, bytes = 0;
	uint64_t work = 0;
	struct job *j;
	while (n < s->block_jobs && (j = queue_next(&s->queue))) {
		size_t more = j->bytes.n;
		uint64_t more_work = solo_work_of(j);
		if (n > 0 && (bytes + more > BLOCK_PACKETS_BYTES || work + more_work > WORK_BLOCK_MAX))
			break;
		bytes += more;
		work += more_work;
		s->since_trim += more;
		s->trims_owed = 2;
		queue_take(&s->queue, j);
		jobs[n++] = j;
	}
	s->takeable_ns = s->queue.takeable ? s->takeable_ns : 0;
	return n;
}

/* Parts those of the n that follow, in their submission, one that was answered as put off: they
 * come last, with answers that say so. Gives how many remain. With the mutex. */
static size_t part_put_off(struct job **jobs, size_t n, struct node_answer *answers)
{
	for (size_t i = 0; i < n;) {
		enum err why = queue_is_put_off(jobs[i]);
		if (why == ERR_OK) {
			i++;
			continue;
		}
		struct job *j = jobs[i];
		n--;
		memmove(&jobs[i], &jobs[i + 1], (n - i) * sizeof *jobs);
		jobs[n] = j;
		answers[n] = (struct node_answer){.unfit = why};
	}
	return n;
}

static size_t block_jobs(size_t n)
{
	return n < BLOCK_TXS_MAX ? n : BLOCK_TXS_MAX;
}

/*
 * The ledger put off the end of the block, from jobs[done] on: it goes into the next. That one
 * takes little more than what this one held, so that the journal does not fill with what is put
 * off again and again; each full block that holds all it took doubles that. With the mutex.
 */
static void put_back(struct solo *s, struct job *const *jobs, size_t n, size_t done)
{
	queue_back(&s->queue, jobs + done, n - done);
	s->block_jobs = block_jobs(done + done / 4 + 1);
	if (!s->takeable_ns)
		s->takeable_ns = clock_mono_ns();
}

static bool below_floor(struct solo *s)
{
	uint64_t free_bytes, total;
	if (s->options.disk_floor_bytes == UINT64_MAX || !s->options.disk_path)
		return false;
	if (io_space(io_posix(), s->options.disk_path, &free_bytes, &total, NULL) != ERR_OK)
		return false;
	return free_bytes < s->options.disk_floor_bytes;
}

/* Does the newest header lack the newest app hash? */
static bool proof_owed(struct solo *s)
{
	struct ledger_head head;
	ledger_head(s->ledger, &head);
	return !hash_eq(&head.app_hash, &s->tip.last_app_hash_in_header);
}

/* Nobody waits for clock or room: what was accepted and is in no block yet is answered. It
 * never will be in one, since only this thread takes what is ready. With the mutex, which
 * is dropped meanwhile. */
static void refuse(struct solo *s, struct job **jobs, struct node_answer *answers, enum err unfit)
{
	size_t n;
	while ((n = take_block(s, jobs)) > 0) {
		for (size_t i = 0; i < n; i++)
			answers[i] = (struct node_answer){.unfit = unfit};
		pthread_mutex_unlock(&s->mutex);
		solo_jobs_answer(s, jobs, n, answers);
		pthread_mutex_lock(&s->mutex);
	}
}

static void trim(struct solo *s)
{
	s->since_trim = 0;
	pthread_mutex_unlock(&s->mutex);
	malloc_trim(0);
	pthread_mutex_lock(&s->mutex);
}

/* One round: a block of what is ready, or a proof block if one is owed. With the
 * mutex, which is dropped while the block closes. */
static void round_close(struct solo *s, struct job **jobs, struct node_answer *answers, int64_t wall)
{
	struct err_text t = {{0}};
	size_t taken = take_block(s, jobs), n = part_put_off(jobs, taken, answers);
	s->want_proof = false;
	pthread_mutex_unlock(&s->mutex);
	solo_jobs_answer(s, jobs + n, taken - n, answers + n);
	enum err e = solo_block_close(s, jobs, n, wall, answers, &t);
	size_t done = n;
	if (e != ERR_OK)
		solo_stop_for(s, e, &t);
	else
		for (done = 0; done < n && answers[done].verdict != VERDICT_DEFERRED;)
			done++;
	/* What is put off again and again would never have its answer. */
	if (n > 0 && done == 0) {
		e = err_set(&t, ERR_LIMIT, "a block put off its first transaction");
		solo_stop_for(s, e, &t);
		done = n;
	}
	if (done < n) {
		pthread_mutex_lock(&s->mutex);
		put_back(s, jobs, n, done);
		pthread_mutex_unlock(&s->mutex);
	} else if (n == s->block_jobs) {
		s->block_jobs = block_jobs(2 * n);
	}
	solo_jobs_answer(s, jobs, done, e == ERR_OK ? answers : NULL);
	pthread_mutex_lock(&s->mutex);
	if (e == ERR_OK) {
		s->proven = s->header.height - 1;
		s->block_ms = block_time_ms(s->header.time.s, s->header.time.ns);
	}
	pthread_cond_broadcast(&s->changed);
	if (s->since_trim > TRIM_EVERY_BYTES)
		trim(s);
}

static void rounds(struct solo *s, struct job **jobs, struct node_answer *answers)
{
	int64_t wall, idle_since = clock_mono_ns();
	while (!s->stopped) {
		bool some = s->queue.takeable, ready = some && !solo_more_coming(s);
		bool owed = !some && proof_owed(s);
		int64_t idle_ms = (clock_mono_ns() - idle_since) / 1000000;
		/* The newest block changed nothing: its own header carries what is to be proven. */
		if (!owed && !some && s->proven < s->next_height - 1) {
			s->proven = s->next_height - 1;
			pthread_cond_broadcast(&s->changed);
		}
		if (s->stopping && s->jobs == 0)
			return;
		s->no_room = below_floor(s);
		enum err unfit = solo_fit(s, &wall);
		if (unfit != ERR_OK) {
			refuse(s, jobs, answers, unfit);
			/* A job that a worker still has wakes us. */
			if (!s->stopping || s->jobs > 0)
				solo_wait_ms(s, &s->ready, 100);
		} else if (ready ||
			   (owed && (s->want_proof || idle_ms >= s->options.proof_delay_ms))) {
			round_close(s, jobs, answers, wall);
			idle_since = clock_mono_ns();
		} else {
			s->want_proof = s->want_proof && owed;
			/* Twice, a second apart: the state's flush may free its tables in between. */
			if (!owed && s->trims_owed && idle_ms >= s->options.proof_delay_ms) {
				s->trims_owed--;
				trim(s);
			}
			int64_t ms = owed ? s->options.proof_delay_ms - idle_ms + 1 : 1000;
			solo_wait_ms(s, &s->ready, some ? SOLO_GATHER_MS / 4 : ms);
		}
	}
}

void *solo_closer_main(void *arg)
{
	struct solo *s = arg;
	pthread_setname_np(pthread_self(), "argosy-closer");
	struct job **jobs = calloc(BLOCK_TXS_MAX, sizeof *jobs);
	struct node_answer *answers = calloc(BLOCK_TXS_MAX, sizeof *answers);
	if (!jobs || !answers)
		solo_stop_for(s, ERR_NOMEM, &(struct err_text){{0}});
	s->block_jobs = BLOCK_TXS_MAX;
	pthread_mutex_lock(&s->mutex);
	rounds(s, jobs, answers);
	/* Stopped by a fault: nobody may wait for ever. */
	while (s->jobs > 0) {
		struct job *j = queue_any(&s->queue);
		if (!j) {
			solo_wait_ms(s, &s->ready, 10);
			continue;
		}
		pthread_mutex_unlock(&s->mutex);
		solo_jobs_answer(s, &j, 1, NULL);
		pthread_mutex_lock(&s->mutex);
	}
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->mutex);
	free(jobs);
	free(answers);
	return NULL;
}
