/* Container ids from cgroup paths, by the shapes that the container engines give to their cgroups.
 * The deepest component that is a container's decides: what lies below it (/docker/ID/init) belongs to it, and a
 * container that runs inside another is itself. */
#include "cgroup.h"

#include <string.h>

struct text {
	const char *s;
	size_t len;
};

#define TEXT(literal) { literal, sizeof(literal) - 1 }

enum id_form { HEX64, NAME };
enum place { AT_START, ANYWHERE };             /* where in the component `before` must stand */

/* A component that names a container: `before`, the id, `after`. Rows are tried in order; one without a runtime is a
 * folder that only looks like a container. */
static const struct shape {
	struct text before, after;
	enum place place;
	enum id_form form;
	struct text parent;                    /* what the component above must be called; empty: anything */
	struct text under;                     /* what a component further up must begin with; empty: anything */
	const char *runtime;
} shapes[] = {
	{ .before = TEXT("docker-"), .after = TEXT(".scope"), .runtime = "docker" },
	{ .before = TEXT("libpod-payload-"), .runtime = "podman" },
	{ .before = TEXT("libpod-"), .after = TEXT(".scope"), .runtime = "podman" },
	{ .before = TEXT("libpod-"), .runtime = "podman" },
	{ .before = TEXT("crio-"), .after = TEXT(".scope"), .runtime = "cri-o" },
	{ .before = TEXT("crio-"), .runtime = "cri-o" },
	{ .before = TEXT("cri-containerd-"), .after = TEXT(".scope"), .runtime = "containerd" },
	{ .before = TEXT(":cri-containerd:"), .place = ANYWHERE, .runtime = "containerd" },
	{ .before = TEXT("nerdctl-"), .after = TEXT(".scope"), .runtime = "containerd" },
	{ .parent = TEXT("docker"), .runtime = "docker" },
	{ .parent = TEXT("libpod_parent"), .runtime = NULL },  /* a pod's folder: its containers lie in it */
	{ .parent = TEXT("default"), .runtime = "containerd" },
	{ .under = TEXT("kubepods"), .runtime = "cri" },
	{ .runtime = "docker" },                               /* docker's --cgroup-parent gives any parent */
	{ .before = TEXT("lxc.payload."), .form = NAME, .runtime = "lxc" },
	{ .parent = TEXT("lxc.payload"), .form = NAME, .runtime = "lxc" },
	{ .parent = TEXT("lxc"), .under = TEXT("libvirt"), .form = NAME, .runtime = "libvirt-lxc" },
	{ .parent = TEXT("lxc"), .form = NAME, .runtime = "lxc" },
	{ .after = TEXT(".libvirt-lxc"), .form = NAME, .runtime = "libvirt-lxc" },
	{ .before = TEXT("-lxc\\x2d"), .place = ANYWHERE, .after = TEXT(".scope"), .form = NAME,
		.runtime = "libvirt-lxc" },
	{ .before = TEXT("bpm-"), .after = TEXT(".scope"), .form = NAME, .runtime = "bpm" },
};
enum { SHAPES = sizeof shapes / sizeof *shapes };

/* containerd's own cgroups are /<namespace>/<id>, two free names. First components that are something else: */
static const struct text not_namespaces[] = {
	TEXT("docker"), TEXT("libpod_parent"), TEXT("kubepods"), TEXT("kubelet"), TEXT("lxc"), TEXT("lxc.monitor"),
	TEXT("lxc.payload"), TEXT("lxc.pivot"), TEXT("libvirt"), TEXT("machine"), TEXT("user"), TEXT("system"),
	TEXT("systemd"), TEXT("elogind"), TEXT("openrc"), TEXT("slurm"),
};
static const struct text unit_endings[] = {
	TEXT(".service"), TEXT(".slice"), TEXT(".scope"), TEXT(".mount"), TEXT(".socket"), TEXT(".swap"),
};

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* An empty text has no place. */
static bool same_bytes(const char *a, const char *b, size_t n)
{
	return n == 0 || memcmp(a, b, n) == 0;
}

static bool same(struct text a, struct text b)
{
	return a.len == b.len && same_bytes(a.s, b.s, a.len);
}

static bool begins(struct text t, struct text with)
{
	return t.len >= with.len && same_bytes(t.s, with.s, with.len);
}

static bool ends(struct text t, struct text with)
{
	return t.len >= with.len && same_bytes(t.s + t.len - with.len, with.s, with.len);
}

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static bool is_hex(struct text t, size_t digits)
{
	if (t.len != digits)
		return false;
	for (size_t i = 0; i < t.len; i++)
		if (!is_alnum(t.s[i]) || (t.s[i] | 0x20) > 'f')
			return false;
	return true;
}

