/*
 * proof_world: a small ledger in memory, with keys of its own, for the tests of proofs.
 *
 * It makes records, histories, subjects, a state trie, a log and signed heads by the
 * letter of docs/format/, and hands the parts to proof/bundle.h. Deterministic. It stops
 * at the first surprise.
 */
#ifndef PROOF_WORLD_H
#define PROOF_WORLD_H

#include "crypto/ed25519.h"
#include "crypto/merkle.h"
#include "crypto/sha256.h"
#include "proof/bundle.h"
#include "state/trie.h"
#include "verify/verify.h"

#include <stdio.h>
#include <stdlib.h>

#define MUST(cond)                                                                                 \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond);                 \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

enum { W_SUBJECTS = 64, W_EVENTS = 72, W_RECORDS = 512, W_FILL = 200 };
enum { R_WHAT = 1, R_PARENT = 2, R_CHILD = 3, R_INPUT = 4, R_OUTPUT = 5, R_ABOUT = 6 };
enum { A_NONE = 0, A_ADD = 1, A_OBSERVE = 2, A_DELETE = 3 };

struct w_subject {
	char id[100];
	uint8_t kind, flags;
	const char *owner, *holder, *container;
	struct hash head;
	size_t n;
	struct bundle_event e[W_EVENTS];
	size_t record[W_EVENTS]; /* in the log */
	struct buf value, proof;
};

struct world {
	struct genesis g;
	struct buf genesis_file;
	uint8_t secret[VALIDATORS_MAX][64];
	uint8_t next_secret[VALIDATORS_MAX][64];
	struct epoch_set set;
	size_t n_epochs;
	struct epoch epochs[4];

	size_t n_subjects;
	struct w_subject s[W_SUBJECTS];
	size_t n_records;
	struct buf records[W_RECORDS];
	struct hash leaves[W_RECORDS];
	int64_t now_ms;
	/* Of the next act, if not 0: when it happened. */
	int64_t happened_ms;
	uint8_t record_version; /* if not 0 */

	struct header header;
	struct commit commit;
	struct hash log_root, state_root;
};

static inline void w_seed(uint8_t seed[static 32], unsigned what, unsigned i)
{
	uint8_t b[2] = {(uint8_t)what, (uint8_t)i};
	struct hash h;
	sha256(&h, slice(b, 2));
	memcpy(seed, h.b, 32);
}

static inline struct world *world_new(size_t validators)
{
	struct world *w = calloc(1, sizeof *w);
	MUST(w);
	uint8_t pub[32], seed[32];
	struct genesis *g = &w->g;
	memcpy(g->chain_id, "tea-road-2026", 14);
	g->app_version = GENESIS_APP_VERSION;
	g->time = (struct stamp){1764000000, 0};
	g->initial_height = 1;
	g->n_validators = validators;
	for (unsigned i = 0; i < validators; i++) {
		uint8_t secret[64];
		w_seed(seed, 1, i);
		ed25519_from_seed(g->validators[i].key, secret, seed);
		g->validators[i].power = 10;
	}
	validators_sort(g->validators, validators);
	for (unsigned i = 0; i < validators; i++) {
		w_seed(seed, 2, i);
		ed25519_from_seed(pub, w->next_secret[i], seed);
		sha256(&g->next[i], slice(pub, 32));
	}
	g->app_state = SLICE_LIT("state");
	struct genesis back;
	MUST(genesis_encode(&w->genesis_file, g, NULL) == ERR_OK);
	MUST(genesis_decode(&back, buf_slice(&w->genesis_file), NULL) == ERR_OK);
	*g = back;
	epoch_set_init(&w->set, g);
	w->now_ms = 1764000100123;
	return w;
}

