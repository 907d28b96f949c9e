/* Validation of rules files. */
#include "validate.h"

#include <jansson.h>
#include <stdio.h>

#include "diag_falco.h"
#include "match/language/ruleset.h"
#include "wire/log.h"

struct file_result {
	const char *path;
	struct diag d;
	struct schema schema;
};

/* Files after a broken one are loaded too, on top of what could be read of it. */
static bool load_one(const struct validate *v, struct ruleset *rs, struct file_result *f)
{
	const struct program_options options = { .priority = v->load->priority, .settings = v->load->settings };

	if (ruleset_load(rs, f->path, &f->schema, &f->d) != 0)
		return false;
	struct program *p = program_new(rs, &options, &f->d);
	program_free(p);
	return p != NULL;
}

static void print_text(const struct validate *v, const struct file_result *f, size_t n)
{
	struct strbuf out = {0};

	for (size_t i = 0; i < n; i++) {
		if (v->load->old)
			diag_falco_old_text(&f[i].d, f[i].path, n > 1, &out);
		else
			diag_falco_text(&f[i].d, f[i].path, &out);
	}
	fputs(out.p ? out.p : "", stdout);
	strbuf_free(&out);
}

static void print_json(const struct file_result *f, size_t n)
{
	json_t *results = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(results, diag_falco_json(&f[i].d, f[i].path, &f[i].schema));
	json_t *root = json_pack("{s:o}", "falco_load_results", results);
	json_dumpf(root, stdout, JSON_COMPACT | JSON_SORT_KEYS);
	fputs("\n", stdout);
	json_decref(root);
}

static void print_own(const struct validate *v, const struct file_result *f)
{
	struct strbuf out = {0};

	diag_print(&f->d, false, v->notes, &out);
	diag_print(&f->d, true, false, &out);
	log_text(LEVEL_ERROR, out.p ? out.p : "");
	strbuf_free(&out);
}

bool validate_files(const struct validate *v)
{
	struct arena a = {0};
	struct diag d = {0};
	const char **paths;
	size_t n;
	struct ruleset rs = { .old = v->load->old, .own = v->load->own };
	bool ok = load_paths(v->load, &a, &d, &paths, &n) == 0;
	struct file_result *f = arena_alloc(&a, (n + 1) * sizeof *f);

	if (!ok)
		print_own(v, &(struct file_result){ .d = d });
	for (size_t i = 0; i < n; i++) {
		f[i].path = paths[i];
		ok &= load_one(v, &rs, &f[i]);
		print_own(v, &f[i]);
	}
	if (v->json)
		print_json(f, n);
	else
		print_text(v, f, n);
	for (size_t i = 0; i < n; i++) {
		diag_free(&f[i].d);
		strbuf_free(&f[i].schema.warnings);
	}
	ruleset_free(&rs);
	diag_free(&d);
	arena_free(&a);
	return ok;
}
