/*
 * The parts that events of all kinds are made of: texts, lists, places,
 * declarations of error, and the vendor fields that may follow in each.
 */
#include "data/epcis_xml.h"
#include "data/event_fields.h"

/* ---- texts ---- */

bool xml_put_text(struct xml_reader *r, const xmlNode *node, char **out)
{
	struct slice text;
	if (!xml_text(r, node, false, &text))
		return false;
	if (text.n == 0)
		return xml_refuse(r, node, NULL, "%s is empty", xml_name(node));
	*out = xml_copy(r, text);
	return *out;
}

/* URNs and Web URIs of the standard's own words are stored as the bare word, which is how JSON
 * writes them, and so are the CURIEs "cbv:BizStep-shipping" and "gs1:Temperature". A word that the
 * vocabulary does not have stays the URI that was given. */
static struct slice vocabulary_word(enum cbv_vocab vocab, struct slice text)
{
	static const struct slice gs1 = NAMED("gs1:"), cbv = NAMED("cbv:");
	struct slice word = cbv_bare(vocab, text);
	const char *web = cbv_web_prefix(vocab);
	if (slice_starts(text, "gs1:") && strcmp(web, "https://gs1.org/voc/") == 0) {
		word = slice(text.p + gs1.n, text.n - gs1.n);
	} else if (slice_starts(text, "cbv:")) {
		const char *last = strrchr(web, '/') + 1; /* "BizStep-" */
		struct slice tail = slice(text.p + cbv.n, text.n - cbv.n);
		if (*last && slice_starts(tail, last))
			word = slice(tail.p + strlen(last), tail.n - strlen(last));
	}
	return cbv_known(vocab, word) ? word : text;
}

char *xml_put_word(struct xml_reader *r, enum cbv_vocab vocab, struct slice text)
{
	return xml_copy(r, vocabulary_word(vocab, text));
}

bool xml_read_word(struct xml_reader *r, const xmlNode *node, enum cbv_vocab vocab, char **out)
{
	struct slice text;
	if (!xml_text(r, node, false, &text))
		return false;
	if (text.n == 0)
		return xml_refuse(r, node, NULL, "%s is empty", xml_name(node));
	*out = xml_put_word(r, vocab, text);
	return *out;
}

bool xml_read_action(struct xml_reader *r, const xmlNode *node, Argosy__V1__EventAction *out)
{
	struct slice text;
	if (!xml_text(r, node, false, &text))
		return false;
	if (slice_eq_str(text, "ADD"))
		*out = ARGOSY__V1__EVENT_ACTION__EVENT_ACTION_ADD;
	else if (slice_eq_str(text, "OBSERVE"))
		*out = ARGOSY__V1__EVENT_ACTION__EVENT_ACTION_OBSERVE;
	else if (slice_eq_str(text, "DELETE"))
		*out = ARGOSY__V1__EVENT_ACTION__EVENT_ACTION_DELETE;
	else
		return xml_refuse(r, node, NULL,
				  "action is %.*s; it must be ADD, OBSERVE or DELETE",
				  text.n > 40 ? 40 : (int)text.n, (const char *)text.p);
	return true;
}

/* ---- lists ---- */

/* Room for a list's entries, its length checked. *v NULL where it is empty. */
bool xml_list_room(struct xml_reader *r, const xmlNode *node, size_t size, void **v)
{
	size_t n = xml_count(node);
	*v = NULL;
	if (n > EVENT_LIST_MAX)
		return xml_refuse(r, node, NULL, "%s has more than %d entries", xml_name(node),
				  EVENT_LIST_MAX);
	if (n)
		*v = xml_alloc(r, n * size);
	return n == 0 || *v;
}

bool xml_expect(struct xml_reader *r, const xmlNode *node, const char *item)
{
	if (xml_is(node, "", item))
		return true;
	return xml_refuse(r, node, NULL, "%s holds %s where only %s may stand",
			  xml_name(node->parent), xml_name(node), item);
}

