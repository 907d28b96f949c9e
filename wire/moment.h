/* Times in foreign JSON. */
#ifndef WIRE_MOMENT_H
#define WIRE_MOMENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* The value that an RFC 6901 pointer leads to, or NULL. */
const json_t *moment_find(const json_t *document, const char *pointer);
/* Whether a text is such a pointer. */
bool moment_is_pointer(const char *pointer);
/* RFC 3339 text, or a number (as text too) of seconds, milliseconds, microseconds or nanoseconds since the epoch, told
 * apart by their size. In ns since the epoch; false when it is neither. */
bool moment_read(const json_t *value, uint64_t *ns);

#endif
