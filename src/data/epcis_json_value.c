/*
 * Faults with their places, memory, and plain JSON values held to a type.
 */
#include "data/epcis_json.h"

#include <stdio.h>
#include <stdlib.h>

int epcis_shown(struct slice s)
{
	size_t n = s.n < 60 ? s.n : 60;
	while (n > 0 && n < s.n && (s.p[n] & 0xc0) == 0x80)
		n--;
	return (int)n;
}

const char *epcis_more(struct slice s)
{
	return s.n > 60 ? "..." : "";
}

/* Where to write the next issue, or NULL; counts it. */
struct event_issue *epcis_next_issue(struct epcis_reader *r)
{
	size_t n = r->faults++;
	if (n >= r->issues_max)
		return NULL;
	r->issues[n] = (struct event_issue){.event = r->event};
	return &r->issues[n];
}

bool epcis_bad(struct epcis_reader *r, const struct json_value *v, const char *fmt, ...)
{
	struct event_issue *i = epcis_next_issue(r);
	va_list ap;
	if (!i)
		return false;
	const struct json_value *at = r->foreign ? r->foreign : v;
	int n = 0;
	json_pointer(i->pointer, sizeof i->pointer, at);
	i->line = at->line;
	if (r->foreign) {
		char place[100];
		json_pointer(place, sizeof place, v);
		n = snprintf(i->text, sizeof i->text, "the context of \"%.*s%s\", line %u, %s: ",
			     EPCIS_SHOW(at->text), v->line, place);
	}
	va_start(ap, fmt);
	n += vsnprintf(i->text + n, sizeof i->text - (size_t)n, fmt, ap);
	text_cut(i->text, sizeof i->text, n);
	va_end(ap);
	return false;
}

void *epcis_alloc(struct epcis_reader *r, size_t n)
{
	void *p = arena_alloc(r->a, n);
	if (!p)
		r->nomem = true;
	return p;
}

char *epcis_copy(struct epcis_reader *r, struct slice s)
{
	char *p = arena_str(r->a, s);
	if (!p)
		r->nomem = true;
	return p;
}

/* ---- plain values ---- */

bool epcis_is_object(struct epcis_reader *r, const struct json_value *v)
{
	return v->kind == JSON_OBJECT || epcis_bad(r, v, "must be an object");
}

bool epcis_is_array(struct epcis_reader *r, const struct json_value *v)
{
	if (v->kind != JSON_ARRAY)
		return epcis_bad(r, v, "must be an array");
	return v->count <= EVENT_LIST_MAX ||
	       epcis_bad(r, v, "more than %d entries", EVENT_LIST_MAX);
}

/* False, with a fault, for a member whose name came before. */
bool epcis_is_first(struct epcis_reader *r, const struct json_value *m)
{
	return !m->repeated ||
	       epcis_bad(r, m, "\"%.*s%s\" is given twice", EPCIS_SHOW(m->name));
}

/* Leaves *out as it was where there is no memory: strings of a message are never NULL. */
static bool put_copy(struct epcis_reader *r, const struct json_value *v, char **out)
{
	char *s = epcis_copy(r, v->text);
	if (s)
		*out = s;
	return s != NULL;
}

bool epcis_read_string(struct epcis_reader *r, const struct json_value *v, char **out)
{
	if (v->kind != JSON_STRING)
		return epcis_bad(r, v, "must be a string");
	if (v->text.n > EVENT_STRING_MAX)
		return epcis_bad(r, v, "longer than %d bytes", EVENT_STRING_MAX);
	if (!v->text.n)
		return epcis_bad(r, v, "must not be empty");
	context_use_value(r, v->text);
	return put_copy(r, v, out);
}

bool epcis_read_number(struct epcis_reader *r, const struct json_value *v, char **out)
{
	if (v->kind != JSON_NUMBER)
		return epcis_bad(r, v, "must be a number");
	if (v->text.n > EVENT_STRING_MAX)
		return epcis_bad(r, v, "longer than %d bytes", EVENT_STRING_MAX);
	return put_copy(r, v, out);
}

bool epcis_read_bool(struct epcis_reader *r, const struct json_value *v, char **out)
{
	if (v->kind != JSON_BOOL)
		return epcis_bad(r, v, "must be true or false");
	return put_copy(r, v, out);
}

bool epcis_read_strings(struct epcis_reader *r, const struct json_value *v, size_t *n, char ***list)
{
	bool ok = true;
	if (!epcis_is_array(r, v))
		return false;
	*list = epcis_alloc(r, v->count * sizeof **list);
	if (!*list)
		return false;
	for (const struct json_value *m = v->first; m; m = m->next) {
		if (epcis_read_string(r, m, &(*list)[*n]))
			++*n;
		else
			ok = false;
	}
	return ok;
}

static int by_text(const void *a, const void *b)
{
	const struct json_value *x = *(struct json_value *const *)a,
				*y = *(struct json_value *const *)b;
	int c = slice_cmp(x->text, y->text);
	return c ? c : x->line < y->line ? -1 : x->line > y->line;
}

/* JSON schema: uniqueItems. */
bool epcis_check_unique(struct epcis_reader *r, const struct json_value *v)
{
	size_t n = 0;
	if (v->count < 2)
		return true;
	struct json_value **list = arena_alloc(r->tmp, v->count * sizeof *list);
	if (!list) {
		r->nomem = true;
		return false;
	}
	for (struct json_value *m = v->first; m; m = m->next)
		list[n++] = m;
	qsort(list, n, sizeof *list, by_text);
	for (size_t i = 1; i < n; i++)
		if (slice_eq(list[i - 1]->text, list[i]->text))
			return epcis_bad(r, list[i], "\"%.*s%s\" is given twice",
					 EPCIS_SHOW(list[i]->text));
	return true;
}

bool epcis_is_id(const struct epcis_reader *r, struct slice name)
{
	const struct context_entry *e;
	return slice_eq_str(name, "id") || slice_eq_str(name, "@id") ||
	       ((e = context_find(r->context, name)) && e->uri && strcmp(e->uri, "@id") == 0);
}

bool epcis_is_type(const struct epcis_reader *r, struct slice name)
{
	const struct context_entry *e;
	return slice_eq_str(name, "type") || slice_eq_str(name, "@type") ||
	       ((e = context_find(r->context, name)) && e->uri && strcmp(e->uri, "@type") == 0);
}
