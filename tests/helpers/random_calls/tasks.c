/* Deeds on tasks: users and groups, signals, children that act, execute or live in a jail. */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spell.h"

/* The real and the saved ones stay root's: so there is a way back. */
bool deed_user(struct actor *a)
{
	enum call c = a->euid || actor_one_in(a, 2) ? CALL_SETRESUID : CALL_SETREUID;
	unsigned to = a->euid ? 0 : NOBODY + actor_random(a, 3);
	long result;

	if (a->euid && actor_one_in(a, 4)) {
		/* It may not become another one. */
		actor_begin(a, CALL_SETUID);
		log_want(&a->log, "evt.rawarg.uid", "%d", 4711);
		result = actor_call(a, CALL_SETUID, 4711L);
		actor_end(a, result);
		return true;
	}
	actor_begin(a, c);
	log_want(&a->log, "evt.rawarg.euid", "%u", to);
	if (c == CALL_SETRESUID) {
		log_want(&a->log, "evt.rawarg.ruid", "0");
		log_want(&a->log, "evt.rawarg.suid", "0");
		result = actor_call(a, c, 0L, (long)to, 0L);
	} else {
		log_want(&a->log, "evt.arg.ruid", "<NONE>");
		result = actor_call(a, c, -1L, (long)to);
	}
	if (result == 0)
		a->euid = to;
	actor_end(a, result);
	return true;
}

bool deed_group(struct actor *a)
{
	enum call c = actor_one_in(a, 2) ? CALL_SETRESGID : CALL_SETREGID;
	unsigned to = actor_one_in(a, 3) ? 0 : NOBODY + actor_random(a, 3);
	long result;

	if (a->euid && actor_one_in(a, 3)) {
		actor_begin(a, CALL_SETGID);
		log_want(&a->log, "evt.rawarg.gid", "%d", 4711);
		actor_end(a, actor_call(a, CALL_SETGID, 4711L));
		return true;
	}
	actor_begin(a, c);
	log_want(&a->log, "evt.rawarg.egid", "%u", to);
	result = c == CALL_SETRESGID ? actor_call(a, c, 0L, (long)to, 0L) : actor_call(a, c, -1L, (long)to);
	if (result == 0)
		a->egid = to;
	actor_end(a, result);
	return true;
}

bool deed_signal(struct actor *a)
{
	enum call c = CALL_KILL + actor_random(a, 3);
	long sig = actor_one_in(a, 2) ? SIGURG : 0, pid = c == CALL_KILL ? a->pid : a->tid;

	if (a->namespaced)
		return false;
	if (actor_one_in(a, 8))
		pid = 0x3ffffff;
	actor_begin(a, c);
	log_want(&a->log, "evt.rawarg.sig", "%ld", sig);
	log_want(&a->log, c == CALL_KILL ? "evt.rawarg.pid" : "evt.rawarg.tid", "%ld", pid);
	if (c == CALL_TGKILL)
		log_want(&a->log, "evt.rawarg.pid", "%d", a->pid);
	actor_end(a, c == CALL_TGKILL ? actor_call(a, c, (long)a->pid, pid, sig) : actor_call(a, c, pid, sig));
	return true;
}

/* The name of a thread is its own; that of a process is also the first word of its command line, and stays. */
bool deed_name(struct actor *a)
{
	char name[16];

	if (a->tid == a->pid)
		return false;
	snprintf(name, sizeof name, "fr-%u", actor_random(a, 1000));
	actor_begin(a, CALL_PRCTL);
	log_want(&a->log, "evt.arg.arg2_str", "%s", name);
	log_want(&a->log, "evt.arg.option", "PR_SET_NAME");
	long result = actor_call(a, CALL_PRCTL, (long)PR_SET_NAME, actor_text(a, name));
	if (result == 0)
		log_state(&a->log, STATE_NAME, "%s", name);
	actor_end(a, result);
	return true;
}

/* The leader of a session and of a group in it, once. */
bool deed_session(struct actor *a)
{
	if (a->namespaced || a->tid != a->pid)
		return false;
	actor_begin(a, CALL_SETSID);
	long result = actor_call(a, CALL_SETSID);
	if (result >= 0) {
		log_state(&a->log, STATE_SID, "%ld", result);
		log_state(&a->log, STATE_PGID, "%ld", result);
	}
	actor_end(a, result);
	return true;
}

