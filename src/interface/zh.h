/*
 * zh: the one table of sentences in Chinese, for what lower floors say in English.
 *
 * Faults and refusals are written in English where they arise, with names and numbers in
 * them. Whoever shows them to people in Chinese passes them through here: the finished text
 * is matched against templates ("there is no member %"), and what stands at each % is carried
 * over. So no floor below needs to know of languages, and a text that is not in the table
 * stays as it is.
 */
#ifndef ARGOSY_INTERFACE_ZH_H
#define ARGOSY_INTERFACE_ZH_H

#include <stddef.h>

/* `text` in Chinese, in `out`; or `text` itself. `out` may not overlap it. */
const char *zh_of(char *out, size_t size, const char *text);

#endif
