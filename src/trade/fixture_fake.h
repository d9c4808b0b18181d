/*
 * fixture_fake: a ledger of a sorted array and a list of records, for tests that
 * count what an act costs. fixture.h includes it.
 */
#ifndef ARGOSY_TRADE_FIXTURE_FAKE_H
#define ARGOSY_TRADE_FIXTURE_FAKE_H

struct fx_row {
	struct slice key, value;
};

static struct {
	struct fx_row *rows;
	size_t n, cap;
	struct slice *log;
	size_t cap_log;
	/* Counted since they were set to 0. */
	size_t gets, puts, touched;
} fake;

static size_t fx_find(struct slice key, bool *found)
{
	size_t lo = 0, hi = fake.n;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int c = slice_cmp(fake.rows[mid].key, key);
		if (c == 0) {
			*found = true;
			return mid;
		}
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	*found = false;
	return lo;
}

enum err exec_get(struct exec *x, bool *found, struct slice *value, struct slice key)
{
	(void)x;
	size_t i = fx_find(key, found);
	fake.gets++;
	assert_true(key.n <= 511);
	if (*found)
		*value = fake.rows[i].value;
	return ERR_OK;
}

bool exec_action(struct exec *x, uint32_t index)
{
	x->action_index = index;
	return true;
}

bool exec_touch(struct exec *x, uint64_t rows)
{
	(void)x;
	fake.touched += rows;
	return true;
}

enum err exec_put_touched(struct exec *x, struct slice key, struct slice value)
{
	return exec_put(x, key, value);
}

enum err exec_put(struct exec *x, struct slice key, struct slice value)
{
	(void)x;
	bool found;
	size_t i = fx_find(key, &found);
	fake.puts++;
	if (!found) {
		if (fake.n == fake.cap) {
			fake.cap = fake.cap ? fake.cap * 2 : 1024;
			fake.rows = realloc(fake.rows, fake.cap * sizeof *fake.rows);
		}
		memmove(fake.rows + i + 1, fake.rows + i, (fake.n - i) * sizeof *fake.rows);
		fake.rows[i].key = fx_keep(key);
		fake.n++;
	}
	fake.rows[i].value = fx_keep(value);
	return ERR_OK;
}

enum err exec_del(struct exec *x, struct slice key)
{
	(void)x;
	bool found;
	size_t i = fx_find(key, &found);
	if (found)
		memmove(fake.rows + i, fake.rows + i + 1, (--fake.n - i) * sizeof *fake.rows);
	return ERR_OK;
}

uint64_t exec_next_index(const struct exec *x)
{
	(void)x;
	return fx.n_log;
}

enum err exec_record(struct exec *x, uint64_t *index, struct hash *digest, struct slice record)
{
	(void)x;
	if (fx.n_log == fake.cap_log) {
		fake.cap_log = fake.cap_log ? fake.cap_log * 2 : 1024;
		fake.log = realloc(fake.log, fake.cap_log * sizeof *fake.log);
	}
	struct slice leaf[2] = {slice("", 1), record};
	sha256_parts(digest, leaf, 2);
	*index = fx.n_log;
	fake.log[fx.n_log++] = fx_keep(record);
	return ERR_OK;
}

enum err exec_read_record(struct exec *x, struct buf *out, uint64_t index)
{
	(void)x;
	buf_put_slice(out, fake.log[index]);
	return buf_err(out);
}

FX struct exec fx_exec(struct arena *a)
{
	return (struct exec){.height = fx.height, .time_ms = fx.time_ms, .arena = a, .block_arena = a};
}

static struct hash fx_fingerprint(void)
{
	return (struct hash){{1, 2, 3}};
}

static void fx_genesis(struct slice app_state)
{
	struct err_text t = {{0}};
	struct exec x = fx_exec(fx.mem);
	enum err e = trade_app.genesis(&x, app_state, &t);
	if (e != ERR_OK)
		print_error("%s\n", t.text);
	assert_int_equal(e, ERR_OK);
}

static void fx_end(void)
{
	free(fake.rows);
	free(fake.log);
	memset(&fake, 0, sizeof fake);
}

static bool fx_get(struct slice *value, struct slice key)
{
	bool found;
	size_t i = fx_find(key, &found);
	if (found)
		*value = fake.rows[i].value;
	return found;
}

static struct slice fx_log(uint64_t index)
{
	assert_true(index < fx.n_log);
	return fake.log[index];
}

/* What the ledger asks of the sender before the application sees a transaction. */
static enum verdict fx_sender(struct exec *x, const struct tx *tx)
{
	struct member m;
	struct member_key k;
	bool found;
	assert_int_equal(member_key_get(x, &found, &k, tx->signatures[0].key), ERR_OK);
	if (!found || !slice_eq(k.member, tx->member))
		return VERDICT_UNKNOWN_KEY;
	if (k.revoked_height || (k.retire_at_ms && x->time_ms >= k.retire_at_ms))
		return VERDICT_KEY_REVOKED;
	assert_int_equal(member_get(x, &found, &m, tx->member), ERR_OK);
	if (!found)
		return VERDICT_UNKNOWN_MEMBER;
	return m.status == MEMBER_ACTIVE ? VERDICT_OK : VERDICT_MEMBER_SUSPENDED;
}

/* One block with this transaction. */
static enum verdict fx_run(struct tx *tx)
{
	struct arena *a = arena_new(0);
	fx.height++;
	fx.time_ms += 1000;
	struct exec x = fx_exec(a);
	size_t log = fx.n_log, n = fake.n;
	struct fx_row *before = malloc((n + 1) * sizeof *before);
	struct err_text t = {{0}};
	memcpy(before, fake.rows, n * sizeof *before);
	enum verdict v = fx_sender(&x, tx);
	fx.text = tx->form_text;
	if (v == VERDICT_OK)
		v = tx->form;
	if (v == VERDICT_OK) {
		x.tx = tx;
		enum err e = trade_app.execute(&x, tx, &v, &fx.text, &t);
		if (e != ERR_OK)
			print_error("%s: %s\n", err_str(e), t.text);
		assert_int_equal(e, ERR_OK);
	}
	if (v != VERDICT_OK) {
		memcpy(fake.rows, before, n * sizeof *before);
		fake.n = n;
		fx.n_log = log;
	}
	fx.records = fx.n_log - log;
	free(before);
	arena_free(a);
	return v;
}

#endif
