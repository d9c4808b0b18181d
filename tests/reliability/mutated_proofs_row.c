/*
 * Reliability row 15: mutated proofs. At least 10,000 changed bundles and heads, all
 * refused: every bit and every byte, cuts, splices, swaps, and what a forger would do
 * with the format in hand, down to heads mended to fit. Seed: ARGOSY_SEED.
 */
#include "row_seed.h"

#include "../proof_world.h"

static unsigned long tried, accepted;
static unsigned long by_reason[32];

static void must_refuse(const struct world *w, struct slice bad, struct slice good_bytes,
			const char *what)
{
	if (slice_eq(bad, good_bytes))
		return;
	struct verify_result *r = w_verify(w, bad);
	tried++;
	by_reason[r->reason]++;
	if (r->reason == VERIFY_OK) {
		accepted++;
		printf("ACCEPTED: %s\n", what);
	}
	verify_free(r);
}

static uint32_t seed_state;
static uint32_t any(uint32_t below)
{
	seed_state = seed_state * 1664525 + 1013904223;
	return (uint32_t)((uint64_t)(seed_state >> 8) * below >> 24);
}

/* What needs no understanding of the format. */
static void blind(const struct world *w, struct slice g, unsigned rounds, size_t bit_step)
{
	uint8_t *bad = malloc(2 * g.n + 64);
	MUST(bad);
	for (size_t i = 0; i < 8 * g.n; i += bit_step) {
		memcpy(bad, g.p, g.n);
		bad[i / 8] ^= (uint8_t)(1u << i % 8);
		must_refuse(w, slice(bad, g.n), g, "a bit flipped");
	}
	for (size_t i = 0; i < g.n; i++) {
		memcpy(bad, g.p, g.n);
		bad[i] = (uint8_t)any(256);
		must_refuse(w, slice(bad, g.n), g, "a byte set");
	}
	for (unsigned i = 0; i < rounds; i++) {
		size_t a = any((uint32_t)g.n), b = any((uint32_t)g.n), n = 1 + any(80);
		size_t low = a < b ? a : b, high = a < b ? b : a;
		/* Cut off. */
		must_refuse(w, slice(g.p, a), g, "cut");
		/* A run taken out. */
		memcpy(bad, g.p, low);
		memcpy(bad + low, g.p + high, g.n - high);
		must_refuse(w, slice(bad, g.n - (high - low)), g, "a run taken out");
		/* A run doubled. */
		memcpy(bad, g.p, high);
		memcpy(bad + high, g.p + low, g.n - low);
		must_refuse(w, slice(bad, g.n + high - low), g, "a run doubled");
		/* Two runs changed round. */
		if (low + n <= high && high + n <= g.n) {
			memcpy(bad, g.p, g.n);
			memcpy(bad + low, g.p + high, n);
			memcpy(bad + high, g.p + low, n);
			must_refuse(w, slice(bad, g.n), g, "two runs changed round");
		}
		/* A run of noise. */
		memcpy(bad, g.p, g.n);
		for (size_t k = a; k < g.n && k < a + n; k++)
			bad[k] = (uint8_t)any(256);
		must_refuse(w, slice(bad, g.n), g, "noise");
		/* More at the end. */
		memcpy(bad, g.p, g.n);
		for (size_t k = 0; k < n && k < 60; k++)
			bad[g.n + k] = (uint8_t)any(2);
		must_refuse(w, slice(bad, g.n + (n < 60 ? n : 60)), g, "more at the end");
	}
	free(bad);
}

/* The beginning of one good proof with the end of another. */
static void splices(const struct world *w, struct slice a, struct slice b)
{
	uint8_t *bad = malloc(a.n + b.n);
	MUST(bad);
	for (size_t i = 1; i < a.n; i++) {
		size_t k = i < b.n ? i : b.n;
		memcpy(bad, a.p, i);
		memcpy(bad + i, b.p + k, b.n - k);
		struct slice s = slice(bad, i + b.n - k);
		if (!slice_eq(s, b))
			must_refuse(w, s, a, "spliced");
	}
	free(bad);
}

static void mend(struct w_subject *s, bool head)
{
	if (head) {
		memset(&s->head, 0, sizeof s->head);
		for (size_t i = 0; i < s->n; i++) {
			struct buf sum = BUF_INIT;
			w_summary(&sum, &s->e[i]);
			struct slice parts[4] = {SLICE_LIT("argosy/history/1"),
						 slice(s->head.b, 32), slice(s->e[i].digest.b, 32),
						 buf_slice(&sum)};
			sha256_parts(&s->head, parts, 4);
			buf_fini(&sum);
		}
	}
	buf_clear(&s->value);
	w_value(&s->value, s);
}

