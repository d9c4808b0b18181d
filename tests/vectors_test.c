/*
 * The vectors in tests/vectors: proofs that every verifier must accept, and such as it must
 * refuse, with the reason (tests/vectors/README.md). They are made here, each by the letter of
 * docs/format; what is made must be what lies there, and the verifier must judge it so.
 *
 *   ARGOSY_WRITE_VECTORS=1 build/debug/test/tests/vectors_test    writes them anew
 */
#include "proof_world.h"

#include "base/io.h"
#include "proof/receipt.h"
#include "verify/receipt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define DIR "tests/vectors"
#define WHERE "/414/9521234000013"
#define ITEM "/01/09521234543213/21/X"

/* A vector in the making: the world is `w`, the file `b`. */
static struct world *w;
static struct buf b;
static struct hash fingerprint;
static const char *held; /* the accepted vector that the reader holds as a head, or NULL */
static uint8_t keys[2][32];
static size_t n_keys;

static void begin(struct world *x)
{
	w = x;
	fingerprint = x->g.fingerprint;
}

static void close_and_bundle(size_t n, bool records)
{
	static const size_t all[] = {0, 1, 2, 3};
	world_close(w, 25);
	buf_clear(&b);
	world_bundle(w, &b, all, n, records);
}

static void one(void)
{
	close_and_bundle(1, false);
}

/* An item with two events of its own. */
static struct w_subject *item(void)
{
	begin(world_new(1));
	size_t x = w_add(w, ITEM, 1);
	w_event(w, A_ADD, "commissioning", WHERE, "leafco", x);
	w_event(w, A_OBSERVE, "storing", WHERE, "leafco", x);
	return &w->s[x];
}

/* Its history's head fits what is shown, as an operator can make it. */
static void rehash(struct w_subject *s)
{
	memset(&s->head, 0, sizeof s->head);
	for (size_t i = 0; i < s->n; i++) {
		struct buf sum = BUF_INIT;
		w_summary(&sum, &s->e[i]);
		struct slice parts[4] = {SLICE_LIT("argosy/history/1"), slice(s->head.b, 32),
					 slice(s->e[i].digest.b, 32), buf_slice(&sum)};
		sha256_parts(&s->head, parts, 4);
		buf_fini(&sum);
	}
}

static uint8_t *find(const void *p, size_t n)
{
	uint8_t *at = memmem(b.p, b.n, p, n);
	MUST(at);
	return at;
}

static void parcel(size_t validators)
{
	begin(w_parcel(validators));
	one();
}

/* ---- accepted ---- */

static void solo(void) { parcel(1); }
static void four(void) { parcel(4); }

static void url(void)
{
	struct buf bytes = BUF_INIT;
	solo();
	buf_put_slice(&bytes, buf_slice(&b));
	buf_clear(&b);
	bundle_to_url(&b, "https://trace.example.org/p#", buf_slice(&bytes));
	buf_fini(&bytes);
}

static void absent_of(uint8_t kind)
{
	begin(w_parcel(1));
	for (unsigned i = 0;; i++) {
		char id[40];
		struct buf proof = BUF_INIT;
		snprintf(id, sizeof id, "/01/09521234543213/21/NONE-%u", i);
		w_absent(w, &proof, id);
		struct bundle_subject x = {.id = slice_str(id), .proof = buf_slice(&proof)};
		struct bundle none = {.head = w_bundle_head(w), .subjects = &x, .n_subjects = 1};
		bool right = proof.p[0] == kind;
		MUST(!right || bundle_encode(&b, &none, NULL) == ERR_OK);
		buf_fini(&proof);
		if (right)
			return;
	}
}

static void absent_empty(void) { absent_of(STATE_PROOF_EMPTY); }
static void absent_other(void) { absent_of(STATE_PROOF_OTHER); }

static void journey(void)
{
	begin(w_journey(4));
	world_bundle(w, &b, w_whole_journey, 7, true);
}

/* The next act happens then; it is recorded some time later, or after what was before. */
static void at(int64_t hour)
{
	w->happened_ms = 1764000000000 + hour * 3600000;
	if (w->now_ms < w->happened_ms)
		w->now_ms = w->happened_ms;
}

static void move(uint8_t action, int64_t hour, size_t parent, size_t child)
{
	const struct w_entry e[2] = {{parent, R_PARENT, 0, 0}, {child, R_CHILD, 0, 0}};
	at(hour);
	w_act(w, 1, action, action == A_ADD ? "loading" : "unloading", WHERE, "carrier", e, 2, NULL);
}

static void sense(int64_t hour, size_t subject)
{
	at(hour);
	w_event(w, A_OBSERVE | 32, "sensor_reporting", WHERE, "carrier", subject);
}

static void reefer_story(bool unloaded)
{
	begin(world_new(1));
	w_add(w, ITEM, 1);
	w_add(w, "/8004/9521234R1", 5);
	w_add(w, "/00/395212340000000017", 4);
	move(A_ADD, 10, 1, 0);
	sense(12, 1); /* the alarm */
	if (unloaded)
		move(A_DELETE, 20, 1, 0);
}

