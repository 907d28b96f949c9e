/* Messages to standard error. */
#include "say.h"

#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <syslog.h>
#include <time.h>

#include "wire/log.h"

static void write_line(const struct say *s, enum say_level level, const char *text)
{
	char stamp[64];
	time_t now = time(NULL);
	struct tm tm;

	if (level > s->level)
		return;
	if (s->syslog)
		syslog(LOG_USER | (int)level, "%s", text);
	if (s->silent)
		return;
	localtime_r(&now, &tm);
	strftime(stamp, sizeof stamp, s->iso ? "%FT%T%z" : "%a %b %e %T %Y", &tm);
	fprintf(stderr, "%s: %s\n", stamp, text);
}

static void add_line(struct say *s, enum say_level level, char *text)
{
	struct say_line *l = calloc(1, sizeof *l);

	if (!l)
		diex(EX_OSERR, "out of memory");
	*l = (struct say_line){ level, text, NULL };
	if (!s->end)
		s->end = &s->first;
	*s->end = l;
	s->end = &l->next;
}

static void log_line(struct say *s, enum say_level level, struct strbuf *text)
{
	if (s->open) {
		write_line(s, level, text->p);
		strbuf_free(text);
	} else {
		add_line(s, level, text->p);
	}
}

static void put_place(struct strbuf *b, struct place at)
{
	if (!at.file)
		return;
	strbuf_puts(b, at.file->path);
	if (at.line)
		strbuf_printf(b, ":%u:%u", at.line, at.column);
	strbuf_puts(b, ": ");
}

void say_warn(struct say *s, struct place at, const char *fmt, ...)
{
	struct strbuf b = {0};
	va_list ap;

	put_place(&b, at);
	strbuf_puts(&b, s->falco ? "" : "warning: ");
	va_start(ap, fmt);
	strbuf_vprintf(&b, fmt, ap);
	va_end(ap);
	if (s->falco) {
		log_line(s, SAY_WARNING, &b);
		return;
	}
	fprintf(stderr, "saker-conf: %s\n", b.p);
	strbuf_free(&b);
}

int say_error(struct say *s, struct place at, const char *fmt, ...)
{
	struct strbuf b = {0};
	va_list ap;

	if (!s->falco)
		put_place(&b, at);
	va_start(ap, fmt);
	strbuf_vprintf(&b, fmt, ap);
	va_end(ap);
	say_open(s, s->silent, s->iso, s->level ? s->level : SAY_INFO);
	if (!s->falco)
		fprintf(stderr, "saker-conf: %s\n", b.p);
	else if (s->old)
		fprintf(stderr, "Runtime error: %s. Exiting.\n", b.p);
	else
		fprintf(stderr, "Error: %s\n", b.p);
	strbuf_free(&b);
	s->failed = true;
	return -1;
}

void say_log(struct say *s, enum say_level level, const char *fmt, ...)
{
	struct strbuf b = {0};
	va_list ap;

	if (!s->falco)
		return;
	va_start(ap, fmt);
	strbuf_vprintf(&b, fmt, ap);
	va_end(ap);
	log_line(s, level, &b);
}

static void drop_lines(struct say *s, bool write)
{
	for (struct say_line *l = s->first, *next; l; l = next) {
		next = l->next;
		if (write)
			write_line(s, l->level, l->text);
		free(l->text);
		free(l);
	}
	s->first = NULL;
	s->end = NULL;
}

void say_open(struct say *s, bool silent, bool iso, enum say_level level)
{
	s->open = true;
	s->silent = silent;
	s->iso = iso;
	s->level = level;
	drop_lines(s, true);
}

void say_free(struct say *s)
{
	drop_lines(s, false);
}
