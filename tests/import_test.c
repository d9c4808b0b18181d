/*
 * argosy import epcis from outside, with and without a daemon: all faults of a file at once,
 * what --proceed records and writes out, what a dry run and a check foretell.
 */
#include "program.h"

#include <setjmp.h>
#include <stddef.h>
#include <sys/file.h>

#include <cmocka.h>

#define RUN(...) program_run("argosy", __VA_ARGS__, (const char *)NULL)

static struct program_result last;
static char node_dir[300];
static pid_t daemon_pid;

#define CODE(expected, ...)                                                                        \
	do {                                                                                       \
		program_free(&last);                                                               \
		last = RUN(__VA_ARGS__);                                                           \
		if (last.code != (expected))                                                       \
			fail_msg("exit %d, not %d\n%s%s", last.code, expected, last.out,           \
				 last.err);                                                        \
	} while (0)
#define OUT(text)                                                                                  \
	do {                                                                                       \
		if (!strstr(last.out, text))                                                       \
			fail_msg("no \"%s\" in\n%s%s", text, last.out, last.err);                  \
	} while (0)
#define ERR(text)                                                                                  \
	do {                                                                                       \
		if (!strstr(last.err, text))                                                       \
			fail_msg("no \"%s\" in\n%s%s", text, last.err, last.out);                  \
	} while (0)

/* ---- documents ---- */

static const char json_head[] =
	"{\"@context\":[\"https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld\"],"
	"\"type\":\"EPCISDocument\",\"schemaVersion\":\"2.0\",\"creationDate\":\"2026-01-02T03:04:05Z\","
	"\"epcisBody\":{\"eventList\":[\n";
static const char json_tail[] = "]}}";
static const char xml_head[] =
	"<epcis:EPCISDocument xmlns:epcis=\"urn:epcglobal:epcis:xsd:2\" schemaVersion=\"2.0\" "
	"creationDate=\"2026-01-02T03:04:05Z\"><EPCISBody><EventList>\n";
static const char xml_tail[] = "</EventList></EPCISBody></epcis:EPCISDocument>";

static char document[4 << 20];
static size_t document_n;

static void begin(const char *head)
{
	document_n = (size_t)snprintf(document, sizeof document, "%s", head);
}

static void add(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	document_n += (size_t)vsnprintf(document + document_n, sizeof document - document_n, fmt, ap);
	va_end(ap);
	assert_true(document_n < sizeof document);
}

/* An event that commissions one thing. `lot` tells apart what each test is about. */
static void json_event(const char *lot, unsigned n, const char *action, const char *epc)
{
	add("%s{\"type\":\"ObjectEvent\",\"eventID\":\"https://id.example.com/events/%s/%u\","
	    "\"eventTime\":\"2026-01-02T03:%02u:00Z\",\"eventTimeZoneOffset\":\"+00:00\","
	    "\"action\":\"%s\",\"epcList\":[\"%s\"],\"bizStep\":\"commissioning\"}\n",
	    document[document_n - 2] == '[' ? "" : ",", lot, n, n % 60, action, epc);
}

static void xml_event(const char *lot, unsigned n, const char *action, const char *epc)
{
	add("<ObjectEvent><eventTime>2026-01-02T03:%02u:00Z</eventTime><eventTimeZoneOffset>+00:00"
	    "</eventTimeZoneOffset><eventID>https://id.example.com/events/%s/%u</eventID><epcList><epc>%s"
	    "</epc></epcList><action>%s</action><bizStep>urn:epcglobal:cbv:bizstep:commissioning"
	    "</bizStep></ObjectEvent>\n",
	    n, lot, n, epc, action);
}

/*
 * Six events. 1: not EPCIS; 3: of another member's range; 4: a wrong check digit. 5 packs what
 * 0 and 2 made.
 */
