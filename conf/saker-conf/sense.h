/* What no single key shows: values that need or exclude each other, and keys that stand for others. */
#ifndef SAKER_CONF_SENSE_H
#define SAKER_CONF_SENSE_H

#include "settle.h"

/* Checks what belongs together, and sets what other names of keys stand for. Returns 0, or -1 when an error was said. */
int sense_check(struct settled *s);
/* Is there an output that this version has? Asked only when something is going to run. */
int sense_outputs(struct settled *s);

#endif
