/*
 * pieces: a run at the end of a buffer, cut into pieces, to be sorted by bytes.
 *
 *	pieces_begin(&p, out, scratch);
 *	for (...) { write one piece to out; pieces_cut(&p); }
 *	pieces_end(&p);
 *
 * Between begin and end nothing may shorten `out` below the last cut. Runs nest.
 * Being out of memory makes `out` fail.
 */
#ifndef ARGOSY_DATA_PIECES_H
#define ARGOSY_DATA_PIECES_H

#include "base/bytes.h"

enum { PIECES_SMALL = 24 };

struct piece {
	size_t at, n;
};

struct pieces {
	struct buf *out;
	struct arena *scratch; /* may be NULL: the heap is used */
	size_t start, end;     /* of what is cut already */
	size_t n, cap;
	struct piece *v;
	struct piece small[2 * PIECES_SMALL]; /* the second half is room for the merge */
};

void pieces_begin(struct pieces *p, struct buf *out, struct arena *scratch);
/* What was written since the last cut becomes one piece; nothing written, no piece. */
void pieces_cut(struct pieces *p);
void pieces_end(struct pieces *p);

#endif
