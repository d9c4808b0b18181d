/*
 * argosy-verify: checks a proof, offline, with nothing but the genesis fingerprint.
 *
 *   argosy-verify FILE... --genesis FINGERPRINT [--head HEADFILE] [--witness KEY]...
 *                 [--json] [--lang en|zh]
 *   argosy-verify evidence A B [--genesis FINGERPRINT] [--head BUNDLE] [--json] [--lang en|zh]
 *
 * FILE is a bundle, head file or receipt, "-" for standard input, or the text of a QR code
 * ("https://...#..."). Of evidence, A or B may be a receipt; --head then names a bundle that
 * shows that one log continues the other. Exit: 0 verified (evidence: they contradict), 4
 * refused, 1 nothing contradicts or it is open, or the output could not be written, 2 wrong
 * usage, 3 no such file, 5 (evidence) they contradict, but the chain was resumed from a copy
 * between them.
 */
#include "base/bytes.h"
#include "verify/receipt.h"
#include "verify/verify.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	EXIT_GOOD = 0,
	EXIT_NONE = 1, /* or the output could not be written */
	EXIT_USAGE = 2,
	EXIT_NO_FILE = 3,
	EXIT_REFUSED = 4,
	EXIT_LOSS = 5,
};
enum { FILES_MAX = 64, WITNESSES_MAX = 64 };

struct options {
	const char *files[FILES_MAX];
	size_t n_files;
	const char *genesis, *head;
	const char *witnesses[WITNESSES_MAX];
	size_t n_witnesses;
	bool zh, evidence;
};

static const char usage[] =
	"usage: argosy-verify FILE... --genesis FINGERPRINT [--head HEADFILE] [--witness KEY]...\n"
	"                     [--json] [--lang en|zh]\n"
	"       argosy-verify evidence A B [--genesis FINGERPRINT] [--head BUNDLE] [--json] [--lang "
	"en|zh]\n"
	"FILE: a bundle, head file or receipt, - for standard input, or the text of a QR code.\n"
	"A, B: two of these; with a receipt, BUNDLE may show that one log continues the other.\n"
	"FINGERPRINT: 64 hex digits, or a file that holds them (@FILE if its name has no . or /).\n"
	"KEY: a witness's public key that you know: 64 hex digits; @FILE, a list of keys, one a line;\n"
	"or a head file that you trust, for the witnesses who signed it. Only these count.\n"
	"Exit: 0 verified, 4 refused, 3 no such file, 2 wrong usage; evidence: 0 they contradict, 1 "
	"not,\n5 they do, but the chain was resumed from a copy in between; 1 too if the output "
	"cannot be written.\n";

static bool json; /* set before anything can fail */

/* What is not UTF-8 comes escaped as for people. The caller frees it. */
static char *text_of(const char *s)
{
	struct buf b = BUF_INIT;
	if (utf8_valid(slice_str(s)))
		buf_put_str(&b, s);
	else
		buf_put_plain(&b, slice_str(s));
	if (buf_cstr(&b))
		return (char *)b.p;
	buf_fini(&b);
	return NULL;
}

static void put_json_string(struct buf *b, const char *s)
{
	char *plain = text_of(s);
	buf_put_u8(b, '"');
	for (const char *c = plain ? plain : ""; *c; c++) {
		if (*c == '"' || *c == '\\')
			buf_put_u8(b, '\\');
		if ((uint8_t)*c < 0x20 || *c == 0x7f)
			buf_printf(b, "\\u%04x", *c);
		else
			buf_put_u8(b, (uint8_t)*c);
	}
	buf_put_u8(b, '"');
	free(plain);
}

/* Says why: "NAME: text", `name` may be empty; with --json as argosy's problems. */
static int fail(int status, const char *name, const char *text)
{
	struct buf all = BUF_INIT, out = BUF_INIT;
	const char *code = status == EXIT_USAGE	    ? "usage"
			   : status == EXIT_NO_FILE ? "not_found"
						    : "failed";
	buf_printf(&all, "%s%s%s", name, *name ? ": " : "", text);
	const char *detail = buf_cstr(&all);
	if (json) {
		buf_printf(&out,
			   "{\"type\":\"urn:argosy:problem:%s\",\"title\":\"%s\",\"status\":%d,"
			   "\"detail\":",
			   code,
			   status == EXIT_USAGE	    ? "Wrong usage"
			   : status == EXIT_NO_FILE ? "Not found"
						    : "Refused or failed",
			   status == EXIT_USAGE	    ? 400
			   : status == EXIT_NO_FILE ? 404
						    : 422);
		put_json_string(&out, detail ? detail : text);
		buf_printf(&out, ",\"code\":\"%s\",\"errors\":[]}\n", code);
	} else {
		buf_put_str(&out, "argosy-verify: ");
		buf_put_plain(&out, slice_str(detail ? detail : text));
		buf_put_str(&out, "\n");
		if (status == EXIT_USAGE)
			buf_put_str(&out, usage);
	}
	fwrite(out.p ? (const char *)out.p : "", 1, out.n, stderr);
	buf_fini(&all);
	buf_fini(&out);
	return status;
}

