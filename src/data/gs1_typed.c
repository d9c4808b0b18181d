/*
 * What people type and scanners send where an identifier is asked for.
 *
 *     (01)09521234123453(21)7      with brackets, as it stands below a bar code
 *     ]d201095212341234532 17      as a scanner sends it: symbology, AIs, values, FNC1
 *     9521234123453                the digits below a bar code
 *
 * Everything else is a URN, a Digital Link, a canonical text or a URI, and
 * belongs to gs1_parse. In an element string the characters of a value stand
 * for themselves; a value of unknown length ends at FNC1, which scanners send
 * as the byte 0x1d and people write as ^.
 */
#include "data/gs1_parts.h"

#include "data/codes.h"

#include <stdio.h>

enum { ELEMENTS_MAX = 32, GS = 0x1d };

struct elements {
	struct gs1_element e[ELEMENTS_MAX];
	size_t n;
	/* Values without the backslashes that stand before brackets. */
	uint8_t room[GS1_CANON_MAX];
	size_t used;
};

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_fnc1(uint8_t c)
{
	return c == GS || c == '^';
}

static struct slice trim(struct slice s)
{
	while (s.n && is_space(s.p[0]))
		s = slice(s.p + 1, s.n - 1);
	while (s.n && is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

static enum err add(struct elements *all, struct err_text *t, struct slice ai, struct slice value)
{
	for (size_t i = 0; i < all->n; i++) {
		if (slice_eq(all->e[i].ai_text, ai) && !slice_eq(all->e[i].value, value))
			return err_set(t, ERR_FORMAT, "(%.*s) is given twice", (int)ai.n,
				       (const char *)ai.p);
		if (slice_eq(all->e[i].ai_text, ai))
			return ERR_OK;
	}
	if (all->n == ELEMENTS_MAX)
		return err_set(t, ERR_LIMIT, "more than %d elements", ELEMENTS_MAX);
	all->e[all->n++] = (struct gs1_element){gs1_ai_number(ai), ai, value};
	return ERR_OK;
}

/* Is the value as long as its AI wants, and digits where it wants digits? Keys are judged with
 * their check digits where they are read. */
static enum err check_value(struct err_text *t, const struct gs1_ai_rule *r, struct slice ai,
			    struct slice value)
{
	const char *what = r->digits ? "digits" : "characters";
	int n = (int)ai.n;
	const char *p = (const char *)ai.p;
	if (gs1_is_key(gs1_ai_number(ai)))
		return ERR_OK;
	if (value.n < r->least && r->least == r->most)
		return err_set(t, ERR_FORMAT, "(%.*s) needs %u %s, not %zu", n, p, r->least, what,
			       value.n);
	if (value.n < r->least)
		return err_set(t, ERR_FORMAT,
			       value.n ? "(%.*s) is too short" : "(%.*s) is empty", n, p);
	if (value.n > r->most)
		return err_set(t, ERR_FORMAT, "(%.*s) is longer than %u characters", n, p, r->most);
	return !r->digits || gs1_all_digits(value)
		       ? ERR_OK
		       : err_set(t, ERR_FORMAT, "(%.*s) takes digits alone", n, p);
}

static enum err no_ai(struct err_text *t, struct slice s, size_t at)
{
	size_t n = s.n - at < 4 ? s.n - at : 4;
	for (size_t i = at; i < at + n; i++)
		if (s.p[i] < 33 || s.p[i] > 126)
			return err_set(t, ERR_FORMAT,
				       "at character %zu no application identifier begins", at + 1);
	return err_set(t, ERR_FORMAT, "at character %zu no application identifier begins: \"%.*s\"",
		       at + 1, (int)n, (const char *)s.p + at);
}

/* ---- with brackets ---- */

/* "(21)" at this place: the length with its brackets; 0: something else. */
static size_t bracket(struct slice s, size_t at)
{
	size_t n = at + 1;
	if (at >= s.n || s.p[at] != '(')
		return 0;
	while (n < s.n && gs1_is_digit(s.p[n]))
		n++;
	return n < s.n && s.p[n] == ')' && n - at >= 3 && n - at <= 5 ? n + 1 - at : 0;
}

static enum err take_value(struct elements *all, struct slice *value, struct slice s, size_t *at)
{
	uint8_t *p = all->room + all->used;
	size_t n = 0;
	while (*at < s.n && !bracket(s, *at)) {
		if (s.p[*at] == '\\' && *at + 1 < s.n && s.p[*at + 1] == '(')
			++*at;
		p[n++] = s.p[(*at)++];
	}
	all->used += n;
	*value = trim(slice(p, n));
	while (value->n && is_fnc1(value->p[value->n - 1]))
		value->n--;
	return ERR_OK;
}

static enum err read_bracketed(struct elements *all, struct err_text *t, struct slice s)
{
	for (size_t at = 0; at < s.n;) {
		size_t n = bracket(s, at);
		struct slice ai, value;
		if (!n)
			return no_ai(t, s, at);
		ai = slice(s.p + at + 1, n - 2);
		const struct gs1_ai_rule *r =
			gs1_ai_number(ai) == GS1_NO_AI ? NULL : gs1_ai_find(gs1_ai_number(ai));
		if (!r)
			return err_set(t, ERR_FORMAT,
				       "at character %zu: (%.*s) is no application identifier; a "
				       "bracket of a value is written \\(",
				       at + 1, (int)ai.n, (const char *)ai.p);
		at += n;
		TRY(take_value(all, &value, s, &at));
		TRY(check_value(t, r, ai, value));
		TRY(add(all, t, ai, value));
	}
	return ERR_OK;
}

/* ---- without ---- */

/* No AI begins another, so at most one of the three lengths fits. */
static const struct gs1_ai_rule *find_ai(struct slice *ai, struct slice s)
{
	for (size_t n = 2; n <= 4 && n <= s.n; n++) {
		unsigned number;
		*ai = slice(s.p, n);
		number = gs1_ai_number(*ai);
		const struct gs1_ai_rule *r = number == GS1_NO_AI ? NULL : gs1_ai_find(number);
		if (r)
			return r;
	}
	return NULL;
}

static enum err read_plain(struct elements *all, struct err_text *t, struct slice s)
{
	for (size_t at = 0; at < s.n;) {
		struct slice ai, left = slice(s.p + at, s.n - at);
		size_t n = 0;
		if (is_fnc1(s.p[at])) {
			at++;
			continue;
		}
		const struct gs1_ai_rule *r = find_ai(&ai, left);
		if (!r)
			return no_ai(t, s, at);
		left = slice(left.p + ai.n, left.n - ai.n);
		while (n < left.n && !is_fnc1(left.p[n]) && !(r->fixed && n == r->most))
			n++;
		if (r->fixed && n < r->most)
			return err_set(t, ERR_FORMAT,
				       "(%.*s) at character %zu needs %u digits, not %zu",
				       (int)ai.n, (const char *)ai.p, at + 1, r->most, n);
		if (n > r->most)
			return err_set(t, ERR_FORMAT,
				       "(%.*s) at character %zu is longer than %u characters, or "
				       "FNC1 is missing behind it",
				       (int)ai.n, (const char *)ai.p, at + 1, r->most);
		TRY(check_value(t, r, ai, slice(left.p, n)));
		TRY(add(all, t, ai, slice(left.p, n)));
		at += ai.n + n;
	}
	return ERR_OK;
}

static enum err read_elements(struct gs1_id *out, struct err_text *t, struct slice s,
			      bool bracketed)
{
	struct elements all;
	struct gs1_work w;
	all.n = all.used = 0;
	TRY(bracketed ? read_bracketed(&all, t, s) : read_plain(&all, t, s));
	w.for_hash = false;
	w.raw = true;
	w.kind = GS1_NONE;
	w.is_class = false;
	w.prefix_len = 0;
	w.n = 0;
	TRY(gs1_read_elements(&w, t, all.e, all.n));
	return gs1_take(out, t, &w, s);
}

/* ---- digits alone ---- */

/* The digits of a text of digits and spaces; 0 where something else is in it, or too many. */
static size_t digits_of(char out[static 64], struct slice s)
{
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == ' ')
			continue;
		if (!gs1_is_digit(s.p[i]) || n == 60)
			return 0;
		out[n++] = (char)s.p[i];
	}
	out[n] = 0;
	return n;
}

