/*
 * Row 5: the disk is full.
 *
 * A node on a small file system of its own (tmpfs, in a mount namespace):
 *
 *  - with a floor: the disk fills up to it; submissions are refused with ERR_NOSPACE, the
 *    status says so, reads and proofs go on; there is room again, and the node goes on
 *    without a restart; what it had accepted before is answered;
 *  - without a floor: the journal itself meets the full disk. The node stops, says why, still
 *    reads, and closes. With the disk still full, opening works or says why it does not; with
 *    room it works, and everything that was acknowledged is there once.
 *
 *	disk_full_row [CYCLES]
 *
 * CYCLES of each: 20, or the environment's ARGOSY_FULL_CYCLES. Where a file system cannot be
 * mounted the row is skipped.
 */
#include "row_node.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

enum { DISK_MB = 64, FLOOR_MB = 16, ACKED_MAX = 100000 };

static struct row_node r;
static char dir[200], mount_point[230], ballast[260];
static uint64_t next = 1, n_acked;
static struct {
	uint64_t number;
	int64_t height;
} acked[ACKED_MAX];

static _Noreturn void wrong(const char *what, const char *detail)
{
	printf("row 5: WRONG: %s (%s)\n", what, detail ? detail : "");
	fflush(stdout);
	_exit(1);
}

/* ---- the small disk ---- */

static bool put_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	if (fd >= 0)
		close(fd);
	return good;
}

/* False: this machine does not let us. */
static bool mounted(void)
{
	char size[40], map[60];
	uid_t uid = getuid();
	gid_t gid = getgid();
	if (unshare(CLONE_NEWNS) != 0) {
		if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
			return false;
		snprintf(map, sizeof map, "0 %u 1", uid);
		if (!put_text("/proc/self/setgroups", "deny") ||
		    !put_text("/proc/self/uid_map", map))
			return false;
		snprintf(map, sizeof map, "0 %u 1", gid);
		if (!put_text("/proc/self/gid_map", map))
			return false;
	}
	snprintf(size, sizeof size, "size=%dm", DISK_MB);
	return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("none", mount_point, "tmpfs", 0, size) == 0;
}

static uint64_t room(void)
{
	uint64_t free_bytes = 0, total;
	if (io_space(io_posix(), mount_point, &free_bytes, &total, NULL) != ERR_OK)
		wrong("the disk cannot be asked", NULL);
	return free_bytes;
}

/* Fills the disk until this much is left. */
static void fill(uint64_t left)
{
	int fd = open(ballast, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) != 0)
		wrong("no ballast", strerror(errno));
	uint64_t have = room();
	if (have > left && posix_fallocate(fd, st.st_size, (off_t)(have - left)) != 0)
		wrong("no ballast", "fallocate");
	close(fd);
}

static void make_room(void)
{
	if (unlink(ballast) != 0)
		wrong("the ballast stays", strerror(errno));
}

/* ---- what must be so ---- */

static void ack(uint64_t number, const struct node_answer *a)
{
	if (a->verdict != VERDICT_OK)
		wrong("a transaction was refused", verdict_name(a->verdict));
	if (n_acked == ACKED_MAX)
		wrong("too many for this test", NULL);
	acked[n_acked].number = number;
	acked[n_acked++].height = a->height;
}

static struct row_tx tx_of(uint64_t number)
{
	return (struct row_tx){.number = number, .events = 1 + (unsigned)(number % 4)};
}

/* The acknowledged ones from `from` on: there once, each of them. */
static void all_there(uint64_t from)
{
	for (uint64_t i = from; i < n_acked; i++) {
		struct row_tx tx = tx_of(acked[i].number);
		const char *what = row_present(&r, &tx, acked[i].height, UINT64_MAX);
		if (what)
			wrong("after a full disk", what);
	}
}

static void submit_good(void)
{
	struct row_tx tx = tx_of(next);
	struct node_answer a;
	struct err_text t = {{0}};
	if (row_submit(&r, &a, &tx, &t) != ERR_OK)
		wrong("nothing is accepted though there is room", t.text);
	ack(next++, &a);
}

