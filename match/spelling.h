/* Both spellings of a path that goes through a symbolic link: rules name /bin/sh and /var/run, the kernel says /usr/bin/sh and /run. */
#ifndef MATCH_SPELLING_H
#define MATCH_SPELLING_H

#include <stdbool.h>
#include <stddef.h>

#include "wire/arena.h"

enum { SPELLINGS_MAX = 16 };            /* of one text, itself included */

/* The links that are known, in pairs: link, target. All zero: none, and every text has one spelling. */
struct spellings {
	const char **pairs;
	size_t n, cap;                  /* n: texts, twice the pairs */
	bool live;                      /* a live stream: /proc/self is the own /proc/PID */
};

/* Adds a pair (copied) unless it is there. */
void spellings_add(struct spellings *s, struct arena *a, const char *link, const char *target);
/* The pairs that hold in any container. */
void spellings_common(struct spellings *s, struct arena *a);
/* Fills `out` with the spellings of a text, itself first; returns how many. */
struct spelled {
	const char *p;
	size_t n;
};
size_t spellings_of(const struct spellings *s, const char *text, size_t n, struct arena *a, struct spelled out[SPELLINGS_MAX]);
/* Does the text name /proc/self or something below it? */
bool spelling_self(const char *text, size_t n);

#endif
