#include "proof/bundle.h"

#include "crypto/ed25519.h"
#include "crypto/merkle.h"

#include <stdlib.h>

enum { STRING_MAX = 480, STRINGS_MAX = 20000, SUBJECTS_MAX = 10000, STEP_FIRST_STRING = 64, FLAGS_VOID = 128 | 4 };

/* Numbers 1 to 61 of docs/format/bundle.md. */
static const char *const steps[] = {
	"accepting",
	"arriving",
	"assembling",
	"collecting",
	"commissioning",
	"consigning",
	"creating_class_instance",
	"cycle_counting",
	"decommissioning",
	"departing",
	"destroying",
	"disassembling",
	"dispensing",
	"encoding",
	"entering_exiting",
	"holding",
	"inspecting",
	"installing",
	"killing",
	"loading",
	"other",
	"packing",
	"picking",
	"receiving",
	"removing",
	"repackaging",
	"repairing",
	"replacing",
	"reserving",
	"retail_selling",
	"sampling",
	"sensor_reporting",
	"shipping",
	"staging_outbound",
	"stock_taking",
	"stocking",
	"storing",
	"transporting",
	"unloading",
	"unpacking",
	"void_shipping",
	"document",
	"register_product",
	"register_location",
	"register_prefix",
	"define_lot",
	"issue_credential",
	"revoke_credential",
	"offer_custody",
	"accept_custody",
	"decline_custody",
	"grant_step",
	"revoke_grant",
	"admit_member",
	"set_member",
	"add_key",
	"revoke_key",
	"disown_key",
	"attach",
	"erase_attachment",
	"statement",
};

static unsigned step_number(struct slice s)
{
	for (unsigned i = 0; i < sizeof steps / sizeof *steps; i++)
		if (slice_eq_str(s, steps[i]))
			return i + 1;
	return 0;
}

/* ---- dictionary ---- */

struct dictionary {
	struct slice *s;
	size_t n, cap;
	bool failed;
};

static void add(struct dictionary *d, struct slice s)
{
	if (s.n == 0 || d->failed)
		return;
	if (d->n == d->cap) {
		size_t cap = d->cap ? 2 * d->cap : 64;
		struct slice *p = realloc(d->s, cap * sizeof *p);
		if (!p) {
			d->failed = true;
			return;
		}
		d->s = p;
		d->cap = cap;
	}
	d->s[d->n++] = s;
}

static int compare(const void *a, const void *b)
{
	return slice_cmp(*(const struct slice *)a, *(const struct slice *)b);
}

static void settle(struct dictionary *d)
{
	size_t n = 0;
	if (d->n)
		qsort(d->s, d->n, sizeof *d->s, compare);
	for (size_t i = 0; i < d->n; i++)
		if (!n || !slice_eq(d->s[i], d->s[n - 1]))
			d->s[n++] = d->s[i];
	d->n = n;
}

static size_t number(const struct dictionary *d, struct slice s)
{
	const struct slice *p = bsearch(&s, d->s, d->n, sizeof *d->s, compare);
	bug_if(!p);
	return (size_t)(p - d->s);
}

static void put_reference(struct buf *out, const struct dictionary *d, struct slice s)
{
	buf_put_varint(out, s.n ? 1 + number(d, s) : 0);
}

static enum err put_dictionary(struct buf *out, const struct dictionary *d, struct err_text *t)
{
	if (d->n > STRINGS_MAX)
		return err_set(t, ERR_LIMIT, "a bundle of %zu strings", d->n);
	buf_put_varint(out, d->n);
	for (size_t i = 0; i < d->n; i++) {
		size_t shared = 0;
		struct slice s = d->s[i];
		if (s.n > STRING_MAX || !utf8_valid(s) || has_control(s))
			return err_set(t, ERR_FORMAT, "a string that a bundle cannot hold");
		if (i)
			while (shared < s.n && shared < d->s[i - 1].n &&
			       s.p[shared] == d->s[i - 1].p[shared])
				shared++;
		buf_put_varint(out, shared);
		buf_put_lp(out, slice(s.p + shared, s.n - shared));
	}
	return ERR_OK;
}

