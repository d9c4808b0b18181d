#include "state/lmdb_check.h"

#include "base/io.h"

#include <stdlib.h>

/*
 * The file, format 1 of LMDB 0.9, in the machine's byte order (ours: little-endian):
 *
 *   page    0 number (8), 8 pad (2), 10 flags (2), 12 lower (2), 14 upper (2), then
 *           from 16 on one offset (2) a node, up to `lower`; nodes lie from `upper`
 *           to the end. An overflow page has the number of its pages at 12 (4).
 *   node    0 lo (2), 2 hi (2), 4 flags (2), 6 length of the key (2), 8 key, data.
 *           In a leaf lo and hi make the length of the data; in a branch lo, hi and
 *           flags make the number of the child.
 *   meta    pages 0 and 1, from 16 on: magic (4), version (4), address (8), map size
 *           (8), two databases (48 each): free pages and main; last page (8),
 *           transaction (8). The one with the higher transaction counts.
 *   base    pad (4; the page size in the first), flags (2), depth (2), branch, leaf
 *           and overflow pages (8 each), entries (8), root (8).
 *   free    key: transaction (8); data: count (8), then pages (8 each), descending.
 */
enum {
	PAGE_HEAD = 16,
	NODE_HEAD = 8,
	BASE_BYTES = 48,
	META_BYTES = PAGE_HEAD + 24 + 2 * BASE_BYTES + 16,
	P_BRANCH = 1,
	P_LEAF = 2,
	P_OVERFLOW = 4,
	P_META = 8,
	N_BIG = 1,
	N_BASE = 2,
	INTEGER_KEY = 8,
	KEY_MAX = 511,
	DEPTH_MAX = 32,
	SLACK_PAGES = 1 << 20, /* pages at the end that were never written */
};
#define MAGIC	0xBEEFC0DEu
#define NO_PAGE UINT64_MAX

enum tree { TREE_FREE, TREE_MAIN, TREE_NAMED };

struct base {
	uint16_t flags, depth;
	uint64_t entries, root;
};

struct check {
	struct io_file *f;
	const char *path;
	struct err_text *t;
	size_t psize;
	uint64_t pages, last; /* in the file; by the meta */
	uint8_t *used;	      /* a bit a page */
	uint8_t *page[DEPTH_MAX];
};

/* What a walk of one tree carries. */
struct walk {
	enum tree tree;
	unsigned depth;
	uint64_t entries;
	bool any;
	uint8_t key[KEY_MAX]; /* the last one */
	size_t key_n;
	uint8_t floor[KEY_MAX]; /* the next one may not lie below this */
	size_t floor_n;
};

static uint64_t le(const uint8_t *p, unsigned n)
{
	uint64_t v = 0;
	for (unsigned i = n; i-- > 0;)
		v = v << 8 | p[i];
	return v;
}

static enum err bad(struct check *c, uint64_t page, const char *what)
{
	return err_set(c->t, ERR_CORRUPT,
		       "%s: page %llu %s; rebuild it from the journal with \"argosy reindex\"",
		       c->path, (unsigned long long)page, what);
}

static enum err take(struct check *c, uint64_t page)
{
	if (page < 2 || page > c->last)
		return bad(c, page, "is named but does not exist");
	uint8_t bit = (uint8_t)(1u << (page & 7));
	if (c->used[page >> 3] & bit)
		return bad(c, page, "is used twice");
	c->used[page >> 3] |= bit;
	return ERR_OK;
}

static enum err read_page(struct check *c, uint8_t *to, uint64_t page)
{
	if (page >= c->pages)
		return bad(c, page, "is past the end of the file");
	return io_pread_all(c->f, to, c->psize, page * c->psize, c->t);
}

/* The pages of a large value, whose bytes go to *out (malloced) if wanted. */
static enum err check_overflow(struct check *c, uint8_t **out, uint64_t page, size_t n)
{
	uint64_t count = (PAGE_HEAD - 1 + n) / c->psize + 1;
	for (uint64_t i = 0; i < count; i++) {
		TRY(take(c, page + i));
		if (page + i >= c->pages)
			return bad(c, page + i, "is past the end of the file");
	}
	uint8_t head[PAGE_HEAD];
	TRY(io_pread_all(c->f, head, sizeof head, page * c->psize, c->t));
	if (le(head, 8) != page || le(head + 10, 2) != P_OVERFLOW || le(head + 12, 4) != count)
		return bad(c, page, "is not the large value it should be");
	if (!out)
		return ERR_OK;
	*out = malloc(n);
	if (!*out)
		return err_set(c->t, ERR_NOMEM, "%s: out of memory", c->path);
	return io_pread_all(c->f, *out, n, page * c->psize + PAGE_HEAD, c->t);
}

