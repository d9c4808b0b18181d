#include "trade/owner.h"

#include "trade/keys.h"
#include "trade/subject.h"

#include "data/codes.h"
#include "data/uri.h"
#include "ledger/member.h"

#include <stdio.h>

enum { GCP_MIN = 4, GCP_MAX = 12, URI_MIN = 12, URI_MAX = 400, URI_PARTS_MAX = 24 };
/* Two names, numbers, a credential's id. */
enum { RANGE_VALUE_MAX = 40 + MEMBER_ID_MAX + SUBJECT_ID_MAX };

static bool ends_part(uint8_t c)
{
	return c == '/' || c == ':' || c == '#' || c == '=' || c == '?';
}

static unsigned parts(struct slice s)
{
	unsigned n = 0;
	for (size_t i = 0; i < s.n; i++)
		n += ends_part(s.p[i]);
	return n;
}

static bool is_gcp(struct slice prefix)
{
	return slice_starts(prefix, "gcp:");
}

/* Numbers that GS1 gives to nobody: every shop has 02, 04 and 2 for its own use, and with 000
 * begin the short ones (GTIN-8) of all. */
static bool is_restricted(struct slice digits)
{
	static const char *const begin[] = {"000", "02", "04", "2"};
	for (size_t i = 0; i < sizeof begin / sizeof *begin; i++)
		if (slice_starts(digits, begin[i]))
			return true;
	return false;
}

static const char *gcp_fault(struct slice digits)
{
	if (digits.n < GCP_MIN || digits.n > GCP_MAX)
		return "a company prefix has 4 to 12 digits";
	for (size_t i = 0; i < digits.n; i++)
		if (digits.p[i] < '0' || digits.p[i] > '9')
			return "a company prefix has 4 to 12 digits";
	return is_restricted(digits) ? "000, 02, 04 and 2 begin numbers that GS1 gives to no firm"
				     : NULL;
}

/* "9521141000007:" with a right check digit: a GLN and what its owner numbers below it. */
static bool begins_with_gln(struct slice s)
{
	return s.n >= 14 && s.p[13] == ':' && gs1_check_ok(slice(s.p, 13));
}

static const char *const scheme_wide =
	"everybody's names begin so: a range begins with a name of one's own";

/* `name` is what follows "urn:", the namespace and its colon. */
static const char *urn_fault(struct slice space, struct slice name)
{
	/* Namespaces in which what comes next says no owner. */
	static const char *const common[] = {"epc",  "gs1",  "uuid", "oid",  "isbn",
					     "issn", "ietf", "iso",  "iana", "argosy"};
	for (size_t i = 0; i < sizeof common / sizeof *common; i++)
		if (slice_eq_str(space, common[i]))
			return scheme_wide;
	if (slice_eq_str(space, "epcglobal")) {
		static const char bt[] = "cbv:bt:";
		size_t n = sizeof bt - 1;
		return slice_starts(name, bt) && begins_with_gln(slice(name.p + n, name.n - n))
			       ? NULL
			       : scheme_wide;
	}
	/* "urn:example:" and "urn:example::" */
	return name.n == 0 || ends_part(name.p[0]) ? scheme_wide : NULL;
}

static bool ends_with(struct slice s, const char *end)
{
	size_t n = strlen(end);
	return s.n >= n && memcmp(s.p + s.n - n, end, n) == 0;
}

static const char *web_fault(struct slice host)
{
	if (slice_eq_str(host, "gs1.org") || ends_with(host, ".gs1.org"))
		return "the names of gs1.org are everybody's";
	return memchr(host.p, '.', host.n) ? NULL : "a host of one's own has a dot in its name";
}

