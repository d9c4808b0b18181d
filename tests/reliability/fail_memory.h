/*
 * fail_memory: memory that fails, and what is left open. For rows of one thread; included
 * once in a program.
 */
#ifndef ARGOSY_RELIABILITY_FAIL_MEMORY_H
#define ARGOSY_RELIABILITY_FAIL_MEMORY_H

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { CAN_FAIL_MEMORY = 0 }; /* the sanitizer has its own malloc */
static uint64_t allocations, fail_at;
static bool fail_on;
static int64_t live_blocks; /* allocated and not freed */
#else
enum { CAN_FAIL_MEMORY = 1 };
/*
 * glibc lets a program replace these, and keeps its own under these names.
 * One thread: plain counters do.
 */
extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t n);
extern void __libc_free(void *p);
static uint64_t allocations, fail_at; /* fail_at 0: never */
static bool fail_on;		      /* and all after it */
static int64_t live_blocks; /* allocated and not freed */

static bool refuse(void)
{
	allocations++;
	if (fail_at == 0 || allocations < fail_at || (allocations > fail_at && !fail_on))
		return false;
	errno = ENOMEM;
	return true;
}

void *malloc(size_t n)
{
	void *p = refuse() ? NULL : __libc_malloc(n);
	live_blocks += p != NULL;
	return p;
}

void *calloc(size_t n, size_t size)
{
	void *p = refuse() ? NULL : __libc_calloc(n, size);
	live_blocks += p != NULL;
	return p;
}

void *realloc(void *old, size_t n)
{
	void *p = refuse() ? NULL : __libc_realloc(old, n);
	live_blocks += p && !old;
	return p;
}

void free(void *p)
{
	live_blocks -= p != NULL;
	__libc_free(p);
}
#endif

static int descriptors(void)
{
	int n = 0;
	DIR *d = opendir("/proc/self/fd");
	if (!d)
		return -1;
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

#endif
