/* witness: partners who cosigned a head, and logs that continue older ones. */
#include "verify/inside.h"

bool read_consistencies(struct work *w)
{
	struct hash now, path[64];
	memcpy(now.b, w->r->log_root, 32);
	uint64_t n = reader_varint(&w->in), last = 0;
	if (n > CONSISTENCIES_MAX)
		return refuse(w, VERIFY_LIMIT, "%llu consistency proofs", (unsigned long long)n);
	w->r->older = take_memory(w, (size_t)n * sizeof *w->r->older);
	if (!w->r->older)
		return false;
	for (uint64_t i = 0; i < n; i++) {
		struct verify_older *o = &w->r->older[i];
		o->log_size = reader_varint(&w->in);
		struct hash root = reader_hash(&w->in);
		memcpy(o->log_root, root.b, 32);
		uint64_t hashes = reader_varint(&w->in);
		if (w->in.bad || hashes > 64 || o->log_size <= last ||
		    o->log_size >= w->r->log_size)
			return refuse(w, VERIFY_FORMAT, "a consistency proof");
		for (size_t k = 0; k < hashes; k++)
			path[k] = reader_hash(&w->in);
		if (w->in.bad)
			return refuse(w, VERIFY_FORMAT, "cut in a consistency proof");
		if (!consistency_good(o->log_size, &root, w->r->log_size, &now, path,
				      (size_t)hashes))
			return refuse(w, VERIFY_CONSISTENCY, "from %llu records to %llu",
				      (unsigned long long)o->log_size,
				      (unsigned long long)w->r->log_size);
		last = o->log_size;
	}
	w->r->n_older = (size_t)n;
	return !w->in.bad || refuse(w, VERIFY_FORMAT, "cut in the consistency proofs");
}

/* Does this log continue the one of that size and root? *proved false: nothing here says. */
static bool continues(const struct work *w, uint64_t size, const struct hash *root, bool *proved)
{
	*proved = true;
	if (size == 0)
		return true;
	if (size == w->r->log_size)
		return commits(root->b, w->r->log_root);
	for (size_t i = 0; i < w->r->n_older; i++)
		if (w->r->older[i].log_size == size)
			return commits(root->b, w->r->older[i].log_root);
	*proved = false;
	return false;
}

enum { HOW_LOG = 1, HOW_REPLAYED = 2 };

/* The head that a witness signed. */
struct seen {
	int64_t height;
	struct hash header, log_root, state_root;
	uint64_t log_size;
	uint8_t how;
};

/* "argosy/head/2" 0x00 || fingerprint || varint height || header hash || varint log size || log
 * root || u8 how || (how 2: state root) || lp name */
static bool witnessed(struct work *w, const uint8_t *key, const uint8_t *sig, const struct seen *s,
		      struct slice name)
{
	struct buf m = BUF_INIT;
	buf_put(&m, "argosy/head/2", 14);
	buf_put(&m, w->r->fingerprint, 32);
	buf_put_varint(&m, (uint64_t)s->height);
	buf_put(&m, s->header.b, 32);
	buf_put_varint(&m, s->log_size);
	buf_put(&m, s->log_root.b, 32);
	buf_put_u8(&m, s->how);
	if (s->how == HOW_REPLAYED)
		buf_put(&m, s->state_root.b, 32);
	buf_put_lp(&m, name);
	bool good = m.failed ? refuse(w, VERIFY_NOMEM, "a witness")
			     : signature_good(sig, buf_slice(&m), key);
	buf_fini(&m);
	return good;
}

static bool read_witness(struct work *w, struct verify_witness *out)
{
	struct seen s = {.log_size = w->r->log_size, .state_root = w->state_root};
	memcpy(s.header.b, w->r->header_hash, 32);
	memcpy(s.log_root.b, w->r->log_root, 32);
	struct slice key = reader_bytes(&w->in, 32), name = reader_lp(&w->in);
	s.how = reader_u8(&w->in);
	if (!w->in.bad && s.how != HOW_LOG && s.how != HOW_REPLAYED)
		return refuse(w, VERIFY_VERSION, "a witness who checked in way %u", s.how);
	uint64_t below = reader_varint(&w->in);
	if (below) {
		s.header = reader_hash(&w->in);
		s.log_size = reader_varint(&w->in);
		s.log_root = reader_hash(&w->in);
		if (s.how == HOW_REPLAYED)
			s.state_root = reader_hash(&w->in);
	}
	struct slice sig = reader_bytes(&w->in, 64);
	if (w->in.bad || name.n > WITNESS_NAME_BYTES || !utf8_valid(name) || has_control(name) ||
	    below > (uint64_t)(w->r->height - w->genesis_height) || (w->r->is_head && below))
		return refuse(w, VERIFY_FORMAT, "a witness");
	memcpy(out->key, key.p, 32);
	s.height = out->height = w->r->height - (int64_t)below;
	out->replayed = s.how == HOW_REPLAYED;
	for (size_t i = 0; i < w->n_ever; i++)
		out->validator = out->validator || memcmp(w->ever[i], out->key, 32) == 0;
	char *copy = take_memory(w, name.n + 1);
	if (!copy)
		return false;
	if (name.n)
		memcpy(copy, name.p, name.n);
	out->name = copy;
	if (!witnessed(w, out->key, sig.p, &s, name))
		return refuse(w, VERIFY_WITNESS, "%s at height %lld", out->name,
			      (long long)out->height);
	bool proved;
	if (!continues(w, s.log_size, &s.log_root, &proved))
		return refuse(w, VERIFY_CONSISTENCY, "the head that %s witnessed, height %lld",
			      out->name, (long long)out->height);
	return true;
}

