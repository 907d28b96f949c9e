/* The probe's second process: the reader. */
#ifndef PROBE_RUN_H
#define PROBE_RUN_H

#include "held.h"

/* Reads the kernel until a signal ends it, nobody reads any more or the holder is lost. Returns the exit status. */
int reader_run(const struct held *h);

#endif
