/* Decoding of STAT. */
#include "stat_record.h"

#include <stdio.h>
#include <string.h>

static bool is_text(const struct value *v)
{
	return v->type == VALUE_STR || v->type == VALUE_BIN;
}

static int read_source(struct cursor *c, struct stat_record *s)
{
	struct value source;

	if (value_next(c, &source) != 1 || source.type != VALUE_ARRAY)
		return -1;
	struct cursor i = source.a.inside;
	if (value_next(&i, &s->host) != 1 || value_next(&i, &s->boot) != 1 || value_next(&i, &s->name) != 1)
		return -1;
	return is_text(&s->host) && is_text(&s->boot) && is_text(&s->name) ? 0 : -1;
}

int stat_record_read(const struct frame *f, struct stat_record *s, size_t *at)
{
	struct cursor c = { f->body, f->body + f->len };
	struct value start, time, offset, counters;

	*s = (struct stat_record){0};
	int rc = read_source(&c, s);
	*at = (size_t)(c.p - f->body);
	if (rc != 0 || value_next(&c, &s->stage) != 1 || !is_text(&s->stage))
		return -1;
	*at = (size_t)(c.p - f->body);
	if (value_next(&c, &start) != 1 || value_next(&c, &time) != 1 || value_next(&c, &offset) != 1)
		return -1;
	if (!value_u64(&start, &s->start) || !value_u64(&time, &s->time) || !value_i64(&offset, &s->clock_offset))
		return -1;
	*at = (size_t)(c.p - f->body);
	if (value_next(&c, &counters) != 1 || counters.type != VALUE_MAP)
		return -1;
	s->counters = counters.a.inside;
	s->left = counters.a.count;
	if (value_next(&c, &s->why) != 1 || !is_text(&s->why))
		s->why.type = VALUE_NIL;
	return 0;
}

bool stat_record_next(struct stat_record *s, struct value *name, uint64_t *value)
{
	struct value v;

	if (s->left == 0 || value_next(&s->counters, name) != 1 || !is_text(name) || value_next(&s->counters, &v) != 1)
		return false;
	s->left--;
	return value_u64(&v, value);
}

bool stat_record_is(const struct value *name, const char *prefix, char *rest, size_t restlen)
{
	size_t n = strlen(prefix);

	if (name->s.len < n || memcmp(name->s.data, prefix, n) != 0)
		return false;
	if (rest)
		snprintf(rest, restlen, "%.*s", (int)(name->s.len - n), (const char *)name->s.data + n);
	return true;
}
