/* Messages about rules files. */
#include "diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "conf/nearest.h"

enum { MESSAGE_MAX = 1024, SNIPPET_MAX = 160 };

static const char *line_start(const struct source_file *f, uint32_t line)
{
	const char *p = f->text, *end = f->text + f->n;

	while (line > 1 && p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		if (!nl)
			return end;
		p = nl + 1;
		line--;
	}
	return p;
}

static const char *forward(const char *p, const char *end, uint32_t characters)
{
	while (characters && p < end) {
		p++;
		while (p < end && ((unsigned char)*p & 0xc0) == 0x80)
			p++;
		characters--;
	}
	return p;
}

/* The line that holds the place, cut to what fits a terminal, and a caret below the column. */
static void snippet(struct strbuf *out, struct place at)
{
	const char *end = at.file->text + at.file->n, *start = line_start(at.file, at.line);
	const char *nl = memchr(start, '\n', (size_t)(end - start));

	if (nl)
		end = nl;
	if (start == end)
		return;
	uint32_t skip = at.column > SNIPPET_MAX / 2 ? at.column - SNIPPET_MAX / 2 : 0;
	const char *p = forward(start, end, skip), *caret = forward(p, end, at.column - 1 - skip);
	const char *stop = forward(p, end, SNIPPET_MAX);

	strbuf_puts(out, "    ");
	for (const char *c = p; c < stop; c++)
		strbuf_add(out, (unsigned char)*c < ' ' || *c == 0x7f ? " " : c, 1);
	strbuf_puts(out, "\n    ");
	for (const char *c = p; c < caret; c = forward(c, end, 1))
		strbuf_add(out, " ", 1);
	strbuf_puts(out, "^\n");
}

static void message(struct strbuf *out, struct place at, const char *kind, const char *fmt, va_list ap)
{
	char text[MESSAGE_MAX];

	vsnprintf(text, sizeof text, fmt, ap);
	if (at.file && at.line)
		strbuf_printf(out, "%s:%u:%u: ", at.file->path, at.line, at.column);
	else if (at.file)
		strbuf_printf(out, "%s: ", at.file->path);
	strbuf_printf(out, "%s%s\n", kind, text);
}

int diag_error(struct diag *d, struct place at, const char *fmt, ...)
{
	va_list ap;

	if (d->error.n)
		return -1;
	va_start(ap, fmt);
	message(&d->error, at, "", fmt, ap);
	va_end(ap);
	if (at.file && at.line && at.column)
		snippet(&d->error, at);
	return -1;
}

void diag_warn(struct diag *d, struct place at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	message(&d->warnings, at, "warning: ", fmt, ap);
	va_end(ap);
}

void diag_note(struct diag *d, struct place at, const char *fmt, ...)
{
	va_list ap;

	if (!d->notes)
		return;
	va_start(ap, fmt);
	message(&d->warnings, at, "note: ", fmt, ap);
	va_end(ap);
}

void diag_free(struct diag *d)
{
	strbuf_free(&d->error);
	strbuf_free(&d->warnings);
}

const char *diag_nearest(const char *name, const char *(*next)(void *arg), void *arg)
{
	const char *best = NULL, *candidate;
	unsigned near = 1 + (unsigned)strlen(name) / 3;

	while ((candidate = next(arg))) {
		unsigned d = nearest_distance(name, candidate);
		if (d <= near && (!best || d < near)) {
			near = d;
			best = candidate;
		}
	}
	return best;
}
