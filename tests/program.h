/*
 * program: runs the built programs from tests, in a folder of their own.
 *
 * The programs are found beside the test: build/VARIANT/test/tests/x_test runs
 * build/VARIANT/bin/argosy.
 */
#ifndef ARGOSY_TESTS_PROGRAM_H
#define ARGOSY_TESTS_PROGRAM_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	PROGRAM_ARGS_MAX = 24,
	PROGRAM_TEXT_MAX = 1 << 20,
	/* How long anything is waited for. It is there to end a hang: no machine is so busy. */
	PROGRAM_WAIT_S = 900,
};

extern char **environ;

struct program_result {
	int code; /* exit code, or 128 + signal */
	char *out, *err;
};

static char program_bin[4096], program_dir[256];

/* Nothing of who runs the tests: no settings, no contexts, no heads seen before. */
static inline void program_environment(void)
{
	static const char *const homes[] = {"HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME",
					    "XDG_DATA_HOME", "XDG_CACHE_HOME", "TMPDIR"};
	char name[100];
	for (char **v = environ; *v;) {
		if (strncmp(*v, "ARGOSY_", 7) != 0) {
			v++;
			continue;
		}
		snprintf(name, sizeof name, "%.*s", (int)strcspn(*v, "="), *v);
		unsetenv(name);
		v = environ;
	}
	for (size_t i = 0; i < sizeof homes / sizeof *homes; i++)
		setenv(homes[i], program_dir, 1);
	setenv("LC_ALL", "C", 1);
	setenv("ARGOSY_PASSPHRASE", "correct horse battery", 1);
	unsetenv("JOURNAL_STREAM");
	unsetenv("NOTIFY_SOCKET");
	unsetenv("NO_COLOR");
}

/* Once, at the start: the folder of the programs and a fresh one to work in. */
static inline void program_begin(void)
{
	char self[4000];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	self[n > 0 ? n : 0] = 0;
	for (int up = 0; up < 3; up++) {
		char *slash = strrchr(self, '/');
		if (slash)
			*slash = 0;
	}
	snprintf(program_bin, sizeof program_bin, "%s/bin", self);
	snprintf(program_dir, sizeof program_dir, "/tmp/argosy-test-XXXXXX");
	if (!mkdtemp(program_dir))
		abort();
	program_environment();
	signal(SIGPIPE, SIG_IGN);
}

static inline void program_end(void)
{
	char command[400];
	snprintf(command, sizeof command, "rm -rf %s", program_dir);
	if (system(command) != 0)
		fprintf(stderr, "%s was left behind\n", program_dir);
}

/* Starts one; its stdout and stderr go to the files named. */
static inline pid_t program_start(const char *out, const char *err, const char *const *argv)
{
	pid_t pid = fork();
	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that ends early leaves no daemon behind */
	char path[5000];
	snprintf(path, sizeof path, "%s/%s", program_bin, argv[0]);
	int o = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	int e = open(err, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	int i = open("/dev/null", O_RDONLY);
	if (setsid() < 0 || dup2(i, 0) < 0 || dup2(o, 1) < 0 || dup2(e, 2) < 0)
		_exit(126);
	execv(path, (char *const *)(uintptr_t)argv);
	_exit(127);
}

static inline int program_wait(pid_t pid)
{
	int status;
	if (waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static inline char *program_text(const char *path)
{
	char *text = calloc(1, PROGRAM_TEXT_MAX);
	FILE *f = fopen(path, "r");
	if (text && f && fread(text, 1, PROGRAM_TEXT_MAX - 1, f) == 0)
		text[0] = 0;
	if (f)
		fclose(f);
	return text;
}

/* Runs one to its end. Arguments end with NULL. Free with program_free. */
static inline struct program_result program_run(const char *name, ...)
{
	const char *argv[PROGRAM_ARGS_MAX + 2] = {name};
	char out[300], err[300];
	va_list ap;
	va_start(ap, name);
	for (int i = 1; i <= PROGRAM_ARGS_MAX && (argv[i] = va_arg(ap, const char *)); i++)
		;
	va_end(ap);
	snprintf(out, sizeof out, "%s/run.out", program_dir);
	snprintf(err, sizeof err, "%s/run.err", program_dir);
	struct program_result r = {program_wait(program_start(out, err, argv)), NULL, NULL};
	r.out = program_text(out);
	r.err = program_text(err);
	return r;
}

static inline void program_free(struct program_result *r)
{
	free(r->out);
	free(r->err);
}

/* A file in the folder; gives its path (static, a few at a time). */
static inline const char *program_file(const char *name, const char *text)
{
	static char paths[8][400];
	static unsigned next;
	char *path = paths[next++ % 8];
	snprintf(path, sizeof paths[0], "%s/%s", program_dir, name);
	if (text) {
		FILE *f = fopen(path, "w");
		if (!f || fputs(text, f) == EOF || fclose(f) != 0)
			abort();
	}
	return path;
}

/* Has the process ended? It is not reaped: program_wait still may. */
static inline bool program_ended(pid_t pid)
{
	siginfo_t info = {0};
	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == pid;
}

/* Waits until the file, which the process writes, holds the text. False: it ended without, or
 * hangs. What it wrote is shown then. */
static inline bool program_says(pid_t pid, const char *path, const char *text)
{
	for (int i = 0; i < PROGRAM_WAIT_S * 50; i++) {
		bool ended = program_ended(pid);
		char *got = program_text(path);
		bool there = got && strstr(got, text);
		if (!there && (ended || i == PROGRAM_WAIT_S * 50 - 1))
			fprintf(stderr, "%s, never \"%s\": %s\n", ended ? "it ended" : "it hangs",
				text, got ? got : "");
		free(got);
		if (there || ended)
			return there;
		poll(NULL, 0, 20);
	}
	return false;
}

/* Until a condition holds: while (!so && program_waits(&n)) ... */
static inline bool program_waits(unsigned *tries)
{
	poll(NULL, 0, 10);
	return ++*tries < PROGRAM_WAIT_S * 100;
}

#endif
