#include "journal/ids.h"

#include "crypto/sha256.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { ENTRY = 24, FOOT = 20, MERGE = 8, PREFIX = 16 };
/* Merging happens in memory: larger files than 24 MiB stay as they are. */
enum { MERGE_MAX = 1 << 20, CHUNK = 1 << 16 };

static const char foot_magic[8] = {'A', 'R', 'G', 'O', 'S', 'Y', 'I', 'D'};

struct run {
	int64_t first, last;
	uint64_t entries;
	struct io_file *file;
};

/*
 * `fresh` is what was added since the last flush, in order of height, under the mutex. The
 * runs change under the lock `files`, which a look-up holds while it reads them: blocks add
 * ids meanwhile. A look-up goes from fresh to runs, as the entries do, so it misses none.
 */
struct ids {
	const struct io *io;
	char dir[IO_PATH_MAX];
	bool look; /* nothing is removed */
	pthread_mutex_t mutex;
	pthread_rwlock_t files;
	struct run *runs; /* oldest first */
	size_t n_runs;
	int64_t reached; /* the height that the runs go up to; -1: there is none */
	uint8_t *fresh; /* ENTRY bytes each */
	size_t n_fresh, cap_fresh;
};

static void entry_key(uint8_t out[PREFIX], struct slice member, const uint8_t *id)
{
	struct hash h;
	struct slice parts[] = {member, slice("", 1), slice(id, 16)};
	sha256_parts(&h, parts, 3);
	memcpy(out, h.b, PREFIX);
}

static int64_t entry_height(const uint8_t *e)
{
	struct reader r = reader_of(slice(e + PREFIX, 8));
	return (int64_t)reader_u64be(&r);
}

static int entry_cmp(const void *a, const void *b)
{
	return memcmp(a, b, ENTRY);
}

static enum err run_path(char out[static IO_PATH_MAX], const struct ids *i, int64_t first,
			 int64_t last)
{
	char name[64];
	snprintf(name, sizeof name, "ids-%lld-%lld", (long long)first, (long long)last);
	return io_join(out, i->dir, name, NULL);
}

static void runs_close(struct ids *i)
{
	for (size_t k = 0; k < i->n_runs; k++)
		io_close(i->runs[k].file);
	free(i->runs);
	i->runs = NULL;
	i->n_runs = 0;
}

/* The CRC of all entries and of the foot before its CRC. */
static enum err run_crc(struct run *run, uint32_t *crc, struct err_text *t)
{
	uint64_t left = run->entries * ENTRY + FOOT - 4, at = 0;
	size_t room = left < CHUNK ? (size_t)left : CHUNK;
	uint8_t *chunk = malloc(room);
	enum err e = chunk ? ERR_OK : ERR_NOMEM;
	*crc = 0;
	while (e == ERR_OK && left > 0) {
		size_t n = left < room ? (size_t)left : room;
		e = io_pread_all(run->file, chunk, n, at, t);
		if (e == ERR_OK)
			*crc = crc32c(*crc, chunk, n);
		at += n;
		left -= n;
	}
	free(chunk);
	return e;
}

static enum err run_check(struct run *run, const char *path, struct err_text *t)
{
	uint64_t size;
	uint32_t crc;
	uint8_t foot[FOOT];
	TRY(io_size(run->file, &size, t));
	if (size < FOOT || (size - FOOT) % ENTRY)
		return err_set(t, ERR_CORRUPT, "%s: wrong length; run argosy reindex", path);
	TRY(io_pread_all(run->file, foot, FOOT, size - FOOT, t));
	struct reader r = reader_of(slice(foot + 8, FOOT - 8));
	run->entries = reader_u64be(&r);
	if (memcmp(foot, foot_magic, 8) || run->entries != (size - FOOT) / ENTRY)
		return err_set(t, ERR_CORRUPT, "%s: damaged end; run argosy reindex", path);
	TRY(run_crc(run, &crc, t));
	if (crc != reader_u32be(&r))
		return err_set(t, ERR_CORRUPT, "%s: damaged; run argosy reindex", path);
	return ERR_OK;
}