/* After the delivery the carrier declares his loading in error: the alarm stays. */
static void void_loading(void)
{
	reefer_story(true);
	w_void(w, "carrier", 0, R_CHILD, 1);
	w_void(w, "carrier", 1, R_PARENT, 1);
	sense(90, 1);
	close_and_bundle(2, true);
}

/* Never unloaded: inside until the loading was declared in error, and no longer. */
static void void_and_inside(void)
{
	reefer_story(false);
	w->now_ms = 1764000000000 + 50 * (int64_t)3600000;
	w_void(w, "carrier", 0, R_CHILD, 1);
	sense(49, 1);
	sense(200, 1);
	close_and_bundle(2, true);
}

/* The unloading is void, too: what it moved stays moved. */
static void void_unloading(void)
{
	reefer_story(true);
	w_void(w, "carrier", 0, R_CHILD, 1);
	w_void(w, "carrier", 0, R_CHILD, 2);
	sense(30, 1);
	close_and_bundle(2, true);
}

/* A void loading that was followed by another one: until the other. */
static void void_then_moved(void)
{
	reefer_story(false);
	move(A_ADD, 14, 2, 0);
	w_void(w, "carrier", 0, R_CHILD, 1);
	sense(13, 1);
	sense(15, 1);
	sense(16, 2);
	close_and_bundle(3, true);
}

static void void_blend(void)
{
	begin(w_journey(1));
	w_void(w, "mill", J_TIN, R_OUTPUT, 1);
	world_close(w, 31);
	world_bundle(w, &b, w_whole_journey, 7, true);
}

static void marks(void)
{
	struct w_subject *s = item();
	w_void(w, "leafco", 0, R_WHAT, 2);
	w_event(w, A_OBSERVE | 4, "storing", WHERE, "leafco", 0); /* of what is not here */
	(void)s;
	one();
}

static void head(void)
{
	begin(w_parcel(4));
	struct bundle_head h = w_bundle_head(w);
	MUST(bundle_head_encode(&b, &h, NULL, 0, NULL) == ERR_OK);
}

static struct bundle_witness witness(uint8_t how, const char *name)
{
	struct bundle_witness x = w_witness(w, how, name);
	x.how = how;
	x.state_root = w->state_root;
	w_cosign(w, &x, 9, how);
	return x;
}

static void head_with(uint8_t how)
{
	begin(w_parcel(1));
	struct bundle_witness x[3] = {witness(WITNESS_LOG, "Blue Line"), witness(how, "Yangshan"),
				      w_witness(w, 3, "SGS Inspection")};
	w_cosign(w, &x[2], 1, 0); /* the validator himself */
	struct bundle_head h = w_bundle_head(w);
	MUST(bundle_head_encode(&b, &h, x, 3, NULL) == ERR_OK);
	memcpy(keys[0], x[1].key, 32);
	memcpy(keys[1], x[2].key, 32);
	n_keys = 2;
}

static void witnesses(void) { head_with(WITNESS_REPLAYED); }
static void witness_way(void) { head_with(3); }

/* Witnessed at height 25 and proven at 26; what the signatures and roots become. */
static void later(bool proof, bool root, bool sig)
{
	begin(w_parcel(1));
	struct bundle_witness x = witness(WITNESS_REPLAYED, "Yangshan");
	size_t size = w->n_records;
	w_event(w, A_OBSERVE, "storing", "", "lastmile", 0);
	world_close(w, 26);
	struct hash path[64];
	struct bundle_consistency c = w_continues(w, path, size);
	struct bundle_subject sub = w_bundle_subject(w, 0);
	struct bundle all = {.head = w_bundle_head(w),
			     .subjects = &sub,
			     .n_subjects = 1,
			     .consistencies = &c,
			     .n_consistencies = proof,
			     .witnesses = &x,
			     .n_witnesses = 1};
	c.root.b[0] ^= root;
	x.sig[0] ^= sig;
	MUST(bundle_encode(&b, &all, NULL) == ERR_OK);
}

static void older_witness(void)
{
	later(true, false, false);
	held = "solo";
}
static void no_consistency(void) { later(false, false, false); }
static void wrong_consistency(void) { later(true, true, false); }
static void wrong_witness(void) { later(true, false, true); }

/* A key replaced from 26 on, the chain resumed from 30 on. */
static void epochs_to(int64_t height)
{
	begin(w_parcel(1));
	w_epoch(w, EPOCH_REPLACE, 26, 0);
	if (height > 30)
		w_epoch(w, EPOCH_RESUME, 30, 0);
	world_close(w, height);
}

static void epochs(void)
{
	epochs_to(31);
	size_t x = 0;
	world_bundle(w, &b, &x, 1, false);
}

static void replaced(void)
{
	epochs_to(27);
	struct bundle_head h = w_bundle_head(w);
	MUST(bundle_head_encode(&b, &h, NULL, 0, NULL) == ERR_OK);
}

