/*
 * EPC URNs: "urn:epc:" class ":" scheme ":" parts, the parts separated by dots
 * (EPC Tag Data Standard, chapter 6).
 *
 *     urn:epc:id:sgtin:4012345.012345.12      P . iR . S
 *     urn:epc:idpat:sgtin:4012345.012345.*    the class of all of them
 *
 * P, the company prefix, has 6 to 12 digits; the reference R fills up to a
 * length that the scheme fixes. In a GTIN and an SSCC the first digit of the
 * reference (indicator, extension) moves to the front. A check digit is
 * computed, never given. Scheme by scheme: docs/format/identifiers.md.
 */
#include "data/gs1_parts.h"

enum tail { TAIL_NONE, TAIL_SERIAL, TAIL_STAR };

struct urn_rule {
	const char *scheme;
	uint8_t scheme_n;
	const char *ai;
	enum gs1_kind kind;
	uint8_t digits; /* of P and R together; 0: R is text */
	char front;	/* 'R': first digit of R moves to the front; '0': a zero goes there */
	bool check;
	enum tail tail;
	const char *tail_ai; /* "" directly behind the check digit */
	uint8_t tail_max, tail_set;
};

#define SCHEME(s) (s), sizeof(s) - 1
static const struct urn_rule rules[] = {
	{SCHEME("id:sgtin:"), "01", GS1_SGTIN, 13, 'R', true, TAIL_SERIAL, "21", 20, GS1_SET_X},
	{SCHEME("id:sscc:"), "00", GS1_SSCC, 17, 'R', true, TAIL_NONE, NULL, 0, 0},
	{SCHEME("id:sgln:"), "414", GS1_SGLN, 12, 0, true, TAIL_SERIAL, "254", 20, GS1_SET_X},
	{SCHEME("class:lgtin:"), "01", GS1_LGTIN, 13, 'R', true, TAIL_SERIAL, "10", 20, GS1_SET_X},
	{SCHEME("idpat:sgtin:"), "01", GS1_GTIN, 13, 'R', true, TAIL_STAR, NULL, 0, 0},
	{SCHEME("id:pgln:"), "417", GS1_PGLN, 12, 0, true, TAIL_NONE, NULL, 0, 0},
	{SCHEME("id:gdti:"), "253", GS1_GDTI, 12, 0, true, TAIL_SERIAL, "", 17, GS1_SET_X},
	{SCHEME("id:giai:"), "8004", GS1_GIAI, 0, 0, false, TAIL_NONE, NULL, 30, GS1_SET_X},
	{SCHEME("id:grai:"), "8003", GS1_GRAI, 12, '0', true, TAIL_SERIAL, "", 16, GS1_SET_X},
	{SCHEME("id:gsrn:"), "8018", GS1_GSRN, 17, 0, true, TAIL_NONE, NULL, 0, 0},
	{SCHEME("id:gsrnp:"), "8017", GS1_GSRNP, 17, 0, true, TAIL_NONE, NULL, 0, 0},
	{SCHEME("id:cpi:"), "8010", GS1_CPI, 0, 0, false, TAIL_SERIAL, "8011", 30, GS1_SET_Y},
	{SCHEME("id:sgcn:"), "255", GS1_SGCN, 12, 0, true, TAIL_SERIAL, "", 12, GS1_SET_N},
	{SCHEME("id:ginc:"), "401", GS1_GINC, 0, 0, false, TAIL_NONE, NULL, 30, GS1_SET_X},
	{SCHEME("id:gsin:"), "402", GS1_GSIN, 16, 0, true, TAIL_NONE, NULL, 0, 0},
	{SCHEME("id:itip:"), "8006", GS1_ITIP, 13, 'R', true, TAIL_SERIAL, "21", 20, GS1_SET_X},
	{SCHEME("id:upui:"), "01", GS1_UPUI, 13, 'R', true, TAIL_SERIAL, "235", 28, GS1_SET_X},
	{SCHEME("idpat:upui:"), "01", GS1_GTIN, 13, 'R', true, TAIL_STAR, NULL, 0, 0},
	{SCHEME("idpat:itip:"), "8006", GS1_ITIP, 13, 'R', true, TAIL_STAR, NULL, 0, 0},
	{SCHEME("idpat:grai:"), "8003", GS1_GRAI, 12, '0', true, TAIL_STAR, NULL, 0, 0},
	{SCHEME("idpat:gdti:"), "253", GS1_GDTI, 12, 0, true, TAIL_STAR, NULL, 0, 0},
	{SCHEME("idpat:sgcn:"), "255", GS1_SGCN, 12, 0, true, TAIL_STAR, NULL, 0, 0},
	{SCHEME("idpat:cpi:"), "8010", GS1_CPI, 0, 0, false, TAIL_STAR, NULL, 30, GS1_SET_Y},
};