/* ---- subject values ---- */

struct value {
	uint64_t count, last1, claims, claims_last1;
	struct hash head, claims_head;
	uint8_t kind, flags;
	struct slice text[4]; /* owner, holder, offered to, container */
	uint64_t tail[3];     /* container since, slot, children */
	uint8_t height;
};

/* docs/format/record.md, "Subject". */
static bool value_take(struct value *v, struct slice bytes)
{
	struct reader r = reader_of(bytes);
	memset(v, 0, sizeof *v);
	bool good = reader_u8(&r) == 'S' && reader_u8(&r) == 1;
	v->count = reader_varint(&r);
	v->head = reader_hash(&r);
	v->last1 = reader_varint(&r);
	v->claims = reader_varint(&r);
	if (v->claims) {
		v->claims_head = reader_hash(&r);
		v->claims_last1 = reader_varint(&r);
	}
	v->kind = reader_u8(&r);
	v->flags = reader_u8(&r);
	for (size_t i = 0; i < 4; i++)
		v->text[i] = reader_lp(&r);
	for (size_t i = 0; i < 3; i++)
		v->tail[i] = reader_varint(&r);
	v->height = reader_u8(&r);
	return good && !r.bad && r.p == r.end;
}

static enum err gather(struct dictionary *d, const struct bundle_subject *s, struct err_text *t)
{
	struct value v;
	if (s->id.n == 0)
		return err_set(t, ERR_FORMAT, "a subject without an id");
	add(d, s->id);
	if (s->value.n == 0)
		return s->n_events == 0 ? ERR_OK
					: err_set(t, ERR_FORMAT, "events of an absent subject");
	if (!value_take(&v, s->value) || v.count != s->n_events)
		return err_set(t, ERR_FORMAT, "the value of a subject does not fit its events");
	for (size_t i = 0; i < 4; i++)
		add(d, v.text[i]);
	for (size_t i = 0; i < s->n_events; i++) {
		const struct bundle_event *e = &s->events[i];
		if (!step_number(e->step))
			add(d, e->step);
		add(d, e->where);
		add(d, e->who);
	}
	return ERR_OK;
}

static uint64_t zigzag(int64_t v)
{
	uint64_t u = (uint64_t)v << 1;
	return v < 0 ? ~u : u;
}

/* `voided_before`: of a void mark, how many events before it that stands which it voids; else 0. */
static void put_event(struct buf *out, const struct dictionary *d, const struct bundle_event *e,
		      uint64_t voided_before, int64_t happened, uint64_t recorded)
{
	bool more = e->kind != 1 || e->flags > 3;
	buf_put_u8(out, (uint8_t)(e->role | (e->flags & 3) << 3 | (more ? 0x20 : 0)));
	if (more) {
		buf_put_u8(out, e->kind);
		buf_put_u8(out, (uint8_t)(e->flags >> 2));
	}
	if (voided_before)
		buf_put_varint(out, voided_before);
	buf_put_varint(out, happened % 1000 == 0 ? 2 * zigzag(happened / 1000)
						 : 2 * zigzag(happened) + 1);
	buf_put_varint(out, recorded);
	unsigned step = step_number(e->step);
	if (step || e->step.n == 0)
		buf_put_varint(out, step);
	else
		buf_put_varint(out, STEP_FIRST_STRING + number(d, e->step));
	put_reference(out, d, e->where);
	put_reference(out, d, e->who);
	buf_put(out, e->digest.b, 32);
}

/* Times far enough from the limits that their differences can be encoded. */
static bool sane(int64_t ms)
{
	const int64_t most = (int64_t)1 << 55;
	return ms > -most && ms < most;
}

