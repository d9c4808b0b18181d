/*
 * GS1 Digital Link URIs, and the canonical texts that are their paths.
 *
 *     https://example.com/some/stem/01/09521234543213/10/LOT/21/S?17=271231#x
 *                                   ^key ^value       ^qualifiers   ^dropped
 *
 * From the primary key to the end the path is pairs, AI and value. So the
 * pairs are counted from the end, and the right-most AI that is a primary key
 * is the key; what stands before it is the stem. Qualifiers come in the order
 * of the syntax dictionary's "dlpkey".
 */
#include "data/gs1_parts.h"

#include "data/uri.h"

struct key_rule {
	unsigned ai;
	const char *text;
	const char *name; /* short name of Digital Link 1.1 */
	enum gs1_kind kind;
	uint8_t digits; /* leading digits, the check digit among them; 0: none */
	uint8_t check;	/* so many of them end in a check digit; 0: none */
	uint8_t tail_max, tail_set;
};

static const struct key_rule keys[] = {
	{0, "00", "sscc", GS1_SSCC, 18, 18, 0, 0},
	{1, "01", "gtin", GS1_GTIN, 14, 14, 0, 0},
	{253, "253", "gdti", GS1_GDTI, 13, 13, 17, GS1_SET_X},
	{255, "255", "gcn", GS1_SGCN, 13, 13, 12, GS1_SET_N},
	{401, "401", "ginc", GS1_GINC, 0, 0, 30, GS1_SET_X},
	{402, "402", "gsin", GS1_GSIN, 17, 17, 0, 0},
	{414, "414", "gln", GS1_SGLN, 13, 13, 0, 0},
	{417, "417", "party", GS1_PGLN, 13, 13, 0, 0},
	{8003, "8003", "grai", GS1_GRAI, 14, 14, 16, GS1_SET_X},
	{8004, "8004", "giai", GS1_GIAI, 0, 0, 30, GS1_SET_X},
	{8006, "8006", "itip", GS1_ITIP, 18, 14, 0, 0},
	{8010, "8010", "cpid", GS1_CPI, 0, 0, 30, GS1_SET_Y},
	{8017, "8017", "gsrnp", GS1_GSRNP, 18, 18, 0, 0},
	{8018, "8018", "gsrn", GS1_GSRN, 18, 18, 0, 0},
};

struct qualifier_rule {
	unsigned key, ai;
	const char *text;
	const char *name;
	uint8_t after, rank; /* follows what has a rank up to `after`, and gives the next `rank` */
	uint8_t max, set;
	enum gs1_kind kind; /* what the key becomes; GS1_NONE: the qualifier is dropped */
};

static const struct qualifier_rule qualifiers[] = {
	{1, 22, "22", "cpv", 0, 1, 20, GS1_SET_X, GS1_NONE},
	{1, 10, "10", "lot", 1, 2, 20, GS1_SET_X, GS1_LGTIN},
	{1, 21, "21", "ser", 2, 3, 20, GS1_SET_X, GS1_SGTIN},
	{1, 235, "235", "tpx", 0, 3, 28, GS1_SET_X, GS1_UPUI},
	{8006, 22, "22", "cpv", 0, 1, 20, GS1_SET_X, GS1_NONE},
	{8006, 10, "10", "lot", 1, 2, 20, GS1_SET_X, GS1_ITIP},
	{8006, 21, "21", "ser", 2, 3, 20, GS1_SET_X, GS1_ITIP},
	{414, 254, "254", "glnx", 0, 1, 20, GS1_SET_X, GS1_SGLN},
	{414, 7040, "7040", "uic", 0, 1, 4, GS1_SET_X, GS1_NONE},
	{417, 7040, "7040", "uic", 0, 1, 4, GS1_SET_X, GS1_NONE},
	{8004, 7040, "7040", "uic", 0, 1, 4, GS1_SET_X, GS1_NONE},
	{8010, 8011, "8011", "cpsn", 0, 1, 12, GS1_SET_N, GS1_CPI},
	{8017, 8019, "8019", "srin", 0, 1, 10, GS1_SET_N, GS1_NONE},
	{8018, 8019, "8019", "srin", 0, 1, 10, GS1_SET_N, GS1_NONE},
};

enum { SEGMENTS_MAX = 8 };

