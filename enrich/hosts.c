/* Looking names of hosts up. */
#include "hosts.h"

#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "wire/log.h"
#include "wire/stat.h"

enum { NAMES_MAX = 1024, NAME_LENGTH = 253, ADDRESSES_MAX = 64 };
#define SECOND UINT64_C(1000000000)

struct address {
	uint8_t len, bytes[16];
};

struct host {
	char name[NAME_LENGTH + 1];
	struct address addresses[ADDRESSES_MAX];
	unsigned n;
	uint64_t until;                         /* wall clock, ns; 0: the addresses are not known */
	uint64_t due;                           /* the loop's clock, ms */
	bool failed;                            /* it was said that it can not be found */
};

struct hosts {
	struct host *host;
	unsigned n;
	uint64_t ttl;                           /* seconds */
	uv_loop_t *loop;
	uv_getaddrinfo_t request;
	bool busy;
	unsigned asked;                         /* that the request is of */
	struct pack *out;
	void (*told)(void *);
	void *arg;
};

static void add(struct hosts *h, const char *path, unsigned line, const char *name)
{
	if (strlen(name) > NAME_LENGTH)
		diex(EX_CONFIG, "%s:%u: found a name of %zu characters, expected at most %d", path, line, strlen(name), NAME_LENGTH);
	for (const char *p = name; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("-._", *p) && (unsigned char)*p < 0x80)
			diex(EX_CONFIG, "%s:%u:%d: found '%c' in the name of a host, expected letters, digits, -, . and _", path, line,
				(int)(p - name) + 1, *p);
	for (unsigned i = 0; i < h->n; i++)
		if (strcmp(h->host[i].name, name) == 0)
			return;
	if (h->n == NAMES_MAX)
		diex(EX_CONFIG, "%s:%u: found more than %d names, expected fewer", path, line, NAMES_MAX);
	h->host = realloc(h->host, (h->n + 1) * sizeof *h->host);
	if (!h->host)
		diex(EX_OSERR, "out of memory: %u names of hosts", h->n);
	h->host[h->n] = (struct host){0};
	snprintf(h->host[h->n++].name, sizeof h->host->name, "%s", name);
}

struct hosts *hosts_read(const char *path, uint64_t ttl)
{
	struct hosts *h = calloc(1, sizeof *h);
	FILE *fp = fopen(path, "re");
	char *text = NULL;
	size_t cap = 0;
	ssize_t n;

	if (!h)
		diex(EX_OSERR, "out of memory");
	if (!fp)
		die(EX_CONFIG, "%s", path);
	h->ttl = ttl;
	for (unsigned line = 1; (n = getline(&text, &cap, fp)) >= 0; line++) {
		char *name = text;
		text[strcspn(text, "#\n")] = '\0';
		while (isspace((unsigned char)*name))
			name++;
		for (size_t len = strlen(name); len && isspace((unsigned char)name[len - 1]); len--)
			name[len - 1] = '\0';
		if (*name)
			add(h, path, line, name);
	}
	if (ferror(fp))
		die(EX_CONFIG, "%s", path);
	free(text);
	fclose(fp);
	return h;
}

void hosts_free(struct hosts *h)
{
	if (h)
		free(h->host);
	free(h);
}

void hosts_begin(struct hosts *h, uv_loop_t *loop, struct pack *out, void (*told)(void *), void *arg)
{
	h->loop = loop;
	h->out = out;
	h->told = told;
	h->arg = arg;
}

static void pack_host(struct pack *out, const struct host *h)
{
	size_t f = frame_begin(out, FRAME_HOST);

	pack_str(out, h->name);
	pack_array(out, h->n);
	for (unsigned i = 0; i < h->n; i++)
		pack_bin(out, h->addresses[i].bytes, h->addresses[i].len);
	pack_uint(out, h->until);
	frame_end(out, f);
}

static void take_address(struct host *h, const struct addrinfo *a)
{
	struct address new = { .len = a->ai_family == AF_INET ? 4 : 16 };

	if (a->ai_family == AF_INET)
		memcpy(new.bytes, &((const struct sockaddr_in *)(const void *)a->ai_addr)->sin_addr, 4);
	else if (a->ai_family == AF_INET6)
		memcpy(new.bytes, &((const struct sockaddr_in6 *)(const void *)a->ai_addr)->sin6_addr, 16);
	else
		return;
	for (unsigned i = 0; i < h->n; i++)
		if (memcmp(&h->addresses[i], &new, sizeof new) == 0)
			return;
	if (h->n < ADDRESSES_MAX)
		h->addresses[h->n++] = new;
}

/* Addresses live twice as long as the time between two look-ups, so that a server which is slow once does not matter. */
static bool take_answer(struct hosts *h, struct host *host, int status, const struct addrinfo *found)
{
	uint64_t now = clock_wall();

	if (status == 0) {
		host->n = 0;
		for (; found; found = found->ai_next)
			take_address(host, found);
		host->until = now + 2 * h->ttl * SECOND;
		host->failed = false;
		return true;
	}
	if (!host->failed)
		log_warnx("%s: the addresses of this host can not be found: %s", host->name, uv_strerror(status));
	host->failed = true;
	if (!host->n || host->until > now)
		return false;
	host->n = 0;
	host->until = 0;
	return true;
}

static void on_answer(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
	struct hosts *h = request->data;
	struct host *host = &h->host[h->asked];

	h->busy = false;
	if (status != UV_ECANCELED && take_answer(h, host, status, found))
		pack_host(h->out, host);
	uv_freeaddrinfo(found);
	if (status == UV_ECANCELED)
		return;
	hosts_check(h);
	h->told(h->arg);
}

void hosts_check(struct hosts *h)
{
	static const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	uint64_t now = uv_now(h->loop);
	unsigned i = 0;

	while (i < h->n && h->host[i].due > now)
		i++;
	if (h->busy || i == h->n)
		return;
	h->host[i].due = now + h->ttl * 1000;
	h->asked = i;
	h->request.data = h;
	int rc = uv_getaddrinfo(h->loop, &h->request, on_answer, h->host[i].name, NULL, &hints);
	h->busy = rc == 0;
	if (rc != 0)
		take_answer(h, &h->host[i], rc, NULL);
}

void hosts_send(struct hosts *h, struct pack *out)
{
	for (unsigned i = 0; i < h->n; i++)
		pack_host(out, &h->host[i]);
	hosts_check(h);
}

bool hosts_busy(const struct hosts *h)
{
	return h->busy;
}
