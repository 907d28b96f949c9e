/* Waiting until the configuration or the rules have changed. */
#ifndef SAKER_CONF_WATCH_H
#define SAKER_CONF_WATCH_H

#include "rules.h"

/* Everything that a generation is made from: path, NUL, what it was like when it was read, NUL; for the generation's file
 * `watched`. Called before rules are read. */
void watch_list(const struct settled *s, const struct rules *rules, struct strbuf *out);
/* Waits until something in such a list is not as it was, or (`now`) as it is, and prints which. Returns an exit status. */
int watch_wait(const char *file, bool now);

#endif
