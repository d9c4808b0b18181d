/*
 * Round trip of EPCIS JSON-LD: read, pack, unpack, write; what comes out must
 * mean what went in. "Mean" is judged by a canonical text of each document
 * that knows nothing of the event model: names and prefixed values expanded by
 * the contexts in force, members sorted, numbers as their text.
 *
 * The comparison is itself tested: each member, element, number and used
 * declaration of the written form is taken away or changed in turn, and the
 * canonical text must change each time.
 *
 * Input: GS1's examples in ../shared/data (skipped where absent) and documents
 * of our own below.
 */
#include "data/epcis.h"
#include "data/json.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <cmocka.h>

/* ---- canonical text ---- */

/* Contexts in force: the "@context" values, innermost first. */
struct scope {
	const struct json_value *context;
	const struct scope *up;
};

static const char *const STANDARD[][2] = {
	{"epcis", "https://ref.gs1.org/epcis/"},
	{"cbv", "https://ref.gs1.org/cbv/"},
	{"cbvmda", "urn:epcglobal:cbv:mda:"},
	{"gs1", "https://gs1.org/voc/"},
	{"rdfs", "http://www.w3.org/2000/01/rdf-schema#"},
	{"owl", "http://www.w3.org/2002/07/owl#"},
	{"xsd", "http://www.w3.org/2001/XMLSchema#"},
	{"dcterms", "http://purl.org/dc/terms/"},
};

static const struct json_value *declared_in(const struct json_value *c, struct slice term)
{
	const struct json_value *found = NULL;
	if (c->kind == JSON_OBJECT) {
		for (const struct json_value *m = c->first; m; m = m->next)
			if (slice_eq(m->name, term))
				found = m;
	} else if (c->kind == JSON_ARRAY) {
		for (const struct json_value *k = c->first; k; k = k->next) {
			const struct json_value *m = declared_in(k, term);
			found = m ? m : found;
		}
	}
	return found;
}

static const struct json_value *declared(const struct scope *s, struct slice term)
{
	for (; s; s = s->up) {
		const struct json_value *m = declared_in(s->context, term);
		if (m)
			return m;
	}
	return NULL;
}

/* The namespace of a prefix by the contexts, or an empty slice. */
static struct slice namespace_of(const struct scope *s, struct slice prefix)
{
	const struct json_value *m = declared(s, prefix);
	if (m && m->kind == JSON_STRING)
		return m->text;
	if (m && json_get(m, "@id"))
		return json_get(m, "@id")->text;
	for (size_t i = 0; i < sizeof STANDARD / sizeof *STANDARD; i++)
		if (slice_eq_str(prefix, STANDARD[i][0]))
			return slice_str(STANDARD[i][1]);
	return slice(NULL, 0);
}

static void put_expanded(struct buf *out, const struct scope *s, struct slice text)
{
	const uint8_t *colon = text.n ? memchr(text.p, ':', text.n) : NULL;
	struct slice ns = {NULL, 0};
	size_t n = colon ? (size_t)(colon - text.p) : 0;
	if (colon && !(text.n - n > 2 && memcmp(colon, "://", 3) == 0))
		ns = namespace_of(s, slice(text.p, n));
	if (ns.n) {
		put_expanded(out, s, ns); /* namespaces themselves may be short */
		text = slice(colon + 1, text.n - n - 1);
	}
	buf_put_slice(out, text);
}

static void canon(struct buf *out, const struct scope *s, const struct json_value *v);

static void put_name(struct buf *out, const struct scope *s, struct slice name)
{
	const struct json_value *definition = declared(s, name);
	/* The standard context makes these one: id, eventID are "@id"; type is "@type". */
	if (slice_eq_str(name, "id") || slice_eq_str(name, "eventID"))
		name = SLICE_LIT("@id");
	put_expanded(out, s, name);
	if (definition && definition->kind == JSON_OBJECT) {
		buf_put_str(out, "^^");
		canon(out, s, definition);
	}
}

struct pair {
	struct buf name, value;
};

static int by_name(const void *a, const void *b)
{
	return slice_cmp(buf_slice(&((const struct pair *)a)->name),
			 buf_slice(&((const struct pair *)b)->name));
}

