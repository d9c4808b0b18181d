/*
 * Any bytes as a value of the state, a block's record or an epoch: refused, or decoded to what
 * lies within them.
 */
#include "ledger/block_record.h"
#include "ledger/epoch.h"
#include "ledger/member.h"
#include "state/disk_row.h"
#include "trade/attach.h"
#include "trade/credential.h"
#include "trade/grant.h"
#include "trade/identity.h"
#include "trade/master.h"
#include "trade/owner.h"
#include "trade/voice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct slice input;

static void within(struct slice s)
{
	bug_if(s.n && (s.p < input.p || s.p + s.n > input.p + input.n));
}

static void members(void)
{
	struct member m;
	struct member_key k;
	if (member_decode(&m, input)) {
		within(m.name);
		within(m.country);
		within(m.party);
		for (unsigned i = 0; i < m.n_roles; i++)
			within(m.roles[i]);
	}
	if (member_key_decode(&k, input)) {
		within(k.member);
		for (unsigned i = 0; i < k.n_scope; i++)
			within(k.scope[i]);
	}
}

static void trade(void)
{
	struct credential c;
	struct grant g;
	struct event_identity id;
	struct attachment at;
	struct master m;
	struct range range;
	struct slice one, two;
	if (master_decode(&m, 'P', input) || master_decode(&m, 'L', input) ||
	    master_decode(&m, 'O', input))
		within(m.owner);
	(void)!credential_decode(&c, input);
	(void)!grant_decode(&g, input);
	(void)!event_identity_decode(&id, input);
	(void)!attachment_decode(&at, input);
	if (range_decode(&range, input)) {
		within(range.owner);
		within(range.credential);
	}
	if (voice_decode(&one, input))
		within(one);
	if (credential_about_decode(&one, &two, input)) {
		within(one);
		within(two);
	}
}

static void epochs(void)
{
	struct epoch e;
	struct reader r = reader_of(input);
	struct buf again = BUF_INIT;
	if (epoch_take(&e, &r)) {
		epoch_encode(&again, &e);
		bug_if(buf_err(&again) == ERR_OK &&
		       !slice_eq(buf_slice(&again), slice(input.p, (size_t)(r.p - input.p))));
	}
	buf_fini(&again);
}

static void rows(void)
{
	static const uint8_t key_hash[32];
	struct disk_row row;
	struct store_meta meta;
	struct reader r = reader_of(input);
	if (disk_row_parse(&row, key_hash, input)) {
		within(row.key);
		within(row.value);
	}
	if (store_meta_take(&meta, &r))
		within(meta.note);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct block_record b;
	input = slice(data, size);
	members();
	trade();
	epochs();
	rows();
	if (block_record_decode(&b, input)) {
		within(b.header);
		within(b.commit);
		within(b.packets);
	}
	return 0;
}
