/* Text and JSON lines. The keys of the JSON object are those of Falco in its order (alphabetical); `ancestry`, `complete`
 * and `lost` are saker's own. */
#include "format.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "jsontext.h"
#include "wire/log.h"

enum { NS = 1000000000, KEY_PID_BITS = 22 };     /* see saker-wire(7), "Keys" */

enum clock { CLOCK_LOCAL, CLOCK_ISO_TEXT, CLOCK_ISO_JSON };

static void format_time(struct pack *out, uint64_t ns, enum clock clock)
{
	static const struct { const char *pattern, *zone; } clocks[] = {
		[CLOCK_LOCAL] = { "%H:%M:%S", "" },
		[CLOCK_ISO_TEXT] = { "%Y-%m-%dT%H:%M:%S", "+0000" },
		[CLOCK_ISO_JSON] = { "%Y-%m-%dT%H:%M:%S", "Z" },
	};
	time_t seconds = (time_t)(ns / NS);
	struct tm tm = {0};
	char text[64], line[96];

	if (clock == CLOCK_LOCAL)
		localtime_r(&seconds, &tm);
	else
		gmtime_r(&seconds, &tm);
	strftime(text, sizeof text, clocks[clock].pattern, &tm);
	snprintf(line, sizeof line, "%s.%09" PRIu64 "%s", text, ns % NS, clocks[clock].zone);
	jsontext_raw(out, line);
}

/* As 0.28 had it: nothing is escaped but the end of a line, for one alert is one line. */
static void raw_line(struct pack *out, const uint8_t *p, size_t n)
{
	const uint8_t *end;

	for (; (end = memchr(p, '\n', n)); n -= (size_t)(end - p) + 1, p = end + 1) {
		pack_raw(out, p, (size_t)(end - p));
		jsontext_raw(out, "\\n");
	}
	pack_raw(out, p, n);
}

/* `<time>: <Priority> <message>`, escaped as in JSON; a text line of 0.28 is not. */
static void format_line(const struct format *f, const struct alert *a, struct pack *out)
{
	const struct value *message = &a->v[ALERT_OUTPUT];

	format_time(out, a->v[ALERT_TIME].u, f->iso_time ? CLOCK_ISO_TEXT : CLOCK_LOCAL);
	jsontext_raw(out, ": ");
	jsontext_raw(out, alert_priority(a));
	jsontext_raw(out, " ");
	if (f->old && !f->json)
		raw_line(out, message->s.data, message->s.len);
	else
		jsontext_escape(out, message->s.data, message->s.len);
}

struct member {
	struct value name, value;
	size_t position;               /* in the alert: of two of one name the later counts */
};

static int by_bytes(const struct value *a, const struct value *b)
{
	uint32_t shorter = a->s.len < b->s.len ? a->s.len : b->s.len;
	int order = memcmp(a->s.data, b->s.data, shorter);

	return order ? order : (a->s.len > b->s.len) - (a->s.len < b->s.len);
}

static int by_name(const void *a, const void *b)
{
	const struct member *x = a, *y = b;
	int order = by_bytes(&x->name, &y->name);

	return order ? order : (x->position > y->position) - (x->position < y->position);
}

static int by_text(const void *a, const void *b)
{
	return by_bytes(a, b);
}

static void *table(size_t n, size_t size)
{
	void *t = calloc(n, size);

	if (!t)
		diex(EX_OSERR, "out of memory: an alert with %zu fields", n);
	return t;
}

static struct value text_value(const char *s)
{
	return (struct value){ .type = VALUE_STR, .s = { (const uint8_t *)s, (uint32_t)strlen(s) } };
}

/* Falco's alerts always have their time among the fields, as a number. */
static struct member time_member(const struct format *f, const struct alert *a)
{
	return (struct member){ text_value(f->iso_time ? "evt.time.iso8601" : "evt.time"), a->v[ALERT_TIME], 0 };
}

/* match puts it in front of all others; how it is shown is decided here. */
static bool is_plain_time(const struct value *name)
{
	static const char plain[] = "evt.time";

	return name->s.len == sizeof plain - 1 && memcmp(name->s.data, plain, sizeof plain - 1) == 0;
}

/* The fields by name, behind one of `with` if it is given. The caller frees them. */
static struct member *sorted_fields(const struct value *list, const struct member *with, size_t *n)
{
	bool any = list->type == VALUE_ARRAY;
	struct member *m = table((any ? list->a.count : 0) + 1, sizeof *m);