static void canon_object(struct buf *out, const struct scope *up, const struct json_value *v)
{
	struct scope here = {json_get(v, "@context"), up};
	const struct scope *s = here.context ? &here : up;
	struct pair *pairs = calloc(v->count + 1, sizeof *pairs);
	size_t n = 0;
	assert_non_null(pairs);
	for (const struct json_value *m = v->first; m; m = m->next) {
		if (slice_eq_str(m->name, "@context"))
			continue;
		put_name(&pairs[n].name, s, m->name);
		canon(&pairs[n++].value, s, m);
	}
	qsort(pairs, n, sizeof *pairs, by_name);
	buf_put_str(out, "{\n");
	for (size_t i = 0; i < n; i++) {
		buf_put_slice(out, buf_slice(&pairs[i].name));
		buf_put_str(out, " = ");
		buf_put_slice(out, buf_slice(&pairs[i].value));
		buf_fini(&pairs[i].name);
		buf_fini(&pairs[i].value);
	}
	buf_put_str(out, "}\n");
	free(pairs);
}

static void canon(struct buf *out, const struct scope *s, const struct json_value *v)
{
	switch (v->kind) {
	case JSON_OBJECT:
		canon_object(out, s, v);
		return;
	case JSON_ARRAY:
		buf_put_str(out, "[\n");
		for (const struct json_value *m = v->first; m; m = m->next)
			canon(out, s, m);
		buf_put_str(out, "]\n");
		return;
	case JSON_STRING:
		buf_put_str(out, "\"");
		put_expanded(out, s, v->text);
		buf_put_str(out, "\"\n");
		return;
	case JSON_NULL:
	case JSON_BOOL:
	case JSON_NUMBER:
		buf_put_slice(out, v->text);
		buf_put_str(out, "\n");
		return;
	}
}

static bool same_meaning(const struct scope *s, const struct json_value *a, const struct scope *t,
			 const struct json_value *b)
{
	struct buf x = BUF_INIT, y = BUF_INIT;
	canon(&x, s, a);
	canon(&y, t, b);
	bool same = slice_eq(buf_slice(&x), buf_slice(&y));
	buf_fini(&x);
	buf_fini(&y);
	return same;
}

static void must_mean(const char *what, const struct scope *s, const struct json_value *a,
		      const struct scope *t, const struct json_value *b)
{
	struct buf x = BUF_INIT, y = BUF_INIT;
	canon(&x, s, a);
	canon(&y, t, b);
	if (!slice_eq(buf_slice(&x), buf_slice(&y))) {
		size_t i = 0;
		while (i < x.n && i < y.n && x.p[i] == y.p[i])
			i++;
		size_t from = i > 200 ? i - 200 : 0;
		print_error("%s: written:\n...%.400s\n----read:\n...%.400s\n", what,
			    buf_cstr(&y) + from, buf_cstr(&x) + from);
		fail();
	}
	buf_fini(&x);
	buf_fini(&y);
}

/* ---- the comparison must notice every loss ---- */

struct mutation {
	const char *what;
	const struct json_value *written, *original;
	struct slice original_text;
	size_t tried;
};

static void must_notice(struct mutation *m, const struct json_value *place)
{
	m->tried++;
	if (same_meaning(NULL, m->original, NULL, m->written)) {
		char p[256];
		json_pointer(p, sizeof p, place);
		print_error("%s: a change at %s is not noticed\n", m->what, p);
		fail();
	}
}

/* Does the original use what is declared? "ex" as "ex:, "ex:n" as "ex:n" beside its declaration. */
static bool is_used(struct slice text, struct slice name)
{
	bool whole = memchr(name.p, ':', name.n) != NULL;
	size_t found = 0;
	for (size_t i = 0; i + name.n + 2 < text.n; i++)
		found += text.p[i] == '"' && memcmp(text.p + i + 1, name.p, name.n) == 0 &&
			 text.p[i + 1 + name.n] == (whole ? '"' : ':');
	return found > (whole ? 1 : 0);
}

