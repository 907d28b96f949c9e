/* JSON lines to frames: the way back from render.h. */
#ifndef FRAMES_COMPOSE_H
#define FRAMES_COMPOSE_H

#include <jansson.h>
#include <stdarg.h>

#include "vocabulary.h"
#include "wire/pack.h"

struct compose_error {
	char text[256];
	char member[64];                       /* the name near which it is, or empty */
};
/* Says what is wrong; returns -1. */
int compose_fail(struct compose_error *err, const char *member, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Appends the frame that one JSON object describes; returns 0 or -1. */
int compose_frame(const struct vocabulary *v, const json_t *line, struct pack *out, struct compose_error *err);
/* Appends one value; `member` is its name for errors. */
int compose_value(struct pack *out, const json_t *j, const struct shape *shape, const char *member,
	struct compose_error *err);

#endif
