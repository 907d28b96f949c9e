/* Endpoints: how streams come, go away, come back and end, on standard input and on sockets. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "wire_records.h"
#include "wire/endpoint.h"
#include "wire/event.h"

struct place {
	char folder[64], path[96], connect[128], listen[128];
	int stdin_copy;
};

static int setup(void **state)
{
	struct place *x = test_calloc(1, sizeof *x);

	strcpy(x->folder, "/tmp/saker-endpoint-XXXXXX");
	assert_non_null(mkdtemp(x->folder));
	snprintf(x->path, sizeof x->path, "%s/s", x->folder);
	snprintf(x->connect, sizeof x->connect, "unix:%s", x->path);
	snprintf(x->listen, sizeof x->listen, "listen:%s", x->path);
	x->stdin_copy = dup(STDIN_FILENO);
	*state = x;
	alarm(60);                     /* a wait that never ends is a failure */
	return 0;
}

static int teardown(void **state)
{
	struct place *x = *state;

	dup2(x->stdin_copy, STDIN_FILENO);
	close(x->stdin_copy);
	unlink(x->path);
	rmdir(x->folder);
	test_free(x);
	alarm(0);
	return 0;
}

static struct sockaddr_un address(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	strcpy(a.sun_path, path);
	return a;
}

static int listen_at(const char *path)
{
	struct sockaddr_un a = address(path);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	unlink(path);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(fd, 8), 0);
	return fd;
}

static int connect_to(const char *path)
{
	struct sockaddr_un a = address(path);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
	return fd;
}

static void send_all(int fd, const struct pack *p)
{
	assert_int_equal(write(fd, p->data, p->len), p->len);
}

static struct input *open_input(const char *spec)
{
	char err[400] = "";
	int status;
	struct input *in = input_open(&spec, 1, err, sizeof err, &status);

	if (!in)
		fail_msg("%s", err);
	return in;
}

static enum input_result next(struct input *in, struct frame *f)
{
	enum input_result rc;

	while ((rc = input_next(in, f)) == INPUT_EMPTY)
		input_wait(in, -1, -1);
	return rc;
}

static void expect(struct input *in, int kind)
{
	struct frame f;

	assert_int_equal(next(in, &f), INPUT_FRAME);
	assert_int_equal(f.kind, kind);
}

/* Puts bytes into a pipe or file, makes it standard input, and reads it to its end. */
static enum input_result read_standard(const struct pack *p, bool file, unsigned frames, int *status, char *err)
{
	int fds[2];
	struct frame f;
	enum input_result rc;

	if (file) {
		FILE *fp = tmpfile();
		assert_non_null(fp);
		fds[0] = dup(fileno(fp));
		assert_int_equal(write(fds[0], p->data, p->len), p->len);
		lseek(fds[0], 0, SEEK_SET);
		fclose(fp);
	} else {
		assert_int_equal(pipe(fds), 0);
		send_all(fds[1], p);
		close(fds[1]);
	}
	dup2(fds[0], STDIN_FILENO);
	close(fds[0]);
	struct input *in = open_input("-");
	while ((rc = next(in, &f)) == INPUT_FRAME)
		frames--;
	assert_int_equal(frames, 0);
	assert_int_equal(input_recorded(in, 0), file);
	*status = input_status(in);
	strcpy(err, input_error(in));
	input_free(in);
	return rc;
}

static void how_standard_input_ends(void **state)
{
	struct pack whole = {0}, cut = {0}, half = {0}, twice = {0};
	char err[400];
	int status;

	(void)state;
	add_hello(&cut, "s", false);
	add_exit(&cut, 5);
	pack_raw(&whole, cut.data, cut.len);
	end_frame(&whole, "");
	pack_raw(&half, cut.data, cut.len - 1);
	pack_raw(&twice, whole.data, whole.len);
	pack_raw(&twice, whole.data, whole.len);

	assert_int_equal(read_standard(&whole, false, 3, &status, err), INPUT_DONE);
	assert_int_equal(status, 0);
	assert_int_equal(read_standard(&twice, false, 6, &status, err), INPUT_DONE);
	assert_int_equal(status, 0);
	assert_int_equal(read_standard(&cut, false, 2, &status, err), INPUT_DONE);
	assert_int_equal(status, EX_TEMPFAIL);
	assert_int_equal(read_standard(&cut, true, 2, &status, err), INPUT_DONE);
	assert_int_equal(status, 0);
	assert_int_equal(read_standard(&half, false, 1, &status, err), INPUT_BAD);
	char expected[400];
	size_t exit_size = FRAME_HEADER + 3;
	snprintf(expected, sizeof expected,
			"standard input: byte %zu: the stream ends inside of the frame that begins at byte %zu",
		cut.len - 1, cut.len - exit_size);
	assert_string_equal(err, expected);
	pack_free(&whole);
	pack_free(&cut);
	pack_free(&half);
	pack_free(&twice);
}

