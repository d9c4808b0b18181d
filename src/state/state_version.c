/*
 * state_version: the versions of a state, how its keys are hashed, and what is said of its damage:
 * what the files of a state rest on.
 */
#include "state/state_priv.h"

#include "crypto/sha256.h"

enum err state_damaged(const struct state *s, struct err_text *t)
{
	return err_set(t, ERR_CORRUPT,
		       "%s: the state is damaged: its rows do not hash to its root; rebuild it "
		       "from the journal with \"argosy reindex\"",
		       s->dir);
}

void state_key_hash(const struct state *s, struct hash *out, struct slice key)
{
	if (s->o.key_hash)
		s->o.key_hash(out, key);
	else
		sha256(out, key);
}

enum err version_set(struct version *v, int64_t height, const struct hash *root, uint64_t keys,
		     struct slice note)
{
	struct buf b = BUF_INIT;
	buf_put_slice(&b, note);
	TRY(buf_err(&b));
	buf_fini(&v->note);
	*v = (struct version){height, *root, keys, b};
	return ERR_OK;
}
