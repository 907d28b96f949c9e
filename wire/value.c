/* In-place msgpack reading. */
#include "value.h"

#include <string.h>

static uint64_t big(const uint8_t *p, unsigned n)
{
	uint64_t v = 0;

	while (n--)
		v = v << 8 | *p++;
	return v;
}

/* What the first bytes 0xc0 to 0xdf stand for, and how many bytes of number or length are behind them. */
struct form {
	bool used;
	uint8_t size, type;
};
static const struct form forms[0x20] = {
	[0x00] = { true, 0, VALUE_NIL }, [0x02] = { true, 0, VALUE_BOOL }, [0x03] = { true, 0, VALUE_BOOL },
	[0x04] = { true, 1, VALUE_BIN }, [0x05] = { true, 2, VALUE_BIN }, [0x06] = { true, 4, VALUE_BIN },
	[0x0a] = { true, 4, VALUE_FLOAT }, [0x0b] = { true, 8, VALUE_FLOAT },
	[0x0c] = { true, 1, VALUE_UINT }, [0x0d] = { true, 2, VALUE_UINT }, [0x0e] = { true, 4, VALUE_UINT }, [0x0f] = { true, 8, VALUE_UINT },
	[0x10] = { true, 1, VALUE_INT }, [0x11] = { true, 2, VALUE_INT }, [0x12] = { true, 4, VALUE_INT }, [0x13] = { true, 8, VALUE_INT },
	[0x19] = { true, 1, VALUE_STR }, [0x1a] = { true, 2, VALUE_STR }, [0x1b] = { true, 4, VALUE_STR },
	[0x1c] = { true, 2, VALUE_ARRAY }, [0x1d] = { true, 4, VALUE_ARRAY }, [0x1e] = { true, 2, VALUE_MAP }, [0x1f] = { true, 4, VALUE_MAP },
};

/* The type that a first byte stands for, with its value or length where that is in the byte itself. Returns how
 * many bytes of number or length follow, or -1 for what the wire does not use. */
static int classify(uint8_t t, struct value *v)
{
	if (t <= 0x7f) {
		*v = (struct value){ .type = VALUE_UINT, .u = t };
	} else if (t >= 0xe0) {
		*v = (struct value){ .type = VALUE_INT, .i = (int8_t)t };
	} else if (t <= 0x8f) {
		*v = (struct value){ .type = VALUE_MAP, .a.count = t & 0xf };
	} else if (t <= 0x9f) {
		*v = (struct value){ .type = VALUE_ARRAY, .a.count = t & 0xf };
	} else if (t <= 0xbf) {
		*v = (struct value){ .type = VALUE_STR, .s.len = t & 0x1f };
	} else {
		struct form form = forms[t - 0xc0];
		if (!form.used)
			return -1;
		v->type = form.type;
		if (v->type == VALUE_BOOL)
			v->boolean = t & 1;
		return form.size;
	}
	return 0;
}

/* A signed integer of `size` bytes. What is not negative is VALUE_UINT, whatever its form. */
static void take_signed(struct value *v, uint64_t n, int size)
{
	int64_t i = (int64_t)(n << (64 - 8 * size)) >> (64 - 8 * size);

	*v = i < 0 ? (struct value){ .type = VALUE_INT, .i = i } : (struct value){ .type = VALUE_UINT, .u = (uint64_t)i };
}

static void take_float(struct value *v, uint64_t n, int size)
{
	uint32_t bits = (uint32_t)n;
	float f;

	if (size == 8) {
		memcpy(&v->f, &n, sizeof v->f);
	} else {
		memcpy(&f, &bits, sizeof f);
		v->f = (double)f;
	}
}

/* What stood behind the first byte. */
static void take(struct value *v, uint64_t n, int size)
{
	switch (v->type) {
	case VALUE_UINT: v->u = n; break;
	case VALUE_INT: take_signed(v, n, size); break;
	case VALUE_FLOAT: take_float(v, n, size); break;
	case VALUE_STR: case VALUE_BIN: v->s.len = (uint32_t)n; break;
	default: v->a.count = (uint32_t)n; break;
	}
}

