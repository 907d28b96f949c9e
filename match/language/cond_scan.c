/* Tokens of the condition language. */
#include "cond_scan.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\b' || c == '\r' || c == '\n';
}

static bool word_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Takes what lies before `end` as the token `v`. */
static bool take(struct scan *s, const char *end, struct cond_value *v)
{
	if (end == s->p)
		return false;
	*v = (struct cond_value){ arena_strn(s->arena, s->p, (size_t)(end - s->p)), (size_t)(end - s->p), (size_t)(s->p - s->text) };
	s->last = s->p;
	s->last_n = v->n;
	s->p = end;
	return true;
}

bool scan_blanks(struct scan *s)
{
	const char *p = s->p;

	while (s->p < s->end && blank(*s->p))
		s->p++;
	return s->p != p;
}

bool scan_at_blank(const struct scan *s)
{
	return s->p < s->end && blank(*s->p);
}

bool scan_word(struct scan *s, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n) != 0)
		return false;
	s->last = s->p;
	s->last_n = n;
	s->p += n;
	return true;
}

bool scan_keyword(struct scan *s, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(s->end - s->p) > n && word_char(s->p[n]))
		return false;
	return scan_word(s, word);
}

static const char *identifier(const char *p, const char *end)
{
	if (p == end || !isalpha((unsigned char)*p))
		return p;
	while (p < end && word_char(*p))
		p++;
	return p;
}

bool scan_identifier(struct scan *s, struct cond_value *v)
{
	return take(s, identifier(s->p, s->end), v);
}

bool scan_field_name(struct scan *s, struct cond_value *v)
{
	const char *p = identifier(s->p, s->end);
	bool dot = false;

	if (p == s->p)
		return false;
	while (p < s->end && *p == '.') {
		const char *next = identifier(p + 1, s->end);
		if (next == p + 1)
			break;
		p = next;
		dot = true;
	}
	return dot && take(s, p, v);
}

static const char *digits(const char *p, const char *end)
{
	while (p < end && isdigit((unsigned char)*p))
		p++;
	return p;
}

static const char *exponent(const char *p, const char *end)
{
	if (end - p < 3 || (*p != 'e' && *p != 'E') || (p[1] != '+' && p[1] != '-'))
		return p;
	const char *after = digits(p + 2, end);
	return after == p + 2 ? p : after;
}

bool scan_number(struct scan *s, struct cond_value *v)
{
	const char *p = s->p;

	if (s->end - p > 2 && p[0] == '0' && (p[1] == 'x' || p[1] == 'X') && isxdigit((unsigned char)p[2])) {
		for (p += 2; p < s->end && isxdigit((unsigned char)*p); p++)
			;
		return take(s, p, v);
	}
	if (p < s->end && (*p == '+' || *p == '-'))
		p++;
	const char *after = digits(p, s->end);
	if (after == p)
		return false;
	if (after < s->end && *after == '.')
		after = digits(after + 1, s->end);
	return take(s, exponent(after, s->end), v);
}

static const char *until(const char *p, const char *end, const char *stop)
{
	while (p < end && *p && !isspace((unsigned char)*p) && !strchr(stop, *p))
		p++;
	return p;
}

/* In 0.28 a bare value ended at a blank, a parenthesis, a comma or an equals sign. */
static const char *until_old(const char *p, const char *end)
{
	while (p < end && *p && !isspace((unsigned char)*p) && !strchr("(),=", *p))
		p++;
	return p;
}

bool scan_bare(struct scan *s, struct cond_value *v)
{
	return take(s, s->grammar == GRAMMAR_OLD ? until_old(s->p, s->end) : until(s->p, s->end, "()\"'=,"), v);
}

bool scan_bare_arg(struct scan *s, struct cond_value *v)
{
	return take(s, until(s->p, s->end, "[]\"'"), v);
}

static int hex(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : isxdigit((unsigned char)c) ? (c | 0x20) - 'a' + 10 : -1;
}

/* One escape sequence at *p, behind the backslash. Returns the byte, or -1. */
static int unescape(const char **p, const char *end, char quote)
{
	static const char from[] = "bfnrt\\/ ", to[] = "\b\f\n\r\t\\/\\";
	char c = *(*p)++;
	const char *f = c ? strchr(from, c) : NULL;

	if (f)
		return (unsigned char)to[f - from];
	if (c == quote)
		return (unsigned char)c;
	if (c == 'x' && end - *p >= 2 && hex((*p)[0]) >= 0 && hex((*p)[1]) >= 0) {
		int byte = hex((*p)[0]) << 4 | hex((*p)[1]);
		*p += 2;
		return byte;
	}
	return -1;
}

#define OR_FIELD " value or a field with a valid transformer: 'val', 'tolower', 'toupper', 'b64', 'basename', 'len', 'join', 'concat', 'getopt'"
const char scan_value[] = "a string" OR_FIELD, scan_value_number[] = "a number" OR_FIELD, scan_value_list[] = "a list" OR_FIELD;

int scan_quoted(struct scan *s, struct cond_value *v)
{
	const char *p = s->p, *close;

	if (p == s->end || (*p != '"' && *p != '\''))
		return 0;
	char quote = *p++;
	for (close = p; close < s->end && (*close != quote || close[-1] == '\\'); close++)
		;
	if (close == s->end) {
		snprintf(s->err->before, sizeof s->err->before, "found a text that begins with %c without another %c at its end, ", quote,
			quote);
		scan_error(s, s->p, "expected %s", scan_value);
		return -1;
	}
	char *out = arena_alloc(s->arena, (size_t)(close - p) + 1), *o = out;
	while (p < close) {
		const char *at = p;
		bool escape = *p == '\\' && p + 1 < close && s->grammar == GRAMMAR_NOW;
		int c = escape ? (p++, unescape(&p, close, quote)) : (unsigned char)*p++;
		if (c < 0) {
			scan_error(s, at, "unsupported string escape sequence: \\%c", at[1]);
			snprintf(s->err->after, sizeof s->err->after, ", expected one of \\b \\f \\n \\r \\t \\\\ \\/ \\%c \\xHH", quote);
			return -1;
		}
		*o++ = (char)c;
	}
	*v = (struct cond_value){ out, (size_t)(o - out), (size_t)(s->p - s->text) };
	s->last = s->p;
	s->last_n = (size_t)(close + 1 - s->p);
	s->p = close + 1;
	return 1;
}

void *scan_error(struct scan *s, const char *at, const char *fmt, ...)
{
	va_list ap;

	if (s->err->text[0])
		return NULL;
	s->err->at = (size_t)(at - s->text);
	va_start(ap, fmt);
	vsnprintf(s->err->text, sizeof s->err->text, fmt, ap);
	va_end(ap);
	return NULL;
}

void *scan_expected(struct scan *s, const char *what)
{
	const char *p = s->p;

	if (s->err->text[0])
		return NULL;
	while (p < s->end && !blank(*p) && p - s->p < 40)
		p++;
	if (s->p == s->end)
		snprintf(s->err->before, sizeof s->err->before, "found the end of the condition, ");
	else if (p == s->p)
		snprintf(s->err->before, sizeof s->err->before, "found a blank, ");
	else
		snprintf(s->err->before, sizeof s->err->before, "found '%.*s', ", (int)(p - s->p), s->p);
	return scan_error(s, s->p, "expected %s", what);
}
