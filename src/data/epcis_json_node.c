/*
 * Extension fields: any JSON value as a tree of namespaced names.
 */
#include "data/epcis_json.h"

Argosy__V1__Node *epcis_new_node(struct epcis_reader *r)
{
	Argosy__V1__Node *n = epcis_alloc(r, sizeof *n);
	if (n)
		argosy__v1__node__init(n);
	return n;
}

static bool read_children(struct epcis_reader *r, const struct json_value *v, Argosy__V1__Node *n,
			  enum node_names names)
{
	bool ok = true;
	if (v->count > EVENT_LIST_MAX)
		return epcis_bad(r, v, "more than %d entries", EVENT_LIST_MAX);
	n->children = epcis_alloc(r, v->count * sizeof(void *));
	if (!n->children)
		return false;
	for (const struct json_value *m = v->first; m; m = m->next) {
		Argosy__V1__Node *k = epcis_new_node(r);
		if (!k)
			return false;
		if (v->kind == JSON_OBJECT) {
			if (slice_eq_str(m->name, "@context"))
				continue; /* read before */
			if (m->repeated) {
				ok = epcis_bad(r, m, "\"%.*s%s\" is given twice",
					       EPCIS_SHOW(m->name));
				continue;
			}
			if (names == NAMES_LOOSE && !memchr(m->name.p, ':', m->name.n) &&
			    local_name_valid(m->name)) {
				k->name = epcis_copy(r, m->name);
			} else if (!context_name(r, m, k, true)) {
				ok = false;
				continue;
			}
		}
		ok = epcis_read_node(r, m, k, names) && ok;
		n->children[n->n_children++] = k;
	}
	return ok && !r->nomem;
}

bool epcis_read_node(struct epcis_reader *r, const struct json_value *v, Argosy__V1__Node *n,
		     enum node_names names)
{
	static const Argosy__V1__NodeKind kinds[] = {
		[JSON_NULL] = ARGOSY__V1__NODE_KIND__NODE_KIND_NULL,
		[JSON_BOOL] = ARGOSY__V1__NODE_KIND__NODE_KIND_BOOL,
		[JSON_NUMBER] = ARGOSY__V1__NODE_KIND__NODE_KIND_NUMBER,
		[JSON_STRING] = ARGOSY__V1__NODE_KIND__NODE_KIND_STRING,
		[JSON_ARRAY] = ARGOSY__V1__NODE_KIND__NODE_KIND_ARRAY,
		[JSON_OBJECT] = ARGOSY__V1__NODE_KIND__NODE_KIND_OBJECT,
	};
	const struct context *outer = r->context;
	const struct json_value *inner = json_get(v, "@context");
	bool ok;
	n->kind = kinds[v->kind];
	switch (v->kind) {
	case JSON_NULL:
		return true;
	case JSON_BOOL:
	case JSON_NUMBER:
	case JSON_STRING:
		if (v->text.n > EVENT_STRING_MAX)
			return epcis_bad(r, v, "longer than %d bytes", EVENT_STRING_MAX);
		if (v->text.n)
			n->text = epcis_copy(r, v->text);
		if (v->kind == JSON_STRING)
			context_use_value(r, v->text);
		return !r->nomem;
	case JSON_ARRAY:
	case JSON_OBJECT:
		if (inner && !(r->context = context_read(r, inner, outer, true)))
			r->context = outer;
		ok = read_children(r, v, n, names);
		r->context = outer;
		return ok;
	}
	return false;
}