/* Remembers that a list stood there without entries. */
bool xml_note_empty(struct xml_reader *r, event_t *e, const char *name)
{
	char **v = xml_alloc(r, (e->n_empty_fields + 1) * sizeof(*v));
	if (!v)
		return false;
	if (e->n_empty_fields)
		memcpy(v, e->empty_fields, e->n_empty_fields * sizeof(*v));
	e->empty_fields = v;
	v[e->n_empty_fields] = xml_copy(r, slice_str(name));
	return v[e->n_empty_fields++];
}

bool xml_read_texts(struct xml_reader *r, const xmlNode *node, const char *item, char ***out,
		    size_t *n_out)
{
	void *room;
	if (!xml_container(r, node, false) || !xml_list_room(r, node, sizeof(char *), &room))
		return false;
	*out = room;
	for (const xmlNode *c = xml_first(node); c; c = xml_next(c)) {
		if (!xml_expect(r, c, item) || !xml_put_text(r, c, &(*out)[*n_out]))
			return false;
		++*n_out;
	}
	return true;
}

static bool drop_repeated(struct xml_reader *r, const xmlNode *node, size_t *n, char **list)
{
	size_t before = *n;
	struct arena *tmp = before > 1 ? arena_new(0) : NULL;
	bool ok = before < 2 || (tmp && texts_drop_repeated(tmp, n, list));
	arena_free(tmp);
	if (!ok)
		r->err = ERR_NOMEM;
	return ok && (*n == before || xml_warn(r, node, "%s repeats some of its entries: each is taken once",
					       xml_name(node)));
}

bool xml_drop_repeated(struct xml_reader *r, const xmlNode *node, const event_t *e, size_t *n,
		       char **list)
{
	return !field_is_unique(e, xml_name(node)) || drop_repeated(r, node, n, list);
}

static bool read_quantity(struct xml_reader *r, const xmlNode *node, Argosy__V1__QuantityElement *q)
{
	argosy__v1__quantity_element__init(q);
	if (!xml_container(r, node, false))
		return false;
	const xmlNode *c = xml_first(node);
	if (!c || !xml_is(c, "", "epcClass"))
		return xml_refuse(r, node, NULL, "quantityElement must begin with epcClass");
	if (!xml_put_text(r, c, &q->epc_class))
		return false;
	c = xml_next(c);
	if (c && xml_is(c, "", "quantity")) {
		struct slice text;
		if (!xml_text(r, c, false, &text))
			return false;
		bool plain = !memchr(text.p, 'e', text.n) && !memchr(text.p, 'E', text.n);
		if (text.n == 0 && xml_nil(c))
			q->quantity = (char *)protobuf_c_empty_string;
		else if (!plain || !xml_number(r, text, &q->quantity))
			return xml_refuse(r, c, NULL, "quantity is not a decimal number");
		c = xml_next(c);
		if (c && xml_is(c, "", "uom")) {
			if (!xml_put_text(r, c, &q->uom))
				return false;
			c = xml_next(c);
		}
	}
	if (c)
		return xml_refuse(
			r, c, NULL,
			"%s may not stand here: quantityElement is epcClass, then quantity, "
			"then uom",
			xml_name(c));
	return true;
}

bool xml_read_quantities(struct xml_reader *r, const xmlNode *node,
			 Argosy__V1__QuantityElement ***out, size_t *n_out)
{
	void *room;
	if (!xml_container(r, node, false) || !xml_list_room(r, node, sizeof(**out), &room))
		return false;
	*out = room;
	for (const xmlNode *c = xml_first(node); c; c = xml_next(c)) {
		Argosy__V1__QuantityElement *q;
		if (!xml_expect(r, c, "quantityElement") || !(q = xml_alloc(r, sizeof(*q))) ||
		    !read_quantity(r, c, q))
			return false;
		(*out)[(*n_out)++] = q;
	}
	return true;
}

