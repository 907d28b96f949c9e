/* Path arithmetic that every program must do alike. */
#ifndef WIRE_PATH_H
#define WIRE_PATH_H

#include <stddef.h>

/* Joins `base` (absolute; may be empty when unknown) and `passed`, or takes `passed` alone when it is absolute, and folds
 * `.`, `..` and `//`; a trailing `/` goes too. The result is NUL-terminated and its length is returned; when it would not
 * fit `cap` bytes the return value is 0 and `out` is empty. Without a base a relative path stays relative, and keeps the `..`
 * that it begins with; one of which nothing is left is `.`. */
size_t path_join(char *out, size_t cap, const char *base, size_t base_len, const char *passed, size_t passed_len);

#endif
