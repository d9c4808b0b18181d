/*
 * Our own events in tests/event-hash, with the hashes that GS1's reference
 * implementation gives them (table.tsv, made by tools/event-hash-reference.py).
 * Where we differ the table says why, and has our hash too, so that neither
 * changes unseen. docs/format/event-hash.md explains the reasons.
 */
#include "base/bytes.h"
#include "data/epcis.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define FOLDER "tests/event-hash/"

struct row {
	char file[40], reference[65], ours[65], why[16];
	unsigned event;
};

static bool next_row(FILE *table, struct row *r)
{
	char line[256];
	if (!fgets(line, sizeof line, table))
		return false;
	if (sscanf(line, "%39s\t%u\t%64s\t%64s\t%15s", r->file, &r->event, r->reference, r->ours,
		   r->why) != 5)
		fail_msg("not a row: %s", line);
	return true;
}

static struct event_doc read_file(struct arena *a, const char *name)
{
	struct event_doc doc;
	struct event_issue issue;
	struct buf text = BUF_INIT;
	size_t n = 0;
	char path[100], block[4096];
	snprintf(path, sizeof path, FOLDER "%s", name);
	FILE *f = fopen(path, "rb");
	if (!f)
		fail_msg("%s: cannot be opened", path);
	for (size_t k; (k = fread(block, 1, sizeof block, f)) > 0;)
		buf_put(&text, block, k);
	fclose(f);
	struct slice kept = slice(arena_copy(a, text.p, text.n), text.n);
	buf_fini(&text);
	if (epcis_read(a, &doc, &issue, 1, &n, kept) != ERR_OK)
		fail_msg("%s: %s", path, n ? issue.text : "refused");
	return doc;
}

static void hex_of(char out[static 65], const event_t *e)
{
	struct hash h;
	assert_int_equal(event_hash(&h, NULL, e, NULL), ERR_OK);
	hex_encode(out, h.b, 32);
	out[64] = 0;
}

/* What is exported of an event is the same event. */
static void check_export(const char *file, const event_t *e, const char *hash)
{
	struct arena *a = arena_new(0);
	struct event_doc doc;
	struct event_issue issue;
	struct buf out = BUF_INIT;
	size_t n = 0;
	char again[65];
	assert_int_equal(epcis_write_event(&out, e, 0), ERR_OK);
	if (epcis_read(a, &doc, &issue, 1, &n, buf_slice(&out)) != ERR_OK)
		fail_msg("%s: what is written of it is refused: %s", file, n ? issue.text : "");
	hex_of(again, doc.events[0]);
	if (strcmp(again, hash) != 0)
		fail_msg("%s: what is written of it has another hash", file);
	buf_fini(&out);
	arena_free(a);
}

static void vectors(void **state)
{
	struct arena *a = arena_new(0);
	struct event_doc doc = {0};
	struct row r, before = {.file = ""};
	size_t rows = 0, same = 0;
	FILE *table = fopen(FOLDER "table.tsv", "r");
	(void)state;
	assert_non_null(table);
	for (; next_row(table, &r); rows++, before = r) {
		char hash[65];
		if (strcmp(before.file, r.file) != 0) {
			assert_int_equal(rows ? before.event + 1 : doc.n_events, doc.n_events);
			assert_int_equal(r.event, 0);
			doc = read_file(a, r.file);
		} else {
			assert_int_equal(r.event, before.event + 1);
		}
		bool equal = strcmp(r.ours, "=") == 0;
		assert_true(r.event < doc.n_events);
		hex_of(hash, doc.events[r.event]);
		if (strcmp(hash, equal ? r.reference : r.ours) != 0)
			fail_msg("%s, event %u: the hash is %s", r.file, r.event, hash);
		assert_int_equal(strcmp(r.why, "same") == 0, equal);
		assert_int_equal(strcmp(hash, r.reference) == 0, equal);
		check_export(r.file, doc.events[r.event], hash);
		same += equal;
	}
	fclose(table);
	assert_int_equal(before.event + 1, doc.n_events);
	print_message("%zu events, %zu as the reference has them\n", rows, same);
	assert_true(rows >= 90 && same >= 72);
	arena_free(a);
}

/* The files NAME.jsonld and NAME.xml tell the same events, where both have them. */
static void twins(void **state)
{
	static const char *const names[] = {"object", "kinds", "sensors", "extensions", "ignored"};
	static const size_t common[] = {6, 9, 6, 5, 2};
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct arena *a = arena_new(0);
		char x[65], j[65];
		struct event_doc json = read_file(a, arena_printf(a, "%s.jsonld", names[i])),
				 xml = read_file(a, arena_printf(a, "%s.xml", names[i]));
		for (size_t k = 0; k < common[i]; k++) {
			hex_of(j, json.events[k]);
			hex_of(x, xml.events[k]);
			if (strcmp(x, j) != 0)
				fail_msg("%s, event %zu: two hashes in two syntaxes", names[i], k);
		}
		arena_free(a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors),
		cmocka_unit_test(twins),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
