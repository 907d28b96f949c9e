/* Falco's command line, of today and of 2021. */
#ifndef SAKER_CONF_FALCO_ARGS_H
#define SAKER_CONF_FALCO_ARGS_H

#include "generation.h"

/* What is printed instead of running, in the order in which Falco looks for it. */
enum falco_mode {
	FALCO_RUN, FALCO_HELP, FALCO_CONFIG_SCHEMA, FALCO_RULE_SCHEMA,
	FALCO_CONFIGURED,                       /* from here on the configuration is read first */
	FALCO_VERSION, FALCO_PAGE_SIZE, FALCO_IGNORED, FALCO_LIST_EVENTS, FALCO_LIST_PLUGINS, FALCO_PLUGIN_INFO, FALCO_LIST_FIELDS,
	FALCO_VALIDATE, FALCO_LIST_RULES, FALCO_DESCRIBE, FALCO_SUPPORT
};
enum { FALCO_LIST = 256 };

struct falco_list {
	const char *text[FALCO_LIST];
	unsigned n;
};

struct falco_args {
	enum falco_mode mode;
	const char *name;                       /* of a rule, a plugin, or the source of fields; NULL: all */
	const char *format;
	bool markdown, names_only, dry, unbuffered, base64;
	struct falco_list validate, enable_sources, disable_sources, disable_rules, disable_tags, only_tags, prints;
	const char *capture, *snaplen, *pidfile;
	unsigned argc;
	char **argv;
};

/* Reads argv[1] and what follows. Returns 0, or -1 when an error was said. */
int falco_args_read(struct falco_args *a, int argc, char **argv, struct sources *from, struct rules *rules, struct run *run,
	struct say *say);
/* Falco's help, with the options that it has. */
void falco_args_help(struct strbuf *out);

#endif
