/*
 * log: the daemon's log, logfmt on stderr.
 *
 *   ts=2026-11-23T17:40:00.123Z level=info msg="ready" height=12
 *
 * Under systemd (JOURNAL_STREAM) lines begin with the journal's priority, "<6>",
 * and leave the time to it.
 */
#ifndef ARGOSY_CMD_LOG_H
#define ARGOSY_CMD_LOG_H

#include "base/err.h"

enum log_level { LOG_LEVEL_ERROR = 3, LOG_LEVEL_WARN = 4, LOG_LEVEL_INFO = 6 };

/* `fields`: "height=%lld" and so on, already in logfmt; "" for none. Any thread. */
void log_line(enum log_level level, const char *msg, const char *fields, ...) PRINTF_LIKE(3, 4);
/* `s` as a logfmt value: in quotes where it must be. Cut at the size of out. */
const char *log_value(char *out, size_t size, const char *s);

#endif
