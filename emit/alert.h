/* An ALERT frame taken apart. */
#ifndef EMIT_ALERT_H
#define EMIT_ALERT_H

#include <stddef.h>

#include "wire/frame.h"
#include "wire/value.h"

/* The values of an ALERT, in their order on the wire. */
enum alert_value {
	ALERT_TIME, ALERT_ORIGIN, ALERT_RULE, ALERT_PRIORITY, ALERT_SOURCE, ALERT_TAGS, ALERT_OUTPUT, ALERT_FIELDS,
	ALERT_DESCRIPTION, ALERT_FOLD, ALERT_ANCESTRY, ALERT_COMPLETE, ALERT_LOST, ALERT_SEVERITY,
	ALERT_VALUES
};
enum { PRIORITIES = 8 };

/* Borrows from the frame. What the frame does not have is nil. */
struct alert {
	struct value v[ALERT_VALUES];
	struct value host;             /* of the source that the alert comes from */
};

/* Returns 0; or -1 with what was found and what was expected in `err`, and where in the body in `*at`. After 0 every value is
 * of the shape that saker-wire(7) gives it, elements of lists included. */
int alert_decode(const struct frame *f, struct alert *a, size_t *at, char *err, size_t errlen);

/* The next [name, value] of ALERT_FIELDS; false at the end. */
bool alert_field(struct cursor *fields, struct value *name, struct value *value);
/* "Critical" for 2. */
const char *alert_priority(const struct alert *a);

#endif
