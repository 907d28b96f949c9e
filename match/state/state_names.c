/* What enrich tells of users, groups, containers and hosts: copies of the frames' bodies, found by hash. */
#include <stdlib.h>
#include <string.h>
#include <stdio.h>

#include "state_parts.h"

/* No record says that a container has gone for good: when there are more, those leave that were told of longest ago. */
enum { CONTAINERS_MAX = 65536 };

struct user {
	struct user *next;              /* of the same hash */
	uint64_t number;
	bool group;
	char scope[72];                 /* "": host */
	struct name name;
	uint8_t data[];
};

struct field_entry {
	const char *name;
	uint32_t len;
	struct value value;
};

struct container {
	struct container *next;         /* of the same hash */
	struct container *older, *newer;
	uint32_t id_len, nfields;
	const char *id;
	struct field_entry *fields;
	uint8_t data[];
};

struct host {
	struct host *next;
	struct value name, addresses;
	uint64_t until;
	uint8_t data[];
};

static uint64_t hash_bytes(uint64_t h, const char *p, size_t n)
{
	while (n--)
		h = (h ^ (uint8_t)*p++) * 0x100000001b3u;
	return h;
}

static uint64_t user_hash(const char *scope, bool group, uint64_t number)
{
	return hash_bytes(number * 2 + group, scope, strlen(scope));
}

static uint64_t container_hash(const char *id, size_t n)
{
	return hash_bytes(0xcbf29ce484222325u, id, n);
}

/* The link that points to the user, or to the end of its chain. */
static struct user **find_user(struct user **chain, const char *scope, bool group, uint64_t number)
{
	while (*chain && ((*chain)->number != number || (*chain)->group != group || strcmp((*chain)->scope, scope) != 0))
		chain = &(*chain)->next;
	return chain;
}

static bool read_scope(struct reader *r, char *scope, size_t cap)
{
	struct value v;
	const uint8_t *p;
	uint32_t n;

	scope[0] = '\0';
	if (!reader_value(r, &v))
		return false;
	if (v.type == VALUE_UINT)
		snprintf(scope, cap, "%llu", (unsigned long long)v.u);
	else if (value_bytes(&v, &p, &n))
		snprintf(scope, cap, "%.*s", (int)n, (const char *)p);
	return v.type == VALUE_NIL || scope[0];
}

/* Replaces or removes the user of a chain and puts the chain back. */
static void put_user(struct state_names *names, struct user *u, const char *scope, bool group, uint64_t number)
{
	uint64_t hash = user_hash(scope, group, number);
	struct user *chain = map_get(&names->users, hash);
	struct user **link = find_user(&chain, scope, group, number), *old = *link;

	if (old)
		*link = old->next;
	free(old);
	if (u) {
		u->next = chain;
		chain = u;
	}
	if (chain)
		map_put(&names->users, hash, chain);
	else
		map_remove(&names->users, hash);
}

int state_names_user(struct state_names *names, const struct frame *f, size_t *at)
{
	struct user *u = state_alloc(sizeof *u + f->len);
	struct frame copy = *f;
	const char *type;
	uint32_t len;

	memcpy(u->data, f->body, f->len);
	copy.body = u->data;
	struct reader r = reader_open(&copy, at);
	if (!read_scope(&r, u->scope, sizeof u->scope) || !reader_bytes(&r, &type, &len) || !reader_u64(&r, &u->number) ||
		!reader_value(&r, &u->name.name)) {
		free(u);
		return -1;
	}
	if (!reader_value(&r, &u->name.home) || !reader_value(&r, &u->name.shell))
		u->name.shell.type = VALUE_NIL;
	u->group = len == 5 && memcmp(type, "group", 5) == 0;
	if (u->name.name.type != VALUE_NIL) {
		put_user(names, u, u->scope, u->group, u->number);
	} else {
		put_user(names, NULL, u->scope, u->group, u->number);
		free(u);
	}
	return 0;
}

bool state_name(const struct state *s, const char *container, bool group, uint64_t number, struct name *out)
{
	const char *scope = container ? container : "";
	struct user *chain = map_get(&s->names.users, user_hash(scope, group, number));
	const struct user *u = *find_user(&chain, scope, group, number);

	if (u)
		*out = u->name;
	return u != NULL;
}

static struct container **find_container(struct container **chain, const char *id, size_t n)
{
	while (*chain && ((*chain)->id_len != n || memcmp((*chain)->id, id, n) != 0))
		chain = &(*chain)->next;
	return chain;
}

static void container_free(struct container *c)
{
	free(c->fields);
	free(c);
}

static void list_add(struct state_names *names, struct container *c)
{
	c->older = names->newest;
	*(names->newest ? &names->newest->newer : &names->oldest) = c;
	names->newest = c;
	names->ncontainers++;
}

static void list_take(struct state_names *names, struct container *c)
{
	*(c->older ? &c->older->newer : &names->oldest) = c->newer;
	*(c->newer ? &c->newer->older : &names->newest) = c->older;
	names->ncontainers--;
}

