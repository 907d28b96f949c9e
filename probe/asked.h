/* What is asked for by hand, where no plan says it. Each ends the program when a word of its list, with commas, means nothing. */
#ifndef PROBE_ASKED_H
#define PROBE_ASKED_H

#include <stdbool.h>
#include <stdint.h>

struct kernel_config;

/* Every type, or all that are not left to those who ask for them. */
void asked_all(struct kernel_config *c, bool asked);
/* Adds types by name; `default` are those of asked_all. */
void asked_types(struct kernel_config *c, const char *list);
/* Adds facts by the names of a plan's `want` lines; `data=N` to *data. */
void asked_wants(struct kernel_config *c, const char *list, uint32_t *data);

#endif
