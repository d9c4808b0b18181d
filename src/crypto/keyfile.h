/*
 * keyfile: private keys at rest.
 *
 * Text, one "field: value" a line, in this order and no other:
 *
 *   argosy-key 1
 *   kind: validator | agent | person
 *   name: 1 to 64 printable bytes of UTF-8
 *   public: 64 hex digits
 *   created: 2026-11-23T17:40:00Z
 *   seed: 64 hex digits                          validator, agent
 *   kdf: argon2id OPSLIMIT MEMLIMIT_BYTES        person
 *   salt: 32 hex digits                          person
 *   box: 144 hex digits                          person
 *
 * Validator and agent keys are used unattended, so they lie open; the file is made with
 * mode 0600 and the caller refuses it otherwise. A person's seed is encrypted:
 * box = nonce (24) || XChaCha20-Poly1305(seed), key = Argon2id(passphrase, salt), and the
 * lines above the box are authenticated with it, so that a key cannot be passed off under
 * another name or kind, nor its derivation be made cheaper.
 *
 * Randomness comes from the caller (this floor draws none). Secrets live in guarded,
 * locked memory (sodium_malloc) and are wiped.
 */
#ifndef ARGOSY_CRYPTO_KEYFILE_H
#define ARGOSY_CRYPTO_KEYFILE_H

#include "base/bytes.h"

enum keyfile_kind { KEYFILE_VALIDATOR = 1, KEYFILE_AGENT = 2, KEYFILE_PERSON = 3 };

enum {
	KEYFILE_NAME_MAX = 64,
	KEYFILE_TEXT_MAX = 1024,
	KEYFILE_SALT = 16,
	KEYFILE_NONCE = 24,
	KEYFILE_PASSPHRASE_MIN = 8,
	KEYFILE_OPS_MAX = 16,
	KEYFILE_MEM_MAX = 1 << 30,
	/* libsodium's MODERATE: about 0.7 s. */
	KEYFILE_OPS = 3,
	KEYFILE_MEM = 256 << 20,
};

struct keyfile {
	enum keyfile_kind kind;
	char name[KEYFILE_NAME_MAX + 1];
	char created[21];
	uint8_t public_key[32];
	uint8_t *secret_key; /* 64 bytes, libsodium's form, sealed memory; NULL: locked */
	/* Person: how to unlock. */
	uint64_t ops;
	size_t mem;
	uint8_t salt[KEYFILE_SALT], nonce[KEYFILE_NONCE], box[48];
};

/* How a person's key is to be locked. */
struct keyfile_lock {
	struct slice passphrase; /* KEYFILE_PASSPHRASE_MIN bytes at least */
	uint64_t ops;
	size_t mem;
	const uint8_t *salt, *nonce; /* fresh random bytes */
};

/*
 * Makes a key of 32 random bytes, which the caller wipes. `created` is a UTC time as
 * above. `lock` for a person, NULL for the others. Free with keyfile_fini.
 */
enum err keyfile_make(struct keyfile *k, enum keyfile_kind kind, struct slice name,
		      const char *created, const uint8_t seed[static 32],
		      const struct keyfile_lock *lock, struct err_text *t) MUST_USE;
/* Appends the text. It holds the seed of a validator or agent: wipe it. */
enum err keyfile_encode(struct buf *out, const struct keyfile *k) MUST_USE;
/* A person's key comes out locked, the others ready. ERR_FORMAT, ERR_VERSION. */
enum err keyfile_decode(struct keyfile *k, struct slice text, struct err_text *t) MUST_USE;
/* ERR_DENIED: not the passphrase, or the file was changed. */
enum err keyfile_unlock(struct keyfile *k, struct slice passphrase, struct err_text *t) MUST_USE;
void keyfile_fini(struct keyfile *k);

const char *keyfile_kind_name(enum keyfile_kind kind);

/* Guarded, locked memory, wiped when freed. NULL: no memory. */
void *secret_alloc(size_t n);
/* From now on it can be read and not written; freed as before. */
void secret_seal(void *p);
void secret_free(void *p);
void secret_wipe(void *p, size_t n);
/* Wipes the stack below the caller: what copying a secret left there, as registers that the
 * system's linker saves when it first finds a function. */
void secret_wipe_stack(void);
/* For a process that holds secrets, before it does: no core of it is dumped, and no other process
 * of the same user may read its memory or trace it. */
void secret_process(void);

#endif