static bool index_container(struct container *c, struct reader *r)
{
	struct value map, key;
	const uint8_t *p;
	uint32_t n;

	if (!reader_bytes(r, &c->id, &c->id_len) || !reader_value(r, &map) || map.type != VALUE_MAP)
		return false;
	c->fields = state_alloc((map.a.count + 1) * sizeof *c->fields);
	struct reader in = { r->f, map.a.inside, r->at };
	while (in.c.p < in.c.end) {
		struct field_entry *e = &c->fields[c->nfields];
		if (!reader_value(&in, &key) || !value_bytes(&key, &p, &n) || !reader_value(&in, &e->value))
			return false;
		e->name = (const char *)p;
		e->len = n;
		c->nfields++;
	}
	return true;
}

static void forget_container(struct state_names *names, const char *id, uint32_t id_len)
{
	uint64_t hash = container_hash(id, id_len);
	struct container *chain = map_get(&names->containers, hash);
	struct container **link = find_container(&chain, id, id_len), *c = *link;

	if (!c)
		return;
	*link = c->next;
	if (chain)
		map_put(&names->containers, hash, chain);
	else
		map_remove(&names->containers, hash);
	list_take(names, c);
	container_free(c);
}

static void put_container(struct state_names *names, struct container *c)
{
	uint64_t hash = container_hash(c->id, c->id_len);

	forget_container(names, c->id, c->id_len);
	if (names->ncontainers >= CONTAINERS_MAX)
		forget_container(names, names->oldest->id, names->oldest->id_len);
	c->next = map_get(&names->containers, hash);
	map_put(&names->containers, hash, c);
	list_add(names, c);
}

int state_names_container(struct state_names *names, const struct frame *f, size_t *at)
{
	struct container *c = state_alloc(sizeof *c + f->len);
	struct frame copy = *f;

	memcpy(c->data, f->body, f->len);
	copy.body = c->data;
	struct reader r = reader_open(&copy, at);
	if (!index_container(c, &r)) {
		container_free(c);
		return -1;
	}
	put_container(names, c);
	return 0;
}

bool state_container(const struct state *s, const char *id, size_t idlen, const char *field, struct value *v)
{
	struct container *chain = map_get(&s->names.containers, container_hash(id, idlen));
	const struct container *c = *find_container(&chain, id, idlen);
	size_t n = strlen(field);

	for (uint32_t i = 0; c && i < c->nfields; i++)
		if (c->fields[i].len == n && memcmp(c->fields[i].name, field, n) == 0) {
			*v = c->fields[i].value;
			return v->type != VALUE_NIL;
		}
	return false;
}

static bool same_value(const struct value *a, const struct value *b)
{
	const uint8_t *p, *q;
	uint32_t n, m;

	return value_bytes(a, &p, &n) && value_bytes(b, &q, &m) && n == m && memcmp(p, q, n) == 0;
}

int state_names_host(struct state_names *names, const struct frame *f, size_t *at)
{
	struct host *h = state_alloc(sizeof *h + f->len), **link = &names->hosts;
	struct frame copy = *f;

	memcpy(h->data, f->body, f->len);
	copy.body = h->data;
	struct reader r = reader_open(&copy, at);
	if (!reader_value(&r, &h->name) || !reader_value(&r, &h->addresses) || !reader_u64(&r, &h->until)) {
		free(h);
		return -1;
	}
	while (*link && !same_value(&(*link)->name, &h->name))
		link = &(*link)->next;
	struct host *old = *link;
	h->next = old ? old->next : NULL;
	*link = h;
	free(old);
	return 0;
}

static bool has_address(const struct host *h, const uint8_t *addr, uint32_t len)
{
	struct cursor c = h->addresses.a.inside;
	struct value v;

	if (h->addresses.type != VALUE_ARRAY)
		return false;
	while (value_next(&c, &v) == 1)
		if (v.type == VALUE_BIN && v.s.len == len && memcmp(v.s.data, addr, len) == 0)
			return true;
	return false;
}

unsigned state_host(const struct state *s, const uint8_t *addr, uint32_t len, uint64_t time, struct value *names, unsigned max)
{
	unsigned n = 0;

	for (const struct host *h = s->names.hosts; h && n < max; h = h->next)
		if (time <= h->until && has_address(h, addr, len))
			names[n++] = h->name;
	return n;
}

bool state_has_hosts(const struct state *s)
{
	return s->names.hosts != NULL;
}

void state_names_free(struct state_names *names)
{
	for (size_t i = 0; i < names->users.cap; i++)
		for (struct user *u = names->users.slots[i].value, *next; u; u = next) {
			next = u->next;
			free(u);
		}
	map_free(&names->users);
	for (struct container *c = names->oldest, *next; c; c = next) {
		next = c->newer;
		container_free(c);
	}
	map_free(&names->containers);
	for (struct host *h = names->hosts, *next; h; h = next) {
		next = h->next;
		free(h);
	}
	*names = (struct state_names){0};
}
