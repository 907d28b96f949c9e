/* libyaml's events into nodes. An alias refers to the node that has the anchor, so a small file stays small; what a walk over
 * all of it would see is bounded by `weight`. */
#include "yaml_tree.h"

#include <stdarg.h>
#include <string.h>
#include <yaml.h>

enum { DEPTH_MAX = 64, WEIGHT_MAX = 1 << 22, ANCHOR_MAX = 4096 };

struct anchor {
	char *name;
	struct node *node;
};

struct reader {
	yaml_parser_t parser;
	const struct source_file *file;
	struct arena *arena;
	struct yaml_problem *problem;
	struct anchor *anchors;
	unsigned nanchors, depth;
	uint32_t weight;
	size_t at, characters;          /* byte and character position that were brought together last */
};

/* A growing list of pointers in an arena. */
struct nodes {
	struct node **p;
	size_t n, cap;
};

static void push(struct arena *a, struct nodes *l, struct node *n)
{
	l->p = vec_room(a, l->p, l->n, &l->cap, sizeof *l->p);
	l->p[l->n++] = n;
}

static struct place place(const struct reader *r, yaml_mark_t m)
{
	return (struct place){ r->file, (uint32_t)m.line + 1, (uint32_t)m.column + 1 };
}

/* libyaml counts characters; marks only move forward. */
static size_t byte_offset(struct reader *r, size_t characters)
{
	const char *text = r->file->text;

	if (characters < r->characters)
		r->at = r->characters = 0;
	if (r->at == 0 && r->file->n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		r->at = 3;
	while (r->characters < characters && r->at < r->file->n) {
		r->at++;
		while (r->at < r->file->n && ((unsigned char)text[r->at] & 0xc0) == 0x80)
			r->at++;
		r->characters++;
	}
	return r->at;
}

/* The words of the library that Falco uses, for the mistakes that are frequent. */
static const char *yaml_cpp(const char *problem)
{
	static const char *const words[][2] = {
		{ "mapping values are not allowed in this context", "illegal map value" },
		{ "did not find expected key", "end of map not found" },
		{ "did not find expected '-' indicator", "end of sequence not found" },
		{ "did not find expected ',' or ']'", "end of sequence flow not found" },
		{ "did not find expected ',' or '}'", "end of map flow not found" },
		{ "found character that cannot start any token", "unknown token" },
	};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(problem, words[i][0]) == 0)
			return words[i][1];
	return problem;
}

