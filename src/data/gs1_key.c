/*
 * gs1_key: what keys are made of: their characters, check digits, escapes. gs1_urn.c and
 * gs1_link.c write them with it.
 */
#include "data/gs1_parts.h"

/* One row for each 16 characters, as gs1_test.c proves against the published vectors. */
const uint8_t gs1_chars[128] = {
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x12, 0x02, 0x04, 0x00, 0x02, 0x02, 0x1a, 0x12, 0x12, 0x12, 0x12, 0x12,
	0x1e, 0x1a, 0x06, 0x1f, 0x1f, 0x1f, 0x1f, 0x1f, 0x1f, 0x1f, 0x1f, 0x1f, 0x1f, 0x12, 0x1a,
	0x02, 0x1a, 0x02, 0x02, 0x00, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e,
	0x1e, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e,
	0x1e, 0x00, 0x00, 0x00, 0x00, 0x1a, 0x00, 0x1a, 0x1a, 0x1a, 0x1a, 0x1a, 0x1a, 0x1a, 0x1a,
	0x1a, 0x1a, 0x1a, 0x1a, 0x1a, 0x1a, 0x1a, 0x1a, 0x1a, 0x1a, 0x1a, 0x1a, 0x1a, 0x1a, 0x1a,
	0x1a, 0x1a, 0x1a, 0x00, 0x00, 0x00, 0x00, 0x00,
};

/* Set 82 in its order, and the 32 characters of a check pair (General Specifications 7.9.5). */
static const char set82[] = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
			    "abcdefghijklmnopqrstuvwxyz";
static const char set32[] = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/* ---- check digits ---- */

char gs1_check_digit(struct slice digits)
{
	/* Weights 3, 1, 3, ... from the right, the check digit not counted. */
	unsigned sum = 0, weight = 3;
	for (size_t i = digits.n; i-- > 0;) {
		sum += weight * (unsigned)(digits.p[i] - '0');
		weight = 4 - weight;
	}
	return (char)('0' + (10 - sum % 10) % 10);
}

bool gs1_all_digits(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	}
	return true;
}

bool gs1_check_ok(struct slice digits)
{
	if (digits.n < 2 || !gs1_all_digits(digits))
		return false;
	return gs1_check_digit(slice(digits.p, digits.n - 1)) == (char)digits.p[digits.n - 1];
}

static bool is_prime(unsigned n)
{
	for (unsigned d = 2; d * d <= n; d++) {
		if (n % d == 0)
			return false;
	}
	return true;
}

bool gs1_check_pair_ok(struct slice s)
{
	if (s.n < 2 || s.n > 99)
		return false;
	/* Weights are the primes from the right, the pair not counted. */
	unsigned sum = 0, weight = 1;
	for (size_t i = s.n - 2; i-- > 0;) {
		const char *at = s.p[i] ? strchr(set82, s.p[i]) : NULL;
		if (!at)
			return false;
		do
			weight++;
		while (!is_prime(weight));
		sum += (unsigned)(at - set82) * weight;
	}
	sum %= 1021;
	return s.p[s.n - 2] == (uint8_t)set32[sum / 32] && s.p[s.n - 1] == (uint8_t)set32[sum % 32];
}

bool gs1_pieces_ok(struct slice s)
{
	if (s.n != 4 || !gs1_all_digits(s))
		return false;
	int piece = (s.p[0] - '0') * 10 + s.p[1] - '0', total = (s.p[2] - '0') * 10 + s.p[3] - '0';
	return piece >= 1 && piece <= total;
}

/* ---- writing a key ---- */

bool gs1_put_digits(struct gs1_work *w, struct slice s)
{
	gs1_put(w, s.p, s.n);
	return gs1_all_digits(s);
}

static int hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

enum err gs1_put_value(struct gs1_work *w, struct err_text *t, const char *ai, struct slice s,
		       unsigned set, size_t max, bool from_urn)
{
	static const char hex[] = "0123456789ABCDEF";
	bug_if(3 * max > sizeof w->text - w->n);
	unsigned plain = GS1_PLAIN | (from_urn ? GS1_URN_PLAIN : 0u);
	char *out = w->text + w->n;
	size_t count = 0;
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		unsigned class = c < 128 ? gs1_chars[c] : 0;
		if (++count > max)
			return err_set(t, ERR_FORMAT, "(%s) is longer than %zu characters", ai,
				       max);
		if ((class & set) && (class & plain) == plain && c != '%') {
			*out++ = (char)c;
			continue;
		}
		bool escaped = c == '%' && !w->raw;
		if (escaped) {
			int hi = s.n - i > 2 ? hex_value(s.p[i + 1]) : -1;
			int lo = hi >= 0 ? hex_value(s.p[i + 2]) : -1;
			if (lo < 0)
				return err_set(t, ERR_FORMAT, "(%s) has a broken %% escape", ai);
			c = (uint8_t)(hi << 4 | lo);
			class = c < 128 ? gs1_chars[c] : 0;
			i += 2;
		}
		if (!(class & set) || (from_urn && !escaped && !(class & GS1_URN_PLAIN)))
			return err_set(t, ERR_FORMAT,
				       c > 32 && c < 127 ? "(%s) may not hold the character '%c'"
							 : "(%s) may not hold byte 0x%02x",
				       ai, c);
		if (escaped && w->for_hash) {
			memcpy(out, s.p + i - 2, 3);
			out += 3;
		} else if (class & GS1_PLAIN) {
			*out++ = (char)c;
		} else {
			*out++ = '%';
			*out++ = hex[c >> 4];
			*out++ = hex[c & 15];
		}
	}
	if (!count)
		return err_set(t, ERR_FORMAT, "(%s) is empty", ai);
	w->n = (size_t)(out - w->text);
	return ERR_OK;
}
