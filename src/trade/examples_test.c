/*
 * GS1's own EPCIS 2.0 examples, told to the chain by one member who knows
 * nothing of the goods: all are taken in, but for those that are no EPCIS.
 */
#include "trade/fixture.h"

#include "data/epcis.h"

#include <ftw.h>
#include <unistd.h>

#define EXAMPLES "../shared/data/epcis/gs1/"

static unsigned files, events, refused_files, refused_events, conflicts, same;
static bool apart; /* each file on a chain of its own */

static bool file_read(struct buf *b, const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t part[65536];
	if (!f)
		return false;
	for (size_t n; (n = fread(part, 1, sizeof part, f)) > 0;)
		buf_put(b, part, n);
	fclose(f);
	return true;
}

static void tell(const char *path, size_t i, event_t *e)
{
	action_t *a = fx_action(ARGOSY__V1__ACTION__ACT_EVENT);
	a->event = e;
	enum verdict v = fx_do("eve", a);
	events++;
	if ((v == VERDICT_EVENT_CONFLICT || v == VERDICT_EXISTS) && !apart) {
		conflicts++;
	} else if (v != VERDICT_OK) {
		refused_events++;
		print_message("%s, event %zu: %s %s %s\n", path + sizeof EXAMPLES - 1, i,
			      verdict_name(v), fx.text.field, fx.text.text);
	}
	same += v == VERDICT_OK && fx.records == 0;
}

static int each(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	const char *dot = strrchr(path, '.');
	if (kind != FTW_F || !dot ||
	    (strcmp(dot, ".jsonld") && strcmp(dot, ".json") && strcmp(dot, ".xml")))
		return 0;
	struct buf text = BUF_INIT;
	struct event_doc doc = {0};
	struct event_issue issues[4];
	size_t n = 0;
	struct arena *a = arena_new(0);
	assert_true(file_read(&text, path));
	files++;
	if (epcis_read(a, &doc, issues, 4, &n, buf_slice(&text)) != ERR_OK)
		refused_files++;
	else
		for (size_t i = 0; i < doc.n_events; i++) {
			if (apart && i == 0) {
				fx_close();
				fx_open();
			}
			tell(path, i, doc.events[i]);
		}
	buf_fini(&text);
	arena_free(a);
	return 0;
}

static void all_are_taken_in(void **state)
{
	(void)state;
	static const char *const folders[] = {"JSON", "JSON-simple-context", "XML"};
	if (access(EXAMPLES, R_OK) != 0) {
		print_message("SKIP: %s is not here\n", EXAMPLES);
		return;
	}
	for (size_t i = 0; i < 2 * sizeof folders / sizeof *folders; i++) {
		char path[200];
		snprintf(path, sizeof path, EXAMPLES "%s", folders[i / 2]);
		apart = i % 2;
		fx_open();
		assert_int_equal(nftw(path, each, 16, 0), 0);
		fx_close();
	}
	print_message("%u files, %u of them refused; %u events, %u refused, %u known already, %u "
		      "with the eventID of another or declared in error before\n",
		      files, refused_files, events, refused_events, same, conflicts);
	assert_int_equal(refused_events, 0);
	assert_true(conflicts <= 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(all_are_taken_in)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
