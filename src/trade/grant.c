#include "trade/grant.h"

#include "trade/owner.h"

bool grant_decode(struct grant *g, struct slice value)
{
	struct reader r = reader_of(value);
	*g = (struct grant){0};
	if (reader_u8(&r) != 'G' || reader_u8(&r) != 1)
		return false;
	g->until_ms = reader_zigzag(&r);
	g->recorded1 = reader_varint(&r);
	return !r.bad && reader_left(&r) == 0;
}

bool grant_key(struct state_key *k, struct slice *key, struct slice subject, struct slice granter,
	       struct slice member, struct slice step)
{
	struct buf b = buf_over(k->b, sizeof k->b);
	buf_put_str(&b, "r/");
	buf_put_slice(&b, subject);
	buf_put_u8(&b, '/');
	buf_put_slice(&b, granter);
	buf_put_u8(&b, '/');
	buf_put_slice(&b, member);
	buf_put_u8(&b, '/');
	for (size_t i = 0; i < step.n; i++)
		buf_put_u8(&b, step.p[i] == '/' ? ' ' : step.p[i]);
	*key = buf_slice(&b);
	return !b.failed;
}

/* One subject or product, by one granter: for any step, then for this one. */
static enum err granted_by(struct act *a, bool *yes, struct slice subject, struct slice granter)
{
	struct slice steps[2] = {slice(NULL, 0), a->p->step};
	if (granter.n == 0)
		return ERR_OK;
	for (unsigned i = 0; i < 2 && !*yes; i++) {
		struct state_key k;
		struct slice key, v;
		struct grant g;
		bool found;
		if ((i == 1 && steps[i].n == 0) ||
		    !grant_key(&k, &key, subject, granter, a->sender, steps[i]))
			break;
		TRY(exec_get(a->x, &found, &v, key));
		if (found && !grant_decode(&g, v))
			return ERR_CORRUPT;
		*yes = found && (!g.until_ms || a->x->time_ms <= g.until_ms);
	}
	return ERR_OK;
}

enum err grant_covers_product(struct act *a, bool *yes, struct slice owner,
			      const struct prepared_subject *ps)
{
	struct slice product = product_of(ps->id, ps->gs1);
	*yes = false;
	return product.n ? granted_by(a, yes, product, owner) : ERR_OK;
}

enum err grant_covers(struct act *a, bool *yes, struct slice owner, struct slice holder,
		      const struct prepared_subject *ps)
{
	*yes = false;
	TRY(granted_by(a, yes, ps->id, owner));
	if (!*yes && !slice_eq(holder, owner))
		TRY(granted_by(a, yes, ps->id, holder));
	if (!*yes && owner.n && !slice_eq(product_of(ps->id, ps->gs1), ps->id))
		TRY(grant_covers_product(a, yes, owner, ps));
	return ERR_OK;
}
