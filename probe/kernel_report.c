/* What loading each program costs: verification is most of the time that the probe takes to start. */
#include "kernel_report.h"

#include <stdlib.h>
#include <string.h>

#include "wire/log.h"
#include "wire/spec.h"

/* The number behind a text in the verifier's words, or 0. */
static unsigned long number_behind(const char *log, const char *text)
{
	const char *at = strstr(log, text);

	return at ? strtoul(at + strlen(text), NULL, 10) : 0;
}

void kernel_report_line(struct kernel_report *r, const char *section, size_t instructions, const char *log)
{
	unsigned long us = number_behind(log, "verification time ");

	log_warnx("%s: %zu instructions, %lu looked at, verified in %lu.%lu ms", section, instructions, number_behind(log, "processed "),
		us / 1000, us / 100 % 10);
	r->verified_us += us;
}

void kernel_report_end(const struct kernel_report *r)
{
	log_warnx("loaded in %lu ms, of which the verifier took %lu, of all programs side by side", (unsigned long)(spec_clock() - r->started),
		r->verified_us / 1000);
}
