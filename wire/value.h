/* Reading msgpack in place: a cursor walks the values of a frame's body, nothing is copied or allocated.
 * Every function checks its bounds; a body that ends early or holds a type that the wire does not use is an error. */
#ifndef WIRE_VALUE_H
#define WIRE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum value_type { VALUE_NIL, VALUE_BOOL, VALUE_UINT, VALUE_INT, VALUE_FLOAT, VALUE_STR, VALUE_BIN, VALUE_ARRAY, VALUE_MAP };

struct cursor {
	const uint8_t *p, *end;
};

/* One value. VALUE_INT is always negative: what is not is VALUE_UINT. Of an array `count` is the number of elements, of a
 * map the number of pairs; both lie behind the header, where `inside` begins. */
struct value {
	enum value_type type;
	union {
		bool boolean;
		uint64_t u;
		int64_t i;
		double f;
		struct { const uint8_t *data; uint32_t len; } s;   /* str and bin; borrowed, not NUL-terminated */
		struct { uint32_t count; struct cursor inside; } a;
	};
};

/* How many arrays and maps may lie in one another. */
enum { VALUE_DEPTH = 32 };

/* Reads the value at the cursor and moves past all of it, nested ones included. Returns 1, 0 at the end of the body, -1 when
 * what is there is not a value; the cursor then stands at the bad byte. */
int value_next(struct cursor *c, struct value *v);
/* The next value as a number, 0 when it is none. False when there is no next one. */
bool value_next_u64(struct cursor *c, uint64_t *out);
/* Moves past one value: as value_next without its result, and faster. */
int value_skip(struct cursor *c);

/* The value as a number; false when it is of another type or out of range. */
bool value_u64(const struct value *v, uint64_t *out);
bool value_i64(const struct value *v, int64_t *out);
/* True for str and bin. */
bool value_bytes(const struct value *v, const uint8_t **data, uint32_t *len);

/* The bytes of a bin or str, or of a cut one ([bin, whole length]); `*whole` is the length that it had. False for others. */
bool value_cut(const struct value *v, const uint8_t **data, uint32_t *len, uint64_t *whole);

#endif
