#include "ledger/header.h"

#include "crypto/ed25519.h"
#include "crypto/merkle.h"
#include "crypto/sha256.h"

#include <inttypes.h>

/* ---- protobuf, as much as is needed: one small message at a time ---- */

struct pb {
	size_t n;
	uint8_t b[HEADER_BYTES_MAX];
};

static void pb_raw(struct pb *o, const void *p, size_t n)
{
	bug_if(n > sizeof o->b - o->n);
	if (n)
		memcpy(o->b + o->n, p, n);
	o->n += n;
}

static void pb_varint(struct pb *o, uint64_t v)
{
	uint8_t t[10];
	size_t n = 0;
	for (; v >= 0x80; v >>= 7)
		t[n++] = (uint8_t)(v | 0x80);
	t[n++] = (uint8_t)v;
	pb_raw(o, t, n);
}

static void pb_u64(struct pb *o, unsigned field, uint64_t v)
{
	if (!v)
		return;
	pb_varint(o, field << 3);
	pb_varint(o, v);
}

static void pb_sfixed64(struct pb *o, unsigned field, int64_t v)
{
	if (!v)
		return;
	pb_varint(o, field << 3 | 1);
	uint8_t t[8];
	for (unsigned i = 0; i < 8; i++)
		t[i] = (uint8_t)((uint64_t)v >> (8 * i));
	pb_raw(o, t, 8);
}

/* An embedded message: there even if empty. */
static void pb_message(struct pb *o, unsigned field, const void *p, size_t n)
{
	pb_varint(o, field << 3 | 2);
	pb_varint(o, n);
	pb_raw(o, p, n);
}

static void pb_bytes(struct pb *o, unsigned field, const void *p, size_t n)
{
	if (n)
		pb_message(o, field, p, n);
}

static void pb_stamp(struct pb *o, struct stamp t)
{
	pb_u64(o, 1, (uint64_t)t.s);
	pb_u64(o, 2, (uint64_t)(int64_t)t.ns);
}

static void pb_stamp_field(struct pb *o, unsigned field, struct stamp t)
{
	struct pb m = {.n = 0};
	pb_stamp(&m, t);
	pb_message(o, field, m.b, m.n);
}

static void pb_block_id(struct pb *o, const struct block_id *id)
{
	struct pb m = {.n = 0};
	if (id->present) {
		pb_u64(&m, 1, id->parts);
		pb_bytes(&m, 2, id->parts_hash.b, 32);
		pb_bytes(o, 1, id->hash.b, 32);
	}
	pb_message(o, 2, m.b, m.n);
}

static void pb_block_id_field(struct pb *o, unsigned field, const struct block_id *id)
{
	struct pb m = {.n = 0};
	pb_block_id(&m, id);
	pb_message(o, field, m.b, m.n);
}

static void pb_commit_sig(struct pb *o, const struct commit_sig *s)
{
	bool here = s->flag != FLAG_ABSENT;
	/* Go's zero time, which CometBFT writes for an absent vote: 0001-01-01. */
	struct stamp never = {-62135596800, 0};
	pb_u64(o, 1, (uint64_t)s->flag);
	pb_bytes(o, 2, s->address, here ? VALIDATOR_ADDRESS : 0);
	pb_stamp_field(o, 3, here ? s->time : never);
	pb_bytes(o, 4, s->sig, here ? 64 : 0);
}

/* Readers: a field is taken if the next tag is its own; fields stand in order, and what
 * was read is encoded again and compared, so nothing but the one form passes. */
static bool next_is(struct reader *r, unsigned tag)
{
	if (r->bad || r->p == r->end || *r->p != tag)
		return false;
	r->p++;
	return true;
}

static uint64_t take_u64(struct reader *r, unsigned field)
{
	return next_is(r, field << 3) ? reader_varint(r) : 0;
}

static struct slice take_bytes(struct reader *r, unsigned field)
{
	return next_is(r, field << 3 | 2) ? reader_lp(r) : slice(NULL, 0);
}

static struct reader take_message(struct reader *r, unsigned field)
{
	return reader_of(take_bytes(r, field));
}

