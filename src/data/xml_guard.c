#include "data/xml_guard.h"

#include <libxml/parser.h>
#include <limits.h>
#include <stdio.h>

struct scan {
	const uint8_t *start, *p, *end;
	struct xml_fault *fault;
};

static enum err refuse(struct scan *s, const char *why)
{
	s->fault->line = 1;
	for (const uint8_t *p = s->start; p < s->p; p++)
		s->fault->line += *p == '\n';
	return err_set(&s->fault->why, ERR_FORMAT, "%s", why);
}

static bool looking_at(const struct scan *s, const char *text)
{
	return slice_starts(slice(s->p, (size_t)(s->end - s->p)), text);
}

static bool space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Moves past the next `text`; false: there is none. */
static bool skip_past(struct scan *s, const char *text)
{
	size_t n = strlen(text);
	const uint8_t *at = memmem(s->p, (size_t)(s->end - s->p), text, n);
	if (!at)
		return false;
	s->p = at + n;
	return true;
}

static bool word_is(struct slice s, const char *upper)
{
	if (s.n != strlen(upper))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		if (c >= 'a' && c <= 'z')
			c = (uint8_t)(c - 'a' + 'A');
		if (c != (uint8_t)upper[i])
			return false;
	}
	return true;
}

static enum err refuse_encoding(struct scan *s, struct slice name)
{
	char why[120];
	snprintf(why, sizeof(why), "the encoding is %.*s%s; only UTF-8 is read",
		 name.n > 40 ? 40 : (int)name.n, (const char *)name.p, name.n > 40 ? "..." : "");
	return refuse(s, why);
}

/* "<?xml version=... encoding=...?>": s stands at its beginning. */
static enum err scan_declaration(struct scan *s)
{
	struct scan decl = *s;
	if (!skip_past(s, "?>"))
		return refuse(s, "the XML declaration does not end");
	decl.end = s->p;
	if (!skip_past(&decl, "encoding"))
		return ERR_OK;
	while (decl.p < decl.end && (space(*decl.p) || *decl.p == '='))
		decl.p++;
	uint8_t quote = *decl.p;
	const uint8_t *from = decl.p + 1;
	if ((quote != '"' && quote != '\'') || from >= decl.end)
		return refuse(&decl, "the XML declaration is malformed");
	const uint8_t *to = memchr(from, quote, (size_t)(decl.end - from));
	struct slice name = slice(from, to ? (size_t)(to - from) : 0);
	if (!word_is(name, "UTF-8") && !word_is(name, "US-ASCII") && !word_is(name, "ASCII"))
		return refuse_encoding(&decl, name);
	return ERR_OK;
}

/* "<!DOCTYPE": a name may follow and nothing else. */
static enum err scan_doctype(struct scan *s)
{
	struct scan at = *s;
	s->p += strlen("<!DOCTYPE");
	while (s->p < s->end && space(*s->p))
		s->p++;
	while (s->p < s->end && !space(*s->p) && !memchr("<>[]\"'", *s->p, 6))
		s->p++;
	while (s->p < s->end && space(*s->p))
		s->p++;
	if (s->p == s->end || *s->p != '>')
		return refuse(&at,
			      "a document type declaration with an external or internal subset "
			      "(DTD, entities) is not allowed");
	s->p++;
	return ERR_OK;
}

static enum err scan_tag(struct scan *s)
{
	struct scan at = *s;
	unsigned attributes = 0;
	for (s->p++; s->p < s->end && *s->p != '>'; s->p++) {
		uint8_t c = *s->p;
		if (c == '=' && ++attributes > XML_GUARD_ATTRIBUTES_MAX)
			return refuse(&at, "an element has more than 256 attributes");
		if (c == '"' || c == '\'') {
			s->p = memchr(s->p + 1, c, (size_t)(s->end - s->p - 1));
			if (!s->p) {
				s->p = s->end;
				break;
			}
		}
	}
	return ERR_OK; /* what does not end, libxml2 refuses */
}