static void a_version_that_is_not_known(void **state)
{
	struct pack p = {0};
	char err[400];
	int status;

	(void)state;
	add_exit(&p, 5);
	size_t frame = frame_begin(&p, FRAME_HELLO);
	pack_uint(&p, WIRE_VERSION + 1);
	frame_end(&p, frame);
	assert_int_equal(read_standard(&p, true, 1, &status, err), INPUT_BAD);
	assert_string_equal(err, "standard input: byte 15: a HELLO of a wire version that is not known; expected 1");
	pack_free(&p);
}

static void a_frame_larger_than_any_read(void **state)
{
	struct pack p = {0};
	char err[400];
	int status;
	uint8_t *big = calloc(1, FRAME_MAX_JSON);

	(void)state;
	add_exit(&p, 5);
	size_t frame = frame_begin(&p, FRAME_JSON);
	pack_bin(&p, big, FRAME_MAX_JSON - 5);
	assert_int_equal(frame_end(&p, frame), 0);
	end_frame(&p, "");
	assert_int_equal(read_standard(&p, true, 3, &status, err), INPUT_DONE);
	free(big);
	pack_free(&p);
}

/* Lets the input work until it has connected. */
static int accept_from(struct input *in, int listener)
{
	struct pollfd watch = { .fd = listener, .events = POLLIN };
	struct frame f;

	while (poll(&watch, 1, 0) == 0) {
		assert_int_equal(input_next(in, &f), INPUT_EMPTY);
		input_wait(in, -1, -1);
	}
	return accept(listener, NULL, NULL);
}

static void the_other_side_comes_back(void **state)
{
	struct place *x = *state;
	struct pack p = {0}, end = {0};
	struct frame f;

	add_hello(&p, "s", false);
	add_exit(&p, 5);
	end_frame(&end, "");
	struct input *in = open_input(x->connect);     /* nobody is there yet */
	assert_int_equal(input_next(in, &f), INPUT_EMPTY);
	int listener = listen_at(x->path);
	for (int round = 0; round < 3; round++) {
		int fd = accept_from(in, listener);
		send_all(fd, &p);
		expect(in, FRAME_HELLO);
		assert_false(input_recorded(in, 0));
		expect(in, FRAME_EXIT);
		if (round == 1)
			assert_int_equal(write(fd, p.data, 20), 20);   /* half a frame: gone with its sender */
		if (round == 2)
			send_all(fd, &end);
		close(fd);
	}
	expect(in, FRAME_END);
	assert_int_equal(next(in, &f), INPUT_DONE);
	assert_int_equal(input_status(in), 0);
	input_free(in);
	close(listener);
	pack_free(&p);
	pack_free(&end);
}

static void several_producers(void **state)
{
	struct place *x = *state;
	struct pack p = {0}, end = {0};
	struct frame f;
	unsigned streams = 0;

	add_hello(&p, "s", false);
	end_frame(&end, "");
	struct input *in = open_input(x->listen);
	int a = connect_to(x->path), b = connect_to(x->path), idle = connect_to(x->path);
	send_all(a, &p);
	send_all(b, &p);
	close(idle);                                   /* says nothing: was no stream */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(next(in, &f), INPUT_FRAME);
		streams |= 1u << f.stream;
	}
	assert_int_equal(__builtin_popcount(streams), 2);
	send_all(a, &end);
	expect(in, FRAME_END);
	close(b);                                      /* without END: must come back */
	input_wait(in, 200, -1);
	assert_int_equal(input_next(in, &f), INPUT_EMPTY);
	int back = connect_to(x->path);
	send_all(back, &p);
	send_all(back, &end);
	assert_int_equal(next(in, &f), INPUT_FRAME);
	assert_true(streams & 1u << f.stream);         /* continues one of the two */
	expect(in, FRAME_END);
	assert_int_equal(next(in, &f), INPUT_DONE);
	close(a);
	close(back);
	input_free(in);
	assert_int_equal(access(x->path, F_OK), -1);
	pack_free(&p);
	pack_free(&end);
}

