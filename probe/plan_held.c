/* Which plan is in force stands in the maps, by its serial number; its text lies beside them, in memory that all readers inherit. It is
 * written there before the exchange, so that whoever comes after a reader that has died in between knows what it has to do with. */
#include "plan_held.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "plan_load.h"
#include "wire/log.h"

struct text_head {
	uint64_t serial, len;
};
/* The plan that HELLO has. */
enum { FIRST_SERIAL = 1 };

int plan_held_create(int texts[2])
{
	for (int i = 0; i < 2; i++)
		if ((texts[i] = memfd_create("plan", MFD_CLOEXEC)) < 0)
			return -1;
	return 0;
}

static int write_all(int fd, const void *data, size_t n)
{
	const char *p = data;

	for (ssize_t did; n > 0; p += did, n -= (size_t)did)
		if ((did = write(fd, p, n)) < 0)
			return -1;
	return 0;
}

static int read_all(int fd, void *data, size_t n)
{
	char *p = data;

	for (ssize_t did; n > 0; p += did, n -= (size_t)did)
		if ((did = read(fd, p, n)) <= 0)
			return -1;
	return 0;
}

static int put_text(const struct held *h, uint32_t serial, const struct plan *p)
{
	struct pack text = {0};
	int fd = h->plans[serial & 1];

	plan_print(p, &text);
	struct text_head head = { serial, text.len };
	int rc = lseek(fd, 0, SEEK_SET) == 0 && write_all(fd, &head, sizeof head) == 0 && write_all(fd, text.data, text.len) == 0 ? 0 : -1;
	pack_free(&text);
	return rc;
}

static struct plan *get_text(const struct held *h, uint32_t serial, char *err, size_t errlen)
{
	int fd = h->plans[serial & 1];
	struct text_head head;
	struct plan *p = NULL;
	char *text;

	snprintf(err, errlen, "its text is not there");
	if (lseek(fd, 0, SEEK_SET) != 0 || read_all(fd, &head, sizeof head) != 0 || head.serial != serial || head.len > PLAN_TEXT_MAX)
		return NULL;
	text = malloc(head.len + 1);
	if (text && read_all(fd, text, head.len) == 0)
		p = plan_parse("the plan in force", text, head.len, err, errlen);
	free(text);
	return p;
}

int plan_held_take(const struct held *h, struct pack *out)
{
	uint32_t serial = kernel_plan_serial(h->kernel);
	bool types[EVENT_TYPES];
	char err[512];

	if (!h->config->plan)
		return 0;
	if (serial == FIRST_SERIAL) {
		kernel_take_plan(h->kernel, h->config->types);
		return 0;
	}
	struct plan *p = get_text(h, serial, err, sizeof err);
	if (!p) {
		log_warnx("plan %u, which is in force, can not be told: %s", serial, err);
		return -1;
	}
	plan_types(p, types);
	kernel_take_plan(h->kernel, types);
	plan_frame(out, p);
	plan_free(p);
	return 0;
}

/* Calls are seen before they are made while either plan wants that. */
static int exchange(const struct held *h, const struct plan *p)
{
	bool types[EVENT_TYPES];

	plan_types(p, types);
	bool enter = kernel_wants_enter(types);
	if (put_text(h, kernel_plan_serial(h->kernel) + 1, p) != 0 || (enter && held_ask(h, HELD_ENTER_ON) != 0) ||
	    kernel_set_plan(h->kernel, p, types) != 0)
		return -1;
	return enter ? 0 : held_ask(h, HELD_ENTER_OFF);
}

static struct plan *load(const struct held *h, struct pack *frame, char *err, size_t errlen)
{
	struct plan *p = plan_load(h->plan_path, err, errlen);

	if (!p)
		return NULL;
	plan_frame(frame, p);
	if (frame->len > h->buffer_size / 2)
		snprintf(err, errlen, "%s: found a plan of %zu bytes, expected at most %zu, half of probe.replay_buffer", h->plan_path,
			frame->len, h->buffer_size / 2);
	else if (exchange(h, p) != 0)
		snprintf(err, errlen, "the kernel does not take the plan: %s", strerror(errno));
	else
		return p;
	plan_free(p);
	return NULL;
}

void plan_held_reload(const struct held *h, struct pack *out, char answer[PLAN_ANSWER_MAX])
{
	struct pack frame = {0};
	char err[512];
	unsigned number = kernel_plan_serial(h->kernel);
	struct plan *p = load(h, &frame, err, sizeof err);

	if (p) {
		snprintf(answer, PLAN_ANSWER_MAX, "reloaded %u", number);
		pack_raw(out, frame.data, frame.len);
	} else {
		log_warnx("%s; the plan stays as it is", err);
		snprintf(answer, PLAN_ANSWER_MAX, "refused %u: %s", number, err);
	}
	plan_free(p);
	pack_free(&frame);
}
