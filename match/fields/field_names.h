/* Names of errors and signals, of Linux on all architectures that saker runs on. */
#ifndef MATCH_FIELD_NAMES_H
#define MATCH_FIELD_NAMES_H

#include <stdint.h>

/* NULL when the number has no name. */
const char *field_errno(int64_t number);
const char *field_signal(int64_t number);

#endif
