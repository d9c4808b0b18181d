#include "state/helper.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct job {
	atomic_int done, begun;
	atomic_bool go;
	char name[16];
};

static void work(void *ctx)
{
	struct job *j = ctx;
	pthread_getname_np(pthread_self(), j->name, sizeof j->name);
	atomic_fetch_add(&j->begun, 1);
	while (!atomic_load(&j->go))
		;
	atomic_fetch_add(&j->done, 1);
}

/* What was begun is over when helper_end returns; what was not begun never begins. */
static void done_or_not_begun(void **unused)
{
	(void)unused;
	struct helper *h;
	assert_int_equal(helper_start(&h, "a helper"), ERR_OK);
	struct job j = {.go = true};
	int before = 0;
	for (unsigned i = 0; i < 2000; i++) {
		helper_ask(h, work, &j);
		for (unsigned spin = 0; spin < i % 50 * 100 && atomic_load(&j.begun) == before;
		     spin++)
			;
		helper_end(h);
		int now = atomic_load(&j.done);
		assert_true(now == before || now == before + 1);
		assert_int_equal(atomic_load(&j.begun), now);
		before = now;
	}
	helper_stop(h);
	assert_int_equal(atomic_load(&j.begun), before);
}

static void waits(void **unused)
{
	(void)unused;
	struct helper *h;
	assert_int_equal(helper_start(&h, "a helper"), ERR_OK);
	for (unsigned i = 0; i < 20; i++) {
		struct job j = {.go = false};
		helper_ask(h, work, &j);
		while (!atomic_load(&j.begun))
			usleep(10);
		assert_string_equal(j.name, "a helper");
		atomic_store(&j.go, true);
		helper_end(h);
		assert_int_equal(atomic_load(&j.done), 1);
	}
	helper_stop(h);
	helper_stop(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(done_or_not_begun),
		cmocka_unit_test(waits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
