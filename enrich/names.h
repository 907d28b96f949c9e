/* NAME records: users and groups of the host, and of containers by their own passwd and group. */
#ifndef ENRICH_NAMES_H
#define ENRICH_NAMES_H

#include "passwd.h"
#include "rootfile.h"
#include "wire/pack.h"

/* The two files of one scope, as they were last told. */
struct names {
	struct name_table tables[NAMES_TYPES];
	struct file_stamp stamps[NAMES_TYPES];
};

enum { NAMES_FILE_MAX = 1 << 20, NAMES_HOST_FILE_MAX = 16 << 20 };

/* A look at the files: begin copies what is known, read does the work and touches nothing else (so it may run on
 * another thread), apply takes the result over and packs NAME for what differs (`scope` NULL is the host). */
struct names_look {
	struct file_stamp stamps[NAMES_TYPES];
	bool had[NAMES_TYPES], changed[NAMES_TYPES];
	char *text[NAMES_TYPES];
	size_t len[NAMES_TYPES];
};
void names_begin(const struct names *n, struct names_look *look);
/* Files lie below `dir` (a descriptor; -1: the host's). One that is gone or can not be read is an empty one. */
void names_read(struct names_look *look, int dir, size_t max);
void names_apply(struct names *n, struct names_look *look, const char *scope, struct pack *out);
void names_drop(struct names_look *look);      /* instead of apply */
void names_free(struct names *n);

#endif
