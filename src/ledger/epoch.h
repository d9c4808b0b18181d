/*
 * epoch: a validator's key replaced by the one committed to, or a chain resumed
 * from a copy (docs/format/bundle.md, "Epochs").
 */
#ifndef ARGOSY_LEDGER_EPOCH_H
#define ARGOSY_LEDGER_EPOCH_H

#include "ledger/genesis.h"

enum epoch_kind { EPOCH_REPLACE = 1, EPOCH_RESUME = 2 };
enum { EPOCHS_MAX = 64, EPOCH_BYTES_MAX = 256 };

struct epoch {
	uint64_t number; /* from 2; the genesis is 1 */
	enum epoch_kind kind;
	int64_t from_height;   /* first height of the epoch */
	int64_t last_height;   /* of the last head known before; 0: none */
	struct hash last_hash; /* its header hash */
	size_t index;	       /* of the validator, in the set as it was before */
	uint8_t key[32];       /* EPOCH_REPLACE: the new key */
	struct hash next;      /* EPOCH_REPLACE: SHA-256 of the one that may follow it */
	uint8_t sig[64];
};

/* Statement (lp) and signature: the payload of a journal record of type 3. */
void epoch_encode(struct buf *out, const struct epoch *e);
/* Takes one from a run of them; the one form only. */
bool epoch_take(struct epoch *e, struct reader *r);

/* Signs with the new key (EPOCH_REPLACE) or the validator's present one (EPOCH_RESUME). */
enum err epoch_sign(struct epoch *e, const struct hash *fingerprint,
		    const uint8_t secret[static 64]) MUST_USE;

/* The validators in force: begin with the genesis', then apply each epoch in order. */
struct epoch_set {
	uint64_t number;
	int64_t from_height;
	size_t n;
	struct validator v[VALIDATORS_MAX];
	struct hash next[VALIDATORS_MAX];
};
void epoch_set_init(struct epoch_set *s, const struct genesis *g);
/* ERR_VERIFY says why the epoch is not the next one; then *s is as before. */
enum err epoch_apply(struct epoch_set *s, const struct epoch *e, const struct hash *fingerprint,
		     struct err_text *t) MUST_USE;

#endif