/* The secret key that belongs to a public one of this world. */
static inline const uint8_t *w_secret(struct world *w, const uint8_t *key)
{
	static uint8_t secret[64];
	uint8_t pub[32], seed[32];
	(void)w;
	for (unsigned what = 1; what < 4; what++)
		for (unsigned i = 0; i < 8; i++) {
			w_seed(seed, what, i);
			ed25519_from_seed(pub, secret, seed);
			if (memcmp(pub, key, 32) == 0)
				return secret;
		}
	MUST(false); /* a key of this world */
	return NULL;
}

static inline void world_free(struct world *w)
{
	for (size_t i = 0; i < w->n_subjects; i++) {
		buf_fini(&w->s[i].value);
		buf_fini(&w->s[i].proof);
	}
	for (size_t i = 0; i < w->n_records; i++)
		buf_fini(&w->records[i]);
	buf_fini(&w->genesis_file);
	free(w);
}

static inline size_t w_add(struct world *w, const char *id, uint8_t kind)
{
	MUST(w->n_subjects < W_SUBJECTS);
	struct w_subject *s = &w->s[w->n_subjects];
	snprintf(s->id, sizeof s->id, "%s", id);
	s->kind = kind;
	s->owner = "leafco";
	s->holder = "leafco";
	s->container = "";
	return w->n_subjects++;
}

/* ---- acts ---- */

struct w_entry {
	size_t subject;
	uint8_t role, mode; /* mode 0 history, 1 claim, 2 not named, 3 void mark */
	uint64_t voided;    /* mode 3: the number of the event that is void */
};

static inline void w_summary(struct buf *b, const struct bundle_event *e)
{
	buf_put_u8(b, e->kind);
	buf_put_u8(b, e->flags);
	buf_put_u8(b, e->role);
	buf_put_zigzag(b, e->happened_ms);
	buf_put_zigzag(b, e->recorded_ms);
	buf_put_lp(b, e->step);
	buf_put_lp(b, e->where);
	buf_put_lp(b, e->who);
	if (e->flags & 128)
		buf_put_varint(b, e->voided);
}

static inline void w_record(struct world *w, struct buf *b, uint8_t kind, const char *who,
			    const struct w_entry *entries, size_t n, const char *transformation)
{
	static const uint8_t zero[96];
	struct buf event = BUF_INIT, action = BUF_INIT;
	buf_put_u8(b, 'R');
	buf_put_u8(b, w->record_version ? w->record_version : 1);
	buf_put_varint(b, 1 + w->n_records);
	buf_put_zigzag(b, w->now_ms);
	buf_put_varint(b, 0);
	buf_put_varint(b, 0);
	buf_put_lp(b, slice_str(who));
	buf_put(b, zero, 32 + 16);
	buf_put_u8(b, kind);
	buf_put(b, zero, 32);
	buf_put_varint(b, n);
	for (size_t i = 0; i < n; i++) {
		struct w_subject *s = &w->s[entries[i].subject];
		buf_put_u8(b, entries[i].role);
		buf_put_u8(b, entries[i].mode);
		buf_put_lp(b, slice_str(s->id));
		buf_put_varint(b, entries[i].mode == 1 ? 1 : s->n + 1);
		buf_put_varint(b, s->n ? s->record[s->n - 1] + 1 : 0);
		if (entries[i].mode == 3)
			buf_put_varint(b, entries[i].voided);
	}
	/* Action{1: Event{1 type, 5 event id, 18 transformation id}}. */
	uint8_t type = 1;
	for (size_t i = 0; i < n; i++)
		type = entries[i].role == R_CHILD || entries[i].role == R_PARENT    ? 2
		       : entries[i].role == R_INPUT || entries[i].role == R_OUTPUT ? 4
										      : type;
	buf_put_u8(&event, 0x08);
	buf_put_u8(&event, type);
	if (transformation) {
		buf_put_varint(&event, 18 << 3 | 2);
		buf_put_lp(&event, slice_str(transformation));
	}
	buf_put_u8(&action, (uint8_t)(kind << 3 | 2));
	buf_put_lp(&action, buf_slice(&event));
	buf_put_lp(b, buf_slice(&action));
	buf_fini(&event);
	buf_fini(&action);
}

