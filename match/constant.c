/* From the text of a constant to a value. */
#include "constant.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services.h"

enum { TEXT_MAX = 1 << 16 };

static const char *const type_words[] = {
	[TYPE_STRING] = "string", [TYPE_BYTES] = "buffer", [TYPE_BOOL] = "bool", [TYPE_INT] = "numeric", [TYPE_UINT] = "numeric",
	[TYPE_DOUBLE] = "numeric", [TYPE_PORT] = "numeric", [TYPE_IP] = "ip address", [TYPE_NET] = "ip network",
	[TYPE_RELTIME] = "numeric", [TYPE_ABSTIME] = "numeric"
};

bool constant_operator(const struct field_def *f, bool list, enum cond_operator op, bool modifier, char *err, size_t errlen)
{
	bool ok = op == OP_EXISTS || compare_test((enum field_type)f->type, op);

	if (list && op != OP_IN && op != OP_INTERSECTS && op != OP_EXISTS)
		ok = false;
	if (modifier && list)
		ok = false;
	if (!ok)
		snprintf(err, errlen, "filter error: '%s' operator not supported for %s filters, expected one that '%s' has", cond_op_name(op),
			list ? "list" : type_words[f->type], f->name);
	return ok;
}

static int fail(char *err, size_t errlen, const char *fmt, const char *text)
{
	snprintf(err, errlen, fmt, text);
	return -1;
}

static bool decimal(const char *s)
{
	if (*s == '+' || *s == '-')
		s++;
	return *s && s[strspn(s, "0123456789")] == '\0';
}

/* What does not fit is as far out as can be: it never equals a value there. Of a port only 16 bits count. */
static int parse_number(const struct field_def *f, const char *s, struct constant *out, char *err, size_t errlen)
{
	char *end;

	/* Falco's own take whole numbers only. */
	if (f->type == TYPE_DOUBLE && f->flags & FIELD_EXACT) {
		out->d = strtod(s, &end);
		return *s && !*end ? 0 : fail(err, errlen, "%.200s is not a valid number", s);
	}
	if (!decimal(s))
		return fail(err, errlen, "%.200s is not a valid number", s);
	if (f->type == TYPE_INT)
		out->i = strtoll(s, NULL, 10);
	else if (f->type == TYPE_DOUBLE)
		out->d = strtod(s, NULL);
	else
		out->u = strtoull(s, NULL, 10);
	if (f->type == TYPE_PORT)
		out->u &= UINT16_MAX;
	return 0;
}

static int parse_bool(const char *s, struct constant *out, char *err, size_t errlen)
{
	out->b = strcmp(s, "true") == 0;
	if (!out->b && strcmp(s, "false") != 0)
		return fail(err, errlen, "filter error: unrecognized boolean value %.200s, expected true or false", s);
	return 0;
}

static int parse_port(const struct field_def *f, const char *s, struct constant *out, char *err, size_t errlen)
{
	if (s[strspn(s, "0123456789")] == '\0') /* a sign makes it a name */
		return *s ? parse_number(f, s, out, err, errlen) : 0;
	uint16_t port;
	if (!services_port(s, &port))
		return fail(err, errlen, "unrecognized protocol %.200s, expected a port or the name of a service", s);
	out->u = port;
	return 0;
}

static int parse_ip(const char *s, struct constant *out, char *err, size_t errlen)
{
	bool four = strchr(s, '.') && !strchr(s, ':');

	out->net.family = four ? 4 : 6;
	out->net.bits = four ? 32 : 128;
	if (inet_pton(four ? AF_INET : AF_INET6, s, out->net.addr) != 1)
		return fail(err, errlen, four ? "unrecognized IPv4 address %.200s" : "unrecognized IPv6 address %.200s", s);
	return 0;
}

