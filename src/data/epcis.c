#include "data/epcis.h"

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

enum err epcis_read(struct arena *a, struct event_doc *doc, struct event_issue *issues,
		    size_t issues_max, size_t *n_issues, struct slice text)
{
	enum epcis_format format;
	if (epcis_format_guess(&format, text))
		switch (format) {
		case EPCIS_JSON:
			return epcis_read_json(a, doc, issues, issues_max, n_issues, text);
		case EPCIS_XML:
			return epcis_read_xml(a, doc, issues, issues_max, n_issues, text);
		}
	*doc = (struct event_doc){NULL, NULL, 0};
	*n_issues = 0;
	if (issues_max) {
		static const char why[] = "neither JSON (an object) nor XML";
		issues[0] = (struct event_issue){.event = SIZE_MAX, .line = 1};
		memcpy(issues[0].text, why, sizeof(why));
		*n_issues = 1;
	}
	return ERR_FORMAT;
}
