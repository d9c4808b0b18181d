/*
 * witness: partners' signatures on this chain's heads, kept in DIR/witness/, one file a
 * key, the newest. Bundles carry them, with what shows that the log continues from there.
 *
 *   file: "argosy-witness 2\n" then lp name, 32 key, varint height, 32 header hash,
 *         varint log size, 32 log root, u8 how, (how 2: 32 state root), 64 signature
 */
#include "node/prove.h"

#include <stdio.h>
#include <stdlib.h>

static const char magic[] = "argosy-witness 2\n";
enum { WITNESS_FILE_MAX = 1024 };

static bool signature_good(struct node *n, const struct bundle_witness *w)
{
	bool good;
	return bundle_witness_check(&good, w, &ledger_genesis(n->ledger)->fingerprint) == ERR_OK && good;
}

/* Is what the witness signed part of this very chain? */
static enum err own_head(struct node *n, const struct bundle_witness *w, struct err_text *t)
{
	struct buf payload = BUF_INIT;
	struct block_record r;
	struct header *h = malloc(sizeof *h);
	struct hash hash;
	enum err e = h ? ledger_read_block(n->ledger, &payload, w->height) : ERR_NOMEM;
	if (e == ERR_NOTFOUND)
		e = err_set(t, ERR_MISMATCH, "height %lld is not part of this chain", (long long)w->height);
	if (e == ERR_OK && (!block_record_decode(&r, buf_slice(&payload)) || !header_decode(h, r.header)))
		e = ERR_CORRUPT;
	if (e == ERR_OK) {
		header_hash(&hash, h);
		if (!hash_eq(&hash, &w->header_hash))
			e = err_set(t, ERR_MISMATCH,
				    "the witness signed another block of height %lld than this chain has",
				    (long long)w->height);
	}
	/* Whoever executed the chain says what the header commits to. */
	if (e == ERR_OK && w->how == WITNESS_REPLAYED) {
		app_hash(&hash, w->log_size, &w->log_root, &w->state_root);
		if (!hash_eq(&hash, &h->app_hash))
			e = err_set(t, ERR_MISMATCH,
				    "the witness computed another log or state than the header of block %lld "
				    "carries",
				    (long long)w->height);
	}
	if (e == ERR_OK)
		e = mlog_root_at(ledger_mlog(n->ledger), &hash, w->log_size);
	if (e == ERR_OK && !hash_eq(&hash, &w->log_root))
		e = err_set(t, ERR_MISMATCH, "the witness signed another log than this chain has");
	if (e == ERR_OK && w->how == WITNESS_REPLAYED) {
		app_hash(&hash, w->log_size, &w->log_root, &w->state_root);
		if (!hash_eq(&hash, &h->app_hash))
			e = err_set(t, ERR_MISMATCH,
				    "the witness computed another state than this chain has");
	}
	free(h);
	buf_fini(&payload);
	return e;
}

enum err node_witness_add(struct node *n, const struct bundle_witness *w, struct err_text *t)
{
	char dir[IO_PATH_MAX], path[IO_PATH_MAX], name[80];
	struct buf out = BUF_INIT;
	if (w->name.n > WITNESS_NAME_MAX || (w->how != WITNESS_LOG && w->how != WITNESS_REPLAYED) ||
	    !signature_good(n, w))
		return err_set(t, ERR_VERIFY, "the witness' signature does not fit");
	TRY(own_head(n, w, t));
	TRY(io_join(dir, n->dir, "witness", t));
	TRY(io_make_dir(io_posix(), dir, t));
	hex_encode(name, w->key, 32);
	TRY(io_join(path, dir, name, t));
	buf_put(&out, magic, sizeof magic - 1);
	buf_put_lp(&out, w->name);
	buf_put(&out, w->key, 32);
	buf_put_varint(&out, (uint64_t)w->height);
	buf_put(&out, w->header_hash.b, 32);
	buf_put_varint(&out, w->log_size);
	buf_put(&out, w->log_root.b, 32);
	buf_put_u8(&out, w->how);
	if (w->how == WITNESS_REPLAYED)
		buf_put(&out, w->state_root.b, 32);
	buf_put(&out, w->sig, 64);
	enum err e = buf_err(&out);
	if (e == ERR_OK)
		e = io_write_file_atomic(io_posix(), path, buf_slice(&out), t);
	buf_fini(&out);
	return e;
}

struct listing {
	struct node *n;
	struct arena *arena;
	struct bundle_witness *list;
	size_t count;
	enum err e;
};