static enum err run_open(struct ids *i, struct run *run, int64_t first, int64_t last,
			 struct err_text *t)
{
	char path[IO_PATH_MAX];
	*run = (struct run){.first = first, .last = last};
	TRY(run_path(path, i, first, last));
	TRY(io_open(i->io, &run->file, path, IO_READ, t));
	enum err e = run_check(run, path, t);
	if (e != ERR_OK)
		io_close(run->file);
	return e;
}

struct listing {
	struct ids *i;
	struct run *found;
	size_t n;
	bool nomem;
};

static bool name_parse(int64_t *first, int64_t *last, const char *name)
{
	long long a, b;
	int end = 0;
	if (sscanf(name, "ids-%lld-%lld%n", &a, &b, &end) != 2 || name[end] || a < 0 || b < a)
		return false;
	*first = a;
	*last = b;
	return true;
}

static bool list_one(void *arg, const char *name)
{
	struct listing *l = arg;
	int64_t first, last;
	if (!name_parse(&first, &last, name))
		return true;
	struct run *more = realloc(l->found, (l->n + 1) * sizeof *more);
	if (!more) {
		l->nomem = true;
		return false;
	}
	l->found = more;
	l->found[l->n++] = (struct run){.first = first, .last = last};
	return true;
}

/* Oldest first; of two that begin alike the longer (a merge result) first. */
static int run_cmp(const void *a, const void *b)
{
	const struct run *x = a, *y = b;
	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return x->last > y->last ? -1 : x->last < y->last;
}

static enum err gap(const struct ids *i, int64_t last, struct err_text *t)
{
	return err_set(t, ERR_CORRUPT,
		       "%s: no ids-* file covers heights %lld to %lld; run argosy reindex", i->dir,
		       (long long)i->reached + 1, (long long)last);
}

static enum err runs_load(struct ids *i, int64_t height, struct err_text *t)
{
	struct listing l = {.i = i};
	char path[IO_PATH_MAX];
	TRY(io_list(i->io, i->dir, list_one, &l, t));
	if (l.nomem) {
		free(l.found);
		return ERR_NOMEM;
	}
	if (l.n)
		qsort(l.found, l.n, sizeof *l.found, run_cmp);
	enum err e = ERR_OK;
	i->runs = calloc(l.n + 1, sizeof *i->runs);
	if (!i->runs)
		e = ERR_NOMEM;
	for (size_t k = 0; k < l.n && e == ERR_OK; k++) {
		/* Past the state, or merged into the one before: not needed. */
		if (l.found[k].last > height || l.found[k].last <= i->reached) {
			if (i->look)
				continue;
			e = run_path(path, i, l.found[k].first, l.found[k].last);
			if (e == ERR_OK)
				e = io_remove(i->io, path, t);
			continue;
		}
		if (l.found[k].first != i->reached + 1) {
			e = gap(i, l.found[k].first - 1, t);
			break;
		}
		e = run_open(i, &i->runs[i->n_runs], l.found[k].first, l.found[k].last, t);
		if (e == ERR_OK) {
			i->reached = l.found[k].last;
			i->n_runs++;
		}
	}
	free(l.found);
	if (e == ERR_OK && height > 0 && i->reached != height)
		e = gap(i, height, t);
	return e;
}

static enum err open_index(struct ids **out, const struct io *io, const char *dir, int64_t height,
			   bool look, struct err_text *t)
{
	struct ids *i = calloc(1, sizeof *i);
	if (!i)
		return ERR_NOMEM;
	i->io = io;
	i->reached = -1;
	i->look = look;
	snprintf(i->dir, sizeof i->dir, "%s", dir);
	pthread_mutex_init(&i->mutex, NULL);
	pthread_rwlock_init(&i->files, NULL);
	enum err e = runs_load(i, height, t);
	if (e != ERR_OK) {
		ids_close(i);
		return e;
	}
	*out = i;
	return ERR_OK;
}

enum err ids_open(struct ids **out, const struct io *io, const char *dir, int64_t height,
		  struct err_text *t)
{
	return open_index(out, io, dir, height, false, t);
}

enum err ids_check(const struct io *io, const char *dir, int64_t height, struct err_text *t)
{
	struct ids *i;
	TRY(open_index(&i, io, dir, height, true, t));
	ids_close(i);
	return ERR_OK;
}

