#include "state/memtable.h"

#include "state/trie.h"

#include <stdlib.h>

/*
 * An inner node says at which bit the rows below it part; bits grow on the way
 * down. References to rows and nodes share a word: the lowest bit set is a node.
 */
typedef uintptr_t ref;

struct node {
	ref child[2];
	unsigned bit;
};

enum { CHUNK_BYTES = 256 * 1024, CHUNKS_KEPT = 4 };

struct chunk {
	struct chunk *next;
	size_t used, cap;
	_Alignas(16) uint8_t bytes[];
};

struct memtable {
	unsigned slot_bits;
	size_t count, bytes;
	struct chunk *full, *now; /* now: where the next row goes */
	struct chunk *spare;	  /* kept by reset */
	ref slot[];
};

static bool is_node(ref r)
{
	return r & 1;
}

static struct node *as_node(ref r)
{
	return (struct node *)(r - 1);
}

static struct row *as_row(ref r)
{
	return (struct row *)r;
}

void row_list_fini(struct row_list *l)
{
	free(l->at);
	*l = (struct row_list){NULL, 0, 0};
}

struct memtable *memtable_new(unsigned slot_bits)
{
	bug_if(slot_bits < 8 || slot_bits > 16);
	struct memtable *m = calloc(1, sizeof *m + (sizeof(ref) << slot_bits));
	if (m)
		m->slot_bits = slot_bits;
	return m;
}

static void chunks_free(struct chunk *c)
{
	while (c) {
		struct chunk *next = c->next;
		free(c);
		c = next;
	}
}

void memtable_free(struct memtable *m)
{
	if (!m)
		return;
	chunks_free(m->full);
	chunks_free(m->now);
	chunks_free(m->spare);
	free(m);
}

void memtable_reset(struct memtable *m)
{
	if (m->now) {
		m->now->next = m->full;
		m->full = m->now;
	}
	size_t kept = 0;
	for (struct chunk *c = m->spare; c; c = c->next)
		kept++;
	while (m->full) {
		struct chunk *c = m->full;
		m->full = c->next;
		if (kept < CHUNKS_KEPT && c->cap == CHUNK_BYTES) {
			c->next = m->spare;
			m->spare = c;
			kept++;
		} else {
			free(c);
		}
	}
	m->now = NULL;
	m->count = m->bytes = 0;
	memset(m->slot, 0, sizeof(ref) << m->slot_bits);
}

size_t memtable_count(const struct memtable *m)
{
	return m->count;
}

size_t memtable_bytes(const struct memtable *m)
{
	return m->bytes;
}

static void *take(struct memtable *m, size_t n)
{
	n = (n + 15) & ~(size_t)15;
	if (!m->now || m->now->cap - m->now->used < n) {
		struct chunk *c = NULL;
		if (n <= CHUNK_BYTES && m->spare) {
			c = m->spare;
			m->spare = c->next;
			c->used = 0;
		} else {
			size_t cap = n > CHUNK_BYTES ? n : CHUNK_BYTES;
			c = malloc(sizeof *c + cap);
			if (!c)
				return NULL;
			c->cap = cap;
			c->used = 0;
		}
		if (m->now) {
			m->now->next = m->full;
			m->full = m->now;
		}
		c->next = NULL;
		m->now = c;
	}
	void *p = m->now->bytes + m->now->used;
	m->now->used += n;
	m->bytes += n;
	return p;
}

static size_t slot_of(const struct memtable *m, const uint8_t *key_hash)
{
	uint32_t top = (uint32_t)key_hash[0] << 24 | (uint32_t)key_hash[1] << 16;
	return top >> (32 - m->slot_bits);
}

/* The row that shares most with the key hash on the way down, or NULL in an empty slot. */
static struct row *nearest(const struct memtable *m, const uint8_t *key_hash)
{
	ref r = m->slot[slot_of(m, key_hash)];
	while (is_node(r))
		r = as_node(r)->child[trie_bit(key_hash, as_node(r)->bit)];
	return as_row(r);
}

static struct row *find_any(const struct memtable *m, const struct hash *key_hash)
{
	struct row *r = nearest(m, key_hash->b);
	return r && hash_eq(&r->key_hash, key_hash) ? r : NULL;
}

struct row *memtable_find(const struct memtable *m, const struct hash *key_hash)
{
	struct row *r = find_any(m, key_hash);
	return r && r->state != ROW_VOID ? r : NULL;
}

/* Where the reference to a row that is here stands. */
static ref *place_of(struct memtable *m, const struct hash *key_hash)
{
	ref *p = &m->slot[slot_of(m, key_hash->b)];
	while (is_node(*p))
		p = &as_node(*p)->child[trie_bit(key_hash->b, as_node(*p)->bit)];
	return p;
}

