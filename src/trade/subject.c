/*
 * The layouts are in docs/format/record.md. Decoders here read what this
 * program wrote (state, log), so a false is damage, not bad manners.
 */
#include "trade/subject.h"

#include "crypto/sha256.h"

enum { SUBJECT_VERSION = 1, RECORD_VERSION = 1 };

static void put_hash(struct buf *b, const struct hash *h)
{
	buf_put(b, h->b, 32);
}

/* ---- subject ---- */

void subject_encode(struct buf *b, const struct subject *s)
{
	buf_put_u8(b, 'S');
	buf_put_u8(b, SUBJECT_VERSION);
	buf_put_varint(b, s->count);
	put_hash(b, &s->head);
	buf_put_varint(b, s->last1);
	buf_put_varint(b, s->claims);
	if (s->claims) {
		put_hash(b, &s->claims_head);
		buf_put_varint(b, s->claims_last1);
	}
	buf_put_u8(b, (uint8_t)s->kind);
	buf_put_u8(b, s->flags);
	buf_put_lp(b, s->owner);
	buf_put_lp(b, s->holder);
	buf_put_lp(b, s->offered_to);
	buf_put_lp(b, s->container);
	buf_put_varint(b, s->container_since1);
	buf_put_varint(b, s->slot);
	buf_put_varint(b, s->children);
	buf_put_u8(b, s->height);
}

bool subject_decode(struct subject *s, struct slice value)
{
	struct reader r = reader_of(value);
	*s = (struct subject){0};
	if (reader_u8(&r) != 'S' || reader_u8(&r) != SUBJECT_VERSION)
		return false;
	s->count = reader_varint(&r);
	s->head = reader_hash(&r);
	s->last1 = reader_varint(&r);
	s->claims = reader_varint(&r);
	if (s->claims) {
		s->claims_head = reader_hash(&r);
		s->claims_last1 = reader_varint(&r);
	}
	unsigned kind = reader_u8(&r);
	if (kind < SUBJECT_ITEM || kind > SUBJECT_OTHER)
		return false;
	s->kind = (enum subject_kind)kind;
	s->flags = reader_u8(&r);
	s->owner = reader_lp(&r);
	s->holder = reader_lp(&r);
	s->offered_to = reader_lp(&r);
	s->container = reader_lp(&r);
	s->container_since1 = reader_varint(&r);
	s->slot = reader_varint(&r);
	s->children = reader_varint(&r);
	s->height = reader_u8(&r);
	return !r.bad && reader_left(&r) == 0;
}

/* ---- summary and history ---- */

struct summary summary_void(enum subject_role role, uint64_t voided, int64_t recorded_ms,
			    struct slice who)
{
	return (struct summary){
		.kind = 1, /* an event: only events are declared in error */
		.flags = SUMMARY_ERROR | SUMMARY_VOID,
		.role = (uint8_t)role,
		.happened_ms = recorded_ms,
		.recorded_ms = recorded_ms,
		.who = who,
		.voided = voided,
	};
}

void summary_encode(struct buf *b, const struct summary *s)
{
	buf_put_u8(b, s->kind);
	buf_put_u8(b, s->flags);
	buf_put_u8(b, s->role);
	buf_put_zigzag(b, s->happened_ms);
	buf_put_zigzag(b, s->recorded_ms);
	buf_put_lp(b, s->step);
	buf_put_lp(b, s->where);
	buf_put_lp(b, s->who);
	if (s->flags & SUMMARY_VOID)
		buf_put_varint(b, s->voided);
}

bool summary_decode(struct summary *s, struct slice bytes)
{
	struct reader r = reader_of(bytes);
	*s = (struct summary){0};
	s->kind = reader_u8(&r);
	s->flags = reader_u8(&r);
	s->role = reader_u8(&r);
	s->happened_ms = reader_zigzag(&r);
	s->recorded_ms = reader_zigzag(&r);
	s->step = reader_lp(&r);
	s->where = reader_lp(&r);
	s->who = reader_lp(&r);
	if (s->flags & SUMMARY_VOID)
		s->voided = reader_varint(&r);
	return !r.bad && reader_left(&r) == 0;
}

