/*
 * What one request holds is executed in its order, and one sender's flood is not another's wait:
 * at the door, by HTTP and by the command, on default settings.
 */
#include "program.h"

#include "ledger/tx.h"
#include "node/node.h"

#include "argosy/v1/action.pb-c.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/socket.h>

#include <cmocka.h>

static char folder[300], log_path[300];
static pid_t daemon_pid;
static unsigned port;
static struct tx_signer signer;
static struct hash fingerprint;
static char chain_id[CHAIN_ID_MAX + 1];

/* ---- HTTP ---- */

static int dial(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	struct timeval wait = {PROGRAM_WAIT_S, 0};
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(fd, (struct sockaddr *)&a, sizeof a) != 0)
		abort();
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
	return fd;
}

/* All of the bytes; false: the other side hung up. */
static bool send_all(int fd, struct slice s)
{
	while (s.n) {
		ssize_t k = send(fd, s.p, s.n, MSG_NOSIGNAL);
		if (k <= 0)
			return false;
		s = slice(s.p + k, s.n - (size_t)k);
	}
	return true;
}

/* One answer of a connection that stays: the status, and all of it in *out. 0: hung up. */
static int receive(int fd, struct buf *out)
{
	buf_clear(out);
	size_t whole = 0;
	while (!whole || out->n < whole) {
		buf_reserve(out, 1 << 16);
		ssize_t k = recv(fd, out->p + out->n, (1 << 16) - 1, 0);
		if (k <= 0)
			return 0;
		out->n += (size_t)k;
		out->p[out->n] = 0;
		char *end = strstr((char *)out->p, "\r\n\r\n");
		char *length = strcasestr((char *)out->p, "content-length: ");
		if (!whole && end && length)
			whole = (size_t)(end + 4 - (char *)out->p) + strtoul(length + 16, NULL, 10);
	}
	return (int)strtol((char *)out->p + strlen("HTTP/1.1 "), NULL, 10);
}

