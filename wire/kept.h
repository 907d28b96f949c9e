/* An output on sockets for a stage whose frames shall outlive the process that writes them: the backlog, and what is set aside, lie in
 * memory of the stage's, where the next process finds them. */
#ifndef WIRE_KEPT_H
#define WIRE_KEPT_H

#include "aside.h"
#include "backlog.h"
#include "endpoint.h"

struct kept {
	struct backlog backlog;                /* as it was left */
	size_t full;                           /* bytes of it from which output_full says so */
	int listener;                          /* listens already, and stays; -1: none */
	bool owed;                             /* output_owes was true */
	uint64_t safe;                         /* what output_safe was */
	const struct aside_keeper *keeper;     /* borrowed */
};

/* As output_open. */
struct output *output_open_kept(const char *spec, const struct kept *kept, char *err, size_t errlen, int *status);
/* For appending by backlog_add, with output_feed behind it. Whatever sends or takes ACKs may move its tail. */
struct backlog *output_backlog(struct output *out);
void output_feed(struct output *out);
/* What was set aside before and not dropped since, oldest first. */
void output_owe_aside(struct output *out, uint64_t index, const struct frame *f, uint64_t token);
/* Definitions among the frames are known at once, as if they had been before the backlog. */
void output_define(struct output *out, const uint8_t *frames, size_t n);
/* Whether somebody who acknowledges is there, or has been and shall come back. */
bool output_owes(const struct output *out);
/* The index below which the frames of the backlog are safe, but for what is set aside. */
uint64_t output_safe(const struct output *out);

#endif
