/* Users and groups: what their files say, told once and again where it changes. */
#include "names.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *path, *type;
} files[NAMES_TYPES] = {
	[NAMES_USER] = { "/etc/passwd", "user" },
	[NAMES_GROUP] = { "/etc/group", "group" },
};

static bool same_text(struct name_text a, struct name_text b)
{
	return a.len == b.len && !a.p == !b.p && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

static bool same_name(const struct name *a, const struct name *b)
{
	return same_text(a->name, b->name) && same_text(a->home, b->home) && same_text(a->shell, b->shell);
}

/* `e` without a name takes the number's name away. */
static void pack_name(struct pack *out, const char *scope, enum names_type type, const struct name *e)
{
	size_t f = frame_begin(out, FRAME_NAME);

	pack_str(out, scope);
	pack_str(out, files[type].type);
	pack_uint(out, e->number);
	pack_bin(out, e->name.p, e->name.len);
	pack_bin(out, e->home.p, e->home.len);
	pack_bin(out, e->shell.p, e->shell.len);
	frame_end(out, f);
}

static void pack_difference(struct pack *out, const char *scope, enum names_type type, const struct name_table *was,
	const struct name_table *is)
{
	for (size_t i = 0; i < is->n; i++) {
		const struct name *old = passwd_find(was, is->v[i].number);
		if (!old || !same_name(old, &is->v[i]))
			pack_name(out, scope, type, &is->v[i]);
	}
	for (size_t i = 0; i < was->n; i++)
		if (!passwd_find(is, was->v[i].number))
			pack_name(out, scope, type, &(struct name){ .number = was->v[i].number });
}

void names_begin(const struct names *n, struct names_look *look)
{
	*look = (struct names_look){0};
	for (int t = 0; t < NAMES_TYPES; t++) {
		look->stamps[t] = n->stamps[t];
		look->had[t] = n->tables[t].n > 0;
	}
}

void names_read(struct names_look *look, int dir, size_t max)
{
	for (int t = 0; t < NAMES_TYPES; t++) {
		int rc = file_read(dir, files[t].path, max, &look->stamps[t], &look->text[t], &look->len[t]);
		look->changed[t] = rc > 0 || (rc < 0 && look->had[t]);
	}
}

void names_apply(struct names *n, struct names_look *look, const char *scope, struct pack *out)
{
	for (int t = 0; t < NAMES_TYPES; t++) {
		struct name_table now = {0};
		n->stamps[t] = look->stamps[t];
		if (!look->changed[t])
			continue;
		if (look->text[t])
			passwd_parse(&now, (enum names_type)t, look->text[t], look->len[t]);
		pack_difference(out, scope, (enum names_type)t, &n->tables[t], &now);
		passwd_free(&n->tables[t]);
		n->tables[t] = now;
	}
	*look = (struct names_look){0};
}

void names_drop(struct names_look *look)
{
	for (int t = 0; t < NAMES_TYPES; t++)
		free(look->text[t]);
	*look = (struct names_look){0};
}

void names_free(struct names *n)
{
	for (int t = 0; t < NAMES_TYPES; t++)
		passwd_free(&n->tables[t]);
	*n = (struct names){0};
}
