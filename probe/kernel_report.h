/* What loading each program costs. */
#ifndef PROBE_KERNEL_REPORT_H
#define PROBE_KERNEL_REPORT_H

#include <stddef.h>
#include <stdint.h>

/* What the verifier is asked for: its statistics (BPF_LOG_STATS), and how much room they have. */
enum { KERNEL_REPORT_LEVEL = 4, KERNEL_REPORT_LOG = 65536 };

struct kernel_report {
	uint64_t started;                      /* by spec_clock */
	unsigned long verified_us;             /* of all so far */
};

/* A line on standard error about one program, from what the verifier said. */
void kernel_report_line(struct kernel_report *r, const char *section, size_t instructions, const char *log);
/* And one about all. */
void kernel_report_end(const struct kernel_report *r);

#endif
