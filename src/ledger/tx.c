#include "ledger/tx.h"

#include "crypto/sha256.h"

#include <sodium.h>

static const char sign_tag[] = "argosy/tx/1"; /* its NUL is part of the signed bytes */
_Static_assert(sizeof sign_tag + 32 == TX_SIGNED_PREFIX, "prefix");

static enum verdict refuse(struct tx *tx, enum verdict v, const char *field, const char *why)
{
	tx->form = verdict_set(&tx->form_text, v, field, "%s", why);
	return v;
}

/* Body and signatures out of the Transaction, which is so small a message that
 * it is read here rather than copied by protobuf-c. */
static bool split(struct tx *tx)
{
	struct reader r = reader_of(tx->bytes);
	while (reader_left(&r) > 0) {
		uint64_t tag = reader_varint(&r);
		struct slice v = reader_lp(&r);
		if (tag == (1 << 3 | 2)) {
			tx->body = v;
			continue;
		}
		if (tx->n_signatures == TX_SIGNATURES_MAX) {
			refuse(tx, VERDICT_TOO_LARGE, "/signatures", "more than 8 signatures");
			return false;
		}
		struct reader s = reader_of(v);
		bool key = false, sig = false;
		while (reader_left(&s) > 0) {
			uint64_t stag = reader_varint(&s);
			struct slice b = reader_lp(&s);
			if (stag == (1 << 3 | 2) && b.n == 32) {
				memcpy(tx->signatures[tx->n_signatures].key, b.p, 32);
				key = true;
			} else if (stag == (2 << 3 | 2) && b.n == 64) {
				memcpy(tx->signatures[tx->n_signatures].sig, b.p, 64);
				sig = true;
			}
		}
		if (!key || !sig) {
			refuse(tx, VERDICT_MALFORMED, "/signatures",
			       "a signature needs a key of 32 bytes and 64 bytes of signature");
			return false;
		}
		tx->n_signatures++;
	}
	return true;
}

/* protobuf-c's allocator: the arena, and whether it gave out. That is this machine's
 * trouble, never a verdict. */
struct memory {
	struct arena *arena;
	bool out;
};

static void *memory_take(void *data, size_t n)
{
	struct memory *m = data;
	void *p = arena_alloc(m->arena, n);
	m->out = m->out || !p;
	return p;
}

static void memory_give(void *data, void *p)
{
	(void)data;
	(void)p;
}

/* What the body says, into tx->form; *out_of_memory instead where it could not be read. */
static void decode_form(struct tx *tx, bool *out_of_memory)
{
	if (wire_check(&argosy__v1__transaction__descriptor, tx->bytes, &tx->form_text)) {
		tx->form = VERDICT_MALFORMED;
		return;
	}
	if (!split(tx))
		return;
	if (tx->n_signatures == 0) {
		refuse(tx, VERDICT_MALFORMED, "/signatures", "not signed");
		return;
	}
	tx->form = wire_check(&argosy__v1__body__descriptor, tx->body, &tx->form_text);
	if (tx->form != VERDICT_OK)
		return;
	struct memory memory = {tx->arena, false};
	ProtobufCAllocator alloc = {memory_take, memory_give, &memory};
	tx->b = argosy__v1__body__unpack(&alloc, tx->body.n, tx->body.p);
	*out_of_memory = memory.out;
	if (!tx->b) {
		refuse(tx, VERDICT_MALFORMED, "/body", "cannot be decoded");
		return;
	}
	tx->member = slice_str(tx->b->member);
	if (tx->b->id.len != TX_ID_BYTES)
		refuse(tx, VERDICT_MALFORMED, "/body/id", "must have 16 bytes");
	else if (tx->b->n_actions == 0)
		refuse(tx, VERDICT_MALFORMED, "/body/actions", "no action");
	else if (tx->b->n_actions > TX_ACTIONS_MAX)
		refuse(tx, VERDICT_TOO_LARGE, "/body/actions", "more than 1,000 actions");
	else if (tx->member.n > MEMBER_ID_MAX || tx->member.n == 0)
		refuse(tx, VERDICT_MALFORMED, "/body/member", "missing, or longer than 32 bytes");
	else if (strlen(tx->b->source) > TX_SOURCE_MAX)
		refuse(tx, VERDICT_TOO_LARGE, "/body/source", "longer than 200 bytes");
	else
		memcpy(tx->id, tx->b->id.data, TX_ID_BYTES);
}

