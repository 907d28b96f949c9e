/* The configuration of internal alerts. */
#ifndef EMIT_POLICY_H
#define EMIT_POLICY_H

#include "conf/conf.h"
#include "internal.h"

/* Texts are borrowed from the configuration. */
struct internal_policy policy_read(const struct conf *conf);
/* Is it one that can be? Returns 0, or -1 with a message. */
int policy_check(const struct conf *conf, char *err, size_t errlen);

#endif
