/*
 * Any bytes as a log record, a subject or a summary: refused, or decoded to
 * what encodes to the same bytes.
 */
#include "trade/trade.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same(struct buf *b, struct slice in)
{
	bug_if(buf_err(b) == ERR_OK && !slice_eq(buf_slice(b), in));
	buf_clear(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new((size_t)64 << 20);
	struct slice in = slice(data, size);
	struct buf b = BUF_INIT;
	struct record r;
	struct subject s;
	struct summary m;
	if (!a)
		return 0;
	if (record_decode(&r, a, in) == ERR_OK) {
		const Argosy__V1__Action *action;
		record_encode(&b, &r);
		same(&b, in);
		if (record_open(&m, &action, a, &r) == ERR_OK) {
			summary_encode(&b, &m);
			bug_if(!summary_decode(&m, buf_slice(&b)));
			buf_clear(&b);
		}
	}
	/* Where there are no claims, their head is no part of a subject. */
	if (subject_decode(&s, in)) {
		subject_encode(&b, &s);
		same(&b, in);
	}
	if (summary_decode(&m, in)) {
		summary_encode(&b, &m);
		same(&b, in);
	}
	buf_fini(&b);
	arena_free(a);
	return 0;
}
