/* Every event code that a capture may hold (scap_codes.def), and the rules that bring old ones to today's schema. */
#ifndef WIRE_SCAP_CODES_H
#define WIRE_SCAP_CODES_H

#include <stdint.h>

enum { SCAP_OLD = 1, SCAP_UNUSED = 2, SCAP_MANAGED = 4, SCAP_LARGE = 8 };
struct scap_code {
	const char *name;
	uint8_t params, flags;
};
/* NULL for codes of a later schema. */
const struct scap_code *scap_code(unsigned code);

enum scap_action { SCAP_STORE, SCAP_PASS, SCAP_ADD, SCAP_TYPE, SCAP_STORE_PASS };
struct scap_rule {
	uint16_t code;
	uint8_t params, action;
	uint16_t to;
	const char *sources;
};
/* The rule for an event with so many parameters, or NULL. */
const struct scap_rule *scap_rule(unsigned code, unsigned params);
/* The newest code that becomes this one, or NULL. */
const struct scap_rule *scap_rule_to(unsigned code);
/* Bytes that a parameter of the type takes at least: numbers their width, texts their NUL, others 0. */
unsigned scap_param_size(unsigned type);

#endif
