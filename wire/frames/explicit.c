/* Names of the explicit forms. */
#include "explicit.h"

#include <string.h>

enum explicit_form explicit_form(const char *name, size_t len)
{
	static const char *const names[] = {
		[EXPLICIT_STR] = "str", [EXPLICIT_BIN] = "bin", [EXPLICIT_BASE64] = "base64", [EXPLICIT_INTEGER] = "int",
		[EXPLICIT_FLOAT] = "float", [EXPLICIT_MAP] = "map",
	};

	for (size_t i = 1; i < sizeof names / sizeof names[0]; i++)
		if (strlen(names[i]) == len && memcmp(names[i], name, len) == 0)
			return (enum explicit_form)i;
	return EXPLICIT_NONE;
}
