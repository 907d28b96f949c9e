/* Running another of saker's programs and hearing what it says; no shell is involved. */
#ifndef SAKER_CONF_STAGE_H
#define SAKER_CONF_STAGE_H

#include "wire/arena.h"

/* An argument list that grows: texts with a NUL behind each, as in the argument files. */
void arguments_add(struct strbuf *list, const char *text);
void arguments_key(struct strbuf *list, const char *key, const char *value);     /* -O KEY=VALUE */

/* A program of saker that runs. What it writes goes into two texts, or where ours goes (NULL). */
struct stage_output {
	int fd;
	struct strbuf *to;
};
struct stage {
	int pid;
	struct stage_output outputs[2];
};

/* Starts a program with such a list; beside others, as long as each has texts of its own. */
void stage_start(struct stage *s, const char *program, const struct strbuf *arguments, struct strbuf *out, struct strbuf *err);
/* Waits for its end. Returns its exit status; 128 and its signal when it was killed; -1 with errno when it could not be started. */
int stage_finish(struct stage *s);
int stage_run(const char *program, const struct strbuf *arguments, struct strbuf *out, struct strbuf *err);
/* Becomes that program. Returns only when that fails. */
void stage_become(const char *program, const struct strbuf *arguments);

#endif
