#include "ledger/member.h"

bool member_id_valid(struct slice id)
{
	if (id.n < 2 || id.n > MEMBER_ID_MAX)
		return false;
	for (size_t i = 0; i < id.n; i++) {
		uint8_t c = id.p[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
		if (!plain && (i == 0 || (c != '-' && c != '.')))
			return false;
	}
	return true;
}

bool member_role_valid(struct slice role)
{
	static const char *const roles[] = {"supplier", "merchant", "carrier",	 "warehouse",
					    "customs",	"payment",  "inspector", "regulator",
					    "platform", "operator"};
	for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
		if (slice_eq_str(role, roles[i]))
			return true;
	return false;
}

bool member_has_role(const struct member *m, const char *role)
{
	for (unsigned i = 0; i < m->n_roles; i++)
		if (slice_eq_str(m->roles[i], role))
			return true;
	return false;
}

static void list_encode(struct buf *b, const struct slice *s, unsigned n)
{
	buf_put_varint(b, n);
	for (unsigned i = 0; i < n; i++)
		buf_put_lp(b, s[i]);
}

static bool list_decode(struct reader *r, struct slice *s, unsigned *n, unsigned max)
{
	uint64_t count = reader_varint(r);
	if (r->bad || count > max)
		return false;
	for (*n = 0; *n < count; ++*n)
		s[*n] = reader_lp(r);
	return !r->bad;
}

bool member_decode(struct member *m, struct slice value)
{
	struct reader r = reader_of(value);
	*m = (struct member){0};
	if (reader_u8(&r) != 'M' || reader_u8(&r) != 1)
		return false;
	uint8_t status = reader_u8(&r);
	m->status = status == MEMBER_ACTIVE ? MEMBER_ACTIVE : MEMBER_SUSPENDED;
	m->name = reader_lp(&r);
	m->country = reader_lp(&r);
	if (!list_decode(&r, m->roles, &m->n_roles, MEMBER_ROLES_MAX))
		return false;
	m->quota_units_per_hour = reader_varint(&r);
	m->keys_valid = reader_varint(&r);
	m->party = reader_lp(&r);
	m->admitted_height = reader_varint(&r);
	return !r.bad && reader_left(&r) == 0;
}

bool member_key_decode(struct member_key *k, struct slice value)
{
	struct reader r = reader_of(value);
	*k = (struct member_key){0};
	if (reader_u8(&r) != 'K' || reader_u8(&r) != 1)
		return false;
	k->kind = reader_u8(&r) == KEY_PERSON ? KEY_PERSON : KEY_AGENT;
	k->member = reader_lp(&r);
	k->from_height = reader_varint(&r);
	k->retire_at_ms = reader_zigzag(&r);
	k->revoked_height = reader_varint(&r);
	k->disowned_height = reader_varint(&r);
	return list_decode(&r, k->scope, &k->n_scope, KEY_SCOPE_MAX) && reader_left(&r) == 0;
}

static enum err state_key(struct buf *b, const char *prefix, struct slice rest)
{
	buf_put_str(b, prefix);
	buf_put_slice(b, rest);
	return buf_err(b);
}

/* Looks a key up and hands the value to `decode`; damage that the state's own
 * checks let through would be our bug. */
static enum err get(struct exec *x, bool *found, struct slice *value, const char *prefix,
		    struct slice rest)
{
	struct buf key = BUF_INIT;
	enum err e = state_key(&key, prefix, rest);
	if (e == ERR_OK)
		e = exec_get(x, found, value, buf_slice(&key));
	buf_fini(&key);
	return e;
}

static enum err put(struct exec *x, const char *prefix, struct slice rest, const struct buf *value)
{
	struct buf key = BUF_INIT;
	enum err e = buf_err(value);
	if (e == ERR_OK)
		e = state_key(&key, prefix, rest);
	if (e == ERR_OK)
		e = exec_put(x, buf_slice(&key), buf_slice(value));
	buf_fini(&key);
	return e;
}

enum err member_get(struct exec *x, bool *found, struct member *m, struct slice id)
{
	struct slice value;
	TRY(get(x, found, &value, "m/", id));
	return !*found || member_decode(m, value) ? ERR_OK : ERR_CORRUPT;
}

enum err member_put(struct exec *x, struct slice id, const struct member *m)
{
	struct buf v = BUF_INIT;
	buf_put_u8(&v, 'M');
	buf_put_u8(&v, 1);
	buf_put_u8(&v, (uint8_t)m->status);
	buf_put_lp(&v, m->name);
	buf_put_lp(&v, m->country);
	list_encode(&v, m->roles, m->n_roles);
	buf_put_varint(&v, m->quota_units_per_hour);
	buf_put_varint(&v, m->keys_valid);
	buf_put_lp(&v, m->party);
	buf_put_varint(&v, m->admitted_height);
	enum err e = put(x, "m/", id, &v);
	buf_fini(&v);
	return e;
}

enum err member_key_get(struct exec *x, bool *found, struct member_key *k,
			const uint8_t key[static 32])
{
	struct slice value;
	TRY(get(x, found, &value, "k/", slice(key, 32)));
	return !*found || member_key_decode(k, value) ? ERR_OK : ERR_CORRUPT;
}

enum err member_key_put(struct exec *x, const uint8_t key[static 32], const struct member_key *k)
{
	struct buf v = BUF_INIT;
	buf_put_u8(&v, 'K');
	buf_put_u8(&v, 1);
	buf_put_u8(&v, (uint8_t)k->kind);
	buf_put_lp(&v, k->member);
	buf_put_varint(&v, k->from_height);
	buf_put_zigzag(&v, k->retire_at_ms);
	buf_put_varint(&v, k->revoked_height);
	buf_put_varint(&v, k->disowned_height);
	list_encode(&v, k->scope, k->n_scope);
	enum err e = put(x, "k/", slice(key, 32), &v);
	buf_fini(&v);
	return e;
}
