/* The shapes of every record's values. Names and order of the values come from records.def and facts.def. */
#include "shape.h"

#include <string.h>

const struct shape shape_bin = { SHAPE_BIN, NULL, NULL }, shape_int = { SHAPE_INT, NULL, NULL };
static const struct shape str = { SHAPE_STR, NULL, NULL };

#define TUPLE(id, ...) \
	static const struct member id##_members[] = { __VA_ARGS__, { NULL, NULL } }; \
	static const struct shape id = { SHAPE_TUPLE, id##_members, NULL }
#define LIST(id, of) static const struct shape id = { SHAPE_LIST, NULL, &(of) }

TUPLE(source, { "host", &str }, { "boot", &str }, { "name", &str }, { "start", &shape_int });
TUPLE(origin, { "source", &source }, { "id", &shape_int });
TUPLE(tty, { "device", &shape_int }, { "name", &shape_bin });
TUPLE(link_, { "link", &shape_bin }, { "target", &shape_bin });
TUPLE(param, { "name", &str }, { "type", &str }, { "format", &str }, { "set", &str }, { "dir", &shape_int });
LIST(params, param);
TUPLE(type, { "type", &shape_int }, { "name", &str }, { "category", &str }, { "params", &params });
TUPLE(ancestor, { "key", &shape_int }, { "comm", &shape_bin }, { "exepath", &shape_bin });
TUPLE(path, { "passed", &shape_bin }, { "base", &shape_bin }, { "object", &shape_bin });
TUPLE(sockaddr, { "family", &shape_int }, { "address", &shape_bin }, { "port", &shape_int });
TUPLE(socktuple, { "family", &shape_int }, { "local", &shape_bin }, { "lport", &shape_int }, { "remote", &shape_bin },
	{ "rport", &shape_int }, { "protocol", &shape_int }, { "role", &shape_int });
TUPLE(fd, { "fd", &shape_int }, { "kind", &str }, { "path", &shape_bin }, { "dev", &shape_int }, { "ino", &shape_int },
	{ "flags", &shape_int }, { "layer", &shape_int }, { "tuple", &socktuple });
TUPLE(dyn, { "selector", &shape_int }, { "value", &shape_bin });
TUPLE(mount, { "source", &str }, { "dest", &str }, { "mode", &str }, { "rdwr", &str }, { "propagation", &str });
LIST(links, link_);
LIST(schema, type);
LIST(ancestry, ancestor);
LIST(mounts, mount);

static const struct shape pairs = { SHAPE_PAIRS, NULL, &shape_bin };
static const struct shape facts = { SHAPE_FACTS, NULL, NULL };
static const struct shape counters = { SHAPE_MAP, NULL, &shape_int };
static const struct member container_members[] = { { "mounts", &mounts }, { NULL, NULL } };
static const struct shape container = { SHAPE_MAP, container_members, &str };
static const struct shape fd_kinds_ = { SHAPE_INTMAP, NULL, &str };
static const struct member extra_members[] = {
	{ "pid", &shape_int }, { "ppid", &shape_int }, { "uid", &shape_int }, { "fd_kinds", &fd_kinds_ }, { NULL, NULL }
};
const struct shape shape_extra_facts = { SHAPE_MAP, extra_members, &shape_bin };

/* Parameters whose shape is not that of a number. */
static const struct member param_shapes[] = {
	{ "FD", &fd }, { "FD32", &fd }, { "CHARBUF", &shape_bin }, { "BYTEBUF", &shape_bin }, { "CHARBUFARRAY", &shape_bin },
	{ "FSPATH", &path }, { "FSRELPATH", &path }, { "SOCKADDR", &sockaddr }, { "SOCKTUPLE", &socktuple }, { "DYN", &dyn },
	{ "IPV4ADDR", &shape_bin }, { "IPV6ADDR", &shape_bin }, { NULL, NULL }
};

/* Facts whose shape is not that of a number. */
static const struct member fact_shapes[] = {
	{ "tty", &tty }, { "comm", &shape_bin }, { "exe", &shape_bin }, { "argv", &shape_bin }, { "env", &shape_bin },
	{ "exepath", &shape_bin }, { "cwd", &shape_bin }, { "root", &shape_bin }, { "container", &str }, { NULL, NULL }
};

/* Record values whose shape is not that of a number. */
static const struct {
	int kind;
	struct member value;
} value_shapes[] = {
	{ FRAME_HELLO, { "program", &str } }, { FRAME_HELLO, { "program_version", &str } }, { FRAME_HELLO, { "source",
	&source } },
	{ FRAME_HELLO, { "mode", &str } }, { FRAME_HELLO, { "kernel", &str } }, { FRAME_HELLO, { "arch", &str } },
	{ FRAME_HELLO, { "schema", &schema } }, { FRAME_HELLO, { "plan", &str } }, { FRAME_HELLO, { "links", &links } },
	{ FRAME_THREAD, { "facts", &facts } },
	{ FRAME_CONTAINER, { "id", &str } }, { FRAME_CONTAINER, { "fields", &container } }, { FRAME_CONTAINER, { "found",
	&str } },
	{ FRAME_NAME, { "scope", &str } }, { FRAME_NAME, { "type", &str } }, { FRAME_NAME, { "name", &shape_bin } },
	{ FRAME_NAME, { "home", &shape_bin } }, { FRAME_NAME, { "shell", &shape_bin } },
	{ FRAME_HOST, { "name", &str } }, { FRAME_HOST, { "addresses", &shape_bin } },
	{ FRAME_JSON, { "source", &str } }, { FRAME_JSON, { "document", &shape_bin } },
	{ FRAME_ALERT, { "origin", &origin } }, { FRAME_ALERT, { "rule", &str } }, { FRAME_ALERT, { "source", &str } },
	{ FRAME_ALERT, { "tags", &str } }, { FRAME_ALERT, { "output", &shape_bin } }, { FRAME_ALERT, { "fields", &pairs } },
	{ FRAME_ALERT, { "description", &str } }, { FRAME_ALERT, { "fold", &shape_bin } },
	{ FRAME_ALERT, { "ancestry", &ancestry } }, { FRAME_ALERT, { "lost", &str } }, { FRAME_ALERT, { "severity", &str } },
	{ FRAME_EVIDENCE, { "origin", &origin } }, { FRAME_EVIDENCE, { "frames", &shape_bin } },
	{ FRAME_STAT, { "source", &source } }, { FRAME_STAT, { "stage", &str } }, { FRAME_STAT, { "counters", &counters } },
	{ FRAME_STAT, { "why", &str } },
	{ FRAME_PLAN, { "text", &str } }, { FRAME_PLAN, { "hash", &str } },
	{ FRAME_CGROUP, { "path", &shape_bin } }, { FRAME_END, { "reason", &str } },
};

int shape_member(const struct member *members, const char *name, size_t len)
{
	for (int i = 0; members && members[i].name; i++)
		if (strlen(members[i].name) == len && memcmp(members[i].name, name, len) == 0)
			return i;
	return -1;
}

const struct shape *shape_of_param(const char *type_name, size_t len)
{
	int i = shape_member(param_shapes, type_name, len);

	return i >= 0 ? param_shapes[i].shape : &shape_int;
}

const struct shape *shape_of_fact(unsigned fact)
{
	int i = shape_member(fact_shapes, fact_names[fact], strlen(fact_names[fact]));

	return i >= 0 ? fact_shapes[i].shape : &shape_int;
}

static const struct shape *shape_of_value(int kind, const char *name)
{
	for (size_t i = 0; i < sizeof value_shapes / sizeof value_shapes[0]; i++)
		if (value_shapes[i].kind == kind && strcmp(value_shapes[i].value.name, name) == 0)
			return value_shapes[i].value.shape;
	return &shape_int;
}

/* records.def has the names of a kind's values in one text; here they stand apart. */
static void split_names(struct record *r, int kind)
{
	char *save, *word;

	strncpy(r->text, frame_kind_fields(kind), sizeof r->text - 1);
	for (word = strtok_r(r->text, " ", &save); word; word = strtok_r(NULL, " ", &save))
		if (strcmp(word, "...") != 0)
			r->values[r->n++] = (struct member){ word, shape_of_value(kind, word) };
}

void shape_records(struct record records[FRAME_KINDS])
{
	memset(records, 0, FRAME_KINDS * sizeof *records);
	for (int kind = 1; kind < FRAME_KINDS; kind++)
		split_names(&records[kind], kind);
	struct record *proc = &records[FRAME_PROC];
	for (unsigned i = 0; i < FACT_COUNT; i++)
		proc->values[proc->n++] = (struct member){ fact_names[i], shape_of_fact(i) };
}
