/* The reference filter of --plan, for each of the streams, and its counts. */
#ifndef FRAMES_SIEVE_H
#define FRAMES_SIEVE_H

#include "wire/endpoint.h"
#include "wire/plan/plan_filter.h"

struct sieve {
	struct plan *plan;                     /* NULL: everything passes */
	struct plan_filter *filter[INPUT_MAX];
	struct pack left;                      /* of the event at hand */
	uint64_t passed[EVENT_TYPES], rejected[EVENT_TYPES];
	uint64_t *line[EVENT_TYPES];           /* passed by each line */
};

/* Reads the plan, or says what is wrong with it and leaves (78). */
void sieve_open(struct sieve *s, const char *path);
/* What passes is made what the kernel side would have sent of it, borrowed until the next one. */
bool sieve_passes(struct sieve *s, struct frame *f);
/* What passed and what did not, on standard error; with `verbose` by type and by line. */
void sieve_report(const struct sieve *s, int verbose);
void sieve_free(struct sieve *s);

#endif
