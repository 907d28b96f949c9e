/* A thread or process that makes random calls: what it is, what it has, and how it makes a call. */
#ifndef RANDOM_CALLS_ACTOR_H
#define RANDOM_CALLS_ACTOR_H

#include <stdint.h>
#include <sys/types.h>

#include "log.h"
#include "world.h"

enum call { CALL_OPEN, CALL_OPENAT, CALL_OPENAT2, CALL_CREAT, CALL_DUP, CALL_DUP2, CALL_DUP3, CALL_RENAME, CALL_RENAMEAT,
	CALL_RENAMEAT2, CALL_LINK, CALL_LINKAT, CALL_SYMLINK, CALL_SYMLINKAT, CALL_UNLINK, CALL_UNLINKAT, CALL_MKDIR, CALL_MKDIRAT,
	CALL_RMDIR, CALL_CHMOD, CALL_FCHMOD, CALL_FCHMODAT, CALL_CHOWN, CALL_LCHOWN, CALL_FCHOWN, CALL_FCHOWNAT, CALL_CHDIR,
	CALL_FCHDIR, CALL_CHROOT, CALL_MOUNT, CALL_UMOUNT2, CALL_UNSHARE, CALL_SETUID, CALL_SETRESUID, CALL_SETREUID, CALL_SETGID,
	CALL_SETRESGID, CALL_SETREGID, CALL_KILL, CALL_TKILL, CALL_TGKILL, CALL_CLONE, CALL_FORK, CALL_VFORK, CALL_CLONE3,
	CALL_EXECVE, CALL_SOCKET, CALL_BIND, CALL_LISTEN, CALL_CONNECT, CALL_ACCEPT, CALL_ACCEPT4, CALL_SOCKETPAIR, CALL_SENDTO,
	CALL_RECVFROM, CALL_SENDMSG, CALL_RECVMSG, CALL_PIPE, CALL_PIPE2, CALL_EVENTFD2, CALL_MEMFD, CALL_EPOLL, CALL_READ,
	CALL_WRITE, CALL_CLOSE, CALL_PRCTL, CALL_MKNOD, CALL_MKNODAT, CALL_SETSID, CALL_COUNT };

enum { ACTOR_FDS = 24, ACTOR_SOCKS = 256, LOW_SIZE = 65536, NOBODY = 1001 };
enum role { ROLE_UNKNOWN, ROLE_CLIENT, ROLE_SERVER };

struct sock {
	int family, type;
	char local[108], remote[108];  /* addresses as text; of a unix socket names */
	int local_port, remote_port;
	enum role role;
	int last_port;                 /* of the last datagram's other end */
};

struct desc {
	int fd;
	char type;                     /* the character that rules know; 0: free */
	struct place place;            /* of a file or folder */
	int sock;
	char name[32];                 /* of what is neither */
};

struct actor {
	uint64_t random;
	struct log log;
	struct world world;
	struct desc fds[ACTOR_FDS];
	struct sock socks[ACTOR_SOCKS];
	int sock_count;
	char *low;                     /* memory that 32-bit calls reach; begun anew for each call */
	size_t low_used;
	pid_t pid, tid;
	bool namespaced;               /* its numbers are others than the host's */
	bool own_fs, own_files;
	bool has_32_bits;
	unsigned ruid, euid, suid, rgid, egid, sgid;
	const char *folder, *program, *log_path, *arguments;
	char leader[16];               /* name of the process */
	int name_count, number, depth;
	struct actor *spare;           /* memory for a child that shares it */
};

unsigned actor_random(struct actor *a, unsigned below);
bool actor_one_in(struct actor *a, unsigned n);
/* Memory for a call's argument, below 4 GiB. */
void *actor_low(struct actor *a, const void *from, size_t n);
char *actor_text(struct actor *a, const char *text);
/* Begins the line of a call; ends it with the result, the state that holds then, and makes room for the next. */
void actor_begin(struct actor *a, enum call c);
long actor_call(struct actor *a, enum call c, ...);
/* Whether this kernel takes 32-bit calls; a task that tries dies where it does not. */
bool call_32_works(void);
void actor_end(struct actor *a, long result);
void actor_state(struct actor *a);
const char *call_name(enum call c);
/* A descriptor with junk in the half of the register that the kernel does not look at. */
long actor_wide(struct actor *a, int fd);

/* Descriptors. */
struct desc *actor_add(struct actor *a, int fd, char type, struct place place, int sock);
struct desc *actor_pick(struct actor *a, const char *types);
void actor_forget(struct actor *a, int fd);
void actor_want_fd(struct actor *a, long fd, const struct desc *d);
void actor_want_socket(struct actor *a, const struct sock *s);

/* Deeds: each makes one or some calls and returns whether it did. */
typedef bool deed(struct actor *a);
deed deed_open, deed_make, deed_unlink, deed_rename, deed_link, deed_mode, deed_owner, deed_chdir;
deed deed_dup, deed_close, deed_anonymous, deed_data;
deed deed_user, deed_group, deed_signal, deed_name, deed_session, deed_refused, deed_child, deed_jail;
deed deed_socket, deed_tcp, deed_udp, deed_unix, deed_pair;
/* One random deed. */
void actor_act(struct actor *a);
/* What the program does when its child has called execve. */
int executed(int argc, char **argv);
/* A child's life in a mount namespace of its own, with roots inside of roots. */
void jail_live(struct actor *a);

#endif