/* Hangs in a row whose key hash is not here; `like` is the nearest one, or NULL. */
static bool hang(struct memtable *m, struct row *r, const struct row *like)
{
	ref *p = &m->slot[slot_of(m, r->key_hash.b)];
	if (!like) {
		*p = (ref)r;
		return true;
	}
	struct node *n = take(m, sizeof *n);
	if (!n)
		return false;
	n->bit = trie_common_bits(r->key_hash.b, like->key_hash.b);
	while (is_node(*p) && as_node(*p)->bit < n->bit)
		p = &as_node(*p)->child[trie_bit(r->key_hash.b, as_node(*p)->bit)];
	unsigned side = trie_bit(r->key_hash.b, n->bit);
	n->child[side] = (ref)r;
	n->child[!side] = *p;
	*p = (ref)n | 1;
	return true;
}

static struct row *make(struct memtable *m, const struct hash *key_hash, struct slice key,
			struct slice value)
{
	size_t cap = (key.n + value.n + 15) & ~(size_t)15;
	struct row *r = take(m, sizeof *r + cap);
	if (!r)
		return NULL;
	r->key_hash = *key_hash;
	r->prev = NULL;
	r->cap = (uint32_t)cap;
	return r;
}

static void fill(struct row *r, enum row_state state, struct slice key, struct slice value)
{
	r->state = (uint8_t)state;
	r->key_n = (uint16_t)key.n;
	r->value_n = (uint32_t)value.n;
	if (key.n)
		memcpy(r->bytes, key.p, key.n);
	if (value.n)
		memcpy(r->bytes + key.n, value.p, value.n);
}

static struct row *put(struct memtable *m, const struct hash *key_hash, enum row_state state,
		       struct slice key, struct slice value, bool keep)
{
	struct row *like = nearest(m, key_hash->b);
	struct row *old = like && hash_eq(&like->key_hash, key_hash) ? like : NULL;
	struct row *r = old;
	if (!old || keep || old->cap < key.n + value.n) {
		r = make(m, key_hash, key, value);
		if (!r || (!old && !hang(m, r, like)))
			return NULL;
		if (old)
			*place_of(m, key_hash) = (ref)r;
		else
			m->count++;
		r->prev = keep ? old : NULL;
	}
	fill(r, state, key, value);
	return r;
}

struct row *memtable_set(struct memtable *m, const struct hash *key_hash, enum row_state state,
			 struct slice key, struct slice value)
{
	return put(m, key_hash, state, key, value, false);
}

struct row *memtable_stage(struct memtable *m, const struct hash *key_hash, enum row_state state,
			   struct slice key, struct slice value)
{
	return put(m, key_hash, state, key, value, true);
}

void memtable_undo(struct memtable *m, struct row *r)
{
	if (r->prev)
		*place_of(m, &r->key_hash) = (ref)r->prev;
	else
		r->state = ROW_VOID;
}

static bool list_put(struct row_list *l, struct row *r)
{
	if (r->state == ROW_VOID)
		return true;
	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 64;
		struct row **at = realloc(l->at, cap * sizeof(struct row *));
		if (!at)
			return false;
		l->at = at;
		l->cap = cap;
	}
	l->at[l->n++] = r;
	return true;
}

static bool collect(struct row_list *out, ref r)
{
	while (is_node(r)) {
		if (!collect(out, as_node(r)->child[0]))
			return false;
		r = as_node(r)->child[1];
	}
	return list_put(out, as_row(r));
}

enum err memtable_range(const struct memtable *m, struct row_list *out, const uint8_t *prefix,
			unsigned bits)
{
	if (bits < m->slot_bits) {
		size_t span = (size_t)1 << (m->slot_bits - bits);
		size_t first = bits ? slot_of(m, prefix) / span * span : 0;
		for (size_t i = first; i < first + span; i++)
			if (m->slot[i] && !collect(out, m->slot[i]))
				return ERR_NOMEM;
		return ERR_OK;
	}
	ref r = m->slot[slot_of(m, prefix)];
	if (!r)
		return ERR_OK;
	while (is_node(r) && as_node(r)->bit < bits)
		r = as_node(r)->child[trie_bit(prefix, as_node(r)->bit)];
	/* All rows below agree up to the bit of their node: one of them speaks for all. */
	ref one = r;
	while (is_node(one))
		one = as_node(one)->child[0];
	if (trie_common_bits(as_row(one)->key_hash.b, prefix) < bits)
		return ERR_OK;
	return collect(out, r) ? ERR_OK : ERR_NOMEM;
}
