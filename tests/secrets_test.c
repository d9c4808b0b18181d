/*
 * Private keys: nobody reads them by a file that he laid where they are written, and they lie
 * nowhere in the daemon's memory but where no dump takes them.
 */
#include "program.h"

#include "base/bytes.h"
#include "crypto/keyfile.h"
#include "node/node.h"

#include <setjmp.h>
#include <stddef.h>
#include <sys/resource.h>

#include <cmocka.h>

static char folder[300];

/* ---- laid beside ---- */

enum trap { TRAP_FILE, TRAP_LINK };

/* As a stranger does where the file will be written: something that he can read. */
static int lay(enum trap trap, const char *path)
{
	char tmp[400], other[400];
	snprintf(tmp, sizeof tmp, "%s.tmp", path);
	snprintf(other, sizeof other, "%s.stranger", path);
	unlink(tmp);
	unlink(other);
	int fd = open(trap == TRAP_FILE ? tmp : other, O_RDWR | O_CREAT | O_EXCL, 0666);
	assert_true(fd >= 0);
	assert_int_equal(fchmod(fd, 0666), 0);
	if (trap == TRAP_LINK)
		assert_int_equal(symlink(other, tmp), 0);
	return fd;
}

static void got_nothing(int fd, const char *path)
{
	char text[100];
	struct stat st;
	if (pread(fd, text, sizeof text, 0) != 0)
		fail_msg("%s was read by what lay beside it", path);
	close(fd);
	if (lstat(path, &st) != 0 || !S_ISREG(st.st_mode) || (st.st_mode & 07777) != 0600)
		fail_msg("%s: no file of mode 0600", path);
}

static void well(struct program_result r)
{
	if (r.code != 0)
		fail_msg("%d: %.300s%.300s", r.code, r.out, r.err);
	program_free(&r);
}

/* Every kind of key file that is made, put in another's place, or copied. */
static void laid_files_get_nothing(void **state)
{
	(void)state;
	char path[8][400];
	for (enum trap trap = TRAP_FILE; trap <= TRAP_LINK; trap++) {
		int fds[8];
		snprintf(path[0], sizeof *path, "%s/person%d.key", program_dir, trap);
		snprintf(path[1], sizeof *path, "%s/agent%d.key", program_dir, trap);
		fds[0] = lay(trap, path[0]);
		well(program_run("argosy", "key", "create", path[0], "--kind", "person", "--data-dir",
				 folder, (const char *)NULL));
		got_nothing(fds[0], path[0]);
		fds[1] = lay(trap, path[1]);
		well(program_run("argosy", "key", "create", path[1], "--kind", "agent", "--data-dir",
				 folder, (const char *)NULL));
		got_nothing(fds[1], path[1]);
		/* A rotation writes the new file beside the old one. */
		snprintf(path[2], sizeof *path, "%s/keys/agent.key.new", folder);
		fds[2] = lay(trap, path[2]);
		well(program_run("argosy", "key", "rotate", "agent", "--data-dir", folder,
				 (const char *)NULL));
		snprintf(path[2], sizeof *path, "%s/keys/agent.key", folder);
		got_nothing(fds[2], path[2]);
		/* The validator's: the next key takes its place, and another next one is made. */
		snprintf(path[3], sizeof *path, "%s/keys/validator.key", folder);
		snprintf(path[4], sizeof *path, "%s/next%d.key", program_dir, trap);
		fds[3] = lay(trap, path[3]);
		fds[4] = lay(trap, path[4]);
		char before[400];
		snprintf(before, sizeof before, "%s/next%d.key", program_dir, trap - 1);
		if (trap == TRAP_FILE)
			snprintf(before, sizeof before, "%s/keys/next-validator.key", folder);
		well(program_run("argosy", "key", "rotate", "validator", "--next-key", before,
				 "--new-next-key", path[4], "--data-dir", folder, (const char *)NULL));
		got_nothing(fds[3], path[3]);
		got_nothing(fds[4], path[4]);
		/* What was signed last is no secret, but nobody else's to write. */
		snprintf(path[5], sizeof *path, "%s/keys/last_signed", folder);
		struct stat st;
		assert_true(lstat(path[5], &st) == 0 && (st.st_mode & 07777) == 0600);
	}
}

/* ---- memory ---- */

/* How often the bytes stand in a part of the process's memory; of a file's that is mapped, what
 * can be read. */
