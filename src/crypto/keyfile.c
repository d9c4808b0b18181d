#include "crypto/keyfile.h"

#include "crypto/ed25519.h"

#include <inttypes.h>
#include <sodium.h>
#include <sys/prctl.h>
#include <sys/resource.h>

void *secret_alloc(size_t n)
{
	return ed25519_init() ? NULL : sodium_malloc(n);
}

void secret_seal(void *p)
{
	bug_if(sodium_mprotect_readonly(p));
}

void secret_free(void *p)
{
	sodium_free(p);
}

void secret_wipe(void *p, size_t n)
{
	sodium_memzero(p, n);
}

void secret_wipe_stack(void)
{
	sodium_stackzero(64 << 10);
}

void secret_process(void)
{
	/* Neither can fail for what is asked; where it did, the secrets lie in memory that is
	 * left out of dumps all the same. */
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	(void)setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
}

const char *keyfile_kind_name(enum keyfile_kind kind)
{
	switch (kind) {
	case KEYFILE_VALIDATOR:
		return "validator";
	case KEYFILE_AGENT:
		return "agent";
	case KEYFILE_PERSON:
		return "person";
	}
	return "?";
}

static bool name_valid(struct slice s)
{
	if (s.n < 1 || s.n > KEYFILE_NAME_MAX || !utf8_valid(s))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 0x20 || s.p[i] == 0x7f)
			return false;
	return s.p[0] != ' ' && s.p[s.n - 1] != ' ';
}

/* "2026-11-23T17:40:00Z"; the form, not the calendar. */
static bool created_valid(struct slice s)
{
	static const char form[] = "dddd-dd-ddTdd:dd:ddZ";
	if (s.n != sizeof form - 1)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		bool digit = s.p[i] >= '0' && s.p[i] <= '9';
		if (form[i] == 'd' ? !digit : s.p[i] != (uint8_t)form[i])
			return false;
	}
	return true;
}

static bool cost_valid(uint64_t ops, uint64_t mem)
{
	return ops >= crypto_pwhash_OPSLIMIT_MIN && ops <= KEYFILE_OPS_MAX &&
	       mem >= crypto_pwhash_MEMLIMIT_MIN && mem <= KEYFILE_MEM_MAX;
}

static void put_hex(struct buf *b, const char *field, const uint8_t *p, size_t n)
{
	char hex[2 * 72 + 1];
	bug_if(n > 72);
	hex_encode(hex, p, n);
	buf_put_str(b, field);
	buf_put(b, hex, 2 * n);
	buf_put_u8(b, '\n');
	sodium_memzero(hex, sizeof hex);
}

/* The lines above the secret one; for a person, what the box authenticates. */
static void put_head(struct buf *b, const struct keyfile *k)
{
	buf_put_str(b, "argosy-key 1\nkind: ");
	buf_put_str(b, keyfile_kind_name(k->kind));
	buf_put_str(b, "\nname: ");
	buf_put_str(b, k->name);
	buf_put_u8(b, '\n');
	put_hex(b, "public: ", k->public_key, 32);
	buf_printf(b, "created: %s\n", k->created);
	if (k->kind != KEYFILE_PERSON)
		return;
	buf_printf(b, "kdf: argon2id %" PRIu64 " %zu\n", k->ops, k->mem);
	put_hex(b, "salt: ", k->salt, KEYFILE_SALT);
}

enum err keyfile_encode(struct buf *out, const struct keyfile *k)
{
	/* At once, so that growing leaves no copy of a seed behind. */
	buf_reserve(out, KEYFILE_TEXT_MAX);
	put_head(out, k);
	if (k->kind == KEYFILE_PERSON) {
		uint8_t box[KEYFILE_NONCE + 48];
		memcpy(box, k->nonce, KEYFILE_NONCE);
		memcpy(box + KEYFILE_NONCE, k->box, 48);
		put_hex(out, "box: ", box, sizeof box);
	} else {
		put_hex(out, "seed: ", k->secret_key, 32); /* its first half is the seed */
	}
	return buf_err(out);
}

