/* The kernel's structures, as far as the probe reads them; libbpf finds where each field is on the running kernel (CO-RE).
 * A name___old form stands for what a field looked like on other kernels. */
#ifndef PROBE_BPF_KERNEL_H
#define PROBE_BPF_KERNEL_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#include "probe/kernel_calls.h"

typedef _Bool bool;
enum { false, true };

/* Those that are read as a whole have had one form since long: libbpf need not look for them. */
struct qstr {
	__u64 hash_len;
	const unsigned char *name;
};
typedef struct {
	__u32 val;
} kuid_t;
struct timespec64 {
	__s64 tv_sec;
	long tv_nsec;
};
struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};
struct upid {
	int nr;
	struct pid_namespace *ns;
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

#if defined(__TARGET_ARCH_x86)
struct pt_regs {
	unsigned long di, si, dx, cx, bx, bp, r10, r8, r9, ax, orig_ax;
};
struct thread_info {
	__u32 status;
};
#elif defined(__TARGET_ARCH_arm64)
struct pt_regs {
	__u64 regs[31];
	__s32 syscallno;
};
struct thread_info {
	unsigned long flags;
};
#endif

struct file_system_type {
	const char *name;
};
struct super_block {
	__u32 s_dev;
	unsigned long s_magic;
};
struct inode {
	unsigned short i_mode;
	kuid_t i_uid, i_gid;
	struct super_block *i_sb;
	unsigned long i_ino;
	__s64 i_mtime_sec, i_ctime_sec;
	__u32 i_mtime_nsec, i_ctime_nsec;
};
struct inode___5 {              /* to 6.5 */
	struct timespec64 i_mtime, i_ctime;
};
struct inode___66 {             /* 6.6 to 6.10, the first from 6.7 */
	struct timespec64 __i_mtime, __i_ctime;
};
struct hlist_bl_node {
	void *pprev;
};
struct dentry {
	struct hlist_bl_node d_hash;
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
};
struct vfsmount {
	struct dentry *mnt_root;
};
struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
};
struct file {
	struct path f_path;
	struct inode *f_inode;
	unsigned int f_flags, f_mode;
	void *private_data;
};
struct fdtable {
	unsigned int max_fds;
	struct file **fd;
	unsigned long *open_fds;
};
struct files_struct {
	struct fdtable *fdt;
};
struct fs_struct {
	struct path root, pwd;
};

struct ns_common {
	unsigned int inum;
};
struct task_struct;
struct pid_namespace {
	struct task_struct *child_reaper;
	struct ns_common ns;
};
struct user_namespace {
	struct ns_common ns;
};
struct uts_namespace {
	struct ns_common ns;
};
struct ipc_namespace {
	struct ns_common ns;
};
struct mnt_namespace {
	struct ns_common ns;
};
struct net {
	struct ns_common ns;
};
struct time_namespace {
	struct ns_common ns;
};
struct cgroup_namespace {
	struct ns_common ns;
};
struct nsproxy {
	struct uts_namespace *uts_ns;
	struct ipc_namespace *ipc_ns;
	struct mnt_namespace *mnt_ns;
	struct net *net_ns;
	struct time_namespace *time_ns;
	struct cgroup_namespace *cgroup_ns;
};
struct pid {
	unsigned int level;
	struct upid numbers[1];
};

typedef struct {
	__u64 bits;
} kernel_cap_t;                 /* of which only the size is used: to 6.2 it holds two __u32 */
struct group_info {
	int ngroups;
	kuid_t gid[0];
};
struct cred {
	kuid_t uid, gid, suid, sgid, euid, egid, fsuid, fsgid;
	kernel_cap_t cap_inheritable, cap_permitted, cap_effective, cap_bset;
	struct user_namespace *user_ns;
	struct group_info *group_info;
};

struct kernfs_node {
	__u64 id;
};
struct cgroup_root {
	int hierarchy_id;
};
struct cgroup {
	int level;
	struct kernfs_node *kn;
	struct cgroup_root *root;
};
struct cgroup_subsys_state {
	struct cgroup *cgroup;
};
struct css_set {
	struct cgroup_subsys_state *subsys[1];
	struct cgroup *dfl_cgrp;
};
enum cgroup_subsys_id {
	pids_cgrp_id = 1
};

struct tty_driver {
	int major, minor_start;
};
struct tty_struct {
	int index;
	struct tty_driver *driver;
	char name[64];
};
struct rlimit {
	unsigned long rlim_cur;
};
typedef struct {
	int counter;
} atomic_t;
struct signal_struct {
	atomic_t live;
	int nr_threads;
	struct pid *pids[4];
	struct tty_struct *tty;
	struct rlimit rlim[16];
};
struct percpu_counter {
	__s64 count;
};
struct mm_struct {
	unsigned long total_vm, arg_start, arg_end, env_start, env_end;
	struct percpu_counter rss_stat[4];
	struct file *exe_file;
};
typedef struct {
	__s64 counter;
} atomic_long_t;
struct mm_rss_stat {
	atomic_long_t count[4];
};
struct mm_struct___61 {         /* to 6.1 */
	struct mm_rss_stat rss_stat;
};
struct seccomp {
	int mode;
};
struct task_struct {
	struct thread_info thread_info;
	unsigned int flags, ptrace;
	struct mm_struct *mm;
	int exit_code;
	unsigned long atomic_flags;
	int pid, tgid;
	struct task_struct *real_parent, *parent, *group_leader;
	struct pid *thread_pid;
	__u64 start_boottime;
	unsigned long min_flt, maj_flt;
	const struct cred *cred;
	char comm[16];
	struct fs_struct *fs;
	struct files_struct *files;
	struct nsproxy *nsproxy;
	struct signal_struct *signal;
	kuid_t loginuid;
	unsigned int sessionid;
	struct seccomp seccomp;
	struct css_set *cgroups;
};
struct linux_binprm {
	const char *filename;
};

