#include "journal/mlog.h"

#include "crypto/sha256.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * The files (docs/format/log.md), n records:
 *
 *   records   the records, one after the other
 *   ends      8 bytes a record, big-endian: where it ends in `records`
 *   nodes     32 bytes a node of the tree, each right after the last leaf under it:
 *             leaf 0 | leaf 1, node 0-1 | leaf 2 | leaf 3, node 2-3, node 0-3 | ...
 *
 * So leaf i is node number 2i - popcount(i), the node above it that ends with it at
 * level k is k further on, and n records have 2n - popcount(n) nodes.
 */
enum { LEAF_PREFIX = 0, INNER_PREFIX = 1, LEVELS = 64 };

/*
 * On a real disk the files are also mapped, for reading alone: a record takes three
 * reads, and three system calls cost more than all else. The maps reach far past the
 * end, which costs nothing, so that they need not grow; only bytes below the committed
 * sizes are touched. Where there is no map, or past its end, it is pread.
 */
#define WINDOW_BYTES ((size_t)1 << 36)

struct log_file {
	struct io_file *f;
	const uint8_t *map; /* or NULL */
};

struct mlog {
	const struct io *io;
	struct log_file records, ends, nodes;
	_Atomic uint64_t committed;
	struct hash peak[LEVELS]; /* of `committed`: the node at that level, if its bit is set */
	_Atomic uint64_t committed_bytes;
	enum err fault;

	/* staged; other threads look only under the lock */
	pthread_rwlock_t lock;
	uint64_t size;
	struct buf new_records;
	uint64_t *new_ends;
	size_t ends_cap;
	struct hash *new_nodes;
	size_t nodes_n, nodes_cap;
};

static uint64_t nodes_of(uint64_t records)
{
	return 2 * records - (uint64_t)__builtin_popcountll(records);
}

uint64_t mlog_ends_bytes(uint64_t records)
{
	return records * 8;
}

uint64_t mlog_nodes_bytes(uint64_t records)
{
	return nodes_of(records) * 32;
}

/* The place of the node that is the `index`th of its level. */
static uint64_t place_of(unsigned level, uint64_t index)
{
	uint64_t last_leaf = ((index + 1) << level) - 1;
	return nodes_of(last_leaf) + level;
}

void mlog_leaf_hash(struct hash *out, struct slice record)
{
	static const uint8_t prefix = LEAF_PREFIX;
	struct slice parts[2] = {slice(&prefix, 1), record};
	sha256_parts(out, parts, 2);
}

static void inner(struct hash *out, const struct hash *left, const struct hash *right)
{
	sha256_pair(out, INNER_PREFIX, left->b, right->b);
}

/* ---- open and close ---- */

static enum err open_file(struct mlog *m, struct log_file *out, const char *dir, const char *name,
			  struct err_text *t)
{
	char path[IO_PATH_MAX];
	TRY(io_join(path, dir, name, t));
	TRY(io_open(m->io, &out->f, path, IO_CREATE, t));
	int fd = m->io == io_posix() ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd < 0)
		return ERR_OK;
	void *p = mmap(NULL, WINDOW_BYTES, PROT_READ, MAP_SHARED | MAP_NORESERVE, fd, 0);
	out->map = p == MAP_FAILED ? NULL : p;
	close(fd);
	return ERR_OK;
}

static void close_file(struct log_file *l)
{
	if (l->map)
		munmap((void *)(uintptr_t)l->map, WINDOW_BYTES);
	io_close(l->f);
}

/* Bytes below the committed size of the file. */
static enum err get(const struct log_file *l, void *to, size_t n, uint64_t at)
{
	if (l->map && at < WINDOW_BYTES && n <= WINDOW_BYTES - at) {
		memcpy(to, l->map + at, n);
		return ERR_OK;
	}
	return io_pread_all(l->f, to, n, at, NULL);
}

