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

void log_open(const char *name, int v)
{
	program = name;
	verbose = v;
}

static void report(const char *fmt, va_list ap, bool with_errno)
{
	int saved = errno;
	char line[2048];
	int n = snprintf(line, sizeof line, "%s: ", program);

	n += vsnprintf(line + n, sizeof line - (size_t)n, fmt, ap);
	if (n < (int)sizeof line && with_errno)
		n += snprintf(line + n, sizeof line - (size_t)n, ": %s", strerror(saved));
	fprintf(stderr, "%s\n", line);
	errno = saved;
}

#define REPORT(with_errno) do { va_list ap; va_start(ap, fmt); report(fmt, ap, with_errno); va_end(ap); } while (0)

void log_warn(const char *fmt, ...) { REPORT(true); }
void log_warnx(const char *fmt, ...) { REPORT(false); }
void log_info(const char *fmt, ...) { REPORT(false); }

void log_debug(const char *fmt, ...)
{
	if (verbose)
		REPORT(false);
}

_Noreturn void die(int status, const char *fmt, ...)
{
	REPORT(true);
	exit(status);
}

_Noreturn void diex(int status, const char *fmt, ...)
{
	REPORT(false);
	exit(status);
}
