/*
 * Bundles, heads, receipts and their text form under the verifier: no crash, no leak, no result that
 * words cannot be found for. Whatever verifies must be what a seed holds, since the keys are
 * not here.
 */
#include "verify/receipt.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct verify_options o = {0};
	struct verify_result *r = verify_bundle(data, size, &o);
	if (r) {
		for (enum verify_style s = VERIFY_EN; s <= VERIFY_JSON; s++)
			free(verify_words(r, s));
		char words[300];
		verify_conflict(words, sizeof words, r, r, false);
		verify_evidence(words, sizeof words, r, r, r, true);
		verify_free(r);
	}
	return 0;
}