static int parse_net(const char *s, struct constant *out, char *err, size_t errlen)
{
	const char *slash = strchr(s, '/');
	char addr[64], *end;

	if (!slash || (size_t)(slash - s) >= sizeof addr || !isdigit((unsigned char)slash[1]))
		return fail(err, errlen, "unrecognized IP network %.200s, expected ADDRESS/BITS", s);
	memcpy(addr, s, (size_t)(slash - s));
	addr[slash - s] = '\0';
	unsigned long bits = strtoul(slash + 1, &end, 10);
	if (parse_ip(addr, out, err, errlen) != 0)
		return -1;
	if (*end || bits > out->net.bits)
		return fail(err, errlen, "unrecognized IP network %.200s, expected ADDRESS/BITS", s);
	out->net.bits = (uint8_t)bits;
	return 0;
}

static int parse_hex(const struct cond_value *v, struct arena *a, struct constant *out, char *err, size_t errlen)
{
	char *bytes = arena_alloc(a, v->n / 2 + 1);
	unsigned byte;

	if (v->n % 2 || strspn(v->p, "0123456789abcdefABCDEF") != v->n)
		return fail(err, errlen, "bcontains and bstartswith operator support hex strings only, expected pairs of digits, found %.200s", v->p);
	for (size_t i = 0; i < v->n; i += 2) {
		sscanf(v->p + i, "%2x", &byte);
		bytes[i / 2] = (char)byte;
	}
	out->s.p = bytes;
	out->s.n = v->n / 2;
	return 0;
}

/* With a NUL behind it, for glob; for icontains in lower case. */
static void keep_text(const char *p, size_t n, enum cond_operator op, struct arena *a, struct constant *out)
{
	char *copy = arena_strn(a, p, n);

	for (size_t i = 0; op == OP_ICONTAINS && i < n; i++)
		copy[i] = (char)tolower((unsigned char)copy[i]);
	out->s.p = copy;
	out->s.n = n;
}

static int parse_text(const struct field_def *f, enum cond_operator op, const struct cond_value *v, struct arena *a,
	struct constant *out, char *err, size_t errlen)
{
	if (v->n > TEXT_MAX)
		return fail(err, errlen, "filter parameter too long: %.20s…", v->p);
	if (f->type == TYPE_STRING && memchr(v->p, '\0', v->n))
		return fail(err, errlen, "found a NUL character in '%.100s…', expected a text without", v->p);
	if (op == OP_BCONTAINS || op == OP_BSTARTSWITH)
		return parse_hex(v, a, out, err, errlen);
	if (op == OP_REGEX)
		return (out->regex = regex_new(v->p, v->n, err, errlen)) ? 0 : -1;
	keep_text(v->p, v->n, op, a, out);
	return 0;
}

int constant_parse(const struct field_def *f, enum cond_operator op, const struct cond_value *v, struct arena *a,
	struct constant *out, char *err, size_t errlen)
{
	*out = (struct constant){ .test = compare_test((enum field_type)f->type, op) };
	if (f->type != TYPE_STRING && f->type != TYPE_BYTES && strlen(v->p) != v->n)
		return fail(err, errlen, "found a NUL character behind '%.100s'", v->p);
	switch (f->type) {
	case TYPE_STRING: case TYPE_BYTES: return parse_text(f, op, v, a, out, err, errlen);
	case TYPE_BOOL: return parse_bool(v->p, out, err, errlen);
	case TYPE_PORT: return parse_port(f, v->p, out, err, errlen);
	case TYPE_IP: return parse_ip(v->p, out, err, errlen);
	case TYPE_NET: return parse_net(v->p, out, err, errlen);
	default: return parse_number(f, v->p, out, err, errlen);
	}
}

void constant_of(enum field_type type, enum cond_operator op, const struct field_value *v, struct arena *a, struct constant *out)
{
	*out = (struct constant){ .test = compare_test(type, op) };
	switch (type) {
	case TYPE_STRING: case TYPE_BYTES: keep_text(v->s.p, v->s.n, op, a, out); break;
	case TYPE_BOOL: out->b = v->b; break;
	case TYPE_IP: case TYPE_NET:
		out->net.family = v->ip.family;
		out->net.bits = v->ip.family == 4 ? 32 : 128;
		memcpy(out->net.addr, v->ip.addr, sizeof out->net.addr);
		break;
	case TYPE_INT: out->i = v->i; break;
	case TYPE_DOUBLE: out->d = v->d; break;
	default: out->u = v->u; break;
	}
}
