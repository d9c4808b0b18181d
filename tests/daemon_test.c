/*
 * argosyd from outside: what it refuses over raw sockets, problems, a second start,
 * signals while work comes in.
 */
#include "program.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cmocka.h>

static char node_dir[300], log_path[300], socket_path[400];
static pid_t daemon_pid;
static unsigned port;

static void daemon_start(void)
{
	const char *argv[] = {"argosyd", "--data-dir", node_dir, "--listen", "127.0.0.1:0", NULL};
	unlink(log_path);
	daemon_pid = program_start(program_file("daemon.out", NULL), log_path, argv);
	assert_true(program_says(daemon_pid, log_path, "msg=ready"));
	char *log = program_text(log_path);
	char *at = strstr(log, "port=");
	assert_non_null(at);
	port = (unsigned)strtoul(at + 5, NULL, 10);
	free(log);
}

static int daemon_stop(int signal_number)
{
	kill(daemon_pid, signal_number);
	int code = program_wait(daemon_pid);
	daemon_pid = 0;
	return code;
}

/* ---- raw requests ---- */

static int connect_tcp(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	struct timeval wait = {PROGRAM_WAIT_S, 0};
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
	return fd;
}

static int connect_unix(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	struct timeval wait = {PROGRAM_WAIT_S, 0};
	assert_true(strlen(socket_path) < sizeof a.sun_path);
	memcpy(a.sun_path, socket_path, strlen(socket_path));
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
	return fd;
}

static char answer[1 << 16];

/* Sends and reads until the end or, where `keep`, one whole answer. Gives the status; 0: hung up.
 */
static int exchange(int fd, const char *bytes, size_t n)
{
	size_t got = 0;
	(void)!send(fd, bytes, n, MSG_NOSIGNAL);
	shutdown(fd, SHUT_WR);
	for (;;) {
		ssize_t k = recv(fd, answer + got, sizeof answer - 1 - got, 0);
		if (k <= 0)
			break;
		got += (size_t)k;
		if (got == sizeof answer - 1)
			break;
	}
	answer[got] = 0;
	close(fd);
	int status = 0;
	if (sscanf(answer, "HTTP/1.%*c %d", &status) != 1)
		return 0;
	return status;
}

static int tcp(const char *request)
{
	return exchange(connect_tcp(), request, strlen(request));
}

/* Waits for the whole answer of a request after which the server closes. */
#define CLOSE "Connection: close\r\n"
#define GOOD  "Host: localhost\r\n" CLOSE

struct raw {
	const char *what, *request;
	int status, or_status; /* 0: closed without an answer, which counts as refusal */
};

/* The hostile requests that a strict server must refuse, as far as they are text; a hang-up
 * counts as refusal. */
