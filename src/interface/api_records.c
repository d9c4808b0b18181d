/*
 * What was recorded: single records, the stream of all, documents as they came.
 */
#include "interface/api_inner.h"

#include "crypto/sha256.h"
#include "data/codes.h"
#include "data/epcis.h"
#include "interface/protojson.h"
#include "trade/subject.h"

#include "argosy/v1/action.pb-c.h"

#include <inttypes.h>
#include <stdio.h>

enum {
	PAGE_DEFAULT = 100,
	PAGE_MAX = 1000,
	PAGE_BYTES = 16 << 20, /* a page ends early when it has grown so large */
	ACT_EVENT = 1,
	ACT_DOCUMENT = 2,
};

static const char *role_name(enum subject_role role)
{
	switch (role) {
	case ROLE_WHAT:
		return "what";
	case ROLE_PARENT:
		return "parent";
	case ROLE_CHILD:
		return "child";
	case ROLE_INPUT:
		return "input";
	case ROLE_OUTPUT:
		return "output";
	case ROLE_ABOUT:
		return "about";
	}
	return "unknown";
}

static const char *mode_name(enum record_mode mode)
{
	switch (mode) {
	case MODE_HISTORY:
		return "history";
	case MODE_CLAIM:
		return "claim";
	case MODE_UNNAMED:
		return "history_unnamed";
	case MODE_VOID:
		return "void_mark";
	case MODE_VOID_CLAIM:
		return "claim_void_mark";
	}
	return "unknown";
}

/* The act itself: an event as JSON-LD, anything else by its descriptor. */
static enum err act_write(struct jsonw *w, const struct record *r)
{
	struct buf json = BUF_INIT;
	enum err e = ERR_OK;
	Argosy__V1__Action *a = argosy__v1__action__unpack(NULL, r->action.n, r->action.p);
	if (!a)
		return ERR_CORRUPT;
	if (a->act_case == ARGOSY__V1__ACTION__ACT_EVENT) {
		e = epcis_write_event(&json, a->event, 0);
		if (e == ERR_OK)
			jsonw_raw(w, "event", buf_slice(&json));
	} else {
		protojson_write(w, "act", &a->base);
	}
	buf_fini(&json);
	argosy__v1__action__free_unpacked(a, NULL);
	return e;
}

