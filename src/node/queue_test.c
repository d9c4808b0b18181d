/*
 * Whose turn it is, measured in places, not in time; and that the order within a submission
 * holds whatever workers and blocks do.
 */
#include "node/queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SMALL = 500 };

static struct slice bytes_of(size_t n)
{
	static uint8_t zeros[QUEUE_BYTES_MAX];
	return slice(zeros, n);
}

static struct submission *sub_of(struct queue *q, uint64_t source)
{
	struct submission *s;
	assert_int_equal(queue_open(q, &s, source), ERR_OK);
	return s;
}

static struct job *put(struct queue *q, struct submission *s, struct job *jobs, size_t n,
		       size_t bytes)
{
	for (size_t i = 0; i < n; i++) {
		jobs[i] = (struct job){.bytes = bytes_of(bytes)};
		queue_put(q, s, &jobs[i]);
	}
	return jobs;
}

/* Takes and ends all that may be taken; how many. */
static size_t block(struct queue *q)
{
	static struct job *taken[QUEUE_JOBS_MAX];
	size_t n = 0;
	struct job *j;
	while ((j = queue_next(q))) {
		queue_take(q, j);
		taken[n++] = j;
	}
	for (size_t i = 0; i < n; i++)
		queue_done(q, taken[i]);
	return n;
}

static void end(struct queue *q, struct submission *const *s, size_t n)
{
	struct job *j;
	do {
		while ((j = queue_pull(q)))
			queue_ready(q, j, SLICE_LIT("m"), 1);
	} while (block(q));
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(queue_outstanding(s[i]), 0);
		queue_close(q, s[i]);
	}
	assert_int_equal(q->inside + q->inside_bytes + q->takeable + q->takeable_bytes, 0);
	queue_fini(q);
}

/* Four connections that fill all there is; a fifth comes with one transaction. */
static void flooded(void **state)
{
	(void)state;
	enum { FLOOD = 10000 };
	struct queue q;
	struct submission *s[5];
	static struct job jobs[4][FLOOD], one;
	queue_init(&q);
	for (unsigned i = 0; i < 4; i++) {
		s[i] = sub_of(&q, 10 + i);
		put(&q, s[i], jobs[i], FLOOD, SMALL);
	}
	/* Workers take what they may: some room is left over. */
	struct job *j;
	size_t pulled = 0;
	unsigned each[4] = {0};
	while ((j = queue_pull(&q))) {
		for (unsigned i = 0; i < 4; i++)
			each[i] += j->of == s[i];
		queue_ready(&q, j, SLICE_LIT("flood"), 1);
		pulled++;
	}
	assert_int_equal(pulled, QUEUE_JOBS_COMMON);
	for (unsigned i = 0; i < 4; i++)
		assert_true(each[i] + 40 > pulled / 4 && each[i] < pulled / 4 + 40);
	/* He comes in at once, though nothing was done in between. */
	s[4] = sub_of(&q, 14);
	put(&q, s[4], &one, 1, SMALL);
	assert_ptr_equal(queue_pull(&q), &one);
	assert_null(queue_pull(&q));
	/* And of what is ready, he is among the first that another member leaves. */
	queue_ready(&q, &one, SLICE_LIT("quiet"), 1);
	size_t before = 0;
	while ((j = queue_next(&q)) != &one) {
		queue_take(&q, j);
		queue_done(&q, j);
		before++;
	}
	assert_true(before <= QUEUE_TURN_WORK);
	end(&q, s, 5);
}

