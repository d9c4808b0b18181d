/*
 * Receipts: made with the ledger's side, checked with the verifier's; and what they are for:
 * an operator who keeps the log honest and signs a state whose history lacks an event.
 */
#include "proof_world.h"

#include "proof/receipt.h"
#include "verify/receipt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* The range proof by the letter of docs/format/receipt.md, from all leaves. */
static void range_of(struct mlog_range *p, const struct hash *leaves, size_t lo, size_t n,
		     size_t first,
		     size_t end)
{
	if (lo + n <= first || lo >= end) {
		p->h[p->n++] = w_root(leaves + lo, n);
		return;
	}
	if (first <= lo && lo + n <= end)
		return;
	size_t k = 1;
	while (k * 2 < n)
		k *= 2;
	range_of(p, leaves, lo, k, first, end);
	range_of(p, leaves, lo + k, n - k, first, end);
}

static void receipt_of(struct world *w, struct buf *out, size_t first, size_t n)
{
	static struct slice records[W_RECORDS];
	struct mlog_range path = {.n = 0};
	for (size_t i = 0; i < n; i++)
		records[i] = buf_slice(&w->records[first + i]);
	range_of(&path, w->leaves, 0, w->n_records, first, first + n);
	struct receipt r = {w_bundle_head(w), first, records, n, &path};
	buf_clear(out);
	assert_int_equal(receipt_encode(out, &r, NULL), ERR_OK);
}

/* ---- reading ---- */

/* A record of a transaction of its own making, with a line in every mode. */
static void raw_record(struct buf *b, unsigned tx, unsigned action, bool lines)
{
	uint8_t key[32] = {7}, id[16] = {(uint8_t)tx, 9}, none[32] = {0};
	buf_put_u8(b, 'R');
	buf_put_u8(b, 1);
	buf_put_varint(b, 12);
	buf_put_zigzag(b, 1764000100123);
	buf_put_varint(b, tx);
	buf_put_varint(b, action);
	buf_put_lp(b, SLICE_LIT("leafco"));
	buf_put(b, key, 32);
	buf_put(b, id, 16);
	buf_put_u8(b, action == 3 ? 57 : 1);
	buf_put(b, none, 32);
	buf_put_varint(b, lines ? 5 : 0);
	for (uint8_t mode = 0; lines && mode < 5; mode++) {
		buf_put_u8(b, (uint8_t)(1 + mode));
		buf_put_u8(b, mode);
		buf_put_lp(b, mode == 1 ? SLICE_LIT("/01/09521234543213/21/\"A\x1b")
					: SLICE_LIT("/01/09521234543213/21/B"));
		buf_put_varint(b, 5u + mode);
		buf_put_varint(b, 0);
		if (mode > 2)
			buf_put_varint(b, 2);
	}
	buf_put_lp(b, SLICE_LIT("action"));
}

static void add_raw(struct world *w, unsigned tx, unsigned action, bool lines)
{
	raw_record(&w->records[w->n_records], tx, action, lines);
	merkle_leaf(&w->leaves[w->n_records], buf_slice(&w->records[w->n_records]));
	w->n_records++;
}

static enum verify_reason reason_of(struct world *w, const struct buf *b)
{
	return w_reason(w, buf_slice(b));
}

