/*
 * Identifiers from outside. What is accepted has a stable canonical text: it
 * parses to itself and the same kind. Another spelling of it has the same
 * canonical text, or is refused. What people type becomes such a text or is
 * refused. A hash form of a hash form is the same.
 */
#include "data/gs1.h"

#include "data/codes.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_letter(uint8_t c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/* Letters that have no case by the standards, the other way round: up to the second colon of a URN,
 * scheme and host of a web address, and the digits of every escape. */
static void respell(uint8_t *p, size_t n, bool head, bool escapes)
{
	bool urn = n > 4 && (p[0] | 0x20) == 'u' && (p[1] | 0x20) == 'r' && (p[2] | 0x20) == 'n';
	uint8_t *slashes = memmem(p, n, "://", 3);
	size_t i = 0, colons = 0;
	if (head && urn)
		for (; i < n && colons < 2; i++) {
			colons += p[i] == ':';
			p[i] ^= is_letter(p[i]) ? 0x20 : 0;
		}
	else if (head && slashes)
		for (; i < n && (p + i < slashes + 3 || (p[i] != '/' && p[i] != '@')); i++)
			p[i] ^= is_letter(p[i]) ? 0x20 : 0;
	for (; escapes && i + 2 < n; i++) {
		if (p[i] != '%')
			continue;
		p[i + 1] ^= is_letter(p[i + 1]) ? 0x20 : 0;
		p[i + 2] ^= is_letter(p[i + 2]) ? 0x20 : 0;
		i += 2;
	}
}

static void other_spellings(const struct gs1_id *id, struct slice in)
{
	struct gs1_id other;
	uint8_t text[GS1_CANON_MAX];
	if (id->kind == GS1_NONE && !uri_valid(in))
		return;
	for (unsigned how = 1; how < 4; how++) {
		memcpy(text, in.p, in.n);
		respell(text, in.n, how & 1, how & 2);
		if (gs1_parse(&other, NULL, slice(text, in.n)) != ERR_OK)
			continue;
		/* What is no key and no URI is not judged. */
		if (other.kind == GS1_NONE && !uri_valid(slice(text, in.n)))
			continue;
		bug_if(strcmp(other.canon, id->canon) != 0);
	}
}

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
		other_spellings(&id, in);
	}
	for (unsigned asked = 0; asked < 3; asked++) {
		if (gs1_typed(&id, &t, in, (enum gs1_asked)asked) != ERR_OK)
			continue;
		struct slice canon = slice(id.canon, id.canon_len);
		bug_if(id.kind == GS1_NONE && !uri_valid(canon));
		bug_if(gs1_parse(&again, &t, canon) != ERR_OK);
		bug_if(strcmp(again.canon, id.canon) != 0);
		bug_if(again.kind != id.kind || again.is_class != id.is_class);
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
