/*
 * journey_order: journeys as they were made before times bounded them (journey.c): by the
 * order of recording (docs/format/bundle.md, "Journeys by the order of recording").
 *
 * A walk over the subjects, each with the span of its events that belongs. A span only
 * grows, and a subject whose span grew is walked again; what is needed follows from the
 * records alone.
 */
#include "verify/inside.h"

enum { ROLE_PARENT = 2, ROLE_CHILD = 3, ROLE_INPUT = 4, ROLE_OUTPUT = 5, ROLE_ABOUT = 6 };
enum { MODE_HISTORY = 0, MODE_CLAIM = 1 };
enum { ACTION_ADD = 1, ACTION_DELETE = 3, FLAG_UNNAMED = 16, KIND_TRANSFORMATION = 8 };
enum { STEPS_MAX = 4000000 };

struct walk {
	struct work *w;
	bool *reached, *origin, *waiting;
	size_t *queue;
	size_t n_queue;
	uint64_t steps;
};

static bool gap(struct walk *k, const struct verify_subject *s, uint64_t number, const char *what)
{
	return refuse(k->w, VERIFY_JOURNEY, "%s, event %llu: %s", s->id, (unsigned long long)number,
		      what);
}

static void enqueue(struct walk *k, size_t s)
{
	if (k->waiting[s])
		return;
	k->waiting[s] = true;
	k->queue[k->n_queue++] = s;
}

/* Events first..last of subject s belong to the journey. */
static void span(struct walk *k, size_t s, uint64_t first, uint64_t last, bool origin, size_t via)
{
	struct verify_subject *v = &k->w->r->subjects[s];
	bool grown = !k->reached[s];
	if (last > v->n_events)
		last = v->n_events;
	if (grown) {
		v->first = first;
		v->last = last;
		v->via = via;
		v->link = origin ? 'o' : 'c';
	}
	if (first < v->first) {
		v->first = first;
		grown = true;
	}
	if (last > v->last) {
		v->last = last;
		grown = true;
	}
	if (origin && !k->origin[s])
		grown = true;
	k->origin[s] = k->origin[s] || origin;
	k->reached[s] = true;
	if (grown)
		enqueue(k, s);
}

/* What a transformation took in: up to and with this record. */
static bool inputs(struct walk *k, size_t s, uint64_t number, const struct record_frame *f)
{
	const struct verify_subject *v = &k->w->r->subjects[s];
	for (size_t i = 0; i < f->n; i++) {
		const struct record_entry *e = &f->entries[i];
		if (e->role != ROLE_INPUT || e->mode == MODE_CLAIM)
			continue;
		size_t in = subject_named(k->w, e->id);
		if (in == SIZE_MAX)
			return gap(k, v, number, "an input is not shown");
		span(k, in, 1, e->number, true, s);
	}
	return true;
}

/* One of the subjects that the record is about must be the transformation it names. */
static bool transformation(struct walk *k, size_t s, uint64_t number, const struct record_frame *f)
{
	bool found = false;
	for (size_t i = 0; i < f->n; i++) {
		if (f->entries[i].role != ROLE_ABOUT)
			continue;
		size_t t = subject_named(k->w, f->entries[i].id);
		if (t == SIZE_MAX || k->w->r->subjects[t].kind != KIND_TRANSFORMATION)
			continue;
		span(k, t, 1, UINT64_MAX, true, s);
		found = true;
	}
	return found || gap(k, &k->w->r->subjects[s], number, "its transformation is not shown");
}

/* Where a thing is, as its history is gone through. */
struct inside {
	bool somewhere;
	struct slice container;
	uint64_t since; /* the container's number of the record that put it in */
};

/* The stay in a container ends with the container's event `until`. It counts if it reached
 * into the span of this subject; only then must the container be here. */
static bool leave(struct walk *k, size_t s, struct inside *in, uint64_t until, bool counts)
{
	if (!in->somewhere)
		return true;
	in->somewhere = false;
	if (!counts)
		return true;
	size_t c = subject_named(k->w, in->container);
	if (c == SIZE_MAX)
		return refuse(k->w, VERIFY_JOURNEY, "%s: a container that it was in is not shown",
			      k->w->r->subjects[s].id);
	span(k, c, in->since, until, false, s);
	return true;
}

