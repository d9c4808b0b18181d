#include "ledger/header.h"

#include "crypto/ed25519.h"
#include "crypto/merkle.h"
#include "crypto/sha256.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct hash hash_of(const char *text)
{
	struct hash h;
	sha256(&h, slice_str(text));
	return h;
}

static struct hash hash_hex(const char *hex)
{
	struct hash h;
	assert_true(hex_decode(h.b, 32, slice_str(hex)));
	return h;
}

static void is_hash(const struct hash *h, const char *want)
{
	struct hash w = hash_hex(want);
	assert_memory_equal(h->b, w.b, 32);
}

/* cometbft types/block_test.go, TestHeaderHash. */
static struct header published_header(void)
{
	struct header h = {
		.version_block = 1,
		.version_app = 2,
		.chain_id = "chainId",
		.height = 3,
		.time = {1570983284, 0}, /* 2019-10-13T16:14:44Z */
		.last_block_id = {.present = true, .parts = 6},
		.last_commit_hash = hash_of("last_commit_hash"),
		.data_hash = hash_of("data_hash"),
		.validators_hash = hash_of("validators_hash"),
		.next_validators_hash = hash_of("next_validators_hash"),
		.consensus_hash = hash_of("consensus_hash"),
		.app_hash = hash_of("app_hash"),
		.last_results_hash = hash_of("last_results_hash"),
		.evidence_hash = hash_of("evidence_hash"),
	};
	struct hash proposer = hash_of("proposer_address");
	memcpy(h.proposer, proposer.b, 20);
	return h;
}

static void upstream_header_hash(void **s)
{
	(void)s;
	struct header h = published_header();
	struct hash got;
	header_hash(&got, &h);
	is_hash(&got, "F740121F553B5418C3EFBD343C2DBFE9E007BB67B0D020A0741374BAB65242A4");
}

/* cometbft types/vote_test.go, TestVoteSignBytesTestVectors; 1 to 5 carry Go's zero time,
 * and none a block id. The sixth (with a vote extension) signs what the fifth does. */
static void upstream_sign_bytes(void **s)
{
	(void)s;
	static const struct {
		const char *chain_id;
		int64_t height;
		int32_t round;
		enum vote_type type;
		const char *want;
	} v[] = {
		{"", 0, 0, VOTE_NONE, "0d2a0b088092b8c398feffffff01"},
		{"", 1, 1, VOTE_PRECOMMIT,
		 "21080211010000000000000019010000000000000"
		 "02a0b088092b8c398feffffff01"},
		{"", 1, 1, VOTE_PREVOTE,
		 "21080111010000000000000019010000000000000"
		 "02a0b088092b8c398feffffff01"},
		{"", 1, 1, VOTE_NONE,
		 "1f1101000000000000001901000000000000002a0b088092b8c398feffffff01"},
		{"test_chain_id", 1, 1, VOTE_NONE,
		 "2e1101000000000000001901000000000000002a0b088092b8c398feffffff01"
		 "320d746573745f636861696e5f6964"},
		{"test_chain_id", 1, 1, VOTE_NONE,
		 "2e1101000000000000001901000000000000002a0b088092b8c398feffffff01"
		 "320d746573745f636861696e5f6964"},
	};
	struct block_id nil = {.present = false};
	struct stamp zero = {-62135596800, 0};
	for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
		uint8_t out[VOTE_SIGN_BYTES_MAX];
		char hex[2 * VOTE_SIGN_BYTES_MAX + 1];
		size_t n = vote_sign_bytes(out, v[i].chain_id, v[i].type, v[i].height, v[i].round,
					   &nil, zero);
		hex_encode(hex, out, n);
		assert_string_equal(hex, v[i].want);
	}
}

/* From a block of a public CometBFT chain of one validator: the set, a commit, whose
 * signature covers a block id, and their hashes. */
static const char gonka_key[] = "963bd14fd55272cc5028a5f84bdd72251369a5bcfaf7571e0f8b0160146b032b";

