/* ACKs are cumulative: one that a socket does not take is replaced by the next, unless half of it has gone. */
#include "acker.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

void acker_free(struct acker *a)
{
	ledger_free(&a->ledger);
	pack_free(&a->unsent);
}

int acker_begin(struct acker *a, uint32_t connection, int fd)
{
	ledger_reset(&a->ledger);
	a->connection = connection;
	a->told = 0;
	a->unsent.len = 0;
	a->ledger.changed = true;
	return acker_send(a, fd, 0);
}

static int send_unsent(struct acker *a, int fd)
{
	size_t done = 0;

	while (done < a->unsent.len) {
		ssize_t n = send(fd, a->unsent.data + done, a->unsent.len - done, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n > 0) {
			done += (size_t)n;
		} else if (errno == EAGAIN) {
			memmove(a->unsent.data, a->unsent.data + done, a->unsent.len - done);
			a->unsent.len -= done;
			return 0;
		} else if (errno != EINTR) {
			break;
		}
	}
	a->unsent.len = 0;
	return 1;
}

int acker_send(struct acker *a, int fd, uint64_t offset)
{
	if (fd < 0 || !a->connection)
		return 1;
	if (send_unsent(a, fd) == 0)
		return 0;
	if (!a->ledger.changed)
		return 1;
	ledger_ack(&a->ledger, &a->unsent);
	a->told = offset;
	return send_unsent(a, fd);
}

bool acker_news(const struct acker *a)
{
	return a->connection && (a->ledger.changed || a->unsent.len);
}

bool acker_urgent(const struct acker *a, uint64_t offset)
{
	return a->ledger.changed && offset - a->told >= ACK_BYTES;
}
