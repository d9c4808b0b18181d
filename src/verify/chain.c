/*
 * chain: from the genesis fingerprint to a header that its validators signed.
 *
 * The header is CometBFT's (docs/format/block.md): a Merkle tree of 14 leaves, of
 * which six are computed here and the others covered by five hashes. Nothing of the
 * header is believed: its root goes into the sign bytes, and the signatures decide.
 */
#include "verify/inside.h"

#define TIME_MAX ((int64_t)1 << 40) /* some 35,000 years */

/* Small protobuf messages: the leaves and the sign bytes. */
struct msg {
	size_t n;
	uint8_t b[320];
};

static void m_raw(struct msg *m, const void *p, size_t n)
{
	bug_if(n > sizeof m->b - m->n);
	if (n)
		memcpy(m->b + m->n, p, n);
	m->n += n;
}

static void m_varint(struct msg *m, uint64_t v)
{
	uint8_t c;
	for (; v >= 0x80; v >>= 7) {
		c = (uint8_t)(v | 0x80);
		m_raw(m, &c, 1);
	}
	c = (uint8_t)v;
	m_raw(m, &c, 1);
}

/* A number of field `tag >> 3`; zero is not written. */
static void m_number(struct msg *m, unsigned tag, uint64_t v)
{
	if (v) {
		m_varint(m, tag);
		m_varint(m, v);
	}
}

static void m_bytes(struct msg *m, unsigned tag, const void *p, size_t n)
{
	m_varint(m, tag);
	m_varint(m, n);
	m_raw(m, p, n);
}

static void m_time(struct msg *m, int64_t s, int32_t ns)
{
	m_number(m, 0x08, (uint64_t)s);
	m_number(m, 0x10, (uint64_t)(int64_t)ns);
}

static void m_sfixed64(struct msg *m, unsigned tag, uint64_t v)
{
	if (!v)
		return;
	m_varint(m, tag);
	for (unsigned i = 0; i < 8; i++) {
		uint8_t c = (uint8_t)(v >> (8 * i));
		m_raw(m, &c, 1);
	}
}

/* ---- genesis ---- */

static void address_of(uint8_t out[static 20], const uint8_t key[static 32])
{
	struct hash h;
	h_of(&h, slice(key, 32));
	memcpy(out, h.b, 20);
}

/* CometBFT's order: power descending, then address ascending. */
static int order(const struct work *w, size_t a, size_t b)
{
	uint8_t x[20], y[20];
	if (w->power[a] != w->power[b])
		return w->power[a] > w->power[b] ? -1 : 1;
	address_of(x, w->keys[a]);
	address_of(y, w->keys[b]);
	return memcmp(x, y, 20);
}

static bool good_chain_id(struct slice id)
{
	if (id.n < 1 || id.n > CHAIN_ID_BYTES)
		return false;
	for (size_t i = 0; i < id.n; i++)
		if (!id.p[i] || !strchr("abcdefghijklmnopqrstuvwxyz0123456789-._", id.p[i]))
			return false;
	return true;
}

static bool read_validators(struct work *w, struct reader *c)
{
	const uint64_t most = (uint64_t)INT64_MAX / 8; /* CometBFT's MaxTotalVotingPower */
	uint64_t n = reader_varint(c), total = 0;
	if (n < 1 || n > VERIFY_VALIDATORS_MAX)
		return false;
	w->n_validators = (size_t)n;
	for (size_t i = 0; i < w->n_validators; i++) {
		struct slice key = reader_bytes(c, 32);
		w->power[i] = reader_varint(c);
		if (c->bad || w->power[i] < 1 || w->power[i] > most - total)
			return false;
		total += w->power[i];
		memcpy(w->keys[i], key.p, 32);
		memcpy(w->ever[w->n_ever++], key.p, 32);
		if (i && order(w, i - 1, i) >= 0)
			return false;
		for (size_t k = 0; k < i; k++)
			if (memcmp(w->keys[k], w->keys[i], 32) == 0)
				return false;
	}
	w->r->power_total = total;
	return true;
}