/* One record, in the history of each subject named but for claims. */
static inline void w_act(struct world *w, uint8_t kind, uint8_t flags, const char *step,
			 const char *where, const char *who, const struct w_entry *entries,
			 size_t n, const char *transformation)
{
	MUST(w->n_records < W_RECORDS);
	size_t index = w->n_records;
	struct buf *record = &w->records[index];
	w->now_ms += 3456789;
	w_record(w, record, kind, who, entries, n, transformation);
	merkle_leaf(&w->leaves[index], buf_slice(record));
	w->n_records++;
	for (size_t i = 0; i < n; i++) {
		if (entries[i].mode == 1)
			continue;
		struct w_subject *s = &w->s[entries[i].subject];
		MUST(s->n < W_EVENTS);
		struct bundle_event *e = &s->e[s->n];
		*e = (struct bundle_event){
			.kind = kind,
			.flags = (uint8_t)(flags | (entries[i].mode == 2   ? 16
						    : entries[i].mode == 3 ? 128
									   : 0)),
			.voided = entries[i].mode == 3 ? entries[i].voided : 0,
			.role = entries[i].role,
			.happened_ms = w->happened_ms ? w->happened_ms
						       : (w->now_ms - 60123) / 60000 * 60000,
			.recorded_ms = w->now_ms,
			.step = slice_str(step),
			.where = slice_str(where),
			.who = slice_str(who),
			.digest = w->leaves[index],
		};
		struct buf sum = BUF_INIT;
		w_summary(&sum, e);
		struct slice parts[4] = {SLICE_LIT("argosy/history/1"), slice(s->head.b, 32),
					 slice(e->digest.b, 32), buf_slice(&sum)};
		sha256_parts(&s->head, parts, 4);
		buf_fini(&sum);
		s->record[s->n++] = index;
	}
	w->happened_ms = 0;
}

/* A void mark alone: what was said of the subject as event `voided` is declared in error. */
static inline void w_void(struct world *w, const char *who, size_t subject, uint8_t role, uint64_t voided)
{
	struct w_entry e = {subject, role, 3, voided};
	w->happened_ms = w->now_ms + 3456789; /* as w_act counts on: when it is recorded */
	w_act(w, 1, 4, "", "", who, &e, 1, NULL);
}

static inline void w_event(struct world *w, uint8_t action, const char *step, const char *where,
			   const char *who, size_t subject)
{
	struct w_entry e = {subject, R_WHAT, 0, 0};
	w_act(w, 1, action, step, where, who, &e, 1, NULL);
}

/* ---- state ---- */

static inline void w_value(struct buf *b, const struct w_subject *s)
{
	buf_put_u8(b, 'S');
	buf_put_u8(b, 1);
	buf_put_varint(b, s->n);
	buf_put(b, s->head.b, 32);
	buf_put_varint(b, s->n && s->n <= W_EVENTS ? s->record[s->n - 1] + 1 : 0);
	buf_put_varint(b, 0);
	buf_put_u8(b, s->kind);
	buf_put_u8(b, s->flags);
	buf_put_lp(b, slice_str(s->owner));
	buf_put_lp(b, slice_str(s->holder));
	buf_put_lp(b, slice_str(""));
	buf_put_lp(b, slice_str(s->container));
	buf_put_varint(b, 0);
	buf_put_varint(b, 0);
	buf_put_varint(b, 0);
	buf_put_u8(b, 0);
}

struct w_leaf {
	struct hash key, value, leaf;
};

static inline int w_leaf_cmp(const void *a, const void *b)
{
	return memcmp(a, b, 32);
}

static inline void w_key(struct hash *out, const char *id)
{
	struct slice parts[2] = {SLICE_LIT("s/"), slice_str(id)};
	sha256_parts(out, parts, 2);
}

