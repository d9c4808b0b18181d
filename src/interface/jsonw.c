#include "interface/jsonw.h"

#include "data/codes.h"

#include <inttypes.h>

/* Length of the UTF-8 character at s[i], 0 if the bytes there are none. */
static size_t char_length(struct slice s, size_t i)
{
	for (size_t n = 1; n <= 4 && i + n <= s.n; n++) {
		if (utf8_valid(slice(s.p + i, n)))
			return n;
	}
	return 0;
}

void jsonw_put_string(struct buf *out, struct slice s)
{
	buf_put_u8(out, '"');
	for (size_t i = 0; i < s.n;) {
		uint8_t c = s.p[i];
		if (c >= 0x80) {
			size_t n = char_length(s, i);
			if (n == 2 && c == 0xc2 && s.p[i + 1] < 0xa0)
				buf_printf(out, "\\u%04x", s.p[i + 1]); /* C1: a terminal obeys it */
			else if (n)
				buf_put(out, s.p + i, n);
			else
				buf_put_str(out, "\xEF\xBF\xBD");
			i += n ? n : 1;
			continue;
		}
		if (c == '"' || c == '\\') {
			buf_put_u8(out, '\\');
			buf_put_u8(out, c);
		} else if (c == '\n') {
			buf_put_str(out, "\\n");
		} else if (c < 0x20 || c == 0x7f) {
			buf_printf(out, "\\u%04x", c);
		} else {
			buf_put_u8(out, c);
		}
		i++;
	}
	buf_put_u8(out, '"');
}

void jsonw_name(struct jsonw *w, const char *name)
{
	if (w->comma)
		buf_put_u8(w->out, ',');
	w->comma = true;
	if (name) {
		jsonw_put_string(w->out, slice_str(name));
		buf_put_u8(w->out, ':');
	}
}

void jsonw_object(struct jsonw *w, const char *name)
{
	jsonw_name(w, name);
	buf_put_u8(w->out, '{');
	w->comma = false;
}

void jsonw_object_end(struct jsonw *w)
{
	buf_put_u8(w->out, '}');
	w->comma = true;
}

void jsonw_array(struct jsonw *w, const char *name)
{
	jsonw_name(w, name);
	buf_put_u8(w->out, '[');
	w->comma = false;
}

void jsonw_array_end(struct jsonw *w)
{
	buf_put_u8(w->out, ']');
	w->comma = true;
}

void jsonw_text(struct jsonw *w, const char *name, struct slice s)
{
	jsonw_name(w, name);
	jsonw_put_string(w->out, s);
}

void jsonw_str(struct jsonw *w, const char *name, const char *s)
{
	jsonw_text(w, name, slice_str(s));
}

void jsonw_u64(struct jsonw *w, const char *name, uint64_t v)
{
	jsonw_name(w, name);
	buf_printf(w->out, "%" PRIu64, v);
}

void jsonw_i64(struct jsonw *w, const char *name, int64_t v)
{
	jsonw_name(w, name);
	buf_printf(w->out, "%" PRId64, v);
}

void jsonw_bool(struct jsonw *w, const char *name, bool v)
{
	jsonw_name(w, name);
	buf_put_str(w->out, v ? "true" : "false");
}

void jsonw_hex(struct jsonw *w, const char *name, struct slice s)
{
	jsonw_name(w, name);
	buf_put_u8(w->out, '"');
	for (size_t i = 0; i < s.n; i++) {
		char two[3];
		hex_encode(two, s.p + i, 1);
		buf_put(w->out, two, 2);
	}
	buf_put_u8(w->out, '"');
}

void jsonw_hash(struct jsonw *w, const char *name, const struct hash *h)
{
	jsonw_hex(w, name, slice(h->b, sizeof h->b));
}

void jsonw_time(struct jsonw *w, const char *name, int64_t ms)
{
	char text[32];
	time_format(text, ms);
	jsonw_str(w, name, text);
}

void jsonw_raw(struct jsonw *w, const char *name, struct slice json)
{
	jsonw_name(w, name);
	buf_put_slice(w->out, json);
}