/* The key that opens the box, into sealed memory of the caller. */
static enum err derive(uint8_t *key, const struct keyfile *k, struct slice passphrase,
		       struct err_text *t)
{
	if (crypto_pwhash(key, 32, (const char *)passphrase.p, passphrase.n, k->salt, k->ops,
			  k->mem, crypto_pwhash_ALG_ARGON2ID13))
		return err_set(t, ERR_NOMEM, "no memory for deriving the key (%zu MiB)",
			       k->mem >> 20);
	return ERR_OK;
}

static enum err lock(struct keyfile *k, const uint8_t seed[static 32], const struct keyfile_lock *l,
		     struct err_text *t)
{
	if (!l || l->passphrase.n < KEYFILE_PASSPHRASE_MIN)
		return err_set(t, ERR_USAGE, "a passphrase has at least %d bytes",
			       KEYFILE_PASSPHRASE_MIN);
	if (!cost_valid(l->ops, l->mem))
		return err_set(t, ERR_RANGE, "Argon2id limits out of range");
	k->ops = l->ops;
	k->mem = l->mem;
	memcpy(k->salt, l->salt, KEYFILE_SALT);
	memcpy(k->nonce, l->nonce, KEYFILE_NONCE);
	uint8_t *key = secret_alloc(32);
	struct buf head = BUF_INIT;
	put_head(&head, k);
	enum err e = key ? buf_err(&head) : ERR_NOMEM;
	if (!e)
		e = derive(key, k, l->passphrase, t);
	if (!e)
		crypto_aead_xchacha20poly1305_ietf_encrypt(k->box, NULL, seed, 32, head.p, head.n,
							   NULL, k->nonce, key);
	buf_fini(&head);
	secret_free(key);
	return e;
}

static enum err set_secret(struct keyfile *k, const uint8_t seed[static 32])
{
	k->secret_key = secret_alloc(64);
	if (!k->secret_key)
		return ERR_NOMEM;
	uint8_t pub[32];
	ed25519_from_seed(pub, k->secret_key, seed);
	return memcmp(pub, k->public_key, 32) == 0 ? ERR_OK : ERR_MISMATCH;
}

enum err keyfile_make(struct keyfile *k, enum keyfile_kind kind, struct slice name,
		      const char *created, const uint8_t seed[static 32],
		      const struct keyfile_lock *l, struct err_text *t)
{
	memset(k, 0, sizeof *k);
	k->kind = kind;
	if (!name_valid(name))
		return err_set(t, ERR_FORMAT, "a key's name has 1 to %d printable characters",
			       KEYFILE_NAME_MAX);
	if (!created_valid(slice_str(created)))
		return err_set(t, ERR_FORMAT, "a key's time is written 2026-11-23T17:40:00Z");
	memcpy(k->name, name.p, name.n);
	memcpy(k->created, created, 20);
	uint8_t *secret = secret_alloc(64);
	if (!secret)
		return ERR_NOMEM;
	ed25519_from_seed(k->public_key, secret, seed);
	k->secret_key = secret;
	enum err e = kind == KEYFILE_PERSON ? lock(k, seed, l, t) : ERR_OK;
	if (e)
		keyfile_fini(k);
	return e;
}

void keyfile_fini(struct keyfile *k)
{
	secret_free(k->secret_key);
	sodium_memzero(k, sizeof *k);
}

/* ---- reading ---- */

/* The rest of the next line after `field`; sets r->bad if it does not begin so. */
static struct slice line(struct reader *r, const char *field)
{
	struct slice left = slice(r->p, reader_left(r));
	size_t n = strlen(field);
	const uint8_t *end = left.n ? memchr(left.p, '\n', left.n) : NULL;
	if (!end || !slice_starts(left, field)) {
		r->bad = true;
		return slice(NULL, 0);
	}
	r->p = end + 1;
	return slice(left.p + n, (size_t)(end - left.p) - n);
}

static void hex_line(struct reader *r, const char *field, uint8_t *out, size_t n)
{
	struct slice s = line(r, field);
	if (r->bad || !hex_decode(out, n, s))
		r->bad = true;
}

