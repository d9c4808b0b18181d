#include "verify/say.h"

#include <stdlib.h>

bool verify_write(const struct verify_result *r, enum verify_style style, const char *file,
		  verify_put *put, void *ctx)
{
	struct out o = {.put = put, .ctx = ctx};
	if (style == VERIFY_JSON)
		say_json(&o, r, file);
	else
		say_words(&o, r, style == VERIFY_ZH);
	return out_end(&o);
}

static bool put_buf(void *ctx, const char *p, size_t n)
{
	struct buf *b = ctx;
	buf_put(b, p, n);
	return !b->failed;
}

char *verify_words(const struct verify_result *r, enum verify_style style)
{
	struct buf b = BUF_INIT;
	if (verify_write(r, style, NULL, put_buf, &b) && buf_cstr(&b))
		return (char *)b.p;
	buf_fini(&b);
	return NULL;
}