/* How often one looks, each hundredth of a second: ten minutes, which end a hang alone. */
enum { LOOKS = 60000 };

/* Looks until the status is so. */
static void wait_full(bool full)
{
	struct node_status s;
	for (int i = 0; i < LOOKS; i++) {
		node_status(r.node, &s);
		if (s.stopped)
			wrong("the node stopped", s.why);
		if (s.disk_full == full)
			return;
		usleep(10000);
	}
	wrong(full ? "the full disk is not noticed" : "the room is not noticed", NULL);
}

static void prove_something(void)
{
	struct buf out = BUF_INIT;
	struct err_text t = {{0}};
	char epc[80];
	row_item(epc, acked[n_acked / 2].number, 0);
	/* On a full disk no block can carry what is new: what a header carries already can still
	 * be proven. */
	enum err e = node_prove(r.node, &out, slice_str(epc), &(struct node_prove_options){0}, &t);
	if (e != ERR_OK)
		wrong("no proof", t.text);
	buf_fini(&out);
}

/* ---- with a floor ---- */

static unsigned unfit; /* accepted, then answered that there is no room */

struct waiting {
	_Atomic bool answered;
	struct node_answer answer;
};

static void answered(void *ctx, const struct node_answer *a)
{
	struct waiting *w = ctx;
	if (a)
		w->answer = *a;
	w->answered = true;
}

static void floor_cycle(void)
{
	static struct waiting waits[2000];
	uint64_t numbers[2000], before = n_acked;
	size_t n = 0;
	struct err_text t = {{0}};
	for (int i = 0; i < 5; i++)
		submit_good();
	prove_something(); /* so there is a block that carries them */
	fill(((uint64_t)FLOOR_MB << 20) - (1 << 20));
	enum err e = ERR_OK;
	/* Some may be accepted still; in the end none is, and these are five minutes. */
	for (; e == ERR_OK && n < 2000; n++) {
		struct row_tx tx = tx_of(next);
		struct buf bytes = row_sign(&r, &tx);
		waits[n] = (struct waiting){0};
		numbers[n] = next;
		e = node_submit_async(r.node, buf_slice(&bytes), answered, &waits[n], &t);
		buf_fini(&bytes);
		if (e == ERR_OK) {
			next++;
			usleep(n < 500 ? 20000 : 200000);
		} else {
			n--;
		}
	}
	if (e == ERR_OK)
		wrong("it goes on accepting on a full disk", NULL);
	if (e != ERR_NOSPACE || !strstr(t.text, "disk"))
		wrong("the refusal does not say why", t.text);
	wait_full(true);
	/* Nobody waits for room: what is in no block is answered so. */
	for (size_t i = 0; i < n; i++) {
		for (int k = 0; k < LOOKS && !waits[i].answered; k++)
			usleep(10000);
		if (!waits[i].answered)
			wrong("what was accepted is not answered on a full disk", NULL);
		if (waits[i].answer.unfit == ERR_OK)
			ack(numbers[i], &waits[i].answer);
		else if (waits[i].answer.unfit != ERR_NOSPACE)
			wrong("another answer than that the disk is full", NULL);
		else
			unfit++;
	}
	all_there(before);
	prove_something();
	make_room();
	wait_full(false);
	/* And truly was in none: sent again, it is done for the first time. */
	for (size_t i = 0; i < n; i++) {
		struct row_tx tx = tx_of(numbers[i]);
		struct node_answer a;
		if (waits[i].answer.unfit == ERR_OK)
			continue;
		if (row_submit(&r, &a, &tx, &t) != ERR_OK)
			wrong("what was answered as not done cannot be done", t.text);
		if (a.duplicate)
			wrong("what was answered as not done was done", NULL);
		ack(numbers[i], &a);
	}
	for (int i = 0; i < 5; i++)
		submit_good();
	all_there(before);
}

/* ---- without ---- */

static const struct node_options no_floor = {.disk_floor_bytes = UINT64_MAX};
static unsigned refused_to_open, opened_full;

