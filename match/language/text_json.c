/* jansson takes UTF-8 alone. */
#include "text_json.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

struct json_t *text_json(const char *p)
{
	json_t *whole = json_string(p);
	char *copy = whole ? NULL : strdup(p);

	if (!copy)
		return whole;
	for (char *c = copy; *c; c++)
		*c = (unsigned char)*c < 0x80 ? *c : '?';
	whole = json_string(copy);
	free(copy);
	return whole;
}
