/* The memfd between the kernel's ring and who reads the stream: output buffer and replay buffer in one. A reader that takes over finds
 * it as the one before left it. */
#ifndef PROBE_BUFFER_H
#define PROBE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/aside.h"
#include "wire/backlog.h"

struct output;

enum { BUFFER_RECORD = 256 << 10 };            /* what one record of the kernel's ring becomes, at most */
enum buffer_flags {
	BUFFER_BEGUN = 1,                      /* the first snapshot has been taken in */
	BUFFER_ENDED = 2,                      /* END has been: nothing more will come */
	BUFFER_WRITING = 4,                    /* a write may have been made that the state does not tell of yet; see standard.c */
	BUFFER_HELLO = 8,                      /* has been taken in */
	BUFFER_OWED = 16,                      /* a consumer acknowledges */
	BUFFER_FLAGS = 31
};

/* Everything that changes as one. */
struct buffer_state {
	uint64_t ring;                         /* how far the kernel's ring has been read */
	uint64_t head, tail, head_index, tail_index;   /* of the backlog */
	uint64_t safe;                         /* index below which the backlog's frames are, but for those set aside */
	uint64_t side_head, side_tail;         /* of what is set aside, in bytes */
	uint64_t events, rescans, lost_seen, unused;
	uint64_t left, left_until;             /* how many keys buffer_left has, and up to where in the kernel's ring they hold */
	uint64_t partial;                      /* bytes of the frame at the tail that have been written already */
	uint64_t on_the_way;                   /* bytes, or an offset; see standard.c */
	uint64_t flags;
};

struct buffer {
	void *header;
	size_t mapped;
	struct backlog own, *frames;           /* frames: own, or that of an output which has it as kept */
	uint8_t *side;                         /* mapped twice in a row, as the backlog is */
	size_t side_size;
	struct aside_keeper keeper;
	uint64_t high;                         /* how much of the ring has been in memory since it was empty */
	struct buffer_state state;             /* in work: buffer_commit puts it in force, with what `frames` says */
};

/* Makes a memfd with a ring of `size` bytes, a power of two. Returns it, or -1 with errno. */
int buffer_create(size_t size);
/* Empties it: the answer to what buffer_open finds wrong. Returns 0, or -1 with errno. */
int buffer_format(int fd, size_t size);
/* Maps it and looks whether everything in it is as it should be; the ring's consumer is at `ring`. Returns 0, or -1 with what is
 * wrong in `err`. */
int buffer_open(struct buffer *b, int fd, size_t size, uint64_t ring, char *err, size_t errlen);
void buffer_close(struct buffer *b);
/* At once: whoever dies before leaves the old state, whoever dies after it the new one. What has left the ring since the last commit
 * must be told before its place is used again. */
void buffer_commit(struct buffer *b);
/* Opens an output on sockets which has this as its backlog from now on; as output_open_kept. */
struct output *buffer_output(struct buffer *b, const char *spec, int listener, char *err, size_t errlen, int *status);
/* Keys of processes that are left out (lives.h), at most LIVES_MAX. They are changed in place, which is safe when the ring has been read
 * to left_until. */
uint64_t *buffer_left(const struct buffer *b);
/* Is there room for what one more record becomes, and for STAT and END? */
bool buffer_room(const struct buffer *b);
/* The oldest frames leave: those that begin and end within the first `n` bytes, and of the next one the rest is kept in mind. */
void buffer_written(struct buffer *b, size_t n);

#endif