static void subjects_write(struct jsonw *w, const struct record *r)
{
	jsonw_array(w, "subjects");
	for (size_t i = 0; i < r->n_subjects; i++) {
		const struct record_subject *s = &r->subjects[i];
		jsonw_object(w, NULL);
		jsonw_text(w, "id", s->id);
		jsonw_str(w, "role", role_name(s->role));
		jsonw_str(w, "mode", mode_name(s->mode));
		jsonw_u64(w, "number", s->number);
		if (s->prev1)
			jsonw_u64(w, "previous", s->prev1 - 1);
		if (mode_is_void(s->mode))
			jsonw_u64(w, "voids", s->voided);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
}

/* One record as a JSON object. `subjects`: with those it is about. */
static enum err record_write(struct jsonw *w, struct arena *a, uint64_t index, struct slice bytes,
			     bool subjects)
{
	struct record r;
	TRY(record_decode(&r, a, bytes));
	jsonw_object(w, NULL);
	jsonw_u64(w, "index", index);
	jsonw_u64(w, "height", r.height);
	jsonw_time(w, "recorded", r.time_ms);
	jsonw_u64(w, "tx_index", r.tx_index);
	jsonw_u64(w, "action_index", r.action_index);
	jsonw_text(w, "member", r.member);
	jsonw_hex(w, "key", slice(r.key, sizeof r.key));
	jsonw_hex(w, "tx_id", slice(r.tx_id, sizeof r.tx_id));
	jsonw_str(w, "kind", protojson_act(r.kind));
	if (r.kind == ACT_EVENT) {
		char uri[EVENT_HASH_URI_MAX];
		event_hash_uri(uri, &r.event_hash);
		jsonw_str(w, "event_hash", uri);
	}
	if (subjects)
		subjects_write(w, &r);
	TRY(act_write(w, &r));
	jsonw_object_end(w);
	return ERR_OK;
}

void api_record(struct api_call *c)
{
	uint64_t index;
	struct err_text t = {""};
	struct buf bytes = BUF_INIT;
	bool form_given;
	struct slice form = api_param(c, "form", &form_given);
	if (!api_number(&index, c->rest)) {
		api_refuse(c, 400, "bad_request", NULL, "an index is a whole number");
		return;
	}
	enum err e = ledger_read_record(c->ledger, &bytes, index);
	if (e == ERR_NOTFOUND)
		snprintf(t.text, sizeof t.text, "there is no record %llu yet",
			 (unsigned long long)index);
	if (e == ERR_OK && form_given && slice_eq_str(form, "bytes")) {
		buf_put_slice(&c->out->body, buf_slice(&bytes));
		c->out->content_type = "application/octet-stream";
	} else if (e == ERR_OK) {
		struct jsonw w = api_json(c);
		e = record_write(&w, c->arena, index, buf_slice(&bytes), true);
		buf_put_u8(w.out, '\n');
	}
	buf_fini(&bytes);
	if (e != ERR_OK)
		api_fault(c, e, &t);
	else
		c->out->cache = "public, max-age=31536000, immutable";
}

/* A line of form=lines: what an exporter needs of a record. */
static enum err line_write(struct buf *out, uint64_t index, const struct record *r)
{
	/* Events are written as they stand in a document without declarations of its own. */
	Argosy__V1__Document head = ARGOSY__V1__DOCUMENT__INIT;
	Argosy__V1__Action *a = argosy__v1__action__unpack(NULL, r->action.n, r->action.p);
	enum err e = ERR_OK;
	if (!a)
		return ERR_CORRUPT;
	head.type = (char *)(uintptr_t) "EPCISDocument";
	buf_printf(out, "{\"index\":%" PRIu64 ",", index);
	if (a->act_case == ARGOSY__V1__ACTION__ACT_EVENT) {
		buf_put_str(out, "\"event\":");
		e = epcis_write_next(out, &head, a->event, true, 0);
	} else if (a->act_case == ARGOSY__V1__ACTION__ACT_DOCUMENT) {
		buf_printf(out, "\"document\":{\"events\":%" PRIu32 "}", a->document->events);
	} else {
		buf_printf(out, "\"kind\":\"%s\"", protojson_act(r->kind));
	}
	buf_put_str(out, "}\n");
	argosy__v1__action__free_unpacked(a, NULL);
	return e;
}

/* What a page asks for, and how far it came. */
struct page {
	uint64_t from, to, limit, next;
	bool all, lines;
};

static enum err page_write(struct api_call *c, struct jsonw *w, struct page *p)
{
	struct arena *a = arena_new(0);
	struct buf bytes = BUF_INIT;
	uint64_t given = 0;
	enum err e = a ? ERR_OK : ERR_NOMEM;
	for (p->next = p->from; e == ERR_OK && p->next < p->to; p->next++) {
		struct record r;
		if (given == p->limit || w->out->n >= PAGE_BYTES)
			break;
		arena_reset(a);
		buf_clear(&bytes);
		e = ledger_read_record(c->ledger, &bytes, p->next);
		if (e == ERR_OK)
			e = record_decode(&r, a, buf_slice(&bytes));
		if (e != ERR_OK || (!p->all && r.kind != ACT_EVENT && r.kind != ACT_DOCUMENT))
			continue;
		given++;
		e = p->lines ? line_write(w->out, p->next, &r)
			     : record_write(w, a, p->next, buf_slice(&bytes), false);
	}
	buf_fini(&bytes);
	arena_free(a);
	return e;
}

/*
 * A page of records: from <= index < to. Events and the heads of documents;
 * with `kinds=all` every act. next_cursor is the `from` of the next page; absent
 * after the last record there was. `form=lines`: an object a line, for exporters,
 * the cursor in the last line.
 */
void api_events(struct api_call *c)
{
	struct ledger_head head;
	struct page p = {0};
	bool found;
	ledger_head(c->ledger, &head);
	if (!api_param_number(c, &p.from, "from", 0, 0, UINT64_MAX) ||
	    !api_param_number(c, &p.from, "cursor", p.from, 0, UINT64_MAX) ||
	    !api_param_number(c, &p.to, "to", head.log_size, 0, UINT64_MAX) ||
	    !api_param_number(c, &p.limit, "limit", PAGE_DEFAULT, 1, PAGE_MAX))
		return;
	p.all = slice_eq_str(api_param(c, "kinds", &found), "all");
	p.lines = slice_eq_str(api_param(c, "form", &found), "lines");
	if (p.to > head.log_size)
		p.to = head.log_size;
	struct jsonw w = api_json(c);
	if (!p.lines) {
		jsonw_object(&w, NULL);
		jsonw_array(&w, "records");
	} else {
		c->out->content_type = "application/x-ndjson";
	}
	enum err e = page_write(c, &w, &p);
	if (p.lines) {
		w = jsonw_of(&c->out->body);
		jsonw_object(&w, NULL);
	} else {
		jsonw_array_end(&w);
	}
	jsonw_u64(&w, "to", p.to);
	if (p.next < p.to)
		jsonw_u64(&w, "next_cursor", p.next);
	jsonw_object_end(&w);
	buf_put_u8(w.out, '\n');
	if (e != ERR_OK)
		api_fault(c, e, NULL);
}

/* ---- documents ---- */

/* An action out of a record; lives in `keep` until the end. */
static enum err action_at(struct api_call *c, uint64_t index, struct record *r,
			  Argosy__V1__Action **out)
{
	struct buf bytes = BUF_INIT;
	enum err e = ledger_read_record(c->ledger, &bytes, index);
	uint8_t *copy = e == ERR_OK ? arena_copy(c->arena, bytes.p, bytes.n) : NULL;
	size_t n = bytes.n;
	buf_fini(&bytes);
	TRY(e);
	if (!copy)
		return ERR_NOMEM;
	TRY(record_decode(r, c->arena, slice(copy, n)));
	*out = argosy__v1__action__unpack(NULL, r->action.n, r->action.p);
	return *out ? ERR_OK : ERR_CORRUPT;
}

/*
 * Importers give all transactions of one document ids with the same first 12
 * bytes (cmd/cmd_import.c), so that its events are found after its head even
 * where other members' records stand between.
 */
void api_document(struct api_call *c)
{
	uint64_t index;
	struct ledger_head head;
	struct record first, r;
	struct err_text t = {""};
	if (!api_number(&index, c->rest)) {
		api_refuse(c, 400, "bad_request", NULL, "an index is a whole number");
		return;
	}
	ledger_head(c->ledger, &head);
	Argosy__V1__Action *top = NULL;
	enum err e = action_at(c, index, &first, &top);
	if (e == ERR_OK && top->act_case != ARGOSY__V1__ACTION__ACT_DOCUMENT)
		e = err_set(&t, ERR_NOTFOUND, "record %llu is not the head of a document",
			    (unsigned long long)index);
	size_t asked = e == ERR_OK ? top->document->events : 0;
	if (asked > EVENT_DOC_EVENTS_MAX)
		asked = EVENT_DOC_EVENTS_MAX;
	Argosy__V1__Action **actions = arena_alloc(c->arena, (asked + 1) * sizeof *actions);
	event_t **events = arena_alloc(c->arena, (asked + 1) * sizeof *events);
	size_t n = 0;
	if (e == ERR_OK && (!actions || !events))
		e = ERR_NOMEM;
	for (uint64_t i = index + 1; e == ERR_OK && n < asked && i < head.log_size; i++) {
		e = action_at(c, i, &r, &actions[n]);
		if (e != ERR_OK)
			break;
		if (actions[n]->act_case == ARGOSY__V1__ACTION__ACT_EVENT &&
		    memcmp(r.tx_id, first.tx_id, 12) == 0 && slice_eq(r.member, first.member)) {
			events[n] = actions[n]->event;
			n++;
		} else {
			argosy__v1__action__free_unpacked(actions[n], NULL);
			if (r.height > first.height + 10000)
				break;
		}
	}
	if (e == ERR_OK) {
		struct event_doc doc = {.head = top->document, .events = events, .n_events = n};
		e = epcis_write_doc(&c->out->body, &doc, 2);
		c->out->content_type = "application/ld+json";
	}
	for (size_t i = 0; i < n; i++)
		argosy__v1__action__free_unpacked(actions[i], NULL);
	if (top)
		argosy__v1__action__free_unpacked(top, NULL);
	if (e != ERR_OK)
		api_fault(c, e, &t);
}
