/*
 * lmdb_check: whether the pages of an LMDB file are such that LMDB can read them.
 *
 * LMDB 0.9 trusts its file: a zeroed page or a flipped bit in a page header crashes
 * it (measured: a zeroed page in 71 of 100 cases). A daemon that crashes at every
 * start cannot rebuild itself, so this walks the whole file before LMDB opens it:
 * both meta pages, every page reachable from the newer one, and the list of free
 * pages, which must not name one in use. It says nothing of the bytes of values:
 * the trie does.
 */
#ifndef ARGOSY_STATE_LMDB_CHECK_H
#define ARGOSY_STATE_LMDB_CHECK_H

#include "base/err.h"

/* ERR_CORRUPT with the page and what is wrong with it. No file, or an empty one, is
 * fine. Nobody may be writing it. */
enum err lmdb_check(const char *path, struct err_text *t) MUST_USE;

#endif
