#include "state/disk_row.h"

#include "crypto/sha256.h"
#include "state/trie.h"

enum {
	ROW_HEAD = 38, /* leaf, two lengths */
	META_VERSION = 2,
};

static void be32_put(uint8_t *p, uint32_t n)
{
	p[0] = (uint8_t)(n >> 24);
	p[1] = (uint8_t)(n >> 16);
	p[2] = (uint8_t)(n >> 8);
	p[3] = (uint8_t)n;
}

size_t disk_row_size(const struct row *r)
{
	return ROW_HEAD + (size_t)r->key_n + r->value_n;
}

void disk_row_write(uint8_t *out, const struct row *r)
{
	memcpy(out, r->leaf.b, 32);
	out[32] = (uint8_t)(r->key_n >> 8);
	out[33] = (uint8_t)r->key_n;
	be32_put(out + 34, r->value_n);
	memcpy(out + ROW_HEAD, r->bytes, (size_t)r->key_n + r->value_n);
}

bool disk_row_good(const struct disk_row *row)
{
	struct hash key_hash, leaf;
	memcpy(key_hash.b, row->key_hash, 32);
	trie_leaf_of(&leaf, &key_hash, row->value);
	return memcmp(leaf.b, row->leaf, 32) == 0;
}

void disk_row_at(struct disk_row *row, const uint8_t *key_hash, const uint8_t *leaf)
{
	size_t key_n = (size_t)leaf[32] << 8 | leaf[33];
	row->key_hash = key_hash;
	row->leaf = leaf;
	row->key = slice(leaf + ROW_HEAD, key_n);
	row->value = slice(leaf + ROW_HEAD + key_n, bytes_u32be(leaf + 34));
}

bool disk_row_parse(struct disk_row *row, const uint8_t *key_hash, struct slice data)
{
	if (data.n < ROW_HEAD)
		return false;
	disk_row_at(row, key_hash, data.p);
	return data.n == ROW_HEAD + row->key.n + row->value.n;
}

/* Version, height, root, keys, note with its length, SHA-256 of all that. */
void store_meta_encode(struct buf *b, const struct store_meta *m)
{
	size_t from = b->n;
	buf_put_u8(b, META_VERSION);
	buf_put_u64be(b, (uint64_t)m->height);
	buf_put(b, m->root.b, 32);
	buf_put_u64be(b, m->keys);
	buf_put_u32be(b, (uint32_t)m->note.n);
	buf_put_slice(b, m->note);
	struct hash h = {{0}};
	if (!b->failed)
		sha256(&h, slice(b->p + from, b->n - from));
	buf_put(b, h.b, 32);
}

bool store_meta_take(struct store_meta *m, struct reader *in)
{
	const uint8_t *from = in->p;
	if (reader_u8(in) != META_VERSION)
		return false;
	m->height = (int64_t)reader_u64be(in);
	m->root = reader_hash(in);
	m->keys = reader_u64be(in);
	m->note = reader_bytes(in, reader_u32be(in));
	if (in->bad)
		return false;
	struct hash is, should;
	sha256(&is, slice(from, (size_t)(in->p - from)));
	should = reader_hash(in);
	return !in->bad && hash_eq(&is, &should);
}