static void done(struct reader *r, const struct reader *message)
{
	if (message->bad || message->p != message->end)
		r->bad = true;
}

static void take_fixed(struct reader *r, unsigned field, uint8_t *out, size_t n)
{
	struct slice s = take_bytes(r, field);
	if (s.n == n)
		memcpy(out, s.p, n);
	else
		r->bad = true;
}

static void take_stamp(struct reader *r, unsigned field, struct stamp *t)
{
	struct reader m = take_message(r, field);
	t->s = (int64_t)take_u64(&m, 1);
	uint64_t ns = take_u64(&m, 2);
	if (ns >= 1000000000)
		r->bad = true;
	t->ns = (int32_t)(ns % 1000000000);
	done(r, &m);
}

static void take_block_id(struct reader *r, unsigned field, struct block_id *id)
{
	memset(id, 0, sizeof *id);
	struct reader m = take_message(r, field);
	struct slice hash = take_bytes(&m, 1);
	struct reader p = take_message(&m, 2);
	id->present = hash.n == 32;
	if (id->present) {
		memcpy(id->hash.b, hash.p, 32);
		uint64_t parts = take_u64(&p, 1);
		if (parts > UINT32_MAX)
			r->bad = true;
		id->parts = (uint32_t)parts;
		take_fixed(&p, 2, id->parts_hash.b, 32);
	}
	done(&m, &p);
	done(r, &m);
}

/* ---- header ---- */

static void pb_version(struct pb *o, const struct header *h)
{
	pb_u64(o, 1, h->version_block);
	pb_u64(o, 2, h->version_app);
}

static void pb_header(struct pb *o, const struct header *h)
{
	struct pb m = {.n = 0};
	pb_version(&m, h);
	pb_message(o, 1, m.b, m.n);
	pb_bytes(o, 2, h->chain_id, strlen(h->chain_id));
	pb_u64(o, 3, (uint64_t)h->height);
	pb_stamp_field(o, 4, h->time);
	pb_block_id_field(o, 5, &h->last_block_id);
	pb_bytes(o, 6, h->last_commit_hash.b, 32);
	pb_bytes(o, 7, h->data_hash.b, 32);
	pb_bytes(o, 8, h->validators_hash.b, 32);
	pb_bytes(o, 9, h->next_validators_hash.b, 32);
	pb_bytes(o, 10, h->consensus_hash.b, 32);
	pb_bytes(o, 11, h->app_hash.b, 32);
	pb_bytes(o, 12, h->last_results_hash.b, 32);
	pb_bytes(o, 13, h->evidence_hash.b, 32);
	pb_bytes(o, 14, h->proposer, VALIDATOR_ADDRESS);
}

void header_encode(struct buf *out, const struct header *h)
{
	struct pb o = {.n = 0};
	pb_header(&o, h);
	buf_put(out, o.b, o.n);
}

bool header_decode(struct header *h, struct slice bytes)
{
	memset(h, 0, sizeof *h);
	if (bytes.n > HEADER_BYTES_MAX)
		return false;
	struct reader r = reader_of(bytes);
	struct reader m = take_message(&r, 1);
	h->version_block = take_u64(&m, 1);
	h->version_app = take_u64(&m, 2);
	done(&r, &m);
	struct slice id = take_bytes(&r, 2);
	if (id.n > HEADER_CHAIN_ID_MAX || (id.n && memchr(id.p, 0, id.n)))
		return false;
	if (id.n)
		memcpy(h->chain_id, id.p, id.n);
	h->height = (int64_t)take_u64(&r, 3);
	take_stamp(&r, 4, &h->time);
	take_block_id(&r, 5, &h->last_block_id);
	struct hash *const hashes[8] = {
		&h->last_commit_hash,	  &h->data_hash,      &h->validators_hash,
		&h->next_validators_hash, &h->consensus_hash, &h->app_hash,
		&h->last_results_hash,	  &h->evidence_hash,
	};
	for (unsigned i = 0; i < 8; i++)
		take_fixed(&r, 6 + i, hashes[i]->b, 32);
	take_fixed(&r, 14, h->proposer, VALIDATOR_ADDRESS);
	if (r.bad || r.p != r.end || h->height < 0)
		return false;
	struct pb again = {.n = 0};
	pb_header(&again, h);
	return slice_eq(slice(again.b, again.n), bytes);
}

