/* Services by name. */
#include "services.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stddef.h>
#include <string.h>

#include "wire/arena.h"
#include "vec.h"

struct service {
	const char *name;
	uint16_t port;
};

/* As the C library's own they belong to the process: whoever compiles a rule asks the same host. */
static struct services {
	struct arena arena;
	struct service *all;
	size_t n, cap;
	bool read;
} host;

static void add(struct services *s, const char *name, int port)
{
	s->all = vec_room(&s->arena, s->all, s->n, &s->cap, sizeof *s->all);
	s->all[s->n++] = (struct service){ arena_strn(&s->arena, name, strlen(name)), ntohs((uint16_t)port) };
}

/* In the order of the files: of two with the same name the first counts, as for getservbyname(3). */
void services_read(void)
{
	if (host.read)
		return;
	setservent(1);
	for (const struct servent *e; (e = getservent());) {
		add(&host, e->s_name, e->s_port);
		for (char **alias = e->s_aliases; *alias; alias++)
			add(&host, *alias, e->s_port);
	}
	endservent();
	host.read = true;
}

bool services_port(const char *name, uint16_t *port)
{
	services_read();
	for (size_t i = 0; i < host.n; i++)
		if (strcmp(host.all[i].name, name) == 0) {
			*port = host.all[i].port;
			return true;
		}
	return false;
}
