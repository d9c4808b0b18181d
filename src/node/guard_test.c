#include "node/guard.h"

#include "base/io_sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define OK(e) assert_int_equal((e), ERR_OK)
#define PATH  "/last_signed"

static struct guard_mark mark_of(int64_t height, uint8_t block)
{
	return (struct guard_mark){height, 0, {{block}}, {{block, 1}}};
}

static struct io_sim *sim_new(uint64_t seed)
{
	struct io_sim *sim = io_sim_new(seed);
	struct guard_mark none = {0};
	OK(guard_create(io_sim_io(sim), PATH, &none, NULL));
	return sim;
}

static int64_t height_of(const struct guard *g)
{
	struct guard_mark m;
	guard_last(g, &m);
	return m.height;
}

static void only_forward(void **s)
{
	(void)s;
	struct io_sim *sim = sim_new(1);
	struct guard *g;
	struct err_text t;
	OK(guard_open(&g, io_sim_io(sim), PATH, &t));
	assert_int_equal(height_of(g), 0);
	static const struct {
		int64_t height;
		uint8_t block;
		int32_t round;
		enum err want;
	} steps[] = {
		{1, 1, 0, ERR_OK},	 {1, 1, 0, ERR_OK},	   {1, 2, 0, ERR_CONFLICT},
		{1, 1, 1, ERR_CONFLICT}, {2, 2, 0, ERR_OK},	   {1, 1, 0, ERR_CONFLICT},
		{9, 9, 3, ERR_OK},	 {9, 8, 3, ERR_CONFLICT},  {9, 9, 3, ERR_OK},
		{0, 0, 0, ERR_CONFLICT}, {-5, 1, 0, ERR_CONFLICT},
	};
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		struct guard_mark m = mark_of(steps[i].height, steps[i].block);
		m.round = steps[i].round;
		assert_int_equal(guard_advance(g, &m, &t), steps[i].want);
		if (i % 2) {
			guard_close(g);
			OK(guard_open(&g, io_sim_io(sim), PATH, &t));
		}
	}
	/* The same block with other sign-bytes (another time) is another signature. */
	struct guard_mark m = mark_of(9, 9);
	m.round = 3;
	m.sign.b[5] ^= 1;
	assert_int_equal(guard_advance(g, &m, &t), ERR_CONFLICT);
	assert_int_equal(height_of(g), 9);
	guard_close(g);
	io_sim_free(sim);
}

static void one_process(void **s)
{
	(void)s;
	struct io_sim *sim = sim_new(1);
	struct guard *g, *h;
	struct guard_mark m;
	assert_int_equal(guard_open(&g, io_sim_io(sim), "/absent", NULL), ERR_NOTFOUND);
	OK(guard_open(&g, io_sim_io(sim), PATH, NULL));
	assert_int_equal(guard_open(&h, io_sim_io(sim), PATH, NULL), ERR_LOCKED);
	OK(guard_read(io_sim_io(sim), PATH, &m, NULL));
	guard_close(g);
	io_sim_free(sim);
}

/* Wherever the power fails or an operation does: what was granted is never forgotten. */
static void granted_is_remembered(void **s)
{
	(void)s;
	int power = 0, fault = 0;
	for (uint64_t seed = 0; seed < 3000; seed++) {
		struct io_sim *sim = sim_new(seed);
		const struct io *io = io_sim_io(sim);
		struct guard *g = NULL;
		int64_t granted = 0, asked = 0;
		uint64_t nth = 1 + io_sim_below(sim, 40);
		if (seed % 3 == 0)
			io_sim_fail_at(sim, nth, false, ERR_IO);
		else
			io_sim_power_fail_at(sim, nth);
		while (asked < 12) {
			if (!g && guard_open(&g, io, PATH, NULL) != ERR_OK)
				break;
			asked++;
			struct guard_mark m = mark_of(asked, (uint8_t)asked);
			if (guard_advance(g, &m, NULL) == ERR_OK) {
				granted = asked;
			} else {
				/* Dead: not even the same again. */
				assert_int_equal(guard_advance(g, &m, NULL), ERR_IO);
				fault += !io_sim_is_down(sim);
				guard_close(g);
				g = NULL;
			}
		}
		power += io_sim_is_down(sim);
		io_sim_restart(sim);
		guard_close(g);
		OK(guard_open(&g, io, PATH, NULL));
		assert_true(height_of(g) >= granted && height_of(g) <= asked);
		guard_close(g);
		io_sim_free(sim);
	}
	assert_true(power > 1000 && fault > 300);
}

/* Sectors may go bad; a slot that is wholly gone is told, since it may have been the newest. */
static void damage(void **s)
{
	(void)s;
	struct io_sim *sim = sim_new(1);
	const struct io *io = io_sim_io(sim);
	struct guard *g;
	struct guard_mark m;
	struct err_text t;
	struct buf good = BUF_INIT;
	OK(guard_open(&g, io, PATH, NULL));
	for (int64_t h = 1; h <= 5; h++) {
		m = mark_of(h, 1);
		OK(guard_advance(g, &m, NULL));
	}
	guard_close(g);
	OK(io_read_file(io, PATH, 8192, &good, NULL));
	assert_int_equal(good.n, 8192);
	for (size_t bit = 0; bit < 8 * good.n; bit += 37) {
		good.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		OK(io_write_file_atomic(io, PATH, buf_slice(&good), NULL));
		OK(guard_read(io, PATH, &m, NULL));
		assert_int_equal(m.height, 5);
		good.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t slot = 0; slot < 2; slot++) {
		uint8_t page[8192];
		memcpy(page, good.p, sizeof page);
		memset(page + slot * 4096, 0, 4096);
		OK(io_write_file_atomic(io, PATH, slice(page, sizeof page), NULL));
		assert_int_equal(guard_open(&g, io, PATH, &t), ERR_CORRUPT);
		assert_non_null(strstr(t.text, PATH));
	}
	for (size_t n = 0; n < 8192; n += 511) {
		OK(io_write_file_atomic(io, PATH, slice(good.p, n), NULL));
		assert_int_equal(guard_open(&g, io, PATH, &t), ERR_CORRUPT);
	}
	buf_fini(&good);
	io_sim_free(sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_forward),
		cmocka_unit_test(one_process),
		cmocka_unit_test(granted_is_remembered),
		cmocka_unit_test(damage),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
