/*
 * err: what can go wrong with the world.
 *
 * Three failures are never mixed here (see HACKING.md): a verdict on a
 * transaction is a value (ledger/verdict.h), a fault of the world is an
 * `enum err`, and a bug aborts (`bug_if`).
 *
 * A function that can meet a fault returns `enum err` and, where a sentence
 * helps, writes one into the caller's `struct err_text` (which may be NULL).
 */
#ifndef ARGOSY_BASE_ERR_H
#define ARGOSY_BASE_ERR_H

#include <stdarg.h>
#include <stddef.h>

/* Name, sentence. ERR_OK is 0. Order is not a format: never store the numbers. */
#define ERR_TABLE(X)                                                           \
	X(ERR_OK, "done")                                                      \
	X(ERR_NOMEM, "out of memory")                                          \
	X(ERR_IO, "input/output error")                                        \
	X(ERR_NOSPACE, "no space left on the device")                          \
	X(ERR_NOTFOUND, "not found")                                           \
	X(ERR_EXISTS, "already exists")                                        \
	X(ERR_LOCKED, "in use by another process")                             \
	X(ERR_CORRUPT, "damaged: the bytes are not what was written")          \
	X(ERR_FORMAT, "malformed")                                             \
	X(ERR_LIMIT, "over a limit")                                           \
	X(ERR_RANGE, "out of range")                                           \
	X(ERR_REFUSED, "refused")                                              \
	X(ERR_MISMATCH, "does not match")                                      \
	X(ERR_CONFLICT, "conflict")                                            \
	X(ERR_DENIED, "permission denied")                                     \
	X(ERR_UNAVAILABLE, "not available now")                                \
	X(ERR_VERSION, "unsupported version")                                  \
	X(ERR_READONLY, "read-only")                                           \
	X(ERR_VERIFY, "verification failed")                                   \
	X(ERR_USAGE, "wrong usage")

enum err {
#define X(name, text) name,
	ERR_TABLE(X)
#undef X
};

/* The detail of a fault: one sentence, no line end, always NUL-terminated. */
struct err_text {
	char text[512];
};

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

/* The general sentence of a code. Static memory. */
const char *err_str(enum err e);

/* Writes the detail (if `t` is not NULL) and returns `e`, so that a function
 * can end with `return err_set(t, ERR_FORMAT, "...", ...)`. */
enum err err_set(struct err_text *t, enum err e, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* A bug: prints where and aborts, in production too. */
_Noreturn void bug_at(const char *file, int line, const char *what);
#define bug_if(cond)                                                           \
	do {                                                                   \
		if (cond)                                                      \
			bug_at(__FILE__, __LINE__, #cond);                     \
	} while (0)

/* Passes a fault on to the caller. */
#define TRY(expr)                                                              \
	do {                                                                   \
		enum err try_e_ = (expr);                                      \
		if (try_e_ != ERR_OK)                                          \
			return try_e_;                                         \
	} while (0)

#endif
