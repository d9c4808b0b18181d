/*
 * Texts by their rules, and trees of extension fields.
 */
#include "data/event_check.h"

#include <stdio.h>
#include <string.h>

typedef Argosy__V1__Node node_t;

/* Appends to a text of at most `size` bytes, with RFC 6901's escapes. */
static size_t put_name(char *out, size_t size, size_t n, const char *s)
{
	for (; *s && n + 3 < size; s++) {
		bool special = *s == '~' || *s == '/';
		out[n++] = special ? '~' : *s;
		if (special)
			out[n++] = *s == '~' ? '0' : '1';
	}
	return n;
}

static size_t put_place(char *out, size_t size, const struct at *at)
{
	char index[24];
	if (!at)
		return 0;
	size_t n = put_place(out, size, at->up);
	if (n + 3 >= size)
		return n;
	out[n++] = '/';
	if (at->node) {
		n = put_name(out, size, n, *at->node->prefix ? at->node->prefix : at->node->ns);
		if (*at->node->prefix)
			n = put_name(out, size, n, ":");
		n = put_name(out, size, n, at->node->name);
	} else if (at->name) {
		n = put_name(out, size, n, at->name);
	} else {
		snprintf(index, sizeof index, "%zu", at->index);
		n = put_name(out, size, n, index);
	}
	return n;
}

/* The length of the longest beginning of s[0..n) that does not cut a UTF-8 sequence. */
static size_t utf8_cut(const char *s, size_t n)
{
	while (n > 0 && ((uint8_t)s[n] & 0xc0) == 0x80)
		n--;
	return n;
}

bool event_check_refuse(const struct check *c, const struct at *at, const char *fmt, ...)
{
	struct event_issue *i = c->issue;
	va_list ap;
	if (!i)
		return false;
	*i = (struct event_issue){.event = 0};
	size_t end = put_place(i->pointer, sizeof i->pointer, at);
	while (!utf8_valid(slice(i->pointer, end))) /* cut within a character, or a bad name */
		end--;
	i->pointer[end] = 0;
	va_start(ap, fmt);
	text_cut(i->text, sizeof i->text, vsnprintf(i->text, sizeof i->text, fmt, ap));
	va_end(ap);
	return false;
}

int event_check_shown(const char *s)
{
	size_t n = strnlen(s, 61);
	if (n > 60)
		n = utf8_cut(s, 60);
	return utf8_valid(slice(s, n)) ? (int)n : 0;
}

const char *event_check_more(const char *s)
{
	return strnlen(s, 61) > 60 ? "..." : "";
}

/* ---- texts ---- */

/* CBV's and the GS1 Web vocabulary's own URIs are written as bare words (JSON schema:
 * "vocab-other-uri", "vocab-nonGS1WebVoc-uri"). */
static bool reserved_cbv(const char *s)
{
	static const char *const begin[] = {"urn:epcglobal:cbv", "http://ns.gs1.org/cbv/",
					    "https://ns.gs1.org/cbv/"};
	for (size_t i = 0; i < sizeof begin / sizeof *begin; i++)
		if (strncmp(s, begin[i], strlen(begin[i])) == 0)
			return true;
	return false;
}

static bool reserved_gs1(const char *s)
{
	static const char *const begin[] = {"http://gs1.org/voc/", "https://gs1.org/voc/",
					    "http://www.gs1.org/voc/", "https://www.gs1.org/voc/"};
	for (size_t i = 0; i < sizeof begin / sizeof *begin; i++)
		if (strncmp(s, begin[i], strlen(begin[i])) == 0)
			return true;
	return false;
}

static bool check_uri(const struct check *c, const struct at *at, const char *s, size_t n)
{
	if (n > EVENT_URI_MAX)
		return event_check_refuse(c, at, "longer than %d bytes", EVENT_URI_MAX);
	if (!uri_valid(slice(s, n)))
		return event_check_refuse(c, at, "\"" SHOWN "\" is not a URI", EVENT_SHOW(s));
	return true;
}

static const char *vocabulary_name(enum cbv_vocab v)
{
	switch (v) {
	case CBV_BIZ_STEP:
		return "a business step of CBV 2.0";
	case CBV_DISPOSITION:
		return "a disposition of CBV 2.0";
	case CBV_BTT:
		return "a business transaction type of CBV 2.0";
	case CBV_SDT:
		return "a source or destination type of CBV 2.0";
	case CBV_ERROR_REASON:
		return "an error reason of CBV 2.0";
	case CBV_COMPONENT:
		return "a sensor component of CBV 2.0";
	case CBV_MEASUREMENT_TYPE:
		return "a measurement type of the GS1 Web vocabulary";
	case CBV_SENSOR_ALERT:
		return "a sensor alert type of the GS1 Web vocabulary";
	}
	return "a word of the vocabulary";
}