static bool read_genesis(struct work *w, const uint8_t *fingerprint, struct hash *rest)
{
	struct slice core = reader_lp(&w->in);
	if (w->in.bad)
		return refuse(w, VERIFY_FORMAT, "cut in the genesis");
	struct hash h;
	h_parts(&h, (struct slice[]){SLICE_LIT("ARGOSYG1"), core}, 2);
	memcpy(w->r->fingerprint, h.b, 32);
	if (fingerprint && !commits(fingerprint, h.b)) {
		char hex[65];
		hex_encode(hex, h.b, 32);
		return refuse(w, VERIFY_FINGERPRINT, "it is of the chain %s", hex);
	}
	struct reader c = reader_of(core);
	struct slice id = reader_lp(&c);
	w->app_version = reader_varint(&c);
	w->genesis_s = reader_zigzag(&c);
	uint64_t ns = reader_varint(&c), height = reader_varint(&c);
	if (!good_chain_id(id) || ns >= 1000000000 || height < 1 || height > INT64_MAX ||
	    w->genesis_s > TIME_MAX || w->genesis_s < -TIME_MAX || !read_validators(w, &c))
		return refuse(w, VERIFY_GENESIS, "its core is malformed");
	*rest = reader_hash(&c);
	if (c.bad || c.p != c.end)
		return refuse(w, VERIFY_GENESIS, "its core is malformed");
	if (w->app_version != APP_VERSION)
		return refuse(w, VERIFY_VERSION, "app version %llu",
			      (unsigned long long)w->app_version);
	w->genesis_height = (int64_t)height;
	char *copy = take_memory(w, id.n + 1);
	if (!copy)
		return false;
	memcpy(copy, id.p, id.n);
	w->r->chain_id = copy;
	return true;
}

/* ---- epochs ---- */

struct epochs {
	struct hash next[VERIFY_VALIDATORS_MAX];
	int64_t from, last; /* of the epoch before */
};

/* The rest hash of the core commits to the next keys: SHA-256("ARGOSYR1" || next || state hash). */
static bool read_next(struct work *w, struct epochs *e, const struct hash *rest)
{
	struct slice next = reader_bytes(&w->in, 32 * w->n_validators);
	struct slice state = reader_bytes(&w->in, 32);
	if (w->in.bad)
		return refuse(w, VERIFY_FORMAT, "cut in the epochs");
	struct hash h;
	h_parts(&h, (struct slice[]){SLICE_LIT("ARGOSYR1"), next, state}, 3);
	if (!commits(&h, rest))
		return refuse(w, VERIFY_EPOCH, "the genesis commits to other next keys");
	memcpy(e->next, next.p, next.n);
	return true;
}

/* Puts the validator at `i`, whose key is new, where CometBFT's order wants it. */
static void settle(struct work *w, struct epochs *e, size_t i)
{
	for (;;) {
		size_t k = i;
		if (i > 0 && order(w, i - 1, i) > 0)
			k = i - 1;
		else if (i + 1 < w->n_validators && order(w, i, i + 1) > 0)
			k = i + 1;
		if (k == i)
			return;
		uint8_t key[32];
		memcpy(key, w->keys[i], 32);
		memcpy(w->keys[i], w->keys[k], 32);
		memcpy(w->keys[k], key, 32);
		uint64_t power = w->power[i];
		w->power[i] = w->power[k];
		w->power[k] = power;
		struct hash next = e->next[i];
		e->next[i] = e->next[k];
		e->next[k] = next;
		i = k;
	}
}

static bool replace_key(struct work *w, struct epochs *e, size_t i, struct slice key,
			struct slice next)
{
	struct hash h;
	h_of(&h, key);
	if (!commits(&h, &e->next[i]))
		return refuse(w, VERIFY_EPOCH, "the new key is not the one committed to");
	for (size_t k = 0; k < w->n_validators; k++)
		if (memcmp(w->keys[k], key.p, 32) == 0)
			return refuse(w, VERIFY_EPOCH, "the new key is in use already");
	memcpy(w->keys[i], key.p, 32);
	memcpy(w->ever[w->n_ever++], key.p, 32);
	memcpy(e->next[i].b, next.p, 32);
	settle(w, e, i);
	return true;
}

