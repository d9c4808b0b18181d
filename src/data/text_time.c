/*
 * Texts of times, dates, numbers and URIs: the grammars that JSON, XML Schema
 * and RFC 3986 set, read by hand, without locale and without floats.
 */
#include "data/codes.h"

#include <stdio.h>

/* Exactly n digits at s.p[at]; -1 if they are not there. */
static int take_digits(struct slice s, size_t at, size_t n)
{
	int v = 0;
	if (at + n > s.n)
		return -1;
	for (size_t i = at; i < at + n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return -1;
		v = v * 10 + (s.p[i] - '0');
	}
	return v;
}

static bool is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Days from 1970-01-01 in the Gregorian calendar, also before it was used. */
static int64_t days_of(int year, int month, int day)
{
	/* Years that begin in March put the leap day last; 400 of them have 146,097 days. */
	int64_t y = month > 2 ? year : year - 1;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t of_era = y - era * 400;
	int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

bool date_parse(int64_t *days, struct slice s)
{
	static const int8_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	if (s.n != 10 || s.p[4] != '-' || s.p[7] != '-')
		return false;
	int year = take_digits(s, 0, 4), month = take_digits(s, 5, 2), day = take_digits(s, 8, 2);
	if (year < 1 || month < 1 || month > 12 || day < 1)
		return false;
	if (day > lengths[month - 1] + (month == 2 && is_leap(year)))
		return false;
	*days = days_of(year, month, day);
	return true;
}

/* Minutes of "+hh:mm" or "-hh:mm"; XML Schema ends at 14:00. */
static bool offset_parse(int *minutes, struct slice s)
{
	if (s.n != 6 || (s.p[0] != '+' && s.p[0] != '-') || s.p[3] != ':')
		return false;
	int h = take_digits(s, 1, 2), m = take_digits(s, 4, 2);
	if (h < 0 || m < 0 || m > 59 || h * 60 + m > 14 * 60)
		return false;
	*minutes = s.p[0] == '-' ? -(h * 60 + m) : h * 60 + m;
	return true;
}

bool offset_valid(struct slice s)
{
	int minutes;
	return offset_parse(&minutes, s);
}

bool time_parse(int64_t *ms, struct slice s)
{
	enum { DAY_MS = 86400000 };
	int64_t days;
	/* The shortest is "2026-01-01T00:00:00Z". */
	if (s.n < 20 || !date_parse(&days, slice(s.p, 10)) || s.p[10] != 'T' || s.p[13] != ':' ||
	    s.p[16] != ':')
		return false;
	int h = take_digits(s, 11, 2), m = take_digits(s, 14, 2), sec = take_digits(s, 17, 2);
	if (h < 0 || h > 23 || m < 0 || m > 59 || sec < 0 || sec > 59)
		return false;

	size_t at = 19;
	int fraction = 0;
	if (s.p[at] == '.') {
		/* Three decimals count, the fourth rounds them, later ones do not matter. */
		static const int weights[] = {100, 10, 1};
		size_t first = ++at;
		for (; at < s.n && s.p[at] >= '0' && s.p[at] <= '9'; at++) {
			if (at - first < 3)
				fraction += weights[at - first] * (s.p[at] - '0');
			else if (at - first == 3 && s.p[at] >= '5')
				fraction++;
		}
		if (at == first)
			return false;
	}
	int offset = 0;
	struct slice zone = slice(s.p + at, s.n - at);
	if (!slice_eq_str(zone, "Z") && !offset_parse(&offset, zone))
		return false;
	int64_t v = days * DAY_MS + ((int64_t)(h * 60 + m - offset) * 60 + sec) * 1000 + fraction;
	/* In UTC, too, the year has four digits. */
	if (v < days_of(1, 1, 1) * DAY_MS || v >= days_of(10000, 1, 1) * DAY_MS)
		return false;
	*ms = v;
	return true;
}

static void put_digits(char *out, int64_t v, size_t n)
{
	while (n-- > 0) {
		out[n] = (char)('0' + v % 10);
		v /= 10;
	}
}

void time_format(char out[static 32], int64_t ms)
{
	int64_t days = ms / 86400000, left = ms % 86400000;
	if (left < 0) {
		left += 86400000;
		days--;
	}
	/* The inverse of days_of. */
	int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097,
		of_era = z - era * 146097;
	int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * y + y / 4 - y / 100), mp = (5 * of_year + 2) / 153;
	int64_t day = of_year - (153 * mp + 2) / 5 + 1, month = mp < 10 ? mp + 3 : mp - 9;
	int64_t year = y + era * 400 + (month <= 2);

	char *p = out;
	if (year >= 0 && year <= 9999) {
		put_digits(p, year, 4);
		p += 4;
	} else {
		/* Not a time that time_parse gives; ten characters at the most. */
		p += snprintf(out, 12, "%lld", (long long)year);
	}
	memcpy(p, "-mm-ddThh:mm:ss.mmmZ", 21);
	put_digits(p + 1, month, 2);
	put_digits(p + 4, day, 2);
	put_digits(p + 7, left / 3600000, 2);
	put_digits(p + 10, left / 60000 % 60, 2);
	put_digits(p + 13, left / 1000 % 60, 2);
	put_digits(p + 16, left % 1000, 3);
}

bool number_valid(struct slice s)
{
	/* RFC 8259 §6: number = [ minus ] int [ frac ] [ exp ] */
	size_t i = 0;
	if (i < s.n && s.p[i] == '-')
		i++;
	size_t first = i;
	while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
		i++;
	if (i == first || (s.p[first] == '0' && i - first > 1))
		return false;
	if (i < s.n && s.p[i] == '.') {
		first = ++i;
		while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
			i++;
		if (i == first)
			return false;
	}
	if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
		i++;
		if (i < s.n && (s.p[i] == '+' || s.p[i] == '-'))
			i++;
		first = i;
		while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
			i++;
		if (i == first)
			return false;
	}
	return i == s.n;
}

static bool is_alpha(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_hex(uint8_t c)
{
	return is_digit(c) || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f');
}

static bool is_scheme_tail(uint8_t c)
{
	return is_digit(c) || c == '+' || c == '-' || c == '.';
}

bool uri_valid(struct slice s)
{
	/* RFC 3986 §3.1: scheme = ALPHA *( ALPHA / DIGIT / "+" / "-" / "." ) */
	size_t i = 0;
	while (i < s.n && (is_alpha(s.p[i]) || (i && is_scheme_tail(s.p[i]))))
		i++;
	if (!i || i + 1 >= s.n || s.p[i] != ':')
		return false;
	bool fragment = false, high = false;
	for (i++; i < s.n; i++) {
		uint8_t c = s.p[i];
		if (c == '%') {
			if (s.n - i < 3 || !is_hex(s.p[i + 1]) || !is_hex(s.p[i + 2]))
				return false;
			i += 2;
		} else if (c == '#') {
			if (fragment)
				return false;
			fragment = true;
		} else if (c >= 0x80) {
			high = true;
		} else if (!is_alpha(c) && !is_digit(c) &&
			   (!c || !strchr("-._~:/?[]@!$&'()*+,;=", c))) {
			return false;
		}
	}
	/* RFC 3987: letters of the world, but no control characters of the C1 range. */
	if (!high)
		return true;
	for (size_t k = 0; k + 1 < s.n; k++) {
		if (s.p[k] == 0xc2 && s.p[k + 1] < 0xa0)
			return false;
	}
	return utf8_valid(s);
}
