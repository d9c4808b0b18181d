#include "base/io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

/* ---- the callers' functions ---- */

enum err io_open(const struct io *io, struct io_file **out, const char *path, enum io_mode mode,
		 struct err_text *t)
{
	*out = NULL;
	return io->open(io, out, path, mode, t);
}

void io_close(struct io_file *f)
{
	if (f)
		f->io->close(f);
}

enum err io_pread(struct io_file *f, void *p, size_t n, uint64_t offset, size_t *got,
		  struct err_text *t)
{
	*got = 0;
	return f->io->pread(f, p, n, offset, got, t);
}

enum err io_pread_all(struct io_file *f, void *p, size_t n, uint64_t offset, struct err_text *t)
{
	size_t got;
	TRY(io_pread(f, p, n, offset, &got, t));
	if (got < n)
		return err_set(t, ERR_CORRUPT, "%.400s ends %zu bytes too early for a read at %llu",
			       f->path, n - got, (unsigned long long)offset);
	return ERR_OK;
}

enum err io_map(struct io_file *f, const uint8_t **p, size_t *n, struct err_text *t)
{
	*p = NULL;
	*n = 0;
	return f->io->map(f, p, n, t);
}

enum err io_pwrite(struct io_file *f, const void *p, size_t n, uint64_t offset, struct err_text *t)
{
	struct slice s = slice(p, n);
	return f->io->pwrite(f, &s, 1, offset, t);
}

enum err io_pwrite_parts(struct io_file *f, const struct slice *parts, size_t count,
			 uint64_t offset, struct err_text *t)
{
	return f->io->pwrite(f, parts, count, offset, t);
}

enum err io_sync(struct io_file *f, struct err_text *t)
{
	return f->io->sync(f, t);
}

enum err io_truncate(struct io_file *f, uint64_t size, struct err_text *t)
{
	return f->io->truncate(f, size, t);
}

enum err io_size(struct io_file *f, uint64_t *size, struct err_text *t)
{
	return f->io->size(f, size, t);
}

enum err io_lock(struct io_file *f, struct err_text *t)
{
	return f->io->lock(f, t);
}

enum err io_rename(const struct io *io, const char *from, const char *to, struct err_text *t)
{
	return io->rename(io, from, to, t);
}

enum err io_remove(const struct io *io, const char *path, struct err_text *t)
{
	return io->remove(io, path, t);
}

enum err io_mkdir(const struct io *io, const char *path, struct err_text *t)
{
	return io->mkdir(io, path, t);
}

enum err io_list(const struct io *io, const char *dir, io_list_fn each, void *arg,
		 struct err_text *t)
{
	return io->list(io, dir, each, arg, t);
}

enum err io_sync_dir(const struct io *io, const char *dir, struct err_text *t)
{
	return io->sync_dir(io, dir, t);
}

enum err io_exists(const struct io *io, const char *path, bool *yes, struct err_text *t)
{
	*yes = false;
	return io->exists(io, path, yes, t);
}

enum err io_space(const struct io *io, const char *path, uint64_t *free_bytes,
		  uint64_t *total_bytes, struct err_text *t)
{
	return io->space(io, path, free_bytes, total_bytes, t);
}

enum err io_join(char out[static IO_PATH_MAX], const char *dir, const char *name,
		 struct err_text *t)
{
	int n = snprintf(out, IO_PATH_MAX, "%s/%s", dir, name);
	if (n < 0 || n >= IO_PATH_MAX)
		return err_set(t, ERR_LIMIT, "path too long: %.200s/%.200s", dir, name);
	return ERR_OK;
}

enum err io_read_file(const struct io *io, const char *path, size_t limit, struct buf *out,
		      struct err_text *t)
{
	struct io_file *f;
	uint64_t size;
	TRY(io_open(io, &f, path, IO_READ, t));
	enum err e = io_size(f, &size, t);
	if (e != ERR_OK)
		goto out;
	if (size > limit) {
		e = err_set(t, ERR_LIMIT, "%.400s has %llu bytes, the limit is %zu", path,
			    (unsigned long long)size, limit);
		goto out;
	}
	if (!buf_reserve(out, (size_t)size)) {
		e = err_set(t, ERR_NOMEM, "out of memory reading %.400s", path);
		goto out;
	}
	if (size == 0)
		goto out;
	e = io_pread_all(f, out->p + out->n, (size_t)size, 0, t);
	if (e == ERR_OK)
		out->n += (size_t)size;
out:
	io_close(f);
	return e;
}

