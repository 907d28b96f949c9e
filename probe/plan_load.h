/* The plan that the probe was given, and the one that it has by itself. */
#ifndef PROBE_PLAN_LOAD_H
#define PROBE_PLAN_LOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "wire/pack.h"
#include "wire/plan/plan.h"

/* Reads the plan of -p; `path` NULL: that of the shipped rules. NULL: `err` says where it is wrong. */
struct plan *plan_load(const char *path, char *err, size_t errlen);
/* Which of its types the probe captures. Says which ones it can not. */
void plan_types(const struct plan *p, bool types[EVENT_TYPES]);
/* Its text, with a NUL behind; to be freed by pack_free. */
void plan_text(const struct plan *p, struct pack *out);
/* The PLAN frame. */
void plan_frame(struct pack *out, const struct plan *p);

#endif
