/* PCRE2 behind the syntax of RE2's POSIX mode: what that refuses is refused here too. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "regex.h"

#include <ctype.h>
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/arena.h"

enum { MATCH_LIMIT = 200000, DEPTH_LIMIT = 1000, PATTERN_MAX = 16384, STACK_MIN = 32768, STACK_MAX = 1 << 20 };

struct regex {
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *context;
	pcre2_jit_stack *stack;
	struct strbuf clean;            /* a text with its invalid bytes replaced */
	uint64_t errors;
};

/* Behind the bracket expression that begins at p[i]. */
static size_t past_bracket(const char *p, size_t n, size_t i)
{
	i++;
	if (i < n && p[i] == '^')
		i++;
	if (i < n && p[i] == ']')
		i++;
	while (i < n && p[i] != ']') {
		const char *close = i + 1 < n && p[i] == '[' && p[i + 1] == ':' ? memmem(p + i, n - i, ":]", 2) : NULL;
		i = close ? (size_t)(close - p) + 2 : i + 1;
	}
	return i;
}

/* Perl's extensions, which an egrep does not have. Returns the two characters of the first, or NULL. */
static const char *extension(const char *p, size_t n)
{
	for (size_t i = 0; i + 1 < n; i++) {
		if (p[i] == '[') {
			i = past_bracket(p, n, i);
			continue;
		}
		bool group = p[i] == '(' && p[i + 1] == '?', verb = p[i] == '(' && p[i + 1] == '*';
		bool lazy = p[i] && strchr("*+?}", p[i]) && (p[i + 1] == '?' || p[i + 1] == '+');
		bool escape = p[i] == '\\' && isalpha((unsigned char)p[i + 1]) && !strchr("afnrtvx", p[i + 1]);
		if (group || verb || lazy || escape)
			return p + i;
		if (p[i] == '\\')
			i++;
	}
	return NULL;
}

static void limits(struct regex *r)
{
	r->context = pcre2_match_context_create(NULL);
	r->data = pcre2_match_data_create(1, NULL);
	if (r->context) {
		pcre2_set_match_limit(r->context, MATCH_LIMIT);
		pcre2_set_depth_limit(r->context, DEPTH_LIMIT);
		r->stack = pcre2_jit_stack_create(STACK_MIN, STACK_MAX, NULL);
		pcre2_jit_stack_assign(r->context, NULL, r->stack);
	}
}

struct regex *regex_new(const char *pattern, size_t n, char *err, size_t errlen)
{
	const uint32_t options = PCRE2_UTF | PCRE2_MULTILINE | PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_NEVER_BACKSLASH_C |
		PCRE2_NO_AUTO_CAPTURE;
	const char *bad = extension(pattern, n);
	int code;
	size_t offset;
	PCRE2_UCHAR message[128];

	if (n > PATTERN_MAX || bad) {
		snprintf(err, errlen, "invalid regex pattern: found %.*s, expected POSIX extended syntax",
			bad ? 2 : 22, bad ? bad : "more than 16384 bytes");
		return NULL;
	}
	struct regex *r = calloc(1, sizeof *r);
	if (!r) {
		snprintf(err, errlen, "out of memory");
		return NULL;
	}
	r->code = pcre2_compile((PCRE2_SPTR)pattern, n, options, &code, &offset, NULL);
	if (!r->code) {
		pcre2_get_error_message(code, message, sizeof message);
		snprintf(err, errlen, "invalid regex pattern: %s, at offset %zu", (const char *)message, offset);
		regex_free(r);
		return NULL;
	}
	limits(r);
	/* Without JIT it works too, only slower. */
	(void)pcre2_jit_compile(r->code, PCRE2_JIT_COMPLETE);
	if (r->context && r->data)
		return r;
	snprintf(err, errlen, "out of memory");
	regex_free(r);
	return NULL;
}

void regex_free(struct regex *r)
{
	if (!r)
		return;
	pcre2_code_free(r->code);
	pcre2_match_data_free(r->data);
	pcre2_match_context_free(r->context);
	pcre2_jit_stack_free(r->stack);
	strbuf_free(&r->clean);
	free(r);
}

/* Matches again with each invalid byte replaced, until what is left is valid. */
static int match_dirty(struct regex *r, const char *text, size_t n)
{
	int rc;

	strbuf_reset(&r->clean);
	for (;;) {
		/* A bad offset of 0 must still advance: it is the byte itself that is bad. */
		rc = pcre2_match(r->code, (PCRE2_SPTR)text, n, 0, 0, r->data, r->context);
		if (rc > PCRE2_ERROR_UTF8_ERR1 || rc < PCRE2_ERROR_UTF8_ERR21)
			break;
		size_t bad = pcre2_get_startchar(r->data);
		strbuf_add(&r->clean, text, bad);
		strbuf_puts(&r->clean, "\xef\xbf\xbd");
		text += bad + 1;
		n -= bad + 1;
	}
	strbuf_add(&r->clean, text, n);
	return pcre2_match(r->code, (PCRE2_SPTR)r->clean.p, r->clean.n, 0, 0, r->data, r->context);
}

bool regex_match(struct regex *r, const char *text, size_t n)
{
	int rc = pcre2_match(r->code, (PCRE2_SPTR)text, n, 0, 0, r->data, r->context);

	if (rc <= PCRE2_ERROR_UTF8_ERR1 && rc >= PCRE2_ERROR_UTF8_ERR21)
		rc = match_dirty(r, text, n);
	if (rc < 0 && rc != PCRE2_ERROR_NOMATCH)
		r->errors++;
	return rc >= 0;
}

uint64_t regex_errors(const struct regex *r)
{
	return r->errors;
}

bool regex_literal(const char *p)
{
	if (*p == '^')
		p++;
	if (*p == '.' && p[1] && strchr("*+?", p[1]))
		p += 2;
	while (isalnum((unsigned char)*p) || (*p && strchr("_-/ :,@%#~=&;<>!'\"", *p)))
		p++;
	if (*p == '.' && p[1] && strchr("*+?", p[1]))
		p += 2;
	if (*p == '$')
		p++;
	return *p == '\0';
}
