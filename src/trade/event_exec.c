/*
 * An event: who may say it (authority.c), what it changes (contents.c), and
 * whether it was said before (identity.c).
 *
 * A physical contradiction is not refused: the goods are where they are seen.
 * A thing packed twice has moved; a thing unpacked from where it was not stays
 * where it was.
 */
#include "trade/act.h"
#include "trade/identity.h"

#include "data/event.h"

static const event_t *event_of(const struct act *a)
{
	return a->p->action->event;
}

/* ---- who said what before ---- */

/*
 * The event is declared void: the history of each of its subjects gets a mark that says which
 * entry that is, and so do the claims where the event was a claim. Whoever holds the goods
 * now: the mark says nothing of them, and there is one for each event.
 */
static enum err void_marks(struct act *a, const struct record *first)
{
	for (size_t i = 0; i < first->n_subjects; i++) {
		const struct record_subject *s = &first->subjects[i];
		struct slice id;
		struct line *l;
		if (mode_is_void(s->mode))
			continue; /* it was a declaration itself, of another event */
		TRY(act_copy(a, &id, s->id));
		STEP(act_line(a, &l, id));
		act_mark(l, s);
	}
	return ERR_OK;
}

static enum err void_event(struct act *a, const struct event_identity *id)
{
	struct buf bytes = BUF_INIT;
	struct record first;
	enum err e = exec_read_record(a->x, &bytes, id->index);
	if (e == ERR_OK)
		e = record_decode(&first, a->x->arena, buf_slice(&bytes));
	if (e == ERR_OK)
		e = void_marks(a, &first);
	buf_fini(&bytes);
	return e;
}

/* *known: there is nothing to record. `id` is what is to be put when this one is. */
static enum err identify(struct act *a, struct event_identity *id, bool *known)
{
	bool found;
	*known = false;
	TRY(event_identity_get(a->x, &found, id, &a->p->identity));
	if (!found) {
		*id = (struct event_identity){
			.index = exec_next_index(a->x),
			.event_hash = a->p->event_hash,
		};
	} else if (!a->p->declares_error) {
		*known = hash_eq(&id->event_hash, &a->p->event_hash);
		return *known ? ERR_OK
			      : act_refuse(a, VERDICT_EVENT_CONFLICT, "/eventID",
					   slice_str(event_of(a)->event_id),
					   "recorded by this member with another content");
	} else if (id->declared1) {
		*known = hash_eq(&id->declaration, &a->p->declaration);
		return *known ? ERR_OK
			      : act_refuse(a, VERDICT_EXISTS, "/errorDeclaration", slice(NULL, 0),
					   "this event is declared in error already");
	} else {
		STEP(void_event(a, id));
	}
	/* One that declares an event in error that is not here is void by itself. */
	if (a->p->declares_error) {
		id->declared1 = exec_next_index(a->x) + 1;
		id->declaration = a->p->declaration;
	}
	return ERR_OK;
}

/* ---- what an event changes ---- */

/* "Would put a container inside itself": is a child the container, or around it? `around`:
 * how many containers the parent lies in. */
static enum err check_cycle(struct act *a, unsigned *around, struct line *parent)
{
	struct line *path[SUBJECT_DEPTH_MAX + 1];
	unsigned n = 0;
	struct line *l = parent;
	for (;;) {
		path[n++] = l;
		if (l->s.container.n == 0)
			break;
		if (n == SUBJECT_DEPTH_MAX)
			return act_refuse(a, VERDICT_STATE, "/parentID", parent->id,
					  "would nest deeper than 16");
		STEP(act_line(a, &l, l->s.container));
	}
	*around = n - 1;
	for (size_t i = 0; i < a->n_lines; i++) {
		struct line *c = a->lines[i];
		if (!c->listed || c->role != ROLE_CHILD)
			continue;
		for (unsigned j = 0; j < n; j++)
			if (path[j] == c)
				return act_refuse(a, VERDICT_CYCLE, "/childEPCs", c->id,
						  "the container is inside it");
	}
	return ERR_OK;
}

/* The n-th subject's line; judged, so it is loaded. */
static enum err named_line(struct act *a, struct line **l, size_t n)
{
	return act_line(a, l, a->p->subjects[n].id);
}

