/*
 * act_finish: how an act ends: its record into the log, and each line's new head into the state.
 */
#include "trade/act.h"

#include "crypto/sha256.h"
#include "journal/mlog.h"

/* Room for the largest subject: four names, a container's id, numbers. */
enum { SUBJECT_BYTES_MAX = SUBJECT_ID_MAX + 4 * (MEMBER_ID_MAX + 1) + 200 };
/* Numbers and names of a summary beside step and where. */
enum { SUMMARY_FIXED_MAX = 3 + 20 + 10 + MEMBER_ID_MAX + 1 + 10 };

/* One line's place in the record, in its history or among its claims. */
static struct record_subject listing(const struct line *l, enum subject_role role,
				     enum record_mode mode, uint64_t voided)
{
	bool claim = mode_is_claim(mode);
	return (struct record_subject){
		.role = role,
		.mode = mode,
		.id = l->id,
		.number = 1 + (claim ? l->s.claims : l->s.count),
		.prev1 = claim ? l->s.claims_last1 : l->s.last1,
		.voided = voided,
	};
}

static enum err record_subjects(struct act *a, struct record *r, size_t *room)
{
	size_t n = 0;
	for (size_t i = 0; i < a->n_lines; i++)
		n += (a->lines[i]->listed ? 1u : 0) + (a->lines[i]->voided ? 1u : 0);
	if (n > RECORD_SUBJECTS_MAX)
		return act_refuse(a, VERDICT_TOO_LARGE, "", slice(NULL, 0), "touches too many subjects");
	r->subjects = arena_alloc(a->x->arena, n * sizeof *r->subjects);
	if (!r->subjects)
		return ERR_NOMEM;
	for (size_t i = 0; i < a->n_lines; i++) {
		struct line *l = a->lines[i];
		if (l->voided)
			r->subjects[r->n_subjects++] = listing(l, l->void_role, l->void_mode, l->voided);
		if (l->listed)
			r->subjects[r->n_subjects++] = listing(l, l->role, l->mode, 0);
		*room += 2 * (l->id.n + 48);
	}
	return ERR_OK;
}

static enum err record_write(struct act *a, struct hash *digest)
{
	struct exec *x = a->x;
	struct record r = {
		.height = (uint64_t)x->height,
		.time_ms = x->time_ms,
		.tx_index = x->tx_index,
		.action_index = x->action_index,
		.member = a->sender,
		.kind = (uint8_t)a->p->kind,
		.event_hash = a->p->event_hash,
		.action = a->p->bytes,
	};
	memcpy(r.key, a->tx->signatures[0].key, sizeof r.key);
	memcpy(r.tx_id, a->tx->id, sizeof r.tx_id);
	size_t room = 256 + a->p->bytes.n;
	STEP(record_subjects(a, &r, &room));
	uint8_t *bytes = arena_alloc(x->arena, room);
	struct buf b = buf_over(bytes, room);
	if (!bytes)
		return ERR_NOMEM;
	record_encode(&b, &r);
	bug_if(b.failed);
	/* Its identifiers stand there twice: in the act and in the list of what it touches. */
	if (b.n > MLOG_RECORD_MAX)
		return act_refuse(a, VERDICT_TOO_LARGE, "", slice(NULL, 0),
				  "its record would have more than 1 MiB: say it in several");
	uint64_t index;
	TRY(exec_record(x, &index, digest, buf_slice(&b)));
	a->recorded1 = index + 1;
	return ERR_OK;
}

static enum err line_write(struct act *a, struct line *l)
{
	uint8_t room[SUBJECT_BYTES_MAX];
	struct state_key k;
	struct buf b = buf_over(room, sizeof room);
	subject_encode(&b, &l->s);
	bug_if(b.failed);
	return exec_put_touched(a->x, key_make(&k, "s/", l->id), buf_slice(&b));
}

static void chain_advance(struct act *a, struct line *l, bool claim, const struct hash *digest,
			  const struct summary *sum, struct buf *scratch)
{
	buf_clear(scratch);
	summary_encode(scratch, sum);
	bug_if(scratch->failed);
	history_advance(claim ? &l->s.claims_head : &l->s.head, claim, digest, buf_slice(scratch));
	if (claim) {
		l->s.claims++;
		l->s.claims_last1 = a->recorded1;
	} else {
		l->s.count++;
		l->s.last1 = a->recorded1;
	}
}

/* In the order of the record: the mark, then what is said besides. */
static void line_advance(struct act *a, struct line *l, const struct hash *digest,
			 struct summary *sum, struct buf *scratch)
{
	if (l->voided) {
		struct summary mark =
			summary_void(l->void_role, l->voided, a->x->time_ms, a->sender);
		chain_advance(a, l, mode_is_claim(l->void_mode), digest, &mark, scratch);
	}
	if (l->listed) {
		sum->role = (uint8_t)l->role;
		sum->flags = a->p->summary_flags | l->flags;
		chain_advance(a, l, mode_is_claim(l->mode), digest, sum, scratch);
	}
}

enum err act_finish(struct act *a)
{
	struct hash digest;
	STEP(contents_flush(a));
	STEP(record_write(a, &digest));
	struct summary sum = {
		.kind = (uint8_t)a->p->kind,
		.happened_ms = a->p->kind == ACT_EVENT ? a->p->happened_ms : a->x->time_ms,
		.recorded_ms = a->x->time_ms,
		.step = a->p->step,
		.where = a->p->where,
		.who = a->sender,
	};
	size_t room = SUMMARY_FIXED_MAX + sum.step.n + sum.where.n + 20;
	uint8_t *bytes = arena_alloc(a->x->arena, room);
	struct buf scratch = buf_over(bytes, room);
	if (!bytes)
		return ERR_NOMEM;
	for (size_t i = 0; i < a->n_lines; i++) {
		struct line *l = a->lines[i];
		line_advance(a, l, &digest, &sum, &scratch);
		if (l->dirty)
			TRY(line_write(a, l));
	}
	return ERR_OK;
}