/* Every range of every log up to 19 records; at another place, or with a hash more, none. */
static void ranges(void **s)
{
	(void)s;
	struct buf b = BUF_INIT;
	for (size_t size = 1; size < 20; size++) {
		struct world *w = world_new(1);
		for (unsigned i = 0; i < size; i++)
			add_raw(w, 0, i, false);
		world_close(w, 13);
		for (size_t first = 0; first < size; first++)
			for (size_t n = 1; n <= size - first; n++) {
				receipt_of(w, &b, first, n);
				struct verify_result *r = w_verify(w, buf_slice(&b));
				assert_int_equal(r->reason, VERIFY_OK);
				assert_true(r->receipt && r->receipt->n_records == n &&
					    !r->is_head);
				assert_true(r->receipt->records[n - 1].index == first + n - 1);
				assert_memory_equal(r->receipt->records[0].digest,
						    w->leaves[first].b, 32);
				verify_free(r);
				struct mlog_range path = {.n = 0};
				struct slice records[20];
				range_of(&path, w->leaves, 0, size, first, first + n);
				for (size_t i = 0; i < n; i++)
					records[i] = buf_slice(&w->records[first + i]);
				struct receipt wrong = {w_bundle_head(w), first ? first - 1 : 1,
							records,
							n, &path};
				buf_clear(&b);
				if (receipt_encode(&b, &wrong, NULL) == ERR_OK)
					assert_int_not_equal(reason_of(w, &b), VERIFY_OK);
				wrong.first = first;
				path.h[path.n++] = w->leaves[0];
				buf_clear(&b);
				assert_int_equal(receipt_encode(&b, &wrong, NULL), ERR_OK);
				assert_int_equal(reason_of(w, &b), VERIFY_FORMAT);
			}
		world_free(w);
	}
	buf_fini(&b);
}