static enum err read_number(struct gs1_id *out, struct err_text *t, const char *digits, size_t n,
			    enum gs1_asked asked)
{
	char text[80];
	const char *ai = n == 18 ? "00" : "01";
	bool known = n == 8 || n == 12 || n == 13 || n == 14 || n == 18;
	if (asked != GS1_ASKED_THING) {
		known = n == 13;
		ai = asked == GS1_ASKED_PLACE ? "414" : "417";
	}
	if (known) {
		snprintf(text, sizeof text, "%s/%s", ai, digits);
		return gs1_parse(out, t, slice_str(text));
	}
	enum err e = read_elements(out, t, slice(digits, n), false);
	struct slice first;
	if (e == ERR_OK || (n > 14 && find_ai(&first, slice(digits, n)) &&
			    gs1_is_key(gs1_ai_number(first))))
		return e;
	if (asked != GS1_ASKED_THING)
		return err_set(t, ERR_FORMAT, "a GLN has 13 digits, not %zu", n);
	return err_set(t, ERR_FORMAT,
		       "a number of %zu digits is no GTIN (8, 12, 13 or 14 digits) and no SSCC "
		       "(18)",
		       n);
}

/* ---- what a scanner says before ---- */

enum scanned { SCANNED_TEXT, SCANNED_ELEMENTS, SCANNED_NUMBER, SCANNED_NOT };

