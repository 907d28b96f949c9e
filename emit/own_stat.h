/* emit's own account. Nobody reads a stream of emit's, so its last STAT lies in a file `stat` of its state folder, as a stream of
 * HELLO and that one frame; saker(8) shows it with those of the others. */
#ifndef EMIT_OWN_STAT_H
#define EMIT_OWN_STAT_H

#include "sink.h"
#include "wire/stat.h"

/* All zero before the first write. */
struct own_stat {
	int fd;                                /* of the file, which stays open; 0: none */
	size_t len;                            /* what was written last */
	bool said;                             /* that it can not be written */
};

/* Writes the file anew; `folder` "" is none. What can not be written is said once. */
void own_stat_write(struct own_stat *o, const char *folder, const struct source *self, uint64_t alerts, const struct sink sinks[SINKS]);
void own_stat_close(struct own_stat *o);

#endif