static int wrong_usage(const char *what)
{
	return fail(EXIT_USAGE, "", what);
}

/* Appends the whole of a stream; false if it is longer than any proof. */
static bool read_stream(struct buf *out, FILE *f)
{
	uint8_t chunk[65536];
	size_t n;
	while ((n = fread(chunk, 1, sizeof chunk, f)) > 0) {
		buf_put(out, chunk, n);
		if (out->n > VERIFY_TEXT_MAX)
			break; /* the verifier will say so: it is over a limit */
	}
	return !ferror(f) && !out->failed;
}

/* 0, or the exit status after saying why. */
static int read_input(struct buf *out, const char *name)
{
	if (strncmp(name, "https://", 8) == 0 || strncmp(name, "http://", 7) == 0 ||
	    strncmp(name, "HTTPS://", 8) == 0) {
		buf_put_str(out, name);
		return 0;
	}
	bool standard = strcmp(name, "-") == 0;
	FILE *f = standard ? stdin : fopen(name, "rb");
	if (!f)
		return fail(EXIT_NO_FILE, name, strerror(errno));
	bool good = read_stream(out, f);
	if (!standard)
		fclose(f);
	return good ? 0 : fail(EXIT_NO_FILE, name, "cannot be read");
}

static bool parse(struct options *o, int argc, char **argv, const char **why)
{
	for (int i = 1; i < argc; i++) {
		const char *a = argv[i];
		bool takes = strcmp(a, "--genesis") == 0 || strcmp(a, "--head") == 0 ||
			     strcmp(a, "--witness") == 0 || strcmp(a, "--lang") == 0;
		if (takes && ++i == argc) {
			*why = "an option lacks its value";
			return false;
		}
		if (strcmp(a, "--genesis") == 0)
			o->genesis = argv[i];
		else if (strcmp(a, "--head") == 0)
			o->head = argv[i];
		else if (strcmp(a, "--witness") == 0 && o->n_witnesses == WITNESSES_MAX) {
			*why = "too many witnesses";
			return false;
		} else if (strcmp(a, "--witness") == 0)
			o->witnesses[o->n_witnesses++] = argv[i];
		else if (strcmp(a, "--json") == 0)
			json = true;
		else if (strcmp(a, "--lang") == 0) {
			o->zh = strncmp(argv[i], "zh", 2) == 0;
			if ((!o->zh && strncmp(argv[i], "en", 2) != 0) ||
			    (argv[i][2] && !strchr("-_.", argv[i][2]))) {
				*why = "--lang is en or zh";
				return false;
			}
		} else if (a[0] == '-' && a[1]) {
			*why = "an unknown option";
			return false;
		} else if (i == 1 && strcmp(a, "evidence") == 0)
			o->evidence = true;
		else if (o->n_files == FILES_MAX) {
			*why = "too many files";
			return false;
		} else
			o->files[o->n_files++] = a;
	}
	return true;
}

/* The fingerprint, from its digits or from @FILE. 0, or the exit status. */
static int read_fingerprint(uint8_t out[static 32], const char *text)
{
	struct buf b = BUF_INIT;
	int status = 0;
	if (*text == '@')
		status = read_input(&b, text + 1);
	else if (strlen(text) != 64 && strpbrk(text, "/."))
		status = read_input(&b, text); /* genesis.txt */
	else
		buf_put_str(&b, text);
	while (b.n && strchr(" \t\r\n", b.p[b.n - 1]) && b.p[b.n - 1])
		b.n--;
	if (!status && !hex_decode(out, 32, buf_slice(&b)))
		status = wrong_usage("a fingerprint has 64 hex digits");
	buf_fini(&b);
	return status;
}

