#include "base/io_sim.h"

#include <stdlib.h>

enum { SECTOR = 512 };

/* A version of a sector that is not durable. */
struct version {
	uint64_t sector;
	bool orphan; /* a sync failed after it: no later sync will write it */
	uint8_t bytes[SECTOR];
};

struct inode {
	struct inode *next; /* of all, for the end */
	bool is_dir;
	uint8_t *seen, *disk; /* both `cap` long, zero behind their size */
	uint64_t cap, seen_size, disk_size;
	struct version *versions;
	size_t version_count, version_cap;
	uint64_t *sizes; /* since the last sync */
	size_t size_count, size_cap;
	struct sim_file *locked_by;
};

struct name {
	char *path;
	struct inode *inode;
};

struct names {
	struct name *a;
	size_t n, cap;
};

/* A change of names that is not durable: `gone` goes, then `come` is `inode`. Either may be NULL.
 */
struct change {
	char *gone, *come;
	struct inode *inode;
};

struct sim_file {
	struct io_file base;
	struct io_sim *sim;
	struct inode *inode;
	uint64_t life; /* the sim's when it was opened */
	bool writable;
	uint8_t *mapped; /* a copy, so that a read past its end shows */
	char path[];
};

struct io_sim {
	struct io io;
	uint64_t random, ops, life;
	uint64_t fail_at, power_at; /* numbers of operations; 0: none */
	bool sticky, down;
	enum err fault;
	uint64_t quota;
	size_t open_files;
	struct inode *inodes;
	struct names seen, disk;
	struct change *changes;
	size_t change_count, change_cap;
};

/* ---- memory, chance ---- */

static void *sure(void *p)
{
	bug_if(!p);
	return p;
}

static char *copy_text(const char *s)
{
	return sure(strdup(s));
}

/* Room for one more in an array. */
#define GROW(a, n, cap)                                                                            \
	do {                                                                                       \
		if ((n) == (cap)) {                                                                \
			(cap) = (cap) ? 2 * (cap) : 8;                                             \
			(a) = sure(realloc((a), (cap) * sizeof *(a)));                             \
		}                                                                                  \
	} while (0)

/* splitmix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014. */
static uint64_t random64(struct io_sim *s)
{
	uint64_t z = s->random += 0x9e3779b97f4a7c15u;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

uint64_t io_sim_below(struct io_sim *s, uint64_t n)
{
	return n ? random64(s) % n : 0;
}

/* ---- names ---- */

static struct name *name_find(struct names *names, const char *path)
{
	for (size_t i = 0; i < names->n; i++)
		if (strcmp(names->a[i].path, path) == 0)
			return &names->a[i];
	return NULL;
}

static void name_remove(struct names *names, const char *path)
{
	struct name *k = name_find(names, path);
	if (!k)
		return;
	char *own = k->path; /* perhaps `path` itself: freed last */
	*k = names->a[--names->n];
	free(own);
}

static void name_set(struct names *names, const char *path, struct inode *inode)
{
	name_remove(names, path);
	GROW(names->a, names->n, names->cap);
	names->a[names->n++] = (struct name){copy_text(path), inode};
}

static void names_clear(struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->a[i].path);
	names->n = 0;
}

static void names_copy(struct names *to, const struct names *from)
{
	names_clear(to);
	for (size_t i = 0; i < from->n; i++)
		name_set(to, from->a[i].path, from->a[i].inode);
}

/* Does `path` lie directly in `dir`? */
static bool lies_in(const char *path, const char *dir)
{
	size_t n = strcmp(dir, "/") == 0 ? 0 : strlen(dir);
	return strncmp(path, dir, n) == 0 && path[n] == '/' && path[n + 1] &&
	       !strchr(path + n + 1, '/');
}

static bool parent_exists(struct io_sim *s, const char *path)
{
	for (size_t i = 0; i < s->seen.n; i++)
		if (s->seen.a[i].inode->is_dir && lies_in(path, s->seen.a[i].path))
			return true;
	return lies_in(path, "/");
}

static void change_apply(struct names *names, const struct change *c)
{
	if (c->gone)
		name_remove(names, c->gone);
	if (c->come)
		name_set(names, c->come, c->inode);
}

