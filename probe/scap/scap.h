/* `probe -r`: capture files and recorded streams. */
#ifndef PROBE_SCAP_H
#define PROBE_SCAP_H

#include "conf/options.h"
#include "scap_file.h"
#include "wire/endpoint.h"

/* Reads the file and writes frames; those of the first `duration` seconds of it, 0: all. Returns the exit status. */
int scap_run(const struct options *o, const char *path, uint64_t duration);
/* The same of a file that holds frames: they are passed on, and HELLO says that they are recorded. */
int replay_run(struct scap_file *f, struct output *out);

#endif
