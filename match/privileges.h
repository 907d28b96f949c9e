/* What match gives up once its rules are loaded and its endpoints are open. */
#ifndef MATCH_PRIVILEGES_H
#define MATCH_PRIVILEGES_H

#include "conf/options.h"
#include "load.h"

/* From here on only the folders that hold the rules can be read, and of sockets only those that the endpoints need be used. What
 * would be read from the host later (time zone, services) is read now. */
void privileges_drop(const struct load *l, const struct options *o);

#endif
