#include "verify/inside.h"
#include "verify/say.h"

/* A growing run of bytes for what is hashed: summaries and subject records. Both are
 * bounded by their dictionary strings. */
struct small {
	size_t n;
	uint8_t b[6 * STRING_BYTES + 512];
};

static void put(struct small *o, const void *p, size_t n)
{
	bug_if(n > sizeof o->b - o->n);
	if (n)
		memcpy(o->b + o->n, p, n);
	o->n += n;
}

static void put_u8(struct small *o, uint8_t v)
{
	put(o, &v, 1);
}

static void put_varint(struct small *o, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		put_u8(o, (uint8_t)(v | 0x80));
	put_u8(o, (uint8_t)v);
}

static void put_zigzag(struct small *o, int64_t v)
{
	uint64_t u = (uint64_t)v << 1;
	put_varint(o, v < 0 ? ~u : u);
}

static void put_lp(struct small *o, const char *s, size_t n)
{
	put_varint(o, n);
	put(o, s, n);
}

/* ---- events ---- */

enum { FLAGS_KNOWN = 1 | 2 | 4 | 8 | 16 | 32 | FLAG_VOID, SUBJECT_FLAGS_KNOWN = 1 | 2 };
/* Of the table of acts and of subjects in docs/format/record.md. */
static bool act_known(uint8_t kind)
{
	return said_act(kind) != NULL;
}

static bool subject_known(uint8_t kind)
{
	return kind >= 1 && kind <= 10;
}

struct times {
	int64_t happened, recorded;
};

/* 2 x zigzag(ms / 1000) where that is whole, else 2 x zigzag(ms) + 1. */
static bool read_step_in_time(struct reader *r, int64_t *out)
{
	uint64_t v = reader_varint(r), z = v >> 1;
	int64_t d = (int64_t)(z >> 1) ^ -(int64_t)(z & 1);
	if (v & 1) {
		*out = d;
		return d % 1000 != 0;
	}
	return !__builtin_mul_overflow(d, 1000, out);
}

static bool read_step(struct work *w, struct verify_event *e, size_t *length)
{
	uint64_t v = reader_varint(&w->in);
	*length = 0;
	e->step = "";
	if (v >= STEP_FIRST_STRING) {
		e->step = use_string(w, v - STEP_FIRST_STRING, length);
		if (!e->step)
			return false;
		if (step_in_table(e->step))
			return refuse(w, VERIFY_FORMAT, "a step of the table written out");
	} else if (v) {
		e->step = step_by_number(v);
		if (!e->step)
			return refuse(w, VERIFY_VERSION, "a step of number %llu",
				      (unsigned long long)v);
		*length = strlen(e->step);
	}
	return true;
}

static bool read_kind(struct work *w, struct verify_event *e)
{
	uint8_t a = reader_u8(&w->in);
	e->role = a & 7;
	e->kind = 1;
	e->flags = a >> 3 & 3;
	if (a & 0xc0)
		return refuse(w, VERIFY_FORMAT, "an event's first byte");
	if (a & 0x20) {
		e->kind = reader_u8(&w->in);
		uint8_t more = reader_u8(&w->in);
		if (more > 63 || (e->kind == 1 && more == 0))
			return refuse(w, VERIFY_FORMAT, "an event's kind and flags");
		e->flags |= (uint8_t)(more << 2);
	}
	if (w->in.bad)
		return refuse(w, VERIFY_FORMAT, "cut in an event");
	if (e->role < ROLE_FIRST || e->role > ROLE_LAST)
		return refuse(w, VERIFY_VERSION, "an event of role %u", e->role);
	if (e->kind >= KINDS_THAT_ACT)
		return refuse(w, VERIFY_VERSION, "an act of kind %u", e->kind);
	w->r->newer = w->r->newer || !act_known(e->kind) || (e->flags & ~FLAGS_KNOWN);
	return true;
}

/* A void mark says which event before it is declared in error, and nothing else. */
static bool read_mark(struct work *w, struct verify_subject *s, struct verify_event *e)
{
	if (!(e->flags & FLAG_THAT_ACTS))
		return true;
	if (e->kind != 1 || e->flags != (FLAG_VOID | FLAG_ERROR))
		return refuse(w, VERIFY_VERSION, "an event of flags %u", e->flags);
	uint64_t number = (uint64_t)(e - s->events) + 1, before = reader_varint(&w->in);
	if (before < 1 || before >= number)
		return refuse(w, VERIFY_FORMAT, "a mark that voids no event before it");
	e->declares = number - before;
	s->events[e->declares - 1].declared_by = number;
	return true;
}

static bool mark_plain(const struct verify_event *e)
{
	return e->happened_ms == e->recorded_ms && !*e->step && !*e->where;
}

static bool read_times(struct work *w, struct verify_event *e, struct times *t, bool first)
{
	int64_t step;
	bool good = read_step_in_time(&w->in, &step) &&
		    !__builtin_add_overflow(t->happened, step, &e->happened_ms);
	uint64_t d = reader_varint(&w->in);
	good = good && d <= INT64_MAX &&
	       !(first ? __builtin_sub_overflow(t->recorded, (int64_t)d, &e->recorded_ms)
		       : __builtin_add_overflow(t->recorded, (int64_t)d, &e->recorded_ms));
	if (!good)
		return refuse(w, VERIFY_FORMAT, "an event's times");
	t->happened = e->happened_ms;
	t->recorded = e->recorded_ms;
	return true;
}

