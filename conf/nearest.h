/* How far two names are from each other: for "did you mean". */
#ifndef CONF_NEAREST_H
#define CONF_NEAREST_H

enum { NEAREST_MAX = 64 };             /* longer names are not compared */

/* The number of letters to add, drop or change; NEAREST_MAX when either name is longer than that. */
unsigned nearest_distance(const char *a, const char *b);

#endif
