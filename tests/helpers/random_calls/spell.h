/* Ways to write a path: absolute, relative to the working folder or to an open one, through links, with `.`, `..` and `//`. */
#ifndef RANDOM_CALLS_SPELL_H
#define RANDOM_CALLS_SPELL_H

#include "actor.h"

struct spelling {
	char passed[PATH_SIZE];        /* what the call gets */
	char joined[PATH_SIZE];        /* what it comes to by text alone */
	int dirfd;                     /* AT_FDCWD, or a descriptor that may be used or not */
	char folder[PATH_SIZE];        /* where dirfd leads */
};

enum { SPELL_DIRFD = 1, SPELL_THROUGH = 2, SPELL_ABSOLUTE = 4 };

/* A random place of one of the types, as a path leads to it; its node is NULL when there is none. */
struct place spell_pick(struct actor *a, int types);
/* A name in a folder that nothing has yet; where that is in `out` as a path. */
struct node *spell_new(struct actor *a, char name[NAME_SIZE], char out[PATH_SIZE], struct place *folder);
/* Writes the path `to`. SPELL_DIRFD: the call takes a dirfd; SPELL_THROUGH: links on the way may be used; SPELL_ABSOLUTE:
 * nothing that is relative, for what moves the ground. False when it can not be done. */
bool spell(struct actor *a, const char *to, int how, struct spelling *s);
/* What must be seen of the parameters of that name. */
void spell_want(struct actor *a, const char *param, const struct spelling *s);
void spell_want_dirfd(struct actor *a, const char *param, const struct spelling *s);
/* Text with `//` as `/`. */
void spell_collapse(const char *text, char out[PATH_SIZE]);

#endif
