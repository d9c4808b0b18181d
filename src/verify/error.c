/*
 * error: which event of a history does a declaration of error mean?
 *
 * The ledger puts a declaration into the history of each subject of the event that it voids.
 * It has that event's eventID, which stands in the records; where both are in the bundle, that
 * shows it. Where they are not, the summaries tell: a declaration repeats its event, so it has
 * the same time, step, place and member. If one earlier event alone is like it, that is named
 * as what it seems to be; it proves nothing.
 */
#include "verify/inside.h"

#include <stdlib.h>

enum { FLAG_ERROR = 4, FLAGS_ALIKE = 3 | 32 };

static bool declares(const struct verify_event *e)
{
	return e->kind == 1 && (e->flags & FLAG_ERROR);
}

static void found(struct verify_subject *s, uint64_t declaration, uint64_t event, bool by_record)
{
	struct verify_event *d = &s->events[declaration - 1], *e = &s->events[event - 1];
	d->declares = event;
	d->declares_by_record = by_record;
	if (e->declared_by && e->declared_by_record && !by_record)
		return;
	e->declared_by = declaration;
	e->declared_by_record = by_record;
}

/* ---- by records ---- */

static int by_event_id(const void *x, const void *y)
{
	const struct record_frame *a = *(struct record_frame *const *)x,
				  *b = *(struct record_frame *const *)y;
	int c = slice_cmp(a->event_id, b->event_id);
	return c ? c : a->event < b->event ? -1 : a->event > b->event;
}

/* The frames of one subject. A declaration means the one before it of the same id. */
static bool match_records(struct work *w, size_t subject, const struct record_frame *f, size_t n)
{
	struct verify_subject *s = &w->r->subjects[subject];
	const struct record_frame **v = take_memory(w, n * sizeof *v);
	size_t m = 0;
	if (!v)
		return false;
	for (size_t i = 0; i < n; i++)
		if (f[i].event_id.n && s->events[f[i].event].kind == 1)
			v[m++] = &f[i];
	qsort(v, m, sizeof *v, by_event_id);
	for (size_t i = 1; i < m; i++)
		if (declares(&s->events[v[i]->event]) && slice_eq(v[i]->event_id, v[i - 1]->event_id))
			found(s, v[i]->event + 1, v[i - 1]->event + 1, true);
	return true;
}

/* ---- by likeness ---- */

static int text_cmp(const char *a, const char *b)
{
	return a == b ? 0 : strcmp(a, b);
}

static int alike(const struct verify_event *a, const struct verify_event *b)
{
	int c;
	if (a->happened_ms != b->happened_ms)
		return a->happened_ms < b->happened_ms ? -1 : 1;
	if ((a->flags ^ b->flags) & FLAGS_ALIKE)
		return (a->flags & FLAGS_ALIKE) < (b->flags & FLAGS_ALIKE) ? -1 : 1;
	if (a->role != b->role)
		return a->role < b->role ? -1 : 1;
	c = text_cmp(a->step, b->step);
	if (!c)
		c = text_cmp(a->where, b->where);
	return c ? c : text_cmp(a->who, b->who);
}

static int by_likeness(const void *x, const void *y)
{
	const struct verify_event *a = *(struct verify_event *const *)x,
				  *b = *(struct verify_event *const *)y;
	int c = alike(a, b);
	return c ? c : a < b ? -1 : a > b; /* of one array */
}

static bool match_likeness(struct work *w, struct verify_subject *s)
{
	struct verify_event **v = take_memory(w, (size_t)s->n_events * sizeof *v);
	size_t n = 0, like = 0;
	const struct verify_event *last = NULL;
	if (!v)
		return false;
	for (uint64_t i = 0; i < s->n_events; i++)
		if (s->events[i].kind == 1)
			v[n++] = &s->events[i];
	qsort(v, n, sizeof *v, by_likeness);
	for (size_t i = 0; i < n; i++) {
		if (i && alike(v[i - 1], v[i]) != 0)
			like = 0;
		if (!declares(v[i])) {
			like++;
			last = v[i];
		} else if (!v[i]->declares && like == 1 && !(v[i]->record && last->record)) {
			found(s, (uint64_t)(v[i] - s->events) + 1, (uint64_t)(last - s->events) + 1,
			      false);
		}
	}
	return true;
}

bool mark_errors(struct work *w)
{
	for (size_t i = 0, f = 0; i < w->r->n_subjects; i++) {
		struct verify_subject *s = &w->r->subjects[i];
		size_t first = f;
		uint64_t declarations = 0;
		while (f < w->n_frames && w->frames[f].subject == i)
			f++;
		for (uint64_t k = 0; k < s->n_events; k++) {
			s->events[k].part = true;
			declarations += declares(&s->events[k]);
		}
		if (!declarations)
			continue;
		if ((f > first && !match_records(w, i, w->frames + first, f - first)) ||
		    !match_likeness(w, s))
			return false;
		for (uint64_t k = 0; k < s->n_events; k++) {
			const struct verify_event *e = &s->events[k];
			w->r->errors_unknown += declares(e) && !e->declares;
			w->r->errors_alike += declares(e) && e->declares && !e->declares_by_record;
		}
	}
	return true;
}