static enum err check_free_list(struct check *c, uint64_t page, const uint8_t *data, size_t n)
{
	uint64_t count = n >= 8 ? le(data, 8) : 0, before = NO_PAGE;
	if (n < 8 || n % 8 || count != n / 8 - 1)
		return bad(c, page, "has a list of free pages of a wrong length");
	for (uint64_t i = 0; i < count; i++) {
		uint64_t p = le(data + 8 + 8 * i, 8);
		if (p >= before)
			return bad(c, page, "has a list of free pages out of order");
		TRY(take(c, p));
		before = p;
	}
	return ERR_OK;
}

/* Integer keys (the free pages) are in order of value, others of bytes. */
static int key_order(const struct walk *w, const uint8_t *a, size_t an, const uint8_t *b, size_t bn)
{
	if (w->tree == TREE_FREE) {
		uint64_t x = le(a, 8), y = le(b, 8);
		return x < y ? -1 : x > y;
	}
	return slice_cmp(slice(a, an), slice(b, bn));
}

static enum err walk_tree(struct check *c, enum tree tree, const struct base *b);

static enum err check_value(struct check *c, struct walk *w, uint64_t page, const uint8_t *node,
			    size_t room)
{
	size_t n = (size_t)le(node, 4), key_n = (size_t)le(node + 6, 2);
	unsigned flags = (unsigned)le(node + 4, 2);
	const uint8_t *data = node + NODE_HEAD + key_n;
	uint8_t *large = NULL;
	enum err e = ERR_OK;
	if (flags & N_BIG) {
		if (flags != N_BIG || room < 8)
			return bad(c, page, "has a node of an unknown kind");
		e = check_overflow(c, w->tree == TREE_FREE ? &large : NULL, le(data, 8), n);
		data = large;
	} else if (n > room) {
		return bad(c, page, "has a value that leaves the page");
	}
	if (e == ERR_OK && w->tree == TREE_FREE)
		e = check_free_list(c, page, data, n);
	free(large);
	TRY(e);
	if (w->tree == TREE_MAIN) {
		if (flags != N_BASE || n != BASE_BYTES)
			return bad(c, page, "does not name a database");
		struct base b = {(uint16_t)le(data + 4, 2), (uint16_t)le(data + 6, 2),
				 le(data + 32, 8), le(data + 40, 8)};
		if (b.flags)
			return bad(c, page, "names a database of an unknown kind");
		return walk_tree(c, TREE_NAMED, &b);
	}
	return flags & ~(unsigned)N_BIG ? bad(c, page, "has a node of an unknown kind") : ERR_OK;
}

static enum err check_leaf_node(struct check *c, struct walk *w, uint64_t page, const uint8_t *node,
				size_t room)
{
	size_t key_n = (size_t)le(node + 6, 2);
	const uint8_t *key = node + NODE_HEAD;
	if (key_n == 0 || (w->tree == TREE_FREE && key_n != 8))
		return bad(c, page, "has a key of a wrong length");
	if (w->any && key_order(w, w->key, w->key_n, key, key_n) >= 0)
		return bad(c, page, "has keys out of order");
	if (w->floor_n && key_order(w, w->floor, w->floor_n, key, key_n) > 0)
		return bad(c, page, "has a key below the one that leads to it");
	w->floor_n = 0;
	memcpy(w->key, key, key_n);
	w->key_n = key_n;
	w->any = true;
	w->entries++;
	return check_value(c, w, page, node, room);
}

static enum err walk_page(struct check *c, struct walk *w, uint64_t page, unsigned level);

/* All keys before a separator lie below it, the next one at it or above. */
static enum err check_branch_node(struct check *c, struct walk *w, uint64_t page,
				  const uint8_t *node, bool first, unsigned level)
{
	size_t key_n = (size_t)le(node + 6, 2);
	const uint8_t *key = node + NODE_HEAD;
	if (!first) {
		if (key_n == 0 || (w->tree == TREE_FREE && key_n != 8))
			return bad(c, page, "has a key of a wrong length");
		if (key_order(w, w->key, w->key_n, key, key_n) >= 0)
			return bad(c, page, "has keys out of order");
		memcpy(w->floor, key, key_n);
		w->floor_n = key_n;
	}
	return walk_page(c, w, le(node, 6), level + 1);
}

static enum err walk_page(struct check *c, struct walk *w, uint64_t page, unsigned level)
{
	if (level >= w->depth || level >= DEPTH_MAX)
		return bad(c, page, "lies too deep");
	if (!c->page[level] && !(c->page[level] = malloc(c->psize)))
		return err_set(c->t, ERR_NOMEM, "%s: out of memory", c->path);
	uint8_t *p = c->page[level];
	TRY(take(c, page));
	TRY(read_page(c, p, page));
	bool leaf = level + 1 == w->depth;
	size_t lower = (size_t)le(p + 12, 2), upper = (size_t)le(p + 14, 2);
	if (le(p, 8) != page || le(p + 10, 2) != (leaf ? P_LEAF : P_BRANCH))
		return bad(c, page, "is not the page it should be");
	if (lower < PAGE_HEAD || lower > upper || upper > c->psize || (lower & 1))
		return bad(c, page, "has a broken head");
	size_t n = (lower - PAGE_HEAD) / 2;
	if (n < (leaf ? 1 : 2))
		return bad(c, page, "has too few nodes");
	for (size_t i = 0; i < n; i++) {
		p = c->page[level];
		size_t at = (size_t)le(p + PAGE_HEAD + 2 * i, 2);
		if (at < upper || at + NODE_HEAD > c->psize || (at & 1))
			return bad(c, page, "has a node outside of it");
		size_t key_n = (size_t)le(p + at + 6, 2), room = c->psize - at - NODE_HEAD;
		if (key_n > room || key_n > KEY_MAX)
			return bad(c, page, "has a key that leaves the page");
		if (leaf)
			TRY(check_leaf_node(c, w, page, p + at, room - key_n));
		else
			TRY(check_branch_node(c, w, page, p + at, i == 0, level));
	}
	return ERR_OK;
}

