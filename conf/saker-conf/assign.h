/* `-O PATH=VALUE`, and Falco's -o. */
#ifndef SAKER_CONF_ASSIGN_H
#define SAKER_CONF_ASSIGN_H

#include "say.h"
#include "tree.h"

/* PATH is a.b.c, a[0].b, or list[] for a new last element, with \ before what is meant as it is; with `old` a or a.b. VALUE is a
 * scalar, or an object or list as YAML flow text. Returns 0, or -1 when an error was said. */
int assign_option(struct arena *a, struct node *root, const char *option, bool old, struct say *say);
/* The same for what follows from other options: such values are known to every version. */
int assign_own(struct arena *a, struct node *root, const char *option, struct say *say);

#endif
