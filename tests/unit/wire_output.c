/* A stage between a producer and a consumer that acknowledges, excepts, goes away and comes back at random: what it is sent again,
 * and what the stage acknowledges itself, against a naive model. */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "wire_records.h"
#include "wire/ack.h"
#include "wire/endpoint.h"
#include "wire/stat.h"

enum { FRAMES = 4000, POSITIONS = 40000, PROCESSES = 5 };

/* What the consumer has been sent on one connection, and so what an ACK of it means. */
struct client {
	int fd;
	uint8_t buf[1 << 20];
	size_t len;
	uint64_t n, count;
	int64_t id[POSITIONS];                 /* of an event; -1: something else */
	bool except[POSITIONS];
	bool hello, known[PROCESSES + 1];
	int64_t last;
};

struct world {
	char folder[64], up[128], down[128], up_spec[160], down_spec[160];
	struct input *in;
	struct output *out;
	int listener, producer;
	struct pack unread;                    /* of the producer: ACKs */
	uint64_t npositions;                   /* frames that it sent, */
	struct { int64_t first, n; } raised[POSITIONS];        /* and the ids of the events that each became */
	int64_t nids;
	bool acked[FRAMES * 4];                /* by id: acknowledged and not excepted */
	struct client *c;
	uint64_t count;                        /* what the stage has acknowledged: the last ACK */
	unsigned nexcept;
	uint64_t except[ACK_EXCEPT_MAX];
};

static struct sockaddr_un address(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	strcpy(a.sun_path, path);
	return a;
}

static void send_all(int fd, const struct pack *p)
{
	assert_int_equal(send(fd, p->data, p->len, MSG_NOSIGNAL), p->len);
}

/* One frame of the producer becomes none, one, or several events; or a process is described again. */
static void stage_takes(struct world *w)
{
	struct frame f;
	struct batch b = {0};

	while (input_next(w->in, &f) == INPUT_FRAME) {
		struct frame_ref ref = frame_ref(&f);
		size_t begin = b.pack.len;
		if (f.kind != FRAME_EVENT) {
			frame_copy(&b.pack, &f);
			batch_mark(&b, begin, &ref, false);
			continue;
		}
		int64_t n = w->raised[ref.position].n, first = w->raised[ref.position].first;
		for (int64_t i = 0; i < n; i++)
			add_event(&b.pack, (uint64_t)(first + i), 1 + (uint64_t)(first + i) % PROCESSES, 1 + (uint64_t)(first + i) % PROCESSES);
		batch_mark(&b, begin, &ref, n > 1 || first % 2);
		if (n == 0)
			input_safe(w->in, &ref, 1);
	}
	assert_int_equal(output_batch(w->out, &b), 0);
	batch_free(&b);
}

static void produce(struct world *w)
{
	struct pack p = {0};

	for (int n = rand() % 12; n >= 0; n--) {
		int64_t raises = rand() % 6 == 0 ? 3 : rand() % 4 != 0;
		if (rand() % 10 == 0) {
			w->raised[w->npositions++].n = -1;
			add_proc(&p, 1 + (uint64_t)rand() % PROCESSES, 0, 0, (size_t)rand() % 20);
			continue;
		}
		w->raised[w->npositions].first = w->nids;
		w->raised[w->npositions++].n = raises;
		w->nids += raises;
		add_event(&p, 0, 1, 1);
	}
	send_all(w->producer, &p);
	pack_free(&p);
	input_wait(w->in, 0, -1);
	stage_takes(w);
}

static void client_connects(struct world *w)
{
	struct sockaddr_un a = address(w->down);
	struct client *c = w->c;
	struct pack p = {0};

	memset(c, 0, sizeof *c);
	c->last = -1;
	c->fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(connect(c->fd, (struct sockaddr *)&a, sizeof a), 0);
	ack_frame(&p, 0, NULL, 0);
	send_all(c->fd, &p);
	pack_free(&p);
	output_accept(w->out);
}