unsigned gs1_ai_number(struct slice s)
{
	if (s.n < 2 || s.n > 4 || !gs1_all_digits(s))
		return GS1_NO_AI;
	unsigned v = 0;
	for (size_t i = 0; i < s.n; i++)
		v = v * 10 + (unsigned)(s.p[i] - '0');
	/* "010" is not 10: two digits are written for 0 to 99 and no other number. */
	return v < 10 ? (s.n == 2 ? v : GS1_NO_AI)
	       : (v < 100    ? (s.n == 2)
		  : v < 1000 ? (s.n == 3)
			     : (s.n == 4))
		       ? v
		       : GS1_NO_AI;
}

static const struct key_rule *find_key(struct slice s)
{
	unsigned ai = gs1_ai_number(s);
	bool named = ai == GS1_NO_AI && s.n >= 3 && s.n <= 5 && s.p[0] >= 'a' && s.p[0] <= 'z';
	if (ai == GS1_NO_AI && !named)
		return NULL;
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		if (named ? slice_eq_str(s, keys[i].name) : keys[i].ai == ai)
			return &keys[i];
	}
	return NULL;
}

static const struct qualifier_rule *find_qualifier(unsigned key, struct slice s)
{
	unsigned ai = gs1_ai_number(s);
	for (size_t i = 0; i < sizeof qualifiers / sizeof *qualifiers; i++) {
		const struct qualifier_rule *q = &qualifiers[i];
		if (q->key == key && (ai != GS1_NO_AI ? q->ai == ai : slice_eq_str(s, q->name)))
			return q;
	}
	return NULL;
}

static size_t digits_at_start(struct slice s)
{
	size_t n = 0;
	while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
		n++;
	return n;
}

static enum err put_key(struct gs1_work *w, struct err_text *t, const struct key_rule *k,
			struct slice value)
{
	gs1_put(w, k->text, strlen(k->text));
	gs1_put(w, "/", 1);
	if (!k->digits) {
		/* gcppos1: the company prefix comes first, and has at least four digits. */
		if (digits_at_start(value) < 4)
			return err_set(t, ERR_FORMAT,
				       "(%s) must begin with the digits of a company prefix",
				       k->text);
		return gs1_put_value(w, t, k->text, value, k->tail_set, k->tail_max, false);
	}
	size_t start = w->n, digits = digits_at_start(value), need = k->digits;
	if (k->kind == GS1_GTIN && value.n == digits &&
	    (digits == 8 || digits == 12 || digits == 13)) {
		gs1_put(w, "000000", 14 - digits);
		need = digits;
	}
	if (digits < need || (!k->tail_max && value.n != need))
		return err_set(t, ERR_FORMAT, "(%s) needs %zu digits%s", k->text, need,
			       k->tail_max ? " at its beginning" : " and nothing else");
	gs1_put(w, value.p, need);
	struct slice checked = slice(w->text + start, k->check);
	if (!w->for_hash && !gs1_check_ok(checked))
		return err_set(t, ERR_FORMAT,
			       "(%s) %.*s has the wrong check digit %c: it should be %c", k->text,
			       (int)checked.n, (const char *)checked.p, checked.p[checked.n - 1],
			       gs1_check_digit(slice(checked.p, checked.n - 1u)));
	if (k->kind == GS1_GRAI && w->text[start] != '0')
		return err_set(t, ERR_FORMAT, "(8003) must begin with a zero");
	if (k->kind == GS1_ITIP && !gs1_pieces_ok(slice(w->text + start + 14, 4)))
		return err_set(t, ERR_FORMAT, "(8006) needs a piece number from 1 to the total");
	value = slice(value.p + need, value.n - need);
	if (!value.n)
		return ERR_OK;
	return gs1_put_value(w, t, k->text, value, k->tail_set, k->tail_max, false);
}

