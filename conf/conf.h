/* Configuration keys with their values: the table keys.def, and what `-O KEY=VALUE` sets in it. */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum conf_type {
	CONF_SIZE, CONF_COUNT, CONF_NUMBER, CONF_BOOL, CONF_TEXT, CONF_ENUM, CONF_DURATION,
	CONF_TEXTS, CONF_RECORDS, CONF_MAP              /* lists and objects: these and what follows are YAML flow text */
};
enum conf_known { CONF_NOW = 1, CONF_OLD, CONF_BOTH, CONF_OWN };
enum conf_key {
#define KEY(constant, name, type, value, falco, low, high, words, known, program, test, meaning) CONF_##constant,
#include "keys.def"
	CONF_KEYS
};

/* The columns of keys.def, which explains them. */
struct conf_def {
	const char *name, *value, *falco, *words, *program, *test, *meaning;
	enum conf_type type;
	enum conf_known known;
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

/* The key of that name, or CONF_KEYS. */
enum conf_key conf_find(const char *name);
/* The known name that is nearest to one that is not. */
const char *conf_nearest(const char *name);
/* Is the value one that the key takes? -1 with a message that begins with the key's name. Lists and objects are not looked into. */
int conf_check(const struct conf_def *d, const char *value, char *err, size_t errlen);
/* Is a word among those of a text that has blanks between its words? */
bool conf_has_word(const char *words, const char *word);
/* Milliseconds of `1h30m`: units y w d h m s ms, each once, in this order. False when it is not that. */
bool conf_duration(const char *text, uint64_t *ms);

#endif
