#include "state/leaves.h"

#include <stdlib.h>

void leaf_list_fini(struct leaf_list *l)
{
	free(l->at);
	*l = (struct leaf_list){NULL, 0, 0};
}

enum err leaf_list_grow(struct leaf_list *l)
{
	size_t cap = l->cap ? 2 * l->cap : 128;
	struct trie_leaf *at = realloc(l->at, cap * sizeof *at);
	if (!at)
		return ERR_NOMEM;
	l->at = at;
	l->cap = cap;
	return ERR_OK;
}

enum err leaves_merge(struct leaf_list *out, const struct leaf_list *old, const struct touch *t,
		      size_t n)
{
	size_t i = 0;
	for (size_t k = 0; k < n; k++) {
		if (t[k].kind == TOUCH_READ)
			continue;
		int c = 1;
		while (i < old->n && (c = memcmp(old->at[i].key_hash, t[k].key_hash, 32)) < 0) {
			TRY(leaf_list_put(out, old->at[i].key_hash, old->at[i].hash));
			i++;
		}
		if (i < old->n && c == 0)
			i++;
		if (t[k].kind == TOUCH_PUT)
			TRY(leaf_list_put(out, t[k].key_hash, t[k].leaf));
	}
	for (; i < old->n; i++)
		TRY(leaf_list_put(out, old->at[i].key_hash, old->at[i].hash));
	return ERR_OK;
}
