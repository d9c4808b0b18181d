#include "data/epcis_xml.h"

#include <stdio.h>

/* ---- memory ---- */

void *xml_alloc(struct xml_reader *r, size_t n)
{
	void *p = arena_alloc(r->a, n);
	if (!p)
		r->err = ERR_NOMEM;
	return p;
}

char *xml_copy(struct xml_reader *r, struct slice s)
{
	char *p = arena_str(r->a, s);
	if (!p)
		r->err = ERR_NOMEM;
	return p;
}

/* ---- faults and places ---- */

static unsigned place_index(const xmlNode *node, bool *alone)
{
	unsigned k = 1;
	*alone = true;
	for (const xmlNode *s = node->prev; s; s = s->prev)
		if (s->type == XML_ELEMENT_NODE && xmlStrEqual(s->name, node->name))
			k++;
	for (const xmlNode *s = node->next; s && k == 1; s = s->next)
		if (s->type == XML_ELEMENT_NODE && xmlStrEqual(s->name, node->name))
			*alone = false;
	*alone = *alone && k == 1;
	return k;
}

/* "/epcis:EPCISDocument/EPCISBody/EventList/ObjectEvent[2]/bizStep" */
static void place_of(struct buf *out, const xmlNode *node)
{
	if (!node || node->type != XML_ELEMENT_NODE)
		return;
	place_of(out, node->parent);
	buf_put_u8(out, '/');
	if (node->ns && node->ns->prefix)
		buf_printf(out, "%s:", (const char *)node->ns->prefix);
	buf_put_str(out, xml_name(node));
	bool alone;
	unsigned k = place_index(node, &alone);
	if (!alone)
		buf_printf(out, "[%u]", k);
}

/* Into a fixed field, control characters as spaces; what is cut, between characters, ends with
 * "...". */
static void put_field(char *field, size_t room, struct slice s)
{
	size_t n = s.n < room ? s.n : room - 4;
	while (n < s.n && n && (s.p[n] & 0xc0) == 0x80)
		n--;
	for (size_t i = 0; i < n; i++)
		field[i] = (char)(s.p[i] < 0x20 ? ' ' : s.p[i]);
	memcpy(field + n, n < s.n ? "..." : "", n < s.n ? 4 : 1);
}

static void put_issue(const struct xml_reader *r, struct event_issue *issue, const xmlNode *at,
		      const char *below, const char *text)
{
	struct buf place = BUF_INIT;
	place_of(&place, at);
	if (below)
		buf_put_str(&place, below);
	issue->event = r->event;
	issue->line = at ? (unsigned)xmlGetLineNo(at) : 0;
	put_field(issue->pointer, sizeof(issue->pointer), buf_slice(&place));
	put_field(issue->text, sizeof(issue->text), slice_str(text));
	buf_fini(&place);
}

bool xml_refuse(struct xml_reader *r, const xmlNode *at, const char *below, const char *fmt, ...)
{
	if (r->faulty || r->err != ERR_OK)
		return false;
	r->faulty = true;
	if (*r->n_issues >= r->issues_max)
		return false;
	char text[1024];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	put_issue(r, &r->issues[(*r->n_issues)++], at, below, text);
	return false;
}

bool xml_warn(struct xml_reader *r, const xmlNode *at, const char *fmt, ...)
{
	struct event_doc *d = r->doc;
	if (!d->warnings &&
	    !(d->warnings = xml_alloc(r, EVENT_WARNINGS_MAX * sizeof(*d->warnings))))
		return false;
	if (d->n_warnings < EVENT_WARNINGS_MAX) {
		char text[1024];
		va_list ap;
		va_start(ap, fmt);
		vsnprintf(text, sizeof(text), fmt, ap);
		va_end(ap);
		put_issue(r, &d->warnings[d->n_warnings], at, NULL, text);
	}
	d->n_warnings++;
	return true;
}

/* ---- elements ---- */

static const xmlNode *element_from(const xmlNode *n)
{
	while (n && n->type != XML_ELEMENT_NODE)
		n = n->next;
	return n;
}

const xmlNode *xml_first(const xmlNode *parent)
{
	return element_from(parent->children);
}

const xmlNode *xml_next(const xmlNode *node)
{
	return element_from(node->next);
}

size_t xml_count(const xmlNode *parent)
{
	size_t n = 0;
	for (const xmlNode *c = xml_first(parent); c; c = xml_next(c))
		n++;
	return n;
}

const char *xml_ns(const xmlNode *node)
{
	return node->ns && node->ns->href ? (const char *)node->ns->href : "";
}

bool xml_is(const xmlNode *node, const char *ns, const char *name)
{
	return strcmp(xml_name(node), name) == 0 && strcmp(xml_ns(node), ns) == 0;
}

