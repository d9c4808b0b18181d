#include "node/solo.h"

#include "crypto/sha256.h"
#include "node/clock.h"

#include <sodium.h>

#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	JOBS_MAX = 4096,	   /* accepted and not answered */
	WORKER_TAKES = 8,	   /* jobs a worker takes at once */
	BLOCK_TXS_MAX = 4096,
	BLOCK_TXS_WANTED = 512,
	BLOCK_BYTES_WANTED = 512 << 10,
	/* glibc keeps what transactions used in the arenas of the threads that made them; it is
	 * given back after so many bytes of transactions. */
	TRIM_EVERY_BYTES = 4 << 20,
	BLOCK_PACKETS_BYTES = 3 << 20, /* of transactions in a block; the block limit is 4 MiB */
};
/* Decoded, a transaction takes up to ten times its bytes. */
#define JOBS_BYTES_MAX ((size_t)2 << 20)

struct job {
	struct job *next;
	struct slice bytes;
	uint8_t *owned; /* copy of bytes, or NULL where borrowed */
	struct tx *tx;
	void (*done)(void *ctx, const struct node_answer *);
	void *ctx;
};

struct queue {
	struct job *first, **last;
	size_t n;
};

struct solo {
	struct ledger *ledger;
	struct guard *guard;
	struct solo_options options;
	struct validator validator;
	uint8_t secret_key[64];
	struct hash validators_hash, consensus_hash;

	pthread_mutex_t mutex;
	pthread_cond_t work, ready, changed, room; /* for workers, the closer, waiters, submitters */
	unsigned room_wanted;
	struct queue incoming, prepared;
	size_t jobs, jobs_bytes, prepared_bytes;
	unsigned working; /* jobs in workers' hands */
	bool stopping, stopped, want_proof, no_room;
	char why[256];
	struct clock_watch clock;
	int64_t proven; /* newest height whose app hash a header carries; -1: none */
	int64_t block_ms; /* time of the newest block */

	/* The closer's own. */
	struct solo_tip tip;
	int64_t next_height;
	size_t since_trim;
	struct header header;
	struct commit commit;

	pthread_t *workers;
	unsigned n_workers;
	pthread_t closer;
	bool closer_started;
};

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

static struct job *queue_take(struct queue *q)
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

/* Answers jobs[i] by answers[i] and forgets them; `answers` NULL: the outcome is unknown.
 * Without the mutex. */
static void jobs_answer(struct solo *s, struct job *const *jobs, size_t n,
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

static void job_answer(struct solo *s, struct job *j, const struct node_answer *a)
{
	jobs_answer(s, &j, 1, a);
}

static void stop_for(struct solo *s, enum err e, const struct err_text *t)
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

/* ---- workers: the costly part, in parallel, once ---- */

/* True: goes into a block. False: answered. `block_ms`: the next block is later, even if
 * the clock fell behind. */
static bool work_on(struct solo *s, struct job *j, int64_t block_ms)
{
	struct node_answer a = {0};
	struct tx_first first = {0};
	struct err_text t = {{0}};
	enum verdict v = VERDICT_OK;
	int64_t now_ms = clock_wall_ns() / 1000000;
	if (now_ms <= block_ms)
		now_ms = block_ms + 1;
	enum err e = ledger_prepare(s->ledger, &j->tx, j->bytes);
	if (e == ERR_OK)
		e = ledger_check(s->ledger, &v, &first, j->tx, now_ms, &a.text);
	if (e != ERR_OK) {
		(void)!err_set(&t, e, "a transaction could not be checked on arrival");
		stop_for(s, e, &t);
		job_answer(s, j, NULL);
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
	job_answer(s, j, &a);
	return false;
}

/*
 * Is it better to let the workers go on before a block closes? Only while they have work in
 * hand: then the processor is not idle meanwhile, and a larger block costs less a transaction
 * (one sync, one signature, shared paths of the trie). No timer: when the workers have
 * nothing left, the block closes. With the mutex.
 */
static bool more_coming(const struct solo *s)
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
		while (n < WORKER_TAKES && (mine[n] = queue_take(&s->incoming)))
			n++;
		s->working += n;
		bool stopped = s->stopped;
		int64_t block_ms = s->block_ms;
		pthread_mutex_unlock(&s->mutex);
		unsigned kept = 0;
		for (unsigned i = 0; i < n; i++) {
			if (stopped)
				job_answer(s, mine[i], NULL);
			else if (work_on(s, mine[i], block_ms))
				mine[kept++] = mine[i];
		}
		pthread_mutex_lock(&s->mutex);
		for (unsigned i = 0; i < kept; i++)
			prepared_put(s, mine[i]);
		s->working -= n;
		if (!more_coming(s))
			pthread_cond_signal(&s->ready);
	}
	pthread_mutex_unlock(&s->mutex);
	return NULL;
}