static const char *prefix_uri_fault(struct slice prefix)
{
	struct uri_parts u;
	if (prefix.n < URI_MIN || prefix.n > URI_MAX || !uri_valid(prefix) ||
	    !uri_split(&u, prefix))
		return "neither \"gcp:\" and 4 to 12 digits nor an absolute URI of 12 to 400 bytes";
	if (!ends_part(prefix.p[prefix.n - 1]))
		return "a range of URIs ends with one of / : # = ?";
	if (parts(prefix) > URI_PARTS_MAX)
		return "a range has at most 24 of / : # = ?";
	struct slice space = urn_namespace(prefix);
	if (space.n && 4 + space.n < prefix.n) {
		size_t n = 4 + space.n + 1;
		const char *fault = urn_fault(space, slice(prefix.p + n, prefix.n - n));
		if (fault)
			return fault;
	}
	const char *fault = uri_fault(prefix, true);
	if (fault)
		return fault;
	if (space.n)
		return NULL;
	if (slice_eq_str(u.scheme, "http") || slice_eq_str(u.scheme, "https"))
		return web_fault(u.authority);
	if (u.authority.n)
		return NULL;
	/* "did:web:" is a method, "ni:" a hash, "tag:" and all others a scheme. */
	struct slice name = u.path;
	if (slice_eq_str(u.scheme, "did")) {
		const uint8_t *colon = name.n ? memchr(name.p, ':', name.n) : NULL;
		size_t n = colon ? (size_t)(colon + 1 - name.p) : name.n;
		name = slice(name.p + n, name.n - n);
	}
	bool hash = slice_eq_str(u.scheme, "ni");
	return hash || name.n == 0 || ends_part(name.p[0]) ? scheme_wide : NULL;
}

const char *owner_prefix_fault(struct slice prefix)
{
	return is_gcp(prefix) ? gcp_fault(slice(prefix.p + 4, prefix.n - 4))
			      : prefix_uri_fault(prefix);
}

bool owner_prefix_valid(struct slice prefix)
{
	return !owner_prefix_fault(prefix);
}

bool range_decode(struct range *r, struct slice value)
{
	struct reader in = reader_of(value);
	*r = (struct range){0};
	if (reader_u8(&in) != 'X' || reader_u8(&in) != 1)
		return false;
	r->owner = reader_lp(&in);
	r->inside = reader_u8(&in) != 0;
	r->n = reader_varint(&in);
	r->since1 = reader_varint(&in);
	r->credential = reader_lp(&in);
	return !in.bad && reader_left(&in) == 0;
}

static enum err range_get(struct exec *x, bool *found, struct range *r, struct slice prefix)
{
	struct state_key k;
	struct slice v;
	TRY(exec_get(x, found, &v, key_make(&k, "x/", prefix)));
	*r = (struct range){0};
	return !*found || range_decode(r, v) ? ERR_OK : ERR_CORRUPT;
}

static enum err range_put(struct exec *x, const struct range *r, struct slice prefix)
{
	struct state_key k;
	uint8_t room[RANGE_VALUE_MAX];
	struct buf b = buf_over(room, sizeof room);
	buf_put_u8(&b, 'X');
	buf_put_u8(&b, 1);
	buf_put_lp(&b, r->owner);
	buf_put_u8(&b, r->inside);
	buf_put_varint(&b, r->n);
	buf_put_varint(&b, r->since1);
	buf_put_lp(&b, r->credential);
	bug_if(b.failed);
	return exec_put(x, key_make(&k, "x/", prefix), buf_slice(&b));
}

struct slice range_event_key(struct state_key *k, struct slice prefix, uint64_t n)
{
	char number[24];
	struct buf b = buf_over(k->b, sizeof k->b);
	snprintf(number, sizeof number, "/%llu", (unsigned long long)n);
	buf_put_str(&b, "xh/");
	buf_put_slice(&b, prefix);
	buf_put_str(&b, number);
	bug_if(b.failed);
	return buf_slice(&b);
}

/* A number by itself. */
static enum err number_get(struct exec *x, uint64_t *n, struct slice key)
{
	bool found;
	struct slice v;
	*n = 0;
	TRY(exec_get(x, &found, &v, key));
	if (!found)
		return ERR_OK;
	struct reader r = reader_of(v);
	*n = reader_varint(&r);
	return r.bad || reader_left(&r) ? ERR_CORRUPT : ERR_OK;
}

