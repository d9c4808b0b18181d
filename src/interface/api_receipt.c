/*
 * Receipts: a transaction's records and their place in the log, for its sender to keep. By its
 * member and id, or by the log index of one of its records.
 */
#include "interface/api_inner.h"

void api_receipt(struct api_call *c)
{
	struct node_past past;
	struct err_text t = {""};
	uint64_t index;
	enum err e = ERR_OK;
	if (!api_number(&index, c->rest)) {
		struct slice member;
		uint8_t id[TX_ID_BYTES];
		if (!api_transaction_named(c, &member, id))
			return;
		e = node_past_find(c->node, &past, member, id, &t);
		if (e == ERR_OK && past.records == 0)
			e = err_set(&t, ERR_NOTFOUND,
				    "this transaction recorded nothing: there is nothing to give a "
				    "receipt for");
		index = past.first_index;
	}
	if (e == ERR_OK)
		e = node_receipt(c->node, &c->out->body, index, &t);
	if (e != ERR_OK)
		api_fault(c, e, &t);
	else
		c->out->content_type = "application/octet-stream";
}
