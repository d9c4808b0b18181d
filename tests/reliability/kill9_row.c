/*
 * Row 1: kill -9, over and over.
 *
 * A child opens the node; four writers submit, and note each answer in memory that the
 * parent shares. The parent kills it with SIGKILL after 20 to 800 ms, a quarter of the
 * times counted from its start, so that opening is hit as well. The next child opens what
 * is there (the time from there to ready is measured) and holds it against the notes:
 *
 *  - every acknowledged transaction is there exactly once, its records at the index that
 *    was told, and asked again it gets the same answer with the same height;
 *  - one that was under way is there whole or not at all, batches too;
 *  - one that was refused left nothing.
 *
 * Every 25th time the whole chain is executed again from the genesis, and must give the
 * app hash that the node has. At the end everything that was ever acknowledged is asked
 * for once more.
 *
 *	kill9_row [KILLS]
 *
 * KILLS: 200, or the environment's ARGOSY_KILLS; the seed of the times is ARGOSY_SEED, 1.
 */
#include "row_node.h"
#include "row_seed.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { WRITERS = 4, ACKS_MAX = 1 << 20, REPLAY_EVERY = 25 };

struct ack {
	uint64_t number, first_index;
	int64_t height;
	uint32_t verdict, records;
};

/* Outlives the children. A note counts once `acks` says so. */
struct notes {
	_Atomic uint64_t acks, checked;
	_Atomic bool ready; /* the child is open and has checked what it must */
	_Atomic uint64_t next_number;
	_Atomic uint64_t under_way[WRITERS]; /* number; 0: none */
	/* Found by the children. */
	_Atomic uint64_t open_us, whole, absent;
	struct ack ack[ACKS_MAX];
};

static struct notes *notes;
static struct row_node r;

static struct row_tx tx_of(uint64_t number)
{
	static const unsigned events[] = {1, 3, 1, 2, 1, 4};
	struct row_tx tx = {.number = number, .events = events[number % 6]};
	tx.last_refused = number % 12 == 1;
	return tx;
}

static _Noreturn void lost(const struct row_tx *tx, const char *what)
{
	printf("row 1: LOST: transaction %" PRIu64 " (%u events%s): %s\n", tx->number, tx->events,
	       tx->last_refused ? ", to be refused" : "", what);
	fflush(stdout);
	_exit(1);
}

/* ---- what a child does ---- */

/* Is the state of the transaction what its answer says, exactly once? */
static void check_effect(const struct row_tx *tx, const struct node_answer *a, uint64_t first)
{
	if (tx->last_refused) {
		if (a->verdict != VERDICT_NOT_FOUND)
			lost(tx, "it was not refused");
		for (unsigned i = 0; i < tx->events; i++)
			if (row_item_count(&r, tx->number, i, NULL) != 0)
				lost(tx, "refused, yet it left something");
		return;
	}
	if (a->verdict != VERDICT_OK)
		lost(tx, verdict_name(a->verdict));
	const char *wrong = row_present(&r, tx, a->height, first);
	if (wrong)
		lost(tx, wrong);
}

static void ask_again(const struct ack *ack)
{
	struct row_tx tx = tx_of(ack->number);
	struct node_answer a;
	struct err_text t = {{0}};
	enum err e = row_submit(&r, &a, &tx, &t);
	if (e != ERR_OK)
		row_die("asking again", e, &t);
	if (!a.duplicate)
		lost(&tx, "acknowledged, and not known any more");
	if (a.height != ack->height || a.verdict != (enum verdict)ack->verdict)
		lost(&tx, "acknowledged with another answer");
	check_effect(&tx, &a, ack->first_index);
}

/* Whole or absent; then it is asked for, and must be there once. */
static void settle(uint64_t number)
{
	struct row_tx tx = tx_of(number);
	struct node_answer a;
	struct err_text t = {{0}};
	unsigned there = 0;
	for (unsigned i = 0; i < tx.events; i++)
		there += row_item_count(&r, number, i, NULL) > 0;
	if (there > 0 && there < tx.events)
		lost(&tx, "half applied");
	enum err e = row_submit(&r, &a, &tx, &t);
	if (e != ERR_OK)
		row_die("settling", e, &t);
	if (a.duplicate != (there > 0) && !tx.last_refused)
		lost(&tx, "its effect and its id disagree");
	check_effect(&tx, &a, a.duplicate ? UINT64_MAX : a.first_index);
	*(there ? &notes->whole : &notes->absent) += 1;
}

static void *writer(void *arg)
{
	_Atomic uint64_t *mine = arg;
	for (;;) {
		struct row_tx tx = tx_of(atomic_fetch_add(&notes->next_number, 1));
		struct node_answer a;
		struct err_text t = {{0}};
		*mine = tx.number;
		enum err e = row_submit(&r, &a, &tx, &t);
		if (e != ERR_OK)
			row_die("submit", e, &t);
		if (a.duplicate)
			lost(&tx, "new, and said to be done before");
		static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
		pthread_mutex_lock(&mutex);
		uint64_t n = notes->acks;
		if (n == ACKS_MAX)
			row_die("too many acknowledgements for this test", ERR_LIMIT, NULL);
		notes->ack[n] =
			(struct ack){tx.number, a.first_index, a.height, a.verdict, a.records};
		*mine = 0; /* killed before the next line: acknowledged, but not noted */
		notes->acks = n + 1;
		pthread_mutex_unlock(&mutex);
	}
	return NULL;
}

