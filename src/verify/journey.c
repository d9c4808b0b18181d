/*
 * journey: is everything here that the first subject was made from, or was inside of?
 *
 * A walk over the subjects, each with the times of which its events belong
 * (docs/format/bundle.md, "Journey"). Times only grow, and a subject whose times grew is
 * walked again; what is needed follows from the records alone.
 */
#include "verify/inside.h"

enum { ROLE_PARENT = 2, ROLE_CHILD = 3, ROLE_INPUT = 4, ROLE_OUTPUT = 5, ROLE_ABOUT = 6 };
enum { ACTION_ADD = 1, ACTION_DELETE = 3 };
enum { KIND_LOT = 2, KIND_CLASS = 3 };
enum { TYPE_AGGREGATION = 2, TYPE_TRANSFORMATION = 4, TYPE_ASSOCIATION = 5 };
enum { STEPS_MAX = 20000000 };

/* Ascending, apart from each other. */
struct spans {
	struct span *v;
	size_t n, cap;
};

struct site {
	bool reached, waiting, read;
	/* What belongs, as it was found; and the same as times in which events happened, other acts
	 * were recorded, and events happened of which what it was made from belongs too. */
	struct when *found;
	size_t n_found, cap_found;
	struct spans happened, recorded, origin;
	struct stay *stays;
	size_t n_stays;
	uint64_t *made; /* events (from 1) by which it came into being */
	size_t n_made;
	int64_t *latest; /* the latest time among the events up to each; NULL: not needed yet */
};

struct walk {
	struct work *w;
	struct site *sites;
	size_t *queue;
	size_t n_queue;
	uint64_t steps;
};

static int64_t after(int64_t ms)
{
	return ms < INT64_MAX ? ms + 1 : ms;
}

static bool gap(struct walk *k, size_t s, uint64_t number, const char *what)
{
	return refuse(k->w, VERIFY_JOURNEY, "%s, event %llu: %s", k->w->r->subjects[s].id,
		      (unsigned long long)number, what);
}

static bool busy(struct walk *k, uint64_t steps)
{
	k->steps += steps;
	return k->steps <= STEPS_MAX || refuse(k->w, VERIFY_LIMIT, "the journey is too long");
}

size_t subject_named(const struct work *w, struct slice id)
{
	size_t i = find_string(w, id);
	return i == SIZE_MAX ? SIZE_MAX : w->subject_of[i];
}

/* ---- times ---- */

static bool spans_add(struct walk *k, struct spans *l, struct span x)
{
	size_t i = 0, j;
	if (x.from >= x.to)
		return true;
	while (i < l->n && l->v[i].to < x.from)
		i++;
	for (j = i; j < l->n && l->v[j].from <= x.to; j++) {
		x.from = l->v[j].from < x.from ? l->v[j].from : x.from;
		x.to = l->v[j].to > x.to ? l->v[j].to : x.to;
	}
	if (i == j && l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 2;
		struct span *v = take_memory(k->w, cap * sizeof *v);
		if (!v)
			return false;
		if (l->n)
			memcpy(v, l->v, l->n * sizeof *v);
		l->v = v;
		l->cap = cap;
	}
	if (l->n > j)
		memmove(l->v + i + 1, l->v + j, (l->n - j) * sizeof *l->v);
	l->v[i] = x;
	l->n = l->n - (j - i) + 1;
	return busy(k, l->n + 1);
}

static bool spans_hold(const struct spans *l, int64_t ms)
{
	size_t low = 0, high = l->n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (l->v[mid].to <= ms)
			low = mid + 1;
		else
			high = mid;
	}
	return low < l->n && l->v[low].from <= ms;
}

static bool spans_hold_all(const struct spans *l, struct span x)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].from <= x.from && x.to <= l->v[i].to)
			return true;
	return false;
}

static void reach(struct walk *k, size_t s, bool origin, size_t via)
{
	struct verify_subject *v = &k->w->r->subjects[s];
	struct site *at = &k->sites[s];
	if (at->reached)
		return;
	at->reached = at->waiting = true;
	v->via = via;
	v->link = origin ? 'o' : 'c';
	k->queue[k->n_queue++] = s;
}

static bool covers(struct span a, struct span b)
{
	return b.from >= b.to || (a.from <= b.from && b.to <= a.to);
}