static void act(uint8_t kind, uint8_t flags, uint8_t role)
{
	struct w_subject *s = item();
	const struct w_entry e = {0, role, 0, 0};
	w_act(w, kind, flags, kind == 1 ? "storing" : "weigh_anew", "", "leafco", &e, 1, NULL);
	s->e[2].voided = flags & 128 ? 1 : 0;
	rehash(s);
	one();
}

static void newer_act(void) { act(57, 0, R_ABOUT); }
static void newer_flag(void) { act(1, A_OBSERVE | 64, R_WHAT); }
static void newer_kind(void)
{
	struct w_subject *s = item();
	s->kind = 13;
	s->flags = 8;
	one();
}

static void late(void)
{
	item();
	w->happened_ms = w->now_ms + 86400000;
	w_event(w, A_OBSERVE, "storing", WHERE, "leafco", 0);
	one();
}

/* ---- receipts (docs/format/receipt.md) ---- */

static void range_of(struct mlog_range *p, size_t lo, size_t n, size_t first, size_t end)
{
	size_t k = 1;
	if (lo + n <= first || lo >= end) {
		p->h[p->n++] = w_root(w->leaves + lo, n);
		return;
	}
	if (first <= lo && lo + n <= end)
		return;
	while (k * 2 < n)
		k *= 2;
	range_of(p, lo, k, first, end);
	range_of(p, lo + k, n - k, first, end);
}

/* Of the record at `first`; `more`: a hash too many. */
static void receipt_with(size_t first, size_t n, const struct buf *records, unsigned more)
{
	struct mlog_range path = {.n = 0};
	struct slice r[2] = {buf_slice(&records[0]), buf_slice(&records[n - 1])};
	range_of(&path, 0, w->n_records, first, first + n);
	path.n += more;
	struct receipt x = {w_bundle_head(w), first, r, n, &path};
	MUST(receipt_encode(&b, &x, NULL) == ERR_OK);
}

static void receipt(void)
{
	begin(w_parcel(1));
	receipt_with(7, 1, &w->records[7], 0);
}
static void receipt_other_record(void)
{
	begin(w_parcel(1));
	receipt_with(7, 1, &w->records[8], 0);
}
static void receipt_hash_more(void)
{
	begin(w_parcel(1));
	receipt_with(7, 1, &w->records[7], 1);
}
static void receipt_of_two(void)
{
	begin(w_parcel(1));
	receipt_with(7, 2, &w->records[7], 0);
}

/* The eighth event is in the log, and not in the history that this state holds. */
static void hides(void)
{
	begin(w_parcel(1));
	struct w_subject *s = &w->s[0];
	memmove(&s->e[7], &s->e[8], (s->n - 8) * sizeof *s->e);
	memmove(&s->record[7], &s->record[8], (s->n - 8) * sizeof *s->record);
	s->n--;
	rehash(s);
	world_close(w, 26);
	size_t x = 0;
	world_bundle(w, &b, &x, 1, false);
}

/* ---- accepted, and contradicting each other ---- */

static void at_height(int64_t height)
{
	size_t x = 0;
	world_close(w, height);
	buf_clear(&b);
	world_bundle(w, &b, &x, 1, false);
}

/* What the operator had before his disk was lost; and what he signed on, if he kept it. */
static void original(int64_t height, int64_t hours)
{
	begin(w_parcel(1));
	w->now_ms += hours * 3600000;
	w_event(w, A_OBSERVE, "holding", "", "leafco", 0);
	at_height(height);
}

static void before_loss(void) { original(28, 0); }
static void newer_than_named(void) { original(30, 0); }
static void went_on(void) { original(32, 99); }

/* Restored from a copy of block 25, resumed from 29 on: block 28 is the newest that he names. */
static void restored(const char *step)
{
	begin(w_parcel(1));
	w->now_ms += 9000000;
	w_epoch(w, EPOCH_RESUME, 29, 0);
	w_event(w, A_OBSERVE, step, "", "blueline", 0);
	at_height(29);
}

static void resumed(void) { restored("storing"); }
static void resumed_twin(void) { restored("picking"); }

static void fork_of_25(void)
{
	begin(w_parcel(1));
	w_event(w, A_OBSERVE, "storing", "", "lastmile", 1);
	one();
}

static void other_rotation(void)
{
	begin(w_parcel(1));
	w_epoch(w, EPOCH_REPLACE, 27, 0);
	at_height(31);
}

static void short_log(void)
{
	begin(world_new(4));
	w_add(w, "/01/09521234543213/21/OTHER", 1);
	w_event(w, A_ADD, "commissioning", WHERE, "leafco", 0);
	at_height(40);
}

/* ---- refused: format ---- */

