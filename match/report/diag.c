/* Messages about rules files: making them, and saker's own form. */
#include "diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "conf/nearest.h"
#include "match/vec.h"

enum { MESSAGE_MAX = 1024, SNIPPET_MAX = 160 };

size_t diag_enter(struct diag *d, enum diag_item item, const char *name, struct place at)
{
	size_t depth = d->depth;

	if (d->depth < DIAG_FRAMES)
		d->frames[d->depth++] = (struct diag_frame){ item, name, at };
	return depth;
}

void diag_leave(struct diag *d, size_t depth)
{
	d->depth = depth;
}

void diag_named(struct diag *d, const char *name)
{
	if (d->depth)
		d->frames[d->depth - 1].name = name;
}

static const char *text(struct diag *d, const char *fmt, va_list ap)
{
	char line[MESSAGE_MAX];

	vsnprintf(line, sizeof line, fmt, ap);
	return arena_strn(&d->arena, line, strlen(line));
}

static void add(struct diag *d, enum diag_kind kind, struct place at, enum diag_code code, const char *fmt, va_list ap)
{
	struct diag_frame *frames = arena_alloc(&d->arena, (d->depth + 1) * sizeof *frames);

	for (size_t i = 0; i < d->depth; i++) {
		frames[i] = d->frames[i];
		frames[i].name = arena_strn(&d->arena, frames[i].name, strlen(frames[i].name));
	}
	d->message = vec_room(&d->arena, d->message, d->n, &d->cap, sizeof *d->message);
	d->message[d->n++] = (struct diag_message){ .kind = kind, .code = code, .at = at, .text = text(d, fmt, ap), .before = "",
		.after = "", .frames = frames, .nframes = d->depth };
	d->failed |= kind == DIAG_ERROR;
}

int diag_error(struct diag *d, struct place at, enum diag_code code, const char *fmt, ...)
{
	va_list ap;

	d->dropped = d->failed;
	if (d->failed)
		return -1;
	va_start(ap, fmt);
	add(d, DIAG_ERROR, at, code, fmt, ap);
	va_end(ap);
	return -1;
}

bool diag_full(const struct diag *d)
{
	return d->warnings >= DIAG_WARNINGS;
}

/* Is a warning to be taken? A file may have as many mistakes as it has bytes: the first thousand say what is wrong with it. */
static bool room(struct diag *d)
{
	d->dropped = d->failed || diag_full(d);
	d->unsaid += d->dropped && !d->failed;
	d->warnings += !d->dropped;
	return !d->dropped;
}

void diag_warn(struct diag *d, struct place at, enum diag_code code, const char *fmt, ...)
{
	va_list ap;

	if (!room(d))
		return;
	va_start(ap, fmt);
	add(d, DIAG_WARNING, at, code, fmt, ap);
	va_end(ap);
}

void diag_note(struct diag *d, struct place at, enum diag_code code, const char *fmt, ...)
{
	va_list ap;

	if (!room(d))
		return;
	va_start(ap, fmt);
	add(d, DIAG_NOTE, at, code, fmt, ap);
	va_end(ap);
}

static struct diag_message *last(struct diag *d)
{
	return d->dropped || !d->n ? &d->spare : &d->message[d->n - 1];
}

int diag_before(struct diag *d, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	last(d)->before = text(d, fmt, ap);
	va_end(ap);
	return -1;
}

int diag_after(struct diag *d, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	last(d)->after = text(d, fmt, ap);
	va_end(ap);
	return -1;
}

int diag_own(struct diag *d, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	last(d)->own = text(d, fmt, ap);
	va_end(ap);
	return -1;
}

int diag_old(struct diag *d, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	last(d)->old = text(d, fmt, ap);
	va_end(ap);
	return -1;
}

int diag_field(struct diag *d, const char *name)
{
	last(d)->field = name;
	return -1;
}

/* A long condition may have many warnings, and needs one copy. */
static const char *same_as_before(struct diag *d, const struct diag_message *m, const char *content, size_t n)
{
	const struct diag_message *before = d->n > 1 && m != &d->spare ? m - 1 : NULL;

	if (before && before->content && before->ncontent == n && memcmp(before->content, content, n) == 0)
		return before->content;
	return m == &d->spare ? "" : arena_strn(&d->arena, content, n);
}

int diag_inside(struct diag *d, enum diag_item item, const char *content, size_t n, size_t at)
{
	struct diag_message *m = last(d);

	m->inside = item;
	m->content = same_as_before(d, m, content, n);
	m->ncontent = n;
	m->content_at = at;
	return -1;
}

void diag_forgive(struct diag *d, enum diag_code code, const char *before, const char *after)
{
	struct diag_message *m = &d->message[d->n - 1];

	if (diag_full(d)) {
		diag_rewind(d, d->n - 1);
		d->unsaid++;
		return;
	}
	m->kind = DIAG_WARNING;
	m->code = code;
	d->warnings++;
	if (before) {
		m->before = arena_strn(&d->arena, before, strlen(before));
		m->after = arena_strn(&d->arena, after, strlen(after));
	}
	d->failed = false;
}

void diag_rewind(struct diag *d, size_t n)
{
	for (; d->n > n; d->n--)
		d->warnings -= d->message[d->n - 1].kind != DIAG_ERROR;
	d->failed = false;
}

void diag_free(struct diag *d)
{
	arena_free(&d->arena);
	*d = (struct diag){0};
}

const char *diag_line(const struct source_file *f, uint32_t line)
{
	const char *p = f->text, *end = f->text + f->n, *nl;

	for (; line > 1; line--, p = nl + 1)
		if (!(nl = memchr(p, '\n', (size_t)(end - p))))
			return end;
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
	const char *end = at.file->text + at.file->n, *start = diag_line(at.file, at.line);
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

static void print(const struct diag_message *m, struct strbuf *out)
{
	static const char *const kinds[] = { [DIAG_ERROR] = "", [DIAG_WARNING] = "warning: ", [DIAG_NOTE] = "note: " };

	if (m->at.file && m->at.line)
		strbuf_printf(out, "%s:%u:%u: ", m->at.file->path, m->at.line, m->at.column);
	else if (m->at.file)
		strbuf_printf(out, "%s: ", m->at.file->path);
	if (m->own)
		strbuf_printf(out, "%s%s\n", kinds[m->kind], m->own);
	else
		strbuf_printf(out, "%s%s%s%s\n", kinds[m->kind], m->before, m->text, m->after);
	if (m->kind == DIAG_ERROR && m->at.file && m->at.line && m->at.column)
		snippet(out, m->at);
}

void diag_print(const struct diag *d, bool errors, bool notes, struct strbuf *out)
{
	for (size_t i = 0; i < d->n; i++)
		if ((d->message[i].kind == DIAG_ERROR) == errors && (notes || d->message[i].kind != DIAG_NOTE))
			print(&d->message[i], out);
	if (!errors && d->unsaid)
		strbuf_printf(out, "... and %zu more warnings\n", d->unsaid);
}

const char *diag_nearest(const char *name, const char *(*next)(void *arg), void *arg)
{
	const char *best = NULL, *candidate;
	unsigned near = 1 + (unsigned)strlen(name) / 3;

	while ((candidate = next(arg))) {
		size_t length = strlen(candidate), other = strlen(name);
		if (length > other + near || other > length + near)
			continue;
		unsigned d = nearest_distance(name, candidate);
		if (d <= near && (!best || d < near)) {
			near = d;
			best = candidate;
		}
	}
	return best;
}
