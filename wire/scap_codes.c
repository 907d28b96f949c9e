/* The tables behind scap_codes.h. */
#include "scap_codes.h"

#include <stddef.h>

#include "event.h"

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

unsigned scap_param_size(unsigned type)
{
	static const uint8_t sizes[PT_TYPES] = {
		[PT_UINT8] = 1, [PT_UINT16] = 2, [PT_UINT32] = 4, [PT_UINT64] = 8, [PT_INT8] = 1, [PT_INT16] = 2, [PT_INT32] = 4,
		[PT_INT64] = 8, [PT_FD] = 8, [PT_FD32] = 4, [PT_PID] = 8, [PT_PID32] = 4, [PT_ERRNO] = 8, [PT_UID] = 4, [PT_GID] = 4,
		[PT_CHARBUF] = 1, [PT_FSPATH] = 1, [PT_FSRELPATH] = 1, [PT_FLAGS8] = 1, [PT_FLAGS16] = 2, [PT_FLAGS32] = 4,
		[PT_ENUMFLAGS8] = 1, [PT_ENUMFLAGS16] = 2, [PT_ENUMFLAGS32] = 4, [PT_MODE] = 4, [PT_SIGTYPE] = 1, [PT_SIGSET] = 4,
		[PT_SYSCALLID] = 2, [PT_RELTIME] = 8, [PT_ABSTIME] = 8, [PT_PORT] = 2,
	};

	return type < PT_TYPES ? sizes[type] : 0;
}

const struct scap_code *scap_code(unsigned code)
{
	return code < sizeof codes / sizeof codes[0] ? &codes[code] : NULL;
}

const struct scap_rule *scap_rule_to(unsigned code)
{
	const struct scap_rule *found = NULL;

	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
		if (rules[i].action == SCAP_TYPE && rules[i].to == code)
			found = &rules[i];
	return found;
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
