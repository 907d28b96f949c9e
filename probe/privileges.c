/* The reader parses what programs of all users have written, and so has no user, no capabilities, no files, and of bpf() only what the
 * maps that it has are read and written with. The holder parses nothing, but has to have everything. */
#include "privileges.h"

#include <errno.h>
#include <grp.h>
#include <libgen.h>
#include <limits.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cgroups.h"
#include "wire/confine.h"
#include "wire/log.h"

/* Maps and their counters. */
#define BPF_OF_READER BPF_MAP_LOOKUP_ELEM, BPF_MAP_UPDATE_ELEM, BPF_MAP_DELETE_ELEM, BPF_MAP_GET_NEXT_KEY, BPF_MAP_LOOKUP_BATCH, \
	BPF_OBJ_GET_INFO_BY_FD
#define CALLS_OF_READER SCMP_SYS(bpf), SCMP_SYS(fcntl), SCMP_SYS(ioctl), SCMP_SYS(splice), SCMP_SYS(membarrier), SCMP_SYS(recvmsg), \
	SCMP_SYS(shutdown)

#define COUNT(a) (sizeof (a) / sizeof (a)[0])

void privileges_of_holder(const struct held *h)
{
	static const int bpf[] = { BPF_OF_READER, BPF_LINK_CREATE, BPF_RAW_TRACEPOINT_OPEN, BPF_ITER_CREATE };
	static const int calls[] = { CALLS_OF_READER, SCMP_SYS(fork), SCMP_SYS(vfork), SCMP_SYS(clone), SCMP_SYS(clone3), SCMP_SYS(wait4),
		SCMP_SYS(waitid), SCMP_SYS(kill), SCMP_SYS(sendmsg), SCMP_SYS(recvfrom), SCMP_SYS(socketpair),
		SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(unlink),
		/* Of a reader that begins. */
		SCMP_SYS(signalfd4), SCMP_SYS(timerfd_create), SCMP_SYS(epoll_create1), SCMP_SYS(capget), SCMP_SYS(capset), SCMP_SYS(prctl),
		SCMP_SYS(setgroups), SCMP_SYS(setresuid), SCMP_SYS(setresgid), SCMP_SYS(geteuid), SCMP_SYS(seccomp), SCMP_SYS(readlink),
		SCMP_SYS(readlinkat), SCMP_SYS(landlock_create_ruleset), SCMP_SYS(landlock_add_rule), SCMP_SYS(landlock_restrict_self),
		SCMP_SYS(pread64), SCMP_SYS(pwrite64), SCMP_SYS(fstatfs) };
	struct confine c = { .all_files = true, .calls = calls, .ncalls = COUNT(calls), .bpf = bpf, .nbpf = COUNT(bpf),
		.connect = true, .accept = true };

	(void)h;
	confine(&c);
}

static int set_capabilities(uint64_t permitted, uint64_t effective)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = {
		{ (uint32_t)effective, (uint32_t)permitted, 0 }, { (uint32_t)(effective >> 32), (uint32_t)(permitted >> 32), 0 },
	};

	return (int)syscall(SYS_capset, &head, data);
}

/* Before 5.19 a kernel that keeps bpf() from users asks for the capability even where there is a descriptor. */
static bool kernel_asks(const struct held *h)
{
	struct bpf_map_info info = {0};
	union bpf_attr attr = { .info = { .bpf_fd = (uint32_t)kernel_map(h->kernel), .info_len = sizeof info, .info = (uintptr_t)&info } };

	return syscall(SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof attr) != 0 && errno == EPERM;
}

static void become_nobody(unsigned user)
{
	for (int c = 0; c <= CAP_LAST_CAP; c++)
		prctl(PR_CAPBSET_DROP, c, 0, 0, 0);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
	if (user && geteuid() == 0 && (setgroups(0, NULL) != 0 || setresgid(user, user, user) != 0 || setresuid(user, user, user) != 0))
		log_warn("the reader stays the user it is, not %u", user);
	prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
}

void privileges_of_reader(const struct held *h, const struct cgroups *cgroups)
{
	const uint64_t bit = UINT64_C(1) << CAP_BPF;
	static const int bpf[] = { BPF_OF_READER };
	static const int calls[] = { CALLS_OF_READER };
	struct confine c = { .calls = calls, .ncalls = COUNT(calls), .bpf = bpf, .nbpf = COUNT(bpf), .pair = true };

	become_nobody((unsigned)conf_number(&h->options->conf, CONF_PROBE_USER));
	bool kept = set_capabilities(bit, 0) == 0 && kernel_asks(h);
	if (set_capabilities(kept ? bit : 0, kept ? bit : 0) != 0)
		log_warn("the reader keeps its capabilities");
	char folder[PATH_MAX];
	/* Where the plan is read again; below it is what it may be a link to. */
	snprintf(folder, sizeof folder, "%s", h->plan_path ? h->plan_path : "");
	const char *plan = dirname(folder);
	c.read = &plan;
	c.nread = h->plan_path != NULL;
	c.list = cgroups_folders(cgroups, &c.nlist);
	c.connect = h->output.kind == SPEC_CONNECT;
	c.accept = h->output.kind == SPEC_LISTEN;
	confine(&c);
}