static enum err cut(struct io_file *f, uint64_t size, struct err_text *t)
{
	uint64_t have;
	TRY(io_size(f, &have, t));
	if (have < size)
		return err_set(t, ERR_CORRUPT,
			       "%s: it has %llu bytes where %llu are due; rebuild it from the "
			       "journal with \"argosy reindex\"",
			       f->path, (unsigned long long)have, (unsigned long long)size);
	return have > size ? io_truncate(f, size, t) : ERR_OK;
}

static enum err end_of(struct mlog *m, uint64_t *end, uint64_t index, struct err_text *t)
{
	uint8_t b[8];
	TRY(io_pread_all(m->ends.f, b, 8, index * 8, t));
	struct reader r = reader_of(slice(b, 8));
	*end = reader_u64be(&r);
	return ERR_OK;
}

static enum err load_peaks(struct mlog *m, uint64_t size, struct err_text *t)
{
	for (unsigned k = 0; k < LEVELS; k++) {
		if (!(size >> k & 1))
			continue;
		uint64_t index = (size >> k) - 1;
		TRY(io_pread_all(m->nodes.f, m->peak[k].b, 32, place_of(k, index) * 32, t));
	}
	return ERR_OK;
}

static enum err open_all(struct mlog *m, const char *dir, uint64_t size, const struct hash *root,
			 struct err_text *t)
{
	TRY(io_make_dir(m->io, dir, t));
	TRY(open_file(m, &m->records, dir, "records", t));
	TRY(open_file(m, &m->ends, dir, "ends", t));
	TRY(open_file(m, &m->nodes, dir, "nodes", t));
	TRY(io_sync_dir(m->io, dir, t));
	TRY(cut(m->ends.f, size * 8, t));
	TRY(cut(m->nodes.f, nodes_of(size) * 32, t));
	uint64_t bytes = 0;
	if (size)
		TRY(end_of(m, &bytes, size - 1, t));
	atomic_store(&m->committed_bytes, bytes);
	TRY(cut(m->records.f, m->committed_bytes, t));
	TRY(load_peaks(m, size, t));
	m->size = size;
	atomic_store(&m->committed, size);
	struct hash have;
	mlog_root(m, &have);
	if (root && !hash_eq(&have, root))
		return err_set(t, ERR_CORRUPT,
			       "%s: the log is damaged: its tree does not have the root that is "
			       "due; rebuild it from the journal with \"argosy reindex\"",
			       dir);
	return ERR_OK;
}

enum err mlog_open(struct mlog **out, const struct io *io, const char *dir, uint64_t size,
		   const struct hash *root, struct err_text *t)
{
	*out = NULL;
	if (size >= (uint64_t)1 << 48)
		return err_set(t, ERR_LIMIT, "%s: too many records", dir);
	struct mlog *m = calloc(1, sizeof *m);
	if (!m)
		return err_set(t, ERR_NOMEM, "%s: out of memory", dir);
	m->io = io ? io : io_posix();
	m->new_records = BUF_INIT;
	pthread_rwlock_init(&m->lock, NULL);
	enum err e = open_all(m, dir, size, root, t);
	if (e != ERR_OK) {
		mlog_close(m);
		return e;
	}
	*out = m;
	return ERR_OK;
}

void mlog_close(struct mlog *m)
{
	if (!m)
		return;
	close_file(&m->records);
	close_file(&m->ends);
	close_file(&m->nodes);
	buf_fini(&m->new_records);
	free(m->new_ends);
	free(m->new_nodes);
	pthread_rwlock_destroy(&m->lock);
	free(m);
}

enum err mlog_destroy(const struct io *io, const char *dir, struct err_text *t)
{
	static const char *const names[] = {"records", "ends", "nodes"};
	io = io ? io : io_posix();
	for (unsigned i = 0; i < 3; i++) {
		char path[IO_PATH_MAX];
		TRY(io_join(path, dir, names[i], t));
		enum err e = io_remove(io, path, NULL);
		if (e != ERR_OK && e != ERR_NOTFOUND)
			return err_set(t, e, "%s: cannot remove it: %s", path, err_str(e));
	}
	return ERR_OK;
}

/* ---- nodes ---- */