/* Symbology identifiers (ISO/IEC 15424) of the symbols that carry identifiers. */
static enum scanned symbology(struct slice *s)
{
	static const struct {
		const char *begin;
		enum scanned how;
	} all[] = {
		{"]C1", SCANNED_ELEMENTS}, {"]e0", SCANNED_ELEMENTS}, {"]e1", SCANNED_ELEMENTS},
		{"]e2", SCANNED_ELEMENTS}, {"]d2", SCANNED_ELEMENTS}, {"]Q3", SCANNED_ELEMENTS},
		{"]J1", SCANNED_ELEMENTS}, {"]E0", SCANNED_NUMBER},   {"]E4", SCANNED_NUMBER},
		{"]I0", SCANNED_NUMBER},   {"]I1", SCANNED_NUMBER},   {"]C0", SCANNED_TEXT},
		{"]A0", SCANNED_TEXT},	   {"]d0", SCANNED_TEXT},     {"]d1", SCANNED_TEXT},
		{"]Q0", SCANNED_TEXT},	   {"]Q1", SCANNED_TEXT},     {"]Q2", SCANNED_TEXT},
		{"]J0", SCANNED_TEXT},
	};
	if (s->n == 0 || s->p[0] != ']')
		return SCANNED_TEXT;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		if (!slice_starts(*s, all[i].begin))
			continue;
		*s = slice(s->p + 3, s->n - 3);
		return all[i].how;
	}
	return SCANNED_NOT;
}

static bool has_fnc1(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (is_fnc1(s.p[i]))
			return true;
	return false;
}

/* AIs without brackets: it begins with digits that are one, and neither with a canonical text
 * nor with a scheme. */
static bool is_plain_elements(struct slice s)
{
	struct slice ai;
	return find_ai(&ai, s) && s.n > 4 && !memchr(s.p, '/', 5) && !memchr(s.p, ':', s.n);
}

enum err gs1_typed(struct gs1_id *out, struct err_text *t, struct slice typed, enum gs1_asked asked)
{
	char digits[64];
	struct slice s = trim(typed);
	out->kind = GS1_NONE;
	out->canon_len = 0;
	if (s.n >= GS1_CANON_MAX)
		return gs1_parse(out, t, s);
	enum scanned how = symbology(&s);
	if (how == SCANNED_NOT)
		return err_set(t, ERR_FORMAT, "\"%.*s\" is no symbology that carries identifiers",
			       s.n < 3 || s.p[1] < 33 || s.p[1] > 126 || s.p[2] < 33 || s.p[2] > 126
				       ? 1
				       : 3,
			       (const char *)s.p);
	if (s.n && s.p[0] == '(')
		return read_elements(out, t, s, true);
	if (how == SCANNED_ELEMENTS || has_fnc1(s))
		return read_elements(out, t, s, false);
	size_t n = digits_of(digits, s);
	if (n)
		return read_number(out, t, digits, n, asked);
	if (how == SCANNED_NUMBER)
		return err_set(t, ERR_FORMAT, "the scanner's text is no number");
	if (is_plain_elements(s))
		return read_elements(out, t, s, false);
	TRY(gs1_parse(out, t, s));
	if (out->kind != GS1_NONE || uri_valid(slice(out->canon, out->canon_len)))
		return ERR_OK;
	out->canon_len = 0;
	return err_set(t, ERR_FORMAT, "neither a GS1 key nor an absolute URI");
}
