#include "base/io.h"
#include "base/io_sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define OK(e) assert_int_equal((e), ERR_OK)

/* ---- what every file system must do, this one and the simulated one ---- */

struct place {
	const struct io *io;
	char dir[64];
};

static const char *at(const struct place *p, const char *name)
{
	static char path[4][IO_PATH_MAX];
	static int next;
	char *out = path[next++ % 4];
	OK(io_join(out, p->dir, name, NULL));
	return out;
}

static bool collect(void *arg, const char *name)
{
	char *all = arg;
	size_t n = strlen(all);
	snprintf(all + n, 100 - n, "[%s]", name);
	return true;
}

static void assert_content(const struct place *p, const char *name, const char *want)
{
	struct buf b = BUF_INIT;
	OK(io_read_file(p->io, at(p, name), 1000, &b, NULL));
	assert_true(slice_eq_str(buf_slice(&b), want));
	buf_fini(&b);
}

static void behaves(const struct place *p)
{
	struct io_file *f, *g;
	struct err_text t;
	char b[16] = "";
	size_t got;
	uint64_t n, total;
	bool yes;

	assert_int_equal(io_open(p->io, &f, at(p, "a"), IO_READ, &t), ERR_NOTFOUND);
	assert_non_null(strstr(t.text, at(p, "a")));
	assert_null(f);
	assert_int_equal(io_open(p->io, &f, at(p, "a"), IO_WRITE, &t), ERR_NOTFOUND);
	OK(io_open(p->io, &f, at(p, "a"), IO_CREATE_NEW, &t));
	assert_int_equal(io_open(p->io, &g, at(p, "a"), IO_CREATE_NEW, &t), ERR_EXISTS);
	OK(io_lock(f, &t));
	OK(io_open(p->io, &g, at(p, "a"), IO_CREATE, &t));
	assert_int_equal(io_lock(g, &t), ERR_LOCKED);
	io_close(f);
	OK(io_lock(g, &t));
	io_close(g);

	OK(io_open(p->io, &f, at(p, "a"), IO_WRITE, &t));
	struct slice parts[] = {SLICE_LIT("hel"), slice(NULL, 0), SLICE_LIT("lo"), SLICE_LIT("!")};
	OK(io_pwrite_parts(f, parts, 4, 3, &t));
	OK(io_sync(f, &t));
	OK(io_size(f, &n, &t));
	assert_int_equal(n, 9);
	OK(io_pread(f, b, sizeof b, 0, &got, &t));
	assert_int_equal(got, 9);
	assert_memory_equal(b, "\0\0\0hello!", 9);
	OK(io_pread(f, b, 4, 100, &got, &t));
	assert_int_equal(got, 0);
	assert_int_equal(io_pread_all(f, b, 4, 7, &t), ERR_CORRUPT);
	assert_non_null(strstr(t.text, at(p, "a")));
	/* What was cut off comes back as zeros. */
	OK(io_truncate(f, 5, &t));
	OK(io_truncate(f, 7, &t));
	OK(io_pread_all(f, b, 7, 0, &t));
	assert_memory_equal(b, "\0\0\0he\0\0", 7);
	io_close(f);

	OK(io_open(p->io, &f, at(p, "a"), IO_READ, &t));
	assert_int_not_equal(io_pwrite(f, "x", 1, 0, &t), ERR_OK);
	io_close(f);

	OK(io_write_file_atomic(p->io, at(p, "b"), SLICE_LIT("one"), &t));
	assert_content(p, "b", "one");
	OK(io_write_file_atomic(p->io, at(p, "b"), SLICE_LIT("second"), &t));
	assert_content(p, "b", "second");
	OK(io_write_file_atomic(p->io, at(p, "b"), slice(NULL, 0), &t));
	assert_content(p, "b", "");
	struct buf big = BUF_INIT;
	assert_int_equal(io_read_file(p->io, at(p, "a"), 6, &big, &t), ERR_LIMIT);
	buf_fini(&big);

	OK(io_make_dir(p->io, at(p, "d"), &t));
	OK(io_make_dir(p->io, at(p, "d"), &t));
	assert_int_equal(io_mkdir(p->io, at(p, "d"), &t), ERR_EXISTS);
	assert_int_equal(io_mkdir(p->io, at(p, "x/y"), &t), ERR_NOTFOUND);
	OK(io_write_file_atomic(p->io, at(p, "d/c"), SLICE_LIT("deep"), &t));
	assert_int_equal(io_remove(p->io, at(p, "d"), &t), ERR_REFUSED);
	char names[100] = "";
	OK(io_list(p->io, p->dir, collect, names, &t));
	assert_int_equal(strlen(names), strlen("[a][b][d]"));
	assert_true(strstr(names, "[a]") && strstr(names, "[b]") && strstr(names, "[d]"));
	assert_int_equal(io_list(p->io, at(p, "no"), collect, names, &t), ERR_NOTFOUND);
	OK(io_rename(p->io, at(p, "a"), at(p, "b"), &t));
	OK(io_exists(p->io, at(p, "a"), &yes, &t));
	assert_false(yes);
	OK(io_exists(p->io, at(p, "b"), &yes, &t));
	assert_true(yes);
	assert_int_equal(io_rename(p->io, at(p, "a"), at(p, "b"), &t), ERR_NOTFOUND);
	assert_int_equal(io_sync_dir(p->io, at(p, "no"), &t), ERR_NOTFOUND);
	OK(io_space(p->io, p->dir, &n, &total, &t));
	assert_true(n > 0 && n <= total);

	assert_int_equal(io_remove(p->io, at(p, "a"), &t), ERR_NOTFOUND);
	OK(io_remove(p->io, at(p, "d/c"), &t));
	OK(io_remove(p->io, at(p, "d"), &t));
	OK(io_remove(p->io, at(p, "b"), &t));
}

