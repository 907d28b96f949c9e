/* Names of facts and kinds of files. */
#include "fact.h"

#include <string.h>

const char *const fact_names[FACT_COUNT] = {
#define FACT(number, constant, name) [number] = name,
#include "facts.def"
#undef FACT
};

const struct fd_kind_def fd_kinds[FD_KINDS] = {
#define FDKIND(constant, text, character) { text, character },
#include "fdkind.def"
#undef FDKIND
};

int fd_kind(const char *text, unsigned len)
{
	for (int i = 0; i < FD_KINDS; i++)
		if (strlen(fd_kinds[i].text) == len && memcmp(fd_kinds[i].text, text, len) == 0)
			return i;
	return -1;
}