	*n = 0;
	if (with)
		m[(*n)++] = *with;
	if (any) {
		struct cursor c = list->a.inside;
		while (alert_field(&c, &m[*n].name, &m[*n].value)) {
			m[*n].position = *n;
			*n += !with || !is_plain_time(&m[*n].name);
		}
	}
	qsort(m, *n, sizeof *m, by_name);
	return m;
}

static void format_members(const struct member *m, size_t n, struct pack *out)
{
	const char *separator = "";

	jsontext_raw(out, "{");
	for (size_t i = 0; i < n; i++) {
		if (i + 1 < n && by_bytes(&m[i].name, &m[i + 1].name) == 0)
			continue;
		jsontext_raw(out, separator);
		jsontext_value(out, &m[i].name);
		jsontext_raw(out, ":");
		jsontext_value(out, &m[i].value);
		separator = ",";
	}
	jsontext_raw(out, "}");
}

static void format_fields(const struct format *f, const struct alert *a, struct pack *out)
{
	struct member time = time_member(f, a);
	size_t n;
	struct member *m = sorted_fields(&a->v[ALERT_FIELDS], &time, &n);

	format_members(m, n, out);
	free(m);
}

void format_object(const struct value *fields, struct pack *out)
{
	size_t n;
	struct member *m = sorted_fields(fields, NULL, &n);

	format_members(m, n, out);
	free(m);
}

/* An array of texts, sorted as Falco does. */
static void format_texts(const struct value *list, struct pack *out)
{
	size_t count = list->type == VALUE_ARRAY ? list->a.count : 0, n = 0;
	struct value *texts = table(count + 1, sizeof *texts);

	if (count) {
		struct cursor c = list->a.inside;
		while (n < count && value_next(&c, &texts[n]) == 1)
			n++;
	}
	qsort(texts, n, sizeof *texts, by_text);
	jsontext_raw(out, "[");
	for (size_t i = 0; i < n; i++) {
		jsontext_raw(out, i ? "," : "");
		jsontext_value(out, &texts[i]);
	}
	jsontext_raw(out, "]");
	free(texts);
}

/* The process itself, its parent, and so on. */
static void format_ancestry(const struct value *list, struct pack *out)
{
	struct cursor c = list->a.inside;
	struct value entry, key, name, path;
	const char *separator = "[";
	char pid[48];

	while (value_next(&c, &entry) == 1) {
		struct cursor e = entry.a.inside;
		if (value_next(&e, &key) != 1 || value_next(&e, &name) != 1 || value_next(&e, &path) != 1)
			break;
		jsontext_raw(out, separator);
		jsontext_raw(out, "{\"exepath\":");
		jsontext_value(out, &path);
		jsontext_raw(out, ",\"name\":");
		jsontext_value(out, &name);
		snprintf(pid, sizeof pid, ",\"pid\":%" PRIu64 "}", key.u & ((1u << KEY_PID_BITS) - 1));
		jsontext_raw(out, pid);
		separator = ",";
	}
	jsontext_raw(out, "]");
}

static bool has_elements(const struct value *v)
{
	return v->type == VALUE_ARRAY && v->a.count > 0;
}

static void format_name(const struct alert *a, const char *separator, struct pack *out)
{
	jsontext_raw(out, separator);
	jsontext_raw(out, "\"priority\":\"");
	jsontext_raw(out, alert_priority(a));
	jsontext_raw(out, "\",\"rule\":");
	jsontext_value(out, &a->v[ALERT_RULE]);
}

