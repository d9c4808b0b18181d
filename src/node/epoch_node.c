/*
 * epoch_node: a node's own new epochs: resumed from a copy, or with the validator's next key.
 *
 * Both are done offline, by the operator. The statement is journalled before the guard or
 * the key file changes, so that a crash in between leaves a node that says what is missing.
 */
#include "node/node_inner.h"

#include "trade/trade.h"

#include <stdio.h>
#include <stdlib.h>

/* The folder, held for one act. */
struct held {
	char keys[IO_PATH_MAX];
	struct io_file *lock;
	struct ledger *ledger;
	struct keyfile key;
	bool has_key;
};

static void release(struct held *h)
{
	if (h->has_key)
		keyfile_fini(&h->key);
	ledger_close(h->ledger);
	io_close(h->lock);
}

static enum err hold(struct held *h, const char *dir, bool may_lack_key, struct err_text *t)
{
	char path[IO_PATH_MAX];
	const struct ledger_options lo = {.app = &trade_app};
	*h = (struct held){0};
	TRY(node_there(dir, t));
	TRY(io_join(h->keys, dir, "keys", t));
	TRY(io_join(path, dir, "LOCK", t));
	enum err e = io_open(io_posix(), &h->lock, path, IO_CREATE, t);
	if (e == ERR_OK)
		e = io_lock(h->lock, t);
	if (e == ERR_LOCKED)
		e = err_set(t, ERR_LOCKED, "%s: stop the daemon first", dir);
	if (e == ERR_OK)
		e = ledger_open(&h->ledger, dir, &lo, t);
	if (e == ERR_NOTFOUND)
		e = ERR_CORRUPT;
	if (e == ERR_OK) {
		e = validator_key_load(&h->key, h->keys, t);
		h->has_key = e == ERR_OK;
		if (e == ERR_CORRUPT && may_lack_key)
			e = ERR_OK;
	}
	if (e != ERR_OK)
		release(h);
	return e;
}

static enum err own_index(size_t *index, const struct epoch_set *set, const uint8_t key[static 32],
			  struct err_text *t)
{
	for (size_t i = 0; i < set->n; i++) {
		if (memcmp(set->v[i].key, key, 32) == 0) {
			*index = i;
			return ERR_OK;
		}
	}
	return err_set(t, ERR_MISMATCH, "keys/validator.key is not a validator of this chain now");
}

/* The newest head known to have been signed, from the journal, the guard and the operator. */
static enum err newest_known(struct held *h, struct node_known_head *k, struct err_text *t)
{
	char path[IO_PATH_MAX];
	struct ledger_head head;
	struct guard_mark mark = {0};
	const struct hash *chain = &ledger_genesis(h->ledger)->fingerprint;
	ledger_head(h->ledger, &head);
	TRY(io_join(path, h->keys, "last_signed", t));
	enum err e = guard_read(io_posix(), path, &mark, NULL);
	if (e != ERR_OK && e != ERR_NOTFOUND && e != ERR_CORRUPT)
		return err_set(t, e, "%s: %s", path, err_str(e));
	if (k->verified && !hash_eq(&k->chain, chain))
		return err_set(t, ERR_MISMATCH, "the head is another chain's");
	if (guard_allows(h->ledger, e, &mark, NULL) &&
	    !(k->verified && k->height >= node_next_height(h->ledger)))
		return err_set(t, ERR_CONFLICT,
			       "this node is no copy and may sign as it is: there is nothing to "
			       "resume, and a new epoch would be shown in every later proof. Where "
			       "the whole folder was set back (a snapshot), name a newer head by "
			       "its file");
	if (k->height && k->height < head.height)
		return err_set(t, ERR_MISMATCH, "this copy reaches height %lld already",
			       (long long)head.height);
	if (k->height == head.height && k->height && !hash_eq(&k->hash, &head.block_hash))
		return err_set(t, ERR_MISMATCH,
			       "the head of height %lld is another one than this copy's",
			       (long long)head.height);
	if (head.height > k->height)
		*k = (struct node_known_head){.height = head.height, .hash = head.block_hash};
	if (e == ERR_OK && mark.height > k->height)
		*k = (struct node_known_head){.height = mark.height, .hash = mark.block};
	return ERR_OK;
}

