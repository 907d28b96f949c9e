/* Values of tests as text: numbers and ranges, errors, networks, names of bits. */
#include "plan_value.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void plan_net_text(const struct plan_net *n, char *out, size_t cap)
{
	char addr[INET6_ADDRSTRLEN];

	inet_ntop(n->len == 4 ? AF_INET : AF_INET6, n->addr, addr, sizeof addr);
	if (n->bits == n->len * 8)
		snprintf(out, cap, "%s", addr);
	else
		snprintf(out, cap, "%s/%u", addr, n->bits);
}

static void clear_rest(struct plan_net *n)
{
	for (unsigned i = 0; i < n->len; i++) {
		unsigned keep = n->bits > i * 8 ? n->bits - i * 8 : 0;
		if (keep < 8)
			n->addr[i] &= (uint8_t)(0xff << (8 - keep));
	}
}

static bool number(const char *s, size_t n, int base, int64_t *out)
{
	char text[32], *end;

	if (n == 0 || n >= sizeof text || s[0] == '+' || (unsigned char)s[0] <= ' ')
		return false;
	memcpy(text, s, n);
	text[n] = '\0';
	errno = 0;
	*out = strtoll(text, &end, base);
	return *end == '\0' && errno == 0;
}

bool plan_net_parse(const char *s, size_t n, struct plan_net *out)
{
	char text[64];
	int64_t bits;

	if (n >= sizeof text)
		return false;
	memcpy(text, s, n);
	text[n] = '\0';
	char *slash = strchr(text, '/');
	if (slash)
		*slash = '\0';
	*out = (struct plan_net){ .len = strchr(text, ':') ? 16 : 4 };
	if (inet_pton(out->len == 4 ? AF_INET : AF_INET6, text, out->addr) != 1)
		return false;
	out->bits = (uint8_t)(out->len * 8);
	if (slash) {
		if (!number(slash + 1, strlen(slash + 1), 10, &bits) || bits < 0 || bits > out->bits)
			return false;
		out->bits = (uint8_t)bits;
	}
	clear_rest(out);
	return true;
}

static bool error_number(const char *s, size_t n, int64_t *out)
{
	enum { ERRORS = 200 };

	for (int i = 1; i < ERRORS; i++) {
		const char *name = strerrorname_np(i);
		if (name && strlen(name) == n && memcmp(name, s, n) == 0) {
			*out = -i;
			return true;
		}
	}
	return false;
}

bool plan_range_parse(unsigned subject, const char *s, size_t n, struct plan_range *out)
{
	const char *dots = memmem(s, n, "..", 2);

	*out = (struct plan_range){ INT64_MIN, INT64_MAX };
	if (!dots) {
		bool ok = number(s, n, 0, &out->first) || (subject == PLAN_RESULT && error_number(s, n, &out->first));
		out->last = out->first;
		return ok;
	}
	size_t before = (size_t)(dots - s), after = n - before - 2;
	if ((before && !number(s, before, 0, &out->first)) || (after && !number(dots + 2, after, 0, &out->last)))
		return false;
	return out->first <= out->last;
}

static const struct flag *arg_set(const struct event_type *t, const char *param)
{
	int i = event_param(t, param, strlen(param));

	return i < 0 || t->params[i].set == SET_NONE ? NULL : flag_sets[t->params[i].set];
}

const char *plan_arg_name(const struct event_type *t, const char *param, bool bit, uint64_t value)
{
	for (const struct flag *f = arg_set(t, param); f && f->name; f++)
		if (f->value == value && (!bit || (value & (value - 1)) == 0))
			return f->name;
	return NULL;
}

bool plan_arg_value(const struct event_type *t, const char *param, const char *name, size_t n, uint64_t *value)
{
	for (const struct flag *f = arg_set(t, param); f && f->name; f++)
		if (strlen(f->name) == n && memcmp(f->name, name, n) == 0) {
			*value = f->value;
			return true;
		}
	return false;
}

bool plan_bits_parse(unsigned subject, const char *s, size_t n, uint64_t *mask)
{
	char text[32], *end;
	int bit = plan_bit(subject, s, n);

	if (bit >= 0) {
		*mask |= (uint64_t)1 << bit;
		return true;
	}
	if (n < 3 || n >= sizeof text || memcmp(s, "0x", 2) != 0)
		return false;
	memcpy(text, s, n);
	text[n] = '\0';
	errno = 0;
	*mask |= strtoull(text + 2, &end, 16);
	return *end == '\0' && errno == 0;
}
