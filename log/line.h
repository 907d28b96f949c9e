/* One line of a stage's log: its level, and how it is written. */
#ifndef LOG_LINE_H
#define LOG_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

enum { LINE_LEVELS = 8, LINE_PLAIN = 4 };      /* LINE_PLAIN: of a line that tells no level, warning */

struct line {
	int level;                             /* syslog(3)'s, 0 to 7 */
	const char *text;                      /* borrowed; control characters stand as they came */
	size_t len;
};

/* Takes `<N>` off the front. */
struct line line_read(const char *p, size_t n);
/* The number of "emergency" … "debug" as falco.yaml has them, or -1. */
int line_level(const char *name);
/* What Falco's log puts before a line, "Wed Nov 25 20:33:14 2026: ", or the same with an ISO 8601 time. Returns its length. */
size_t line_stamp(time_t now, bool iso, char *out, size_t cap);
/* The text, NUL-terminated; control characters are written as \xHH, so that no program that is watched can write lines of its own.
 * Returns its length. */
size_t line_text(const struct line *l, char *out, size_t cap);

#endif
