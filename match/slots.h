/* Every distinct field reference of a rule set has a slot: its value is worked out at most once per event. */
#ifndef MATCH_SLOTS_H
#define MATCH_SLOTS_H

#include <stdbool.h>
#include <stdint.h>

#include "match/fields/field.h"
#include "vec.h"

struct transform;

struct slot {
	struct field_ref ref;           /* of a transformer: its text, and a field without a getter that has the type of the result */
	const struct transform *transform;      /* NULL: a field */
	bool many;                      /* may have more than one value */
	bool path;                      /* a path of the kernel's: constants count in both spellings of a symbolic link */
	uint8_t cost;                   /* of working it out, 1 (at hand) to 20 */
};

struct slots {
	struct slot *slot;
	size_t n, cap;
	struct names by_text;
};

/* The slot of a reference, new or known. */
uint32_t slots_intern(struct slots *s, struct arena *a, const struct field_ref *ref);
/* The slot of a transformer whose text is the name of `def`. */
uint32_t slots_transform(struct slots *s, struct arena *a, const struct field_def *def, const struct transform *t);

#endif
