/* Fields of the acting task's container and pod. */
#include <fnmatch.h>
#include <string.h>

#include "field_get.h"
#include "wire/fact.h"

int get_container_id(const struct field_ref *f, struct context *c, struct field_value *out)
{
	const char *id = "host";
	uint32_t n = 4;

	(void)f;
	return field_container(c, &id, &n) >= 0 ? field_text(out, id, n) : -1;
}

/* A value that CONTAINER tells of the task's container, by the name of its field. */
static bool told(const struct context *c, const char *name, struct value *v)
{
	const char *id = "host", *prefix = "container.";
	uint32_t n = 4;

	if (field_container(c, &id, &n) < 0)
		return false;
	return state_container(c->state, id, n, strncmp(name, prefix, strlen(prefix)) == 0 ? name + strlen(prefix) : name, v);
}

/* The containers of a pod share its network: what is told of its sandbox, else of the container itself, holds for the pod. */
static bool pod_network(const struct context *c, const char *name, struct value *v)
{
	const char *field = strcmp(name, "k8s.pod.ip") == 0 ? "ip" : strcmp(name, "k8s.pod.cni.json") == 0 ? "cni.json" : NULL, *id;
	struct value sandbox;
	uint32_t n;

	if (!field || !told(c, "k8s.pod.name", v))
		return false;
	if (told(c, "k8s.pod.sandbox_id", &sandbox) && field_bytes(&sandbox, &id, &n) && state_container(c->state, id, n, field, v))
		return true;
	return told(c, field, v);
}

int get_container_text(const struct field_ref *f, struct context *c, struct field_value *out)
{
	const char *id;
	struct value v;
	const char *s;
	uint32_t n;

	if (told(c, f->def->name, &v) || pod_network(c, f->def->name, &v))
		return field_bytes(&v, &s, &n) ? field_text(out, s, n) : -1;
	if (strcmp(f->def->name, "k8s.pod.id") == 0 && told(c, "k8s.pod.uid", &v) && field_bytes(&v, &s, &n))
		return field_text(out, s, n);
	if (strcmp(f->def->name, "container.name") == 0 && field_container(c, &id, &n) == 0)
		return field_puts(out, "host");
	return -1;
}

int get_container_flag(const struct field_ref *f, struct context *c, struct field_value *out)
{
	struct value v;

	if (!told(c, f->def->name, &v) || v.type != VALUE_BOOL)
		return -1;
	out->b = v.boolean;
	return 1;
}

/* A container begins with the first process of its pid namespace. `what`: 0 when, 1 how long ago. */
int get_container_age(const struct field_ref *f, struct context *c, struct field_value *out)
{
	struct value v;
	uint64_t start;

	if (!c->process || !process_fact(c->process, c->thread, FACT_PIDNS_START, &v) || !value_u64(&v, &start) || !start)
		return -1;
	out->u = f->def->what == 0 ? start : c->event.time > start ? c->event.time - start : 0;
	return 1;
}

enum { MOUNT_SOURCE, MOUNT_DEST, MOUNT_PARTS = 5 };

static bool read_mount(struct cursor *list, struct value parts[MOUNT_PARTS])
{
	struct value mount;

	if (value_next(list, &mount) != 1)
		return false;
	struct cursor in = mount.a.inside;
	for (int i = 0; i < MOUNT_PARTS; i++)
		if (mount.type != VALUE_ARRAY || value_next(&in, &parts[i]) != 1)
			parts[i].type = VALUE_NIL;
	return true;
}

static void add_part(struct text *t, const struct value *v)
{
	const char *s;
	uint32_t n;

	if (v->type == VALUE_BOOL)
		text_puts(t, v->boolean ? "true" : "false");
	else if (field_bytes(v, &s, &n))
		text_add(t, s, n);
}