static enum err put_events(struct buf *out, const struct dictionary *d,
			   const struct bundle_subject *s, struct stamp now, struct err_text *t)
{
	int64_t happened = now.s * 1000, recorded = now.s * 1000 + now.ns / 1000000;
	buf_put_varint(out, s->n_events);
	for (size_t i = 0; i < s->n_events; i++) {
		const struct bundle_event *e = &s->events[i];
		if (!sane(e->happened_ms) || !sane(e->recorded_ms) || e->role > 7)
			return err_set(t, ERR_FORMAT, "event %zu cannot be encoded", i + 1);
		int64_t d_recorded = i ? e->recorded_ms - recorded : recorded - e->recorded_ms;
		if (d_recorded < 0)
			return err_set(t, ERR_FORMAT, "event %zu was recorded out of order", i + 1);
		if ((e->flags == FLAGS_VOID && !e->voided) || e->voided > i)
			return err_set(t, ERR_FORMAT, "event %zu voids what is not before it", i + 1);
		put_event(out, d, e, e->voided ? i + 1 - e->voided : 0, e->happened_ms - happened,
			  (uint64_t)d_recorded);
		happened = e->happened_ms;
		recorded = e->recorded_ms;
	}
	return ERR_OK;
}

static enum err put_subject(struct buf *out, const struct dictionary *d,
			    const struct bundle_subject *s, struct stamp now, struct err_text *t)
{
	struct reader proof = reader_of(s->proof);
	uint8_t form = reader_u8(&proof);
	if (proof.bad || form > 2 || (form == 0) != (s->value.n > 0))
		return err_set(t, ERR_FORMAT, "the proof does not fit the subject");
	buf_put_varint(out, number(d, s->id));
	buf_put_u8(out, form);
	if (form == 0) {
		struct value v;
		if (!value_take(&v, s->value))
			return ERR_FORMAT;
		buf_put(out, v.head.b, 32);
		buf_put_varint(out, v.last1);
		buf_put_varint(out, v.claims);
		if (v.claims) {
			buf_put(out, v.claims_head.b, 32);
			buf_put_varint(out, v.claims_last1);
		}
		buf_put_u8(out, v.kind);
		buf_put_u8(out, v.flags);
		for (size_t i = 0; i < 4; i++)
			put_reference(out, d, v.text[i]);
		for (size_t i = 0; i < 3; i++)
			buf_put_varint(out, v.tail[i]);
		buf_put_u8(out, v.height);
		TRY(put_events(out, d, s, now, t));
	}
	/* The rest of the proof: the path, and for form 2 the other key, in that order. */
	buf_put(out, proof.p, reader_left(&proof));
	return ERR_OK;
}

/* ---- signed head ---- */

static void put_header(struct buf *out, const struct bundle_head *h)
{
	struct hash l[HEADER_FIELDS], n;
	for (unsigned i = 0; i < HEADER_FIELDS; i++)
		header_leaf(&l[i], h->header, i);
	buf_put_varint(out, (uint64_t)(h->header->height - h->genesis->initial_height));
	buf_put_zigzag(out, h->header->time.s - h->genesis->time.s);
	buf_put_varint(out, (uint64_t)h->header->time.ns);
	merkle_inner(&n, &l[4], &l[5]);
	buf_put(out, n.b, 32);
	buf_put(out, l[6].b, 32);
	merkle_inner(&n, &l[8], &l[9]);
	buf_put(out, n.b, 32);
	buf_put(out, l[11].b, 32);
	merkle_inner(&n, &l[12], &l[13]);
	buf_put(out, n.b, 32);
}

static void put_commit(struct buf *out, const struct bundle_head *h)
{
	const struct commit *c = h->commit;
	size_t n = 0, next = 0;
	for (size_t i = 0; i < c->n; i++)
		n += c->sigs[i].flag == FLAG_COMMIT;
	buf_put_varint(out, (uint64_t)c->round);
	buf_put_varint(out, c->block_id.parts);
	buf_put(out, c->block_id.parts_hash.b, 32);
	buf_put_varint(out, n);
	for (size_t i = 0; i < c->n; i++) {
		const struct commit_sig *s = &c->sigs[i];
		if (s->flag != FLAG_COMMIT)
			continue;
		buf_put_varint(out, i - next);
		buf_put_zigzag(out, (s->time.s - h->header->time.s) * 1000000000 +
					    (s->time.ns - h->header->time.ns));
		buf_put(out, s->sig, 64);
		next = i + 1;
	}
}