enum err node_resume(const char *dir, const struct node_known_head *known, struct err_text *t)
{
	struct held h;
	struct node_known_head last = known ? *known : (struct node_known_head){0};
	char path[IO_PATH_MAX];
	TRY(hold(&h, dir, false, t));
	const struct epoch_set *set = ledger_validators(h.ledger);
	struct epoch e = {.number = set->number + 1, .kind = EPOCH_RESUME};
	enum err err = own_index(&e.index, set, h.key.public_key, t);
	if (err == ERR_OK)
		err = newest_known(&h, &last, t);
	if (err == ERR_OK) {
		/* The epoch before may have begun and signed nothing: a crash before the guard was
		 * made, say. Each begins later than the one before, so a height is left out. */
		e.from_height =
			last.height >= set->from_height ? last.height + 1 : set->from_height + 1;
		e.last_height = last.height;
		e.last_hash = last.hash;
		err = epoch_sign(&e, &ledger_genesis(h.ledger)->fingerprint, h.key.secret_key);
	}
	if (err == ERR_OK)
		err = ledger_epoch_begin(h.ledger, &e, t);
	if (err == ERR_OK)
		err = io_join(path, h.keys, "last_signed", t);
	if (err == ERR_OK)
		err = guard_create(io_posix(), path,
				   &(struct guard_mark){.height = last.height, .block = last.hash},
				   t);
	release(&h);
	return err;
}

/* A name in keys/, or a path. */
static enum err key_path(char out[static IO_PATH_MAX], const char *keys, const char *file,
			 struct err_text *t)
{
	if (!strchr(file, '/'))
		return io_join(out, keys, file, t);
	snprintf(out, IO_PATH_MAX, "%s", file);
	return ERR_OK;
}

/* Replaces a key file's content by another's. */
static enum err key_move(const char *keys, const char *from, const char *to, struct err_text *t)
{
	char a[IO_PATH_MAX], b[IO_PATH_MAX];
	TRY(key_path(a, keys, from, t));
	TRY(io_join(b, keys, to, t));
	struct buf text = BUF_INIT;
	enum err e = io_read_file(io_posix(), a, KEYFILE_TEXT_MAX, &text, t);
	if (e == ERR_OK)
		e = io_write_file_atomic(io_posix(), b, buf_slice(&text), t);
	if (text.p)
		secret_wipe(text.p, text.n);
	buf_fini(&text);
	return e;
}

/*
 * The first height of the new key's epoch: behind the journal's end, and later than the epoch
 * before began, even if that signed nothing: then a height is left out. That may not hide a
 * signature that the journal has lost: the guard must know that there is none.
 */
static enum err replace_height(struct held *h, int64_t *from, int64_t head_height, struct err_text *t)
{
	char path[IO_PATH_MAX];
	struct guard_mark mark;
	const struct epoch_set *set = ledger_validators(h->ledger);
	*from = head_height + 1;
	if (*from > set->from_height)
		return ERR_OK;
	*from = set->from_height + 1;
	TRY(io_join(path, h->keys, "last_signed", t));
	if (guard_read(io_posix(), path, &mark, NULL) == ERR_OK && mark.height < set->from_height)
		return ERR_OK;
	return err_set(t, ERR_MISMATCH,
		       "%s does not say that nothing was signed since epoch %llu began: 'argosy resume' first",
		       path, (unsigned long long)set->number);
}

