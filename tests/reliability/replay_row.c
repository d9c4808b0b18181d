/*
 * Row 10: the same thing twice, against a model.
 *
 * Random operations on a node: new transactions, the same ones again, an id with another
 * body, expired, too far ahead, a signature that does not fit, an event that breaks the
 * standard, batches whose last action is refused; one id raced by 64 submissions from
 * eight threads, with one body or with two; restarts; and a backup that is restored and
 * resumed while the node went on, so that what came after it is forgotten.
 *
 * The model holds of each id whether it was done, with what verdict and at which height.
 * Every answer must be the model's, and after each restart and restore every item of every
 * id must be there exactly once or not at all.
 *
 *	replay_row [OPERATIONS]
 *
 * OPERATIONS: 20,000, or the environment's ARGOSY_OPERATIONS; seed: ARGOSY_SEED, 1.
 */
#include "row_node.h"
#include "row_seed.h"

#include <pthread.h>

enum { NUMBERS = 1 << 16, GROUP = 48, THREADS = 8, EACH = 8 };

/* What the model knows of an id. */
struct known {
	bool done, other_body; /* done with that body */
	enum verdict verdict;
	int64_t height;
	uint32_t stamp; /* the group that used it last */
};

enum op { NEW, AGAIN, OTHER, EXPIRED, TOO_FAR, FORGED, INVALID, OPS };
static const char *const op_names[OPS] = {"new",     "again",  "other body", "expired",
					  "too far", "forged", "invalid"};

static struct known model[NUMBERS], kept[NUMBERS];
static uint64_t top = 1; /* numbers below were tried */
static struct row_node r;
static uint64_t seed;
static uint64_t done_ops, counts[OPS], races, restarts, restores, deviations, items;
static char dir[200];
static unsigned folder;

static void deviates(uint64_t number, const char *what, const struct node_answer *a)
{
	printf("row 10: DEVIATES: id %" PRIu64 ": %s: %s, height %" PRId64 "%s; the model: %s, %s, "
	       "height %" PRId64 "\n",
	       number, what, verdict_name(a->verdict), a->height, a->duplicate ? ", duplicate" : "",
	       model[number].done ? "done" : "unknown", verdict_name(model[number].verdict),
	       model[number].height);
	deviations++;
}

static struct row_tx tx_of(uint64_t number, bool other)
{
	static const unsigned events[] = {1, 2, 1, 4, 1};
	struct row_tx tx = {.number = number, .events = events[number % 5], .other_body = other};
	tx.last_refused = tx.events > 1 && number % 3 == 1;
	return tx;
}

static struct row_tx tx_for(enum op op, uint64_t number)
{
	struct row_tx tx = tx_of(number, op == OTHER);
	if (op == EXPIRED)
		tx.expires_ms = clock_wall_ns() / 1000000 - 1000;
	if (op == TOO_FAR)
		tx.expires_ms = clock_wall_ns() / 1000000 + (int64_t)25 * 3600 * 1000;
	tx.invalid = op == INVALID;
	return tx;
}

static bool refused_as(const struct node_answer *a, enum verdict v)
{
	return a->verdict == v && a->height == 0 && !a->duplicate && a->records == 0;
}

/* First time and for good: the model learns it. */
static bool applied_as_new(const struct node_answer *a, const struct row_tx *tx)
{
	enum verdict v = tx->last_refused ? VERDICT_NOT_FOUND : VERDICT_OK;
	return !a->duplicate && a->height > 0 && a->verdict == v &&
	       a->records == (v == VERDICT_OK ? tx->events : 0);
}

static void learn(const struct node_answer *a, const struct row_tx *tx)
{
	struct known *k = &model[tx->number];
	k->done = true;
	k->other_body = tx->other_body;
	k->verdict = a->verdict;
	k->height = a->height;
}

static bool repeated(const struct node_answer *a, const struct known *k)
{
	return a->duplicate && a->verdict == k->verdict && a->height == k->height;
}