static void mutate(struct mutation *m, struct json_value *v, bool context)
{
	for (struct json_value **link = &v->first; *link; link = &(*link)->next) {
		struct json_value *k = *link;
		bool in_context =
			context || (v->kind == JSON_OBJECT && slice_eq_str(k->name, "@context"));
		bool declares = context && v->kind == JSON_OBJECT && v->parent->kind == JSON_ARRAY;
		/* A prefix that only others' declarations or nobody uses may go; so may the
		 * standard URL here, whose presence has its own test. */
		if (in_context ? declares && is_used(m->original_text, k->name) : true) {
			*link = k->next;
			must_notice(m, k);
			*link = k;
		}
		if (!in_context &&
		    (k->kind == JSON_NUMBER || k->kind == JSON_STRING || k->kind == JSON_BOOL)) {
			struct slice text = k->text;
			char *changed = malloc(text.n + 1);
			assert_non_null(changed);
			memcpy(changed, text.p, text.n);
			changed[text.n] = '0'; /* 1.5 and 1.50 differ here */
			k->text = slice(changed, text.n + 1);
			must_notice(m, k);
			k->text = text;
			free(changed);
		}
		mutate(m, k, in_context);
	}
}

/* ---- the way through ---- */

static uint8_t *pack(const ProtobufCMessage *m, size_t *n)
{
	*n = protobuf_c_message_get_packed_size(m);
	uint8_t *p = malloc(*n + 1);
	assert_non_null(p);
	protobuf_c_message_pack(m, p);
	return p;
}

static struct json_value *parse(struct arena *a, struct slice text)
{
	struct json_value *v;
	struct json_error e;
	if (json_parse(a, &v, &e, text, 64, JSON_STRICT) != ERR_OK)
		fail_msg("not JSON, line %u: %s\n%.*s", e.line, e.text, (int)text.n,
			 (const char *)text.p);
	return v;
}

/* The original's events, wherever they stand. */
static const struct json_value *find_events(const struct json_value *doc)
{
	const struct json_value *body = json_get(doc, "epcisBody");
	const struct json_value *results = body ? json_get(body, "queryResults") : NULL;
	if (results)
		body = json_get(results, "resultsBody");
	return body ? json_get(body, "eventList") ? json_get(body, "eventList") : body : NULL;
}

static bool equal_packed(const event_t *a, const event_t *b)
{
	size_t n, m;
	uint8_t *p = pack(&a->base, &n), *q = pack(&b->base, &m);
	bool same = n == m && memcmp(p, q, n) == 0;
	free(p);
	free(q);
	return same;
}

static size_t count_mutations;

static void check_event(const char *what, const struct scope *s, const struct json_value *original,
			const event_t *e)
{
	struct arena *a = arena_new(0);
	struct event_doc doc;
	struct event_issue issue;
	struct buf out = BUF_INIT;
	size_t issues;
	assert_int_equal(epcis_write_event(&out, e, 2), ERR_OK);
	struct json_value *written = parse(a, buf_slice(&out));
	must_mean(what, s, original, NULL, written);
	if (epcis_read_json(a, &doc, &issue, 1, &issues, buf_slice(&out)) != ERR_OK)
		fail_msg("%s: what was written is refused: %s %s", what, issue.pointer, issue.text);
	doc.events[0]->n_ignore_fields = e->n_ignore_fields; /* a matter of the document */
	doc.events[0]->ignore_fields = e->ignore_fields;
	assert_true(equal_packed(doc.events[0], e));
	buf_fini(&out);
	arena_free(a);
}

