/* The records that the BPF programs put into the ring, read by the probe's user side. Fixed layouts, native byte order; both
 * sides come from one build. Everything is 8-aligned. */
#ifndef PROBE_RAW_H
#define PROBE_RAW_H

#include <linux/types.h>

enum {
	RAW_MAX = 32768,               /* a record is never longer */
	RAW_TEXT = 4096,               /* paths, argv and environment are whole up to here */
	RAW_COMM = 16,
	RAW_GROUPS = 128,
	RAW_DEPTH = 160,               /* path components and mount points that the walker follows */
	RAW_NAME = 256,
	RAW_KEPT = 2048,               /* an item that is kept from the beginning of a call to its end */
	RAW_VECTOR = 64,               /* pieces of a vector that are looked at */
	RAW_MESSAGES = 1024            /* messages that one sendmmsg or recvmmsg moves at most (UIO_MAXIOV) */
};

enum raw_kind {
	RAW_EVENT = 1,                 /* raw_event and items */
	RAW_PROC,                      /* raw_proc and items: a process as it is */
	RAW_THREAD,                    /* the same of a thread that differs from its process */
	RAW_EXEC,                      /* raw_proc of a process that has just called execve; also the event */
	RAW_EXIT,                      /* raw_exit: a thread ends */
	RAW_CGROUP                     /* raw_cgroup and its path */
};

/* raw_head.flags */
enum {
	RAW_INCOMPLETE = 1,            /* the actor's process record did not get through */
	RAW_UNWANTED = 2,              /* EXEC, EXIT: a definition only; the event is not captured */
	RAW_COMPAT = 4                 /* a 32-bit call */
};

struct raw_head {
	__u32 len;                     /* of the whole record */
	__u8 kind, flags;
	__u16 type;                    /* event type number */
	__u64 time;                    /* boot clock, ns */
	__u64 id;
	__u64 process, task;           /* keys */
	__u32 pid, tid, ppid, uid;     /* uid: the effective one, as Falco's user.uid */
	__u32 cpu, pad;
	char comm[RAW_COMM];
};

struct raw_event {
	struct raw_head h;
	__s64 ret;
	__u64 args[6];
};

/* What follows a record's fixed part, one after another up to raw_head.len. */
struct raw_item {
	__u8 form;                     /* enum raw_form */
	__u8 param;                    /* which parameter of the event (or which fact) it belongs to */
	__u16 len;                     /* bytes behind this head, without padding to 8 */
	__u32 aux;
};

enum raw_form {
	FORM_PASSED = 1,               /* a path as passed, without its NUL; aux: whole length */
	FORM_BYTES,                    /* user memory; aux: whole length */
	FORM_FD,                       /* raw_file, then its path; aux: the descriptor */
	FORM_BASE,                     /* the same: the directory that a path is relative to */
	FORM_PATH,                     /* a path's components alone; aux: enum raw_path */
	FORM_ADDR,                     /* a struct sockaddr; aux: length given */
	FORM_KINDS,                    /* raw_kind_of for each descriptor from 0 on */
	FORM_NUMBER,                   /* __u64 */
	FORM_STANDARD,                 /* as FORM_FD; param: which of the descriptors 0 to 2 */
	FORM_EXTRA                     /* __u64; param: enum raw_extra */
};

/* How a path's components, leaf first and each with a NUL behind it, are to be read. */
enum raw_path {
	PATH_ABSOLUTE,                 /* from the task's root */
	PATH_PSEUDO,                   /* one name, of a file in no directory: memfd:x, [eventfd] */
	PATH_UNREACHABLE,              /* ends at a root that is not the task's */
	PATH_DEEP                      /* longer than the walker follows: no path */
};

