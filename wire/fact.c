/* Names of facts and kinds of files. */
#include "fact.h"

#include <string.h>

const char *const fact_names[FACT_COUNT] = {
#define FACT(number, constant, name) [number] = name,
#include "facts.def"
#undef FACT
};

const char *const capability_names[CAPABILITIES] = {
	"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID", "CAP_SETUID",
	"CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_NET_RAW",
	"CAP_IPC_LOCK", "CAP_IPC_OWNER", "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_SYS_PACCT",
	"CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE", "CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD",
	"CAP_LEASE", "CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL", "CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG",
	"CAP_WAKE_ALARM", "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE",
};

const struct fd_kind_def fd_kinds[FD_KINDS] = {
#define FDKIND(constant, text, character) { text, character },
#include "fdkind.def"
#undef FDKIND
};

int fd_kind(const char *text, unsigned len)
{
	for (int i = 0; i < FD_KINDS; i++)
		if (strlen(fd_kinds[i].text) == len && memcmp(fd_kinds[i].text, text, len) == 0)
			return i;
	return -1;
}
