/* A BTF made of the kernel's, for libbpf: of the types that our programs name, each under its own id, as bpf_rdonly_cast wants the
 * kernel's. What lies behind a pointer is left out, and in the place of all else there is something small without a name. */
#include "kernel_types.h"

#include <bpf/btf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wire/pack.h"

struct names {
	const char **slots;
	uint32_t mask;
};

struct subset {
	const struct kernel_types *t;
	bool *in;                              /* by id */
	uint32_t last;                         /* id that is in */
	struct pack out, strings;
};

/* A name without what libbpf takes for a flavor: see kernel.h. */
static size_t essence(const char *name)
{
	const char *flavor = strstr(name, "___");

	return flavor && flavor != name ? (size_t)(flavor - name) : strlen(name);
}

/* The place of a name, or that where it would be. */
static const char **slot(const struct names *names, const char *name, size_t len)
{
	uint32_t h = 2166136261;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (uint8_t)name[i]) * 16777619;
	for (h &= names->mask;; h = (h + 1) & names->mask) {
		const char **s = &names->slots[h];
		if (!*s || (strncmp(*s, name, len) == 0 && essence(*s) == len))
			return s;
	}
}

/* Returns 0, or -1 without memory. */
static int take_names(struct names *names, const struct btf *local)
{
	uint32_t n = btf__type_cnt(local), room = 1;

	while (room < 2 * n)
		room *= 2;
	names->mask = room - 1;
	names->slots = calloc(room, sizeof *names->slots);
	if (!names->slots)
		return -1;
	for (uint32_t id = 1; id < n; id++) {
		const struct btf_type *type = btf__type_by_id(local, id);
		const char *name = btf__name_by_offset(local, type->name_off);
		if (name && *name && kernel_type_has_use(type))
			*slot(names, name, essence(name)) = name;
	}
	return 0;
}

/* A type and all that is in it. */
static void include(struct subset *s, uint32_t id)
{
	const struct btf_type *type = kernel_type(s->t, id);

	if (!type || s->in[id])
		return;
	switch (btf_kind(type)) {
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
	case BTF_KIND_ARRAY:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_CONST:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_TYPE_TAG:
	case BTF_KIND_PTR:
	case BTF_KIND_INT:
	case BTF_KIND_FLOAT:
	case BTF_KIND_FWD:
		break;
	default:
		return;
	}
	s->in[id] = true;
	if (id > s->last)
		s->last = id;
	for (unsigned i = 0; btf_is_composite(type) && i < btf_vlen(type); i++)
		include(s, btf_members(type)[i].type);
	if (btf_is_array(type)) {
		include(s, btf_array(type)->type);
		include(s, btf_array(type)->index_type);
	}
	if (btf_is_typedef(type) || btf_is_mod(type))
		include(s, type->type);
}

static uint32_t string(struct subset *s, uint32_t offset)
{
	const char *text = kernel_string(s->t, offset);
	uint32_t at = (uint32_t)s->strings.len;

	if (!*text)
		return 0;
	pack_raw(&s->strings, text, strlen(text) + 1);
	return at;
}

static void copy(struct subset *s, uint32_t id)
{
	const struct btf_type *type = kernel_type(s->t, id);
	size_t n = kernel_type_size(type);
	struct btf_type *to = (struct btf_type *)pack_room(&s->out, n);

	memcpy(to, type, n);
	s->out.len += n;
	to->name_off = string(s, type->name_off);
	if (btf_is_ptr(type))
		to->type = 0;
	for (unsigned i = 0; i < btf_vlen(type); i++) {
		if (btf_is_composite(type))
			btf_members(to)[i].name_off = string(s, btf_members(type)[i].name_off);
		else if (btf_is_enum(type))
			btf_enum(to)[i].name_off = string(s, btf_enum(type)[i].name_off);
		else if (btf_is_enum64(type))
			btf_enum64(to)[i].name_off = string(s, btf_enum64(type)[i].name_off);
	}
}

static void compose(struct subset *s)
{
	static const struct btf_type nothing = { .info = (uint32_t)BTF_KIND_FUNC_PROTO << 24 };
	struct btf_header h = { .magic = BTF_MAGIC, .version = BTF_VERSION, .hdr_len = sizeof h };

	pack_raw(&s->out, &h, sizeof h);
	pack_raw(&s->strings, "", 1);
	for (uint32_t id = 1; id <= s->last; id++) {
		if (s->in[id])
			copy(s, id);
		else
			pack_raw(&s->out, &nothing, sizeof nothing);
	}
	h.type_len = h.str_off = (uint32_t)(s->out.len - sizeof h);
	h.str_len = (uint32_t)s->strings.len;
	memcpy(s->out.data, &h, sizeof h);
	pack_raw(&s->out, s->strings.data, s->strings.len);
}

int kernel_types_subset(const struct kernel_types *t, const struct btf *local, int file)
{
	struct subset s = { .t = t, .in = calloc(t->count, sizeof *s.in) };
	struct names names = {0};
	int error = ENOMEM;

	if (s.in && take_names(&names, local) == 0) {
		for (uint32_t i = 0; i < t->n_named; i++) {
			const char *name = kernel_string(t, kernel_type(t, t->named[i])->name_off);
			if (*slot(&names, name, strlen(name)))
				include(&s, t->named[i]);
		}
		compose(&s);
		ssize_t n = write(file, s.out.data, s.out.len);
		error = n == (ssize_t)s.out.len ? 0 : n < 0 ? errno : ENOSPC;
	}
	pack_free(&s.out);
	pack_free(&s.strings);
	free(names.slots);
	free(s.in);
	errno = error;
	return error ? -1 : 0;
}