static void one_descriptor_stands_for_all(void **state)
{
	struct place *x = *state;
	struct pack p = {0};
	struct frame f;
	int fds[4];

	add_hello(&p, "s", false);
	struct input *in = open_input(x->listen);
	assert_int_equal(input_fds(in, fds, 4), 1);
	struct pollfd watch = { .fd = fds[0], .events = POLLIN };
	assert_int_equal(poll(&watch, 1, 0), 0);
	int fd = connect_to(x->path);
	assert_int_equal(poll(&watch, 1, 1000), 1);
	input_read(in);
	assert_int_equal(poll(&watch, 1, 0), 0);
	send_all(fd, &p);
	assert_int_equal(poll(&watch, 1, 1000), 1);
	input_read(in);
	assert_int_equal(input_next(in, &f), INPUT_FRAME);
	int extra[2];
	assert_int_equal(pipe(extra), 0);
	assert_false(input_wait(in, 10, extra[0]));
	assert_int_equal(write(extra[1], "x", 1), 1);
	assert_true(input_wait(in, -1, extra[0]));
	close(extra[0]);
	close(extra[1]);
	close(fd);
	input_free(in);
	pack_free(&p);
}

static void endpoints_that_can_not_be_used(void **state)
{
	static const struct { const char *spec; int status; } bad[] = {
		{ "nonsense", EX_USAGE }, { "unix:", EX_USAGE }, { "listen:/nonexistent/folder/s", EX_OSERR }, { "", EX_USAGE },
	};
	struct place *x = *state;
	char err[400], used[256];
	int status;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		err[0] = '\0';
		assert_null(input_open(&bad[i].spec, 1, err, sizeof err, &status));
		assert_int_equal(status, bad[i].status);
		assert_true(err[0]);
		assert_null(output_open(bad[i].spec, err, sizeof err, &status));
		assert_int_equal(status, bad[i].status);
	}
	snprintf(used, sizeof used, "%s: Address already in use", x->listen);
	struct input *in = open_input(x->listen);
	assert_null(output_open(x->listen, err, sizeof err, &status));
	assert_string_equal(err, used);
	input_free(in);
	close(listen_at(x->path));                     /* left behind by a program that is gone */
	in = open_input(x->listen);
	input_free(in);
}

static struct output *open_output(const char *spec)
{
	char err[400] = "";
	int status;
	struct output *out = output_open(spec, err, sizeof err, &status);

	if (!out)
		fail_msg("%s", err);
	return out;
}

/* In a child: reads a stream from `fd` to END and leaves with 0 when each event's process came before it, `events`
 * events came, and the first frame was HELLO. */
static _Noreturn void consume(int fd, unsigned events, unsigned procs)
{
	struct input *in;
	struct frame f;
	static bool known[100000];
	bool first = true;

	dup2(fd, STDIN_FILENO);
	in = open_input("-");
	while (next(in, &f) == INPUT_FRAME) {
		struct event e;
		size_t at;
		if (first && f.kind != FRAME_HELLO)
			_exit(2);
		first = false;
		if (f.kind == FRAME_PROC && !known[first_number(&f)]) {
			known[first_number(&f)] = true;
			procs--;
		}
		if (f.kind == FRAME_EVENT && (event_decode(&f, &e, &at) != 0 || !known[e.process] || events-- == 0))
			_exit(3);
		if (f.kind == FRAME_END)
			_exit(events ? 4 : procs ? 5 : 0);
	}
	_exit(6);
}

static pid_t consumer(const char *path, unsigned events, unsigned procs)
{
	int fd = connect_to(path);
	pid_t pid = fork();

	if (pid == 0)
		consume(fd, events, procs);
	close(fd);
	return pid;
}