/* Nothing there is a program: the task stays what it is. */
bool deed_refused(struct actor *a)
{
	struct place p = spell_pick(a, NODE_ANY);
	char path[PATH_SIZE], *argv[] = { "refused", "one", "two", NULL };
	struct spelling s;

	if (!p.node)
		return false;
	world_path(&a->world, p, path);
	if (!spell(a, path, 0, &s))
		return false;
	actor_begin(a, CALL_EXECVE);
	spell_want(a, "filename", &s);
	log_want(&a->log, "evt.arg.exe", "refused");
	log_want(&a->log, "evt.arg.args", "one.two.");
	actor_end(a, actor_call(a, CALL_EXECVE, actor_text(a, s.passed), argv, 0L));
	return true;
}

static void leave(struct actor *a, int status)
{
	log_begin(&a->log, a->tid, "procexit");
	log_want(&a->log, "evt.rawarg.ret", "%d", status);
	log_want(&a->log, "evt.rawarg.status", "%d", status << 8);
	log_end(&a->log);
	syscall(SYS_exit_group, status);
}

/* The child of a call: another task, whose first event is the call's end on its side. */
static void become(struct actor *a, enum call c, pid_t host_pid, bool namespaced)
{
	a->depth++;
	log_state(&a->log, STATE_PPID, "%d", a->pid);
	log_state(&a->log, STATE_PNAME, "%s", a->leader);
	a->pid = a->tid = host_pid;
	snprintf(a->leader, sizeof a->leader, "%.15s", a->log.state[STATE_NAME]);
	a->namespaced = namespaced;
	log_state(&a->log, STATE_PID, "%d", host_pid);
	log_state(&a->log, STATE_TID, "%d", host_pid);
	log_state(&a->log, STATE_VPID, "%d", namespaced ? 1 : host_pid);
	log_state(&a->log, STATE_VTID, "%d", namespaced ? 1 : host_pid);
	log_state(&a->log, STATE_CMDLINE, "%s %s", a->leader, a->arguments);
	log_anew(&a->log);
	for (int i = 0; i < ACTOR_FDS; i++)
		if (a->fds[i].type && strchr("46u", a->fds[i].type))
			a->fds[i].type = 0;
	a->own_fs = a->own_files = true;
	actor_begin(a, c);
	actor_end(a, 0);
}

/* What changes no files: those are its parent's too, who does not know what a child has done. */
static void act_beside(struct actor *a)
{
	static deed *const deeds[] = { deed_user, deed_group, deed_signal, deed_session, deed_dup, deed_anonymous, deed_tcp, deed_udp };

	for (unsigned n = actor_random(a, 4); n > 0; n--)
		deeds[actor_random(a, sizeof deeds / sizeof deeds[0])](a);
}

static void execute(struct actor *a)
{
	char number[16], *argv[] = { "fr-argv0", "executed", (char *)a->log_path, number, (char *)a->folder, NULL };
	char *passed = actor_text(a, a->program);

	snprintf(number, sizeof number, "%d", a->tid);
	actor_begin(a, CALL_EXECVE);
	log_want(&a->log, "evt.rawres", "0");
	log_want(&a->log, "evt.arg.exe", "%s", argv[0]);
	log_want(&a->log, "evt.arg.filename", "%s", a->program);
	log_want(&a->log, "evt.rawarg.pid", "%d", a->pid);
	log_state(&a->log, STATE_NAME, "fr-executed");
	log_state(&a->log, STATE_EXE, "%s", argv[0]);
	log_state(&a->log, STATE_EXEPATH, "%s", a->program);
	log_state(&a->log, STATE_CMDLINE, "fr-executed %s %s %s %s", argv[1], argv[2], argv[3], argv[4]);
	actor_state(a);
	log_end(&a->log);
	/* The first things that it does: log_open. */
	actor_begin(a, CALL_OPENAT);
	log_want(&a->log, "fd.name", "%s", a->log_path);
	log_want(&a->log, "evt.res", "SUCCESS");
	log_end(&a->log);
	actor_begin(a, CALL_CLOSE);
	log_want(&a->log, "evt.res", "SUCCESS");
	log_end(&a->log);
	syscall(SYS_execve, passed, argv, NULL);
	_exit(1);
}

