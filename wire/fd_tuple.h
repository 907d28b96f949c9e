/* The two ends of a socket, as a descriptor has them or a parameter `tuple`. */
#ifndef WIRE_FD_TUPLE_H
#define WIRE_FD_TUPLE_H

#include "value.h"

struct fd_end {
	uint8_t len;                            /* of the address: 4, 16; 0 when there is none */
	uint8_t addr[16];
	uint16_t port;
	uint64_t socket;                        /* number of a unix socket, in a capture */
	const char *path;                       /* of a unix socket */
	uint32_t path_len;
};
enum fd_role { ROLE_UNKNOWN, ROLE_CLIENT, ROLE_SERVER };
struct fd_tuple {
	bool is_unix;
	uint8_t protocol, role;
	struct fd_end local, remote;
};

/* Takes [family, address, port, address, port, protocol, role] apart; paths point into it. False when it is nothing of the kind. */
bool fd_tuple_read(const struct value *v, struct fd_tuple *out);
bool fd_has_ports(const struct fd_tuple *tuple);
/* Where there are ports, an address without one is what a connection that failed has left behind. */
bool fd_has_peer(const struct fd_tuple *tuple);

#endif