/* Key and qualifiers; `seg` counts from the end of the path, the key's AI is seg[at]. */
static enum err put_pairs(struct gs1_work *w, struct err_text *t, const struct key_rule *k,
			  const struct slice *seg, size_t at)
{
	size_t start = w->n;
	TRY(put_key(w, t, k, seg[at - 1]));
	enum gs1_kind kind = k->kind;
	bool whole =
		k->digits &&
		w->n - start > strlen(k->text) + 1 + k->digits; /* a serial is part of the key */
	size_t key_end = w->n;
	unsigned rank = 0;
	for (size_t i = at; i > 2; i -= 2) {
		struct slice ai = seg[i - 2], value = seg[i - 3];
		const struct qualifier_rule *q = find_qualifier(k->ai, ai);
		if (!q)
			return err_set(t, ERR_FORMAT,
				       "(%s) has no such qualifier: only AIs of the "
				       "key's own list may follow it",
				       k->text);
		if (rank > q->after)
			return err_set(t, ERR_FORMAT, "(%s) stands in the wrong place behind (%s)",
				       q->text, k->text);
		rank = q->rank;
		/* A finer level replaces a coarser one; one that is dropped was only checked. */
		size_t before = w->n;
		if (q->kind != GS1_NONE)
			w->n = before = key_end;
		/* "The GLN extension 0 means: no extension" (Tag Data Standard 6.3.3). Hashes
		 * keep what was written. */
		if (q->ai == 254 && slice_eq_str(value, "0") && !w->for_hash)
			continue;
		gs1_put(w, "/", 1);
		gs1_put(w, q->text, strlen(q->text));
		gs1_put(w, "/", 1);
		if (q->ai == 8011 && value.n && value.p[0] == '0')
			return err_set(t, ERR_FORMAT, "(8011) may not begin with a zero");
		TRY(gs1_put_value(w, t, q->text, value, q->set, q->max, false));
		if (q->kind == GS1_NONE) {
			w->n = before;
			continue;
		}
		kind = q->kind;
		whole = q->ai != 10;
	}
	w->kind = kind;
	w->is_class = !whole &&
		      (kind == GS1_GTIN || kind == GS1_LGTIN || kind == GS1_ITIP ||
		       kind == GS1_GRAI || kind == GS1_GDTI || kind == GS1_SGCN || kind == GS1_CPI);
	return ERR_OK;
}

/* What stands between the host and the query or fragment. */
static struct slice path_of(struct slice text, struct slice *host)
{
	size_t at = 0, end;
	while (text.p[at] != ':')
		at++;
	at += 3;
	for (end = at; end < text.n && text.p[end] != '?' && text.p[end] != '#'; end++)
		;
	size_t slash = at;
	while (slash < end && text.p[slash] != '/')
		slash++;
	*host = slice(text.p + at, slash - at);
	return slice(text.p + slash, end - slash);
}

/* "id.gs1.org", however it is written and with whatever port. */
static bool is_gs1_host(struct slice host)
{
	static const char name[] = "id.gs1.org";
	const uint8_t *at = host.n ? memrchr(host.p, '@', host.n) : NULL;
	if (at)
		host = slice(at + 1, host.n - (size_t)(at + 1 - host.p));
	const uint8_t *colon = host.n ? memchr(host.p, ':', host.n) : NULL;
	if (colon)
		host.n = (size_t)(colon - host.p);
	while (host.n && host.p[host.n - 1] == '.')
		host.n--;
	bool same = host.n == sizeof name - 1;
	for (size_t i = 0; same && i < host.n; i++)
		same = (host.p[i] == '.' ? '.' : host.p[i] | 0x20) == name[i];
	return same;
}

/* Why a path on id.gs1.org names nothing: it is no key, or not in pairs. */
static enum err not_a_link(struct err_text *t, struct slice path)
{
	struct slice seg[SEGMENTS_MAX];
	size_t n = 0;
	const uint8_t *end = path.p + path.n, *at = path.n ? path.p + 1 : path.p;
	for (; at < end && n < SEGMENTS_MAX; n++) {
		const uint8_t *slash = memchr(at, '/', (size_t)(end - at));
		seg[n] = slice(at, (size_t)((slash ? slash : end) - at));
		at = (slash ? slash : end) + 1;
	}
	const struct key_rule *k = n ? find_key(seg[0]) : NULL;
	if (!k)
		return err_set(t, ERR_FORMAT,
			       "id.gs1.org: the address is no Digital Link of a key that is known "
			       "here (01, 00, 414 ...)");
	if (n == 1)
		return err_set(t, ERR_FORMAT, "(%s) is empty", k->text);
	const struct qualifier_rule *q = n % 2 ? find_qualifier(k->ai, seg[n - 1]) : NULL;
	if (q)
		return err_set(t, ERR_FORMAT, "(%s) is empty", q->text);
	return err_set(t, ERR_FORMAT, "what follows (%s) is not in pairs of AI and value", k->text);
}

enum err gs1_read_link(struct gs1_work *w, struct err_text *t, struct slice text, bool is_canon)
{
	struct slice host = {NULL, 0};
	struct slice path = is_canon ? text : path_of(text, &host);
	/* A browser would go elsewhere than a reader of pairs. */
	if (!is_canon && !w->for_hash && uri_has_dots(path))
		return err_set(t, ERR_FORMAT,
			       "not the normal form of the URI: the path has a segment . or ..");
	if (!is_canon && path.n && path.p[path.n - 1] == '/')
		path.n--;