/* One key a line; what follows it on the line is for people. 0, or the exit status. */
static int read_key_list(struct buf *keys, struct slice text)
{
	while (text.n) {
		const uint8_t *nl = memchr(text.p, '\n', text.n);
		struct slice line = slice(text.p, nl ? (size_t)(nl - text.p) : text.n);
		text = nl ? slice(nl + 1, (size_t)(text.p + text.n - nl - 1)) : slice(NULL, 0);
		while (line.n && line.p[line.n - 1] && strchr(" \t\r", line.p[line.n - 1]))
			line.n--;
		if (line.n == 0 || line.p[0] == '#')
			continue;
		uint8_t key[32];
		bool ends = line.n == 64 || (line.n > 64 && (line.p[64] == ' ' || line.p[64] == '\t'));
		if (!ends || !hex_decode(key, 32, slice(line.p, 64)))
			return wrong_usage("a witness's key has 64 hex digits");
		buf_put(keys, key, 32);
	}
	return 0;
}

/* The witnesses of a head file that the reader trusts. It must be of this chain. */
static int read_head_keys(struct buf *keys, struct slice file, const char *name,
			  const uint8_t *fingerprint)
{
	struct verify_options vo = {.fingerprint = fingerprint};
	struct verify_result *r = verify_bundle(file.p, file.n, &vo);
	int status = 0;
	if (!r)
		return fail(EXIT_REFUSED, name, "out of memory");
	if (r->reason != VERIFY_OK)
		status = fail(EXIT_USAGE, name, verify_reason_en(r->reason));
	for (size_t i = 0; !status && i < r->n_witnesses; i++)
		if (!r->witnesses[i].validator)
			buf_put(keys, r->witnesses[i].key, 32);
	verify_free(r);
	return status;
}

static int read_witness(struct buf *keys, const char *name, const uint8_t *fingerprint)
{
	uint8_t key[32];
	struct buf file = BUF_INIT;
	if (hex_decode(key, 32, slice_str(name))) {
		buf_put(keys, key, 32);
		return 0;
	}
	int status = read_input(&file, *name == '@' ? name + 1 : name);
	if (!status)
		status = *name == '@' ? read_key_list(keys, buf_slice(&file))
				      : read_head_keys(keys, buf_slice(&file), name, fingerprint);
	buf_fini(&file);
	return status;
}

/* All that were named, each once. */
static int read_witnesses(struct buf *keys, const struct options *o, const uint8_t *fingerprint)
{
	int status = 0;
	size_t n = 0;
	for (size_t i = 0; !status && i < o->n_witnesses; i++)
		status = read_witness(keys, o->witnesses[i], fingerprint);
	if (!status && keys->failed)
		status = fail(EXIT_REFUSED, "", "out of memory");
	for (size_t i = 0; i < keys->n; i += 32) {
		bool twice = false;
		for (size_t k = 0; k < n; k += 32)
			twice = twice || memcmp(keys->p + k, keys->p + i, 32) == 0;
		if (!twice) {
			memmove(keys->p + n, keys->p + i, 32);
			n += 32;
		}
	}
	keys->n = n;
	return status;
}

static struct verify_result *check(const char *name, const struct verify_options *vo, int *status)
{
	struct buf b = BUF_INIT;
	struct verify_result *r = NULL;
	*status = read_input(&b, name);
	if (!*status) {
		r = verify_bundle(b.p ? b.p : (const uint8_t *)"", b.n, vo);
		if (!r)
			*status = fail(EXIT_REFUSED, name, "out of memory");
	}
	buf_fini(&b);
	return r;
}

static bool to_stdout(void *ctx, const char *p, size_t n)
{
	(void)ctx;
	return fwrite(p, 1, n, stdout) == n;
}

/* The object, and what file it is about. */
static void print_json(const struct verify_result *r, const char *file)
{
	char *name = text_of(file);
	verify_write(r, VERIFY_JSON, name ? name : "", to_stdout, NULL);
	free(name);
}

/* `file` above it, unless NULL. */
static void print_words(const struct verify_result *r, bool zh, const char *file, bool again)
{
	struct buf b = BUF_INIT;
	if (file) {
		buf_put_str(&b, again ? "\n" : "");
		buf_put_plain(&b, slice_str(file));
		buf_put_str(&b, ":\n");
	}
	fwrite(b.p ? (const char *)b.p : "", 1, b.n, stdout);
	buf_fini(&b);
	verify_write(r, zh ? VERIFY_ZH : VERIFY_EN, NULL, to_stdout, NULL);
}