enum err bundle_signed_head_put(struct buf *out, const struct bundle_head *h, struct err_text *t)
{
	const struct genesis *g = h->genesis;
	if (g->core.n < 8 || h->n_epochs > EPOCHS_MAX || h->header->height < g->initial_height)
		return err_set(t, ERR_FORMAT, "not a head of this chain");
	struct hash app;
	app_hash(&app, h->log_size, &h->log_root, &h->state_root);
	if (!hash_eq(&app, &h->header->app_hash))
		return err_set(t, ERR_MISMATCH,
			       "the header does not carry the hash of this log and state");
	buf_put_lp(out, slice(g->core.p + 8, g->core.n - 8));
	buf_put_varint(out, h->n_epochs);
	if (h->n_epochs) {
		for (size_t i = 0; i < g->n_validators; i++)
			buf_put(out, g->next[i].b, 32);
		buf_put(out, g->state_hash.b, 32);
	}
	for (size_t i = 0; i < h->n_epochs; i++)
		epoch_encode(out, &h->epochs[i]);
	put_header(out, h);
	put_commit(out, h);
	buf_put_varint(out, h->log_size);
	buf_put(out, h->log_root.b, 32);
	return ERR_OK;
}

/* ---- records, consistency, witnesses ---- */

static int compare_records(const void *x, const void *y)
{
	const struct bundle_record *a = x, *b = y;
	if (a->subject != b->subject)
		return a->subject < b->subject ? -1 : 1;
	return a->event < b->event ? -1 : a->event > b->event;
}

static enum err put_records(struct buf *out, const struct bundle *b)
{
	struct bundle_record *r = NULL;
	buf_put_varint(out, b->n_records);
	if (b->n_records == 0)
		return ERR_OK;
	r = malloc(b->n_records * sizeof *r);
	if (!r)
		return ERR_NOMEM;
	memcpy(r, b->records, b->n_records * sizeof *r);
	qsort(r, b->n_records, sizeof *r, compare_records);
	for (size_t i = 0; i < b->n_records; i++) {
		buf_put_varint(out, r[i].subject);
		buf_put_varint(out, r[i].event);
		buf_put_lp(out, r[i].record);
	}
	free(r);
	return ERR_OK;
}

static void put_consistencies(struct buf *out, const struct bundle *b)
{
	buf_put_varint(out, b->n_consistencies);
	for (size_t i = 0; i < b->n_consistencies; i++) {
		const struct bundle_consistency *c = &b->consistencies[i];
		buf_put_varint(out, c->size);
		buf_put(out, c->root.b, 32);
		buf_put_varint(out, c->n);
		for (size_t k = 0; k < c->n; k++)
			buf_put(out, c->path[k].b, 32);
	}
}

static int compare_witnesses(const void *x, const void *y)
{
	const struct bundle_witness *a = x, *b = y;
	int c = memcmp(a->key, b->key, 32);
	if (c)
		return c;
	return a->height < b->height ? -1 : a->height > b->height;
}

static enum err put_witnesses(struct buf *out, const struct bundle_head *h,
			      const struct bundle_witness *witnesses, size_t n)
{
	buf_put_varint(out, n);
	if (n == 0)
		return ERR_OK;
	struct bundle_witness *w = malloc(n * sizeof *w);
	if (!w)
		return ERR_NOMEM;
	memcpy(w, witnesses, n * sizeof *w);
	qsort(w, n, sizeof *w, compare_witnesses);
	for (size_t i = 0; i < n; i++) {
		uint64_t below = (uint64_t)(h->header->height - w[i].height);
		buf_put(out, w[i].key, 32);
		buf_put_lp(out, w[i].name);
		buf_put_u8(out, w[i].how);
		buf_put_varint(out, below);
		if (below) {
			buf_put(out, w[i].header_hash.b, 32);
			buf_put_varint(out, w[i].log_size);
			buf_put(out, w[i].log_root.b, 32);
			if (w[i].how == WITNESS_REPLAYED)
				buf_put(out, w[i].state_root.b, 32);
		}
		buf_put(out, w[i].sig, 64);
	}
	free(w);
	return ERR_OK;
}