static const char *six(bool xml, const char *lot)
{
	char epc[6][100], name[100];
	void (*event)(const char *, unsigned, const char *, const char *) = xml ? xml_event : json_event;
	for (unsigned i = 0; i < 6; i++)
		snprintf(epc[i], sizeof epc[i], "https://id.example.com/%s/%u", lot, i);
	snprintf(epc[3], sizeof epc[3], "https://rival.example.com/%s", lot);
	snprintf(epc[4], sizeof epc[4], "https://id.gs1.org/01/09521234543214/21/%s", lot);
	begin(xml ? xml_head : json_head);
	for (unsigned i = 0; i < 5; i++)
		event(lot, i, i == 1 ? "LOOK" : "ADD", epc[i]);
	if (xml)
		add("<AggregationEvent><eventTime>2026-01-02T04:00:00Z</eventTime><eventTimeZoneOffset>"
		    "+00:00</eventTimeZoneOffset><eventID>https://id.example.com/events/%s/5</eventID>"
		    "<parentID>%s</parentID><childEPCs><epc>%s</epc></childEPCs><action>ADD</action>"
		    "</AggregationEvent>\n",
		    lot, epc[0], epc[2]);
	else
		add(",{\"type\":\"AggregationEvent\",\"eventID\":\"https://id.example.com/events/%s/5\","
		    "\"eventTime\":\"2026-01-02T04:00:00Z\",\"eventTimeZoneOffset\":\"+00:00\","
		    "\"action\":\"ADD\",\"parentID\":\"%s\",\"childEPCs\":[\"%s\"]}\n",
		    lot, epc[0], epc[2]);
	add("%s", xml ? xml_tail : json_tail);
	snprintf(name, sizeof name, "%s.%s", lot, xml ? "xml" : "jsonld");
	return program_file(name, document);
}

static const char *many(const char *lot, unsigned n)
{
	char epc[100], name[100];
	begin(json_head);
	for (unsigned i = 0; i < n; i++) {
		snprintf(epc, sizeof epc, "https://id.example.com/%s/%u", lot, i);
		json_event(lot, i, "ADD", epc);
	}
	add("%s", json_tail);
	snprintf(name, sizeof name, "%s.jsonld", lot);
	return program_file(name, document);
}

/* ---- the node ---- */

static void daemon_start(void)
{
	const char *argv[] = {"argosyd", "--data-dir", node_dir, "--listen", "127.0.0.1:0", NULL};
	char log[300];
	snprintf(log, sizeof log, "%s", program_file("daemon.log", NULL));
	unlink(log);
	daemon_pid = program_start(program_file("daemon.out", NULL), log, argv);
	assert_true(program_says(daemon_pid, log, "msg=ready"));
}

static void daemon_stop(void)
{
	kill(daemon_pid, SIGTERM);
	assert_int_equal(program_wait(daemon_pid), 0);
	daemon_pid = 0;
}

static char *records(void)
{
	CODE(0, "status", "--json");
	char *at = strstr(last.out, "\"records\":");
	assert_non_null(at);
	*strchr(at, ',') = 0;
	return strdup(at);
}

/* ---- tests ---- */

static void test_begin(void **state)
{
	(void)state;
	snprintf(node_dir, sizeof node_dir, "%s/node", program_dir);
	setenv("ARGOSY_DATA_DIR", node_dir, 1);
	const char *key = program_file("rival.key", NULL);
	/* Before there is a node check judges by the standard alone, and says so. */
	CODE(1, "epcis", "check", "--json", six(false, "early"));
	OUT("\"asked\":false");
	OUT("\"event\":1");
	CODE(0, "init", "--member", "acme", "--name", "Acme Foods");
	CODE(0, "key", "create", key, "--kind", "person");
	CODE(0, "member", "admit", "rival", "--name", "Rival", "--country", "CN", "--person-key", key);
	CODE(0, "prefix", "register", "https://rival.example.com/", "--member", "rival", "--key", key);
}

#define FAULTS(where)                                                                              \
	do {                                                                                       \
		assert_non_null(strstr(where, "LOOK"));                                            \
		assert_non_null(strstr(where, "not_owner"));                                       \
		assert_non_null(strstr(where, "check digit"));                                     \
	} while (0)

