#include "node/clock.h"

#include <time.h>

_Atomic int64_t clock_test_shift_ns;

static int64_t read_clock(clockid_t id)
{
	struct timespec ts;
	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

int64_t clock_wall_ns(void)
{
	return read_clock(CLOCK_REALTIME) + clock_test_shift_ns;
}

int64_t clock_mono_ns(void)
{
	/* Boot time counts sleep too: a laptop that slept has not jumped. */
	return read_clock(CLOCK_BOOTTIME);
}

void clock_watch_init(struct clock_watch *w)
{
	*w = (struct clock_watch){clock_wall_ns(), clock_mono_ns(), false};
}

bool clock_watch_now(struct clock_watch *w, int64_t *wall_ns)
{
	int64_t wall = clock_wall_ns(), mono = clock_mono_ns();
	if (wall - w->wall_ns > mono - w->mono_ns + CLOCK_JUMP_NS)
		w->held = true;
	else
		w->held = false;
	if (w->held)
		return false;
	w->wall_ns = wall;
	w->mono_ns = mono;
	*wall_ns = wall;
	return true;
}

void clock_watch_confirm(struct clock_watch *w)
{
	clock_watch_init(w);
}