static void cut(void)
{
	solo();
	b.n--;
}
static void longer(void)
{
	solo();
	buf_put_u8(&b, 0);
}
static void magic(void)
{
	solo();
	b.p[0] ^= 0x20;
}
/* The number of consistency proofs, second byte from the end, as two bytes. */
static void long_varint(void)
{
	solo();
	b.n -= 2;
	buf_put(&b, "\x80\0\0", 3);
}
static void control(void)
{
	solo();
	memcpy(find("dock", 4), "\x1b[2J", 4);
}
static void unsorted(void)
{
	solo();
	*find("eafco", 5) = 'A'; /* lAfco, after lastmile */
}
static void mixed_case(void)
{
	url();
	b.p[b.n - 1] = b.p[b.n - 1] < 'A' ? '2' : b.p[b.n - 1] | 0x20;
	b.p[b.n - 2] = b.p[b.n - 2] < 'A' ? '2' : b.p[b.n - 2] | 0x20;
	b.p[b.n - 3] = b.p[b.n - 3] < 'A' ? '2' : b.p[b.n - 3] | 0x20;
}

static void mark(unsigned how)
{
	struct w_subject *s = item();
	w_void(w, "leafco", 0, R_WHAT, 2);
	struct bundle_event *m = &s->e[2];
	if (how == 0)
		m->where = SLICE_LIT(WHERE);
	else if (how == 1)
		m->step = SLICE_LIT("storing");
	else if (how == 2)
		m->happened_ms -= 1000;
	rehash(s);
	one();
	/* Role, kind, flags, then how far before it. */
	uint8_t *p = find(m->digest.b, 32);
	while (!(p[0] == (0x20 | R_WHAT) && p[1] == 1 && p[2] == 33))
		p--;
	if (how == 3)
		p[3] = 0;
	else if (how == 4)
		p[3] = 3;
}

static void mark_where(void) { mark(0); }
static void mark_step(void) { mark(1); }
static void mark_time(void) { mark(2); }
static void mark_itself(void) { mark(3); }
static void mark_before(void) { mark(4); }

/* ---- refused: version ---- */

static void file_version(void)
{
	solo();
	b.p[3] = 2;
}
static void act_128(void) { act(128, 0, R_ABOUT); }
static void flag_128(void) { act(1, 128, R_WHAT); }
static void flag_130(void) { act(1, 128 | A_OBSERVE, R_WHAT); }
static void mark_kind(void) { act(9, 132, R_ABOUT); }
static void role_0(void) { act(1, A_OBSERVE, 0); }
static void role_7(void) { act(1, A_OBSERVE, 7); }
static void kind_128(void)
{
	item()->kind = 128;
	one();
}
static void subject_flag_128(void)
{
	item()->flags = 128;
	one();
}
static void form_3(void)
{
	struct w_subject *s = item();
	one();
	find(s->head.b, 32)[-1] = 3;
}
static void step_62(void)
{
	struct w_subject *s = item();
	one();
	find(s->e[1].digest.b, 32)[-3] = 62;
}
static void epoch_kind(void)
{
	begin(w_parcel(1));
	struct epoch *e = &w->epochs[0];
	*e = (struct epoch){.number = 2, .kind = (enum epoch_kind)3, .from_height = 20};
	MUST(epoch_sign(e, &w->g.fingerprint, w_secret(w, w->set.v[0].key)) == ERR_OK);
	w->n_epochs = 1;
	one();
}
static void app_version(void)
{
	solo();
	find(w->g.chain_id, strlen(w->g.chain_id))[strlen(w->g.chain_id)] = 2;
	struct slice parts[2] = {SLICE_LIT("ARGOSYG1"), slice(b.p + 5, b.p[4])};
	MUST(b.p[4] < 128);
	sha256_parts(&fingerprint, parts, 2);
}

static void record_of(uint8_t version, uint8_t role, uint8_t mode)
{
	begin(world_new(1));
	w_add(w, ITEM, 1);
	w_add(w, "/8004/9521234R1", 5);
	w->record_version = version;
	const struct w_entry e[2] = {{1, role, mode, 1}, {0, R_CHILD, 0, 0}};
	w_act(w, 1, A_ADD, "loading", WHERE, "carrier", e, 2, NULL);
	close_and_bundle(1, true);
}
static void record_version(void) { record_of(2, R_PARENT, 0); }
static void record_role(void) { record_of(1, 7, 0); }
static void record_mode(void) { record_of(1, R_PARENT, 5); }

/* ---- refused: the rest ---- */

