#include "crypto/merkle.h"

#include "crypto/sha256.h"

void merkle_leaf(struct hash *out, struct slice item)
{
	struct sha256 h;
	sha256_init(&h);
	sha256_update(&h, "\0", 1);
	sha256_update_slice(&h, item);
	sha256_final(&h, out);
}

void merkle_inner(struct hash *out, const struct hash *left, const struct hash *right)
{
	uint8_t b[65];
	b[0] = 1;
	memcpy(b + 1, left->b, 32);
	memcpy(b + 33, right->b, 32);
	sha256(out, slice(b, sizeof b));
}

void merkle_init(struct merkle *m)
{
	m->n = 0;
}

void merkle_add_leaf(struct merkle *m, const struct hash *leaf)
{
	struct hash h = *leaf;
	unsigned k = 0;
	for (; m->n >> k & 1; k++)
		merkle_inner(&h, &m->peaks[k], &h);
	m->peaks[k] = h;
	m->n++;
}

void merkle_add(struct merkle *m, struct slice item)
{
	struct hash h;
	merkle_leaf(&h, item);
	merkle_add_leaf(m, &h);
}

void merkle_root(const struct merkle *m, struct hash *out)
{
	bool any = false;
	for (unsigned k = 0; k < 64; k++) {
		if (!(m->n >> k & 1))
			continue;
		if (any)
			merkle_inner(out, &m->peaks[k], out);
		else
			*out = m->peaks[k];
		any = true;
	}
	if (!any)
		sha256(out, slice(NULL, 0));
}
