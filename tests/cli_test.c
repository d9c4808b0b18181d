/*
 * The command line from outside: forms, exit codes, what it says.
 */
#include "program.h"

#include "crypto/keyfile.h"
#include "data/json.h"

#include <inttypes.h>
#include <setjmp.h>
#include <sodium.h>
#include <stddef.h>
#include <sys/file.h>

#include <cmocka.h>

#define RUN(...) program_run("argosy", __VA_ARGS__, (const char *)NULL)

static struct program_result last;

/* Runs argosy, keeps what it said for the checks that follow. */
#define CODE(expected, ...)                                                                        \
	do {                                                                                       \
		program_free(&last);                                                               \
		last = RUN(__VA_ARGS__);                                                           \
		if (last.code != (expected))                                                       \
			fail_msg("exit %d, not %d\n%s%s", last.code, expected, last.out,           \
				 last.err);                                                        \
	} while (0)
#define OUT(text) assert_non_null(strstr(last.out, text))
#define ERR(text) assert_non_null(strstr(last.err, text))

static const char one_event[] =
	"{\"@context\":[\"https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld\"],"
	"\"type\":\"EPCISDocument\",\"schemaVersion\":\"2.0\",\"creationDate\":\"2026-01-02T03:04:"
	"05Z\","
	"\"epcisBody\":{\"eventList\":[{\"type\":\"ObjectEvent\","
	"\"eventID\":\"urn:uuid:6f1c2f7e-0d0b-4d57-9c4e-0a3a7f5d0001\","
	"\"eventTime\":\"2026-01-02T03:00:00Z\",\"eventTimeZoneOffset\":\"+00:00\",\"action\":"
	"\"OBSERVE\","
	"\"epcList\":[\"https://id.example.com/goods/1\"],\"bizStep\":\"shipping\"}]}}";

static const char master_data[] =
	"<m:EPCISMasterDataDocument xmlns:m='urn:epcglobal:epcis-masterdata:xsd:2' schemaVersion='2.0' "
	"creationDate='2026-01-02T03:04:05Z'><EPCISBody><VocabularyList><Vocabulary "
	"type='urn:epcglobal:epcis:vtype:BusinessLocation'><VocabularyElementList><VocabularyElement "
	"id='urn:epc:id:sgln:0037000.00729.0'><attribute id='urn:epcglobal:cbv:mda:city'>Antwerp</attribute>"
	"<children><id>urn:epc:id:sgln:0037000.00729.8201</id></children></VocabularyElement>"
	"</VocabularyElementList></Vocabulary></VocabularyList></EPCISBody></m:EPCISMasterDataDocument>";

static char *replaced(const char *text, const char *old, const char *new)
{
	static char out[8192];
	const char *at = strstr(text, old);
	assert_non_null(at);
	snprintf(out, sizeof out, "%.*s%s%s", (int)(at - text), text, new, at + strlen(old));
	return out;
}

static char node_dir[300];

static void test_talk(void **state)
{
	(void)state;
	CODE(2, "chekc", "x");
	ERR("there is no command \"chekc\"");
	CODE(2, "impart", "epcis", "x");
	ERR("did you mean \"import\"?");
	CODE(2, "epcis", "chek", "x");
	ERR("did you mean \"epcis check\"?");
	CODE(2, "epcis", "check");
	ERR("FILE... is missing");
	CODE(2, "epcis", "check", "--jsan", "x");
	ERR("did you mean --json?");
	CODE(2, "trace", "a", "b");
	CODE(2, "--lang", "fr", "--help");
	CODE(2, "version", "--lang", "fr");
	ERR("neither en nor zh");
	CODE(2, "version", "--lang", "zhx");
	CODE(0, "version", "--lang", "zh_CN.UTF-8");
	CODE(2, "import", "epcis", "x", "--batch", "0");
	CODE(2, "import", "epcis", "x", "--to-file", "y");
	CODE(0, "--help");
	OUT("argosy NOUN VERB");
	OUT("exit codes");
	CODE(0, "--lang", "zh", "--help");
	OUT("用法");
	CODE(0, "prove", "--help");
	OUT("--journey");
	CODE(0, "key", "--help");
	OUT("key rotate");
	CODE(0, "version", "--json");
	OUT("{\"version\":\"");
	OUT("\"commit\":\"");
	CODE(0, "manpage");
	assert_int_equal(strncmp(last.out, ".TH ARGOSY 1", 12), 0);
	CODE(0, "completion", "bash");
	assert_int_equal(system("command -v bash >/dev/null"), 0);
	char command[400];
	snprintf(command, sizeof command, "bash -n %s", program_file("run.out", NULL));
	assert_int_equal(system(command), 0);
	CODE(2, "completion", "fish");
}

static void test_epcis(void **state)
{
	(void)state;
	const char *good = program_file("good.jsonld", one_event);
	CODE(0, "epcis", "check", good);
	OUT("good.jsonld: accepted: 1 events\n");
	const char *bad = program_file("bad.jsonld", replaced(one_event, "2.0\"", "3.0\""));
	CODE(1, "epcis", "check", good, bad);
	OUT("good.jsonld: accepted");
	OUT("bad.jsonld: refused: /schemaVersion");
	const char *step = program_file("step.jsonld", replaced(one_event, "OBSERVE", "LOOK"));
	CODE(1, "epcis", "check", "--json", step);
	OUT("\"verdict\":\"refused\"");
	OUT("/epcisBody/eventList/0/action");
	/* A wrong check digit is against this chain's data standard, not against EPCIS. */
	const char *digit =
		program_file("digit.jsonld", replaced(one_event, "https://id.example.com/goods/1",
						      "https://id.gs1.org/01/09521234543214/21/1"));
	CODE(0, "epcis", "check", digit);
	OUT("accepted: 1 events, 1 warnings");
	ERR("warning");
	CODE(0, "epcis", "hash", good);
	OUT("good.jsonld\t0\tni:///sha-256;");
	OUT("?ver=CBV2.0\n");
	const char *master = program_file("master.xml", master_data);
	CODE(0, "epcis", "check", master);
	OUT("master.xml: accepted: 0 events, master data\n");
	CODE(0, "epcis", "check", "--json", master);
	OUT("\"events\":0,\"master_data\":true");
	/* A file that is not there has no verdict, whatever the others have. */
	const char *absent = program_file("absent", NULL);
	CODE(3, "epcis", "check", absent);
	ERR("absent: No such file");
	CODE(3, "epcis", "check", absent, bad, good);
	OUT("bad.jsonld: refused");
	CODE(3, "epcis", "check", bad, absent);
	CODE(3, "epcis", "hash", bad, absent);
	CODE(3, "epcis", "check", program_file("good.jsonld/x", NULL));
	CODE(1, "epcis", "check", program_file("text", "neither of them"));
}

/* A document cannot write verdict lines, or to the terminal. */
static void test_hostile_text(void **state)
{
	(void)state;
	const char *forged = program_file(
		"forged.jsonld",
		replaced(one_event, "\"bizStep\"",
			 "\"readPoint\":{\"id\":\"x\\nother.jsonld: accepted: 9 events\\u001b[31m\\u009b"
			 "\\u202e\"},\"bizStep\""));
	CODE(1, "epcis", "check", forged);
	OUT("\\nother.jsonld: accepted: 9 events\\x1b[31m\\u009b\\u202e");
	assert_ptr_equal(strchr(last.out, '\n'), last.out + strlen(last.out) - 1);
	assert_null(strpbrk(last.out, "\x1b\xc2\xe2"));
	CODE(1, "epcis", "check", "--json", forged);
	OUT("\\nother.jsonld: accepted: 9 events\\u001b[31m\\u009b");
	CODE(1, "epcis", "hash", forged);
	ERR("\\nother.jsonld: accepted: 9 events\\x1b[31m");
	assert_null(strchr(last.err, '\x1b'));
	/* Nor can the name of a file. */
	const char *name = program_file("a\n\x1b[2Jb.jsonld", one_event);
	CODE(0, "epcis", "check", name);
	OUT("/a\\n\\x1b[2Jb.jsonld: accepted");
	CODE(0, "epcis", "hash", name);
	OUT("/a\\n\\x1b[2Jb.jsonld\t0\tni:");
	CODE(1, "init", "--data-dir", program_file("forged", NULL), "--name", "a\nb");
	ERR("control character");
}

/* The same key behind the same passphrase, cheap to unlock: what most tests here do with it proves
 * nothing about that, and takes two thirds of a second each time. */
static void cheap_to_unlock(const char *path)
{
	struct keyfile k, cheap;
	struct err_text t = {""};
	struct buf out = BUF_INIT;
	static const uint8_t salt[KEYFILE_SALT] = {1}, nonce[KEYFILE_NONCE] = {2};
	struct keyfile_lock lock = {slice_str(getenv("ARGOSY_PASSPHRASE")),
				    crypto_pwhash_OPSLIMIT_MIN, crypto_pwhash_MEMLIMIT_MIN, salt,
				    nonce};
	char *text = program_text(path);
	assert_int_equal(keyfile_decode(&k, slice_str(text), &t), ERR_OK);
	assert_int_equal(keyfile_unlock(&k, lock.passphrase, &t), ERR_OK);
	assert_int_equal(keyfile_make(&cheap, k.kind, slice_str(k.name), k.created, k.secret_key,
				      &lock, &t),
			 ERR_OK);
	assert_int_equal(keyfile_encode(&out, &cheap), ERR_OK);
	FILE *f = fopen(path, "w");
	assert_true(f && fwrite(out.p, 1, out.n, f) == out.n && fclose(f) == 0);
	keyfile_fini(&k);
	keyfile_fini(&cheap);
	buf_fini(&out);
	free(text);
}