static unsigned count_in(int fd, unsigned long begin, unsigned long end, struct slice what)
{
	static uint8_t part[(1 << 20) + 64];
	unsigned n = 0;
	size_t kept = 0;
	while (begin < end) {
		size_t most = end - begin < 1 << 20 ? end - begin : 1 << 20;
		ssize_t got = pread(fd, part + kept, most, (off_t)begin);
		if (got <= 0)
			break;
		begin += (size_t)got;
		size_t all = kept + (size_t)got;
		for (const uint8_t *p = part; (p = memmem(p, (size_t)(part + all - p), what.p, what.n));
		     p++)
			n++;
		kept = all < what.n - 1 ? all : what.n - 1;
		memmove(part, part + all - kept, kept);
	}
	return n;
}

/*
 * The seed, as it is and in hex, in all of the memory of a daemon that has signed. It stands
 * once, in memory that is locked, left out of dumps and not written any more. False: the
 * system lets nobody look.
 */
static bool seed_lies_well(pid_t pid, const uint8_t seed[static 32])
{
	char path[60], hex[65], line[500];
	unsigned found = 0;
	unsigned long begin = 0, end = 0, resident = 0;
	char rights[8] = "", flags[300];
	hex_encode(hex, seed, 32);
	snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
	int fd = open(path, O_RDONLY);
	snprintf(path, sizeof path, "/proc/%d/smaps", (int)pid);
	FILE *f = fopen(path, "r");
	if (fd < 0 || !f) {
		if (fd >= 0)
			close(fd);
		if (f)
			fclose(f);
		return false;
	}
	while (fgets(line, sizeof line, f)) {
		unsigned long from, to;
		char r[8];
		if (sscanf(line, "%lx-%lx %7s", &from, &to, r) == 3) {
			begin = from;
			end = to;
			memcpy(rights, r, sizeof r);
			continue;
		}
		sscanf(line, "Rss: %lu", &resident);
		if (sscanf(line, "VmFlags: %299[^\n]", flags) != 1 || rights[0] != 'r')
			continue;
		/* Larger are the room kept for files to grow, and what a sanitizer keeps. */
		if (!resident || end - begin > 4ul << 30)
			continue;
		unsigned here = count_in(fd, begin, end, slice(seed, 32)),
			 text = count_in(fd, begin, end, slice(hex, 64));
		found += here;
		if (text || (here && (!strstr(flags, "dd") || rights[1] == 'w')))
			fail_msg("the seed lies in %lx-%lx %s %s", begin, end, rights, flags);
	}
	fclose(f);
	close(fd);
	assert_int_equal(found, 1);
	return true;
}

static void memory_keeps_the_seed(void **state)
{
	(void)state;
	char path[400], log[300], target[400];
	struct keyfile k;
	uint8_t seed[32];
	snprintf(path, sizeof path, "%s/keys/validator.key", folder);
	assert_int_equal(node_key_load(&k, path, NULL), ERR_OK);
	memcpy(seed, k.secret_key, 32);
	keyfile_fini(&k);
	snprintf(log, sizeof log, "%s/daemon.log", program_dir);
	/* As far as this process may let it dump, it would. */
	struct rlimit r;
	getrlimit(RLIMIT_CORE, &r);
	r.rlim_cur = r.rlim_max;
	setrlimit(RLIMIT_CORE, &r);
	const char *argv[] = {"argosyd", "--data-dir", folder, "--listen", "none", NULL};
	pid_t pid = program_start(program_file("daemon.out", NULL), log, argv);
	assert_true(program_says(pid, log, "msg=ready"));
	well(program_run("argosy", "prefix", "register", "9521234", "--data-dir", folder,
			 (const char *)NULL));
	if (!seed_lies_well(pid, seed))
		printf("nobody may look into the daemon's memory, as it should be\n");
	snprintf(target, sizeof target, "/proc/%d/limits", (int)pid);
	char *limits = program_text(target), *core = limits ? strstr(limits, "Max core file size") : NULL;
	unsigned long long soft = 1, hard = 1;
	assert_non_null(core);
	assert_int_equal(sscanf(core, "Max core file size %llu %llu", &soft, &hard), 2);
	assert_true(soft == 0 && hard == 0);
	free(limits);
	int status;
	kill(pid, SIGABRT);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && !WCOREDUMP(status));
	secret_wipe(seed, sizeof seed);
}

static int begin(void **state)
{
	(void)state;
	program_begin();
	umask(0);
	snprintf(folder, sizeof folder, "%s/node", program_dir);
	struct program_result r = program_run("argosy", "init", "--data-dir", folder, "--member",
					      "acme", "--no-passphrase", (const char *)NULL);
	int code = r.code;
	program_free(&r);
	return code;
}

static int end(void **state)
{
	(void)state;
	program_end();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(laid_files_get_nothing),
		cmocka_unit_test(memory_keeps_the_seed),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