bool read_witnesses(struct work *w)
{
	uint64_t n = reader_varint(&w->in);
	if (n > WITNESSES_MAX)
		return refuse(w, VERIFY_LIMIT, "%llu witnesses", (unsigned long long)n);
	w->r->witnesses = take_memory(w, (size_t)n * sizeof *w->r->witnesses);
	if (!w->r->witnesses)
		return false;
	w->r->n_witnesses = (size_t)n;
	for (size_t i = 0; i < w->r->n_witnesses; i++) {
		struct verify_witness *now = &w->r->witnesses[i];
		if (!read_witness(w, now))
			return false;
		if (!i)
			continue;
		int c = memcmp(now[-1].key, now->key, 32);
		if (c > 0 || (c == 0 && now[-1].height >= now->height))
			return refuse(w, VERIFY_FORMAT, "witnesses out of order");
	}
	return !w->in.bad || refuse(w, VERIFY_FORMAT, "cut in the witnesses");
}

bool count_witnesses(struct work *w, const struct verify_options *o)
{
	struct verify_result *r = w->r;
	r->named = take_memory(w, o->n_witnesses * sizeof *r->named);
	if (!r->named)
		return false;
	r->n_named = o->n_witnesses;
	for (size_t i = 0; i < r->n_named; i++) {
		struct verify_named *k = &r->named[i];
		memcpy(k->key, o->witnesses + 32 * i, 32);
		for (size_t j = 0; j < r->n_witnesses; j++) {
			struct verify_witness *x = &r->witnesses[j];
			if (x->validator || memcmp(x->key, k->key, 32) != 0)
				continue;
			x->counts = k->counts = true;
		}
	}
	return true;
}

size_t epochs_shared(const struct verify_result *a, const struct verify_result *b)
{
	size_t n = 0;
	while (n < a->n_epochs && n < b->n_epochs &&
	       memcmp(a->epochs[n].statement, b->epochs[n].statement, 32) == 0)
		n++;
	return n;
}

bool check_held_head(struct work *w, const struct verify_result *held)
{
	struct verify_result *r = w->r;
	r->held_height = held->height;
	if (!commits(held->fingerprint, r->fingerprint))
		return refuse(w, VERIFY_HEAD, "it is of another chain");
	if (held->height > r->height)
		return refuse(w, VERIFY_HEAD,
			      "it is older: height %lld, the head held is of height %lld",
			      (long long)r->height, (long long)held->height);
	/* Else a key that was replaced, as stolen, would still vouch for what came after. */
	if (epochs_shared(held, r) < held->n_epochs)
		return refuse(w, VERIFY_HEAD,
			      "epoch %llu, which the head held shows, is missing or another one here",
			      (unsigned long long)held->epochs[epochs_shared(held, r)].number);
	if (held->height == r->height) {
		if (!commits(held->header_hash, r->header_hash))
			return refuse(
				w, VERIFY_HEAD,
				"two signed headers of height %lld: keep both files, they are "
				"evidence",
				(long long)r->height);
		r->head_held = true;
		return true;
	}
	struct hash root;
	bool proved;
	memcpy(root.b, held->log_root, 32);
	if (held->log_size > r->log_size || !continues(w, held->log_size, &root, &proved)) {
		if (held->log_size <= r->log_size && !proved)
			return refuse(
				w, VERIFY_HEAD,
				"the bundle holds no consistency proof from a log of %llu records",
				(unsigned long long)held->log_size);
		return refuse(w, VERIFY_HEAD,
			      "its log does not continue that of the head held: keep both files, "
			      "they are evidence");
	}
	r->head_held = true;
	return true;
}
