/*
 * stay: when a thing was inside what, by the times of its packings and unpackings
 * (docs/format/bundle.md, "Stays").
 *
 * The moves are walked twice: in the order of time, which counts, and in that of
 * recording, which says to which packing an unpacking was recorded that by time finds the
 * thing elsewhere.
 */
#include "verify/inside.h"

#include <stdlib.h>

struct step {
	const struct move *m;
	size_t partner[2]; /* of an unpacking: the step that it ends, + 1: by recording, by time */
	bool dropped;
};

struct finder {
	struct step *steps; /* as recorded */
	size_t n;
	bool many;
	struct step **order;
	struct stay *stays;
	size_t n_stays;
};

static int by_recording(const void *x, const void *y)
{
	const struct step *a = *(struct step *const *)x, *b = *(struct step *const *)y;
	return a->m->event < b->m->event ? -1 : a->m->event > b->m->event;
}

static int by_time(const void *x, const void *y)
{
	const struct step *a = *(struct step *const *)x, *b = *(struct step *const *)y;
	if (a->m->at_ms != b->m->at_ms)
		return a->m->at_ms < b->m->at_ms ? -1 : 1;
	return by_recording(x, y);
}

/* A lot may be in several containers: one after the other. */
static int by_container(const void *x, const void *y)
{
	const struct step *a = *(struct step *const *)x, *b = *(struct step *const *)y;
	return slice_cmp(a->m->container, b->m->container);
}

static int by_container_recording(const void *x, const void *y)
{
	int c = by_container(x, y);
	return c ? c : by_recording(x, y);
}

static int by_container_time(const void *x, const void *y)
{
	int c = by_container(x, y);
	return c ? c : by_time(x, y);
}

static struct stay begun(const struct move *m)
{
	return (struct stay){m->container,
			     {{m->at_ms, INT64_MAX}, {m->recorded_ms, INT64_MAX}},
			     m->event,
			     0,
			     false};
}

/* From the one record to the other, whichever is first. */
static void recorded_until(struct stay *s, const struct move *end)
{
	struct span *r = &s->at.recorded;
	int64_t last = end->recorded_ms > r->from ? end->recorded_ms : r->from;
	r->from = end->recorded_ms < r->from ? end->recorded_ms : r->from;
	r->to = last < INT64_MAX ? last + 1 : last;
}

static void pass(struct finder *f, bool timed)
{
	struct stay *open = NULL;
	size_t opened = 0;
	f->n_stays = 0;
	for (size_t i = 0; i < f->n; i++) {
		struct step *s = f->order[i];
		bool here = open && slice_eq(open->container, s->m->container);
		if (s->dropped || (s->m->into && here))
			continue;
		if (open && (here || (s->m->into && !f->many))) {
			open->end = s->m->event;
			open->at.happened.to = s->m->at_ms;
			recorded_until(open, s->m);
			open = NULL;
		}
		if (!s->m->into) {
			s->partner[timed] = here ? opened : 0;
			continue;
		}
		opened = (size_t)(s - f->steps) + 1;
		open = &f->stays[f->n_stays++];
		*open = begun(s->m);
	}
}

static void contradictions(struct finder *f)
{
	struct stay *more = f->stays + f->n;
	size_t n = 0;
	bool dropped = false;
	for (size_t i = 0; i < f->n; i++) {
		struct step *s = &f->steps[i];
		if (s->m->into || !s->partner[0] || s->partner[1])
			continue;
		struct step *put = &f->steps[s->partner[0] - 1];
		bool odd = s->m->at_ms < put->m->at_ms;
		more[n] = begun(put->m);
		more[n].end = s->m->event;
		more[n].at.happened.to = s->m->at_ms;
		more[n].contradicts = odd;
		recorded_until(&more[n++], s->m);
		if (odd)
			s->dropped = put->dropped = dropped = true;
	}
	if (dropped)
		pass(f, true);
	memmove(f->stays + f->n_stays, more, n * sizeof *more);
	f->n_stays += n;
}

static const struct move *move_at(const struct move *m, size_t n, uint64_t event)
{
	size_t low = 0, high = n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (m[mid].event < event)
			low = mid + 1;
		else
			high = mid;
	}
	return &m[low];
}

static void end_at(struct span *s, int64_t last)
{
	if (last < s->to)
		s->to = last + 1 > s->from ? last + 1 : s->from;
}

static void clip(struct stay *s, const struct move *m, size_t n)
{
	int64_t void_ms = move_at(m, n, s->begin)->void_ms;
	if (void_ms == INT64_MAX || (s->end && !move_at(m, n, s->end)->into))
		return;
	end_at(&s->at.happened, void_ms);
	end_at(&s->at.recorded, void_ms);
}

bool find_stays(struct work *w, struct stay **out, size_t *n_out, const struct move *m, size_t n,
		bool many)
{
	struct finder f = {.n = n, .many = many};
	*n_out = 0;
	if (n == 0)
		return true;
	f.steps = take_memory(w, n * sizeof *f.steps);
	f.order = take_memory(w, n * sizeof(struct step *));
	f.stays = take_memory(w, 2 * n * sizeof *f.stays);
	if (!f.steps || !f.order || !f.stays)
		return false;
	for (size_t i = 0; i < n; i++) {
		f.steps[i].m = &m[i];
		f.order[i] = &f.steps[i];
	}
	if (many)
		qsort(f.order, n, sizeof *f.order, by_container_recording);
	pass(&f, false);
	qsort(f.order, n, sizeof *f.order, many ? by_container_time : by_time);
	pass(&f, true);
	contradictions(&f);
	for (size_t i = 0; i < f.n_stays; i++) {
		struct span *h = &f.stays[i].at.happened;
		clip(&f.stays[i], m, n);
		if (h->to == h->from && h->to < INT64_MAX)
			h->to++;
	}
	*out = f.stays;
	*n_out = f.n_stays;
	return true;
}