/* The directory part of a path, as dirname(1) has it. */
static void dir_of(char out[static IO_PATH_MAX], const char *path)
{
	const char *cut = strrchr(path, '/');
	size_t n = cut ? (size_t)(cut - path) : 0;
	if (!cut)
		memcpy(out, ".", 2);
	else if (n == 0)
		memcpy(out, "/", 2);
	else {
		memcpy(out, path, n);
		out[n] = 0;
	}
}

enum err io_write_file_atomic(const struct io *io, const char *path, struct slice content,
			      struct err_text *t)
{
	char tmp[IO_PATH_MAX], dir[IO_PATH_MAX];
	struct io_file *f;
	int n = snprintf(tmp, sizeof tmp, "%s.tmp", path);
	if (n < 0 || n >= IO_PATH_MAX)
		return err_set(t, ERR_LIMIT, "path too long: %.400s", path);
	dir_of(dir, path);
	/* Never into a file that is there: others may have made it so that they can read it, or
	 * made it a link to another. */
	enum err e = io_open(io, &f, tmp, IO_CREATE_NEW, t);
	if (e == ERR_EXISTS) {
		TRY(io_remove(io, tmp, t));
		e = io_open(io, &f, tmp, IO_CREATE_NEW, t);
	}
	TRY(e);
	e = io_pwrite(f, content.p, content.n, 0, t);
	if (e == ERR_OK)
		e = io_sync(f, t);
	io_close(f);
	if (e != ERR_OK) {
		/* The first fault is the one to tell; what cannot be removed now is overwritten
		 * later. */
		enum err ignored = io_remove(io, tmp, NULL);
		(void)ignored;
		return e;
	}
	TRY(io_rename(io, tmp, path, t));
	return io_sync_dir(io, dir, t);
}

enum err io_make_dir(const struct io *io, const char *path, struct err_text *t)
{
	char dir[IO_PATH_MAX];
	if (strlen(path) >= IO_PATH_MAX)
		return err_set(t, ERR_LIMIT, "path too long: %.400s", path);
	enum err e = io_mkdir(io, path, t);
	if (e == ERR_EXISTS)
		e = ERR_OK; /* perhaps made before a crash and not durable yet */
	TRY(e);
	dir_of(dir, path);
	return io_sync_dir(io, dir, t);
}

/* ---- the operating system's ---- */

struct posix_file {
	struct io_file base;
	int fd;
	void *mapped; /* NULL: not */
	size_t mapped_bytes;
	char path[];
};

static struct posix_file *posix(struct io_file *f)
{
	return (struct posix_file *)(void *)f;
}

/* The fault of an errno, and a sentence: "cannot read /a/b: Input/output error". */
static enum err fault(struct err_text *t, int number, const char *what, const char *path)
{
	static const struct {
		int number;
		enum err e;
	} table[] = {
		{ENOENT, ERR_NOTFOUND}, {ENOTDIR, ERR_NOTFOUND},   {EEXIST, ERR_EXISTS},	   {EWOULDBLOCK, ERR_LOCKED},
		{ENOSPC, ERR_NOSPACE},	{EDQUOT, ERR_NOSPACE},	   {EFBIG, ERR_NOSPACE},
		{EACCES, ERR_DENIED},	{EPERM, ERR_DENIED},	   {EROFS, ERR_READONLY},
		{ENOMEM, ERR_NOMEM},	{ENAMETOOLONG, ERR_LIMIT}, {ENOTEMPTY, ERR_REFUSED},
	};
	enum err e = ERR_IO;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (table[i].number == number)
			e = table[i].e;
	const char *why =
		strerrordesc_np(number); /* unlike strerror: no locale, no shared buffer */
	return err_set(t, e, "cannot %s %.400s: %s", what, path, why ? why : "unknown error");
}

