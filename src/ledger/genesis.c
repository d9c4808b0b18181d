#include "ledger/genesis.h"

#include "crypto/ed25519.h"
#include "crypto/sha256.h"
#include "ledger/tx.h"

_Static_assert((int)CHAIN_ID_MAX == (int)HEADER_CHAIN_ID_MAX, "one limit");

#define CORE_MAGIC SLICE_LIT("ARGOSYG1")
#define REST_TAG   SLICE_LIT("ARGOSYR1")

bool chain_id_valid(struct slice id)
{
	if (id.n < 1 || id.n > HEADER_CHAIN_ID_MAX)
		return false;
	for (size_t i = 0; i < id.n; i++) {
		uint8_t c = id.p[i];
		bool good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
			    c == '.' || c == '_';
		if (!good)
			return false;
	}
	return true;
}

static enum err check(const struct genesis *g, struct err_text *t)
{
	if (!chain_id_valid(slice_str(g->chain_id)))
		return err_set(t, ERR_FORMAT,
			       "genesis: a chain id has 1 to 50 of a-z 0-9 - . _, not \"%s\"",
			       g->chain_id);
	if (g->app_version != GENESIS_APP_VERSION)
		return err_set(t, ERR_VERSION,
			       "genesis: application version %llu is not known here",
			       (unsigned long long)g->app_version);
	if (g->time.ns < 0 || g->time.ns >= 1000000000)
		return err_set(t, ERR_FORMAT, "genesis: nanoseconds out of range");
	if (g->initial_height < 1)
		return err_set(t, ERR_FORMAT, "genesis: the initial height is below 1");
	if (g->n_validators < 1 || g->n_validators > VALIDATORS_MAX)
		return err_set(t, ERR_FORMAT, "genesis: 1 to %d validators, not %zu",
			       VALIDATORS_MAX, g->n_validators);
	if (!validators_valid(g->validators, g->n_validators))
		return err_set(t, ERR_FORMAT,
			       "genesis: validators out of order, named twice, or of no power");
	for (size_t i = 0; i < g->n_validators; i++)
		if (!ed25519_public_valid(g->validators[i].key))
			return err_set(t, ERR_FORMAT,
				       "genesis: the key of validator %zu is not an Ed25519 key",
				       i);
	return ERR_OK;
}

static void rest_hash(struct genesis *g)
{
	struct sha256 h;
	sha256(&g->state_hash, g->app_state);
	sha256_init(&h);
	sha256_update_slice(&h, REST_TAG);
	for (size_t i = 0; i < g->n_validators; i++)
		sha256_update(&h, g->next[i].b, 32);
	sha256_update(&h, g->state_hash.b, 32);
	sha256_final(&h, &g->rest_hash);
}

static void put_core(struct buf *b, const struct genesis *g)
{
	buf_put_slice(b, CORE_MAGIC);
	buf_put_lp(b, slice_str(g->chain_id));
	buf_put_varint(b, g->app_version);
	buf_put_zigzag(b, g->time.s);
	buf_put_varint(b, (uint64_t)g->time.ns);
	buf_put_varint(b, (uint64_t)g->initial_height);
	buf_put_varint(b, g->n_validators);
	for (size_t i = 0; i < g->n_validators; i++) {
		buf_put(b, g->validators[i].key, 32);
		buf_put_varint(b, g->validators[i].power);
	}
	buf_put(b, g->rest_hash.b, 32);
}

enum err genesis_encode(struct buf *out, struct genesis *g, struct err_text *t)
{
	TRY(check(g, t));
	rest_hash(g);
	struct buf core = BUF_INIT;
	put_core(&core, g);
	if (!core.failed)
		sha256(&g->fingerprint, buf_slice(&core));
	validators_hash(&g->validators_hash, g->validators, g->n_validators);
	buf_put_lp(out, buf_slice(&core));
	buf_put_varint(out, 32 * g->n_validators);
	for (size_t i = 0; i < g->n_validators; i++)
		buf_put(out, g->next[i].b, 32);
	buf_put_lp(out, g->app_state);
	enum err e = buf_err(&core);
	buf_fini(&core);
	return e ? e : buf_err(out);
}

static bool take_core(struct genesis *g, struct hash *rest)
{
	struct reader r = reader_of(g->core);
	if (!slice_eq(reader_bytes(&r, CORE_MAGIC.n), CORE_MAGIC))
		return false;
	struct slice id = reader_lp(&r);
	if (!chain_id_valid(id))
		return false;
	memcpy(g->chain_id, id.p, id.n);
	g->app_version = reader_varint(&r);
	g->time.s = reader_zigzag(&r);
	uint64_t ns = reader_varint(&r), height = reader_varint(&r), n = reader_varint(&r);
	if (ns >= 1000000000 || height < 1 || height > INT64_MAX || n < 1 || n > VALIDATORS_MAX)
		return false;
	g->time.ns = (int32_t)ns;
	g->initial_height = (int64_t)height;
	g->n_validators = (size_t)n;
	for (size_t i = 0; i < g->n_validators; i++) {
		struct slice key = reader_bytes(&r, 32);
		if (key.n == 32)
			memcpy(g->validators[i].key, key.p, 32);
		g->validators[i].power = reader_varint(&r);
	}
	*rest = reader_hash(&r);
	return !r.bad && r.p == r.end;
}

enum err genesis_decode(struct genesis *g, struct slice file, struct err_text *t)
{
	memset(g, 0, sizeof *g);
	if (file.n > GENESIS_FILE_MAX)
		return err_set(t, ERR_LIMIT, "genesis: over %d bytes", GENESIS_FILE_MAX);
	struct reader r = reader_of(file);
	g->core = reader_lp(&r);
	struct slice next = reader_lp(&r);
	g->app_state = reader_lp(&r);
	if (r.bad || r.p != r.end)
		return err_set(t, ERR_FORMAT, "genesis: not a genesis file, or cut");
	struct hash rest;
	if (!take_core(g, &rest))
		return err_set(t, ERR_FORMAT, "genesis: the core is malformed");
	if (next.n != 32 * g->n_validators)
		return err_set(t, ERR_FORMAT, "genesis: next keys for %zu of %zu validators",
			       next.n / 32, g->n_validators);
	memcpy(g->next, next.p, next.n);
	TRY(check(g, t));
	rest_hash(g);
	if (!hash_eq(&rest, &g->rest_hash))
		return err_set(t, ERR_FORMAT,
			       "genesis: the next keys or the first state are not those that the "
			       "core commits to");
	sha256(&g->fingerprint, g->core);
	validators_hash(&g->validators_hash, g->validators, g->n_validators);
	return ERR_OK;
}
