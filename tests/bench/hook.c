/* hook: attaches a program that does nothing at the end of every system call, prints "hooked", and stays until it is killed. What it adds
 * to a work is what nobody can go below who sees system calls as saker does. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <unistd.h>

#include "clock.h"

int main(void)
{
	const struct bpf_insn nothing[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_TRACE_RAW_TP);
	int type = libbpf_find_vmlinux_btf_id("sys_exit", BPF_TRACE_RAW_TP), program;

	if (type < 0)
		bench_die("no tracepoint sys_exit");
	options.attach_btf_id = (uint32_t)type;
	program = bpf_prog_load(BPF_PROG_TYPE_TRACING, "hook", "GPL", nothing, sizeof(nothing) / sizeof(nothing[0]), &options);
	if (program < 0 || bpf_raw_tracepoint_open(NULL, program) < 0)
		bench_die("an empty program at sys_exit");
	puts("hooked");
	fflush(stdout);
	pause();
	return 0;
}
