/* Configuration keys with their values: the table keys.def, and what `-O KEY=VALUE` sets in it. */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum conf_type { CONF_SIZE, CONF_COUNT, CONF_BOOL, CONF_TEXT };
enum conf_key {
#define KEY(constant, name, type, value, low, high, program, meaning) CONF_##constant,
#include "keys.def"
#undef KEY
	CONF_KEYS
};

struct conf_def {
	const char *name, *value, *program, *meaning;   /* value: the default; program: one or several, with blanks between */
	enum conf_type type;
	uint64_t low, high;
};
extern const struct conf_def conf_defs[CONF_KEYS];

/* Values by key; all zero means every default. */
struct conf {
	char *text[CONF_KEYS];                          /* owned; NULL = default */
};

/* Sets "KEY=VALUE". Returns 0; or -1 with a message in `err` (unknown key with the nearest name, wrong type, out of range,
 * or a key that `program` does not honour). */
int conf_set(struct conf *c, const char *assignment, const char *program, char *err, size_t errlen);
const char *conf_text(const struct conf *c, enum conf_key k);
uint64_t conf_number(const struct conf *c, enum conf_key k);
bool conf_bool(const struct conf *c, enum conf_key k);
void conf_free(struct conf *c);
/* Every key: a line of name, program, default and meaning with tabs between them. */
void conf_list(FILE *to);

#endif