static struct commit gonka_commit(void)
{
	struct commit c = {
		.height = 14,
		.n = 1,
		.block_id = {true,
			     hash_hex("306D1EBC3628F0571D5F772C85B554A8CD30C298648B4E325EC82945E7D2"
				      "0841"),
			     1,
			     hash_hex("055C7DD9132B5133B7D422D423ED775BC4FF5E7E3C7447C4539B5573D676"
				      "86DD")},
	};
	c.sigs[0].flag = FLAG_COMMIT;
	c.sigs[0].time = (struct stamp){1743628414, 100375646}; /* 2025-04-02T21:13:34 */
	assert_true(hex_decode(c.sigs[0].address, 20,
			       slice_str("BBDEDC12E4830D2086263415BE3FB4BF43C505A5")));
	assert_true(hex_decode(
		c.sigs[0].sig, 64,
		slice_str("b701b2589bd8afe8d5d4785f8e2a3ba7b9640db836f8eae952a23a3666f7c47b"
			  "5ad21290ca8932d92e14ef9e71d987b02dd1bcb7fd5395aab3bab9634285e60e")));
	return c;
}

static void public_chain(void **s)
{
	(void)s;
	struct validator v = {.power = 1000000};
	struct hash h;
	uint8_t address[20], want[20];
	assert_true(hex_decode(v.key, 32, slice_str(gonka_key)));
	validators_hash(&h, &v, 1);
	is_hash(&h, "BC21E09900AE1CBD50444061E0B1853550A509A3B8CE3B2BF5DA0C9DCC0351B0");
	validator_address(address, v.key);
	assert_true(hex_decode(want, 20, slice_str("BBDEDC12E4830D2086263415BE3FB4BF43C505A5")));
	assert_memory_equal(address, want, 20);

	struct commit c = gonka_commit();
	commit_hash(&h, &c);
	is_hash(&h, "04584765750C36899099C65023702382D718F5CF5E44581F675EAEDF4F15DE9E");
	consensus_hash_of(&h, 22020096, -1);
	is_hash(&h, "048091BC7DDC283F77BFBF91D73C44DA58C3DF8A9CBC867405D8B7F3DAADA22F");
	results_hash(&h, NULL, 0);
	is_hash(&h, "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855");
	/* The page that prints this block names the chain by a later name; it was signed so. */
	uint8_t msg[VOTE_SIGN_BYTES_MAX];
	size_t n = vote_sign_bytes(msg, "prod-sim", VOTE_PRECOMMIT, 14, 0, &c.block_id,
				   c.sigs[0].time);
	assert_true(ed25519_verify(c.sigs[0].sig, slice(msg, n), v.key));
}

