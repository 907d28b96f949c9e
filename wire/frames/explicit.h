/* The explicit forms of values in JSON: objects with one member whose name says the msgpack type. */
#ifndef FRAMES_EXPLICIT_H
#define FRAMES_EXPLICIT_H

#include <stddef.h>
#include <stdint.h>

enum explicit_form {
	EXPLICIT_NONE, EXPLICIT_STR, EXPLICIT_BIN, EXPLICIT_BASE64, EXPLICIT_INTEGER, EXPLICIT_FLOAT, EXPLICIT_MAP
};
#define EXPLICIT_INT (UINT64_C(1) << 53)       /* the largest integer that is a JSON number */

/* The form that a member's name stands for. */
enum explicit_form explicit_form(const char *name, size_t len);

#endif
