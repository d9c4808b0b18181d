/*
 * The journal's records behind a block, as they lie, for who executes the chain himself
 * (argosy witness follow). A page ends when it has grown large; the next one is asked for behind
 * the last block in it.
 *
 *   page: each record: u8 type, lp payload (docs/format/block.md, bundle.md "Epochs")
 */
#include "interface/api_inner.h"

#include <stdio.h>

enum { PAGE_BYTES = 4 << 20 }; /* one record more may stand in it */

static bool record_put(void *ctx, uint8_t type, struct slice payload)
{
	struct buf *out = ctx;
	buf_put_u8(out, type);
	buf_put_lp(out, payload);
	return out->n < PAGE_BYTES && !out->failed;
}

void api_journal(struct api_call *c)
{
	uint64_t after;
	struct err_text t = {""};
	if (!api_param_number(c, &after, "after", 0, 0, INT64_MAX))
		return;
	enum err e = ledger_journal_each(c->ledger, (int64_t)after, record_put, &c->out->body, &t);
	if (e == ERR_NOTFOUND)
		snprintf(t.text, sizeof t.text, "there is no block %llu yet",
			 (unsigned long long)after);
	if (e != ERR_OK)
		api_fault(c, e, &t);
	else
		c->out->content_type = "application/octet-stream";
}
