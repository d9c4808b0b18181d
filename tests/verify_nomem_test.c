/*
 * The nth allocation fails while a bundle, or a receipt, is made, verified, put into words and compared:
 * ERR_NOMEM or VERIFY_NOMEM, nothing lost, nothing judged wrongly.
 */
#include "proof_world.h"

#include "proof/receipt.h"
#include "verify/receipt.h"

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

static struct receipt paper;
static struct slice paper_record;
static struct mlog_range paper_path;

/* The last record of the log: beside it lie the roots of what is left of it. */
static void paper_make(void)
{
	size_t lo = 0, n = w->n_records;
	while (n > 1) {
		size_t k = 1;
		while (k * 2 < n)
			k *= 2;
		paper_path.h[paper_path.n++] = w_root(w->leaves + lo, k);
		lo += k;
		n -= k;
	}
	paper_record = buf_slice(&w->records[w->n_records - 1]);
	paper = (struct receipt){w_bundle_head(w), w->n_records - 1, &paper_record, 1, &paper_path};
}

static bool run_paper(struct slice good)
{
	struct buf out = BUF_INIT;
	enum err e = receipt_encode(&out, &paper, NULL);
	MUST(e == ERR_OK || e == ERR_NOMEM);
	bool all = e == ERR_OK;
	MUST(!all || slice_eq(buf_slice(&out), good));
	buf_fini(&out);
	struct verify_options o = {.fingerprint = w->g.fingerprint.b};
	struct verify_result *r = verify_bundle(good.p, good.n, &o);
	if (r && r->reason == VERIFY_OK) {
		char words[200];
		MUST(r->receipt && r->receipt->n_records == 1);
		for (enum verify_style s = VERIFY_EN; s <= VERIFY_JSON; s++) {
			char *text = verify_words(r, s);
			all = all && text;
			free(text);
		}
		MUST(verify_evidence(words, sizeof words, r, r, NULL, false) == CONFLICT_NONE);
	} else {
		all = false;
		MUST(!r || r->reason == VERIFY_NOMEM);
	}
	verify_free(r);
	return all;
}

/* How many allocations may fail before all of it is done. */
static uint64_t survive(bool (*once)(struct slice good), const struct buf *good)
{
	int64_t before = live;
	bool done = false;
	uint64_t n = 0;
	while (!done) {
		MUST(++n < 1000);
		allocations = 0;
		fail_at = n;
		done = once(buf_slice(good));
		fail_at = 0;
		MUST(live == before);
	}
	return n - 1;
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
	uint64_t n = survive(run, &good);
	paper_make();
	struct buf receipt = BUF_INIT;
	MUST(receipt_encode(&receipt, &paper, NULL) == ERR_OK);
	uint64_t more = survive(run_paper, &receipt);
	printf("[       OK ] %llu failing allocations survived\n", (unsigned long long)(n + more));
	buf_fini(&good);
	buf_fini(&receipt);
	world_free(w);
	return n > 10 && more > 3 ? 0 : 1;
}
#endif