static void posix_behaves(void **s)
{
	(void)s;
	struct place p = {.io = io_posix(), .dir = "/tmp/argosy-io-XXXXXX"};
	assert_non_null(mkdtemp(p.dir));
	behaves(&p);
	rmdir(p.dir);
}

static void simulation_behaves(void **s)
{
	(void)s;
	struct io_sim *sim = io_sim_new(1);
	struct place p = {.io = io_sim_io(sim), .dir = "/dir"};
	OK(io_make_dir(p.io, p.dir, NULL));
	behaves(&p);
	assert_int_equal(io_sim_open_files(sim), 0);
	io_sim_free(sim);
}

/* Many parts, more than one system call takes. */
static void posix_many_parts(void **s)
{
	(void)s;
	enum { N = 300 };
	char dir[] = "/tmp/argosy-io-XXXXXX", path[100];
	uint8_t b[N], r[2 * N];
	struct slice parts[N];
	struct io_file *f;
	for (size_t i = 0; i < N; i++) {
		b[i] = (uint8_t)i;
		parts[i] = slice(b, i % 3); /* 0, 1 or 2 bytes */
	}
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/f", dir);
	OK(io_open(io_posix(), &f, path, IO_CREATE, NULL));
	OK(io_pwrite_parts(f, parts, N, 0, NULL));
	OK(io_pread_all(f, r, N, 0, NULL));
	for (size_t i = 0; i < N; i++)
		assert_int_equal(r[i], i % 3 == 2 ? 1 : 0);
	io_close(f);
	OK(io_remove(io_posix(), path, NULL));
	rmdir(dir);
}

static void posix_full_device(void **s)
{
	(void)s;
	struct io_file *f;
	struct err_text t;
	if (access("/dev/full", W_OK)) {
		printf("SKIP: /dev/full is not there\n");
		return;
	}
	OK(io_open(io_posix(), &f, "/dev/full", IO_WRITE, &t));
	assert_int_equal(io_pwrite(f, "x", 1, 0, &t), ERR_NOSPACE);
	assert_non_null(strstr(t.text, "/dev/full"));
	io_close(f);
}

/* ---- what the simulation adds ---- */

static struct io_file *sim_file(struct io_sim *sim, enum io_mode mode)
{
	struct io_file *f;
	OK(io_open(io_sim_io(sim), &f, "/f", mode, NULL));
	return f;
}

