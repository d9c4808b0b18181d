/*
 * The places of blocks: found again, and each lost or changed entry told.
 */
#include "journal/places.h"

#include "base/io_sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

enum { FIRST = 5, LAST = 40 };

static struct io_sim *sim;
static const struct io *io;

static bool left_out(int64_t height)
{
	return height >= 20 && height < 27; /* a resumed epoch */
}

static struct journal_pos place_of(int64_t height)
{
	return (struct journal_pos){1 + (uint32_t)height / 10, (uint64_t)height << 33 | 8};
}

static void made(void)
{
	struct places *p;
	if (sim)
		io_sim_free(sim);
	sim = io_sim_new(1);
	io = io_sim_io(sim);
	assert_int_equal(io_mkdir(io, "/s", NULL), ERR_OK);
	assert_int_equal(places_open(&p, io, "/s", FIRST, 0, NULL), ERR_OK);
	for (int64_t h = FIRST; h <= LAST; h++)
		if (!left_out(h))
			assert_int_equal(places_put(p, h, place_of(h), NULL), ERR_OK);
	assert_int_equal(places_sync(p), ERR_OK);
	places_close(p);
}

static void found_again(void **s)
{
	(void)s;
	struct places *p;
	struct journal_pos pos;
	made();
	assert_int_equal(places_open(&p, io, "/s", FIRST, LAST, NULL), ERR_OK);
	for (int64_t h = FIRST - 2; h <= LAST + 2; h++) {
		bool there = h >= FIRST && h <= LAST && !left_out(h);
		assert_int_equal(places_get(p, &pos, h), there ? ERR_OK : ERR_NOTFOUND);
		if (there)
			assert_int_equal(journal_pos_cmp(pos, place_of(h)), 0);
	}
	for (int64_t h = INT64_MAX; h > INT64_MAX / 64; h /= 2)
		assert_int_equal(places_get(p, &pos, h), ERR_NOTFOUND);
	places_close(p);
	/* Cut back, and on from there. */
	assert_int_equal(places_open(&p, io, "/s", FIRST, 30, NULL), ERR_OK);
	assert_int_equal(places_get(p, &pos, 31), ERR_NOTFOUND);
	assert_int_equal(places_put(p, 33, place_of(33), NULL), ERR_OK);
	places_close(p);
	assert_int_equal(places_open(&p, io, "/s", FIRST, 33, NULL), ERR_OK);
	places_close(p);
}

static void told(void)
{
	struct places *p;
	struct err_text t = {{0}};
	assert_int_equal(places_open(&p, io, "/s", FIRST, LAST, &t), ERR_CORRUPT);
	assert_non_null(strstr(t.text, "/s/blocks"));
}

static void damage_is_told(void **s)
{
	(void)s;
	static const uint8_t none[16];
	struct io_file *f;
	for (int64_t h = FIRST; h <= LAST; h++) {
		uint64_t at = (uint64_t)(h - FIRST) * 16;
		/* Lost. */
		if (!left_out(h)) {
			made();
			assert_int_equal(io_open(io, &f, "/s/blocks", IO_WRITE, NULL), ERR_OK);
			assert_int_equal(io_pwrite(f, none, 16, at, NULL), ERR_OK);
			io_close(f);
			told();
		}
		/* Changed, each byte of it. */
		for (uint64_t i = 0; i < 16; i++) {
			uint8_t b;
			made();
			assert_int_equal(io_open(io, &f, "/s/blocks", IO_WRITE, NULL), ERR_OK);
			assert_int_equal(io_pread_all(f, &b, 1, at + i, NULL), ERR_OK);
			b ^= 0x10;
			assert_int_equal(io_pwrite(f, &b, 1, at + i, NULL), ERR_OK);
			io_close(f);
			told();
		}
		/* Cut. */
		made();
		assert_int_equal(io_open(io, &f, "/s/blocks", IO_WRITE, NULL), ERR_OK);
		assert_int_equal(io_truncate(f, at, NULL), ERR_OK);
		io_close(f);
		told();
	}
	/* Gone. */
	made();
	assert_int_equal(io_remove(io, "/s/blocks", NULL), ERR_OK);
	told();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(found_again),
		cmocka_unit_test(damage_is_told),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	io_sim_free(sim);
	return failed;
}
