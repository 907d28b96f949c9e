/* Packing with msgpack-c into a growing buffer. */
#include "pack.h"

#include <msgpack/pack.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "log.h"

static int append(void *data, const char *buf, size_t n)
{
	struct pack *p = data;

	memcpy(pack_room(p, n), buf, n);
	p->len += n;
	return 0;
}

#define PACKER(p) (&(msgpack_packer){ .data = (p), .callback = append })

void pack_free(struct pack *p)
{
	free(p->data);
	*p = (struct pack){0};
}

uint8_t *pack_room(struct pack *p, size_t n)
{
	if (p->cap - p->len < n) {
		size_t cap = p->cap ? p->cap : 4096;
		while (cap - p->len < n)
			cap *= 2;
		uint8_t *data = realloc(p->data, cap);
		if (!data)
			diex(EX_OSERR, "out of memory: a buffer of %zu bytes", cap);
		p->data = data;
		p->cap = cap;
	}
	return p->data + p->len;
}

void pack_raw(struct pack *p, const void *data, size_t n)
{
	if (n) {
		memcpy(pack_room(p, n), data, n);
		p->len += n;
	}
}

size_t frame_begin(struct pack *p, int kind)
{
	size_t begin = p->len;
	uint8_t *h = pack_room(p, FRAME_HEADER);

	h[0] = 0xc9;
	h[5] = (uint8_t)kind;
	p->len += FRAME_HEADER;
	return begin;
}

int frame_end(struct pack *p, size_t begin)
{
	uint8_t *h = p->data + begin;
	size_t len = p->len - begin - FRAME_HEADER;

	if (len > ((int8_t)h[5] == FRAME_JSON ? FRAME_MAX_JSON : FRAME_MAX)) {
		p->len = begin;
		return -1;
	}
	h[1] = (uint8_t)(len >> 24);
	h[2] = (uint8_t)(len >> 16);
	h[3] = (uint8_t)(len >> 8);
	h[4] = (uint8_t)len;
	return 0;
}

void frame_copy(struct pack *p, const struct frame *f)
{
	pack_raw(p, f->start, f->size);
}

void pack_nil(struct pack *p)
{
	msgpack_pack_nil(PACKER(p));
}

void pack_bool(struct pack *p, bool b)
{
	if (b)
		msgpack_pack_true(PACKER(p));
	else
		msgpack_pack_false(PACKER(p));
}

void pack_uint(struct pack *p, uint64_t u)
{
	msgpack_pack_uint64(PACKER(p), u);
}

void pack_int(struct pack *p, int64_t i)
{
	msgpack_pack_int64(PACKER(p), i);
}

void pack_float(struct pack *p, double f)
{
	msgpack_pack_double(PACKER(p), f);
}

void pack_fix64(struct pack *p, uint64_t u)
{
	msgpack_pack_fix_uint64(PACKER(p), u);
}

void pack_fix16(struct pack *p, uint16_t u)
{
	msgpack_pack_fix_uint16(PACKER(p), u);
}

void pack_strn(struct pack *p, const char *s, size_t n)
{
	msgpack_pack_str(PACKER(p), n);
	pack_raw(p, s, n);
}

void pack_str(struct pack *p, const char *s)
{
	if (s)
		pack_strn(p, s, strlen(s));
	else
		pack_nil(p);
}

void pack_bin(struct pack *p, const void *data, size_t n)
{
	if (!data) {
		pack_nil(p);
		return;
	}
	msgpack_pack_bin(PACKER(p), n);
	pack_raw(p, data, n);
}

void pack_cut(struct pack *p, const void *data, size_t n, uint64_t whole)
{
	if (data && whole > n) {
		pack_array(p, 2);
		pack_bin(p, data, n);
		pack_uint(p, whole);
	} else {
		pack_bin(p, data, n);
	}
}

void pack_array(struct pack *p, uint32_t n)
{
	msgpack_pack_array(PACKER(p), n);
}

void pack_map(struct pack *p, uint32_t n)
{
	msgpack_pack_map(PACKER(p), n);
}

static void pack_inside(struct pack *p, struct cursor c)
{
	struct value v;

	while (value_next(&c, &v) == 1)
		pack_value(p, &v);
}

void pack_value(struct pack *p, const struct value *v)
{
	switch (v->type) {
	case VALUE_NIL: pack_nil(p); break;
	case VALUE_BOOL: pack_bool(p, v->boolean); break;
	case VALUE_UINT: pack_uint(p, v->u); break;
	case VALUE_INT: pack_int(p, v->i); break;
	case VALUE_FLOAT: pack_float(p, v->f); break;
	case VALUE_STR: pack_strn(p, (const char *)v->s.data, v->s.len); break;
	case VALUE_BIN: pack_bin(p, v->s.data, v->s.len); break;
	case VALUE_ARRAY: pack_array(p, v->a.count); pack_inside(p, v->a.inside); break;
	case VALUE_MAP: pack_map(p, v->a.count); pack_inside(p, v->a.inside); break;
	}
}
