/*
 * io_sim: a file system in memory that loses power, for tests.
 *
 * It keeps apart what a program sees and what the disk holds. A file is seen
 * in sectors of 512 bytes; each write makes a new version of each sector it
 * touches, and sync alone makes the newest versions, and the length, durable.
 * At a power failure each sector becomes any one of its versions since the
 * last sync, or the first bytes of one and the rest of the one before (torn);
 * the length becomes any length the file has had since then; a name that was
 * made, renamed or removed since the last sync of its directory may or may
 * not be so. Subsets and orders that no real disk would show are among them.
 *
 * A failed sync behaves as Linux does: the bytes stay visible, but a later
 * sync does not write them; only writing them again does.
 *
 * All choices come from the seed. One thread at a time. A test's tool: it
 * aborts when out of memory.
 */
#ifndef ARGOSY_BASE_IO_SIM_H
#define ARGOSY_BASE_IO_SIM_H

#include "base/io.h"

struct io_sim;

/* The root "/" exists and is empty. Paths begin with "/". */
struct io_sim *io_sim_new(uint64_t seed);
void io_sim_free(struct io_sim *s);
/* Lives as long as the simulation. */
const struct io *io_sim_io(struct io_sim *s);

/* Operations called so far; those that the counts below count. Close is none. */
uint64_t io_sim_ops(const struct io_sim *s);
/* Files opened and not closed yet. */
size_t io_sim_open_files(const struct io_sim *s);

/*
 * The nth operation from now (1: the next) fails with `e`, once, or it and all
 * after it if `sticky`. A failing write leaves part of itself, a failing rename
 * or remove may have happened. 0: nothing fails (any more).
 */
void io_sim_fail_at(struct io_sim *s, uint64_t nth, bool sticky, enum err e);
/*
 * The power fails during the nth operation from now: it and all after it are
 * ERR_IO until io_sim_restart. 0: never.
 */
void io_sim_power_fail_at(struct io_sim *s, uint64_t nth);
bool io_sim_is_down(const struct io_sim *s);
/*
 * The disk after a power failure (also if the power had not failed yet). Files
 * still open are good for io_close alone. Faults set before are forgotten.
 */
void io_sim_restart(struct io_sim *s);

/* Room for this many bytes in files, in all; what exceeds it is ERR_NOSPACE. 0: no limit. */
void io_sim_quota(struct io_sim *s, uint64_t bytes);

/* A number below n from the seed's stream, for the test's own choices. */
uint64_t io_sim_below(struct io_sim *s, uint64_t n);

#endif