/* One fault or many: nothing of the file is recorded, and all of them are named. */
static void all_faults(bool xml, const char *lot)
{
	const char *doc = six(xml, lot);
	char *before = records();
	CODE(1, "import", "epcis", doc);
	OUT("refused, nothing recorded, 3 held back");
	FAULTS(last.err);
	ERR("event 1: ");
	ERR("event 3: /epcList/0: ");
	ERR("event 4: /epcList/0: ");
	CODE(1, "import", "epcis", doc, "--json");
	OUT("\"events\":6,\"recorded\":0,\"known\":0,\"refused\":3,\"held_back\":3");
	FAULTS(last.err);
	ERR("\"event\":1");
	ERR("\"pointer\":\"/epcList/0\"");
	ERR("\"code\":\"not_owner\"");
	CODE(1, "import", "epcis", doc, "--dry-run");
	OUT("would record 0, 0 known, 3 refused, 3 held back");
	FAULTS(last.err);
	CODE(1, "import", "epcis", doc, "--dry-run", "--proceed");
	OUT("would record 3, 0 known, 3 refused, 0 held back");
	CODE(1, "epcis", "check", doc);
	OUT("refused: event 1: ");
	OUT("(and 2 more)");
	CODE(1, "epcis", "check", "--json", doc);
	OUT("\"asked\":true,\"known\":0,\"refused\":3,\"untried\":0");
	FAULTS(last.out);
	CODE(1, "epcis", "check", "--offline", doc); /* not what a node knows */
	assert_null(strstr(last.out, "not_owner"));
	assert_null(strstr(last.err, "not_owner"));
	CODE(1, "--lang", "zh", "import", "epcis", doc);
	OUT("拒绝，未作任何记录，搁置 3");
	ERR("事件 3：/epcList/0：");
	ERR("登记在其他成员名下");
	CODE(3, "item", "show", "https://rival.example.com/0");
	char *after = records();
	assert_string_equal(before, after);
	free(before);
	free(after);
}

static void proceed(bool xml, const char *lot)
{
	char refused[400], fixed[500];
	const char *doc = six(xml, lot);
	snprintf(refused, sizeof refused, "%s.refused.%s", doc, xml ? "xml" : "jsonld");
	snprintf(fixed, sizeof fixed, "%s.refused.%s", refused, xml ? "xml" : "jsonld");
	unlink(refused);
	unlink(fixed);
	CODE(1, "import", "epcis", doc, "--proceed");
	OUT("3 recorded, 0 known, 3 refused");
	FAULTS(last.err);
	ERR(refused);
	/* A document of the three, as they came. */
	char *text = program_text(refused);
	assert_non_null(strstr(text, xml ? "EPCISBody" : "@context"));
	FAULTS(last.err);
	assert_non_null(strstr(text, "/events/"));
	for (unsigned i = 0; i < 6; i++) {
		char id[100];
		snprintf(id, sizeof id, "/events/%s/%u%c", lot, i, xml ? '<' : '"');
		assert_true(!strstr(text, id) == (i != 1 && i != 3 && i != 4));
	}
	free(text);
	char item[100];
	snprintf(item, sizeof item, "https://id.example.com/%s/2", lot);
	CODE(0, "item", "show", item);
	OUT("\"events\":2");
	/* It is not written over; and nothing is sent then. */
	CODE(7, "import", "epcis", doc, "--proceed");
	ERR("is there already");
	const char *other = program_file("other", NULL);
	unlink(other);
	CODE(1, "import", "epcis", doc, "--proceed", "--refused", other, "--json");
	OUT("\"recorded\":0,\"known\":3,\"refused\":3,\"held_back\":0,\"rejects\":\"");
	assert_int_equal(access(other, F_OK), 0);
	/* Corrected and fed again: what can be corrected goes in. */
	text = program_text(refused);
	char *look = strstr(text, "LOOK"), *digit = strstr(text, "09521234543214");
	assert_true(look && digit);
	memcpy(look, "ADD ", 4);
	memcpy(digit, "09521234543213", 14);
	memmove(look + 3, look + 4, strlen(look + 4) + 1);
	FILE *f = fopen(refused, "w");
	assert_true(f && fputs(text, f) >= 0 && fclose(f) == 0);
	free(text);
	CODE(5, "import", "epcis", refused, "--proceed");
	OUT("2 recorded, 0 known, 1 refused");
	assert_int_equal(access(fixed, F_OK), 0);
}

static void test_all_faults(void **state)
{
	(void)state;
	all_faults(false, "a");
	all_faults(true, "b");
	daemon_start();
	all_faults(false, "c");
	all_faults(true, "d");
	daemon_stop();
}

static void test_proceed(void **state)
{
	(void)state;
	const char *doc = six(false, "e");
	CODE(2, "import", "epcis", doc, "--refused", "x");
	CODE(2, "import", "epcis", doc, doc, "--proceed", "--refused", "x");
	proceed(false, "f");
	proceed(true, "g");
	daemon_start();
	proceed(false, "h");
	proceed(true, "i");
	daemon_stop();
}

