/* Lines of text from a descriptor, read in large pieces without waiting longer than there is nothing. */
#ifndef FRAMES_LINES_H
#define FRAMES_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LINES_MAX = 128 << 20 };                /* bytes of one line: a JSON record of 16 MiB, all of it escaped */

struct lines {
	int fd;
	char *buf;
	size_t start, end, cap, searched;      /* no newline lies in buf[start..searched) */
	uint64_t number;                       /* of the line that was given out last, from 1 */
	bool eof;
};

enum lines_result { LINES_LINE = 1, LINES_EMPTY = 0, LINES_DONE = 2, LINES_LONG = -1 };
/* The next line without its newline; valid until lines_wait. LINES_EMPTY: no whole line is here. */
enum lines_result lines_next(struct lines *l, const char **line, size_t *len);
/* Waits for input, for `extra_fd` (-1: none) or for `timeout_ms` (-1: for ever), and reads what is there. Returns
 * 1 when extra_fd is readable, 0, or -1 with errno. */
int lines_wait(struct lines *l, int timeout_ms, int extra_fd);
void lines_free(struct lines *l);

#endif
