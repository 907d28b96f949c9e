/* The spool: alerts that not every output has taken yet, in a stream file in emit's state folder, with how far each output is, and
 * which alerts came last. What was committed outlives the process: it is in the page cache, from which the kernel writes it to disk
 * in its own time, as nothing is synced. Without a folder all of it is in memory only. */
#ifndef EMIT_SPOOL_H
#define EMIT_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alert.h"
#include "wire/frame.h"

enum { SPOOL_KNOWN = 65536, SPOOL_OUTPUTS = 16, SPOOL_MAX = 64 << 20 };

/* How far an output is: the number of the first alert that it has neither taken nor dropped, and how many bytes of its line it has
 * taken. Whoever writes the output keeps it up to date; it lies in the file. */
struct spool_mark {
	char name[16];
	uint64_t next, partial;
};

struct spool;

/* Opens or makes it (`folder` may be ""). Returns NULL with the reason in `err`. */
struct spool *spool_open(const char *folder, char *err, size_t errlen);
void spool_free(struct spool *s);
/* The mark of an output; a new one begins behind what is there. Marks of outputs that are not asked for before spool_replay are
 * forgotten by it. NULL when there are too many. */
struct spool_mark *spool_output(struct spool *s, const char *name);
/* Hands out what is in it, with its numbers. */
void spool_replay(struct spool *s, void (*take)(void *arg, const struct frame *f, uint64_t number), void *arg);

/* Whether an alert of the same origin and rule is among the last SPOOL_KNOWN; else it is from now on. */
bool spool_known(struct spool *s, const struct alert *a);
/* Takes in an alert; returns its number. It is safe after spool_commit. */
uint64_t spool_add(struct spool *s, const struct frame *f);
/* Bytes that wait for it. */
size_t spool_pending(const struct spool *s);
/* Writes what was added. When the disk refuses, says so once, and goes on in memory. */
void spool_commit(struct spool *s);
/* Lets go what every output has taken. */
void spool_trim(struct spool *s);
/* Whether what is not taken yet will be there for the next emit. */
bool spool_lasts(const struct spool *s);

#endif
