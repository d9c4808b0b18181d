/*
 * redo: the file that makes a flush of many LMDB transactions all or nothing.
 * Layout in docs/format/state.md. A file that is not whole is as good as none.
 */
#ifndef ARGOSY_LEDGER_REDO_H
#define ARGOSY_LEDGER_REDO_H

#include "ledger/memtable.h"
#include "ledger/store.h"

struct redo {
	struct store_meta meta;
	struct row_list rows;
	/* what these borrow from */
	struct buf note;
	struct memtable *table;
};

/* Durable on return. */
enum err redo_write(const struct io *io, const char *dir, const struct row_list *rows,
		    const struct store_meta *meta, struct err_text *t) MUST_USE;
/* *found false: no file, or not a whole one; *r is then untouched. */
enum err redo_read(struct redo *r, bool *found, const struct io *io, const char *dir,
		   struct err_text *t) MUST_USE;
void redo_fini(struct redo *r);
enum err redo_remove(const struct io *io, const char *dir, struct err_text *t) MUST_USE;

#endif