/* The chain executed again from the genesis gives what the node has. */
static void replay(void)
{
	struct ledger_audit audit;
	struct ledger_head head;
	struct err_text t = {{0}};
	ledger_head(node_ledger(r.node), &head);
	enum err e = node_verify(&audit, r.dir, NULL, &t);
	if (e != ERR_OK)
		row_die("row 1: LOST: replay from the genesis", e, &t);
	if (audit.height != head.height || !hash_eq(&audit.app_hash, &head.app_hash))
		row_die("row 1: LOST: replay gives another app hash", ERR_MISMATCH, NULL);
}

static void open_measured(struct node_options o)
{
	struct err_text t = {{0}};
	int64_t begin = clock_mono_ns();
	enum err e = row_open_with(&r, o, &t);
	if (e != ERR_OK)
		row_die("row 1: LOST: does not open", e, &t);
	struct node_status s;
	node_status(r.node, &s);
	if (s.stopped || (s.read_only && !o.read_only))
		row_die("row 1: LOST: opens read-only", ERR_READONLY,
			&(struct err_text){"after a kill"});
	notes->open_us = (uint64_t)(clock_mono_ns() - begin) / 1000;
}

/* One life: opens, checks the notes that none has checked yet, and works until it is killed. */
static _Noreturn void live(bool verify)
{
	pthread_t t[WRITERS];
	if (verify) {
		open_measured((struct node_options){.read_only = true});
		replay();
		row_close(&r);
	}
	open_measured((struct node_options){0});
	for (; notes->checked < notes->acks; notes->checked++)
		ask_again(&notes->ack[notes->checked]);
	for (unsigned i = 0; i < WRITERS; i++) {
		if (notes->under_way[i])
			settle(notes->under_way[i]);
		notes->under_way[i] = 0;
	}
	notes->ready = true;
	for (unsigned i = 0; i < WRITERS; i++)
		if (pthread_create(&t[i], NULL, writer, &notes->under_way[i]) != 0)
			row_die("thread", ERR_NOMEM, NULL);
	for (;;)
		pause();
}

/* ---- the parent ---- */

static int us_cmp(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;
	return *x < *y ? -1 : *x > *y;
}

static void nap_us(uint64_t us)
{
	struct timespec ts = {(time_t)(us / 1000000), (long)(us % 1000000) * 1000};
	nanosleep(&ts, NULL);
}

/* Reaps it. True: it died by our kill; anything else is its own failure. */
static bool killed(pid_t pid, int64_t deadline_ns)
{
	int status = 0;
	while (deadline_ns && clock_mono_ns() < deadline_ns) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			goto ended;
		nap_us(500);
	}
	kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) != pid)
		return false;
ended:
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return true;
	printf("row 1: the child ended by itself: %s %d\n", WIFSIGNALED(status) ? "signal" : "exit",
	       WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	return false;
}

/* Everything ever acknowledged, once more. The exit code. */
static int all_again(void)
{
	pid_t pid = fork();
	int status = 0;
	if (pid == 0) {
		open_measured((struct node_options){0});
		for (uint64_t i = 0; i < notes->acks; i++)
			ask_again(&notes->ack[i]);
		replay();
		row_close(&r);
		_exit(0);
	}
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int argc, char **argv)
{
	uint64_t kills = row_count(argc, argv, "ARGOSY_KILLS", 200), early = 0, n = 0;
	uint64_t seed;
	char dir[200], node[250];
	uint64_t *us = calloc(kills + 1, sizeof *us);
	notes = mmap(NULL, sizeof *notes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	if (!us || notes == MAP_FAILED)
		row_die("memory", ERR_NOMEM, NULL);
	setvbuf(stdout, NULL, _IOLBF, 0);
	seed = row_seed_spread(row_seed(NULL, 1));
	notes->next_number = 1;
	row_folder(dir, sizeof dir, "kill9");
	snprintf(node, sizeof node, "%s/node", dir);
	row_create(&r, node);
	bool good = true;
	for (uint64_t k = 0; k < kills && good; k++) {
		bool from_start = k % 4 == 3;
		/* Squared: short lives are the likelier, and take less of the day. */
		uint64_t u = row_random(&seed, 1000), wait = 20000 + 780000 * u / 1000 * u / 1000;
		if (from_start)
			wait = 20000 + wait / 8;
		notes->ready = false;
		notes->open_us = 0;
		pid_t pid = fork();
		if (pid == 0)
			live(k % REPLAY_EVERY == REPLAY_EVERY - 2);
		if (pid < 0)
			row_die("fork", ERR_NOMEM, NULL);
		int64_t begin = clock_mono_ns(), patience = begin + (int64_t)600 * 1000000000;
		while (!from_start && good && !notes->ready) {
			int status;
			if (waitpid(pid, &status, WNOHANG) == pid || clock_mono_ns() > patience) {
				printf("row 1: the child never got ready (kill %" PRIu64 ")\n", k);
				kill(pid, SIGKILL);
				good = false;
			}
			nap_us(200);
		}
		if (good)
			good = killed(pid, clock_mono_ns() + (int64_t)wait * 1000);
		if (notes->ready && notes->open_us)
			us[n++] = notes->open_us;
		early += !notes->ready;
	}
	if (good)
		good = all_again() == 0;
	qsort(us, n, sizeof *us, us_cmp);
	printf("row 1: kill -9: %" PRIu64 " kills (%" PRIu64 " while opening or checking), %" PRIu64
	       " acknowledged, %s; under way: %" PRIu64 " were whole, %" PRIu64
	       " absent; restart to ready p50 %.1f ms, p99 %.1f ms\n",
	       kills, early, notes->acks, good ? "0 lost, 0 half applied" : "FAILED", notes->whole,
	       notes->absent, n ? (double)us[n / 2] / 1000 : 0,
	       n ? (double)us[n * 99 / 100] / 1000 : 0);
	if (good)
		row_remove(dir);
	else
		printf("row 1: kept: %s\n", node);
	free(us);
	return good ? 0 : 1;
}
