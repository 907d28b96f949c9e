/* What a capture has told so far of threads, their processes and their descriptors: the table that the reader of captures, and it
 * alone, keeps, since a capture holds the calls and not what they led to. */
#ifndef PROBE_SCAP_THREADS_H
#define PROBE_SCAP_THREADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scap_event.h"
#include "wire/fact.h"
#include "wire/map.h"

/* Owned bytes. */
struct scap_blob {
	char *p;
	uint32_t n;
};
void scap_blob_set(struct scap_blob *b, const void *p, size_t n);
void scap_blob_copy(struct scap_blob *to, const struct scap_blob *from);

struct scap_address {
	uint8_t family;                /* AF_*; 0: none */
	uint8_t source[16], target[16];
	uint16_t source_port, target_port;
	uint64_t source_socket, target_socket;  /* of unix sockets */
};

enum scap_role { SCAP_NO_ROLE, SCAP_CLIENT, SCAP_SERVER };
struct scap_fd {
	enum fd_kind kind;
	struct scap_blob name;         /* path, or that of a unix socket */
	struct scap_address address;   /* source and target as Falco has them: the client's end is the source */
	bool listening;                /* the target is the address that it is bound to */
	uint8_t protocol;              /* IPPROTO_* */
	enum scap_role role;
	bool connected;
	uint64_t ino;
	uint32_t dev, flags;
	uint8_t layer;
};

/* Descriptors by number; shared by the threads that share them. */
struct scap_fds {
	unsigned refs;
	struct map by_number;
};
struct scap_fd *scap_fd_find(const struct scap_fds *fds, int64_t number);
/* A new one, empty, in place of the old. */
struct scap_fd *scap_fd_add(struct scap_fds *fds, int64_t number);
void scap_fd_copy(struct scap_fd *to, const struct scap_fd *from);
void scap_fd_remove(struct scap_fds *fds, int64_t number);
struct scap_fds *scap_fds_new(void);
struct scap_fds *scap_fds_clone(const struct scap_fds *from);
void scap_fds_unref(struct scap_fds *fds);
void scap_fds_close_on_exec(struct scap_fds *fds);

/* What the threads of a process have in common. */
struct scap_process {
	int64_t pid;
	uint64_t key;
	unsigned threads, alive;       /* in the table, and of these not dead */
	struct scap_thread *leader;    /* NULL when the capture has never told of it */
	struct scap_fds *fds;
	struct scap_blob cwd, env;
};

enum scap_flag { SCAP_CHANGED = 1, SCAP_DEAD = 2, SCAP_INVALID = 4 };
struct scap_thread {
	struct scap_process *process;
	uint64_t key;
	int64_t tid, ptid, sid, vpgid, pgid, vtid, vpid;
	struct scap_blob comm, exe, exepath, args, cgroups, root;
	int64_t fdlimit;
	uint32_t uid, gid, loginuid, tty;
	uint32_t vm_size, vm_rss, vm_swap;
	uint64_t pf_major, pf_minor, pidns_start;
	uint64_t caps[3];              /* permitted, effective, inheritable */
	uint32_t exe_flags;            /* EXE_* */
	uint64_t exe_ino, exe_ctime, exe_mtime;
	uint64_t start, exec;          /* 0: before the capture */
	uint64_t cgroup;               /* number of its cgroups, 0 until it was asked for */
	unsigned flags;                /* enum scap_flag */
	bool reaper;                   /* inherits the orphans below it */
	struct scap_stored enter;
};

struct scap_threads {
	struct map by_tid, by_pid;     /* by_pid: struct scap_process */
	uint64_t boot;                 /* ns since the epoch */
	int64_t *changed;              /* numbers of the threads that are to be described */
	size_t nchanged, cap;
};

struct scap_thread *scap_thread_find(const struct scap_threads *all, int64_t tid);
/* A new one in place of the old, in the process of that pid, which is made when it is not there. `start` is 0 for those that
 * were there before the capture; `at` tells those of the same number apart. */
struct scap_thread *scap_thread_add(struct scap_threads *all, int64_t tid, int64_t pid, uint64_t start, uint64_t at);
/* One of which nothing but its number is known. */
struct scap_thread *scap_thread_invalid(struct scap_threads *all, int64_t tid, uint64_t at);
void scap_thread_remove(struct scap_threads *all, struct scap_thread *t);
/* Puts it into the process of that pid. */
void scap_thread_move(struct scap_threads *all, struct scap_thread *t, int64_t pid, uint64_t at);
/* The thread that its process is described by: the leader, or itself when that is not known. */
struct scap_thread *scap_thread_speaker(struct scap_thread *t);
/* The leader of its parent. */
struct scap_thread *scap_thread_parent(const struct scap_threads *all, const struct scap_thread *t);
/* It is dead, and no longer counted. */
void scap_thread_dead(struct scap_thread *t);
/* It has ended: its children go to `reaper` (0: not told), or to whom the kernel would have given them. */
void scap_thread_die(struct scap_threads *all, struct scap_thread *t, int64_t reaper);
/* Removes what has ended. A leader stays until the last of its threads has. */
void scap_thread_reap(struct scap_threads *all, struct scap_thread *t);
/* Program, ids, limits and capabilities of another thread, as fork leaves them. */
void scap_thread_inherit(struct scap_thread *to, const struct scap_thread *from);
/* It is to be described before the next event. */
void scap_thread_changed(struct scap_threads *all, struct scap_thread *t);
void scap_threads_free(struct scap_threads *all);

#endif
