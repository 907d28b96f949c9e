/* Alerts as lines: Falco's text line, and Falco's JSON object with what saker knows more. */
#ifndef EMIT_FORMAT_H
#define EMIT_FORMAT_H

#include "alert.h"
#include "wire/pack.h"

struct format {
	bool json, iso_time;
	bool without_output, without_fields, without_tags, with_message;       /* in JSON */
	bool old;                      /* as 0.28: a text line is not escaped, JSON has other members */
	bool host_forced;              /* `host` is for all alerts, not only for those whose source names none */
	const char *host;              /* borrowed */
};

/* Appends the alert as one line, its newline included. */
void format_alert(const struct format *f, const struct alert *a, struct pack *out);
/* Appends [[name, value]…] as a JSON object, sorted by name. */
void format_object(const struct value *fields, struct pack *out);

#endif
