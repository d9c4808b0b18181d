/*
 * config: the daemon's settings: file < environment < flag.
 *
 * The file is "key = value" a line; '#' and ';' begin comments, [sections] are not
 * used yet. An unknown key is an error with its line and the nearest known one.
 * Every key is also a variable ($ARGOSY_LISTEN) and a flag (--listen).
 */
#ifndef ARGOSY_CMD_CONFIG_H
#define ARGOSY_CMD_CONFIG_H

#include "base/bytes.h"

struct config {
	const char *data_dir;
	const char *listen; /* "none": unix socket alone */
	uint64_t connections_max;
};

/* Texts live in the arena. ERR_FORMAT and ERR_USAGE with a sentence. */
enum err config_file(struct config *c, struct arena *a, const char *path,
		     struct err_text *t) MUST_USE;
enum err config_environment(struct config *c, struct arena *a, struct err_text *t) MUST_USE;
/* One setting by its key, "data_dir". ERR_NOTFOUND: no such key. */
enum err config_set(struct config *c, struct arena *a, const char *key, const char *value,
		    struct err_text *t) MUST_USE;

#endif