static const struct urn_rule *find_rule(struct slice *rest)
{
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
		size_t n = rules[i].scheme_n;
		if (rest->n >= n && memcmp(rest->p, rules[i].scheme, n) == 0) {
			*rest = slice(rest->p + n, rest->n - n);
			return &rules[i];
		}
	}
	return NULL;
}

/* Takes what stands before the next dot; false if there is no dot. */
static bool take_part(struct slice *part, struct slice *rest)
{
	const uint8_t *dot = rest->n ? memchr(rest->p, '.', rest->n) : NULL;
	if (!dot)
		return false;
	*part = slice(rest->p, (size_t)(dot - rest->p));
	*rest = slice(dot + 1, rest->n - part->n - 1);
	return true;
}

static enum err wrong_parts(struct err_text *t, const struct urn_rule *r)
{
	return err_set(t, ERR_FORMAT, "urn:epc:%s has the wrong number of parts", r->scheme);
}

/* P and R of fixed length, and the check digit. */
static enum err put_fixed(struct gs1_work *w, struct err_text *t, const struct urn_rule *r,
			  struct slice prefix, struct slice ref)
{
	if (prefix.n + ref.n != r->digits)
		return err_set(
			t, ERR_FORMAT,
			"urn:epc:%s needs %u digits in company prefix and reference, not %zu",
			r->scheme, r->digits, prefix.n + ref.n);
	size_t start = w->n;
	bool ok = true;
	if (r->front == 'R') {
		ok = gs1_put_digits(w, slice(ref.p, 1));
		ref = slice(ref.p + 1, ref.n - 1);
	} else if (r->front == '0') {
		gs1_put(w, "0", 1);
	}
	ok = gs1_put_digits(w, prefix) && ok;
	ok = gs1_put_digits(w, ref) && ok;
	if (!ok)
		return err_set(t, ERR_FORMAT, "urn:epc:%s has a reference that is not all digits",
			       r->scheme);
	char check = gs1_check_digit(slice(w->text + start, w->n - start));
	if (r->check)
		gs1_put(w, &check, 1);
	return ERR_OK;
}

static enum err put_tail(struct gs1_work *w, struct err_text *t, const struct urn_rule *r,
			 struct slice tail)
{
	/* "The GLN extension 0 means: no extension" (Tag Data Standard 6.3.3). */
	if (r->kind == GS1_SGLN && slice_eq_str(tail, "0"))
		return ERR_OK;
	if (r->tail_ai[0]) {
		gs1_put(w, "/", 1);
		gs1_put(w, r->tail_ai, strlen(r->tail_ai));
		gs1_put(w, "/", 1);
	}
	if (r->kind != GS1_CPI)
		return gs1_put_value(w, t, r->tail_ai[0] ? r->tail_ai : r->ai, tail, r->tail_set,
				     r->tail_max, true);
	if (tail.n && tail.p[0] == '0')
		return err_set(t, ERR_FORMAT, "(8011) may not begin with a zero");
	return gs1_put_value(w, t, "8011", tail, GS1_SET_N, 12, true);
}

/* ---- EPCs that are no GS1 keys ---- */

/* Numbers with dots between, none with a leading zero. */
static bool is_gid(struct slice s)
{
	unsigned parts = 0;
	for (size_t i = 0; i < s.n; parts++) {
		size_t start = i;
		while (i < s.n && gs1_is_digit(s.p[i]))
			i++;
		if (i == start || (s.p[start] == '0' && i > start + 1) ||
		    (i < s.n && s.p[i++] != '.') || (i == s.n && s.p[i - 1] == '.'))
			return false;
	}
	return parts == 3;
}

/* Capitals, digits and what else the scheme has: so there is one spelling. */
static bool is_capitals(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		bool plain = gs1_is_digit(c) || (c >= 'A' && c <= 'Z') || c == '.' || c == '-';
		bool escape = c == '%' && s.n - i >= 3 && s.p[i + 1] == '2' &&
			      (s.p[i + 2] == '3' || s.p[i + 2] == 'F');
		if (!plain && !escape)
			return false;
		i += escape ? 2 : 0;
	}
	return s.n > 0;
}