/* The key after the next one: made, or what a rotation that was cut short left in that file. */
static enum err after_make(uint8_t after[static 32], struct held *h, const struct keyfile *next,
			   const char *file, struct err_text *t)
{
	char path[IO_PATH_MAX];
	struct keyfile k;
	enum err e = node_key_make(h->keys, file, KEYFILE_VALIDATOR, "next validator", NULL, after, t);
	if (e != ERR_EXISTS)
		return e;
	TRY(key_path(path, h->keys, file, t));
	if (node_key_load(&k, path, NULL) != ERR_OK)
		return e;
	size_t index;
	bool spare = k.kind == KEYFILE_VALIDATOR &&
		     memcmp(k.public_key, next->public_key, 32) != 0 &&
		     own_index(&index, ledger_validators(h->ledger), k.public_key, NULL) != ERR_OK;
	memcpy(after, k.public_key, 32);
	keyfile_fini(&k);
	return spare ? ERR_OK : e;
}

/* Makes the key after the next one, and journals that `next` is the validator's from now on. */
static enum err replace(struct held *h, const struct keyfile *next, size_t index,
			const char *new_next_file, struct err_text *t)
{
	const struct epoch_set *set = ledger_validators(h->ledger);
	struct epoch e = {.number = set->number + 1, .kind = EPOCH_REPLACE, .index = index};
	struct ledger_head head;
	uint8_t after[32];
	ledger_head(h->ledger, &head);
	TRY(replace_height(h, &e.from_height, head.height, t));
	TRY(after_make(after, h, next, new_next_file, t));
	e.last_height = head.height;
	e.last_hash = head.block_hash;
	memcpy(e.key, next->public_key, 32);
	sha256(&e.next, slice(after, 32));
	TRY(epoch_sign(&e, &ledger_genesis(h->ledger)->fingerprint, next->secret_key));
	return ledger_epoch_begin(h->ledger, &e, t);
}

/* Does the file hold the key whose hash this is? */
static bool key_is(const char *keys, const char *file, const struct hash *want)
{
	char path[IO_PATH_MAX];
	struct keyfile k;
	struct hash got;
	if (key_path(path, keys, file, NULL) != ERR_OK || node_key_load(&k, path, NULL) != ERR_OK)
		return false;
	sha256(&got, slice(k.public_key, 32));
	keyfile_fini(&k);
	return hash_eq(&got, want);
}

enum err node_rotate_validator(struct node_rotation *out, const char *dir,
			       const char *next_key_file, const char *new_next_file,
			       struct err_text *t)
{
	struct held h;
	struct keyfile next;
	struct hash next_hash;
	char path[IO_PATH_MAX];
	size_t index = 0;
	*out = (struct node_rotation){0};
	TRY(hold(&h, dir, true, t));
	const struct epoch_set *set = ledger_validators(h.ledger);
	/* A lost key may be replaced too: a solo chain has one. */
	if (!h.has_key || own_index(&index, set, h.key.public_key, NULL) != ERR_OK)
		index = 0;
	enum err err = key_path(path, h.keys, next_key_file, t);
	bool loaded = false;
	if (err == ERR_OK) {
		err = node_key_load(&next, path, t);
		loaded = err == ERR_OK;
	}
	/* In force already; if not yet in its place, a crash came between. */
	out->before = loaded && memcmp(set->v[index].key, next.public_key, 32) == 0;
	out->in_place =
		out->before && h.has_key && memcmp(h.key.public_key, next.public_key, 32) == 0;
	if (loaded && !out->before) {
		sha256(&next_hash, slice(next.public_key, 32));
		if (!hash_eq(&next_hash, &set->next[index]))
			err = err_set(t, ERR_MISMATCH, "%s: not the key that the chain committed to", path);
		else
			err = replace(&h, &next, index, new_next_file, t);
	}
	if (err == ERR_OK && !out->in_place)
		err = key_move(h.keys, next_key_file, "validator.key", t);
	if (err == ERR_OK)
		out->next_there =
			key_is(h.keys, new_next_file, &ledger_validators(h.ledger)->next[index]);
	if (loaded)
		keyfile_fini(&next);
	release(&h);
	return err;
}