bool tx_peek(struct slice *member, struct slice *id, struct slice bytes)
{
	struct reader r = reader_of(bytes);
	*member = *id = slice(NULL, 0);
	while (reader_left(&r) > 0) {
		uint64_t tag = reader_varint(&r);
		struct slice body = reader_lp(&r);
		if (tag != (1 << 3 | 2))
			continue;
		struct reader f = reader_of(body);
		while (reader_left(&f) > 0) {
			uint64_t t = reader_varint(&f);
			if ((t & 7) == 0) {
				reader_varint(&f);
				continue;
			}
			struct slice v = reader_lp(&f);
			if (t == (2 << 3 | 2))
				*member = v;
			else if (t == (3 << 3 | 2))
				*id = v;
		}
		return !f.bad && id->n == TX_ID_BYTES && member->n > 0 && member->n <= MEMBER_ID_MAX;
	}
	return false;
}

enum err tx_decode(struct tx **out, struct slice bytes)
{
	/* Unpacked messages take several times their bytes; the cap stops a bomb. */
	struct arena *a = arena_new((size_t)64 << 20);
	struct tx *tx = a ? arena_alloc(a, sizeof *tx) : NULL;
	bool large = bytes.n > TX_BYTES_MAX, out_of_memory = false;
	uint8_t *copy = tx ? arena_copy(a, bytes.p, large ? 0 : bytes.n) : NULL;
	if (!copy) {
		arena_free(a);
		return ERR_NOMEM;
	}
	tx->arena = a;
	tx->bytes = slice(copy, large ? 0 : bytes.n);
	tx->form = VERDICT_OK;
	if (large)
		refuse(tx, VERDICT_TOO_LARGE, "", "larger than 1 MiB");
	else
		decode_form(tx, &out_of_memory);
	if (tx->form == VERDICT_OK) {
		tx->message = arena_alloc(a, TX_SIGNED_PREFIX + tx->body.n);
		out_of_memory = out_of_memory || !tx->message;
	}
	if (out_of_memory) {
		arena_free(a);
		return ERR_NOMEM;
	}
	if (tx->form == VERDICT_OK) {
		memcpy(tx->message, sign_tag, sizeof sign_tag);
		memcpy(tx->message + TX_SIGNED_PREFIX, tx->body.p, tx->body.n);
		sha256(&tx->body_hash, tx->body);
	}
	*out = tx;
	return ERR_OK;
}

void tx_free(struct tx *tx)
{
	if (tx)
		arena_free(tx->arena);
}

enum err tx_signed_bytes(struct buf *out, const struct hash *fingerprint, struct slice body)
{
	buf_put(out, sign_tag, sizeof sign_tag);
	buf_put(out, fingerprint->b, 32);
	buf_put_slice(out, body);
	return buf_err(out);
}

void tx_verify(struct tx *tx, const struct hash *fingerprint)
{
	if (tx->form != VERDICT_OK)
		return;
	memcpy(tx->message + sizeof sign_tag, fingerprint->b, 32);
	bool good = true;
	for (unsigned i = 0; good && i < tx->n_signatures; i++)
		good = crypto_sign_verify_detached(tx->signatures[i].sig, tx->message,
						   TX_SIGNED_PREFIX + tx->body.n,
						   tx->signatures[i].key) == 0;
	tx->signatures_good = good;
	if (!good)
		refuse(tx, VERDICT_BAD_SIGNATURE, "/signatures",
		       "a signature does not fit the body on this chain");
}

enum err tx_sign(struct buf *out, const struct hash *fingerprint, struct slice body,
		 const struct tx_signer *signers, unsigned n)
{
	bug_if(n == 0 || n > TX_SIGNATURES_MAX);
	struct buf m = BUF_INIT;
	if (tx_signed_bytes(&m, fingerprint, body) != ERR_OK) {
		buf_fini(&m);
		return ERR_NOMEM;
	}
	buf_put_u8(out, 1 << 3 | 2);
	buf_put_lp(out, body);
	for (unsigned i = 0; i < n; i++) {
		uint8_t sig[64];
		crypto_sign_detached(sig, NULL, m.p, m.n, signers[i].secret_key);
		buf_put_u8(out, 2 << 3 | 2);
		buf_put_varint(out, 2 + 32 + 2 + 64);
		buf_put_u8(out, 1 << 3 | 2);
		buf_put_lp(out, slice(signers[i].public_key, 32));
		buf_put_u8(out, 2 << 3 | 2);
		buf_put_lp(out, slice(sig, 64));
	}
	buf_fini(&m);
	return buf_err(out);
}