static bool found_add(struct walk *k, struct site *at, struct when x, bool *grown)
{
	for (size_t i = 0; i < at->n_found; i++)
		if (covers(at->found[i].happened, x.happened) && covers(at->found[i].recorded, x.recorded))
			return busy(k, i + 1);
	if (at->n_found == at->cap_found) {
		size_t cap = at->cap_found ? 2 * at->cap_found : 2;
		struct when *v = take_memory(k->w, cap * sizeof *v);
		if (!v)
			return false;
		if (at->n_found)
			memcpy(v, at->found, at->n_found * sizeof *v);
		at->found = v;
		at->cap_found = cap;
	}
	at->found[at->n_found++] = x;
	*grown = true;
	return busy(k, at->n_found) && spans_add(k, &at->happened, x.happened) &&
	       spans_add(k, &at->recorded, x.recorded);
}

static bool belongs(struct walk *k, size_t s, struct when x, bool origin, size_t via)
{
	struct site *at = &k->sites[s];
	bool grown = false;
	reach(k, s, origin, via);
	if (!found_add(k, at, x, &grown))
		return false;
	if (origin && !spans_hold_all(&at->origin, x.happened)) {
		grown = true;
		if (!spans_add(k, &at->origin, x.happened))
			return false;
	}
	if (grown && !at->waiting) {
		at->waiting = true;
		k->queue[k->n_queue++] = s;
	}
	return true;
}

static bool part(const struct site *at, const struct verify_event *e)
{
	return spans_hold(&at->happened, e->happened_ms) ||
	       (!is_event(e) && spans_hold(&at->recorded, e->recorded_ms));
}

/* ---- what the records of a subject say ---- */

static const struct record_entry *parent_of(const struct record_frame *f)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->entries[i].role == ROLE_PARENT && f->entries[i].mode == MODE_HISTORY)
			return &f->entries[i];
	return NULL;
}


static bool read_event(struct walk *k, size_t s, uint64_t number, struct move *m, size_t *n_moves)
{
	const struct verify_event *e = &k->w->r->subjects[s].events[number - 1];
	unsigned action = e->flags & 3;
	bool moved = e->role == ROLE_CHILD && (action == ACTION_ADD || action == ACTION_DELETE);
	if (!is_event(e) || !moved)
		return true;
	const struct record_frame *f = frame_of(k->w, s, (size_t)number - 1);
	if (!f)
		return gap(k, s, number, "its record is not shown");
	const struct record_entry *p = parent_of(f);
	if (!busy(k, f->n + 1))
		return false;
	if ((e->flags & FLAG_ERROR) || !p ||
	    (f->event_type != TYPE_AGGREGATION && f->event_type != TYPE_ASSOCIATION))
		return true;
	const struct verify_event *events = k->w->r->subjects[s].events;
	m[(*n_moves)++] = (struct move){
		e->happened_ms, e->recorded_ms, action == ACTION_ADD, p->id, number,
		e->declared_by ? events[e->declared_by - 1].recorded_ms : INT64_MAX};
	return true;
}

/* Once for each subject: its stays, and the events that made it. */
static bool read_site(struct walk *k, size_t s)
{
	struct site *at = &k->sites[s];
	const struct verify_subject *v = &k->w->r->subjects[s];
	size_t n_children = 0, n_moves = 0, n_made = 0;
	if (at->read)
		return true;
	at->read = true;
	for (uint64_t i = 0; i < v->n_events; i++) {
		n_children += v->events[i].role == ROLE_CHILD;
		n_made += v->events[i].role == ROLE_OUTPUT || v->events[i].role == ROLE_ABOUT;
	}
	struct move *m = take_memory(k->w, n_children * sizeof *m);
	at->made = take_memory(k->w, n_made * sizeof *at->made);
	if (!m || !at->made || !busy(k, v->n_events))
		return false;
	for (uint64_t n = 1; n <= v->n_events; n++) {
		const struct verify_event *e = &v->events[n - 1];
		if (is_event(e) && (e->role == ROLE_OUTPUT || e->role == ROLE_ABOUT))
			at->made[at->n_made++] = n;
		if (!read_event(k, s, n, m, &n_moves))
			return false;
	}
	return find_stays(k->w, &at->stays, &at->n_stays, m, n_moves,
			  v->kind == KIND_LOT || v->kind == KIND_CLASS);
}

/* ---- containers ---- */

/* The container's number of the record by which the thing's event is in the log; 0: none. */
static uint64_t number_in(struct walk *k, size_t s, uint64_t event, struct slice container)
{
	const struct record_frame *f = frame_of(k->w, s, (size_t)event - 1);
	for (size_t i = 0; f && i < f->n; i++)
		if (f->entries[i].role == ROLE_PARENT && !is_claim(f->entries[i].mode) &&
		    slice_eq(f->entries[i].id, container))
			return f->entries[i].number;
	return 0;
}