static int run_verify(const struct options *o, const struct verify_options *vo)
{
	int worst = EXIT_GOOD;
	for (size_t i = 0; i < o->n_files; i++) {
		int status;
		struct verify_result *r = check(o->files[i], vo, &status);
		if (!r) {
			worst = status;
			continue;
		}
		if (json) {
			print_json(r, o->files[i]);
			putchar('\n');
		} else {
			print_words(r, o->zh, o->n_files > 1 ? o->files[i] : NULL, i > 0);
		}
		if (r->reason != VERIFY_OK && worst == EXIT_GOOD)
			worst = EXIT_REFUSED;
		verify_free(r);
	}
	return worst;
}

/* One object, with what each of the two says for itself. */
static void print_evidence(const char *conflict, const char *words, const struct verify_result *a,
			   const struct verify_result *b, const struct options *o)
{
	struct buf out = BUF_INIT;
	buf_printf(&out, "{\"conflict\":\"%s\",\"message\":", conflict);
	put_json_string(&out, words);
	buf_put_str(&out, ",\"proofs\":[");
	fwrite(out.p ? (const char *)out.p : "", 1, out.n, stdout);
	buf_fini(&out);
	print_json(a, o->files[0]);
	putchar(',');
	print_json(b, o->files[1]);
	fputs("]}\n", stdout);
}

static int run_evidence(const struct options *o, const struct verify_options *vo)
{
	int status;
	char words[16384];
	/* The head is no condition here: it is what may lie between the two. */
	struct verify_options each = *vo;
	each.head = NULL;
	struct verify_result *a = check(o->files[0], &each, &status), *b = NULL, *link = NULL;
	if (a)
		b = check(o->files[1], &each, &status);
	if (b && o->head && !(link = verify_bundle(vo->head, vo->head_n, &each)))
		status = fail(EXIT_REFUSED, o->head, "out of memory");
	if (b && (link || !o->head)) {
		enum verify_conflict c = verify_evidence(words, sizeof words, a, b, link, o->zh);
		static const char *const names[] = {
			[CONFLICT_NONE] = "none",	[CONFLICT_UNKNOWN] = "unknown",
			[CONFLICT_HEADER] = "header",	[CONFLICT_LOG] = "log",
			[CONFLICT_HISTORY] = "history", [CONFLICT_RECEIPT] = "receipt",
			[CONFLICT_OPEN] = "open",	[CONFLICT_EPOCH] = "epoch",
			[CONFLICT_RESUMED] = "resumed",
		};
		if (json)
			print_evidence(names[c], words, a, b, o);
		else
			printf("%s\n", words);
		status = c == CONFLICT_NONE || c == CONFLICT_OPEN ? EXIT_NONE
			 : c == CONFLICT_UNKNOWN		  ? EXIT_REFUSED
			 : c == CONFLICT_RESUMED		  ? EXIT_LOSS
								  : EXIT_GOOD;
	}
	verify_free(link);
	verify_free(a);
	verify_free(b);
	return status;
}

/* A verdict that did not arrive is none. */
static int written(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fail(EXIT_NONE, "cannot write", strerror(errno));
	return status == EXIT_GOOD ? EXIT_NONE : status;
}

int main(int argc, char **argv)
{
	const char *lang = getenv("LANG");
	struct options o = {.zh = lang && strncmp(lang, "zh", 2) == 0};
	const char *why = NULL;
	uint8_t fingerprint[32];
	struct verify_options vo = {0};
	struct buf head = BUF_INIT, keys = BUF_INIT;
	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		fputs(usage, stdout);
		return written(EXIT_GOOD);
	}
	for (int i = 1; i < argc; i++)
		json = json || strcmp(argv[i], "--json") == 0;
	if (!parse(&o, argc, argv, &why))
		return wrong_usage(why);
	if (o.n_files == 0 || (o.evidence && o.n_files != 2))
		return wrong_usage(o.evidence ? "evidence takes two files" : "no file");
	if (!o.genesis && !o.evidence)
		return wrong_usage("--genesis is needed: without it nothing is proven");
	if (sodium_init() < 0)
		return fail(EXIT_REFUSED, "", "libsodium does not start");
	int status = o.genesis ? read_fingerprint(fingerprint, o.genesis) : 0;
	if (!status && o.head)
		status = read_input(&head, o.head);
	if (!status)
		status = read_witnesses(&keys, &o, o.genesis ? fingerprint : NULL);
	if (!status) {
		vo.fingerprint = o.genesis ? fingerprint : NULL;
		vo.head = head.p;
		vo.head_n = head.n;
		vo.witnesses = keys.p;
		vo.n_witnesses = keys.n / 32;
		status = o.evidence ? run_evidence(&o, &vo) : run_verify(&o, &vo);
	}
	buf_fini(&head);
	buf_fini(&keys);
	return written(status);
}
