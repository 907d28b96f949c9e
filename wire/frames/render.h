/* Frames to JSON lines. The forms are chosen so that reading them back (compose.h) gives the same bytes. */
#ifndef FRAMES_RENDER_H
#define FRAMES_RENDER_H

#include "vocabulary.h"
#include "wire/pack.h"
#include "wire/value.h"

/* Appends a line. Returns 0, or -1 when the body is malformed; `*at` is then the offset in it. */
int render_frame(const struct vocabulary *v, const struct frame *f, struct pack *out, size_t *at);
/* Appends one value in the form that its shape asks for. */
void render_value(struct pack *out, const struct value *v, const struct shape *shape);

#endif