/* Times that contradict: when the events in the container's history between the two happened. */
static bool by_recording(struct walk *k, size_t s, struct stay *stay, size_t c)
{
	struct verify_subject *v = &k->w->r->subjects[c];
	struct span *h = &stay->at.happened;
	uint64_t first = number_in(k, s, stay->begin, stay->container);
	uint64_t last = number_in(k, s, stay->end, stay->container);
	stay->contradicts = false;
	k->w->r->subjects[s].contradicts = true;
	*h = (struct span){h->to, after(h->from)};
	if (!first || last < first || last > v->n_events)
		return gap(k, s, stay->end, "the container's history does not hold it");
	for (uint64_t n = first; n <= last; n++) {
		const struct verify_event *e = &v->events[n - 1];
		if (!is_event(e))
			continue;
		h->from = e->happened_ms < h->from ? e->happened_ms : h->from;
		h->to = e->happened_ms >= h->to ? after(e->happened_ms) : h->to;
	}
	return busy(k, last - first);
}

static struct span meet(struct span a, struct span b)
{
	return (struct span){a.from > b.from ? a.from : b.from, a.to < b.to ? a.to : b.to};
}

static bool around(struct walk *k, size_t s, struct stay *stay)
{
	const struct site *at = &k->sites[s];
	size_t c = subject_named(k->w, stay->container);
	/* It can only be told with the container's history when this was. */
	if (stay->contradicts) {
		if (c == SIZE_MAX)
			return gap(k, s, stay->begin, "a container that it was in is not shown");
		reach(k, c, false, s);
		if (!by_recording(k, s, stay, c))
			return false;
	}
	for (size_t i = 0; i < at->n_found; i++) {
		struct when x = {meet(stay->at.happened, at->found[i].happened),
				  meet(stay->at.recorded, at->found[i].recorded)};
		if (x.happened.from >= x.happened.to)
			continue;
		if (c == SIZE_MAX)
			return gap(k, s, stay->begin, "a container that it was in is not shown");
		if (!belongs(k, c, x, false, s))
			return false;
	}
	return busy(k, at->n_found + 1);
}

/* ---- origins ---- */

/* The latest time of an event among the first `number` entries of a history. */
static bool latest_of(struct walk *k, size_t s, uint64_t number, int64_t *ms)
{
	const struct verify_subject *v = &k->w->r->subjects[s];
	struct site *at = &k->sites[s];
	*ms = INT64_MIN;
	if (number > v->n_events)
		number = v->n_events;
	if (number == 0)
		return true;
	if (!at->latest) {
		at->latest = take_memory(k->w, (size_t)v->n_events * sizeof *at->latest);
		if (!at->latest || !busy(k, v->n_events))
			return false;
		for (uint64_t i = 0; i < v->n_events; i++) {
			int64_t t = is_event(&v->events[i]) ? v->events[i].happened_ms : INT64_MIN;
			at->latest[i] = i && at->latest[i - 1] > t ? at->latest[i - 1] : t;
		}
	}
	*ms = at->latest[number - 1];
	return true;
}

/* What a transformation took in: until it did, and what was recorded until it did. */
static bool inputs(struct walk *k, size_t s, uint64_t number, const struct record_frame *f)
{
	const struct verify_event *use = &k->w->r->subjects[s].events[number - 1];
	int64_t used = use->happened_ms, latest;
	for (size_t i = 0; i < f->n; i++) {
		const struct record_entry *e = &f->entries[i];
		if (e->role != ROLE_INPUT || is_claim(e->mode))
			continue;
		size_t in = subject_named(k->w, e->id);
		if (in == SIZE_MAX)
			return gap(k, s, number, "an input is not shown");
		if (!latest_of(k, in, e->number, &latest))
			return false;
		struct when x = {{INT64_MIN, after(latest > used ? latest : used)},
				  {INT64_MIN, after(use->recorded_ms)}};
		if (!belongs(k, in, x, true, s))
			return false;
	}
	return busy(k, f->n);
}

static const struct when always = {{INT64_MIN, INT64_MAX}, {INT64_MIN, INT64_MAX}};

/* What the record is about is the transformation of which it tells a part; among its claims it
 * is only a name that somebody else uses. */