static void test_init(void **state)
{
	(void)state;
	snprintf(node_dir, sizeof node_dir, "%s/a/b/node", program_dir);
	CODE(3, "status", "--data-dir", node_dir);
	ERR("argosy init");
	CODE(2, "init", "--data-dir", node_dir, "--member", "NOT AN ID");
	CODE(2, "init", "--data-dir", node_dir, "--country", "cn");
	setenv("ARGOSY_PASSPHRASE", "short", 1);
	CODE(2, "init", "--data-dir", node_dir);
	setenv("ARGOSY_PASSPHRASE", "correct horse battery", 1);
	CODE(0, "init", "--data-dir", node_dir, "--member", "acme", "--name", "Acme Foods",
	     "--json");
	OUT("\"member\":\"acme\"");
	char *fingerprint = strstr(last.out, "\"genesis\":\"");
	assert_non_null(fingerprint);
	char fp[65];
	snprintf(fp, sizeof fp, "%.64s", fingerprint + 11);
	CODE(7, "init", "--data-dir", node_dir, "--member", "acme");
	CODE(0, "init", "-q", "--data-dir", program_file("quiet", NULL));
	assert_int_equal(strlen(last.out), 65);
	assert_string_equal(last.err, "");
	/* A chain's own quota: the import that goes over it is refused, and so is all after it. */
	const char *small = program_file("small", NULL), *event = program_file("small.jsonld", one_event);
	CODE(0, "init", "-q", "--data-dir", small, "--quota", "2");
	CODE(0, "member", "show", "operator", "--data-dir", small);
	OUT("quota: 0 of 2 units");
	CODE(6, "import", "epcis", event, "--data-dir", small);
	ERR("quota");
	CODE(0, "member", "show", "operator", "--data-dir", small);
	assert_null(strstr(last.out, "quota: 0 "));
	char used[200];
	snprintf(used, sizeof used, "%.199s", strstr(last.out, "quota: "));
	CODE(6, "import", "epcis", event, "--data-dir", small);
	CODE(0, "member", "show", "operator", "--data-dir", small);
	OUT(used); /* turned away at the door: no trace */
	setenv("ARGOSY_DATA_DIR", node_dir, 1);
	CODE(0, "genesis", "fingerprint");
	assert_int_equal(strlen(last.out), 65);
	assert_int_equal(strncmp(last.out, fp, 64), 0);
	CODE(0, "status", "--json");
	OUT("\"height\":");
	struct stat st;
	char path[400];
	snprintf(path, sizeof path, "%s/keys", node_dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	snprintf(path, sizeof path, "%s/keys/operator.key", node_dir);
	CODE(0, "prefix", "register", "https://dear.example.com/");
	cheap_to_unlock(path);
	CODE(0, "prefix", "register", "https://cheap.example.com/");
}

static void test_import(void **state)
{
	(void)state;
	const char *good = program_file("good.jsonld", one_event);
	CODE(0, "import", "epcis", good);
	OUT("1 recorded, 0 known, 0 refused");
	CODE(0, "import", "epcis", good);
	OUT("0 recorded, 1 known, 0 refused");
	/* The same eventID with another content. */
	const char *other =
		program_file("other.jsonld", replaced(one_event, "shipping", "receiving"));
	CODE(7, "import", "epcis", other);
	OUT("1 refused");
	ERR("event_conflict");
	const char *bad = program_file("bad.jsonld", replaced(one_event, "OBSERVE", "LOOK"));
	CODE(1, "import", "epcis", bad);
	ERR("/action");
	/* Of these not even a head can be read. */
	static const char *const ill[] = {"neither of them", "{", "[", "<a>", "<a/>", ""};
	for (size_t i = 0; i < sizeof ill / sizeof *ill; i++) {
		const char *file = program_file("ill", ill[i]);
		CODE(1, "import", "epcis", file);
		OUT("refused, nothing recorded");
		CODE(1, "import", "epcis", "--dry-run", file);
		CODE(1, "import", "epcis", "--json", file);
		OUT("\"verdict\":\"refused\",\"events\":0,\"recorded\":0");
	}
	CODE(0, "item", "show", "https://id.example.com/goods/1");
	OUT("\"events\":1");
	OUT("\"holder\":\"acme\"");
	CODE(3, "item", "show", "https://id.example.com/goods/2");
	CODE(1, "item", "show", "https://id.gs1.org/01/09521234543214/21/1");
	ERR("heck digit");
	CODE(0, "status", "--json");
	char *records = strdup(strstr(last.out, "\"records\":"));
	*strchr(records, ',') = 0;
	CODE(1, "import", "epcis", program_file("master.xml", master_data));
	ERR("master data documents are not imported");
	assert_string_equal(last.out, "");
	CODE(1, "import", "epcis", "--json", program_file("master.xml", NULL));
	OUT("\"verdict\":\"refused\",\"events\":0,\"recorded\":0");
	CODE(1, "--lang", "zh", "import", "epcis", program_file("master.xml", NULL));
	ERR("不导入主数据文件");
	CODE(0, "status", "--json");
	OUT(records); /* and nothing was */
	free(records);
	/* What was read though it is not as the standard has it is told by import as by check. */
	const char *old = program_file(
		"old.xml", "<e:EPCISDocument xmlns:e='urn:epcglobal:epcis:xsd:1' schemaVersion='1.2' "
			   "creationDate='2024-01-01T00:00:00'><EPCISBody><EventList><ObjectEvent>"
			   "<eventTime>2024-01-02T03:04:05Z</eventTime><eventTimeZoneOffset>+08:00"
			   "</eventTimeZoneOffset><epcList><epc>https://id.example.com/goods/9</epc>"
			   "</epcList><action>OBSERVE</action></ObjectEvent></EventList></EPCISBody>"
			   "</e:EPCISDocument>");
	CODE(0, "import", "epcis", "--dry-run", "--json", old);
	OUT("\"recorded\":1,");
	OUT("\"assumed\":[{\"pointer\":\"/e:EPCISDocument\",\"text\":\"creationDate has no zone");
	CODE(0, "import", "epcis", "--dry-run", "--json", program_file("good.jsonld", NULL));
	OUT("\"assumed\":[]}");
	CODE(0, "export", "epcis");
	OUT("\"eventID\":\"urn:uuid:6f1c2f7e-0d0b-4d57-9c4e-0a3a7f5d0001\"");
	OUT("\"bizStep\":\"shipping\"");
	CODE(0, "verify");
	OUT("good:");
}

/* What stands on a label names the same thing as what the event says, wherever one is asked for;
 * the chain holds the canonical text. */
static void test_labels(void **state)
{
	(void)state;
	static const char *const spellings[] = {
		"(01)09521234123453(21)7",
		"(21) 7 (01) 09521234123453 (17) 271231",
		"0109521234123453217",
		"]d20109521234123453217",
		"]C10109521234123453" "217" "\x1d" "17271231",
		"]Q1HTTPS://BRAND.EXAMPLE/01/09521234123453/21/7",
		"URN:EPC:ID:SGTIN:9521234.012345.7",
		"01/09521234123453/21/7",
	};
	const char *label = spellings[0], *bundle = program_file("label.bundle", NULL);
	static char event[8192];
	snprintf(event, sizeof event, "%s",
		 replaced(one_event, "https://id.example.com/goods/1",
			  "urn:epc:id:sgtin:9521234.012345.7"));
	CODE(0, "import", "epcis",
	     program_file("label.jsonld", replaced(event, "0a3a7f5d0001", "0a3a7f5d0077")));
	CODE(0, "attach", program_file("label.txt", "tea"), "--subject", label);
	CODE(0, "statement", "record", spellings[3], "--partner", "dock", "--text", "seen");
	for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
		CODE(0, "item", "show", spellings[i]);
		OUT("\"id\":\"01/09521234123453/21/7\"");
		OUT("\"events\":3");
		CODE(0, "trace", spellings[i]);
		OUT("01/09521234123453/21/7  ");
		CODE(0, "prove", spellings[i], "-o", program_file("label.bundle", NULL));
	}
	CODE(0, "grant", "list", label);
	/* What is wrong, and where. */
	static const struct {
		const char *typed, *says;
	} wrong[] = {
		{"(01)09521234123454(21)7", "(01) 09521234123454 has the wrong check digit 4: it should be 3"},
		{"(01)09521234123453(72)7", "at character 19: (72) is no application identifier"},
		{"(01)0952123(21)7", "(01) needs 14 digits"},
		{"952123412345", "check digit"},
		{"9521234", "a number of 7 digits"},
		{"]C1" "01095212341234", "(01) at character 1 needs 14 digits, not 12"},
		{"https://id.gs1.org/01/09521234123453/21/7/x", "not in pairs"},
		{"https://ID.example.com/goods/1", "the host is written in small letters"},
		{"goods", "neither a GS1 key nor an absolute URI"},
	};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		CODE(1, "trace", wrong[i].typed);
		ERR(wrong[i].says);
		CODE(1, "prove", wrong[i].typed, "-o", bundle);
		ERR(wrong[i].says);
		CODE(1, "statement", "record", label, wrong[i].typed, "--partner", "dock", "--text", "x");
		ERR(wrong[i].says);
		CODE(1, "custody", "offer", wrong[i].typed, "--to", "nobody");
		ERR(wrong[i].says);
	}
	CODE(1, "--lang", "zh", "trace", wrong[0].typed);
	ERR("的校验位 4 有误：应为 3");
	CODE(1, "--lang", "zh", "statement", "record", wrong[1].typed, "--partner", "dock", "--text", "x");
	ERR("(72) 不是应用标识符");

	/* Files of master data, and papers with a key of GS1. Thirteen digits are what is asked for. */
	CODE(0, "product", "register",
	     program_file("p.json", "{\"id\":\"(01)09521234123453\",\"name\":\"Tea\",\"category\":\"general\","
				    "\"hsCode\":\"090210\",\"originCountry\":\"CN\"}"));
	CODE(0, "product", "show", "9521234123453");
	OUT("01/09521234123453\n");
	CODE(0, "product", "show", "(01)09521234123453", "--json");
	OUT("\"product\":{\"id\":\"01/09521234123453\"");
	CODE(0, "lot", "define",
	     program_file("l.json", "{\"id\":\"(01)09521234123453(10)L7\",\"product\":\"9521234123453\","
				    "\"inputs\":[\"(01)09521234123453(10)L6\"]}"));
	CODE(0, "lot", "show", "]C1010952123412345310L7", "--json");
	OUT("\"lot\":{\"id\":\"01/09521234123453/10/L7\",\"product\":\"01/09521234123453\"");
	OUT("\"inputs\":[\"01/09521234123453/10/L6\"]");
	CODE(0, "location", "register",
	     program_file("s.json", "{\"id\":\"9521234000013\",\"name\":\"Dock\",\"country\":\"CN\","
				    "\"kind\":\"warehouse\"}"));
	CODE(0, "location", "show", "9521234000013");
	OUT("414/9521234000013\n");
	CODE(0, "location", "show", "(414)9521234000013");
	OUT("Dock");
	CODE(0, "key", "create", program_file("bob.key", NULL), "--kind", "agent");
	CODE(0, "member", "admit", "bob", "--name", "Bob", "--country", "CN", "--person-key",
	     program_file("bob.key", NULL), "--party", "9521234000013");
	CODE(0, "member", "list", "--json");
	OUT("417/9521234000013");
	CODE(0, "custody", "offer", label, "--to", "bob", "--location", "9521234000013");
	CODE(0, "trace", label, "--json");
	OUT("\"where\":\"414/9521234000013\"");
	CODE(0, "grant", label, "--to", "bob", "--step", "shipping");
	CODE(0, "grant", "list", "0109521234123453217");
	OUT("from acme on 01/09521234123453/21/7");
	CODE(0, "grant", "revoke", spellings[4], "--to", "bob", "--step", "shipping");
	CODE(0, "custody", "accept", spellings[2], "--from", "acme", "--member", "bob", "--key",
	     program_file("bob.key", NULL));
	CODE(0, "item", "show", label);
	OUT("\"holder\":\"bob\"");
	CODE(1, "location", "show", "96385074");
	ERR("a GLN has 13 digits, not 8");
	CODE(0, "credential", "issue",
	     program_file("c.json", "{\"id\":\"(253)9521234000013C7\",\"subject\":\"acme\",\"kind\":\"organic\","
				    "\"issuer\":\"Example Cert\",\"validFrom\":\"2026-01-01\"}"));
	CODE(0, "credential", "show", "https://id.gs1.org/253/9521234000013C7");
	OUT("253/9521234000013C7\n");
	CODE(0, "credential", "revoke", "2539521234000013C7");
	CODE(0, "credential", "show", "253/9521234000013C7");
	OUT("revoked at 20");

	/* What everybody's names begin with is nobody's range. */
	CODE(1, "prefix", "register", "urn:epcglobal:cbv:bt:");
	ERR("everybody's names begin so");
	CODE(1, "prefix", "register", "https://ID.example.com/");
	ERR("the host is written in small letters");
	CODE(1, "--lang", "zh", "prefix", "register", "https://id.gs1.org/");
	ERR("gs1.org 的名称属于所有人");
	CODE(1, "prefix", "register", "9521234123453");
	ERR("a company prefix has 4 to 12 digits");
}

static void test_acts(void **state)
{
	(void)state;
	const char *product = program_file(
		"product.json", "{\"id\":\"https://id.example.com/kinds/tea\",\"name\":\"Tea\","
				"\"categry\":\"general\"}");
	CODE(1, "product", "register", product);
	ERR("did you mean \"category\"?");
	product = program_file("product.json",
			       "{\"id\":\"https://id.example.com/kinds/tea\",\"name\":\"Tea\","
			       "\"category\":\"packaging\",\"shelfLifeDays\":12.5}");
	CODE(1, "product", "register", product);
	ERR("/shelfLifeDays: a whole number is expected");
	/* Signed once, submitted twice: done once. */
	const char *tx = program_file("one.tx", NULL);
	CODE(0, "prefix", "register", "https://id.example.com/", "--to-file", tx);
	CODE(0, "submit", tx);
	OUT("\"verdict\":\"ok\"");
	OUT("\"duplicate\":false");
	CODE(0, "submit", tx);
	OUT("\"duplicate\":true");
	/* One id for two bodies. */
	const char *id = "00112233445566778899aabbccddeeff";
	CODE(0, "prefix", "register", "https://id2.example.com/", "--id", id);
	CODE(7, "prefix", "register", "https://id3.example.com/", "--id", id);
	ERR("conflict");
	CODE(2, "prefix", "register", "https://id3.example.com/", "--id", "00");
	CODE(1, "submit", program_file("garbage", "not a transaction"));
	/* Nobody else's member, and not without the passphrase. */
	CODE(5, "prefix", "register", "https://id4.example.com/", "--member", "nobody");
	setenv("ARGOSY_PASSPHRASE", "wrong horse battery", 1);
	CODE(5, "prefix", "register", "https://id4.example.com/");
	setenv("ARGOSY_PASSPHRASE", "correct horse battery", 1);
	char path[400];
	snprintf(path, sizeof path, "%s/keys/agent.key", node_dir);
	assert_int_equal(chmod(path, 0644), 0);
	CODE(5, "import", "epcis", program_file("good.jsonld", one_event));
	ERR("chmod 600");
	assert_int_equal(chmod(path, 0600), 0);
}

