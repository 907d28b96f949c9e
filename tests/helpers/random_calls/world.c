/* The model of a file tree. */
#include "world.h"

#include <stdio.h>
#include <string.h>

void world_init(struct world *w, const char *top)
{
	w->used = w->count = 0;
	w->mount_count = 1;
	w->nodes[0] = (struct node){ .type = NODE_FOLDER, .alive = true };
	w->used = 1;
	w->alive[w->count++] = &w->nodes[0];
	w->mounts[0].root = &w->nodes[0];
	w->root = (struct place){ 0, NULL };
	w->cwd = (struct place){ 0, &w->nodes[0] };
	snprintf(w->top, sizeof w->top, "%s", top);
}

static bool same(struct place a, struct place b)
{
	return a.mount == b.mount && a.node == b.node;
}

static char *before(char *p, const char *text)
{
	size_t n = strlen(text);

	memcpy(p - n, text, n);
	return p - n;
}

void world_path(const struct world *w, struct place p, char out[PATH_SIZE])
{
	char text[4 * PATH_SIZE], *at = text + sizeof text - 1;

	*at = '\0';
	while (!same(p, w->root)) {
		if (p.node != w->mounts[p.mount].root) {
			at = before(before(at, p.node->name), "/");
			p.node = p.node->parent;
		} else if (p.mount) {
			p = w->mounts[p.mount].at;
		} else {
			at = before(at, w->top);
			if (w->root.node)
				at = before(at, "(unreachable)");
			break;
		}
	}
	snprintf(out, PATH_SIZE, "%s", *at ? at : "/");
}

struct node *world_child(const struct world *w, const struct node *folder, const char *name)
{
	for (int i = 0; i < w->count; i++)
		if (w->alive[i]->parent == folder && strcmp(w->alive[i]->name, name) == 0)
			return w->alive[i];
	return NULL;
}

struct node *world_add(struct world *w, struct node *folder, const char *name, enum node_type type)
{
	if (w->used == WORLD_NODES || w->count == WORLD_ALIVE)
		return NULL;
	struct node *n = &w->nodes[w->used++];
	*n = (struct node){ .parent = folder, .type = type, .alive = true, .inode = w->used };
	snprintf(n->name, sizeof n->name, "%s", name);
	w->alive[w->count++] = n;
	return n;
}

void world_remove(struct world *w, struct node *n)
{
	for (int i = 0; i < w->count; i++)
		if (w->alive[i] == n) {
			w->alive[i] = w->alive[--w->count];
			break;
		}
	n->alive = false;
}

void world_move(struct world *w, struct node *n, struct node *folder, const char *name)
{
	struct node *there = world_child(w, folder, name);

	if (there == n)
		return;
	if (there)
		world_remove(w, there);
	n->parent = folder;
	snprintf(n->name, sizeof n->name, "%s", name);
}

bool world_below(const struct node *n, const struct node *folder)
{
	for (; n; n = n->parent)
		if (n == folder)
			return true;
	return false;
}

static int mounted_at(const struct world *w, struct place p)
{
	for (int k = w->mount_count - 1; k > 0; k--)
		if (same(w->mounts[k].at, p))
			return k;
	return 0;
}

struct place world_through(const struct world *w, struct place p)
{
	for (int k; (k = mounted_at(w, p)) > 0;)
		p = (struct place){ k, w->mounts[k].root };
	return p;
}

bool world_visible(const struct world *w, struct place p)
{
	while (p.node && !same(p, w->root)) {
		if (mounted_at(w, p) || !p.node->alive)
			return false;
		if (p.node != w->mounts[p.mount].root)
			p.node = p.node->parent;
		else if (p.mount == 0)
			return true;
		else {
			/* What it covers is not looked at. */
			p = w->mounts[p.mount].at;
			if (p.node == w->mounts[p.mount].root)
				continue;
			p.node = p.node->parent;
		}
	}
	return p.node != NULL;
}

void world_mount(struct world *w, struct place at, struct node *root)
{
	w->mounts[w->mount_count].at = at;
	w->mounts[w->mount_count++].root = root;
}

/* Only the last one: numbers of the others stay as they are. */
bool world_umount(struct world *w, struct place root)
{
	int last = w->mount_count - 1;

	if (last < 1 || !same(root, (struct place){ last, w->mounts[last].root }))
		return false;
	w->mount_count--;
	return true;
}
