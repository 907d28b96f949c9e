/* Finding whole frames in a buffer. */
#include "frame.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name, *fields;
} kinds[FRAME_KINDS] = {
#define RECORD(number, name, text, fields) [number] = { text, fields },
#include "records.def"
#undef RECORD
};

int frame_parse(const uint8_t *p, size_t n, uint64_t offset, struct frame *f, size_t *need, char *err, size_t errlen)
{
	*need = FRAME_HEADER;
	if (n == 0)
		return 0;
	if (p[0] != 0xc9) {
		snprintf(err, errlen, "byte %llu: found 0x%02x where a frame must begin with 0xc9",
			(unsigned long long)offset, p[0]);
		return -1;
	}
	if (n < FRAME_HEADER)
		return 0;
	uint32_t len = (uint32_t)p[1] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 8 | p[4];
	int8_t kind = (int8_t)p[5];
	uint32_t max = kind == FRAME_JSON ? FRAME_MAX_JSON : FRAME_MAX;
	if (len > max) {
		snprintf(err, errlen, "byte %llu: a body of %u bytes, over the limit of %u for kind %d",
			(unsigned long long)offset + 1, len, max, kind);
		return -1;
	}
	*need = FRAME_HEADER + (size_t)len;
	if (n < *need)
		return 0;
	*f = (struct frame){ .start = p, .body = p + FRAME_HEADER, .size = *need, .len = len, .kind = kind, .offset = offset };
	return 1;
}

const char *frame_kind_name(int kind)
{
	return kind > 0 && kind < FRAME_KINDS ? kinds[kind].name : NULL;
}

int frame_kind_number(const char *name)
{
	char *end;
	long n = strtol(name, &end, 10);

	if (end != name && *end == '\0')
		return n >= -128 && n <= 127 ? (int)n : -1;
	for (int i = 1; i < FRAME_KINDS; i++)
		if (strcmp(kinds[i].name, name) == 0)
			return i;
	return -1;
}

const char *frame_kind_fields(int kind)
{
	return kind > 0 && kind < FRAME_KINDS ? kinds[kind].fields : "";
}
