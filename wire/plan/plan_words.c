/* The names of tests and of their values. */
#include "plan.h"

#include <string.h>

#include "wire/fact.h"

#define PATH_WORDS(name, subject) \
	{ name "-is", PLAN_TEXT, subject, PLAN_IS, false }, { name "-under", PLAN_TEXT, subject, PLAN_UNDER, false }, \
	{ name "-prefix", PLAN_TEXT, subject, PLAN_PREFIX, false }, { name "-contains", PLAN_TEXT, subject, PLAN_CONTAINS, false }, \
	{ name "-name-is", PLAN_TEXT, subject, PLAN_NAME_IS, false }, \
	{ name "-name-prefix", PLAN_TEXT, subject, PLAN_NAME_PREFIX, false }, \
	{ name "-name-suffix", PLAN_TEXT, subject, PLAN_NAME_SUFFIX, false }, \
	{ name "-folder-is", PLAN_TEXT, subject, PLAN_FOLDER_IS, false }

const struct plan_word plan_words[] = {
	{ "ok", PLAN_FLAG, PLAN_OK, 0, false }, { "failed", PLAN_FLAG, PLAN_OK, 0, true },
	{ "read", PLAN_FLAG, PLAN_READ, 0, false }, { "write", PLAN_FLAG, PLAN_WRITE, 0, false },
	{ "create", PLAN_FLAG, PLAN_CREATE, 0, false }, { "exec", PLAN_FLAG, PLAN_EXEC, 0, false },
	{ "tty", PLAN_FLAG, PLAN_TTY, 0, false }, { "container", PLAN_FLAG, PLAN_CONTAINER, 0, false },
	{ "host", PLAN_FLAG, PLAN_CONTAINER, 0, true },
	{ "dots", PLAN_FLAG, PLAN_DOTS, 0, false },
	{ "result", PLAN_NUMBER, PLAN_RESULT, 0, false },
	{ "pid", PLAN_NUMBER, PLAN_PID, 0, false }, { "vpid", PLAN_NUMBER, PLAN_VPID, 0, false },
	{ "uid", PLAN_NUMBER, PLAN_UID, 0, false }, { "gid", PLAN_NUMBER, PLAN_GID, 0, false },
	{ "loginuid", PLAN_NUMBER, PLAN_LOGINUID, 0, false },
	{ "port", PLAN_NUMBER, PLAN_PORT, 0, false }, { "client-port", PLAN_NUMBER, PLAN_PORT_CLIENT, 0, false },
	{ "server-port", PLAN_NUMBER, PLAN_PORT_SERVER, 0, false }, { "local-port", PLAN_NUMBER, PLAN_PORT_LOCAL, 0, false },
	{ "remote-port", PLAN_NUMBER, PLAN_PORT_REMOTE, 0, false },
	{ "arg", PLAN_NUMBER, PLAN_ARG, 0, false },
	{ "fd-kind", PLAN_MASK, PLAN_FD_KIND, 0, false }, { "protocol", PLAN_MASK, PLAN_PROTOCOL, 0, false },
	{ "exe-flags", PLAN_MASK, PLAN_EXE_FLAGS, 0, false }, { "cap-effective", PLAN_MASK, PLAN_CAP_EFFECTIVE, 0, false },
	{ "cap-permitted", PLAN_MASK, PLAN_CAP_PERMITTED, 0, false },
	{ "cap-inheritable", PLAN_MASK, PLAN_CAP_INHERITABLE, 0, false }, { "arg-bits", PLAN_MASK, PLAN_ARG_BITS, 0, false },
	{ "addr", PLAN_NET, PLAN_ADDR, 0, false }, { "client-addr", PLAN_NET, PLAN_ADDR_CLIENT, 0, false },
	{ "server-addr", PLAN_NET, PLAN_ADDR_SERVER, 0, false }, { "local-addr", PLAN_NET, PLAN_ADDR_LOCAL, 0, false },
	{ "remote-addr", PLAN_NET, PLAN_ADDR_REMOTE, 0, false },
	PATH_WORDS("path", PLAN_PATH), PATH_WORDS("path2", PLAN_PATH2), PATH_WORDS("joined", PLAN_JOINED),
	PATH_WORDS("joined2", PLAN_JOINED2), PATH_WORDS("passed", PLAN_PASSED), PATH_WORDS("passed2", PLAN_PASSED2),
	PATH_WORDS("exe", PLAN_EXE),
	{ "comm-in", PLAN_TEXT, PLAN_COMM, PLAN_IS, false }, { "comm-prefix", PLAN_TEXT, PLAN_COMM, PLAN_PREFIX, false },
	{ "parent-in", PLAN_TEXT, PLAN_PARENT, PLAN_IS, false }, { "parent-prefix", PLAN_TEXT, PLAN_PARENT, PLAN_PREFIX, false },
	{ "parent-argv0-suffix", PLAN_TEXT, PLAN_PARENT_ARGV0, PLAN_NAME_SUFFIX, false },
	{ "ancestor-in", PLAN_TEXT, PLAN_ANCESTOR, PLAN_IS, false }, { "ancestor-prefix", PLAN_TEXT, PLAN_ANCESTOR, PLAN_PREFIX, false },
	{ "argv0-is", PLAN_TEXT, PLAN_ARGV0, PLAN_IS, false }, { "argv0-prefix", PLAN_TEXT, PLAN_ARGV0, PLAN_PREFIX, false },
	{ "args-is", PLAN_TEXT, PLAN_ARGS, PLAN_IS, false }, { "args-prefix", PLAN_TEXT, PLAN_ARGS, PLAN_PREFIX, false },
	{ "cmdline-prefix", PLAN_TEXT, PLAN_CMDLINE, PLAN_PREFIX, false }, { "cmdline-contains", PLAN_TEXT, PLAN_CMDLINE, PLAN_CONTAINS, false },
	{ "env-contains", PLAN_TEXT, PLAN_ENV, PLAN_CONTAINS, false },
	{ "cwd-is", PLAN_TEXT, PLAN_CWD, PLAN_IS, false }, { "cwd-under", PLAN_TEXT, PLAN_CWD, PLAN_UNDER, false },
	{ "cwd-prefix", PLAN_TEXT, PLAN_CWD, PLAN_PREFIX, false },
	{ "arg-is", PLAN_TEXT, PLAN_ARG_TEXT, PLAN_IS, false }, { "arg-prefix", PLAN_TEXT, PLAN_ARG_TEXT, PLAN_PREFIX, false },
	{ NULL, 0, 0, 0, false }
};

