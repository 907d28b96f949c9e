/* Reading JSON files that an engine may be writing at this moment. */
#ifndef ENRICH_JSONFILE_H
#define ENRICH_JSONFILE_H

#include <jansson.h>

#include "rootfile.h"

enum json_file { JSON_FILE_READ, JSON_FILE_MISSING, JSON_FILE_BAD };
enum { JSON_FILE_MAX = 16 << 20 };

/* What went wrong last, with file and position; empty when nothing did. */
struct json_problem {
	char text[512];
};

/* Reads `path` into a new object. BAD (with `problem` set) when it is there but can not be used (yet). */
enum json_file json_file_read(const char *path, json_t **out, struct json_problem *problem);

/* A file that is asked for again and again: it is parsed when it has changed. `json` is NULL or what was read last;
 * borrowed. */
struct json_cache {
	struct file_stamp stamp;
	json_t *json;
};
enum json_file json_cache_read(struct json_cache *c, const char *path, struct json_problem *problem);
void json_cache_free(struct json_cache *c);

/* Member `key` when it is a text that is not empty, else NULL. `object` may be anything. */
const char *json_text(const json_t *object, const char *key);

#endif
