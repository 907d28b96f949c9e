/* Open files and sockets, asked of the kernel at the moment of the event. */
#ifndef PROBE_BPF_FILES_H
#define PROBE_BPF_FILES_H

#include "path.h"

/* The file behind a descriptor of s->task, or 0. */
static __always_inline __u64 file_of(struct slot *s, __s64 fd)
{
	__u64 files = (__u64)READ(struct task_struct, s->task, files);

	if (!files || fd < 0)
		return 0;
	struct fdtable *t = READ(struct files_struct, files, fdt);
	if (fd >= READ(struct fdtable, t, max_fds))
		return 0;
	words_at(s, ADDRESS(s, struct fdtable, t, fd) + fd * sizeof(void *));
	return WORD(s, 0);
}

static __always_inline void inode_times(__u64 inode, __s64 *ctime, __s64 *mtime)
{
	if (bpf_core_field_exists(((struct inode *)0)->i_ctime_sec)) {
		/* Since 6.13 the top bit says that the time has been asked for. */
		*ctime = READ(struct inode, inode, i_ctime_sec) * 1000000000 +
			(READ(struct inode, inode, i_ctime_nsec) & 0x7fffffff);
		*mtime = READ(struct inode, inode, i_mtime_sec) * 1000000000 + READ(struct inode, inode, i_mtime_nsec);
		return;
	}
	struct inode___5 *old = (void *)inode;
	struct inode___66 *mid = (void *)inode;
	struct timespec64 c = {}, m = {};
	if (bpf_core_field_exists(mid->__i_ctime))
		bpf_core_read(&c, sizeof(c), &mid->__i_ctime);
	else
		bpf_core_read(&c, sizeof(c), &old->i_ctime);
	if (bpf_core_field_exists(mid->__i_mtime))
		bpf_core_read(&m, sizeof(m), &mid->__i_mtime);
	else
		bpf_core_read(&m, sizeof(m), &old->i_mtime);
	*ctime = c.tv_sec * 1000000000 + c.tv_nsec;
	*mtime = m.tv_sec * 1000000000 + m.tv_nsec;
}

/* Overlayfs keeps the upper dentry right behind its inode. */
static __always_inline __u8 overlay_layer(__u64 inode, __u32 magic)
{
	__u64 upper = 0;

	if (magic != OVERLAYFS_MAGIC)
		return 0;
	bpf_probe_read_kernel(&upper, sizeof(upper), (void *)(inode + bpf_core_type_size(struct inode)));
	return upper ? 1 : 2;
}

static __always_inline void file_facts(struct raw_file *f, __u64 file)
{
	struct path path = READ(struct file, file, f_path);
	__u64 inode = (__u64)READ(struct file, file, f_inode);
	__u64 sb = (__u64)READ(struct inode, inode, i_sb);

	f->inode = READ(struct inode, inode, i_ino);
	f->device = READ(struct super_block, sb, s_dev);
	f->magic = READ(struct super_block, sb, s_magic);
	f->mode = READ(struct inode, inode, i_mode);
	f->flags = READ(struct file, file, f_flags);
	f->uid = READ(struct inode, inode, i_uid).val;
	f->gid = READ(struct inode, inode, i_gid).val;
	f->ctime = f->mtime = 0;
	f->path_len = 0;
	f->path = f->sock = 0;
	f->layer = overlay_layer(inode, f->magic);
	f->unlinked = !READ(struct dentry, path.dentry, d_hash).pprev;
	f->created = (READ(struct file, file, f_mode) & FMODE_CREATED) != 0;
}

enum { ROLE_UNKNOWN, ROLE_CLIENT, ROLE_SERVER };

static __always_inline __u32 unix_path(struct slot *s, __u32 off, __u64 sock)
{
	__u64 addr = (__u64)READ(struct unix_sock, sock, addr);
	__u32 len;

	if (!addr)
		return 0;
	len = READ(struct unix_address, addr, len) - 2;       /* without the family */
	if (len == 0 || len > 108 || off > RAW_MAX - 128)
		return 0;
	if (bpf_probe_read_kernel(AT(s, off), len, (void *)(addr + bpf_core_field_offset(struct unix_address, name) + 2)))
		return 0;
	return len;
}

static __always_inline void sock_addresses(struct raw_sock *r, __u64 sk, __u32 family)
{
	struct sock_common c = {};

	c.skc_dport = READ(struct sock, sk, __sk_common.skc_dport);
	r->remote_port = __builtin_bswap16(c.skc_dport);
	r->local_port = READ(struct sock, sk, __sk_common.skc_num);
	r->state = READ(struct sock, sk, __sk_common.skc_state);
	if (family == AF_INET) {
		__u32 local = READ(struct sock, sk, __sk_common.skc_rcv_saddr);
		__u32 remote = READ(struct sock, sk, __sk_common.skc_daddr);
		__builtin_memcpy(r->local, &local, 4);
		__builtin_memcpy(r->remote, &remote, 4);
	} else if (family == AF_INET6) {
		bpf_core_read(r->local, 16, &((struct sock *)sk)->__sk_common.skc_v6_rcv_saddr);
		bpf_core_read(r->remote, 16, &((struct sock *)sk)->__sk_common.skc_v6_daddr);
	}
}