/* Reads one event and advances the history by it:
 * head(n) = SHA-256("argosy/history/1" || head(n-1) || digest || summary). */
static bool read_event(struct work *w, struct verify_subject *s, struct verify_event *e,
		       struct times *t, struct hash *head)
{
	size_t step, where, who;
	if (!read_kind(w, e) || !read_mark(w, s, e) || !read_times(w, e, t, e == s->events) ||
	    !read_step(w, e, &step))
		return false;
	e->where = read_reference(w, &where);
	e->who = e->where ? read_reference(w, &who) : NULL;
	if (!e->who)
		return false;
	if (e->declares && !mark_plain(e))
		return refuse(w, VERIFY_FORMAT, "a mark that says more than which event is void");
	e->part = true; /* all, unless a journey tells otherwise */
	struct slice digest = reader_bytes(&w->in, 32);
	if (w->in.bad)
		return refuse(w, VERIFY_FORMAT, "cut in an event");
	memcpy(e->digest, digest.p, 32);

	struct small o = {.n = 0};
	put_u8(&o, e->kind);
	put_u8(&o, e->flags);
	put_u8(&o, e->role);
	put_zigzag(&o, e->happened_ms);
	put_zigzag(&o, e->recorded_ms);
	put_lp(&o, e->step, step);
	put_lp(&o, e->where, where);
	put_lp(&o, e->who, who);
	if (e->declares)
		put_varint(&o, e->declares);
	struct hash next;
	h_parts(&next,
		(struct slice[]){SLICE_LIT("argosy/history/1"), slice(head->b, 32), digest,
				 slice(o.b, o.n)},
		4);
	*head = next;
	return true;
}

static bool read_events(struct work *w, struct verify_subject *s, const struct hash *want)
{
	uint64_t n = reader_varint(&w->in);
	/* Each takes 38 bytes at least, so a false count cannot make us take memory. */
	if (w->in.bad || n > EVENTS_MAX || n > reader_left(&w->in) / 38)
		return refuse(w, VERIFY_FORMAT, "%s: number of events", s->id);
	s->n_events = n;
	s->events = take_memory(w, (size_t)n * sizeof *s->events);
	if (!s->events)
		return false;
	struct hash head = {{0}};
	struct times t = {w->r->time_s * 1000, w->r->time_s * 1000 + w->r->time_ns / 1000000};
	for (size_t i = 0; i < s->n_events; i++)
		if (!read_event(w, s, &s->events[i], &t, &head))
			return false;
	if (!commits(&head, want))
		return refuse(w, VERIFY_HISTORY, "%s: %llu events are shown", s->id,
			      (unsigned long long)n);
	return true;
}

/* ---- subject ---- */

/* Reads the record's parts and gives the hash of the record as the state holds it. */
static bool read_record_of_state(struct work *w, struct verify_subject *s, struct hash *value)
{
	struct small o = {.n = 0}, rest = {.n = 0};
	struct reader *r = &w->in;
	struct hash head = reader_hash(r);
	uint64_t last = reader_varint(r);
	s->claims = reader_varint(r);
	put_varint(&rest, last);
	put_varint(&rest, s->claims);
	if (s->claims) {
		struct hash h = reader_hash(r);
		put(&rest, h.b, 32);
		put_varint(&rest, reader_varint(r));
	}
	s->kind = reader_u8(r);
	s->flags = reader_u8(r);
	if (!r->bad && (s->kind >= KINDS_THAT_ACT || s->flags & FLAG_THAT_ACTS))
		return refuse(w, VERIFY_VERSION, "%s: kind %u, flags %u", s->id, s->kind, s->flags);
	w->r->newer = w->r->newer || !subject_known(s->kind) || (s->flags & ~SUBJECT_FLAGS_KNOWN);
	put_u8(&rest, s->kind);
	put_u8(&rest, s->flags);
	const char **const texts[] = {&s->owner, &s->holder, &s->offered_to, &s->container};
	for (size_t i = 0; i < 4; i++) {
		size_t n;
		if (!(*texts[i] = read_reference(w, &n)))
			return false;
		put_lp(&rest, *texts[i], n);
	}
	for (size_t i = 0; i < 3; i++)
		put_varint(&rest, reader_varint(r));
	put_u8(&rest, reader_u8(r)); /* how high its contents are nested */
	if (r->bad)
		return refuse(w, VERIFY_FORMAT, "cut in subject %s", s->id);
	if (!read_events(w, s, &head))
		return false;
	put_u8(&o, 'S');
	put_u8(&o, 1);
	put_varint(&o, s->n_events);
	put(&o, head.b, 32);
	h_parts(value, (struct slice[]){slice(o.b, o.n), slice(rest.b, rest.n)}, 2);
	return true;
}

struct path {
	unsigned depth;
	struct slice map, siblings;
};