/* Reads, packs, unpacks, writes, compares, mutates. */
static void round_trip(const char *what, struct slice text, unsigned indent)
{
	struct arena *a = arena_new(0);
	struct event_doc doc, through;
	struct event_issue issue;
	struct buf out = BUF_INIT;
	size_t issues, n;
	if (epcis_read_json(a, &doc, &issue, 1, &issues, text) != ERR_OK)
		fail_msg("%s: refused: %s: %s", what, issue.pointer, issue.text);
	uint8_t *head = pack(&doc.head->base, &n);
	through.head = argosy__v1__document__unpack(NULL, n, head);
	free(head);
	through.n_events = doc.n_events;
	through.events = calloc(doc.n_events + 1, sizeof *through.events);
	assert_non_null(through.events);
	for (size_t i = 0; i < doc.n_events; i++) {
		uint8_t *p = pack(&doc.events[i]->base, &n);
		through.events[i] = argosy__v1__event__unpack(NULL, n, p);
		free(p);
		assert_true(event_check(through.events[i], &issue));
	}

	struct json_value *original = parse(a, text);
	assert_int_equal(epcis_write_doc(&out, &through, indent), ERR_OK);
	struct json_value *written = parse(a, buf_slice(&out));
	must_mean(what, NULL, original, NULL, written);
	struct mutation m = {what, written, original, text, 0};
	mutate(&m, written, false);
	count_mutations += m.tried;

	const struct json_value *events = find_events(original);
	struct scope s = {json_get(original, "@context"), NULL};
	size_t i = 0;
	for (const struct json_value *v = events ? events->first : original; v; v = v->next)
		check_event(what, events && s.context ? &s : NULL, v, through.events[i++]);
	assert_int_equal(i, doc.n_events);

	argosy__v1__document__free_unpacked(through.head, NULL);
	for (i = 0; i < doc.n_events; i++)
		argosy__v1__event__free_unpacked(through.events[i], NULL);
	free(through.events);
	buf_fini(&out);
	arena_free(a);
}

/* ---- GS1's examples ---- */

#define GS1 "../shared/data/epcis/gs1/"

/* The examples that are faulty, with the place and a word of the cause (data/README.md). */
static const struct {
	const char *file, *pointer, *cause;
} FAULTY[] = {
	{"JSON-simple-context/Example-TransactionEvents-2020_07_03y.jsonld",
	 "/epcisBody/eventList/1/sourceList", "array"},
	{"JSON-simple-context/WithFullCombinationOfFields/object_event_all_possible_fields.jsonld",
	 "/epcisBody/eventList/0/ilmd", "ADD"},
	{"JSON-simple-context/WithSensorData/SensorDataExample12.jsonld", "",
	 "schemaVersion is missing"},
	{"JSON-simple-context/WithSensorData/SensorDataExample17.jsonld", "/schemaVersion",
	 "string"},
	{"JSON-simple-context/AssociationEvent/AssociationEvent-h.jsonld",
	 "/epcisBody/eventList/0/eventID", "twice"},
	{"JSON/AssociationEvent/AssociationEvent-h.jsonld", "/epcisBody/eventList/0/eventID",
	 "twice"},
};

static uint8_t *slurp(const char *path, size_t *n)
{
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	fseek(f, 0, SEEK_END);
	long size = ftell(f);
	rewind(f);
	assert_true(size >= 0);
	uint8_t *p = malloc((size_t)size + 1);
	assert_non_null(p);
	*n = fread(p, 1, (size_t)size, f);
	fclose(f);
	return p;
}

static size_t valid, refused;

static void check_file(const char *path)
{
	size_t n;
	uint8_t *text = slurp(path, &n);
	for (size_t i = 0; i < sizeof FAULTY / sizeof *FAULTY; i++) {
		struct event_doc doc;
		struct event_issue issue;
		size_t issues;
		if (strcmp(path + strlen(GS1), FAULTY[i].file) != 0)
			continue;
		struct arena *a = arena_new(0);
		assert_int_equal(epcis_read_json(a, &doc, &issue, 1, &issues, slice(text, n)),
				 ERR_FORMAT);
		assert_int_equal(issues, 1);
		assert_string_equal(issue.pointer, FAULTY[i].pointer);
		assert_non_null(strstr(issue.text, FAULTY[i].cause));
		assert_true(issue.line > 0);
		arena_free(a);
		free(text);
		refused++;
		return;
	}
	round_trip(path, slice(text, n), 2);
	free(text);
	valid++;
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), k = strlen(end);
	return n >= k && strcmp(s + n - k, end) == 0;
}

static void walk(const char *folder, const char *ending, void (*check)(const char *path))
{
	DIR *d = opendir(folder);
	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d));) {
		char path[1024];
		struct stat st;
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
		if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
			walk(path, ending, check);
		else if (ends_with(path, ending))
			check(path);
	}
	closedir(d);
}