static bool read_epoch(struct work *w, struct epochs *e, struct verify_epoch *out)
{
	struct slice statement = reader_lp(&w->in);
	struct slice sig = reader_bytes(&w->in, 64);
	struct reader s = reader_of(statement);
	out->number = reader_varint(&s);
	uint8_t kind = reader_u8(&s);
	uint64_t from = reader_varint(&s), last = reader_varint(&s);
	struct hash last_hash = reader_hash(&s);
	uint64_t index = reader_varint(&s);
	struct slice key = slice(NULL, 0), next = slice(NULL, 0);
	if (kind == 1) {
		key = reader_bytes(&s, 32);
		next = reader_bytes(&s, 32);
	}
	(void)last_hash;
	if (!w->in.bad && !s.bad && (kind < 1 || kind > 2))
		return refuse(w, VERIFY_VERSION, "an epoch of kind %u", kind);
	if (w->in.bad || s.bad || s.p != s.end ||
	    index >= w->n_validators || from > INT64_MAX || last > INT64_MAX)
		return refuse(w, VERIFY_FORMAT, "an epoch statement");
	out->resumed = kind == 2;
	out->from_height = (int64_t)from;
	out->last_height = (int64_t)last;
	if (out->from_height <= e->from || out->last_height >= out->from_height)
		return refuse(w, VERIFY_EPOCH, "epoch %llu: its heights are out of order",
			      (unsigned long long)out->number);
	e->from = out->from_height;
	struct hash digest;
	h_of(&digest, statement);
	memcpy(out->statement, digest.b, 32);
	memcpy(out->signer, kind == 1 ? key.p : w->keys[index], 32);
	if (kind == 1 && !replace_key(w, e, (size_t)index, key, next))
		return false;
	struct buf m = BUF_INIT;
	buf_put(&m, "argosy/epoch/1", 15);
	buf_put(&m, w->r->fingerprint, 32);
	buf_put_slice(&m, statement);
	bool nomem = m.failed, good = !nomem && signature_good(sig.p, buf_slice(&m), out->signer);
	buf_fini(&m);
	if (nomem)
		return refuse(w, VERIFY_NOMEM, "epochs");
	return good || refuse(w, VERIFY_EPOCH, "epoch %llu: the signature does not fit",
			      (unsigned long long)out->number);
}

static bool read_epochs(struct work *w, const struct hash *rest)
{
	uint64_t n = reader_varint(&w->in);
	if (n > EPOCHS_MAX)
		return refuse(w, VERIFY_LIMIT, "%llu epochs", (unsigned long long)n);
	if (n == 0)
		return w->in.bad ? refuse(w, VERIFY_FORMAT, "cut after the genesis") : true;
	struct epochs *e = take_memory(w, sizeof *e);
	w->r->n_epochs = (size_t)n;
	w->r->epochs = take_memory(w, (size_t)n * sizeof *w->r->epochs);
	if (!e || !w->r->epochs || !read_next(w, e, rest))
		return false;
	for (size_t i = 0; i < w->r->n_epochs; i++) {
		if (!read_epoch(w, e, &w->r->epochs[i]))
			return false;
		if (w->r->epochs[i].number != i + 2)
			return refuse(w, VERIFY_EPOCH, "the epochs have a gap");
	}
	return true;
}

/* ---- header and commit ---- */

static bool read_header(struct work *w)
{
	struct verify_result *r = w->r;
	uint64_t above = reader_varint(&w->in);
	int64_t later = reader_zigzag(&w->in);
	uint64_t ns = reader_varint(&w->in);
	for (size_t i = 0; i < 5; i++)
		w->header_path[i] = reader_hash(&w->in);
	if (w->in.bad || ns >= 1000000000 || above > (uint64_t)(INT64_MAX - w->genesis_height) ||
	    later > TIME_MAX || later < -TIME_MAX)
		return refuse(w, VERIFY_FORMAT, "the header");
	r->height = w->genesis_height + (int64_t)above;
	r->time_s = w->genesis_s + later;
	r->time_ns = (int32_t)ns;
	for (size_t i = 0; i < r->n_epochs; i++)
		if (r->epochs[i].from_height > r->height)
			return refuse(w, VERIFY_EPOCH, "an epoch that begins after this head");
	return true;
}