static uint64_t committed_of(const struct mlog *m)
{
	return atomic_load_explicit(&m->committed, memory_order_acquire);
}

/* A node that ends within the committed records is read, a later one is staged. */
static enum err node_get(struct mlog *m, struct hash *out, unsigned level, uint64_t index)
{
	uint64_t place = place_of(level, index), have = nodes_of(committed_of(m));
	if (place < have)
		return get(&m->nodes, out->b, 32, place * 32);
	*out = m->new_nodes[place - have];
	return ERR_OK;
}

/* The peak of `size` records (committed or more) at a level whose bit is set in it:
 * from memory in any case. For the appending thread. */
static const struct hash *peak_of(const struct mlog *m, uint64_t size, unsigned level)
{
	uint64_t index = (size >> level) - 1;
	uint64_t committed = committed_of(m);
	uint64_t place = place_of(level, index), have = nodes_of(committed);
	return place < have ? &m->peak[level] : &m->new_nodes[place - have];
}

uint64_t mlog_size(const struct mlog *m)
{
	return m->size;
}

uint64_t mlog_committed(struct mlog *m)
{
	return committed_of(m);
}

void mlog_root(const struct mlog *m, struct hash *root)
{
	if (m->size == 0) {
		sha256(root, slice(NULL, 0));
		return;
	}
	bool first = true;
	for (unsigned k = 0; k < LEVELS; k++) {
		if (!(m->size >> k & 1))
			continue;
		const struct hash *p = peak_of(m, m->size, k);
		if (first)
			*root = *p;
		else
			inner(root, p, root);
		first = false;
	}
}

/* ---- staging ---- */

static enum err room(struct mlog *m)
{
	size_t staged = (size_t)(m->size - committed_of(m));
	if (staged == m->ends_cap) {
		size_t cap = 2 * staged + 64;
		uint64_t *p = realloc(m->new_ends, cap * sizeof *p);
		if (!p)
			return ERR_NOMEM;
		m->new_ends = p;
		m->ends_cap = cap;
	}
	if (m->nodes_cap - m->nodes_n < LEVELS) {
		size_t cap = 2 * m->nodes_n + 2 * LEVELS;
		struct hash *p = realloc(m->new_nodes, cap * sizeof *p);
		if (!p)
			return ERR_NOMEM;
		m->new_nodes = p;
		m->nodes_cap = cap;
	}
	return ERR_OK;
}

static enum err append_locked(struct mlog *m, struct hash *leaf, struct slice record)
{
	TRY(room(m));
	size_t before = m->new_records.n;
	buf_put_slice(&m->new_records, record);
	if (buf_err(&m->new_records) != ERR_OK) {
		m->new_records.failed = false;
		m->new_records.n = before;
		return ERR_NOMEM;
	}
	uint64_t n = m->size;
	m->new_ends[n - committed_of(m)] = m->committed_bytes + m->new_records.n;
	struct hash h;
	mlog_leaf_hash(&h, record);
	if (leaf)
		*leaf = h;
	size_t at = m->nodes_n;
	m->new_nodes[at++] = h;
	/* Each 1 at the low end of n is a full subtree left of this leaf, of a peak's size. */
	for (unsigned k = 0; n >> k & 1; k++) {
		inner(&h, peak_of(m, n, k), &h);
		m->new_nodes[at++] = h;
	}
	m->nodes_n = at;
	m->size++;
	return ERR_OK;
}

enum err mlog_append(struct mlog *m, uint64_t *index, struct hash *leaf, struct slice record)
{
	if (m->fault != ERR_OK)
		return m->fault;
	if (record.n > MLOG_RECORD_MAX)
		return ERR_LIMIT;
	*index = m->size;
	pthread_rwlock_wrlock(&m->lock);
	enum err e = append_locked(m, leaf, record);
	pthread_rwlock_unlock(&m->lock);
	return e;
}

