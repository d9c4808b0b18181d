/*
 * journal_source: another's journal, read record by record: from a copied folder's files, or
 * through the socket of the daemon that serves it.
 */
#ifndef ARGOSY_CMD_JOURNAL_SOURCE_H
#define ARGOSY_CMD_JOURNAL_SOURCE_H

#include "cmd/client.h"

struct journal_source;

/* `from`: a folder (its daemon's socket, where one listens), or a socket. An exit code. */
int journal_source_open(struct cli *cli, struct journal_source **out, const char *from);
void journal_source_close(struct journal_source *s); /* NULL is fine */

/* The first record, the genesis file; appended to `out`. An exit code. */
int journal_source_genesis(struct journal_source *s, struct buf *out);
/*
 * Gives `take` each record behind what was given before (from files: the last block again, at
 * first all of them), until there are no more for now. Through the socket it begins with block
 * `known` (0: with the first), so that it can be compared with what is known. Ends with the first
 * exit code of `take` that is not CLI_DONE, or with its own.
 */
int journal_source_each(struct journal_source *s, int64_t known,
			int (*take)(void *ctx, uint8_t type, struct slice payload), void *ctx);
/* The daemon, to give it something back; NULL: files. */
struct client *journal_source_client(struct journal_source *s);

#endif
