/* Reading configuration files, and merging those that config_files names. */
#include "sources.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "assign.h"
#include "folder.h"

enum { FILE_LIMIT = 4 << 20, WEIGHT_MAX = 1 << 16 };
enum strategy { APPEND, OVERRIDE, ADD_ONLY };

static int read_text(struct sources *s, int fd, struct source_file *f)
{
	struct strbuf b = {0};
	char block[16384];
	ssize_t n;

	strbuf_puts(&b, "");
	while ((n = read(fd, block, sizeof block)) > 0 && b.n <= FILE_LIMIT)
		strbuf_add(&b, block, (size_t)n);
	if (n >= 0) {
		f->text = arena_strn(&s->arena, b.p, b.n);
		f->n = b.n;
	}
	strbuf_free(&b);
	if (n < 0)
		return say_error(s->say, (struct place){ f, 0, 0 }, "can not be read: %s", strerror(errno));
	if (f->n > FILE_LIMIT)
		return say_error(s->say, (struct place){ f, 0, 0 }, "found more than %d MiB, expected a configuration file", FILE_LIMIT >> 20);
	return 0;
}

static bool is_old(const char *compat)
{
	return strcmp(compat, "0.28") == 0;
}

/* Which version's ways are followed must be known before anything is read: the last option counts, then the file. */
static void decide_compat(struct sources *s, const struct node *root)
{
	const struct node *n = root ? node_get(root, "compat") : NULL;
	static const char option[] = "compat=";

	s->say->old = n && n->kind == NODE_SCALAR && is_old(n->text);
	for (unsigned i = 0; i < s->noptions; i++)
		if (strncmp(s->options[i], option, sizeof option - 1) == 0)
			s->say->old = is_old(s->options[i] + sizeof option - 1);
}

static int parse(struct sources *s, const struct source_file *f, struct node **root)
{
	struct yaml_problem p = {0};
	struct node **documents;
	size_t n;

	if (yaml_parse(f, &s->arena, &p, &documents, &n) != 0) {
		if (!s->say->falco)
			return say_error(s->say, p.at, "%s", p.text);
		fprintf(stderr, "Cannot read config file (%s): yaml-cpp: error at line %u, column %u: %s\n", f->path, p.at.line, p.at.column,
			p.yaml_cpp ? p.yaml_cpp : p.text);
		return say_error(s->say, p.at, "std::exception");
	}
	if (n == 0) {
		*root = tree_new(&s->arena, NODE_MAP, (struct place){ f, 1, 1 });
		return 0;
	}
	if (documents[0]->kind != NODE_MAP)
		return say_error(s->say, documents[0]->at, "found %s, expected a map of keys", documents[0]->kind == NODE_SCALAR ? "a scalar" : "a list");
	if (documents[0]->weight > WEIGHT_MAX)
		return say_error(s->say, documents[0]->at, "found more than %d values (aliases counted in full), expected fewer", WEIGHT_MAX);
	if (n > 1)
		say_warn(s->say, documents[1]->at, "found another YAML document; only the first one counts");
	if (s->nfiles == 1)
		decide_compat(s, documents[0]);
	*root = tree_copy(&s->arena, documents[0], !s->say->old);
	return *root ? 0 : say_error(s->say, documents[0]->at, "a reference to the environment leads to itself");
}

static struct seen see(struct sources *s, const char *path)
{
	struct strbuf b = {0};
	struct seen seen = { .path = arena_strn(&s->arena, path, strlen(path)) };

	folder_identity(path, &b);
	seen.seen = arena_strn(&s->arena, b.p, b.n);
	strbuf_free(&b);
	return seen;
}

/* A file that nobody writes to hangs no one: it is opened without waiting, and must be a regular one or a pipe. */
static int read_file(struct sources *s, const char *path, struct node **root)
{
	struct source_file *f = arena_alloc(&s->arena, sizeof *f);
	struct seen seen = see(s, path);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	f->path = seen.path;
	if (s->nfiles == SOURCES_MAX) {
		if (fd >= 0)
			close(fd);
		return say_error(s->say, (struct place){ f, 0, 0 }, "is one of more than %d configuration files, expected fewer", SOURCES_MAX);
	}
	if (fd < 0 || fstat(fd, &st) != 0 || S_ISDIR(st.st_mode)) {
		int why = fd >= 0 && S_ISDIR(st.st_mode) ? EISDIR : errno;
		if (fd >= 0)
			close(fd);
		if (s->say->falco)
			return say_error(s->say, (struct place){0}, "Could not find configuration file at %s", path);
		return say_error(s->say, (struct place){ f, 0, 0 }, "can not be opened: %s", strerror(why));
	}
	fcntl(fd, F_SETFL, 0);
	int rc = read_text(s, fd, f);
	close(fd);
	if (rc != 0)
		return -1;
	s->files[s->nfiles++] = seen;
	return parse(s, f, root);
}

