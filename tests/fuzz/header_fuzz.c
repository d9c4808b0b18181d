/*
 * Headers, commits, geneses, epochs and key files: decode, encode, decode again. What a
 * decoder takes has one encoding.
 */
#include "crypto/keyfile.h"
#include "ledger/epoch.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same(const struct buf *b, struct slice in)
{
	if (!b->failed && !slice_eq(buf_slice(b), in))
		abort();
}

static void try_epoch(struct slice in)
{
	struct buf b = BUF_INIT;
	struct epoch e;
	struct reader r = reader_of(in);
	if (epoch_take(&e, &r) && r.p == r.end) {
		epoch_encode(&b, &e);
		same(&b, in);
	}
	buf_fini(&b);
}

static void try_genesis(struct slice in)
{
	static struct genesis g;
	struct buf b = BUF_INIT;
	if (genesis_decode(&g, in, NULL) == ERR_OK && genesis_encode(&b, &g, NULL) == ERR_OK)
		same(&b, in);
	buf_fini(&b);
}

static void try_keyfile(struct slice in)
{
	struct keyfile k;
	if (keyfile_decode(&k, in, NULL) == ERR_OK)
		keyfile_fini(&k);
}

/* The first byte says what the rest is. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	struct slice in = slice(data + 1, size - 1);
	struct buf b = BUF_INIT;
	static struct header h;
	static struct commit c;
	if (data[0] == 0 && header_decode(&h, in)) {
		header_encode(&b, &h);
		same(&b, in);
		struct hash hash;
		header_hash(&hash, &h);
	}
	if (data[0] == 1 && commit_decode(&c, in)) {
		commit_encode(&b, &c);
		same(&b, in);
	}
	if (data[0] == 2)
		try_genesis(in);
	if (data[0] == 3)
		try_epoch(in);
	if (data[0] == 4)
		try_keyfile(in);
	buf_fini(&b);
	return 0;
}
