/* The four reporters. Each writes one line, `program: what: why`, to standard error; the x forms leave the errno text out. With
 * SAKER_LOG=levels in the environment lines begin with their level, `<4>`, as in sd-daemon(3): saker-log(1) reads that. */
#ifndef WIRE_LOG_H
#define WIRE_LOG_H

/* Name the program once, at the top of main; `verbose` turns log_debug on. Borrowed. */
void log_open(const char *program, int verbose);

/* syslog(3)'s numbers. */
enum log_level { LEVEL_CRITICAL = 2, LEVEL_ERROR = 3, LEVEL_WARNING = 4, LEVEL_INFO = 6, LEVEL_DEBUG = 7 };

void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warnx(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Lines that are made already, with no program's name before them. */
void log_text(enum log_level level, const char *text);
_Noreturn void die(int status, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
_Noreturn void diex(int status, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