static int get(int fd, struct buf *out, const char *target)
{
	char head[600];
	int n = snprintf(head, sizeof head, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", target);
	return send_all(fd, slice(head, (size_t)n)) ? receive(fd, out) : 0;
}

static int post(int fd, struct buf *out, bool many, struct slice body)
{
	char head[300];
	int n = snprintf(head, sizeof head,
			 "POST /v1/transactions HTTP/1.1\r\nHost: localhost\r\n"
			 "Content-Type: application/x-protobuf%s\r\nContent-Length: %zu\r\n\r\n",
			 many ? ";many" : "", body.n);
	if (!send_all(fd, slice(head, (size_t)n)) || !send_all(fd, body))
		return 0;
	return receive(fd, out);
}

/* The number after "name": in an answer, from *at on; moves *at behind it. -1: there is none. */
static long long number_of(const char **at, const char *name)
{
	char quoted[60];
	snprintf(quoted, sizeof quoted, "\"%s\":", name);
	const char *p = strstr(*at, quoted);
	if (!p)
		return -1;
	*at = p + strlen(quoted);
	return strtoll(*at, NULL, 10);
}

/* On a connection of its own, as whatever is asked after long work: one that idles for half a minute
 * is closed. */
static unsigned long long log_size(void)
{
	struct buf out = BUF_INIT;
	int fd = dial();
	assert_int_equal(get(fd, &out, "/v1/status"), 200);
	const char *at = (const char *)out.p;
	long long n = number_of(&at, "records");
	assert_true(n >= 0);
	buf_fini(&out);
	close(fd);
	return (unsigned long long)n;
}

/* ---- transactions ---- */

enum what { OBSERVED, DECLARED, PACKED, UNPACKED };

static void event_make(Argosy__V1__Event *ev, Argosy__V1__ErrorDeclaration *d, enum what what,
		       unsigned n, char epc[static 80], char parent[static 80], char id[static 80],
		       char **list)
{
	*ev = (Argosy__V1__Event)ARGOSY__V1__EVENT__INIT;
	*d = (Argosy__V1__ErrorDeclaration)ARGOSY__V1__ERROR_DECLARATION__INIT;
	snprintf(epc, 80, "urn:epc:id:sgtin:9521234.012345.%u", n);
	snprintf(parent, 80, "urn:epc:id:sscc:9521234.0%09u", n);
	snprintf(id, 80, "urn:uuid:00000000-0000-4000-8000-%012u", n);
	list[0] = epc;
	ev->event_time = (char *)(uintptr_t) "2026-05-01T10:00:00.000Z";
	ev->event_time_zone_offset = (char *)(uintptr_t) "+00:00";
	if (what == OBSERVED || what == DECLARED) {
		ev->type = ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_OBJECT;
		ev->action = ARGOSY__V1__EVENT_ACTION__EVENT_ACTION_OBSERVE;
		ev->biz_step = (char *)(uintptr_t) "inspecting";
		ev->event_id = id;
		ev->epc_list = list;
		ev->n_epc_list = 1;
		d->declaration_time = (char *)(uintptr_t) "2026-05-02T10:00:00.000Z";
		ev->error_declaration = what == DECLARED ? d : NULL;
		return;
	}
	ev->type = ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_AGGREGATION;
	ev->action = what == PACKED ? ARGOSY__V1__EVENT_ACTION__EVENT_ACTION_ADD
				    : ARGOSY__V1__EVENT_ACTION__EVENT_ACTION_DELETE;
	ev->event_time = (char *)(uintptr_t)(what == PACKED ? "2026-05-01T10:00:00.000Z"
							    : "2026-05-01T11:00:00.000Z");
	ev->biz_step = (char *)(uintptr_t)(what == PACKED ? "packing" : "unpacking");
	ev->parent_id = parent;
	ev->child_epcs = list;
	ev->n_child_epcs = 1;
}

/* One transaction of one event, after its length. */
static void put_tx(struct buf *out, Argosy__V1__Event *ev)
{
	static atomic_uint numbers;
	uint8_t id[16] = {0};
	unsigned number = ++numbers;
	Argosy__V1__Action act = ARGOSY__V1__ACTION__INIT;
	Argosy__V1__Body body = ARGOSY__V1__BODY__INIT;
	struct buf tx = BUF_INIT;
	act.act_case = ARGOSY__V1__ACTION__ACT_EVENT;
	act.event = ev;
	ProtobufCBinaryData a = {argosy__v1__action__get_packed_size(&act), NULL};
	a.data = malloc(a.len);
	if (!a.data)
		abort();
	argosy__v1__action__pack(&act, a.data);
	memcpy(id, &number, sizeof number);
	body.chain_id = chain_id;
	body.member = (char[]){"acme"};
	body.id = (ProtobufCBinaryData){16, id};
	body.expires_ms = (int64_t)time(NULL) * 1000 + 3600000;
	body.actions = &a;
	body.n_actions = 1;
	size_t n = argosy__v1__body__get_packed_size(&body);
	uint8_t *bytes = malloc(n);
	if (!bytes)
		abort();
	argosy__v1__body__pack(&body, bytes);
	if (tx_sign(&tx, &fingerprint, slice(bytes, n), &signer, 1) != ERR_OK)
		abort();
	buf_put_lp(out, buf_slice(&tx));
	buf_fini(&tx);
	free(bytes);
	free(a.data);
}

static void put_event(struct buf *out, enum what what, unsigned n)
{
	char epc[80], parent[80], event_id[80], *list[1];
	Argosy__V1__Event ev;
	Argosy__V1__ErrorDeclaration d;
	event_make(&ev, &d, what, n, epc, parent, event_id, list);
	put_tx(out, &ev);
}

/* Every answer of a sequence is "ok"; how many records were made. */
static unsigned long long all_applied(const struct buf *answers, size_t n)
{
	const char *at = (const char *)answers->p;
	unsigned long long records = 0;
	for (size_t i = 0; i < n; i++) {
		long long verdict = number_of(&at, "number"), made = number_of(&at, "records");
		if (verdict != 0 || made < 0)
			fail_msg("answer %zu: %lld, %.600s", i, verdict, at);
		records += (unsigned long long)made;
	}
	return records;
}

/* ---- order ---- */

/* The i-th of 2n: `run` of the first kind, then the same of the second, and so on. */
struct step {
	bool second;
	unsigned which;
};

static struct step step_of(unsigned i, unsigned run)
{
	return (struct step){i / run % 2, i / (2 * run) * run + i % run};
}

/* Packings, and their unpackings soon after them, in one request: nothing is left inside. */
static void unpacked_after_packed(void **state)
{
	(void)state;
	enum { N = 900, FIRST = 100000, RUN = 12 };
	struct buf body = BUF_INIT, out = BUF_INIT;
	for (unsigned i = 0; i < 2 * N; i++) {
		struct step at = step_of(i, RUN);
		put_event(&body, at.second ? UNPACKED : PACKED, FIRST + at.which);
	}
	int fd = dial();
	assert_int_equal(post(fd, &out, true, buf_slice(&body)), 200);
	assert_int_equal(all_applied(&out, 2 * N), 2 * N);
	unsigned inside = 0;
	for (unsigned i = 0; i < N; i++) {
		char target[100];
		snprintf(target, sizeof target, "/v1/items?id=urn:epc:id:sscc:9521234.0%09u",
			 FIRST + i);
		assert_int_equal(get(fd, &out, target), 200);
		const char *at = (const char *)out.p;
		inside += number_of(&at, "children") != 0;
	}
	assert_int_equal(inside, 0);
	close(fd);
	buf_fini(&out);
	buf_fini(&body);
}

/* Ten thousand events and their declarations, in requests as large as may be: each makes its
 * record, and no event is known already. */
static void declared_after_recorded(void **state)
{
	(void)state;
	enum { N = 10000, FIRST = 200000, RUN = 10 };
	struct buf body = BUF_INIT, out = BUF_INIT;
	for (unsigned half = 0; half < 2; half++) {
		buf_clear(&body);
		for (unsigned i = half * N; i < (half + 1) * N; i++) {
			struct step at = step_of(i, RUN);
			put_event(&body, at.second ? DECLARED : OBSERVED, FIRST + at.which);
		}
		int fd = dial();
		assert_int_equal(post(fd, &out, true, buf_slice(&body)), 200);
		assert_int_equal(all_applied(&out, N), N);
		close(fd);
	}
	buf_fini(&out);
	buf_fini(&body);
}

static void document_write(const char *path, const enum what kinds[static 2], unsigned first,
			   unsigned n, unsigned run)
{
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "{\"@context\":[\"https://ref.gs1.org/standards/epcis/2.0.0/"
		   "epcis-context.jsonld\"],\"type\":\"EPCISDocument\",\"schemaVersion\":\"2.0\","
		   "\"creationDate\":\"2026-05-03T00:00:00Z\",\"epcisBody\":{\"eventList\":[\n");
	for (unsigned i = 0; i < 2 * n; i++) {
		char epc[80], parent[80], id[80], *list[1];
		Argosy__V1__Event ev;
		Argosy__V1__ErrorDeclaration d;
		struct step at = step_of(i, run);
		enum what kind = kinds[at.second];
		event_make(&ev, &d, kind, first + at.which, epc, parent, id, list);
		fprintf(f, "%s{\"eventTime\":\"%s\",\"eventTimeZoneOffset\":\"+00:00\",\"bizStep\":"
			   "\"%s\",", i ? "," : "", ev.event_time, ev.biz_step);
		if (ev.error_declaration)
			fprintf(f, "\"errorDeclaration\":{\"declarationTime\":\"%s\"},",
				d.declaration_time);
		if (ev.n_epc_list)
			fprintf(f, "\"type\":\"ObjectEvent\",\"action\":\"OBSERVE\",\"eventID\":"
				   "\"%s\",\"epcList\":[\"%s\"]}\n", id, epc);
		else
			fprintf(f, "\"type\":\"AggregationEvent\",\"action\":\"%s\",\"parentID\":"
				   "\"%s\",\"childEPCs\":[\"%s\"]}\n",
				kind == PACKED ? "ADD" : "DELETE", parent, epc);
	}
	fprintf(f, "]}}\n");
	assert_int_equal(fclose(f), 0);
}