/* Root of sorted leaves below `depth`; if `p`, the siblings of `key` on the way. */
static inline struct hash w_subtree(const struct w_leaf *l, size_t n, unsigned depth,
				    const struct hash *key, struct state_proof *p)
{
	struct hash h = {{0}};
	if (n == 0) {
		if (p)
			p->kind = STATE_PROOF_EMPTY;
		return h;
	}
	if (n == 1) {
		if (p && !hash_eq(&l->key, key)) {
			p->kind = STATE_PROOF_OTHER;
			p->other_key_hash = l->key;
			p->other_value_hash = l->value;
		}
		return l->leaf;
	}
	size_t split = 0;
	while (split < n && !trie_bit(l[split].key.b, depth))
		split++;
	bool right = p && trie_bit(key->b, depth);
	if (p)
		p->depth = depth + 1;
	struct hash a = w_subtree(l, split, depth + 1, key, p && !right ? p : NULL);
	struct hash b = w_subtree(l + split, n - split, depth + 1, key, right ? p : NULL);
	if (p)
		p->sibling[depth] = right ? a : b;
	uint8_t both[65] = {1};
	memcpy(both + 1, a.b, 32);
	memcpy(both + 33, b.b, 32);
	sha256(&h, slice(both, 65));
	return h;
}

static inline size_t w_leaves(struct world *w, struct w_leaf *l)
{
	size_t n = 0;
	for (size_t i = 0; i < w->n_subjects; i++, n++) {
		buf_clear(&w->s[i].value);
		w_value(&w->s[i].value, &w->s[i]);
		w_key(&l[n].key, w->s[i].id);
		sha256(&l[n].value, buf_slice(&w->s[i].value));
	}
	for (unsigned i = 0; i < W_FILL; i++, n++) {
		w_seed(l[n].key.b, 100 + i / 200, i);
		l[n].value = l[n].key;
	}
	for (size_t i = 0; i < n; i++)
		trie_leaf_hash(&l[i].leaf, &l[i].key, &l[i].value);
	qsort(l, n, sizeof *l, w_leaf_cmp);
	return n;
}

/* ---- log ---- */

static inline struct hash w_root(const struct hash *l, size_t n)
{
	struct merkle m;
	struct hash h;
	merkle_init(&m);
	for (size_t i = 0; i < n; i++)
		merkle_add_leaf(&m, &l[i]);
	merkle_root(&m, &h);
	return h;
}

/* RFC 6962, 2.1.2: SUBPROOF(m, D[n], whole). */
static inline size_t w_consistency(struct hash *out, const struct hash *l, size_t m, size_t n,
				   bool whole)
{
	if (m == n) {
		if (whole)
			return 0;
		out[0] = w_root(l, n);
		return 1;
	}
	size_t k = 1, used;
	while (k * 2 < n)
		k *= 2;
	if (m <= k) {
		used = w_consistency(out, l, m, k, whole);
		out[used] = w_root(l + k, n - k);
	} else {
		used = w_consistency(out, l + k, m - k, n - k, false);
		out[used] = w_root(l, k);
	}
	return used + 1;
}

/* ---- heads ---- */

static inline void w_sign(struct world *w, size_t i)
{
	uint8_t msg[VOTE_SIGN_BYTES_MAX];
	struct commit_sig *g = &w->commit.sigs[i];
	g->flag = FLAG_COMMIT;
	g->time = w->header.time;
	g->time.ns += (int32_t)(i * 1234567);
	validator_address(g->address, w->set.v[i].key);
	size_t n = vote_sign_bytes(msg, w->header.chain_id, VOTE_PRECOMMIT, w->commit.height,
				   w->commit.round, &w->commit.block_id, g->time);
	ed25519_sign(g->sig, slice(msg, n), w_secret(w, w->set.v[i].key));
}

