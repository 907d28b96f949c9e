/* From ring records to frames. */
#ifndef PROBE_ENCODE_H
#define PROBE_ENCODE_H

#include <stdbool.h>
#include <stdint.h>

#include "record.h"
#include "wire/pack.h"

struct cgroups;

struct encoder {
	struct pack out;                       /* frames so far */
	struct pack facts;                     /* for encode_extra: to count them before */
	int64_t clock_offset;                  /* wall minus boot clock, ns */
	struct cgroups *cgroups;
	uint64_t events;                       /* EVENT frames written */
	uint64_t bad;                          /* records that were not understood */
};

/* Appends the frames of one record. */
void encode_record(struct encoder *e, const void *data, size_t size);

/* The pieces, each in a file of its own. */
void encode_proc(struct encoder *e, const struct record *r);
void encode_thread(struct encoder *e, const struct record *r);
/* PROC, and the event that goes with it where that is captured. */
void encode_exec(struct encoder *e, const struct record *r);
void encode_exit(struct encoder *e, const struct record *r);
void encode_event(struct encoder *e, const struct record *r);

/* The eight values with which every EVENT begins; `result` is nil without has_result. */
void encode_event_head(struct encoder *e, const struct raw_head *h, bool has_result, int64_t result);
/* The extra facts at its end; nothing when there are none. */
void encode_extra(struct encoder *e, const struct record *r);

/* Values. */
void encode_fd(struct pack *p, int64_t number, const struct raw_item *it);
void encode_tuple(struct pack *p, const struct raw_sock *s);
void encode_sockaddr(struct pack *p, const struct raw_item *it);
void encode_path(struct pack *p, const struct raw_item *passed, const struct raw_item *base, const struct raw_item *object);
void encode_bytes(struct pack *p, const struct raw_item *it);
/* NUL-terminated texts as [bin...]; the last one is cut when aux says that there was more. */
void encode_texts(struct pack *p, const struct raw_item *it);
/* The first of them, and all but the first with their NULs. */
void encode_first_text(struct pack *p, const struct raw_item *it);
void encode_other_texts(struct pack *p, const struct raw_item *it);

#endif