static enum err posix_open(const struct io *io, struct io_file **out, const char *path,
			   enum io_mode mode, struct err_text *t)
{
	int flags = O_CLOEXEC;
	switch (mode) {
	case IO_READ:
		flags |= O_RDONLY;
		break;
	case IO_WRITE:
		flags |= O_RDWR;
		break;
	case IO_CREATE:
		flags |= O_RDWR | O_CREAT;
		break;
	case IO_CREATE_NEW:
		flags |= O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW;
		break;
	}
	size_t n = strlen(path) + 1;
	struct posix_file *f = malloc(sizeof *f + n);
	if (!f)
		return err_set(t, ERR_NOMEM, "out of memory opening %.400s", path);
	f->base.io = io;
	f->base.path = f->path;
	f->mapped = NULL;
	memcpy(f->path, path, n);
	do
		f->fd = open(path, flags, 0600);
	while (f->fd < 0 && errno == EINTR);
	if (f->fd < 0) {
		int number = errno;
		free(f);
		return fault(t, number, "open", path);
	}
	*out = &f->base;
	return ERR_OK;
}

static void posix_close(struct io_file *file)
{
	struct posix_file *f = posix(file);
	if (f->mapped)
		munmap(f->mapped, f->mapped_bytes);
	/* Whatever had to reach the disk was synced before: a fault of close tells nothing more. */
	close(f->fd);
	free(f);
}

static enum err posix_pread(struct io_file *file, void *p, size_t n, uint64_t offset, size_t *got,
			    struct err_text *t)
{
	struct posix_file *f = posix(file);
	uint8_t *b = p;
	while (*got < n) {
		ssize_t k = pread(f->fd, b + *got, n - *got, (off_t)(offset + *got));
		if (k == 0)
			break;
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return fault(t, errno, "read", f->path);
		*got += (size_t)k;
	}
	return ERR_OK;
}

static enum err posix_map(struct io_file *file, const uint8_t **p, size_t *n, struct err_text *t)
{
	struct posix_file *f = posix(file);
	struct stat st;
	bug_if(f->mapped);
	if (fstat(f->fd, &st) != 0)
		return fault(t, errno, "map", f->path);
	if (st.st_size == 0)
		return ERR_OK;
	void *at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, f->fd, 0);
	if (at == MAP_FAILED)
		return fault(t, errno, "map", f->path);
	*p = f->mapped = at;
	*n = f->mapped_bytes = (size_t)st.st_size;
	return ERR_OK;
}

/* The system writes at most this many parts in one call (IOV_MAX is 1024). */
enum { PARTS_AT_ONCE = 64 };

static enum err posix_pwrite(struct io_file *file, const struct slice *parts, size_t count,
			     uint64_t offset, struct err_text *t)
{
	struct posix_file *f = posix(file);
	size_t first = 0, done = 0; /* `done` bytes of the first part are written */
	for (;;) {
		while (first < count && done == parts[first].n) {
			first++;
			done = 0;
		}
		if (first == count)
			return ERR_OK;
		struct iovec v[PARTS_AT_ONCE];
		int n = 0;
		for (size_t i = first; i < count && n < PARTS_AT_ONCE; i++, n++) {
			size_t skip = i == first ? done : 0;
			v[n].iov_base = (void *)(uintptr_t)(parts[i].p + skip);
			v[n].iov_len = parts[i].n - skip;
		}
		ssize_t k = pwritev(f->fd, v, n, (off_t)offset);
		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return fault(t, k < 0 ? errno : ENOSPC, "write", f->path);
		offset += (uint64_t)k;
		for (size_t left = (size_t)k; left > 0;) {
			size_t rest = parts[first].n - done;
			if (left < rest) {
				done += left;
				break;
			}
			left -= rest;
			first++;
			done = 0;
		}
	}
}

static enum err posix_sync(struct io_file *file, struct err_text *t)
{
	/* No second try, not even after EINTR: the kernel reports a lost write once. */
	struct posix_file *f = posix(file);
	if (fdatasync(f->fd))
		return fault(t, errno, "sync", f->path);
	return ERR_OK;
}

