/* Open files and sockets, asked of the kernel at the moment of the event. */
#ifndef PROBE_BPF_FILES_H
#define PROBE_BPF_FILES_H

#include "sockets.h"

enum { KINDS_AT_ONCE = 16 };

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

static __always_inline __u32 file_type(__u64 file)
{
	return READ(struct inode, READ(struct file, file, f_inode), i_mode) & S_IFMT;
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
	f->unlinked = !READ(struct dentry, path.dentry, d_hash.pprev);
	f->created = (READ(struct file, file, f_mode) & FMODE_CREATED) != 0;
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
		if (n > 0)
			n += sock_told(s, at, f->inode, at + n);
	} else {
		struct path path = READ(struct file, file, f_path);
		n = path_at(s, at, (__u64)path.dentry, (__u64)path.mnt, &how);
		f->path_len = n;
		f->path = how;
	}
	item_end(s, sizeof(*f) + n);
	return 0;
}

/* An item of one descriptor of s->task. `tells`: what the call tells of a socket. */
static __always_inline void item_fd(struct slot *s, __u8 form, __u8 param, __s32 fd, __u8 tells)
{
	s->ask = (struct fd_ask){ .file = file_of(s, fd), .form = form, .param = param, .tells = tells, .fd = fd };
	fd_write(s);
}

/* Descriptors of calls that go on, by thread: a call that closes one leaves nothing to ask. */
struct kept {
	struct raw_item item;
	__u8 bytes[RAW_KEPT];
};
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__type(key, __u64);            /* process and thread id */
	__type(value, struct kept);
	__uint(max_entries, 1);        /* more where such a call is captured, set before load */
} kept_files SEC(".maps");

/* Keeps the item of a descriptor that s->task is about to close. One that is too long goes without its path. */
static __always_inline void kept_store(struct slot *s, __u8 param, __s32 fd)
{
	__u64 key = bpf_get_current_pid_tgid();
	struct raw_item *it = (struct raw_item *)s->data;
	struct raw_file *f = (struct raw_file *)(it + 1);

	s->off = 0;
	s->peer.len = 0;
	path_root(s);
	item_fd(s, FORM_FD, param, fd, TELLS_NOTHING);
	if (it->len > RAW_KEPT) {
		it->len = sizeof(*f);
		f->path_len = 0;
		f->path = PATH_DEEP;
	}
	bpf_map_update_elem(&kept_files, &key, s->data, BPF_ANY);
}

static __always_inline void item_kept(struct slot *s)
{
	__u64 key = bpf_get_current_pid_tgid();
	struct kept *k = bpf_map_lookup_elem(&kept_files, &key);
	void *to = k ? item_begin(s, k->item.form, k->item.param, k->item.aux) : NULL;
	__u32 len;

	if (!to)
		return;
	len = k->item.len;
	BOUND(len, 2 * RAW_KEPT - 1);
	if (len <= RAW_KEPT && bpf_probe_read_kernel(to, len, k->bytes) == 0)
		item_end(s, len);
	bpf_map_delete_elem(&kept_files, &key);
}

/* What descriptor `i` of s->task is, for the item that begins at the end of the record. */
__noinline int kind_write(struct slot *s, __u32 i)
{
	if (!s || s->off > RECORD_LAST || i >= RAW_KINDS)
		return 0;
	struct raw_kind_of *k = AT(s, s->off + sizeof(struct raw_item) + i * sizeof(*k));
	__u64 file = file_of(s, i);
	__builtin_memset(k, 0, sizeof(*k));
	if (!file)
		return 0;
	__u64 inode = (__u64)READ(struct file, file, f_inode);
	struct path path = READ(struct file, file, f_path);
	k->open = 1;
	k->mode = READ(struct inode, inode, i_mode);
	k->magic = READ(struct super_block, READ(struct inode, inode, i_sb), s_magic);
	bpf_probe_read_kernel_str(k->name, sizeof(k->name), READ(struct dentry, path.dentry, d_name).name);
	if ((k->mode & S_IFMT) == S_IFSOCK) {
		__u64 sk = (__u64)READ(struct socket, READ(struct file, file, private_data), sk);
		k->family = READ(struct sock, sk, __sk_common.skc_family);
	}
	return 0;
}

/* Descriptors from `from` on, but for those from `end` on. */
__noinline int kinds_write(struct slot *s, __u32 from, __u32 end)
{
	for (__u32 i = 0; i < KINDS_AT_ONCE && from + i < end; i++)
		kind_write(s, from + i);
	return 0;
}

/* What the first `n` descriptors of s->task are. */
static __always_inline void item_kinds(struct slot *s, __u32 n)
{
	if (!item_begin(s, FORM_KINDS, 255, 0))
		return;
	for (__u32 i = 0; i < RAW_KINDS && i < n; i += KINDS_AT_ONCE)
		kinds_write(s, i, n);
	item_end(s, n * sizeof(struct raw_kind_of));
}

#endif
