/* Symbolic links that a stream tells of, for the reference filter: a path has a spelling for each. For the files plan*.c alone. */
#ifndef WIRE_PLAN_LINKS_H
#define WIRE_PLAN_LINKS_H

#include "plan.h"
#include "wire/value.h"

struct plan_link {
	char *link, *target;
};
struct plan_links {
	struct plan_link *pair;
	size_t n;
};

/* Adds the links of HELLO's value: [[link, target]…]. Those of several HELLO add up. */
void plan_links_add(struct plan_links *l, const struct value *v);
void plan_links_free(struct plan_links *l);

/* Does the function hold for another spelling of the path? */
typedef bool plan_spelling(const void *arg, const struct plan_text *t);
bool plan_links_any(const struct plan_links *l, const struct plan_text *path, plan_spelling *holds, const void *arg);

#endif
