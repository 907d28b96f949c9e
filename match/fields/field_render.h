/* Parameters as text, as evt.arg and evt.args print them. For the files field*.c alone. */
#ifndef MATCH_FIELD_RENDER_H
#define MATCH_FIELD_RENDER_H

#include "field_get.h"

/* The two forms of a parameter: as it is, and what that means (empty when it means no more). */
struct rendered {
	struct text raw, resolved;
};
struct rendered field_render(struct context *c, int param);

#endif
