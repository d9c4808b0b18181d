#include "verify/inside.h"

/* RFC 4648, section 6. Upper or lower case, but one of them throughout (some readers of
 * QR codes change it); the spare bits at the end must be zero, and a length that no
 * bytes give is refused. */
bool base32_decode(uint8_t *out, size_t *out_n, const uint8_t *text, size_t n)
{
	uint32_t bits = 0;
	unsigned have = 0, left = (unsigned)(n % 8);
	bool upper = false, lower = false;
	*out_n = 0;
	if (left == 1 || left == 3 || left == 6)
		return false;
	for (size_t i = 0; i < n; i++) {
		uint8_t c = text[i];
		uint32_t v;
		if (c >= 'A' && c <= 'Z') {
			v = (uint32_t)(c - 'A');
			upper = true;
		} else if (c >= 'a' && c <= 'z') {
			v = (uint32_t)(c - 'a');
			lower = true;
		} else if (c >= '2' && c <= '7') {
			v = (uint32_t)(c - '2') + 26;
		} else {
			return false;
		}
		bits = bits << 5 | v;
		have += 5;
		if (have >= 8) {
			have -= 8;
			out[(*out_n)++] = (uint8_t)(bits >> have);
			bits &= (1u << have) - 1;
		}
	}
	return bits == 0 && !(upper && lower);
}
