#include "state/state.h"

#include "crypto/sha256.h"
#include "state/store.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- a folder of its own for each test ---- */

static char dir[64];

static int dir_make(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/argosy-state-XXXXXX"); /* allowed: fits */
	return mkdtemp(dir) ? 0 : -1;
}

static int dir_remove(void **state)
{
	(void)state;
	if (state_destroy(NULL, dir, NULL) != ERR_OK)
		return -1;
	return rmdir(dir);
}

/* ---- a model: rows in an array, the root by the definition ---- */

enum { MODEL_MAX = 30000 };

struct model_row {
	char key[16];
	uint8_t value[40];
	size_t value_n;
	bool here;
};

struct model {
	struct model_row row[MODEL_MAX];
};

static void (*key_hash)(struct hash *out, struct slice key);

static struct slice model_key(struct model *m, unsigned i)
{
	if (!m->row[i].key[0])
		snprintf(m->row[i].key, sizeof m->row[i].key, "key/%u", i);
	return slice_str(m->row[i].key);
}

struct naive_leaf {
	struct hash kh, h;
};

static int naive_order(const void *a, const void *b)
{
	return memcmp(a, b, 32);
}

static unsigned naive_bit(const struct hash *h, unsigned i)
{
	return h->b[i / 8] >> (7 - i % 8) & 1;
}

static void naive_root(struct hash *out, struct naive_leaf *l, size_t n, unsigned depth)
{
	if (n == 0) {
		memset(out, 0, 32);
		return;
	}
	if (n == 1) {
		*out = l->h;
		return;
	}
	size_t left = 0;
	while (left < n && !naive_bit(&l[left].kh, depth))
		left++;
	uint8_t b[65] = {1};
	struct hash h;
	naive_root(&h, l, left, depth + 1);
	memcpy(b + 1, h.b, 32);
	naive_root(&h, l + left, n - left, depth + 1);
	memcpy(b + 33, h.b, 32);
	sha256(out, slice(b, 65));
}

static void model_root(struct model *m, struct hash *root)
{
	struct naive_leaf *l = malloc(MODEL_MAX * sizeof *l);
	size_t n = 0;
	for (unsigned i = 0; i < MODEL_MAX; i++) {
		struct model_row *r = &m->row[i];
		if (!r->here)
			continue;
		uint8_t b[65] = {0};
		struct hash v;
		sha256(&v, slice(r->value, r->value_n));
		if (key_hash)
			key_hash(&l[n].kh, model_key(m, i));
		else
			sha256(&l[n].kh, model_key(m, i));
		memcpy(b + 1, l[n].kh.b, 32);
		memcpy(b + 33, v.b, 32);
		sha256(&l[n].h, slice(b, 65));
		n++;
	}
	qsort(l, n, sizeof *l, naive_order);
	naive_root(root, l, n, 0);
	free(l);
}

static uint64_t seed;

static uint32_t rnd(uint32_t below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((seed >> 33) % below);
}

/* One act on both. */
static void act(struct model *m, struct state *s, unsigned keys)
{
	unsigned i = rnd(keys);
	struct model_row *r = &m->row[i];
	struct slice key = model_key(m, i), got;
	bool found;
	switch (rnd(6)) {
	case 0:
		assert_int_equal(state_del(s, key), ERR_OK);
		r->here = false;
		break;
	case 1:
		assert_int_equal(state_get(s, &found, &got, key), ERR_OK);
		assert_int_equal(found, r->here);
		if (found)
			assert_true(slice_eq(got, slice(r->value, r->value_n)));
		break;
	default:
		r->value_n = rnd(sizeof r->value + 1);
		for (size_t k = 0; k < r->value_n; k++)
			r->value[k] = (uint8_t)rnd(256);
		assert_int_equal(state_put(s, key, slice(r->value, r->value_n)), ERR_OK);
		r->here = true;
		break;
	}
}

static struct state *must_open(const struct state_options *o)
{
	struct state *s;
	struct err_text t = {""};
	enum err e = state_open(&s, dir, o, &t);
	if (e != ERR_OK)
		fail_msg("%s", t.text);
	return s;
}

static void must_commit(struct state *s, int64_t height, struct slice note)
{
	struct err_text t = {""};
	if (state_commit(s, height, note, &t) != ERR_OK)
		fail_msg("%s", t.text);
}

