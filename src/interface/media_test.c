#include "interface/media.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void rows(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int what; /* -1: none; 0: one; 1: many */
	} row[] = {
		{"application/x-protobuf", 0},
		{"Application/X-Protobuf;MANY", 1},
		{"application/x-protobuf ; many", 1},
		{"application/x-protobuf;charset=utf-8;many ", 1},
		{"application/x-protobuf;\tmany;", 1},
		{"application/x-protobuf;proto=\"a;many\"", 0},
		{"application/x-protobuf;proto=\"a\\\";many\"", 0},
		{"application/x-protobuf;x=many", 0},
		{"application/x-protobuf;germany=1", 0},
		{"application/x-protobuf;", 0},
		{"application/x-protobuf;germany", -1},
		{"application/x-protobuf;many=0", -1},
		{"application/x-protobuf;many many", -1},
		{"application/x-protobuf many", -1},
		{"application/x-protobuf;x=\"many", -1},
		{"application/x-protobuf;x=", -1},
		{"application/x-protobuf;=x", -1},
		{"application/x-protobuf;x =1", -1},
		{"application/", -1},
		{"many", -1},
		{"", -1},
		{NULL, -1},
	};
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct media m;
		bool read = media_read(&m, row[i].text);
		int what = !read ? -1 : m.many;
		if (what != row[i].what || (read && !media_is(&m, "application/x-protobuf")))
			fail_msg("%s: %d", row[i].text, what);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(rows)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