static const struct raw raws[] = {
	{"1 plain", "GET /v1/status HTTP/1.1\r\n" GOOD "\r\n", 200, 200},
	{"2 no Host", "GET /v1/status HTTP/1.1\r\n" CLOSE "\r\n", 400, 0},
	{"3 two Hosts", "GET /v1/status HTTP/1.1\r\nHost: localhost\r\n" GOOD "\r\n", 400, 0},
	{"4 two lengths",
	 "POST /v1/transactions HTTP/1.1\r\n" GOOD
	 "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
	 400, 0},
	{"5 list", "POST /v1/transactions HTTP/1.1\r\n" GOOD "Content-Length: 3, 3\r\n\r\nabc", 400,
	 0},
	{"6 plus", "POST /v1/transactions HTTP/1.1\r\n" GOOD "Content-Length: +3\r\n\r\nabc", 400,
	 0},
	{"7 minus", "POST /v1/transactions HTTP/1.1\r\n" GOOD "Content-Length: -1\r\n\r\n", 400, 0},
	{"8 hex", "POST /v1/transactions HTTP/1.1\r\n" GOOD "Content-Length: 0x3\r\n\r\nabc", 400,
	 0},
	{"9 both",
	 "POST /v1/transactions HTTP/1.1\r\n" GOOD
	 "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	 400, 0},
	{"10 xchunked",
	 "POST /v1/transactions HTTP/1.1\r\n" GOOD "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
	 501, 400},
	{"11 space", "POST /v1/transactions HTTP/1.1\r\n" GOOD "Content-Length : 3\r\n\r\nabc", 400,
	 0},
	/* libmicrohttpd joins the lines before the handler sees them. */
	{"12 folded", "GET /v1/status HTTP/1.1\r\n" GOOD "X: a\r\n b\r\n\r\n", 400, 200},
	{"13 bare LF", "GET /v1/status HTTP/1.1\nHost: localhost\nConnection: close\n\n", 200, 400},
	{"15 chunk size",
	 "POST /v1/transactions HTTP/1.1\r\n" GOOD
	 "Transfer-Encoding: chunked\r\n\r\n10000000000000003\r\nabc\r\n0\r\n\r\n",
	 413, 400},
	{"16 version", "GET /v1/status HTTP/1.9\r\n" GOOD "\r\n", 505, 0},
	{"rebinding", "GET /v1/status HTTP/1.1\r\nHost: evil.example\r\n" CLOSE "\r\n", 421, 421},
	{"foreign page",
	 "POST /v1/transactions HTTP/1.1\r\n" GOOD
	 "Origin: https://evil.example\r\nContent-Length: 1\r\n\r\nx",
	 403, 403},
	{"too large",
	 "POST /v1/transactions HTTP/1.1\r\n" GOOD "Content-Length: 2147483648\r\n\r\n", 413, 0},
	{"wrong type",
	 "POST /v1/transactions HTTP/1.1\r\n" GOOD
	 "Content-Type: text/plain\r\nContent-Length: 1\r\n\r\nx",
	 415, 415},
	{"body on GET", "GET /v1/status HTTP/1.1\r\n" GOOD "Content-Length: 1\r\n\r\nx", 400, 400},
	{"no method", "FROB /v1/status HTTP/1.1\r\n" GOOD "\r\n", 405, 405},
	{"HEAD", "HEAD /v1/status HTTP/1.1\r\n" GOOD "\r\n", 200, 200},
	{"owner's act", "POST /v1/clock/confirm HTTP/1.1\r\n" GOOD "Content-Length: 0\r\n\r\n", 403,
	 403},
	{"nonsense", "\x16\x03\x01 nonsense\r\n\r\n", 400, 0},
};

static void test_strict(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof raws / sizeof *raws; i++) {
		int status = tcp(raws[i].request);
		if (status != raws[i].status && status != raws[i].or_status)
			fail_msg("%s: %d", raws[i].what, status);
	}
	/* 14: NUL in a value. libmicrohttpd ends the value there and says nothing, so the
	 * handler cannot refuse it; it must not do harm. */
	static const char nul[] = "GET /v1/status HTTP/1.1\r\n" GOOD "X: a\0b\r\n\r\n";
	int status = exchange(connect_tcp(), nul, sizeof nul - 1);
	assert_true(status == 400 || status == 0 || status == 200);
	/* 17, 18, 19: large headers, many headers, long address. */
	static char big[1 << 17];
	int n = snprintf(big, sizeof big, "GET /v1/status HTTP/1.1\r\n" GOOD "X: ");
	memset(big + n, 'a', 65536);
	snprintf(big + n + 65536, 8, "\r\n\r\n");
	status = tcp(big);
	assert_true(status == 431 || status == 413 || status == 0);
	n = snprintf(big, sizeof big, "GET /v1/status HTTP/1.1\r\n" GOOD);
	for (int i = 0; i < 2000; i++)
		n += snprintf(big + n, sizeof big - (size_t)n, "X%d: y\r\n", i);
	snprintf(big + n, sizeof big - (size_t)n, "\r\n");
	status = tcp(big);
	assert_true(status == 431 || status == 413 || status == 0);
	n = snprintf(big, sizeof big, "GET /v1/items/");
	memset(big + n, 'a', 16384);
	snprintf(big + n + 16384, 100, " HTTP/1.1\r\n" GOOD "\r\n");
	status = tcp(big);
	assert_true(status == 414 || status == 431 || status == 0);
	/* It is still well. */
	assert_int_equal(tcp("GET /livez HTTP/1.1\r\n" GOOD "\r\n"), 200);
}

