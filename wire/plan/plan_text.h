/* Texts that a plan's tests look at. For the files plan*.c alone. */
#ifndef WIRE_PLAN_TEXT_H
#define WIRE_PLAN_TEXT_H

#include "plan.h"
#include "plan_event.h"

enum plan_answer { ANSWER_NO, ANSWER_YES, ANSWER_UNKNOWN };

enum plan_answer plan_text_test(const struct plan_seen *s, const struct plan_test *t);

/* Has the first path, as it was passed, two dots in a row? */
enum plan_answer plan_text_dots(const struct plan_seen *s);

#endif
