/* Counting what was lost, and the token bucket that keeps alerts about it rare. */
#include "drops.h"

#include <string.h>

enum { NS = 1000000000 };

static const struct {
	const char *name, *types;
} groups[DROPS_GROUPS] = {
	[DROPS_CLONE] = { "clone_fork", " clone clone3 fork vfork " },
	[DROPS_EXECVE] = { "execve", " execve execveat " },
	[DROPS_CONNECT] = { "connect", " connect " },
	[DROPS_OPEN] = { "open", " open openat openat2 creat open_by_handle_at " },
	[DROPS_DIR_FILE] = { "dir_file", " mkdir mkdirat rmdir unlink unlinkat rename renameat renameat2 link linkat symlink symlinkat chdir fchdir " },
	[DROPS_OTHER] = { "other_interest", "" },
	[DROPS_CLOSE] = { "close", " close " },
	[DROPS_PROC] = { "proc", " procexit " },
};

const char *drops_group_name(enum drops_group g)
{
	return groups[g].name;
}

void drops_init(struct drops *d, const struct drops_policy *p)
{
	*d = (struct drops){ .policy = *p, .tokens = p->max_burst };
}

static enum drops_group group_of(const char *type)
{
	for (int g = 0; g < DROPS_GROUPS; g++)
		for (const char *p = strstr(groups[g].types, type); *type && p; p = strstr(p + 1, type))
			if (p[-1] == ' ' && p[strlen(type)] == ' ')
				return (enum drops_group)g;
	return DROPS_OTHER;
}

void drops_read(struct stat_record *s, struct drops_count *c)
{
	struct value name;
	uint64_t n;
	char type[64];

	*c = (struct drops_count){0};
	while (stat_record_next(s, &name, &n)) {
		if (stat_record_is(&name, "kernel.delivered.", NULL, 0) || stat_record_is(&name, "kernel.rejected.", NULL, 0)) {
			c->events += n;
		} else if (stat_record_is(&name, "kernel.dropped.", NULL, 0)) {
			c->events += n;
			c->drops += n;
			if (stat_record_is(&name, "kernel.dropped.full.", type, sizeof type))
				c->full[group_of(type)] += n;
			else if (stat_record_is(&name, "kernel.dropped.scratch", NULL, 0))
				c->scratch += n;
			else
				c->missed += n;
		}
	}
}

void drops_restart(struct drops *d)
{
	d->seen = (struct drops_count){0};
}

static void subtract(struct drops_count *c, const struct drops_count *before)
{
	c->events -= before->events;
	c->drops -= before->drops;
	c->scratch -= before->scratch;
	c->missed -= before->missed;
	for (int g = 0; g < DROPS_GROUPS; g++)
		c->full[g] -= before->full[g];
}

static bool take_token(struct drops *d, uint64_t time)
{
	if (d->refilled && time > d->refilled)
		d->tokens += d->policy.rate * (double)(time - d->refilled) / NS;
	if (d->tokens > d->policy.max_burst)
		d->tokens = d->policy.max_burst;
	d->refilled = time;
	if (d->tokens < 1)
		return false;
	d->tokens--;
	return true;
}

unsigned drops_check(struct drops *d, const struct drops_count *now, uint64_t time, struct drops_count *lost)
{
	double threshold = d->policy.simulate ? 0 : d->policy.threshold;

	if (d->checked && time < d->checked + NS / 2)
		return 0;
	*lost = *now;
	if (now->events >= d->seen.events && now->drops >= d->seen.drops)
		subtract(lost, &d->seen);
	d->seen = *now;
	bool first = d->checked == 0;
	d->checked = time;
	if (first && !lost->drops)
		return 0;
	if (d->policy.simulate) {
		lost->drops++;
		lost->events += lost->events == 0;
	}
	if (!lost->drops || (double)lost->drops / (double)lost->events <= threshold)
		return 0;
	d->detected++;
	if (!d->policy.actions || !take_token(d, time))
		return 0;
	d->acted++;
	return d->policy.actions;
}

unsigned drops_actions(const char *list)
{
	return (strstr(list, "log") ? DROPS_LOG : 0) | (strstr(list, "alert") ? DROPS_ALERT : 0) | (strstr(list, "exit") ? DROPS_EXIT : 0);
}
