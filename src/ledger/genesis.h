/*
 * genesis: what a chain is born with, and its fingerprint (docs/format/genesis.md).
 *
 * The core alone names the validators; the rest hash in it commits to each one's
 * next key (kept offline) and to the application's first state.
 */
#ifndef ARGOSY_LEDGER_GENESIS_H
#define ARGOSY_LEDGER_GENESIS_H

#include "ledger/header.h"

enum { GENESIS_APP_VERSION = 1, GENESIS_FILE_MAX = 64 << 20 };

struct genesis {
	char chain_id[HEADER_CHAIN_ID_MAX + 1];
	uint64_t app_version;
	struct stamp time;
	int64_t initial_height;
	size_t n_validators;
	struct validator validators[VALIDATORS_MAX]; /* in CometBFT's order */
	/* For each validator, SHA-256 of the public key that may replace it. */
	struct hash next[VALIDATORS_MAX];
	struct slice app_state; /* borrowed; protobuf GenesisState, opaque here */

	/* Computed by encode and decode. */
	struct hash state_hash, rest_hash, fingerprint, validators_hash;
	struct slice core; /* decode: inside the file; encode: not set */
};

/* 1 to 50 bytes of a-z 0-9 - . _ */
bool chain_id_valid(struct slice id);

/* Appends the file; fills in the computed fields of *g. ERR_FORMAT names what is not valid. */
enum err genesis_encode(struct buf *out, struct genesis *g, struct err_text *t) MUST_USE;
/* The one form only. `g` borrows from `file`. ERR_FORMAT, ERR_LIMIT, ERR_VERSION. */
enum err genesis_decode(struct genesis *g, struct slice file, struct err_text *t) MUST_USE;

#endif
