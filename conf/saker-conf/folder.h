/* Files and links in a folder that is made anew. */
#ifndef SAKER_CONF_FOLDER_H
#define SAKER_CONF_FOLDER_H

#include <stddef.h>

#include "wire/arena.h"

/* Each returns 0, or -1 with errno. Folders on the way to `name` are made; a file that is there is replaced. */
int folder_put(const char *folder, const char *name, const void *data, size_t n);
int folder_copy(const char *from, const char *folder, const char *name);
/* Makes or moves a symbolic link in one step. */
int folder_link(const char *folder, const char *name, const char *target);
void folder_remove(const char *folder);         /* with all that is in it */

/* The path from the root, without `.` and `..`, links left as they are; to be freed. NULL with errno. */
char *folder_absolute(const char *path);
/* What a path leads to, as a text that is another one when that has changed; `-` when it leads nowhere. */
void folder_identity(const char *path, struct strbuf *out);

#endif
