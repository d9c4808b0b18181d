#include "ledger/trial_state.h"

#include <stdlib.h>

/* ---- the table ---- */

static size_t slot_of(const struct trial *t, struct slice key)
{
	uint64_t h = t->seed;
	for (size_t i = 0; i < key.n; i++) {
		h = (h ^ key.p[i]) * 0x9e3779b97f4a7c15u;
		h ^= h >> 32;
	}
	size_t at = (size_t)h & (t->slots - 1);
	while (t->table[at].key.p && !slice_eq(t->table[at].key, key))
		at = (at + 1) & (t->slots - 1);
	return at;
}

static enum err table_grow(struct trial *t)
{
	struct entry *old = t->table;
	size_t n = t->slots;
	/* Undo names slots: it is only the table's between transactions that may move. */
	struct entry *table = calloc(n * 2, sizeof *table);
	if (!table)
		return ERR_NOMEM;
	size_t *moved = malloc(n * sizeof *moved);
	if (!moved) {
		free(table);
		return ERR_NOMEM;
	}
	t->table = table;
	t->slots = n * 2;
	for (size_t i = 0; i < n; i++) {
		if (!old[i].key.p)
			continue;
		moved[i] = slot_of(t, old[i].key);
		t->table[moved[i]] = old[i];
	}
	for (size_t i = 0; i < t->n_undo; i++)
		t->undo[i].slot = moved[t->undo[i].slot];
	free(moved);
	free(old);
	return ERR_OK;
}

static enum err kept(struct trial *t, struct slice *out, struct slice s)
{
	uint8_t *p = arena_alloc(t->keep, s.n + 1); /* never NULL, also of an empty one */
	if (!p)
		return ERR_NOMEM;
	if (s.n)
		memcpy(p, s.p, s.n);
	t->bytes += s.n + 1;
	*out = slice(p, s.n);
	return ERR_OK;
}

/* The entry of a key, read from the newest commit where it is new. */
static enum err entry_of(struct trial *t, size_t *slot, struct slice key)
{
	struct state_read read;
	struct entry e = {.found = false};
	t->rows++;
	*slot = slot_of(t, key);
	if (t->table[*slot].key.p)
		return ERR_OK;
	if (t->n_entries * 2 >= t->slots) {
		TRY(table_grow(t));
		*slot = slot_of(t, key);
	}
	buf_clear(&t->space);
	TRY(state_read_begin(&read, t->l->state));
	enum err got = state_read_peek(&read, &e.found, &t->space, key);
	state_read_end(&read);
	TRY(got);
	TRY(buf_err(&t->space));
	TRY(kept(t, &e.key, key));
	if (e.found)
		TRY(kept(t, &e.value, buf_slice(&t->space)));
	t->bytes += 2 * sizeof e;
	t->table[*slot] = e;
	t->n_entries++;
	return ERR_OK;
}

/* ---- what exec_ functions come to ---- */

enum err trial_get(struct trial *t, bool *found, struct slice *value, struct slice key)
{
	size_t slot;
	TRY(entry_of(t, &slot, key));
	*found = t->table[slot].found;
	*value = t->table[slot].value;
	return ERR_OK;
}

enum err trial_put(struct trial *t, const struct slice *value, struct slice key)
{
	size_t slot;
	struct slice copy = {NULL, 0};
	if (key.n > STATE_KEY_MAX || (value && value->n > STATE_VALUE_MAX))
		return ERR_LIMIT;
	TRY(entry_of(t, &slot, key));
	if (value)
		TRY(kept(t, &copy, *value));
	if (t->n_undo == t->cap_undo) {
		size_t cap = t->cap_undo ? 2 * t->cap_undo : 256;
		struct undone *more = realloc(t->undo, cap * sizeof *more);
		if (!more)
			return ERR_NOMEM;
		t->undo = more;
		t->cap_undo = cap;
	}
	struct entry *e = &t->table[slot];
	t->undo[t->n_undo++] = (struct undone){slot, e->value, e->found};
	e->value = copy;
	e->found = value != NULL;
	return ERR_OK;
}

uint64_t trial_next_index(const struct trial *t)
{
	return t->first_index + t->n_records;
}

enum err trial_record(struct trial *t, uint64_t *index, struct hash *digest, struct slice record)
{
	if (record.n > MLOG_RECORD_MAX)
		return ERR_LIMIT;
	if (t->n_records == t->cap_records) {
		size_t cap = t->cap_records ? 2 * t->cap_records : 256;
		struct slice *more = realloc(t->records, cap * sizeof *more);
		if (!more)
			return ERR_NOMEM;
		t->records = more;
		t->cap_records = cap;
	}
	TRY(kept(t, &t->records[t->n_records], record));
	if (digest)
		mlog_leaf_hash(digest, record);
	*index = t->first_index + t->n_records++;
	return ERR_OK;
}

enum err trial_read_record(struct trial *t, struct buf *out, uint64_t index)
{
	if (index < t->first_index)
		return ledger_read_record(t->l, out, index);
	if (index - t->first_index >= t->n_records)
		return ERR_NOTFOUND;
	buf_put_slice(out, t->records[index - t->first_index]);
	return buf_err(out);
}

size_t trial_mark(const struct trial *t)
{
	return t->n_undo;
}

void trial_undo(struct trial *t, size_t mark, uint64_t next_index)
{
	while (t->n_undo > mark) {
		const struct undone *u = &t->undo[--t->n_undo];
		t->table[u->slot].value = u->value;
		t->table[u->slot].found = u->found;
	}
	t->n_records = (size_t)(next_index - t->first_index);
}