/* A whole block of another public chain ("localnet", one validator): header hash and part set. */
static void public_block(void **s)
{
	(void)s;
	struct header h = {
		.version_block = 11,
		.version_app = 4294967296,
		.chain_id = "localnet",
		.height = 79040,
		.time = {1676264167, 988020000},
		.last_block_id = {true,
				  hash_hex("6021C2A2CD2438FF61CE476B76D97997E6AE19AB30BCDE40C4BB713"
					   "7F53AC30E"),
				  1,
				  hash_hex("2F35010188F2F313F00B9374E329A71249ECDEEBA5E5ADBD2BDAE38"
					   "6DC3101B2")},
		.last_commit_hash = hash_hex(
			"BA6B2B6E9A4603C86F5DDE683E63C48DC3EBD83EEBEB63D1D70DE694443884C5"),
		.validators_hash = hash_hex(
			"FE36DFA0965A3207F370004FD5A35B0D9CFE22C1E5EC6282B11E0A078E022C11"),
		.next_validators_hash = hash_hex(
			"FE36DFA0965A3207F370004FD5A35B0D9CFE22C1E5EC6282B11E0A078E022C11"),
		.consensus_hash = hash_hex(
			"048091BC7DDC283F77BFBF91D73C44DA58C3DF8A9CBC867405D8B7F3DAADA22F"),
		.app_hash = hash_hex(
			"0E1AD984FD0FE8A1B2C4B0D23A610C9787F56D563BF8157C188E99BA4064D852"),
	};
	empty_hash(&h.data_hash);
	h.last_results_hash = h.evidence_hash = h.data_hash;
	assert_true(
		hex_decode(h.proposer, 20, slice_str("8DC41A86B91EB88D82489C4D037AE9FFCA65CFBF")));
	struct commit c = {.height = 79039, .n = 1, .block_id = h.last_block_id};
	c.sigs[0].flag = FLAG_COMMIT;
	c.sigs[0].time = (struct stamp){1676264167, 988020000};
	memcpy(c.sigs[0].address, h.proposer, 20);
	assert_true(hex_decode(
		c.sigs[0].sig, 64,
		slice_str("7d949eab1f14b7eeb27e83e5ddb379b97f21085ee9f22f47d5aef713239c744c"
			  "47ef44989a6aa2c9b745ca6eb89089a4da85bcebc47ef2523fba5623dd4bb45e")));
	struct hash got;
	commit_hash(&got, &c);
	is_hash(&got, "BA6B2B6E9A4603C86F5DDE683E63C48DC3EBD83EEBEB63D1D70DE694443884C5");
	struct block_id id;
	block_id_of(&id, &h, NULL, 0, &c);
	is_hash(&id.hash, "18711607956F44E83677F90D1BEEDCD5EA44BB27CBFB382A4DA64EE06189343D");
	assert_int_equal(id.parts, 1);
	is_hash(&id.parts_hash, "F1D3B921EFD098157598A810DC6CB0C04D3AA475B293D23F15B1FC2073C44774");
}

/* ---- our own ---- */

static void canonical_only(struct slice good, bool (*decodes)(struct slice))
{
	assert_true(decodes(good));
	uint8_t bad[2048];
	assert_true(good.n + 2 < sizeof bad);
	for (size_t n = good.n - 60; n < good.n; n++)
		assert_false(decodes(slice(good.p, n)));
	memcpy(bad, good.p, good.n);
	bad[good.n] = 0;
	assert_false(decodes(slice(bad, good.n + 1)));
	/* An unknown field, and a field given twice. */
	bad[good.n] = 0x78;
	bad[good.n + 1] = 1;
	assert_false(decodes(slice(bad, good.n + 2)));
	memmove(bad + 2, good.p, good.n);
	bad[0] = 0x08;
	bad[1] = 0;
	assert_false(decodes(slice(bad, good.n + 2)));
}

static bool header_decodes(struct slice s)
{
	static struct header h;
	return header_decode(&h, s);
}

static bool commit_decodes(struct slice s)
{
	static struct commit c;
	return commit_decode(&c, s);
}

static void header_round_trip(void **s)
{
	(void)s;
	struct header h = published_header(), back;
	for (int first = 0; first < 2; first++) {
		struct buf b = BUF_INIT, again = BUF_INIT;
		if (first)
			memset(&h.last_block_id, 0, sizeof h.last_block_id);
		header_encode(&b, &h);
		assert_true(header_decode(&back, buf_slice(&b)));
		header_encode(&again, &back);
		assert_true(slice_eq(buf_slice(&b), buf_slice(&again)));
		struct hash x, y;
		header_hash(&x, &h);
		header_hash(&y, &back);
		assert_true(hash_eq(&x, &y));
		canonical_only(buf_slice(&b), header_decodes);
		buf_fini(&b);
		buf_fini(&again);
	}
}