/* A block of random acts; some transactions of it are rolled back, some roots are
 * asked for in the middle. Returns the root. */
static struct hash block(struct model *m, struct model *save, struct state *s, int64_t height,
			 unsigned keys, unsigned acts)
{
	struct hash root, want;
	assert_int_equal(state_begin(s, NULL), ERR_OK);
	for (unsigned k = 0; k < acts; k++) {
		if (rnd(20) == 0) {
			*save = *m;
			state_mark mark = state_mark_set(s);
			for (unsigned j = rnd(10); j > 0; j--)
				act(m, s, keys);
			state_rollback(s, mark);
			*m = *save;
		}
		act(m, s, keys);
		if (rnd(100) == 0)
			assert_int_equal(state_root(s, &root, NULL), ERR_OK);
	}
	assert_int_equal(state_root(s, &root, NULL), ERR_OK);
	model_root(m, &want);
	assert_memory_equal(root.b, want.b, 32);
	char note[32];
	snprintf(note, sizeof note, "note %d", (int)height);
	must_commit(s, height, slice_str(note));
	return root;
}

static void all_proven(struct model *m, struct state *s, unsigned keys, unsigned step)
{
	struct state_read r;
	struct hash root;
	assert_int_equal(state_read_begin(&r, s), ERR_OK);
	state_read_root(&r, &root);
	for (unsigned i = 0; i < keys; i += step) {
		struct slice key = model_key(m, i);
		struct model_row *row = &m->row[i];
		struct buf b = BUF_INIT;
		bool found;
		assert_int_equal(state_read_get(&r, &found, &b, key), ERR_OK);
		assert_int_equal(found, row->here);
		struct state_proof p;
		buf_clear(&b);
		assert_int_equal(state_read_prove(&r, &p, &b, key), ERR_OK);
		assert_int_equal(p.kind == STATE_PROOF_PRESENT, row->here);
		struct hash kh;
		if (key_hash)
			key_hash(&kh, key);
		else
			sha256(&kh, key);
		struct slice v = buf_slice(&b);
		if (row->here)
			assert_true(slice_eq(v, slice(row->value, row->value_n)));
		assert_true(state_proof_check_at(&p, &root, &kh, row->here ? &v : NULL));
		assert_false(state_proof_check_at(&p, &root, &kh, row->here ? NULL : &v));
		buf_fini(&b);
	}
	state_read_end(&r);
}

struct counted {
	struct model *m;
	uint64_t n;
};

static enum err count_row(void *ctx, struct slice key, struct slice value)
{
	struct counted *c = ctx;
	unsigned i = 0;
	for (size_t k = 4; k < key.n; k++)
		i = 10 * i + key.p[k] - '0';
	assert_true(c->m->row[i].here);
	assert_true(slice_eq(value, slice(c->m->row[i].value, c->m->row[i].value_n)));
	c->n++;
	return ERR_OK;
}

static void all_walked(struct model *m, struct state *s)
{
	struct state_read r;
	struct state_stats st;
	state_stats(s, &st);
	struct counted c = {m, 0};
	assert_int_equal(state_read_begin(&r, s), ERR_OK);
	assert_int_equal(state_read_each(&r, NULL, 0, count_row, &c), ERR_OK);
	assert_int_equal(c.n, st.keys);
	c.n = 0;
	for (unsigned i = 0; i < 8; i++) {
		struct hash prefix = {{(uint8_t)(i << 5)}};
		assert_int_equal(state_read_each(&r, &prefix, 3, count_row, &c), ERR_OK);
	}
	assert_int_equal(c.n, st.keys);
	state_read_end(&r);
}

static void run_model(const struct state_options *o, unsigned keys, unsigned blocks, unsigned acts)
{
	struct model *m = calloc(1, sizeof *m), *save = calloc(1, sizeof *save);
	struct model *durable = calloc(1, sizeof *durable);
	struct state *s = must_open(o);
	seed = keys + blocks;
	int64_t height = 0;
	for (unsigned b = 0; b < blocks; b++) {
		block(m, save, s, ++height, keys, acts);
		if (b % 5 == 4) {
			assert_int_equal(state_begin(s, NULL), ERR_OK);
			*save = *m;
			for (unsigned j = 0; j < 20; j++)
				act(m, s, keys);
			*m = *save;
			state_abort(s);
		}
		if (b % 7 == 6) {
			assert_int_equal(state_flush(s, NULL), ERR_OK);
			*durable = *m;
			state_close(s);
			s = must_open(o);
			int64_t h;
			struct buf note = BUF_INIT;
			assert_int_equal(state_durable(s, &h, &note), ERR_OK);
			assert_int_equal(h, height);
			char want[32];
			snprintf(want, sizeof want, "note %d", (int)height);
			assert_true(slice_eq_str(buf_slice(&note), want));
			buf_fini(&note);
		}
	}
	all_proven(m, s, keys, keys > 2000 ? 37 : 1);
	all_walked(m, s);
	state_close(s);
	free(m);
	free(save);
	free(durable);
}