void mlog_truncate(struct mlog *m, uint64_t size)
{
	uint64_t committed = committed_of(m);
	bug_if(size < committed || size > m->size);
	pthread_rwlock_wrlock(&m->lock);
	m->size = size;
	m->nodes_n = (size_t)(nodes_of(size) - nodes_of(committed));
	m->new_records.n =
		size == committed
			? 0
			: (size_t)(m->new_ends[size - committed - 1] - m->committed_bytes);
	pthread_rwlock_unlock(&m->lock);
}

static enum err write_staged(struct mlog *m, struct err_text *t)
{
	uint64_t committed = committed_of(m);
	size_t n = (size_t)(m->size - committed);
	struct buf ends = BUF_INIT;
	for (size_t i = 0; i < n; i++)
		buf_put_u64be(&ends, m->new_ends[i]);
	enum err e = buf_err(&ends);
	if (e == ERR_OK)
		e = io_pwrite(m->ends.f, ends.p, ends.n, committed * 8, t);
	buf_fini(&ends);
	TRY(e);
	TRY(io_pwrite(m->records.f, m->new_records.p, m->new_records.n, m->committed_bytes, t));
	return io_pwrite(m->nodes.f, m->new_nodes, m->nodes_n * 32, nodes_of(committed) * 32, t);
}

enum err mlog_commit(struct mlog *m, struct err_text *t)
{
	if (m->fault != ERR_OK)
		return err_set(t, m->fault, "the log had a fault before");
	if (m->size == committed_of(m))
		return ERR_OK;
	m->fault = write_staged(m, t);
	TRY(m->fault);
	struct hash peak[LEVELS];
	for (unsigned k = 0; k < LEVELS; k++)
		if (m->size >> k & 1)
			peak[k] = *peak_of(m, m->size, k);
	pthread_rwlock_wrlock(&m->lock);
	for (unsigned k = 0; k < LEVELS; k++)
		if (m->size >> k & 1)
			m->peak[k] = peak[k];
	m->committed_bytes += m->new_records.n;
	m->nodes_n = 0;
	buf_clear(&m->new_records);
	atomic_store_explicit(&m->committed, m->size, memory_order_release);
	pthread_rwlock_unlock(&m->lock);
	return ERR_OK;
}

enum err mlog_sync(struct mlog *m)
{
	TRY(io_sync(m->records.f, NULL));
	TRY(io_sync(m->ends.f, NULL));
	return io_sync(m->nodes.f, NULL);
}

/* ---- reading ---- */

static enum err staged_read(struct mlog *m, struct buf *out, struct hash *leaf, uint64_t index)
{
	enum err e = ERR_OK;
	pthread_rwlock_rdlock(&m->lock);
	uint64_t committed = committed_of(m);
	if (index < committed) {
		e = ERR_UNAVAILABLE; /* committed meanwhile: read it from the files */
	} else if (index >= m->size) {
		e = ERR_RANGE;
	} else {
		size_t i = (size_t)(index - committed);
		uint64_t from = (i ? m->new_ends[i - 1] : m->committed_bytes) - m->committed_bytes;
		uint64_t to = m->new_ends[i] - m->committed_bytes;
		if (out)
			buf_put(out, m->new_records.p + from, (size_t)(to - from));
		if (leaf)
			*leaf = m->new_nodes[place_of(0, index) - nodes_of(committed)];
	}
	pthread_rwlock_unlock(&m->lock);
	return e;
}

static enum err file_read(struct mlog *m, struct buf *out, uint64_t index)
{
	uint8_t b[16] = {0};
	if (index)
		TRY(get(&m->ends, b, 16, (index - 1) * 8));
	else
		TRY(get(&m->ends, b + 8, 8, 0));
	struct reader r = reader_of(slice(b, 16));
	uint64_t from = reader_u64be(&r), to = reader_u64be(&r);
	if (to < from || to - from > MLOG_RECORD_MAX || to > atomic_load(&m->committed_bytes))
		return ERR_CORRUPT;
	size_t n = (size_t)(to - from), before = out->n;
	if (!buf_reserve(out, n))
		return ERR_NOMEM;
	if (n)
		TRY(get(&m->records, out->p + before, n, from));
	struct hash is, due;
	TRY(node_get(m, &due, 0, index));
	mlog_leaf_hash(&is, slice(out->p + before, n));
	if (!hash_eq(&is, &due))
		return ERR_CORRUPT;
	out->n += n;
	return ERR_OK;
}

