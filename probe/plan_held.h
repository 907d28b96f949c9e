/* The plan in force, which outlives the reader that has put it there. */
#ifndef PROBE_PLAN_HELD_H
#define PROBE_PLAN_HELD_H

#include "held.h"

/* Memory for two plans' texts: that of the one in force, and of the next one. Returns 0, or -1 with errno. */
int plan_held_create(int texts[2]);
/* For a reader that is not the first one: finds the plan that is in force and finishes what was begun. Appends the PLAN frame to `out`
 * when it is not the one that HELLO has. Returns 0, or -1 with a message. */
int plan_held_take(const struct held *h, struct pack *out);
/* Reads the plan of -p again and exchanges that in force for it; one that is wrong changes nothing. Appends the
 * PLAN frame to `out`; `answer` is for --notify, when that is where the next reader finds it. */
enum { PLAN_ANSWER_MAX = 600 };
void plan_held_reload(const struct held *h, struct pack *out, char answer[PLAN_ANSWER_MAX]);

#endif