/* Writes raw_sock at `off`; returns its length with the unix addresses behind it. */
static __noinline __u32 sock_at(struct slot *s, __u32 off, __u64 file)
{
	__u64 socket = (__u64)READ(struct file, file, private_data);
	__u64 sk = (__u64)READ(struct socket, socket, sk);

	if (!sk || off > RAW_MAX - 1024)
		return 0;
	struct raw_sock *r = AT(s, off);
	__builtin_memset(r, 0, sizeof(*r));
	__u32 family = READ(struct sock, sk, __sk_common.skc_family);
	r->family = family;
	r->type = READ(struct sock, sk, sk_type);
	r->protocol = READ(struct sock, sk, sk_protocol);
	r->backlog = READ(struct sock, sk, sk_ack_backlog);
	r->backlog_max = READ(struct sock, sk, sk_max_ack_backlog);
	sock_addresses(r, sk, family);
	__u32 n = sizeof(*r);
	if (family == AF_UNIX) {
		r->path_len = unix_path(s, off + n, sk);
		n += r->path_len & 127;
		__u64 peer = (__u64)READ(struct unix_sock, sk, peer);
		if (peer) {
			r->peer_path_len = unix_path(s, off + n, peer);
			n += r->peer_path_len & 127;
		}
	}
	return n;
}

/* By a socket's inode: the role that connect or accept told of it, for the calls that tell none. (Socket storage would need
 * a socket that the verifier trusts, which a walk from the task's descriptors does not give.) */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, __u64);
	__type(value, __u8);
	__uint(max_entries, 16384);
} roles SEC(".maps");

static __always_inline __u8 role_keep(__u64 inode, __u8 told)
{
	__u8 *known;

	if (told != ROLE_UNKNOWN) {
		bpf_map_update_elem(&roles, &inode, &told, BPF_ANY);
		return told;
	}
	known = bpf_map_lookup_elem(&roles, &inode);
	return known ? *known : ROLE_UNKNOWN;
}

/* A connect that failed leaves no peer in the socket: it is then the one that was asked for. */
static __always_inline void sock_peer(struct slot *s, struct raw_sock *r)
{
	if (r->role != ROLE_CLIENT || r->remote_port || s->peer[0] != r->family)
		return;
	r->remote_port = __builtin_bswap16(s->peer[1]);
	if (r->family == AF_INET)
		__builtin_memcpy(r->remote, &s->peer[2], 4);
	else if (r->family == AF_INET6)
		__builtin_memcpy(r->remote, &s->peer[4], 16);
}

/* Writes the item that s->ask describes: what a descriptor is, where it is, who is at its ends. Global for the same reason as
 * path_walk. */
__noinline int fd_write(struct slot *s)
{
	struct raw_file *f;
	__u32 n, how = 0;

	if (!s || !(f = item_begin(s, s->ask.form, s->ask.param, s->ask.fd)))
		return 0;
	__u64 file = s->ask.file;
	if (!file) {
		item_end(s, 0);
		return 0;
	}
	file_facts(f, file);
	__u32 at = s->off + sizeof(struct raw_item) + sizeof(*f);
	if ((f->mode & S_IFMT) == S_IFSOCK) {
		n = sock_at(s, at, file);
		f->sock = n > 0;
		struct raw_sock *r = AT(s, at);
		if (n > 0) {
			r->role = s->ask.role;
			sock_peer(s, r);
			r->role = role_keep(f->inode, s->ask.role);
		}
	} else {
		struct path path = READ(struct file, file, f_path);
		n = path_at(s, at, (__u64)path.dentry, (__u64)path.mnt, &how);
		f->path_len = n;
		f->path = how;
	}
	item_end(s, sizeof(*f) + n);
	return 0;
}

/* An item of one descriptor. `role` is what the call tells of a socket. */
static __always_inline void item_fd(struct slot *s, __u8 form, __u8 param, __s32 fd, __u64 file, __u8 role)
{
	s->ask = (struct fd_ask){ .file = file, .form = form, .param = param, .role = role, .fd = fd };
	fd_write(s);
}

/* What the standard descriptors of s->task are. */
__noinline int item_kinds(struct slot *s)
{
	struct raw_kind_of *k;

	if (!s || !(k = item_begin(s, FORM_KINDS, 255, 0)))
		return 0;
	for (int i = 0; i < 3; i++) {
		__u64 file = file_of(s, i);
		__builtin_memset(&k[i], 0, sizeof(k[i]));
		if (!file)
			continue;
		__u64 inode = (__u64)READ(struct file, file, f_inode);
		struct path path = READ(struct file, file, f_path);
		k[i].open = 1;
		k[i].mode = READ(struct inode, inode, i_mode);
		k[i].magic = READ(struct super_block, READ(struct inode, inode, i_sb), s_magic);
		bpf_probe_read_kernel_str(k[i].name, sizeof(k[i].name), READ(struct dentry, path.dentry, d_name).name);
		if ((k[i].mode & S_IFMT) == S_IFSOCK) {
			__u64 sk = (__u64)READ(struct socket, READ(struct file, file, private_data), sk);
			k[i].family = READ(struct sock, sk, __sk_common.skc_family);
		}
	}
	item_end(s, 3 * sizeof(*k));
	return 0;
}

#endif