/* One "<": markup of any kind. Unclosed ones end the scan; libxml2 names them. */
static enum err scan_markup(struct scan *s, bool *element_seen)
{
	const char *closer = NULL;
	if (looking_at(s, "<!--"))
		closer = "-->";
	else if (looking_at(s, "<![CDATA["))
		closer = "]]>";
	else if (looking_at(s, "<?"))
		closer = "?>";
	if (closer) {
		s->p += strcmp(closer, "-->") == 0 ? 4 : 2;
		if (!skip_past(s, closer))
			s->p = s->end;
		return ERR_OK;
	}
	if (looking_at(s, "<!")) {
		if (*element_seen || !looking_at(s, "<!DOCTYPE"))
			return refuse(s, "markup declarations (DTD, entities) are not allowed");
		return scan_doctype(s);
	}
	*element_seen = true;
	return scan_tag(s);
}

enum err xml_guard(struct xml_fault *fault, struct slice text)
{
	struct scan s = {text.p, text.p, text.p + text.n, fault};
	bool element_seen = false;
	if (text.n == 0)
		return refuse(&s, "the document is empty");
	if (memchr(text.p, 0, text.n))
		return refuse(&s, "the document holds a NUL byte (only UTF-8 is read)");
	if (!utf8_valid(text)) {
		/* The line of the first byte that is wrong. */
		const uint8_t *line = text.p;
		while ((s.p = memchr(line, '\n', (size_t)(s.end - line))) &&
		       utf8_valid(slice(line, (size_t)(s.p - line))))
			line = s.p + 1;
		s.p = line;
		return refuse(&s, "this line is not UTF-8");
	}
	if (looking_at(&s, "\xef\xbb\xbf"))
		s.p += 3;
	if (looking_at(&s, "<?xml") && s.end - s.p > 5 && space(s.p[5]))
		TRY(scan_declaration(&s));
	while (s.p < s.end) {
		s.p = memchr(s.p, '<', (size_t)(s.end - s.p));
		if (!s.p)
			break;
		TRY(scan_markup(&s, &element_seen));
	}
	return ERR_OK;
}

/* libxml2 ends its sentences with a line end and may say nothing at all. */
static enum err parse_fault(struct xml_fault *fault, xmlParserCtxt *ctxt)
{
	const xmlError *e = xmlCtxtGetLastError(ctxt);
	if (!e || !e->message) {
		fault->line = 0;
		return err_set(&fault->why, ERR_FORMAT, "not well-formed XML");
	}
	if (e->code == XML_ERR_NO_MEMORY)
		return ERR_NOMEM;
	size_t n = strcspn(e->message, "\r\n");
	bool cut = n > 200;
	n = cut ? 200 : n;
	while (cut && n && (e->message[n] & 0xc0) == 0x80)
		n--; /* not in the middle of a character */
	fault->line = e->line > 0 ? (unsigned)e->line : 0;
	return err_set(&fault->why, ERR_FORMAT, "not well-formed XML: %.*s%s", (int)n, e->message,
		       cut ? "..." : "");
}

enum err xml_read(xmlDoc **doc, struct xml_fault *fault, struct slice text, size_t bytes_max)
{
	*doc = NULL;
	*fault = (struct xml_fault){0};
	if (text.n > bytes_max || text.n > INT_MAX)
		return err_set(&fault->why, ERR_LIMIT, "the document is larger than %zu bytes",
			       bytes_max);
	TRY(xml_guard(fault, text));
	xmlParserCtxt *ctxt = xmlNewParserCtxt();
	if (!ctxt)
		return ERR_NOMEM;
	/* Never NOENT, DTDLOAD, DTDVALID, XINCLUDE or HUGE. */
	int options = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
		      XML_PARSE_NOCDATA | XML_PARSE_COMPACT | XML_PARSE_BIG_LINES;
	enum err err = ERR_OK;
	*doc = xmlCtxtReadMemory(ctxt, (const char *)text.p, (int)text.n, NULL, "UTF-8", options);
	if (!*doc)
		err = parse_fault(fault, ctxt);
	xmlFreeParserCtxt(ctxt);
	return err;
}
