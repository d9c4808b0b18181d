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
	jsonw_str(w, "kind", protojson_act_name(r.kind));
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

/*
 * A page of records: from <= index < to. `kinds=event` (the default) gives
 * events and the heads of documents, `kinds=all` every act. next_cursor is the
 * `from` of the next page; absent after the last record there was.
 */
void api_events(struct api_call *c)
{
	struct ledger_head head;
	ledger_head(c->ledger, &head);
	uint64_t from, to, limit;
	if (!api_param_number(c, &from, "from", 0, 0, UINT64_MAX) ||
	    !api_param_number(c, &from, "cursor", from, 0, UINT64_MAX) ||
	    !api_param_number(c, &to, "to", head.log_size, 0, UINT64_MAX) ||
	    !api_param_number(c, &limit, "limit", PAGE_DEFAULT, 1, PAGE_MAX))
		return;
	bool found;
	bool all = slice_eq_str(api_param(c, "kinds", &found), "all");
	if (to > head.log_size)
		to = head.log_size;
	struct arena *a = arena_new(0);
	struct buf bytes = BUF_INIT;
	struct jsonw w = api_json(c);
	enum err e = a ? ERR_OK : ERR_NOMEM;
	jsonw_object(&w, NULL);
	jsonw_array(&w, "records");
	uint64_t index = from, given = 0;
	/* The kind stands near the beginning of a record; reading it decodes little. */
	for (; e == ERR_OK && index < to && given < limit && w.out->n < PAGE_BYTES; index++) {
		struct record r;
		arena_reset(a);
		buf_clear(&bytes);
		e = ledger_read_record(c->ledger, &bytes, index);
		if (e == ERR_OK)
			e = record_decode(&r, a, buf_slice(&bytes));
		if (e != ERR_OK || (!all && r.kind != ACT_EVENT && r.kind != ACT_DOCUMENT))
			continue;
		given++;
		e = record_write(&w, a, index, buf_slice(&bytes), false);
	}
	jsonw_array_end(&w);
	jsonw_u64(&w, "to", to);
	if (index < to)
		jsonw_u64(&w, "next_cursor", index);
	jsonw_object_end(&w);
	buf_put_u8(w.out, '\n');
	buf_fini(&bytes);
	arena_free(a);
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
		struct event_doc doc = {top->document, events, n};
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
