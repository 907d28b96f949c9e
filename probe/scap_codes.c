/* The tables behind scap_codes.h. */
#include "scap_codes.h"

#include <stddef.h>

enum { OLD = SCAP_OLD, UNUSED = SCAP_UNUSED, MANAGED = SCAP_MANAGED, LARGE = SCAP_LARGE };

static const struct scap_code codes[] = {
#define SCAP_CODE(code, params, name, flags) [code] = { name, params, flags },
#include "scap_codes.def"
#undef SCAP_CODE
};

static const struct scap_rule rules[] = {
#define SCAP_RULE(code, params, action, to, sources) { code, params, SCAP_##action, to, sources },
#include "scap_rules.def"
#undef SCAP_RULE
};

const struct scap_code *scap_code(unsigned code)
{
	return code < sizeof codes / sizeof codes[0] ? &codes[code] : NULL;
}

/* The lines are in the order of their codes. */
const struct scap_rule *scap_rule(unsigned code, unsigned params)
{
	size_t low = 0, high = sizeof rules / sizeof rules[0];

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (rules[mid].code < code || (rules[mid].code == code && rules[mid].params < params))
			low = mid + 1;
		else
			high = mid;
	}
	return low < sizeof rules / sizeof rules[0] && rules[low].code == code && rules[low].params == params ? &rules[low] : NULL;
}