static void assert_left_well(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void who_comes_late_learns_what_is_live(void **state)
{
	enum { PROCESSES = 3000, SIZE = 2000, EVENTS = 200 };
	struct place *x = *state;
	struct output *out = open_output(x->listen);
	struct pack p = {0};

	pid_t early = consumer(x->path, 2 * EVENTS, PROCESSES + 1);
	add_hello(&p, "s", false);
	add_proc(&p, 50000, 0, 0, 5);
	for (uint64_t key = 1; key <= PROCESSES; key++)
		add_proc(&p, key, key / 2, 0, SIZE);
	assert_int_equal(output_flush(out, &p), 0);
	for (uint64_t id = 0; id < EVENTS; id++)
		add_event(&p, id, id + 1, id + 1);
	add_exit(&p, 50000);
	assert_int_equal(output_flush(out, &p), 0);
	/* The early one has had its time to say ACK 0: as an observer it holds nothing back for whoever comes. */
	while (poll(&(struct pollfd){ .fd = output_listen_fd(out), .events = POLLIN }, 1, 300) == 1)
		output_accept(out);

	/* 6 MB of definitions do not hold us up; an event of the last of them brings it along at once. */
	pid_t late = consumer(x->path, EVENTS, PROCESSES);
	while (poll(&(struct pollfd){ .fd = output_listen_fd(out), .events = POLLIN }, 1, 100) == 0)
		;
	output_accept(out);
	for (uint64_t id = 0; id < EVENTS; id++) {
		add_event(&p, id, PROCESSES - id, PROCESSES - id);
		assert_int_equal(output_flush(out, &p), 0);
	}
	/* Without live frames the rest goes out whenever the descriptor says so. */
	while (poll(&(struct pollfd){ .fd = output_listen_fd(out), .events = POLLIN }, 1, 100) == 1)
		output_accept(out);
	end_frame(&p, "");
	assert_int_equal(output_flush(out, &p), 0);
	output_free(out);
	assert_left_well(early);
	assert_left_well(late);
	pack_free(&p);
}

/* In a child: takes one connection, reads a little and goes away; then serves a second one to its END. */
static _Noreturn void come_and_go(const char *path, int ready)
{
	char some[100];
	int listener = listen_at(path);

	if (write(ready, "x", 1) != 1)
		_exit(7);
	int fd = accept(listener, NULL, NULL);
	if (read(fd, some, sizeof some) != sizeof some)
		_exit(8);
	close(fd);
	consume(accept(listener, NULL, NULL), 1, 2);
}

static void definitions_again_after_a_reconnect(void **state)
{
	struct place *x = *state;
	struct pack p = {0};
	int ready[2];
	char byte;

	assert_int_equal(pipe(ready), 0);
	struct output *out = open_output(x->connect);
	pid_t pid = fork();
	if (pid == 0)
		come_and_go(x->path, ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	add_hello(&p, "s", false);
	add_proc(&p, 1, 0, 0, 5);
	add_proc(&p, 2, 1, 0, 1 << 20 >> 1);
	assert_int_equal(output_flush(out, &p), 0);    /* more than a socket holds: the first one goes away in the middle */
	add_event(&p, 1, 2, 2);
	end_frame(&p, "");
	assert_int_equal(output_flush(out, &p), 0);
	output_free(out);
	assert_left_well(pid);
	close(ready[0]);
	close(ready[1]);
	pack_free(&p);
}

/* Whoever waits for its descriptor only, and writes nothing, is connected again all the same. */
static void connects_again_by_itself(void **state)
{
	struct place *x = *state;
	int listener = listen_at(x->path);
	struct output *out = open_output(x->connect);
	struct pollfd coming = { .fd = listener, .events = POLLIN };

	for (int round = 0; round < 3; round++) {
		while (poll(&coming, 1, 0) == 0)
			output_wait(out, -1);
		close(accept(listener, NULL, NULL));
	}
	output_free(out);
	close(listener);
}

static void a_reader_that_has_gone_is_told(void **state)
{
	struct pack p = {0};
	int fds[2], copy = dup(STDOUT_FILENO), rc;

	(void)state;
	fflush(stdout);
	assert_int_equal(pipe(fds), 0);
	dup2(fds[1], STDOUT_FILENO);
	close(fds[0]);
	close(fds[1]);
	struct output *out = open_output(NULL);
	end_frame(&p, "");
	rc = output_flush(out, &p);
	int error = errno;
	dup2(copy, STDOUT_FILENO);
	close(copy);
	assert_int_equal(rc, -1);
	assert_int_equal(error, EPIPE);
	assert_int_equal(output_listen_fd(out), -1);
	output_free(out);
	pack_free(&p);
}

int main(void)
{
	signal(SIGPIPE, SIG_IGN);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(how_standard_input_ends, setup, teardown),
		cmocka_unit_test_setup_teardown(a_version_that_is_not_known, setup, teardown),
		cmocka_unit_test_setup_teardown(a_frame_larger_than_any_read, setup, teardown),
		cmocka_unit_test_setup_teardown(the_other_side_comes_back, setup, teardown),
		cmocka_unit_test_setup_teardown(several_producers, setup, teardown),
		cmocka_unit_test_setup_teardown(one_descriptor_stands_for_all, setup, teardown),
		cmocka_unit_test_setup_teardown(endpoints_that_can_not_be_used, setup, teardown),
		cmocka_unit_test_setup_teardown(who_comes_late_learns_what_is_live, setup, teardown),
		cmocka_unit_test_setup_teardown(definitions_again_after_a_reconnect, setup, teardown),
		cmocka_unit_test_setup_teardown(connects_again_by_itself, setup, teardown),
		cmocka_unit_test_setup_teardown(a_reader_that_has_gone_is_told, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