/* In order, described, and nothing that it has acknowledged before. */
static void client_gets(struct world *w, const struct frame *f)
{
	struct client *c = w->c;

	assert_true(c->n < POSITIONS);
	c->id[c->n] = -1;
	assert_true(c->hello || f->kind == FRAME_HELLO);
	c->hello = true;
	if (f->kind == FRAME_PROC)
		c->known[first_number(f)] = true;
	if (f->kind == FRAME_EVENT) {
		struct cursor at = { f->body + 9, f->body + f->len };
		struct value v;
		assert_int_equal(value_next(&at, &v), 1);
		assert_true(c->known[1 + v.u % PROCESSES]);
		assert_true((int64_t)v.u > c->last);
		assert_false(w->acked[v.u]);
		c->last = (int64_t)v.u;
		c->id[c->n] = (int64_t)v.u;
	}
	c->n++;
}

static void client_reads(struct world *w)
{
	struct client *c = w->c;
	struct frame f;
	char err[200];
	size_t at = 0, need;

	for (;;) {
		output_accept(w->out);
		ssize_t n = recv(c->fd, c->buf + c->len, sizeof c->buf - c->len, MSG_DONTWAIT);
		if (n <= 0)
			break;
		c->len += (size_t)n;
		for (at = 0; frame_parse(c->buf + at, c->len - at, 0, &f, &need, err, sizeof err) == 1; at += f.size)
			client_gets(w, &f);
		memmove(c->buf, c->buf + at, c->len - at);
		c->len -= at;
	}
}

/* Acknowledges some more, excepts some of it, and what was excepted before is sometimes done. */
static void client_acknowledges(struct world *w, bool all)
{
	struct client *c = w->c;
	uint64_t count = all ? c->n : c->count + (uint64_t)rand() % (c->n - c->count + 1), except[ACK_EXCEPT_MAX];
	struct pack p = {0};
	unsigned n = 0;

	for (uint64_t i = 0; i < count; i++) {
		if (i >= c->count)
			c->except[i] = !all && rand() % 8 == 0;
		else if (c->except[i])
			c->except[i] = !all && rand() % 3 != 0;
		if (c->except[i] && n < ACK_EXCEPT_MAX)
			except[n++] = i;
		if (c->id[i] >= 0 && !c->except[i])
			w->acked[c->id[i]] = true;
	}
	c->count = count;
	ack_frame(&p, count, except, n);
	send_all(c->fd, &p);
	pack_free(&p);
	output_accept(w->out);
}

static void client_leaves(struct world *w)
{
	close(w->c->fd);
	output_accept(w->out);
}

/* What the stage has acknowledged so far. */
static void producer_hears(struct world *w)
{
	static struct ack ack;
	struct frame f;
	char err[200];
	size_t at = 0, need;

	for (int i = 0; i < 10; i++) {
		uint8_t *room = pack_room(&w->unread, 1 << 17);
		ssize_t n = recv(w->producer, room, 1 << 17, MSG_DONTWAIT);
		if (n > 0)
			w->unread.len += (size_t)n;
		input_wait(w->in, 2, -1);
	}
	for (; frame_parse(w->unread.data + at, w->unread.len - at, 0, &f, &need, err, sizeof err) == 1; at += f.size) {
		assert_int_equal(ack_read(&f, &ack, err, sizeof err), 0);
		assert_true(ack.count >= w->count);
		w->count = ack.count;
		w->nexcept = ack.nexcept;
		memcpy(w->except, ack.except, ack.nexcept * sizeof *ack.except);
	}
	memmove(w->unread.data, w->unread.data + at, w->unread.len - at);
	w->unread.len -= at;
}

static bool is_safe(const struct world *w, uint64_t position)
{
	for (int64_t i = 0; i < w->raised[position].n; i++)
		if (!w->acked[w->raised[position].first + i])
			return false;
	return true;
}

/* What every stage writes each second: at the latest then it reads what little has been acknowledged. */
static void heartbeat(struct world *w)
{
	struct pack p = {0};
	struct stat_writer stat = {0};

	stat_frame(&p, &(struct source){ "h", "b", "out", 0 }, "out", &stat);
	assert_int_equal(output_flush(w->out, &p), 0);
	pack_free(&p);
	pack_free(&stat.body);
}

/* Nothing is called safe that is not; and what is safe is called so, when `all` has been acknowledged at least. */
static void check(struct world *w, bool all)
{
	unsigned e = 0;

	if (all)
		heartbeat(w);
	producer_hears(w);
	for (uint64_t i = 0; i < w->count; i++) {
		bool excepted = e < w->nexcept && w->except[e] == i;
		e += excepted;
		if (!excepted && !is_safe(w, i))
			fail_msg("position %lu is acknowledged, but not what rests on it", (unsigned long)i);
	}
	if (all) {
		assert_int_equal(w->count, w->npositions);
		assert_int_equal(w->nexcept, 0);
	}
}