static void test_problems(void **state)
{
	(void)state;
	assert_int_equal(tcp("GET /v1/records/999999 HTTP/1.1\r\n" GOOD "\r\n"), 404);
	assert_non_null(strstr(answer, "Content-Type: application/problem+json"));
	assert_non_null(strstr(answer, "\"type\":\"urn:argosy:problem:not_found\""));
	assert_non_null(strstr(answer, "\"title\":\"Not found\""));
	assert_non_null(strstr(answer, "\"status\":404"));
	assert_non_null(strstr(answer, "\"code\":\"not_found\""));
	assert_int_equal(tcp("GET /v1/records/999999 HTTP/1.1\r\n" GOOD
			     "Accept-Language: zh-CN,en;q=0.5\r\n\r\n"),
			 404);
	assert_non_null(strstr(answer, "\"title\":\"未找到\""));
	assert_non_null(strstr(answer, "\"detail\":\"尚无记录 999999\""));
	assert_non_null(strstr(answer, "\"code\":\"not_found\""));
	assert_int_equal(tcp("GET /v1/events?limit=0 HTTP/1.1\r\n" GOOD "\r\n"), 400);
	assert_non_null(strstr(answer, "\"errors\":[{\"pointer\":\"?limit\""));
	assert_int_equal(
		tcp("POST /v1/transactions HTTP/1.1\r\n" GOOD
		    "Content-Type: application/x-protobuf\r\nContent-Length: 3\r\n\r\nabc"),
		400);
	assert_non_null(strstr(answer, "\"code\":\"malformed\""));
	assert_int_equal(tcp("GET /v1/products/01%2F09521234543213 HTTP/1.1\r\n" GOOD "\r\n"), 404);
	assert_non_null(strstr(answer, "there is no product 01/09521234543213"));
	/* An identifier that grows beyond any key when its characters are escaped. */
	char lot[2000] = "GET /v1/lots?id=urn:epc:id:sgln:9521234.12345.";
	for (int i = 0; i < 440; i++)
		strcat(lot, "%22");
	strcat(lot, " HTTP/1.1\r\n" GOOD "\r\n");
	assert_true(tcp(lot) >= 400);
	static const char *const spaces[] = {"products", "lots", "locations", "credentials", "grants"};
	for (int i = 0; i < 5; i++) {
		/* As long as an identifier may be. */
		snprintf(lot, sizeof lot, "GET /v1/%s?id=https://id.example.com/%0457d HTTP/1.1\r\n" GOOD "\r\n",
			 spaces[i], 7);
		assert_int_equal(tcp(lot), 404);
		snprintf(lot, sizeof lot, "GET /v1/%s HTTP/1.1\r\n" GOOD "\r\n", spaces[i]);
		assert_int_equal(tcp(lot), 400);
	}
	assert_int_equal(tcp("GET /v1/credentials?member=acme HTTP/1.1\r\n" GOOD "\r\n"), 200);
	assert_non_null(strstr(answer, "{\"member\":\"acme\",\"credentials\":[]}"));
	assert_int_equal(tcp("DELETE /v1/status HTTP/1.1\r\n" GOOD "\r\n"), 405);
	assert_non_null(strstr(answer, "Allow: GET, HEAD"));
	assert_int_equal(tcp("GET /metrics HTTP/1.1\r\n" GOOD "\r\n"), 200);
	assert_non_null(strstr(answer, "argosy_block_height "));
	assert_non_null(strstr(answer, "argosy_tx_total{result=\"malformed\"} 1"));
	assert_int_equal(tcp("GET /readyz?verbose HTTP/1.1\r\n" GOOD "\r\n"), 200);
	assert_non_null(strstr(answer, "[+] running"));
}

