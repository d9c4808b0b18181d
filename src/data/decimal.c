#include "data/decimal.h"

#include "data/codes.h"

bool decimal_valid(struct slice s)
{
	if (s.n > DECIMAL_MAX || !number_valid(s))
		return false;
	return !memchr(s.p, 'e', s.n) && !memchr(s.p, 'E', s.n);
}

/* The digits before and behind the point, without zeros that say nothing. */
struct parts {
	bool negative;
	struct slice whole, fraction;
};

static struct parts parts_of(struct slice s)
{
	struct parts d = {false, {NULL, 0}, {NULL, 0}};
	if (s.n && s.p[0] == '-') {
		d.negative = true;
		s = slice(s.p + 1, s.n - 1);
	}
	const uint8_t *point = s.n ? memchr(s.p, '.', s.n) : NULL;
	d.whole = point ? slice(s.p, (size_t)(point - s.p)) : s;
	if (point)
		d.fraction = slice(point + 1, s.n - d.whole.n - 1);
	while (d.fraction.n && d.fraction.p[d.fraction.n - 1] == '0')
		d.fraction.n--;
	if (d.whole.n == 1 && d.whole.p[0] == '0')
		d.whole.n = 0;
	if (!d.whole.n && !d.fraction.n)
		d.negative = false;
	return d;
}

int decimal_cmp(struct slice a, struct slice b)
{
	struct parts x = parts_of(a), y = parts_of(b);
	if (x.negative != y.negative)
		return x.negative ? -1 : 1;
	int c;
	if (x.whole.n != y.whole.n)
		c = x.whole.n < y.whole.n ? -1 : 1; /* there are no leading zeros */
	else if ((c = slice_cmp(x.whole, y.whole)) == 0)
		c = slice_cmp(x.fraction, y.fraction); /* a beginning is the smaller one */
	return x.negative ? -c : c;
}
