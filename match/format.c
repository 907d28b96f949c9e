/* Output formats. */
#include "format.h"

#include <stdio.h>
#include <string.h>

#include "match/language/cond.h"
#include "match/report/diag.h"
#include "eval.h"
#include "match/fields/field_output.h"
#include "operand.h"

enum { WIDTH_MAX = 4096 };

static void add(struct format *f, struct arena *a, const struct format_piece *p)
{
	f->piece = vec_room(a, f->piece, f->n, &f->cap, sizeof *f->piece);
	f->piece[f->n++] = *p;
}

static void literal(struct format *f, struct arena *a, const char *text, size_t n)
{
	if (n)
		add(f, a, &(struct format_piece){ .text = arena_strn(a, text, n), .n = n, .slot = -1 });
}

static enum format_result bad(struct format_error *e, const char *text, const char *hint)
{
	snprintf(e->text, sizeof e->text, "%s", text);
	snprintf(e->hint, sizeof e->hint, "%s", hint);
	return FORMAT_BAD;
}

static enum format_result width(const char **p, const char *end, uint32_t *out, struct format_error *e)
{
	*out = 0;
	for (; *p < end && **p >= '0' && **p <= '9'; (*p)++) {
		*out = *out * 10 + (uint32_t)(**p - '0');
		if (*out > WIDTH_MAX)
			return bad(e, "invalid formatting syntax: width too large", ", expected at most 4096");
	}
	return *p < end ? FORMAT_OK : bad(e, "invalid formatting syntax: formatting cannot end with a %",
		", expected a field behind it");
}

enum format_result format_unknown(const struct format_scope *s, struct format_error *e, const char *text)
{
	char name[64];
	size_t n = 0;
	struct field_walk walk = { s->own, 0 };

	text += *text == '%';
	while (n < sizeof name - 1 && (text[n] == '.' || text[n] == '_' || (text[n] >= 'a' && text[n] <= 'z') ||
		(text[n] >= '0' && text[n] <= '9')))
		n++;
	memcpy(name, text, n);
	name[n] = '\0';
	const char *near = n ? diag_nearest(name, field_next_name, &walk) : NULL;
	snprintf(e->text, sizeof e->text, "unknown filter: invalid formatting token %s", n ? name : text);
	if (near && strcmp(near, name) == 0)
		return snprintf(e->hint, sizeof e->hint, "; rules of another source have it"), FORMAT_UNKNOWN;
	snprintf(e->hint, sizeof e->hint, ", expected a field%s%s%s", near ? "; did you mean '%" : "", near ? near : "",
		near ? "'?" : "");
	return FORMAT_UNKNOWN;
}

static enum format_result transformer(const char *p, const char *end, const struct format_scope *s, uint32_t *slot, size_t *used,
	struct format_error *e)
{
	struct cond_error err;
	struct operand_error why;
	const struct cond_operand *o = s->old ? NULL : cond_operand_parse(p, (size_t)(end - p), s->arena, used, &err);

	if (!o)
		return format_unknown(s, e, p);
	if (operand_slot(&(struct operand_scope){ s->source, s->slots, s->arena, s->own }, o, slot, &why) == OPERAND_OK)
		return FORMAT_OK;
	snprintf(e->text, sizeof e->text, "unknown filter: %.300s", why.text);
	snprintf(e->hint, sizeof e->hint, "%s", why.hint);
	return FORMAT_UNKNOWN;
}

static enum format_result field(struct format *f, const char **p, const char *end, const struct format_scope *s,
	struct format_error *e)
{
	struct format_piece piece = {0};
	struct field_ref ref;
	size_t used;
	uint32_t slot;
	enum format_result rc = width(p, end, &piece.width, e);

	if (rc != FORMAT_OK)
		return rc;
	int found = field_parse(s->own, *p, (size_t)(end - *p), false, s->arena, &ref, &used, e->text, sizeof e->text);
	if (found < 0)
		return FORMAT_BAD;
	if (found == 0) {
		rc = transformer(*p, end, s, &slot, &used, e);
		if (rc != FORMAT_OK)
			return rc;
	} else if (!field_serves(ref.def, s->source)) {
		return format_unknown(s, e, *p);
	} else {
		slot = slots_intern(s->slots, s->arena, &ref);
	}
	piece.slot = slot;
	piece.text = arena_strn(s->arena, *p, used);
	piece.n = used;
	add(f, s->arena, &piece);
	*p += used;
	return FORMAT_OK;
}

static bool is_info(const char *p, const char *end)
{
	static const char name[] = "container.info";

	return (size_t)(end - p) >= sizeof name - 1 && memcmp(p, name, sizeof name - 1) == 0;
}

/* %container.info stands for nothing since the container plugin's fields are appended by configuration. */
static enum format_result info(struct format *f, const char **p, const struct format_scope *s, struct format_error *e)
{
	static const char old[] = "%container.name (id=%container.id)";
	struct format inner = {0};

	f->info = true;
	*p += strlen("container.info");
	if (!s->old || strcmp(s->source, "syscall") != 0)
		return FORMAT_OK;
	enum format_result rc = format_parse(&inner, old, sizeof old - 1, s, e);
	for (size_t i = 0; rc == FORMAT_OK && i < inner.n; i++)
		add(f, s->arena, &inner.piece[i]);
	return rc;
}

enum format_result format_parse(struct format *f, const char *text, size_t n, const struct format_scope *s,
	struct format_error *e)
{
	const char *p = text, *end = text + n, *start = p;

	while (p < end) {
		if (*p != '%') {
			p++;
			continue;
		}
		literal(f, s->arena, start, (size_t)(p - start));
		e->at = (size_t)(p - text);
		p++;
		enum format_result rc = is_info(p, end) ? info(f, &p, s, e) : field(f, &p, end, s, e);
		if (rc != FORMAT_OK)
			return rc;
		start = p;
	}
	literal(f, s->arena, start, (size_t)(p - start));
	return FORMAT_OK;
}

/* Cut to the width or padded to it. */
static void fit(struct strbuf *out, size_t begin, uint32_t wide)
{
	static const char blanks[] = "                ";

	if (!wide)
		return;
	if (out->n - begin > wide) {
		out->n = begin + wide;
		out->p[out->n] = '\0';
	}
	while (out->n - begin < wide) {
		size_t more = wide - (out->n - begin);
		strbuf_add(out, blanks, more < sizeof blanks - 1 ? more : sizeof blanks - 1);
	}
}

int format_slot(struct eval *e, uint32_t slot, const struct field_value **v)
{
	int n = eval_slot(e, slot, v);

	return field_output(eval_ref(e, slot), e->context, v, n);
}

void format_print(const struct format *f, struct eval *e, struct strbuf *out)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct format_piece *p = &f->piece[i];
		const struct field_value *v;
		size_t begin = out->n;
		if (p->slot < 0) {
			strbuf_add(out, p->text, p->n);
			continue;
		}
		int n = format_slot(e, (uint32_t)p->slot, &v);
		if (n < 0)
			strbuf_puts(out, "<NA>");
		else
			field_print(eval_ref(e, (uint32_t)p->slot), v, n, e->context->old, out);
		fit(out, begin, p->width);
	}
}