static void imported(const char *path, unsigned n)
{
	char said[100];
	struct program_result r = program_run("argosy", "import", "epcis", path, "--data-dir",
					      folder, (const char *)NULL);
	snprintf(said, sizeof said, ": %u recorded, 0 known, 0 refused", n);
	if (r.code != 0 || !strstr(r.out, said))
		fail_msg("%d: %.500s %.500s", r.code, r.out, r.err);
	program_free(&r);
}

/* The command sends 32 transactions a request, each of a hundred events. */
static void imported_in_order(void **state)
{
	(void)state;
	enum { EVENTS = 10000, PACKINGS = 900, FIRST = 300000, RUN = 1000 };
	const char *path = program_file("order.jsonld", NULL);
	unsigned long long before = log_size();
	document_write(path, (const enum what[2]){OBSERVED, DECLARED}, FIRST, EVENTS, RUN);
	imported(path, 2 * EVENTS);
	assert_int_equal(log_size() - before, 2 * EVENTS + 1); /* and the document */
	document_write(path, (const enum what[2]){PACKED, UNPACKED}, FIRST, PACKINGS, PACKINGS);
	imported(path, 2 * PACKINGS);
	struct buf out = BUF_INIT;
	unsigned inside = 0;
	int fd = dial();
	for (unsigned i = 0; i < PACKINGS; i++) {
		char target[100];
		snprintf(target, sizeof target, "/v1/items?id=urn:epc:id:sscc:9521234.0%09u",
			 FIRST + i);
		assert_int_equal(get(fd, &out, target), 200);
		const char *at = (const char *)out.p;
		inside += number_of(&at, "children") != 0;
	}
	assert_int_equal(inside, 0);
	buf_fini(&out);
	close(fd);
}