static int refuse(struct reader *r, struct place at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static int refuse(struct reader *r, struct place at, const char *fmt, ...)
{
	struct strbuf text = {0};
	va_list ap;

	va_start(ap, fmt);
	strbuf_vprintf(&text, fmt, ap);
	va_end(ap);
	*r->problem = (struct yaml_problem){ .at = at, .text = arena_strn(r->arena, text.p, text.n) };
	strbuf_free(&text);
	return -1;
}

static int next_event(struct reader *r, yaml_event_t *e)
{
	const char *problem;
	yaml_mark_t at;

	if (yaml_parser_parse(&r->parser, e))
		return 0;
	problem = r->parser.problem ? r->parser.problem : "out of memory";
	at = r->parser.problem_mark;
	refuse(r, place(r, at), "%s%s%s", problem, r->parser.context ? " " : "", r->parser.context ? r->parser.context : "");
	r->problem->yaml_cpp = yaml_cpp(problem);
	return -1;
}

static int weigh(struct reader *r, struct place at, uint32_t weight)
{
	r->weight += weight;
	if (r->weight > WEIGHT_MAX)
		return refuse(r, at, "found more than %d nodes (aliases counted in full), expected fewer",
			WEIGHT_MAX);
	return 0;
}

static int anchor(struct reader *r, const yaml_char_t *name, struct node *n)
{
	if (!name)
		return 0;
	if (r->nanchors == ANCHOR_MAX)
		return refuse(r, n->at, "found more than %d anchors, expected fewer", ANCHOR_MAX);
	if (!r->anchors)
		r->anchors = arena_alloc(r->arena, ANCHOR_MAX * sizeof *r->anchors);
	r->anchors[r->nanchors++] = (struct anchor){ arena_strn(r->arena, (const char *)name, strlen((const char *)name)), n };
	return 0;
}

static struct node *node_new(struct reader *r, enum node_kind kind, yaml_mark_t at, const yaml_char_t *name)
{
	struct node *n = arena_alloc(r->arena, sizeof *n);

	n->kind = kind;
	n->at = place(r, at);
	n->text = "";
	n->weight = 1;
	if (weigh(r, n->at, 1) != 0 || anchor(r, name, n) != 0)
		return NULL;
	return n;
}

static struct node *scalar(struct reader *r, const yaml_event_t *e)
{
	struct node *n = node_new(r, NODE_SCALAR, e->start_mark, e->data.scalar.anchor);

	if (!n)
		return NULL;
	n->plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	n->n = e->data.scalar.length;
	n->text = arena_strn(r->arena, (const char *)e->data.scalar.value, n->n);
	n->start = byte_offset(r, e->start_mark.index);
	n->end = byte_offset(r, e->end_mark.index);
	n->done = true;
	if (memchr(n->text, '\0', n->n)) {
		refuse(r, n->at, "found a NUL character in a text, expected none");
		return NULL;
	}
	return n;
}

static struct node *alias(struct reader *r, const yaml_event_t *e)
{
	const char *name = (const char *)e->data.alias.anchor;

	for (unsigned i = r->nanchors; i-- > 0;) {
		struct node *n = r->anchors[i].node;
		if (strcmp(r->anchors[i].name, name) != 0)
			continue;
		if (!n->done) {
			refuse(r, place(r, e->start_mark), "found the alias *%s inside of its own anchor", name);
			return NULL;
		}
		return weigh(r, place(r, e->start_mark), n->weight) == 0 ? n : NULL;
	}
	refuse(r, place(r, e->start_mark),
		"found the alias *%s, expected an anchor of that name before it", name);
	return NULL;
}

static struct node *build(struct reader *r, const yaml_event_t *e);

/* Reads up to the end event; what libyaml hands out alternates key and value in a map. */
static struct node *collection(struct reader *r, struct node *n, yaml_event_type_t end)
{
	struct nodes kids = {0};

	if (!n)
		return NULL;
	if (++r->depth > DEPTH_MAX) {
		refuse(r, n->at, "found YAML nested deeper than %d, expected less", DEPTH_MAX);
		return NULL;
	}
	for (;;) {
		yaml_event_t e;
		if (next_event(r, &e) != 0)
			return NULL;
		bool last = e.type == end;
		struct node *kid = last ? NULL : build(r, &e);
		yaml_event_delete(&e);
		if (last)
			break;
		if (!kid)
			return NULL;
		n->weight += kid->weight;
		push(r->arena, &kids, kid);
	}
	r->depth--;
	n->kids = kids.p;
	n->nkids = kids.n;
	n->done = true;
	return n;
}

static struct node *build(struct reader *r, const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_SCALAR_EVENT:
		return scalar(r, e);
	case YAML_ALIAS_EVENT:
		return alias(r, e);
	case YAML_SEQUENCE_START_EVENT:
		return collection(r, node_new(r, NODE_SEQUENCE, e->start_mark, e->data.sequence_start.anchor),
			YAML_SEQUENCE_END_EVENT);
	case YAML_MAPPING_START_EVENT:
		return collection(r, node_new(r, NODE_MAP, e->start_mark, e->data.mapping_start.anchor), YAML_MAPPING_END_EVENT);
	default:
		refuse(r, place(r, e->start_mark), "found an unexpected YAML event");
		return NULL;
	}
}

static int documents(struct reader *r, struct nodes *out)
{
	for (;;) {
		yaml_event_t e;
		if (next_event(r, &e) != 0)
			return -1;
		bool end = e.type == YAML_STREAM_END_EVENT, content = e.type != YAML_STREAM_START_EVENT &&
			e.type != YAML_DOCUMENT_START_EVENT && e.type != YAML_DOCUMENT_END_EVENT && !end;
		struct node *n = content ? build(r, &e) : NULL;
		if (e.type == YAML_DOCUMENT_END_EVENT)
			r->nanchors = 0;
		yaml_event_delete(&e);
		if (end)
			return 0;
		if (content && !n)
			return -1;
		if (content && !node_null(n))
			push(r->arena, out, n);
	}
}

int yaml_parse(const struct source_file *file, struct arena *a, struct yaml_problem *p, struct node ***docs, size_t *n)
{
	struct reader r = { .file = file, .arena = a, .problem = p };
	struct nodes out = {0};

	if (!yaml_parser_initialize(&r.parser))
		return refuse(&r, (struct place){ file, 0, 0 }, "out of memory");
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)file->text, file->n);
	int rc = documents(&r, &out);
	yaml_parser_delete(&r.parser);
	*docs = out.p;
	*n = out.n;
	return rc;
}
