/* What an endpoint's text names, and the unix sockets behind it. */
#ifndef WIRE_SPEC_H
#define WIRE_SPEC_H

#include <stddef.h>
#include <stdint.h>
#include <sys/un.h>

enum spec_kind { SPEC_STANDARD, SPEC_CONNECT, SPEC_LISTEN };

struct spec {
	enum spec_kind kind;
	const char *text;                      /* borrowed, for messages */
	struct sockaddr_un addr;
};

/* Reads `-`, `unix:PATH` or `listen:PATH`. Returns 0, or an exit status with the reason in `err`. */
int spec_parse(struct spec *s, const char *text, char *err, size_t errlen);
/* Listens at the path; a socket that nobody serves any more is replaced. Returns the descriptor, or -1 with
 * `*status`. */
int spec_listen(const struct spec *s, char *err, size_t errlen, int *status);
/* One attempt to connect. Returns a non-blocking descriptor, or -1. */
int spec_connect(const struct spec *s);

enum { SPEC_RETRY_FIRST = 20, SPEC_RETRY_LAST = 1000 };    /* ms between attempts: doubled from the first to the last */
uint64_t spec_clock(void);                                 /* ms that only grow, for when to try again */

#endif