/* Changes what is seen, and notes that it is not durable. */
static void change_add(struct io_sim *s, const char *gone, const char *come, struct inode *inode)
{
	GROW(s->changes, s->change_count, s->change_cap);
	struct change *c = &s->changes[s->change_count++];
	*c = (struct change){gone ? copy_text(gone) : NULL, come ? copy_text(come) : NULL, inode};
	change_apply(&s->seen, c);
}

static void change_free(struct change *c)
{
	free(c->gone);
	free(c->come);
}

/* ---- inodes ---- */

static struct inode *inode_new(struct io_sim *s, bool is_dir)
{
	struct inode *k = sure(calloc(1, sizeof *k));
	k->is_dir = is_dir;
	k->next = s->inodes;
	s->inodes = k;
	return k;
}

static void inode_reserve(struct inode *k, uint64_t size)
{
	/* Whole sectors, so that a sector can always be copied. */
	uint64_t cap = k->cap ? k->cap : 8 * SECTOR;
	while (cap < size + SECTOR)
		cap *= 2;
	if (cap == k->cap)
		return;
	k->seen = sure(realloc(k->seen, cap));
	k->disk = sure(realloc(k->disk, cap));
	memset(k->seen + k->cap, 0, cap - k->cap);
	memset(k->disk + k->cap, 0, cap - k->cap);
	k->cap = cap;
}

static void size_note(struct inode *k)
{
	GROW(k->sizes, k->size_count, k->size_cap);
	k->sizes[k->size_count++] = k->seen_size;
}

static void inode_write(struct inode *k, const uint8_t *p, size_t n, uint64_t offset)
{
	if (n == 0)
		return;
	inode_reserve(k, offset + n);
	memcpy(k->seen + offset, p, n);
	if (offset + n > k->seen_size) {
		k->seen_size = offset + n;
		size_note(k);
	}
	for (uint64_t i = offset / SECTOR; i <= (offset + n - 1) / SECTOR; i++) {
		GROW(k->versions, k->version_count, k->version_cap);
		struct version *v = &k->versions[k->version_count++];
		v->sector = i;
		v->orphan = false;
		memcpy(v->bytes, k->seen + i * SECTOR, SECTOR);
	}
}

static void inode_truncate(struct inode *k, uint64_t size)
{
	inode_reserve(k, size);
	if (size < k->seen_size)
		memset(k->seen + size, 0, k->seen_size - size);
	k->seen_size = size;
	size_note(k);
}

static bool newer_exists(const struct inode *k, size_t at)
{
	for (size_t i = at + 1; i < k->version_count; i++)
		if (k->versions[i].sector == k->versions[at].sector && !k->versions[i].orphan)
			return true;
	return false;
}

static void inode_sync(struct inode *k)
{
	size_t kept = 0;
	for (size_t i = 0; i < k->version_count; i++) {
		const struct version *v = &k->versions[i];
		if (!v->orphan)
			memcpy(k->disk + v->sector * SECTOR, v->bytes, SECTOR);
		else if (!newer_exists(k, i))
			k->versions[kept++] = *v;
	}
	k->version_count = kept;
	if (k->disk_size > k->seen_size)
		memset(k->disk + k->seen_size, 0, k->disk_size - k->seen_size);
	k->disk_size = k->seen_size;
	k->size_count = 0;
}

static void inode_sync_fails(struct inode *k)
{
	for (size_t i = 0; i < k->version_count; i++)
		k->versions[i].orphan = true;
}

static void inode_free(struct inode *k)
{
	free(k->seen);
	free(k->disk);
	free(k->versions);
	free(k->sizes);
	free(k);
}

/* ---- power ---- */

/* How much of what is not durable survives; some kinds of luck find more faults than others. */
enum luck { LUCK_NONE, LUCK_ALL, LUCK_EACH, LUCK_ONE_LOST, LUCK_ONE_KEPT, LUCK_PREFIX, LUCK_KINDS };

struct fate {
	enum luck luck;
	uint64_t pick, i; /* the one, or where the prefix ends; how many were asked for */
};

static struct fate fate_new(struct io_sim *s, size_t count)
{
	return (struct fate){(enum luck)io_sim_below(s, LUCK_KINDS), io_sim_below(s, count + 1), 0};
}

