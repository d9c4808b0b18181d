/*
 * Any bytes as a file that a node finds beside its journal: a key file, the guard's, the
 * genesis, the settings. Refused with a sentence, or read.
 */
#include "base/io_sim.h"
#include "cmd/config.h"
#include "crypto/keyfile.h"
#include "ledger/genesis.h"
#include "node/guard.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void told(enum err e, const struct err_text *t)
{
	bug_if(e != ERR_OK && e != ERR_NOMEM && !t->text[0]);
}

static void key(struct slice in)
{
	struct keyfile k;
	struct err_text t = {""};
	enum err e = keyfile_decode(&k, in, &t);
	told(e, &t);
	if (e == ERR_OK)
		keyfile_fini(&k);
}

static void guard(struct slice in)
{
	struct io_sim *sim = io_sim_new(1);
	struct io_file *f;
	struct guard_mark mark;
	struct err_text t = {""};
	if (io_open(io_sim_io(sim), &f, "/g", IO_CREATE, NULL) != ERR_OK ||
	    (in.n && io_pwrite(f, in.p, in.n, 0, NULL) != ERR_OK))
		bug_at(__FILE__, __LINE__, "the simulated disk");
	io_close(f);
	told(guard_read(io_sim_io(sim), "/g", &mark, &t), &t);
	io_sim_free(sim);
}

static void genesis(struct slice in)
{
	struct genesis *g = malloc(sizeof *g);
	struct err_text t = {""};
	if (g)
		told(genesis_decode(g, in, &t), &t);
	free(g);
}

static void settings(struct slice in)
{
	struct config c = {0};
	struct arena *a = arena_new((size_t)1 << 20);
	struct err_text t = {""};
	char path[64];
	int fd = memfd_create("settings", 0);
	if (a && fd >= 0 && (!in.n || write(fd, in.p, in.n) == (ssize_t)in.n)) {
		snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
		told(config_file(&c, a, path, &t), &t);
	}
	if (fd >= 0)
		close(fd);
	arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = slice(data, size);
	key(in);
	guard(in);
	genesis(in);
	settings(in);
	return 0;
}