static void sizes(void **unused)
{
	(void)unused;
	static const unsigned bits[] = {8, 11, 16, 20};
	static const unsigned keys[] = {1, 3, 50, 700};
	for (unsigned i = 0; i < 4; i++) {
		for (unsigned k = 0; k < 4; k++) {
			struct state_options o = {.synchronous = true,
						  .cell_bits_min = bits[i],
						  .pending_keys_max = 100,
						  .merge_runs = 1 + k,
						  .merge_chunk = 16,
						  .map_bytes = 1 << 16};
			run_model(&o, keys[k], 15, 40);
			assert_int_equal(state_destroy(NULL, dir, NULL), ERR_OK);
		}
	}
}

static void grows(void **unused)
{
	(void)unused;
	struct state_options o = {.synchronous = true, .pending_keys_max = 5000};
	run_model(&o, MODEL_MAX, 25, 2000);
}

static void threaded(void **unused)
{
	(void)unused;
	/* The second: merges begin when there is no place for another run. */
	for (unsigned i = 0; i < 2; i++) {
		struct state_options o = {.pending_keys_max = i ? 100 : 300,
					  .merge_runs = i ? RUNS_MAX : 3,
					  .merge_chunk = 64,
					  .map_bytes = 1 << 16};
		run_model(&o, 3000, 40, 300);
		assert_int_equal(state_destroy(NULL, dir, NULL), ERR_OK);
	}
}

/* All keys in one of 2^20 cells. */
static void ground_hash(struct hash *out, struct slice key)
{
	sha256(out, key);
	out->b[0] = 0xab;
	out->b[1] = 0xcd;
	out->b[2] = (uint8_t)(0x50 | (out->b[2] & 15));
}

static void ground_keys(void **unused)
{
	(void)unused;
	struct state_options o = {
		.synchronous = true, .pending_keys_max = 700, .merge_runs = 3, .key_hash = ground_hash};
	key_hash = ground_hash;
	run_model(&o, 3000, 20, 1000);
	key_hash = NULL;
}

/* Half of the keys by chance, the others in one of six cells. */
static void mixed_hash(struct hash *out, struct slice key)
{
	sha256(out, key);
	if (out->b[31] & 1)
		return;
	out->b[0] = (uint8_t)(out->b[30] % 6 * 43);
	out->b[1] = 0xcd;
	out->b[2] = (uint8_t)(0x50 | (out->b[2] & 15));
}

/* A second thread takes part in every root, while blocks are flushed behind. */
static void helped(void **unused)
{
	(void)unused;
	struct state_options o = {.pending_keys_max = 2000, .merge_chunk = 100, .help_from = 1};
	run_model(&o, 3000, 40, 300);
	assert_int_equal(state_destroy(NULL, dir, NULL), ERR_OK);
	run_model(&o, MODEL_MAX, 5, 4000);
	assert_int_equal(state_destroy(NULL, dir, NULL), ERR_OK);
	o.key_hash = key_hash = mixed_hash;
	run_model(&o, 5000, 15, 1000);
	assert_int_equal(state_destroy(NULL, dir, NULL), ERR_OK);
	o.key_hash = key_hash = ground_hash;
	run_model(&o, 3000, 10, 1000);
	key_hash = NULL;
}

/* Flips a bit of each copy of these 32 bytes in the folder's files. */
static void flip(const struct hash *what)
{
	unsigned flipped = 0;
	DIR *d = opendir(dir);
	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d));) {
		char path[400];
		struct buf b = BUF_INIT;
		snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
		int fd = open(path, O_RDWR);
		if (fd < 0)
			continue;
		uint8_t part[65536];
		for (ssize_t n; (n = read(fd, part, sizeof part)) > 0;)
			buf_put(&b, part, (size_t)n);
		for (uint8_t *p = b.p; p && (p = memmem(p, b.n - (size_t)(p - b.p), what->b, 32));
		     p += 32, flipped++) {
			uint8_t bad = p[7] ^ 1;
			assert_int_equal(pwrite(fd, &bad, 1, p - b.p + 7), 1);
		}
		close(fd);
		buf_fini(&b);
	}
	closedir(d);
	assert_true(flipped > 0);
}

