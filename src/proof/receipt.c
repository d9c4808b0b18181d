#include "proof/receipt.h"

enum err receipt_encode(struct buf *out, const struct receipt *r, struct err_text *t)
{
	size_t start = out->n;
	if (r->n == 0 || r->first >= r->head.log_size || r->n > r->head.log_size - r->first)
		return err_set(t, ERR_RANGE, "the log of this head does not hold the records");
	buf_put(out, "ARR\1", 4);
	TRY(bundle_signed_head_put(out, &r->head, t));
	buf_put(out, r->head.state_root.b, 32);
	buf_put_varint(out, r->first);
	buf_put_varint(out, r->n);
	for (size_t i = 0; i < r->n; i++)
		buf_put_lp(out, r->records[i]);
	buf_put_varint(out, r->path->n);
	for (unsigned i = 0; i < r->path->n; i++)
		buf_put(out, r->path->h[i].b, 32);
	TRY(buf_err(out));
	if (out->n - start > RECEIPT_BYTES_MAX)
		return err_set(t, ERR_LIMIT, "a receipt of %zu bytes", out->n - start);
	return ERR_OK;
}