static enum err number_put(struct exec *x, struct slice key, uint64_t n)
{
	uint8_t room[10];
	struct buf b = buf_over(room, sizeof room);
	buf_put_varint(&b, n);
	return exec_put(x, key, buf_slice(&b));
}

static enum err bits_add(struct exec *x, unsigned bit)
{
	uint64_t bits;
	TRY(number_get(x, &bits, SLICE_LIT("x!")));
	return bits >> bit & 1 ? ERR_OK : number_put(x, SLICE_LIT("x!"), bits | (uint64_t)1 << bit);
}

/* ---- registration ---- */

size_t owner_ancestor_next(struct slice prefix, size_t n)
{
	size_t least = is_gcp(prefix) ? 4 + GCP_MIN : URI_MIN;
	for (size_t i = n + 1 < least ? least : n + 1; i < prefix.n; i++)
		if (is_gcp(prefix) || ends_part(prefix.p[i - 1]))
			return i;
	return 0;
}

/* How many ranges he has. */
static enum err ranges_change(struct exec *x, struct slice member, int by)
{
	struct state_key k;
	struct slice key = key_make(&k, "x#/", member);
	uint64_t n;
	if (member.n == 0)
		return ERR_OK;
	TRY(number_get(x, &n, key));
	if (by < 0 && n == 0)
		return ERR_CORRUPT; /* also where a trial reads rows of two commits */
	return number_put(x, key, by < 0 ? n - 1 : n + 1);
}

/*
 * The range is his from the record on that is being made, or nobody's; and that record stands in
 * its history.
 */
static enum err range_give(struct exec *x, struct range *r, struct slice prefix, struct slice member,
			   struct slice credential)
{
	struct state_key k;
	struct range above;
	bool found;
	for (size_t n = owner_ancestor_next(prefix, 0); n; n = owner_ancestor_next(prefix, n)) {
		TRY(range_get(x, &found, &above, slice(prefix.p, n)));
		if (above.inside)
			continue;
		above.inside = true;
		TRY(range_put(x, &above, slice(prefix.p, n)));
	}
	if (!slice_eq(r->owner, member)) {
		TRY(ranges_change(x, r->owner, -1));
		TRY(ranges_change(x, member, 1));
		r->credential = slice(NULL, 0);
	}
	r->owner = member;
	r->since1 = exec_next_index(x) + 1;
	if (credential.n)
		r->credential = credential;
	TRY(number_put(x, range_event_key(&k, prefix, r->n), r->since1));
	r->n++;
	TRY(range_put(x, r, prefix));
	return bits_add(x, is_gcp(prefix) ? (unsigned)(prefix.n - 4) : 0);
}

enum err owner_register(struct exec *x, enum range_refusal *why, struct slice prefix,
			struct slice member, struct slice credential)
{
	struct state_key k;
	struct range r, above;
	struct slice around = slice(NULL, 0);
	uint64_t has;
	bool found;
	*why = RANGE_FREE;
	TRY(range_get(x, &found, &r, prefix));
	if (r.owner.n && !slice_eq(r.owner, member)) {
		*why = RANGE_TAKEN;
		return ERR_OK;
	}
	for (size_t n = owner_ancestor_next(prefix, 0); n; n = owner_ancestor_next(prefix, n)) {
		TRY(range_get(x, &found, &above, slice(prefix.p, n)));
		if (above.owner.n)
			around = above.owner; /* the longest counts */
	}
	if (r.owner.n == 0 && around.n && !slice_eq(around, member)) {
		*why = RANGE_INSIDE;
		return ERR_OK;
	}
	TRY(number_get(x, &has, key_make(&k, "x#/", member)));
	if (r.owner.n == 0 && has >= RANGES_MAX) {
		*why = RANGE_MANY;
		return ERR_OK;
	}
	return range_give(x, &r, prefix, member, credential);
}

