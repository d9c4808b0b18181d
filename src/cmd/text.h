/*
 * text: the words of trade in English and Chinese, and how wide they stand.
 */
#ifndef ARGOSY_CMD_TEXT_H
#define ARGOSY_CMD_TEXT_H

#include "base/bytes.h"

/* A step, disposition, act or sensor type ("shipping", "offer_custody") for people;
 * what is not in the table comes back with '_' as spaces (in `out`). */
const char *text_word(char out[static 128], const char *word, bool zh);
/* Columns that UTF-8 takes in a terminal: wide characters count two. */
size_t text_width(const char *s);
/* Prints s and fills up to `width` columns. */
void text_put(const char *s, size_t width);

#endif