/* Signs a header over this log and state root; all validators but the last of four. */
static inline void w_head(struct world *w, int64_t height)
{
	struct header *h = &w->header;
	memset(h, 0, sizeof *h);
	h->version_block = BLOCK_VERSION;
	h->version_app = w->g.app_version;
	memcpy(h->chain_id, w->g.chain_id, sizeof h->chain_id);
	h->height = height;
	h->time = (struct stamp){w->now_ms / 1000 + 1, 123456789};
	h->last_block_id.present = true;
	h->last_block_id.parts = 1;
	w_seed(h->last_block_id.hash.b, 50, (unsigned)height);
	h->last_block_id.parts_hash = h->last_block_id.hash;
	h->last_commit_hash = h->last_block_id.hash;
	data_hash(&h->data_hash, NULL, 0);
	validators_hash(&h->validators_hash, w->set.v, w->set.n);
	h->next_validators_hash = h->validators_hash;
	consensus_hash(&h->consensus_hash);
	app_hash(&h->app_hash, w->n_records, &w->log_root, &w->state_root);
	empty_hash(&h->last_results_hash);
	h->evidence_hash = h->last_results_hash;
	validator_address(h->proposer, w->set.v[0].key);

	struct commit none;
	commit_none(&none);
	memset(&w->commit, 0, sizeof w->commit);
	w->commit.height = height;
	w->commit.n = w->set.n;
	block_id_of(&w->commit.block_id, h, NULL, 0, &none);
	for (size_t i = 0; i < w->set.n; i++) {
		if (w->set.n >= 4 && i == w->set.n - 1)
			w->commit.sigs[i].flag = FLAG_ABSENT;
		else
			w_sign(w, i);
	}
	MUST(commit_verify(NULL, h, &w->commit, w->set.v, w->set.n, NULL) == ERR_OK);
}

/* Computes state and log, proves each subject, and signs a head. */
static inline void world_close(struct world *w, int64_t height)
{
	struct w_leaf *l = calloc(W_SUBJECTS + W_FILL, sizeof *l);
	MUST(l);
	size_t n = w_leaves(w, l);
	w->state_root = w_subtree(l, n, 0, NULL, NULL);
	w->log_root = w_root(w->leaves, w->n_records);
	for (size_t i = 0; i < w->n_subjects; i++) {
		static struct state_proof p;
		struct hash key;
		memset(&p, 0, sizeof p);
		w_key(&key, w->s[i].id);
		w_subtree(l, n, 0, &key, &p);
		MUST(p.kind == STATE_PROOF_PRESENT);
		buf_clear(&w->s[i].proof);
		state_proof_put(&w->s[i].proof, &p);
		struct slice v = buf_slice(&w->s[i].value);
		MUST(state_proof_check_at(&p, &w->state_root, &key, &v));
	}
	free(l);
	w_head(w, height);
}

/* ---- more heads ---- */

/* Pretends a large state: the first subject at `depth`, beside siblings of no account. */
static inline void w_deep(struct world *w, unsigned depth)
{
	static struct state_proof p;
	struct hash key, value, h;
	memset(&p, 0, sizeof p);
	p.kind = STATE_PROOF_PRESENT;
	p.depth = depth;
	w_key(&key, w->s[0].id);
	sha256(&value, buf_slice(&w->s[0].value));
	trie_leaf_hash(&h, &key, &value);
	for (unsigned i = depth; i-- > 0;) {
		uint8_t both[65] = {1};
		w_seed(p.sibling[i].b, 60, i);
		bool right = trie_bit(key.b, i);
		memcpy(both + 1, right ? p.sibling[i].b : h.b, 32);
		memcpy(both + 33, right ? h.b : p.sibling[i].b, 32);
		sha256(&h, slice(both, 65));
	}
	w->state_root = h;
	buf_clear(&w->s[0].proof);
	state_proof_put(&w->s[0].proof, &p);
	w_head(w, w->header.height);
}

