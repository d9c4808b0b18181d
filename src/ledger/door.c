/*
 * door: what a transaction must pass before the application sees it.
 *
 * The same checks run twice: when it is submitted, on the last commit
 * (ledger_check), and when its block is executed, on what is staged. Only the
 * second counts; the first spares the block what would be refused anyway.
 */
#include "ledger/inner.h"

#include "ledger/member.h"

#include <stdio.h>

enum verdict door_say(struct verdict_text *t, enum verdict v, const char *field)
{
	return verdict_set(t, v, field, "%s", verdict_en(v));
}

/* ---- senders that were let through at this very state ---- */

static struct sender *place_of(struct senders *s, const struct tx *tx)
{
	return &s->at[tx->signatures[0].key[0] % SENDERS_KEPT];
}

static bool sender_known(struct view *w, struct sender *out, const struct tx *tx)
{
	struct ledger *l = w->x ? w->x->ledger : w->ledger;
	if (w->x && w->x->trial)
		return false;
	if (w->x) {
		*out = *place_of(&l->staged_senders, tx);
	} else {
		pthread_mutex_lock(&l->senders_lock);
		*out = *place_of(&l->senders, tx);
		if (l->senders_height != state_read_height(w->read))
			out->member_n = 0;
		pthread_mutex_unlock(&l->senders_lock);
	}
	return out->member_n && memcmp(out->key, tx->signatures[0].key, 32) == 0 &&
	       slice_eq(slice(out->member, out->member_n), tx->member);
}

static void sender_keep(struct view *w, const struct sender *s, const struct tx *tx)
{
	struct ledger *l = w->x ? w->x->ledger : w->ledger;
	if (w->x && w->x->trial)
		return;
	if (w->x) {
		*place_of(&l->staged_senders, tx) = *s;
		return;
	}
	pthread_mutex_lock(&l->senders_lock);
	if (l->senders_height != state_read_height(w->read)) {
		l->senders = (struct senders){0};
		l->senders_height = state_read_height(w->read);
	}
	*place_of(&l->senders, tx) = *s;
	pthread_mutex_unlock(&l->senders_lock);
}

/* ---- the checks ---- */

/* Is signature n's key in force? Then *k is that key; it borrows from the view. */
static enum err key_check(struct view *w, enum verdict *v, struct member_key *k,
			  const struct tx *tx, unsigned n, int64_t time_ms, struct verdict_text *t)
{
	uint8_t key[2 + 32];
	char field[32];
	struct slice value;
	bool found;
	snprintf(field, sizeof field, "/signatures/%u", n);
	memcpy(key, "k/", 2);
	memcpy(key + 2, tx->signatures[n].key, 32);
	TRY(view_get(w, &found, &value, slice(key, sizeof key)));
	if (!found)
		*v = door_say(t, VERDICT_UNKNOWN_KEY, field);
	else if (!member_key_decode(k, value))
		return ERR_CORRUPT;
	else if (n == 0 && !slice_eq(k->member, tx->member))
		*v = door_say(t, VERDICT_UNKNOWN_KEY, "/body/member");
	else if (k->revoked_height || (k->retire_at_ms && time_ms >= k->retire_at_ms))
		*v = door_say(t, VERDICT_KEY_REVOKED, field);
	return ERR_OK;
}

static enum err member_check(struct view *w, enum verdict *v, struct member *m, struct slice id,
			     bool rescue, const char *field, struct verdict_text *t)
{
	uint8_t key[2 + MEMBER_ID_MAX];
	struct slice value;
	bool found;
	bug_if(id.n > MEMBER_ID_MAX);
	memcpy(key, "m/", 2);
	memcpy(key + 2, id.p, id.n);
	TRY(view_get(w, &found, &value, slice(key, 2 + id.n)));
	if (!found)
		*v = door_say(t, VERDICT_UNKNOWN_MEMBER, field);
	else if (!member_decode(m, value))
		return ERR_CORRUPT;
	else if (m->status != MEMBER_ACTIVE && !rescue)
		*v = door_say(t, VERDICT_MEMBER_SUSPENDED, field);
	return ERR_OK;
}

