/* Users and groups. What has no name is called <NA>, as Falco does, and that is a value. */
#include <stdio.h>
#include <string.h>

#include "field_get.h"
#include "wire/fact.h"

int field_container(const struct context *c, const char **id, uint32_t *n)
{
	struct value v;

	if (!c->process)
		return -1;
	if (!process_fact(c->process, c->thread, FACT_CONTAINER, &v))
		return 0;
	return field_bytes(&v, id, n) ? 1 : -1;
}

/* The scope of users: the container's id, or NULL for the host; `buf` holds it. */
static const char *field_scope(const struct context *c, char *buf, size_t cap)
{
	const char *id;
	uint32_t n;

	if (field_container(c, &id, &n) != 1)
		return NULL;
	snprintf(buf, cap, "%.*s", (int)n, id);
	return buf;
}

static int with_default(struct field_value *out, const struct value *v, int64_t number, const char *root)
{
	const char *s;
	uint32_t n;

	if (v && field_bytes(v, &s, &n))
		return field_text(out, s, n);
	return field_puts(out, number == 0 && root ? root : "<NA>");
}

int field_user_name(const struct context *c, bool group, int64_t number, struct field_value *out)
{
	char scope[80];
	struct name name;
	bool known = number >= 0 && state_name(c->state, field_scope(c, scope, sizeof scope), group, (uint64_t)number, &name);

	return with_default(out, known ? &name.name : NULL, number, "root");
}

/* Effective ids are Falco's; where they are unknown the real ones stand in. */
static bool id_fact(const struct context *c, enum fact effective, enum fact real, int64_t *id)
{
	struct value v;

	return (field_fact(c, effective, &v) || field_fact(c, real, &v)) && value_i64(&v, id);
}

static bool login_uid(const struct context *c, int64_t *id)
{
	struct value v;

	if (!c->process)
		return false;
	if (!process_fact(c->process, c->thread, FACT_LOGINUID, &v) || !value_i64(&v, id) || *id == UINT32_MAX)
		*id = -1;
	return true;
}

int get_uid(const struct field_ref *f, struct context *c, struct field_value *out)
{
	(void)f;
	return id_fact(c, FACT_EUID, FACT_UID, &out->i) ? 1 : -1;
}

int get_gid(const struct field_ref *f, struct context *c, struct field_value *out)
{
	(void)f;
	return id_fact(c, FACT_EGID, FACT_GID, &out->i) ? 1 : -1;
}

int get_loginuid(const struct field_ref *f, struct context *c, struct field_value *out)
{
	(void)f;
	return login_uid(c, &out->i) ? 1 : -1;
}

int get_user(const struct field_ref *f, struct context *c, struct field_value *out)
{
	enum user_what what = f->def->what;
	char scope[80];
	struct name name;
	int64_t id;

	bool found = what == USER_LOGINNAME ? login_uid(c, &id) : what == USER_GROUP ?
		id_fact(c, FACT_EGID, FACT_GID, &id) : id_fact(c, FACT_EUID, FACT_UID, &id);
	if (!found)
		return -1;
	if (what != USER_HOME && what != USER_SHELL)
		return field_user_name(c, what == USER_GROUP, id, out);
	bool known = id >= 0 && state_name(c->state, field_scope(c, scope, sizeof scope), false, (uint64_t)id, &name);
	if (what == USER_HOME)
		return with_default(out, known ? &name.home : NULL, id, "/root");
	return with_default(out, known ? &name.shell : NULL, id, NULL);
}
