/* What the configuration says of outputs, formats and internal alerts; read at start, and again for each reload. */
#ifndef EMIT_SETUP_H
#define EMIT_SETUP_H

#include "conf/options.h"
#include "format.h"
#include "internal.h"

struct setup {
	const struct options *options;         /* borrowed */
	struct conf conf;
	struct command_line line;              /* of a reload: what it read */
	struct format format;
	struct internal_policy policy;
	char host[256];
	unsigned reloads;
};

/* Takes over the configuration of `o`, whose place stays as it is. Returns 0, or -1 with a message. */
int setup_open(struct setup *s, struct options *o, char *err, size_t errlen);
/* Reads the file of -c again. Returns whether there is another configuration now; otherwise the old one stays, which has been said. */
bool setup_reload(struct setup *s);
void setup_free(struct setup *s);

#endif
