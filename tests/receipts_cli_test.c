/*
 * Receipts at the door: kept by import, asked for later, checked, held against bundles.
 */
#include "program.h"

#include <dirent.h>
#include <setjmp.h>
#include <stddef.h>

#include <cmocka.h>

#define RUN(program, ...) program_run(program, __VA_ARGS__, (const char *)NULL)

static struct program_result last;

#define CODE(expected, program, ...)                                                               \
	do {                                                                                       \
		program_free(&last);                                                               \
		last = RUN(program, __VA_ARGS__);                                                  \
		if (last.code != (expected))                                                       \
			fail_msg("exit %d, not %d\n%s%s", last.code, expected, last.out,           \
				 last.err);                                                        \
	} while (0)
#define OUT(text) assert_non_null(strstr(last.out, text))
#define ERR(text) assert_non_null(strstr(last.err, text))

static char node_dir[300], genesis[320];

/* `n` events of that step about items 1 to n. */
static const char *document(const char *name, unsigned n, const char *action, const char *step)
{
	static char text[65536];
	int at = snprintf(text, sizeof text,
			  "{\"@context\":[\"https://ref.gs1.org/standards/epcis/2.0.0/"
			  "epcis-context.jsonld\"],\"type\":\"EPCISDocument\",\"schemaVersion\":\"2.0\","
			  "\"creationDate\":\"2026-01-02T03:04:05Z\",\"epcisBody\":{\"eventList\":[");
	for (unsigned i = 1; i <= n; i++)
		at += snprintf(text + at, sizeof text - (size_t)at,
			       "%s{\"type\":\"ObjectEvent\",\"eventTime\":\"2026-01-02T03:00:00Z\","
			       "\"eventTimeZoneOffset\":\"+00:00\",\"action\":\"%s\",\"bizStep\":\"%s\","
			       "\"epcList\":[\"https://id.example.com/goods/%u\"]}",
			       i > 1 ? "," : "", action, step, i);
	snprintf(text + at, sizeof text - (size_t)at, "]}}");
	return program_file(name, text);
}

/* How many receipts lie in a folder; the path of one of them. */
static unsigned receipts(const char *dir, char path[static 700])
{
	unsigned n = 0;
	DIR *d = opendir(dir);
	struct dirent *e;
	while (d && (e = readdir(d)))
		if (strstr(e->d_name, ".receipt")) {
			n++;
			snprintf(path, 700, "%s/%s", dir, e->d_name);
		}
	if (d)
		closedir(d);
	return n;
}

static void kept_by_import(void **state)
{
	(void)state;
	char dir[500], one[700], id[33], again[300], early[300], now[300], given[400];
	snprintf(dir, sizeof dir, "%s/receipts/acme", node_dir);
	CODE(0, "argosy", "import", "epcis", document("one.json", 7, "ADD", "commissioning"),
	     "--batch",
	     "3");
	assert_int_equal(receipts(dir, one), 3);
	CODE(0, "argosy-verify", one, "--genesis", genesis);
	OUT("VERIFIED  receipt of acme");
	OUT("event 1 of ");
	OUT("https://id.example.com/goods/");
	CODE(0, "argosy-verify", one, "--genesis", genesis, "--json");
	OUT("\"receipt\":{\"member\":\"acme\"");
	CODE(4, "argosy-verify", one, "--genesis",
	     "0000000000000000000000000000000000000000000000000000000000000000");
	/* Asked for again, by id; of what is not there. */
	snprintf(id, sizeof id, "%.32s", strrchr(one, '/') + 1);
	snprintf(again, sizeof again, "%s", program_file("again.receipt", NULL));
	CODE(0, "argosy", "receipt", id, "-o", again);
	CODE(0, "argosy-verify", again, "--genesis", genesis);
	OUT(id);
	CODE(3, "argosy", "receipt", id, "--member", "stranger", "-o", again);
	CODE(2, "argosy", "receipt", "12", "-o", again);
	/* None, or elsewhere; and again they are not doubled. */
	CODE(0, "argosy", "import", "epcis", document("two.json", 7, "OBSERVE", "inspecting"),
	     "--no-receipts");
	assert_int_equal(receipts(dir, one), 3);
	snprintf(given, sizeof given, "%s", program_file("kept", NULL));
	const char *const more[] = {"import",
				    "epcis",	   document("three.json", 4, "OBSERVE", "storing"),
				    "--id",   "00112233445566778899aabbccddeeff"};
	for (unsigned i = 0; i < 2; i++)
		CODE(0, "argosy", more[0], more[1], more[2], more[3], more[4], "--receipts", given);
	snprintf(dir, sizeof dir, "%s/acme", given);
	assert_int_equal(receipts(dir, one), 1);
	CODE(3, "argosy", "import", "epcis", document("four.json", 4, "OBSERVE", "storing"),
	     "--receipts", "/proc/none");
	/* Against bundles: the history has it; the link is missing; the subject is. */
	snprintf(early, sizeof early, "%s", program_file("early.bundle", NULL));
	snprintf(now, sizeof now, "%s", program_file("now.bundle", NULL));
	CODE(0, "argosy", "import", "epcis", document("five.json", 4, "OBSERVE", "loading"));
	CODE(0, "argosy", "prove", "https://id.example.com/goods/2", "-o", early);
	CODE(1, "argosy-verify", "evidence", one, early);
	OUT("--since RECEIPT");
	CODE(0, "argosy", "prove", "https://id.example.com/goods/2", "-o", now, "--since", one);
	CODE(1, "argosy-verify", "evidence", now, one);
	OUT("do not contradict");
	CODE(1, "argosy-verify", "evidence", one, early, "--head", now, "--json");
	OUT("{\"conflict\":\"none\"");
	CODE(0, "argosy-verify", now, "--genesis", genesis, "--head", one);
	OUT("Continues the head that you hold");
	CODE(0, "argosy", "prove", "https://id.example.com/goods/7", "-o", now, "--since", one);
	CODE(1, "argosy-verify", "evidence", one, now, "--json");
	OUT("{\"conflict\":\"open\"");
}

static void not_there(void **state)
{
	(void)state;
	CODE(3, "argosy", "receipt", "ffffffffffffffffffffffffffffffff", "-o",
	     program_file("x.receipt", NULL));
	ERR("no transaction");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kept_by_import),
		cmocka_unit_test(not_there),
	};
	program_begin();
	snprintf(node_dir, sizeof node_dir, "%s/node", program_dir);
	snprintf(genesis, sizeof genesis, "%s/genesis.txt", node_dir);
	setenv("ARGOSY_DATA_DIR", node_dir, 1);
	struct program_result r = RUN("argosy", "init", "--member", "acme", "--no-passphrase");
	if (r.code != 0)
		fprintf(stderr, "%s", r.err);
	program_free(&r);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	program_free(&last);
	program_end();
	return failed;
}