/* Holds one answer against the model. */
static void judge(enum op op, const struct row_tx *tx, const struct node_answer *a)
{
	struct known *k = &model[tx->number];
	bool good = false;
	if (op == FORGED)
		good = refused_as(a, VERDICT_BAD_SIGNATURE);
	else if (op == INVALID || op == EXPIRED || op == TOO_FAR)
		good = refused_as(a, k->done	     ? VERDICT_CONFLICT
				     : op == INVALID ? VERDICT_INVALID
				     : op == EXPIRED ? VERDICT_EXPIRED
						     : VERDICT_EXPIRY_TOO_FAR);
	else if (!k->done)
		good = applied_as_new(a, tx);
	else if (k->other_body != tx->other_body)
		good = refused_as(a, VERDICT_CONFLICT);
	else
		good = repeated(a, k);
	if (!good)
		deviates(tx->number, op_names[op], a);
	else if (!k->done && (op == NEW || op == AGAIN || op == OTHER))
		learn(a, tx);
}

/* A group of operations on different ids, under way together. */
static void group(void)
{
	static uint32_t stamp;
	struct buf bytes[GROUP];
	struct slice list[GROUP];
	struct node_answer answers[GROUP] = {{0}};
	struct row_tx txs[GROUP];
	enum op ops[GROUP];
	struct err_text t = {{0}};
	size_t n = 0;
	stamp++;
	for (unsigned i = 0; i < GROUP; i++) {
		static const enum op usual[] = {NEW,	 NEW,	  NEW,	  AGAIN,  AGAIN,
						AGAIN,	 AGAIN,	  OTHER,  OTHER,  OTHER,
						EXPIRED, TOO_FAR, FORGED, INVALID};
		enum op op = usual[row_random(&seed, sizeof usual / sizeof *usual)];
		uint64_t number = op == NEW ? top : 1 + row_random(&seed, top + 2);
		if (number >= NUMBERS - 64)
			row_die("too many operations for this test", ERR_LIMIT, NULL);
		if (model[number].stamp == stamp)
			continue;
		model[number].stamp = stamp;
		if (number >= top)
			top = number + 1;
		txs[n] = tx_for(op, number);
		ops[n] = op;
		bytes[n] = row_sign(&r, &txs[n]);
		if (op == FORGED)
			bytes[n].p[bytes[n].n - 1 - row_random(&seed, 64)] ^= 1;
		list[n] = buf_slice(&bytes[n]);
		n++;
	}
	enum err e = node_submit(r.node, answers, list, n, &t);
	if (e != ERR_OK)
		row_die("submit", e, &t);
	for (size_t i = 0; i < n; i++) {
		judge(ops[i], &txs[i], &answers[i]);
		counts[ops[i]]++;
		buf_fini(&bytes[i]);
	}
	done_ops += n;
}

/* ---- one id from everywhere at once ---- */

struct racer {
	pthread_t thread;
	struct slice tx[EACH];
	struct node_answer answers[EACH];
	bool other[EACH];
};

static void *racer_main(void *arg)
{
	struct racer *me = arg;
	struct err_text t = {{0}};
	enum err e = node_submit(r.node, me->answers, me->tx, EACH, &t);
	if (e != ERR_OK)
		row_die("race", e, &t);
	return NULL;
}

static void race(bool two_bodies)
{
	static struct racer racers[THREADS];
	uint64_t number = top++;
	struct row_tx one = tx_of(number, false), two = tx_of(number, true);
	struct buf a = row_sign(&r, &one), b = row_sign(&r, &two);
	unsigned firsts = 0;
	model[number] = (struct known){0};
	for (unsigned i = 0; i < THREADS; i++) {
		for (unsigned j = 0; j < EACH; j++) {
			racers[i].other[j] = two_bodies && row_random(&seed, 2);
			racers[i].tx[j] = buf_slice(racers[i].other[j] ? &b : &a);
			racers[i].answers[j] = (struct node_answer){0};
		}
	}
	for (unsigned i = 0; i < THREADS; i++)
		if (pthread_create(&racers[i].thread, NULL, racer_main, &racers[i]) != 0)
			row_die("thread", ERR_NOMEM, NULL);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(racers[i].thread, NULL);
	for (unsigned i = 0; i < THREADS; i++) {
		for (unsigned j = 0; j < EACH; j++) {
			const struct row_tx *tx = racers[i].other[j] ? &two : &one;
			if (applied_as_new(&racers[i].answers[j], tx)) {
				learn(&racers[i].answers[j], tx);
				firsts++;
			}
		}
	}
	for (unsigned i = 0; i < THREADS; i++) {
		for (unsigned j = 0; j < EACH; j++) {
			const struct node_answer *x = &racers[i].answers[j];
			bool same = racers[i].other[j] == model[number].other_body;
			if (same && !x->duplicate && x->height == model[number].height)
				continue; /* the first */
			/* A conflict may be found at the door or in a block. */
			struct node_answer door = *x;
			door.height = 0;
			if (same ? !repeated(x, &model[number])
				 : !refused_as(&door, VERDICT_CONFLICT))
				deviates(number, "raced", x);
		}
	}
	if (firsts != 1)
		deviates(number, "not one first in a race", &racers[0].answers[0]);
	buf_fini(&a);
	buf_fini(&b);
	done_ops += THREADS * EACH;
	races++;
}

