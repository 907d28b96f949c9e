/* Container engines whose files on disk tell about their containers. */
#ifndef ENRICH_ENGINE_H
#define ENRICH_ENGINE_H

#include "jsonfile.h"
#include "metadata.h"

enum lookup {
	LOOKUP_NONE,                           /* this engine does not know the container */
	LOOKUP_PART,                           /* something can not be read (yet): worth another try */
	LOOKUP_WHOLE
};

/* One folder in which an engine keeps its state. */
struct engine {
	const struct engine_def *def;
	char *root;
	struct json_cache images, containers;  /* files about all of them */
};

struct engine_def {
	const char *name, *found;              /* "docker", "docker:disk" */
	int roots_key;                         /* enum conf_key: its roots, separated by ':' */
	const char *mark;                      /* a file or folder below a root that tells that the engine is there */
	/* Fills `m` with what the disk says about the container whose full id is `id`. */
	enum lookup (*lookup)(struct engine *e, const char *id, struct metadata *m, struct json_problem *problem);
};
extern const struct engine_def docker_engine, podman_engine;

#endif