static bool read_commit(struct work *w)
{
	w->round = reader_varint(&w->in);
	w->parts = reader_varint(&w->in);
	w->parts_hash = reader_hash(&w->in);
	uint64_t n = reader_varint(&w->in), at = 0;
	if (w->in.bad || w->round > INT32_MAX || w->parts < 1 || w->parts > UINT32_MAX || n < 1 ||
	    n > w->n_validators)
		return refuse(w, VERIFY_FORMAT, "the commit");
	w->n_sigs = (size_t)n;
	for (size_t i = 0; i < w->n_sigs; i++) {
		uint64_t skip = reader_varint(&w->in);
		int64_t d = reader_zigzag(&w->in);
		struct slice sig = reader_bytes(&w->in, 64);
		const int64_t year = (int64_t)366 * 86400 * 1000000000;
		if (w->in.bad || skip >= w->n_validators - at || d > year || d < -year)
			return refuse(w, VERIFY_FORMAT, "signature %zu", i);
		int64_t all = w->r->time_ns + d, ns = all % 1000000000;
		if (ns < 0)
			ns += 1000000000;
		w->sigs[i].index = (size_t)(at + skip);
		w->sigs[i].s = w->r->time_s + (all - ns) / 1000000000;
		w->sigs[i].ns = (int32_t)ns;
		w->sigs[i].sig = sig.p;
		at += skip + 1;
		if (at >= w->n_validators && i + 1 < w->n_sigs)
			return refuse(w, VERIFY_FORMAT, "signature %zu", i + 1);
	}
	return true;
}

bool read_signed_head(struct work *w, const uint8_t *fingerprint)
{
	struct hash rest;
	if (!read_genesis(w, fingerprint, &rest) || !read_epochs(w, &rest) || !read_header(w) ||
	    !read_commit(w))
		return false;
	w->r->log_size = reader_varint(&w->in);
	struct hash root = reader_hash(&w->in);
	memcpy(w->r->log_root, root.b, 32);
	return !w->in.bad || refuse(w, VERIFY_FORMAT, "cut after the commit");
}

static void leaf_of(struct hash *out, const struct msg *m)
{
	h_leaf(out, slice(m->b, m->n));
}

static void leaf_of_hash(struct hash *out, const struct hash *h)
{
	struct msg m = {.n = 0};
	m_bytes(&m, 0x0a, h->b, 32);
	leaf_of(out, &m);
}

/* Over SimpleValidator{1 pub_key{1 ed25519}, 2 voting_power} (RFC 6962 shape): peaks of
 * perfect subtrees, joined from the right. */
static void validators_root(struct hash *out, const struct work *w)
{
	struct hash peaks[8] = {0};
	size_t n = w->n_validators;
	for (size_t i = 0; i < n; i++) {
		struct msg key = {.n = 0}, m = {.n = 0};
		struct hash h;
		m_bytes(&key, 0x0a, w->keys[i], 32);
		m_bytes(&m, 0x0a, key.b, key.n);
		m_number(&m, 0x10, w->power[i]);
		leaf_of(&h, &m);
		unsigned k = 0;
		for (; i >> k & 1; k++)
			h_node(&h, &peaks[k], &h);
		peaks[k] = h;
	}
	bool any = false;
	for (unsigned k = 0; k < 8; k++) {
		if (!(n >> k & 1))
			continue;
		if (any)
			h_node(out, &peaks[k], out);
		else
			*out = peaks[k];
		any = true;
	}
}

