/* One line on standard error for each report. */
#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The one state that every reporter needs and no caller should have to hand down. */
static const char *program = "saker";
static int verbose;
static bool levels;                    /* each line begins with its level, for saker-log */

void log_open(const char *name, int v)
{
	const char *asked = getenv("SAKER_LOG");

	program = name;
	verbose = v;
	levels = asked && strcmp(asked, "levels") == 0;
}

static void report(enum log_level level, const char *fmt, va_list ap, bool with_errno)
{
	int saved = errno, n = 0;
	char line[2048];

	if (levels)
		n = snprintf(line, sizeof line, "<%d>", level);
	n += snprintf(line + n, sizeof line - (size_t)n, "%s: ", program);
	n += vsnprintf(line + n, sizeof line - (size_t)n, fmt, ap);
	if (n < (int)sizeof line && with_errno)
		n += snprintf(line + n, sizeof line - (size_t)n, ": %s", strerror(saved));
	fprintf(stderr, "%s\n", line);
	errno = saved;
}

#define REPORT(level, with_errno) do { va_list ap; va_start(ap, fmt); report(level, fmt, ap, with_errno); va_end(ap); } while (0)

void log_warn(const char *fmt, ...) { REPORT(LEVEL_WARNING, true); }
void log_warnx(const char *fmt, ...) { REPORT(LEVEL_WARNING, false); }
void log_info(const char *fmt, ...) { REPORT(LEVEL_INFO, false); }

void log_debug(const char *fmt, ...)
{
	if (verbose)
		REPORT(LEVEL_DEBUG, false);
}

void log_text(enum log_level level, const char *text)
{
	for (size_t n; *text; text += n) {
		n = strcspn(text, "\n");
		if (levels)
			fprintf(stderr, "<%d>%.*s\n", level, (int)n, text);
		else
			fprintf(stderr, "%.*s\n", (int)n, text);
		n += text[n] == '\n';
	}
}

_Noreturn void die(int status, const char *fmt, ...)
{
	REPORT(LEVEL_ERROR, true);
	exit(status);
}

_Noreturn void diex(int status, const char *fmt, ...)
{
	REPORT(LEVEL_ERROR, false);
	exit(status);
}