struct raw_file {
	__u64 inode;
	__s64 ctime, mtime;            /* ns since the epoch; only of executables */
	__u32 device;                  /* as in the kernel: major << 20 | minor */
	__u32 magic;                   /* of the file system */
	__u32 mode;                    /* type and permissions */
	__u32 flags;                   /* f_flags */
	__u32 uid, gid;                /* owner; only of executables */
	__u16 path_len;
	__u8 path;                     /* enum raw_path */
	__u8 layer;                    /* 1 upper, 2 lower, 0 not an overlay */
	__u8 unlinked, sock;           /* sock: raw_sock follows instead of a path */
	__u8 created, pad;             /* by the call that opened it */
};

struct raw_sock {
	__u8 local[16], remote[16];    /* network order, IPv4 in the first four bytes */
	__u16 local_port, remote_port; /* host order */
	__u16 family, type, protocol;
	__u8 state, role;              /* TCP_*; 0 unknown, 1 client, 2 server */
	__u32 backlog, backlog_max;    /* of a listening socket */
	__u16 path_len, peer_path_len; /* unix: two addresses follow, without family */
	__u8 datagram;                 /* the remote end is that of this datagram; the next two are told then */
	__u8 connected;                /* the socket has a peer of its own */
	__u8 changed;                  /* the remote end is another one than before */
	__u8 pad;
};

struct raw_kind_of {
	__u32 open, mode, magic, family;
	char name[16];                 /* of the dentry: tells kinds of anonymous inodes apart */
};
enum { RAW_KINDS = 128 };              /* descriptors whose kinds are told, where those of all are wanted */

/* What an event brings besides, where it is wanted: raw_plan_type.wants. In the order of enum plan_want. */
enum {
	RAW_WANT_KINDS = 1, RAW_WANT_ALL_KINDS = 2, RAW_WANT_FDS = 4, RAW_WANT_FD_COUNT = 8, RAW_WANT_THREADS = 16, RAW_WANT_MEMORY = 32,
	RAW_WANT_FAULTS = 64, RAW_WANT_SOCKET = 128
};
enum raw_extra {
	RAW_EXTRA_FD_COUNT, RAW_EXTRA_THREADS, RAW_EXTRA_CHILDREN, RAW_EXTRA_VM_SIZE, RAW_EXTRA_VM_RSS, RAW_EXTRA_VM_SWAP,
	RAW_EXTRA_FAULTS_MAJOR, RAW_EXTRA_FAULTS_MINOR,
	RAW_EXTRA_SOCKET,              /* the number is nothing: facts of the event's socket are wanted */
	RAW_EXTRAS
};

/* Numbers of raw_item.param in PROC, EXEC and THREAD. */
enum raw_fact {
	RAW_FACT_EXE, RAW_FACT_CWD, RAW_FACT_ROOT, RAW_FACT_ARGV, RAW_FACT_ENV, RAW_FACT_GROUPS, RAW_FACT_FILENAME
};
/* Groups of facts in raw_proc.differs: in which a thread differs from its process. */
enum {
	DIFFERS_CRED = 1, DIFFERS_COMM = 2, DIFFERS_CWD = 4, DIFFERS_ROOT = 8, DIFFERS_NS = 16, DIFFERS_CGROUP = 32,
	DIFFERS_AUDIT = 64, DIFFERS_SECCOMP = 128, DIFFERS_PTRACER = 256, DIFFERS_NNP = 512
};

struct raw_proc {
	struct raw_head h;
	__u64 parent, fork_parent, argv_of, ptracer;    /* keys or 0; argv_of: whose argv it has since fork */
	__u64 old_task;                                 /* EXEC: the key that the calling thread had before, if another */
	__u64 start, exec, pidns_start;                 /* boot clock, ns; 0 unknown */
	__u64 cgroup;
	__u64 cap_permitted, cap_effective, cap_inheritable, cap_bounding;
	__u64 fdlimit;
	__u64 page_faults_major, page_faults_minor, vm_size, vm_rss, vm_swap;      /* the last three in KiB */
	__u32 vpid, vtid, sid, vsid, pgid, vpgid;
	__u32 tty;
	__u32 ids[8];                                   /* uid euid suid fsuid gid egid sgid fsgid */
	__u32 loginuid, sessionid;
	__u32 ns[8];                                    /* mnt pid net user uts ipc cgroup time */
	__u32 no_new_privs, seccomp;
	__u32 differs;
	__u32 born;                                     /* the first record of it: it has just been forked */
	char tty_name[64];
};