static bool read_ref(struct xml_reader *r, const xmlNode *node, const char *item,
		     enum cbv_vocab vocab, Argosy__V1__TypedRef *ref)
{
	struct slice text;
	argosy__v1__typed_ref__init(ref);
	for (const xmlAttr *a = node->properties; a; a = a->next) {
		if (a->ns && strcmp((const char *)a->ns->href, XSI_NS) == 0)
			continue;
		if (a->ns || strcmp((const char *)a->name, "type") != 0)
			return xml_refuse(r, node, NULL,
					  "%s has an attribute %s, which it may not have", item,
					  (const char *)a->name);
		if (!xml_attr_text(r, a, &text))
			return false;
		ref->type = xml_put_word(r, vocab, text);
		if (!ref->type)
			return false;
	}
	if (!ref->type[0] && vocab == CBV_SDT)
		return xml_refuse(r, node, NULL, "%s lacks the attribute type", item);
	if (!xml_text(r, node, true, &text))
		return false;
	if (text.n == 0)
		return xml_refuse(r, node, NULL, "%s is empty", item);
	ref->id = xml_copy(r, text);
	return ref->id;
}

bool xml_read_refs(struct xml_reader *r, const xmlNode *node, const char *item,
		   enum cbv_vocab vocab, Argosy__V1__TypedRef ***out, size_t *n_out)
{
	void *room;
	if (!xml_container(r, node, false) || !xml_list_room(r, node, sizeof(**out), &room))
		return false;
	*out = room;
	for (const xmlNode *c = xml_first(node); c; c = xml_next(c)) {
		Argosy__V1__TypedRef *ref;
		if (!xml_expect(r, c, item) || !(ref = xml_alloc(r, sizeof(*ref))) ||
		    !read_ref(r, c, item, vocab, ref))
			return false;
		(*out)[(*n_out)++] = ref;
	}
	return *n_out ? true : xml_refuse(r, node, NULL, "%s has no entry", xml_name(node));
}

bool xml_read_persistent(struct xml_reader *r, const xmlNode *node,
			 Argosy__V1__PersistentDisposition **out)
{
	Argosy__V1__PersistentDisposition *p = xml_alloc(r, sizeof(*p));
	void *set, *unset;
	if (!p)
		return false;
	argosy__v1__persistent_disposition__init(p);
	if (!xml_container(r, node, false) || !xml_list_room(r, node, sizeof(char *), &set) ||
	    !xml_list_room(r, node, sizeof(char *), &unset))
		return false;
	p->set = set;
	p->unset = unset;
	for (const xmlNode *c = xml_first(node); c; c = xml_next(c)) {
		bool is_set = xml_is(c, "", "set");
		if (!is_set && (!xml_is(c, "", "unset") || p->n_set))
			return xml_refuse(r, c, NULL,
					  "%s may not stand here: persistentDisposition is unset "
					  "elements, then set elements",
					  xml_name(c));
		char **to = is_set ? &p->set[p->n_set++] : &p->unset[p->n_unset++];
		*to = (char *)protobuf_c_empty_string;
		if (!xml_read_word(r, c, CBV_DISPOSITION, to))
			return false;
	}
	*out = p;
	return drop_repeated(r, node, &p->n_set, p->set) &&
	       drop_repeated(r, node, &p->n_unset, p->unset);
}

/* ---- wrappers and extensions ---- */

/* A vendor's element; the standard's own namespace qualifies no element inside an event. */
bool xml_add_extension(struct xml_reader *r, const xmlNode *node, struct xml_nodes *list)
{
	const char *ns = xml_ns(node);
	if (!*ns)
		return xml_refuse(r, node, NULL, "%s is not a field of %s", xml_name(node),
				  xml_name(node->parent));
	if (strcmp(ns, EPCIS_NS_2) == 0 || strcmp(ns, EPCIS_NS_1) == 0)
		return xml_refuse(r, node, NULL,
				  "%s is in the namespace %s, but fields of events are in none",
				  xml_name(node), ns);
	event_node_t *n = xml_node(r, node, 1);
	return n && xml_nodes_add(r, node, list, n);
}

