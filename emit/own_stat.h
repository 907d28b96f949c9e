/* emit's own account. Nobody reads a stream of emit's, so its last STAT lies in a file `stat` of its state folder, as a stream of
 * HELLO and that one frame; saker(8) shows it with those of the others. */
#ifndef EMIT_OWN_STAT_H
#define EMIT_OWN_STAT_H

#include "sink.h"
#include "wire/stat.h"

/* Writes the file anew; `folder` "" is none. What can not be written is said once (`*said`). */
void own_stat_write(const char *folder, const struct source *self, uint64_t alerts, const struct sink sinks[SINKS], bool *said);

#endif