static bool survives(struct io_sim *s, struct fate *f)
{
	uint64_t i = f->i++;
	switch (f->luck) {
	case LUCK_NONE:
		return false;
	case LUCK_ALL:
		return true;
	case LUCK_EACH:
		return io_sim_below(s, 2);
	case LUCK_ONE_LOST:
		return i != f->pick;
	case LUCK_ONE_KEPT:
		return i == f->pick;
	case LUCK_PREFIX:
		return i < f->pick;
	case LUCK_KINDS:
		break;
	}
	return false;
}

static void inode_fail(struct io_sim *s, struct inode *k)
{
	struct fate f = fate_new(s, k->version_count);
	for (size_t i = 0; i < k->version_count; i++) {
		const struct version *v = &k->versions[i];
		if (!survives(s, &f))
			continue;
		size_t n = io_sim_below(s, 8) == 0 ? io_sim_below(s, SECTOR) : SECTOR;
		memcpy(k->disk + v->sector * SECTOR, v->bytes, n);
	}
	f = fate_new(s, k->size_count);
	uint64_t size = k->disk_size;
	for (size_t i = 0; i < k->size_count; i++)
		if (survives(s, &f))
			size = k->sizes[i];
	/* A length between two that the file had: blocks reach it one by one. */
	if (k->size_count > 0 && io_sim_below(s, 4) == 0 && k->seen_size > k->disk_size)
		size = k->disk_size + io_sim_below(s, k->seen_size - k->disk_size + 1);
	if (k->cap > 0)
		memset(k->disk + size, 0, k->cap - size);
	k->disk_size = k->seen_size = size;
	if (size > 0)
		memcpy(k->seen, k->disk, k->cap);
	else if (k->cap > 0)
		memset(k->seen, 0, k->cap);
	k->version_count = k->size_count = 0;
	k->locked_by = NULL;
}

void io_sim_restart(struct io_sim *s)
{
	struct fate f = fate_new(s, s->change_count);
	for (size_t i = 0; i < s->change_count; i++) {
		if (survives(s, &f))
			change_apply(&s->disk, &s->changes[i]);
		change_free(&s->changes[i]);
	}
	s->change_count = 0;
	names_copy(&s->seen, &s->disk);
	/* What lies in a directory that did not survive is gone, however deep. */
	for (size_t i = 0; i < s->seen.n;) {
		if (parent_exists(s, s->seen.a[i].path)) {
			i++;
			continue;
		}
		name_remove(&s->disk, s->seen.a[i].path);
		name_remove(&s->seen, s->seen.a[i].path);
		i = 0;
	}
	for (struct inode *k = s->inodes; k; k = k->next)
		inode_fail(s, k);
	s->life++;
	s->down = false;
	s->fail_at = s->power_at = 0;
}

/* ---- faults ---- */

enum turn {
	TURN_GOOD,
	TURN_FAULT,
	TURN_POWER, /* the power fails during this one, which may leave something */
	TURN_DOWN,  /* it has failed before: nothing happens */
};

/* Counts an operation and says what becomes of it. */
static enum turn turn(struct io_sim *s)
{
	s->ops++;
	if (s->down)
		return TURN_DOWN;
	if (s->power_at && s->ops == s->power_at) {
		s->down = true;
		return TURN_POWER;
	}
	if (s->fail_at && (s->sticky ? s->ops >= s->fail_at : s->ops == s->fail_at))
		return TURN_FAULT;
	return TURN_GOOD;
}

static enum err told(struct io_sim *s, enum turn k, const char *what, const char *path,
		     struct err_text *t)
{
	if (k == TURN_POWER || k == TURN_DOWN)
		return err_set(t, ERR_IO, "cannot %s %.400s: the power has failed", what, path);
	return err_set(t, s->fault, "cannot %s %.400s: simulated fault", what, path);
}

/* Most operations fail without having done anything. */
#define TURN(s, what, path, t)                                                                     \
	do {                                                                                       \
		enum turn turn_ = turn(s);                                                         \
		if (turn_ != TURN_GOOD)                                                            \
			return told(s, turn_, what, path, t);                                      \
	} while (0)

static struct io_sim *sim(const struct io *io)
{
	return io->ctx;
}

static struct sim_file *file_of(struct io_file *f)
{
	return (struct sim_file *)(void *)f;
}

/* A file that was open when the power failed. */
static bool stale(const struct sim_file *f)
{
	return f->life != f->sim->life;
}