static enum err pack(struct act *a, struct line *parent)
{
	unsigned around = 0;
	STEP(check_cycle(a, &around, parent));
	for (size_t i = 0; i < a->p->n_subjects; i++) {
		const struct prepared_subject *ps = &a->p->subjects[i];
		struct line *child;
		if (ps->role != ROLE_CHILD || ps->partial)
			continue;
		STEP(named_line(a, &child, i));
		/* Who nests deeper would shut out everybody: no holder could be found. */
		if (around + 1 + child->s.height > SUBJECT_DEPTH_MAX)
			return act_refuse(a, VERDICT_STATE, "/childEPCs", child->id,
					  "would nest deeper than 16");
		STEP(contents_add(a, parent, child));
	}
	return ERR_OK;
}

static enum err unpack(struct act *a, struct line *parent)
{
	struct slice holder;
	STEP(contents_holder(a, &holder, parent));
	if (a->p->unpacks_all)
		return contents_clear(a, parent, holder);
	for (size_t i = 0; i < a->p->n_subjects; i++) {
		const struct prepared_subject *ps = &a->p->subjects[i];
		struct line *child;
		if (ps->role != ROLE_CHILD || ps->partial)
			continue;
		STEP(named_line(a, &child, i));
		/* Refused in the middle of it (over a bound) the container is half done. */
		if (slice_eq(child->s.container, parent->id))
			STEP(contents_remove(a, parent, child, holder));
	}
	return ERR_OK;
}

static enum err contain(struct act *a, const event_t *e)
{
	struct line *parent = NULL;
	for (size_t i = 0; i < a->p->n_subjects && !parent; i++)
		if (a->p->subjects[i].role == ROLE_PARENT && !a->p->subjects[i].partial)
			STEP(named_line(a, &parent, i));
	if (!parent)
		return ERR_OK;
	if (e->action == ARGOSY__V1__EVENT_ACTION__EVENT_ACTION_ADD)
		return pack(a, parent);
	if (e->action == ARGOSY__V1__EVENT_ACTION__EVENT_ACTION_DELETE)
		return unpack(a, parent);
	return ERR_OK;
}

/* Things (not quantities) in that role come into being, or end. */
static enum err live(struct act *a, enum subject_role role, bool ends)
{
	for (size_t i = 0; i < a->p->n_subjects; i++) {
		const struct prepared_subject *ps = &a->p->subjects[i];
		struct line *l;
		if (ps->role != role || ps->partial)
			continue;
		STEP(named_line(a, &l, i));
		l->s.flags = (uint8_t)(ends ? l->s.flags | SUBJECT_DECOMMISSIONED
					    : l->s.flags & ~SUBJECT_DECOMMISSIONED);
	}
	return ERR_OK;
}

static enum err effects(struct act *a)
{
	const event_t *e = event_of(a);
	switch (e->type) {
	case ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_OBJECT:
		if (e->action == ARGOSY__V1__EVENT_ACTION__EVENT_ACTION_ADD ||
		    e->action == ARGOSY__V1__EVENT_ACTION__EVENT_ACTION_DELETE)
			return live(a, ROLE_WHAT,
				    e->action == ARGOSY__V1__EVENT_ACTION__EVENT_ACTION_DELETE);
		return ERR_OK;
	case ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_AGGREGATION:
	case ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_ASSOCIATION:
		return contain(a, e);
	case ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_TRANSFORMATION:
		STEP(live(a, ROLE_INPUT, true));
		return live(a, ROLE_OUTPUT, false);
	case ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_TRANSACTION:
	case ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_EXTENDED:
	case ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_UNSPECIFIED:
	case _ARGOSY__V1__EVENT_TYPE_IS_INT_SIZE:
		break;
	}
	return ERR_OK;
}

enum err event_execute(struct act *a)
{
	struct event_identity id;
	bool known;
	STEP(identify(a, &id, &known));
	if (known)
		return ERR_OK;
	for (size_t i = 0; i < a->p->n_subjects; i++) {
		struct line *l;
		STEP(act_judge(a, &l, &a->p->subjects[i]));
	}
	if (!a->p->declares_error)
		STEP(effects(a));
	STEP(act_finish(a));
	return event_identity_put(a->x, &id, &a->p->identity);
}
