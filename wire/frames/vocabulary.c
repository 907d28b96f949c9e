/* Reading the schema of HELLO. */
#include "vocabulary.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "text.h"
#include "wire/event.h"
#include "wire/log.h"
#include "wire/value.h"

static void *checked(void *memory)
{
	if (!memory)
		diex(EX_OSERR, "out of memory for the event schema");
	return memory;
}

static void forget(struct vocabulary *v)
{
	for (unsigned i = 0; i < v->nevents; i++) {
		struct event_names *e = &v->events[i];
		for (unsigned k = 0; k < e->nparams; k++)
			free((char *)e->params[k].name);
		free(e->params);
		free(e->name);
	}
	free(v->events);
	v->events = NULL;
	v->nevents = 0;
}

void vocabulary_free(struct vocabulary *v)
{
	forget(v);
}

static int by_number(const void *a, const void *b)
{
	const struct event_names *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

static void close_events(struct vocabulary *v)
{
	if (v->nevents)
		qsort(v->events, v->nevents, sizeof *v->events, by_number);
	for (unsigned i = 0; i < v->nevents; i++)
		v->events[i].alias = vocabulary_event_named(v, v->events[i].name) != &v->events[i];
}

static void add_builtin(struct vocabulary *v, const struct event_type *t)
{
	struct event_names *e = &v->events[v->nevents++];

	*e = (struct event_names){ .number = t->number, .name = checked(strdup(t->name)), .named = true, .nparams = t->nparams,
		.params = checked(calloc(t->nparams + 1u, sizeof *e->params)) };
	for (unsigned i = 0; i < t->nparams; i++) {
		const char *type = param_type_name(t->params[i].type);
		e->params[i] = (struct member){ checked(strdup(t->params[i].name)), shape_of_param(type, strlen(type)) };
	}
}

void vocabulary_open(struct vocabulary *v)
{
	*v = (struct vocabulary){ .events = checked(calloc(EVENT_TYPES, sizeof *v->events)) };
	shape_records(v->records);
	for (unsigned i = 0; i < EVENT_TYPES; i++)
		if (event_type(i))
			add_builtin(v, event_type(i));
	close_events(v);
}

/* A text that JSON can hold as a name, or NULL. */
static char *name_of(struct cursor *c)
{
	struct value v;

	if (value_next(c, &v) != 1 || v.type != VALUE_STR || !text_is_name(v.s.data, v.s.len))
		return NULL;
	return checked(strndup((const char *)v.s.data, v.s.len));
}

static bool distinct(const struct event_names *e)
{
	for (unsigned i = 0; i < e->nparams; i++)
		if ((unsigned)shape_member(e->params, e->params[i].name, strlen(e->params[i].name)) != i)
			return false;
	return true;
}

static bool read_param(struct event_names *e, struct cursor *list)
{
	struct value param, type;

	if (value_next(list, &param) != 1 || param.type != VALUE_ARRAY || e->nparams == EVENT_PARAMS)
		return false;
	struct cursor c = param.a.inside;
	char *name = name_of(&c);
	if (!name)
		return false;
	bool typed = value_next(&c, &type) == 1 && type.type == VALUE_STR;
	e->params[e->nparams++] = (struct member){ name,
		typed ? shape_of_param((const char *)type.s.data, type.s.len) : &shape_bin };
	return true;
}

static void read_event(struct vocabulary *v, struct cursor c)
{
	struct event_names e = {0};
	struct value number, params;

	if (value_next(&c, &number) != 1 || number.type != VALUE_UINT || number.u > UINT16_MAX)
		return;
	e.number = (uint16_t)number.u;
	if (vocabulary_event(v, e.number) || !(e.name = name_of(&c)))
		return;
	e.params = checked(calloc(EVENT_PARAMS + 1, sizeof *e.params));
	e.named = value_skip(&c) == 1 && value_next(&c, &params) == 1 && params.type == VALUE_ARRAY;
	for (uint32_t i = 0; e.named && i < params.a.count; i++)
		e.named = read_param(&e, &params.a.inside);
	e.named = e.named && distinct(&e);
	v->events[v->nevents++] = e;
}

/* Types that follow by rising number, as every writer has them, are looked up by number while they are read. */
static void read_schema(struct vocabulary *v, const struct value *schema)
{
	struct cursor c = schema->a.inside;
	struct value type;

	forget(v);
	v->events = checked(calloc(schema->a.count + 1u, sizeof *v->events));
	while (value_next(&c, &type) == 1)
		if (type.type == VALUE_ARRAY)
			read_event(v, type.a.inside);
	close_events(v);
}

void vocabulary_learn(struct vocabulary *v, const struct frame *f)
{
	struct cursor c = { f->body, f->body + f->len };
	struct value schema;

	if (f->kind != FRAME_HELLO)
		return;
	for (int i = 0; i < 8; i++)
		if (value_skip(&c) != 1)
			return;
	if (value_next(&c, &schema) == 1 && schema.type == VALUE_ARRAY)
		read_schema(v, &schema);
}

const struct event_names *vocabulary_event(const struct vocabulary *v, uint64_t number)
{
	unsigned low = 0, high = v->nevents;

	while (low < high) {
		unsigned middle = (low + high) / 2;
		if (v->events[middle].number == number)
			return &v->events[middle];
		if (v->events[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const struct event_names *vocabulary_event_named(const struct vocabulary *v, const char *name)
{
	for (unsigned i = v->nevents; i-- > 0;)
		if (strcmp(v->events[i].name, name) == 0)
			return &v->events[i];
	return NULL;
}
