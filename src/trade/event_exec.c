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

/* ---- error declarations ---- */

/*
 * The subjects of an event that is declared void: the declaration stands in
 * the history of each, in the same mode, whether it names them or not.
 */
static enum err declare_subjects(struct act *a, const struct record *first)
{
	struct line *l;
	for (size_t i = 0; i < a->p->n_subjects; i++) {
		TRY(act_line(a, &l, a->p->subjects[i].id));
		l->named = true;
	}
	for (size_t i = 0; i < first->n_subjects; i++) {
		const struct record_subject *s = &first->subjects[i];
		struct slice id;
		TRY(act_copy(a, &id, s->id));
		TRY(act_line(a, &l, id));
		act_list(a, l, s->role,
			 s->mode == MODE_CLAIM ? MODE_CLAIM
			 : l->named	       ? MODE_HISTORY
					       : MODE_UNNAMED,
			 0);
	}
	return ERR_OK;
}

static enum err record_at(struct act *a, struct record *r, struct buf *bytes, uint64_t index)
{
	buf_clear(bytes);
	TRY(exec_read_record(a->x, bytes, index));
	return record_decode(r, a->x->arena, buf_slice(bytes));
}

/* Voids the event that `id` tells of. *again: this very declaration was the last
 * word on it. Another may follow: "with another hash it is refused, unless it
 * declares an error". */
static enum err declare_in(struct act *a, struct event_identity *id, bool *again, struct buf *bytes)
{
	struct record r;
	if (id->declared1) {
		TRY(record_at(a, &r, bytes, id->declared1 - 1));
		*again = slice_eq(r.member, a->sender) && slice_eq(r.action, a->p->bytes);
		if (*again)
			return ERR_OK;
	}
	TRY(record_at(a, &r, bytes, id->index));
	if (!slice_eq(r.member, a->sender))
		return act_refuse(a, VERDICT_NOT_AUTHORISED, "/errorDeclaration", slice(NULL, 0),
				  "only the member who recorded an event may declare it in error");
	return declare_subjects(a, &r);
}

static enum err declare(struct act *a, struct event_identity *id, bool *again)
{
	struct buf bytes = BUF_INIT;
	enum err e = declare_in(a, id, again, &bytes);
	buf_fini(&bytes);
	return e;
}

/* *done: the event is recorded already. `id` is what is to be put when this one is. */
static enum err identify(struct act *a, struct event_identity *id, bool *done)
{
	bool found;
	*done = false;
	if (!a->p->has_event_id)
		return ERR_OK;
	TRY(event_identity_get(a->x, &found, id, &a->p->event_id_hash));
	if (found && a->p->declares_error) {
		STEP(declare(a, id, done));
		if (*done)
			return ERR_OK;
		id->flags |= EVENT_VOIDED;
		id->declared1 = exec_next_index(a->x) + 1;
		return ERR_OK;
	}
	if (found) {
		*done = hash_eq(&id->event_hash, &a->p->event_hash);
		return *done ? ERR_OK
			     : act_refuse(a, VERDICT_EVENT_CONFLICT, "/eventID",
					  slice_str(event_of(a)->event_id),
					  "recorded with another content");
	}
	*id = (struct event_identity){
		.index = exec_next_index(a->x),
		.event_hash = a->p->event_hash,
	};
	/* One that declares an event in error that is not here is void by itself. */
	if (a->p->declares_error) {
		id->flags = EVENT_VOIDED;
		id->declared1 = id->index + 1;
	}
	return ERR_OK;
}

/* ---- what an event changes ---- */

/* "Would put a container inside itself": is a child the container, or around it? */
static enum err check_cycle(struct act *a, struct line *parent)
{
	struct line *around[SUBJECT_DEPTH_MAX + 1];
	unsigned n = 0;
	struct line *l = parent;
	for (;;) {
		around[n++] = l;
		if (l->s.container.n == 0)
			break;
		if (n == SUBJECT_DEPTH_MAX)
			return act_refuse(a, VERDICT_STATE, "/parentID", parent->id,
					  "would nest deeper than 16");
		TRY(act_line(a, &l, l->s.container));
	}
	for (size_t i = 0; i < a->n_lines; i++) {
		struct line *c = a->lines[i];
		if (!c->listed || c->role != ROLE_CHILD)
			continue;
		for (unsigned j = 0; j < n; j++)
			if (around[j] == c)
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
	STEP(check_cycle(a, parent));
	for (size_t i = 0; i < a->p->n_subjects; i++) {
		const struct prepared_subject *ps = &a->p->subjects[i];
		struct line *child;
		if (ps->role != ROLE_CHILD || ps->partial)
			continue;
		TRY(named_line(a, &child, i));
		STEP(contents_add(a, parent, child));
	}
	return ERR_OK;
}

static enum err unpack(struct act *a, struct line *parent)
{
	struct slice holder;
	STEP(act_holder(a, &holder, NULL, parent));
	if (a->p->unpacks_all)
		return contents_clear(a, parent, holder);
	for (size_t i = 0; i < a->p->n_subjects; i++) {
		const struct prepared_subject *ps = &a->p->subjects[i];
		struct line *child;
		if (ps->role != ROLE_CHILD || ps->partial)
			continue;
		TRY(named_line(a, &child, i));
		if (slice_eq(child->s.container, parent->id))
			TRY(contents_remove(a, parent, child, holder));
	}
	return ERR_OK;
}

static enum err contain(struct act *a, const event_t *e)
{
	struct line *parent = NULL;
	for (size_t i = 0; i < a->p->n_subjects && !parent; i++)
		if (a->p->subjects[i].role == ROLE_PARENT && !a->p->subjects[i].partial)
			TRY(named_line(a, &parent, i));
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
		TRY(named_line(a, &l, i));
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
		TRY(live(a, ROLE_INPUT, true));
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
	bool done;
	STEP(identify(a, &id, &done));
	if (done)
		return ERR_OK;
	for (size_t i = 0; i < a->p->n_subjects; i++) {
		struct line *l;
		TRY(act_line(a, &l, a->p->subjects[i].id));
		if (!l->listed) /* by the event that this one declares void */
			STEP(act_judge(a, &l, &a->p->subjects[i]));
	}
	if (!a->p->declares_error)
		STEP(effects(a));
	STEP(act_finish(a));
	return a->p->has_event_id ? event_identity_put(a->x, &id, &a->p->event_id_hash) : ERR_OK;
}
