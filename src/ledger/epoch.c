#include "ledger/epoch.h"

#include "crypto/ed25519.h"
#include "crypto/sha256.h"

static void put_statement(struct buf *b, const struct epoch *e)
{
	buf_put_varint(b, e->number);
	buf_put_u8(b, (uint8_t)e->kind);
	buf_put_varint(b, (uint64_t)e->from_height);
	buf_put_varint(b, (uint64_t)e->last_height);
	buf_put(b, e->last_hash.b, 32);
	buf_put_varint(b, e->index);
	if (e->kind == EPOCH_REPLACE) {
		buf_put(b, e->key, 32);
		buf_put(b, e->next.b, 32);
	}
}

void epoch_encode(struct buf *out, const struct epoch *e)
{
	struct buf b = BUF_INIT;
	put_statement(&b, e);
	buf_put_lp(out, buf_slice(&b));
	buf_put(out, e->sig, 64);
	if (b.failed)
		out->failed = true;
	buf_fini(&b);
}

bool epoch_take(struct epoch *e, struct reader *r)
{
	memset(e, 0, sizeof *e);
	struct reader s = reader_of(reader_lp(r));
	struct slice sig = reader_bytes(r, 64);
	e->number = reader_varint(&s);
	uint8_t kind = reader_u8(&s);
	uint64_t from = reader_varint(&s), last = reader_varint(&s);
	e->last_hash = reader_hash(&s);
	uint64_t index = reader_varint(&s);
	if (kind != EPOCH_REPLACE && kind != EPOCH_RESUME)
		return false;
	e->kind = (enum epoch_kind)kind;
	if (e->kind == EPOCH_REPLACE) {
		struct slice key = reader_bytes(&s, 32);
		if (key.n)
			memcpy(e->key, key.p, 32);
		e->next = reader_hash(&s);
	}
	if (r->bad || s.bad || s.p != s.end || from > INT64_MAX || last > INT64_MAX ||
	    index >= VALIDATORS_MAX)
		return false;
	e->from_height = (int64_t)from;
	e->last_height = (int64_t)last;
	e->index = (size_t)index;
	memcpy(e->sig, sig.p, 64);
	return true;
}

static void put_signed(struct buf *b, const struct epoch *e, const struct hash *fingerprint)
{
	buf_put(b, "argosy/epoch/1", sizeof "argosy/epoch/1"); /* with its NUL */
	buf_put(b, fingerprint->b, 32);
	put_statement(b, e);
}

enum err epoch_sign(struct epoch *e, const struct hash *fingerprint,
		    const uint8_t secret[static 64])
{
	struct buf b = BUF_INIT;
	put_signed(&b, e, fingerprint);
	enum err err = buf_err(&b);
	if (!err)
		ed25519_sign(e->sig, buf_slice(&b), secret);
	buf_fini(&b);
	return err;
}

void epoch_set_init(struct epoch_set *s, const struct genesis *g)
{
	memset(s, 0, sizeof *s);
	s->number = 1;
	s->n = g->n_validators;
	memcpy(s->v, g->validators, s->n * sizeof *s->v);
	memcpy(s->next, g->next, s->n * sizeof *s->next);
}

/* Replaces the key at `index`, and orders set and next hashes anew, together. */
static void replace(struct epoch_set *s, const struct epoch *e)
{
	struct epoch_set old = *s;
	memcpy(s->v[e->index].key, e->key, 32);
	old.v[e->index] = s->v[e->index];
	old.next[e->index] = e->next;
	validators_sort(s->v, s->n);
	for (size_t i = 0; i < s->n; i++)
		for (size_t k = 0; k < s->n; k++)
			if (memcmp(s->v[i].key, old.v[k].key, 32) == 0)
				s->next[i] = old.next[k];
}

enum err epoch_apply(struct epoch_set *s, const struct epoch *e, const struct hash *fingerprint,
		     struct err_text *t)
{
	if (e->number != s->number + 1 || e->number > EPOCHS_MAX + 1)
		return err_set(t, ERR_VERIFY, "epoch %llu does not follow epoch %llu",
			       (unsigned long long)e->number, (unsigned long long)s->number);
	if (e->from_height <= s->from_height || e->last_height >= e->from_height)
		return err_set(t, ERR_VERIFY, "epoch %llu: its heights are out of order",
			       (unsigned long long)e->number);
	if (e->index >= s->n)
		return err_set(t, ERR_VERIFY, "epoch %llu: there is no validator %zu",
			       (unsigned long long)e->number, e->index);
	const uint8_t *signer = s->v[e->index].key;
	if (e->kind == EPOCH_REPLACE) {
		struct hash h;
		sha256(&h, slice(e->key, 32));
		if (!hash_eq(&h, &s->next[e->index]))
			return err_set(t, ERR_VERIFY,
				       "epoch %llu: the new key is not the one committed to",
				       (unsigned long long)e->number);
		for (size_t i = 0; i < s->n; i++)
			if (memcmp(s->v[i].key, e->key, 32) == 0)
				return err_set(t, ERR_VERIFY, "the new key is in use already");
		signer = e->key;
	}
	struct buf b = BUF_INIT;
	put_signed(&b, e, fingerprint);
	enum err err = buf_err(&b);
	bool good = !err && ed25519_verify(e->sig, buf_slice(&b), signer);
	buf_fini(&b);
	TRY(err);
	if (!good)
		return err_set(t, ERR_VERIFY, "epoch %llu: the signature does not fit",
			       (unsigned long long)e->number);
	s->number = e->number;
	s->from_height = e->from_height;
	if (e->kind == EPOCH_REPLACE)
		replace(s, e);
	return ERR_OK;
}
