/* Rules that can not fire on a stream. */
#ifndef MATCH_FIRING_H
#define MATCH_FIRING_H

#include <stdint.h>

#include "program.h"

/* Names on stderr each rule none of whose event types are among `types`, what the stream captures. Returns how many there are. */
unsigned firing_warn(const struct program *p, const uint8_t *types);

#endif
