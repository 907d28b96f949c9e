/* Does what a reader of the probe that was taken over would (misread reader), or a holder (misread holder): each deed in a process of its
 * own that has given up what that one gives up. Prints of each what became of it: "open_file EACCES", "fork_process killed". */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe/cgroups.h"
#include "probe/privileges.h"

static const char *cgroup_folder;      /* where a hierarchy is mounted */

/* Each returns 0, or -1 with errno. */
typedef int deed(const struct held *);

static int opening(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	return fd < 0 ? -1 : close(fd);
}

static int open_file(const struct held *h) { (void)h; return opening("/etc/passwd", O_RDONLY); }
static int open_process(const struct held *h) { (void)h; return opening("/proc/1/status", O_RDONLY); }
static int open_write(const struct held *h) { (void)h; return opening("/tmp/misread", O_WRONLY | O_CREAT); }
static int list_root(const struct held *h) { (void)h; return opening("/", O_RDONLY | O_DIRECTORY); }
static int list_cgroups(const struct held *h) { (void)h; return opening(cgroup_folder, O_RDONLY | O_DIRECTORY); }
static int memory_file(const struct held *h) { (void)h; return memfd_create("x", 0) < 0 ? -1 : 0; }
static int become_root(const struct held *h) { (void)h; return (int)syscall(SYS_setresuid, 0, 0, 0); }
static int signal_holder(const struct held *h) { (void)h; return kill(getppid(), 0); }
static int make_socket(const struct held *h) { (void)h; return socket(AF_INET, SOCK_STREAM, 0) < 0 ? -1 : 0; }
static int trace(const struct held *h) { (void)h; return (int)ptrace(PTRACE_ATTACH, getppid(), 0, 0); }
static int unshare_all(const struct held *h) { (void)h; return (int)syscall(SYS_unshare, 0x20000); }

static int allocate(const struct held *h)
{
	(void)h;
	return mmap(NULL, 1 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0;
}

static int fork_process(const struct held *h)
{
	(void)h;
	pid_t pid = fork();
	if (pid == 0)
		_exit(0);
	return pid < 0 ? -1 : 0;
}

static int exec_program(const struct held *h)
{
	(void)h;
	return execl("/bin/true", "true", (char *)NULL);
}

static int bpf(int command, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, command, attr, sizeof *attr) < 0 ? -1 : 0;
}

static int look_at_map(const struct held *h)
{
	struct bpf_map_info info = {0};

	return bpf(BPF_OBJ_GET_INFO_BY_FD, &(union bpf_attr){ .info = { .bpf_fd = (uint32_t)kernel_map(h->kernel), .info_len = sizeof info,
		.info = (uintptr_t)&info } });
}

static int make_map(const struct held *h)
{
	(void)h;
	return bpf(BPF_MAP_CREATE, &(union bpf_attr){ .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1 });
}

static int load_program(const struct held *h)
{
	static const struct bpf_insn code[] = { { .code = 0xb7 }, { .code = 0x95 } };

	(void)h;
	return bpf(BPF_PROG_LOAD, &(union bpf_attr){ .prog_type = BPF_PROG_TYPE_SOCKET_FILTER, .insn_cnt = 2, .insns = (uintptr_t)code,
		.license = (uintptr_t)"GPL" });
}

static int find_program(const struct held *h)
{
	(void)h;
	return bpf(BPF_PROG_GET_NEXT_ID, &(union bpf_attr){0});
}

static int read_stats(const struct held *h)
{
	struct stat_writer w = {0};

	kernel_stats(h->kernel, &w);
	return w.pairs ? 0 : -1;
}

static int iterate(const struct held *h)
{
	int fd = kernel_iterator(h->kernel);

	return fd < 0 ? -1 : close(fd);
}

static const struct {
	const char *name;
	deed *run;
} deeds[] = {
#define DEED(name) { #name, name }
	DEED(open_file), DEED(open_process), DEED(open_write), DEED(list_root), DEED(list_cgroups), DEED(memory_file), DEED(become_root),
	DEED(signal_holder), DEED(make_socket), DEED(trace), DEED(unshare_all), DEED(allocate), DEED(fork_process), DEED(exec_program),
	DEED(look_at_map), DEED(make_map), DEED(load_program), DEED(find_program), DEED(read_stats), DEED(iterate),
};

static void attempt(const struct held *h, const struct cgroups *cgroups, bool reader, const char *name, deed *run)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		privileges_of_holder(h);
		if (reader)
			privileges_of_reader(h, cgroups);
		_exit(run(h) == 0 ? 0 : errno ? errno : 255);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		err(1, "%s", name);
	if (WIFSIGNALED(status))
		printf("%s %s\n", name, WTERMSIG(status) == SIGSYS ? "killed" : sigabbrev_np(WTERMSIG(status)));
	else
		printf("%s %s\n", name, WEXITSTATUS(status) ? strerrorname_np(WEXITSTATUS(status)) : "allowed");
}

int main(int argc, char **argv)
{
	static struct kernel_config config = { .ring_size = 1 << 20, .snaplen = 80 };
	struct options options = {0};
	struct held h = { .options = &options, .config = &config };
	struct cgroups *cgroups = cgroups_new();
	char message[512];
	int status;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (unsigned i = 0; i < EVENT_TYPES; i++)
		config.types[i] = event_type(i) && strcmp(event_type(i)->name, "openat") == 0;
	if (argc != 2 || !(h.kernel = kernel_open(&config, message, sizeof message, &status)))
		errx(1, "%s", argc == 2 ? message : "usage");
	cgroups_scan(cgroups);
	size_t n;
	cgroup_folder = *cgroups_folders(cgroups, &n);
	for (size_t i = 0; i < sizeof deeds / sizeof deeds[0]; i++)
		attempt(&h, cgroups, strcmp(argv[1], "reader") == 0, deeds[i].name, deeds[i].run);
	kernel_free(h.kernel);
	cgroups_free(cgroups);
	return 0;
}
