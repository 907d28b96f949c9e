/* What a task is about to do and what must be seen of it: a line of JSON for each call, begun before the call and ended after
 * it: {"tid", "type", "want": {field: text or null}, "state": {field: text}}. State holds from this event on. The lines stand in
 * a file that is mapped and shared: so a child goes on where its parent was, and a crash loses nothing. */
#ifndef RANDOM_CALLS_LOG_H
#define RANDOM_CALLS_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum state { STATE_PID, STATE_TID, STATE_VPID, STATE_VTID, STATE_PPID, STATE_NAME, STATE_PNAME, STATE_EXEPATH, STATE_EXE,
	STATE_CMDLINE, STATE_SID, STATE_PGID, STATE_CWD, STATE_UID, STATE_GID, STATE_LOGINUID, STATE_COUNT };
enum { LOG_HEAD = 4096, STATE_SIZE = 1100 };

struct log {
	struct log_head {
		size_t len;            /* bytes behind the head */
		unsigned long calls;
		volatile pid_t turn;   /* the child that may write now */
	} *head;
	char *text;
	size_t size;
	int pairs;
	char state[STATE_COUNT][STATE_SIZE];
	bool changed[STATE_COUNT];
};

/* Maps it; with a size it is made first. */
void log_open(struct log *l, const char *path, size_t size);
void log_begin(struct log *l, pid_t tid, const char *type);
__attribute__((format(printf, 3, 4))) void log_want(struct log *l, const char *field, const char *fmt, ...);
void log_missing(struct log *l, const char *field);
__attribute__((format(printf, 3, 4))) void log_state(struct log *l, enum state s, const char *fmt, ...);
/* All state is told again: this is another task. */
void log_anew(struct log *l);
void log_end(struct log *l);

#endif
