/* Folders stand for the files in them, in the order of their names. */
#include "rules.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int add(struct rules *r, struct settled *s, const char *path)
{
	if (r->nfiles == RULES_FILES_MAX)
		return say_error(s->say, (struct place){0}, "found more than %d rules files, expected fewer", RULES_FILES_MAX);
	r->files[r->nfiles++] = path;
	return 0;
}

static bool is_yaml(const char *name)
{
	const char *point = strrchr(name, '.');

	return point && (strcmp(point, ".yaml") == 0 || strcmp(point, ".yml") == 0);
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* 0.28 reads every regular file, whatever its name. */
static int add_folder(struct rules *r, struct settled *s, const char *folder)
{
	struct dirent **entries;
	int n = scandir(folder, &entries, NULL, by_bytes), rc = 0;

	if (n < 0)
		return say_error(s->say, (struct place){0}, "%s: can not be read: %s", folder, strerror(errno));
	for (int i = 0; i < n; i++) {
		struct strbuf b = {0};
		struct stat st;
		strbuf_printf(&b, "%s/%s", folder, entries[i]->d_name);
		if (rc == 0 && (s->say->old || is_yaml(entries[i]->d_name)) && stat(b.p, &st) == 0 && S_ISREG(st.st_mode))
			rc = add(r, s, arena_strn((struct arena *)&s->sources->arena, b.p, b.n));
		free(entries[i]);
		strbuf_free(&b);
	}
	free(entries);
	return rc;
}

/* Without a list there is the default one. */
static const struct node *list_of(const struct settled *s)
{
	struct arena *a = (struct arena *)&s->sources->arena;
	struct source_file *f = arena_alloc(a, sizeof *f);
	struct yaml_problem problem;
	struct node **documents;
	size_t n;

	if (s->node[CONF_RULES_FILES])
		return s->node[CONF_RULES_FILES];
	f->text = settled_text(s, CONF_RULES_FILES);
	f->n = strlen(f->text);
	return yaml_parse(f, a, &problem, &documents, &n) == 0 && n ? documents[0] : NULL;
}

static void take_entries(struct rules *r, const struct settled *s)
{
	const struct node *list = list_of(s);

	for (size_t i = 0; list && i < list->nkids && r->nentries < RULES_FILES_MAX; i++)
		r->entries[r->nentries++] = list->kids[i]->text;
}

int rules_find(struct rules *r, struct settled *s)
{
	struct stat st;

	if (!r->given)
		take_entries(r, s);
	for (unsigned i = 0; i < r->nentries; i++) {
		int rc = 0;
		if (stat(r->entries[i], &st) != 0) {
			if (r->given)
				return say_error(s->say, (struct place){0}, "Could not open file %s for reading", r->entries[i]);
			continue;
		}
		rc = S_ISDIR(st.st_mode) ? add_folder(r, s, r->entries[i]) : add(r, s, r->entries[i]);
		if (rc != 0)
			return -1;
	}
	if (r->nfiles)
		return 0;
	if (s->say->falco)
		return say_error(s->say, (struct place){0}, "You must specify at least one rules file/directory via -r or a rules_file entry in "
			"falco.yaml");
	return say_error(s->say, (struct place){0}, "found no rules file, expected one by -r or in rules_files");
}
