/*
 * The nth allocation fails while a bundle is made, verified, put into words and compared:
 * ERR_NOMEM or VERIFY_NOMEM, nothing lost, nothing judged wrongly.
 */
#include "proof_world.h"

#include <errno.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
int main(void)
{
	printf("SKIP: the sanitizer has its own malloc\n");
	return 0;
}
#else
extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t n);
extern void __libc_free(void *p);
static uint64_t allocations, fail_at;
static int64_t live;

static bool fails(void)
{
	allocations++;
	errno = ENOMEM;
	return fail_at && allocations >= fail_at;
}

void *malloc(size_t n)
{
	void *p = fails() ? NULL : __libc_malloc(n);
	live += p != NULL;
	return p;
}

void *calloc(size_t n, size_t size)
{
	void *p = fails() ? NULL : __libc_calloc(n, size);
	live += p != NULL;
	return p;
}

void *realloc(void *old, size_t n)
{
	void *p = fails() ? NULL : __libc_realloc(old, n);
	live += p && !old;
	return p;
}

void free(void *p)
{
	live -= p != NULL;
	__libc_free(p);
}

static struct world *w;
static struct bundle whole;
static struct bundle_subject subjects[8];
static struct bundle_record records[64];
static struct bundle_witness witness;

static enum err make(struct buf *out)
{
	return bundle_encode(out, &whole, NULL);
}

/* False: memory ran out, and nothing else happened. */
static bool run(struct slice good)
{
	struct buf out = BUF_INIT;
	enum err e = make(&out);
	MUST(e == ERR_OK || e == ERR_NOMEM);
	bool all = e == ERR_OK;
	MUST(!all || slice_eq(buf_slice(&out), good));
	buf_fini(&out);
	struct verify_options o = {w->g.fingerprint.b, good.p, good.n, witness.key, 1};
	struct verify_result *r = verify_bundle(good.p, good.n, &o);
	if (r && r->reason == VERIFY_OK) {
		char words[200];
		MUST(r->journey && r->n_subjects == 7 && r->head_held);
		for (enum verify_style s = VERIFY_EN; s <= VERIFY_JSON; s++) {
			char *text = verify_words(r, s);
			all = all && text;
			free(text);
		}
		enum verify_conflict c = verify_conflict(words, sizeof words, r, r, false);
		MUST(c == CONFLICT_NONE);
	} else {
		all = false;
		MUST(!r || r->reason == VERIFY_NOMEM || r->reason == VERIFY_HEAD);
	}
	verify_free(r);
	return all;
}

int main(void)
{
	MUST(ed25519_init() == ERR_OK);
	w = w_journey(1);
	witness = w_witness(w, 1, "Blue Line");
	whole = (struct bundle){.head = w_bundle_head(w),
				.subjects = subjects,
				.n_subjects = 7,
				.records = records,
				.witnesses = &witness,
				.n_witnesses = 1};
	for (size_t i = 0; i < 7; i++) {
		subjects[i] = w_bundle_subject(w, w_whole_journey[i]);
		for (size_t k = 0; k < subjects[i].n_events; k++)
			records[whole.n_records++] = (struct bundle_record){
				i, k, buf_slice(&w->records[w->s[w_whole_journey[i]].record[k]])};
	}
	struct buf good = BUF_INIT;
	MUST(make(&good) == ERR_OK);
	int64_t before = live;
	bool done = false;
	uint64_t n = 0;
	while (!done) {
		MUST(++n < 1000);
		allocations = 0;
		fail_at = n;
		done = run(buf_slice(&good));
		fail_at = 0;
		MUST(live == before);
	}
	printf("[       OK ] %llu failing allocations survived\n", (unsigned long long)n - 1);
	buf_fini(&good);
	world_free(w);
	return n > 10 ? 0 : 1;
}
#endif