void ids_close(struct ids *i)
{
	if (!i)
		return;
	runs_close(i);
	free(i->fresh);
	pthread_mutex_destroy(&i->mutex);
	pthread_rwlock_destroy(&i->files);
	free(i);
}

enum err ids_destroy(const struct io *io, const char *dir, struct err_text *t)
{
	struct ids *i;
	TRY(ids_open(&i, io, dir, -1, t)); /* every file reaches past -1 */
	ids_close(i);
	return ERR_OK;
}

enum err ids_add(struct ids *i, struct slice member, const uint8_t id[static 16], int64_t height)
{
	uint8_t key[PREFIX];
	enum err e = ERR_OK;
	entry_key(key, member, id);
	pthread_mutex_lock(&i->mutex);
	if (i->n_fresh == i->cap_fresh) {
		size_t cap = i->cap_fresh ? i->cap_fresh * 2 : 1024;
		uint8_t *more = realloc(i->fresh, cap * ENTRY);
		if (more) {
			i->fresh = more;
			i->cap_fresh = cap;
		} else {
			e = ERR_NOMEM;
		}
	}
	if (e == ERR_OK) {
		uint8_t *entry = i->fresh + i->n_fresh++ * ENTRY;
		memcpy(entry, key, PREFIX);
		for (unsigned k = 0; k < 8; k++)
			entry[PREFIX + k] = (uint8_t)((uint64_t)height >> (56 - 8 * k));
	}
	pthread_mutex_unlock(&i->mutex);
	return e;
}

/* Writes entries and foot; the file counts once it is synced and its name is. */
static enum err run_write(struct ids *i, struct run *run, const uint8_t *entries, size_t n,
			  int64_t first, int64_t last, struct err_text *t)
{
	char path[IO_PATH_MAX];
	struct io_file *f;
	struct buf foot = BUF_INIT;
	buf_put(&foot, foot_magic, 8);
	buf_put_u64be(&foot, n);
	uint32_t crc = crc32c(0, entries, n * ENTRY);
	crc = foot.p ? crc32c(crc, foot.p, foot.n) : crc;
	buf_put_u32be(&foot, crc);
	enum err e = buf_err(&foot);
	if (e == ERR_OK)
		e = run_path(path, i, first, last);
	if (e == ERR_OK)
		e = io_open(i->io, &f, path, IO_CREATE, t);
	if (e == ERR_OK) {
		e = io_truncate(f, 0, t);
		if (e == ERR_OK && n)
			e = io_pwrite(f, entries, n * ENTRY, 0, t);
		if (e == ERR_OK)
			e = io_pwrite(f, foot.p, foot.n, n * ENTRY, t);
		if (e == ERR_OK)
			e = io_sync(f, t);
		io_close(f);
	}
	if (e == ERR_OK)
		e = io_sync_dir(i->io, i->dir, t);
	if (e == ERR_OK)
		e = run_open(i, run, first, last, t);
	buf_fini(&foot);
	return e;
}

static unsigned size_class(uint64_t entries)
{
	unsigned c = 0;
	for (uint64_t top = 1 << 16; entries > top; top *= MERGE)
		c++;
	return c;
}

/* Merges the newest MERGE runs while they are all of one size class. */
static enum err merge(struct ids *i, struct err_text *t)
{
	while (i->n_runs >= MERGE) {
		struct run *tail = i->runs + i->n_runs - MERGE;
		uint64_t total = 0;
		for (unsigned k = 0; k < MERGE; k++) {
			if (size_class(tail[k].entries) != size_class(tail[0].entries))
				return ERR_OK;
			total += tail[k].entries;
		}
		if (total > MERGE_MAX)
			return ERR_OK;
		uint8_t *all = malloc(total * ENTRY + 1);
		if (!all)
			return ERR_NOMEM;
		enum err e = ERR_OK;
		uint64_t at = 0;
		for (unsigned k = 0; k < MERGE && e == ERR_OK; k++) {
			if (tail[k].entries)
				e = io_pread_all(tail[k].file, all + at * ENTRY,
						 tail[k].entries * ENTRY, 0, t);
			at += tail[k].entries;
		}
		struct run merged;
		if (e == ERR_OK) {
			qsort(all, total, ENTRY, entry_cmp);
			e = run_write(i, &merged, all, total, tail[0].first, tail[MERGE - 1].last, t);
		}
		free(all);
		if (e != ERR_OK)
			return e;
		struct run old[MERGE];
		pthread_rwlock_wrlock(&i->files);
		memcpy(old, tail, sizeof old);
		tail[0] = merged;
		i->n_runs -= MERGE - 1;
		pthread_rwlock_unlock(&i->files);
		for (unsigned k = 0; k < MERGE; k++) {
			char path[IO_PATH_MAX];
			io_close(old[k].file);
			TRY(run_path(path, i, old[k].first, old[k].last));
			TRY(io_remove(i->io, path, t));
		}
	}
	return ERR_OK;
}