static void header_root(struct hash *out, const struct work *w, const struct hash *app)
{
	struct msg version = {.n = 0}, id = {.n = 0}, height = {.n = 0}, time = {.n = 0};
	struct hash l[12], set, a, b;
	m_number(&version, 0x08, 11);
	m_number(&version, 0x10, w->app_version);
	m_bytes(&id, 0x0a, w->r->chain_id, strlen(w->r->chain_id));
	m_number(&height, 0x08, (uint64_t)w->r->height);
	m_time(&time, w->r->time_s, w->r->time_ns);
	leaf_of(&l[0], &version);
	leaf_of(&l[1], &id);
	leaf_of(&l[2], &height);
	leaf_of(&l[3], &time);
	validators_root(&set, w);
	leaf_of_hash(&l[7], &set);
	leaf_of_hash(&l[10], app);

	const struct hash *p = w->header_path;
	h_node(&l[0], &l[0], &l[1]);
	h_node(&l[2], &l[2], &l[3]);
	h_node(&a, &l[0], &l[2]);  /* 0-3 */
	h_node(&b, &p[1], &l[7]);  /* 6, 7 */
	h_node(&b, &p[0], &b);	   /* 4-7 */
	h_node(&a, &a, &b);	   /* 0-7 */
	h_node(&b, &l[10], &p[3]); /* 10, 11 */
	h_node(&b, &p[2], &b);	   /* 8-11 */
	h_node(&b, &b, &p[4]);	   /* 8-13 */
	h_node(out, &a, &b);
}

/* uvarint(length) || CanonicalVote{1 type, 2 height, 3 round, 4 block id, 5 time, 6 chain id}. */
static void sign_bytes(struct msg *out, const struct work *w, size_t i)
{
	struct msg set = {.n = 0}, id = {.n = 0}, time = {.n = 0}, vote = {.n = 0};
	m_number(&set, 0x08, w->parts);
	m_bytes(&set, 0x12, w->parts_hash.b, 32);
	m_bytes(&id, 0x0a, w->r->header_hash, 32);
	m_bytes(&id, 0x12, set.b, set.n);
	m_time(&time, w->sigs[i].s, w->sigs[i].ns);
	m_number(&vote, 0x08, 2); /* precommit */
	m_sfixed64(&vote, 0x11, (uint64_t)w->r->height);
	m_sfixed64(&vote, 0x19, w->round);
	m_bytes(&vote, 0x22, id.b, id.n);
	m_bytes(&vote, 0x2a, time.b, time.n);
	m_bytes(&vote, 0x32, w->r->chain_id, strlen(w->r->chain_id));
	out->n = 0;
	m_varint(out, vote.n);
	m_raw(out, vote.b, vote.n);
}

bool check_commit(struct work *w)
{
	struct verify_result *r = w->r;
	struct hash app, block;
	uint8_t size[8];
	for (unsigned i = 0; i < 8; i++)
		size[i] = (uint8_t)(r->log_size >> (56 - 8 * i));
	h_parts(&app,
		(struct slice[]){SLICE_LIT("argosy/app/1"), slice(size, 8), slice(r->log_root, 32),
				 slice(w->state_root.b, 32)},
		4);
	header_root(&block, w, &app);
	memcpy(r->state_root, w->state_root.b, 32);
	memcpy(r->app_hash, app.b, 32);
	memcpy(r->header_hash, block.b, 32);
	r->n_validators = w->n_validators;
	for (size_t i = 0; i < w->n_sigs; i++) {
		struct msg m;
		size_t v = w->sigs[i].index;
		sign_bytes(&m, w, i);
		if (!signature_good(w->sigs[i].sig, slice(m.b, m.n), w->keys[v]))
			return refuse(w, VERIFY_SIGNATURE,
				      "signature of validator %zu on block %lld", v,
				      (long long)r->height);
		memcpy(r->signers[r->n_signed++], w->keys[v], 32);
		r->power_signed += w->power[v];
	}
	if (r->power_signed * 3 <= r->power_total * 2)
		return refuse(w, VERIFY_POWER, "%llu of %llu", (unsigned long long)r->power_signed,
			      (unsigned long long)r->power_total);
	return true;
}
