/*
 * bench: what the benches share: clocks, the yardstick, one line of JSON a figure.
 *
 * A bench prints lines {"name","value","unit","yardstick","ratio","goal","pass"} on
 * stdout and talk on stderr; tools/run-bench collects them in build/bench.json.
 * Files go below $ARGOSY_BENCH_DIR (default: build/bench-data), which should be a real disk.
 */
#ifndef ARGOSY_BENCH_BENCH_H
#define ARGOSY_BENCH_BENCH_H

#include <sodium.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static inline double bench_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* User and system time of this process, all threads. */
static inline double bench_cpu(void)
{
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	return (double)u.ru_utime.tv_sec + (double)u.ru_utime.tv_usec / 1e6 +
	       (double)u.ru_stime.tv_sec + (double)u.ru_stime.tv_usec / 1e6;
}

/* Anonymous memory held, in bytes (RssAnon of /proc/self/status). */
static inline double bench_rss_anon(void)
{
	char line[256];
	double kb = 0;
	FILE *f = fopen("/proc/self/status", "r");
	while (f && fgets(line, sizeof line, f))
		if (sscanf(line, "RssAnon: %lf", &kb) == 1)
			break;
	if (f)
		fclose(f);
	return kb * 1024;
}

/* One core's libsodium verifications a second of messages of 300 bytes. */
static inline double bench_verify_rate(void)
{
	uint8_t pub[32], sec[64], sig[64], msg[300] = {1};
	int n = 0, bad = 0;
	crypto_sign_keypair(pub, sec);
	crypto_sign_detached(sig, NULL, msg, sizeof msg, sec);
	double begin = bench_now(), end;
	do {
		for (int i = 0; i < 200; i++)
			bad += crypto_sign_verify_detached(sig, msg, sizeof msg, pub) != 0;
		n += 200;
		end = bench_now();
	} while (end - begin < 1.0);
	return bad ? 0 : n / (end - begin);
}

/* at_most: the goal is an upper bound of `ratio`. A goal of 0 is only reported. */
static inline void bench_line(const char *name, double value, const char *unit, const char *yardstick,
			      double ratio, double goal, bool at_most)
{
	bool pass = goal == 0 || (at_most ? ratio <= goal : ratio >= goal);
	printf("{\"name\":\"%s\",\"value\":%.6g,\"unit\":\"%s\",\"yardstick\":\"%s\",\"ratio\":%.4g,"
	       "\"goal\":\"%s%.4g\",\"pass\":%s}\n",
	       name, value, unit, yardstick, ratio, goal == 0 ? "report " : at_most ? "<= " : ">= ",
	       goal, pass ? "true" : "false");
	fflush(stdout);
}

static inline const char *bench_dir(void)
{
	const char *d = getenv("ARGOSY_BENCH_DIR");
	return d ? d : "build/bench-data";
}

#endif
