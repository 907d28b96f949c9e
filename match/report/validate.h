/* `match --validate`: loads files one after the other and says of each what Falco says of it. */
#ifndef MATCH_VALIDATE_H
#define MATCH_VALIDATE_H

#include "match/load.h"

struct validate {
	const struct load *load;        /* its files */
	bool json;
	bool notes;                     /* on stderr too what is merely unused */
};
/* Prints the result on stdout, and messages in saker's own form on stderr. Returns whether all files are valid. */
bool validate_files(const struct validate *v);

#endif
