/* JSON strings and base64. */
#include "text.h"

#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Length of the sequence at `s`, or 0 when it is not one of UTF-8: overlong forms, surrogates, over U+10FFFF. */
static size_t sequence(const uint8_t *s, size_t n)
{
	static const struct { uint8_t low, high, next_low, next_high, len; } forms[] = {
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		if (*s < forms[i].low || *s > forms[i].high)
			continue;
		if (n < forms[i].len || s[1] < forms[i].next_low || s[1] > forms[i].next_high)
			return 0;
		for (size_t k = 2; k < forms[i].len; k++)
			if ((s[k] & 0xc0) != 0x80)
				return 0;
		return forms[i].len;
	}
	return 0;
}

bool text_is_utf8(const uint8_t *s, size_t n)
{
	while (n > 0) {
		size_t len = *s < 0x80 ? 1 : sequence(s, n);
		if (len == 0)
			return false;
		s += len;
		n -= len;
	}
	return true;
}

bool text_is_name(const uint8_t *s, size_t n)
{
	return text_is_utf8(s, n) && (n == 0 || !memchr(s, '\0', n));
}

void text_raw(struct pack *out, const char *s)
{
	pack_raw(out, s, strlen(s));
}

static void escape(struct pack *out, uint8_t c)
{
	static const char hex[] = "0123456789abcdef", from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
	const char *at = c ? strchr(from, c) : NULL;

	if (at)
		pack_raw(out, (char[]){ '\\', to[at - from] }, 2);
	else
		pack_raw(out, (char[]){ '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] }, 6);
}

void text_string(struct pack *out, const uint8_t *s, size_t n)
{
	const uint8_t *end = s + n, *plain = s;

	pack_raw(out, "\"", 1);
	for (; s < end; s++) {
		if (*s >= 0x20 && *s != '"' && *s != '\\' && *s != 0x7f)
			continue;
		pack_raw(out, plain, (size_t)(s - plain));
		escape(out, *s);
		plain = s + 1;
	}
	pack_raw(out, plain, (size_t)(end - plain));
	pack_raw(out, "\"", 1);
}

void text_base64(struct pack *out, const uint8_t *s, size_t n)
{
	for (size_t i = 0; i < n; i += 3) {
		uint32_t v = (uint32_t)s[i] << 16 | (i + 1 < n ? (uint32_t)s[i + 1] << 8 : 0) | (i + 2 < n ? s[i + 2] : 0);
		char four[] = { digits[v >> 18], digits[v >> 12 & 63], i + 1 < n ? digits[v >> 6 & 63] : '=',
			i + 2 < n ? digits[v & 63] : '=' };
		pack_raw(out, four, 4);
	}
}

/* The value of up to four digits, padded with `=`; the number of bytes in it, or 0. */
static size_t quantum(const char *s, bool last, uint8_t bytes[3])
{
	uint32_t v = 0;
	size_t pad = 0;

	for (int i = 0; i < 4; i++) {
		const char *at = s[i] ? strchr(digits, s[i]) : NULL;
		if (s[i] == '=' && last && i >= 2)
			pad++;
		else if (!at || pad)
			return 0;
		v = v << 6 | (at ? (uint32_t)(at - digits) : 0);
	}
	if (v & ((1u << 8 * pad) - 1))
		return 0;
	bytes[0] = (uint8_t)(v >> 16);
	bytes[1] = (uint8_t)(v >> 8);
	bytes[2] = (uint8_t)v;
	return 3 - pad;
}

bool text_unbase64(struct pack *out, const char *s, size_t n)
{
	if (n % 4 != 0)
		return false;
	for (size_t i = 0; i < n; i += 4) {
		uint8_t bytes[3];
		size_t got = quantum(s + i, i + 4 == n, bytes);
		if (got == 0)
			return false;
		pack_raw(out, bytes, got);
	}
	return true;
}