static bool check_word(const struct check *c, const struct at *at, const char *s, size_t n,
		       enum cbv_vocab v)
{
	bool gs1 = v == CBV_MEASUREMENT_TYPE || v == CBV_SENSOR_ALERT, bare = !memchr(s, ':', n);
	if (bare && cbv_known(v, slice(s, n)))
		return true;
	if (bare || (gs1 ? reserved_gs1(s) : reserved_cbv(s))) {
		struct slice word = cbv_bare(v, slice(s, n));
		if (!bare && cbv_known(v, word))
			return event_check_refuse(
				c, at, "\"" SHOWN "\" is written as the bare word \"%.*s\"",
				EVENT_SHOW(s), (int)word.n, word.p);
		return event_check_refuse(c, at, "\"" SHOWN "\" is not %s%s", EVENT_SHOW(s),
					  vocabulary_name(v), bare ? ", nor a URI" : "");
	}
	return check_uri(c, at, s, n);
}

static bool hex_valid(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char low = (char)(s[i] | 0x20);
		if (!((s[i] >= '0' && s[i] <= '9') || (low >= 'a' && low <= 'f')))
			return false;
	}
	return n > 0;
}

/* A text that is there (not empty), by its rule. */
bool event_check_text(const struct check *c, const struct at *at, const char *s,
		      enum field_rule rule)
{
	size_t n = strnlen(s, EVENT_STRING_MAX + 1);
	int64_t ms;
	if (n > EVENT_STRING_MAX)
		return event_check_refuse(c, at, "longer than %d bytes", EVENT_STRING_MAX);
	switch (rule) {
	case RULE_STRING:
		return utf8_valid(slice(s, n)) || event_check_refuse(c, at, "not valid UTF-8");
	case RULE_URI:
		return check_uri(c, at, s, n);
	case RULE_TIME:
		return time_parse(&ms, slice(s, n)) ||
		       event_check_refuse(c, at, "\"" SHOWN "\" is not a date and time with a zone",
					  EVENT_SHOW(s));
	case RULE_OFFSET:
		return offset_valid(slice(s, n)) ||
		       event_check_refuse(c, at, "\"" SHOWN "\" is not an offset like +08:00",
					  EVENT_SHOW(s));
	case RULE_HEX:
		return hex_valid(s, n) ||
		       event_check_refuse(c, at, "\"" SHOWN "\" is not hexadecimal",
					  EVENT_SHOW(s));
	case RULE_BIZ_STEP:
		return check_word(c, at, s, n, CBV_BIZ_STEP);
	case RULE_DISPOSITION:
		return check_word(c, at, s, n, CBV_DISPOSITION);
	case RULE_ERROR_REASON:
		return check_word(c, at, s, n, CBV_ERROR_REASON);
	case RULE_COMPONENT:
		return check_word(c, at, s, n, CBV_COMPONENT);
	case RULE_BTT:
		return check_word(c, at, s, n, CBV_BTT);
	case RULE_SDT:
		return check_word(c, at, s, n, CBV_SDT);
	case RULE_MEASUREMENT:
		return check_word(c, at, s, n, CBV_MEASUREMENT_TYPE);
	case RULE_ALERT:
		return check_word(c, at, s, n, CBV_SENSOR_ALERT);
	case RULE_NONE:
		break;
	}
	return true;
}

bool event_check_number(const struct check *c, const struct at *at, const char *s)
{
	size_t n = strnlen(s, EVENT_STRING_MAX + 1);
	if (n > EVENT_STRING_MAX || !number_valid(slice(s, n)))
		return event_check_refuse(c, at, "\"" SHOWN "\" is not a number",
					  EVENT_SHOW(s));
	return true;
}

bool event_check_count(const struct check *c, const struct at *at, size_t n)
{
	return n <= EVENT_LIST_MAX ||
	       event_check_refuse(c, at, "more than %d entries", EVENT_LIST_MAX);
}

/* ---- extensions ---- */

static int node_name_cmp(const node_t *a, const node_t *b)
{
	int c = strcmp(a->name, b->name);
	return c ? c : strcmp(a->ns, b->ns);
}

/* Are two of n names the same? Few are compared each with each; many are merge-sorted as
 * indexes on the stack, so that no choice of names makes it slow. */
static __attribute__((noinline)) const node_t *find_repeated(size_t n, node_t *const *list)
{
	uint16_t two[2][EVENT_LIST_MAX], *from = two[0], *to = two[1];
	if (n <= 16) {
		for (size_t i = 1; i < n; i++)
			for (size_t j = 0; j < i; j++)
				if (node_name_cmp(list[i], list[j]) == 0)
					return list[i];
		return NULL;
	}
	for (size_t i = 0; i < n; i++)
		from[i] = (uint16_t)i;
	for (size_t width = 1; width < n; width *= 2) {
		for (size_t left = 0; left < n; left += 2 * width) {
			size_t mid = left + width < n ? left + width : n;
			size_t right = left + 2 * width < n ? left + 2 * width : n;
			for (size_t i = left, j = mid, k = left; k < right; k++) {
				bool first = j >= right ||
					     (i < mid &&
					      node_name_cmp(list[from[i]], list[from[j]]) <= 0);
				to[k] = first ? from[i++] : from[j++];
			}
		}
		uint16_t *t = from;
		from = to;
		to = t;
	}
	for (size_t i = 1; i < n; i++)
		if (node_name_cmp(list[from[i - 1]], list[from[i]]) == 0)
			return list[from[i]];
	return NULL;
}

