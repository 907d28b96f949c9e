/* The ports of the host's services by name. Their files are read once: when rules are loaded again they are out of reach. */
#ifndef MATCH_SERVICES_H
#define MATCH_SERVICES_H

#include <stdbool.h>
#include <stdint.h>

/* Reads them now, else the first question does. */
void services_read(void);
/* Returns whether there is a service of that name, of whatever protocol. */
bool services_port(const char *name, uint16_t *port);

#endif
