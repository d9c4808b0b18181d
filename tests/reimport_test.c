/*
 * What was exported and is imported again is known, event by event: the events of tests/event-hash,
 * most of them without eventID, by their hash, whatever syntax they came in.
 */
#include "program.h"

#include <setjmp.h>
#include <stddef.h>

#include <cmocka.h>

static struct program_result last;

#define CODE(expected, ...)                                                                        \
	do {                                                                                       \
		program_free(&last);                                                               \
		last = program_run("argosy", __VA_ARGS__, (const char *)NULL);                     \
		if (last.code != (expected))                                                       \
			fail_msg("exit %d, not %d\n%s%s", last.code, expected, last.out,           \
				 last.err);                                                        \
	} while (0)

/* {"...","NAME":12,...} */
static unsigned count_of(const char *name)
{
	char key[40];
	snprintf(key, sizeof key, "\"%s\":", name);
	const char *at = strstr(last.out, key);
	assert_non_null(at);
	return (unsigned)strtoul(at + strlen(key), NULL, 10);
}

static void test_reimport(void **state)
{
	static const char *const names[] = {"object", "kinds", "sensors", "extensions", "ignored", "curies"};
	char path[100], out[300];
	unsigned recorded = 0;
	(void)state;
	CODE(0, "init", "--member", "acme", "--name", "Acme", "--country", "CN");
	CODE(0, "prefix", "register", "9521321");
	for (size_t i = 0; i < 2 * (sizeof names / sizeof *names); i++) {
		snprintf(path, sizeof path, "tests/event-hash/%s.%s", names[i / 2], i % 2 ? "jsonld" : "xml");
		CODE(0, "import", "epcis", "--json", path);
		recorded += count_of("recorded");
		/* Each file again: nothing new. */
		CODE(0, "import", "epcis", "--json", path);
		assert_int_equal(count_of("recorded"), 0);
		assert_int_equal(count_of("known"), count_of("events"));
	}
	assert_true(recorded > 40);
	snprintf(out, sizeof out, "%s/out.jsonld", program_dir);
	CODE(0, "export", "epcis", "-o", out);
	CODE(0, "import", "epcis", "--json", out);
	assert_int_equal(count_of("events"), recorded);
	assert_int_equal(count_of("known"), recorded);
	assert_int_equal(count_of("recorded"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_reimport)};
	char dir[300];
	program_begin();
	snprintf(dir, sizeof dir, "%s/node", program_dir);
	setenv("ARGOSY_DATA_DIR", dir, 1);
	setenv("XDG_CONFIG_HOME", program_dir, 1);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	program_free(&last);
	program_end();
	return failed;
}
