#include "trade/owner.h"

#include "trade/keys.h"

#include "data/codes.h"

enum { GCP_MIN = 4, GCP_MAX = 12, URI_MIN = 12, URI_MAX = 400, URI_PARTS_MAX = 24 };

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

bool owner_prefix_valid(struct slice prefix)
{
	if (is_gcp(prefix)) {
		if (prefix.n < 4 + GCP_MIN || prefix.n > 4 + GCP_MAX)
			return false;
		for (size_t i = 4; i < prefix.n; i++)
			if (prefix.p[i] < '0' || prefix.p[i] > '9')
				return false;
		return true;
	}
	return prefix.n >= URI_MIN && prefix.n <= URI_MAX && uri_valid(prefix) &&
	       ends_part(prefix.p[prefix.n - 1]) && parts(prefix) <= URI_PARTS_MAX;
}

/* One node of the tree of ranges. */
struct range {
	struct slice owner, inside;
};

static enum err range_get(struct exec *x, bool *found, struct range *r, struct slice prefix)
{
	struct state_key k;
	struct slice v;
	TRY(exec_get(x, found, &v, key_make(&k, "x/", prefix)));
	*r = (struct range){0};
	if (!*found)
		return ERR_OK;
	struct reader in = reader_of(v);
	bool good = reader_u8(&in) == 'X' && reader_u8(&in) == 1;
	r->owner = reader_lp(&in);
	r->inside = reader_lp(&in);
	return good && !in.bad && reader_left(&in) == 0 ? ERR_OK : ERR_CORRUPT;
}

static enum err range_put(struct exec *x, const struct range *r, struct slice prefix)
{
	struct state_key k;
	uint8_t room[128];
	struct buf b = buf_over(room, sizeof room);
	buf_put_u8(&b, 'X');
	buf_put_u8(&b, 1);
	buf_put_lp(&b, r->owner);
	buf_put_lp(&b, r->inside);
	bug_if(b.failed);
	return exec_put(x, key_make(&k, "x/", prefix), buf_slice(&b));
}

static enum err bits_get(struct exec *x, uint64_t *bits)
{
	bool found;
	struct slice v;
	*bits = 0;
	TRY(exec_get(x, &found, &v, SLICE_LIT("x!")));
	if (!found)
		return ERR_OK;
	struct reader r = reader_of(v);
	*bits = reader_varint(&r);
	return r.bad || reader_left(&r) ? ERR_CORRUPT : ERR_OK;
}

static enum err bits_add(struct exec *x, unsigned bit)
{
	uint64_t bits;
	uint8_t room[10];
	struct buf b = buf_over(room, sizeof room);
	TRY(bits_get(x, &bits));
	if (bits >> bit & 1)
		return ERR_OK;
	buf_put_varint(&b, bits | (uint64_t)1 << bit);
	return exec_put(x, SLICE_LIT("x!"), buf_slice(&b));
}

/* ---- registration ---- */

/*
 * The ancestors of a range in the tree: every shorter company prefix, every
 * shorter URI that ends a part. Gives the next longer one after `n` bytes, up
 * to and without the range itself; 0: no more.
 */
static size_t ancestor_next(struct slice prefix, size_t n)
{
	size_t least = is_gcp(prefix) ? 4 + GCP_MIN : URI_MIN;
	for (size_t i = n + 1 < least ? least : n + 1; i < prefix.n; i++)
		if (is_gcp(prefix) || ends_part(prefix.p[i - 1]))
			return i;
	return 0;
}

static bool others(struct slice who, struct slice member)
{
	return who.n && !slice_eq(who, member);
}

enum err owner_register(struct exec *x, enum verdict *v, struct slice prefix, struct slice member)
{
	bool found;
	struct range r;
	*v = VERDICT_OK;
	TRY(range_get(x, &found, &r, prefix));
	if (others(r.owner, member) || others(r.inside, member))
		*v = VERDICT_OVERLAP;
	for (size_t n = ancestor_next(prefix, 0); n && *v == VERDICT_OK; n = ancestor_next(prefix, n)) {
		TRY(range_get(x, &found, &r, slice(prefix.p, n)));
		if (others(r.owner, member))
			*v = VERDICT_OVERLAP;
	}
	if (*v != VERDICT_OK)
		return ERR_OK;
	for (size_t n = ancestor_next(prefix, 0); n; n = ancestor_next(prefix, n)) {
		TRY(range_get(x, &found, &r, slice(prefix.p, n)));
		if (slice_eq(r.inside, member) || slice_eq_str(r.inside, "*"))
			continue;
		r.inside = r.inside.n ? SLICE_LIT("*") : member;
		TRY(range_put(x, &r, slice(prefix.p, n)));
	}
	TRY(range_get(x, &found, &r, prefix));
	r.owner = member;
	TRY(range_put(x, &r, prefix));
	return bits_add(x, is_gcp(prefix) ? (unsigned)(prefix.n - 4) : 0);
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

static enum err by_range(struct exec *x, struct slice *owner, struct slice id, enum gs1_kind kind)
{
	uint64_t bits;
	bool found;
	struct range r;
	TRY(bits_get(x, &bits));
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
		if (!found || r.inside.n == 0)
			break; /* nothing longer is registered below this */
	}
	return ERR_OK;
}

enum err owner_find(struct exec *x, struct slice *owner, struct slice id, enum gs1_kind kind)
{
	*owner = slice(id.p, 0);
	struct slice product = product_of(id, kind);
	if (product.n)
		TRY(registered(x, owner, "p/", product));
	else if (kind == GS1_SGLN)
		TRY(registered(x, owner, "l/", id));
	else if (kind == GS1_NONE)
		TRY(registered(x, owner, "p/", id));
	if (owner->n == 0 && kind == GS1_NONE)
		TRY(registered(x, owner, "l/", id));
	return owner->n ? ERR_OK : by_range(x, owner, id, kind);
}