/* A stored row that is damaged under the open state, in either half: found by the root
 * of a block that writes near it, helped or not. Repaired, the root is what it is. */
static void damaged_row(void **unused)
{
	(void)unused;
	enum { KEYS = 3000, PUTS = 700 };
	struct state_options o = {.help_from = 1};
	struct err_text t = {""};
	struct hash root, first = {{0}};
	struct state *s = must_open(&o);
	char k[32], victim[2][32] = {"", ""};
	assert_int_equal(state_begin(s, NULL), ERR_OK);
	for (unsigned i = 0; i < KEYS; i++) {
		struct hash kh;
		snprintf(k, sizeof k, "key/%u", i);
		sha256(&kh, slice_str(k));
		if (i < PUTS)
			memcpy(victim[kh.b[0] >> 7], k, sizeof k);
		assert_int_equal(state_put(s, slice_str(k), slice_str(k)), ERR_OK);
	}
	must_commit(s, 1, slice_str("one"));
	assert_int_equal(state_flush(s, NULL), ERR_OK);
	for (unsigned round = 0; round < 6; round++) {
		struct hash kh, leaf;
		sha256(&kh, slice_str(victim[round & 1]));
		trie_leaf_of(&leaf, &kh, slice_str(victim[round & 1]));
		o.help_from = round < 4 ? 1 : SIZE_MAX;
		state_close(s);
		s = must_open(&o);
		flip(&leaf);
		leaf.b[7] ^= 1;
		for (unsigned repaired = 0; repaired < 2; repaired++) {
			assert_int_equal(state_begin(s, NULL), ERR_OK);
			for (unsigned i = 0; i < PUTS; i++) {
				snprintf(k, sizeof k, "key/%u", i);
				assert_int_equal(state_put(s, slice_str(k), slice_str("new")),
						 ERR_OK);
			}
			assert_int_equal(state_root(s, &root, &t), repaired ? ERR_OK : ERR_CORRUPT);
			if (!repaired)
				flip(&leaf);
			state_abort(s);
		}
		if (round == 0)
			first = root;
		assert_memory_equal(root.b, first.b, 32);
	}
	state_close(s);
}

/* What was not flushed is replayed: same roots. */
static void lag_and_replay(void **unused)
{
	(void)unused;
	enum { BLOCKS = 40, KEYS = 2000, ACTS = 150 };
	struct state_options o = {.pending_keys_max = 500, .merge_runs = 4, .merge_chunk = 100};
	struct model *m = calloc(1, sizeof *m), *save = calloc(1, sizeof *save);
	struct model *at = calloc(BLOCKS + 1, sizeof *at);
	uint64_t seeds[BLOCKS + 1];
	struct hash roots[BLOCKS + 1];
	struct state *s = must_open(&o);
	seed = 7;
	for (int64_t h = 1; h <= BLOCKS; h++) {
		seeds[h] = seed;
		roots[h] = block(m, save, s, h, KEYS, ACTS);
		at[h] = *m;
		if (h % 8)
			continue;
		state_close(s);
		s = must_open(&o);
		int64_t have;
		assert_int_equal(state_durable(s, &have, NULL), ERR_OK);
		assert_true(have <= h);
		for (int64_t r = have + 1; r <= h; r++) {
			*m = at[r - 1];
			seed = seeds[r];
			struct hash root = block(m, save, s, r, KEYS, ACTS);
			assert_memory_equal(root.b, roots[r].b, 32);
		}
	}
	state_close(s);
	free(m);
	free(save);
	free(at);
}

