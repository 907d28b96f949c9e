/* The engines of this host, by configuration. */
#ifndef ENRICH_ENGINES_H
#define ENRICH_ENGINES_H

#include "conf/conf.h"
#include "engine.h"

struct engines {
	struct engine *v;
	unsigned n;
};

void engines_open(struct engines *e, const struct conf *conf);
/* Asks the engines of `runtime` about the container; `*found` is the text that says by which. */
enum lookup engines_lookup(struct engines *e, const char *runtime, const char *full, struct metadata *m,
	const char **found, struct json_problem *problem);
/* "docker (/var/lib/docker), podman (...)": those that are there, or "none". */
void engines_describe(const struct engines *e, char *text, size_t len);
void engines_close(struct engines *e);

#endif