static enum err stale_fault(const struct sim_file *f, struct err_text *t)
{
	return err_set(t, ERR_IO, "%.400s was opened before the power failed", f->path);
}

/* ---- operations ---- */

static enum err sim_open(const struct io *io, struct io_file **out, const char *path,
			 enum io_mode mode, struct err_text *t)
{
	struct io_sim *s = sim(io);
	TURN(s, "open", path, t);
	struct name *name = name_find(&s->seen, path);
	struct inode *k = name ? name->inode : NULL;
	bool make = mode == IO_CREATE || mode == IO_CREATE_NEW;
	if (k && k->is_dir)
		return err_set(t, ERR_IO, "cannot open %.400s: it is a directory", path);
	if (k && mode == IO_CREATE_NEW)
		return err_set(t, ERR_EXISTS, "cannot open %.400s: it exists", path);
	if (!k && (!make || !parent_exists(s, path)))
		return err_set(t, ERR_NOTFOUND, "cannot open %.400s: not there", path);
	if (!k) {
		k = inode_new(s, false);
		change_add(s, NULL, path, k);
	}
	struct sim_file *f = sure(calloc(1, sizeof *f + strlen(path) + 1));
	memcpy(f->path, path, strlen(path) + 1);
	f->base.io = io;
	f->base.path = f->path;
	f->sim = s;
	f->inode = k;
	f->life = s->life;
	f->writable = mode != IO_READ;
	*out = &f->base;
	s->open_files++;
	return ERR_OK;
}

static void sim_close(struct io_file *file)
{
	struct sim_file *f = file_of(file);
	if (!stale(f) && f->inode->locked_by == f)
		f->inode->locked_by = NULL;
	f->sim->open_files--;
	free(f->mapped);
	free(f);
}

static enum err sim_pread(struct io_file *file, void *p, size_t n, uint64_t offset, size_t *got,
			  struct err_text *t)
{
	struct sim_file *f = file_of(file);
	TURN(f->sim, "read", f->path, t);
	if (stale(f))
		return stale_fault(f, t);
	uint64_t left = offset < f->inode->seen_size ? f->inode->seen_size - offset : 0;
	*got = left < n ? (size_t)left : n;
	if (*got > 0)
		memcpy(p, f->inode->seen + offset, *got);
	return ERR_OK;
}

static enum err sim_map(struct io_file *file, const uint8_t **p, size_t *n, struct err_text *t)
{
	struct sim_file *f = file_of(file);
	TURN(f->sim, "map", f->path, t);
	if (stale(f))
		return stale_fault(f, t);
	bug_if(f->mapped);
	*n = (size_t)f->inode->seen_size;
	if (*n == 0)
		return ERR_OK;
	f->mapped = sure(malloc(*n));
	memcpy(f->mapped, f->inode->seen, *n);
	*p = f->mapped;
	return ERR_OK;
}

static uint64_t bytes_in_all(const struct io_sim *s)
{
	uint64_t n = 0;
	for (size_t i = 0; i < s->seen.n; i++)
		n += s->seen.a[i].inode->seen_size;
	return n;
}

/* How many bytes of a write at `offset` the quota has room for. */
static uint64_t room(const struct io_sim *s, const struct inode *k, uint64_t offset)
{
	uint64_t used = bytes_in_all(s);
	uint64_t left = used < s->quota ? s->quota - used : 0;
	return s->quota == 0 ? UINT64_MAX
			     : left + (offset < k->seen_size ? k->seen_size - offset : 0);
}

static enum err sim_pwrite(struct io_file *file, const struct slice *parts, size_t count,
			   uint64_t offset, struct err_text *t)
{
	struct sim_file *f = file_of(file);
	enum turn k = turn(f->sim);
	if (stale(f))
		return stale_fault(f, t);
	if (k == TURN_DOWN)
		return told(f->sim, k, "write", f->path, t);
	if (!f->writable)
		return err_set(t, ERR_DENIED, "%.400s is open for reading only", f->path);
	uint64_t whole = 0, most = room(f->sim, f->inode, offset);
	for (size_t i = 0; i < count; i++)
		whole += parts[i].n;
	if (k == TURN_FAULT)
		most = io_sim_below(f->sim, whole + 1);
	for (size_t i = 0; i < count; i++) {
		size_t n = parts[i].n < most ? parts[i].n : (size_t)most;
		inode_write(f->inode, parts[i].p, n, offset);
		offset += n;
		most -= n;
		if (n < parts[i].n && k == TURN_GOOD)
			return err_set(t, ERR_NOSPACE, "cannot write %.400s: no room", f->path);
	}
	return k == TURN_GOOD ? ERR_OK : told(f->sim, k, "write", f->path, t);
}