static void commit_round_trip(void **s)
{
	(void)s;
	struct commit c = gonka_commit(), back;
	c.sigs[1] = c.sigs[0];
	memset(&c.sigs[0], 0, sizeof c.sigs[0]);
	c.sigs[0].flag = FLAG_ABSENT;
	c.n = 2;
	c.round = 3;
	struct buf b = BUF_INIT, again = BUF_INIT;
	commit_encode(&b, &c);
	assert_true(commit_decode(&back, buf_slice(&b)));
	commit_encode(&again, &back);
	assert_true(slice_eq(buf_slice(&b), buf_slice(&again)));
	canonical_only(buf_slice(&b), commit_decodes);
	buf_fini(&again);
	buf_clear(&b);
	commit_none(&c);
	commit_encode(&b, &c);
	assert_true(b.n == 4 && memcmp(b.p, "\x1a\x02\x12\x00", 4) == 0);
	assert_true(commit_decode(&back, buf_slice(&b)) && back.n == 0 && back.height == 0);
	buf_fini(&b);
}

/* Four validators of unequal power sign a header of their own. */
struct network {
	struct validator v[4];
	uint8_t secret[4][64];
	struct header h;
	struct commit c;
};

static void network_sign(struct network *w, size_t i)
{
	uint8_t msg[VOTE_SIGN_BYTES_MAX];
	struct commit_sig *g = &w->c.sigs[i];
	g->flag = FLAG_COMMIT;
	g->time = (struct stamp){1700000000 + (int64_t)i, 5};
	validator_address(g->address, w->v[i].key);
	size_t n = vote_sign_bytes(msg, w->h.chain_id, VOTE_PRECOMMIT, w->c.height, w->c.round,
				   &w->c.block_id, g->time);
	ed25519_sign(g->sig, slice(msg, n), w->secret[i]);
}

static void network_init(struct network *w)
{
	memset(w, 0, sizeof *w);
	struct validator v[4];
	uint8_t seed[32], secret[4][64];
	for (uint8_t i = 0; i < 4; i++) {
		memset(seed, i + 1, 32);
		ed25519_from_seed(v[i].key, secret[i], seed);
		v[i].power = i < 2 ? 10 : 20;
	}
	memcpy(w->v, v, sizeof v);
	validators_sort(w->v, 4);
	for (size_t i = 0; i < 4; i++)
		for (size_t k = 0; k < 4; k++)
			if (memcmp(w->v[i].key, v[k].key, 32) == 0)
				memcpy(w->secret[i], secret[k], 64);
	w->h = published_header();
	validators_hash(&w->h.validators_hash, w->v, 4);
	w->c.height = w->h.height;
	w->c.n = 4;
	struct commit none;
	commit_none(&none);
	block_id_of(&w->c.block_id, &w->h, NULL, 0, &none);
	for (size_t i = 0; i < 4; i++)
		network_sign(w, i);
}

static enum err network_verify(const struct network *w)
{
	struct err_text t;
	uint64_t power;
	return commit_verify(&power, &w->h, &w->c, w->v, 4, &t);
}

static void commits_verify(void **s)
{
	(void)s;
	static struct network w;
	network_init(&w);
	assert_int_equal(network_verify(&w), ERR_OK);
	w.c.sigs[3].flag = FLAG_ABSENT; /* 50 of 60 */
	assert_int_equal(network_verify(&w), ERR_OK);
	w.c.sigs[2].flag = FLAG_NIL; /* 40 of 60: exactly two thirds */
	assert_int_equal(network_verify(&w), ERR_VERIFY);

	network_init(&w);
	w.c.sigs[1].sig[0] ^= 1;
	assert_int_equal(network_verify(&w), ERR_VERIFY);
	network_init(&w);
	w.c.sigs[1].address[0] ^= 1;
	assert_int_equal(network_verify(&w), ERR_VERIFY);
	network_init(&w);
	w.c.sigs[1].time.ns++;
	assert_int_equal(network_verify(&w), ERR_VERIFY);
	network_init(&w);
	w.c.round++;
	assert_int_equal(network_verify(&w), ERR_VERIFY);
	network_init(&w);
	w.h.app_hash.b[0] ^= 1;
	assert_int_equal(network_verify(&w), ERR_VERIFY);
	network_init(&w);
	w.c.n = 3;
	assert_int_equal(network_verify(&w), ERR_VERIFY);
	network_init(&w);
	w.v[0].power++;
	assert_int_equal(network_verify(&w), ERR_VERIFY);
	network_init(&w);
	struct commit_sig g = w.c.sigs[0];
	w.c.sigs[0] = w.c.sigs[1];
	w.c.sigs[1] = g;
	assert_int_equal(network_verify(&w), ERR_VERIFY);
}

