/*
 * ignoreFields: a document, the answer of a query, or an event may name fields
 * that the event hash leaves out. Each event carries the names as
 * "{namespace}local", so that its hash can be made from it alone.
 */
#include "data/epcis_json.h"

typedef Argosy__V1__Node node_t;

const char epcis_ignore_ns[] = "https://repository-x.example.com/";

bool epcis_is_ignore(const node_t *n)
{
	return strcmp(n->name, "ignoreFields") == 0 && strcmp(n->ns, epcis_ignore_ns) == 0;
}

struct names {
	char **v;
	size_t n;
};

/* "example:captureID" as "{https://ns.example.com/epcis/}captureID"; else as given. */
static char *whole_name(struct epcis_reader *r, struct slice name)
{
	node_t n = ARGOSY__V1__NODE__INIT;
	struct json_value v = {.kind = JSON_STRING, .name = name, .line = 0};
	size_t before = r->faults, max = r->issues_max;
	r->issues_max = 0; /* a name that is not declared is no fault here */
	bool split = memchr(name.p, ':', name.n) && context_name(r, &v, &n, false);
	r->issues_max = max;
	r->faults = before;
	char *s = split && !r->nomem ? arena_printf(r->a, "{%s}%s", n.ns, n.name)
				     : epcis_copy(r, name);
	r->nomem |= !s;
	return s;
}

static bool add(struct epcis_reader *r, const struct json_value *at, struct names *to, char *name)
{
	if (!to->v && !(to->v = epcis_alloc(r, EVENT_IGNORED_MAX * sizeof *to->v)))
		return false;
	for (size_t i = 0; i < to->n; i++)
		if (strcmp(to->v[i], name) == 0)
			return true;
	if (to->n == EVENT_IGNORED_MAX)
		return epcis_bad(r, at, "ignoreFields names more than %d fields",
				 EVENT_IGNORED_MAX);
	to->v[to->n++] = name;
	return true;
}

static bool add_node(struct epcis_reader *r, const struct json_value *at, struct names *to,
		     const node_t *n)
{
	bool array = n->kind == ARGOSY__V1__NODE_KIND__NODE_KIND_ARRAY;
	for (size_t i = 0; i < (array ? n->n_children : 1); i++) {
		const node_t *c = array ? n->children[i] : n;
		if (c->kind != ARGOSY__V1__NODE_KIND__NODE_KIND_STRING || !*c->text)
			return epcis_bad(r, at, "ignoreFields must be names of fields");
		char *name = whole_name(r, slice_str(c->text));
		if (!name || !add(r, at, to, name))
			return false;
	}
	return true;
}

bool epcis_ignore_own(struct epcis_reader *r, const struct json_value *m, const node_t *n,
		      event_t *e)
{
	struct names own = {NULL, 0};
	bool ok = add_node(r, m, &own, n);
	e->ignore_fields = own.v;
	e->n_ignore_fields = own.n;
	return ok;
}

/* What a body held beside the events. */
static bool is_body(const node_t *n)
{
	return !*n->ns && (strcmp(n->name, "epcisBody") == 0 || strcmp(n->name, "queryResults") == 0 ||
			   strcmp(n->name, "resultsBody") == 0);
}

size_t epcis_ignored_in(size_t n, node_t *const *members)
{
	size_t sum = 0;
	for (size_t i = 0; i < n; i++) {
		bool array = members[i]->kind == ARGOSY__V1__NODE_KIND__NODE_KIND_ARRAY;
		if (epcis_is_ignore(members[i]))
			sum += array ? members[i]->n_children : 1;
		else if (is_body(members[i]))
			sum += epcis_ignored_in(members[i]->n_children, members[i]->children);
	}
	return sum;
}

static bool find(struct epcis_reader *r, const struct json_value *at, struct names *to, size_t n,
		 node_t *const *members)
{
	bool ok = true;
	for (size_t i = 0; i < n; i++) {
		if (epcis_is_ignore(members[i]))
			ok = add_node(r, at, to, members[i]) && ok;
		else if (is_body(members[i]))
			ok = find(r, at, to, members[i]->n_children, members[i]->children) && ok;
	}
	return ok;
}

void epcis_ignore_spread(struct epcis_reader *r, const struct json_value *v,
			 const struct event_doc *doc)
{
	struct names all = {NULL, 0};
	if (!find(r, v, &all, doc->head->n_members, doc->head->members) || !all.n)
		return;
	for (size_t i = 0; i < doc->n_events; i++) {
		event_t *e = doc->events[i];
		struct names both = {NULL, 0};
		if (!e)
			continue;
		for (size_t k = 0; e->n_ignore_fields && k < e->n_ignore_fields + all.n; k++)
			if (!add(r, v, &both,
				 k < all.n ? all.v[k] : e->ignore_fields[k - all.n]))
				return;
		e->ignore_fields = both.n ? both.v : all.v;
		e->n_ignore_fields = both.n ? both.n : all.n;
	}
}