static void test_keys(void **state)
{
	(void)state;
	const char *file = program_file("clerk.key", NULL);
	CODE(0, "key", "create", file, "--kind", "agent");
	CODE(7, "key", "create", file, "--kind", "agent");
	CODE(0, "key", "add", file, "--kind", "agent");
	CODE(0, "key", "list", "acme");
	CODE(0, "import", "epcis", program_file("good.jsonld", one_event), "--key", file);
	CODE(0, "key", "revoke", file, "--reason", "test");
	CODE(5, "import", "epcis", program_file("good.jsonld", one_event), "--key", file);
	CODE(0, "key", "list", "acme");
	OUT("revoked at block");
	/* Nothing in a name becomes a part of the address. */
	static const char *const odd[] = {"acme?x=1", "acme#", "acme/", "ac%6de", "../members/acme"};
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
		CODE(1, "key", "list", odd[i]);
		ERR("not a member's id");
	}
	/* What is not sent replaces nothing, and a trial leaves nothing. */
	char fresh[400];
	snprintf(fresh, sizeof fresh, "%s/keys/agent.key.new", node_dir);
	CODE(0, "key", "rotate", "agent", "--dry-run");
	assert_int_equal(access(fresh, F_OK), -1);
	CODE(0, "key", "rotate", "agent", "--to-file", program_file("rotate.tx", NULL));
	ERR("once it is recorded");
	assert_int_equal(access(fresh, F_OK), 0);
	CODE(0, "import", "epcis", program_file("good.jsonld", one_event));
	CODE(0, "key", "rotate", "agent");
	assert_int_equal(access(fresh, F_OK), -1);
	CODE(0, "import", "epcis", program_file("good.jsonld", one_event));
	OUT("1 known");
	/* Without overlap the old key ends in the very block of the new one. */
	static const char *const names[] = {"agent", "operator"};
	for (size_t i = 0; i < 2; i++) {
		char before[65], after[65], line[200], old[400];
		uint64_t height = 0;
		CODE(0, "key", "rotate", names[i], "--overlap", "0");
		char *line_2 = strchr(last.out, '\n');
		assert_non_null(line_2);
		snprintf(after, sizeof after, "%.64s", line_2 + 1);
		assert_int_equal(sscanf(last.out, "recorded in block %" SCNu64, &height), 1);
		snprintf(old, sizeof old, "%s/keys/%s.key.old", node_dir, names[i]);
		char *text = program_text(old), *at = strstr(text, "public: ");
		assert_non_null(at);
		snprintf(before, sizeof before, "%.64s", at + 8);
		free(text);
		CODE(0, "key", "list", "acme");
		snprintf(line, sizeof line, "%s  %s  revoked at block %" PRIu64 "\n", before,
			 i ? "person " : "agent ", height);
		OUT(line);
		snprintf(line, sizeof line, "%s  %s\n", after, i ? "person " : "agent ");
		OUT(line);
		CODE(5, "prefix", "register", "https://old.example.com/", "--key", old);
		ERR("key_revoked");
	}
	CODE(0, "import", "epcis", program_file("good.jsonld", one_event));
	const char *partner = program_file("partner.key", NULL);
	CODE(0, "key", "create", partner);
	CODE(0, "member", "admit", "partner", "--name", "Partner", "--country", "DE", "--role",
	     "carrier", "--person-key", partner);
	CODE(0, "member", "list");
	OUT("partner");
	OUT("carrier");
	/* A quota is given, and taken back; what would change nothing is told. */
	CODE(0, "member", "set", "partner", "--quota", "7");
	CODE(0, "member", "list", "--json");
	OUT("\"quota_units_per_hour\":7");
	CODE(0, "member", "show", "partner");
	OUT("quota: 0 of 7 units of work used in the hour from 20");
	CODE(0, "member", "show", "partner", "--json");
	OUT("\"quota\":{\"limit\":7,\"used\":0,\"hour\":\"20");
	CODE(3, "member", "show", "nobody");
	CODE(2, "member", "set", "partner", "--quota", "0");
	ERR("--quota default");
	CODE(2, "member", "set", "partner", "--quota", "some");
	CODE(2, "member", "set", "partner");
	ERR("--status, --role or --quota");
	CODE(2, "member", "set", "partner", "--lang", "zh");
	ERR("请说明要更改什么");
	CODE(0, "member", "set", "partner", "--quota", "default");
	CODE(0, "member", "list", "--json");
	assert_null(strstr(last.out, "\"quota_units_per_hour\":7"));
	CODE(0, "custody", "offer", "https://id.example.com/goods/1", "--to", "partner");
	CODE(5, "custody", "accept", "https://id.example.com/goods/1");
	CODE(0, "custody", "accept", "https://id.example.com/goods/1", "--member", "partner",
	     "--key", partner);
	CODE(0, "item", "show", "https://id.example.com/goods/1");
	OUT("\"holder\":\"partner\"");
}

/* What became of a transaction: applied, refused in a block, never seen. */
static void test_tx(void **state)
{
	(void)state;
	const char *done = "00112233445566778899AABBCCDDEEFF"; /* of test_acts */
	const char *refused = "000102030405060708090a0b0c0d0e0f";
	CODE(0, "tx", "show", "acme", done);
	OUT("in block ");
	OUT(": applied (ok)\n");
	CODE(0, "tx", "show", "acme", done, "--lang", "zh");
	OUT("位于区块 ");
	OUT("已执行");
	CODE(0, "tx", "show", "acme", done, "--json");
	OUT("{\"member\":\"acme\",\"id\":\"00112233445566778899aabbccddeeff\",\"height\":");
	OUT("\"verdict\":\"ok\"");
	CODE(5, "custody", "accept", "https://id.example.com/goods/1", "--id", refused);
	CODE(0, "tx", "show", "acme", refused);
	OUT("(not_offered)\n");
	/* Another member's id is another id. */
	CODE(3, "tx", "show", "partner", done);
	ERR("no transaction 00112233445566778899aabbccddeeff of member partner was done");
	CODE(3, "tx", "show", "acme", "ffffffffffffffffffffffffffffffff", "--json");
	ERR("\"code\":\"not_found\"");
	CODE(2, "tx", "show", "acme", "00112233");
	ERR("a transaction's id is 32 hex digits");
	CODE(2, "tx", "show", "acme", "00112233", "--lang", "zh");
	ERR("交易编号为 32 位十六进制数字");
	CODE(2, "tx", "show", "ACME", done);
	ERR("not a member's id");
	CODE(2, "tx", "show", "acme");
	CODE(0, "tx", "show", "--help");
	OUT("tx show MEMBER ID");
}

/* A file that is gone is named, with what to do; nobody is told to make another node. */
static void test_lost(void **state)
{
	(void)state;
	static const char *const reads[] = {"status", "verify", "reindex"};
	char format[400], format_kept[400], key[400], key_kept[400];
	snprintf(format, sizeof format, "%s/FORMAT", node_dir);
	snprintf(format_kept, sizeof format_kept, "%s/FORMAT.kept", program_dir);
	snprintf(key, sizeof key, "%s/keys/validator.key", node_dir);
	snprintf(key_kept, sizeof key_kept, "%s/validator.key.kept", program_dir);
	assert_int_equal(rename(format, format_kept), 0);
	for (size_t i = 0; i < sizeof reads / sizeof *reads; i++) {
		CODE(8, reads[i]);
		ERR("FORMAT is missing");
		ERR("\"argosy-data 1\"");
		assert_null(strstr(last.err, "make one"));
	}
	CODE(8, "status", "--lang", "zh");
	ERR("缺少 FORMAT 文件");
	CODE(8, "resume", "--none-known");
	ERR("FORMAT is missing");
	CODE(7, "init", "--member", "acme", "--no-passphrase");
	ERR("FORMAT is missing");
	assert_int_equal(rename(format_kept, format), 0);
	CODE(0, "verify");
	/* Reading needs no validator's key. */
	assert_int_equal(rename(key, key_kept), 0);
	CODE(0, "status");
	CODE(8, "prefix", "register", "https://lost.example.com/");
	ERR("validator.key is missing");
	ERR("key rotate validator");
	CODE(8, "prove", "https://id.example.com/goods/1", "-o", program_file("lost", NULL),
	     "--lang", "zh");
	ERR("缺少 ");
	ERR("key rotate validator");
	program_free(&last);
	last = program_run("argosyd", "--listen", "none", (const char *)NULL);
	assert_int_equal(last.code, 8);
	ERR("validator.key is missing");
	assert_null(strstr(last.err, "make one"));
	assert_int_equal(rename(key_kept, key), 0);
	CODE(0, "prefix", "register", "https://lost.example.com/");
}

/* Two commands on one folder: the second waits a little. */
static void test_in_turn(void **state)
{
	(void)state;
	const char *argv[] = {"argosy", "status", NULL};
	char lock[400];
	int status;
	snprintf(lock, sizeof lock, "%s/LOCK", node_dir);
	int fd = open(lock, O_RDWR | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	/* It waits five seconds: a busy machine may take longer until it is let in. */
	int code = 8;
	for (int i = 0; i < 20 && code == 8; i++) {
		pid_t second = program_start(program_file("second.out", NULL),
					     program_file("second.err", NULL), argv);
		poll(NULL, 0, 400);
		bool waits = waitpid(second, &status, WNOHANG) == 0;
		assert_int_equal(flock(fd, LOCK_UN), 0);
		if (waits)
			code = program_wait(second);
		else
			assert_int_equal(WIFEXITED(status) ? WEXITSTATUS(status) : 1, 8);
		assert_int_equal(flock(fd, LOCK_EX), 0);
	}
	assert_int_equal(code, 0);
	CODE(8, "status", "--timeout", "1");
	ERR("another process is using this folder");
	close(fd);
}

/* The validator's key: lost, damaged, or only to be replaced. */
static void test_validator(void **state)
{
	(void)state;
	static const char *const ways[] = {"rm %s", "echo nonsense > %s", "touch %s"};
	char dir[300], key[400], command[500], next[3 + 1][300];
	snprintf(dir, sizeof dir, "%s/validator", program_dir);
	snprintf(key, sizeof key, "%s/keys/validator.key", dir);
	for (size_t i = 0; i < 4; i++)
		snprintf(next[i], sizeof next[i], "%s/next%zu.key", program_dir, i);
	CODE(0, "init", "--data-dir", dir, "--member", "acme", "--no-passphrase", "--next-key",
	     next[0]);
	for (size_t i = 0; i < 3; i++) {
		char id[60];
		snprintf(id, sizeof id, "https://id%zu.example.com/", i);
		snprintf(command, sizeof command, ways[i], key); /* NOLINT: literals above */
		assert_int_equal(system(command), 0);
		CODE(i < 2 ? 8 : 0, "prefix", "register", "https://a.example.com/", "--data-dir",
		     dir);
		CODE(2, "key", "rotate", "validator", "--data-dir", dir);
		ERR("--next-key");
		CODE(0, "key", "rotate", i ? "validator" : key, "--data-dir", dir, "--next-key",
		     next[i], "--new-next-key", next[i + 1]);
		ERR("is replaced");
		ERR(next[i + 1]);
		assert_int_equal(access(next[i + 1], F_OK), 0);
		CODE(0, "prefix", "register", id, "--data-dir", dir);
	}
	CODE(0, "verify", "--data-dir", dir);
	/* Once more: it says what is the case, and claims no file that it did not make. */
	const char *never = program_file("never.key", NULL);
	CODE(7, "key", "rotate", "validator", "--data-dir", dir, "--next-key", next[2],
	     "--new-next-key", never);
	ERR("no key was made at");
	assert_null(strstr(last.err, "offline"));
	assert_int_equal(access(never, F_OK), -1);
	CODE(7, "key", "rotate", "validator", "--data-dir", dir, "--next-key", next[2],
	     "--new-next-key", never, "--lang", "zh");
	ERR("已是验证者密钥");
	CODE(0, "key", "rotate", "validator", "--data-dir", dir, "--next-key", next[2],
	     "--new-next-key", next[3]);
	ERR("was replaced before");
	/* In force, and its file lost: put in its place. */
	assert_int_equal(unlink(key), 0);
	CODE(0, "key", "rotate", "validator", "--data-dir", dir, "--next-key", next[2],
	     "--new-next-key", never);
	ERR("is in its place now");
	assert_int_equal(access(never, F_OK), -1);
	CODE(0, "prefix", "register", "https://id3.example.com/", "--data-dir", dir);
	/* A name without a slash is one in keys/, and is told so. */
	CODE(0, "key", "rotate", "validator", "--data-dir", dir, "--next-key", next[3],
	     "--new-next-key", "next4.key");
	ERR("keep keys/next4.key offline");
}

/* Events without eventID, which nothing but the transaction's id keeps from being doubled. */
static const char *nameless_events(const char *name, unsigned n, const char *step)
{
	const char *path = program_file(name, NULL);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "%.*s", (int)(strstr(one_event, "{\"type\":\"ObjectEvent\"") - one_event),
		one_event);
	for (unsigned i = 0; i < n; i++)
		fprintf(f,
			"%s{\"type\":\"ObjectEvent\",\"eventTime\":\"2026-01-02T03:00:00Z\","
			"\"eventTimeZoneOffset\":\"+00:00\",\"action\":\"OBSERVE\","
			"\"epcList\":[\"https://id.example.com/nameless/%u\"],\"bizStep\":\"%s\"}",
			i ? "," : "", i, step);
	fprintf(f, "]}}\n");
	fclose(f);
	return path;
}

