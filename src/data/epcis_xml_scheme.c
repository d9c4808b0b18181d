/*
 * Values that begin with a declared prefix: see epcis_xml.h. Most documents
 * have none; then this is one look at each declaration and each value.
 */
#include "data/epcis_xml.h"
#include "data/event_fields.h"

#include <stdlib.h>

/* The next element of the tree below `top`, in document order. */
static const xmlNode *next_element(const xmlNode *n, const xmlNode *top)
{
	const xmlNode *inner = xml_first(n);
	while (!inner && n != top) {
		inner = xml_next(n);
		n = n->parent;
	}
	return inner;
}

bool xml_is_syntax(const char *uri)
{
	static const char *const syntax[] = {
		EPCIS_NS_1,	   EPCIS_NS_2, EPCIS_QUERY_NS_1, EPCIS_QUERY_NS_2, EPCIS_MASTER_NS_1,
		EPCIS_MASTER_NS_2, XSI_NS,     XSD_NS};
	for (size_t i = 0; i < sizeof(syntax) / sizeof(syntax[0]); i++)
		if (strcmp(uri, syntax[i]) == 0)
			return true;
	return false;
}

/* Could the prefix be written, and would it change what a value means? */
static bool matters(const xmlNs *ns)
{
	if (!ns->href || xml_is_syntax((const char *)ns->href))
		return false;
	if (!ns->prefix)
		return true; /* one will be made */
	const char *own = standard_prefix(slice_str((const char *)ns->prefix));
	return !own || strcmp(own, (const char *)ns->href) != 0;
}

static int by_prefix(const void *a, const void *b)
{
	return strcmp(((const struct xml_scheme *)a)->prefix,
		      ((const struct xml_scheme *)b)->prefix);
}

static size_t collect(struct xml_scheme *out, const xmlNode *root)
{
	size_t n = 0;
	for (const xmlNode *e = root; e; e = next_element(e, root)) {
		for (const xmlNs *ns = e->nsDef; ns; ns = ns->next) {
			if (!matters(ns))
				continue;
			if (out)
				out[n] = (struct xml_scheme){
					ns->prefix ? (const char *)ns->prefix : "", 0};
			n++;
		}
	}
	return n;
}

bool xml_schemes_init(struct xml_reader *r, const xmlNode *root)
{
	size_t n = collect(NULL, root), kept = 0;
	if (!n)
		return true;
	r->schemes = xml_alloc(r, n * sizeof(*r->schemes));
	if (!r->schemes)
		return false;
	collect(r->schemes, root);
	qsort(r->schemes, n, sizeof(*r->schemes), by_prefix);
	for (size_t i = 0; i < n; i++)
		if (!kept || strcmp(r->schemes[kept - 1].prefix, r->schemes[i].prefix) != 0)
			r->schemes[kept++] = r->schemes[i];
	r->n_schemes = kept;
	return true;
}

static struct xml_scheme *find(const struct xml_reader *r, struct slice prefix)
{
	size_t low = 0, high = r->n_schemes;
	while (low < high) {
		size_t mid = (low + high) / 2;
		int c = slice_cmp(prefix, slice_str(r->schemes[mid].prefix));
		if (c == 0)
			return &r->schemes[mid];
		if (c < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

/* "ns12" is 12, as prefixes are made; else 0. */
static size_t made_number(struct slice prefix)
{
	size_t n = 0;
	if (prefix.n > 8 || !slice_starts(prefix, "ns"))
		return 0;
	for (size_t i = 2; i < prefix.n; i++) {
		if (prefix.p[i] < '0' || prefix.p[i] > '9')
			return 0;
		n = 10 * n + (size_t)(prefix.p[i] - '0');
	}
	return n;
}

static void note(struct xml_reader *r, const xmlNode *texts)
{
	for (; texts; texts = texts->next) {
		struct slice v = xml_is_text(texts) ? xml_content(texts) : SLICE_LIT("");
		const uint8_t *colon = v.n ? memchr(v.p, ':', v.n) : NULL;
		if (!colon)
			continue;
		v.n = (size_t)(colon - v.p);
		struct xml_scheme *s = find(r, v);
		size_t made = made_number(v);
		if (s)
			s->seen = r->serial;
		if (made > r->made_seen)
			r->made_seen = made;
	}
}

void xml_schemes_note(struct xml_reader *r, const xmlNode *node)
{
	r->serial++;
	r->made_seen = 0;
	if (!r->n_schemes)
		return;
	for (const xmlNode *e = node; e; e = next_element(e, node)) {
		note(r, e->children);
		for (const xmlAttr *a = e->properties; a; a = a->next)
			note(r, a->children);
	}
}

bool xml_scheme_used(const struct xml_reader *r, const char *prefix)
{
	const struct xml_scheme *s = find(r, slice_str(prefix));
	return s && s->seen == r->serial;
}
