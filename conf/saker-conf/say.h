/* What saker-conf tells: warnings and errors with their place; under --falco the log lines and errors that Falco writes. */
#ifndef SAKER_CONF_SAY_H
#define SAKER_CONF_SAY_H

#include <stdbool.h>

#include "wire/arena.h"
#include "wire/place.h"

enum say_level { SAY_ERROR = 3, SAY_WARNING = 4, SAY_INFO = 6, SAY_DEBUG = 7 };

/* Falco's log lines wait until the configuration says whether and how they are shown. */
struct say {
	bool falco, old;                        /* --falco; compat is 0.28 */
	bool failed;                            /* an error was said */
	bool open, silent, iso;                 /* log lines go out; not to standard error; their times are in ISO 8601 */
	bool syslog;                            /* they go to the system's log as well */
	enum say_level level;
	struct say_line { enum say_level level; char *text; struct say_line *next; } *first, **end;
};

/* A warning: at once, or as a log line under --falco. */
void say_warn(struct say *s, struct place at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* An error that ends the program. Returns -1. */
int say_error(struct say *s, struct place at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* A log line of Falco's; nothing without --falco. */
void say_log(struct say *s, enum say_level level, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Writes what waits, and from now on every log line at once. */
void say_open(struct say *s, bool silent, bool iso, enum say_level level);
void say_free(struct say *s);

#endif