static void merge(struct sources *s, struct node *from, enum strategy how)
{
	for (size_t i = 0; i + 1 < from->nkids; i += 2) {
		struct node *key = from->kids[i], *value = from->kids[i + 1];
		struct node *old = key->kind == NODE_SCALAR ? node_get(s->root, key->text) : NULL;
		if (old && how == ADD_ONLY)
			continue;
		if (old && how == APPEND && old->kind == NODE_SEQUENCE && value->kind == NODE_SEQUENCE) {
			for (size_t k = 0; k < value->nkids; k++)
				tree_push(&s->arena, old, value->kids[k]);
			continue;
		}
		if (key->kind == NODE_SCALAR)
			tree_put(&s->arena, s->root, key, value);
		else
			say_warn(s->say, key->at, "found a key that is no text; it does nothing");
	}
}

static bool same_file(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static int include_file(struct sources *s, const char *path, enum strategy how, struct place at)
{
	struct node *root, *again;

	if (s->path && same_file(path, s->path))
		return say_error(s->say, at, "Config error: '%s' tried to load itself", path);
	if (read_file(s, path, &root) != 0)
		return -1;
	again = node_get(root, "config_files");
	if (again)
		return say_error(s->say, again->at, "Config error: '%s' has config_files of its own, which only the main file may have", path);
	merge(s, root, how);
	return 0;
}

static int only_regular(const struct dirent *e)
{
	return e->d_name[0] != '\0' && strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int include_folder(struct sources *s, const char *path, enum strategy how, struct place at)
{
	struct dirent **entries;
	int n = scandir(path, &entries, only_regular, by_bytes), rc = 0;

	if (n < 0)
		return say_error(s->say, at, "%s: can not be read: %s", path, strerror(errno));
	for (int i = 0; i < n; i++) {
		struct strbuf b = {0};
		struct stat st;
		strbuf_printf(&b, "%s/%s", path, entries[i]->d_name);
		free(entries[i]);
		if (rc == 0 && stat(b.p, &st) == 0 && S_ISREG(st.st_mode))
			rc = include_file(s, b.p, how, at);
		strbuf_free(&b);
	}
	free(entries);
	return rc;
}

static int include(struct sources *s, const struct node *entry)
{
	static const char *const names[] = { "append", "override", "add-only" };
	const struct node *path = entry, *strategy = NULL;
	enum strategy how = APPEND;
	struct stat st;

	if (entry->kind == NODE_MAP) {
		path = node_get(entry, "path");
		strategy = node_get(entry, "strategy");
	}
	if (!path || path->kind != NODE_SCALAR || !path->n)
		return say_error(s->say, entry->at, "config_files: found no path, expected a path or {path: PATH, strategy: STRATEGY}");
	while (strategy && how <= ADD_ONLY && (strategy->kind != NODE_SCALAR || strcmp(strategy->text, names[how]) != 0))
		how++;
	if (how > ADD_ONLY)
		return say_error(s->say, strategy->at, "config_files: found '%s', expected append, override or add-only", strategy->text);
	if (s->nnamed == SOURCES_MAX)
		return say_error(s->say, entry->at, "config_files: found more than %d, expected fewer", SOURCES_MAX);
	s->named[s->nnamed++] = see(s, path->text);
	if (stat(path->text, &st) != 0)
		return 0;
	return S_ISDIR(st.st_mode) ? include_folder(s, path->text, how, path->at) : include_file(s, path->text, how, path->at);
}

static int include_all(struct sources *s)
{
	struct node *list = node_get(s->root, "config_files");

	if (!list || node_null(list))
		return 0;
	if (list->kind != NODE_SEQUENCE)
		return include(s, list);
	for (size_t i = 0; i < list->nkids; i++)
		if (include(s, list->kids[i]) != 0)
			return -1;
	return 0;
}

/* Options come last; but what they say of config_files is needed before. */
static int apply_options(struct sources *s, bool files)
{
	static const char name[] = "config_files";

	for (unsigned i = 0; i < s->noptions; i++) {
		bool of_files = strncmp(s->options[i], name, sizeof name - 1) == 0 && strchr("=.[", s->options[i][sizeof name - 1]);
		if (of_files == files && assign_option(&s->arena, s->root, s->options[i], s->say->old && s->say->falco, s->say) != 0)
			return -1;
	}
	return 0;
}

int sources_read(struct sources *s)
{
	s->root = tree_new(&s->arena, NODE_MAP, (struct place){0});
	decide_compat(s, NULL);
	if (s->path && read_file(s, s->path, &s->root) != 0)
		return -1;
	if (apply_options(s, true) != 0 || (!s->say->old && include_all(s) != 0))
		return -1;
	return apply_options(s, false);
}

void sources_free(struct sources *s)
{
	arena_free(&s->arena);
}
