/*
 * The index of ids on a disk in memory: what was flushed is found again, and what is
 * missing or changed is told.
 */
#include "journal/ids.h"

#include "base/io_sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#define MEMBER SLICE_LIT("orchard")

static struct io_sim *sim;
static const struct io *io;

static void fresh(void)
{
	if (sim)
		io_sim_free(sim);
	sim = io_sim_new(1);
	io = io_sim_io(sim);
	assert_int_equal(io_mkdir(io, "/s", NULL), ERR_OK);
}

static struct ids *opened(int64_t height)
{
	struct ids *i;
	struct err_text t = {{0}};
	enum err e = ids_open(&i, io, "/s", height, &t);
	if (e != ERR_OK)
		print_error("%s\n", t.text);
	assert_int_equal(e, ERR_OK);
	return i;
}

static void told(int64_t height, const char *what)
{
	struct ids *i;
	struct err_text t = {{0}};
	assert_int_equal(ids_open(&i, io, "/s", height, &t), ERR_CORRUPT);
	assert_non_null(strstr(t.text, what));
}

/* The id of a height; two a height. */
static void id_of(uint8_t id[static 16], int64_t height, unsigned which)
{
	memset(id, 0, 16);
	memcpy(id, &height, sizeof height);
	id[15] = (uint8_t)which;
}

static void add(struct ids *i, int64_t from, int64_t to)
{
	uint8_t id[16];
	for (int64_t h = from; h <= to; h++)
		for (unsigned w = 0; w < 2; w++) {
			id_of(id, h, w);
			assert_int_equal(ids_add(i, MEMBER, id, h), ERR_OK);
		}
}

static void holds(struct ids *i, int64_t from, int64_t to)
{
	uint8_t id[16];
	bool found;
	int64_t height;
	for (int64_t h = from; h <= to; h++)
		for (unsigned w = 0; w < 2; w++) {
			id_of(id, h, w);
			assert_int_equal(ids_find(i, &found, &height, MEMBER, id), ERR_OK);
			assert_true(found && height == h);
		}
	id_of(id, to + 1, 0);
	assert_int_equal(ids_find(i, &found, &height, MEMBER, id), ERR_OK);
	assert_false(found);
}

static void flushed_is_found(void **s)
{
	(void)s;
	fresh();
	struct ids *i = opened(0);
	/* Often enough for two rounds of merging; heights without an id among them. */
	for (int64_t h = 0; h < 30; h++) {
		add(i, 5 * h + 1, 5 * h + 4);
		assert_int_equal(ids_flush(i, 5 * h + 5, NULL), ERR_OK);
	}
	assert_int_equal(ids_flush(i, 160, NULL), ERR_OK); /* nothing new: covered all the same */
	ids_close(i);
	i = opened(160);
	for (int64_t h = 0; h < 29; h++) {
		uint8_t id[16];
		bool found;
		int64_t height;
		id_of(id, 5 * h + 2, 1);
		assert_int_equal(ids_find(i, &found, &height, MEMBER, id), ERR_OK);
		assert_true(found && height == 5 * h + 2);
	}
	ids_close(i);
}

/* Of an id that was used again the newest height is told, wherever its entries lie. */
static void used_again(void **s)
{
	(void)s;
	fresh();
	struct ids *i = opened(0);
	uint8_t id[16];
	bool found;
	int64_t height;
	id_of(id, 7, 0);
	for (int64_t h = 1; h <= 40; h++) {
		assert_int_equal(ids_add(i, MEMBER, id, h), ERR_OK);
		assert_int_equal(ids_find(i, &found, &height, MEMBER, id), ERR_OK);
		assert_true(found && height == h);
		if (h % 3)
			continue;
		assert_int_equal(ids_flush(i, h, NULL), ERR_OK);
		assert_int_equal(ids_find(i, &found, &height, MEMBER, id), ERR_OK);
		assert_true(found && height == h);
	}
	ids_close(i);
}

/* A crash between the flush of the index and LMDB's: the state is of an earlier height. */
static void cut_back_loses_nothing_older(void **s)
{
	(void)s;
	fresh();
	struct ids *i = opened(0);
	for (int64_t h = 1; h <= 20; h++) {
		add(i, h, h);
		assert_int_equal(ids_flush(i, h, NULL), ERR_OK);
		ids_close(i);
		i = opened(h - 1 ? h - 1 : 0); /* LMDB did not follow */
		if (h > 1)
			holds(i, 1, h - 1);
		add(i, h, h);
		assert_int_equal(ids_flush(i, h, NULL), ERR_OK);
	}
	holds(i, 1, 20);
	ids_close(i);
}

static void three_runs(void)
{
	fresh();
	struct ids *i = opened(0);
	for (int64_t h = 1; h <= 3; h++) {
		add(i, h, h);
		assert_int_equal(ids_flush(i, h, NULL), ERR_OK);
	}
	ids_close(i);
}

static void damage_is_told(void **s)
{
	(void)s;
	static const char *const names[] = {"/s/ids-0-1", "/s/ids-2-2", "/s/ids-3-3"};
	for (size_t k = 0; k < 3; k++) {
		three_runs();
		assert_int_equal(io_remove(io, names[k], NULL), ERR_OK);
		told(3, "no ids-* file covers");
		for (uint64_t at = 0; at < 2 * 24 + 20; at++) {
			struct io_file *f;
			uint8_t b;
			three_runs();
			assert_int_equal(io_open(io, &f, names[k], IO_WRITE, NULL), ERR_OK);
			assert_int_equal(io_pread_all(f, &b, 1, at, NULL), ERR_OK);
			b ^= 4;
			assert_int_equal(io_pwrite(f, &b, 1, at, NULL), ERR_OK);
			io_close(f);
			told(3, names[k]);
		}
	}
	three_runs();
	told(4, "heights 4 to 4");
	struct ids *i = opened(3);
	holds(i, 1, 3);
	ids_close(i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flushed_is_found), cmocka_unit_test(used_again),
		cmocka_unit_test(cut_back_loses_nothing_older),
		cmocka_unit_test(damage_is_told),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	io_sim_free(sim);
	return failed;
}
