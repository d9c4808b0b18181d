#include "ledger/block_record.h"

void block_record_head(struct buf *out, const struct block_record *r)
{
	buf_put_u8(out, 1);
	buf_put_varint(out, (uint64_t)r->height);
	buf_put_zigzag(out, r->time_s);
	buf_put_varint(out, (uint64_t)r->time_ns);
	buf_put(out, r->app_hash.b, 32);
	buf_put_lp(out, r->header);
	buf_put_lp(out, r->commit);
	buf_put_varint(out, r->n_packets);
}

bool block_record_decode(struct block_record *r, struct slice payload)
{
	struct reader in = reader_of(payload);
	*r = (struct block_record){0};
	if (reader_u8(&in) != 1)
		return false;
	uint64_t height = reader_varint(&in);
	r->time_s = reader_zigzag(&in);
	uint64_t ns = reader_varint(&in);
	r->app_hash = reader_hash(&in);
	r->header = reader_lp(&in);
	r->commit = reader_lp(&in);
	r->n_packets = reader_varint(&in);
	if (in.bad || height == 0 || height > INT64_MAX || ns >= 1000000000)
		return false;
	r->height = (int64_t)height;
	r->time_ns = (int32_t)ns;
	r->packets = slice(in.p, reader_left(&in));
	for (uint64_t i = 0; i < r->n_packets && !in.bad; i++)
		reader_lp(&in);
	return !in.bad && reader_left(&in) == 0;
}

int64_t block_time_ms(int64_t time_s, int32_t time_ns)
{
	return time_s * 1000 + time_ns / 1000000;
}

bool packet_next(struct slice *tx, struct reader *packet)
{
	if (reader_left(packet) == 0)
		return false;
	uint64_t tag = reader_varint(packet);
	*tx = reader_lp(packet);
	return !packet->bad && tag == (1 << 3 | 2);
}