static void add_mount(struct text *t, const struct value parts[MOUNT_PARTS])
{
	for (int i = 0; i < MOUNT_PARTS; i++) {
		if (i)
			text_puts(t, ":");
		add_part(t, &parts[i]);
	}
}

static bool mounts(const struct context *c, struct cursor *list)
{
	struct value v;

	if (!told(c, "container.mounts", &v) || v.type != VALUE_ARRAY)
		return false;
	*list = v.a.inside;
	return true;
}

int get_mounts(const struct field_ref *f, struct context *c, struct field_value *out)
{
	struct value parts[MOUNT_PARTS];
	struct cursor list;

	(void)f;
	if (!mounts(c, &list))
		return -1;
	struct text t = text_new(&c->arena, 256);
	for (bool first = true; read_mount(&list, parts); first = false) {
		if (!first)
			text_puts(&t, c->old ? " " : ",");
		add_mount(&t, parts);
	}
	return text_value(&t, out);
}

static bool matches(struct context *c, const struct value *v, const char *pattern)
{
	struct text t = text_new(&c->arena, 0);

	add_part(&t, v);
	text_add(&t, "", 1);
	return fnmatch(pattern, t.p, 0) == 0;
}

/* By number, or by a pattern of the source; the source itself by one of the destination. */
int get_mount(const struct field_ref *f, struct context *c, struct field_value *out)
{
	int by = f->def->what == MOUNT_SOURCE ? MOUNT_DEST : MOUNT_SOURCE;
	struct value parts[MOUNT_PARTS];
	struct cursor list;

	if (!f->key || !mounts(c, &list))
		return -1;
	for (int64_t i = 0; read_mount(&list, parts); i++) {
		if (f->has_index ? i != f->index : !matches(c, &parts[by], f->key))
			continue;
		struct text t = text_new(&c->arena, 64);
		if (f->def->what == MOUNT_WHOLE)
			add_mount(&t, parts);
		else
			add_part(&t, &parts[f->def->what]);
		return text_value(&t, out);
	}
	return c->old ? field_puts(out, "none") : -1;
}

/* Labels of the container, or of the pod's sandbox. */
static bool labels(const struct context *c, const struct field_ref *f, struct value *map)
{
	return told(c, f->def->name[0] == 'c' ? "container.labels" : "k8s.pod.labels", map) && map->type == VALUE_MAP;
}

static bool next_label(struct cursor *in, struct field_value *name, struct field_value *text)
{
	struct value key, v;

	while (value_next(in, &key) == 1 && value_next(in, &v) == 1)
		if (field_bytes(&key, &name->s.p, &name->s.n) && field_bytes(&v, &text->s.p, &text->s.n))
			return true;
	return false;
}

int get_label(const struct field_ref *f, struct context *c, struct field_value *out)
{
	struct field_value name;
	struct value map;

	if (!labels(c, f, &map))
		return -1;
	for (struct cursor in = map.a.inside; next_label(&in, &name, out);)
		if (name.s.n == strlen(f->key) && memcmp(name.s.p, f->key, name.s.n) == 0)
			return 1;
	return -1;
}

/* Those that the kubelet gives every container are left out. */
static bool is_internal(const struct field_value *name)
{
	static const char *const prefixes[] = { "io.kubernetes.", "annotation." };

	for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
		if (name->s.n >= strlen(prefixes[i]) && memcmp(name->s.p, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return false;
}

int get_labels(const struct field_ref *f, struct context *c, struct field_value *out)
{
	struct text t = text_new(&c->arena, 128);
	struct field_value name, text;
	struct value map;

	if (!labels(c, f, &map))
		return -1;
	for (struct cursor in = map.a.inside; next_label(&in, &name, &text);) {
		if (is_internal(&name))
			continue;
		if (t.n)
			text_puts(&t, ", ");
		text_add(&t, name.s.p, name.s.n);
		text_puts(&t, ":");
		text_add(&t, text.s.p, text.s.n);
	}
	return text_value(&t, out);
}