static void limits(void **unused)
{
	(void)unused;
	static uint8_t big[STATE_VALUE_MAX + 1];
	struct state *s = must_open(NULL);
	struct slice v;
	bool found;
	assert_int_equal(state_begin(s, NULL), ERR_OK);
	assert_int_equal(state_put(s, slice(big, 0), slice_str("x")), ERR_LIMIT);
	assert_int_equal(state_put(s, slice(big, STATE_KEY_MAX + 1), slice_str("x")), ERR_LIMIT);
	assert_int_equal(state_put(s, slice_str("k"), slice(big, STATE_VALUE_MAX + 1)), ERR_LIMIT);
	assert_int_equal(state_put(s, slice(big, STATE_KEY_MAX), slice(big, STATE_VALUE_MAX)),
			 ERR_OK);
	assert_int_equal(state_put(s, slice_str("empty"), slice(NULL, 0)), ERR_OK);
	must_commit(s, 1, slice(big, STATE_NOTE_MAX));
	assert_int_equal(state_flush(s, NULL), ERR_OK);
	state_close(s);
	s = must_open(NULL);
	assert_int_equal(state_begin(s, NULL), ERR_OK);
	assert_int_equal(state_get(s, &found, &v, slice(big, STATE_KEY_MAX)), ERR_OK);
	assert_true(found && v.n == STATE_VALUE_MAX);
	assert_int_equal(state_get(s, &found, &v, slice_str("empty")), ERR_OK);
	assert_true(found && v.n == 0);
	assert_int_equal(state_get(s, &found, &v, slice(big, 0)), ERR_OK);
	assert_false(found);
	state_close(s);
}

/* Readers on other threads see whole blocks while blocks, flushes and growth go on. */
struct watch {
	struct state *s;
	_Atomic bool stop;
};

enum { WATCHED = 200 };

static void *watcher(void *arg)
{
	struct watch *w = arg;
	unsigned at = 0;
	while (!atomic_load(&w->stop)) {
		struct state_read r;
		if (state_read_begin(&r, w->s) != ERR_OK)
			return w;
		char k[32];
		struct buf first = BUF_INIT, b = BUF_INIT;
		bool found, ok = true;
		struct hash root;
		struct state_proof p;
		state_read_root(&r, &root);
		/* All watched keys carry the height of the block that wrote them: one height. */
		for (unsigned i = 0; i < 5 && ok; i++) {
			snprintf(k, sizeof k, "watched %u", (at + 41 * i) % WATCHED);
			buf_clear(&b);
			ok = state_read_get(&r, &found, &b, slice_str(k)) == ERR_OK;
			if (ok && found != (state_read_height(&r) > 0))
				ok = false;
			if (i == 0)
				buf_put_slice(&first, buf_slice(&b));
			ok = ok && slice_eq(buf_slice(&first), buf_slice(&b));
		}
		buf_clear(&b);
		ok = ok && state_read_prove(&r, &p, &b, slice_str(k)) == ERR_OK;
		struct slice v = buf_slice(&b);
		ok = ok && state_proof_check(&p, &root, slice_str(k), found ? &v : NULL);
		state_read_end(&r);
		buf_fini(&first);
		buf_fini(&b);
		struct state_stats st;
		state_stats(w->s, &st);
		if (!ok || st.durable_height > st.height)
			return w;
		at++;
	}
	return NULL;
}

static enum err sync_counted(void *ctx, int64_t height, struct slice note)
{
	_Atomic int64_t *last = ctx;
	int64_t named = 0;
	for (size_t i = 0; i < note.n; i++)
		named = 10 * named + note.p[i] - '0';
	bug_if(named != height || height <= atomic_load(last));
	atomic_store(last, height);
	return ERR_OK;
}

static void readers(void **unused)
{
	(void)unused;
	_Atomic int64_t synced = 0;
	struct state_options o = {.pending_keys_max = 700,
				  .merge_runs = 5,
				  .merge_chunk = 100,
				  .map_bytes = 1 << 16,
				  .before_flush = sync_counted,
				  .before_flush_ctx = &synced};
	struct watch w = {must_open(&o), false};
	pthread_t t[2];
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&t[i], NULL, watcher, &w), 0);
	for (int64_t h = 1; h <= 60; h++) {
		char k[32], v[32];
		snprintf(v, sizeof v, "%d", (int)h);
		assert_int_equal(state_begin(w.s, NULL), ERR_OK);
		for (unsigned i = 0; i < WATCHED; i++) {
			bool found;
			struct slice old;
			snprintf(k, sizeof k, "watched %u", i);
			assert_int_equal(state_get(w.s, &found, &old, slice_str(k)), ERR_OK);
			assert_int_equal(found, h > 1);
			assert_int_equal(state_put(w.s, slice_str(k), slice_str(v)), ERR_OK);
			snprintf(k, sizeof k, "new %d %u", (int)h, i);
			assert_int_equal(state_put(w.s, slice_str(k), slice_str(v)), ERR_OK);
		}
		must_commit(w.s, h, slice_str(v));
	}
	atomic_store(&w.stop, true);
	for (unsigned i = 0; i < 2; i++) {
		void *failed;
		pthread_join(t[i], &failed);
		assert_null(failed);
	}
	assert_int_equal(state_flush(w.s, NULL), ERR_OK);
	int64_t durable;
	assert_int_equal(state_durable(w.s, &durable, NULL), ERR_OK);
	assert_int_equal(durable, 60);
	assert_int_equal(atomic_load(&synced), 60);
	state_close(w.s);
}