/* The same with room inside: at most a turn of each of the others comes before him. */
static void one_turn_each(void **state)
{
	(void)state;
	enum { FLOOD = 1000 };
	struct queue q;
	struct submission *s[5];
	static struct job jobs[4][FLOOD], one;
	queue_init(&q);
	for (unsigned i = 0; i < 4; i++) {
		s[i] = sub_of(&q, 10 + i);
		put(&q, s[i], jobs[i], FLOOD, SMALL);
	}
	for (unsigned i = 0; i < 100; i++)
		queue_ready(&q, queue_pull(&q), SLICE_LIT("flood"), 1);
	s[4] = sub_of(&q, 14);
	put(&q, s[4], &one, 1, SMALL);
	size_t before = 0;
	struct job *j;
	while ((j = queue_pull(&q)) != &one) {
		queue_ready(&q, j, SLICE_LIT("flood"), 1);
		before++;
	}
	assert_true(before <= 4 * (QUEUE_TURN_BYTES / SMALL + 1));
	queue_ready(&q, &one, SLICE_LIT("flood"), 1);
	/* The same member's: his submissions take turns, too. */
	for (before = 0; (j = queue_next(&q)) != &one; before++) {
		queue_take(&q, j);
		queue_done(&q, j);
	}
	assert_true(before <= 4);
	end(&q, s, 5);
}

/* Turns are of bytes: who sends large ones gets no more than who sends small ones. */
static void by_bytes(void **state)
{
	(void)state;
	struct queue q;
	struct submission *s[2];
	static struct job large[20], small[4000];
	queue_init(&q);
	s[0] = sub_of(&q, 1);
	s[1] = sub_of(&q, 2);
	put(&q, s[0], large, 20, 300 << 10);
	put(&q, s[1], small, 4000, SMALL);
	size_t bytes[2] = {0};
	struct job *j;
	while ((j = queue_pull(&q))) {
		bytes[j->of == s[1]] += j->bytes.n;
		queue_ready(&q, j, SLICE_LIT("m"), 1);
	}
	assert_true(bytes[0] && bytes[0] <= bytes[1] + (300 << 10) + QUEUE_TURN_BYTES);
	assert_true(q.inside_bytes <= QUEUE_BYTES_MAX);
	end(&q, s, 2);
}

/* Members by work: one whose transactions name a thousand things each gets fewer of them. */
static void by_work(void **state)
{
	(void)state;
	struct queue q;
	struct submission *s[2];
	static struct job heavy[500], light[500];
	queue_init(&q);
	s[0] = sub_of(&q, 1);
	s[1] = sub_of(&q, 2);
	put(&q, s[0], heavy, 500, SMALL);
	put(&q, s[1], light, 500, SMALL);
	struct job *j;
	while ((j = queue_pull(&q)))
		queue_ready(&q, j, j->of == s[0] ? SLICE_LIT("heavy") : SLICE_LIT("light"),
			    j->of == s[0] ? 1000 : 2);
	uint64_t done[2] = {0};
	while (done[1] < 1000 && (j = queue_next(&q))) {
		done[j->of == s[1]] += j->of == s[0] ? 1000 : 2;
		queue_take(&q, j);
		queue_done(&q, j);
	}
	assert_true(done[0] <= 1000 + 1000 + QUEUE_TURN_WORK);
	end(&q, s, 2);
}

/* One that takes long to check holds up its own submission alone. */
static void slow(void **state)
{
	(void)state;
	struct queue q;
	struct submission *s[2];
	struct job mine[3], other[1];
	queue_init(&q);
	s[0] = sub_of(&q, 1);
	s[1] = sub_of(&q, 1);
	put(&q, s[0], mine, 3, SMALL);
	put(&q, s[1], other, 1, SMALL);
	for (unsigned i = 0; i < 4; i++)
		assert_non_null(queue_pull(&q));
	queue_ready(&q, &mine[2], SLICE_LIT("m"), 1);
	queue_ready(&q, &mine[1], SLICE_LIT("m"), 1);
	assert_null(queue_next(&q));
	queue_ready(&q, &other[0], SLICE_LIT("m"), 1);
	assert_int_equal(q.takeable, 1);
	assert_ptr_equal(queue_next(&q), &other[0]);
	queue_take(&q, &other[0]);
	queue_done(&q, &other[0]);
	assert_null(queue_next(&q));
	queue_ready(&q, &mine[0], SLICE_LIT("m"), 1);
	for (unsigned i = 0; i < 3; i++) {
		assert_ptr_equal(queue_next(&q), &mine[i]);
		queue_take(&q, &mine[i]);
		queue_done(&q, &mine[i]);
	}
	end(&q, s, 2);
}

