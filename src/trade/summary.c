/*
 * A summary is never stored: it follows from the record and, for "taken in",
 * from the subject. This must give what act_finish hashed.
 */
#include "trade/trade.h"

#include "data/codes.h"
#include "trade/prepared.h"

static enum err canonical(struct slice *out, struct arena *a, const char *text)
{
	struct gs1_id id;
	*out = slice(NULL, 0);
	if (!*text)
		return ERR_OK;
	TRY(gs1_parse(&id, NULL, slice_str(text)));
	uint8_t *p = arena_copy(a, id.canon, id.canon_len);
	*out = slice(p, id.canon_len);
	return p ? ERR_OK : ERR_NOMEM;
}

static enum err of_event(struct summary *s, struct arena *a, const event_t *e)
{
	const char *where = e->biz_location ? e->biz_location->id
			    : e->read_point ? e->read_point->id
					    : "";
	if (!time_parse(&s->happened_ms, slice_str(e->event_time)))
		return ERR_CORRUPT;
	s->step = slice_str(e->biz_step);
	s->flags |= event_summary_flags(e);
	return canonical(&s->where, a, where);
}

enum err record_open(struct summary *base, const Argosy__V1__Action **action, struct arena *a,
		     const struct record *r)
{
	ProtobufCAllocator alloc = wire_allocator(a);
	const Argosy__V1__Action *act =
		argosy__v1__action__unpack(&alloc, r->action.n, r->action.p);
	if (!act || (unsigned)act->act_case != r->kind)
		return ERR_CORRUPT;
	*action = act;
	*base = (struct summary){
		.kind = r->kind,
		.happened_ms = r->time_ms,
		.recorded_ms = r->time_ms,
		.who = r->member,
	};
	if (r->kind == ACT_EVENT)
		return of_event(base, a, act->event);
	base->step = slice_str(act_name(r->kind));
	if (r->kind == ACT_OFFER_CUSTODY)
		return canonical(&base->where, a, act->offer_custody->location);
	if (r->kind == ACT_ACCEPT_CUSTODY)
		return canonical(&base->where, a, act->accept_custody->location);
	return ERR_OK;
}

struct summary record_summary_for(const struct summary *base, const struct record_subject *rs,
				  uint8_t flags)
{
	if (mode_is_void(rs->mode))
		return summary_void(rs->role, rs->voided, base->recorded_ms, base->who);
	struct summary s = *base;
	s.role = (uint8_t)rs->role;
	if (rs->mode == MODE_UNNAMED)
		s.flags |= SUMMARY_UNNAMED;
	if (rs->mode == MODE_HISTORY && rs->number == 1 && (flags & SUBJECT_TAKEN_IN))
		s.flags |= SUMMARY_TAKEN_IN;
	return s;
}

enum err record_summary(struct summary *s, struct arena *a, const struct record *r,
			const struct record_subject *rs, uint8_t flags,
			const Argosy__V1__Action **action)
{
	const Argosy__V1__Action *act;
	struct summary base;
	TRY(record_open(&base, &act, a, r));
	if (action)
		*action = act;
	*s = record_summary_for(&base, rs, flags);
	return ERR_OK;
}