/* Reads a header and, of scalars and strings, the content; arrays and maps are left open behind their header. */
static int head(struct cursor *c, struct value *v)
{
	const uint8_t *p = c->p;

	if (p == c->end)
		return 0;
	int size = classify(*p++, v);
	if (size < 0 || c->end - p < size)
		return -1;
	if (size > 0) {
		take(v, big(p, (unsigned)size), size);
		p += size;
	}
	if (v->type == VALUE_STR || v->type == VALUE_BIN) {
		if ((size_t)(c->end - p) < v->s.len)
			return -1;
		v->s.data = p;
		p += v->s.len;
	} else if (v->type == VALUE_ARRAY || v->type == VALUE_MAP) {
		/* An element takes a byte at least: a count that can not be true is not walked. */
		uint64_t elements = (uint64_t)v->a.count << (v->type == VALUE_MAP);
		if (elements > (size_t)(c->end - p))
			return -1;
		v->a.inside = (struct cursor){ p, c->end };
	}
	c->p = p;
	return 1;
}

static int skip(struct cursor *c, int depth);

static int skip_inside(struct cursor *c, const uint8_t *p, uint64_t elements, int depth)
{
	/* An element takes a byte at least. */
	if (elements > (size_t)(c->end - p))
		return -1;
	c->p = p;
	if (depth >= VALUE_DEPTH)
		return -1;
	for (; elements; elements--)
		if (skip(c, depth + 1) <= 0)
			return -1;
	return 1;
}

/* As head, without taking the value: most of what is read is passed over. */
static int skip(struct cursor *c, int depth)
{
	const uint8_t *p = c->p;
	uint64_t bytes = 0;

	if (p == c->end)
		return 0;
	uint8_t t = *p++;
	if (t >= 0x80 && t <= 0x8f)
		return skip_inside(c, p, 2 * (uint64_t)(t & 0xf), depth);
	if (t >= 0x90 && t <= 0x9f)
		return skip_inside(c, p, t & 0xf, depth);
	if (t >= 0xa0 && t <= 0xbf) {
		bytes = t & 0x1f;
	} else if (t >= 0xc0 && t <= 0xdf) {
		struct form form = forms[t - 0xc0];
		if (!form.used || (size_t)(c->end - p) < form.size)
			return -1;
		if (form.type >= VALUE_STR)
			bytes = big(p, form.size);
		p += form.size;
		if (form.type >= VALUE_ARRAY)
			return skip_inside(c, p, bytes << (form.type == VALUE_MAP), depth);
	}
	if (bytes > (size_t)(c->end - p))
		return -1;
	c->p = p + bytes;
	return 1;
}

int value_skip(struct cursor *c)
{
	/* Most values are short scalars. */
	if (c->p < c->end && (*c->p <= 0x7f || *c->p == 0xc0)) {
		c->p++;
		return 1;
	}
	return skip(c, 0);
}

int value_next(struct cursor *c, struct value *v)
{
	int rc = head(c, v);

	if (rc <= 0 || (v->type != VALUE_ARRAY && v->type != VALUE_MAP))
		return rc;
	for (uint64_t n = (uint64_t)v->a.count << (v->type == VALUE_MAP); n; n--)
		if (skip(c, 1) <= 0)
			return -1;
	v->a.inside.end = c->p;
	return 1;
}

bool value_u64(const struct value *v, uint64_t *out)
{
	if (v->type != VALUE_UINT)
		return false;
	*out = v->u;
	return true;
}

bool value_next_u64(struct cursor *c, uint64_t *out)
{
	struct value v;

	*out = 0;
	if (value_next(c, &v) != 1)
		return false;
	value_u64(&v, out);
	return true;
}

bool value_i64(const struct value *v, int64_t *out)
{
	if (v->type == VALUE_UINT && v->u <= INT64_MAX)
		*out = (int64_t)v->u;
	else if (v->type == VALUE_INT)
		*out = v->i;
	else
		return false;
	return true;
}

bool value_bytes(const struct value *v, const uint8_t **data, uint32_t *len)
{
	if (v->type != VALUE_STR && v->type != VALUE_BIN)
		return false;
	*data = v->s.data;
	*len = v->s.len;
	return true;
}

bool value_cut(const struct value *v, const uint8_t **data, uint32_t *len, uint64_t *whole)
{
	struct value inner, length;

	if (value_bytes(v, data, len)) {
		*whole = *len;
		return true;
	}
	if (v->type != VALUE_ARRAY || v->a.count != 2)
		return false;
	struct cursor c = v->a.inside;
	return value_next(&c, &inner) == 1 && inner.type == VALUE_BIN && value_bytes(&inner, data, len) &&
		value_next(&c, &length) == 1 && value_u64(&length, whole);
}