/* Several requests on one connection, the second after the first one's answer. */
static void test_socket(void **state)
{
	(void)state;
	struct stat st;
	assert_int_equal(stat(socket_path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	static const char two[] =
		"GET /livez HTTP/1.1\r\nHost: anything\r\n\r\n"
		"POST /v1/clock/confirm HTTP/1.1\r\n" GOOD "Content-Length: 0\r\n\r\n";
	int status = exchange(connect_unix(), two, sizeof two - 1);
	assert_int_equal(status, 200);
	assert_non_null(strstr(answer, "{\"confirmed\":true}"));
}

/* Asks by HTTP, and by the command through the socket. */
static void test_transaction(void **state)
{
	(void)state;
#define TX "/v1/transactions/"
#define ID "00112233445566778899aabbccddeeff"
	struct program_result r =
		program_run("argosy", "prefix", "register", "https://id.example.com/", "--id", ID,
			    "--data-dir", node_dir, (const char *)NULL);
	assert_int_equal(r.code, 0);
	program_free(&r);
	assert_int_equal(tcp("GET " TX "acme/" ID " HTTP/1.1\r\n" GOOD "\r\n"), 200);
	assert_non_null(strstr(answer, "{\"member\":\"acme\",\"id\":\"" ID "\",\"height\":"));
	assert_non_null(strstr(answer, "\"verdict\":\"ok\",\"sentence\":\"applied\"}\n"));
	r = program_run("argosy", "tx", "show", "acme", ID, "--json", "--data-dir", node_dir,
			(const char *)NULL);
	assert_int_equal(r.code, 0);
	assert_non_null(strstr(answer, r.out));
	program_free(&r);
	assert_non_null(strstr(answer, "\"first_index\":"));
	/* The transaction itself. */
	assert_int_equal(tcp("GET " TX "acme/" ID "?form=bytes HTTP/1.1\r\n" GOOD "\r\n"), 200);
	char *body = strstr(answer, "\r\n\r\n");
	assert_non_null(body);
	assert_non_null(memmem(body, sizeof answer - (size_t)(body - answer), "https://id.example.com/",
			       23));
	r = program_run("argosy", "prefix", "register", "https://id.example.com/", "--id", ID,
			"--data-dir", node_dir, (const char *)NULL);
	assert_int_equal(r.code, 0);
	assert_non_null(strstr(r.out, "(before)"));
	program_free(&r);
	r = program_run("argosy", "tx", "show", "other", ID, "--data-dir", node_dir,
			(const char *)NULL);
	assert_int_equal(r.code, 3);
	program_free(&r);
	assert_int_equal(tcp("GET " TX "other/" ID " HTTP/1.1\r\n" GOOD "\r\n"), 404);
	assert_non_null(strstr(answer, "\"code\":\"not_found\""));
	static const char *const bad_ids[] = {
		"acme",		  "acme/",	   "acme/00",
		"acme/" ID "00", "acme/" ID "/", "acme/g0112233445566778899aabbccddeeff",
	};
	for (size_t i = 0; i < sizeof bad_ids / sizeof *bad_ids; i++) {
		char request[300];
		snprintf(request, sizeof request, "GET " TX "%s HTTP/1.1\r\n" GOOD "\r\n",
			 bad_ids[i]);
		assert_int_equal(tcp(request), 400);
		assert_non_null(strstr(answer, "a transaction's id is 32 hex digits"));
	}
	assert_int_equal(tcp("GET " TX "ACME/" ID " HTTP/1.1\r\n" GOOD "\r\n"), 400);
	assert_non_null(strstr(answer, "this is not a member's id"));
	assert_int_equal(tcp("GET " TX "%zz/" ID " HTTP/1.1\r\n" GOOD "\r\n"), 400);
	assert_int_equal(tcp("DELETE " TX "acme/" ID " HTTP/1.1\r\n" GOOD "\r\n"), 405);
}

/* A declaration's record says which entries it voids. */
static void test_marks(void **state)
{
	(void)state;
	static const char head[] =
		"{\"@context\":[\"https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld\"],"
		"\"type\":\"EPCISDocument\",\"schemaVersion\":\"2.0\","
		"\"creationDate\":\"2026-01-02T03:04:05Z\","
		"\"epcisBody\":{\"eventList\":[";
	static const char event[] =
		"{\"type\":\"ObjectEvent\",%s\"eventTime\":\"2026-01-02T03:00:00Z\","
		"\"eventID\":\"urn:uuid:6f1c2f7e-0d0b-4d57-9c4e-0a3a7f5d0fe1\","
		"\"eventTimeZoneOffset\":\"+00:00\",\"action\":\"OBSERVE\","
		"\"epcList\":[\"https://id.example.com/marked/1\"],\"bizStep\":\"shipping\"}";
	static const char error[] =
		"\"errorDeclaration\":{\"declarationTime\":\"2026-01-03T00:00:00Z\","
		"\"reason\":\"incorrect_data\"},";
	char one[2000], two[2000], all[5000];
	snprintf(one, sizeof one, event, "");	 /* allowed: formats of this file */
	snprintf(two, sizeof two, event, error); /* allowed: formats of this file */
	snprintf(all, sizeof all, "%s%s,%s]}}", head, one, two);
	const char *file = program_file("marks.jsonld", all);
	struct program_result r = program_run("argosy", "import", "epcis", file, "--data-dir",
					      node_dir, (const char *)NULL);
	assert_int_equal(r.code, 0);
	program_free(&r);
	bool seen = false;
	for (int i = 0; !seen; i++) {
		char request[100];
		snprintf(request, sizeof request, "GET /v1/records/%d HTTP/1.1\r\n" GOOD "\r\n", i);
		assert_int_equal(tcp(request), 200); /* it is found before they end */
		seen = strstr(answer, "\"mode\":\"void_mark\"") != NULL;
		if (!seen)
			assert_null(strstr(answer, "\"voids\""));
	}
	assert_non_null(strstr(answer, "\"mode\":\"void_mark\",\"number\":2,\"previous\":"));
	assert_non_null(strstr(answer, ",\"voids\":1}"));
}

static void test_second_start(void **state)
{
	(void)state;
	struct program_result r = program_run("argosyd", "--data-dir", node_dir, "--listen", "none",
					      (const char *)NULL);
	assert_int_equal(r.code, 8);
	assert_non_null(strstr(r.err, "in use by another process"));
	program_free(&r);
	assert_int_equal(tcp("GET /livez HTTP/1.1\r\n" GOOD "\r\n"), 200);
	r = program_run("argosyd", "--data-dir", "/nonexistent/node", (const char *)NULL);
	assert_int_equal(r.code, 3);
	assert_non_null(strstr(r.err, "argosy init"));
	program_free(&r);
	struct program_result as = program_run("argosy", "version", (const char *)NULL);
	r = program_run("argosyd", "--version", (const char *)NULL);
	assert_int_equal(r.code, 0);
	assert_int_equal(strncmp(r.out, "argosyd ", 8), 0);
	assert_int_equal(strncmp(as.out, "argosy ", 7), 0);
	assert_string_equal(r.out + 8, as.out + 7);
	program_free(&as);
	program_free(&r);
	r = program_run("argosyd", "--lissen", "x", (const char *)NULL);
	assert_int_equal(r.code, 2);
	program_free(&r);
	r = program_run("argosyd", "--data-dir", node_dir, "--listen", "0.0.0.0:7240",
			(const char *)NULL);
	assert_true(r.code == 8 || r.code == 2);
	program_free(&r);
	const char *conf =
		program_file("argosy.conf", "# a comment\nlisten = none\nlisten_to = x\n");
	r = program_run("argosyd", "--config", conf, (const char *)NULL);
	assert_int_equal(r.code, 2);
	assert_non_null(strstr(r.err, "line 3: unknown key"));
	assert_non_null(strstr(r.err, "listen"));
	program_free(&r);
	kill(daemon_pid, SIGHUP);
	assert_true(program_says(daemon_pid, log_path, "SIGHUP"));
	assert_int_equal(tcp("GET /livez HTTP/1.1\r\n" GOOD "\r\n"), 200);
}

/* A daemon that does not answer is not waited for longer than was said, which without
 * --timeout is ten minutes. */
static void test_timeout(void **state)
{
	(void)state;
	time_t begin = time(NULL);
	kill(daemon_pid, SIGSTOP);
	struct program_result r = program_run("argosy", "status", "--timeout", "1", "--data-dir",
					      node_dir, (const char *)NULL);
	kill(daemon_pid, SIGCONT);
	assert_int_equal(r.code, 6);
	assert_true(time(NULL) - begin < 300);
	program_free(&r);
	r = program_run("argosy", "status", "--timeout", "soon", "--data-dir", node_dir,
			(const char *)NULL);
	assert_int_equal(r.code, 2);
	program_free(&r);
	r = program_run("argosy", "status", "--timeout", "0", "--data-dir", node_dir,
			(const char *)NULL);
	assert_int_equal(r.code, 0);
	program_free(&r);
}

/* ---- signals while work comes in ---- */

static const char *many_events(const char *name, unsigned first, unsigned n)
{
	const char *path = program_file(name, NULL);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "{\"@context\":[\"https://ref.gs1.org/standards/epcis/2.0.0/"
		   "epcis-context.jsonld\"],"
		   "\"type\":\"EPCISDocument\",\"schemaVersion\":\"2.0\","
		   "\"creationDate\":\"2026-01-02T03:04:05Z\",\"epcisBody\":{\"eventList\":[");
	for (unsigned i = first; i < first + n; i++)
		fprintf(f,
			"%s{\"type\":\"ObjectEvent\",\"eventID\":\"urn:uuid:6f1c2f7e-0d0b-4d57-"
			"9c4e-0a3a7f5%05u\","
			"\"eventTime\":\"2026-01-02T03:00:00Z\",\"eventTimeZoneOffset\":\"+00:00\","
			"\"action\":\"OBSERVE\",\"epcList\":[\"https://id.example.com/goods/%u\"],"
			"\"bizStep\":\"shipping\"}",
			i == first ? "" : ",", i, i);
	fprintf(f, "]}}\n");
	fclose(f);
	return path;
}

/* What the import said was recorded or known. */
static unsigned recorded_of(const char *path)
{
	char *text = program_text(path);
	unsigned recorded = 0, known = 0;
	char *at = strstr(text, ": ");
	if (at)
		sscanf(at, ": %u recorded, %u known", &recorded, &known);
	free(text);
	return recorded + known;
}

static unsigned records_now(void)
{
	assert_int_equal(tcp("GET /v1/status HTTP/1.1\r\n" GOOD "\r\n"), 200);
	const char *at = strstr(answer, "\"records\":");
	assert_non_null(at);
	return (unsigned)strtoul(at + 10, NULL, 10);
}

/* Until the import has got somewhere, or is over. */
static void await_more(unsigned before, pid_t load)
{
	unsigned tries = 0;
	while (records_now() < before + 10 && !program_ended(load))
		assert_true(program_waits(&tries));
}

static void load_and_signal(int signal_number, const char *name, unsigned first)
{
	const char *out = program_file("load.out", NULL), *err = program_file("load.err", NULL);
	const char *doc = many_events(name, first, 400);
	const char *argv[] = {"argosy",	    "import", "epcis", "--batch", "1",
			      "--data-dir", node_dir, doc,     NULL};
	unsigned before = records_now();
	pid_t load = program_start(out, err, argv);
	await_more(before, load);
	int code = daemon_stop(signal_number);
	assert_int_equal(code, signal_number == SIGKILL ? 128 + SIGKILL : 0);
	(void)program_wait(load);
	unsigned acknowledged = recorded_of(out);
	assert_int_equal(access(socket_path, F_OK) == 0, signal_number == SIGKILL);
	/* All that was acknowledged is there, and the chain is whole. */
	struct program_result r =
		program_run("argosy", "verify", "--data-dir", node_dir, (const char *)NULL);
	assert_int_equal(r.code, 0);
	program_free(&r);
	daemon_start();
	/* The rest goes in by sending the same again: what is there is known. */
	r = program_run("argosy", "import", "epcis", "--batch", "50", "--data-dir", node_dir, doc,
			(const char *)NULL);
	unsigned recorded = 0, known = 0;
	char *at = strstr(r.out, ": ");
	assert_int_equal(r.code, 0);
	assert_non_null(at);
	assert_int_equal(sscanf(at, ": %u recorded, %u known", &recorded, &known), 2);
	assert_int_equal(recorded + known, 400);
	assert_true(known >= acknowledged);
	program_free(&r);
}

/* Events that nothing but --id keeps from being doubled, the node killed meanwhile. */
static void test_import_goes_on(void **state)
{
	(void)state;
	enum { EVENTS = 400 };
	const char *id = "0102030405060708090a0b0c0d0e0f10";
	const char *out = program_file("load.out", NULL), *err = program_file("load.err", NULL);
	const char *doc = many_events("nameless.jsonld", 40000, EVENTS);
	char *text = program_text(doc);
	for (char *p = text; (p = strstr(p, "\"eventID\":"));)
		memset(p, ' ', (size_t)(strchr(p, ',') - p) + 1);
	doc = program_file("nameless.jsonld", text);
	free(text);
	const char *argv[] = {"argosy",	    "import", "epcis", "--batch", "3", "--id", id,
			      "--data-dir", node_dir, doc,     NULL};
	unsigned before = records_now();
	for (int i = 0; i < 3; i++) {
		unsigned had = records_now();
		pid_t load = program_start(out, err, argv);
		await_more(had, load);
		assert_int_equal(daemon_stop(SIGKILL), 128 + SIGKILL);
		(void)program_wait(load);
		daemon_start();
	}
	assert_int_equal(program_wait(program_start(out, err, argv)), 0);
	assert_int_equal(recorded_of(out), EVENTS);
	assert_int_equal(records_now() - before, EVENTS + 1); /* and the document's head */
}

static void test_signals(void **state)
{
	(void)state;
	load_and_signal(SIGTERM, "one.jsonld", 10000);
	load_and_signal(SIGKILL, "two.jsonld", 20000);
	load_and_signal(SIGINT, "three.jsonld", 30000);
}

static int verify_run(void)
{
	struct program_result r = program_run("argosy", "verify", "--data-dir", node_dir, (const char *)NULL);
	snprintf(answer, sizeof answer, "%s%s", r.out, r.err);
	program_free(&r);
	return r.code;
}

/* The whole folder is checked while blocks are made; what is damaged below a running daemon is
 * found, and told to whoever reads it. */
static void test_verify_beside(void **state)
{
	(void)state;
	const char *out = program_file("beside.out", NULL);
	const char *argv[] = {"argosy",	    "import", "epcis", "--batch", "1",
			      "--data-dir", node_dir, many_events("beside.jsonld", 40000, 400), NULL};
	pid_t load = program_start(out, program_file("beside.err", NULL), argv);
	for (int i = 0; i < 3; i++)
		if (verify_run() != 0)
			fail_msg("%s", answer);
	assert_int_equal(program_wait(load), 0);
	char path[400];
	snprintf(path, sizeof path, "%s/state/records", node_dir);
	int fd = open(path, O_RDWR);
	uint8_t was, is;
	assert_int_equal(pread(fd, &was, 1, 20), 1);
	is = (uint8_t)(was ^ 1);
	assert_int_equal(pwrite(fd, &is, 1, 20), 1);
	assert_int_equal(verify_run(), 8);
	assert_non_null(strstr(answer, "/state/records: byte 20 is not what the journal gives"));
	assert_int_equal(tcp("GET /v1/records/0 HTTP/1.1\r\n" GOOD "\r\n"), 500);
	assert_non_null(strstr(answer, "\"code\":\"damaged\""));
	assert_non_null(strstr(answer, "/state/records or ends is damaged"));
	assert_non_null(strstr(answer, "argosy reindex"));
	assert_int_equal(pwrite(fd, &was, 1, 20), 1);
	close(fd);
	assert_int_equal(verify_run(), 0);
}

/* A connection that sends nothing does not hold up the end, which waits twenty seconds for
 * requests that run: one of some ends is quicker, however busy the machine is. */
static void test_stop(void **state)
{
	(void)state;
	time_t took = 20;
	for (int i = 0; i < 5 && took >= 20; i++) {
		if (!daemon_pid)
			daemon_start();
		int idle = connect_tcp(), half = connect_unix();
		assert_true(send(half, "GET /v1/st", 10, 0) == 10);
		time_t begin = time(NULL);
		assert_int_equal(daemon_stop(SIGTERM), 0);
		took = time(NULL) - begin;
		close(idle);
		close(half);
	}
	assert_true(took < 20);
	char *log = program_text(log_path);
	assert_non_null(strstr(log, "msg=stopping"));
	assert_non_null(strstr(log, "msg=stopped exit=0"));
	free(log);
}

/* Both signals are there before it looks at the first: the second ends it at once, unless
 * the orderly end was quicker still. The chain is whole either way. */
static void test_second_signal(void **state)
{
	(void)state;
	int code = 0;
	for (int i = 0; i < 100 && code == 0; i++) {
		daemon_start();
		kill(daemon_pid, SIGSTOP);
		kill(daemon_pid, SIGTERM);
		kill(daemon_pid, SIGINT);
		code = daemon_stop(SIGCONT);
	}
	assert_int_equal(code, 1);
	char *log = program_text(log_path);
	assert_non_null(strstr(log, "second signal"));
	free(log);
	struct program_result r =
		program_run("argosy", "verify", "--data-dir", node_dir, (const char *)NULL);
	assert_int_equal(r.code, 0);
	program_free(&r);
}

static int begin(void **state)
{
	(void)state;
	program_begin();
	snprintf(node_dir, sizeof node_dir, "%s/node", program_dir);
	snprintf(log_path, sizeof log_path, "%s/daemon.log", program_dir);
	snprintf(socket_path, sizeof socket_path, "%s/argosyd.sock", node_dir);
	struct program_result r = program_run("argosy", "init", "--data-dir", node_dir, "--member",
					      "acme", "--no-passphrase", (const char *)NULL);
	if (r.code != 0)
		fprintf(stderr, "%s", r.err);
	program_free(&r);
	daemon_start();
	return 0;
}

static int end(void **state)
{
	(void)state;
	if (daemon_pid > 0)
		daemon_stop(SIGKILL);
	program_end();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strict),	      cmocka_unit_test(test_problems),
		cmocka_unit_test(test_socket),	      cmocka_unit_test(test_transaction),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_second_start),  cmocka_unit_test(test_timeout),
		cmocka_unit_test(test_import_goes_on),
		cmocka_unit_test(test_signals),	      cmocka_unit_test(test_verify_beside),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_second_signal),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
