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
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PROGRAM_ARGS_MAX = 24, PROGRAM_TEXT_MAX = 1 << 20 };

struct program_result {
	int code; /* exit code, or 128 + signal */
	char *out, *err;
};

static char program_bin[4096], program_dir[256];

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
	setenv("LC_ALL", "C", 1);
	setenv("ARGOSY_PASSPHRASE", "correct horse battery", 1);
	unsetenv("ARGOSY_DATA_DIR");
	unsetenv("ARGOSY_MEMBER");
	unsetenv("JOURNAL_STREAM");
	unsetenv("NOTIFY_SOCKET");
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
	static char paths[8][300];
	static unsigned next;
	char *path = paths[next++ % 8];
	snprintf(path, 300, "%s/%s", program_dir, name);
	if (text) {
		FILE *f = fopen(path, "w");
		if (!f || fputs(text, f) == EOF || fclose(f) != 0)
			abort();
	}
	return path;
}

/* Waits until the file holds the text. False: not within the time. */
static inline bool program_await(const char *path, const char *text, int seconds)
{
	for (int i = 0; i < seconds * 50; i++) {
		char *got = program_text(path);
		bool there = got && strstr(got, text);
		free(got);
		if (there)
			return true;
		poll(NULL, 0, 20);
	}
	return false;
}

#endif
