/* Counting alerts by name. */
#include "tally.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "wire/log.h"

static const char *const short_names[PRIORITIES] = {
	"EMERGENCY", "ALERT", "CRITICAL", "ERROR", "WARNING", "NOTICE", "INFO", "DEBUG"
};

static void count(struct tally_list *l, const char *name, size_t len)
{
	struct tally_entry *e = l->entry;

	for (; e < l->entry + l->n; e++)
		if (strncmp(e->name, name, len) == 0 && e->name[len] == '\0')
			break;
	if (!e || e == l->entry + l->n) {
		if (l->n == l->cap) {
			l->cap = l->cap ? 2 * l->cap : 32;
			l->entry = realloc(l->entry, l->cap * sizeof *l->entry);
		}
		if (!l->entry || !(l->entry[l->n].name = strndup(name, len)))
			diex(EX_OSERR, "out of memory: names of rules");
		e = &l->entry[l->n++];
		e->n = 0;
	}
	e->n++;
}

void tally_add(struct tally *t, const struct alert *a)
{
	const struct value *severity = &a->v[ALERT_SEVERITY], *rule = &a->v[ALERT_RULE];
	const char *name = short_names[a->v[ALERT_PRIORITY].u];

	t->total++;
	if (severity->type == VALUE_NIL)
		count(&t->severities, name, strlen(name));
	else
		count(&t->severities, (const char *)severity->s.data, severity->s.len);
	count(&t->rules, (const char *)rule->s.data, rule->s.len);
}

static void print_list(const struct tally_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		printf("   %s: %" PRIu64 "\n", l->entry[i].name, l->entry[i].n);
}

static int rank(const char *name)
{
	int i = 0;

	while (i < PRIORITIES && strcmp(short_names[i], name) != 0)
		i++;
	return i;
}

static int by_rank(const void *a, const void *b)
{
	const struct tally_entry *x = a, *y = b;

	return rank(x->name) - rank(y->name);
}

void tally_print(struct tally *t, bool old, uint64_t drops_detected, uint64_t drops_acted)
{
	if (!old && t->severities.n)
		qsort(t->severities.entry, t->severities.n, sizeof *t->severities.entry, by_rank);
	printf("Events detected: %" PRIu64 "\nRule counts by severity:\n", t->total);
	print_list(&t->severities);
	printf("Triggered rules by rule name:\n");
	print_list(&t->rules);
	fflush(stdout);
	fprintf(stderr, "Syscall event drop monitoring:\n   - event drop detected: %" PRIu64 " occurrences\n   - num times actions taken: %" PRIu64
		"\n", drops_detected, drops_acted);
}

static void free_list(struct tally_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->entry[i].name);
	free(l->entry);
}

void tally_free(struct tally *t)
{
	free_list(&t->severities);
	free_list(&t->rules);
}
