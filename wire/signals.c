/* Signals as a descriptor. */
#include "signals.h"

#include <signal.h>
#include <stddef.h>
#include <sys/signalfd.h>

int signals_open(const int *list)
{
	sigset_t set;

	sigemptyset(&set);
	while (*list)
		sigaddset(&set, *list++);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}
