/* Output formats. */
#include "format.h"

#include <stdio.h>
#include <string.h>

#include "eval.h"
#include "field_output.h"

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

static enum format_result width(const char **p, const char *end, uint32_t *out, char *err, size_t errlen)
{
	*out = 0;
	for (; *p < end && **p >= '0' && **p <= '9'; (*p)++) {
		*out = *out * 10 + (uint32_t)(**p - '0');
		if (*out > WIDTH_MAX) {
			snprintf(err, errlen, "invalid formatting syntax: found a width over %d, expected less", WIDTH_MAX);
			return FORMAT_BAD;
		}
	}
	if (*p < end)
		return FORMAT_OK;
	snprintf(err, errlen, "invalid formatting syntax: found '%%' at the end, expected a field behind it");
	return FORMAT_BAD;
}

static const char *next_field(void *arg)
{
	unsigned *i = arg;

	return *i < field_count ? field_defs[(*i)++].name : NULL;
}

static enum format_result unknown(const char *p, const char *end, char *err, size_t errlen)
{
	char name[64];
	size_t n = 0;
	unsigned i = 0;

	while (p + n < end && n < sizeof name - 1 && (p[n] == '.' || p[n] == '_' || (p[n] >= 'a' && p[n] <= 'z') ||
		(p[n] >= '0' && p[n] <= '9')))
		n++;
	memcpy(name, p, n);
	name[n] = '\0';
	const char *near = n ? diag_nearest(name, next_field, &i) : NULL;
	snprintf(err, errlen, "unknown filter: found '%%%s', expected a field%s%s%s", name, near ? "; did you mean '" : "",
		near ? near : "", near ? "'?" : "");
	return FORMAT_UNKNOWN;
}

static enum format_result field(struct format *f, const char **p, const char *end, const char *source, struct slots *slots,
	struct arena *a, char *err, size_t errlen)
{
	struct format_piece piece = {0};
	struct field_ref ref;
	size_t used;
	enum format_result rc = width(p, end, &piece.width, err, errlen);

	if (rc != FORMAT_OK)
		return rc;
	int found = field_parse(*p, (size_t)(end - *p), false, a, &ref, &used, err, errlen);
	if (found < 0)
		return FORMAT_BAD;
	if (found == 0 || !field_serves(ref.def, source))
		return unknown(*p, end, err, errlen);
	piece.slot = slots_intern(slots, a, &ref);
	piece.text = ref.text;
	piece.n = used;
	add(f, a, &piece);
	*p += used;
	return FORMAT_OK;
}

/* %container.info stands for nothing: the container plugin's fields are appended by configuration since. */
static bool container_info(const char **p, const char *end)
{
	static const char name[] = "container.info";

	if ((size_t)(end - *p) < sizeof name - 1 || memcmp(*p, name, sizeof name - 1) != 0)
		return false;
	*p += sizeof name - 1;
	return true;
}

enum format_result format_parse(struct format *f, const char *text, size_t n, const char *source, struct slots *slots,
	struct arena *a, char *err, size_t errlen, size_t *at)
{
	const char *p = text, *end = text + n, *start = p;

	while (p < end) {
		if (*p != '%') {
			p++;
			continue;
		}
		literal(f, a, start, (size_t)(p - start));
		*at = (size_t)(p - text);
		p++;
		if (!container_info(&p, end)) {
			enum format_result rc = field(f, &p, end, source, slots, a, err, errlen);
			if (rc != FORMAT_OK)
				return rc;
		}
		start = p;
	}
	literal(f, a, start, (size_t)(p - start));
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
			field_print(eval_ref(e, (uint32_t)p->slot), v, n, out);
		fit(out, begin, p->width);
	}
}
