/*
 * qr: a bundle as one QR code, in the terminal and as SVG.
 *
 * The text is PREFIX (byte mode) and the bundle in base32 (alphanumeric mode), as
 * docs/format/bundle.md says; lowest error correction, so that 2,600 bytes fit.
 */
#ifndef ARGOSY_CMD_QR_H
#define ARGOSY_CMD_QR_H

#include "base/bytes.h"

#define QR_PREFIX "https://argosy.example/p#"

/* RFC 4648 base32, upper case, without padding. */
void qr_base32(struct buf *out, struct slice bytes);

struct qr {
	unsigned width, version;
	uint8_t *dark; /* width x width, 1 is dark; free with qr_fini */
};

/* ERR_LIMIT: too large for one code. */
enum err qr_make(struct qr *q, const char *prefix, struct slice bundle,
		 struct err_text *t) MUST_USE;
void qr_fini(struct qr *q);

/* Half blocks, two rows a line, with the quiet zone. `color`: black on white by ANSI codes;
 * else for a light text on a dark ground. */
void qr_terminal(struct buf *out, const struct qr *q, bool color);
void qr_svg(struct buf *out, const struct qr *q);

#endif