static enum err walk_tree(struct check *c, enum tree tree, const struct base *b)
{
	if (b->root == NO_PAGE)
		return b->entries == 0 && b->depth == 0
			       ? ERR_OK
			       : bad(c, 0, "names an empty database that is not empty");
	struct walk *w = calloc(1, sizeof *w);
	if (!w)
		return err_set(c->t, ERR_NOMEM, "%s: out of memory", c->path);
	w->tree = tree;
	w->depth = b->depth;
	/* The main tree calls for others while its own pages are looked at: buffers anew. */
	uint8_t *saved[DEPTH_MAX];
	memcpy(saved, c->page, sizeof saved);
	memset(c->page, 0, sizeof c->page);
	enum err e = walk_page(c, w, b->root, 0);
	for (unsigned i = 0; i < DEPTH_MAX; i++)
		free(c->page[i]);
	memcpy(c->page, saved, sizeof saved);
	if (e == ERR_OK && w->entries != b->entries)
		e = bad(c, b->root, "has another number of entries below it");
	free(w);
	return e;
}

static enum err check_meta(struct check *c, struct base out[2], uint64_t *txn, unsigned which)
{
	uint8_t b[META_BYTES];
	TRY(io_pread_all(c->f, b, sizeof b, which * c->psize, c->t));
	const uint8_t *m = b + PAGE_HEAD;
	if (!(le(b + 10, 2) & P_META) || le(m, 4) != MAGIC || le(m + 4, 4) != 1)
		return bad(c, which, "is not a meta page");
	for (unsigned i = 0; i < 2; i++) {
		const uint8_t *d = m + 24 + i * BASE_BYTES;
		if (i == 0 && le(d, 4) != c->psize)
			return bad(c, which, "has another page size");
		out[i] = (struct base){(uint16_t)le(d + 4, 2), (uint16_t)le(d + 6, 2),
				       le(d + 32, 8), le(d + 40, 8)};
		if (out[i].flags & ~(i == 0 ? INTEGER_KEY : 0))
			return bad(c, which, "has a database of an unknown kind");
	}
	c->last = le(m + 24 + 2 * BASE_BYTES, 8);
	*txn = le(m + 24 + 2 * BASE_BYTES + 8, 8);
	if (c->last < 1 || c->last >= c->pages + SLACK_PAGES)
		return bad(c, which, "has another number of pages");
	return ERR_OK;
}

static enum err check_file(struct check *c)
{
	uint64_t size;
	TRY(io_size(c->f, &size, c->t));
	if (size == 0)
		return ERR_OK;
	uint8_t head[PAGE_HEAD + 28];
	if (size < sizeof head)
		return bad(c, 0, "is cut short");
	TRY(io_pread_all(c->f, head, sizeof head, 0, c->t));
	c->psize = (size_t)le(head + PAGE_HEAD + 24, 4);
	if (c->psize < 512 || c->psize > 65536 || (c->psize & (c->psize - 1)))
		return bad(c, 0, "has an impossible page size");
	c->pages = size / c->psize;
	if (c->pages < 2)
		return bad(c, 1, "is cut short");
	struct base base[2][2];
	uint64_t txn[2], last[2];
	for (unsigned i = 0; i < 2; i++) {
		TRY(check_meta(c, base[i], &txn[i], i));
		last[i] = c->last;
	}
	unsigned now = txn[0] < txn[1];
	c->last = last[now];
	c->used = calloc(1, (size_t)(c->last / 8 + 1));
	if (!c->used)
		return err_set(c->t, ERR_NOMEM, "%s: out of memory", c->path);
	TRY(walk_tree(c, TREE_MAIN, &base[now][1]));
	return walk_tree(c, TREE_FREE, &base[now][0]);
}

enum err lmdb_check(const char *path, struct err_text *t)
{
	struct check *c = calloc(1, sizeof *c);
	if (!c)
		return err_set(t, ERR_NOMEM, "%s: out of memory", path);
	c->path = path;
	c->t = t;
	enum err e = io_open(io_posix(), &c->f, path, IO_READ, t);
	if (e == ERR_OK) {
		e = check_file(c);
		io_close(c->f);
	} else if (e == ERR_NOTFOUND) {
		e = ERR_OK;
	}
	free(c->used);
	free(c);
	return e;
}