static bool check_name(const struct check *c, const struct at *at, const node_t *n, bool need_ns)
{
	size_t name = strnlen(n->name, EVENT_URI_MAX + 1), ns = strnlen(n->ns, EVENT_URI_MAX + 1);
	if (name > EVENT_URI_MAX || ns > EVENT_URI_MAX || strnlen(n->prefix, 65) > 64)
		return event_check_refuse(c, at, "a name is too long");
	if (!local_name_valid(slice(n->name, name)) || !utf8_valid(slice(n->name, name)))
		return event_check_refuse(c, at, "not a name for a field");
	if (ns == 0 ? need_ns : !uri_valid(slice(n->ns, ns)))
		return event_check_refuse(
			c, at, ns ? "its namespace is not a URI" : "the field has no namespace");
	if (*n->prefix && (ns == 0 || !event_prefix_valid(slice_str(n->prefix)) ||
			   !utf8_valid(slice_str(n->prefix))))
		return event_check_refuse(c, at, "not a namespace prefix");
	return true;
}

static bool check_leaf(const struct check *c, const struct at *at, const node_t *n)
{
	if (n->n_children)
		return event_check_refuse(c, at, "a plain value has no members");
	switch (n->kind) {
	case ARGOSY__V1__NODE_KIND__NODE_KIND_NUMBER:
		return event_check_number(c, at, n->text);
	case ARGOSY__V1__NODE_KIND__NODE_KIND_BOOL:
		return strcmp(n->text, "true") == 0 || strcmp(n->text, "false") == 0 ||
		       event_check_refuse(c, at, "neither true nor false");
	case ARGOSY__V1__NODE_KIND__NODE_KIND_NULL:
		return *n->text == 0 || event_check_refuse(c, at, "null has no text");
	case ARGOSY__V1__NODE_KIND__NODE_KIND_STRING:
	case ARGOSY__V1__NODE_KIND__NODE_KIND_OBJECT:
	case ARGOSY__V1__NODE_KIND__NODE_KIND_ARRAY:
	case _ARGOSY__V1__NODE_KIND_IS_INT_SIZE:
		break;
	}
	return event_check_text(c, at, n->text, RULE_STRING);
}

static bool check_node(const struct check *c, const struct at *at, const node_t *n, unsigned depth)
{
	bool array = n->kind == ARGOSY__V1__NODE_KIND__NODE_KIND_ARRAY;
	if ((unsigned)n->kind > ARGOSY__V1__NODE_KIND__NODE_KIND_ARRAY)
		return event_check_refuse(c, at, "unknown kind of value");
	if (!array && n->kind != ARGOSY__V1__NODE_KIND__NODE_KIND_OBJECT)
		return check_leaf(c, at, n);
	if (depth >= EVENT_DEPTH_MAX)
		return event_check_refuse(c, at, "nested deeper than %d", EVENT_DEPTH_MAX);
	/* XML: an object may also have text. */
	if (array ? *n->text != 0 : !event_check_text(c, at, n->text, RULE_STRING))
		return array ? event_check_refuse(c, at, "a list has no text") : false;
	if (!array)
		return event_check_nodes(c, at, n->n_children, n->children, false, depth + 1);
	if (!event_check_count(c, at, n->n_children))
		return false;
	for (size_t i = 0; i < n->n_children; i++) {
		const node_t *k = n->children[i];
		struct at here = {at, NULL, i, NULL};
		if (*k->name || *k->ns || *k->prefix)
			return event_check_refuse(c, &here, "an entry of a list has no name");
		if (!check_node(c, &here, k, depth + 1))
			return false;
	}
	return true;
}

bool event_check_nodes(const struct check *c, const struct at *at, size_t n, node_t *const *list,
		       bool need_ns, unsigned depth)
{
	if (!event_check_count(c, at, n))
		return false;
	for (size_t i = 0; i < n; i++) {
		struct at here = {at, NULL, 0, list[i]};
		if (!check_name(c, &here, list[i], need_ns) ||
		    !check_node(c, &here, list[i], depth))
			return false;
	}
	const node_t *twice = find_repeated(n, list);
	if (twice) {
		struct at here = {at, NULL, 0, twice};
		return event_check_refuse(c, &here, "given twice");
	}
	return true;
}
