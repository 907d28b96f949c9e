/* What loading each program costs. */
#ifndef PROBE_KERNEL_REPORT_H
#define PROBE_KERNEL_REPORT_H

struct bpf_object;

/* Before load: the verifier shall say how it fared. */
void kernel_report_ask(const struct bpf_object *o);
/* After it: a line for each program on standard error. */
void kernel_report_print(const struct bpf_object *o, unsigned long long load_ns);

#endif
