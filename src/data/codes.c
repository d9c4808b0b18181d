#include "data/codes.h"

#include "data/codes_tables.h"

/* The first entry that is not below `key`, of which `n` bytes are compared; NULL: all are below. */
static const char *list_seek(const struct code_list *l, const void *key, size_t n)
{
	size_t low = 0, high = l->count;
	while (low < high) {
		size_t mid = (low + high) / 2;
		if (memcmp(l->text + mid * l->width, key, n) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low < l->count ? l->text + low * l->width : NULL;
}

static bool is_code(struct slice s, size_t least, size_t most)
{
	if (s.n < least || s.n > most)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		if (!(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9'))
			return false;
	}
	return true;
}

bool code_country(struct slice s)
{
	const char *at = is_code(s, 2, 2) ? list_seek(&code_countries, s.p, 2) : NULL;
	return at && memcmp(at, s.p, 2) == 0;
}

bool code_currency(struct slice s, unsigned *decimals)
{
	const char *at = is_code(s, 3, 3) ? list_seek(&code_currencies, s.p, 3) : NULL;
	if (!at || memcmp(at, s.p, 3) != 0)
		return false;
	if (decimals)
		*decimals = (unsigned)(at[3] - '0');
	return true;
}

bool code_unit(struct slice s)
{
	if (!is_code(s, 2, 3))
		return false;
	char key[3] = {(char)s.p[0], (char)s.p[1], s.n == 3 ? (char)s.p[2] : ' '};
	const char *at = list_seek(&code_units, key, 3);
	return at && memcmp(at, key, 3) == 0;
}

bool code_hs(struct slice s)
{
	if (s.n < 2 || s.n > 10 || s.n == 3 || s.n == 5 || s.n == 7)
		return false;
	uint32_t v = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		if (i < 6)
			v = v * 10 + (uint32_t)(s.p[i] - '0');
	}
	uint32_t span = s.n == 2 ? 10000 : s.n == 4 ? 100 : 1;
	v *= span;
	/* The first subheading that is not below v lies within v's chapter or heading, or it has
	 * none. */
	size_t low = 0, high = code_hs6_count;
	while (low < high) {
		size_t mid = (low + high) / 2;
		if (code_hs6[mid] < v)
			low = mid + 1;
		else
			high = mid;
	}
	return low < code_hs6_count && code_hs6[low] - v < span;
}

bool cbv_known(enum cbv_vocab v, struct slice word)
{
	size_t low = 0, high = code_cbv[v].count;
	while (low < high) {
		size_t mid = (low + high) / 2;
		int c = slice_cmp(word, slice_str(code_cbv[v].words[mid]));
		if (!c)
			return true;
		if (c < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return false;
}

const char *cbv_web_prefix(enum cbv_vocab v)
{
	switch (v) {
	case CBV_BIZ_STEP:
		return "https://ref.gs1.org/cbv/BizStep-";
	case CBV_DISPOSITION:
		return "https://ref.gs1.org/cbv/Disp-";
	case CBV_BTT:
		return "https://ref.gs1.org/cbv/BTT-";
	case CBV_SDT:
		return "https://ref.gs1.org/cbv/SDT-";
	case CBV_ERROR_REASON:
		return "https://ref.gs1.org/cbv/ER-";
	case CBV_COMPONENT:
		return "https://ref.gs1.org/cbv/Comp-";
	case CBV_MEASUREMENT_TYPE:
	case CBV_SENSOR_ALERT:
		return "https://gs1.org/voc/";
	}
	return "";
}

/* The URN form, NULL where there is none. */
static const char *cbv_urn_prefix(enum cbv_vocab v)
{
	switch (v) {
	case CBV_BIZ_STEP:
		return "urn:epcglobal:cbv:bizstep:";
	case CBV_DISPOSITION:
		return "urn:epcglobal:cbv:disp:";
	case CBV_BTT:
		return "urn:epcglobal:cbv:btt:";
	case CBV_SDT:
		return "urn:epcglobal:cbv:sdt:";
	case CBV_ERROR_REASON:
		return "urn:epcglobal:cbv:er:";
	case CBV_COMPONENT:
		return "urn:epcglobal:cbv:comp:";
	case CBV_MEASUREMENT_TYPE:
	case CBV_SENSOR_ALERT:
		break;
	}
	return NULL;
}

struct slice cbv_bare(enum cbv_vocab v, struct slice s)
{
	const char *prefixes[] = {cbv_web_prefix(v), cbv_urn_prefix(v)};
	for (size_t i = 0; i < 2; i++) {
		if (!prefixes[i] || !slice_starts(s, prefixes[i]))
			continue;
		size_t n = strlen(prefixes[i]);
		struct slice word = slice(s.p + n, s.n - n);
		if (cbv_known(v, word))
			return word;
	}
	return s;
}
