/* One reading of a container's passwd and group, on libuv's threads. */
#include "names_job.h"

#include <stdlib.h>
#include <unistd.h>

static void read_names(uv_work_t *work)
{
	struct names_job *job = work->data;
	int root = root_open(job->pid, job->full, &job->root);

	if (root < 0)
		return;
	job->found = true;
	names_read(&job->look, root, NAMES_FILE_MAX);
	close(root);
}

static void finish(uv_work_t *work, int status)
{
	struct names_job *job = work->data;

	(void)status;
	job->done(job, job->arg);
	free(job);
}

void names_job_start(uv_loop_t *loop, struct names_job *job)
{
	job->work.data = job;
	if (uv_queue_work(loop, &job->work, read_names, finish) != 0)
		finish(&job->work, UV_ENOMEM);
}