static void many_epochs(void)
{
	solo();
	MUST(b.p[5 + b.p[4]] == 0);
	b.p[5 + b.p[4]] = 65;
}
static void other_chain(void)
{
	solo();
	fingerprint.b[0] ^= 1;
}
static void bad_genesis(void)
{
	solo();
	*find(w->g.chain_id, strlen(w->g.chain_id)) = 'T';
	struct slice parts[2] = {SLICE_LIT("ARGOSYG1"), slice(b.p + 5, b.p[4])};
	sha256_parts(&fingerprint, parts, 2);
}
static void foreign_key(void)
{
	begin(w_parcel(1));
	uint8_t seed[32] = {77}, secret[64];
	struct epoch *e = &w->epochs[0];
	*e = (struct epoch){.number = 2, .kind = EPOCH_REPLACE, .from_height = 20};
	ed25519_from_seed(e->key, secret, seed);
	MUST(epoch_sign(e, &w->g.fingerprint, secret) == ERR_OK);
	w->n_epochs = 1;
	one();
}
static void future_epoch(void)
{
	epochs_to(27);
	w_head(w, 25);
	size_t x = 0;
	world_bundle(w, &b, &x, 1, false);
}
static void hidden(size_t i)
{
	begin(w_parcel(1));
	struct w_subject *s = &w->s[0];
	memmove(&s->e[i], &s->e[i + 1], (s->n - i - 1) * sizeof *s->e);
	s->n--;
	one();
}
static void first_left_out(void) { hidden(0); }
static void one_left_out(void) { hidden(7); }
static void changed_step(void)
{
	begin(w_parcel(1));
	w->s[0].e[5].step = SLICE_LIT("sampling");
	one();
}
static void moved_mark(void)
{
	struct w_subject *s = item();
	w_void(w, "leafco", 0, R_WHAT, 2);
	world_close(w, 25);
	s->e[2].voided = 1;
	size_t x = 0;
	world_bundle(w, &b, &x, 1, false);
}
static void two_states(void)
{
	begin(w_journey(1));
	struct buf old = BUF_INIT;
	buf_put_slice(&old, buf_slice(&w->s[J_BOX].proof));
	w_event(w, A_OBSERVE, "storing", "", "shop", J_LOT_B);
	world_close(w, 31);
	MUST(!slice_eq(buf_slice(&old), buf_slice(&w->s[J_BOX].proof)));
	buf_clear(&w->s[J_BOX].proof);
	buf_put_slice(&w->s[J_BOX].proof, buf_slice(&old));
	buf_fini(&old);
	world_bundle(w, &b, w_whole_journey, 7, true);
}
static void not_absent(void)
{
	begin(w_parcel(1));
	struct buf proof = BUF_INIT;
	w_absent(w, &proof, "/01/09521234543213/21/NONE-1");
	struct bundle_subject x = {.id = slice_str(w->s[0].id), .proof = buf_slice(&proof)};
	struct bundle none = {.head = w_bundle_head(w), .subjects = &x, .n_subjects = 1};
	MUST(bundle_encode(&b, &none, NULL) == ERR_OK);
	buf_fini(&proof);
}
static void mended(void)
{
	begin(w_parcel(1));
	struct w_subject *s = &w->s[0];
	s->e[5].step = SLICE_LIT("sampling");
	rehash(s);
	buf_clear(&s->value);
	w_value(&s->value, s);
	size_t x = 0;
	world_bundle(w, &b, &x, 1, false);
}
/* S and S + L: the second signature that nobody made. */
static void malleable(void)
{
	static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,
					  0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
					  [31] = 0x10};
	solo();
	uint8_t *s = find(w->commit.sigs[0].sig, 64) + 32;
	unsigned carry = 0;
	for (size_t i = 0; i < 32; i++) {
		carry += (unsigned)s[i] + order[i];
		s[i] = (uint8_t)carry;
		carry >>= 8;
	}
}
static void too_few(void)
{
	begin(w_parcel(4));
	w->commit.sigs[0].flag = FLAG_ABSENT;
	size_t x = 0;
	world_bundle(w, &b, &x, 1, false);
}
static void other_round(void)
{
	begin(w_parcel(4));
	w->commit.round = 1;
	size_t x = 0;
	world_bundle(w, &b, &x, 1, false);
}
static void wrong_record(void)
{
	begin(w_journey(1));
	struct bundle_subject x = w_bundle_subject(w, J_TIN);
	struct bundle_record r = {0, 1, buf_slice(&w->records[0])};
	struct bundle all = {.head = w_bundle_head(w), .subjects = &x, .n_subjects = 1,
			     .records = &r, .n_records = 1};
	MUST(bundle_encode(&b, &all, NULL) == ERR_OK);
}
static void gap(void)
{
	begin(w_journey(1));
	world_bundle(w, &b, w_whole_journey, 6, true);
}
static void no_records(void)
{
	begin(w_journey(1));
	world_bundle(w, &b, w_whole_journey, 7, false);
}
static void stranger(void)
{
	begin(w_journey(1));
	size_t which[8];
	memcpy(which, w_whole_journey, sizeof w_whole_journey);
	which[7] = J_STRANGER;
	world_bundle(w, &b, which, 8, true);
}
/* The carrier's declaration shall take the reefer out: another container stands in its place. */
static void laundered(void)
{
	reefer_story(true);
	move(A_ADD, 30, 2, 0);
	w_void(w, "carrier", 0, R_CHILD, 1);
	world_close(w, 25);
	const size_t which[] = {0, 2};
	world_bundle(w, &b, which, 2, true);
}
static void not_longer_inside(void)
{
	void_then_moved();
	buf_clear(&b);
	world_bundle(w, &b, (const size_t[]){0, 2}, 2, true);
}
/* The key was replaced from 26 on, which the reader's head shows; the old one signs 40. */
static void old_key(void)
{
	begin(w_parcel(1));
	world_close(w, 40);
	size_t x = 0;
	world_bundle(w, &b, &x, 1, false);
	held = "replaced";
}
static void older_than_held(void)
{
	solo();
	held = "replaced";
}
static void two_headers(void)
{
	begin(w_parcel(1));
	w_event(w, A_OBSERVE, "storing", "", "lastmile", 1);
	one();
	held = "solo";
}
static void not_shown(void)
{
	no_consistency();
	buf_clear(&b);
	size_t x = 0;
	world_bundle(w, &b, &x, 1, false);
	held = "solo";
}