static void stop_cycle(unsigned cycle)
{
	struct node_status s = {0};
	struct node_answer a;
	struct err_text t = {{0}};
	uint64_t before = n_acked;
	fill(8192 + (uint64_t)cycle * 23 * 1024);
	enum err e = ERR_OK;
	uint64_t last = next;
	while (e == ERR_OK && next < last + 20000) {
		struct row_tx tx = tx_of(next);
		e = row_submit(&r, &a, &tx, &t);
		if (e == ERR_OK)
			ack(next, &a);
		next++;
	}
	if (e == ERR_OK)
		wrong("the disk never got full", NULL);
	node_status(r.node, &s);
	if (!s.stopped || !strstr(s.why, "space"))
		wrong("it does not say that the disk is full", s.why);
	all_there(before);
	row_close(&r);
	/* Still full. */
	e = row_open_with(&r, no_floor, &t);
	if (e == ERR_OK) {
		opened_full++;
		all_there(before);
		row_close(&r);
	} else if (!strchr(t.text, '/')) {
		wrong("it does not open on the full disk and does not say which file", t.text);
	} else {
		refused_to_open++;
	}
	make_room();
	e = row_open_with(&r, no_floor, &t);
	if (e != ERR_OK)
		wrong("it does not open though there is room", t.text);
	all_there(before);
	for (uint64_t i = before; i < n_acked; i++) {
		struct row_tx tx = tx_of(acked[i].number);
		if (row_submit(&r, &a, &tx, &t) != ERR_OK || !a.duplicate ||
		    a.height != acked[i].height)
			wrong("asked again, another answer", t.text);
	}
	/* What was under way: whole, or not at all, and then it can be done. */
	struct row_tx tx = tx_of(next - 1);
	if (row_submit(&r, &a, &tx, &t) != ERR_OK)
		wrong("what was under way cannot be done", t.text);
	const char *what = row_present(&r, &tx, a.height, UINT64_MAX);
	if (what)
		wrong("what was under way", what);
	ack(next - 1, &a);
	for (int i = 0; i < 5; i++)
		submit_good();
}

int main(int argc, char **argv)
{
	unsigned cycles = (unsigned)row_count(argc, argv, "ARGOSY_FULL_CYCLES", 20);
	struct ledger_audit audit;
	struct err_text t = {{0}};
	char node[250];
	setvbuf(stdout, NULL, _IOLBF, 0);
	row_folder(dir, sizeof dir, "full");
	snprintf(mount_point, sizeof mount_point, "%s/disk", dir);
	snprintf(ballast, sizeof ballast, "%s/ballast", mount_point);
	snprintf(node, sizeof node, "%s/node", mount_point);
	if (mkdir(mount_point, 0700) != 0)
		wrong("no folder", strerror(errno));
	if (!mounted()) {
		printf("SKIP: row 5, disk full: no file system can be mounted here (%s)\n",
		       strerror(errno));
		row_remove(dir);
		return 0;
	}
	row_create(&r, node);
	enum err e = row_open_with(
		&r, (struct node_options){.disk_floor_bytes = (uint64_t)FLOOR_MB << 20}, &t);
	if (e != ERR_OK)
		row_die("open", e, &t);
	for (unsigned i = 0; i < cycles; i++)
		floor_cycle();
	row_close(&r);
	uint64_t with_floor = n_acked;
	e = row_open_with(&r, no_floor, &t);
	if (e != ERR_OK)
		row_die("open", e, &t);
	for (unsigned i = 0; i < cycles; i++)
		stop_cycle(i);
	all_there(0);
	row_close(&r);
	e = node_verify(&audit, node, NULL, &t);
	if (e != ERR_OK)
		wrong("the whole check", t.text);
	printf("row 5: disk full: %u cycles at the floor (refused, %u accepted ones told so, reads "
	       "went on, went on without restart), %u "
	       "in the journal itself (stopped and said so; on the full disk it then opened %u "
	       "times and said "
	       "why not %u times); %" PRIu64 " + %" PRIu64 " acknowledged, 0 lost\n",
	       cycles, unfit, cycles, opened_full, refused_to_open, with_floor,
	       n_acked - with_floor);
	if (umount2(mount_point, MNT_DETACH) == 0)
		row_remove(dir);
	return 0;
}