/* More than one transaction, the fault in the last: nothing is recorded, unless --proceed. */
static void test_many(void **state)
{
	(void)state;
	char epc[100];
	const unsigned n = 450;
	begin(json_head);
	for (unsigned i = 0; i <= n; i++) {
		snprintf(epc, sizeof epc, i == n ? "https://rival.example.com/m" : "https://id.example.com/m/%u", i);
		json_event("m", i, "ADD", epc);
	}
	add("%s", json_tail);
	const char *doc = program_file("m.jsonld", document);
	char *before = records();
	CODE(5, "import", "epcis", doc);
	OUT("0 recorded, 0 known, 1 refused, 450 held back");
	ERR("event 450: /epcList/0: https://rival.example.com/m: ");
	char *after = records();
	assert_string_equal(before, after);
	free(before);
	free(after);
	CODE(5, "import", "epcis", doc, "--proceed", "--batch", "7");
	OUT("450 recorded, 0 known, 1 refused");
	CODE(1, "epcis", "check", doc, "--member", "nobody");
	OUT("unknown_key");
}

/* Two at a time, each of several transactions: one waits while the other's file is tried. */
static void test_two_at_once(void **state)
{
	(void)state;
	char docs[2][300], outs[2][300], errs[2][300];
	pid_t pids[2];
	daemon_start();
	for (unsigned i = 0; i < 2; i++) {
		snprintf(docs[i], sizeof docs[i], "%s", many(i ? "twin" : "twins", 1500));
		snprintf(outs[i], sizeof outs[i], "%s/two.out.%u", program_dir, i);
		snprintf(errs[i], sizeof errs[i], "%s/two.err.%u", program_dir, i);
	}
	for (unsigned i = 0; i < 2; i++) {
		const char *argv[] = {"argosy", "import", "epcis", docs[i], NULL};
		pids[i] = program_start(outs[i], errs[i], argv);
	}
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(program_wait(pids[i]), 0);
		char *said = program_text(outs[i]);
		assert_non_null(strstr(said, "1500 recorded, 0 known, 0 refused"));
		free(said);
	}
	daemon_stop();
}

/* What the member's quota keeps out is told once, and foretold. */
static void test_quota(void **state)
{
	(void)state;
	const char *doc = many("quota", 300);
	CODE(0, "member", "set", "acme", "--quota", "1");
	char *before = records();
	CODE(6, "import", "epcis", doc);
	OUT("0 recorded, 0 known, 300 refused");
	ERR("(quota)");
	assert_null(strstr(strstr(last.err, "(quota)") + 1, "(quota)"));
	char *after = records();
	assert_string_equal(before, after);
	free(before);
	free(after);
}

/* The same file again, with and without --id: how much of it is known is told. */
static void test_again(void **state)
{
	(void)state;
	const char *doc = many("again", 250), *id = "00112233445566778899aabbccddee01";
	CODE(0, "epcis", "check", doc);
	OUT("accepted: 250 events\n");
	CODE(0, "import", "epcis", doc, "--id", id);
	OUT("250 recorded, 0 known, 0 refused");
	CODE(0, "import", "epcis", doc, "--id", id);
	OUT("0 recorded, 250 known, 0 refused");
	CODE(0, "import", "epcis", doc);
	OUT("0 recorded, 250 known, 0 refused");
	CODE(0, "import", "epcis", doc, "--dry-run", "--json");
	OUT("\"dry_run\":true,\"verdict\":\"read\",\"events\":250,\"recorded\":0,\"known\":250");
	CODE(0, "epcis", "check", doc);
	OUT("accepted: 250 events, 250 known\n");
	/* What has no eventID is known by its content: our own export, and its events without names. */
	const char *own = program_file("own.jsonld", NULL);
	char *nameless = strdup(document);
	CODE(0, "export", "epcis", "-o", own);
	CODE(0, "import", "epcis", own);
	OUT(" 0 recorded, ");
	for (char *at; (at = strstr(nameless, "\"eventID\":\""));) {
		char *end = strchr(strchr(at, ','), ',') + 1;
		memmove(at, end, strlen(end) + 1);
	}
	for (unsigned i = 0; i < 3; i++) {
		CODE(0, "import", "epcis", program_file("nameless.jsonld", nameless));
		OUT(i ? "0 recorded, 250 known, 0 refused" : "250 recorded, 0 known, 0 refused");
	}
	free(nameless);
	/* Totals, when there are several files. */
	CODE(0, "import", "epcis", doc, many("once", 3), "--json");
	OUT("{\"files\":2,\"events\":253,\"recorded\":3,\"known\":250,\"refused\":0,\"held_back\":0}\n");
}