/* "wrap": the value as field 1 of a message of its own; an empty value is no bytes at all
 * (types/encoding_helper.go, cdcEncode). */
void header_leaf(struct hash *out, const struct header *h, unsigned field)
{
	const struct hash *const hashes[8] = {
		&h->last_commit_hash,	  &h->data_hash,      &h->validators_hash,
		&h->next_validators_hash, &h->consensus_hash, &h->app_hash,
		&h->last_results_hash,	  &h->evidence_hash,
	};
	struct pb o = {.n = 0};
	bug_if(field >= HEADER_FIELDS);
	if (field == 0)
		pb_version(&o, h);
	else if (field == 1)
		pb_bytes(&o, 1, h->chain_id, strlen(h->chain_id));
	else if (field == 2)
		pb_u64(&o, 1, (uint64_t)h->height);
	else if (field == 3)
		pb_stamp(&o, h->time);
	else if (field == 4)
		pb_block_id(&o, &h->last_block_id);
	else if (field == 13)
		pb_bytes(&o, 1, h->proposer, VALIDATOR_ADDRESS);
	else
		pb_bytes(&o, 1, hashes[field - 5]->b, 32);
	merkle_leaf(out, slice(o.b, o.n));
}

void header_hash(struct hash *out, const struct header *h)
{
	struct merkle m;
	struct hash leaf;
	merkle_init(&m);
	for (unsigned i = 0; i < HEADER_FIELDS; i++) {
		header_leaf(&leaf, h, i);
		merkle_add_leaf(&m, &leaf);
	}
	merkle_root(&m, out);
}

/* ---- validators ---- */

void validator_address(uint8_t out[static VALIDATOR_ADDRESS], const uint8_t key[static 32])
{
	struct hash h;
	sha256(&h, slice(key, 32));
	memcpy(out, h.b, VALIDATOR_ADDRESS);
}

/* SimpleValidator{1 pub_key PublicKey{1 ed25519}, 2 voting_power}. */
void validators_hash(struct hash *out, const struct validator *v, size_t n)
{
	struct merkle m;
	merkle_init(&m);
	for (size_t i = 0; i < n; i++) {
		struct pb key = {.n = 0}, o = {.n = 0};
		pb_bytes(&key, 1, v[i].key, 32);
		pb_message(&o, 1, key.b, key.n);
		pb_u64(&o, 2, v[i].power);
		merkle_add(&m, slice(o.b, o.n));
	}
	merkle_root(&m, out);
}

static int validator_cmp(const struct validator *a, const struct validator *b)
{
	if (a->power != b->power)
		return a->power > b->power ? -1 : 1;
	uint8_t x[VALIDATOR_ADDRESS], y[VALIDATOR_ADDRESS];
	validator_address(x, a->key);
	validator_address(y, b->key);
	return memcmp(x, y, VALIDATOR_ADDRESS);
}

bool validators_valid(const struct validator *v, size_t n)
{
	uint64_t total = 0;
	if (n == 0 || n > VALIDATORS_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (v[i].power == 0 || v[i].power > VOTING_POWER_MAX - total)
			return false;
		total += v[i].power;
		if (i && validator_cmp(&v[i - 1], &v[i]) >= 0)
			return false;
		for (size_t k = 0; k < i; k++)
			if (memcmp(v[k].key, v[i].key, 32) == 0)
				return false;
	}
	return true;
}

void validators_sort(struct validator *v, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct validator x = v[i];
		size_t k = i;
		for (; k > 0 && validator_cmp(&v[k - 1], &x) > 0; k--)
			v[k] = v[k - 1];
		v[k] = x;
	}
}

/* ---- commits ---- */

void commit_none(struct commit *c)
{
	memset(c, 0, sizeof *c);
}