/* The next epoch begins at `from`: the key of validator `index` is replaced, or not. */
static inline void w_epoch(struct world *w, enum epoch_kind kind, int64_t from, size_t index)
{
	struct epoch *e = &w->epochs[w->n_epochs];
	uint8_t seed[32], pub[32], secret[64];
	*e = (struct epoch){.number = w->set.number + 1,
			    .kind = kind,
			    .from_height = from,
			    .last_height = from - 1,
			    .index = index};
	header_hash(&e->last_hash, &w->header);
	const uint8_t *signer = w_secret(w, w->set.v[index].key);
	if (kind == EPOCH_REPLACE) {
		/* Which of this world's next keys was committed to? */
		for (unsigned what = 2; what < 4; what++)
			for (unsigned i = 0; i < w->set.n; i++) {
				struct hash h;
				w_seed(seed, what, i);
				ed25519_from_seed(pub, secret, seed);
				sha256(&h, slice(pub, 32));
				if (hash_eq(&h, &w->set.next[index]))
					memcpy(e->key, pub, 32);
			}
		signer = w_secret(w, e->key);
		w_seed(seed, 3, (unsigned)index);
		ed25519_from_seed(pub, secret, seed);
		sha256(&e->next, slice(pub, 32));
	}
	MUST(epoch_sign(e, &w->g.fingerprint, signer) == ERR_OK);
	struct err_text t = {""};
	if (epoch_apply(&w->set, e, &w->g.fingerprint, &t) != ERR_OK) {
		fprintf(stderr, "epoch: %s\n", t.text);
		abort();
	}
	w->n_epochs++;
}

/* Signs with a key of this world. */
static inline void w_cosign(struct world *w, struct bundle_witness *x, unsigned what, unsigned who)
{
	uint8_t seed[32], secret[64];
	w_seed(seed, what, who);
	ed25519_from_seed(x->key, secret, seed);
	MUST(bundle_witness_sign(x, &w->g.fingerprint, secret) == ERR_OK);
}

/* A partner signs the head as it is now. */
static inline struct bundle_witness w_witness(struct world *w, unsigned who, const char *name)
{
	struct bundle_witness x = {.name = slice_str(name),
				   .height = w->header.height,
				   .log_size = w->n_records,
				   .log_root = w->log_root,
				   .how = WITNESS_LOG};
	header_hash(&x.header_hash, &w->header);
	w_cosign(w, &x, 9, who);
	return x;
}

/* That the present log continues that of `size` records. `path` holds 64 hashes. */
static inline struct bundle_consistency w_continues(struct world *w, struct hash *path, size_t size)
{
	return (struct bundle_consistency){
		size, w_root(w->leaves, size), path,
		w_consistency(path, w->leaves, size, w->n_records, true)};
}

/* A proof that `id` has no history. */
static inline void w_absent(struct world *w, struct buf *proof, const char *id)
{
	static struct state_proof p;
	struct w_leaf *l = calloc(W_SUBJECTS + W_FILL, sizeof *l);
	MUST(l);
	size_t n = w_leaves(w, l);
	struct hash key;
	memset(&p, 0, sizeof p);
	w_key(&key, id);
	w_subtree(l, n, 0, &key, &p);
	MUST(p.kind != STATE_PROOF_PRESENT && state_proof_check_at(&p, &w->state_root, &key, NULL));
	state_proof_put(proof, &p);
	free(l);
}

static inline struct bundle_head w_bundle_head(struct world *w)
{
	return (struct bundle_head){.genesis = &w->g,
				    .epochs = w->epochs,
				    .n_epochs = w->n_epochs,
				    .header = &w->header,
				    .commit = &w->commit,
				    .log_size = w->n_records,
				    .log_root = w->log_root,
				    .state_root = w->state_root};
}

static inline struct bundle_subject w_bundle_subject(struct world *w, size_t i)
{
	struct w_subject *s = &w->s[i];
	return (struct bundle_subject){slice_str(s->id), buf_slice(&s->value), buf_slice(&s->proof),
				       s->e, s->n};
}

