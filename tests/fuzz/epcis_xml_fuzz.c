/*
 * EPCIS XML from outside: whatever comes in, the reader says yes or no. What
 * it accepts obeys event_check, has a hash, keeps it through the ledger's own
 * encoding, and what it refuses comes with a place or a reason.
 */
#include "data/epcis.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_event(const event_t *e)
{
	struct hash one, two;
	struct event_issue issue;
	bug_if(!event_check(e, &issue));
	if (event_hash(&one, NULL, e, NULL) != ERR_OK)
		return;
	size_t n = argosy__v1__event__get_packed_size(e);
	uint8_t *packed = malloc(n ? n : 1);
	if (!packed)
		return;
	bug_if(argosy__v1__event__pack(e, packed) != n);
	event_t *again = argosy__v1__event__unpack(NULL, n, packed);
	free(packed);
	bug_if(!again);
	bug_if(!event_check(again, &issue));
	bug_if(event_hash(&two, NULL, again, NULL) != ERR_OK || !hash_eq(&one, &two));
	argosy__v1__event__free_unpacked(again, NULL);
}

static void check_issue(const struct event_issue *issue, const struct event_doc *doc)
{
	bug_if(!issue->text[0]);
	bug_if(!utf8_valid(slice_str(issue->text)) || !utf8_valid(slice_str(issue->pointer)));
	bug_if(issue->event != SIZE_MAX && issue->event >= doc->n_events);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct event_doc doc;
	struct event_issue issues[4];
	size_t n = 0;
	struct arena *a = arena_new(64 << 20);
	if (!a)
		return 0;
	enum err err = epcis_read_xml(a, &doc, issues, 4, &n, slice(data, size));
	bug_if(err == ERR_FORMAT && n == 0);
	bug_if(err == ERR_OK && (n != 0 || !doc.head));
	bug_if(n > 4);
	for (size_t i = 0; i < n; i++)
		check_issue(&issues[i], &doc);
	for (size_t i = 0; i < doc.n_events; i++) {
		bug_if(err == ERR_OK && !doc.events[i]);
		if (doc.events[i])
			check_event(doc.events[i]);
	}
	arena_free(a);
	return 0;
}