static void validator_sets(void **s)
{
	(void)s;
	static struct network w;
	network_init(&w);
	assert_true(validators_valid(w.v, 4));
	assert_false(validators_valid(w.v, 0));
	struct validator v[4];
	memcpy(v, w.v, sizeof v);
	v[1] = v[0];
	assert_false(validators_valid(v, 4));
	memcpy(v, w.v, sizeof v);
	v[3] = w.v[2];
	v[2] = w.v[3];
	assert_false(validators_valid(v, 4));
	memcpy(v, w.v, sizeof v);
	v[3].power = 0;
	assert_false(validators_valid(v, 4));
	memcpy(v, w.v, sizeof v);
	v[0].power = VOTING_POWER_MAX;
	assert_false(validators_valid(v, 4));
}

/* A packet over several parts: the same root as by cutting the protobuf by hand. */
static void part_set(void **s)
{
	(void)s;
	static uint8_t packet[200000];
	for (size_t i = 0; i < sizeof packet; i++)
		packet[i] = (uint8_t)(i * 7);
	struct header h = published_header();
	struct commit c = gonka_commit();
	struct slice p[2] = {slice(packet, sizeof packet), slice(packet, 3)};
	struct block_id id;
	block_id_of(&id, &h, p, 2, &c);
	assert_int_equal(id.parts, 4);

	struct buf all = BUF_INIT, part = BUF_INIT;
	header_encode(&part, &h);
	buf_put_u8(&all, 0x0a);
	buf_put_lp(&all, buf_slice(&part));
	buf_clear(&part);
	for (size_t i = 0; i < 2; i++) {
		buf_put_u8(&part, 0x0a);
		buf_put_lp(&part, p[i]);
	}
	buf_put_u8(&all, 0x12);
	buf_put_lp(&all, buf_slice(&part));
	buf_put(&all, "\x1a\x00\x22", 3);
	buf_clear(&part);
	commit_encode(&part, &c);
	buf_put_lp(&all, buf_slice(&part));
	struct merkle m;
	merkle_init(&m);
	for (size_t at = 0; at < all.n; at += BLOCK_PART_BYTES)
		merkle_add(&m, slice(all.p + at, all.n - at < BLOCK_PART_BYTES ? all.n - at
									       : BLOCK_PART_BYTES));
	struct hash want;
	merkle_root(&m, &want);
	assert_memory_equal(want.b, id.parts_hash.b, 32);
	buf_fini(&all);
	buf_fini(&part);
}

/* Results: code 0 is omitted, empty data is an empty leaf. */
static void results(void **s)
{
	(void)s;
	struct slice r[2] = {SLICE_LIT("\x00\x2a"), slice(NULL, 0)};
	struct hash got, want;
	results_hash(&got, r, 2);
	struct merkle m;
	merkle_init(&m);
	merkle_add(&m, SLICE_LIT("\x12\x02\x00\x2a"));
	merkle_add(&m, slice(NULL, 0));
	merkle_root(&m, &want);
	assert_memory_equal(got.b, want.b, 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(upstream_header_hash),
		cmocka_unit_test(upstream_sign_bytes),
		cmocka_unit_test(public_chain),
		cmocka_unit_test(public_block),
		cmocka_unit_test(header_round_trip),
		cmocka_unit_test(commit_round_trip),
		cmocka_unit_test(commits_verify),
		cmocka_unit_test(validator_sets),
		cmocka_unit_test(part_set),
		cmocka_unit_test(results),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
