/* The symbolic links of this host that rules may name: what HELLO lists, and what a plan made here honours. */
#ifndef WIRE_LINKS_H
#define WIRE_LINKS_H

#include "hello.h"

enum { LINKS_MAX = 2048 };

struct links {
	struct hello_link pair[LINKS_MAX];     /* texts owned */
	unsigned count;
};

/* Those of the top two folder levels, not into /proc.. */
struct links *links_find(void);
void links_free(struct links *l);

#endif