/* ---- between lives ---- */

/* Every item of every id: there once, or not at all; and nothing else is in the log. */
static void look_at_all(void)
{
	struct node_status s;
	uint64_t records = 0;
	for (uint64_t n = 1; n < top; n++) {
		struct row_tx tx = tx_of(n, model[n].other_body);
		struct node_answer a = {.verdict = model[n].verdict, .height = model[n].height};
		const char *wrong = NULL;
		if (model[n].done && model[n].verdict == VERDICT_OK) {
			wrong = row_present(&r, &tx, model[n].height, UINT64_MAX);
			records += tx.events;
		} else {
			for (unsigned i = 0; i < tx.events && !wrong; i++)
				if (row_item_count(&r, n, i, NULL) != 0)
					wrong = "an effect of what was never applied";
		}
		if (wrong)
			deviates(n, wrong, &a);
		items += tx.events;
	}
	node_status(r.node, &s);
	if (s.head.log_size != records) {
		printf("row 10: DEVIATES: %" PRIu64 " records in the log, the model has %" PRIu64
		       "\n",
		       s.head.log_size, records);
		deviations++;
	}
}

static void restart(void)
{
	row_close(&r);
	row_open(&r);
	look_at_all();
	restarts++;
}

static char copy[300];
static uint64_t kept_top;

static void backup(void)
{
	snprintf(copy, sizeof copy, "%s/copy%u", dir, folder);
	row_backup(&r, copy);
	memcpy(kept, model, sizeof kept);
	kept_top = top;
}

/* What came after the copy is forgotten. */
static void restore(void)
{
	char next[250];
	snprintf(next, sizeof next, "%s/node%u", dir, ++folder);
	row_restore(&r, copy, next);
	for (uint64_t n = kept_top; n < top; n++)
		kept[n] = (struct known){.stamp = model[n].stamp};
	for (uint64_t n = 0; n < top; n++)
		kept[n].stamp = model[n].stamp;
	memcpy(model, kept, sizeof model);
	look_at_all();
	restores++;
	copy[0] = 0;
}

int main(int argc, char **argv)
{
	uint64_t operations = row_count(argc, argv, "ARGOSY_OPERATIONS", 20000);
	char node[250];
	setvbuf(stdout, NULL, _IOLBF, 0);
	seed = row_seed_spread(row_seed(NULL, 1));
	row_folder(dir, sizeof dir, "replay");
	snprintf(node, sizeof node, "%s/node0", dir);
	row_create(&r, node);
	row_open(&r);
	for (uint64_t round = 1; done_ops < operations && deviations < 10; round++) {
		group();
		if (round % 8 == 0)
			race(round % 16 == 0);
		if (round % 40 == 0)
			restart();
		if (round % 90 == 60)
			backup();
		if (round % 90 == 80 && copy[0])
			restore();
	}
	restart();
	struct ledger_audit audit;
	struct err_text t = {{0}};
	row_close(&r);
	enum err e = node_verify(&audit, r.dir, NULL, &t);
	if (e != ERR_OK)
		row_die("row 10: the whole check", e, &t);
	printf("row 10: replay: %" PRIu64 " operations (", done_ops);
	for (unsigned i = 0; i < OPS; i++)
		printf("%s %" PRIu64 ", ", op_names[i], counts[i]);
	printf("%" PRIu64 " races of %d), %" PRIu64 " restarts, %" PRIu64 " restores, %" PRIu64
	       " items looked at: %" PRIu64 " deviations\n",
	       races, THREADS * EACH, restarts, restores, items, deviations);
	row_remove(dir);
	return deviations ? 1 : 0;
}
