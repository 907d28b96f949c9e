/* Alerts as lines: Falco's text line, and Falco's JSON object with what saker knows more. */
#ifndef EMIT_FORMAT_H
#define EMIT_FORMAT_H

#include "alert.h"
#include "wire/pack.h"

struct format {
	bool json, iso_time;
	bool without_output, without_fields, without_tags, with_message;       /* in JSON */
	bool old;                      /* as 0.28: a text line is not escaped, JSON has other members */
	const char *host;              /* for alerts whose source names none. Borrowed */
};

/* Appends the alert as one line, its newline included. */
void format_alert(const struct format *f, const struct alert *a, struct pack *out);
/* Appends [[name, value]…] as a JSON object, sorted by name. */
void format_object(const struct value *fields, struct pack *out);

#endif