static enum err sim_sync(struct io_file *file, struct err_text *t)
{
	struct sim_file *f = file_of(file);
	enum turn k = turn(f->sim);
	if (stale(f))
		return stale_fault(f, t);
	if (k == TURN_GOOD) {
		inode_sync(f->inode);
		return ERR_OK;
	}
	if (k == TURN_FAULT)
		inode_sync_fails(f->inode);
	return told(f->sim, k, "sync", f->path, t);
}

static enum err sim_truncate(struct io_file *file, uint64_t size, struct err_text *t)
{
	struct sim_file *f = file_of(file);
	TURN(f->sim, "truncate", f->path, t);
	if (stale(f))
		return stale_fault(f, t);
	if (!f->writable)
		return err_set(t, ERR_DENIED, "%.400s is open for reading only", f->path);
	inode_truncate(f->inode, size);
	return ERR_OK;
}

static enum err sim_size(struct io_file *file, uint64_t *size, struct err_text *t)
{
	struct sim_file *f = file_of(file);
	TURN(f->sim, "stat", f->path, t);
	if (stale(f))
		return stale_fault(f, t);
	*size = f->inode->seen_size;
	return ERR_OK;
}

static enum err sim_lock(struct io_file *file, struct err_text *t)
{
	struct sim_file *f = file_of(file);
	TURN(f->sim, "lock", f->path, t);
	if (stale(f))
		return stale_fault(f, t);
	if (f->inode->locked_by && f->inode->locked_by != f)
		return err_set(t, ERR_LOCKED, "cannot lock %.400s: it is locked", f->path);
	f->inode->locked_by = f;
	return ERR_OK;
}

static enum err sim_rename(const struct io *io, const char *from, const char *to,
			   struct err_text *t)
{
	struct io_sim *s = sim(io);
	enum turn k = turn(s);
	struct name *name = name_find(&s->seen, from);
	if (!name || !parent_exists(s, to))
		return err_set(t, ERR_NOTFOUND, "cannot rename %.400s: not there", from);
	const char *cut = strrchr(from, '/');
	if (strncmp(from, to, (size_t)(cut - from) + 1) != 0 || strchr(to + (cut - from) + 1, '/'))
		return err_set(t, ERR_REFUSED,
			       "cannot rename %.400s: not simulated between directories", from);
	if (k == TURN_GOOD || (k != TURN_DOWN && io_sim_below(s, 2)))
		change_add(s, from, to, name->inode);
	return k == TURN_GOOD ? ERR_OK : told(s, k, "rename", from, t);
}

static enum err sim_remove(const struct io *io, const char *path, struct err_text *t)
{
	struct io_sim *s = sim(io);
	enum turn k = turn(s);
	if (!name_find(&s->seen, path))
		return err_set(t, ERR_NOTFOUND, "cannot remove %.400s: not there", path);
	for (size_t i = 0; i < s->seen.n; i++)
		if (lies_in(s->seen.a[i].path, path))
			return err_set(t, ERR_REFUSED, "cannot remove %.400s: not empty", path);
	if (k == TURN_GOOD || (k != TURN_DOWN && io_sim_below(s, 2)))
		change_add(s, path, NULL, NULL);
	return k == TURN_GOOD ? ERR_OK : told(s, k, "remove", path, t);
}

static enum err sim_mkdir(const struct io *io, const char *path, struct err_text *t)
{
	struct io_sim *s = sim(io);
	TURN(s, "make directory", path, t);
	if (name_find(&s->seen, path))
		return err_set(t, ERR_EXISTS, "cannot make directory %.400s: it exists", path);
	if (!parent_exists(s, path))
		return err_set(t, ERR_NOTFOUND, "cannot make directory %.400s: no parent", path);
	change_add(s, NULL, path, inode_new(s, true));
	return ERR_OK;
}