/* What the door refuses for what comes before it is looked at again then, and not before. */
static void held(void **state)
{
	(void)state;
	struct queue q;
	struct submission *s[1];
	struct job j[4];
	queue_init(&q);
	s[0] = sub_of(&q, 1);
	put(&q, s[0], j, 4, SMALL);
	for (unsigned i = 0; i < 4; i++)
		assert_ptr_equal(queue_pull(&q), &j[i]);
	queue_ready(&q, &j[0], SLICE_LIT("a"), 1);
	for (unsigned i = 1; i < 4; i++)
		assert_true(queue_hold(&q, &j[i]));
	assert_null(queue_pull(&q));
	assert_int_equal(q.takeable, 1);
	queue_take(&q, queue_next(&q));
	assert_null(queue_pull(&q));
	queue_done(&q, &j[0]);
	/* One after the other: what the first made possible needs no block for each. */
	for (unsigned i = 1; i < 3; i++) {
		assert_ptr_equal(queue_pull(&q), &j[i]);
		assert_null(queue_pull(&q));
		queue_ready(&q, &j[i], SLICE_LIT("b"), 1);
	}
	assert_ptr_equal(queue_pull(&q), &j[3]);
	assert_true(queue_hold(&q, &j[3]));
	queue_take(&q, queue_next(&q));
	queue_take(&q, queue_next(&q));
	queue_done(&q, &j[1]);
	queue_done(&q, &j[2]);
	assert_ptr_equal(queue_pull(&q), &j[3]);
	assert_false(queue_hold(&q, &j[3])); /* nothing comes before it any more */
	queue_done(&q, &j[3]);
	end(&q, s, 1);
}

/* ---- by chance ---- */

static uint64_t seed;

static unsigned chance(unsigned n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % n;
}

/* Workers end in any order, some are refused, some held, blocks put their ends back: within each
 * submission the order holds and nothing is lost. */
static void order_by_chance(void **state)
{
	(void)state;
	enum { SUBS = 12, EACH = 400, HANDS = 6 };
	static struct job jobs[SUBS][EACH];
	static const char *const members[] = {"a", "b", "c"};
	for (uint64_t begin = 1; begin <= 20; begin++) {
		struct queue q;
		struct submission *s[SUBS];
		struct job *hands[HANDS] = {NULL};
		size_t next[SUBS] = {0}, done = 0;
		seed = begin;
		queue_init(&q);
		for (unsigned i = 0; i < SUBS; i++) {
			s[i] = sub_of(&q, chance(4));
			put(&q, s[i], jobs[i], EACH, 1 + chance(5000));
		}
		while (done < SUBS * EACH) {
			unsigned h = chance(HANDS);
			if (!hands[h]) {
				hands[h] = queue_pull(&q);
			} else {
				struct job *j = hands[h];
				unsigned what = chance(20);
				hands[h] = NULL;
				if (what == 0 || (what < 5 && !queue_hold(&q, j))) {
					queue_done(&q, j);
					done++;
				} else if (what >= 5) {
					const char *m = members[chance(3)];
					queue_ready(&q, j, slice_str(m), 1 + chance(300));
				}
			}
			if (chance(30) != 0)
				continue;
			struct job *taken[50];
			size_t n = 0;
			while (n < 50 && (taken[n] = queue_next(&q)))
				queue_take(&q, taken[n++]);
			size_t stay = n ? 1 + chance((unsigned)n) : 0;
			queue_back(&q, taken + stay, n - stay);
			for (size_t i = 0; i < stay; i++) {
				unsigned of = 0;
				while (s[of] != taken[i]->of)
					of++;
				size_t at = (size_t)(taken[i] - jobs[of]);
				if (at < next[of])
					fail_msg("seed %llu: %zu after %zu", (unsigned long long)begin,
						 at, next[of]);
				next[of] = at + 1;
				queue_done(&q, taken[i]);
				done++;
			}
		}
		end(&q, s, SUBS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flooded), cmocka_unit_test(one_turn_each),
		cmocka_unit_test(by_bytes), cmocka_unit_test(by_work),
		cmocka_unit_test(slow),	    cmocka_unit_test(held),
		cmocka_unit_test(order_by_chance),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