/* What a witness signs. */
static void witness_bytes(struct buf *b, const struct bundle_witness *w, const struct hash *fingerprint)
{
	buf_put(b, "argosy/head/2", sizeof "argosy/head/2"); /* with its NUL */
	buf_put(b, fingerprint->b, 32);
	buf_put_varint(b, (uint64_t)w->height);
	buf_put(b, w->header_hash.b, 32);
	buf_put_varint(b, w->log_size);
	buf_put(b, w->log_root.b, 32);
	buf_put_u8(b, w->how);
	if (w->how == WITNESS_REPLAYED)
		buf_put(b, w->state_root.b, 32);
	buf_put_lp(b, w->name);
}

enum err bundle_witness_sign(struct bundle_witness *w, const struct hash *fingerprint,
			     const uint8_t secret[static 64])
{
	struct buf b = BUF_INIT;
	witness_bytes(&b, w, fingerprint);
	enum err e = buf_err(&b);
	if (!e)
		ed25519_sign(w->sig, buf_slice(&b), secret);
	buf_fini(&b);
	return e;
}

enum err bundle_witness_check(bool *good, const struct bundle_witness *w, const struct hash *fingerprint)
{
	struct buf b = BUF_INIT;
	witness_bytes(&b, w, fingerprint);
	enum err e = buf_err(&b);
	*good = !e && ed25519_verify(w->sig, buf_slice(&b), w->key);
	buf_fini(&b);
	return e;
}

/* ---- files ---- */

enum err bundle_head_encode(struct buf *out, const struct bundle_head *h,
			    const struct bundle_witness *witnesses, size_t n, struct err_text *t)
{
	buf_put(out, "ARH\1", 4);
	TRY(bundle_signed_head_put(out, h, t));
	buf_put(out, h->state_root.b, 32);
	TRY(put_witnesses(out, h, witnesses, n));
	return buf_err(out);
}

static enum err put_all(struct buf *out, struct dictionary *d, const struct bundle *b,
			struct err_text *t)
{
	for (size_t i = 0; i < b->n_subjects; i++)
		TRY(gather(d, &b->subjects[i], t));
	if (d->failed)
		return ERR_NOMEM;
	settle(d);
	buf_put(out, "ARB\1", 4);
	TRY(bundle_signed_head_put(out, &b->head, t));
	TRY(put_dictionary(out, d, t));
	buf_put_varint(out, b->n_subjects);
	for (size_t i = 0; i < b->n_subjects; i++)
		TRY(put_subject(out, d, &b->subjects[i], b->head.header->time, t));
	TRY(put_records(out, b));
	put_consistencies(out, b);
	TRY(put_witnesses(out, &b->head, b->witnesses, b->n_witnesses));
	return buf_err(out);
}

enum err bundle_encode(struct buf *out, const struct bundle *b, struct err_text *t)
{
	struct dictionary d = {0};
	if (b->n_subjects < 1 || b->n_subjects > SUBJECTS_MAX)
		return err_set(t, ERR_LIMIT, "a bundle of %zu subjects", b->n_subjects);
	enum err e = put_all(out, &d, b, t);
	free(d.s);
	return e;
}

void bundle_to_url(struct buf *out, const char *prefix, struct slice bytes)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	uint32_t bits = 0;
	unsigned have = 0;
	buf_put_str(out, prefix);
	for (size_t i = 0; i < bytes.n; i++) {
		bits = bits << 8 | bytes.p[i];
		for (have += 8; have >= 5; have -= 5)
			buf_put_u8(out, (uint8_t)digits[bits >> (have - 5) & 31]);
		bits &= 31;
	}
	if (have)
		buf_put_u8(out, (uint8_t)digits[bits << (5 - have) & 31]);
}