static bool is_dir(struct io_sim *s, const char *path)
{
	struct name *k = name_find(&s->seen, path);
	return strcmp(path, "/") == 0 || (k && k->inode->is_dir);
}

static enum err sim_list(const struct io *io, const char *dir, io_list_fn each, void *arg,
			 struct err_text *t)
{
	struct io_sim *s = sim(io);
	TURN(s, "list", dir, t);
	if (!is_dir(s, dir))
		return err_set(t, ERR_NOTFOUND, "cannot list %.400s: not there", dir);
	struct names now = {0};
	names_copy(&now, &s->seen); /* `each` may change names */
	for (size_t i = 0; i < now.n; i++)
		if (lies_in(now.a[i].path, dir) && !each(arg, strrchr(now.a[i].path, '/') + 1))
			break;
	names_clear(&now);
	free(now.a);
	return ERR_OK;
}

static enum err sim_sync_dir(const struct io *io, const char *dir, struct err_text *t)
{
	struct io_sim *s = sim(io);
	TURN(s, "sync directory", dir, t);
	if (!is_dir(s, dir))
		return err_set(t, ERR_NOTFOUND, "cannot sync directory %.400s: not there", dir);
	size_t kept = 0;
	for (size_t i = 0; i < s->change_count; i++) {
		struct change *c = &s->changes[i];
		if (lies_in(c->come ? c->come : c->gone, dir)) {
			change_apply(&s->disk, c);
			change_free(c);
		} else {
			s->changes[kept++] = *c;
		}
	}
	s->change_count = kept;
	return ERR_OK;
}

static enum err sim_exists(const struct io *io, const char *path, bool *yes, struct err_text *t)
{
	struct io_sim *s = sim(io);
	TURN(s, "stat", path, t);
	*yes = strcmp(path, "/") == 0 || name_find(&s->seen, path);
	return ERR_OK;
}

static enum err sim_space(const struct io *io, const char *path, uint64_t *free_bytes,
			  uint64_t *total_bytes, struct err_text *t)
{
	struct io_sim *s = sim(io);
	TURN(s, "stat file system of", path, t);
	uint64_t used = bytes_in_all(s);
	*total_bytes = s->quota ? s->quota : (uint64_t)1 << 40;
	*free_bytes = used < *total_bytes ? *total_bytes - used : 0;
	return ERR_OK;
}

/* ---- the simulation itself ---- */

struct io_sim *io_sim_new(uint64_t seed)
{
	struct io_sim *s = sure(calloc(1, sizeof *s));
	s->random = seed;
	s->io = (struct io){
		.ctx = s,
		.open = sim_open,
		.close = sim_close,
		.pread = sim_pread,
		.map = sim_map,
		.pwrite = sim_pwrite,
		.sync = sim_sync,
		.truncate = sim_truncate,
		.size = sim_size,
		.lock = sim_lock,
		.rename = sim_rename,
		.remove = sim_remove,
		.mkdir = sim_mkdir,
		.list = sim_list,
		.sync_dir = sim_sync_dir,
		.exists = sim_exists,
		.space = sim_space,
	};
	return s;
}

void io_sim_free(struct io_sim *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->change_count; i++)
		change_free(&s->changes[i]);
	names_clear(&s->seen);
	names_clear(&s->disk);
	while (s->inodes) {
		struct inode *next = s->inodes->next;
		inode_free(s->inodes);
		s->inodes = next;
	}
	free(s->seen.a);
	free(s->disk.a);
	free(s->changes);
	free(s);
}

const struct io *io_sim_io(struct io_sim *s)
{
	return &s->io;
}

uint64_t io_sim_ops(const struct io_sim *s)
{
	return s->ops;
}

size_t io_sim_open_files(const struct io_sim *s)
{
	return s->open_files;
}

void io_sim_fail_at(struct io_sim *s, uint64_t nth, bool sticky, enum err e)
{
	s->fail_at = nth ? s->ops + nth : 0;
	s->sticky = sticky;
	s->fault = e;
}

void io_sim_power_fail_at(struct io_sim *s, uint64_t nth)
{
	s->power_at = nth ? s->ops + nth : 0;
}

bool io_sim_is_down(const struct io_sim *s)
{
	return s->down;
}

void io_sim_quota(struct io_sim *s, uint64_t bytes)
{
	s->quota = bytes;
}