/* ---- the closer ---- */

struct packets {
	struct buf bytes;      /* all packets, one after the other */
	struct slice *list;    /* filled when bytes is complete */
	size_t *ends;
	size_t n;
};

/* Bundles transactions into packets of at most PACKET_BYTES_TARGET (or one larger alone). */
static enum err packets_make(struct packets *p, struct job *const *jobs, size_t n)
{
	size_t begin = 0;
	*p = (struct packets){.bytes = BUF_INIT};
	p->ends = calloc(n + 1, sizeof *p->ends);
	p->list = calloc(n + 1, sizeof *p->list);
	if (!p->ends || !p->list)
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++) {
		struct slice tx = jobs[i]->tx->bytes;
		if (p->bytes.n > begin && p->bytes.n - begin + tx.n + 6 > PACKET_BYTES_TARGET) {
			p->ends[p->n++] = p->bytes.n;
			begin = p->bytes.n;
		}
		buf_put_u8(&p->bytes, 1 << 3 | 2);
		buf_put_lp(&p->bytes, tx);
	}
	if (p->bytes.n > begin)
		p->ends[p->n++] = p->bytes.n;
	TRY(buf_err(&p->bytes));
	begin = 0;
	for (size_t i = 0; i < p->n; i++) {
		p->list[i] = slice(p->bytes.p + begin, p->ends[i] - begin);
		begin = p->ends[i];
	}
	return ERR_OK;
}

static void packets_fini(struct packets *p)
{
	buf_fini(&p->bytes);
	free(p->list);
	free(p->ends);
}

static void header_make(struct solo *s, const struct ledger_head *head, int64_t wall_ns,
			const struct packets *p)
{
	const struct genesis *g = ledger_genesis(s->ledger);
	struct header *h = &s->header;
	*h = (struct header){.version_block = BLOCK_VERSION, .version_app = g->app_version};
	memcpy(h->chain_id, g->chain_id, sizeof h->chain_id);
	h->height = s->next_height;
	/* Strictly later than the block before, by a whole millisecond: the application
	 * counts in milliseconds. */
	int64_t last_ms = head->height ? block_time_ms(head->time_s, head->time_ns)
				       : block_time_ms(g->time.s, g->time.ns);
	if (wall_ns / 1000000 <= last_ms)
		wall_ns = (last_ms + 1) * 1000000;
	h->time = (struct stamp){wall_ns / 1000000000, (int32_t)(wall_ns % 1000000000)};
	h->last_block_id = s->tip.last_block_id;
	commit_hash(&h->last_commit_hash, &s->tip.last_commit);
	data_hash(&h->data_hash, p->list, p->n);
	h->validators_hash = h->next_validators_hash = s->validators_hash;
	h->consensus_hash = s->consensus_hash;
	h->app_hash = head->app_hash;
	h->last_results_hash = head->results_hash;
	empty_hash(&h->evidence_hash);
	validator_address(h->proposer, s->validator.key);
}

struct signing {
	struct guard *guard;
	struct guard_mark mark;
};

/* Signs the header; `mark` says what for the guard. */
static void sign(struct solo *s, const struct packets *p, struct guard_mark *mark)
{
	struct commit *c = &s->commit;
	uint8_t vote[VOTE_SIGN_BYTES_MAX];
	*c = (struct commit){.height = s->header.height, .n = 1};
	block_id_of(&c->block_id, &s->header, p->list, p->n, &s->tip.last_commit);
	c->sigs[0].flag = FLAG_COMMIT;
	c->sigs[0].time = s->header.time;
	validator_address(c->sigs[0].address, s->validator.key);
	size_t n = vote_sign_bytes(vote, s->header.chain_id, VOTE_PRECOMMIT, c->height, c->round,
				   &c->block_id, c->sigs[0].time);
	crypto_sign_detached(c->sigs[0].sig, NULL, vote, n, s->secret_key);
	*mark = (struct guard_mark){.height = c->height, .round = c->round, .block = c->block_id.hash};
	sha256(&mark->sign, slice(vote, n));
}

