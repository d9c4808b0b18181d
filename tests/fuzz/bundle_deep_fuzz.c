/*
 * Bundles, heads and receipts under a verifier whose hashes and signatures always fit
 * (eyes_shut.h): so a fuzzer gets past them, into epochs, records, journeys, witnesses, evidence
 * and words, which in the real one only bundles made by an insider reach.
 */
#include "base/bytes.h"
#include "verify/receipt.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool take(void *ctx, const char *p, size_t n)
{
	buf_put(ctx, p, n);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Held against itself, and with a witness named whose key stands in it somewhere. */
	struct verify_options o = {.head = data, .head_n = size};
	if (size >= 200) {
		o.witnesses = data + 160;
		o.n_witnesses = 1;
	}
	struct verify_result *r = verify_bundle(data, size, &o);
	if (!r)
		return 0;
	struct buf b = {.limit = (size_t)64 << 20};
	for (enum verify_style s = VERIFY_EN; s <= VERIFY_JSON; s++) {
		buf_clear(&b);
		verify_write(r, s, NULL, take, &b);
		if (!b.failed && !utf8_valid(buf_slice(&b)))
			abort();
	}
	buf_fini(&b);
	char words[3000];
	verify_conflict(words, sizeof words, r, r, false);
	verify_evidence(words, sizeof words, r, r, r, true);
	verify_free(r);
	return 0;
}