static void gs1_examples(void **state)
{
	struct stat st;
	(void)state;
	if (stat(GS1, &st)) {
		print_message("SKIP: no " GS1 "\n");
		return;
	}
	walk(GS1 "JSON", ".jsonld", check_file);
	walk(GS1 "JSON-simple-context", ".jsonld", check_file);
	walk(GS1 "JSON-Schema/test", "Event.json", check_file);
	print_message("%zu examples round trip, %zu refused, %zu mutations noticed\n", valid,
		      refused, count_mutations);
	assert_int_equal(refused, sizeof FAULTY / sizeof *FAULTY);
	assert_true(valid > 90);
}

/* ---- XML in, JSON out ---- */

/* XML examples that the reader takes: written as JSON they are read again, with the same hash. */
static void check_xml(const char *path)
{
	struct arena *a = arena_new(0);
	struct event_doc doc, again;
	struct event_issue issue;
	struct buf out = BUF_INIT;
	size_t issues, n;
	uint8_t *text = slurp(path, &n);
	if (epcis_read(a, &doc, &issue, 1, &issues, slice(text, n)) == ERR_OK &&
	    strcmp(doc.head->type, EPCIS_MASTER_DATA) != 0) {
		assert_int_equal(epcis_write_doc(&out, &doc, 0), ERR_OK);
		if (epcis_read_json(a, &again, &issue, 1, &issues, buf_slice(&out)) != ERR_OK)
			fail_msg("%s: written, then refused: %s: %s", path, issue.pointer,
				 issue.text);
		assert_int_equal(doc.n_events, again.n_events);
		for (size_t i = 0; i < doc.n_events; i++) {
			struct hash x, y;
			assert_int_equal(event_hash(&x, NULL, doc.events[i], NULL), ERR_OK);
			assert_int_equal(event_hash(&y, NULL, again.events[i], NULL), ERR_OK);
			assert_true(hash_eq(&x, &y));
		}
		valid++;
	}
	buf_fini(&out);
	free(text);
	arena_free(a);
}

static void xml_examples(void **state)
{
	struct stat st;
	(void)state;
	if (stat(GS1, &st)) {
		print_message("SKIP: no " GS1 "\n");
		return;
	}
	valid = 0;
	walk(GS1 "XML", ".xml", check_xml);
	walk(GS1 "../openepcis-1.2", ".xml", check_xml);
	walk(GS1 "../event-hash", ".xml", check_xml);
	print_message("%zu XML examples written as JSON\n", valid);
	assert_true(valid >= 40);
}

/* ---- our own: what GS1's examples do not have ---- */

#define CONTEXT "\"https://ref.gs1.org/standards/epcis/epcis-context.jsonld\""
#define TIMES	"\"eventTime\":\"2026-01-02T03:04:05.5Z\",\"eventTimeZoneOffset\":\"+08:00\""
#define OBJECT	"\"type\":\"ObjectEvent\",\"action\":\"ADD\"," TIMES
#define DOC(context, body)                                                                         \
	"{\"@context\":" context ",\"type\":\"EPCISDocument\",\"schemaVersion\":\"2.0\","          \
	"\"creationDate\":\"2026-01-02T03:04:05Z\",\"epcisBody\":{" body "}}"

