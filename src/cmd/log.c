#include "cmd/log.h"

#include "data/codes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

const char *log_value(char *out, size_t size, const char *s)
{
	size_t n = 0;
	if (*s && !strpbrk(s, " \"=\n\t\\")) {
		snprintf(out, size, "%s", s);
		return out;
	}
	out[n++] = '"';
	for (; *s && n + 3 < size; s++) {
		if (*s == '"' || *s == '\\')
			out[n++] = '\\';
		out[n++] = (unsigned char)*s < 0x20 ? ' ' : *s;
	}
	out[n++] = '"';
	out[n] = 0;
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