/* containerd's identifiers: letters and digits, with single separators between them. */
static bool is_identifier(struct text t)
{
	bool letter = false;

	for (size_t i = 0; i < t.len; i++) {
		bool separator = t.s[i] == '.' || t.s[i] == '_' || t.s[i] == '-';
		if (separator ? !letter : !is_alnum(t.s[i]))
			return false;
		letter = !separator;
	}
	return letter;
}

/* The last component of `path`, which is cut before it; false when there is none. */
static bool last_component(struct text *path, struct text *component)
{
	while (path->len && path->s[path->len - 1] == '/')
		path->len--;
	const char *slash = path->len ? memrchr(path->s, '/', path->len) : NULL;
	size_t start = slash ? (size_t)(slash - path->s) + 1 : 0;
	*component = (struct text){ path->s + start, path->len - start };
	path->len = start;
	return component->len > 0;
}

static bool lies_under(struct text above, struct text prefix)
{
	struct text component;

	while (last_component(&above, &component))
		if (begins(component, prefix))
			return true;
	return false;
}

/* The id in a component of that shape; the length is 0 when it is not. `above` is the path before the component. */
static struct text shape_id(const struct shape *h, struct text component, struct text above)
{
	struct text none = {0}, id = component, up = above, parent;

	if (h->place == ANYWHERE) {
		const char *at = memmem(id.s, id.len, h->before.s, h->before.len);
		if (!at)
			return none;
		id.len -= (size_t)(at - id.s);
		id.s = at;
	}
	if (id.len < h->before.len + h->after.len || !begins(id, h->before) || !ends(id, h->after))
		return none;
	id.s += h->before.len;
	id.len -= h->before.len + h->after.len;
	if (h->form == HEX64 && !is_hex(id, CONTAINER_ID_MAX))
		return none;
	if (h->parent.len && !(last_component(&up, &parent) && same(parent, h->parent)))
		return none;
	if (h->under.len && !lies_under(above, h->under))
		return none;
	return id;
}

/* Ids go into texts: a name's bytes that are not printable become '?', and one that is too long is cut. */
static void fill(struct container_id *c, struct text id, const char *runtime)
{
	size_t len = id.len < CONTAINER_ID_MAX ? id.len : CONTAINER_ID_MAX;
	size_t shown = is_hex(id, CONTAINER_ID_MAX) ? (size_t)CONTAINER_ID_SHORT : len;

	*c = (struct container_id){ .runtime = runtime };
	for (size_t i = 0; i < len; i++)
		c->full[i] = id.s[i] > ' ' && id.s[i] < 0x7f ? id.s[i] : '?';
	memcpy(c->id, c->full, shown);
}

static bool by_shape(struct text component, struct text above, struct container_id *c)
{
	for (unsigned i = 0; i < SHAPES; i++) {
		struct text id = shape_id(&shapes[i], component, above);
		if (!id.len)
			continue;
		if (shapes[i].runtime)
			fill(c, id, shapes[i].runtime);
		return shapes[i].runtime != NULL;
	}
	return false;
}

static bool is_unit(struct text component)
{
	for (unsigned i = 0; i < COUNT(unit_endings); i++)
		if (ends(component, unit_endings[i]))
			return true;
	return false;
}

static bool is_namespace(struct text t)
{
	for (unsigned i = 0; i < COUNT(not_namespaces); i++)
		if (same(t, not_namespaces[i]))
			return false;
	/* 32 digits: a machine or invocation id, as the host's own managers use them. */
	return is_identifier(t) && !is_unit(t) && !is_hex(t, 32);
}

/* /<namespace>/<id>; below containerd's default namespace also what the container has made inside its own cgroup. */
static bool by_namespace(struct text path, struct container_id *c)
{
	static const struct text standard = TEXT("default");
	struct text id = {0}, namespace = {0}, component;
	unsigned depth = 0;

	for (struct text left = path; last_component(&left, &component); depth++) {
		id = namespace;
		namespace = component;
	}
	if (depth != 2 && !(depth > 2 && same(namespace, standard)))
		return false;
	if (!is_namespace(namespace) || !is_identifier(id) || is_unit(id) || is_hex(id, 32) || id.len > CONTAINER_ID_MAX)
		return false;
	fill(c, id, "containerd");
	return true;
}

bool cgroup_container(const char *path, size_t len, struct container_id *c)
{
	struct text whole = { path, len }, above = whole, component;

	if (len == 0 || path[0] != '/')
		return false;
	while (last_component(&above, &component))
		if (by_shape(component, above, c))
			return true;
	return by_namespace(whole, c);
}
