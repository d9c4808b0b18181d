/*
 * The file of a run: whatever its bytes are, it is refused or its rows can be walked and
 * sought. The input is the file; its heights are 1 and 2.
 */
#include "base/io_sim.h"
#include "state/runs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(struct runs *r, size_t n)
{
	static const uint8_t lowest[32];
	struct touch_list touches = {NULL, 0, 0};
	struct run_walk w;
	struct run_row row;
	struct hash last = {{0}};
	bool found = true;
	size_t rows = 0;
	run_walk_begin(&w, r, 1, lowest);
	while (run_walk_next(&w, &found, &row) == ERR_OK && found) {
		struct run_row again;
		struct hash kh;
		memcpy(kh.b, row.key_hash, 32);
		bug_if(rows++ && memcmp(last.b, kh.b, 32) >= 0);
		last = kh;
		bug_if(runs_get(r, &found, &again, &kh) != ERR_OK || !found);
		bug_if(again.data.p != row.data.p || again.data.n != row.data.n);
		touches.n = 0;
		/* A row whose data is none is found by whoever scans for it. */
		if (runs_scan(r, &touches, kh.b, 256) == ERR_OK)
			bug_if(touches.n != 1 || memcmp(touches.at[0].key_hash, kh.b, 32) != 0);
		found = true;
	}
	bug_if(rows != n);
	touch_list_fini(&touches);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct io_sim *sim = io_sim_new(1);
	const struct io *io = io_sim_io(sim);
	struct io_file *f;
	struct runs runs;
	struct run *run;
	if (io_open(io, &f, "/run-1-2", IO_CREATE, NULL) != ERR_OK ||
	    (size && io_pwrite(f, data, size, 0, NULL) != ERR_OK) || !runs_init(&runs))
		bug_at(__FILE__, __LINE__, "the simulated disk");
	io_close(f);
	enum err e = run_open(&run, io, "", (struct run_span){1, 2}, NULL);
	if (e == ERR_OK) {
		size_t n = run_count(run);
		runs_add(&runs, run);
		walk(&runs, n);
	} else {
		bug_if(e != ERR_CORRUPT && e != ERR_NOMEM);
	}
	runs_fini(&runs);
	bug_if(io_sim_open_files(sim) != 0);
	io_sim_free(sim);
	return 0;
}