enum err owner_arbitrate(struct exec *x, bool *changed, struct slice prefix, struct slice member)
{
	struct range r;
	bool found;
	TRY(range_get(x, &found, &r, prefix));
	*changed = !slice_eq(r.owner, member);
	return *changed ? range_give(x, &r, prefix, member, slice(NULL, 0)) : ERR_OK;
}

/* ---- look-up ---- */

struct slice product_of(struct slice id, enum gs1_kind kind)
{
	switch (kind) {
	case GS1_SGTIN:
	case GS1_LGTIN:
	case GS1_GTIN:
	case GS1_UPUI:
		return slice(id.p, id.n < 17 ? id.n : 17);
	case GS1_NONE:
	case GS1_ITIP:
	case GS1_SSCC:
	case GS1_SGLN:
	case GS1_PGLN:
	case GS1_GRAI:
	case GS1_GIAI:
	case GS1_GDTI:
	case GS1_SGCN:
	case GS1_GSRN:
	case GS1_GSRNP:
	case GS1_CPI:
	case GS1_GINC:
	case GS1_GSIN:
		break;
	}
	return slice(id.p, 0);
}

/* Products p/ and locations l/ begin alike: letter, version, lp owner. */
static enum err registered(struct exec *x, struct slice *owner, const char *space, struct slice id)
{
	struct state_key k;
	struct slice v;
	bool found;
	TRY(exec_get(x, &found, &v, key_make(&k, space, id)));
	if (!found)
		return ERR_OK;
	struct reader r = reader_of(v);
	(void)reader_u8(&r);
	(void)reader_u8(&r);
	*owner = reader_lp(&r);
	return r.bad ? ERR_CORRUPT : ERR_OK;
}

enum err owner_by_range(struct exec *x, struct slice *owner, struct slice id, enum gs1_kind kind)
{
	uint64_t bits;
	bool found;
	struct range r;
	*owner = slice(id.p, 0);
	TRY(number_get(x, &bits, SLICE_LIT("x!")));
	if (kind != GS1_NONE) {
		uint8_t key[4 + GCP_MAX] = "gcp:";
		struct slice digits = gs1_prefix_digits(kind, id);
		for (size_t n = GCP_MAX; n >= GCP_MIN && owner->n == 0; n--) {
			if (n > digits.n || !(bits >> n & 1))
				continue;
			memcpy(key + 4, digits.p, n);
			TRY(range_get(x, &found, &r, slice(key, 4 + n)));
			*owner = r.owner;
		}
		return ERR_OK;
	}
	if (!(bits & 1))
		return ERR_OK;
	/* Prefixes have at most URI_PARTS_MAX parts; the longest that is registered counts. */
	unsigned part = 0;
	for (size_t n = 1; n <= id.n && n <= URI_MAX && part < URI_PARTS_MAX; n++) {
		if (!ends_part(id.p[n - 1]))
			continue;
		part++;
		if (n < URI_MIN)
			continue;
		TRY(range_get(x, &found, &r, slice(id.p, n)));
		if (r.owner.n)
			*owner = r.owner;
		if (!found || !r.inside)
			break; /* nothing longer is registered below this */
	}
	return ERR_OK;
}

enum err owner_find(struct exec *x, struct slice *owner, struct slice id, enum gs1_kind kind)
{
	struct slice product = product_of(id, kind);
	TRY(owner_by_range(x, owner, id, kind));
	if (owner->n)
		return ERR_OK;
	if (product.n)
		TRY(registered(x, owner, "p/", product));
	else if (kind == GS1_SGLN)
		TRY(registered(x, owner, "l/", id));
	else if (kind == GS1_NONE)
		TRY(registered(x, owner, "p/", id));
	return owner->n || kind != GS1_NONE ? ERR_OK : registered(x, owner, "l/", id);
}
