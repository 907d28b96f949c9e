/* Finding lines. */
#include "place.h"

#include <stdbool.h>
#include <string.h>

/* Goes on from the mark where that is on the way: messages come in the order of their lines, mostly. */
static const char *seek(const struct source_file *f, uint32_t line, const char *at, uint32_t *reached)
{
	struct line_mark none = { 0, 1 }, *mark = f->mark ? f->mark : &none;
	bool ahead = mark->line && mark->line <= line && f->text + mark->at <= at;
	const char *p = f->text + (ahead ? mark->at : 0), *end = f->text + f->n, *nl;

	for (*reached = ahead ? mark->line : 1; *reached < line; (*reached)++) {
		nl = memchr(p, '\n', (size_t)(end - p));
		if (!nl || nl >= at)
			break;
		p = nl + 1;
	}
	if (ahead || !mark->line)
		*mark = (struct line_mark){ (size_t)(p - f->text), *reached };
	return p;
}

const char *source_line(const struct source_file *f, uint32_t line)
{
	uint32_t reached;
	const char *p = seek(f, line, f->text + f->n, &reached);

	return reached == line ? p : f->text + f->n;
}

uint32_t source_line_of(const struct source_file *f, const char *at, const char **start)
{
	uint32_t line;

	*start = seek(f, UINT32_MAX, at, &line);
	return line;
}