/* The same command with the same --id gives the first answer; with other content it is refused. */
static void test_repeats(void **state)
{
	(void)state;
	static const char product[] = "{\"id\":\"https://id.example.com/kinds/box\",\"name\":\"Box\","
				      "\"category\":\"packaging\",\"hsCode\":\"481910\","
				      "\"originCountry\":\"CN\",\"composition\":\"paper\"}";
	const char *id = "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf", *file = program_file("box.json", product);
	char first[200], hash[65];
	CODE(0, "product", "register", file, "--id", id);
	snprintf(first, sizeof first, "%.100s", strstr(last.out, ", record "));
	CODE(0, "product", "register", file, "--id", id, "--expires", "60");
	OUT("(before)");
	OUT(first);
	CODE(0, "product", "register", file, "--id", id, "--json");
	OUT("\"verdict\":\"ok\",\"duplicate\":true");
	CODE(7, "product", "register", program_file("box.json", replaced(product, "paper", "wood")), "--id",
	     id);
	ERR("another body");
	CODE(7, "product", "register", program_file("box.json", product), "--id", id, "--source", "x");
	/* A refusal is an answer too. */
	id = "b0a1a2a3a4a5a6a7a8a9aaabacadaeaf";
	for (int i = 0; i < 2; i++) {
		CODE(5, "custody", "decline", "https://id.example.com/goods/1", "--id", id);
		ERR("(not_offered)");
	}
	/* What is chosen at random or looked up is that of the first time. */
	id = "c0a1a2a3a4a5a6a7a8a9aaabacadaeaf";
	const char *paper = program_file("salted.txt", "a small payload");
	CODE(0, "attach", paper, "--id", id);
	snprintf(hash, sizeof hash, "%.64s", strchr(last.out, '\n') + 1);
	CODE(0, "attach", paper, "--id", id);
	OUT("(before)");
	OUT(hash);
	CODE(0, "attach", "get", hash);
	CODE(7, "attach", program_file("salted.txt", "another payload"), "--id", id);
	CODE(0, "attach", "get", hash);
	const char *key = program_file("partner.key", NULL);
	id = "d0a1a2a3a4a5a6a7a8a9aaabacadaeaf";
	CODE(0, "import", "epcis", nameless_events("one.jsonld", 1, "shipping"));
	CODE(0, "custody", "offer", "https://id.example.com/nameless/0", "--to", "partner");
	for (int i = 0; i < 2; i++)
		CODE(0, "custody", "accept", "https://id.example.com/nameless/0", "--member", "partner",
		     "--key", key, "--id", id);
	OUT("(before)");
	/* Documents. */
	id = "e0a1a2a3a4a5a6a7a8a9aaabacadaeaf";
	const char *doc = nameless_events("nameless.jsonld", 5, "holding");
	CODE(2, "import", "epcis", doc, "--id", "anything");
	ERR("32 hex digits");
	CODE(0, "import", "epcis", doc, "--id", id, "--batch", "2");
	OUT("5 recorded, 0 known, 0 refused");
	CODE(0, "import", "epcis", doc, "--id", id, "--batch", "2");
	OUT("0 recorded, 5 known, 0 refused");
	CODE(0, "item", "show", "https://id.example.com/nameless/4");
	OUT("\"events\":1");
	CODE(7, "import", "epcis", doc, "--id", id, "--batch", "3");
	OUT("5 refused");
	CODE(7, "import", "epcis", nameless_events("nameless.jsonld", 5, "storing"), "--id", id,
	     "--batch", "2");
	OUT("0 recorded, 0 known, 5 refused");
	ERR("another body");
	CODE(7, "import", "epcis", nameless_events("nameless.jsonld", 6, "holding"), "--id", id,
	     "--batch", "2");
	CODE(3, "item", "show", "https://id.example.com/nameless/5");
	/* Two files of one command do not share ids, and the export finds each document's events. */
	id = "f0a1a2a3a4a5a6a7a8a9aaabacadaeaf";
	const char *two = nameless_events("two.jsonld", 3, "picking");
	CODE(0, "import", "epcis", nameless_events("nameless.jsonld", 5, "packing"), two, "--id", id,
	     "--batch", "2");
	OUT("two.jsonld: 3 recorded");
	const char *dir = program_file("documents", NULL);
	CODE(0, "export", "epcis", "--documents", dir);
	char *end = strrchr(last.out, '/');
	assert_non_null(end);
	char path[400];
	snprintf(path, sizeof path, "%s/%.15s", dir, end + 1);
	char *text = program_text(path);
	unsigned n = 0;
	for (char *p = text; (p = strstr(p, "picking")); p++)
		n++;
	free(text);
	assert_int_equal(n, 3);
}

/* Runs the verifier on a file; its exit code. */
static int verified(const char *file, const char *fingerprint)
{
	program_free(&last);
	last = program_run("argosy-verify", file, "--genesis", fingerprint, (const char *)NULL);
	return last.code;
}

static void test_trace_and_proof(void **state)
{
	(void)state;
	const char *item = "https://id.example.com/goods/1";
	char fp[65];
	CODE(0, "genesis", "fingerprint");
	snprintf(fp, sizeof fp, "%.64s", last.out);
	CODE(0, "trace", item);
	OUT("shipping");
	OUT("custody accepted");
	OUT("[taken in]");
	CODE(0, "trace", item, "--lang", "zh");
	OUT("发货");
	CODE(0, "trace", item, "--whole", "--json");
	assert_int_equal(strncmp(last.out, "{\"subject\":\"", 12), 0);
	CODE(3, "trace", "https://id.example.com/goods/none");
	CODE(2, "trace", item, "--up", "--down");
	/* What sensors told is told with the signs that people know, and as much of a span as there is. */
	char *warm = strdup(replaced(
		one_event, "\"bizStep\":\"shipping\"",
		"\"sensorElementList\":[{\"sensorReport\":["
		"{\"type\":\"Temperature\",\"uom\":\"CEL\",\"maxValue\":-15.4,\"exception\":\"ALARM_CONDITION\"},"
		"{\"type\":\"Mass\",\"uom\":\"GRM\",\"value\":240,\"minValue\":239.5,\"maxValue\":242},"
		"{\"type\":\"RelativeHumidity\",\"uom\":\"P1\",\"minValue\":70}]}]"));
	const char *measured = "https://id.example.com/goods/measured";
	char *named = strdup(replaced(warm, "0a3a7f5d0001", "0a3a7f5d0abc"));
	CODE(0, "import", "epcis",
	     program_file("warm.jsonld", replaced(named, "https://id.example.com/goods/1", measured)));
	free(warm);
	free(named);
	CODE(0, "trace", measured);
	OUT("measured  item, 1 event, held by acme\n");
	OUT("temperature at most -15.4 °C ! ALARM_CONDITION\n");
	OUT("mass 240 (239.5 .. 242) g\n");
	OUT("humidity at least 70 %\n");
	CODE(0, "trace", measured, "--lang", "zh");
	OUT("温度 最高 -15.4 °C");
	/* A proof, as a file and as text; one bit less and it is refused. */
	const char *bundle = program_file("one.bundle", NULL);
	CODE(2, "prove", item);
	CODE(3, "prove", "https://id.example.com/goods/none", "-o", bundle);
	CODE(0, "prove", item, "-o", bundle);
	assert_int_equal(verified(bundle, fp), 0);
	CODE(0, "prove", item, "-o", bundle, "--journey");
	assert_int_equal(verified(bundle, fp), 0);
	CODE(0, "prove", item, "--text");
	assert_int_equal(strncmp(last.out, "https://argosy.example/p#", 25), 0);
	const char *text = program_file("one.txt", last.out);
	assert_int_equal(verified(text, fp), 0);
	CODE(0, "prove", item, "--qr");
	OUT("▀");
	FILE *f = fopen(bundle, "r+");
	assert_non_null(f);
	fseek(f, -20, SEEK_END);
	int c = fgetc(f);
	fseek(f, -20, SEEK_END);
	fputc(c ^ 1, f);
	fclose(f);
	assert_int_equal(verified(bundle, fp), 4);
	assert_int_equal(
		verified(text, "0000000000000000000000000000000000000000000000000000000000000000"),
		4);
	/* That there is nothing about a thing can be proven too. */
	CODE(0, "prove", "https://id.example.com/goods/none", "-o", bundle, "--absence");
	assert_int_equal(verified(bundle, fp), 0);
}

/* What --since names must be behind this log: a size, or a head of this very history. */
static void test_since(void **state)
{
	(void)state;
	const char *item = "https://id.example.com/goods/1", *out = program_file("since.bundle", NULL);
	const char *head = program_file("since.head", NULL), *other = program_file("other.head", NULL);
	const char *copy = program_file("fork", NULL);
	char fork[300], fp[65];
	CODE(0, "genesis", "fingerprint");
	snprintf(fp, sizeof fp, "%.64s", last.out);
	CODE(1, "prove", item, "-o", out, "--since", "999");
	ERR("no log of 999 records to continue");
	CODE(1, "prove", item, "-o", out, "--since", "999", "--lang", "zh");
	CODE(2, "prove", item, "-o", out, "--since", "99999999999999999999");
	/* The newest head, which the proof need not continue but be. */
	CODE(0, "head", "export", "-o", head);
	CODE(0, "prove", item, "-o", out, "--since", head);
	assert_int_equal(verified(out, fp), 0);
	/* Another chain. */
	const char *other_dir = program_file("other-chain", NULL);
	CODE(0, "init", "--data-dir", other_dir, "--name", "Other", "--country", "DE", "--member", "other");
	CODE(0, "head", "export", "-o", other, "--data-dir", other_dir);
	CODE(4, "prove", item, "-o", out, "--since", other);
	ERR("is of another chain");
	/* A copy that goes on by itself: two histories. */
	CODE(0, "backup", "create", copy);
	snprintf(fork, sizeof fork, "%s/forked", program_dir);
	CODE(0, "restore", copy, "--data-dir", fork);
	CODE(0, "resume", "--data-dir", fork, "--none-known");
	CODE(0, "prefix", "register", "https://id7.example.com/", "--data-dir", fork);
	CODE(0, "head", "export", "-o", other, "--data-dir", fork);
	CODE(0, "prefix", "register", "https://id8.example.com/");
	CODE(0, "prefix", "register", "https://id6.example.com/");
	CODE(4, "prove", item, "-o", out, "--since", other);
	ERR("and this chain conflict");
}

