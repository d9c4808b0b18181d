#include "data/gs1.h"

#include "data/codes.h"
#include "data/gs1_parts.h"
#include "data/uri.h"

/* "http://" or "https://", in either case: QR codes like capitals. */
static bool is_web(struct slice s)
{
	static const char scheme[] = "http";
	if (s.n < 8)
		return false;
	for (size_t i = 0; i < 4; i++) {
		if ((s.p[i] | 0x20) != (uint8_t)scheme[i])
			return false;
	}
	size_t at = (s.p[4] | 0x20) == 's' ? 5 : 4;
	return memcmp(s.p + at, "://", 3) == 0;
}

/* Two to four digits and a slash: no scheme of a URI begins so. */
static bool is_canon(struct slice s)
{
	size_t i = 0;
	while (i < s.n && i < 5 && s.p[i] >= '0' && s.p[i] <= '9')
		i++;
	return i >= 2 && i <= 4 && i < s.n && s.p[i] == '/';
}

static enum err gs1_read(struct gs1_work *w, struct err_text *t, struct slice text)
{
	w->kind = GS1_NONE;
	w->is_class = false;
	w->prefix_len = 0;
	if (text.n > 8 && memcmp(text.p, "urn:epc:", 8) == 0)
		return gs1_read_urn(w, t, text);
	if (!w->for_hash && slice_eq_str(urn_namespace(text), "epc"))
		return err_set(t, ERR_FORMAT, "urn:epc: is followed by id:, class: or idpat:");
	if (is_web(text))
		return gs1_read_link(w, t, text, false);
	if (!w->for_hash && is_canon(text))
		return gs1_read_link(w, t, text, true);
	return ERR_OK;
}

enum err gs1_take(struct gs1_id *out, struct err_text *t, const struct gs1_work *w,
		  struct slice text)
{
	/* What is no URI at all is for the caller to judge: here nothing is known of it. */
	if (w->kind == GS1_NONE && uri_valid(text)) {
		const char *fault = uri_fault(text, false);
		if (fault)
			return err_set(t, ERR_FORMAT, "not the normal form of the URI: %s", fault);
	}
	struct slice canon = w->kind == GS1_NONE ? text : slice(w->text, w->n);
	memmove(out->canon, canon.p, canon.n);
	out->canon[canon.n] = 0;
	out->canon_len = canon.n;
	out->kind = w->kind;
	out->prefix_len = w->prefix_len;
	out->is_class = w->is_class;
	return ERR_OK;
}

enum err gs1_parse(struct gs1_id *out, struct err_text *t, struct slice text)
{
	out->kind = GS1_NONE;
	out->canon[0] = 0;
	out->canon_len = 0;
	out->prefix_len = 0;
	out->is_class = false;
	if (!text.n)
		return err_set(t, ERR_FORMAT, "the identifier is empty");
	if (text.n >= GS1_CANON_MAX)
		return err_set(t, ERR_LIMIT, "the identifier is longer than %d bytes",
			       GS1_CANON_MAX - 1);
	if (memchr(text.p, 0, text.n))
		return err_set(t, ERR_FORMAT, "the identifier holds a zero byte");

	/* What has no case in a URN is folded first, so that "URN:EPC:ID:" is read as such. */
	memcpy(out->canon, text.p, text.n);
	out->canon[text.n] = 0;
	urn_fold(out->canon, text.n);
	text.p = (const uint8_t *)out->canon;
	struct gs1_work w;
	w.for_hash = false;
	w.raw = false;
	w.n = 0;
	TRY(gs1_read(&w, t, text));
	return gs1_take(out, t, &w, text);
}

void gs1_hash_uri(struct buf *out, struct slice text)
{
	static const char host[] = "https://id.gs1.org/";
	struct gs1_work w;
	w.for_hash = true;
	w.raw = false;
	w.n = sizeof host - 1;
	memcpy(w.text, host, sizeof host - 1);
	/* A fault is no fault here: what is not recognised stays. */
	if (gs1_read(&w, NULL, text) != ERR_OK || w.kind == GS1_NONE) {
		buf_put_slice(out, text);
		return;
	}
	buf_put(out, w.text, w.n);
}

struct slice gs1_prefix_digits(enum gs1_kind kind, struct slice canon)
{
	size_t skip = 0, most = SIZE_MAX;
	switch (kind) {
	case GS1_NONE:
		return slice(canon.p, 0);
	case GS1_SGTIN:
	case GS1_LGTIN:
	case GS1_GTIN:
	case GS1_UPUI:
	case GS1_ITIP:
		skip = 1; /* the indicator */
		most = 13;
		break;
	case GS1_SSCC:
		skip = 1; /* the extension digit */
		most = 17;
		break;
	case GS1_GRAI:
		skip = 1; /* the leading zero */
		most = 13;
		break;
	case GS1_SGLN:
	case GS1_PGLN:
	case GS1_GDTI:
	case GS1_SGCN:
		most = 13;
		break;
	case GS1_GIAI:
	case GS1_GSRN:
	case GS1_GSRNP:
	case GS1_CPI:
	case GS1_GINC:
	case GS1_GSIN:
		break;
	}
	const uint8_t *slash = memchr(canon.p, '/', canon.n);
	if (!slash)
		return slice(canon.p, 0);
	const uint8_t *p = slash + 1 + skip, *end = canon.p + canon.n;
	if (p > end)
		return slice(end, 0);
	size_t n = 0;
	while (n < most && p + n < end && p[n] >= '0' && p[n] <= '9')
		n++;
	return slice(p, n);
}