void commit_encode(struct buf *out, const struct commit *c)
{
	struct pb o = {.n = 0};
	pb_u64(&o, 1, (uint64_t)c->height);
	pb_u64(&o, 2, (uint64_t)(int64_t)c->round);
	pb_block_id_field(&o, 3, &c->block_id);
	buf_put(out, o.b, o.n);
	for (size_t i = 0; i < c->n; i++) {
		struct pb s = {.n = 0}, f = {.n = 0};
		pb_commit_sig(&s, &c->sigs[i]);
		pb_message(&f, 4, s.b, s.n);
		buf_put(out, f.b, f.n);
	}
}

/* The next encoded piece must stand at *at. */
static bool piece_is(struct slice bytes, size_t *at, const struct pb *piece)
{
	if (piece->n > bytes.n - *at || memcmp(bytes.p + *at, piece->b, piece->n) != 0)
		return false;
	*at += piece->n;
	return true;
}

static bool commit_is(const struct commit *c, struct slice bytes)
{
	size_t at = 0;
	struct pb o = {.n = 0};
	pb_u64(&o, 1, (uint64_t)c->height);
	pb_u64(&o, 2, (uint64_t)(int64_t)c->round);
	pb_block_id_field(&o, 3, &c->block_id);
	if (!piece_is(bytes, &at, &o))
		return false;
	for (size_t i = 0; i < c->n; i++) {
		struct pb s = {.n = 0}, f = {.n = 0};
		pb_commit_sig(&s, &c->sigs[i]);
		pb_message(&f, 4, s.b, s.n);
		if (!piece_is(bytes, &at, &f))
			return false;
	}
	return at == bytes.n;
}

static void take_commit_sig(struct reader *r, struct commit_sig *s)
{
	struct reader m = reader_of(reader_lp(r));
	uint64_t flag = take_u64(&m, 1);
	if (flag < FLAG_ABSENT || flag > FLAG_NIL)
		r->bad = true;
	s->flag = (enum block_id_flag)flag;
	if (s->flag != FLAG_ABSENT)
		take_fixed(&m, 2, s->address, VALIDATOR_ADDRESS);
	take_stamp(&m, 3, &s->time);
	if (s->flag != FLAG_ABSENT)
		take_fixed(&m, 4, s->sig, 64);
	done(r, &m);
}

bool commit_decode(struct commit *c, struct slice bytes)
{
	memset(c, 0, sizeof *c);
	struct reader r = reader_of(bytes);
	c->height = (int64_t)take_u64(&r, 1);
	uint64_t round = take_u64(&r, 2);
	if (round > INT32_MAX || c->height < 0)
		return false;
	c->round = (int32_t)round;
	take_block_id(&r, 3, &c->block_id);
	while (next_is(&r, 4 << 3 | 2)) {
		if (c->n == VALIDATORS_MAX)
			return false;
		take_commit_sig(&r, &c->sigs[c->n++]);
	}
	if (r.bad || r.p != r.end)
		return false;
	return commit_is(c, bytes);
}

void commit_hash(struct hash *out, const struct commit *c)
{
	struct merkle m;
	merkle_init(&m);
	for (size_t i = 0; i < c->n; i++) {
		struct pb o = {.n = 0};
		pb_commit_sig(&o, &c->sigs[i]);
		merkle_add(&m, slice(o.b, o.n));
	}
	merkle_root(&m, out);
}

/* ---- votes ---- */

/* uvarint(len) || CanonicalVote{1 type, 2 height sfixed64, 3 round sfixed64, 4 block_id,
 * 5 timestamp, 6 chain_id} (types/canonical.go). Height and round are omitted at zero, the
 * block id for a nil vote, the timestamp never. */
size_t vote_sign_bytes(uint8_t out[static VOTE_SIGN_BYTES_MAX], const char *chain_id,
		       enum vote_type type, int64_t height, int32_t round,
		       const struct block_id *id, struct stamp time)
{
	struct pb o = {.n = 0}, all = {.n = 0};
	pb_u64(&o, 1, (uint64_t)type);
	pb_sfixed64(&o, 2, height);
	pb_sfixed64(&o, 3, round);
	if (id->present)
		pb_block_id_field(&o, 4, id);
	pb_stamp_field(&o, 5, time);
	pb_bytes(&o, 6, chain_id, strlen(chain_id));
	pb_varint(&all, o.n);
	pb_raw(&all, o.b, o.n);
	bug_if(all.n > VOTE_SIGN_BYTES_MAX);
	memcpy(out, all.b, all.n);
	return all.n;
}

