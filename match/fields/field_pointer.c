/* Fields of one's own: what stands at their JSON pointers, in their type. What is null, or does not read as that type, is missing. */
#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "field_get.h"
#include "wire/moment.h"

static const json_t *find(const struct field_ref *f, struct context *c)
{
	for (const char *const *p = f->def->pointers; *p; p++) {
		const json_t *v = document_find(&c->document, *p, &c->arena);
		if (v && !json_is_null(v))
			return v;
	}
	return NULL;
}

static int list(const json_t *v, struct context *c, struct field_value *out)
{
	const json_t *one;
	size_t i;
	int n = 0;

	if (!json_is_array(v))
		return field_json_text(v, c, out);
	json_array_foreach(v, i, one)
		if (n < FIELD_VALUES && !json_is_null(one) && field_json_text(one, c, &out[n]) == 1)
			n++;
	return n;
}

/* A number, or a text that is one and nothing else. */
static int real(const json_t *v, double *out)
{
	const char *s = json_string_value(v);
	char *end;

	*out = s ? strtod(s, &end) : json_number_value(v);
	return (s ? *s && !*end : json_is_number(v)) && isfinite(*out) ? 1 : -1;
}

/* Of an integer, also where it is written as text or as 33.0. */
static int whole(const json_t *v, bool is_signed, struct field_value *out)
{
	const char *s = json_string_value(v);
	char *end;
	double d;

	errno = 0;
	if (json_is_integer(v))
		out->i = json_integer_value(v);
	else if (s && *s && s[strspn(s, "0123456789+-")] == '\0' && is_signed)
		out->i = strtoll(s, &end, 10);
	else if (s && *s && s[strspn(s, "0123456789")] == '\0')
		out->u = strtoull(s, &end, 10);
	else if (!s && real(v, &d) == 1 && fabs(d) < 9.2e18 && !(d < trunc(d)) && !(d > trunc(d)))
		out->i = (int64_t)d;
	else
		return -1;
	if (s && (errno || *end))
		return -1;
	return is_signed || s || out->i >= 0 ? 1 : -1;
}

static int boolean(const json_t *v, struct field_value *out)
{
	const char *s = json_string_value(v);

	out->b = s ? strcmp(s, "true") == 0 : json_is_true(v);
	return out->b || (s ? strcmp(s, "false") == 0 : json_is_false(v)) ? 1 : -1;
}

static int address(const json_t *v, struct field_value *out)
{
	const char *s = json_string_value(v);

	if (!s)
		return -1;
	out->ip.family = strchr(s, ':') ? 6 : 4;
	return inet_pton(out->ip.family == 6 ? AF_INET6 : AF_INET, s, out->ip.addr) == 1 ? 1 : -1;
}

int get_pointer(const struct field_ref *f, struct context *c, struct field_value *out)
{
	const json_t *v = find(f, c);

	if (!v)
		return -1;
	switch ((enum field_type)f->def->type) {
	case TYPE_BOOL: return boolean(v, out);
	case TYPE_INT: return whole(v, true, out);
	case TYPE_UINT: return whole(v, false, out);
	case TYPE_DOUBLE: return real(v, &out->d);
	case TYPE_IP: return address(v, out);
	case TYPE_ABSTIME: return moment_read(v, &out->u) ? 1 : -1;
	default: return f->def->flags & FIELD_LIST ? list(v, c, out) : field_json_text(v, c, out);
	}
}