static void format_json(const struct format *f, const struct alert *a, struct pack *out)
{
	struct value complete = { .type = VALUE_BOOL, .boolean = true }, host = text_value(f->host);

	jsontext_raw(out, "{");
	if (has_elements(&a->v[ALERT_ANCESTRY])) {
		jsontext_raw(out, "\"ancestry\":");
		format_ancestry(&a->v[ALERT_ANCESTRY], out);
		jsontext_raw(out, ",");
	}
	jsontext_raw(out, "\"complete\":");
	jsontext_value(out, a->v[ALERT_COMPLETE].type == VALUE_NIL ? &complete : &a->v[ALERT_COMPLETE]);
	jsontext_raw(out, ",\"hostname\":");
	jsontext_value(out, f->host_forced || a->host.type == VALUE_NIL ? &host : &a->host);
	if (has_elements(&a->v[ALERT_LOST])) {
		jsontext_raw(out, ",\"lost\":");
		format_texts(&a->v[ALERT_LOST], out);
	}
	if (f->with_message) {
		jsontext_raw(out, ",\"message\":\"");
		jsontext_escape(out, a->v[ALERT_OUTPUT].s.data, a->v[ALERT_OUTPUT].s.len);
		jsontext_raw(out, "\"");
	}
	if (!f->without_output) {
		jsontext_raw(out, ",\"output\":\"");
		format_line(f, a, out);
		jsontext_raw(out, "\"");
	}
	if (!f->without_fields) {
		jsontext_raw(out, ",\"output_fields\":");
		format_fields(f, a, out);
	}
	format_name(a, ",", out);
	jsontext_raw(out, ",\"source\":");
	jsontext_value(out, &a->v[ALERT_SOURCE]);
	if (!f->without_tags) {
		jsontext_raw(out, ",\"tags\":");
		format_texts(&a->v[ALERT_TAGS], out);
	}
	jsontext_raw(out, ",\"time\":\"");
	format_time(out, a->v[ALERT_TIME].u, CLOCK_ISO_JSON);
	jsontext_raw(out, "\"}");
}

/* That version wrote its fields behind all others, with blanks that the others do not have. */
static void format_json_old(const struct format *f, const struct alert *a, struct pack *out)
{
	jsontext_raw(out, "{");
	if (!f->without_output) {
		jsontext_raw(out, "\"output\":\"");
		format_line(f, a, out);
		jsontext_raw(out, "\"");
	}
	format_name(a, f->without_output ? "" : ",", out);
	jsontext_raw(out, ",\"time\":\"");
	format_time(out, a->v[ALERT_TIME].u, CLOCK_ISO_JSON);
	jsontext_raw(out, "\", \"output_fields\": ");
	format_fields(f, a, out);
	jsontext_raw(out, "}");
}

static bool is_internal(const struct alert *a)
{
	static const char source[] = "internal";
	const struct value *v = &a->v[ALERT_SOURCE];

	return v->s.len == sizeof source - 1 && memcmp(v->s.data, source, sizeof source - 1) == 0;
}

/* Falco's form of its own messages: the fields stand behind the text, with quotes where they are texts unless it is 0.28. */
static void format_internal_text(const struct format *f, const struct alert *a, struct pack *out)
{
	const char *separator = " (";
	size_t n;
	struct member *m = sorted_fields(&a->v[ALERT_FIELDS], NULL, &n);

	format_line(f, a, out);
	for (size_t i = 0; i < n; i++) {
		jsontext_raw(out, separator);
		pack_raw(out, m[i].name.s.data, m[i].name.s.len);
		jsontext_raw(out, "=");
		if (f->old && m[i].value.type == VALUE_STR)
			raw_line(out, m[i].value.s.data, m[i].value.s.len);
		else
			jsontext_value(out, &m[i].value);
		separator = " ";
	}
	jsontext_raw(out, n ? ")" : " ()");
	free(m);
}

static void format_internal_json(const struct format *f, const struct alert *a, struct pack *out)
{
	struct value host = text_value(f->host);

	jsontext_raw(out, "{");
	if (!f->old) {
		jsontext_raw(out, "\"hostname\":");
		jsontext_value(out, a->host.type == VALUE_NIL ? &host : &a->host);
		jsontext_raw(out, ",");
	}
	jsontext_raw(out, "\"output\":\"");
	jsontext_escape(out, a->v[ALERT_OUTPUT].s.data, a->v[ALERT_OUTPUT].s.len);
	jsontext_raw(out, "\",\"output_fields\":");
	format_object(&a->v[ALERT_FIELDS], out);
	format_name(a, ",", out);
	jsontext_raw(out, f->old ? "" : ",\"source\":\"internal\"");
	jsontext_raw(out, ",\"time\":\"");
	format_time(out, a->v[ALERT_TIME].u, CLOCK_ISO_JSON);
	jsontext_raw(out, "\"}");
}

void format_alert(const struct format *f, const struct alert *a, struct pack *out)
{
	if (is_internal(a) && f->json)
		format_internal_json(f, a, out);
	else if (is_internal(a))
		format_internal_text(f, a, out);
	else if (f->json && f->old)
		format_json_old(f, a, out);
	else if (f->json)
		format_json(f, a, out);
	else
		format_line(f, a, out);
	jsontext_raw(out, "\n");
}
