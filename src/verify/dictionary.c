#include "verify/inside.h"

static const char *const steps[] = {
	/* 1 */ "accepting",
	"arriving",
	"assembling",
	"collecting",
	"commissioning",
	"consigning",
	"creating_class_instance",
	"cycle_counting",
	"decommissioning",
	"departing",
	/* 11 */ "destroying",
	"disassembling",
	"dispensing",
	"encoding",
	"entering_exiting",
	"holding",
	"inspecting",
	"installing",
	"killing",
	"loading",
	/* 21 */ "other",
	"packing",
	"picking",
	"receiving",
	"removing",
	"repackaging",
	"repairing",
	"replacing",
	"reserving",
	"retail_selling",
	/* 31 */ "sampling",
	"sensor_reporting",
	"shipping",
	"staging_outbound",
	"stock_taking",
	"stocking",
	"storing",
	"transporting",
	"unloading",
	"unpacking",
	"void_shipping",
	/* 42 */ "document",
	"register_product",
	"register_location",
	"register_prefix",
	"define_lot",
	"issue_credential",
	"revoke_credential",
	"offer_custody",
	"accept_custody",
	"decline_custody",
	/* 52 */ "grant_step",
	"revoke_grant",
	"admit_member",
	"set_member",
	"add_key",
	"revoke_key",
	"disown_key",
	"attach",
	"erase_attachment",
	"statement",
};

enum { STEPS = sizeof steps / sizeof *steps };
_Static_assert(STEPS == 61, "the table of docs/format/bundle.md");

const char *step_by_number(uint64_t number)
{
	return number >= 1 && number <= STEPS ? steps[number - 1] : NULL;
}

bool step_in_table(const char *s)
{
	for (size_t i = 0; i < STEPS; i++)
		if (strcmp(steps[i], s) == 0)
			return true;
	return false;
}

static size_t common(struct slice a, struct slice b)
{
	size_t n = 0;
	while (n < a.n && n < b.n && a.p[n] == b.p[n])
		n++;
	return n;
}

static struct slice string_of(const struct work *w, size_t i)
{
	return slice(w->strings[i], w->lengths[i]);
}

static bool read_string(struct work *w, size_t i)
{
	struct slice before = i ? string_of(w, i - 1) : slice(NULL, 0);
	uint64_t shared = reader_varint(&w->in);
	struct slice rest = reader_lp(&w->in);
	if (w->in.bad || shared > before.n || rest.n > STRING_BYTES ||
	    shared + rest.n > STRING_BYTES || shared + rest.n == 0)
		return refuse(w, VERIFY_FORMAT, "dictionary, string %zu", i);
	size_t n = (size_t)shared + rest.n;
	char *s = take_memory(w, n + 1);
	if (!s)
		return false;
	if (shared)
		memcpy(s, before.p, (size_t)shared);
	if (rest.n)
		memcpy(s + shared, rest.p, rest.n);
	w->strings[i] = s;
	w->lengths[i] = (uint32_t)n;
	struct slice now = slice(s, n);
	if (!utf8_valid(now) || has_control(now))
		return refuse(w, VERIFY_FORMAT, "dictionary, string %zu is not text", i);
	/* Ascending, none twice, and no shorter share than there is: one encoding. */
	if (i && (slice_cmp(before, now) >= 0 || common(before, now) != shared))
		return refuse(w, VERIFY_FORMAT, "dictionary, string %zu is out of order", i);
	return true;
}

bool read_dictionary(struct work *w)
{
	uint64_t n = reader_varint(&w->in);
	if (n > STRINGS_MAX)
		return refuse(w, VERIFY_LIMIT, "dictionary of %llu strings", (unsigned long long)n);
	w->n_strings = (size_t)n;
	w->strings = take_memory(w, w->n_strings * sizeof *w->strings);
	w->lengths = take_memory(w, w->n_strings * sizeof *w->lengths);
	w->used = take_memory(w, w->n_strings * sizeof *w->used);
	w->subject_of = take_memory(w, w->n_strings * sizeof *w->subject_of);
	if (!w->strings || !w->lengths || !w->used || !w->subject_of)
		return false;
	for (size_t i = 0; i < w->n_strings; i++)
		w->subject_of[i] = SIZE_MAX;
	for (size_t i = 0; i < w->n_strings; i++)
		if (!read_string(w, i))
			return false;
	return true;
}

bool dictionary_all_used(struct work *w)
{
	for (size_t i = 0; i < w->n_strings; i++)
		if (!w->used[i])
			return refuse(w, VERIFY_FORMAT, "dictionary, string %zu is not used", i);
	return true;
}

size_t find_string(const struct work *w, struct slice s)
{
	size_t low = 0, high = w->n_strings;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int c = slice_cmp(string_of(w, mid), s);
		if (c == 0)
			return mid;
		if (c < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return SIZE_MAX;
}

const char *use_string(struct work *w, uint64_t number, size_t *length)
{
	if (w->in.bad || number >= w->n_strings) {
		refuse(w, VERIFY_FORMAT, "a reference past the dictionary");
		return NULL;
	}
	w->used[number] = true;
	if (length)
		*length = w->lengths[number];
	return w->strings[number];
}

const char *read_reference(struct work *w, size_t *length)
{
	uint64_t v = reader_varint(&w->in);
	if (v)
		return use_string(w, v - 1, length);
	if (length)
		*length = 0;
	return "";
}