/* Items may follow, of what is wanted besides. */
struct raw_exit {
	struct raw_head h;
	__s32 code;                    /* wait status */
	__u16 last, alone;             /* the last thread of its process; and no other one is on its way out */
	__u64 thread_key;              /* under which a THREAD of it was sent, or 0 */
};

struct raw_cgroup {
	struct raw_head h;
	__u64 id;
	__u32 made, path_len;
};

/* What is gathered for a captured call beyond its arguments: steps, from the table of types.c. `arg` is an argument, `param`
 * the parameter of the event that the item is for. */
enum raw_step_kind {
	STEP_END,
	STEP_PATH,                     /* the path that the argument points at */
	STEP_BASE,                     /* the directory that the argument is a descriptor of; nothing for AT_FDCWD */
	STEP_FD,                       /* the file that the argument is a descriptor of; `extra`: enum raw_tells */
	STEP_NEW_FD,                   /* the file that the result is a descriptor of; `extra` the same */
	STEP_KEPT,                     /* the file that the argument was a descriptor of when the call began */
	STEP_PAIR,                     /* the files of two descriptors that the argument points at, for `param` and the next one */
	STEP_TEXT,                     /* the text that the argument points at */
	STEP_BYTES,                    /* `extra` bytes that the argument points at */
	STEP_DATA,                     /* what is read or written: a buffer and, in the next argument, its size; `extra`: RAW_READ */
	STEP_VECTOR,                   /* the same: a vector and, in the next argument, how many pieces it has */
	STEP_MESSAGE,                  /* a struct msghdr: data, size, control data and peer; `extra`: RAW_READ, RAW_MANY */
	STEP_PEER,                     /* the address that the argument points at; `extra`: enum raw_peer; before STEP_FD */
	STEP_ARGV,                     /* the argument vector that the argument points at */
	STEP_MEMORY,                   /* size, resident size and swap of the caller, for `param` and the next two */
	STEP_CAPS,                     /* inheritable, permitted and effective capabilities of the caller, likewise */
	STEP_CLONE                     /* facts of the caller; `extra`: 1 flags in the argument, 2 in the memory it points at */
};
struct raw_step {
	__u8 kind, arg, param, extra;
};
/* What a call tells of the socket that it is made on. */
enum raw_tells { TELLS_NOTHING, TELLS_CLIENT, TELLS_SERVER, TELLS_BOUND, TELLS_SENT, TELLS_RECEIVED };
/* raw_step.extra of STEP_PEER. */
enum raw_peer {
	PEER_REMOTE = 1,               /* it is the other end of the socket, not its own address */
	PEER_LENGTH_AT = 2,            /* the next argument points at the length, instead of being it */
	PEER_SILENT = 4                /* no parameter holds it */
};
enum { RAW_READ = 1, RAW_MANY = 2 };
/* Items of these parameters: size of what a vector or message holds, and control data. */
enum { RAW_PARAM_SIZE = 30, RAW_PARAM_CONTROL = 31 };
enum { RAW_CALLS = 512, RAW_SOCKETCALL = 102, RAW_SOCKET_CALLS = 32, RAW_RING_CALLS = 64, RAW_STEPS = 5 };
struct raw_call {
	__u16 type;                    /* of the event; 0: not captured */
	__u8 pad;
	__u8 tells;                    /* something of its sockets that later events need, whether it is told itself or not */
	struct raw_step steps[RAW_STEPS];
} __attribute__((aligned(8)));             /* copied as words */

/* Counters of one event type; the probe's map `counts` holds one per type and CPU. */
enum raw_count { COUNT_WANTED, COUNT_REJECTED, COUNT_SELF, COUNT_DELIVERED, COUNT_FULL, COUNT_SCRATCH, COUNT_TYPES };
struct raw_counts {
	__u64 n[8];
};

#endif
