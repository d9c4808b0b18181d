/*
 * out: text on its way out. What is said goes through 4 KiB on the stack to whoever takes
 * it, so that memory does not grow with what is said, and time grows with its length alone.
 */
#ifndef ARGOSY_VERIFY_OUT_H
#define ARGOSY_VERIFY_OUT_H

#include "verify/inside.h"

struct out {
	verify_put *put;
	void *ctx;
	bool failed; /* sticky: nothing more is passed on */
	size_t n;
	char b[4096];
};

void out_put(struct out *o, const void *p, size_t n);
void out_str(struct out *o, const char *s);
/* Numbers and words of ours, below 1,024 bytes: never text out of a bundle. */
void out_printf(struct out *o, const char *fmt, ...) PRINTF_LIKE(2, 3);
void out_hex(struct out *o, const uint8_t *p, size_t n); /* to 32 bytes */
/* Somebody else's text, for a terminal: as buf_put_plain. */
void out_plain(struct out *o, const char *s);
/* The same as a JSON string, with its quotes. */
void out_json(struct out *o, const char *s);
/* "2026-11-23T18:34:33Z" */
void out_time(struct out *o, int64_t ms);
/* Passes on what is left; false: something was not taken. */
bool out_end(struct out *o);

#endif
