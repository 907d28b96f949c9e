/* Signals as a descriptor to wait for among others. */
#ifndef WIRE_SIGNALS_H
#define WIRE_SIGNALS_H

/* Blocks the signals of a list that ends with 0, and returns a descriptor (CLOEXEC, NONBLOCK; the caller's) that gives them as struct
 * signalfd_siginfo; -1 with errno. */
int signals_open(const int *list);

#endif
