/*
 * argosy-verify at the door: it judges every vector of tests/vectors as the tables say, from
 * files, with the options as a reader gives them.
 */
#include "program.h"

#include <setjmp.h>
#include <cmocka.h>

#define DIR "tests/vectors/"

static char nothing[1];

/* The next column of a row; empty where the row ends. */
static char *column(char **row)
{
	char *at = *row ? *row : nothing, *tab = strchr(at, '\t');
	*row = tab ? tab + 1 : NULL;
	if (tab)
		*tab = 0;
	return at;
}

static char *line(char **text)
{
	char *at = *text, *end = at && *at ? strchr(at, '\n') : NULL;
	if (!end)
		return NULL;
	*end = 0;
	*text = end + 1;
	return at;
}

/* "head=FILE witness=KEY witness=KEY" as arguments, up to three. */
static size_t options(const char *argv[static 6], char *text, char *path)
{
	size_t n = 0;
	for (char *o = strtok(text, " "); o && n < 6; o = strtok(NULL, " ")) {
		if (strncmp(o, "head=", 5) == 0) {
			snprintf(path, 300, DIR "%s", o + 5);
			argv[n++] = "--head";
			argv[n++] = path;
		} else if (strncmp(o, "witness=", 8) == 0) {
			argv[n++] = "--witness";
			argv[n++] = o + 8;
		}
	}
	return n;
}

static void vectors(void **s)
{
	(void)s;
	char *text = program_text(DIR "table.tsv"), *at = text, *row;
	unsigned rows = 0;
	assert_non_null(line(&at)); /* headings */
	while ((row = line(&at))) {
		char file[300], held[300], want[80];
		const char *o[6] = {NULL};
		snprintf(file, sizeof file, DIR "%s", column(&row));
		const char *reason = column(&row), *fingerprint = column(&row);
		options(o, column(&row), held);
		snprintf(want, sizeof want, "\"reason\":\"%s\"", reason);
		struct program_result r =
			program_run("argosy-verify", file, "--genesis", fingerprint, "--json", o[0],
				    o[1], o[2], o[3], o[4], o[5], NULL);
		if (!strstr(r.out, want))
			print_error("%s: not %s\n%s\n%s\n", file, reason, r.out, r.err);
		assert_non_null(strstr(r.out, want));
		assert_int_equal(r.code, strcmp(reason, "ok") == 0 ? 0 : 4);
		program_free(&r);
		rows++;
	}
	assert_true(rows > 80);
	free(text);
}

static void evidence(void **s)
{
	(void)s;
	char *text = program_text(DIR "evidence.tsv"), *at = text, *row;
	unsigned rows = 0;
	assert_non_null(line(&at));
	while ((row = line(&at))) {
		char a[300], b[300], want[80];
		snprintf(a, sizeof a, DIR "%s", column(&row));
		snprintf(b, sizeof b, DIR "%s", column(&row));
		const char *conflict = column(&row);
		int code = strcmp(conflict, "none") == 0      ? 1
			   : strcmp(conflict, "unknown") == 0 ? 4
			   : strcmp(conflict, "resumed") == 0 ? 5
							      : 0;
		snprintf(want, sizeof want, "{\"conflict\":\"%s\"", conflict);
		struct program_result r = program_run("argosy-verify", "evidence", a, b, "--json", NULL);
		if (strncmp(r.out, want, strlen(want)) != 0)
			print_error("%s, %s: %s\n", a, b, r.out);
		assert_memory_equal(r.out, want, strlen(want));
		assert_int_equal(r.code, code);
		program_free(&r);
		rows++;
	}
	assert_true(rows > 10);
	free(text);
}

/* A witness counts by his key, by a list of keys, or by a head file that the reader trusts. */
static void named(void **s)
{
	(void)s;
	char *text = program_text(DIR "table.tsv"), *row = strstr(text, "\naccept/witnesses\t") + 1;
	*strchr(row, '\n') = 0;
	column(&row);
	column(&row);
	const char *fingerprint = column(&row), *key = column(&row) + strlen("witness=");
	char one[65], list[300];
	snprintf(one, sizeof one, "%s", key);
	snprintf(list, sizeof list, "# partners\n\n%s Yangshan Cold\n%s\n", one, one);
	const char *file = DIR "accept/witnesses", *counts = "Witnessed by the key that you named";
	char at[310];
	snprintf(at, sizeof at, "@%s", program_file("keys", list));
	const char *const ways[] = {one, at, file};
	struct program_result r = program_run("argosy-verify", file, "--genesis", fingerprint, NULL);
	assert_true(r.code == 0 && !strstr(r.out, counts));
	assert_non_null(strstr(r.out, "anybody can sign as a witness"));
	program_free(&r);
	for (size_t i = 0; i < 3; i++) {
		r = program_run("argosy-verify", file, "--genesis", fingerprint, "--witness", ways[i],
				NULL);
		assert_int_equal(r.code, 0);
		assert_non_null(strstr(r.out, counts));
		assert_non_null(strstr(r.out, "kept no second, different history"));
		program_free(&r);
	}
	/* A list that is none; a head of another chain; a file that is not there. */
	snprintf(at, sizeof at, "@%s", program_file("bad", "no key\n"));
	const struct {
		const char *way;
		int code;
	} bad[] = {{at, 2}, {"12ab", 3}, {DIR "accept/four", 2}, {"@/none", 3}};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		r = program_run("argosy-verify", file, "--genesis", fingerprint, "--witness",
				bad[i].way, NULL);
		assert_int_equal(r.code, bad[i].code);
		program_free(&r);
	}
	free(text);
}

int main(void)
{
	program_begin();
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors),
		cmocka_unit_test(evidence),
		cmocka_unit_test(named),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	program_end();
	return failed;
}
