/*
 * state_bench: what an update of the state costs, with few keys and with many.
 *
 * Keys of 32 bytes, values of 100, blocks of 1,000 updates of random keys that are
 * there (each read, then put), the root of each block, LMDB flushed behind. Times
 * are CPU of the whole process, so what the flushing thread and the one that helps
 * with the root do counts; "root" is the block thread's share of it, and its wall
 * time shows what the help is worth.
 *
 * Usage: state_bench [FOLDER]: on a real disk, default build/bench-state.
 */
#include "journal/mlog.h"
#include "state/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { BLOCK = 1000, UPDATES = 400000 };

static const char *dir = "build/bench-state";

static void die_if(enum err e, const struct err_text *t)
{
	if (e == ERR_OK)
		return;
	fprintf(stderr, "state_bench: %s: %s\n", err_str(e), t->text);
	exit(1);
}

static double clock_s(clockid_t id)
{
	struct timespec ts;
	clock_gettime(id, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static double rss_anon_mb(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[256];
	double kb = 0;
	while (f && fgets(line, sizeof line, f))
		if (sscanf(line, "RssAnon: %lf", &kb) == 1)
			break;
	if (f)
		fclose(f);
	return kb / 1024;
}

static uint64_t seed = 1;

static uint64_t rnd(void)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return seed >> 20;
}

static void put(struct state *s, uint64_t i, uint64_t salt)
{
	char key[33];
	uint8_t value[100];
	snprintf(key, sizeof key, "urn:epc:id:sgtin:%015llu", (unsigned long long)i);
	memset(value, (int)salt, sizeof value);
	memcpy(value, &salt, sizeof salt);
	die_if(state_put(s, slice(key, 32), slice(value, sizeof value)), &(struct err_text){""});
}

static void get(struct state *s, uint64_t i)
{
	char key[33];
	struct slice v;
	bool found;
	snprintf(key, sizeof key, "urn:epc:id:sgtin:%015llu", (unsigned long long)i);
	die_if(state_get(s, &found, &v, slice(key, 32)), &(struct err_text){"get"});
	if (!found)
		die_if(ERR_NOTFOUND, &(struct err_text){"a key is missing"});
}

static int64_t height;

static void fill(struct state *s, uint64_t from, uint64_t to)
{
	struct err_text t = {""};
	for (uint64_t i = from; i < to;) {
		die_if(state_begin(s, &t), &t);
		for (unsigned k = 0; k < 10 * BLOCK && i < to; k++, i++)
			put(s, i, i);
		die_if(state_commit(s, ++height, slice_str("note"), &t), &t);
	}
	die_if(state_flush(s, &t), &t);
}

static double measure(struct state *s, uint64_t keys)
{
	struct err_text t = {""};
	struct hash root;
	double cpu = clock_s(CLOCK_PROCESS_CPUTIME_ID), own = clock_s(CLOCK_THREAD_CPUTIME_ID);
	double wall = clock_s(CLOCK_MONOTONIC), rss = 0, at_root = 0, at_commit = 0;
	double root_wall = 0;
	for (unsigned b = 0; b < UPDATES / BLOCK; b++) {
		die_if(state_begin(s, &t), &t);
		for (unsigned k = 0; k < BLOCK; k++) {
			uint64_t i = rnd() % keys;
			get(s, i);
			put(s, i, rnd());
		}
		double c0 = clock_s(CLOCK_THREAD_CPUTIME_ID), w0 = clock_s(CLOCK_MONOTONIC);
		die_if(state_root(s, &root, &t), &t);
		root_wall += clock_s(CLOCK_MONOTONIC) - w0;
		double c1 = clock_s(CLOCK_THREAD_CPUTIME_ID);
		die_if(state_commit(s, ++height, slice_str("note"), &t), &t);
		at_root += c1 - c0;
		at_commit += clock_s(CLOCK_THREAD_CPUTIME_ID) - c1;
		if (b % 16 == 0) {
			double now = rss_anon_mb();
			rss = now > rss ? now : rss;
		}
	}
	die_if(state_flush(s, &t), &t);
	cpu = clock_s(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	own = clock_s(CLOCK_THREAD_CPUTIME_ID) - own;
	wall = clock_s(CLOCK_MONOTONIC) - wall;
	double us = 1e6 / UPDATES;
	struct state_stats st;
	state_stats(s, &st);
	printf("%8llu keys: %5.2f us CPU an update (stage %.2f, root %.2f, commit %.2f, other "
	       "threads %.2f), "
	       "%5.2f us wall (root %.2f); RssAnon at most %.0f MB; %llu cells, %llu flushes, file "
	       "%llu MB\n",
	       (unsigned long long)keys, cpu * us, (own - at_root - at_commit) * us, at_root * us,
	       at_commit * us, (cpu - own) * us, wall * us, root_wall * us, rss,
	       (unsigned long long)st.cells, (unsigned long long)st.flushes,
	       (unsigned long long)(st.file_bytes >> 20));
	fflush(stdout);
	return cpu * us;
}

static struct state *open_timed(uint64_t keys)
{
	struct err_text t = {""};
	struct state *s;
	double wall = clock_s(CLOCK_MONOTONIC), cpu = clock_s(CLOCK_PROCESS_CPUTIME_ID);
	die_if(state_open(&s, dir, NULL, &t), &t);
	printf("%8llu keys: opened in %.3f s (%.3f s CPU)\n", (unsigned long long)keys,
	       clock_s(CLOCK_MONOTONIC) - wall, clock_s(CLOCK_PROCESS_CPUTIME_ID) - cpu);
	fflush(stdout);
	return s;
}

/* The log: what appending costs, and reading twenty records anywhere in it. */
static void measure_log(void)
{
	enum { RECORDS = 200000, READS = 2000 };
	struct err_text t = {""};
	struct mlog *m;
	char path[256];
	uint8_t record[400] = {0};
	snprintf(path, sizeof path, "%s/log", dir);
	die_if(mlog_destroy(NULL, path, &t), &t);
	die_if(mlog_open(&m, NULL, path, 0, NULL, &t), &t);
	double cpu = clock_s(CLOCK_THREAD_CPUTIME_ID);
	for (unsigned i = 0; i < RECORDS; i++) {
		uint64_t index;
		struct hash root;
		memcpy(record, &i, sizeof i);
		die_if(mlog_append(m, &index, NULL, slice(record, sizeof record)), &t);
		if (i % BLOCK == BLOCK - 1) {
			mlog_root(m, &root);
			die_if(mlog_commit(m, &t), &t);
		}
	}
	cpu = clock_s(CLOCK_THREAD_CPUTIME_ID) - cpu;
	double wall = clock_s(CLOCK_MONOTONIC), used = clock_s(CLOCK_THREAD_CPUTIME_ID);
	struct buf b = BUF_INIT;
	for (unsigned i = 0; i < READS; i++) {
		for (unsigned k = 0; k < 20; k++) {
			buf_clear(&b);
			die_if(mlog_read(m, &b, rnd() % RECORDS), &t);
		}
	}
	wall = clock_s(CLOCK_MONOTONIC) - wall;
	used = clock_s(CLOCK_THREAD_CPUTIME_ID) - used;
	printf("log: %.2f us CPU a record of 400 bytes; 20 random reads %.1f us CPU, %.1f us "
	       "wall\n",
	       cpu * 1e6 / RECORDS, used * 1e6 / READS, wall * 1e6 / READS);
	buf_fini(&b);
	mlog_close(m);
	die_if(mlog_destroy(NULL, path, &t), &t);
	rmdir(path);
}

int main(int argc, char **argv)
{
	struct err_text t = {""};
	if (argc > 1)
		dir = argv[1];
	mkdir("build", 0777);
	mkdir(dir, 0700);
	die_if(state_destroy(NULL, dir, &t), &t);
	static const uint64_t keys[] = {10000, 1000000, 2000000};
	uint64_t have = 0;
	double us[3] = {0};
	for (unsigned i = 0; i < 3; i++) {
		struct state *s = open_timed(have);
		double cpu = clock_s(CLOCK_PROCESS_CPUTIME_ID);
		fill(s, have, keys[i]);
		printf("%8llu keys: filled, %.2f us CPU a new key\n", (unsigned long long)keys[i],
		       (clock_s(CLOCK_PROCESS_CPUTIME_ID) - cpu) * 1e6 / (double)(keys[i] - have));
		have = keys[i];
		state_close(s);
		s = open_timed(have);
		us[i] = measure(s, have);
		state_close(s);
	}
	printf("an update with 1,000,000 keys costs %.1f us more than with 10,000\n",
	       us[1] - us[0]);
	measure_log();
	die_if(state_destroy(NULL, dir, &t), &t);
	rmdir(dir);
	return 0;
}