/* A flush that cannot be: the state says so from then on, and LMDB still holds the old height. */
static enum err sync_fails(void *ctx, int64_t height, struct slice note)
{
	(void)ctx;
	(void)note;
	return height < 5 ? ERR_OK : ERR_NOSPACE;
}

static void failed_flush(void **unused)
{
	(void)unused;
	for (unsigned threads = 0; threads < 2; threads++) {
		struct state_options o = {.before_flush = sync_fails, .synchronous = !threads};
		struct err_text t = {""};
		struct state *s = must_open(&o);
		int64_t h;
		assert_int_equal(state_durable(s, &h, NULL), ERR_OK);
		for (int64_t i = h + 1; i <= h + 2; i++) {
			assert_int_equal(state_begin(s, NULL), ERR_OK);
			assert_int_equal(state_put(s, slice_str("k"), slice_str("v")), ERR_OK);
			must_commit(s, i, slice_str("note"));
		}
		assert_int_equal(state_flush(s, NULL), ERR_OK);
		assert_int_equal(state_begin(s, NULL), ERR_OK);
		must_commit(s, 10, slice_str("note"));
		assert_int_equal(state_flush(s, &t), ERR_NOSPACE);
		assert_true(strlen(t.text) > 0);
		assert_int_equal(state_begin(s, &t), ERR_NOSPACE);
		assert_int_equal(state_flush(s, &t), ERR_NOSPACE);
		state_close(s);
		s = must_open(&o);
		int64_t now;
		assert_int_equal(state_durable(s, &now, NULL), ERR_OK);
		assert_int_equal(now, h + 2);
		state_close(s);
	}
}

/* The names of the runs in the folder, in order; how many. */
static size_t runs_list(char names[][64], size_t max)
{
	struct dirent **list;
	size_t n = 0;
	int all = scandir(dir, &list, NULL, alphasort);
	assert_true(all >= 0);
	for (int i = 0; i < all; i++) {
		struct run_span span;
		if (run_name_parse(&span, list[i]->d_name) && n < max)
			snprintf(names[n++], 64, "%.60s", list[i]->d_name);
		free(list[i]);
	}
	free(list);
	return n;
}

static void files_remove_kept(void)
{
	char cmd[200];
	snprintf(cmd, sizeof cmd, "rm -f %s/kept*", dir);
	assert_int_equal(system(cmd), 0);
}

static void file_copy(const char *from, const char *to)
{
	char cmd[600];
	snprintf(cmd, sizeof cmd, "cp %s/%s %s/%s", dir, from, dir, to);
	assert_int_equal(system(cmd), 0);
}

/* A block of `n` rows that change at each height, flushed. */
static void put_block(struct state *s, int64_t h, unsigned n)
{
	char k[32], v[32];
	assert_int_equal(state_begin(s, NULL), ERR_OK);
	for (unsigned i = 0; i < n; i++) {
		snprintf(k, sizeof k, "k%u", i);
		snprintf(v, sizeof v, "%d", (int)h);
		if ((i + (unsigned)h) % 5 == 0)
			assert_int_equal(state_del(s, slice_str(k)), ERR_OK);
		else
			assert_int_equal(state_put(s, slice_str(k), slice_str(v)), ERR_OK);
	}
	must_commit(s, h, slice_str("note"));
	assert_int_equal(state_flush(s, NULL), ERR_OK);
}

