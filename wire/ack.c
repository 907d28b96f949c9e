/* Writing and checking ACK. */
#include "ack.h"

#include <inttypes.h>
#include <stdio.h>

#include "value.h"

void ack_frame(struct pack *p, uint64_t count, const uint64_t *except, unsigned n)
{
	size_t f = frame_begin(p, FRAME_ACK);

	pack_uint(p, count);
	pack_array(p, n);
	for (unsigned i = 0; i < n; i++)
		pack_uint(p, except[i]);
	frame_end(p, f);
}

static int read_except(struct ack *a, struct value list, char *err, size_t errlen)
{
	struct value v;

	if (list.type != VALUE_ARRAY || list.a.count > ACK_EXCEPT_MAX) {
		snprintf(err, errlen, "ack: found %s, expected an array of at most %d positions",
			list.type == VALUE_ARRAY ? "a longer array" : "no array", ACK_EXCEPT_MAX);
		return -1;
	}
	for (uint32_t i = 0; i < list.a.count; i++) {
		if (value_next(&list.a.inside, &v) != 1 || v.type != VALUE_UINT) {
			snprintf(err, errlen, "ack: found no number as exception %" PRIu32 ", expected a position", i);
			return -1;
		}
		if (v.u >= a->count || (i > 0 && v.u <= a->except[i - 1])) {
			snprintf(err, errlen, "ack: found position %" PRIu64 " as exception %" PRIu32
				", expected ascending ones below %" PRIu64, v.u, i, a->count);
			return -1;
		}
		a->except[a->nexcept++] = v.u;
	}
	return 0;
}

int ack_read(const struct frame *f, struct ack *a, char *err, size_t errlen)
{
	struct cursor c = { f->body, f->body + f->len };
	struct value v;

	a->nexcept = 0;
	if (value_next(&c, &v) != 1 || v.type != VALUE_UINT) {
		snprintf(err, errlen, "ack: found no number in front, expected a count of frames");
		return -1;
	}
	a->count = v.u;
	int rc = value_next(&c, &v);
	if (rc == 1)
		return v.type == VALUE_NIL ? 0 : read_except(a, v, err, errlen);
	if (rc < 0)
		snprintf(err, errlen, "ack: the exceptions can not be read");
	return rc;
}
