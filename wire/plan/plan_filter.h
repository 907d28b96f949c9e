/* The reference filter: what of a stream a kernel side with this plan would have sent. */
#ifndef WIRE_PLAN_FILTER_H
#define WIRE_PLAN_FILTER_H

#include "wire/frame.h"
#include "plan.h"

struct plan_filter;

/* The plan must outlive the filter. One filter for each stream. */
struct plan_filter *plan_filter_new(const struct plan *p);
void plan_filter_free(struct plan_filter *f);

struct plan_verdict {
	bool passes;
	int type;                              /* of an EVENT that the filter decided on; -1: of another frame, which passes */
	int line;                              /* of those of its type: that which let it pass; -1: none was needed */
};
struct plan_verdict plan_filter_take(struct plan_filter *f, const struct frame *frame);

#endif
