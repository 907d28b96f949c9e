/* What rules files may require: the engine's version, and the plugins that are built in here. */
#ifndef MATCH_REQUIRED_H
#define MATCH_REQUIRED_H

#include <stdbool.h>

struct builtin_plugin {
	const char *name;               /* NULL ends the table */
	unsigned version[3];
};
extern const struct builtin_plugin builtin_plugins[];

#define ENGINE_VERSION "0.63.0"
enum { ENGINE_VERSION_OLD = 8 };         /* under compat 0.28 */

struct ruleset;
struct diag;
/* Reads A.B.C. */
bool required_version(const char *text, unsigned v[3]);
/* Whether all plugins that the files require are there. Returns 0, or -1 with the error. */
int required_check(const struct ruleset *rs, struct diag *d);

#endif
