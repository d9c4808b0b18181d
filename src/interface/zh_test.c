/*
 * The table of Chinese sentences: what lower floors say comes out in Chinese, with names
 * and numbers where they belong; what is not known stays.
 */
#include "interface/zh.h"

#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void test_texts(void **state)
{
	static const char *const pairs[][2] = {
		{"there is no member acme", "没有成员 acme"},
		{"there is no option --jsan; did you mean --json?", "没有选项 --jsan，是否要用 --json？"},
		{"--to needs MEMBER", "--to 需要 MEMBER"},
		{"no transaction 00ff of member acme was done", "成员 acme 的交易 00ff 未曾执行"},
		{"https://id.example.com/goods/1: held by another member",
		 "https://id.example.com/goods/1：由其他成员持有"},
		{"/home/x: y/node: another process is using this folder",
		 "/home/x: y/node：另一进程正在使用该目录"},
		{"the node is read-only: this folder does not know what was signed last (a copy, or "
		 "keys/last_signed is gone): 'argosy resume' begins a new epoch",
		 "节点只读：该目录不知道最后签过什么（备份，或 keys/last_signed 已丢失）：argosy resume 将开始新的纪元"},
		{"the member does not hold these goods", "成员并未持有该货物"},
		{"limit must be a whole number from 1 to 1000", "limit 须为 1 至 1000 的整数"},
		{"is missing: category packaging needs it", "缺失：类别 packaging 必填"},
		{"(01) 09521234123454 has the wrong check digit 4: it should be 3",
		 "(01) 09521234123454 的校验位 4 有误：应为 3"},
		{"is no right identifier: not the normal form of the URI: the host is written in small letters",
		 "标识符有误：不是 URI 的规范写法：主机名须小写"},
		{"urn:x: not the normal form of the URI: letters beyond ASCII are written as escapes (%C3%A9)",
		 "urn:x：不是 URI 的规范写法：ASCII 以外的字符须写作转义"},
		/* Unknown: as they are. */
		{"", ""},
		{"%", "%"},
		{"%s%n", "%s%n"},
		{"there is no such sentence", "there is no such sentence"},
		{"a: b: c", "a: b: c"},
	};
	char out[600];
	(void)state;
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
		assert_string_equal(zh_of(out, sizeof out, pairs[i][0]), pairs[i][1]);
}

/* Every general sentence of a fault has one in Chinese. */
static void test_faults(void **state)
{
	char out[600];
	(void)state;
#define X(name, text)                                                                              \
	if (name != ERR_OK && zh_of(out, sizeof out, text) != out)                                 \
		fail_msg("%s", text);
	ERR_TABLE(X)
#undef X
}

/* Longer than any buffer, and cut into a small one. */
static void test_room(void **state)
{
	static char text[3000];
	char out[12];
	(void)state;
	memset(text, 'x', sizeof text - 1);
	memcpy(text, "there is no member ", 19);
	(void)zh_of(out, sizeof out, text);
	assert_true(strlen(out) < sizeof out);
	memset(text, ' ', sizeof text - 1);
	for (size_t i = 0; i + 1 < sizeof text; i += 2)
		text[i] = ':';
	assert_ptr_equal(zh_of(out, sizeof out, text), text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
