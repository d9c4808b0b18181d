/*
 * The server against slow and many clients. Nothing here reaches the api.
 */
#include "interface/http.h"

#include "interface/api.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATIENCE_MS = 600000 }; /* which ends a hang alone */

static int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int dial(unsigned port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
	return fd;
}

/* Did the other side hang up (within `ms`)? */
static bool gone(int fd, int ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char c;
	if (poll(&p, 1, ms) <= 0)
		return false;
	return recv(fd, &c, 1, MSG_DONTWAIT) <= 0;
}

/* A byte now and then is not a request: the deadline is absolute. */
static void test_slow_drip(void **state)
{
	(void)state;
	struct http_server *s;
	struct http_options o = {.listen = "127.0.0.1:0", .head_ms = 1000};
	struct err_text t;
	assert_int_equal(http_start(&s, NULL, &o, &t), ERR_OK);
	enum { DRIPS = 2000 }; /* more than three minutes, and within the size of a head */
	int fds[20];
	static const char request[] = "GET /v1/status HTTP/1.1\r\nHost: localhost\r\nX-Slow: ";
	size_t sent = 0;
	for (size_t i = 0; i < 20; i++)
		fds[i] = dial(http_port(s));
	bool closed = false;
	while (!closed && sent < DRIPS) {
		for (size_t i = 0; i < 20; i++)
			(void)!send(fds[i], sent < sizeof request - 1 ? request + sent : "a", 1,
				    MSG_NOSIGNAL);
		sent++;
		closed = gone(fds[0], 100);
	}
	assert_true(closed);
	for (size_t i = 0; i < 20; i++) {
		assert_true(gone(fds[i], PATIENCE_MS));
		close(fds[i]);
	}
	http_stop(s, 1000);
}

/* One address cannot take all connections. */
static void test_caps(void **state)
{
	(void)state;
	struct http_server *s;
	struct http_options o = {
		.listen = "127.0.0.1:0", .head_ms = 2 * PATIENCE_MS, .connections_max = 8,
		.per_address_max = 4};
	struct err_text t;
	assert_int_equal(http_start(&s, NULL, &o, &t), ERR_OK);
	int fds[10];
	unsigned closed = 0;
	bool over[10] = {false};
	for (size_t i = 0; i < 10; i++)
		fds[i] = dial(http_port(s));
	for (int64_t begin = now_ms(); closed < 6 && now_ms() - begin < PATIENCE_MS;)
		for (size_t i = 0; i < 10; i++)
			if (!over[i] && gone(fds[i], 10)) {
				over[i] = true;
				closed++;
			}
	/* And no other. */
	for (size_t i = 0; i < 10; i++)
		closed += !over[i] && gone(fds[i], 200);
	assert_int_equal(closed, 6);
	for (size_t i = 0; i < 10; i++)
		close(fds[i]);
	http_stop(s, 1000);
}

static void test_addresses(void **state)
{
	(void)state;
	static const struct {
		const char *listen;
		enum err e;
	} rows[] = {
		{"0.0.0.0:7240", ERR_USAGE},	{"192.0.2.1:7240", ERR_USAGE},
		{"localhost:7240", ERR_USAGE},	{"127.0.0.1", ERR_USAGE},
		{"127.0.0.1:", ERR_USAGE},	{"127.0.0.1:65536", ERR_USAGE},
		{"127.0.0.1:7240x", ERR_USAGE}, {"[::]:7240", ERR_USAGE},
		{"127.0.0.1:0", ERR_OK},	{"127.1.2.3:0", ERR_OK},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct http_server *s = NULL;
		struct http_options o = {.listen = rows[i].listen};
		struct err_text t = {""};
		enum err e = http_start(&s, NULL, &o, &t);
		if (e != rows[i].e)
			fail_msg("%s: %s", rows[i].listen, t.text);
		if (e == ERR_OK) {
			/* A port that is taken is said to be. */
			struct http_server *other = NULL;
			char taken[40];
			snprintf(taken, sizeof taken, "127.%s:%u", i == 8 ? "0.0.1" : "1.2.3",
				 http_port(s));
			o.listen = taken;
			assert_int_equal(http_start(&other, NULL, &o, &t), ERR_EXISTS);
			http_stop(s, 0);
		}
	}
}

/* Also where the path is longer than a socket address. */
static void test_long_path(void **state)
{
	(void)state;
	char dir[] = "/tmp/argosy-http-XXXXXX", path[400], command[300];
	assert_non_null(mkdtemp(dir));
	char deep[300];
	snprintf(deep, sizeof deep, "%s/%0150d", dir, 0);
	snprintf(command, sizeof command, "mkdir %.280s", deep);
	assert_int_equal(system(command), 0);
	snprintf(path, sizeof path, "%s/argosyd.sock", deep);
	struct http_server *s;
	struct http_options o = {.socket_path = path};
	struct err_text t = {""};
	enum err e = http_start(&s, NULL, &o, &t);
	if (e != ERR_OK)
		fail_msg("%s", t.text);
	assert_int_equal(access(path, F_OK), 0);
	http_stop(s, 0);
	assert_int_equal(access(path, F_OK), -1);
	snprintf(command, sizeof command, "rm -rf %s", dir);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slow_drip),
		cmocka_unit_test(test_caps),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_long_path),
	};
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
