/*
 * tx: a transaction from bytes to a checked struct. The trust wall for
 * everything that members sign (docs/format/transaction.md).
 */
#ifndef ARGOSY_LEDGER_TX_H
#define ARGOSY_LEDGER_TX_H

#include "base/bytes.h"
#include "ledger/verdict.h"
#include "ledger/wire.h"

#include "argosy/v1/tx.pb-c.h"

enum {
	TX_BYTES_MAX = 1 << 20,
	TX_ACTIONS_MAX = 1000,
	TX_SIGNATURES_MAX = 8,
	TX_SOURCE_MAX = 200,
	TX_SIGNED_PREFIX = 12 + 32, /* tag with its NUL, fingerprint */
	TX_ID_BYTES = 16,
	MEMBER_ID_MAX = 32,
	CHAIN_ID_MAX = 50,
	PACKET_BYTES_TARGET = 64 << 10,
};

#define TX_LIFE_MS_MAX ((int64_t)24 * 3600 * 1000)

struct tx {
	struct arena *arena; /* owns everything below, and the struct itself */
	struct slice bytes;  /* the encoded Transaction, a copy in the arena; empty if too large */
	struct slice body;   /* inside `bytes` */
	uint8_t *message; /* what signatures cover: room for tag and fingerprint, then the body */
	struct hash body_hash;
	Argosy__V1__Body *b; /* decoded body */
	struct slice member; /* b->member */
	uint8_t id[TX_ID_BYTES];
	struct {
		uint8_t key[32], sig[64];
	} signatures[TX_SIGNATURES_MAX];
	unsigned n_signatures; /* at least 1 */
	bool signatures_good;  /* set by tx_verify */
	/* What the stateless part said: VERDICT_OK, or why it can never be applied. */
	enum verdict form;
	struct verdict_text form_text;
	void *prepared; /* the application's */
	size_t prepared_count;
	/* By the application's prepare, like `prepared`. */
	uint64_t work; /* what it names, in units of work; 0: not prepared */
	bool rescue;   /* it does nothing but take keys out of use */
};

/* A KiB that was begun counts whole. */
static inline uint64_t work_kib(size_t bytes)
{
	return (bytes + 1023) / 1024;
}

/* What a transaction that names so many subjects is said to cost before it is executed:
 * its KiB, its actions, its subjects. `tx` was decoded well. */
static inline uint64_t tx_work(const struct tx *tx, uint64_t subjects)
{
	return work_kib(tx->bytes.n) + tx->b->n_actions + subjects;
}

/*
 * Decodes: form, limits, unknown fields, UTF-8. Always gives a tx on ERR_OK,
 * also for a malformed one (then tx->form says why and only `bytes` holds).
 * Free with tx_free. Faults: ERR_NOMEM.
 */
enum err tx_decode(struct tx **out, struct slice bytes) MUST_USE;
void tx_free(struct tx *tx);

/* Member and id of an encoded Transaction, without decoding the rest; borrowed from it. */
bool tx_peek(struct slice *member, struct slice *id, struct slice bytes);

/* Checks all signatures over the body; sets signatures_good, and form =
 * VERDICT_BAD_SIGNATURE if one does not fit. Thread-safe for different tx. */
void tx_verify(struct tx *tx, const struct hash *fingerprint);

/* The bytes that a signature covers. */
enum err tx_signed_bytes(struct buf *out, const struct hash *fingerprint,
			 struct slice body) MUST_USE;

/* Builds: signs a packed body with 64-byte libsodium secret keys; appends the
 * encoded Transaction to `out`. */
struct tx_signer {
	uint8_t public_key[32];
	uint8_t secret_key[64];
};
enum err tx_sign(struct buf *out, const struct hash *fingerprint, struct slice body,
		 const struct tx_signer *signers, unsigned n) MUST_USE;

#endif
