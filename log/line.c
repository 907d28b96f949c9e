/* Levels and times of log lines. */
#include "line.h"

#include <stdio.h>
#include <string.h>

static const char *const names[LINE_LEVELS] = { "emergency", "alert", "critical", "error", "warning", "notice", "info", "debug" };

struct line line_read(const char *p, size_t n)
{
	if (n >= 3 && p[0] == '<' && p[1] >= '0' && p[1] <= '7' && p[2] == '>')
		return (struct line){ p[1] - '0', p + 3, n - 3 };
	return (struct line){ LINE_PLAIN, p, n };
}

int line_level(const char *name)
{
	for (int i = 0; i < LINE_LEVELS; i++)
		if (strcmp(name, names[i]) == 0)
			return i;
	return -1;
}

size_t line_stamp(time_t now, bool iso, char *out, size_t cap)
{
	struct tm tm;

	return strftime(out, cap, iso ? "%FT%T%z: " : "%a %b %e %T %Y: ", localtime_r(&now, &tm));
}

size_t line_text(const struct line *l, char *out, size_t cap)
{
	enum { WIDEST = 4 };                   /* \xHH */
	size_t n = 0;

	for (size_t i = 0; i < l->len && n + WIDEST < cap; i++) {
		unsigned char c = (unsigned char)l->text[i];
		if ((c < ' ' && c != '\t') || c == 0x7f)
			n += (size_t)snprintf(out + n, cap - n, "\\x%02x", c);
		else
			out[n++] = (char)c;
	}
	out[n] = '\0';
	return n;
}
