/* The blocks before the events: machine, interfaces, users and groups, processes, descriptors. */
#ifndef PROBE_SCAP_LISTS_H
#define PROBE_SCAP_LISTS_H

#include "scap_threads.h"

/* Addresses of the machine, of 4 or 16 bytes. */
struct scap_interfaces {
	struct { uint8_t len, addr[16]; } *list;
	unsigned n;
};
/* Is it one of the machine's? Of IPv6 the first half decides, as in Falco: the unspecified address is with the loopback. */
bool scap_is_local(const struct scap_interfaces *all, const uint8_t *addr, unsigned len);
void scap_interfaces_free(struct scap_interfaces *all);

struct scap_machine {
	uint64_t boot;
	char host[129];
};

/* One entry of the users' list, as NAME has it. */
struct scap_name {
	bool group;
	uint32_t number;
	struct scap_bytes name, home, shell;
};
typedef void scap_name_fn(void *arg, const struct scap_name *n);

/* Each returns 0, or -1 when the block is bad. */
int scap_read_section(struct scap_file *f, const struct scap_block *b);
int scap_read_machine(struct scap_file *f, const struct scap_block *b, struct scap_machine *m);
int scap_read_interfaces(struct scap_file *f, const struct scap_block *b, struct scap_interfaces *all);
int scap_read_users(struct scap_file *f, const struct scap_block *b, scap_name_fn *fn, void *arg);
int scap_read_processes(struct scap_file *f, const struct scap_block *b, struct scap_threads *all);
int scap_read_fds(struct scap_file *f, const struct scap_block *b, struct scap_threads *all);

#endif