static bool commit_sig_good(const struct header *h, const struct commit *c, size_t i,
			    const struct validator *v)
{
	uint8_t address[VALIDATOR_ADDRESS], msg[VOTE_SIGN_BYTES_MAX];
	/* CSA-2026-001 ("Tachyon"): the address at index i must be that of validator i. */
	validator_address(address, v->key);
	if (memcmp(address, c->sigs[i].address, VALIDATOR_ADDRESS) != 0)
		return false;
	size_t n = vote_sign_bytes(msg, h->chain_id, VOTE_PRECOMMIT, c->height, c->round,
				   &c->block_id, c->sigs[i].time);
	return ed25519_verify(c->sigs[i].sig, slice(msg, n), v->key);
}

enum err commit_verify(uint64_t *power, const struct header *h, const struct commit *c,
		       const struct validator *v, size_t n, struct err_text *t)
{
	struct hash set, block;
	uint64_t signed_power = 0, total = 0;
	if (!validators_valid(v, n))
		return err_set(t, ERR_VERIFY, "the validators are not a valid set");
	validators_hash(&set, v, n);
	header_hash(&block, h);
	if (!hash_eq(&set, &h->validators_hash))
		return err_set(t, ERR_VERIFY, "header %" PRId64 " names other validators",
			       h->height);
	if (c->height != h->height || !c->block_id.present || !hash_eq(&block, &c->block_id.hash))
		return err_set(t, ERR_VERIFY, "the commit is not for header %" PRId64, h->height);
	if (c->n != n)
		return err_set(t, ERR_VERIFY, "the commit has %zu votes for %zu validators", c->n,
			       n);
	for (size_t i = 0; i < n; i++) {
		total += v[i].power;
		if (c->sigs[i].flag != FLAG_COMMIT)
			continue;
		if (!commit_sig_good(h, c, i, &v[i]))
			return err_set(t, ERR_VERIFY,
				       "the signature of validator %zu on block %" PRId64
				       " does not fit",
				       i, h->height);
		signed_power += v[i].power;
	}
	if (power)
		*power = signed_power;
	/* More than two thirds: 3 x signed > 2 x total; powers stay below 2^60. */
	if (signed_power * 3 <= total * 2)
		return err_set(t, ERR_VERIFY,
			       "block %" PRId64 " is signed by %" PRIu64 " of %" PRIu64
			       " voting power, which is not more than two thirds",
			       h->height, signed_power, total);
	return ERR_OK;
}

/* ---- what a header commits to ---- */

void data_hash(struct hash *out, const struct slice *packets, size_t n)
{
	struct merkle m;
	merkle_init(&m);
	for (size_t i = 0; i < n; i++) {
		struct hash h;
		sha256(&h, packets[i]);
		merkle_add(&m, slice(h.b, 32));
	}
	merkle_root(&m, out);
}

void results_hash(struct hash *out, const struct slice *packet_results, size_t n)
{
	struct merkle m;
	merkle_init(&m);
	for (size_t i = 0; i < n; i++) {
		/* ExecTxResult{1 code = 0, 2 data}; a large `data`, hence not by pb. */
		struct pb head = {.n = 0};
		struct sha256 s;
		struct hash leaf;
		if (packet_results[i].n) {
			pb_varint(&head, 2 << 3 | 2);
			pb_varint(&head, packet_results[i].n);
		}
		sha256_init(&s);
		sha256_update(&s, "\0", 1);
		sha256_update(&s, head.b, head.n);
		sha256_update_slice(&s, packet_results[i]);
		sha256_final(&s, &leaf);
		merkle_add_leaf(&m, &leaf);
	}
	merkle_root(&m, out);
}

void consensus_hash_of(struct hash *out, int64_t max_bytes, int64_t max_gas)
{
	struct pb o = {.n = 0};
	pb_u64(&o, 1, (uint64_t)max_bytes);
	pb_u64(&o, 2, (uint64_t)max_gas);
	sha256(out, slice(o.b, o.n));
}