static const char *const OWN[] = {
	/* Numbers keep their text; empty strings and lists stay. */
	DOC(CONTEXT,
	    "\"eventList\":[{" OBJECT ",\"epcList\":[],\"sourceList\":[],\"quantityList\":["
	    "{\"epcClass\":\"urn:a:b\",\"quantity\":1.10,\"uom\":\"KGM\"},"
	    "{\"epcClass\":\"urn:a:c\",\"quantity\":12345678901234567890.5e-3},"
	    "{\"epcClass\":\"urn:a:d\",\"quantity\":-0.0}],"
	    "\"sensorElementList\":[{\"sensorMetadata\":{},\"sensorReport\":[{\"type\":"
	    "\"Temperature\","
	    "\"value\":2.50,\"stringValue\":\"\",\"uom\":\"\",\"booleanValue\":false,"
	    "\"bizRules\":\"urn:x:y\"}]}],\"ilmd\":{},\"certificationInfo\":[],"
	    "\"errorDeclaration\":{\"declarationTime\":\"2026-01-02T03:04:05Z\","
	    "\"correctiveEventIDs\":[]}}]"),
	/* One certificate as a list is not one as a text. */
	DOC(CONTEXT, "\"eventList\":[{" OBJECT
		     ",\"epcList\":[\"urn:a:b\"],\"certificationInfo\":[\"urn:c:d\"]}]"),
	/* A bare event in the body; no events. */
	DOC(CONTEXT, "\"event\":{" OBJECT ",\"epcList\":[\"urn:a:b\"]}"),
	DOC(CONTEXT, "\"eventList\":[]"),
	/* A prefix means something else in each event, and in the values. */
	DOC("[" CONTEXT ",{\"ex\":\"http://one.example/\"}]",
	    "\"eventList\":[{" OBJECT ",\"epcList\":[\"ex:thing\"],\"ex:a\":\"ex:b\"},"
	    "{\"@context\":{\"ex\":\"http://two.example/\"}," OBJECT ",\"epcList\":[\"ex:thing\"],"
	    "\"ex:a\":{\"ex:b\":[null,true,1.0,{\"ex:c\":\"\"}]}},"
	    "{\"@context\":[" CONTEXT ",{\"more\":{\"@id\":\"ex:sub/\"}}]," OBJECT
	    ",\"epcList\":[\"more:thing\"],\"more:a\":\"x\"}]"),
	/* Definitions with types; contexts inside extensions; keywords; whole IRIs as names. */
	DOC("[" CONTEXT ",{\"ex\":\"http://one.example/\",\"ex:n\":{\"@type\":\"xsd:integer\"},"
	    "\"ex:ref\":{\"@type\":\"@id\"},\"ex:unused\":{\"@type\":\"@id\"}}]",
	    "\"eventList\":[{" OBJECT
	    ",\"epcList\":[\"urn:a:b\"],\"ex:n\":\"1\",\"ex:ref\":\"ex:me\","
	    "\"ex:o\":{\"@context\":{\"in\":\"http://inner.example/"
	    "#\"},\"in:x\":\"y\",\"@type\":\"in:T\","
	    "\"bizStep\":\"receiving\"},\"http://whole.example/name\":[[],{}],"
	    "\"ilmd\":{\"ex:lot\":\"1\",\"cbvmda:lotNumber\":\"2\"},"
	    "\"readPoint\":{\"id\":\"urn:r:p\",\"ex:floor\":3},\"bizLocation\":{\"@id\":\"urn:b:"
	    "l\"}}]"),
	/* Names without namespace, as XML has them: declared as terms. Text beside names. */
	DOC("[" CONTEXT ",{\"ex\":\"http://one.example/\",\"inner\":\"urn:x-argosy:local:inner\"}]",
	    "\"eventList\":[{" OBJECT ",\"epcList\":[\"urn:a:b\"],\"ex:o\":{\"inner\":{\"inner\":1,"
	    "\"@value\":\"text\"}}}]"),
	/* Escapes, and text beyond ASCII. */
	DOC("[" CONTEXT ",{\"ex\":\"http://one.example/\"}]",
	    "\"eventList\":[{" OBJECT ",\"epcList\":[\"urn:a:b\"],"
	    "\"ex:s\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\\u00e9\\ud83d\\ude00 \xe8\xb4\xb8 "
	    "\x7f\","
	    "\"ex:\xe8\xb4\xb8\":\"v\"}]"),
	/* A document's own members, master data, a query's answer. */
	"{\"@context\":[" CONTEXT ",{\"ex\":\"http://one.example/\"}],\"id\":\"urn:d:1\","
	"\"type\":\"EPCISDocument\",\"schemaVersion\":\"2.0.1\",\"creationDate\":\"2026-01-02T03:"
	"04:05Z\","
	"\"sender\":\"\",\"ex:top\":{\"ex:a\":[1]},\"epcisHeader\":{\"epcisMasterData\":{"
	"\"vocabularyList\":["
	"{\"type\":\"urn:epcglobal:epcis:vtype:Location\",\"vocabularyElementList\":[{\"id\":\"urn:"
	"l:1\","
	"\"attributes\":[{\"id\":\"urn:at:1\",\"attribute\":1.50}],\"children\":[\"urn:l:2\"]}]}]}}"
	","
	"\"epcisBody\":{\"ex:beside\":\"x\",\"eventList\":[{\"id\":\"urn:e:1\"," OBJECT
	",\"epcList\":[\"urn:a:b\"]}]}}",
	"{\"@context\":[" CONTEXT
	",{\"ex\":\"http://one.example/\"}],\"type\":\"EPCISQueryDocument\","
	"\"epcisBody\":{\"ex:a\":1,\"queryResults\":{\"queryName\":\"q\",\"subscriptionID\":\"\","
	"\"ex:b\":2,"
	"\"resultsBody\":{\"ex:c\":3,\"vocabularyList\":[],\"eventList\":[{" OBJECT
	",\"epcList\":[]}]}}}}",
	/* Bare events, also of a vendor's own kind. */
	"{\"@context\":" CONTEXT "," OBJECT ",\"epcList\":[\"urn:a:b\"]}",
	"{\"@context\":[" CONTEXT
	",{\"ex\":\"http://one.example/\"}],\"type\":\"ex:Inspection\"," TIMES
	",\"ex:grade\":\"A\",\"bizStep\":\"inspecting\",\"epcList\":[\"urn:a:b\"]}",
	/* The other kinds, each with what it alone may have. */
	DOC(CONTEXT,
	    "\"eventList\":[{\"type\":\"AggregationEvent\",\"action\":\"OBSERVE\"," TIMES
	    ",\"childEPCs\":[\"urn:a:b\"],\"childQuantityList\":[{\"epcClass\":\"urn:c:d\"}]},"
	    "{\"type\":\"TransactionEvent\",\"action\":\"DELETE\"," TIMES
	    ",\"bizTransactionList\":[{\"bizTransaction\":\"urn:t:1\"},{\"type\":\"po\","
	    "\"bizTransaction\":"
	    "\"urn:t:1\"}],\"parentID\":\"urn:p:1\"},"
	    "{\"type\":\"TransformationEvent\"," TIMES ",\"inputEPCList\":[\"urn:a:b\"],"
	    "\"transformationID\":\"urn:x:1\",\"outputQuantityList\":[],\"persistentDisposition\":{"
	    "\"unset\":"
	    "[\"damaged\"]}},"
	    "{\"type\":\"AssociationEvent\",\"action\":\"DELETE\"," TIMES
	    ",\"parentID\":\"urn:p:1\","
	    "\"recordTime\":\"2026-01-02T03:04:05+14:00\"}]"),
};