static enum err first_signature(struct view *w, enum verdict *v, uint64_t *quota,
				const struct tx *tx, int64_t time_ms, struct verdict_text *t)
{
	struct sender s;
	struct member_key k;
	struct member m;
	if (sender_known(w, &s, tx) && !(s.retire_at_ms && time_ms >= s.retire_at_ms)) {
		*quota = s.quota;
		return ERR_OK;
	}
	TRY(key_check(w, v, &k, tx, 0, time_ms, t));
	if (*v != VERDICT_OK)
		return ERR_OK;
	s = (struct sender){.retire_at_ms = k.retire_at_ms};
	TRY(member_check(w, v, &m, tx->member, tx->rescue, "/body/member", t));
	if (*v != VERDICT_OK)
		return ERR_OK;
	*quota = s.quota = m.quota_units_per_hour;
	if (m.status != MEMBER_ACTIVE)
		return ERR_OK;
	memcpy(s.key, tx->signatures[0].key, 32);
	memcpy(s.member, tx->member.p, tx->member.n);
	s.member_n = (uint8_t)tx->member.n;
	sender_keep(w, &s, tx);
	return ERR_OK;
}

enum err door_sender(struct view *w, enum verdict *v, uint64_t *quota, const struct tx *tx,
		     int64_t time_ms, struct verdict_text *t)
{
	*v = VERDICT_OK;
	TRY(first_signature(w, v, quota, tx, time_ms, t));
	for (unsigned i = 1; i < tx->n_signatures && *v == VERDICT_OK; i++) {
		uint8_t id[MEMBER_ID_MAX];
		char field[32];
		struct member_key k;
		struct member m;
		TRY(key_check(w, v, &k, tx, i, time_ms, t));
		if (*v != VERDICT_OK)
			break;
		if (k.member.n > sizeof id)
			return ERR_CORRUPT;
		/* The next look may move what the key's row lent. */
		memcpy(id, k.member.p, k.member.n);
		snprintf(field, sizeof field, "/signatures/%u", i);
		TRY(member_check(w, v, &m, slice(id, k.member.n), false, field, t));
	}
	return ERR_OK;
}

enum verdict door_expiry(const struct tx *tx, int64_t time_ms, struct verdict_text *t)
{
	if (tx->b->expires_ms < time_ms)
		return door_say(t, VERDICT_EXPIRED, "/body/expiresMs");
	if (tx->b->expires_ms > time_ms + TX_LIFE_MS_MAX)
		return door_say(t, VERDICT_EXPIRY_TOO_FAR, "/body/expiresMs");
	return VERDICT_OK;
}

/* ---- the quota: u/<member> is the hour, and the units of work that were used in it ---- */

static struct slice quota_key(uint8_t key[static 2 + MEMBER_ID_MAX], struct slice member)
{
	memcpy(key, "u/", 2);
	memcpy(key + 2, member.p, member.n);
	return slice(key, 2 + member.n);
}

enum err door_quota_get(struct view *w, struct ledger_quota *q, struct slice member, int64_t time_ms)
{
	uint8_t key[2 + MEMBER_ID_MAX];
	const struct ledger *l = w->x ? w->x->ledger : w->ledger;
	struct slice value;
	bool found;
	q->hour = (uint64_t)(time_ms / 3600000);
	q->used = 0;
	if (q->limit == 0)
		q->limit = l->quota_default;
	TRY(view_get(w, &found, &value, quota_key(key, member)));
	if (found) {
		struct reader r = reader_of(value);
		if (reader_varint(&r) == q->hour)
			q->used = reader_varint(&r);
		if (r.bad)
			return ERR_CORRUPT;
	}
	return ERR_OK;
}

