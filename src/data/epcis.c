#include "data/epcis_json.h"

#include <stdio.h>

bool epcis_format_guess(enum epcis_format *out, struct slice text)
{
	size_t i = slice_starts(text, "\xef\xbb\xbf") ? 3 : 0;
	while (i < text.n && memchr(" \t\r\n", text.p[i], 4))
		i++;
	if (i == text.n || (text.p[i] != '<' && text.p[i] != '{'))
		return false;
	*out = text.p[i] == '<' ? EPCIS_XML : EPCIS_JSON;
	return true;
}

/* Why a file is no document at all: by its first bytes. */
static const char *what_else(struct slice text)
{
	size_t i = slice_starts(text, "\xef\xbb\xbf") ? 3 : 0;
	const uint8_t *p = text.p;
	while (i < text.n && memchr(" \t\r\n", p[i], 4))
		i++;
	if (i == text.n)
		return text.n ? "the file holds nothing but white space" : "the file is empty";
	if (text.n >= 4 && !memcmp(p, "\xff\xfe\0\0", 4))
		return "the file is in UTF-32; only UTF-8 is read";
	if (text.n >= 2 && (!memcmp(p, "\xff\xfe", 2) || !memcmp(p, "\xfe\xff", 2) ||
			    (p[0] && !p[1]) || (!p[0] && p[1])))
		return "the file is in UTF-16; only UTF-8 is read";
	if (text.n >= 4 && !memcmp(p, "PK\3\4", 4))
		return "the file is a ZIP archive, neither JSON nor XML";
	if (text.n >= 2 && !memcmp(p, "\x1f\x8b", 2))
		return "the file is compressed (gzip), neither JSON nor XML";
	if (!utf8_valid(text))
		return "the file is neither JSON nor XML, and not UTF-8";
	if (p[i] == '[')
		return "the file is a JSON array; an EPCISDocument or one event is an object";
	return "the file is neither JSON (an object) nor XML";
}

enum err epcis_read(struct arena *a, struct event_doc *doc, struct event_issue *issues,
		    size_t issues_max, size_t *n_issues, struct slice text)
{
	return epcis_read_known(a, doc, issues, issues_max, n_issues, text, NULL);
}

enum err epcis_read_known(struct arena *a, struct event_doc *doc, struct event_issue *issues,
			  size_t issues_max, size_t *n_issues, struct slice text,
			  const struct epcis_contexts *known)
{
	enum epcis_format format;
	/* UTF-16 that begins with '<' or '{' looks like either, but for its zeros. */
	bool wide = text.n > 1 && !text.p[1];
	if (!wide && epcis_format_guess(&format, text))
		switch (format) {
		case EPCIS_JSON:
			return epcis_read_json_known(a, doc, issues, issues_max, n_issues, text,
						     known);
		case EPCIS_XML:
			return epcis_read_xml(a, doc, issues, issues_max, n_issues, text);
		}
	*doc = (struct event_doc){0};
	*n_issues = 0;
	if (issues_max) {
		issues[0] = (struct event_issue){.event = SIZE_MAX, .line = 1};
		snprintf(issues[0].text, sizeof issues[0].text, "%s", what_else(text));
		*n_issues = 1;
	}
	return ERR_FORMAT;
}
