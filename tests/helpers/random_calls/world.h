/* What a task believes of the file tree that it works in: a small model of folders, files, links, mounts and roots, from which
 * it knows each path by itself. Nothing here asks the kernel. */
#ifndef RANDOM_CALLS_WORLD_H
#define RANDOM_CALLS_WORLD_H

#include <stdbool.h>
#include <stddef.h>

enum { WORLD_NODES = 4096, WORLD_ALIVE = 48, WORLD_MOUNTS = 8, PATH_SIZE = 1024, NAME_SIZE = 40 };
enum node_type { NODE_FOLDER = 1, NODE_FILE = 2, NODE_LINK = 4, NODE_ANY = 7 };

struct node {
	struct node *parent;           /* NULL: the top */
	char name[NAME_SIZE];
	enum node_type type;
	bool alive;                    /* it still has its name; what is open lives on */
	char *text;                    /* where a link leads */
	int inode;                     /* hard links have the same */
};

/* One node can be seen at several places: through each mount that holds it. */
struct place {
	int mount;
	struct node *node;             /* NULL: outside of the model */
};

struct world {
	char top[PATH_SIZE];           /* path of the top from the real root */
	struct node nodes[WORLD_NODES];
	int used;
	struct node *alive[WORLD_ALIVE];
	int count;
	struct {
		struct node *root;
		struct place at;
	} mounts[WORLD_MOUNTS];
	int mount_count;
	struct place root, cwd;        /* a root outside of the model is the real one */
};

void world_init(struct world *w, const char *top);
/* The path of a place as the task sees it: `(unreachable)` stands before what is outside of its root. */
void world_path(const struct world *w, struct place p, char out[PATH_SIZE]);
/* A child by its name, or NULL. */
struct node *world_child(const struct world *w, const struct node *folder, const char *name);
/* NULL when the model is full. */
struct node *world_add(struct world *w, struct node *folder, const char *name, enum node_type type);
void world_remove(struct world *w, struct node *n);
void world_move(struct world *w, struct node *n, struct node *folder, const char *name);
/* Whether `n` is `folder` or somewhere below it. */
bool world_below(const struct node *n, const struct node *folder);
/* Whether a path leads to the place: nothing is mounted over it. */
bool world_visible(const struct world *w, struct place p);
/* What is mounted last at a place, else the place itself. */
struct place world_through(const struct world *w, struct place p);
void world_mount(struct world *w, struct place at, struct node *root);
/* Takes the mount away that is there; false when there is none. */
bool world_umount(struct world *w, struct place root);

#endif
