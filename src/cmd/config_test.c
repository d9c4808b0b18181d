#include "cmd/config.h"
#include "cmd/log.h"
#include "cmd/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static enum err read_text(struct config *c, struct arena *a, const char *text, struct err_text *t)
{
	char path[] = "/tmp/argosy-conf-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	*c = (struct config){0};
	enum err e = config_file(c, a, path, t);
	unlink(path);
	return e;
}

static const struct {
	const char *text, *says; /* says NULL: good */
} rows[] = {
	{"", NULL},
	{"# nothing\n\n ; else\r\n", NULL},
	{"listen = 127.0.0.1:1\ndata_dir=/a b/c \nconnections_max = 10", NULL},
	{"listen", "line 1: \"key = value\""},
	{"\nlisten = x\n = y\n", "line 3: unknown key \"\""},
	{"lisen = x\n", "did you mean \"listen\"?"},
	{"frobnicate = x\n", "unknown key \"frobnicate\""},
	{"connections_max = 0\n", "line 1: connections_max"},
	{"connections_max = 1x\n", "line 1: connections_max"},
	{"connections_max = 99999999999999999999\n", "line 1: connections_max"},
};

static void test_file(void **state)
{
	(void)state;
	struct arena *a = arena_new(0);
	struct config c;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct err_text t = {""};
		enum err e = read_text(&c, a, rows[i].text, &t);
		assert_int_equal(e == ERR_OK, rows[i].says == NULL);
		if (rows[i].says && !strstr(t.text, rows[i].says))
			fail_msg("%s: %s", rows[i].text, t.text);
	}
	assert_int_equal(read_text(&c, a, rows[2].text, NULL), ERR_OK);
	assert_string_equal(c.listen, "127.0.0.1:1");
	assert_string_equal(c.data_dir, "/a b/c");
	assert_int_equal(c.connections_max, 10);
	arena_free(a);
}

/* The environment is stronger than the file. */
static void test_environment(void **state)
{
	(void)state;
	struct arena *a = arena_new(0);
	struct config c;
	struct err_text t;
	assert_int_equal(read_text(&c, a, "listen = a\nconnections_max = 5\n", &t), ERR_OK);
	setenv("ARGOSY_LISTEN", "b", 1);
	assert_int_equal(config_environment(&c, a, &t), ERR_OK);
	assert_string_equal(c.listen, "b");
	assert_int_equal(c.connections_max, 5);
	setenv("ARGOSY_CONNECTIONS_MAX", "many", 1);
	assert_int_equal(config_environment(&c, a, &t), ERR_USAGE);
	unsetenv("ARGOSY_LISTEN");
	unsetenv("ARGOSY_CONNECTIONS_MAX");
	arena_free(a);
}

static void test_log_values(void **state)
{
	(void)state;
	char out[16];
	assert_string_equal(log_value(out, sizeof out, "plain"), "plain");
	assert_string_equal(log_value(out, sizeof out, ""), "\"\"");
	assert_string_equal(log_value(out, sizeof out, "a b"), "\"a b\"");
	assert_string_equal(log_value(out, sizeof out, "a\"b\n"), "\"a\\\"b\\n\"");
	assert_string_equal(log_value(out, sizeof out, "a\x1b[2J\\"), "\"a\\x1b[2J\\\\\"");
	log_value(out, sizeof out, "a very long value that does not fit");
	assert_true(strlen(out) < sizeof out);
	assert_int_equal(out[strlen(out) - 1], '"');
	assert_string_equal(log_value(out, sizeof out, "\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\""),
			    "\"\\\"\\\"\\\"\\\"\\\"\\\"\"");
}

static void test_words(void **state)
{
	(void)state;
	char out[128];
	assert_int_equal(text_width(""), 0);
	assert_int_equal(text_width("abc"), 3);
	assert_int_equal(text_width("发货"), 4);
	assert_int_equal(text_width("é"), 1);
	assert_string_equal(text_word(out, "shipping", true), "发货");
	assert_string_equal(text_word(out, "retail_selling", false), "retail selling");
	assert_string_equal(text_word(out, "creating_class_instance", false), "producing a lot");
	assert_string_equal(text_word(out, "https://example.com/a_b", false), "https://example.com/a_b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_log_values),
		cmocka_unit_test(test_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
