/*
 * derived_check: a node's derived files, held against those that ledger_verify has just
 * made anew from the same journal.
 *
 * LMDB and the runs over it are opened as at a node's start: the pages, each row against
 * its leaf, all of them against the root; and the root against the journal. The log's
 * files and `blocks` are the same bytes wherever they are made, so they are compared;
 * ids-* files depend on when they were flushed, and carry a checksum.
 *
 * What lies in a file past what the note of the last flush names may be anything after a
 * crash, unless a daemon is at work on it.
 */
#include "ledger/inner.h"

#include "state/store.h"

#include <stdio.h>
#include <stdlib.h>

enum { CHUNK = 1 << 16, TRIES = 4 };

struct check {
	struct ledger *l;
	const char *dir; /* what is checked */
	bool beside_writer;
	void (*found)(void *ctx, const char *text);
	void *ctx;
	bool has_note;
	struct ledger_head note;
};

static void say(const struct check *c, const char *text)
{
	c->found(c->ctx, text);
}

/* ---- the state and the ids ---- */

/* ERR_NOTFOUND: nothing was ever flushed. */
static enum err note_read(struct ledger_head *h, const char *dir, bool beside_writer,
			  struct err_text *t)
{
	struct state_options so = {.look = true, .beside_writer = beside_writer};
	struct state *s;
	struct buf note = BUF_INIT;
	struct journal_pos pos;
	struct reader rest;
	int64_t height;
	TRY(state_open(&s, dir, &so, t));
	enum err e = state_durable(s, &height, &note);
	if (e == ERR_OK && height == 0)
		e = ERR_NOTFOUND;
	else if (e == ERR_OK && !note_decode(h, &pos, &rest, buf_slice(&note)))
		e = err_set(t, ERR_CORRUPT, "%s: the state's note is damaged", dir);
	struct state_stats st;
	state_stats(s, &st);
	struct state_read r;
	struct hash root;
	if (e == ERR_OK)
		e = state_read_begin(&r, s);
	if (e == ERR_OK) {
		state_read_root(&r, &root);
		state_read_end(&r);
		if (!hash_eq(&root, &h->state_root))
			e = err_set(t, ERR_CORRUPT, "%s: the state's note names another root", dir);
	}
	buf_fini(&note);
	state_close(s);
	return e;
}

/* Is what the note says what the journal says of that block? */
static enum err note_check(const struct check *c, const struct ledger_head *h, struct err_text *t)
{
	struct buf payload = BUF_INIT;
	struct block_record b;
	struct hash app;
	app_hash(&app, h->log_size, &h->log_root, &h->state_root);
	if (!hash_eq(&app, &h->app_hash))
		return err_set(t, ERR_CORRUPT, "%s: the state's note is at odds with itself", c->dir);
	if (h->height < c->l->genesis.initial_height || h->height > c->l->head.height)
		return ERR_OK; /* the genesis alone; or closed since this check began */
	enum err e = ledger_read_block(c->l, &payload, h->height);
	if (e == ERR_NOTFOUND ||
	    (e == ERR_OK && (!block_record_decode(&b, buf_slice(&payload)) ||
			     !hash_eq(&b.app_hash, &h->app_hash))))
		e = err_set(t, ERR_CORRUPT, "%s: the state of height %lld is not the one the journal gives",
			    c->dir, (long long)h->height);
	buf_fini(&payload);
	return e;
}

static enum err rows_check(struct check *c, struct err_text *t)
{
	struct ledger_head h = {0};
	enum err e = note_read(&h, c->dir, c->beside_writer, t);
	if (e == ERR_NOTFOUND)
		return ERR_OK;
	TRY(e);
	TRY(note_check(c, &h, t));
	TRY(ids_check(c->l->io, c->dir, h.height, t));
	c->has_note = true;
	c->note = h;
	return ERR_OK;
}

/* ---- files that are the same wherever they are made ---- */

struct compared {
	const char *name;
	unsigned unit; /* bytes of an entry; 1: none */
	const char *entry;
	uint64_t due, most; /* by the note; by the journal */
};

static enum err bytes_compare(const struct check *c, const struct compared *f, struct io_file *is,
			      struct io_file *due, uint64_t n, struct err_text *t)
{
	uint8_t *a = malloc(2 * (size_t)CHUNK);
	char text[600];
	enum err e = a ? ERR_OK : ERR_NOMEM;
	for (uint64_t at = 0; at < n && e == ERR_OK; at += CHUNK) {
		size_t k = n - at < CHUNK ? (size_t)(n - at) : CHUNK, i = 0;
		e = io_pread_all(is, a, k, at, t);
		if (e == ERR_OK)
			e = io_pread_all(due, a + CHUNK, k, at, t);
		while (e == ERR_OK && i < k && a[i] == a[CHUNK + i])
			i++;
		if (e != ERR_OK || i == k)
			continue;
		if (f->unit > 1)
			snprintf(text, sizeof text, "%.400s: byte %llu is not what the journal gives (%s %llu)",
				 is->path, (unsigned long long)(at + i), f->entry,
				 (unsigned long long)((at + i) / f->unit));
		else
			snprintf(text, sizeof text, "%.400s: byte %llu is not what the journal gives",
				 is->path, (unsigned long long)(at + i));
		say(c, text);
		break;
	}
	free(a);
	return e;
}

