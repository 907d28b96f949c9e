/* What a test of a plan is about on the kernel side: which argument, number, bits, text, and how dear that is. */
#ifndef PROBE_PLAN_USES_H
#define PROBE_PLAN_USES_H

#include <stdbool.h>
#include <stdint.h>

#include "types.h"
#include "wire/plan/plan.h"

/* What a test needs to be asked of a type's events: RAW_USES_* bits, 0 for the result alone, -1 when it can not be. */
int plan_test_uses(const struct captured *c, const struct plan_test *t);
/* The argument that holds the flags of an opening, the mode of a file that it makes. */
uint8_t plan_flags_argument(const struct captured *c);
uint8_t plan_mode_argument(const struct captured *c);
/* Where the file of a type's path tests is (raw_plan_type.file): what it opens, or what it is told the descriptor of. A call that takes a
 * path and opens nothing is about a name. */
uint8_t plan_file_argument(const struct captured *c);
/* The same of the descriptor that the tests of kinds are about: what a path is relative to, too. */
uint8_t plan_fd_argument(const struct captured *c);
/* The argument that points at a type's n-th path (from 0), and the one with the descriptor that it is relative to. */
uint8_t plan_passed_argument(const struct captured *c, int n);
uint8_t plan_base_argument(const struct captured *c, int n);
/* The argument that points at a type's text; of several the first one. */
uint8_t plan_text_argument(const struct captured *c);
/* Which path a test looks at; RAW_PLACES of a test that looks at none. A call that leaves no file has its first one there instead. */
enum raw_place plan_place(const struct plan_test *t);
/* What a test of numbers is about (enum raw_number); false when the kernel side can not tell. */
bool plan_number_of(const struct captured *c, const struct plan_test *t, uint8_t *what, uint8_t *arg);
/* Whose address or port that is, of one end as PLAN_ADDR* name it. */
uint8_t plan_end(const struct captured *c, unsigned subject);
/* What has to be asked for a test of it. */
int plan_number_uses(uint8_t what);
/* Whether a test of the result asks no more than whether the call failed; then `*negated` says how. */
bool plan_is_sign(const struct plan_test *t, bool *negated);
/* What a test of bits is about (enum raw_mask_of), or -1. */
int plan_mask_of(const struct plan_test *t);
/* The bits of an argument that make those of an event's parameter, each of which one bit alone must make; 0 when that is not so. */
uint64_t plan_argument_bits(const struct captured *c, const struct plan_test *t, uint8_t *arg);
/* Whether a test's texts are short enough. */
bool plan_texts_fit(const struct plan_test *t);
/* Whether a test of what a path has in it can be asked of its components: of a longer text its beginning, which says only that it may be. */
bool plan_parts_fit(const struct plan_test *t);

#endif
