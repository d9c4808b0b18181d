/*
 * io: the table of file operations, and the real one.
 *
 * Everything that must survive a power failure goes through `struct io`, so
 * that tests can put a simulated disk below it (base/io_sim.h). Paths are
 * NUL-terminated bytes, at most IO_PATH_MAX with the NUL.
 *
 * Faults: ERR_NOTFOUND, ERR_EXISTS, ERR_LOCKED, ERR_NOSPACE (device or quota
 * full), ERR_DENIED, ERR_READONLY, ERR_NOMEM, ERR_LIMIT (path too long),
 * ERR_REFUSED (a directory that is not empty), otherwise ERR_IO. Each fault
 * writes a sentence that names the file.
 *
 * What becomes durable when, as POSIX and Linux have it:
 *  - bytes and length of a file: by `sync` of that file, and not before. After
 *    a failed sync a later success proves nothing about the same bytes.
 *  - a name (made, renamed, removed): by `sync_dir` of its directory.
 */
#ifndef ARGOSY_BASE_IO_H
#define ARGOSY_BASE_IO_H

#include "base/bytes.h"

enum { IO_PATH_MAX = 4096 };

enum io_mode {
	IO_READ,       /* must exist; read only */
	IO_WRITE,      /* must exist; read and write */
	IO_CREATE,     /* read and write; made, empty, if absent */
	IO_CREATE_NEW, /* as IO_CREATE, but ERR_EXISTS if it, or a link of that name, is there */
};

struct io;

/* An open file; the implementation's own struct begins with this one. */
struct io_file {
	const struct io *io;
	const char *path; /* as it was opened; lives as long as the file is open */
};

/* Called for each name in a directory but "." and ".."; false ends the walk. */
typedef bool (*io_list_fn)(void *arg, const char *name);

/*
 * The operations. Callers use the functions below, which read better.
 * All are safe from several threads, except that close must be the last call
 * on its file.
 */
struct io {
	void *ctx; /* the implementation's */
	enum err (*open)(const struct io *io, struct io_file **out, const char *path,
			 enum io_mode mode, struct err_text *t);
	void (*close)(struct io_file *f);
	enum err (*pread)(struct io_file *f, void *p, size_t n, uint64_t offset, size_t *got,
			  struct err_text *t);
	enum err (*pwrite)(struct io_file *f, const struct slice *parts, size_t count,
			   uint64_t offset, struct err_text *t);
	enum err (*map)(struct io_file *f, const uint8_t **p, size_t *n, struct err_text *t);
	enum err (*sync)(struct io_file *f, struct err_text *t);
	enum err (*truncate)(struct io_file *f, uint64_t size, struct err_text *t);
	enum err (*size)(struct io_file *f, uint64_t *size, struct err_text *t);
	enum err (*lock)(struct io_file *f, struct err_text *t);
	enum err (*rename)(const struct io *io, const char *from, const char *to,
			   struct err_text *t);
	enum err (*remove)(const struct io *io, const char *path, struct err_text *t);
	enum err (*mkdir)(const struct io *io, const char *path, struct err_text *t);
	enum err (*list)(const struct io *io, const char *dir, io_list_fn each, void *arg,
			 struct err_text *t);
	enum err (*sync_dir)(const struct io *io, const char *dir, struct err_text *t);
	enum err (*exists)(const struct io *io, const char *path, bool *yes, struct err_text *t);
	enum err (*space)(const struct io *io, const char *path, uint64_t *free_bytes,
			  uint64_t *total_bytes, struct err_text *t);
};

/* The operating system's. Static; never freed. Files are made 0600, directories 0700. */
const struct io *io_posix(void);

/* The caller owns *out until io_close. */
enum err io_open(const struct io *io, struct io_file **out, const char *path, enum io_mode mode,
		 struct err_text *t) MUST_USE;
/* NULL is fine. Does not sync. */
void io_close(struct io_file *f);

/* Reads up to n bytes; *got is less only where the file ends. */
enum err io_pread(struct io_file *f, void *p, size_t n, uint64_t offset, size_t *got,
		  struct err_text *t) MUST_USE;
/* Reads exactly n bytes; ERR_CORRUPT if the file ends before. */
enum err io_pread_all(struct io_file *f, void *p, size_t n, uint64_t offset,
		      struct err_text *t) MUST_USE;
/* The whole file as memory to read, until it is closed; once a file, which nobody may write or
 * cut meanwhile. *p is NULL where it is empty. The memory is the system's, not the process's. */
enum err io_map(struct io_file *f, const uint8_t **p, size_t *n, struct err_text *t) MUST_USE;
/* Writes all of it, growing the file as needed. After a fault any part may be written. */
enum err io_pwrite(struct io_file *f, const void *p, size_t n, uint64_t offset,
		   struct err_text *t) MUST_USE;
/* The same for several runs of bytes, one after the other. */
enum err io_pwrite_parts(struct io_file *f, const struct slice *parts, size_t count,
			 uint64_t offset, struct err_text *t) MUST_USE;
/* Makes bytes and length durable (fdatasync). Never repeat it after a fault. */
enum err io_sync(struct io_file *f, struct err_text *t) MUST_USE;
enum err io_truncate(struct io_file *f, uint64_t size, struct err_text *t) MUST_USE;
enum err io_size(struct io_file *f, uint64_t *size, struct err_text *t) MUST_USE;
/* Exclusive, at once or ERR_LOCKED; held until the file is closed (flock). */
enum err io_lock(struct io_file *f, struct err_text *t) MUST_USE;

/* Replaces `to` in one step if it is there. */
enum err io_rename(const struct io *io, const char *from, const char *to,
		   struct err_text *t) MUST_USE;
/* Unlinks a file or an empty directory. */
enum err io_remove(const struct io *io, const char *path, struct err_text *t) MUST_USE;
/* ERR_EXISTS if there is anything by that name. The parent must exist. */
enum err io_mkdir(const struct io *io, const char *path, struct err_text *t) MUST_USE;
/* In no order. */
enum err io_list(const struct io *io, const char *dir, io_list_fn each, void *arg,
		 struct err_text *t) MUST_USE;
enum err io_sync_dir(const struct io *io, const char *dir, struct err_text *t) MUST_USE;
enum err io_exists(const struct io *io, const char *path, bool *yes, struct err_text *t) MUST_USE;
/* Room on the file system that holds `path`: what this user may still write, and the whole. */
enum err io_space(const struct io *io, const char *path, uint64_t *free_bytes,
		  uint64_t *total_bytes, struct err_text *t) MUST_USE;

/* ---- made of the above ---- */

/* "a/b", into `out` of IO_PATH_MAX chars; ERR_LIMIT if too long. */
enum err io_join(char out[static IO_PATH_MAX], const char *dir, const char *name,
		 struct err_text *t) MUST_USE;
/* Appends the whole file to `out`; ERR_LIMIT if it has more than `limit` bytes. */
enum err io_read_file(const struct io *io, const char *path, size_t limit, struct buf *out,
		      struct err_text *t) MUST_USE;
/*
 * The file holds either what it held or all of `content`, also after a power
 * failure: writes `path`.tmp, syncs it, renames it over `path`, syncs the
 * directory. After a fault it may be either. What was at `path`.tmp, a file or a
 * link, is removed and never written into: so nobody else can read what is written.
 */
enum err io_write_file_atomic(const struct io *io, const char *path, struct slice content,
			      struct err_text *t) MUST_USE;
/* Makes the directory, durably, if it is not there. The parent must exist. */
enum err io_make_dir(const struct io *io, const char *path, struct err_text *t) MUST_USE;

#endif
