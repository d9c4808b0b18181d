#include "verify/inside.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- what stands in the file ---- */

static bool read_bundle(struct work *w)
{
	return read_dictionary(w) && read_subjects(w) && check_commit(w) &&
	       dictionary_all_used(w) && read_records(w) && read_consistencies(w) &&
	       read_witnesses(w);
}

static bool read_head(struct work *w)
{
	w->state_root = reader_hash(&w->in);
	w->state_root_known = true;
	if (w->in.bad)
		return refuse(w, VERIFY_FORMAT, "cut at the end");
	return check_commit(w) && read_witnesses(w);
}

static bool read_all(struct work *w, const uint8_t *fingerprint)
{
	struct slice magic = reader_bytes(&w->in, 3);
	uint8_t version = reader_u8(&w->in);
	w->r->is_head = slice_eq(magic, SLICE_LIT("ARH"));
	bool receipt = slice_eq(magic, SLICE_LIT("ARR"));
	if (w->in.bad || (!w->r->is_head && !receipt && !slice_eq(magic, SLICE_LIT("ARB"))))
		return refuse(w, VERIFY_FORMAT, "it does not begin as one");
	if (version != 1)
		return refuse(w, VERIFY_VERSION, "version %u", version);
	if (!read_signed_head(w, fingerprint))
		return false;
	if (!(receipt ? read_receipt(w) : w->r->is_head ? read_head(w) : read_bundle(w)))
		return false;
	if (w->in.p != w->in.end)
		return refuse(w, VERIFY_FORMAT, "%zu bytes after the end", reader_left(&w->in));
	return w->r->is_head || receipt || check_journey(w);
}

/* ---- text or bytes ---- */

static bool is_binary(const uint8_t *p, size_t n)
{
	return n >= 3 && p[0] == 'A' && p[1] == 'R' && (p[2] == 'B' || p[2] == 'H' || p[2] == 'R') &&
	       (n == 3 || p[3] < 0x20);
}

/* The text after the last '#', without white space at the ends. */
static bool from_text(struct work *w, const uint8_t *p, size_t n, struct slice *out)
{
	if (n > VERIFY_TEXT_MAX)
		return refuse(w, VERIFY_LIMIT, "%zu characters", n);
	while (n && strchr(" \t\r\n", p[n - 1]) && p[n - 1])
		n--;
	for (size_t i = n; i > 0; i--)
		if (p[i - 1] == '#') {
			p += i;
			n -= i;
			break;
		}
	while (n && strchr(" \t\r\n", *p) && *p) {
		p++;
		n--;
	}
	uint8_t *bytes = take_memory(w, n * 5 / 8 + 1);
	size_t bytes_n;
	if (!bytes)
		return false;
	if (n == 0 || !base32_decode(bytes, &bytes_n, p, n))
		return refuse(w, VERIFY_FORMAT, "neither a bundle nor its text form");
	*out = slice(bytes, bytes_n);
	return true;
}

static void run(struct work *w, const uint8_t *bytes, size_t n, const struct verify_options *o)
{
	/* The caller's bytes may go: what the result points into is a copy. */
	struct slice in;
	if (is_binary(bytes, n)) {
		if (n > VERIFY_BYTES_MAX) {
			refuse(w, VERIFY_LIMIT, "%zu bytes", n);
			return;
		}
		in = slice(arena_copy(w->arena, bytes, n), n);
		if (!in.p) {
			refuse(w, VERIFY_NOMEM, "%zu bytes", n);
			return;
		}
	} else if (!from_text(w, bytes, n, &in)) {
		return;
	}
	if (in.n > VERIFY_BYTES_MAX) {
		refuse(w, VERIFY_LIMIT, "%zu bytes", in.n);
		return;
	}
	w->in = reader_of(in);
	if (!read_all(w, o->fingerprint) || !count_witnesses(w, o) || !o->head)
		return;
	struct verify_options own = {.fingerprint = w->r->fingerprint};
	struct verify_result *held = verify_bundle(o->head, o->head_n, &own);
	if (!held)
		refuse(w, VERIFY_NOMEM, "for the head held");
	else if (held->reason != VERIFY_OK)
		refuse(w, VERIFY_HEAD, "the head held is not good itself: %s",
		       verify_reason_en(held->reason));
	else
		check_held_head(w, held);
	verify_free(held);
}

struct verify_result *verify_bundle(const uint8_t *bytes, size_t n, const struct verify_options *o)
{
	/* Some 32 times the file is what a file of nothing but short events takes. */
	struct arena *a = arena_new(((size_t)32 << 20) + 32 * (size_t)VERIFY_BYTES_MAX);
	if (!a)
		return NULL;
	struct work *w = calloc(1, sizeof *w);
	struct verify_result *r = arena_alloc(a, sizeof *r);
	if (!w || !r) {
		free(w);
		arena_free(a);
		return NULL;
	}
	r->memory = a;
	r->chain_id = "";
	w->r = r;
	w->arena = a;
	run(w, bytes, n, o);
	free(w);
	return r;
}

void verify_free(struct verify_result *r)
{
	if (r)
		arena_free(r->memory);
}