/* Runs with stdout there, and argosy's own stderr kept. */
static int code_onto(const char *out, const char *const *argv)
{
	const char *err = program_file("onto.err", NULL);
	int code = program_wait(program_start(out, err, argv));
	program_free(&last);
	last = (struct program_result){code, program_text(out), program_text(err)};
	return code;
}
#define ONTO(out, ...) code_onto(out, (const char *const[]){__VA_ARGS__, NULL})

/* What is no regular file stays what it is; a link stays a link; what does not arrive is told. */
static void test_outputs(void **state)
{
	(void)state;
	const char *item = "https://id.example.com/goods/1", *good = program_file("good.jsonld", one_event);
	const char *fifo = program_file("fifo", NULL), *link = program_file("link", NULL);
	const char *real = program_file("real", NULL), *plain = program_file("plain", NULL);
	static char a[1 << 16], b[1 << 16];
	struct stat st;
	assert_int_equal(mkfifo(fifo, 0600), 0);
	int fd = open(fifo, O_RDONLY | O_NONBLOCK);
	assert_true(fd >= 0);
	CODE(0, "prove", item, "-o", plain);
	CODE(0, "prove", item, "-o", fifo);
	ssize_t n = read(fd, a, sizeof a);
	assert_int_equal(lstat(fifo, &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
	FILE *f = fopen(plain, "r");
	assert_non_null(f);
	assert_int_equal(fread(b, 1, sizeof b, f), n);
	assert_memory_equal(a, b, (size_t)n);
	fclose(f);
	CODE(0, "export", "epcis", "--from", "1", "-o", fifo);
	assert_true(read(fd, a, sizeof a) > 0);
	assert_int_equal(lstat(fifo, &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
	close(fd);
	/* Links, also to what is not there yet. */
	assert_int_equal(symlink("real", link), 0);
	for (int i = 0; i < 2; i++) {
		CODE(0, "head", "export", "-o", link);
		assert_int_equal(lstat(link, &st), 0);
		assert_true(S_ISLNK(st.st_mode));
		assert_int_equal(lstat(real, &st), 0);
		assert_true(S_ISREG(st.st_mode) && st.st_size > 0);
	}
	CODE(0, "export", "epcis", "-o", link);
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	/* A full device: by now it is known to be safe. */
	CODE(1, "prove", item, "-o", "/dev/full");
	ERR("/dev/full: No space left");
	CODE(1, "export", "epcis", "-o", "/dev/full");
	CODE(1, "export", "epcis", "--from", "1", "-o", "/dev/full");
	assert_int_equal(stat("/dev/full", &st), 0);
	assert_true(S_ISCHR(st.st_mode));
	assert_int_equal(ONTO("/dev/full", "argosy", "epcis", "check", good), 1);
	ERR("cannot write");
	assert_int_equal(ONTO("/dev/full", "argosy", "status"), 1);
	assert_int_equal(ONTO("/dev/full", "argosy", "status", "--json"), 1);
	assert_int_equal(ONTO("/dev/full", "argosy", "--help"), 1);
	char fp[65];
	CODE(0, "genesis", "fingerprint");
	snprintf(fp, sizeof fp, "%.64s", last.out);
	assert_int_equal(ONTO("/dev/full", "argosy-verify", plain, "--genesis", fp), 1);
	ERR("cannot write");
	assert_int_equal(ONTO("/dev/null", "argosy-verify", plain, "--genesis", fp), 0);
	/* A terminal gets no bytes for programs. */
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
	const char *tty = ptsname(master);
	const char *err = program_file("tty.err", NULL);
	const char *const argv[] = {"argosy", "head", "export", NULL};
	assert_int_equal(program_wait(program_start(tty, err, argv)), 2);
	char *said = program_text(err);
	assert_non_null(strstr(said, "-o FILE"));
	free(said);
	close(master);
	CODE(0, "head", "export");
}

/* A partner signs what continues what he saw, and nothing else. */
static void test_witness(void **state)
{
	(void)state;
	const char *item = "https://id.example.com/goods/1";
	const char *one = program_file("head1", NULL), *two = program_file("head2", NULL);
	const char *key = program_file("witness.key", NULL), *seen = program_file("seen", NULL);
	const char *signature = program_file("witness.json", NULL);
	char fp[65];
	CODE(0, "genesis", "fingerprint");
	snprintf(fp, sizeof fp, "%.64s", last.out);
	CODE(0, "key", "create", key, "--kind", "agent", "--name", "Partner");
	CODE(0, "head", "export", "-o", one);
	CODE(2, "head", "cosign", one, "--key", key, "--seen", seen);
	ERR("--genesis");
	CODE(4, "head", "cosign", one, "--key", key, "--seen", seen, "--genesis",
	     "0000000000000000000000000000000000000000000000000000000000000000");
	CODE(0, "head", "cosign", one, "--key", key, "--seen", seen, "--genesis", fp, "-o",
	     signature);
	CODE(0, "witness", "add", signature);
	CODE(0, "prefix", "register", "https://id9.example.com/");
	CODE(0, "head", "export", "-o", two);
	CODE(4, "head", "cosign", two, "--key", key, "--seen", seen);
	ERR("--since");
	CODE(0, "prove", item, "-o", two, "--since", seen);
	CODE(0, "head", "cosign", two, "--key", key, "--seen", seen);
	OUT("\"signature\":\"");
	/* And never backwards. */
	CODE(4, "head", "cosign", one, "--key", key, "--seen", seen);
	assert_int_equal(verified(two, fp), 0);
	OUT("Partner");
	char *text = program_text(signature);
	char *root = strstr(text, "\"log_root\":\"");
	assert_non_null(root);
	root[13] = root[13] == '0' ? '1' : '0';
	CODE(1, "witness", "add", program_file("bad.json", text));
	free(text);
}

/* A shell command about the payload of a hash: "$1" is its file. */
static void payload_shell(const char *hash, const char *command)
{
	char line[1200];
	snprintf(line, sizeof line, "set -- '%s/attachments/%s'; %s", node_dir, hash, command);
	assert_int_equal(system(line), 0);
}

/* Attaches the text; its hash. */
static void attach(char hash[static 65], const char *text)
{
	CODE(0, "attach", program_file("paper.txt", text), "--subject",
	     "https://id.example.com/goods/1", "--kind", "certificate");
	char *line = strchr(last.out, '\n');
	assert_non_null(line);
	snprintf(hash, 65, "%.64s", line + 1);
}

static void test_attachments(void **state)
{
	(void)state;
	char hash[65];
	attach(hash, "a certificate");
	CODE(0, "attach", "get", hash);
	assert_string_equal(last.out, "a certificate");
	/* Nothing was sent: nothing is erased. */
	CODE(0, "attach", "erase", hash, "--dry-run");
	CODE(0, "attach", "erase", hash, "--to-file", program_file("erase.tx", NULL));
	CODE(0, "attach", "get", hash);
	payload_shell(hash, "cp \"$1\" \"$1.kept\"");
	CODE(0, "attach", "erase", hash, "--reason", "asked for");
	/* Erased, lost, and never attached are three things. */
	CODE(3, "attach", "get", hash);
	ERR("it was erased by acme in block ");
	ERR(": asked for");
	CODE(3, "attach", "get", hash, "--lang", "zh");
	ERR("已由 acme 于区块 ");
	/* It comes back, with a backup or where the power went: it can be removed again. */
	payload_shell(hash, "mv \"$1.kept\" \"$1\"");
	CODE(3, "attach", "get", hash);
	ERR("it was erased by acme in block ");
	ERR("a copy of it has come back");
	CODE(1, "attach", "erase", hash);
	ERR("already erased");
	ERR("had come back");
	CODE(3, "attach", "get", hash);
	CODE(1, "attach", "erase", hash);
	assert_null(strstr(last.err, "had come back"));
	attach(hash, "a paper that is lost");
	char file[500];
	snprintf(file, sizeof file, "%s/attachments/%s", node_dir, hash);
	assert_int_equal(remove(file), 0);
	CODE(3, "attach", "get", hash);
	ERR("the payload is not here; the chain holds its hash, since block ");
	ERR("It was not erased");
	hash[0] = hash[0] == '0' ? '1' : '0';
	CODE(3, "attach", "get", hash);
	ERR("no attachment of this hash is recorded");
	CODE(0, "verify");
}

static void test_damaged_attachments(void **state)
{
	(void)state;
	static const char *const damages[] = {
		"printf X | dd of=\"$1\" bs=1 seek=40 conv=notrunc 2>/dev/null", /* the payload */
		"printf X | dd of=\"$1\" bs=1 seek=4 conv=notrunc 2>/dev/null", /* the salt */
		"truncate -s 41 \"$1\"",
		"truncate -s 12 \"$1\"",
		"truncate -s 0 \"$1\"",
		"printf X >>\"$1\"",
		"cp \"$1.other\" \"$1\"", /* another's */
	};
	char hash[65], other[65];
	attach(other, "a certificate of something else");
	attach(hash, "a certificate");
	char command[300];
	snprintf(command, sizeof command,
		 "cp \"$1\" \"$1.kept\"; cp \"${1%%/*}/%s\" \"$1.other\"", other);
	payload_shell(hash, command);
	for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
		payload_shell(hash, damages[i]);
		CODE(4, "attach", "get", hash);
		ERR(hash);
		ERR("is not what was attached");
		assert_string_equal(last.out, "");
		payload_shell(hash, "cp \"$1.kept\" \"$1\"");
		CODE(0, "attach", "get", hash);
	}
	CODE(0, "verify");
	payload_shell(hash, "rm \"$1.kept\" \"$1.other\"");
}

static void test_copies(void **state)
{
	(void)state;
	const char *copy = program_file("copy", NULL);
	char hash[65], command[600];
	attach(hash, "a certificate");
	CODE(0, "backup", "create", copy);
	CODE(0, "backup", "verify", copy);
	/* "Whole" is with the payloads: nobody looks at them until they are needed. */
	snprintf(command, sizeof command, "printf X >>'%s/attachments/%s'", copy, hash);
	assert_int_equal(system(command), 0);
	CODE(4, "backup", "verify", copy);
	ERR(hash);
	snprintf(command, sizeof command, "rm '%s/attachments/%s'", copy, hash);
	assert_int_equal(system(command), 0);
	CODE(0, "backup", "verify", copy);
	CODE(0, "reindex");
	CODE(0, "verify", "--json");
	OUT("\"good\":true");
	char restored[300];
	snprintf(restored, sizeof restored, "%s/restored", program_dir);
	CODE(0, "restore", copy, "--data-dir", restored);
	CODE(7, "restore", copy, "--data-dir", restored);
	/* It may be read, and says why it is not written; sent again, that stays so. */
	CODE(0, "status");
	assert_null(strstr(last.out, "read-only"));
	CODE(0, "status", "--json");
	OUT("\"read_only\":false");
	CODE(0, "status", "--data-dir", restored);
	OUT("read-only    this folder does not know what was signed last");
	OUT("argosy resume");
	CODE(0, "status", "--data-dir", restored, "--lang", "zh");
	OUT("只读");
	CODE(0, "status", "--data-dir", restored, "--json");
	OUT("\"read_only\":true");
	OUT("\"why\":\"this folder does not know");
	CODE(8, "import", "epcis", program_file("good.jsonld", one_event), "--data-dir", restored);
	ERR("argosy resume");
	CODE(8, "prefix", "register", "https://copy.example.com/", "--data-dir", restored, "--lang",
	     "zh");
	ERR("只读");
	/* A node that is no copy has nothing to resume. */
	CODE(7, "resume", "--none-known");
	ERR("may sign as it is");
	/* The original goes on, then is lost: the proof names what the copy did not know. */
	const char *head = program_file("lost.head", NULL), *bundle = program_file("b", NULL);
	char fp[65], words[300];
	CODE(0, "prefix", "register", "https://lost2.example.com/");
	CODE(0, "head", "export", "-o", head);
	CODE(7, "resume", "--last-head", head);
	CODE(0, "status", "--json");
	char *at = strstr(last.out, "\"height\":");
	assert_non_null(at);
	long long known = strtoll(at + 9, NULL, 10);
	CODE(0, "genesis", "fingerprint");
	snprintf(fp, sizeof fp, "%.64s", last.out);
	CODE(0, "resume", "--last-head", head, "--data-dir", restored);
	CODE(7, "resume", "--last-head", head, "--data-dir", restored);
	CODE(0, "prefix", "register", "https://new.example.com/", "--data-dir", restored);
	CODE(0, "prove", "https://id.example.com/goods/1", "-o", bundle, "--data-dir", restored);
	assert_int_equal(verified(bundle, fp), 0);
	snprintf(words, sizeof words,
		 "From block %lld on resumed from a copy; the newest head known then was block "
		 "%lld,",
		 known + 1, known);
	OUT(words);
	program_free(&last);
	last = program_run("argosy-verify", bundle, "--genesis", fp, "--lang", "zh",
			   (const char *)NULL);
	snprintf(words, sizeof words, "自区块 %lld 起：由副本恢复；当时已知的最新链头为区块 %lld，",
		 known + 1, known);
	OUT(words);
	/* Damage is found, and said where. */
	snprintf(command, sizeof command,
		 "printf X | dd of=%s/log/000001.seg bs=1 seek=3000 conv=notrunc 2>/dev/null",
		 copy);
	assert_int_equal(system(command), 0);
	CODE(4, "backup", "verify", copy);
}

/* Changes a byte of a file; -1: in its middle. */
static void flip(const char *path, long at)
{
	FILE *f = fopen(path, "r+");
	assert_non_null(f);
	assert_int_equal(fseek(f, 0, SEEK_END), 0);
	if (at < 0)
		at = ftell(f) / 2;
	assert_int_equal(fseek(f, at, SEEK_SET), 0);
	int c = fgetc(f);
	assert_int_not_equal(c, EOF);
	assert_int_equal(fseek(f, at, SEEK_SET), 0);
	assert_int_equal(fputc(c ^ 0x10, f), c ^ 0x10);
	assert_int_equal(fclose(f), 0);
}

__attribute__((format(printf, 1, 2))) static void shell(const char *fmt, ...)
{
	char command[2000];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(command, sizeof command, fmt, ap);
	va_end(ap);
	if (system(command) != 0)
		fail_msg("%s", command);
}

static char whole[300]; /* a node of its own, which verify's tests damage */

static void event_import(unsigned number)
{
	char id[60];
	snprintf(id, sizeof id, "3a7f5d%04u", number);
	CODE(0, "import", "epcis", program_file("more.jsonld", replaced(one_event, "3a7f5d0001", id)),
	     "--data-dir", whole);
}

static void test_verify_derived(void **state)
{
	static const char *const names[] = {"ends", "nodes", "records"};
	char path[400];
	(void)state;
	snprintf(whole, sizeof whole, "%s/whole", program_dir);
	CODE(0, "init", "--data-dir", whole, "--member", "acme");
	for (unsigned i = 1; i <= 8; i++)
		event_import(i);
	CODE(0, "verify", "--data-dir", whole);
	OUT("good: ");
	for (unsigned i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "%s/state/%s", whole, names[i]);
		flip(path, -1);
		CODE(8, "verify", "--data-dir", whole);
		ERR(path);
		ERR("is not what the journal gives");
		ERR("argosy reindex");
		CODE(8, "verify", "--json", "--data-dir", whole);
		OUT("\"good\":false");
		OUT("\"findings\":[{\"what\":\"state\",\"text\":\"");
		OUT(path);
		/* The node opens all the same; who meets the place is told what to do. */
		CODE(0, "status", "--data-dir", whole);
		CODE(i == 1 ? last.code : 8, "export", "epcis", "--data-dir", whole);
		if (i != 1) {
			ERR("/state/records or ends is damaged");
			ERR("argosy reindex");
		}
		CODE(0, "reindex", "--data-dir", whole);
		CODE(0, "verify", "--data-dir", whole);
	}
	/* A leaf of the log's tree: its first node. */
	snprintf(path, sizeof path, "%s/state/nodes", whole);
	flip(path, 1);
	CODE(8, "export", "epcis", "--data-dir", whole);
	ERR("/state/nodes is damaged");
	CODE(0, "reindex", "--data-dir", whole);
	snprintf(path, sizeof path, "%s/state/blocks", whole);
	flip(path, 9);
	CODE(8, "verify", "--data-dir", whole);
	ERR("/state/blocks: byte 9");
	CODE(0, "reindex", "--data-dir", whole);
	shell("for f in %s/state/ids-*; do printf X | dd of=$f bs=1 seek=3 conv=notrunc 2>/dev/null; done", whole);
	CODE(8, "verify", "--data-dir", whole);
	ERR("/state/ids-");
	CODE(0, "reindex", "--data-dir", whole);
	shell("for f in %s/state/run-*; do printf X | dd of=$f bs=1 seek=300 conv=notrunc 2>/dev/null; done", whole);
	CODE(8, "verify", "--data-dir", whole);
	ERR("/state");
	ERR("argosy reindex");
	CODE(0, "reindex", "--data-dir", whole);
	shell("rm %s/state/ends", whole);
	CODE(8, "verify", "--data-dir", whole);
	ERR("/state/ends: is missing");
	CODE(0, "reindex", "--data-dir", whole);
	CODE(0, "verify", "--data-dir", whole);
}

static void test_verify_folder(void **state)
{
	(void)state;
	shell("mv %s/FORMAT %s/genesis.txt %s", whole, whole, program_dir);
	CODE(8, "verify", "--data-dir", whole);
	ERR("FORMAT is missing");
	ERR("genesis.txt: is missing");
	shell("echo argosy-data 9 >%s/FORMAT; cp %s/genesis.txt %s", whole, program_dir, whole);
	CODE(8, "verify", "--data-dir", whole);
	ERR("FORMAT: is damaged");
	shell("cp %s/FORMAT %s; tr 0-9 1-90 <%s/genesis.txt >%s/genesis.txt", program_dir, whole, program_dir,
	      whole);
	CODE(4, "verify", "--data-dir", whole);
	ERR("genesis.txt: names another chain");
	shell("cp %s/genesis.txt %s", program_dir, whole);
	/* A payload that was changed, and one that is not here. */
	CODE(0, "attach", program_file("paper.txt", "a certificate"), "--subject",
	     "https://id.example.com/goods/1", "--data-dir", whole);
	CODE(0, "verify", "--data-dir", whole);
	char path[400];
	snprintf(path, sizeof path, "%s/attachments", whole);
	shell("cp -r %s %s/payloads; for f in %s/*; do printf X >>$f; done", path, program_dir, path);
	CODE(4, "verify", "--data-dir", whole);
	ERR("attachments/");
	ERR("is not the payload that the chain knows");
	shell("rm %s/*", path);
	CODE(0, "verify", "--data-dir", whole);
	ERR("withheld: attachments/");
	CODE(0, "verify", "--json", "--data-dir", whole);
	OUT("\"attachments\":0,\"withheld\":[\"");
	OUT("\"findings\":[]");
	shell("cp %s/payloads/* %s", program_dir, path);
}

/* A journal whose end was cut off at a record, with the mark, is a whole journal by itself. */
static void test_verify_cut(void **state)
{
	(void)state;
	shell("cp -r %s/log %s/log.old", whole, program_dir);
	event_import(20);
	event_import(21);
	shell("rm -r %s/log; cp -r %s/log.old %s/log; rm -f %s/log/mark", whole, program_dir, whole, whole);
	CODE(4, "verify", "--data-dir", whole);
	ERR("but this node signed block ");
	CODE(4, "verify", "--json", "--data-dir", whole);
	OUT("{\"what\":\"cut\",\"text\":\"the journal ends at block ");
	/* Without the guard the state knows. */
	shell("mv %s/keys/last_signed %s", whole, program_dir);
	CODE(4, "verify", "--data-dir", whole);
	ERR("/state holds block ");
	shell("mv %s/last_signed %s/keys", program_dir, whole);
	CODE(8, "import", "epcis", program_file("more.jsonld", NULL), "--data-dir", whole);
}

/* An auditor's copy that he may read and not write. */
static void test_verify_unwritable(void **state)
{
	(void)state;
	char copy[300], scratch[300];
	snprintf(copy, sizeof copy, "%s/readonly", program_dir);
	snprintf(scratch, sizeof scratch, "%s/scratch", program_dir);
	shell("cp -r %s %s && chmod -R a+rX,a-w %s && chmod 755 %s && mkdir -m 777 %s", node_dir, copy, copy,
	      program_dir, scratch);
	char command[6000];
	const char *as = geteuid() == 0 ? "setpriv --reuid=65534 --regid=65534 --clear-groups" : "";
	snprintf(command, sizeof command, "%s test -x %s/argosy", as, program_bin);
	if (system(command) != 0)
		skip(); /* nobody may not run what was built */
	static const char *const does[][2] = {
		{"verify", "good: "},
		{"trace https://id.example.com/goods/1", "shipping"},
	};
	for (unsigned i = 0; i < 2; i++) {
		snprintf(command, sizeof command, "TMPDIR=%s %s %s/argosy %s --data-dir %s >%s/ro.out 2>&1",
			 scratch, as, program_bin, does[i][0], copy, program_dir);
		int code = system(command);
		char *text = program_text(program_file("ro.out", NULL));
		if (code != 0)
			fail_msg("%s", text);
		assert_non_null(strstr(text, does[i][1]));
		free(text);
	}
	assert_int_equal(rmdir(scratch), 0); /* nothing is left there */
	shell("chmod -R u+w %s", copy);
}

/* What lower floors say in English comes out in the user's language. */
static void test_chinese(void **state)
{
	(void)state;
	CODE(2, "epcis", "check", "--jsan", "x", "--lang", "zh");
	ERR("没有选项 --jsan，是否要用 --json？");
	CODE(2, "prove", "x", "--lang=zh");
	ERR("请用 -o FILE 指定文件");
	CODE(2, "export", "epcis", "--from", "x", "--lang", "zh");
	ERR("--from：“x”不是不超过");
	CODE(2, "export", "epcis", "--lang", "zh", "--from");
	ERR("--from 需要 INDEX");
	CODE(3, "--lang", "zh", "item", "show", "https://id.example.com/goods/none");
	ERR("未找到: 没有关于 https://id.example.com/goods/none 的记录");
	CODE(3, "--lang", "zh", "credential", "list", "nobody");
	ERR("没有成员 nobody");
	CODE(0, "--lang", "zh", "member", "list");
	OUT("正常");
	CODE(0, "--lang", "zh", "key", "list", "acme");
	OUT("人员");
	OUT("代理");
	CODE(3, "--lang", "zh", "lot", "define",
	     program_file("l.json", "{\"id\":\"https://id.example.com/lots/1\",\"product\":"
				    "\"https://id.example.com/kinds/none\",\"productionDate\":\"2026-01-01\"}"));
	ERR("https://id.example.com/kinds/none：产品未登记");
	CODE(1, "--lang", "zh", "product", "register",
	     program_file("p.json", "{\"id\":\"https://id.example.com/kinds/tea\",\"name\":\"Tea\",\"category\":"
				    "\"packaging\"}"));
	ERR("缺失：类别 packaging 必填");
	ERR("(invalid)");
}

/* What is registered can be read, and whether it holds. */
static void test_show(void **state)
{
	static const char credential[] =
		"{\"id\":\"https://id.example.com/papers/%s\",\"subject\":\"acme\",\"kind\":"
		"\"organic\",\"issuer\":\"Example Cert\",\"validFrom\":\"%s\"%s}";
	static const struct {
		const char *name, *from, *to, *says, *standing, *zh;
	} papers[] = {
		{"open", "2026-01-01", "", "valid until revoked", "valid", "有效，直至撤销"},
		{"long", "2026-01-01", ",\"validTo\":\"2199-12-31\"", "valid until 2199-12-31", "valid",
		 "有效至 2199-12-31"},
		{"old", "2001-01-01", ",\"validTo\":\"2002-01-31\"", "expired since the end of 2002-01-31",
		 "expired", "已过期"},
		{"early", "2199-01-01", "", "not valid before 2199-01-01", "early", "尚未生效"},
	};
	char text[600], id[200], find[100];
	(void)state;
	/* The head's time is the genesis' until a block is made; a few stand already. */
	for (unsigned i = 0; i < 4; i++) {
		snprintf(text, sizeof text, credential, papers[i].name, papers[i].from, papers[i].to);
		CODE(0, "credential", "issue", program_file("paper.json", text));
		snprintf(id, sizeof id, "https://id.example.com/papers/%s", papers[i].name);
		CODE(0, "credential", "show", id);
		OUT(papers[i].says);
		OUT("Example Cert");
		CODE(0, "--lang", "zh", "credential", "show", id);
		OUT(papers[i].zh);
		CODE(0, "credential", "show", id, "--json");
		snprintf(find, sizeof find, "\"standing\":\"%s\",\"standing_at\":\"20", papers[i].standing);
		OUT(find);
		OUT("\"member\":\"acme\",\"kind\":\"organic\"");
		OUT("\"credential\":{\"id\":");
	}
	CODE(0, "credential", "revoke", "https://id.example.com/papers/open", "--reason", "forged");
	CODE(0, "credential", "show", "https://id.example.com/papers/open");
	OUT("revoked at 20");
	CODE(0, "credential", "list", "acme");
	OUT("revoked at 20");
	OUT("valid until 2199-12-31  https://id.example.com/papers/long, recorded by acme\n");
	assert_true(strstr(last.out, "papers/open") < strstr(last.out, "papers/early")); /* oldest first */
	CODE(0, "credential", "list", "acme", "--json");
	OUT("{\"member\":\"acme\",\"credentials\":[{\"id\":");
	OUT("\"standing\":\"revoked\"");
	OUT("\"revoked_index\":");
	CODE(3, "credential", "show", "https://id.example.com/papers/none");
	ERR("there is no credential");
	CODE(3, "credential", "list", "nobody");
	CODE(2, "credential", "list", "NOT AN ID");

	CODE(0, "product", "register",
	     program_file("p.json", "{\"id\":\"01/09521234543213\",\"name\":\"Sour cherries\",\"category\":"
				    "\"packaging\",\"hsCode\":\"701090\",\"originCountry\":\"CN\",\"composition\":\"glass\",\"description\":\"in glass\"}"));
	CODE(0, "product", "show", "9521234543213");
	OUT("01/09521234543213\n");
	OUT("Sour cherries");
	OUT("in glass");
	CODE(0, "product", "show", "urn:epc:idpat:sgtin:9521234.054321.*", "--json");
	OUT("\"id\":\"01/09521234543213\",\"owner\":\"acme\",\"index\":");
	OUT("\"product\":{\"id\":\"01/09521234543213\",\"name\":\"Sour cherries\"");
	CODE(3, "product", "show", "https://id.example.com/kinds/none");
	ERR("there is no product");
	CODE(1, "product", "show", "09521234543214");
	CODE(0, "lot", "define",
	     program_file("l.json", "{\"id\":\"01/09521234543213/10/L7\",\"product\":\"01/09521234543213\","
				    "\"productionDate\":\"2026-01-01\"}"));
	CODE(0, "lot", "show", "01/09521234543213/10/L7");
	OUT("2026-01-01");
	CODE(3, "lot", "show", "01/09521234543213/10/L8");
	CODE(0, "location", "register",
	     program_file("w.json", "{\"id\":\"https://id.example.com/sites/1\",\"name\":\"Store\",\"country\":"
				    "\"CN\",\"kind\":\"warehouse\"}"));
	CODE(0, "location", "show", "https://id.example.com/sites/1", "--json");
	OUT("\"location\":{\"id\":\"https://id.example.com/sites/1\"");
	CODE(3, "location", "show", "https://id.example.com/sites/2");

	char key[400];
	snprintf(key, sizeof key, "%s/carrier.key", program_dir);
	CODE(0, "key", "create", key, "--kind", "agent", "--json");
	CODE(0, "member", "admit", "carrier", "--name", "Carrier", "--country", "CN", "--person-key", key);
	CODE(0, "grant", "01/09521234543213", "--to", "carrier");
	CODE(0, "grant", "01/09521234543213/10/L7", "--to", "carrier", "--step", "inspecting",
	     "--until-ms", "7258032000000");
	CODE(0, "grant", "list", "01/09521234543213/10/L7");
	OUT("inspecting");
	OUT("valid until 2199-12-31 00:00 UTC, from acme on 01/09521234543213/10/L7\n");
	CODE(0, "grant", "list", "01/09521234543213/21/7", "--json");
	OUT("{\"id\":\"01/09521234543213/21/7\",\"grants\":[{\"subject\":\"01/09521234543213\",\"member\":"
	    "\"carrier\",\"step\":\"\",\"granter\":\"acme\",\"standing\":\"valid\"");
	CODE(0, "grant", "revoke", "01/09521234543213", "--to", "carrier");
	CODE(0, "--lang", "zh", "grant", "list", "01/09521234543213");
	assert_string_equal(last.out, "");
	CODE(3, "grant", "list", "https://id.example.com/goods/none");

	/* One that ran out, and one whose granter has handed the goods on. */
	const char *goods = "https://elsewhere.example.net/goods/5";
	char until[40];
	char *event = strdup(replaced(one_event, "https://id.example.com/goods/1", goods));
	char *other = strdup(replaced(event, "a3a7f5d0001", "a3a7f5d0777"));
	CODE(0, "import", "epcis", program_file("taken.jsonld", replaced(other, "OBSERVE", "ADD")));
	free(event);
	free(other);
	/* Soon; but the busier the machine is, the later the node reads it. */
	long long end_s = 0;
	for (long long soon = 2; soon < 600; soon *= 2) {
		end_s = (long long)time(NULL) + soon;
		snprintf(until, sizeof until, "%lld", end_s * 1000);
		program_free(&last);
		last = program_run("argosy", "grant", goods, "--to", "carrier", "--step", "inspecting",
				   "--until-ms", until, (const char *)NULL);
		if (last.code == 0)
			break;
	}
	assert_int_equal(last.code, 0);
	CODE(0, "grant", goods, "--to", "carrier", "--step", "shipping");
	CODE(0, "custody", "offer", goods, "--to", "carrier");
	while ((long long)time(NULL) <= end_s)
		poll(NULL, 0, 50);
	CODE(0, "custody", "accept", goods, "--from", "acme", "--member", "carrier", "--key", key);
	CODE(0, "grant", "list", goods);
	OUT("expired since 20");
	OUT("lapsed: acme neither owns nor holds it any more");
	CODE(0, "grant", "list", goods, "--json");
	OUT("\"standing\":\"lapsed\"");
	OUT("\"standing\":\"expired\"");
}

/* Whose a range is, and who said so, is there for all to see. */
static void test_ranges(void **state)
{
	char key[400];
	(void)state;
	snprintf(key, sizeof key, "%s/carrier.key", program_dir);
#define BY_CARRIER "--member", "carrier", "--key", key
#define RANGE "https://ranges.example.org/a/"
	CODE(3, "prefix", "show", RANGE);
	ERR("the range " RANGE " was never registered");
	CODE(0, "prefix", "register", RANGE "b/", BY_CARRIER);
	CODE(0, "credential", "issue",
	     program_file("paper.json", "{\"id\":\"https://id.example.com/licence\",\"subject\":\"acme\","
					"\"kind\":\"licence\",\"issuer\":\"GS1\",\"validFrom\":\"2026-01-01\"}"));
	CODE(0, "prefix", "register", RANGE, "--credential", "https://id.example.com/licence");
	CODE(7, "prefix", "register", RANGE "c/", BY_CARRIER, "--lang", "zh");
	ERR("位于其他成员的标识符前缀之内");
	CODE(0, "prefix", "show", RANGE);
	OUT("acme\n");
	OUT("https://id.example.com/licence, licence, recorded by acme: valid\n");
	OUT("they count before it");
	CODE(0, "prefix", "show", RANGE "b/");
	OUT(RANGE " of acme\n");
	CODE(2, "prefix", "arbitrate", RANGE "b/", "--reason", "squatted");
	CODE(2, "prefix", "arbitrate", RANGE "b/", "--nobody");
	CODE(2, "prefix", "arbitrate", RANGE "b/", "--nobody", "--to", "acme", "--reason", "squatted");
	CODE(5, "prefix", "arbitrate", RANGE, "--to", "carrier", "--reason", "mine", BY_CARRIER);
	CODE(0, "prefix", "arbitrate", RANGE "b/", "--nobody", "--reason", "squatted");
	CODE(1, "prefix", "arbitrate", RANGE "b/", "--nobody", "--reason", "squatted");
	ERR("is nobody's");
	CODE(0, "prefix", "show", RANGE "b/");
	OUT("nobody\n");
	OUT("to carrier, by carrier");
	OUT("to nobody, by acme");
	OUT(": squatted\n");
	CODE(0, "--lang", "zh", "prefix", "show", RANGE "b/");
	OUT("归 无人，由 acme 登记");
	OUT("裁定前缀归属");
	CODE(0, "prefix", "show", RANGE "b/", "--json");
	OUT("\"prefix\":\"" RANGE "b/\",\"owner\":\"\",\"inside\":{\"prefix\":\"" RANGE "\",\"owner\":\"acme\"}");
	OUT("\"act\":\"arbitrate_range\",\"by\":\"acme\",\"owner\":\"\",\"reason\":\"squatted\"");
	CODE(0, "prefix", "arbitrate", "9521299", "--to", "carrier", "--reason", "its licence");
	CODE(0, "prefix", "list");
	OUT(RANGE ", since 20");
	OUT("gcp:9521299, since 20");
	CODE(0, "prefix", "list", "carrier");
	OUT(", by arbitration\n");
	assert_null(strstr(last.out, RANGE));
	CODE(2, "prefix", "list", "NOT AN ID");
#undef RANGE
}

/* A hash, a credential's id, a lot's id is nobody's: each has his own, and all are shown. */
static void test_same_names(void **state)
{
	char hash[65], key[400], file[500], copy[500];
	(void)state;
	snprintf(key, sizeof key, "%s/carrier.key", program_dir);
	attach(hash, "a paper of two");
	snprintf(file, sizeof file, "%s/attachments/%s", node_dir, hash);
	snprintf(copy, sizeof copy, "%s/given", program_dir);
	payload_shell(hash, "cp \"$1\" \"$1.kept\"");
	CODE(1, "attach", program_file("short", "x"), "--salted", BY_CARRIER);
	CODE(0, "attach", file, "--salted", "--title", "the same", BY_CARRIER);
	OUT(hash);
	CODE(0, "attach", "erase", hash);
	ERR("the payload stays: carrier has attached it too, and not erased it");
	CODE(0, "attach", "get", hash);
	assert_string_equal(last.out, "a paper of two");
	CODE(0, "verify", "--json");
	CODE(5, "attach", "erase", hash, "--member", "nobody");
	/* The hash is read on the chain by everybody: who attaches it without the payload keeps
	 * nobody from erasing that. */
	char alone[65], stranger[500];
	attach(alone, "a paper of one");
	snprintf(stranger, sizeof stranger, "%s/attachments/%s", node_dir, alone);
	CODE(0, "attach", stranger, "--salted", BY_CARRIER);
	snprintf(stranger, sizeof stranger, "%s/attachments/%s.carrier", node_dir, alone);
	assert_int_equal(unlink(stranger), 0); /* as if he had sent the act alone */
	CODE(0, "attach", "get", alone);
	CODE(0, "attach", "erase", alone);
	assert_null(strstr(last.err, "stays"));
	CODE(3, "attach", "get", alone);
	snprintf(stranger, sizeof stranger, "%s/attachments/%s", node_dir, alone);
	assert_int_equal(access(stranger, F_OK), -1);
	CODE(0, "attach", "erase", hash, BY_CARRIER);
	assert_null(strstr(last.err, "stays"));
	CODE(3, "attach", "get", hash);
	ERR("it was erased by carrier");
	/* Erased by all: it is not missed, and where it comes back it is not given. */
	CODE(0, "verify");
	assert_null(strstr(last.err, hash));
	payload_shell(hash, "mv \"$1.kept\" \"$1\"");
	CODE(3, "attach", "get", hash);
	CODE(1, "attach", "erase", hash, BY_CARRIER);
	ERR("had come back");

	const char *paper = program_file(
		"paper.json", "{\"id\":\"https://papers.example.org/1\",\"subject\":\"acme\",\"kind\":"
			      "\"organic\",\"issuer\":\"One\",\"validFrom\":\"2026-01-01\"}");
	CODE(0, "credential", "issue", paper, BY_CARRIER);
	CODE(0, "credential", "issue", paper);
	CODE(7, "credential", "issue", paper);
	CODE(0, "credential", "show", "https://papers.example.org/1");
	OUT(" by acme, block ");
	OUT(" by carrier, block ");
	CODE(0, "credential", "revoke", "https://papers.example.org/1");
	CODE(0, "credential", "list", "acme");
	OUT("valid until revoked  https://papers.example.org/1, recorded by carrier\n");

	const char *lot = "{\"id\":\"https://lots.example.org/1\",\"product\":\"https://kinds.example.org/%s\","
			  "\"productionDate\":\"%s\"}";
	const char *kind = "{\"id\":\"https://kinds.example.org/%s\",\"name\":\"Jars\",\"category\":"
			   "\"packaging\",\"hsCode\":\"701090\",\"originCountry\":\"CN\",\"composition\":\"glass\"}";
	char text[500];
	snprintf(text, sizeof text, kind, "acme"); /* allowed: formats of this file */
	CODE(0, "product", "register", program_file("k.json", text));
	snprintf(text, sizeof text, kind, "carrier"); /* allowed: formats of this file */
	CODE(0, "product", "register", program_file("k.json", text), BY_CARRIER);
	snprintf(text, sizeof text, lot, "acme", "2026-01-01"); /* allowed: formats of this file */
	CODE(0, "lot", "define", program_file("l.json", text));
	snprintf(text, sizeof text, lot, "carrier", "2026-02-02"); /* allowed: formats of this file */
	CODE(0, "lot", "define", program_file("l.json", text), BY_CARRIER);
	CODE(0, "lot", "show", "https://lots.example.org/1");
	OUT("2026-01-01");
	OUT("also defined");
	OUT(" by carrier, block ");
	assert_null(strstr(last.out, "2026-02-02"));
#undef BY_CARRIER
}

/* How many lines there are; fails if one is no JSON object. */
static unsigned objects(const char *what, const char *text)
{
	unsigned n = 0;
	struct arena *a = arena_new(0);
	for (const char *p = text, *end; *p; p = end + 1, n++) {
		struct json_value *v;
		struct json_error e;
		end = strchr(p, '\n');
		if (!end || json_parse(a, &v, &e, slice(p, (size_t)(end - p)), 32, JSON_STRICT) ||
		    v->kind != JSON_OBJECT)
			fail_msg("%s: not JSON: %s", what, p);
	}
	arena_free(a);
	return n;
}

/* Every command with --json: objects on stdout, or one problem on stderr, and nothing else. */
static void test_json(void **state)
{
	(void)state;
#define GOODS "https://id.example.com/goods/1"
#define NONE  "0000000000000000000000000000000000000000000000000000000000000000"
	char dir[300], doc[300], file[300], copy[300], restored[300], paper[300], key[300], head[300];
	char bad[300], tx[300], witness[300], seen[300], fp[65];
	snprintf(doc, sizeof doc, "%s", nameless_events("json.jsonld", 2, "loading"));
	snprintf(dir, sizeof dir, "%s", program_file("json-documents", NULL));
	snprintf(file, sizeof file, "%s", program_file("json.out", NULL));
	snprintf(copy, sizeof copy, "%s", program_file("json-copy", NULL));
	snprintf(restored, sizeof restored, "%s", program_file("json-restored", NULL));
	snprintf(paper, sizeof paper, "%s", program_file("json.txt", "a paper"));
	snprintf(key, sizeof key, "%s", program_file("json.key", NULL));
	snprintf(head, sizeof head, "%s", program_file("json.head", NULL));
	snprintf(tx, sizeof tx, "%s", program_file("json.tx", NULL));
	snprintf(witness, sizeof witness, "%s", program_file("json.witness", NULL));
	snprintf(seen, sizeof seen, "%s", program_file("json.seen", NULL));
	snprintf(bad, sizeof bad, "%s",
		 program_file("bad.jsonld", replaced(one_event, "OBSERVE", "LOOK")));
	CODE(0, "genesis", "fingerprint");
	snprintf(fp, sizeof fp, "%.64s", last.out);
	const struct {
		int code;
		const char *has; /* on stdout where the code is 0, else on stderr */
		const char *argv[12];
	} rows[] = {
		{0, "\"hash\":\"ni:///", {"epcis", "hash", doc}},
		{0, "\"prehash\":\"", {"epcis", "hash", doc, "--prehash"}},
		{1, "\"errors\":[{\"pointer\":\"/epcisBody", {"epcis", "hash", bad}},
		{0, "\"verdict\":\"accepted\"", {"epcis", "check", doc}},
		{0, "\"genesis\":\"", {"genesis", "fingerprint"}},
		{0, "\"genesis\":\"", {"status"}},
		{0, "\"good\":true", {"verify"}},
		{0, "\"dry_run\":true", {"reindex", "--dry-run"}},
		{0, "\"height\":", {"reindex"}},
		{0, "\"to\":", {"backup", "create", copy}},
		{0, "\"good\":true", {"backup", "verify", copy}},
		{3, "\"code\":\"not_found\"", {"backup", "verify", "/nonexistent"}},
		{0, "\"dry_run\":true", {"restore", copy, "--dry-run", "--data-dir", restored}},
		{0, "\"folder\":", {"restore", copy, "--data-dir", restored}},
		{7, "\"code\":\"conflict\"", {"restore", copy, "--data-dir", restored}},
		{2, "\"code\":\"usage\"", {"resume", "--data-dir", restored}},
		{0, "\"resumed\":true", {"resume", "--none-known", "--data-dir", restored}},
		{0, "\"confirmed\":true", {"clock", "confirm"}},
		{0, "\"dry_run\":true",
		 {"key", "rotate", "validator", "--next-key", "a", "--new-next-key", "b", "--dry-run"}},
		{0, "\"public\":\"", {"key", "create", key, "--kind", "agent", "--name", "W"}},
		{0, "\"public\":\"", {"key", "rotate", "agent"}},
		{0, "\"bytes\":", {"head", "export", "-o", head}},
		{0, "\"bytes\":",
		 {"head", "cosign", head, "--key", key, "--genesis", fp, "--seen", seen, "-o", witness}},
		{0, "\"height\":", {"witness", "add", witness}},
		{0, "\"dry_run\":true", {"prefix", "register", "https://j.example.com/", "--dry-run"}},
		{0, "\"dry_run\":false", {"prefix", "register", "https://j.example.com/", "--to-file", tx}},
		{0, "\"verdict\":\"ok\"", {"submit", tx}},
		{0, "\"dry_run\":true", {"import", "epcis", doc, "--dry-run"}},
		{0, "\"recorded\":2", {"import", "epcis", doc}},
		{1, "\"errors\":[{\"pointer\":\"/epcisBody", {"import", "epcis", bad}},
		{0, "\"events\":", {"export", "epcis", "-o", file}},
		{0, "\"events\":2", {"export", "epcis", "--documents", dir}},
		{0, "\"hash\":\"", {"attach", paper}},
		{0, "\"events\":", {"prove", GOODS, "-o", file}},
		{0, "\"text\":\"https:", {"prove", GOODS, "--text"}},
		{2, "\"code\":\"usage\"", {"prove", GOODS, "-o", "-"}},
		{2, "\"code\":\"usage\"", {"prove", GOODS, "--qr"}},
		{0, "\"holder\":", {"item", "show", GOODS}},
		{0, "\"events\":", {"trace", GOODS}},
		{0, "\"members\":", {"member", "list"}},
		{0, "\"keys\":", {"key", "list", "acme"}},
		{0, "\"commit\":", {"version"}},
		{3, "\"code\":\"not_found\"", {"item", "show", "https://id.example.com/goods/none"}},
		{3, "\"code\":\"not_found\"", {"attach", "get", NONE}},
		{3, "\"code\":\"not_found\"", {"status", "--data-dir", "/nonexistent"}},
		{5, "\"code\":\"not_offered\"", {"custody", "decline", GOODS}},
		{5, "\"code\":\"unknown_key\"",
		 {"prefix", "register", "https://k.example.com/", "--member", "nobody"}},
		{2, "\"code\":\"usage\"", {"trace"}},
		{2, "\"code\":\"usage\"", {"trace", "a", "--frob"}},
		{2, "\"code\":\"usage\"", {"chekc", "x"}},
		{2, "\"code\":\"usage\"", {"key"}},
		{2, "\"code\":\"usage\"", {"--frob"}},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *argv[16] = {"argosy"}, *out = program_file("json.stdout", NULL);
		size_t n = 0;
		for (; rows[i].argv[n]; n++)
			argv[n + 1] = rows[i].argv[n];
		argv[n + 1] = "--json";
		char what[100];
		snprintf(what, sizeof what, "row %zu, %s %s", i, argv[1], argv[2]);
		int code = code_onto(out, argv);
		if (code != rows[i].code)
			fail_msg("%s: exit %d\n%s%s", what, code, last.out, last.err);
		unsigned answers = objects(what, last.out), problems = objects(what, last.err);
		/* import says how each file fared, too. */
		unsigned beside = code && strcmp(argv[1], "import") == 0;
		if (code ? problems != 1 || answers != beside : problems != 0 || answers == 0)
			fail_msg("%s: %u answers, %u problems", what, answers, problems);
		if (!strstr(code ? last.err : last.out, rows[i].has) ||
		    (code && strncmp(last.err, "{\"type\":\"urn:argosy:problem:", 28) != 0))
			fail_msg("%s: %s%s", what, last.out, last.err);
	}
	assert_int_equal(ONTO(file, "argosy-verify", "evidence", head, head, "--json"), 1);
	assert_int_equal(objects("evidence", last.out), 1);
	OUT("\"conflict\":\"none\",\"message\":\"The two do not");
	OUT("\"proofs\":[{\"verified\":true");
	assert_int_equal(ONTO(file, "argosy-verify", head, "--genesis", fp, "--json"), 0);
	assert_int_equal(objects("verify", last.out), 1);
	OUT(",\"file\":\"");
	assert_int_equal(ONTO(file, "argosy-verify", "/nonexistent", "--genesis", fp, "--json"), 3);
	assert_int_equal(objects("verify", last.err), 1);
	ERR("\"code\":\"not_found\"");
	assert_int_equal(ONTO(file, "argosy-verify", head, "--json"), 2);
	assert_int_equal(objects("verify", last.err), 1);
	ERR("\"code\":\"usage\"");
}

static int begin(void **state)
{
	(void)state;
	program_begin();
	return 0;
}

static int end(void **state)
{
	(void)state;
	program_free(&last);
	program_end();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_talk),
		cmocka_unit_test(test_epcis),
		cmocka_unit_test(test_hostile_text),
		cmocka_unit_test(test_init),
		cmocka_unit_test(test_import),
		cmocka_unit_test(test_acts),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_tx),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_validator),
		cmocka_unit_test(test_repeats),
		cmocka_unit_test(test_trace_and_proof),
		cmocka_unit_test(test_since),
		cmocka_unit_test(test_outputs),
		cmocka_unit_test(test_witness),
		cmocka_unit_test(test_attachments),
		cmocka_unit_test(test_in_turn),
		cmocka_unit_test(test_damaged_attachments),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_copies),
		cmocka_unit_test(test_chinese),
		cmocka_unit_test(test_show),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_same_names),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_verify_unwritable),
		cmocka_unit_test(test_verify_derived),
		cmocka_unit_test(test_verify_folder),
		cmocka_unit_test(test_verify_cut),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
