/* The descriptor that an event works on, taken apart once per event. For the files field*.c alone. */
#ifndef MATCH_FIELD_FD_H
#define MATCH_FIELD_FD_H

#include "field_get.h"
#include "wire/fd_tuple.h"

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
/* `source->destination`; "" when nothing is bound. */
void fd_tuple_text(const struct fd_tuple *tuple, struct text *out);
/* The character of the kind with that of the protocol: 4t. */
void fd_chars(const struct fd *fd, struct text *out);
/* A unix socket whose ends' numbers are known: they are of its name. */
bool fd_has_sockets(const struct fd *fd);
/* Text of its name. */
void fd_name(const struct fd *fd, struct text *out);

#endif
