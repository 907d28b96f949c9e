/* Regular expressions as Falco takes them: POSIX egrep syntax, the whole text must match. PCRE2 with JIT and a match limit. */
#ifndef MATCH_REGEX_H
#define MATCH_REGEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct regex;

/* NULL with a message in `err` when the pattern is not valid. */
struct regex *regex_new(const char *pattern, size_t n, char *err, size_t errlen);
void regex_free(struct regex *r);
/* Invalid UTF-8 in the text counts as U+FFFD. A match that hits the limit is false and counted. */
bool regex_match(struct regex *r, const char *text, size_t n);
uint64_t regex_errors(const struct regex *r);
/* Is the pattern made of literal characters only, so that a simpler operator would do? */
bool regex_literal(const char *pattern);

#endif