static enum err posix_truncate(struct io_file *file, uint64_t size, struct err_text *t)
{
	struct posix_file *f = posix(file);
	int rc;
	do
		rc = ftruncate(f->fd, (off_t)size);
	while (rc && errno == EINTR);
	return rc ? fault(t, errno, "truncate", f->path) : ERR_OK;
}

static enum err posix_size(struct io_file *file, uint64_t *size, struct err_text *t)
{
	struct posix_file *f = posix(file);
	struct stat st;
	if (fstat(f->fd, &st))
		return fault(t, errno, "stat", f->path);
	*size = (uint64_t)st.st_size;
	return ERR_OK;
}

static enum err posix_lock(struct io_file *file, struct err_text *t)
{
	struct posix_file *f = posix(file);
	int rc;
	do
		rc = flock(f->fd, LOCK_EX | LOCK_NB);
	while (rc && errno == EINTR);
	return rc ? fault(t, errno, "lock", f->path) : ERR_OK;
}

static enum err posix_rename(const struct io *io, const char *from, const char *to,
			     struct err_text *t)
{
	(void)io;
	return rename(from, to) ? fault(t, errno, "rename", from) : ERR_OK;
}

static enum err posix_remove(const struct io *io, const char *path, struct err_text *t)
{
	(void)io;
	return remove(path) ? fault(t, errno, "remove", path) : ERR_OK;
}

static enum err posix_mkdir(const struct io *io, const char *path, struct err_text *t)
{
	(void)io;
	return mkdir(path, 0700) ? fault(t, errno, "make directory", path) : ERR_OK;
}

static enum err posix_list(const struct io *io, const char *dir, io_list_fn each, void *arg,
			   struct err_text *t)
{
	(void)io;
	DIR *d = opendir(dir);
	if (!d)
		return fault(t, errno, "list", dir);
	struct dirent *entry;
	bool more = true;
	errno = 0;
	while (more && (entry = readdir(d))) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			more = each(arg, entry->d_name);
		errno = 0;
	}
	int number = errno;
	closedir(d);
	return more && number ? fault(t, number, "list", dir) : ERR_OK;
}

static enum err posix_sync_dir(const struct io *io, const char *dir, struct err_text *t)
{
	(void)io;
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fault(t, errno, "open directory", dir);
	int rc = fsync(fd), number = errno;
	close(fd);
	/* EINVAL: a file system that has no such call (some FUSE and network ones). */
	return rc && number != EINVAL ? fault(t, number, "sync directory", dir) : ERR_OK;
}

static enum err posix_exists(const struct io *io, const char *path, bool *yes, struct err_text *t)
{
	(void)io;
	struct stat st;
	*yes = stat(path, &st) == 0;
	if (!*yes && errno != ENOENT && errno != ENOTDIR)
		return fault(t, errno, "stat", path);
	return ERR_OK;
}

static enum err posix_space(const struct io *io, const char *path, uint64_t *free_bytes,
			    uint64_t *total_bytes, struct err_text *t)
{
	(void)io;
	struct statvfs s;
	if (statvfs(path, &s))
		return fault(t, errno, "stat file system of", path);
	*free_bytes = (uint64_t)s.f_bavail * s.f_frsize;
	*total_bytes = (uint64_t)s.f_blocks * s.f_frsize;
	return ERR_OK;
}

const struct io *io_posix(void)
{
	static const struct io posix_io = {
		.ctx = NULL,
		.open = posix_open,
		.close = posix_close,
		.pread = posix_pread,
		.map = posix_map,
		.pwrite = posix_pwrite,
		.sync = posix_sync,
		.truncate = posix_truncate,
		.size = posix_size,
		.lock = posix_lock,
		.rename = posix_rename,
		.remove = posix_remove,
		.mkdir = posix_mkdir,
		.list = posix_list,
		.sync_dir = posix_sync_dir,
		.exists = posix_exists,
		.space = posix_space,
	};
	return &posix_io;
}
