/* The field table, reading references to fields, and printing values. */
#include "field.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "field_args.h"
#include "field_get.h"
#include "field_table.h"

enum {
	REQ = FIELD_ARG_REQUIRED, NRNT = FIELD_NO_RHS | FIELD_NO_TRANSFORM, FO = FIELD_FILTER_ONLY | NRNT,
	LIST = FIELD_LIST, ANY = FIELD_ANY, EITHER = FIELD_EITHER, DEP = FIELD_DEPRECATED, HIDDEN = FIELD_HIDDEN, HEX = FIELD_HEX,
	ABSENT = FIELD_ABSENT, MEMORY = FIELD_MEMORY
};
const struct field_def field_defs[] = {
#define FIELD(name, type, arg, flags, get, what, source, desc) \
	{ name, TYPE_##type, ARG_##arg, flags, get, what, source, desc, NULL },
#include "fields.def"
#undef FIELD
};
const unsigned field_count = sizeof field_defs / sizeof field_defs[0];

const struct field_def *field_at(const struct field_table *own, unsigned i)
{
	if (i < field_count)
		return &field_defs[i];
	return own && i - field_count < own->n ? &own->def[i - field_count] : NULL;
}

const char *field_next_name(void *arg)
{
	struct field_walk *w = arg;
	const struct field_def *d = field_at(w->own, w->next++);

	return d ? d->name : NULL;
}

const char *field_type_name(const struct field_def *d)
{
	static const char *const names[] = {
		[TYPE_STRING] = "CHARBUF", [TYPE_BYTES] = "BYTEBUF", [TYPE_BOOL] = "BOOL", [TYPE_INT] = "INT64", [TYPE_UINT] = "UINT64",
		[TYPE_DOUBLE] = "DOUBLE", [TYPE_PORT] = "PORT", [TYPE_IP] = "IPADDR", [TYPE_NET] = "IPNET", [TYPE_RELTIME] = "RELTIME",
		[TYPE_ABSTIME] = "ABSTIME"
	};

	return names[d->type];
}

bool field_serves(const struct field_def *d, const char *source)
{
	if (!d->source || strcmp(d->source, source) == 0)
		return true;
	return strcmp(d->source, "json") == 0 && strcmp(source, "syscall") != 0;
}

static int fail(char *err, size_t errlen, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static int fail(char *err, size_t errlen, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err, errlen, fmt, ap);
	va_end(ap);
	return -1;
}

static const struct field_def *longest(const struct field_table *own, const char *text, size_t len, size_t *used)
{
	const struct field_def *best = NULL, *d;

	*used = 0;
	for (unsigned i = 0; (d = field_at(own, i)); i++) {
		size_t n = strlen(d->name);
		if (n > *used && n <= len && memcmp(d->name, text, n) == 0) {
			best = d;
			*used = n;
		}
	}
	return best;
}

/* A decimal number that is all of the text. */
static bool number(const char *text, int64_t *n)
{
	char *end;

	if (!isdigit((unsigned char)text[0]) && text[0] != '-' && text[0] != '+')
		return false;
	*n = strtoll(text, &end, 10);
	return end != text && *end == '\0';
}

/* Reads `[…]`; the content may stand in quotes. Returns how many bytes it takes, 0 when there is none, -1. */
static long read_brackets(const char *text, size_t len, struct arena *a, struct field_ref *out, char *err, size_t errlen)
{
	const char *end = len && text[0] == '[' ? memchr(text, ']', len) : NULL;

	if (!len || text[0] != '[')
		return 0;
	if (!end)
		return fail(err, errlen, "the field argument of '%s' has no closing ']'", out->def->name);
	const char *p = text + 1;
	size_t n = (size_t)(end - p);
	if (n >= 2 && (p[0] == '"' || p[0] == '\'') && p[n - 1] == p[0]) {
		p++;
		n -= 2;
	}
	out->has_arg = true;
	out->key = arena_strn(a, p, n);
	out->has_index = out->def->arg != ARG_KEY && number(out->key, &out->index);
	if (!out->has_index && (out->def->arg == ARG_INDEX || field_is_arg(out->def)))
		return fail(err, errlen, "%s is not a valid number", out->key);
	return end + 1 - text;
}

/* Names of labels have dots in them. */
static size_t name_length(const char *text, size_t len, bool dots)
{
	size_t n = 0;

	while (n < len && (isalnum((unsigned char)text[n]) || text[n] == '_' ||
		(dots && text[n] == '.' && n > 0 && n + 1 < len && isalnum((unsigned char)text[n + 1]))))
		n++;
	return n;
}

/* Reads `.name`. Returns how many bytes it takes, 0 when there is none, -1. */
static long read_name(const char *text, size_t len, struct arena *a, struct field_ref *out, char *err, size_t errlen)
{
	size_t n = len && text[0] == '.' ? name_length(text + 1, len - 1, out->def->get == get_label) : 0;

	if (n == 0)
		return 0;
	if (field_is_arg(out->def)) {
		size_t known = field_args_find(text + 1, n, &out->param);
		if (!known)
			return fail(err, errlen, "unknown event argument %.*s", (int)n, text + 1);
		n = known;
		out->params = field_args_table(out->param, a);
		out->def = field_args_def(out->def, out->param);
	}
	out->has_arg = true;
	out->key = arena_strn(a, text + 1, n);
	if (out->def->get == get_abspath && strcmp(out->key, "src") != 0 && strcmp(out->key, "dst") != 0)
		return fail(err, errlen, "wrong syntax for evt.abspath: found .%s, expected .src or .dst", out->key);
	return (long)n + 1;
}

int field_parse(const struct field_table *own, const char *text, size_t len, bool whole, struct arena *a, struct field_ref *out,
	size_t *used, char *err, size_t errlen)
{
	size_t n;
	long more = 0;

	*out = (struct field_ref){ .def = longest(own, text, len, &n), .param = -1 };
	*used = 0;
	if (!out->def)
		return 0;
	const struct field_def *d = out->def;
	if (d->arg != ARG_NONE)
		more = read_brackets(text + n, len - n, a, out, err, errlen);
	if (more == 0 && d->arg == ARG_NAME)
		more = read_name(text + n, len - n, a, out, err, errlen);
	if (more < 0)
		return -1;
	n += (size_t)more;
	if (whole && n < len) {
		if (field_is_arg(d) && more)
			return fail(err, errlen, "unknown event argument %.*s", (int)(len - strlen(d->name) - 1),
				text + strlen(d->name) + 1);
		return 0;
	}
	if (!more && d->flags & FIELD_ARG_REQUIRED)
		return fail(err, errlen, "filter syntax error: %.*s", (int)n, text);
	if (d->flags & FIELD_MEMORY)
		out->memory = arena_alloc(a, sizeof *out->memory);
	out->text = arena_strn(a, text, n);
	*used = n;
	return 1;
}

static void print_ip(const struct field_value *v, struct strbuf *out)
{
	char text[64];

	field_address(v->ip.family == 4 ? 4 : 16, v->ip.addr, text, sizeof text);
	strbuf_puts(out, text);
}

/* As much of a buffer as Falco prints. */
static void print_bytes(const struct field_value *v, struct strbuf *out)
{
	enum { MAX = 1023 };

	for (uint32_t i = 0; i < v->s.n && i < MAX; i++) {
		char ch = v->s.p[i];
		strbuf_add(out, isprint((unsigned char)ch) ? &ch : ".", 1);
	}
}

static void print_one(const struct field_def *d, const struct field_value *v, struct strbuf *out)
{
	switch ((enum field_type)d->type) {
	case TYPE_STRING: strbuf_add(out, v->s.p, v->s.n); break;
	case TYPE_BYTES: print_bytes(v, out); break;
	case TYPE_BOOL: strbuf_puts(out, v->b ? "true" : "false"); break;
	case TYPE_DOUBLE: strbuf_printf(out, d->flags & FIELD_EXACT ? "%.15g" : "%.1f", v->d); break;
	case TYPE_IP: print_ip(v, out); break;
	case TYPE_NET: strbuf_puts(out, "<IPNET>"); break;          /* Falco's word: they are for comparing */
	case TYPE_INT:
		strbuf_printf(out, d->flags & FIELD_HEX ? "%llX" : "%lld", (long long)v->i);
		break;
	case TYPE_UINT: case TYPE_PORT: case TYPE_RELTIME: case TYPE_ABSTIME:
		strbuf_printf(out, d->flags & FIELD_HEX ? "%llX" : "%llu", (unsigned long long)v->u);
		break;
	}
}

/* The parts of times are padded to 9 digits: `.ns`. */
static bool is_padded(const struct field_def *d)
{
	size_t n = strlen(d->name);

	return (d->type == TYPE_RELTIME || d->type == TYPE_ABSTIME) && n > 3 && strcmp(d->name + n - 3, ".ns") == 0;
}

void field_print(const struct field_ref *f, const struct field_value *v, int n, bool old, struct strbuf *out)
{
	bool list = f->def->flags & FIELD_LIST && !(old && n == 1);

	if (list)
		strbuf_puts(out, "(");
	for (int i = 0; i < n; i++) {
		if (i)
			strbuf_puts(out, list ? "," : " ");
		if (is_padded(f->def))
			strbuf_printf(out, "%09llu", (unsigned long long)v[i].u);
		else
			print_one(f->def, &v[i], out);
	}
	if (list)
		strbuf_puts(out, ")");
}
