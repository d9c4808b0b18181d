/*
 * Row 2: power loss of the journal.
 *
 * A journal lives through several power failures on a simulated disk, some of
 * them while it is being opened after the one before, some after a failed
 * write or sync. After each: all that was acknowledged is there byte for byte,
 * what follows it is an unbroken beginning of what was appended, and the whole
 * check finds nothing. One such failure is one state.
 *
 *	power_loss_row [STATES] [FIRST_SEED]
 *
 * STATES: 10,000, or the environment's ROW_2_STATES; FIRST_SEED: ARGOSY_SEED, 1. A failure
 * prints its seed.
 */
#include "row_seed.h"

#include "base/io_sim.h"
#include "journal/journal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { LIVES = 6, RECORDS_MAX = 2000, PAYLOAD_MAX = 9000 };

static const struct hash FINGERPRINT = {{0x42}};

struct world {
	struct io_sim *sim;
	struct journal *j;
	uint64_t seed;
	bool made; /* journal_open has succeeded once */
	/* Record n was appended in life writer[n]; `acked` of `appended` are acknowledged. */
	uint8_t writer[RECORDS_MAX];
	size_t acked, appended;
	uint8_t life;
};

static struct {
	uint64_t states, records, mended, in_recovery, after_fault;
} tally;

static int lost(const struct world *w, const char *what, const char *detail)
{
	printf("row 2: LOST: seed %" PRIu64 ", life %u: %s (%s); %zu acknowledged of %zu\n",
	       w->seed, w->life, what, detail, w->acked, w->appended);
	return 1;
}

/* What record n, appended in that life, must hold. */
static struct slice content(uint8_t *room, uint64_t seed, size_t n, uint8_t life)
{
	uint64_t x = seed * 0x9e3779b97f4a7c15u + n * 1000003 + life * 7919 + 1;
	size_t length = x % 5 == 0 ? x % PAYLOAD_MAX : x % 900;
	for (size_t i = 0; i < length; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		room[i] = (uint8_t)x;
	}
	return slice(room, length);
}

static enum err open_journal(struct world *w, struct err_text *t)
{
	struct journal_options o = {.segment_bytes = 24 * 1024, .create = !w->made};
	return journal_open(&w->j, io_sim_io(w->sim), "/log", &FINGERPRINT, &o, t);
}

/* Holds the open journal against what was appended; what it has, it must keep from now on. */
static int check(struct world *w)
{
	static uint8_t room[PAYLOAD_MAX];
	struct journal_cursor *c;
	struct journal_record r;
	struct journal_report report;
	struct err_text t = {"the end"};
	size_t n = 0;
	enum err e;
	if (journal_cursor_open(&c, w->j, NULL, &t) != ERR_OK)
		return lost(w, "no cursor", t.text);
	while ((e = journal_cursor_next(c, &r, &t)) == ERR_OK) {
		if (n >= w->appended ||
		    !slice_eq(r.payload, content(room, w->seed, n, w->writer[n])) ||
		    r.type != (uint8_t)n) {
			journal_cursor_close(c);
			return lost(w, "a record that was not appended", "phantom");
		}
		n++;
	}
	journal_cursor_close(c);
	if (e != ERR_NOTFOUND)
		return lost(w, "the walk fails", t.text);
	if (n < w->acked)
		return lost(w, "acknowledged records are missing", "short");
	e = journal_verify(io_sim_io(w->sim), "/log", &FINGERPRINT, &report, NULL, NULL, &t);
	if (e != ERR_OK || report.records != n || report.torn_bytes != 0)
		return lost(w, "the whole check finds something", t.text);
	tally.records += n;
	w->acked = w->appended = n;
	return 0;
}

/* Appends and syncs until the power fails (or a fault, and then the power). */
static void work(struct world *w)
{
	static uint8_t room[PAYLOAD_MAX];
	while (w->appended + 8 < RECORDS_MAX) {
		uint64_t together = 1 + io_sim_below(w->sim, 4);
		enum err e = ERR_OK;
		for (uint64_t i = 0; i < together && e == ERR_OK; i++) {
			size_t n = w->appended++;
			w->writer[n] = w->life;
			struct slice s = content(room, w->seed, n, w->life);
			/* In two parts, as callers do. */
			struct slice parts[] = {slice(s.p, s.n / 3),
						slice(s.p + s.n / 3, s.n - s.n / 3)};
			e = journal_append_parts(w->j, (uint8_t)n, parts, 2, NULL, NULL);
		}
		if (e == ERR_OK)
			e = journal_sync(w->j, NULL);
		if (e != ERR_OK)
			break;
		w->acked = w->appended;
	}
}

/* One life: work until the end, then open again, perhaps failing during that too. */
static int live(struct world *w)
{
	struct err_text t = {"never opened"};
	uint64_t kind = io_sim_below(w->sim, 10);
	if (kind < 2) {
		/* A fault first; the process opens again and goes on; then the power. */
		io_sim_fail_at(w->sim, 1 + io_sim_below(w->sim, 30), false,
			       kind ? ERR_IO : ERR_NOSPACE);
		if (w->j)
			work(w);
		io_sim_fail_at(w->sim, 0, false, ERR_OK);
		journal_close(w->j);
		if (open_journal(w, &t) != ERR_OK)
			return lost(w, "does not open after a fault", t.text);
		w->made = true;
		if (check(w))
			return 1;
		tally.after_fault++;
	}
	io_sim_power_fail_at(w->sim, 1 + io_sim_below(w->sim, 60));
	if (!w->j && open_journal(w, &t) == ERR_OK)
		w->made = true;
	if (w->j)
		work(w);
	for (;;) {
		journal_close(w->j);
		w->j = NULL;
		io_sim_restart(w->sim);
		tally.states++;
		w->life++;
		bool again = io_sim_below(w->sim, 4) == 0;
		if (again)
			io_sim_power_fail_at(w->sim, 1 + io_sim_below(w->sim, 16));
		enum err e = open_journal(w, &t);
		if (e == ERR_OK)
			w->made = true;
		if (io_sim_is_down(w->sim)) {
			tally.in_recovery++;
			continue;
		}
		io_sim_power_fail_at(w->sim, 0);
		if (e != ERR_OK)
			return lost(w, "does not open", t.text);
		tally.mended += w->appended > w->acked;
		return check(w);
	}
}

int main(int argc, char **argv)
{
	const char *asked = argc > 1 ? argv[1] : getenv("ROW_2_STATES");
	uint64_t states = asked ? strtoull(asked, NULL, 10) : 10000;
	uint64_t seed = row_seed(argc > 2 ? argv[2] : NULL, 1);
	int failed = 0;
	for (; tally.states < states && !failed; seed++) {
		struct world w = {.sim = io_sim_new(seed), .seed = seed};
		for (int i = 0; i < LIVES && !failed; i++)
			failed = live(&w);
		journal_close(w.j);
		io_sim_free(w.sim);
	}
	printf("row 2: power loss, own journal: %" PRIu64 " states, %d lost "
	       "(%" PRIu64 " with unsynced records, %" PRIu64 " while opening, %" PRIu64
	       " after a fault; %" PRIu64 " records read back)\n",
	       tally.states, failed, tally.mended, tally.in_recovery, tally.after_fault,
	       tally.records);
	return failed;
}