/* The journal's record with the signature is synced: now the guard is. */
static enum err guard_it(void *arg, struct err_text *t)
{
	struct signing *s = arg;
	return guard_advance(s->guard, &s->mark, t);
}

/*
 * Closes one block of these jobs. The signature is in the journal's record and the
 * record is synced; then the guard is; only then may anybody see the block. So a node
 * that crashed in between never showed the signature, and a journal older than the
 * guard is known for a copy.
 */
static enum err close_block(struct solo *s, struct job *const *jobs, size_t n, int64_t wall_ns,
			    struct node_answer *answers, struct err_text *t)
{
	struct ledger_executed out;
	struct signing signing = {.guard = s->guard};
	struct packets p = {.bytes = BUF_INIT};
	struct buf header = BUF_INIT, commit = BUF_INIT;
	struct ledger_head head;
	struct tx **txs = calloc(n + 1, sizeof *txs);
	enum err e = txs ? packets_make(&p, jobs, n) : ERR_NOMEM;
	if (e == ERR_OK) {
		for (size_t i = 0; i < n; i++)
			txs[i] = jobs[i]->tx;
		ledger_head(s->ledger, &head);
		header_make(s, &head, wall_ns, &p);
		struct ledger_block b = {.height = s->header.height,
					 .time_s = s->header.time.s,
					 .time_ns = s->header.time.ns,
					 .packets = p.list,
					 .n_packets = p.n,
					 .txs = txs,
					 .n_txs = n,
					 .durable = guard_it,
					 .durable_ctx = &signing};
		e = ledger_execute(s->ledger, &out, &b, t);
		if (e == ERR_OK) {
			for (size_t i = 0; i < n; i++) {
				const struct ledger_result *r = &out.results[i];
				answers[i] = (struct node_answer){
					.verdict = r->verdict,
					.duplicate = r->duplicate,
					.height = r->duplicate ? r->first_height : b.height,
					.first_index = r->first_index,
					.records = r->records,
					.body_hash = jobs[i]->tx->body_hash};
				if (r->text)
					answers[i].text = *r->text;
			}
			sign(s, &p, &signing.mark);
			header_encode(&header, &s->header);
			commit_encode(&commit, &s->commit);
			e = buf_err(&header) == ERR_OK ? buf_err(&commit) : ERR_NOMEM;
			if (e == ERR_OK)
				e = ledger_commit(s->ledger, &b, &s->commit.block_id.hash,
						  buf_slice(&header), buf_slice(&commit), t);
			else
				ledger_abort(s->ledger);
		}
	}
	if (e == ERR_OK) {
		s->tip.last_block_id = s->commit.block_id;
		s->tip.last_commit = s->commit;
		s->tip.last_app_hash_in_header = s->header.app_hash;
		s->next_height++;
	}
	free(txs);
	packets_fini(&p);
	buf_fini(&header);
	buf_fini(&commit);
	return e;
}

/* Takes what is ready, up to one block's worth. With the mutex. */
static size_t take_block(struct solo *s, struct job **jobs)
{
	size_t n = 0, bytes = 0;
	while (n < BLOCK_TXS_MAX && s->prepared.first) {
		size_t more = s->prepared.first->bytes.n;
		if (n > 0 && bytes + more > BLOCK_PACKETS_BYTES)
			break;
		bytes += more;
		s->since_trim += more;
		s->prepared_bytes -= more;
		jobs[n++] = queue_take(&s->prepared);
	}
	return n;
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

static void wait_ms(struct solo *s, pthread_cond_t *c, int64_t ms)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	int64_t ns = until.tv_nsec + ms % 1000 * 1000000;
	until.tv_sec += ms / 1000 + ns / 1000000000;
	until.tv_nsec = ns % 1000000000;
	pthread_cond_timedwait(c, &s->mutex, &until);
}

/* Does the newest header lack the newest app hash? */
static bool proof_owed(struct solo *s)
{
	struct ledger_head head;
	ledger_head(s->ledger, &head);
	return !hash_eq(&head.app_hash, &s->tip.last_app_hash_in_header);
}