/* From `c` on only <extension> (once, first) and vendor elements may stand. */
bool xml_read_rest(struct xml_reader *r, const xmlNode *c, struct xml_nodes *list)
{
	bool first = true;
	for (; c; c = xml_next(c), first = false) {
		if (!first || !xml_is(c, "", "extension")) {
			if (!xml_add_extension(r, c, list))
				return false;
			continue;
		}
		if (!xml_container(r, c, true) || !xml_read_rest(r, xml_first(c), list))
			return false;
	}
	return true;
}

bool xml_read_place(struct xml_reader *r, const xmlNode *node, Argosy__V1__Place **out)
{
	struct xml_nodes list = {0};
	Argosy__V1__Place *p = xml_alloc(r, sizeof(*p));
	if (!p)
		return false;
	argosy__v1__place__init(p);
	const xmlNode *id = xml_first(node);
	if (!xml_container(r, node, false))
		return false;
	if (!id || !xml_is(id, "", "id"))
		return xml_refuse(r, node, NULL, "%s must begin with id", xml_name(node));
	if (!xml_put_text(r, id, &p->id) || !xml_read_rest(r, xml_next(id), &list))
		return false;
	p->extensions = list.v;
	p->n_extensions = list.n;
	*out = p;
	return true;
}

/* Vendor attributes of an element that may have them. */
bool xml_vendor_attributes(struct xml_reader *r, const xmlNode *node, struct xml_nodes *list)
{
	for (const xmlAttr *a = node->properties; a; a = a->next) {
		if (a->ns && strcmp((const char *)a->ns->href, XSI_NS) == 0)
			continue;
		event_node_t *n = xml_attr_node(r, a);
		if (!n || !xml_nodes_add(r, node, list, n))
			return false;
	}
	return true;
}

bool xml_read_ilmd(struct xml_reader *r, const xmlNode *node, event_t *e)
{
	struct xml_nodes list = {0};
	if (!xml_container(r, node, true) || !xml_vendor_attributes(r, node, &list) ||
	    !xml_read_rest(r, xml_first(node), &list))
		return false;
	e->ilmd = list.v;
	e->n_ilmd = list.n;
	return list.n || xml_note_empty(r, e, "ilmd");
}

/* 2.0 lets the parts of an error declaration stand in any order; none may be repeated. */
bool xml_read_error(struct xml_reader *r, const xmlNode *node, event_t *e)
{
	struct xml_nodes list = {0};
	Argosy__V1__ErrorDeclaration *d = xml_alloc(r, sizeof(*d));
	bool ids_seen = false;
	if (!d)
		return false;
	argosy__v1__error_declaration__init(d);
	if (!xml_container(r, node, true) || !xml_vendor_attributes(r, node, &list))
		return false;
	for (const xmlNode *c = xml_first(node); c; c = xml_next(c)) {
		bool time = xml_is(c, "", "declarationTime"), reason = xml_is(c, "", "reason"),
		     ids = xml_is(c, "", "correctiveEventIDs"), ok;
		if ((time && d->declaration_time[0]) || (reason && d->reason[0]) ||
		    (ids && ids_seen))
			return xml_refuse(r, c, NULL, "%s is given twice", xml_name(c));
		if (time)
			ok = xml_put_text(r, c, &d->declaration_time);
		else if (reason)
			ok = xml_read_word(r, c, CBV_ERROR_REASON, &d->reason);
		else if (ids)
			ok = xml_read_texts(r, c, "correctiveEventID", &d->corrective_event_ids,
					    &d->n_corrective_event_ids) &&
			     (d->n_corrective_event_ids ||
			      xml_note_empty(r, e, "errorDeclaration/correctiveEventIDs"));
		else if (xml_is(c, "", "extension"))
			ok = xml_container(r, c, true) && xml_read_rest(r, xml_first(c), &list);
		else
			ok = xml_add_extension(r, c, &list);
		if (!ok)
			return false;
		ids_seen = ids_seen || ids;
	}
	d->extensions = list.v;
	d->n_extensions = list.n;
	e->error_declaration = d;
	return true;
}
