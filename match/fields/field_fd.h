/* The descriptor that an event works on, taken apart once per event. For the files field*.c alone. */
#ifndef MATCH_FIELD_FD_H
#define MATCH_FIELD_FD_H

#include "field_get.h"

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

struct fd {
	bool applies;                           /* the event has to do with a descriptor */
	bool known;                             /* it says more of it than its number */
	bool has_tuple, has_path;
	bool failed;                            /* it could not be opened: the kind is what it would have been */
	int64_t num;
	int kind;                               /* enum fd_kind, or -1 */
	const char *path;                       /* as the kernel has it */
	uint32_t path_len;
	uint64_t dev, ino, flags, layer;
	struct fd_tuple tuple;
	const char *name;                       /* what fd.name prints */
	size_t name_len;
};

const struct fd *fd_of_event(struct context *c);
/* Takes a descriptor value apart; of a plain number only `num` is set. */
void fd_read(const struct value *v, struct fd *out);
bool fd_tuple_read(const struct value *v, struct fd_tuple *out);
/* `source->destination`; "" when nothing is bound. */
void fd_tuple_text(const struct fd_tuple *tuple, struct text *out);
/* The character of the kind with that of the protocol: 4t. */
void fd_chars(const struct fd *fd, struct text *out);
bool fd_connected(const struct fd_tuple *tuple);
bool fd_has_peer(const struct fd_tuple *tuple);
/* A unix socket whose ends' numbers are known: they are of its name. */
bool fd_has_sockets(const struct fd *fd);
/* Text of its name. */
void fd_name(const struct fd *fd, struct text *out);

#endif