/* The bundle of some subjects; records: those of all structural events, if `records`. */
static inline void world_bundle(struct world *w, struct buf *out, const size_t *which, size_t n,
				bool records)
{
	static struct bundle_subject s[W_SUBJECTS];
	static struct bundle_record r[W_RECORDS];
	struct bundle b = {.head = w_bundle_head(w), .subjects = s, .n_subjects = n, .records = r};
	for (size_t i = 0; i < n; i++) {
		s[i] = w_bundle_subject(w, which[i]);
		for (size_t k = 0; records && k < s[i].n_events; k++) {
			const struct bundle_event *e = &s[i].events[k];
			bool child = e->role == R_CHILD && (e->flags & 3) != A_OBSERVE && !e->voided;
			bool made = e->role == R_OUTPUT;
			bool t = w->s[which[i]].kind == 8 && e->role == R_ABOUT;
			if (child || made || t)
				r[b.n_records++] = (struct bundle_record){
					i, k, buf_slice(&w->records[w->s[which[i]].record[k]])};
		}
	}
	struct err_text t = {""};
	if (bundle_encode(out, &b, &t) != ERR_OK) {
		fprintf(stderr, "bundle: %s\n", t.text);
		abort();
	}
}

static inline struct verify_result *w_verify(const struct world *w, struct slice bytes)
{
	struct verify_options o = {.fingerprint = w->g.fingerprint.b};
	struct verify_result *r = verify_bundle(bytes.p, bytes.n, &o);
	MUST(r);
	return r;
}

static inline enum verify_reason w_reason(const struct world *w, struct slice bytes)
{
	struct verify_result *r = w_verify(w, bytes);
	enum verify_reason reason = r->reason;
	verify_free(r);
	return reason;
}

/* ---- worlds that several tests want ---- */

/* A parcel of twenty events at six places by five members. */
static inline struct world *w_parcel(size_t validators)
{
	static const char *const members[5] = {"leafco", "blueline", "porthouse", "customs-cn",
					       "lastmile"};
	static const char *const places[6] = {
		"/414/9521234000013", "/414/9521234000020", "/414/9521987000031",
		"/414/9521987000048", "/414/9521555000054", "/414/9521555000061/254/dock.7"};
	static const char *const story[20] = {
		"commissioning",  "inspecting",	      "packing",   "storing",
		"picking",	  "staging_outbound", "shipping",  "departing",
		"transporting",	  "arriving",	      "receiving", "offer_custody",
		"accept_custody", "inspecting",	      "storing",   "loading",
		"transporting",	  "unloading",	      "receiving", "retail_selling"};
	struct world *w = world_new(validators);
	size_t p = w_add(w, "/01/09521234543213/21/TEA-2026-00017-PARCEL", 1);
	w_add(w, "/01/09521234543213/21/OTHER", 1);
	for (size_t i = 0; i < 20; i++) {
		bool custody = i == 11 || i == 12;
		struct w_entry e = {p, custody ? R_ABOUT : R_WHAT, 0, 0};
		uint8_t kind = i == 11 ? 9 : i == 12 ? 10 : 1;
		uint8_t flags = custody ? 0 : i == 0 ? A_ADD : A_OBSERVE;
		if (i == 8)
			flags |= 32;
		w_act(w, kind, flags, story[i], places[i % 6], members[i / 4], &e, 1, NULL);
	}
	w_event(w, A_ADD, "commissioning", places[0], members[0], 1);
	world_close(w, 25);
	return w;
}

/* Tea from two lots, blended in a transformation that is recorded in two events, boxed,
 * palletised, shipped, unpacked unnamed. Subject 0 is the tin; `all` receives the journey. */
