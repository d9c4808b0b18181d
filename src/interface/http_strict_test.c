#include "interface/http_strict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

struct line {
	const char *name, *value;
};

struct row {
	const char *what;
	const char *method, *version;
	int status; /* expected; 0: accepted */
	bool tcp;
	struct line lines[5];
};

static const struct row rows[] = {
	{"plain", "GET", "HTTP/1.1", 0, true, {{"Host", "localhost:7240"}}},
	{"old", "GET", "HTTP/1.0", 0, true, {{0}}},
	{"no host", "GET", "HTTP/1.1", 400, true, {{0}}},
	{"two hosts", "GET", "HTTP/1.1", 400, true, {{"Host", "localhost"}, {"host", "localhost"}}},
	{"two lengths",
	 "POST",
	 "HTTP/1.1",
	 400,
	 true,
	 {{"Host", "localhost"}, {"Content-Length", "3"}, {"Content-Length", "4"}}},
	{"length list",
	 "POST",
	 "HTTP/1.1",
	 400,
	 true,
	 {{"Host", "localhost"}, {"Content-Length", "3, 3"}}},
	{"length +",
	 "POST",
	 "HTTP/1.1",
	 400,
	 true,
	 {{"Host", "localhost"}, {"Content-Length", "+3"}}},
	{"length -",
	 "POST",
	 "HTTP/1.1",
	 400,
	 true,
	 {{"Host", "localhost"}, {"Content-Length", "-1"}}},
	{"length hex",
	 "POST",
	 "HTTP/1.1",
	 400,
	 true,
	 {{"Host", "localhost"}, {"Content-Length", "0x3"}}},
	{"length empty",
	 "POST",
	 "HTTP/1.1",
	 400,
	 true,
	 {{"Host", "localhost"}, {"Content-Length", ""}}},
	{"length huge",
	 "POST",
	 "HTTP/1.1",
	 413,
	 true,
	 {{"Host", "localhost"}, {"Content-Length", "2000000000"}}},
	{"length past 64 bits",
	 "POST",
	 "HTTP/1.1",
	 400,
	 true,
	 {{"Host", "localhost"}, {"Content-Length", "18446744073709551619"}}},
	{"both",
	 "POST",
	 "HTTP/1.1",
	 400,
	 true,
	 {{"Host", "localhost"}, {"Content-Length", "3"}, {"Transfer-Encoding", "chunked"}}},
	{"chunked",
	 "POST",
	 "HTTP/1.1",
	 0,
	 true,
	 {{"Host", "localhost"}, {"Transfer-Encoding", "chunked"}}},
	{"xchunked",
	 "POST",
	 "HTTP/1.1",
	 501,
	 true,
	 {{"Host", "localhost"}, {"Transfer-Encoding", "xchunked"}}},
	{"chunked twice",
	 "POST",
	 "HTTP/1.1",
	 400,
	 true,
	 {{"Host", "localhost"},
	  {"Transfer-Encoding", "chunked"},
	  {"Transfer-Encoding", "chunked"}}},
	{"chunked in 1.0", "POST", "HTTP/1.0", 400, true, {{"Transfer-Encoding", "chunked"}}},
	{"space before colon",
	 "POST",
	 "HTTP/1.1",
	 400,
	 true,
	 {{"Host", "localhost"}, {"Content-Length ", "3"}}},
	{"empty name", "GET", "HTTP/1.1", 400, true, {{"Host", "localhost"}, {"", "x"}}},
	{"control in value", "GET", "HTTP/1.1", 400, true, {{"Host", "localhost"}, {"X", "a\rb"}}},
	{"1.9", "GET", "HTTP/1.9", 505, true, {{"Host", "localhost"}}},
	{"other site's name", "GET", "HTTP/1.1", 421, true, {{"Host", "evil.example"}}},
	{"the same on the socket", "GET", "HTTP/1.1", 0, false, {{"Host", "evil.example"}}},
	{"127 as a label", "GET", "HTTP/1.1", 421, true, {{"Host", "127.0.0.1.evil.example"}}},
	{"loopback 2", "GET", "HTTP/1.1", 0, true, {{"Host", "127.8.9.10:1"}}},
	{"loopback 6", "GET", "HTTP/1.1", 0, true, {{"Host", "[::1]:7240"}}},
	{"port of letters", "GET", "HTTP/1.1", 421, true, {{"Host", "localhost:abc"}}},
	{"foreign page writes",
	 "POST",
	 "HTTP/1.1",
	 403,
	 true,
	 {{"Host", "localhost"}, {"Origin", "https://evil.example"}}},
	{"foreign page reads",
	 "GET",
	 "HTTP/1.1",
	 0,
	 true,
	 {{"Host", "localhost"}, {"Origin", "https://evil.example"}}},
	{"null origin writes",
	 "POST",
	 "HTTP/1.1",
	 403,
	 true,
	 {{"Host", "localhost"}, {"Origin", "null"}}},
	{"own page writes",
	 "POST",
	 "HTTP/1.1",
	 0,
	 true,
	 {{"Host", "localhost"}, {"Origin", "http://localhost:7240"}}},
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct http_facts f = {0};
		for (const struct line *l = rows[i].lines; l->name; l++)
			http_header(&f, slice_str(l->name), slice_str(l->value));
		struct http_refusal r =
			http_judge(&f, rows[i].method, rows[i].version, rows[i].tcp, 1 << 20);
		if (r.status != rows[i].status)
			fail_msg("%s: %d, not %d", rows[i].what, r.status, rows[i].status);
		assert_true((r.status == 0) == (r.detail == NULL));
	}
}

static void test_nul_and_count(void **state)
{
	(void)state;
	struct http_facts f = {0};
	http_header(&f, slice_str("Host"), slice_str("localhost"));
	http_header(&f, slice_str("X"), slice("a\0b", 3));
	assert_int_equal(http_judge(&f, "GET", "HTTP/1.1", true, 1).status, 400);
	f = (struct http_facts){0};
	http_header(&f, slice_str("Host"), slice_str("localhost"));
	for (int i = 0; i < HTTP_HEADERS_MAX; i++)
		http_header(&f, slice_str("X"), slice_str("y"));
	assert_int_equal(http_judge(&f, "GET", "HTTP/1.1", true, 1).status, 431);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_nul_and_count),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
