/* JSON text. Written here rather than with jansson because alerts hold unsigned 64-bit numbers and arbitrary bytes, and
 * because text lines need the same escaping. */
#include "jsontext.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void jsontext_raw(struct pack *out, const char *s)
{
	pack_raw(out, s, strlen(s));
}

struct utf8 {
	size_t len;                    /* bytes that belong together, at least 1 */
	uint32_t point;
	bool valid;
};

static bool between(uint8_t c, uint8_t low, uint8_t high)
{
	return c >= low && c <= high;
}

/* Length of the sequence that `c` begins, and the bounds of its second byte; 0 when it begins none. The bounds keep
 * overlong forms, surrogates and what is above U+10FFFF out. */
static size_t utf8_lead(uint8_t c, uint8_t *low, uint8_t *high)
{
	*low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
	*high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
	if (between(c, 0xc2, 0xdf))
		return 2;
	if (between(c, 0xe0, 0xef))
		return 3;
	return between(c, 0xf0, 0xf4) ? 4 : 0;
}

/* The character at `p`. A malformed one is as long as its longest well-formed beginning, as Unicode recommends. */
static struct utf8 utf8_next(const uint8_t *p, size_t n)
{
	uint8_t low, high;

	if (p[0] < 0x80)
		return (struct utf8){ 1, p[0], true };
	size_t want = utf8_lead(p[0], &low, &high);
	if (want == 0)
		return (struct utf8){ 1, 0, false };
	uint32_t point = p[0] & (0x7fu >> want);
	for (size_t i = 1; i < want; i++) {
		if (i == n || !between(p[i], low, high))
			return (struct utf8){ i, 0, false };
		point = point << 6 | (p[i] & 0x3f);
		low = 0x80;
		high = 0xbf;
	}
	return (struct utf8){ want, point, true };
}

/* DEL and the C1 controls need no escape in JSON, but some terminals obey them. */
static bool is_control(uint32_t point)
{
	return point < 0x20 || (point >= 0x7f && point <= 0x9f);
}

static void escape_point(struct pack *out, uint32_t point)
{
	static const char names[] = "\"\"\\\\\bb\ff\nn\rr\tt";
	char text[8];

	for (const char *s = names; *s; s += 2)
		if ((uint32_t)*s == point) {
			pack_raw(out, (char[]){ '\\', s[1] }, 2);
			return;
		}
	snprintf(text, sizeof text, "\\u%04" PRIx32, point);
	jsontext_raw(out, text);
}

void jsontext_escape(struct pack *out, const uint8_t *data, size_t n)
{
	size_t plain = 0, i = 0;       /* data[plain..i) needs no change */

	while (i < n) {
		struct utf8 c = utf8_next(data + i, n - i);
		if (!c.valid || is_control(c.point) || c.point == '"' || c.point == '\\') {
			pack_raw(out, data + plain, i - plain);
			if (c.valid)
				escape_point(out, c.point);
			else
				jsontext_raw(out, "\xef\xbf\xbd");
			plain = i + c.len;
		}
		i += c.len;
	}
	pack_raw(out, data + plain, n - plain);
}

void jsontext_string(struct pack *out, const uint8_t *data, size_t n)
{
	jsontext_raw(out, "\"");
	jsontext_escape(out, data, n);
	jsontext_raw(out, "\"");
}

static void jsontext_float(struct pack *out, double f)
{
	char text[32];

	if (!isfinite(f)) {
		jsontext_raw(out, "null");
		return;
	}
	/* As short as it can be and still be the same number; a whole one keeps its point, so that it stays a float. */
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, f);
		if (strtod(text, NULL) == f)
			break;
	}
	jsontext_raw(out, text);
	if (!strpbrk(text, ".e"))
		jsontext_raw(out, ".0");
}

static void jsontext_integer(struct pack *out, const struct value *v)
{
	char text[24];

	if (v->type == VALUE_INT)
		snprintf(text, sizeof text, "%" PRId64, v->i);
	else
		snprintf(text, sizeof text, "%" PRIu64, v->u);
	jsontext_raw(out, text);
}

static void jsontext_array(struct pack *out, struct cursor c)
{
	struct value v;
	const char *separator = "";

	jsontext_raw(out, "[");
	while (value_next(&c, &v) == 1) {
		jsontext_raw(out, separator);
		jsontext_value(out, &v);
		separator = ",";
	}
	jsontext_raw(out, "]");
}

static void jsontext_key(struct pack *out, const struct value *key)
{
	struct pack text = {0};

	if (key->type == VALUE_STR || key->type == VALUE_BIN) {
		jsontext_value(out, key);
		return;
	}
	jsontext_value(&text, key);
	jsontext_string(out, text.data, text.len);
	pack_free(&text);
}

static void jsontext_map(struct pack *out, struct cursor c)
{
	struct value key, v;
	const char *separator = "";

	jsontext_raw(out, "{");
	while (value_next(&c, &key) == 1 && value_next(&c, &v) == 1) {
		jsontext_raw(out, separator);
		jsontext_key(out, &key);
		jsontext_raw(out, ":");
		jsontext_value(out, &v);
		separator = ",";
	}
	jsontext_raw(out, "}");
}

void jsontext_value(struct pack *out, const struct value *v)
{
	switch (v->type) {
	case VALUE_NIL: jsontext_raw(out, "null"); break;
	case VALUE_BOOL: jsontext_raw(out, v->boolean ? "true" : "false"); break;
	case VALUE_UINT: case VALUE_INT: jsontext_integer(out, v); break;
	case VALUE_FLOAT: jsontext_float(out, v->f); break;
	case VALUE_STR: case VALUE_BIN: jsontext_string(out, v->s.data, v->s.len); break;
	case VALUE_ARRAY: jsontext_array(out, v->a.inside); break;
	case VALUE_MAP: jsontext_map(out, v->a.inside); break;
	}
}