enum { J_TIN, J_LOT_A, J_LOT_B, J_BLEND, J_BOX, J_PALLET, J_SACK, J_STRANGER, J_SUBJECTS };
static inline struct world *w_journey(size_t validators)
{
	struct world *w = world_new(validators);
	w_add(w, "/01/09521234543213/21/TIN-1", 1);
	w_add(w, "/01/09521111111113/10/A", 2);
	w_add(w, "/01/09521111111120/10/B", 2);
	w_add(w, "urn:uuid:blend-7", 8);
	w_add(w, "/00/395212340000000017", 4);
	w_add(w, "/00/395212340000000024", 4);
	w_add(w, "/00/395212340000000031", 4);
	w_add(w, "/01/09521111111199/10/Z", 2);
	const char *const farm = "/414/9521234000013", *const mill = "/414/9521234000020";
#define ACT(kind, flags, step, where, who, transformation, ...)                                    \
	do {                                                                                       \
		const struct w_entry e_[] = {__VA_ARGS__};                                         \
		w_act(w, kind, flags, step, where, who, e_, sizeof e_ / sizeof *e_,                \
		      transformation);                                                             \
	} while (0)
	w_event(w, A_ADD, "commissioning", farm, "farm", J_LOT_A);
	w_event(w, A_ADD, "commissioning", farm, "farm", J_LOT_B);
	w_event(w, A_ADD, "commissioning", farm, "farm", J_STRANGER);
	w_event(w, A_OBSERVE, "storing", farm, "farm", J_SACK);
	ACT(1, A_ADD, "packing", farm, "farm", NULL, {J_SACK, R_PARENT, 0, 0}, {J_LOT_A, R_CHILD, 0, 0});
	w_event(w, A_OBSERVE, "transporting", farm, "haul", J_SACK);
	ACT(1, A_DELETE, "unpacking", mill, "mill", NULL, {J_SACK, R_PARENT, 0, 0},
	    {J_LOT_A, R_CHILD, 0, 0});
	w_event(w, A_OBSERVE, "destroying", mill, "mill", J_SACK);
	/* Inputs in one event, the output in another, one id. */
	ACT(1, 0, "commissioning", mill, "mill", "urn:uuid:blend-7", {J_LOT_A, R_INPUT, 0, 0},
	    {J_STRANGER, R_INPUT, 1, 0}, {J_BLEND, R_ABOUT, 0, 0});
	ACT(1, 0, "commissioning", mill, "mill", "urn:uuid:blend-7", {J_LOT_B, R_INPUT, 0, 0},
	    {J_TIN, R_OUTPUT, 0, 0}, {J_BLEND, R_ABOUT, 0, 0});
	w_event(w, A_OBSERVE, "storing", mill, "mill", J_LOT_B);
	w_event(w, A_ADD, "commissioning", mill, "mill", J_BOX);
	ACT(1, A_ADD, "packing", mill, "mill", NULL, {J_BOX, R_PARENT, 0, 0}, {J_TIN, R_CHILD, 0, 0});
	ACT(1, A_ADD, "loading", mill, "mill", NULL, {J_PALLET, R_PARENT, 0, 0}, {J_BOX, R_CHILD, 0, 0});
	w_event(w, A_OBSERVE, "shipping", mill, "haul", J_PALLET);
	w_event(w, A_OBSERVE, "receiving", "/414/9521987000031", "shop", J_PALLET);
	ACT(1, A_DELETE, "unloading", "/414/9521987000031", "shop", NULL, {J_PALLET, R_PARENT, 0, 0},
	    {J_BOX, R_CHILD, 2, 0});
	ACT(1, A_DELETE, "unpacking", "/414/9521987000031", "shop", NULL, {J_BOX, R_PARENT, 0, 0},
	    {J_TIN, R_CHILD, 2, 0});
	w_event(w, A_OBSERVE, "retail_selling", "/414/9521987000031", "shop", J_TIN);
	w_event(w, A_OBSERVE, "other", mill, "haul", J_PALLET);
#undef ACT
	world_close(w, 30);
	return w;
}
static const size_t w_whole_journey[] = {J_TIN, J_LOT_A, J_LOT_B, J_BLEND, J_BOX, J_PALLET, J_SACK};

#endif