/* ---- turns ---- */

enum { FLOODERS = 4, REQUESTS = 3, EACH = 2000, PROBES = 12 };

static struct buf floods[FLOODERS][REQUESTS];
static atomic_uint flooded;

static void *flooder_main(void *arg)
{
	struct buf out = BUF_INIT;
	int fd = dial();
	for (unsigned i = 0; i < REQUESTS; i++) {
		if (post(fd, &out, true, buf_slice(&((struct buf *)arg)[i])) == 200)
			flooded++;
		else
			abort();
	}
	close(fd);
	buf_fini(&out);
	return NULL;
}

static void flood_begin(pthread_t *threads, struct buf *probes, unsigned go)
{
	for (unsigned f = 0; f < FLOODERS; f++)
		for (unsigned i = 0; i < REQUESTS; i++) {
			floods[f][i] = BUF_INIT;
			for (unsigned k = 0; k < EACH; k++)
				put_event(&floods[f][i], OBSERVED,
					  1000000 * (go + 1) + (f * REQUESTS + i) * EACH + k);
		}
	for (unsigned i = 0; i < PROBES; i++) {
		struct buf lp = BUF_INIT;
		put_event(&lp, OBSERVED, 1000000 * (go + 1) + 500000 + i);
		struct reader r = reader_of(buf_slice(&lp));
		struct slice tx = reader_lp(&r);
		probes[i] = BUF_INIT;
		buf_put_slice(&probes[i], tx);
		buf_fini(&lp);
	}
	flooded = 0;
	for (unsigned f = 0; f < FLOODERS; f++)
		assert_int_equal(pthread_create(&threads[f], NULL, flooder_main, floods[f]), 0);
}

static void flood_end(pthread_t *threads, struct buf *probes)
{
	for (unsigned f = 0; f < FLOODERS; f++)
		pthread_join(threads[f], NULL);
	assert_int_equal(flooded, FLOODERS * REQUESTS);
	for (unsigned f = 0; f < FLOODERS; f++)
		for (unsigned i = 0; i < REQUESTS; i++)
			buf_fini(&floods[f][i]);
	for (unsigned i = 0; i < PROBES; i++)
		buf_fini(&probes[i]);
}