void history_advance(struct hash *head, bool claims, const struct hash *digest,
		     struct slice summary)
{
	struct slice parts[4] = {
		claims ? SLICE_LIT("argosy/claims/1") : SLICE_LIT("argosy/history/1"),
		slice(head->b, 32),
		slice(digest->b, 32),
		summary,
	};
	struct hash next;
	sha256_parts(&next, parts, 4);
	*head = next;
}

/* ---- record ---- */

void record_encode(struct buf *b, const struct record *r)
{
	buf_put_u8(b, 'R');
	buf_put_u8(b, RECORD_VERSION);
	buf_put_varint(b, r->height);
	buf_put_zigzag(b, r->time_ms);
	buf_put_varint(b, r->tx_index);
	buf_put_varint(b, r->action_index);
	buf_put_lp(b, r->member);
	buf_put(b, r->key, sizeof r->key);
	buf_put(b, r->tx_id, sizeof r->tx_id);
	buf_put_u8(b, r->kind);
	put_hash(b, &r->event_hash);
	buf_put_varint(b, r->n_subjects);
	for (size_t i = 0; i < r->n_subjects; i++) {
		const struct record_subject *s = &r->subjects[i];
		buf_put_u8(b, (uint8_t)s->role);
		buf_put_u8(b, (uint8_t)s->mode);
		buf_put_lp(b, s->id);
		buf_put_varint(b, s->number);
		buf_put_varint(b, s->prev1);
		if (mode_is_void(s->mode))
			buf_put_varint(b, s->voided);
	}
	buf_put_lp(b, r->action);
}

static bool record_subject_decode(struct record_subject *s, struct reader *r)
{
	unsigned role = reader_u8(r), mode = reader_u8(r);
	if (role < ROLE_WHAT || role > ROLE_ABOUT || mode > MODE_VOID_CLAIM)
		return false;
	s->role = (enum subject_role)role;
	s->mode = (enum record_mode)mode;
	s->id = reader_lp(r);
	s->number = reader_varint(r);
	s->prev1 = reader_varint(r);
	s->voided = 0;
	if (!mode_is_void(s->mode))
		return !r->bad && s->number > 0;
	s->voided = reader_varint(r);
	return !r->bad && s->voided > 0 && s->voided < s->number;
}

enum err record_decode(struct record *r, struct arena *a, struct slice bytes)
{
	struct reader in = reader_of(bytes);
	*r = (struct record){0};
	if (reader_u8(&in) != 'R' || reader_u8(&in) != RECORD_VERSION)
		return ERR_CORRUPT;
	r->height = reader_varint(&in);
	r->time_ms = reader_zigzag(&in);
	r->tx_index = reader_varint(&in);
	r->action_index = reader_varint(&in);
	r->member = reader_lp(&in);
	struct slice key = reader_bytes(&in, sizeof r->key);
	struct slice id = reader_bytes(&in, sizeof r->tx_id);
	r->kind = reader_u8(&in);
	r->event_hash = reader_hash(&in);
	uint64_t n = reader_varint(&in);
	if (in.bad || n > RECORD_SUBJECTS_MAX)
		return ERR_CORRUPT;
	memcpy(r->key, key.p, key.n);
	memcpy(r->tx_id, id.p, id.n);
	r->n_subjects = (size_t)n;
	if (n && !(r->subjects = arena_alloc(a, r->n_subjects * sizeof *r->subjects)))
		return ERR_NOMEM;
	for (size_t i = 0; i < r->n_subjects; i++)
		if (!record_subject_decode(&r->subjects[i], &in))
			return ERR_CORRUPT;
	r->action = reader_lp(&in);
	return in.bad || reader_left(&in) ? ERR_CORRUPT : ERR_OK;
}