/* Synced bytes and names survive; unsynced ones sometimes do, sometimes not, sometimes in part. */
static void power_failure_keeps_the_synced(void **s)
{
	(void)s;
	int absent = 0, whole = 0, none = 0, part = 0;
	for (uint64_t seed = 0; seed < 400; seed++) {
		struct io_sim *sim = io_sim_new(seed);
		uint8_t b[2048], r[2048];
		size_t got;
		bool yes;
		struct io_file *f = sim_file(sim, IO_CREATE);
		memset(b, 'a', sizeof b);
		OK(io_pwrite(f, b, 1024, 0, NULL));
		OK(io_sync(f, NULL));
		if (seed % 2)
			OK(io_sync_dir(io_sim_io(sim), "/", NULL));
		memset(b, 'b', sizeof b);
		OK(io_pwrite(f, b, 2048, 0, NULL));
		io_sim_restart(sim);
		assert_int_equal(io_pread(f, r, 1, 0, &got, NULL), ERR_IO);
		io_close(f);
		OK(io_exists(io_sim_io(sim), "/f", &yes, NULL));
		assert_true(yes || seed % 2 == 0);
		if (yes) {
			f = sim_file(sim, IO_READ);
			OK(io_pread(f, r, sizeof r, 0, &got, NULL));
			assert_true(got >= 1024);
			size_t bs = 0;
			for (size_t i = 0; i < got; i++) {
				assert_true(r[i] == 'b' || r[i] == (i < 1024 ? 'a' : 0));
				bs += r[i] == 'b';
			}
			whole += bs == 2048;
			none += bs == 0;
			part += bs > 0 && bs < 2048;
			io_close(f);
		}
		absent += !yes;
		io_sim_free(sim);
	}
	assert_true(absent > 10 && whole > 10 && none > 10 && part > 10);
}

/* After a failed sync the bytes are seen, a later sync succeeds, and yet they may be lost. */
static void failed_sync_is_not_mended_by_another(void **s)
{
	(void)s;
	int lost = 0, rewritten_lost = 0;
	for (uint64_t seed = 0; seed < 100; seed++) {
		struct io_sim *sim = io_sim_new(seed);
		uint8_t b[512], r[512];
		struct io_file *f = sim_file(sim, IO_CREATE);
		memset(b, 'b', sizeof b);
		OK(io_truncate(f, 512, NULL));
		OK(io_sync(f, NULL));
		OK(io_sync_dir(io_sim_io(sim), "/", NULL));
		OK(io_pwrite(f, b, 512, 0, NULL));
		io_sim_fail_at(sim, 1, false, ERR_IO);
		assert_int_equal(io_sync(f, NULL), ERR_IO);
		OK(io_pread_all(f, r, 512, 0, NULL));
		assert_memory_equal(r, b, 512);
		bool again = seed % 2;
		if (again)
			OK(io_pwrite(f, b, 512, 0, NULL));
		OK(io_sync(f, NULL));
		io_sim_restart(sim);
		io_close(f);
		f = sim_file(sim, IO_READ);
		OK(io_pread_all(f, r, 512, 0, NULL));
		if (memcmp(r, b, 512) != 0)
			*(again ? &rewritten_lost : &lost) += 1;
		io_close(f);
		io_sim_free(sim);
	}
	assert_true(lost > 10);
	assert_int_equal(rewritten_lost, 0);
}

/* An atomic write shows the old or the new content, wherever the power fails or an operation does.
 */
static void atomic_write_is_atomic(void **s)
{
	(void)s;
	int olds = 0, news = 0;
	for (uint64_t seed = 0; seed < 600; seed++) {
		struct io_sim *sim = io_sim_new(seed);
		const struct io *io = io_sim_io(sim);
		struct buf b = BUF_INIT;
		OK(io_write_file_atomic(io, "/f", SLICE_LIT("old"), NULL));
		uint64_t nth = 1 + seed % 8;
		if (seed % 3 == 0)
			io_sim_fail_at(sim, nth, seed % 2, ERR_NOSPACE);
		else
			io_sim_power_fail_at(sim, nth);
		enum err e = io_write_file_atomic(io, "/f", SLICE_LIT("new"), NULL);
		io_sim_restart(sim);
		OK(io_read_file(io, "/f", 10, &b, NULL));
		bool is_new = slice_eq_str(buf_slice(&b), "new");
		assert_true(is_new || slice_eq_str(buf_slice(&b), "old"));
		assert_true(is_new || e != ERR_OK);
		news += is_new;
		olds += !is_new;
		buf_fini(&b);
		io_sim_free(sim);
	}
	assert_true(olds > 50 && news > 50);
}