static int count_cmp(const void *a, const void *b)
{
	const unsigned long long *x = a, *y = b;
	return *x < *y ? -1 : *x > *y;
}

/*
 * Four connections send thousands of transactions each at once. Another one's single
 * transactions come into a block soon: measured in records that were made between its sending
 * and its own, not in time. The middle one counts, since what is made while this process does not
 * get the processor counts too; and where the flood was over too soon there is another.
 */
static void no_flood_is_anothers_wait(void **state)
{
	(void)state;
	enum { ENOUGH = 5, GOES = 10 };
	pthread_t threads[FLOODERS];
	struct buf probes[PROBES], out = BUF_INIT;
	unsigned long long between[GOES * PROBES];
	size_t met = 0;
	for (unsigned go = 0; go < GOES && met < ENOUGH; go++) {
		unsigned long long at_first = log_size();
		flood_begin(threads, probes, go);
		/* They are under way. */
		while (log_size() == at_first)
			poll(NULL, 0, 1);
		for (unsigned i = 0; i < PROBES; i++) {
			int fd = dial();
			unsigned long long before = log_size();
			assert_int_equal(post(fd, &out, false, buf_slice(&probes[i])), 200);
			close(fd);
			const char *at = (const char *)out.p;
			unsigned long long own =
				(unsigned long long)number_of(&at, "first_index");
			if (flooded < FLOODERS)
				between[met++] = own - before;
		}
		flood_end(threads, probes);
	}
	assert_true(met >= ENOUGH);
	qsort(between, met, sizeof *between, count_cmp);
	printf("%zu met the flood: half had at most %llu before them, the worst %llu, of %u\n", met,
	       between[met / 2], between[met - 1], FLOODERS * REQUESTS * EACH);
	assert_true(between[met / 2] <= FLOODERS * EACH / 4);
	buf_fini(&out);
}

/* ---- memory ---- */

static long daemon_mib(void)
{
	char path[60], *at;
	snprintf(path, sizeof path, "/proc/%d/status", (int)daemon_pid);
	char *text = program_text(path);
	assert_non_null(at = strstr(text, "VmRSS:"));
	long kib = strtol(at + 6, NULL, 10);
	free(text);
	return kib >> 10;
}

/* All of a body but its last byte. */
static int half_post(const char *length_header, size_t n, bool chunked)
{
	static uint8_t zeros[8 << 20];
	char head[300];
	int fd = dial(), k = snprintf(head, sizeof head,
				      "POST /v1/transactions HTTP/1.1\r\nHost: localhost\r\n"
				      "Content-Type: application/x-protobuf\r\n%s\r\n\r\n",
				      length_header);
	assert_true(send_all(fd, slice(head, (size_t)k)));
	if (chunked)
		assert_true(send_all(fd, SLICE_LIT("800000\r\n")));
	assert_true(send_all(fd, slice(zeros, n - 1)));
	return fd;
}

enum { MANY = 180, FEW = 24, WHOLE = 8 << 20 };

/* As many as can be sent well within the minute that a body may take. */
static unsigned half_posts(int fds[static MANY])
{
	for (unsigned n = MANY;; n /= 2) {
		time_t begin = time(NULL);
		for (unsigned i = 0; i < n; i++)
			fds[i] = half_post(i % 2 ? "Transfer-Encoding: chunked"
						 : "Content-Length: 8388608",
					   WHOLE, i % 2);
		if (time(NULL) - begin < 40 || n <= FEW)
			return n;
		for (unsigned i = 0; i < n; i++)
			close(fds[i]);
	}
}

/* 180 bodies of 8 MiB that do not end take no more memory than a few; there is room for small
 * ones beside them, and the large ones are asked for again. */