static const char *box(const char *lot, unsigned children)
{
	begin(json_head);
	add("{\"type\":\"AggregationEvent\",\"eventID\":\"https://id.example.com/events/%s\",\"eventTime\":"
	    "\"2026-01-02T05:00:00Z\",\"eventTimeZoneOffset\":\"+00:00\",\"action\":\"ADD\",\"parentID\":"
	    "\"https://id.example.com/%s/box\",\"childEPCs\":[",
	    lot, lot);
	for (unsigned i = 0; i < children; i++)
		add("%s\"https://id.example.com/%s/%u\"", i ? "," : "", lot, i);
	add("]}%s", json_tail);
	return program_file("box.jsonld", document);
}

/* 10,000 children are 10,000: in and out again, traced and proven. */
static void test_children(void **state)
{
	(void)state;
	char fingerprint[65];
	const char *bundle = program_file("child.bundle", NULL);
	CODE(0, "epcis", "check", box("box", 10000));
	CODE(0, "import", "epcis", program_file("box.jsonld", NULL));
	OUT("1 recorded");
	CODE(0, "item", "show", "https://id.example.com/box/box");
	OUT("\"children\":10000");
	CODE(0, "item", "show", "https://id.example.com/box/9999");
	OUT("\"container\":\"https://id.example.com/box/box\"");
	CODE(0, "export", "epcis", "-o", program_file("export.jsonld", NULL));
	CODE(0, "import", "epcis", program_file("export.jsonld", NULL), "--dry-run");
	OUT("would record 0, ");
	CODE(0, "prove", "https://id.example.com/box/9999", "--journey", "-o", bundle);
	CODE(0, "genesis", "fingerprint");
	snprintf(fingerprint, sizeof fingerprint, "%.64s", last.out);
	program_free(&last);
	last = program_run("argosy-verify", bundle, "--genesis", fingerprint, (const char *)NULL);
	assert_int_equal(last.code, 0);
	OUT("The whole journey: 2 subjects");
	CODE(1, "import", "epcis", box("more", 10001));
	ERR("childEPCs");
	/* A hundred large ones are more than a transaction may touch: they go in several. */
	begin(json_head);
	for (unsigned k = 0; k < 12; k++) {
		add("%s{\"type\":\"ObjectEvent\",\"eventTime\":\"2026-01-02T06:%02u:00Z\","
		    "\"eventTimeZoneOffset\":\"+00:00\",\"action\":\"OBSERVE\",\"epcList\":[",
		    k ? "," : "", k);
		for (unsigned i = 0; i < 6000; i++)
			add("%s\"https://id.example.com/box/%u\"", i ? "," : "", i);
		add("]}");
	}
	add("%s", json_tail);
	CODE(0, "import", "epcis", program_file("large.jsonld", document));
	OUT("12 recorded, 0 known, 0 refused");
}

/* A folder that another has cannot be asked: that is said, and no verdict given. */
static void test_locked(void **state)
{
	(void)state;
	char path[400];
	snprintf(path, sizeof path, "%s/LOCK", node_dir);
	int fd = open(path, O_RDWR);
	assert_true(fd >= 0 && flock(fd, LOCK_EX) == 0);
	CODE(8, "epcis", "check", many("locked", 2), "--timeout", "1");
	CODE(0, "epcis", "check", "--offline", many("locked", 2));
	close(fd);
	CODE(0, "verify");
	OUT("good:");
}

int main(void)
{
	program_begin();
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_begin),	 cmocka_unit_test(test_all_faults),
		cmocka_unit_test(test_proceed),	 cmocka_unit_test(test_many),
		cmocka_unit_test(test_again),	 cmocka_unit_test(test_children),
		cmocka_unit_test(test_locked),	 cmocka_unit_test(test_two_at_once),
		cmocka_unit_test(test_quota),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	if (daemon_pid)
		kill(daemon_pid, SIGKILL);
	program_end();
	return failed;
}
