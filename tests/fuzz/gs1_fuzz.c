/*
 * Identifiers from outside. What is accepted has a stable canonical text: it
 * parses to itself and the same kind. A hash form of a hash form is the same.
 */
#include "data/gs1.h"

#include "data/codes.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gs1_id id, again;
	struct err_text t;
	struct slice in = slice(data, size);
	if (gs1_parse(&id, &t, in) == ERR_OK) {
		struct slice canon = slice(id.canon, id.canon_len);
		bug_if(gs1_parse(&again, &t, canon) != ERR_OK);
		bug_if(again.kind != id.kind || again.is_class != id.is_class);
		bug_if(again.canon_len != id.canon_len ||
		       memcmp(again.canon, id.canon, id.canon_len) != 0);
		struct slice digits = gs1_prefix_digits(id.kind, canon);
		bug_if(digits.p < canon.p || digits.p + digits.n > canon.p + canon.n);
	}

	struct buf once = BUF_INIT, twice = BUF_INIT;
	gs1_hash_uri(&once, in);
	gs1_hash_uri(&twice, buf_slice(&once));
	bug_if(!slice_eq(buf_slice(&once), buf_slice(&twice)));
	buf_fini(&once);
	buf_fini(&twice);

	/* The other texts of the same floor. */
	int64_t ms, ms2;
	if (time_parse(&ms, in)) {
		char text[32];
		time_format(text, ms);
		bug_if(!time_parse(&ms2, slice(text, 24)) || ms2 != ms);
	}
	volatile bool sink = uri_valid(in) + number_valid(in) + code_hs(in) + gs1_check_pair_ok(in);
	(void)sink;
	return 0;
}
