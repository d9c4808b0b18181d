/* receipt: reads a receipt, and holds its records against the root of the log. */
#include "verify/receipt.h"

#include "verify/say.h"

enum { HASHES_MAX = 128, LINE_BYTES_MIN = 5 };

/* ---- the range proof: RFC 6962's tree, from the root down ---- */

struct range {
	const struct hash *leaves;
	uint64_t first, end;
	const struct hash *path;
	size_t n, used;
	bool bad;
};

/* The largest power of two below n, n >= 2. */
static uint64_t split_of(uint64_t n)
{
	uint64_t k = 1;
	while (k < n - k)
		k *= 2;
	return k;
}

/* The part of the tree over `n` records from `lo` on. */
static void range_root(struct range *g, struct hash *out, uint64_t lo, uint64_t n)
{
	struct hash left, right;
	if (lo >= g->end || n <= g->first - (lo < g->first ? lo : g->first)) {
		g->bad = g->bad || g->used == g->n;
		if (!g->bad)
			*out = g->path[g->used++];
		return;
	}
	if (n == 1) {
		*out = g->leaves[lo - g->first];
		return;
	}
	uint64_t k = split_of(n);
	range_root(g, &left, lo, k);
	if (!g->bad)
		range_root(g, &right, lo + k, n - k);
	if (!g->bad)
		h_node(out, &left, &right);
}

/* ---- records ---- */

static bool newer(struct work *w, const char *what, unsigned number)
{
	return refuse(w, VERIFY_VERSION, "a record with %s %u", what, number);
}

static const char *copy_text(struct work *w, struct slice s)
{
	char *p = take_memory(w, s.n + 1);
	if (p) {
		memcpy(p, s.p, s.n);
		p[s.n] = 0;
	}
	return p;
}

static bool read_line(struct work *w, struct verify_receipt_line *l, struct reader *r)
{
	l->role = reader_u8(r);
	l->mode = reader_u8(r);
	struct slice id = reader_lp(r);
	l->number = reader_varint(r);
	reader_varint(r); /* the record before */
	if (!r->bad && (l->role < ROLE_FIRST || l->role > ROLE_LAST))
		return newer(w, "role", l->role);
	if (!r->bad && l->mode > VERIFY_MODE_VOID_CLAIM)
		return newer(w, "mode", l->mode);
	bool marks = l->mode >= VERIFY_MODE_VOID;
	l->voided = marks ? reader_varint(r) : 0;
	if (r->bad || id.n < 1 || id.n > STRING_BYTES || !utf8_valid(id) ||
	    memchr(id.p, 0, id.n) || l->number < 1 ||
	    (marks && (l->voided < 1 || l->voided >= l->number)))
		return refuse(w, VERIFY_RECORD, "a log record is malformed");
	l->id = copy_text(w, id);
	return l->id != NULL;
}

/* What all records of a transaction have in common. */
struct origin {
	uint64_t height, tx;
	int64_t ms;
	struct slice member, key, id;
};

static bool origin_same(const struct origin *a, const struct origin *b)
{
	return a->height == b->height && a->tx == b->tx && a->ms == b->ms &&
	       slice_eq(a->member, b->member) && slice_eq(a->key, b->key) && slice_eq(a->id, b->id);
}

static bool read_record(struct work *w, struct verify_receipt_record *out, struct origin *o,
			struct slice bytes)
{
	struct reader r = reader_of(bytes);
	bool good = reader_u8(&r) == 'R';
	uint8_t version = reader_u8(&r);
	if (good && !r.bad && version != 1)
		return newer(w, "version", version);
	o->height = reader_varint(&r);
	o->ms = reader_zigzag(&r);
	o->tx = reader_varint(&r);
	reader_varint(&r); /* the action's place in it */
	o->member = reader_lp(&r);
	o->key = reader_bytes(&r, 32);
	o->id = reader_bytes(&r, 16);
	out->kind = reader_u8(&r);
	reader_bytes(&r, 32); /* event hash */
	uint64_t n = reader_varint(&r);
	if (!good || r.bad || n > RECORD_SUBJECTS_MAX_ || n > reader_left(&r) / LINE_BYTES_MIN)
		return refuse(w, VERIFY_RECORD, "a log record is malformed");
	if (out->kind < 1 || out->kind >= KINDS_THAT_ACT)
		return newer(w, "kind", out->kind);
	out->bytes = bytes.p;
	out->bytes_n = bytes.n;
	w->r->newer = w->r->newer || !said_act(out->kind);
	out->n_lines = (size_t)n;
	out->lines = take_memory(w, out->n_lines * sizeof *out->lines);
	if (!out->lines)
		return false;
	for (size_t i = 0; i < out->n_lines; i++)
		if (!read_line(w, &out->lines[i], &r))
			return false;
	reader_lp(&r); /* the action */
	if (r.bad || r.p != r.end)
		return refuse(w, VERIFY_RECORD, "a log record is malformed");
	return true;
}