static void quota(void **s)
{
	(void)s;
	struct io_sim *sim = io_sim_new(1);
	struct io_file *f = sim_file(sim, IO_CREATE);
	uint64_t n;
	io_sim_quota(sim, 10);
	OK(io_pwrite(f, "12345678", 8, 0, NULL));
	assert_int_equal(io_pwrite(f, "1234", 4, 8, NULL), ERR_NOSPACE);
	OK(io_size(f, &n, NULL));
	assert_int_equal(n, 10); /* a short write */
	OK(io_pwrite(f, "overwrite", 9, 0, NULL));
	io_close(f);
	io_sim_free(sim);
}

static void same_seed_same_disk(void **s)
{
	(void)s;
	uint8_t r[2][4096];
	for (int i = 0; i < 2; i++) {
		struct io_sim *sim = io_sim_new(77);
		struct io_file *f = sim_file(sim, IO_CREATE);
		OK(io_truncate(f, 4096, NULL));
		OK(io_sync(f, NULL));
		OK(io_sync_dir(io_sim_io(sim), "/", NULL));
		for (size_t k = 0; k < 64; k++)
			OK(io_pwrite(f, &k, 1, io_sim_below(sim, 4096), NULL));
		io_sim_restart(sim);
		io_close(f);
		f = sim_file(sim, IO_READ);
		OK(io_pread_all(f, r[i], 4096, 0, NULL));
		io_close(f);
		io_sim_free(sim);
	}
	assert_memory_equal(r[0], r[1], 4096);
}

/* What others laid beside the file, to read it by or to lead it elsewhere, is not written into. */
static void atomic_write_is_private(void **s)
{
	(void)s;
	char dir[] = "/tmp/argosy-private-XXXXXX", path[100], tmp[110], other[110], text[20] = "";
	struct stat st;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/secret", dir);
	snprintf(tmp, sizeof tmp, "%s.tmp", path);
	snprintf(other, sizeof other, "%s/other", dir);
	mode_t mask = umask(0);
	for (int link = 0; link < 2; link++) {
		int fd = open(link ? other : tmp, O_RDWR | O_CREAT | O_EXCL, 0666);
		assert_true(fd >= 0);
		assert_true(!link || symlink(other, tmp) == 0);
		OK(io_write_file_atomic(io_posix(), path, SLICE_LIT("the secret"), NULL));
		assert_int_equal(pread(fd, text, sizeof text, 0), 0);
		close(fd);
		assert_true(lstat(path, &st) == 0 && S_ISREG(st.st_mode));
		assert_int_equal(st.st_mode & 0777, 0600);
		assert_int_equal(st.st_size, 10);
		assert_int_equal(unlink(path), 0);
	}
	/* Nor where the link leads nowhere yet. */
	assert_int_equal(unlink(other), 0);
	assert_int_equal(symlink(other, tmp), 0);
	OK(io_write_file_atomic(io_posix(), path, SLICE_LIT("the secret"), NULL));
	assert_int_not_equal(access(other, F_OK), 0);
	/* What cannot be removed is a fault, and nothing is written. */
	char within[120];
	snprintf(within, sizeof within, "%s/x", tmp);
	assert_true(mkdir(tmp, 0777) == 0 && symlink(other, within) == 0);
	assert_int_not_equal(io_write_file_atomic(io_posix(), path, SLICE_LIT("two"), NULL), ERR_OK);
	assert_true(stat(path, &st) == 0 && st.st_size == 10);
	umask(mask);
	char command[140];
	snprintf(command, sizeof command, "rm -rf %s", dir);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(posix_behaves),
		cmocka_unit_test(simulation_behaves),
		cmocka_unit_test(posix_many_parts),
		cmocka_unit_test(posix_full_device),
		cmocka_unit_test(power_failure_keeps_the_synced),
		cmocka_unit_test(failed_sync_is_not_mended_by_another),
		cmocka_unit_test(atomic_write_is_atomic),
		cmocka_unit_test(atomic_write_is_private),
		cmocka_unit_test(quota),
		cmocka_unit_test(same_seed_same_disk),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
