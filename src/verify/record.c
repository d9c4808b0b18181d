/*
 * record: log records in a bundle, bound to the histories by their digests, and as much
 * of their frame (docs/format/record.md) as the journey needs.
 */
#include "verify/inside.h"

enum { WIRE_VARINT = 0, WIRE_BYTES = 2 };

/* Action{1: Event{1: type}}. The bytes are those that the
 * ledger took in, but nothing is assumed of them: anything odd is "no". `tag` is the field's
 * number x 8 and its wire type; the one of these that it has is written, if it is found. */
static bool find_field(struct slice message, uint64_t tag, struct slice *out, uint64_t *number)
{
	struct reader r = reader_of(message);
	while (reader_left(&r)) {
		uint64_t now = reader_varint(&r), v = 0;
		struct slice bytes = {NULL, 0};
		switch (now & 7) {
		case WIRE_VARINT:
			v = reader_varint(&r);
			break;
		case 1:
			reader_bytes(&r, 8);
			break;
		case WIRE_BYTES:
			bytes = reader_lp(&r);
			break;
		case 5:
			reader_bytes(&r, 4);
			break;
		default:
			return false;
		}
		if (r.bad)
			return false;
		if (now != tag)
			continue;
		*out = bytes;
		*number = v;
		return true;
	}
	return false;
}

static void read_action(struct record_frame *f, struct slice action)
{
	struct slice event = {NULL, 0};
	uint64_t number = 0;
	if (!find_field(action, 1 << 3 | WIRE_BYTES, &event, &number))
		return;
	if (find_field(event, 1 << 3 | WIRE_VARINT, &event, &number))
		f->event_type = number;
}

static bool read_frame(struct work *w, struct record_frame *f, struct slice record)
{
	struct reader r = reader_of(record);
	bool good = reader_u8(&r) == 'R';
	uint8_t version = reader_u8(&r);
	if (good && !r.bad && version != 1)
		return refuse(w, VERIFY_VERSION, "a log record of version %u", version);
	reader_varint(&r);		    /* height */
	reader_zigzag(&r);		    /* time */
	reader_varint(&r);		    /* transaction */
	reader_varint(&r);		    /* action */
	reader_lp(&r);			    /* member */
	reader_bytes(&r, 32 + 16 + 1 + 32); /* key, id, kind, event hash */
	uint64_t n = reader_varint(&r);
	if (!good || r.bad || n > RECORD_SUBJECTS_MAX_ || n > reader_left(&r) / 5)
		return refuse(w, VERIFY_RECORD, "a log record is malformed");
	f->n = (size_t)n;
	f->entries = take_memory(w, f->n * sizeof *f->entries);
	if (!f->entries)
		return false;
	for (size_t i = 0; i < f->n; i++) {
		f->entries[i].role = reader_u8(&r);
		f->entries[i].mode = reader_u8(&r);
		f->entries[i].id = reader_lp(&r);
		f->entries[i].number = reader_varint(&r);
		reader_varint(&r); /* the record before */
		if (f->entries[i].mode == MODE_VOID || f->entries[i].mode == MODE_VOID_CLAIM)
			reader_varint(&r); /* the entry that is voided */
		if (r.bad)
			break;
		if (f->entries[i].role < ROLE_FIRST || f->entries[i].role > ROLE_LAST ||
		    f->entries[i].mode > MODE_VOID_CLAIM)
			return refuse(w, VERIFY_VERSION, "a log record lists a subject by role %u, mode %u",
				      f->entries[i].role, f->entries[i].mode);
	}
	read_action(f, reader_lp(&r));
	if (r.bad || r.p != r.end)
		return refuse(w, VERIFY_RECORD, "a log record is malformed");
	return true;
}

bool read_records(struct work *w)
{
	uint64_t n = reader_varint(&w->in), last_s = 0, last_e = 0;
	if (n > RECORDS_MAX)
		return refuse(w, VERIFY_LIMIT, "%llu records", (unsigned long long)n);
	w->frames = take_memory(w, (size_t)n * sizeof *w->frames);
	if (!w->frames)
		return false;
	for (uint64_t i = 0; i < n; i++) {
		uint64_t s = reader_varint(&w->in), e = reader_varint(&w->in);
		struct slice record = reader_lp(&w->in);
		if (w->in.bad || s >= w->r->n_subjects || e >= w->r->subjects[s].n_events)
			return refuse(w, VERIFY_FORMAT, "record %llu", (unsigned long long)i);
		if (i && (s < last_s || (s == last_s && e <= last_e)))
			return refuse(w, VERIFY_FORMAT, "records out of order");
		struct verify_event *event = &w->r->subjects[s].events[e];
		struct hash digest;
		h_leaf(&digest, record);
		if (!commits(digest.b, event->digest))
			return refuse(w, VERIFY_RECORD, "event %llu of %s",
				      (unsigned long long)e + 1, w->r->subjects[s].id);
		event->record = record.p;
		event->record_n = record.n;
		w->frames[i].subject = (size_t)s;
		w->frames[i].event = (size_t)e;
		if (!read_frame(w, &w->frames[i], record))
			return false;
		last_s = s;
		last_e = e;
	}
	w->n_frames = (size_t)n;
	return !w->in.bad || refuse(w, VERIFY_FORMAT, "cut in the records");
}

const struct record_frame *frame_of(const struct work *w, size_t subject, size_t event)
{
	size_t low = 0, high = w->n_frames;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct record_frame *f = &w->frames[mid];
		if (f->subject == subject && f->event == event)
			return f;
		if (f->subject < subject || (f->subject == subject && f->event < event))
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}