static enum err file_compare(const struct check *c, const struct compared *f, struct err_text *t)
{
	char is_path[IO_PATH_MAX], due_path[IO_PATH_MAX], text[600];
	struct io_file *is = NULL, *due = NULL;
	uint64_t size, n = f->due < f->most ? f->due : f->most;
	TRY(io_join(is_path, c->dir, f->name, t));
	TRY(io_join(due_path, c->l->options.derived_dir, f->name, t));
	enum err e = io_open(c->l->io, &is, is_path, IO_READ, t);
	if (e == ERR_NOTFOUND) {
		snprintf(text, sizeof text, "%.400s: is missing", is_path);
		say(c, text);
		return ERR_OK;
	}
	if (e == ERR_OK)
		e = io_size(is, &size, t);
	if (e == ERR_OK)
		e = io_open(c->l->io, &due, due_path, IO_READ, t);
	if (e == ERR_OK && size < n) {
		snprintf(text, sizeof text, "%.400s: has %llu bytes where %llu are due", is_path,
			 (unsigned long long)size, (unsigned long long)n);
		say(c, text);
		n = size;
	} else if (e == ERR_OK && c->beside_writer) {
		n = size < f->most ? size : f->most;
	}
	if (e == ERR_OK)
		e = bytes_compare(c, f, is, due, n, t);
	io_close(is);
	io_close(due);
	return e;
}

/* Where record `size` - 1 ends, by the files made anew. */
static enum err records_bytes(const struct check *c, uint64_t *bytes, uint64_t size, struct err_text *t)
{
	char path[IO_PATH_MAX];
	struct io_file *f;
	uint8_t b[8];
	*bytes = 0;
	if (size == 0)
		return ERR_OK;
	TRY(io_join(path, c->l->options.derived_dir, "ends", t));
	TRY(io_open(c->l->io, &f, path, IO_READ, t));
	enum err e = io_pread_all(f, b, 8, mlog_ends_bytes(size - 1), t);
	io_close(f);
	struct reader r = reader_of(slice(b, 8));
	*bytes = e == ERR_OK ? reader_u64be(&r) : 0;
	return e;
}

static enum err files_check(const struct check *c, struct err_text *t)
{
	const struct ledger *l = c->l;
	/* Without a note (a daemon has flushed nothing yet) nothing is due, but what is there is. */
	static const struct ledger_head none;
	const struct ledger_head *most = &l->head, *due = c->has_note ? &c->note : &none;
	uint64_t log_size = due->log_size < most->log_size ? due->log_size : most->log_size;
	uint64_t bytes, bytes_most;
	TRY(records_bytes(c, &bytes, log_size, t));
	TRY(records_bytes(c, &bytes_most, most->log_size, t));
	const struct compared files[] = {
		{"records", 1, "", bytes, bytes_most},
		{"ends", 8, "record", mlog_ends_bytes(log_size), mlog_ends_bytes(most->log_size)},
		{"nodes", 32, "node", mlog_nodes_bytes(log_size), mlog_nodes_bytes(most->log_size)},
		{"blocks", 16, "block",
		 due->height ? places_bytes(l->genesis.initial_height, due->height) : 0,
		 most->height ? places_bytes(l->genesis.initial_height, most->height) : 0},
	};
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		TRY(file_compare(c, &files[i], t));
	return ERR_OK;
}

/* ---- both ---- */

static bool chance(enum err e)
{
	return e == ERR_CORRUPT || e == ERR_NOTFOUND;
}

enum err ledger_derived_check(struct ledger *l, const char *dir, bool beside_writer,
			      void (*found)(void *ctx, const char *text), void *ctx,
			      struct err_text *t)
{
	struct check c = {.l = l, .dir = dir, .beside_writer = beside_writer, .found = found, .ctx = ctx};
	struct err_text why = {""};
	bool there;
	TRY(io_exists(l->io, dir, &there, t));
	if (!there)
		return ERR_OK;
	enum err e = rows_check(&c, &why);
	for (unsigned i = 1; i < TRIES && beside_writer && chance(e); i++)
		e = rows_check(&c, &why);
	if (chance(e))
		say(&c, why.text[0] ? why.text : err_str(e));
	else if (e != ERR_OK)
		return err_set(t, e, "%s", why.text[0] ? why.text : err_str(e));
	/* Without a note nobody can say how much of the files is meant. */
	return c.has_note || beside_writer ? files_check(&c, t) : ERR_OK;
}

int64_t ledger_derived_height(const char *dir, bool beside_writer)
{
	enum { MAP_BYTES = 1 << 30 };
	struct store *s;
	int64_t height = 0;
	bool there;
	if (io_exists(io_posix(), dir, &there, NULL) != ERR_OK || !there)
		return 0;
	for (unsigned i = 0; i < TRIES; i++) {
		struct ledger_head h;
		struct journal_pos pos;
		struct reader rest;
		if (store_open(&s, io_posix(), dir, MAP_BYTES,
			       beside_writer ? STORE_BESIDE : STORE_LOOK, NULL) != ERR_OK)
			continue;
		if (note_decode(&h, &pos, &rest, store_meta(s)->note))
			height = h.height;
		store_close(s);
		break;
	}
	return height;
}