void consensus_hash(struct hash *out)
{
	consensus_hash_of(out, BLOCK_BYTES_MAX, -1);
}

void empty_hash(struct hash *out)
{
	sha256(out, slice(NULL, 0));
}

/* Cuts what is fed to it into parts of BLOCK_PART_BYTES and hashes each as a leaf. */
struct parts {
	struct merkle m;
	struct sha256 s;
	size_t in_part;
};

static void parts_begin(struct parts *p)
{
	sha256_init(&p->s);
	sha256_update(&p->s, "\0", 1);
	p->in_part = 0;
}

static void parts_end(struct parts *p)
{
	struct hash leaf;
	sha256_final(&p->s, &leaf);
	merkle_add_leaf(&p->m, &leaf);
}

static void parts_put(struct parts *p, const uint8_t *b, size_t n)
{
	while (n) {
		if (p->in_part == BLOCK_PART_BYTES) {
			parts_end(p);
			parts_begin(p);
		}
		size_t now = BLOCK_PART_BYTES - p->in_part;
		if (now > n)
			now = n;
		sha256_update(&p->s, b, now);
		p->in_part += now;
		b += now;
		n -= now;
	}
}

static size_t varint_size(uint64_t v)
{
	size_t n = 1;
	while (v >>= 7)
		n++;
	return n;
}

static void parts_head(struct parts *p, unsigned field, size_t n)
{
	struct pb o = {.n = 0};
	pb_varint(&o, field << 3 | 2);
	pb_varint(&o, n);
	parts_put(p, o.b, o.n);
}

/* Block{1 header, 2 data{1 txs}, 3 evidence{}, 4 last_commit}. */
void block_id_of(struct block_id *out, const struct header *h, const struct slice *packets,
		 size_t n, const struct commit *last_commit)
{
	struct parts p;
	struct pb o = {.n = 0};
	size_t data = 0, commit = 0;
	merkle_init(&p.m);
	parts_begin(&p);
	pb_header(&o, h);
	parts_head(&p, 1, o.n);
	parts_put(&p, o.b, o.n);
	for (size_t i = 0; i < n; i++)
		data += 1 + varint_size(packets[i].n) + packets[i].n;
	parts_head(&p, 2, data);
	for (size_t i = 0; i < n; i++) {
		parts_head(&p, 1, packets[i].n);
		parts_put(&p, packets[i].p, packets[i].n);
	}
	parts_head(&p, 3, 0);

	struct pb c = {.n = 0};
	pb_u64(&c, 1, (uint64_t)last_commit->height);
	pb_u64(&c, 2, (uint64_t)(int64_t)last_commit->round);
	pb_block_id_field(&c, 3, &last_commit->block_id);
	commit = c.n;
	for (size_t i = 0; i < last_commit->n; i++) {
		struct pb s = {.n = 0};
		pb_commit_sig(&s, &last_commit->sigs[i]);
		commit += 1 + varint_size(s.n) + s.n;
	}
	parts_head(&p, 4, commit);
	parts_put(&p, c.b, c.n);
	for (size_t i = 0; i < last_commit->n; i++) {
		struct pb s = {.n = 0};
		pb_commit_sig(&s, &last_commit->sigs[i]);
		parts_head(&p, 4, s.n);
		parts_put(&p, s.b, s.n);
	}
	parts_end(&p);

	memset(out, 0, sizeof *out);
	out->present = true;
	header_hash(&out->hash, h);
	out->parts = (uint32_t)p.m.n;
	merkle_root(&p.m, &out->parts_hash);
}

void app_hash(struct hash *out, uint64_t log_size, const struct hash *log_root,
	      const struct hash *state_root)
{
	uint8_t size[8];
	for (unsigned i = 0; i < 8; i++)
		size[i] = (uint8_t)(log_size >> (8 * (7 - i)));
	const struct slice parts[] = {SLICE_LIT("argosy/app/1"), slice(size, 8),
				      slice(log_root->b, 32), slice(state_root->b, 32)};
	sha256_parts(out, parts, 4);
}
