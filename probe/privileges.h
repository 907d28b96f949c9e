/* What the probe's two processes give up. */
#ifndef PROBE_PRIVILEGES_H
#define PROBE_PRIVILEGES_H

#include "held.h"

struct cgroups;

/* The holder, and with it what a reader needs to get as far as giving up more. */
void privileges_of_holder(const struct held *h);
/* The reader: user, capabilities, files, system calls. `cgroups` has the only folders that it may list from then on. */
void privileges_of_reader(const struct held *h, const struct cgroups *cgroups);

#endif