int executed(int argc, char **argv)
{
	static struct log log;
	char path[PATH_SIZE];

	if (argc != 5)
		return 64;
	pid_t tid = (pid_t)strtol(argv[3], NULL, 10);
	log_open(&log, argv[2], 0);
	snprintf(path, sizeof path, "%s/no-such-file", argv[4]);
	log_begin(&log, tid, "openat");
	log_want(&log, "fd.name", "%s", path);
	bool found = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY, 0) >= 0;
	log_want(&log, "evt.res", "%s", found ? "SUCCESS" : strerrorname_np(errno));
	log_end(&log);
	log_begin(&log, tid, "procexit");
	log_want(&log, "evt.rawarg.ret", "0");
	log_end(&log);
	syscall(SYS_exit_group, 0);
	return 0;
}

static void wait_for(long pid)
{
	int status;

	if (syscall(SYS_wait4, pid, &status, __WALL, NULL) != pid || status != 0)
		errx(70, "child %ld ended with wait status %d", pid, status);
}

static void want_clone(struct actor *a, unsigned falco)
{
	log_want(&a->log, "evt.rawarg.tid", "%d", a->tid);
	log_want(&a->log, "evt.rawarg.pid", "%d", a->pid);
	log_want(&a->log, "evt.rawarg.flags", "%X", falco);
}

/* Returns 0 in the child, which goes on when its parent has ended its line. */
static long split(struct actor *a, enum call c, bool namespaced)
{
	uint64_t arguments[8] = { namespaced ? CLONE_NEWPID : 0, 0, 0, 0, SIGCHLD };
	volatile pid_t *turn = &a->log.head->turn;
	long pid, flags = SIGCHLD | (namespaced ? CLONE_NEWPID : 0);

	*turn = 0;
	actor_begin(a, c);
	want_clone(a, namespaced ? 64 : 0);
	if (c == CALL_CLONE)
		pid = actor_call(a, c, flags, 0L, 0L, 0L, 0L);
	else if (c == CALL_CLONE3)
		pid = actor_call(a, c, actor_low(a, arguments, sizeof arguments), sizeof arguments);
	else
		pid = actor_call(a, c);
	if (pid == 0) {
		while (!*turn)
			syscall(SYS_sched_yield);
		become(a, c, *turn, namespaced);
		return 0;
	}
	actor_end(a, pid);
	if (pid > 0)
		*turn = (pid_t)pid;
	return pid;
}

static bool fork_and_act(struct actor *a, enum call c, bool executes)
{
	long pid = split(a, c, false);

	if (pid == 0) {
		act_beside(a);
		if (executes)
			execute(a);
		leave(a, (int)actor_random(a, 1));
	}
	if (pid > 0)
		wait_for(pid);
	return true;
}

/* The child shares the memory: it works on a copy of the actor. What the call returned is told when the child, whose program
 * goes on with the log, has ended. */
static bool vfork_and_execute(struct actor *a)
{
	struct actor *child = a->spare;

	actor_begin(a, CALL_VFORK);
	want_clone(a, 0);
	log_end(&a->log);
	*child = *a;
	pid_t pid = vfork();
	if (pid == 0) {
		become(child, CALL_VFORK, (pid_t)syscall(SYS_getpid), false);
		execute(child);
	}
	if (pid > 0)
		wait_for(pid);
	log_begin(&a->log, a->tid, "");
	actor_end(a, pid);
	return true;
}

bool deed_child(struct actor *a)
{
	static const enum call calls[] = { CALL_CLONE, CALL_FORK, CALL_CLONE3 };
	enum call c = calls[actor_random(a, 3)];

	if (a->depth || !call_name(c))
		return false;
	if (call_name(CALL_VFORK) && actor_one_in(a, 4))
		return vfork_and_execute(a);
	return fork_and_act(a, c, actor_one_in(a, 3));
}

bool deed_jail(struct actor *a)
{
	enum call c = actor_one_in(a, 2) ? CALL_CLONE : CALL_CLONE3;

	if (a->depth || a->euid)
		return false;
	long pid = split(a, c, actor_one_in(a, 2));
	if (pid == 0) {
		jail_live(a);
		leave(a, 0);
	}
	if (pid > 0)
		wait_for(pid);
	return true;
}