static uint64_t number(struct slice *s)
{
	uint64_t v = 0;
	size_t i = 0;
	for (; i < s->n && i < 12 && s->p[i] >= '0' && s->p[i] <= '9'; i++)
		v = v * 10 + (uint64_t)(s->p[i] - '0');
	*s = slice(s->p + i, s->n - i);
	return v;
}

static void read_kind(struct reader *r, struct keyfile *k)
{
	struct slice s = line(r, "kind: ");
	for (enum keyfile_kind i = KEYFILE_VALIDATOR; i <= KEYFILE_PERSON; i++)
		if (slice_eq_str(s, keyfile_kind_name(i)))
			k->kind = i;
	if (!k->kind)
		r->bad = true;
}

static void read_person(struct reader *r, struct keyfile *k)
{
	uint8_t box[KEYFILE_NONCE + 48] = {0};
	struct slice s = line(r, "kdf: argon2id ");
	if (r->bad)
		return;
	k->ops = number(&s);
	if (s.n && s.p[0] == ' ')
		s = slice(s.p + 1, s.n - 1);
	k->mem = (size_t)number(&s);
	if (s.n || !cost_valid(k->ops, k->mem))
		r->bad = true;
	hex_line(r, "salt: ", k->salt, KEYFILE_SALT);
	hex_line(r, "box: ", box, sizeof box);
	memcpy(k->nonce, box, KEYFILE_NONCE);
	memcpy(k->box, box + KEYFILE_NONCE, 48);
}

static enum err read_all(struct reader *r, struct keyfile *k, uint8_t *seed)
{
	read_kind(r, k);
	struct slice name = line(r, "name: ");
	hex_line(r, "public: ", k->public_key, 32);
	struct slice created = line(r, "created: ");
	if (r->bad || !name_valid(name) || !created_valid(created))
		return ERR_FORMAT;
	memcpy(k->name, name.p, name.n);
	memcpy(k->created, created.p, 20);
	if (k->kind == KEYFILE_PERSON)
		read_person(r, k);
	else
		hex_line(r, "seed: ", seed, 32);
	if (r->bad || r->p != r->end)
		return ERR_FORMAT;
	return k->kind == KEYFILE_PERSON ? ERR_OK : set_secret(k, seed);
}

enum err keyfile_decode(struct keyfile *k, struct slice text, struct err_text *t)
{
	memset(k, 0, sizeof *k);
	struct reader r = reader_of(text);
	struct slice version = line(&r, "argosy-key ");
	if (text.n > KEYFILE_TEXT_MAX || r.bad)
		return err_set(t, ERR_FORMAT, "not a key file");
	if (!slice_eq_str(version, "1"))
		return err_set(t, ERR_VERSION, "a key file of a version not known here");
	uint8_t *seed = secret_alloc(32);
	if (!seed)
		return ERR_NOMEM;
	enum err e = read_all(&r, k, seed);
	secret_free(seed);
	secret_wipe_stack();
	if (e)
		keyfile_fini(k);
	if (e == ERR_MISMATCH)
		return err_set(t, ERR_FORMAT, "key file: the seed is not that of the public key");
	return e == ERR_FORMAT ? err_set(t, e, "key file: malformed, or changed by hand") : e;
}

enum err keyfile_unlock(struct keyfile *k, struct slice passphrase, struct err_text *t)
{
	if (k->secret_key)
		return ERR_OK;
	uint8_t *key = secret_alloc(32), *seed = secret_alloc(32);
	struct buf head = BUF_INIT;
	put_head(&head, k);
	enum err e = key && seed ? buf_err(&head) : ERR_NOMEM;
	if (!e)
		e = derive(key, k, passphrase, t);
	if (!e && crypto_aead_xchacha20poly1305_ietf_decrypt(seed, NULL, NULL, k->box, 48, head.p,
							     head.n, k->nonce, key))
		e = err_set(t, ERR_DENIED, "not the passphrase of key \"%s\"", k->name);
	if (!e && set_secret(k, seed))
		e = err_set(t, ERR_DENIED, "key \"%s\" does not hold the key it names", k->name);
	if (e) {
		secret_free(k->secret_key);
		k->secret_key = NULL;
	}
	buf_fini(&head);
	secret_free(seed);
	secret_free(key);
	secret_wipe_stack();
	return e;
}
