/* What the three ways share: choosing, counting, writing. */
#include "job.h"

#include <errno.h>
#include <sysexits.h>

#include "wire/log.h"

struct input *job_input(const struct job *j, int *status)
{
	char err[400];
	struct input *in = input_open(j->inputs, j->ninputs, err, sizeof err, status);

	if (!in)
		log_warnx("%s", err);
	return in;
}

bool job_selected(const struct job *j, int kind)
{
	return !j->select || j->kinds[kind + 128];
}

bool job_counted(struct job *j)
{
	return ++j->written == j->count;
}

bool job_flush(struct job *j)
{
	if (output_flush(j->output, &j->out) == 0)
		return true;
	if (errno != EPIPE)
		die(EX_IOERR, "standard output");
	return false;
}