static bool transformation(struct walk *k, size_t s, uint64_t number, const struct record_frame *f)
{
	for (size_t i = 0; i < f->n; i++) {
		if (f->entries[i].role != ROLE_ABOUT || is_claim(f->entries[i].mode))
			continue;
		size_t t = subject_named(k->w, f->entries[i].id);
		if (t == SIZE_MAX)
			return gap(k, s, number, "its transformation is not shown");
		if (!belongs(k, t, always, true, s))
			return false;
	}
	return true;
}

static bool made(struct walk *k, size_t s, uint64_t number)
{
	const struct verify_event *e = &k->w->r->subjects[s].events[number - 1];
	if (!busy(k, 1))
		return false;
	if ((e->flags & FLAG_ERROR) || !spans_hold(&k->sites[s].origin, e->happened_ms))
		return true;
	const struct record_frame *f = frame_of(k->w, s, (size_t)number - 1);
	if (!f)
		return gap(k, s, number, "its record is not shown");
	if (f->event_type != TYPE_TRANSFORMATION)
		return true;
	if (!inputs(k, s, number, f))
		return false;
	return e->role == ROLE_ABOUT || transformation(k, s, number, f);
}

/* ---- the whole ---- */

static bool walk_subject(struct walk *k, size_t s)
{
	struct site *at = &k->sites[s];
	if (!read_site(k, s))
		return false;
	for (size_t i = 0; i < at->n_stays; i++)
		if (!around(k, s, &at->stays[i]))
			return false;
	for (size_t i = 0; i < at->n_made; i++)
		if (!made(k, s, at->made[i]))
			return false;
	return true;
}

/* The record that ended a stay is in the thing's own part, so it is in the container's too. */
static void mark_end(struct walk *k, size_t s, const struct stay *stay)
{
	size_t c = subject_named(k->w, stay->container);
	const struct verify_subject *v = &k->w->r->subjects[s];
	if (!stay->end || c == SIZE_MAX || !k->sites[c].reached || !v->events[stay->end - 1].part)
		return;
	uint64_t n = number_in(k, s, stay->end, stay->container);
	if (n && n <= k->w->r->subjects[c].n_events)
		k->w->r->subjects[c].events[n - 1].part = true;
}

static void mark(struct walk *k)
{
	for (size_t s = 0; s < k->w->r->n_subjects; s++) {
		struct verify_subject *v = &k->w->r->subjects[s];
		for (uint64_t i = 0; i < v->n_events; i++)
			v->events[i].part = part(&k->sites[s], &v->events[i]);
	}
	for (size_t s = 0; s < k->w->r->n_subjects; s++)
		for (size_t i = 0; i < k->sites[s].n_stays; i++)
			mark_end(k, s, &k->sites[s].stays[i]);
	for (size_t s = 0; s < k->w->r->n_subjects; s++) {
		struct verify_subject *v = &k->w->r->subjects[s];
		v->first = v->last = 0;
		for (uint64_t n = 1; n <= v->n_events; n++) {
			if (!v->events[n - 1].part)
				continue;
			v->first = v->first ? v->first : n;
			v->last = n;
		}
	}
}

static bool by_time(struct work *w)
{
	size_t n = w->r->n_subjects;
	struct walk k = {
		.w = w,
		.sites = take_memory(w, n * sizeof *k.sites),
		.queue = take_memory(w, n * sizeof *k.queue),
	};
	if (!k.sites || !k.queue || !belongs(&k, 0, always, true, SIZE_MAX))
		return false;
	w->r->subjects[0].link = 0;
	while (k.n_queue) {
		size_t s = k.queue[--k.n_queue];
		k.sites[s].waiting = false;
		if (!walk_subject(&k, s))
			return false;
	}
	for (size_t i = 0; i < n; i++)
		if (!k.sites[i].reached)
			return refuse(w, VERIFY_JOURNEY, "%s does not belong to it",
				      w->r->subjects[i].id);
	mark(&k);
	return true;
}

static void forget(struct verify_result *r)
{
	r->reason = VERIFY_OK;
	r->detail[0] = 0;
	for (size_t i = 0; i < r->n_subjects; i++) {
		struct verify_subject *s = &r->subjects[i];
		s->first = s->last = 0;
		s->via = SIZE_MAX;
		s->link = 0;
		s->contradicts = false;
	}
}

bool check_journey(struct work *w)
{
	struct verify_result *r = w->r;
	if (r->subjects[0].absent)
		return true;
	r->journey = by_time(w);
	if (r->journey || r->reason != VERIFY_JOURNEY)
		return r->journey;
	if (r->n_subjects == 1) {
		/* It need not be a journey; then it does not say it is one. */
		forget(r);
		return true;
	}
	return false;
}