/* The schemes of the Tag Data Standard that stay as they are. */
static enum err other_scheme(struct err_text *t, struct slice rest)
{
	static const struct {
		const char *scheme;
		bool (*good)(struct slice);
		const char *form;
	} others[] = {
		{"id:gid:", is_gid, "three numbers without leading zeros, dots between"},
		{"id:usdod:", is_capitals, "capitals, digits, - and dots"},
		{"id:adi:", is_capitals, "capitals, digits, -, dots, %2F and %23"},
		{"id:bic:", is_capitals, "capitals and digits"},
		{"id:imovn:", is_capitals, "digits"},
	};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		if (!slice_starts(rest, others[i].scheme))
			continue;
		size_t n = strlen(others[i].scheme);
		return others[i].good(slice(rest.p + n, rest.n - n))
			       ? ERR_OK
			       : err_set(t, ERR_FORMAT, "urn:epc:%s is followed by %s",
					 others[i].scheme, others[i].form);
	}
	if (slice_starts(rest, "tag:") || slice_starts(rest, "raw:") || slice_starts(rest, "pat:"))
		return err_set(t, ERR_FORMAT,
			       "urn:epc:%.4s says what is written on a tag: a thing is named by "
			       "urn:epc:id:",
			       (const char *)rest.p);
	if (slice_starts(rest, "idpat:"))
		return err_set(t, ERR_FORMAT,
			       "there is no class of that scheme: urn:epc:idpat: is for "
			       "sgtin, grai, gdti, sgcn, cpi, itip and upui");
	if (slice_starts(rest, "id:") || slice_starts(rest, "class:"))
		return err_set(t, ERR_FORMAT, "no scheme of the Tag Data Standard stands behind "
					      "urn:epc:%s",
			       rest.p[0] == 'i' ? "id:" : "class:");
	return err_set(t, ERR_FORMAT, "urn:epc: is followed by id:, class: or idpat:");
}

enum err gs1_read_urn(struct gs1_work *w, struct err_text *t, struct slice text)
{
	struct slice rest = slice(text.p + 8, text.n - 8);
	const struct urn_rule *r = find_rule(&rest);
	if (!r)
		return w->for_hash ? ERR_OK : other_scheme(t, rest);

	struct slice prefix, ref, piece, total;
	/* A range, one serial, or a pattern over many classes: a query's pattern, no class. */
	if (r->tail == TAIL_STAR &&
	    (!rest.n || rest.p[rest.n - 1] != '*' || memmem(rest.p, rest.n, "*.", 2)))
		return w->for_hash ? ERR_OK
				   : err_set(t, ERR_FORMAT,
					     "urn:epc:%s ends in .* and names one class: one thing "
					     "is named by urn:epc:id:, many classes have no name",
					     r->scheme);
	if (!take_part(&prefix, &rest))
		return wrong_parts(t, r);
	if (prefix.n < 6 || prefix.n > 12 || !gs1_all_digits(prefix))
		return err_set(t, ERR_FORMAT, "urn:epc:%s needs a company prefix of 6 to 12 digits",
			       r->scheme);

	gs1_put(w, r->ai, strlen(r->ai));
	gs1_put(w, "/", 1);
	if (r->tail == TAIL_NONE)
		ref = rest;
	else if (!take_part(&ref, &rest))
		return wrong_parts(t, r);
	if (r->digits) {
		TRY(put_fixed(w, t, r, prefix, ref));
	} else {
		gs1_put(w, prefix.p, prefix.n);
		TRY(gs1_put_value(w, t, r->ai, ref, r->tail_set, r->tail_max - prefix.n, true));
	}
	if (r->kind == GS1_ITIP) {
		if (!take_part(&piece, &rest) || !take_part(&total, &rest))
			return wrong_parts(t, r);
		size_t start = w->n;
		bool fits = piece.n == 2 && total.n == 2 && gs1_put_digits(w, piece) &&
			    gs1_put_digits(w, total);
		if (!fits || !gs1_pieces_ok(slice(w->text + start, 4)))
			return err_set(
				t, ERR_FORMAT,
				"(8006) needs piece and total of two digits, piece 1 to total");
	}
	if (r->tail == TAIL_SERIAL)
		TRY(put_tail(w, t, r, rest));
	else if (r->tail == TAIL_STAR && !slice_eq_str(rest, "*"))
		return err_set(t, ERR_FORMAT, "urn:epc:%s may end in .* only", r->scheme);
	w->kind = r->kind;
	w->prefix_len = (unsigned)prefix.n;
	w->is_class = r->tail == TAIL_STAR || r->kind == GS1_LGTIN;
	return ERR_OK;
}