static const struct vector {
	const char *name;
	enum verify_reason want;
	void (*make)(void);
	const char *what;
} vectors[] = {
#define V(want, name, what) {#name, VERIFY_##want, name, what}
	V(OK, solo, "twenty events, one validator"),
	V(OK, four, "twenty events, three of four validators"),
	V(OK, url, "the text of a QR code"),
	V(OK, absent_empty, "no history: its place is empty"),
	V(OK, absent_other, "no history: another key stands there"),
	V(OK, journey, "two lots blended, boxed, palletised, unpacked unnamed"),
	V(OK, marks, "a void mark; a declaration of what is not here"),
	V(OK, void_loading, "the loading declared in error after delivery: the reefer stays"),
	V(OK, void_and_inside, "never unloaded: inside until the declaration"),
	V(OK, void_unloading, "the unloading declared in error: what it moved stays moved"),
	V(OK, void_then_moved, "a void loading, then another: inside until the other"),
	V(OK, void_blend, "a void transformation keeps its inputs"),
	V(OK, head, "a head file"),
	V(OK, witnesses, "log, replayed, and a validator who is no witness"),
	V(OK, older_witness, "a witness and a held head of one block before"),
	V(OK, epochs, "a key replaced, then resumed from a copy"),
	V(OK, replaced, "a head after a key was replaced"),
	V(OK, newer_act, "an act below 128 that is not known"),
	V(OK, newer_flag, "flag 64"),
	V(OK, newer_kind, "a subject of kind 13, flag 8"),
	V(OK, late, "told to have happened after it was recorded"),
	V(OK, receipt, "of record 7"),
	V(OK, hides, "a state whose history lacks what its log holds"),
	V(OK, fork_of_25, "another block 25 than solo"),
	V(OK, before_loss, "block 28, before the disk was lost"),
	V(OK, newer_than_named, "block 30, of which the resumption does not know"),
	V(OK, went_on, "block 32 without the resumption, younger than it"),
	V(OK, resumed, "resumed from 29 on, block 28 named"),
	V(OK, resumed_twin, "another block 29 of the resumed epoch"),
	V(OK, other_rotation, "the key replaced by another statement than in epochs"),
	V(OK, short_log, "block 40 of a shorter log"),
	V(FORMAT, cut, "a byte less"),
	V(FORMAT, longer, "a byte more"),
	V(FORMAT, magic, "another beginning"),
	V(FORMAT, long_varint, "a varint not in shortest form"),
	V(FORMAT, control, "an escape sequence in a string"),
	V(FORMAT, unsorted, "strings out of order"),
	V(FORMAT, mixed_case, "base32 in both cases"),
	V(FORMAT, mark_where, "a mark with a place"),
	V(FORMAT, mark_step, "a mark with a step"),
	V(FORMAT, mark_time, "a mark with two times"),
	V(FORMAT, mark_itself, "a mark 0 before itself"),
	V(FORMAT, mark_before, "a mark of what is before the first"),
	V(VERSION, file_version, "ARB 2"),
	V(VERSION, act_128, "an act from 128"),
	V(VERSION, flag_128, "flag 128 alone"),
	V(VERSION, flag_130, "flag 128 with an action"),
	V(VERSION, mark_kind, "a mark that is another act"),
	V(VERSION, role_0, "role 0"),
	V(VERSION, role_7, "role 7"),
	V(VERSION, kind_128, "a subject of kind 128"),
	V(VERSION, subject_flag_128, "a subject of flag 128"),
	V(VERSION, form_3, "form 3"),
	V(VERSION, step_62, "step 62"),
	V(VERSION, epoch_kind, "an epoch of kind 3"),
	V(VERSION, witness_way, "a witness who checked in way 3"),
	V(VERSION, app_version, "app version 2"),
	V(VERSION, record_version, "a log record of version 2"),
	V(VERSION, record_role, "role 7 in a log record"),
	V(VERSION, record_mode, "mode 5 in a log record"),
	V(LIMIT, many_epochs, "65 epochs"),
	V(FINGERPRINT, other_chain, "another fingerprint"),
	V(GENESIS, bad_genesis, "a capital letter in the chain id"),
	V(EPOCH, foreign_key, "a key that was not committed to"),
	V(EPOCH, future_epoch, "an epoch that begins after the head"),
	V(HISTORY, first_left_out, "the first event left out"),
	V(HISTORY, one_left_out, "one event left out"),
	V(HISTORY, changed_step, "another step"),
	V(HISTORY, moved_mark, "the mark names another event"),
	V(STATE, two_states, "two subjects of two states"),
	V(STATE, not_absent, "the absence of what is present"),
	V(SIGNATURE, mended, "another step, and a head that fits it"),
	V(SIGNATURE, malleable, "S + L"),
	V(SIGNATURE, other_round, "another round"),
	V(POWER, too_few, "two of four validators"),
	V(RECORD, wrong_record, "somebody else's record"),
	V(RECORD, receipt_of_two, "a receipt of two transactions"),
	V(FORMAT, receipt_hash_more, "a receipt with a hash too many"),
	V(LOG, receipt_other_record, "a receipt of another record than the log holds there"),
	V(JOURNEY, gap, "a container is missing"),
	V(JOURNEY, no_records, "the records are missing"),
	V(JOURNEY, stranger, "a subject that does not belong"),
	V(JOURNEY, laundered, "the loading declared in error, the reefer left out"),
	V(JOURNEY, not_longer_inside, "a void loading followed by another, its container left out"),
	V(WITNESS, wrong_witness, "a witness' signature of something else"),
	V(CONSISTENCY, no_consistency, "witnessed earlier, not shown to continue"),
	V(CONSISTENCY, wrong_consistency, "the older log has another root"),
	V(HEAD, old_key, "a replaced key signs on"),
	V(HEAD, older_than_held, "older than the head held"),
	V(HEAD, two_headers, "another header of the height held"),
	V(HEAD, not_shown, "not shown to continue the head held"),
#undef V
};

