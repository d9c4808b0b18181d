/*
 * Any bytes: a document is refused, with an issue, or accepted; then each
 * event passes event_check after a way through protobuf, and what is written
 * is read back as the same events.
 */
#include "data/epcis.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct buf pack(const ProtobufCMessage *m)
{
	struct buf b = BUF_INIT;
	size_t n = protobuf_c_message_get_packed_size(m);
	bug_if(!buf_reserve(&b, n + 1));
	b.n = protobuf_c_message_pack(m, b.p);
	return b;
}

static void must_equal(const ProtobufCMessage *a, const ProtobufCMessage *b)
{
	struct buf x = pack(a), y = pack(b);
	bug_if(!slice_eq(buf_slice(&x), buf_slice(&y)));
	buf_fini(&x);
	buf_fini(&y);
}

static void read_again(struct event_doc *doc, struct arena *a, const struct buf *text)
{
	struct event_issue issue;
	size_t issues;
	bug_if(epcis_read_json(a, doc, &issue, 1, &issues, buf_slice(text)) != ERR_OK);
}

static void check_event(event_t *e)
{
	struct event_issue issue;
	struct event_doc doc;
	struct buf p = pack(&e->base), out = BUF_INIT;
	event_t *u = argosy__v1__event__unpack(NULL, p.n, p.p);
	bug_if(!u || !event_check(u, &issue));
	must_equal(&e->base, &u->base);
	bug_if(epcis_write_event(&out, u, 0) != ERR_OK);
	struct arena *a = arena_new(0);
	bug_if(!a);
	read_again(&doc, a, &out);
	bug_if(doc.n_events != 1);
	doc.events[0]->n_ignore_fields = e->n_ignore_fields; /* a matter of the document */
	doc.events[0]->ignore_fields = e->ignore_fields;
	must_equal(&e->base, &doc.events[0]->base);
	arena_free(a);
	argosy__v1__event__free_unpacked(u, NULL);
	buf_fini(&out);
	buf_fini(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct event_issue issues[4];
	struct event_doc doc, again;
	size_t n;
	struct arena *a = arena_new(0);
	bug_if(!a);
	enum err e = epcis_read_json(a, &doc, issues, 4, &n, slice(data, size));
	bug_if(e != ERR_OK && e != ERR_FORMAT && e != ERR_LIMIT);
	bug_if((e == ERR_OK) != (n == 0));
	for (size_t i = 0; i < n; i++) {
		bug_if(!issues[i].text[0]);
		bug_if(!utf8_valid(slice_str(issues[i].text)) ||
		       !utf8_valid(slice_str(issues[i].pointer)));
	}
	if (e == ERR_OK) {
		struct buf out = BUF_INIT;
		for (size_t i = 0; i < doc.n_events; i++)
			check_event(doc.events[i]);
		bug_if(epcis_write_doc(&out, &doc, size & 1 ? 2 : 0) != ERR_OK);
		read_again(&again, a, &out);
		again.head->source_hash = doc.head->source_hash;
		must_equal(&doc.head->base, &again.head->base);
		bug_if(doc.n_events != again.n_events);
		for (size_t i = 0; i < doc.n_events; i++)
			must_equal(&doc.events[i]->base, &again.events[i]->base);
		buf_fini(&out);
	}
	arena_free(a);
	return 0;
}
