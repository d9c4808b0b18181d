#include "cmd/qr.h"

#include <errno.h>
#include <qrencode.h>
#include <stdlib.h>

enum { QUIET = 4 }; /* ISO/IEC 18004: four light modules around */

void qr_base32(struct buf *out, struct slice s)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	uint32_t bits = 0;
	unsigned n = 0;
	for (size_t i = 0; i < s.n; i++) {
		bits = bits << 8 | s.p[i];
		for (n += 8; n >= 5; n -= 5)
			buf_put_u8(out, (uint8_t)digits[bits >> (n - 5) & 31]);
	}
	if (n)
		buf_put_u8(out, (uint8_t)digits[bits << (5 - n) & 31]);
}

enum err qr_make(struct qr *q, const char *prefix, struct slice bundle, struct err_text *t)
{
	struct buf text = BUF_INIT;
	enum err e = ERR_NOMEM;
	QRcode *code = NULL;
	*q = (struct qr){0};
	qr_base32(&text, bundle);
	QRinput *input = QRinput_new2(0, QR_ECLEVEL_L);
	if (!input || buf_err(&text) != ERR_OK)
		goto out;
	e = ERR_LIMIT;
	if (QRinput_append(input, QR_MODE_8, (int)strlen(prefix), (const uint8_t *)prefix) != 0 ||
	    text.n > 4296 || QRinput_append(input, QR_MODE_AN, (int)text.n, text.p) != 0 ||
	    !(code = QRcode_encodeInput(input))) {
		e = errno == ENOMEM ? ERR_NOMEM : ERR_LIMIT;
		err_set(t, e, "%zu bytes are too many for one QR code", bundle.n);
		goto out;
	}
	q->width = (unsigned)code->width;
	q->version = (unsigned)code->version;
	size_t n = (size_t)q->width * q->width;
	q->dark = malloc(n);
	e = q->dark ? ERR_OK : ERR_NOMEM;
	for (size_t i = 0; q->dark && i < n; i++)
		q->dark[i] = code->data[i] & 1;
out:
	QRcode_free(code);
	QRinput_free(input);
	buf_fini(&text);
	return e;
}

void qr_fini(struct qr *q)
{
	free(q->dark);
	q->dark = NULL;
}

static bool dark_at(const struct qr *q, int x, int y)
{
	int w = (int)q->width;
	return x >= 0 && y >= 0 && x < w && y < w && q->dark[y * w + x];
}

void qr_terminal(struct buf *out, const struct qr *q, bool color)
{
	int end = (int)q->width + QUIET;
	for (int y = -QUIET; y < end; y += 2) {
		if (color)
			buf_put_str(out, "\033[30;47m");
		for (int x = -QUIET; x < end; x++) {
			/* Without colours the terminal's ground is the dark: light is what is
			 * drawn. */
			bool up = dark_at(q, x, y) == color;
			bool down = (y + 1 < end && dark_at(q, x, y + 1)) == color;
			if (!color && y + 1 >= end)
				down = false;
			buf_put_str(out, up && down ? "█" : up ? "▀" : down ? "▄" : " ");
		}
		buf_put_str(out, color ? "\033[0m\n" : "\n");
	}
}

void qr_svg(struct buf *out, const struct qr *q)
{
	unsigned side = q->width + 2 * QUIET;
	buf_printf(out,
		   "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %u %u\" "
		   "shape-rendering=\"crispEdges\">\n"
		   "<rect width=\"%u\" height=\"%u\" fill=\"#fff\"/>\n<path fill=\"#000\" d=\"",
		   side, side, side, side);
	/* One rectangle for each run of dark modules. */
	for (unsigned y = 0; y < q->width; y++) {
		for (unsigned x = 0; x < q->width; x++) {
			unsigned n = 0;
			while (x + n < q->width && q->dark[y * q->width + x + n])
				n++;
			if (n)
				buf_printf(out, "M%u %uh%uv1h-%uz", x + QUIET, y + QUIET, n, n);
			x += n;
		}
	}
	buf_put_str(out, "\"/>\n</svg>\n");
}