static void contents(void **s)
{
	(void)s;
	struct world *w = world_new(4);
	struct buf b = BUF_INIT;
	add_raw(w, 0, 0, false);
	for (unsigned i = 1; i < 5; i++)
		add_raw(w, 1, i, i == 2);
	add_raw(w, 2, 0, false);
	world_close(w, 13);
	receipt_of(w, &b, 1, 4);
	struct verify_result *r = w_verify(w, buf_slice(&b));
	assert_int_equal(r->reason, VERIFY_OK);
	assert_true(r->n_signed == 3 && r->height == 13 && r->log_size == 6);
	const struct verify_receipt *c = r->receipt;
	assert_string_equal(c->member, "leafco");
	assert_true(c->height == 12 && c->recorded_ms == 1764000100123 && c->tx_id[1] == 9);
	assert_int_equal(c->records[1].n_lines, 5);
	assert_true(c->records[1].lines[3].mode == VERIFY_MODE_VOID &&
		    c->records[1].lines[3].number == 8 && c->records[1].lines[3].voided == 2);
	assert_true(c->records[0].kind == 1 && c->records[2].kind == 57 && r->newer);
	for (enum verify_style k = VERIFY_EN; k <= VERIFY_JSON; k++) {
		char *words = verify_words(r, k);
		assert_non_null(words);
		assert_true(utf8_valid(slice_str(words)) && !strchr(words, 0x1b));
		assert_non_null(strstr(words, "/01/09521234543213/21/B"));
		assert_non_null(strstr(words, k == VERIFY_JSON ? "\"kind\":57" : "57"));
		if (k != VERIFY_JSON)
			for (size_t i = 0; i < r->n_signed; i++) {
				char hex[65];
				hex_encode(hex, r->signers[i], 32);
				assert_non_null(strstr(words, hex)); /* each signer is named */
			}
		free(words);
	}
	verify_free(r);
	/* Of two transactions; of another chain; cut anywhere; any bit. */
	receipt_of(w, &b, 0, 3);
	assert_int_equal(reason_of(w, &b), VERIFY_RECORD);
	receipt_of(w, &b, 1, 4);
	for (size_t n = 0; n < b.n; n++)
		assert_int_not_equal(w_reason(w, slice(b.p, n)), VERIFY_OK);
	for (size_t bit = 0; bit < 8 * b.n; bit++) {
		b.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_not_equal(reason_of(w, &b), VERIFY_OK);
		b.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	buf_put_u8(&b, 0);
	assert_int_equal(reason_of(w, &b), VERIFY_FORMAT);
	buf_fini(&b);
	world_free(w);
}

/* ---- the attack ---- */

/* The history as its operator wants it: without event `i`. The log stays as it is. */
static void hide(struct w_subject *s, size_t i)
{
	memmove(&s->e[i], &s->e[i + 1], (s->n - i - 1) * sizeof *s->e);
	memmove(&s->record[i], &s->record[i + 1], (s->n - i - 1) * sizeof *s->record);
	s->n--;
	memset(&s->head, 0, sizeof s->head);
	for (size_t k = 0; k < s->n; k++) {
		struct buf sum = BUF_INIT;
		w_summary(&sum, &s->e[k]);
		struct slice parts[4] = {SLICE_LIT("argosy/history/1"), slice(s->head.b, 32),
					 slice(s->e[k].digest.b, 32), buf_slice(&sum)};
		sha256_parts(&s->head, parts, 4);
		buf_fini(&sum);
	}
}

/* The bundle of subject `i` with what continues the log of `size` (0: nothing). */
static struct verify_result *bundle_of(struct world *w, size_t i, size_t size, struct buf *out)
{
	struct hash path[64];
	struct bundle_consistency c = w_continues(w, path, size ? size : 1);
	struct bundle_subject sub = w_bundle_subject(w, i);
	struct bundle b = {.head = w_bundle_head(w),
			   .subjects = &sub,
			   .n_subjects = 1,
			   .consistencies = &c,
			   .n_consistencies = size && size < w->n_records};
	buf_clear(out);
	assert_int_equal(bundle_encode(out, &b, NULL), ERR_OK);
	struct verify_result *r = w_verify(w, buf_slice(out));
	assert_int_equal(r->reason, VERIFY_OK);
	return r;
}

static struct verify_result *receipt_result(struct world *w, size_t index)
{
	struct buf b = BUF_INIT;
	receipt_of(w, &b, index, 1);
	struct verify_result *r = w_verify(w, buf_slice(&b));
	assert_int_equal(r->reason, VERIFY_OK);
	buf_fini(&b);
	return r;
}

/* Both ways round, and in both languages; `say`, `say_zh` stand in the words. */
static void expect(const struct verify_result *a, const struct verify_result *b,
		   const struct verify_result *link, enum verify_conflict want, const char *say,
		   const char *say_zh)
{
	char words[2000];
	for (unsigned way = 0; way < 4; way++) {
		enum verify_conflict c = verify_evidence(words, sizeof words, way & 1 ? b : a,
							 way & 1 ? a : b, link, way & 2);
		if (c != want || !strstr(words, way & 2 ? say_zh : say))
			print_error("%d: %s\n", (int)c, words);
		assert_int_equal(c, want);
		assert_non_null(strstr(words, way & 2 ? say_zh : say));
	}
}

static void hidden_event(void **s)
{
	(void)s;
	for (size_t validators = 1; validators <= 4; validators += 3) {
		struct world *w = w_parcel(validators);
		struct buf b = BUF_INIT, head = BUF_INIT;
		size_t honest = w->n_records;
		struct bundle_head h = w_bundle_head(w);
		assert_int_equal(bundle_head_encode(&head, &h, NULL, 0, NULL), ERR_OK);
		/* An alarm is recorded; its sender asks for the receipt. */
		w_event(w, A_OBSERVE, "inspecting", "", "customs-cn", 0);
		size_t index = w->n_records - 1;
		world_close(w, 26);
		struct verify_result *receipt = receipt_result(w, index);
		struct verify_result *good = bundle_of(w, 0, honest, &b);
		expect(receipt, good, NULL, CONFLICT_NONE, "do not contradict", "并不矛盾");
		verify_free(good);
		/* Then it is left out, under a log that holds it still. */
		hide(&w->s[0], 20);
		w_event(w, A_OBSERVE, "storing", "", "lastmile", 1);
		world_close(w, 27);
		struct verify_result *lie = bundle_of(w, 0, honest, &b);
		struct verify_options o = {.fingerprint = w->g.fingerprint.b, .head = head.p,
					   .head_n = head.n};
		struct verify_result *held = verify_bundle(b.p, b.n, &o);
		assert_true(held->reason == VERIFY_OK && held->head_held); /* no head shows it */
		assert_int_equal(held->subjects[0].n_events, 20);
		verify_free(held);
		expect(receipt, lie, NULL, CONFLICT_OPEN, "--since RECEIPT", "--since RECEIPT");
		/* Somebody else's bundle of that head has what links the two. */
		struct verify_result *other = bundle_of(w, 1, honest + 1, &b);
		expect(receipt, lie, other, CONFLICT_RECEIPT, "it lacks this one", "缺少它");
		verify_free(other);
		verify_free(lie);
		lie = bundle_of(w, 0, honest + 1, &b);
		expect(receipt, lie, NULL, CONFLICT_RECEIPT, "is event 21 of", "第 21 条");
		char hex[65];
		hex_encode(hex, receipt->signers[0], 32);
		expect(receipt, lie, NULL, CONFLICT_RECEIPT, hex, hex);
		verify_free(lie);
		/* Another event stands in its place. */
		w_event(w, A_OBSERVE, "storing", "", "lastmile", 0);
		world_close(w, 28);
		lie = bundle_of(w, 0, honest + 1, &b);
		assert_int_equal(lie->subjects[0].n_events, 21);
		expect(receipt, lie, NULL, CONFLICT_RECEIPT, "another event there", "另一条");
		verify_free(lie);
		/* A receipt as the head held from earlier. */
		struct buf paper = BUF_INIT;
		receipt_of(w, &paper, index, 1);
		struct verify_options held_receipt = {
			.fingerprint = w->g.fingerprint.b, .head = paper.p, .head_n = paper.n};
		lie = verify_bundle(b.p, b.n, &held_receipt);
		assert_true(lie->reason == VERIFY_OK && lie->head_held && lie->held_height == 28);
		verify_free(lie);
		buf_fini(&paper);
		verify_free(receipt);
		buf_fini(&b);
		buf_fini(&head);
		world_free(w);
	}
}

/* A subject that was recorded is shown to have no history. */
static void false_absence(void **s)
{
	(void)s;
	struct world *w = w_parcel(1);
	struct buf b = BUF_INIT, proof = BUF_INIT;
	struct w_subject *gone = &w->s[1];
	struct verify_result *receipt = receipt_result(w, gone->record[0]);
	w->n_subjects = 1;
	world_close(w, 25);
	struct verify_result *same = receipt_result(w, gone->record[0]);
	w_absent(w, &proof, gone->id);
	struct bundle_subject sub = {.id = slice_str(gone->id), .proof = buf_slice(&proof)};
	struct bundle lie = {.head = w_bundle_head(w), .subjects = &sub, .n_subjects = 1};
	assert_int_equal(bundle_encode(&b, &lie, NULL), ERR_OK);
	struct verify_result *r = w_verify(w, buf_slice(&b));
	assert_true(r->reason == VERIFY_OK && r->subjects[0].absent);
	expect(same, r, NULL, CONFLICT_RECEIPT, "there is no history of it", "没有历史");
	/* Of the same height but another state: two heads, which is evidence without records. */
	expect(receipt, r, NULL, CONFLICT_HEADER, "two signed headers", "两个已签署的区块头");
	verify_free(r);
	/* About something else: it is open. */
	r = bundle_of(w, 0, 0, &b);
	expect(same, r, NULL, CONFLICT_OPEN, gone->id, gone->id);
	/* Of another chain, or not good: no evidence. */
	struct world *four = w_parcel(4);
	struct verify_result *stranger = receipt_result(four, 3);
	expect(stranger, r, NULL, CONFLICT_UNKNOWN, "two different chains", "不同的链");
	expect(same, r, stranger, CONFLICT_UNKNOWN, "--head", "--head");
	verify_free(stranger);
	verify_free(r);
	verify_free(same);
	verify_free(receipt);
	buf_fini(&b);
	buf_fini(&proof);
	gone->value.n = 0;
	w->n_subjects = 2;
	world_free(w);
	world_free(four);
}

int main(void)
{
	assert_int_equal(ed25519_init(), ERR_OK);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges),
		cmocka_unit_test(contents),
		cmocka_unit_test(hidden_event),
		cmocka_unit_test(false_absence),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
