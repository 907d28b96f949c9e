/* The parser of conditions: recursive descent over and, or, not and parentheses. */
#include <string.h>

#include "cond_scan.h"
#include "match/vec.h"

static struct cond *parse_or(struct scan *s);

static struct cond *node(struct scan *s, enum cond_kind kind, const char *at)
{
	struct cond *c = arena_alloc(s->arena, sizeof *c);

	c->kind = kind;
	c->at = (size_t)(at - s->text);
	return c;
}

/* The rest of a parenthesised expression, behind its "(". */
static struct cond *parse_embedded(struct scan *s)
{
	if (++s->depth > COND_DEPTH_MAX)
		return scan_error(s, s->p, "exceeded max depth limit of %d", COND_DEPTH_MAX);
	struct cond *c = parse_or(s);
	if (!c)
		return NULL;
	scan_blanks(s);
	if (!scan_word(s, ")"))
		return scan_expected(s, "a ')' token");
	s->depth--;
	return c;
}

static struct cond *parse_check(struct scan *s)
{
	const char *at = s->p;
	struct cond_value name;

	if (scan_word(s, "("))
		return parse_embedded(s);
	struct cond *c = cond_check(s);
	if (c || s->err->text[0])
		return c;
	if (!scan_identifier(s, &name))
		return scan_expected(s, "a '(' token, a field check, or an identifier");
	if (cond_op(name.p, name.n) || strcmp(name.p, "and") == 0 || strcmp(name.p, "or") == 0 || strcmp(name.p, "not") == 0)
		return scan_error(s, at, "found '%s', expected a '(' token, a field check, or an identifier", name.p);
	c = node(s, COND_MACRO, at);
	c->macro = name;
	return c;
}

static struct cond *parse_not(struct scan *s)
{
	const char *at;
	bool negated = false;
	struct cond *inner;

	scan_blanks(s);
	for (at = s->p;; negated = !negated) {
		const char *before = s->p;
		if (!scan_keyword(s, "not")) {
			inner = parse_check(s);
			break;
		}
		if (scan_blanks(s))
			continue;
		if (!scan_word(s, "(")) {
			s->p = before;
			return scan_expected(s, "blank or '(' after 'not'");
		}
		negated = !negated;
		inner = parse_embedded(s);
		break;
	}
	if (!inner || !negated)
		return inner;
	struct cond *c = node(s, COND_NOT, at);
	c->kids = arena_alloc(s->arena, sizeof *c->kids);
	c->kids[0] = inner;
	c->nkids = 1;
	return c;
}

/* One more operand, behind `word`: after a blank, or in parentheses right away. */
static struct cond *parse_next(struct scan *s, const char *word, struct cond *(*operand)(struct scan *))
{
	if (scan_blanks(s))
		return operand(s);
	if (scan_word(s, "("))
		return parse_embedded(s);
	return strcmp(word, "or") == 0 ? scan_expected(s, "blank or '(' after 'or'") : scan_expected(s, "blank or '(' after 'and'");
}

static struct cond *parse_chain(struct scan *s, enum cond_kind kind, const char *word, struct cond *(*operand)(struct scan *))
{
	size_t cap = 0;

	scan_blanks(s);
	const char *at = s->p;
	struct cond *first = operand(s), *chain = NULL;
	if (!first)
		return NULL;
	for (scan_blanks(s); scan_keyword(s, word); scan_blanks(s)) {
		if (!chain) {
			chain = node(s, kind, at);
			chain->kids = vec_room(s->arena, NULL, 0, &cap, sizeof first);
			chain->kids[chain->nkids++] = first;
		}
		struct cond *next = parse_next(s, word, operand);
		if (!next)
			return NULL;
		chain->kids = vec_room(s->arena, chain->kids, chain->nkids, &cap, sizeof next);
		chain->kids[chain->nkids++] = next;
	}
	return chain ? chain : first;
}

static struct cond *parse_and(struct scan *s)
{
	return parse_chain(s, COND_AND, "and", parse_not);
}

static struct cond *parse_or(struct scan *s)
{
	return parse_chain(s, COND_OR, "or", parse_and);
}

struct cond *cond_parse(const char *text, size_t n, enum cond_grammar grammar, struct arena *a, struct cond_error *err)
{
	struct scan s = { .text = text, .p = text, .end = text + n, .arena = a, .err = err, .last = "",
		.grammar = grammar };

	*err = (struct cond_error){0};
	if (n == 0)
		return scan_error(&s, text, "filter input string is empty");
	struct cond *c = parse_or(&s);
	if (!c)
		return NULL;
	scan_blanks(&s);
	if (s.p != s.end)
		return scan_error(&s, s.p, "unexpected token after '%.*s', expecting 'or', 'and'",
			(int)(s.last_n < 60 ? s.last_n : 60), s.last);
	return c;
}
