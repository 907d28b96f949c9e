/* Event blocks: fixed head, lengths of the parameters, parameters. The first version of the block does not say how many
 * parameters there are. */
#include "scap_event.h"

#include <string.h>

#include "wire/scap_codes.h"

enum { HEAD = 22, NOTIFICATION = 280, INFRASTRUCTURE = 286, SURPLUS = 3 };

static uint32_t length_at(const uint8_t *p, unsigned size)
{
	return size == 2 ? p[0] | (uint32_t)p[1] << 8 :
		p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Do `n` lengths, and what they promise, make exactly these bytes? */
static bool adds_up(const uint8_t *p, size_t bytes, unsigned n, unsigned size)
{
	uint64_t sum = (uint64_t)n * size;

	for (unsigned i = 0; sum <= bytes && i < n; i++)
		sum += length_at(p + i * size, size);
	return sum == bytes;
}

/* As many as the schema has, or as an older one had. -1 when no number fits. */
static int guess_count(const struct scap_cursor *c, unsigned most, unsigned size)
{
	for (int n = (int)most; n >= 0; n--)
		if (adds_up(c->p, scap_left(c), (unsigned)n, size))
			return n;
	return -1;
}

/* Parameters beyond those that the schema has are of a later one: they are left out. */
static int read_params(struct scap_cursor *c, struct scap_event *e, unsigned n, unsigned size)
{
	struct scap_cursor lengths = scap_part(c, (uint64_t)n * size, "the lengths of an event's parameters");

	for (unsigned i = 0; i < n && !lengths.bad; i++) {
		struct scap_bytes b = scap_take(c, scap_uint(&lengths, size, "a parameter's length"), "an event's parameter");
		if (i < EVENT_PARAMS)
			e->p[i] = b;
	}
	e->n = n < EVENT_PARAMS ? n : EVENT_PARAMS;
	return c->bad || lengths.bad ? -1 : 1;
}

int scap_event_read(struct scap_file *f, const struct scap_block *b, struct scap_event *e)
{
	struct scap_cursor c = scap_cursor(f, b);

	*e = (struct scap_event){ .offset = b->offset };
	e->cpu = (uint16_t)scap_uint(&c, 2, "an event's CPU");
	if (b->flags)
		e->hidden = scap_uint(&c, 4, "an event's flags") & 1;
	uint64_t start = c.offset;
	e->time = scap_uint(&c, 8, "an event's time");
	e->tid = (int64_t)scap_uint(&c, 8, "an event's thread");
	uint64_t len = scap_uint(&c, 4, "an event's length");
	e->code = (uint16_t)scap_uint(&c, 2, "an event's type");
	if (c.bad)
		return -1;
	const struct scap_code *code = scap_code(e->code);
	if (!code)
		return 0;
	if (b->version == 1 && (e->code == NOTIFICATION || e->code == INFRASTRUCTURE) && len > SURPLUS)
		len -= SURPLUS;
	if (len < HEAD || len - HEAD > scap_left(&c))
		return scap_bad(f, start + 16, "found an event of %llu bytes, expected from %d to %zu", (unsigned long long)len,
			HEAD, HEAD + scap_left(&c));
	struct scap_cursor in = scap_part(&c, len - HEAD, "an event");
	unsigned size = b->large || code->flags & SCAP_LARGE ? 4 : 2;
	if (b->version > 1)
		return read_params(&in, e, (unsigned)scap_uint(&in, 4, "the number of an event's parameters"), size);
	int n = guess_count(&in, code->params, size);
	if (n < 0)
		return scap_bad(f, in.offset, "found %zu bytes of parameters, expected the at most %u of %s (%u)", scap_left(&in),
			code->params, code->name, e->code);
	return read_params(&in, e, (unsigned)n, size);
}

bool scap_has(const struct scap_event *e, int param)
{
	return param >= 0 && (unsigned)param < e->n && e->p[param].n > 0;
}

uint64_t scap_unsigned(const struct scap_event *e, int param)
{
	uint64_t u = 0;

	if (!scap_has(e, param))
		return 0;
	for (uint32_t i = 0; i < e->p[param].n && i < 8; i++)
		u |= (uint64_t)e->p[param].p[i] << 8 * i;
	return u;
}

int64_t scap_int(const struct scap_event *e, int param)
{
	uint64_t u = scap_unsigned(e, param);
	unsigned bits = scap_has(e, param) ? e->p[param].n * 8 : 64;

	if (bits < 64 && u >> (bits - 1) & 1)
		u |= ~(uint64_t)0 << bits;
	return (int64_t)u;
}

struct scap_bytes scap_string(const struct scap_event *e, int param)
{
	struct scap_bytes b = scap_has(e, param) ? e->p[param] : (struct scap_bytes){0};

	if (b.n)
		b.n = (uint32_t)strnlen((const char *)b.p, b.n);
	return b;
}
