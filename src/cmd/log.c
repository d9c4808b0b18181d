#include "cmd/log.h"

#include "base/bytes.h"
#include "data/codes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

const char *log_value(char *out, size_t size, const char *text)
{
	struct buf quoted = BUF_INIT, plain = BUF_INIT;
	for (const char *p = text; *p; p++) {
		if (*p == '"' || *p == '\\')
			buf_put_u8(&quoted, '\\');
		buf_put_u8(&quoted, (uint8_t)*p);
	}
	/* Escapes of its own for what ends a line or steers a terminal. */
	buf_put_plain(&plain, buf_slice(&quoted));
	const char *s = buf_cstr(&plain);
	if (s && *s && !strpbrk(s, " \"=\\")) {
		snprintf(out, size, "%s", s);
	} else {
		size_t n = 0;
		out[n++] = '"';
		for (; s && *s && n + 3 < size; s++) {
			if (*s == '\\') /* never cut from what it escapes */
				out[n++] = *s++;
			out[n++] = *s;
		}
		out[n++] = '"';
		out[n] = 0;
	}
	buf_fini(&quoted);
	buf_fini(&plain);
	return out;
}

void log_line(enum log_level level, const char *msg, const char *fields, ...)
{
	char line[2048], rest[1400], value[300], stamp[32];
	const char *word = level == LOG_LEVEL_ERROR  ? "error"
			   : level == LOG_LEVEL_WARN ? "warn"
						     : "info";
	struct timespec now;
	va_list ap;
	va_start(ap, fields);
	vsnprintf(rest, sizeof rest, fields, ap);
	va_end(ap);
	log_value(value, sizeof value, msg);
	clock_gettime(CLOCK_REALTIME, &now);
	time_format(stamp, (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000);
	bool journal = getenv("JOURNAL_STREAM") != NULL;
	int n = journal ? snprintf(line, sizeof line, "<%d>level=%s msg=%s%s%s\n", (int)level, word,
				   value, *rest ? " " : "", rest)
			: snprintf(line, sizeof line, "ts=%s level=%s msg=%s%s%s\n", stamp, word,
				   value, *rest ? " " : "", rest);
	/* One write a line, so that lines of several threads do not mix. */
	if (n > 0 &&
	    write(STDERR_FILENO, line, (size_t)n < sizeof line ? (size_t)n : sizeof line - 1) < 0)
		return;
}
