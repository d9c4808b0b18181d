/*
 * argosy-verify: checks a proof, off line, with nothing but the genesis fingerprint.
 *
 *   argosy-verify FILE... --genesis FINGERPRINT [--head HEADFILE] [--json] [--lang en|zh]
 *   argosy-verify evidence A B [--genesis FINGERPRINT] [--json] [--lang en|zh]
 *
 * FILE is a bundle or head file, "-" for standard input, or the text of a QR code
 * ("https://...#..."). Exit: 0 verified (evidence: they contradict), 4 refused, 1 nothing
 * contradicts, or the output could not be written, 2 wrong usage, 3 no such file.
 */
#include "base/bytes.h"
#include "verify/verify.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

enum { EXIT_GOOD = 0, EXIT_NONE = 1 /* or the output could not be written */, EXIT_USAGE = 2, EXIT_NO_FILE = 3, EXIT_REFUSED = 4 };
enum { FILES_MAX = 64 };

struct options {
	const char *files[FILES_MAX];
	size_t n_files;
	const char *genesis, *head;
	bool json, zh, evidence;
};

static const char usage[] =
	"usage: argosy-verify FILE... --genesis FINGERPRINT [--head HEADFILE] [--json] [--lang "
	"en|zh]\n"
	"       argosy-verify evidence A B [--genesis FINGERPRINT] [--lang en|zh]\n"
	"FILE: a bundle or head file, - for standard input, or the text of a QR code.\n"
	"FINGERPRINT: 64 hex digits, or a file that holds them (@FILE if its name has no . or /).\n"
	"Exit: 0 verified, 4 refused, 3 no such file, 2 wrong usage; evidence: 0 they contradict, "
	"1 not; 1 too if the output cannot be written.\n";

/* "NAME: text", the name as it may stand in a line. */
static void print_name(FILE *f, const char *before, const char *name, const char *text)
{
	struct buf b = BUF_INIT;
	buf_put_plain(&b, slice_str(name));
	const char *plain = buf_cstr(&b);
	fprintf(f, "%s%s:%s%s\n", before, plain ? plain : "?", *text ? " " : "", text);
	buf_fini(&b);
}

static int wrong_usage(const char *what)
{
	fprintf(stderr, "argosy-verify: %s\n%s", what, usage);
	return EXIT_USAGE;
}

/* Appends the whole of a stream; false if it is longer than any proof. */
static bool read_stream(struct buf *out, FILE *f)
{
	uint8_t chunk[65536];
	size_t n;
	while ((n = fread(chunk, 1, sizeof chunk, f)) > 0) {
		buf_put(out, chunk, n);
		if (out->n > VERIFY_TEXT_MAX)
			return false;
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
	if (!f) {
		print_name(stderr, "argosy-verify: ", name, strerror(errno));
		return EXIT_NO_FILE;
	}
	bool good = read_stream(out, f);
	if (!standard)
		fclose(f);
	if (!good) {
		print_name(stderr, "argosy-verify: ", name, "cannot be read, or is too long");
		return EXIT_NO_FILE;
	}
	return 0;
}

static bool parse(struct options *o, int argc, char **argv, const char **why)
{
	for (int i = 1; i < argc; i++) {
		const char *a = argv[i];
		bool takes = strcmp(a, "--genesis") == 0 || strcmp(a, "--head") == 0 ||
			     strcmp(a, "--lang") == 0;
		if (takes && ++i == argc) {
			*why = "an option lacks its value";
			return false;
		}
		if (strcmp(a, "--genesis") == 0)
			o->genesis = argv[i];
		else if (strcmp(a, "--head") == 0)
			o->head = argv[i];
		else if (strcmp(a, "--json") == 0)
			o->json = true;
		else if (strcmp(a, "--lang") == 0)
			o->zh = strncmp(argv[i], "zh", 2) == 0;
		else if (a[0] == '-' && a[1]) {
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

static struct verify_result *check(const char *name, const struct verify_options *vo, int *status)
{
	struct buf b = BUF_INIT;
	struct verify_result *r = NULL;
	*status = read_input(&b, name);
	if (!*status) {
		r = verify_bundle(b.p ? b.p : (const uint8_t *)"", b.n, vo);
		if (!r) {
			fprintf(stderr, "argosy-verify: out of memory\n");
			*status = EXIT_REFUSED;
		}
	}
	buf_fini(&b);
	return r;
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
		char *words = verify_words(r, o->json ? VERIFY_JSON
					      : o->zh ? VERIFY_ZH
						      : VERIFY_EN);
		if (o->n_files > 1 && !o->json)
			print_name(stdout, i ? "\n" : "", o->files[i], "");
		fputs(words ? words : "out of memory\n", stdout);
		if (r->reason != VERIFY_OK && worst == EXIT_GOOD)
			worst = EXIT_REFUSED;
		free(words);
		verify_free(r);
	}
	return worst;
}

static int run_evidence(const struct options *o, const struct verify_options *vo)
{
	int status;
	char words[2000];
	struct verify_result *a = check(o->files[0], vo, &status), *b = NULL;
	if (a)
		b = check(o->files[1], vo, &status);
	if (b) {
		enum verify_conflict c = verify_conflict(words, sizeof words, a, b, o->zh);
		static const char *const names[] = {"none", "unknown", "header", "log", "history"};
		if (o->json)
			printf("{\"conflict\":\"%s\"}\n", names[c]);
		else
			printf("%s\n", words);
		status = c == CONFLICT_NONE	 ? EXIT_NONE
			 : c == CONFLICT_UNKNOWN ? EXIT_REFUSED
						 : EXIT_GOOD;
	}
	verify_free(a);
	verify_free(b);
	return status;
}

/* A verdict that did not arrive is none. */
static int written(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fprintf(stderr, "argosy-verify: cannot write: %s\n", strerror(errno));
	return status == EXIT_GOOD ? EXIT_NONE : status;
}

int main(int argc, char **argv)
{
	const char *lang = getenv("LANG");
	struct options o = {.zh = lang && strncmp(lang, "zh", 2) == 0};
	const char *why = NULL;
	uint8_t fingerprint[32];
	struct verify_options vo = {0};
	struct buf head = BUF_INIT;
	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		fputs(usage, stdout);
		return written(EXIT_GOOD);
	}
	if (!parse(&o, argc, argv, &why))
		return wrong_usage(why);
	if (o.n_files == 0 || (o.evidence && o.n_files != 2))
		return wrong_usage(o.evidence ? "evidence takes two files" : "no file");
	if (!o.genesis && !o.evidence)
		return wrong_usage("--genesis is needed: without it nothing is proven");
	if (sodium_init() < 0) {
		fprintf(stderr, "argosy-verify: libsodium does not start\n");
		return EXIT_REFUSED;
	}
	int status = o.genesis ? read_fingerprint(fingerprint, o.genesis) : 0;
	if (!status && o.head)
		status = read_input(&head, o.head);
	if (!status) {
		vo.fingerprint = o.genesis ? fingerprint : NULL;
		vo.head = head.p;
		vo.head_n = head.n;
		status = o.evidence ? run_evidence(&o, &vo) : run_verify(&o, &vo);
	}
	buf_fini(&head);
	return written(status);
}
