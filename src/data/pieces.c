#include "data/pieces.h"

#include <stdlib.h>

void pieces_begin(struct pieces *p, struct buf *out, struct arena *scratch)
{
	p->out = out;
	p->scratch = scratch;
	p->start = p->end = out->n;
	p->n = 0;
	p->cap = PIECES_SMALL;
	p->v = p->small;
}

static bool pieces_grow(struct pieces *p)
{
	size_t bytes = 4 * p->cap * sizeof(struct piece);
	struct piece *v = p->scratch ? arena_alloc(p->scratch, bytes) : malloc(bytes);
	if (!v) {
		p->out->failed = true;
		return false;
	}
	memcpy(v, p->v, p->n * sizeof(*v));
	if (!p->scratch && p->v != p->small)
		free(p->v);
	p->v = v;
	p->cap *= 2;
	return true;
}

void pieces_cut(struct pieces *p)
{
	size_t n = p->out->n - p->end;
	if (n == 0 || p->out->failed || (p->n == p->cap && !pieces_grow(p)))
		return;
	p->v[p->n++] = (struct piece){p->end, n};
	p->end = p->out->n;
}

static int piece_cmp(const uint8_t *base, struct piece a, struct piece b)
{
	return slice_cmp(slice(base + a.at, a.n), slice(base + b.at, b.n));
}

/* Insertion sort by binary halves for the short, merge for the long: no recursion deeper than
 * log2 of the list, `tmp` has room for n. */
static void piece_sort(struct piece *v, struct piece *tmp, size_t n, const uint8_t *base)
{
	if (n <= 8) {
		for (size_t i = 1; i < n; i++) {
			struct piece x = v[i];
			size_t j = i;
			for (; j > 0 && piece_cmp(base, v[j - 1], x) > 0; j--)
				v[j] = v[j - 1];
			v[j] = x;
		}
		return;
	}
	size_t half = n / 2, i = 0, j = half, k = 0;
	piece_sort(v, tmp, half, base);
	piece_sort(v + half, tmp, n - half, base);
	if (piece_cmp(base, v[half - 1], v[half]) <= 0)
		return;
	memcpy(tmp, v, half * sizeof(*v));
	while (i < half && j < n)
		v[k++] = piece_cmp(base, v[j], tmp[i]) < 0 ? v[j++] : tmp[i++];
	memcpy(v + k, tmp + i, (half - i) * sizeof(*v));
}

static void pieces_place(struct pieces *p)
{
	size_t sorted = 1, total = p->end - p->start;
	struct buf *out = p->out;
	while (sorted < p->n && piece_cmp(out->p, p->v[sorted - 1], p->v[sorted]) <= 0)
		sorted++;
	if (sorted >= p->n || !buf_reserve(out, total))
		return;
	piece_sort(p->v, p->v + p->cap, p->n, out->p);
	uint8_t *to = out->p + out->n;
	for (size_t i = 0; i < p->n; i++) {
		memcpy(to, out->p + p->v[i].at, p->v[i].n);
		to += p->v[i].n;
	}
	memcpy(out->p + p->start, out->p + out->n, total);
}

void pieces_end(struct pieces *p)
{
	if (!p->out->failed)
		pieces_place(p);
	if (!p->scratch && p->v != p->small)
		free(p->v);
}
