/* The four reporters. Each writes one line, `program: what: why`, to standard error; the x forms leave the errno text out. */
#ifndef WIRE_LOG_H
#define WIRE_LOG_H

/* Name the program once, at the top of main; `verbose` turns log_debug on. Borrowed. */
void log_open(const char *program, int verbose);

void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warnx(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void die(int status, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
_Noreturn void diex(int status, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