static const char *const exe_flags[] = { "writable", "upper-layer", "memfd", "lower-layer", "unlinked" };
static const char *const protocols[64] = { [1] = "icmp", [6] = "tcp", [17] = "udp", [58] = "icmpv6", [63] = "other" };

#define COUNT(a) (sizeof (a) / sizeof *(a))

const struct plan_word *plan_word(const char *s, size_t n)
{
	for (const struct plan_word *w = plan_words; w->name; w++)
		if (strlen(w->name) == n && memcmp(w->name, s, n) == 0)
			return w;
	return NULL;
}

const char *plan_bit_name(unsigned subject, unsigned bit)
{
	switch (subject) {
	case PLAN_FD_KIND: return bit < FD_KINDS ? fd_kinds[bit].text : NULL;
	case PLAN_PROTOCOL: return bit < COUNT(protocols) ? protocols[bit] : NULL;
	case PLAN_EXE_FLAGS: return bit < COUNT(exe_flags) ? exe_flags[bit] : NULL;
	case PLAN_CAP_EFFECTIVE: case PLAN_CAP_PERMITTED: case PLAN_CAP_INHERITABLE: return bit < CAPABILITIES ? capability_names[bit] : NULL;
	default: return NULL;
	}
}

int plan_bit(unsigned subject, const char *s, size_t n)
{
	for (int i = 0; i < 64; i++) {
		const char *name = plan_bit_name(subject, (unsigned)i);
		if (name && strlen(name) == n && memcmp(name, s, n) == 0)
			return i;
	}
	return -1;
}
