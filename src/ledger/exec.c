/*
 * exec: what the application sees of state and log while it executes (app.h), and the work
 * that it does counted. In a block that is what is staged, in a trial the trial's copy.
 */
#include "ledger/inner.h"

#include "ledger/trial_state.h"

enum err exec_get(struct exec *x, bool *found, struct slice *value, struct slice key)
{
	if (x->trial)
		return trial_get(x->trial, found, value, key);
	return state_get(x->ledger->state, found, value, key);
}

/* A member or a key changes: who may sign is read again. */
static void senders_forget(struct exec *x, struct slice key)
{
	if (!x->trial && (slice_starts(key, "k/") || slice_starts(key, "m/")))
		x->ledger->staged_senders = (struct senders){0};
}

void exec_work(struct exec *x, uint64_t rows, uint64_t kib)
{
	struct work *w = &x->work;
	if (!x->tx)
		return;
	w->action_rows += rows;
	w->tx += rows + kib;
	w->block += rows + kib;
	if (w->over)
		return;
	w->over = w->action_rows > WORK_ACTION_ROWS_MAX ? WORK_OVER_ACTION
		  : w->tx > WORK_TX_MAX			? WORK_OVER_TX
		  : w->block > WORK_BLOCK_MAX		? WORK_OVER_BLOCK
							: WORK_WITHIN;
}

bool exec_action(struct exec *x, uint32_t index)
{
	arena_reset(x->arena);
	if (x->work.over)
		return false; /* action_index says still whose fault it was */
	x->action_index = index;
	x->work.action_rows = 0;
	return true;
}

bool exec_touch(struct exec *x, uint64_t rows)
{
	exec_work(x, rows, 0);
	return !x->work.over;
}

enum err exec_put_touched(struct exec *x, struct slice key, struct slice value)
{
	senders_forget(x, key);
	if (x->trial)
		return trial_put(x->trial, &value, key);
	return state_put(x->ledger->state, key, value);
}

enum err exec_put(struct exec *x, struct slice key, struct slice value)
{
	exec_work(x, 1, value.n > 1024 ? work_kib(value.n) - 1 : 0);
	return exec_put_touched(x, key, value);
}

enum err exec_del(struct exec *x, struct slice key)
{
	exec_work(x, 1, 0);
	senders_forget(x, key);
	if (x->trial)
		return trial_put(x->trial, NULL, key);
	return state_del(x->ledger->state, key);
}

uint64_t exec_next_index(const struct exec *x)
{
	return x->trial ? trial_next_index(x->trial) : mlog_size(x->ledger->mlog);
}

enum err exec_record(struct exec *x, uint64_t *index, struct hash *digest, struct slice record)
{
	exec_work(x, 0, work_kib(record.n));
	if (x->trial)
		return trial_record(x->trial, index, digest, record);
	return mlog_append(x->ledger->mlog, index, digest, record);
}

enum err exec_read_record(struct exec *x, struct buf *out, uint64_t index)
{
	size_t before = out->n;
	enum err e = x->trial ? trial_read_record(x->trial, out, index)
			      : ledger_record_read(x->ledger, out, index);
	/* What the state names is there: anything else is no "there is none". */
	TRY(e == ERR_NOTFOUND ? ERR_CORRUPT : e);
	exec_work(x, 0, work_kib(out->n - before));
	return ERR_OK;
}

enum err view_get(struct view *w, bool *found, struct slice *value, struct slice key)
{
	if (w->x)
		return exec_get(w->x, found, value, key);
	buf_clear(w->space);
	TRY(state_read_peek(w->read, found, w->space, key));
	*value = buf_slice(w->space);
	return buf_err(w->space);
}