static void bodies_are_bounded(void **state)
{
	(void)state;
	int fds[MANY];
	struct buf out = BUF_INIT, body = BUF_INIT;
	long before = daemon_mib();
	unsigned many = half_posts(fds);
	long with = daemon_mib();
	printf("%ld MiB, with %u bodies of 8 MiB: %ld MiB\n", before, many, with);
	assert_true(with - before < 400); /* of 1,440; what a sanitizer keeps is in it, too */
	put_event(&body, OBSERVED, 600000);
	put_event(&body, OBSERVED, 600001);
	int fd = dial();
	assert_int_equal(post(fd, &out, true, buf_slice(&body)), 200);
	assert_int_equal(all_applied(&out, 2), 2);
	for (unsigned i = many - 2; i < many; i++) {
		assert_true(send_all(fds[i], i % 2 ? SLICE_LIT("0\r\n0\r\n\r\n") : SLICE_LIT("0")));
		assert_int_equal(receive(fds[i], &out), 429);
		assert_non_null(strstr((char *)out.p, "Retry-After: 1\r\n"));
		assert_non_null(strstr((char *)out.p, "\"code\":\"busy\""));
	}
	/* What they held is free again. */
	for (unsigned i = 0; i < many; i++)
		close(fds[i]);
	int status = 429;
	for (unsigned tries = 0; status == 429 && program_waits(&tries);) {
		int one = half_post("Content-Length: 8388608", WHOLE, false);
		assert_true(send_all(one, SLICE_LIT("0")));
		status = receive(one, &out);
		close(one);
	}
	assert_int_equal(status, 413); /* as a transaction it is too large */
	close(fd);
	buf_fini(&body);
	buf_fini(&out);
}

/* ---- the daemon ---- */

static int begin(void **state)
{
	(void)state;
	program_begin();
	snprintf(folder, sizeof folder, "%s/node", program_dir);
	snprintf(log_path, sizeof log_path, "%s/daemon.log", program_dir);
	struct program_result r = program_run("argosy", "init", "--data-dir", folder, "--member",
					      "acme", "--no-passphrase", (const char *)NULL);
	program_free(&r);
	const char *argv[] = {"argosyd", "--data-dir", folder, "--listen", "127.0.0.1:0", NULL};
	daemon_pid = program_start(program_file("daemon.out", NULL), log_path, argv);
	if (!program_says(daemon_pid, log_path, "msg=ready"))
		return -1;
	char *log = program_text(log_path), *at = strstr(log, "port="), path[400];
	port = at ? (unsigned)strtoul(at + 5, NULL, 10) : 0;
	free(log);
	struct keyfile k;
	snprintf(path, sizeof path, "%s/keys/agent.key", folder);
	if (node_key_load(&k, path, NULL) != ERR_OK)
		return -1;
	memcpy(signer.public_key, k.public_key, 32);
	memcpy(signer.secret_key, k.secret_key, 64);
	keyfile_fini(&k);
	struct buf out = BUF_INIT;
	int fd = dial();
	if (get(fd, &out, "/v1/status") != 200)
		return -1;
	char *id = strstr((char *)out.p, "\"chain_id\":\""), *g = strstr((char *)out.p, "\"genesis\":\"");
	if (!id || !g || !hex_decode(fingerprint.b, 32, slice(g + 11, 64)))
		return -1;
	sscanf(id + 12, "%50[^\"]", chain_id);
	close(fd);
	buf_fini(&out);
	return 0;
}

static int end(void **state)
{
	(void)state;
	int code = 0;
	if (daemon_pid > 0) {
		kill(daemon_pid, SIGTERM);
		code = program_wait(daemon_pid);
	}
	struct program_result r =
		program_run("argosy", "verify", "--data-dir", folder, (const char *)NULL);
	if (r.code)
		fprintf(stderr, "%s%s", r.out, r.err);
	code = code ? code : r.code;
	program_free(&r);
	program_end();
	return code;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unpacked_after_packed),
		cmocka_unit_test(declared_after_recorded),
		cmocka_unit_test(imported_in_order),
		cmocka_unit_test(no_flood_is_anothers_wait),
		cmocka_unit_test(bodies_are_bounded),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