static void own_documents(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof OWN / sizeof *OWN; i++) {
		char what[32];
		snprintf(what, sizeof what, "own document %zu", i);
		round_trip(what, slice_str(OWN[i]), 0);
		round_trip(what, slice_str(OWN[i]), 4);
	}
}

/* What is written names the standard context, and what needs no context of its own has none. */
static void contexts_written(void **state)
{
	struct arena *a = arena_new(0);
	struct event_doc doc;
	struct event_issue issue;
	struct buf out = BUF_INIT;
	size_t issues;
	(void)state;
	assert_int_equal(epcis_read_json(a, &doc, &issue, 1, &issues, slice_str(OWN[4])), ERR_OK);
	assert_int_equal(epcis_write_doc(&out, &doc, 0), ERR_OK);
	const struct json_value *v = parse(a, buf_slice(&out));
	const struct json_value *c = json_get(v, "@context");
	assert_true(slice_eq_str(c->first->text,
				 "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"));
	assert_int_equal(c->count, 2);
	const struct json_value *e = find_events(v)->first;
	assert_null(json_get(e, "@context"));
	assert_non_null(json_get(e->next, "@context"));
	buf_fini(&out);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_documents),
		cmocka_unit_test(contexts_written),
		cmocka_unit_test(gs1_examples),
		cmocka_unit_test(xml_examples),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
