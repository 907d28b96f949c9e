/* The plugins that rules files may require: built in here. */
#ifndef MATCH_REQUIRED_H
#define MATCH_REQUIRED_H

struct builtin_plugin {
	const char *name;               /* NULL ends the table */
	unsigned version[3];
};
extern const struct builtin_plugin builtin_plugins[];

#define ENGINE_VERSION "0.63.0"

#endif
