#include "cmd/qr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

/* RFC 4648 §10, without padding. */
static void test_base32(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{"", ""},
		{"f", "MY"},
		{"fo", "MZXQ"},
		{"foo", "MZXW6"},
		{"foob", "MZXW6YQ"},
		{"fooba", "MZXW6YTB"},
		{"foobar", "MZXW6YTBOI"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf b = BUF_INIT;
		qr_base32(&b, slice_str(rows[i][0]));
		assert_string_equal(buf_cstr(&b), rows[i][1]);
		buf_fini(&b);
	}
}

static void bytes_make(uint8_t *p, size_t n)
{
	uint32_t x = 1;
	for (size_t i = 0; i < n; i++) {
		x = x * 1664525 + 1013904223;
		p[i] = (uint8_t)(x >> 24);
	}
}

/* A portable graymap, 4 dots a module, as a camera would see it. */
static void image_write(const struct qr *q, const char *path)
{
	enum { SCALE = 4, QUIET = 4 };
	unsigned side = (q->width + 2 * QUIET) * SCALE;
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "P5\n%u %u\n255\n", side, side);
	for (unsigned y = 0; y < side; y++) {
		for (unsigned x = 0; x < side; x++) {
			unsigned mx = x / SCALE - QUIET, my = y / SCALE - QUIET;
			bool dark = mx < q->width && my < q->width && q->dark[my * q->width + mx];
			fputc(dark ? 0 : 255, f);
		}
	}
	assert_int_equal(fclose(f), 0);
}

/* 2,600 bytes go into one code, and a reader of others gets them out again. */
static void test_largest(void **state)
{
	(void)state;
	uint8_t bytes[2600];
	struct qr q;
	struct err_text t;
	char path[] = "/tmp/argosy-qr-XXXXXX", command[200];
	struct buf want = BUF_INIT;
	bytes_make(bytes, sizeof bytes);
	assert_int_equal(qr_make(&q, QR_PREFIX, slice(bytes, sizeof bytes), &t), ERR_OK);
	assert_true(q.version <= 40);
	if (system("command -v zbarimg >/dev/null 2>&1") != 0) {
		printf("SKIP: zbarimg is not here to read the QR code\n");
		qr_fini(&q);
		return;
	}
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	image_write(&q, path);
	snprintf(command, sizeof command,
		 "zbarimg -q --raw PGM:%s 2>/dev/null || zbarimg -q --raw %s", path, path);
	FILE *f = popen(command, "r");
	assert_non_null(f);
	static char got[8192];
	size_t n = fread(got, 1, sizeof got - 1, f);
	pclose(f);
	unlink(path);
	while (n && got[n - 1] == '\n')
		n--;
	got[n] = 0;
	buf_put_str(&want, QR_PREFIX);
	qr_base32(&want, slice(bytes, sizeof bytes));
	assert_string_equal(got, buf_cstr(&want));
	buf_fini(&want);
	qr_fini(&q);
}

static void test_too_large(void **state)
{
	(void)state;
	static uint8_t bytes[2700];
	struct qr q;
	struct err_text t;
	assert_int_equal(qr_make(&q, QR_PREFIX, slice(bytes, sizeof bytes), &t), ERR_LIMIT);
	qr_fini(&q);
}

/* Both ways of drawing show every dark module once. */
static void test_drawings(void **state)
{
	(void)state;
	struct qr q;
	struct buf text = BUF_INIT, svg = BUF_INIT;
	assert_int_equal(qr_make(&q, QR_PREFIX, SLICE_LIT("abc"), NULL), ERR_OK);
	qr_terminal(&text, &q, false);
	qr_svg(&svg, &q);
	unsigned dark = 0, drawn = 0, lines = 0;
	for (unsigned i = 0; i < q.width * q.width; i++)
		dark += q.dark[i];
	for (const char *p = buf_cstr(&svg); (p = strchr(p, 'h')); p++) {
		unsigned long n = strtoul(p + 1, NULL, 10);
		if (p[1] >= '0' && p[1] <= '9')
			drawn += (unsigned)n;
	}
	assert_int_equal(drawn, dark);
	for (size_t i = 0; i < text.n; i++)
		lines += text.p[i] == '\n';
	assert_int_equal(lines, (q.width + 8 + 1) / 2);
	buf_fini(&text);
	buf_fini(&svg);
	qr_fini(&q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_base32),
		cmocka_unit_test(test_largest),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_drawings),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