/* ---- judged ---- */

static void put_parts(struct buf *out, const struct verify_result *r)
{
	const char *before = " parts=";
	for (size_t i = 0; i < r->n_subjects; i++) {
		const struct verify_subject *s = &r->subjects[i];
		buf_put_str(out, before);
		for (uint64_t k = 0; k < s->n_events; k++)
			buf_put_str(out, s->events[k].part ? "+" : "-");
		before = ",";
	}
	for (size_t i = 0; i < r->n_subjects; i++)
		for (uint64_t k = 0; k < r->subjects[i].n_events; k++) {
			const struct verify_event *e = &r->subjects[i].events[k];
			if (e->declared_by)
				buf_printf(out, " void=%zu:%llu<%llu", i + 1,
					   (unsigned long long)k + 1,
					   (unsigned long long)e->declared_by);
			if (e->kind == 1 && e->happened_ms > e->recorded_ms)
				buf_printf(out, " late=%zu:%llu", i + 1, (unsigned long long)k + 1);
		}
}

/* What a verifier must have found out about what it accepted. */
static void put_facts(struct buf *out, const struct verify_result *r)
{
	buf_printf(out, "height=%lld log=%llu validators=%zu signed=%zu journey=%d newer=%d epochs=%zu",
		   (long long)r->height, (unsigned long long)r->log_size, r->n_validators,
		   r->n_signed, r->journey, r->newer, r->n_epochs);
	for (size_t i = 0; i < r->n_witnesses; i++)
		buf_printf(out, " witness=%s:%lld:%s", r->witnesses[i].replayed ? "replayed" : "log",
			   (long long)r->witnesses[i].height,
			   r->witnesses[i].counts      ? "counts"
			   : r->witnesses[i].validator ? "validator"
						       : "unnamed");
	if (r->is_head)
		buf_put_str(out, " head");
	else if (r->receipt)
		buf_printf(out, " receipt=%llu:%zu", (unsigned long long)r->receipt->records[0].index,
			   r->receipt->n_records);
	else if (r->subjects[0].absent)
		buf_put_str(out, " absent");
	else
		put_parts(out, r);
}

static void path_of(char out[static 200], const char *name, bool good)
{
	snprintf(out, 200, DIR "/%s/%s", good ? "accept" : "reject", name);
}

static void read_file(struct buf *out, const char *path)
{
	struct err_text t = {""};
	if (io_read_file(io_posix(), path, 1 << 20, out, &t) != ERR_OK)
		print_error("%s: %s\n", path, t.text);
}

static void write_file(const char *path, struct slice bytes)
{
	MUST(io_write_file_atomic(io_posix(), path, bytes, NULL) == ERR_OK);
}

static void put_row(struct buf *table, const struct vector *v, struct slice bytes)
{
	char hex[65];
	struct buf holding = BUF_INIT;
	struct verify_options o = {
		.fingerprint = fingerprint.b, .witnesses = keys[0], .n_witnesses = n_keys};
	if (held) {
		char path[200];
		path_of(path, held, true);
		read_file(&holding, path);
		o.head = holding.p;
		o.head_n = holding.n;
	}
	struct verify_result *r = verify_bundle(bytes.p, bytes.n, &o);
	MUST(r);
	if (r->reason != v->want)
		print_error("%s: %s, %s\n", v->name, verify_reason_name(r->reason), r->detail);
	assert_int_equal(r->reason, v->want);
	hex_encode(hex, fingerprint.b, 32);
	buf_printf(table, "%s/%s\t%s\t%s\t", v->want == VERIFY_OK ? "accept" : "reject", v->name,
		   verify_reason_name(v->want), hex);
	if (held)
		buf_printf(table, "head=accept/%s", held);
	for (size_t i = 0; i < n_keys; i++) {
		hex_encode(hex, keys[i], 32);
		buf_printf(table, "%switness=%s", held || i ? " " : "", hex);
	}
	buf_put_str(table, held || n_keys ? "\t" : "-\t");
	if (v->want == VERIFY_OK)
		put_facts(table, r);
	else
		buf_put_str(table, "-");
	buf_printf(table, "\t%s\n", v->what);
	verify_free(r);
	buf_fini(&holding);
}