static bool keep_origin(struct work *w, struct verify_receipt *out, const struct origin *o)
{
	if (o->member.n < 1 || o->member.n > STRING_BYTES || !utf8_valid(o->member) ||
	    memchr(o->member.p, 0, o->member.n) || o->height > INT64_MAX)
		return refuse(w, VERIFY_RECORD, "a log record is malformed");
	out->member = copy_text(w, o->member);
	memcpy(out->key, o->key.p, sizeof out->key);
	memcpy(out->tx_id, o->id.p, sizeof out->tx_id);
	out->height = (int64_t)o->height;
	out->recorded_ms = o->ms;
	return out->member != NULL;
}

/* `leaves`: room for all of them. */
static bool read_all(struct work *w, struct verify_receipt *out, uint64_t first,
		     struct hash *leaves)
{
	struct origin same = {.ms = 0}, o;
	for (size_t i = 0; i < out->n_records; i++) {
		struct verify_receipt_record *now = &out->records[i];
		struct slice bytes = reader_lp(&w->in);
		if (w->in.bad)
			return refuse(w, VERIFY_FORMAT, "cut in the records");
		if (!read_record(w, now, &o, bytes))
			return false;
		if (i == 0)
			same = o;
		else if (!origin_same(&same, &o))
			return refuse(w, VERIFY_RECORD, "the records are of two transactions");
		h_leaf(&leaves[i], bytes);
		memcpy(now->digest, leaves[i].b, 32);
		now->index = first + i;
	}
	return keep_origin(w, out, &same);
}

static bool check_range(struct work *w, uint64_t first, uint64_t n, const struct hash *leaves)
{
	struct hash path[HASHES_MAX], root;
	uint64_t hashes = reader_varint(&w->in);
	if (w->in.bad || hashes > HASHES_MAX)
		return refuse(w, VERIFY_FORMAT, "the range proof");
	for (size_t i = 0; i < hashes; i++)
		path[i] = reader_hash(&w->in);
	if (w->in.bad)
		return refuse(w, VERIFY_FORMAT, "cut in the range proof");
	struct range g = {leaves, first, first + n, path, (size_t)hashes, 0, false};
	range_root(&g, &root, 0, w->r->log_size);
	if (g.bad || g.used != g.n)
		return refuse(w, VERIFY_FORMAT,
			      "the range proof has not as many hashes as it needs");
	if (!commits(root.b, w->r->log_root))
		return refuse(w, VERIFY_LOG, "records %llu to %llu", (unsigned long long)first,
			      (unsigned long long)(first + n - 1));
	return true;
}

bool read_receipt(struct work *w)
{
	struct verify_receipt *out = take_memory(w, sizeof *out);
	w->state_root = reader_hash(&w->in);
	w->state_root_known = true;
	if (!out)
		return false;
	if (w->in.bad)
		return refuse(w, VERIFY_FORMAT, "cut after the signed head");
	if (!check_commit(w))
		return false;
	uint64_t first = reader_varint(&w->in), n = reader_varint(&w->in);
	if (!w->in.bad && n > VERIFY_RECEIPT_RECORDS_MAX)
		return refuse(w, VERIFY_LIMIT, "%llu records", (unsigned long long)n);
	if (w->in.bad || n < 1 || first >= w->r->log_size || n > w->r->log_size - first)
		return refuse(w, VERIFY_FORMAT, "which records it is about");
	out->n_records = (size_t)n;
	out->records = take_memory(w, out->n_records * sizeof *out->records);
	struct hash *leaves = take_memory(w, out->n_records * sizeof *leaves);
	if (!out->records || !leaves || !read_all(w, out, first, leaves) ||
	    !check_range(w, first, n, leaves))
		return false;
	w->r->receipt = out;
	return true;
}