enum err mlog_read(struct mlog *m, struct buf *out, uint64_t index)
{
	if (index >= committed_of(m)) {
		enum err e = staged_read(m, out, NULL, index);
		if (e != ERR_UNAVAILABLE)
			return e == ERR_OK ? buf_err(out) : e;
	}
	return file_read(m, out, index);
}

enum err mlog_leaf(struct mlog *m, struct hash *leaf, uint64_t index)
{
	if (index >= committed_of(m)) {
		enum err e = staged_read(m, NULL, leaf, index);
		if (e != ERR_UNAVAILABLE)
			return e;
	}
	return node_get(m, leaf, 0, index);
}

/* ---- proofs: RFC 6962, 2.1.1 and 2.1.2, by their own recursion ---- */

/* The largest power of two below n, n >= 2. */
static uint64_t split_of(uint64_t n)
{
	return (uint64_t)1 << (63 - __builtin_clzll(n - 1));
}

/* MTH of the n records from `lo` on; lo is a multiple of the power of two at or above n. */
static enum err mth(struct mlog *m, struct hash *out, uint64_t lo, uint64_t n)
{
	if ((n & (n - 1)) == 0) {
		unsigned level = (unsigned)__builtin_ctzll(n);
		return node_get(m, out, level, lo >> level);
	}
	uint64_t k = split_of(n);
	struct hash right;
	TRY(mth(m, out, lo, k));
	TRY(mth(m, &right, lo + k, n - k));
	inner(out, out, &right);
	return ERR_OK;
}

enum err mlog_root_at(struct mlog *m, struct hash *root, uint64_t size)
{
	if (size > committed_of(m))
		return ERR_RANGE;
	if (size == 0) {
		sha256(root, slice(NULL, 0));
		return ERR_OK;
	}
	return mth(m, root, 0, size);
}

static enum err path(struct mlog *m, struct mlog_proof *p, uint64_t index, uint64_t lo, uint64_t n)
{
	if (n == 1)
		return ERR_OK;
	uint64_t k = split_of(n);
	if (index < k) {
		TRY(path(m, p, index, lo, k));
		return mth(m, &p->h[p->n++], lo + k, n - k);
	}
	TRY(path(m, p, index - k, lo + k, n - k));
	return mth(m, &p->h[p->n++], lo, k);
}

enum err mlog_prove_inclusion(struct mlog *m, struct mlog_proof *p, uint64_t index, uint64_t size)
{
	p->n = 0;
	if (size > committed_of(m) || index >= size)
		return ERR_RANGE;
	return path(m, p, index, 0, size);
}

static enum err subproof(struct mlog *m, struct mlog_proof *p, uint64_t size1, uint64_t lo,
			 uint64_t n, bool whole)
{
	if (size1 == n)
		return whole ? ERR_OK : mth(m, &p->h[p->n++], lo, n);
	uint64_t k = split_of(n);
	if (size1 <= k) {
		TRY(subproof(m, p, size1, lo, k, whole));
		return mth(m, &p->h[p->n++], lo + k, n - k);
	}
	TRY(subproof(m, p, size1 - k, lo + k, n - k, false));
	return mth(m, &p->h[p->n++], lo, k);
}

enum err mlog_prove_consistency(struct mlog *m, struct mlog_proof *p, uint64_t size1,
				uint64_t size2)
{
	p->n = 0;
	if (size2 > committed_of(m) || size1 > size2)
		return ERR_RANGE;
	return size1 == 0 ? ERR_OK : subproof(m, p, size1, 0, size2, true);
}

