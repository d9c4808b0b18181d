/*
 * Many independent Merkle nodes at once.
 *
 * One SHA-256 with the CPU's own instructions waits for itself: each pair of rounds
 * needs the one before. Two side by side fill the gaps and take little longer than
 * one. Written with Intel's intrinsics (Intel SHA Extensions, 2013); where the CPU
 * has none, node by node through OpenSSL.
 */
#include "crypto/sha256.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#include <stdatomic.h>

#define TARGET __attribute__((target("sha,sse4.1,ssse3")))

static const uint32_t K[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
	0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
	0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
	0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
	0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
	0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2};

/* One chaining value, in the order that the instructions want. */
struct lane {
	__m128i abef, cdgh;
};

/* One block of 64 bytes into each of two lanes. */
TARGET static inline void two_blocks(struct lane s[2], const uint8_t *const block[2])
{
	const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
	struct lane was[2] = {s[0], s[1]};
	__m128i w[2][4];
#pragma GCC unroll 2
	for (unsigned l = 0; l < 2; l++)
#pragma GCC unroll 4
		for (unsigned i = 0; i < 4; i++) {
			const __m128i *p = (const __m128i *)(const void *)(block[l] + 16 * i);
			w[l][i] = _mm_shuffle_epi8(_mm_loadu_si128(p), swap);
		}
#pragma GCC unroll 16
	for (unsigned i = 0; i < 16; i++) {
		const __m128i k = _mm_loadu_si128((const __m128i *)(const void *)(K + 4 * i));
#pragma GCC unroll 2
		for (unsigned l = 0; l < 2; l++) {
			__m128i *m = &w[l][i & 3], x;
			if (i >= 4) {
				/* The next four words of the message schedule. */
				const __m128i w1 = w[l][(i + 1) & 3], w2 = w[l][(i + 2) & 3];
				const __m128i w3 = w[l][(i + 3) & 3];
				x = _mm_add_epi32(_mm_sha256msg1_epu32(*m, w1),
						  _mm_alignr_epi8(w3, w2, 4));
				*m = _mm_sha256msg2_epu32(x, w3);
			}
			x = _mm_add_epi32(*m, k);
			s[l].cdgh = _mm_sha256rnds2_epu32(s[l].cdgh, s[l].abef, x);
			x = _mm_shuffle_epi32(x, 0x0e);
			s[l].abef = _mm_sha256rnds2_epu32(s[l].abef, s[l].cdgh, x);
		}
	}
#pragma GCC unroll 2
	for (unsigned l = 0; l < 2; l++) {
		s[l].abef = _mm_add_epi32(s[l].abef, was[l].abef);
		s[l].cdgh = _mm_add_epi32(s[l].cdgh, was[l].cdgh);
	}
}

TARGET static void lane_out(uint8_t out[32], const struct lane *s)
{
	/* From abef, cdgh (f and h lowest) to a..h, big-endian. */
	const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
	__m128i feba = _mm_shuffle_epi32(s->abef, 0x1b), dchg = _mm_shuffle_epi32(s->cdgh, 0xb1);
	__m128i dcba = _mm_blend_epi16(feba, dchg, 0xf0), hgfe = _mm_alignr_epi8(dchg, feba, 8);
	_mm_storeu_si128((__m128i *)(void *)out, _mm_shuffle_epi8(dcba, swap));
	_mm_storeu_si128((__m128i *)(void *)(out + 16), _mm_shuffle_epi8(hgfe, swap));
}

static void fill(uint8_t b[128], const struct sha256_job *j)
{
	/* 65 bytes, 0x80, zeros, 520 bits: see sha256_pair. The zeros are there. */
	b[0] = j->prefix;
	memcpy(b + 1, j->left, 32);
	memcpy(b + 33, j->right, 32);
}

TARGET static void two_jobs(const struct sha256_job *a, const struct sha256_job *b,
			    uint8_t scratch[2][128])
{
	/* The initial value of FIPS 180-4, 5.3.3. */
	const struct lane start = {
		_mm_set_epi32(0x6a09e667, (int)0xbb67ae85, 0x510e527f, (int)0x9b05688c),
		_mm_set_epi32(0x3c6ef372, (int)0xa54ff53a, 0x1f83d9ab, 0x5be0cd19)};
	struct lane s[2] = {start, start};
	fill(scratch[0], a);
	fill(scratch[1], b);
	const uint8_t *const first[2] = {scratch[0], scratch[1]};
	const uint8_t *const second[2] = {scratch[0] + 64, scratch[1] + 64};
	two_blocks(s, first);
	two_blocks(s, second);
	lane_out(a->out->b, &s[0]);
	lane_out(b->out->b, &s[1]);
}

static bool cpu_has_sha(void)
{
	static atomic_int known; /* 0: not asked yet, 1: no, 2: yes */
	int k = atomic_load_explicit(&known, memory_order_relaxed);
	if (k == 0) {
		unsigned a, b = 0, c = 0, d, c1 = 0;
		bool has = __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b >> 29 & 1) &&
			   __get_cpuid(1, &a, &b, &c1, &d) && (c1 >> 19 & 1) && (c1 >> 9 & 1);
		k = has ? 2 : 1;
		atomic_store_explicit(&known, k, memory_order_relaxed);
	}
	return k == 2;
}

void sha256_pairs(const struct sha256_job *jobs, size_t n)
{
	size_t i = 0;
	if (n > 1 && cpu_has_sha()) {
		uint8_t scratch[2][128] = {{0}};
		for (unsigned l = 0; l < 2; l++) {
			scratch[l][65] = 0x80;
			scratch[l][126] = 520 >> 8;
			scratch[l][127] = 520 & 255;
		}
		for (; i + 1 < n; i += 2)
			two_jobs(&jobs[i], &jobs[i + 1], scratch);
	}
	for (; i < n; i++)
		sha256_pair(jobs[i].out, jobs[i].prefix, jobs[i].left, jobs[i].right);
}

#else

void sha256_pairs(const struct sha256_job *jobs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sha256_pair(jobs[i].out, jobs[i].prefix, jobs[i].left, jobs[i].right);
}

#endif