static bool child(struct walk *k, size_t s, uint64_t number, const struct verify_event *e,
		  const struct record_frame *f, struct inside *in)
{
	bool counts = number >= k->w->r->subjects[s].first;
	bool add = (e->flags & 3) == ACTION_ADD;
	struct inside into = {false, {NULL, 0}, 0};
	for (size_t i = 0; i < f->n; i++) {
		const struct record_entry *p = &f->entries[i];
		if (p->role != ROLE_PARENT || p->mode == MODE_CLAIM)
			continue;
		if (in->somewhere && slice_eq(in->container, p->id) &&
		    !leave(k, s, in, p->number, counts))
			return false;
		if (add && p->mode == MODE_HISTORY)
			into = (struct inside){true, p->id, p->number};
	}
	/* Out by a record that does not list the container: where in the container's history
	 * that was is not told, so all the rest of it counts. */
	if ((!add || into.somewhere) && !leave(k, s, in, UINT64_MAX, counts))
		return false;
	if (into.somewhere)
		*in = into;
	return true;
}

static bool structural(const struct verify_event *e)
{
	return e->kind == 1 && e->role == ROLE_CHILD &&
	       ((e->flags & 3) == ACTION_ADD || (e->flags & 3) == ACTION_DELETE ||
		(e->flags & FLAG_UNNAMED));
}

static bool walk_event(struct walk *k, size_t s, uint64_t number, struct inside *in)
{
	const struct verify_subject *v = &k->w->r->subjects[s];
	const struct verify_event *e = &v->events[number - 1];
	bool in_span = number >= v->first;
	bool made = k->origin[s] && in_span && e->kind == 1 && e->role == ROLE_OUTPUT;
	bool of_transformation = k->origin[s] && v->kind == KIND_TRANSFORMATION && in_span &&
				 e->kind == 1 && e->role == ROLE_ABOUT;
	bool moved = structural(e);
	if (!made && !of_transformation && !moved)
		return true;
	const struct record_frame *f = frame_of(k->w, s, (size_t)number - 1);
	if (!f)
		return gap(k, v, number, "its record is not shown");
	k->steps += f->n;
	if (moved && !child(k, s, number, e, f, in))
		return false;
	if ((made || of_transformation) && !inputs(k, s, number, f))
		return false;
	return !made || !f->has_transformation_id || transformation(k, s, number, f);
}

static bool walk_subject(struct walk *k, size_t s)
{
	struct inside in = {false, {NULL, 0}, 0};
	const struct verify_subject *v = &k->w->r->subjects[s];
	for (uint64_t n = 1; n <= v->last; n++) {
		if (k->steps++ > STEPS_MAX)
			return refuse(k->w, VERIFY_LIMIT, "the journey is too long");
		if (!walk_event(k, s, n, &in))
			return false;
	}
	return leave(k, s, &in, UINT64_MAX, true);
}

static bool walk_all(struct walk *k)
{
	span(k, 0, 1, UINT64_MAX, true, SIZE_MAX);
	k->w->r->subjects[0].link = 0;
	while (k->n_queue) {
		size_t s = k->queue[--k->n_queue];
		k->waiting[s] = false;
		if (!walk_subject(k, s))
			return false;
	}
	for (size_t i = 0; i < k->w->r->n_subjects; i++)
		if (!k->reached[i])
			return refuse(k->w, VERIFY_JOURNEY, "%s does not belong to it",
				      k->w->r->subjects[i].id);
	return true;
}

bool check_journey_by_order(struct work *w)
{
	size_t n = w->r->n_subjects;
	struct walk k = {
		.w = w,
		.reached = take_memory(w, n * sizeof(bool)),
		.origin = take_memory(w, n * sizeof(bool)),
		.waiting = take_memory(w, n * sizeof(bool)),
		.queue = take_memory(w, n * sizeof(size_t)),
	};
	if (!k.reached || !k.origin || !k.waiting || !k.queue || !walk_all(&k))
		return false;
	for (size_t i = 0; i < n; i++) {
		struct verify_subject *s = &w->r->subjects[i];
		for (uint64_t e = 1; e <= s->n_events; e++)
			s->events[e - 1].part = e >= s->first && e <= s->last;
	}
	return true;
}
