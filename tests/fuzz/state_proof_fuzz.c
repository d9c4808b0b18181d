/* Decoding a state proof; what is accepted encodes to the same bytes. */
#include "state/trie.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct state_proof p;
	struct reader r = reader_of(slice(data, size));
	if (!state_proof_take(&p, &r))
		return 0;
	size_t used = size - reader_left(&r);
	struct buf b = BUF_INIT;
	state_proof_put(&b, &p);
	if (buf_err(&b) == ERR_OK && !slice_eq(buf_slice(&b), slice(data, used)))
		abort();
	buf_fini(&b);
	struct hash root = {{1}};
	struct slice value = SLICE_LIT("v");
	if (state_proof_check(&p, &root, SLICE_LIT("k"), &value) ||
	    state_proof_check(&p, &root, SLICE_LIT("k"), NULL))
		abort();
	return 0;
}