/* What the rows of put_block must be. */
static void check_block(struct state *s, int64_t h, unsigned n)
{
	struct state_read r;
	char k[32], v[32];
	assert_int_equal(state_read_begin(&r, s), ERR_OK);
	assert_int_equal(state_read_height(&r), h);
	for (unsigned i = 0; i < n; i++) {
		struct buf b = BUF_INIT;
		bool found;
		snprintf(k, sizeof k, "k%u", i);
		snprintf(v, sizeof v, "%d", (int)h);
		assert_int_equal(state_read_get(&r, &found, &b, slice_str(k)), ERR_OK);
		assert_int_equal(found, (i + (unsigned)h) % 5 != 0);
		assert_true(!found || slice_eq_str(buf_slice(&b), v));
		buf_fini(&b);
	}
	state_read_end(&r);
}

/* Each flush is a run; they are merged when there are enough; a closed state has them again. */
static void runs(void **unused)
{
	(void)unused;
	enum { N = 100 };
	struct state_options o = {.synchronous = true, .merge_runs = 3, .merge_chunk = 7};
	struct state *s = must_open(&o);
	char names[RUNS_MAX][64];
	for (int64_t h = 1; h <= 8; h++) {
		put_block(s, h, N);
		check_block(s, h, N);
		assert_int_equal(runs_list(names, RUNS_MAX), h % 3);
		if (h % 2) { /* and after an opening */
			state_close(s);
			s = must_open(&o);
			check_block(s, h, N);
		}
	}
	state_close(s);
}

/* A merge cut short after any transaction, also while the map must grow. */
static void merge_cut_short(void **unused)
{
	(void)unused;
	enum { N = 300 };
	struct state_options o = {
		.synchronous = true, .merge_runs = RUNS_MAX, .merge_chunk = 10, .map_bytes = 1 << 16};
	struct state *s = must_open(&o);
	for (int64_t h = 1; h <= 4; h++)
		put_block(s, h, N);
	state_close(s);
	for (unsigned steps = 0; steps < 30; steps += 3) {
		struct store *store;
		bool done = false, full;
		assert_int_equal(store_open(&store, io_posix(), dir, 1 << 16, STORE_OWN, NULL), ERR_OK);
		store_merge_begin(store, store_runs(store));
		for (unsigned i = 0; i < steps && !done; i++) {
			assert_int_equal(store_merge_step(store, &done, &full, 10, NULL), ERR_OK);
			if (full)
				assert_int_equal(store_grow(store, NULL), ERR_OK);
		}
		store_close(store);
		s = must_open(&o);
		check_block(s, 4, N);
		state_close(s);
	}
	/* To its end, but for the removal of the files: what LMDB has is not laid over it again. */
	char names[RUNS_MAX][64];
	assert_int_equal(runs_list(names, RUNS_MAX), 4);
	for (unsigned i = 0; i < 4; i++) {
		char kept[80];
		snprintf(kept, sizeof kept, "kept%u", i);
		file_copy(names[i], kept);
	}
	o.merge_runs = 4;
	s = must_open(&o);
	put_block(s, 5, N); /* begins with the merge of the first four */
	state_close(s);
	for (unsigned i = 0; i < 4; i++) {
		char kept[80];
		snprintf(kept, sizeof kept, "kept%u", i);
		file_copy(kept, names[i]);
	}
	s = must_open(&o);
	check_block(s, 5, N);
	state_close(s);
	assert_int_equal(runs_list(names, RUNS_MAX), 1);
	files_remove_kept();
}

