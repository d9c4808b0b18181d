#include "ledger/redo.h"

#include "crypto/sha256.h"

static const char magic[8] = "ARGREDO1";

enum {
	PIECE_BYTES = 1 << 20,
	SLOT_BITS = 12,
};
#define FILE_MAX ((size_t)1 << 32)

struct writer {
	struct io_file *f;
	uint64_t at;
	struct buf piece;
	struct sha256 sum;
};

static enum err push(struct writer *w, struct err_text *t)
{
	TRY(buf_err(&w->piece));
	sha256_update(&w->sum, w->piece.p, w->piece.n);
	TRY(io_pwrite(w->f, w->piece.p, w->piece.n, w->at, t));
	w->at += w->piece.n;
	buf_clear(&w->piece);
	return ERR_OK;
}

static enum err put_all(struct writer *w, const struct row_list *rows,
			const struct store_meta *meta, struct err_text *t)
{
	struct buf *b = &w->piece;
	sha256_init(&w->sum);
	buf_put(b, magic, sizeof magic);
	buf_put_u64be(b, (uint64_t)meta->height);
	buf_put(b, meta->root.b, 32);
	buf_put_u64be(b, meta->keys);
	buf_put_u32be(b, (uint32_t)meta->note.n);
	buf_put_slice(b, meta->note);
	buf_put_u64be(b, rows->n);
	for (size_t i = 0; i < rows->n; i++) {
		const struct row *r = rows->at[i];
		buf_put(b, r->key_hash.b, 32);
		buf_put_u8(b, r->state);
		if (r->state == ROW_VALUE) {
			buf_put(b, r->leaf.b, 32);
			buf_put_u16be(b, r->key_n);
			buf_put_u32be(b, r->value_n);
			buf_put(b, r->bytes, (size_t)r->key_n + r->value_n);
		}
		if (b->n >= PIECE_BYTES)
			TRY(push(w, t));
	}
	TRY(push(w, t));
	struct hash h;
	sha256_final(&w->sum, &h);
	TRY(io_pwrite(w->f, h.b, 32, w->at, t));
	return io_sync(w->f, t);
}

enum err redo_write(const struct io *io, const char *dir, const struct row_list *rows,
		    const struct store_meta *meta, struct err_text *t)
{
	char path[IO_PATH_MAX], tmp[IO_PATH_MAX];
	TRY(io_join(path, dir, "redo", t));
	TRY(io_join(tmp, dir, "redo.tmp", t));
	struct writer w = {.piece = BUF_INIT};
	TRY(io_open(io, &w.f, tmp, IO_CREATE, t));
	enum err e = io_truncate(w.f, 0, t);
	if (e == ERR_OK)
		e = put_all(&w, rows, meta, t);
	buf_fini(&w.piece);
	io_close(w.f);
	TRY(e);
	TRY(io_rename(io, tmp, path, t));
	return io_sync_dir(io, dir, t);
}

static enum err take_rows(struct redo *r, struct reader *in, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		struct hash key_hash = reader_hash(in), leaf = {{0}};
		uint8_t state = reader_u8(in);
		struct slice key = {NULL, 0}, value = key;
		if (state == ROW_VALUE) {
			leaf = reader_hash(in);
			uint16_t key_n = reader_u16be(in);
			uint32_t value_n = reader_u32be(in);
			key = reader_bytes(in, key_n);
			value = reader_bytes(in, value_n);
		} else if (state != ROW_DELETED) {
			return ERR_FORMAT;
		}
		if (in->bad)
			return ERR_FORMAT;
		struct row *row =
			memtable_set(r->table, &key_hash, (enum row_state)state, key, value);
		if (!row)
			return ERR_NOMEM;
		row->leaf = leaf;
	}
	return reader_left(in) == 0 ? ERR_OK : ERR_FORMAT;
}

static enum err parse(struct redo *r, struct slice file)
{
	struct hash h;
	if (file.n < sizeof magic + 32 || memcmp(file.p, magic, sizeof magic) != 0)
		return ERR_FORMAT;
	struct slice body = slice(file.p, file.n - 32);
	sha256(&h, body);
	if (memcmp(h.b, file.p + body.n, 32) != 0)
		return ERR_FORMAT;
	struct reader in = reader_of(slice(body.p + sizeof magic, body.n - sizeof magic));
	r->meta.height = (int64_t)reader_u64be(&in);
	r->meta.root = reader_hash(&in);
	r->meta.keys = reader_u64be(&in);
	uint32_t note_n = reader_u32be(&in);
	buf_put_slice(&r->note, reader_bytes(&in, note_n));
	uint64_t count = reader_u64be(&in);
	if (in.bad)
		return ERR_FORMAT;
	TRY(buf_err(&r->note));
	r->meta.note = buf_slice(&r->note);
	r->table = memtable_new(SLOT_BITS);
	if (!r->table)
		return ERR_NOMEM;
	TRY(take_rows(r, &in, count));
	uint8_t any[32] = {0};
	return memtable_range(r->table, &r->rows, any, 0);
}

enum err redo_read(struct redo *r, bool *found, const struct io *io, const char *dir,
		   struct err_text *t)
{
	*found = false;
	char path[IO_PATH_MAX];
	TRY(io_join(path, dir, "redo", t));
	bool there;
	TRY(io_exists(io, path, &there, t));
	if (!there)
		return ERR_OK;
	struct buf file = BUF_INIT;
	enum err e = io_read_file(io, path, FILE_MAX, &file, t);
	*r = (struct redo){.note = BUF_INIT};
	if (e == ERR_OK)
		e = parse(r, buf_slice(&file));
	buf_fini(&file);
	if (e != ERR_OK)
		redo_fini(r);
	*found = e == ERR_OK;
	/* A broken file says nothing; whether it was needed shows in the root. */
	return e == ERR_FORMAT ? ERR_OK : e;
}

void redo_fini(struct redo *r)
{
	buf_fini(&r->note);
	row_list_fini(&r->rows);
	memtable_free(r->table);
	r->table = NULL;
}

enum err redo_remove(const struct io *io, const char *dir, struct err_text *t)
{
	static const char *const names[] = {"redo", "redo.tmp"};
	for (size_t i = 0; i < 2; i++) {
		char path[IO_PATH_MAX];
		TRY(io_join(path, dir, names[i], t));
		enum err e = io_remove(io, path, NULL);
		if (e != ERR_OK && e != ERR_NOTFOUND)
			return err_set(t, e, "%s: cannot remove it: %s", path, err_str(e));
	}
	return ERR_OK;
}
