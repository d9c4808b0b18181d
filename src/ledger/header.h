/*
 * header: CometBFT's Header, Commit and vote sign bytes, v0.38 to v0.40.
 *
 * One block format for solo and network chains (docs/format/block.md). Messages
 * are protobuf as gogoproto writes them: fields in order, zero values omitted,
 * embedded messages always present. Decoders take that one form only: what they
 * accept, the encoder gives back byte for byte.
 *
 * Rules quoted from CometBFT spec/core/data_structures.md and its types package.
 */
#ifndef ARGOSY_LEDGER_HEADER_H
#define ARGOSY_LEDGER_HEADER_H

#include "base/bytes.h"

enum {
	HEADER_CHAIN_ID_MAX = 50,
	HEADER_BYTES_MAX = 640,
	VALIDATORS_MAX = 100,
	VALIDATOR_ADDRESS = 20,
	BLOCK_VERSION = 11, /* CometBFT BlockProtocol of 0.38 to 0.40 */
	BLOCK_PART_BYTES = 65536,
	BLOCK_BYTES_MAX = 4194304,
	VOTE_SIGN_BYTES_MAX = 256,
};

/* Of all powers together: 2^63 / 8 (types/validator_set.go, MaxTotalVotingPower). */
#define VOTING_POWER_MAX ((uint64_t)INT64_MAX / 8)

/* Seconds since 1970 and nanoseconds below 10^9, UTC. */
struct stamp {
	int64_t s;
	int32_t ns;
};

/* The first block has no block before it: `present` false. */
struct block_id {
	bool present;
	struct hash hash;
	uint32_t parts;
	struct hash parts_hash;
};

struct header {
	uint64_t version_block, version_app;
	char chain_id[HEADER_CHAIN_ID_MAX + 1];
	int64_t height;
	struct stamp time;
	struct block_id last_block_id;
	struct hash last_commit_hash, data_hash, validators_hash, next_validators_hash,
		consensus_hash, app_hash, last_results_hash, evidence_hash;
	uint8_t proposer[VALIDATOR_ADDRESS];
};

void header_encode(struct buf *out, const struct header *h);
bool header_decode(struct header *h, struct slice bytes);
/* Merkle root of the 14 fields. */
void header_hash(struct hash *out, const struct header *h);
/* Leaf hash of one field, 0 to 13 in CometBFT's order, for proofs of a part of a header. */
enum { HEADER_FIELDS = 14 };
void header_leaf(struct hash *out, const struct header *h, unsigned field);

/* ---- validators ---- */

struct validator {
	uint8_t key[32];
	uint64_t power;
};

/* First 20 bytes of SHA-256 of the key. */
void validator_address(uint8_t out[static VALIDATOR_ADDRESS], const uint8_t key[static 32]);
void validators_hash(struct hash *out, const struct validator *v, size_t n);
/* CometBFT's order: power descending, address ascending. False: out of order, a key
 * twice, a power of 0, or more power than VOTING_POWER_MAX. */
bool validators_valid(const struct validator *v, size_t n);
void validators_sort(struct validator *v, size_t n);

/* ---- commits ---- */

enum block_id_flag { FLAG_ABSENT = 1, FLAG_COMMIT = 2, FLAG_NIL = 3 };

struct commit_sig {
	enum block_id_flag flag;
	uint8_t address[VALIDATOR_ADDRESS]; /* FLAG_ABSENT: zeros, and no time or signature */
	struct stamp time;
	uint8_t sig[64];
};

struct commit {
	int64_t height;
	int32_t round;
	struct block_id block_id;
	size_t n;
	struct commit_sig sigs[VALIDATORS_MAX];
};

/* The commit that stands before the first block: height 0, no signatures. */
void commit_none(struct commit *c);
void commit_encode(struct buf *out, const struct commit *c);
bool commit_decode(struct commit *c, struct slice bytes);
/* header.last_commit_hash of the block after: root over the CommitSigs. */
void commit_hash(struct hash *out, const struct commit *c);

/* ---- votes ---- */

enum vote_type { VOTE_NONE = 0, VOTE_PREVOTE = 1, VOTE_PRECOMMIT = 2 };

/* What a validator signs. Gives the length. `id` not present: a vote for nil. */
size_t vote_sign_bytes(uint8_t out[static VOTE_SIGN_BYTES_MAX], const char *chain_id,
		       enum vote_type type, int64_t height, int32_t round,
		       const struct block_id *id, struct stamp time);

/*
 * Did validators with more than two thirds of the power finalise this header?
 * ERR_VERIFY says why not. `power` (may be NULL): what signed.
 */
enum err commit_verify(uint64_t *power, const struct header *h, const struct commit *c,
		       const struct validator *v, size_t n, struct err_text *t) MUST_USE;

/* ---- what a header commits to ---- */

/* Root over SHA-256 of each packet. */
void data_hash(struct hash *out, const struct slice *packets, size_t n);
/* Root over ExecTxResult{code 0, data} of each packet. */
void results_hash(struct hash *out, const struct slice *packet_results, size_t n);
/* SHA-256(HashedParams{max_bytes, max_gas}). */
void consensus_hash_of(struct hash *out, int64_t max_bytes, int64_t max_gas);
/* Ours: 4 MiB, no gas. */
void consensus_hash(struct hash *out);
/* SHA-256 of nothing: no evidence, no results, no commit. */
void empty_hash(struct hash *out);
/* Id of the block {header, packets, no evidence, last commit}. */
void block_id_of(struct block_id *out, const struct header *h, const struct slice *packets,
		 size_t n, const struct commit *last_commit);
/* SHA-256("argosy/app/1" || u64 log size || log root || state root). */
void app_hash(struct hash *out, uint64_t log_size, const struct hash *log_root,
	      const struct hash *state_root);

#endif