static const struct pair {
	const char *a, *b;
	enum verify_conflict want;
	const char *name;
} pairs[] = {
	{"solo", "solo", CONFLICT_NONE, "none"},
	{"solo", "older_witness", CONFLICT_NONE, "none"},
	{"solo", "before_loss", CONFLICT_NONE, "none"},
	{"solo", "four", CONFLICT_UNKNOWN, "unknown"},
	{"solo", "fork_of_25", CONFLICT_HEADER, "header"},
	{"resumed", "resumed_twin", CONFLICT_HEADER, "header"},
	{"older_witness", "before_loss", CONFLICT_HISTORY, "history"},
	{"went_on", "resumed", CONFLICT_HISTORY, "history"},
	{"before_loss", "resumed", CONFLICT_RESUMED, "resumed"},
	{"newer_than_named", "resumed", CONFLICT_RESUMED, "resumed"},
	{"epochs", "other_rotation", CONFLICT_EPOCH, "epoch"},
	{"head", "short_log", CONFLICT_LOG, "log"},
	{"receipt", "solo", CONFLICT_NONE, "none"},
	{"receipt", "hides", CONFLICT_RECEIPT, "receipt"},
};

static struct verify_result *accepted(const char *name)
{
	char path[200];
	struct buf f = BUF_INIT;
	struct verify_options any = {0};
	path_of(path, name, true);
	read_file(&f, path);
	struct verify_result *r = verify_bundle(f.p, f.n, &any);
	MUST(r && r->reason == VERIFY_OK);
	buf_fini(&f);
	return r;
}

static void evidence(void **s)
{
	(void)s;
	struct buf table = BUF_INIT, there = BUF_INIT;
	char words[3000];
	buf_put_str(&table, "a\tb\tconflict\n");
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		const struct pair *p = &pairs[i];
		struct verify_result *x = accepted(p->a), *y = accepted(p->b);
		enum verify_conflict c = verify_evidence(words, sizeof words, x, y, NULL, false);
		if (c != p->want)
			print_error("%s, %s: %s\n", p->a, p->b, words);
		assert_int_equal(c, p->want);
		assert_int_equal(verify_evidence(words, sizeof words, y, x, NULL, true), p->want);
		buf_printf(&table, "accept/%s\taccept/%s\t%s\n", p->a, p->b, p->name);
		verify_free(x);
		verify_free(y);
	}
	if (getenv("ARGOSY_WRITE_VECTORS"))
		write_file(DIR "/evidence.tsv", buf_slice(&table));
	read_file(&there, DIR "/evidence.tsv");
	assert_true(slice_eq(buf_slice(&there), buf_slice(&table)));
	buf_fini(&there);
	buf_fini(&table);
}

static void all_vectors(void **s)
{
	(void)s;
	bool anew = getenv("ARGOSY_WRITE_VECTORS") != NULL;
	struct buf table = BUF_INIT, there = BUF_INIT;
	buf_put_str(&table, "file\treason\tfingerprint\toptions\tfacts\twhat\n");
	for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
		const struct vector *v = &vectors[i];
		char path[200];
		held = NULL;
		n_keys = 0;
		buf_clear(&b);
		v->make();
		path_of(path, v->name, v->want == VERIFY_OK);
		if (anew)
			write_file(path, buf_slice(&b));
		buf_clear(&there);
		read_file(&there, path);
		if (!slice_eq(buf_slice(&there), buf_slice(&b)))
			print_error("%s is not what is made\n", path);
		assert_true(slice_eq(buf_slice(&there), buf_slice(&b)));
		put_row(&table, v, buf_slice(&there));
		world_free(w);
	}
	if (anew)
		write_file(DIR "/table.tsv", buf_slice(&table));
	buf_clear(&there);
	read_file(&there, DIR "/table.tsv");
	assert_true(slice_eq(buf_slice(&there), buf_slice(&table)));
	buf_fini(&there);
	buf_fini(&table);
	buf_fini(&b);
}

/* Every reason that a proof can give has a vector, but for memory. */
static void every_reason(void **s)
{
	(void)s;
	bool seen[64] = {false};
	for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
		seen[vectors[i].want] = true;
	for (enum verify_reason r = VERIFY_OK; r <= VERIFY_LOG; r++)
		if (!seen[r] && r != VERIFY_NOMEM) {
			print_error("no vector of %s\n", verify_reason_name(r));
			fail();
		}
}

int main(void)
{
	assert_int_equal(ed25519_init(), ERR_OK);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_vectors),
		cmocka_unit_test(evidence),
		cmocka_unit_test(every_reason),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