struct in6_addr {
	__u8 bytes[16];
};
struct sock_common {
	__u32 skc_daddr, skc_rcv_saddr;
	__u16 skc_dport, skc_num;
	unsigned short skc_family;
	unsigned char skc_state;
	struct in6_addr skc_v6_daddr, skc_v6_rcv_saddr;
};
struct sock {
	struct sock_common __sk_common;
	__u16 sk_type, sk_protocol;
	__u32 sk_ack_backlog, sk_max_ack_backlog;
};
struct sockaddr_un {
	unsigned short sun_family;
	char sun_path[108];
};
struct unix_address {
	int len;
	struct sockaddr_un name[0];
};
struct unix_sock {
	struct sock sk;
	struct unix_address *addr;
	struct sock *peer;
};
struct socket {
	struct sock *sk;
};

struct bpf_iter_meta {
	__u64 seq_num;
};
struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

#pragma clang attribute pop

enum { PIDTYPE_PID, PIDTYPE_TGID, PIDTYPE_PGID, PIDTYPE_SID };
enum { PF_KTHREAD = 0x00200000, TS_COMPAT = 2, RLIMIT_NOFILE = 7, AT_FDCWD = -100 };
enum { S_IFMT = 0170000, S_IFSOCK = 0140000, S_IFREG = 0100000, S_IFDIR = 0040000, S_IFIFO = 0010000 };
enum { O_CREAT = 0100, O_TMPFILE_ALONE = 020000000 };  /* without O_DIRECTORY */
enum { OVERLAYFS_MAGIC = 0x794c7630, FMODE_CREATED = 0x100000 };
enum { AF_UNIX = 1, AF_INET = 2, AF_INET6 = 10, SOCK_STREAM = 1, SOCK_RAW = 3, IPPROTO_ICMP = 1, IPPROTO_TCP = 6, IPPROTO_ICMPV6 = 58 };

/* Whether the kernel has bpf_rdonly_cast (6.2) and loops whose rounds are alike to the verifier (6.4): there is an object for each case,
 * and the loader finds out which one fits. A constant that it would set costs the verifier a quarter of its time, as it takes the dead
 * branches out of the program one by one. */
static const bool can_cast = CAN_CAST;
/* Kernel functions: see kernel_calls.h. */
static void *(*const bpf_rdonly_cast)(void *obj, __u32 btf_id) = (void *)CALL_RDONLY_CAST;
struct bpf_iter_num {
	__u64 opaque;
};
static int (*const bpf_iter_num_new)(struct bpf_iter_num *it, int first, int end) = (void *)CALL_ITER_NUM_NEW;
static int *(*const bpf_iter_num_next)(struct bpf_iter_num *it) = (void *)CALL_ITER_NUM_NEXT;
static void (*const bpf_iter_num_destroy)(struct bpf_iter_num *it) = (void *)CALL_ITER_NUM_DESTROY;
static __always_inline void rounds_end(struct bpf_iter_num *it)
{
	bpf_iter_num_destroy(it);
}

/* A loop of `n` rounds, 0 to n - 1. With the iterator the verifier goes through one or two of them instead of all; a round takes
 * some nanoseconds more. */
#if CAN_CAST
#define ROUNDS(i, n) \
	for (struct bpf_iter_num it_ __attribute__((cleanup(rounds_end))), \
		*begun_ __attribute__((unused)) = (bpf_iter_num_new(&it_, 0, (n)), (struct bpf_iter_num *)0); \
	     ({ int *at_ = bpf_iter_num_next(&it_); at_ && ((i) = *at_, (i) < (n)); });)
#else
#define ROUNDS(i, n) for ((i) = 0; (i) < (n); (i)++)
#endif

/* Functions on the way of most calls: what returning from one costs counts there. Without the cast they need more of the stack than
 * all of them together may have in one. */
#if CAN_CAST
#define HOT static __always_inline
#else
#define HOT __noinline
#endif

/* One field behind a pointer that the verifier knows nothing of: a plain load where the kernel can cast, a helper call
 * elsewhere. Unreadable memory reads as 0. */
#define READ(type, ptr, field) ({ \
	void *ptr_ = (void *)(ptr); \
	typeof(((type *)0)->field) value_ = {0}; \
	if (can_cast) \
		value_ = ((type *)bpf_rdonly_cast(ptr_, bpf_core_type_id_kernel(type)))->field; \
	else \
		bpf_core_read(&value_, sizeof(value_), &((type *)ptr_)->field); \
	value_; })

#endif
