/* ALERT frames. */
#ifndef MATCH_ALERT_H
#define MATCH_ALERT_H

#include <stdbool.h>

#include "eval.h"
#include "wire/pack.h"

/* Appends the alert that `r` raises for the event at hand. Returns whether it is complete: nothing that it rests on was lost.
 * An alert that does not fit a frame is left out, and `*written` is false. `text` is scratch. */
bool alert_frame(struct pack *out, struct eval *e, const struct rule *r, struct strbuf *text, bool *written);

#endif