static bool load_one(void *arg, const char *name)
{
	struct listing *l = arg;
	char dir[IO_PATH_MAX], path[IO_PATH_MAX];
	struct buf text = BUF_INIT;
	if (strlen(name) != 64 || l->count == WITNESSES_MAX)
		return true;
	if (io_join(dir, l->n->dir, "witness", NULL) != ERR_OK || io_join(path, dir, name, NULL) != ERR_OK ||
	    io_read_file(io_posix(), path, WITNESS_FILE_MAX, &text, NULL) != ERR_OK) {
		buf_fini(&text);
		return true; /* a witness less is no fault */
	}
	uint8_t *copy = arena_copy(l->arena, text.p, text.n);
	struct reader r = reader_of(slice(copy, copy ? text.n : 0));
	struct bundle_witness *w = &l->list[l->count];
	struct slice m = reader_bytes(&r, sizeof magic - 1);
	w->name = reader_lp(&r);
	struct slice key = reader_bytes(&r, 32);
	w->height = (int64_t)reader_varint(&r);
	w->header_hash = reader_hash(&r);
	w->log_size = reader_varint(&r);
	w->log_root = reader_hash(&r);
	w->how = reader_u8(&r);
	w->state_root = (struct hash){{0}};
	if (w->how == WITNESS_REPLAYED)
		w->state_root = reader_hash(&r);
	struct slice sig = reader_bytes(&r, 64);
	buf_fini(&text);
	if (!copy)
		l->e = ERR_NOMEM;
	if (r.bad || reader_left(&r) || !slice_eq_str(m, magic))
		return copy != NULL;
	memcpy(w->key, key.p, 32);
	memcpy(w->sig, sig.p, 64);
	if (signature_good(l->n, w))
		l->count++;
	return true;
}

/* Did he sign this head, or one whose log it continues? A folder that lost its journal's end
 * may hold signatures on what it does not have any more. */
static bool continues(struct node *n, const struct bundle_witness *w, int64_t height,
		      const struct hash *header_hash, uint64_t log_size)
{
	struct hash root;
	if (w->height > height || w->log_size > log_size ||
	    (w->height == height && !hash_eq(&w->header_hash, header_hash)))
		return false;
	return mlog_root_at(ledger_mlog(n->ledger), &root, w->log_size) == ERR_OK &&
	       hash_eq(&root, &w->log_root);
}

enum err witnesses_load(struct node *n, struct arena *a, struct bundle_witness **list, size_t *count,
			int64_t height, const struct hash *header_hash, uint64_t log_size)
{
	char dir[IO_PATH_MAX];
	bool there;
	struct listing l = {.n = n, .arena = a};
	*count = 0;
	*list = l.list = arena_alloc(a, WITNESSES_MAX * sizeof *l.list);
	if (!l.list)
		return ERR_NOMEM;
	TRY(io_join(dir, n->dir, "witness", NULL));
	TRY(io_exists(io_posix(), dir, &there, NULL));
	if (!there)
		return ERR_OK;
	TRY(io_list(io_posix(), dir, load_one, &l, NULL));
	for (size_t i = 0; i < l.count; i++)
		if (continues(n, &l.list[i], height, header_hash, log_size))
			l.list[(*count)++] = l.list[i];
	return l.e;
}

static int size_cmp(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

enum err consistencies_make(struct node *n, struct arena *a, struct bundle_consistency **list,
			    size_t *count, uint64_t *sizes, size_t n_sizes, uint64_t log_size,
			    const struct hash *log_root, struct err_text *t)
{
	struct mlog *m = ledger_mlog(n->ledger);
	*count = 0;
	*list = arena_alloc(a, (n_sizes + 1) * sizeof **list);
	if (!*list)
		return ERR_NOMEM;
	qsort(sizes, n_sizes, sizeof *sizes, size_cmp);
	for (size_t i = 0; i < n_sizes; i++) {
		struct mlog_proof *p = arena_alloc(a, sizeof *p);
		struct bundle_consistency *c = &(*list)[*count];
		if (!p)
			return ERR_NOMEM;
		/* This very log needs no proof, and the format has none for it. */
		if (sizes[i] == 0 || sizes[i] == log_size || (i > 0 && sizes[i] == sizes[i - 1]))
			continue;
		if (sizes[i] > log_size)
			return err_set(t, ERR_RANGE,
				       "no log of %llu records to continue: there are %llu as yet. The head "
				       "that is held is newer than this node, or of another history",
				       (unsigned long long)sizes[i], (unsigned long long)log_size);
		c->size = sizes[i];
		TRY(mlog_root_at(m, &c->root, sizes[i]));
		TRY(mlog_prove_consistency(m, p, sizes[i], log_size));
		/* The nodes above the leaves are read unchecked: a reader must not be the first to see. */
		if (!mlog_check_consistency(p, sizes[i], log_size, &c->root, log_root))
			return err_set(t, ERR_CORRUPT,
				       "%s/state/nodes is damaged; stop argosyd and run \"argosy reindex\"",
				       n->dir);
		c->path = p->h;
		c->n = p->n;
		++*count;
	}
	return ERR_OK;
}