static bool plain_attributes(struct xml_reader *r, const xmlNode *node)
{
	for (const xmlAttr *a = node->properties; a; a = a->next)
		if (strcmp(xml_attr_ns(a), XSI_NS) != 0)
			return xml_refuse(r, node, NULL,
					  "%s has an attribute %s, which it may not have",
					  xml_name(node), (const char *)a->name);
	return true;
}

bool xml_container(struct xml_reader *r, const xmlNode *node, bool attributes)
{
	for (const xmlNode *c = node->children; c; c = c->next)
		if (xml_is_text(c) && xml_content(c).n)
			return xml_refuse(r, node, NULL,
					  "%s holds text where only elements may stand",
					  xml_name(node));
	return attributes || plain_attributes(r, node);
}

/* The text of a list of text nodes: mostly one, else joined in the arena. */
static bool joined_text(struct xml_reader *r, const xmlNode *first, struct slice *out)
{
	const xmlNode *only = NULL;
	struct buf all = BUF_INIT;
	*out = SLICE_LIT("");
	for (const xmlNode *c = first; c; c = c->next) {
		if (!xml_is_text(c))
			continue;
		if (only && all.n == 0)
			buf_put_str(&all, (const char *)only->content);
		if (only)
			buf_put_str(&all, (const char *)c->content);
		only = c;
	}
	if (all.n) {
		const char *text = xml_copy(r, buf_slice(&all));
		*out = text ? hash_value_trim(text) : *out;
	} else if (only) {
		*out = xml_content(only);
	}
	if (all.failed)
		r->err = ERR_NOMEM;
	buf_fini(&all);
	return r->err == ERR_OK;
}

bool xml_text(struct xml_reader *r, const xmlNode *node, bool attributes, struct slice *out)
{
	for (const xmlNode *c = node->children; c; c = c->next)
		if (c->type == XML_ELEMENT_NODE)
			return xml_refuse(r, node, NULL,
					  "%s holds the element %s where text is due",
					  xml_name(node), xml_name(c));
	if (!attributes && !plain_attributes(r, node))
		return false;
	if (!joined_text(r, node->children, out))
		return false;
	if (out->n > EVENT_STRING_MAX)
		return xml_refuse(r, node, NULL, "%s is longer than %d bytes", xml_name(node),
				  EVENT_STRING_MAX);
	return true;
}

bool xml_attr_text(struct xml_reader *r, const xmlAttr *attr, struct slice *out)
{
	if (!joined_text(r, attr->children, out))
		return false;
	if (out->n > EVENT_STRING_MAX)
		return xml_refuse(r, attr->parent, NULL, "the attribute %s is longer than %d bytes",
				  (const char *)attr->name, EVENT_STRING_MAX);
	return true;
}

bool xml_nil(const xmlNode *node)
{
	for (const xmlAttr *a = node->properties; a; a = a->next) {
		if (strcmp((const char *)a->name, "nil") != 0 ||
		    strcmp(xml_attr_ns(a), XSI_NS) != 0 || !a->children || !a->children->content)
			continue;
		struct slice v = hash_value_trim((const char *)a->children->content);
		return slice_eq_str(v, "true") || slice_eq_str(v, "1");
	}
	return false;
}

/* ---- numbers ---- */

bool xml_number(struct xml_reader *r, struct slice s, char **out)
{
	if (number_valid(s)) {
		*out = xml_copy(r, s);
		return *out;
	}
	/* A decimal, then perhaps an exponent. */
	size_t e = 0;
	while (e < s.n && s.p[e] != 'e' && s.p[e] != 'E')
		e++;
	struct buf text = BUF_INIT;
	struct slice mantissa = slice(s.p, e);
	bool ok = hash_value_decimal(&text, mantissa);
	if (ok && e < s.n) {
		struct slice exponent = slice(s.p + e + 1, s.n - e - 1);
		buf_put_u8(&text, 'E');
		ok = !memchr(exponent.p, '.', exponent.n) && hash_value_decimal(&text, exponent);
	}
	ok = ok && !text.failed && number_valid(buf_slice(&text));
	*out = ok ? xml_copy(r, buf_slice(&text)) : NULL;
	buf_fini(&text);
	return *out;
}

bool xml_declared(struct xml_reader *r, const xmlNode *at, const char *name)
{
	return !strchr(name, ':') ||
	       xml_refuse(r, at, NULL, "the prefix of %s is not declared", name);
}

bool xml_unexpected(struct xml_reader *r, const xmlNode *c)
{
	const char *ns = xml_ns(c);
	if (!xml_declared(r, c, xml_name(c)))
		return false;
	if (strcmp(ns, EPCIS_NS_1) == 0 || strcmp(ns, EPCIS_NS_2) == 0)
		return xml_refuse(r, c, NULL,
				  "%s is in the namespace %s, but below the document element the "
				  "standard's names are in none",
				  xml_name(c), ns);
	return xml_refuse(r, c, NULL, "%s may not stand in %s", xml_name(c), xml_name(c->parent));
}