	/* The last segments, counted from the end, until a pair begins with a primary key. */
	struct slice seg[SEGMENTS_MAX];
	const struct key_rule *k = NULL;
	size_t n = 0, end = path.n;
	while (n < SEGMENTS_MAX && !k) {
		size_t start = end;
		while (start > 0 && path.p[start - 1] != '/')
			start--;
		if (start == 0 && !is_canon)
			break;
		seg[n++] = slice(path.p + start, end - start);
		if (n % 2 == 0)
			k = find_key(seg[n - 1]);
		if (start == 0)
			break;
		end = start - 1;
	}
	if (!k && !is_canon)
		return !w->for_hash && is_gs1_host(host) ? not_a_link(t, path) : ERR_OK;
	if (!k)
		return err_set(t, ERR_FORMAT, "the text begins like a GS1 key and holds none");
	if (is_canon && seg[n - 1].p != text.p)
		return err_set(t, ERR_FORMAT, "a canonical text begins with its key");

	enum err e = put_pairs(w, t, k, seg, n - 1);
	if (e == ERR_OK)
		return ERR_OK;
	bool meant = is_canon || is_gs1_host(host) ||
		     (gs1_ai_number(seg[n - 1]) != GS1_NO_AI && digits_at_start(seg[n - 2]) >= 8);
	w->kind = GS1_NONE;
	return meant ? e : ERR_OK;
}

/* ---- element strings ---- */

bool gs1_is_key(unsigned ai)
{
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (keys[i].ai == ai)
			return true;
	return false;
}

/*
 * A label of a pallet says its consignment and its places beside the SSCC;
 * so these keys are data beside one that names goods.
 */
static bool is_beside(unsigned ai)
{
	return ai == 401 || ai == 402 || ai == 414 || ai == 417;
}

static enum err choose_key(size_t *at, struct err_text *t, const struct gs1_element *e, size_t n)
{
	size_t found = n;
	for (size_t i = 0; i < n; i++) {
		if (!gs1_is_key(e[i].ai))
			continue;
		bool beside = is_beside(e[i].ai), goods = found < n && !is_beside(e[found].ai);
		if (beside && goods)
			continue;
		if (found < n && (beside || goods))
			return err_set(t, ERR_FORMAT, "(%.*s) and (%.*s) name two things: give one",
				       (int)e[found].ai_text.n, (const char *)e[found].ai_text.p,
				       (int)e[i].ai_text.n, (const char *)e[i].ai_text.p);
		found = i;
	}
	*at = found;
	return found < n ? ERR_OK
			 : err_set(t, ERR_FORMAT,
				   "the element string names nothing: no (01), (00), (414) or "
				   "other key");
}

enum err gs1_read_elements(struct gs1_work *w, struct err_text *t, const struct gs1_element *e,
			   size_t n)
{
	size_t at = 0, m = 0;
	const struct gs1_element *order[SEGMENTS_MAX / 2];
	TRY(choose_key(&at, t, e, n));
	order[m++] = &e[at];
	/* The parts may stand in any order on a label; in the table they are in that of the key. */
	for (size_t i = 0; i < sizeof qualifiers / sizeof *qualifiers; i++) {
		for (size_t k = 0; qualifiers[i].key == e[at].ai && k < n; k++) {
			if (e[k].ai != qualifiers[i].ai)
				continue;
			if (m == sizeof order / sizeof *order)
				return err_set(t, ERR_FORMAT, "(%s) does not go with (21)",
					       qualifiers[i].text);
			order[m++] = &e[k];
		}
	}
	/* A serial of something else would be dropped unseen. An SSCC's label may tell of what is
	 * inside. */
	for (size_t i = 0; i < n && e[at].ai != 0; i++) {
		bool serial = e[i].ai == 21 || e[i].ai == 235 || e[i].ai == 254 || e[i].ai == 8011;
		if (serial && !find_qualifier(e[at].ai, e[i].ai_text))
			return err_set(t, ERR_FORMAT, "(%.*s) does not go with (%.*s)",
				       (int)e[i].ai_text.n, (const char *)e[i].ai_text.p,
				       (int)e[at].ai_text.n, (const char *)e[at].ai_text.p);
	}
	struct slice seg[SEGMENTS_MAX];
	for (size_t i = 0; i < m; i++) {
		seg[2 * (m - i) - 1] = order[i]->ai_text;
		seg[2 * (m - i) - 2] = order[i]->value;
	}
	return put_pairs(w, t, find_key(order[0]->ai_text), seg, 2 * m - 1);
}