/* After a reconnect and some reading, everything that was not acknowledged has come. */
static void everything_comes_again(struct world *w)
{
	static bool came[FRAMES * 4];

	memset(came, 0, sizeof came);
	client_leaves(w);
	client_connects(w);
	client_reads(w);
	for (uint64_t i = 0; i < w->c->n; i++)
		if (w->c->id[i] >= 0)
			came[w->c->id[i]] = true;
	for (int64_t i = 0; i < w->nids; i++)
		if (came[i] == w->acked[i])
			fail_msg("event %ld: acknowledged %d, sent again %d", (long)i, w->acked[i], came[i]);
}

static void open_world(struct world *w)
{
	char err[400] = "";
	const char *spec = w->up_spec;
	int status;
	struct pack p = {0};

	strcpy(w->folder, "/tmp/saker-output-XXXXXX");
	assert_non_null(mkdtemp(w->folder));
	snprintf(w->up, sizeof w->up, "%s/up", w->folder);
	snprintf(w->down, sizeof w->down, "%s/down", w->folder);
	snprintf(w->up_spec, sizeof w->up_spec, "unix:%s", w->up);
	snprintf(w->down_spec, sizeof w->down_spec, "listen:%s", w->down);
	struct sockaddr_un a = address(w->up);
	w->listener = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(w->listener, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(w->listener, 1), 0);
	w->in = input_open(&spec, 1, err, sizeof err, &status);
	w->out = output_open(w->down_spec, err, sizeof err, &status);
	assert_non_null(w->in);
	assert_non_null(w->out);
	input_acknowledge(w->in);
	output_rest_on(w->out, w->in);
	w->producer = accept(w->listener, NULL, NULL);
	add_hello(&p, "s", false);
	for (uint64_t i = 1; i <= PROCESSES; i++)
		add_proc(&p, i, 0, 0, 3);
	for (; w->npositions < 1 + PROCESSES; w->npositions++)
		w->raised[w->npositions].n = -1;
	send_all(w->producer, &p);
	pack_free(&p);
	input_wait(w->in, 0, -1);
	stage_takes(w);
}

static void close_world(struct world *w)
{
	output_rest_on(w->out, NULL);
	input_free(w->in);
	output_free(w->out);
	close(w->producer);
	close(w->listener);
	close(w->c->fd);
	unlink(w->up);
	rmdir(w->folder);
	pack_free(&w->unread);
	free(w->c);
	free(w);
}

static void a_random_life(unsigned seed)
{
	struct world *w = calloc(1, sizeof *w);
	struct pack end = {0};

	assert_non_null(w);
	assert_non_null(w->c = malloc(sizeof *w->c));
	srand(seed);
	open_world(w);
	client_connects(w);
	for (int step = 0; step < 400 && w->nids < FRAMES * 4 - 100; step++) {
		switch (rand() % 8) {
		case 0: case 1: case 2: produce(w); break;
		case 3: case 4: client_reads(w); break;
		case 5: case 6: client_acknowledges(w, false); break;
		default:
			if (rand() % 3 == 0) {
				client_leaves(w);
				client_connects(w);
			}
			break;
		}
		if (step % 50 == 0)
			check(w, false);
	}
	everything_comes_again(w);
	client_acknowledges(w, false);
	everything_comes_again(w);
	client_acknowledges(w, true);
	check(w, true);
	end_frame(&end, "");
	assert_int_equal(output_flush(w->out, &end), 0);
	client_reads(w);
	client_acknowledges(w, true);
	assert_true(output_drain(w->out, 1000));
	close_world(w);
	pack_free(&end);
}

static void whatever_the_consumer_does(void **state)
{
	unsigned seeds = getenv("SAKER_SOAK") ? 500 : 15;

	(void)state;
	for (unsigned seed = 1; seed <= seeds; seed++) {
		alarm(60);
		a_random_life(seed);
	}
	alarm(0);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	const struct CMUnitTest tests[] = { cmocka_unit_test(whatever_the_consumer_does) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