/* The part of the tree over `n` records from `lo` on. */
static enum err range(struct mlog *m, struct mlog_range *p, uint64_t first, uint64_t end,
		      uint64_t lo, uint64_t n)
{
	if (lo + n <= first || lo >= end)
		return mth(m, &p->h[p->n++], lo, n);
	if (first <= lo && lo + n <= end)
		return ERR_OK;
	uint64_t k = split_of(n);
	TRY(range(m, p, first, end, lo, k));
	return range(m, p, first, end, lo + k, n - k);
}

enum err mlog_prove_range(struct mlog *m, struct mlog_range *p, uint64_t first, uint64_t count,
			  uint64_t size)
{
	p->n = 0;
	if (size > committed_of(m) || count == 0 || first >= size || count > size - first)
		return ERR_RANGE;
	return range(m, p, first, first + count, 0, size);
}

/* A leaf that the tree holds leaves the record, and where it ends; else it is the tree itself. */
void mlog_blame(struct mlog *m, struct err_text *t, uint64_t index)
{
	struct mlog_proof p;
	struct hash leaf, root;
	uint64_t size = committed_of(m);
	bool tree = mlog_prove_inclusion(m, &p, index, size) == ERR_OK &&
		    mlog_leaf(m, &leaf, index) == ERR_OK;
	pthread_rwlock_rdlock(&m->lock);
	bool same = size == committed_of(m);
	bool first = true;
	for (unsigned k = 0; k < LEVELS && same; k++) {
		if (!(size >> k & 1))
			continue;
		if (first)
			root = m->peak[k];
		else
			inner(&root, &m->peak[k], &root);
		first = false;
	}
	pthread_rwlock_unlock(&m->lock);
	bool leaf_good = tree && same && !first && mlog_check_inclusion(&p, index, size, &leaf, &root);
	(void)err_set(t, ERR_CORRUPT,
		      "record %llu is not what was written: %.300s%s%.60s is damaged; stop argosyd and run "
		      "\"argosy reindex\"",
		      (unsigned long long)index,
		      leaf_good ? m->records.f->path : m->nodes.f->path, leaf_good ? " or " : "",
		      leaf_good ? "ends" : "");
}

/* ---- checks: RFC 9162, 2.1.3.2 and 2.1.4.2 ---- */

bool mlog_check_inclusion(const struct mlog_proof *p, uint64_t index, uint64_t size,
			  const struct hash *leaf, const struct hash *root)
{
	if (index >= size || p->n > MLOG_PROOF_MAX)
		return false;
	uint64_t fn = index, sn = size - 1;
	struct hash r = *leaf;
	for (unsigned i = 0; i < p->n; i++) {
		if (sn == 0)
			return false;
		if ((fn & 1) || fn == sn) {
			inner(&r, &p->h[i], &r);
			while (fn && !(fn & 1)) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			inner(&r, &r, &p->h[i]);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && hash_eq(&r, root);
}

bool mlog_check_consistency(const struct mlog_proof *p, uint64_t size1, uint64_t size2,
			    const struct hash *root1, const struct hash *root2)
{
	if (size1 > size2 || p->n > MLOG_PROOF_MAX)
		return false;
	if (size1 == size2)
		return p->n == 0 && hash_eq(root1, root2);
	if (size1 == 0) {
		struct hash none;
		sha256(&none, slice(NULL, 0));
		return p->n == 0 && hash_eq(root1, &none);
	}
	uint64_t fn = size1 - 1, sn = size2 - 1;
	while (fn & 1) {
		fn >>= 1;
		sn >>= 1;
	}
	/* Where size1 is a power of two, its root opens the path and is not sent. */
	unsigned i = 0;
	struct hash fr = *root1, sr = *root1;
	if (size1 & (size1 - 1)) {
		if (p->n == 0)
			return false;
		fr = sr = p->h[i++];
	}
	for (; i < p->n; i++) {
		if (sn == 0)
			return false;
		if ((fn & 1) || fn == sn) {
			inner(&fr, &p->h[i], &fr);
			inner(&sr, &p->h[i], &sr);
			while (fn && !(fn & 1)) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			inner(&sr, &sr, &p->h[i]);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && hash_eq(&fr, root1) && hash_eq(&sr, root2);
}