bool quota_within(const struct ledger_quota *q, uint64_t work)
{
	return q->used <= q->limit && work <= q->limit - q->used;
}

enum err door_quota_put(struct exec *x, const struct ledger_quota *q, struct slice member, uint64_t work)
{
	uint8_t key[2 + MEMBER_ID_MAX], space[24];
	struct buf b = buf_over(space, sizeof space);
	buf_put_varint(&b, q->hour);
	buf_put_varint(&b, q->used + work);
	bug_if(b.failed);
	return exec_put_touched(x, quota_key(key, member), buf_slice(&b));
}

/* ---- at submission ---- */

enum err ledger_prepare(struct ledger *l, struct tx **out, struct slice bytes)
{
	TRY(tx_decode(out, bytes));
	struct tx *tx = *out;
	if (l->believing)
		tx->signatures_good = tx->form == VERDICT_OK;
	else
		tx_verify(tx, &l->fingerprint);
	if (tx->form == VERDICT_OK)
		tx->form = l->app->prepare(tx, &tx->form_text);
	return ERR_OK;
}

static enum err check(struct ledger *l, struct state_read *read, struct buf *space,
		     enum verdict *v, struct tx_first *first, struct tx *tx, int64_t now_ms,
		     struct verdict_text *t)
{
	struct view w = {.read = read, .space = space, .ledger = l};
	struct done before;
	struct ledger_quota quota;
	bool found;
	TRY(door_sender(&w, v, &quota.limit, tx, now_ms, t));
	if (*v != VERDICT_OK)
		return ERR_OK;
	TRY(done_find(&w, &found, &before, tx->member, tx->id, NULL));
	if (!found) {
		*v = door_expiry(tx, now_ms, t);
		if (*v == VERDICT_OK)
			TRY(door_quota_get(&w, &quota, tx->member, now_ms));
		/* The one that goes over goes into a block, which refuses and charges it; those
		 * after it are turned away here, and cost no room. */
		if (*v == VERDICT_OK && quota.used >= quota.limit)
			*v = door_say(t, VERDICT_QUOTA, "/body/member");
		return ERR_OK;
	}
	if (!hash_eq(&before.body_hash, &tx->body_hash)) {
		*v = door_say(t, VERDICT_CONFLICT, "/body/id");
		return ERR_OK;
	}
	first->verdict = (enum verdict)before.verdict;
	first->height = (int64_t)before.height;
	first->body_hash = before.body_hash;
	*v = door_say(t, VERDICT_DUPLICATE, "/body/id");
	return ERR_OK;
}

enum err ledger_check(struct ledger *l, enum verdict *v, struct tx_first *first, struct tx *tx,
		      int64_t now_ms, struct verdict_text *t)
{
	if (!tx->signatures_good) {
		if (t)
			*t = tx->form_text;
		*v = tx->form;
		return ERR_OK;
	}
	if (strcmp(tx->b->chain_id, l->genesis.chain_id) != 0) {
		*v = door_say(t, VERDICT_WRONG_CHAIN, "/body/chainId");
		return ERR_OK;
	}
	struct state_read read;
	struct buf space = BUF_INIT;
	TRY(state_read_begin(&read, l->state));
	enum err e = check(l, &read, &space, v, first, tx, now_ms, t);
	state_read_end(&read);
	buf_fini(&space);
	return e;
}

enum err ledger_quota(struct ledger *l, struct ledger_quota *q, struct slice member, uint64_t limit,
		      int64_t time_ms)
{
	struct state_read read;
	struct buf space = BUF_INIT;
	struct view w = {.read = &read, .space = &space, .ledger = l};
	bug_if(member.n > MEMBER_ID_MAX);
	*q = (struct ledger_quota){.limit = limit};
	TRY(state_read_begin(&read, l->state));
	enum err e = door_quota_get(&w, q, member, time_ms);
	state_read_end(&read);
	buf_fini(&space);
	return e;
}