static bool read_path(struct work *w, struct path *p)
{
	p->depth = reader_u8(&w->in);
	p->map = reader_bytes(&w->in, (p->depth + 7) / 8);
	size_t set = 0;
	for (unsigned i = 0; i < p->map.n * 8; i++)
		if (p->map.p[i / 8] & (0x80u >> i % 8)) {
			if (i >= p->depth)
				return refuse(w, VERIFY_FORMAT, "spare bits in a path");
			set++;
		}
	p->siblings = reader_bytes(&w->in, set * 32);
	if (w->in.bad)
		return refuse(w, VERIFY_FORMAT, "cut in a path");
	static const uint8_t zero[32];
	for (size_t i = 0; i < set; i++)
		if (memcmp(p->siblings.p + i * 32, zero, 32) == 0)
			return refuse(w, VERIFY_FORMAT, "an empty sibling written out");
	return true;
}

static bool bit_of(const struct hash *h, unsigned i)
{
	return h->b[i / 8] >> (7 - i % 8) & 1;
}

/* From the leaf up: siblings stand root first; an empty one is 32 zero bytes. */
static void climb(struct hash *h, const struct path *p, const struct hash *key)
{
	const uint8_t *at = p->siblings.p + p->siblings.n;
	for (unsigned i = p->depth; i-- > 0;) {
		struct hash sibling = {{0}};
		if (p->map.p[i / 8] & (0x80u >> i % 8)) {
			at -= 32;
			memcpy(sibling.b, at, 32);
		}
		if (bit_of(key, i))
			h_node(h, &sibling, h);
		else
			h_node(h, h, &sibling);
	}
}

static bool shares_bits(const struct hash *a, const struct hash *b, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (bit_of(a, i) != bit_of(b, i))
			return false;
	return true;
}

static bool read_other(struct work *w, struct verify_subject *s, const struct path *p,
		       const struct hash *key, struct hash *leaf)
{
	struct hash other = reader_hash(&w->in), value = reader_hash(&w->in);
	if (w->in.bad)
		return refuse(w, VERIFY_FORMAT, "cut in subject %s", s->id);
	if (hash_eq(&other, key) || !shares_bits(&other, key, p->depth))
		return refuse(w, VERIFY_STATE, "%s: its absence is not shown", s->id);
	h_parts(leaf, (struct slice[]){SLICE_LIT("\0"), slice(other.b, 32), slice(value.b, 32)}, 3);
	return true;
}

/* The state root that follows from what is shown must be the same for all subjects. */
static bool meet_root(struct work *w, const struct hash *root, const char *id)
{
	if (!w->state_root_known) {
		w->state_root = *root;
		w->state_root_known = true;
		return true;
	}
	if (commits(root, &w->state_root))
		return true;
	return refuse(w, VERIFY_STATE, "%s: not of the same state as the others", id);
}

static bool read_subject(struct work *w, size_t i)
{
	struct verify_subject *s = &w->r->subjects[i];
	struct hash key, value, node = {{0}};
	struct path p = {.depth = 0};
	size_t id_n;
	s->owner = s->holder = s->offered_to = s->container = "";
	s->via = SIZE_MAX;
	uint64_t name = reader_varint(&w->in);
	s->id = use_string(w, name, &id_n);
	if (!s->id)
		return false;
	if (w->subject_of[name] != SIZE_MAX)
		return refuse(w, VERIFY_FORMAT, "%s stands twice", s->id);
	w->subject_of[name] = i;
	h_parts(&key, (struct slice[]){SLICE_LIT("s/"), slice(s->id, id_n)}, 2);
	uint8_t form = reader_u8(&w->in);
	if (w->in.bad)
		return refuse(w, VERIFY_FORMAT, "subject %s", s->id);
	if (form > 2)
		return refuse(w, VERIFY_VERSION, "%s: form %u", s->id, form);
	s->absent = form != 0;
	if (s->absent && w->r->n_subjects > 1)
		return refuse(w, VERIFY_FORMAT, "an absent subject beside others");
	if (!s->absent && !read_record_of_state(w, s, &value))
		return false;
	if (!read_path(w, &p))
		return false;
	if (form == 0)
		h_parts(&node,
			(struct slice[]){SLICE_LIT("\0"), slice(key.b, 32), slice(value.b, 32)}, 3);
	else if (form == 2 && !read_other(w, s, &p, &key, &node))
		return false;
	climb(&node, &p, &key);
	return meet_root(w, &node, s->id);
}

bool read_subjects(struct work *w)
{
	uint64_t n = reader_varint(&w->in);
	if (w->in.bad || n < 1)
		return refuse(w, VERIFY_FORMAT, "no subject");
	if (n > SUBJECTS_MAX)
		return refuse(w, VERIFY_LIMIT, "%llu subjects", (unsigned long long)n);
	w->r->n_subjects = (size_t)n;
	w->r->subjects = take_memory(w, (size_t)n * sizeof *w->r->subjects);
	if (!w->r->subjects)
		return false;
	for (size_t i = 0; i < w->r->n_subjects; i++)
		if (!read_subject(w, i))
			return false;
	return true;
}