enum err ids_flush(struct ids *i, int64_t height, struct err_text *t)
{
	if (height <= i->reached)
		return ERR_OK;
	/* First: a merge of what is not yet in LMDB would be thrown away after a crash, and
	 * what it was made of is gone. */
	TRY(merge(i, t));
	pthread_mutex_lock(&i->mutex);
	size_t n = i->n_fresh;
	while (n > 0 && entry_height(i->fresh + (n - 1) * ENTRY) > height)
		n--;
	uint8_t *batch = malloc(n * ENTRY + 1);
	if (batch && n)
		memcpy(batch, i->fresh, n * ENTRY);
	pthread_mutex_unlock(&i->mutex);
	pthread_rwlock_wrlock(&i->files);
	struct run *more = realloc(i->runs, (i->n_runs + 2) * sizeof *more);
	if (more)
		i->runs = more;
	pthread_rwlock_unlock(&i->files);
	if (!batch || !more) {
		free(batch);
		return ERR_NOMEM;
	}
	struct run run;
	if (n)
		qsort(batch, n, ENTRY, entry_cmp);
	enum err e = run_write(i, &run, batch, n, i->reached + 1, height, t);
	free(batch);
	if (e != ERR_OK)
		return e;
	pthread_rwlock_wrlock(&i->files);
	i->runs[i->n_runs++] = run;
	i->reached = height;
	pthread_rwlock_unlock(&i->files);
	pthread_mutex_lock(&i->mutex);
	if (n)
		memmove(i->fresh, i->fresh + n * ENTRY, (i->n_fresh - n) * ENTRY);
	i->n_fresh -= n;
	pthread_mutex_unlock(&i->mutex);
	return ERR_OK;
}

/* Binary search for the first entry of `key`; of several the last, which is the newest. */
static enum err run_find(const struct run *run, bool *found, int64_t *height, const uint8_t *key)
{
	uint64_t lo = 0, hi = run->entries;
	uint8_t e[ENTRY];
	while (lo < hi) {
		uint64_t mid = lo + (hi - lo) / 2;
		TRY(io_pread_all(run->file, e, ENTRY, mid * ENTRY, NULL));
		if (memcmp(e, key, PREFIX) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < run->entries; lo++) {
		TRY(io_pread_all(run->file, e, ENTRY, lo * ENTRY, NULL));
		if (memcmp(e, key, PREFIX) != 0)
			break;
		*found = true;
		*height = entry_height(e);
	}
	return ERR_OK;
}

enum err ids_find(struct ids *i, bool *found, int64_t *height, struct slice member,
		  const uint8_t id[static 16])
{
	uint8_t key[PREFIX];
	enum err e = ERR_OK;
	entry_key(key, member, id);
	*found = false;
	pthread_mutex_lock(&i->mutex);
	for (size_t k = i->n_fresh; k > 0 && !*found; k--) {
		if (memcmp(i->fresh + (k - 1) * ENTRY, key, PREFIX) == 0) {
			*found = true;
			*height = entry_height(i->fresh + (k - 1) * ENTRY);
		}
	}
	pthread_mutex_unlock(&i->mutex);
	pthread_rwlock_rdlock(&i->files);
	for (size_t k = i->n_runs; k > 0 && !*found && e == ERR_OK; k--)
		e = run_find(&i->runs[k - 1], found, height, key);
	pthread_rwlock_unlock(&i->files);
	return e;
}
