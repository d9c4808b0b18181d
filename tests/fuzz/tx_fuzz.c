/*
 * Any bytes as a transaction, a block record, a member's and a key's record: refused, or
 * decoded into what obeys the limits; what is decoded from a block record is encoded to the same.
 */
#include "ledger/block_record.h"
#include "ledger/member.h"
#include "ledger/tx.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void transaction(struct slice in)
{
	struct tx *tx;
	const struct hash chain = {{0}};
	if (tx_decode(&tx, in) != ERR_OK)
		return;
	bug_if(!slice_eq(tx->bytes, in));
	if (tx->form == VERDICT_OK) {
		bug_if(tx->n_signatures == 0 || tx->n_signatures > TX_SIGNATURES_MAX);
		bug_if(tx->b->n_actions == 0 || tx->b->n_actions > TX_ACTIONS_MAX);
		bug_if(tx->member.n == 0 || tx->member.n > MEMBER_ID_MAX);
		bug_if(tx->body.p < tx->bytes.p || tx->body.p + tx->body.n > tx->bytes.p + tx->bytes.n);
		tx_verify(tx, &chain);
	} else {
		bug_if(tx->form_text.text[0] == 0);
	}
	bug_if(tx->signatures_good && tx->form != VERDICT_OK);
	tx_free(tx);
}

static void block(struct slice in)
{
	struct block_record r;
	struct buf again = BUF_INIT;
	if (!block_record_decode(&r, in))
		return;
	block_record_head(&again, &r);
	buf_put_slice(&again, r.packets);
	bug_if(buf_err(&again) == ERR_OK && !slice_eq(buf_slice(&again), in));
	buf_fini(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = slice(data, size);
	struct member m;
	struct member_key k;
	transaction(in);
	block(in);
	if (member_decode(&m, in))
		bug_if(m.n_roles > MEMBER_ROLES_MAX);
	if (member_key_decode(&k, in))
		bug_if(k.n_scope > KEY_SCOPE_MAX);
	return 0;
}