/* Runs missing, cut, changed, swapped: found out when the state is opened. */
static void damaged_runs(void **unused)
{
	(void)unused;
	enum { N = 60 };
	struct state_options o = {.synchronous = true, .merge_runs = RUNS_MAX};
	struct state *s = must_open(&o);
	char names[RUNS_MAX][64], path[1200];
	for (int64_t h = 1; h <= 4; h++)
		put_block(s, h, N);
	state_close(s);
	assert_int_equal(runs_list(names, RUNS_MAX), 4);
	for (unsigned which = 0; which < 4; which++) {
		struct err_text t = {""};
		file_copy(names[which], "kept");
		snprintf(path, sizeof path, "%s/%s", dir, names[which]);
		assert_int_equal(unlink(path), 0);
		/* The newest one may never have been: that is the journal's to know. */
		enum err e = state_open(&s, dir, &o, &t);
		assert_int_equal(e, which == 3 ? ERR_OK : ERR_CORRUPT);
		state_close(e == ERR_OK ? s : NULL);
		for (unsigned other = 0; other < 4; other++) {
			if (other == which)
				continue;
			file_copy(names[other], names[which]);
			assert_int_equal(state_open(&s, dir, &o, &t), ERR_CORRUPT);
		}
		file_copy("kept", names[which]);
		struct stat file;
		assert_int_equal(stat(path, &file), 0);
		for (off_t at = 0; at < file.st_size; at += which == 3 ? 7 : 37) {
			uint8_t byte, bad;
			int fd = open(path, O_RDWR);
			assert_int_equal(pread(fd, &byte, 1, at), 1);
			bad = byte ^ (uint8_t)(1u << at % 8);
			assert_int_equal(pwrite(fd, &bad, 1, at), 1);
			enum err now = state_open(&s, dir, &o, &t);
			/* A row that a newer run hides does no harm. */
			if (now == ERR_OK) {
				assert_true(which < 3);
				check_block(s, 4, N);
				state_close(s);
			} else {
				assert_int_equal(now, ERR_CORRUPT);
			}
			assert_int_equal(pwrite(fd, &byte, 1, at), 1);
			close(fd);
		}
		assert_int_equal(truncate(path, file.st_size - 1), 0);
		assert_int_equal(state_open(&s, dir, &o, &t), ERR_CORRUPT);
		file_copy("kept", names[which]);
		s = must_open(&o);
		check_block(s, 4, N);
		state_close(s);
	}
	/* A tail of an unfinished one is no run; destroying takes them all. */
	file_copy("kept", "run.tmp");
	state_close(must_open(&o));
	assert_int_equal(state_destroy(NULL, dir, NULL), ERR_OK);
	assert_int_equal(runs_list(names, RUNS_MAX), 0);
	files_remove_kept();
}

/* A run that changes while the state is open: what a block reads is checked. */
static void run_changes(void **unused)
{
	(void)unused;
	enum { N = 400 };
	struct state_options o = {.synchronous = true};
	struct state *s = must_open(&o);
	char names[RUNS_MAX][64], path[1200];
	for (int64_t h = 1; h <= 3; h++)
		put_block(s, h, N);
	assert_int_equal(runs_list(names, RUNS_MAX), 3);
	snprintf(path, sizeof path, "%s/%s", dir, names[2]);
	struct stat file;
	assert_int_equal(stat(path, &file), 0);
	int fd = open(path, O_RDWR);
	for (off_t at = file.st_size / 2; at < file.st_size; at += 97) {
		uint8_t byte;
		assert_int_equal(pread(fd, &byte, 1, at), 1);
		byte ^= 0x10;
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	}
	close(fd);
	assert_int_equal(state_begin(s, NULL), ERR_OK);
	enum err e = ERR_OK;
	for (unsigned i = 0; i < N && e == ERR_OK; i++) {
		char k[32];
		bool found;
		struct slice v;
		snprintf(k, sizeof k, "k%u", i);
		e = state_get(s, &found, &v, slice_str(k));
	}
	struct hash root;
	if (e == ERR_OK)
		e = state_root(s, &root, NULL);
	assert_int_equal(e, ERR_CORRUPT);
	state_abort(s);
	state_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(sizes, dir_make, dir_remove),
		cmocka_unit_test_setup_teardown(grows, dir_make, dir_remove),
		cmocka_unit_test_setup_teardown(threaded, dir_make, dir_remove),
		cmocka_unit_test_setup_teardown(ground_keys, dir_make, dir_remove),
		cmocka_unit_test_setup_teardown(helped, dir_make, dir_remove),
		cmocka_unit_test_setup_teardown(damaged_row, dir_make, dir_remove),
		cmocka_unit_test_setup_teardown(lag_and_replay, dir_make, dir_remove),
		cmocka_unit_test_setup_teardown(limits, dir_make, dir_remove),
		cmocka_unit_test_setup_teardown(readers, dir_make, dir_remove),
		cmocka_unit_test_setup_teardown(failed_flush, dir_make, dir_remove),
		cmocka_unit_test_setup_teardown(runs, dir_make, dir_remove),
		cmocka_unit_test_setup_teardown(merge_cut_short, dir_make, dir_remove),
		cmocka_unit_test_setup_teardown(damaged_runs, dir_make, dir_remove),
		cmocka_unit_test_setup_teardown(run_changes, dir_make, dir_remove),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