/* Are clock and disk fit for a block? With the mutex. Submissions are refused
 * meanwhile; what was accepted before waits. */
static bool fit(struct solo *s, int64_t *wall_ns)
{
	bool timely = clock_watch_now(&s->clock, wall_ns);
	s->no_room = below_floor(s);
	return timely && !s->no_room;
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
	size_t n = take_block(s, jobs);
	s->want_proof = false;
	pthread_mutex_unlock(&s->mutex);
	enum err e = close_block(s, jobs, n, wall, answers, &t);
	if (e != ERR_OK)
		stop_for(s, e, &t);
	jobs_answer(s, jobs, n, e == ERR_OK ? answers : NULL);
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
		bool ready = s->prepared.first && !more_coming(s);
		bool owed = !s->prepared.first && proof_owed(s);
		int64_t idle_ms = (clock_mono_ns() - idle_since) / 1000000;
		/* The newest block changed nothing: its own header carries what is to be proven. */
		if (!owed && !s->prepared.first && s->proven < s->next_height - 1) {
			s->proven = s->next_height - 1;
			pthread_cond_broadcast(&s->changed);
		}
		if (s->stopping && s->jobs == 0)
			return;
		if (!fit(s, &wall)) {
			if (s->stopping)
				return; /* closer_main answers those that wait */
			wait_ms(s, &s->ready, 100);
		} else if (ready ||
			   (owed && (s->want_proof || idle_ms >= s->options.proof_delay_ms))) {
			round_close(s, jobs, answers, wall);
			idle_since = clock_mono_ns();
		} else {
			s->want_proof = s->want_proof && owed;
			if (!owed && s->since_trim && idle_ms >= s->options.proof_delay_ms)
				trim(s);
			wait_ms(s, &s->ready, owed ? s->options.proof_delay_ms - idle_ms + 1 : 1000);
		}
	}
}

static void *closer_main(void *arg)
{
	struct solo *s = arg;
	pthread_setname_np(pthread_self(), "argosy-closer");
	struct job **jobs = calloc(BLOCK_TXS_MAX, sizeof *jobs);
	struct node_answer *answers = calloc(BLOCK_TXS_MAX, sizeof *answers);
	if (!jobs || !answers)
		stop_for(s, ERR_NOMEM, &(struct err_text){{0}});
	pthread_mutex_lock(&s->mutex);
	rounds(s, jobs, answers);
	/* Stopped by a fault, or ending without clock or room: nobody may wait for ever. */
	while (s->jobs > 0) {
		struct job *j = queue_take(&s->prepared);
		if (!j) {
			wait_ms(s, &s->ready, 10);
			continue;
		}
		pthread_mutex_unlock(&s->mutex);
		job_answer(s, j, NULL);
		pthread_mutex_lock(&s->mutex);
	}
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->mutex);
	free(jobs);
	free(answers);
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
	if (e == ERR_OK && pthread_create(&s->closer, NULL, closer_main, s))
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
	enum err e = ERR_OK;
	pthread_mutex_lock(&s->mutex);
	if (s->stopped || s->stopping)
		e = err_set(t, ERR_UNAVAILABLE, "the node has stopped: %s", s->why);
	else if (s->clock.held)
		e = err_set(t, ERR_UNAVAILABLE,
			    "the clock jumped ahead: no blocks until the operator confirms it (argosy clock confirm)");
	else if (s->no_room)
		e = err_set(t, ERR_NOSPACE, "the disk is nearly full: nothing is accepted until there is room");
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
	int64_t end = clock_mono_ns() / 1000000 + ms;
	enum err e = ERR_OK;
	pthread_mutex_lock(&s->mutex);
	while (s->proven < height && e == ERR_OK) {
		int64_t left = end - clock_mono_ns() / 1000000;
		if (s->stopped)
			e = err_set(t, ERR_UNAVAILABLE, "the node has stopped: %s", s->why);
		else if (left <= 0)
			e = err_set(t, ERR_UNAVAILABLE, "no block closed in time");
		else {
			s->want_proof = true;
			pthread_cond_signal(&s->ready);
			wait_ms(s, &s->changed, left < 50 ? left : 50);
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
		wait_ms(s, &s->room, 100);
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
