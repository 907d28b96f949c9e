/* What loading each program costs: verification is most of the time that the probe takes to start. */
#include "kernel_report.h"

#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/log.h"

enum { STATS = 4, SIZE = 65536 };              /* BPF_LOG_STATS */

void kernel_report_ask(const struct bpf_object *o)
{
	struct bpf_program *p;

	bpf_object__for_each_program(p, o) {
		char *buf = bpf_program__autoload(p) ? calloc(1, SIZE) : NULL;
		if (buf && bpf_program__set_log_buf(p, buf, SIZE) == 0)
			bpf_program__set_log_level(p, STATS);
	}
}

/* The number behind a text in the verifier's words, or 0. */
static unsigned long number_behind(const char *log, const char *text)
{
	const char *at = strstr(log, text);

	return at ? strtoul(at + strlen(text), NULL, 10) : 0;
}

void kernel_report_print(const struct bpf_object *o, unsigned long long load_ns)
{
	struct bpf_program *p;
	unsigned long total = 0;
	size_t size;

	bpf_object__for_each_program(p, o) {
		const char *log = bpf_program__log_buf(p, &size);
		if (!log || !size)
			continue;
		unsigned long us = number_behind(log, "verification time ");
		log_warnx("%s: %zu instructions, %lu looked at, verified in %lu.%lu ms", bpf_program__section_name(p),
			bpf_program__insn_cnt(p), number_behind(log, "processed "), us / 1000, us / 100 % 10);
		total += us;
		bpf_program__set_log_buf(p, NULL, 0);
		free((char *)log);
	}
	log_warnx("loaded in %llu ms, of which the verifier took %lu", load_ns / 1000000, total / 1000);
}