/* What a forger does who has the format and makes lengths, counts and heads fit. */
static void forge(struct world *w, struct slice g)
{
	struct w_subject *s = &w->s[0], was = *s;
	struct buf b = BUF_INIT;
	size_t which = 0;
	for (unsigned how = 0; how < 9; how++)
		for (size_t i = 0; i < was.n; i++)
			for (size_t k = i + 1; k <= was.n; k++)
				for (unsigned mended = 0; mended < 2; mended++) {
					struct buf value = s->value, proof = s->proof;
					*s = was;
					s->value = value;
					s->proof = proof;
					struct bundle_event *e = s->e, x = e[i];
					switch (how) {
					case 0: /* a run of events dropped */
						memmove(e + i, e + k, (s->n - k) * sizeof *e);
						s->n -= k - i;
						break;
					case 1: /* one written twice, elsewhere */
						if (k == was.n)
							continue;
						memmove(e + k + 1, e + k, (s->n - k) * sizeof *e);
						x.recorded_ms = e[k - 1].recorded_ms;
						e[k] = x;
						s->n++;
						break;
					case 2: /* two changed round, but for the times */
						if (k == was.n)
							continue;
						e[i] = e[k];
						e[i].recorded_ms = x.recorded_ms;
						x.recorded_ms = e[k].recorded_ms;
						e[k] = x;
						break;
					case 3: /* who, of another event */
						e[i].who = e[k % was.n].who;
						break;
					case 4:
						e[i].where = e[k % was.n].where;
						break;
					case 5:
						e[i].step = e[k % was.n].step;
						break;
					case 6:
						e[i].digest = e[k % was.n].digest;
						break;
					case 7:
						e[i].happened_ms += (int64_t)k * 1000;
						break;
					case 8: /* a later owner, an earlier one */
						s->owner = k % 2 ? "lastmile" : "blueline";
						s->holder = "porthouse";
						break;
					}
					mend(s, mended);
					buf_clear(&b);
					world_bundle(w, &b, &which, 1, false);
					must_refuse(w, buf_slice(&b), g, "forged");
				}
	struct buf value = s->value, proof = s->proof;
	*s = was;
	s->value = value;
	s->proof = proof;
	mend(s, false);
	buf_fini(&b);
}

int main(void)
{
	MUST(ed25519_init() == ERR_OK);
	seed_state = (uint32_t)row_seed(NULL, 20260911);
	for (size_t n = 1; n <= 4; n += 3) {
		struct world *w = w_parcel(n), *j = w_journey(n), *other = w_parcel(n);
		struct buf a = BUF_INIT, b = BUF_INIT, h = BUF_INIT;
		size_t zero = 0;
		world_bundle(w, &a, &zero, 1, false);
		MUST(w_reason(w, buf_slice(&a)) == VERIFY_OK);
		blind(w, buf_slice(&a), 600, 1);
		forge(w, buf_slice(&a));
		w_event(other, A_OBSERVE, "storing", "", "lastmile", 0);
		world_close(other, 26);
		world_bundle(other, &b, &zero, 1, false);
		MUST(w_reason(w, buf_slice(&b)) == VERIFY_OK);
		splices(w, buf_slice(&a), buf_slice(&b));
		splices(w, buf_slice(&b), buf_slice(&a));
		buf_clear(&b);
		world_bundle(j, &b, w_whole_journey, 7, true);
		MUST(w_reason(j, buf_slice(&b)) == VERIFY_OK);
		blind(j, buf_slice(&b), 300, 3);
		struct bundle_head head = w_bundle_head(w);
		struct bundle_witness x = w_witness(w, 1, "Blue Line");
		MUST(bundle_head_encode(&h, &head, &x, 1, NULL) == ERR_OK);
		MUST(w_reason(w, buf_slice(&h)) == VERIFY_OK);
		blind(w, buf_slice(&h), 300, 1);
		buf_fini(&a);
		buf_fini(&b);
		buf_fini(&h);
		world_free(w);
		world_free(j);
		world_free(other);
	}
	printf("row 15, mutated proofs: %lu refused of %lu (", tried - accepted, tried);
	const char *comma = "";
	for (unsigned i = 1; i < 32; i++)
		if (by_reason[i]) {
			printf("%s%s %lu", comma, verify_reason_name((enum verify_reason)i),
			       by_reason[i]);
			comma = ", ";
		}
	printf(")\n");
	return accepted || tried < 10000;
}
