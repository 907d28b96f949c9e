/* The conversion of old events, by the rules of scap_rules.def. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "wire/scap_codes.h"
#include "scap_event.h"
#include "wire/log.h"

enum { ROUNDS = 32, CONTAINER_TEXT = 228 };

static const uint8_t zeros[40];

void scap_stored_set(struct scap_stored *s, const struct scap_event *e)
{
	size_t size = 0, at = 0;

	for (unsigned i = 0; i < e->n; i++)
		size += e->p[i].n;
	uint8_t *bytes = realloc(s->bytes, size ? size : 1);
	if (!bytes)
		diex(EX_OSERR, "out of memory: an event of %zu bytes", size);
	s->bytes = bytes;
	s->event = *e;
	for (unsigned i = 0; i < e->n; i++) {
		if (e->p[i].n)
			memcpy(bytes + at, e->p[i].p, e->p[i].n);
		s->event.p[i].p = bytes + at;
		at += e->p[i].n;
	}
	s->any = true;
}

void scap_stored_free(struct scap_stored *s)
{
	free(s->bytes);
	*s = (struct scap_stored){0};
}

/* The least that a parameter of the type can be: numbers at their width, texts with their NUL. */
static struct scap_bytes zero_of(unsigned code, unsigned param)
{
	const struct event_type *t = event_type(code);

	if (!t || param >= t->nparams)
		return (struct scap_bytes){0};
	return (struct scap_bytes){ zeros, scap_param_size(t->params[param].type) };
}

/* Of the enter event: only that of this very call counts. */
static struct scap_bytes from_enter(const struct scap_stored *s, unsigned exit, unsigned n, bool or_zero, struct scap_bytes zero)
{
	if (s && s->any && s->event.code + 1u == exit)
		return n < s->event.n ? s->event.p[n] : (struct scap_bytes){0};
	return or_zero ? zero : (struct scap_bytes){0};
}

/* `exit`: the code of the event as it was when the sources were written. */
static struct scap_bytes source(const char *s, const struct scap_event *old, unsigned param, unsigned code,
	const struct scap_stored *stored)
{
	unsigned n = (unsigned)strtoul(s + 1, NULL, 10);
	struct scap_bytes zero = zero_of(code, param);

	switch (*s) {
	case 'o': return n < old->n ? old->p[n] : zero;
	case 'e': return from_enter(stored, old->code, n, s[strspn(s, "e0123456789")] == '!', zero);
	case '0': return zero;
	default: return (struct scap_bytes){0};
	}
}

static void append(struct scap_event *e, const struct scap_rule *r, const struct scap_stored *stored)
{
	struct scap_event old = *e;

	if (r->action == SCAP_TYPE) {
		e->code = r->to;
		e->n = 0;
	}
	for (const char *s = r->sources; *s && e->n < EVENT_PARAMS; s += strcspn(s, " "), s += *s == ' ') {
		e->p[e->n] = source(s, &old, e->n, e->code, stored);
		e->n++;
	}
}

static void json_text(char *out, size_t cap, size_t *n, struct scap_bytes b)
{
	size_t len = b.n ? strnlen((const char *)b.p, b.n) : 0;

	for (size_t i = 0; i < len && *n + 8 < cap; i++) {
		if (b.p[i] == '"' || b.p[i] == '\\')
			out[(*n)++] = '\\';
		out[(*n)++] = b.p[i] < ' ' ? ' ' : (char)b.p[i];
	}
}

/* The oldest container events: id, type, name and image become one JSON text. */
static void container_json(struct scap_event *e, uint8_t **room)
{
	static const char *const before[] = { "{\"container\":{\"id\":\"", "\",\"type\":", ",\"name\":\"", "\",\"image\":\"" };
	size_t cap = 256, n = 0;

	for (unsigned i = 0; i < e->n; i++)
		cap += 2 * (size_t)e->p[i].n + 8;
	char *out = malloc(cap);
	if (!out)
		diex(EX_OSERR, "out of memory: a container event of %zu bytes", cap);
	for (int i = 0; i < 4; i++) {
		n += (size_t)sprintf(out + n, "%s", before[i]);
		if (i == 1)
			n += (size_t)sprintf(out + n, "%u", (unsigned)(uint32_t)scap_unsigned(e, i));
		else if (scap_has(e, i))
			json_text(out, cap - 4, &n, e->p[i]);
	}
	n += (size_t)sprintf(out + n, "\"}}") + 1;
	free(*room);
	*room = (uint8_t *)out;
	e->n = 1;
	e->p[0] = (struct scap_bytes){ *room, (uint32_t)n };
}

static bool wants_rule(const struct scap_event *e, const struct scap_code *code)
{
	bool enter = e->code % 2 == 0;

	return enter || code->flags & SCAP_OLD || e->n != code->params;
}

enum scap_verdict scap_convert(struct scap_event *e, const struct scap_stored *stored, uint8_t **room)
{
	for (int round = 0; round < ROUNDS; round++) {
		const struct scap_code *code = scap_code(e->code);
		bool enter = e->code % 2 == 0;
		if (!code || code->flags & SCAP_UNUSED)
			return SCAP_DROP;
		if (!(code->flags & SCAP_MANAGED))
			return code->flags & SCAP_OLD ? SCAP_DROP : SCAP_SHOW;
		const struct scap_rule *r = wants_rule(e, code) ? scap_rule(e->code, e->n) : NULL;
		if (!r)
			return code->flags & SCAP_OLD ? SCAP_DROP : SCAP_SHOW;
		if (r->action == SCAP_STORE)
			return SCAP_KEEP;
		if (r->action == SCAP_PASS || r->action == SCAP_STORE_PASS)
			return enter ? SCAP_ENTER : SCAP_SHOW;
		if (e->code == CONTAINER_TEXT) {
			container_json(e, room);
			e->code = r->to;
		} else {
			append(e, r, stored);
		}
	}
	return SCAP_DROP;
}

bool scap_beginning(struct scap_event *e, const struct scap_stored *stored, uint8_t **room)
{
	struct scap_event exit = stored->event;
	const struct scap_code *code = scap_code(++exit.code);

	/* As the oldest version had it: the rules then add what enter events told. */
	for (exit.n = 0; code && exit.n < code->params && !scap_rule(exit.code, exit.n);)
		exit.n++;
	for (unsigned i = 0; i < exit.n; i++)
		exit.p[i] = (struct scap_bytes){0};
	*e = exit;
	return scap_convert(e, stored, room) == SCAP_SHOW && event_type(e->code);
}
