/* Writing HELLO. */
#include "hello.h"

#include <string.h>
#include <sys/utsname.h>

#include "event.h"

static const char *set_name(unsigned set)
{
	static const char *const names[SET_COUNT] = {
#define FLAGSET(name, entries) [SET_##name] = #name,
#include "flags.def"
#undef FLAGSET
	};
	return names[set];
}

static void pack_param(struct pack *p, const struct param *param)
{
	static const char *const formats[] = { [FMT_DEC] = "d", [FMT_HEX] = "x", [FMT_OCT] = "o" };

	pack_array(p, 5);
	pack_str(p, param->name);
	pack_str(p, param_type_name(param->type));
	pack_str(p, formats[param->format]);
	pack_str(p, set_name(param->set));
	if (param->dir >= 0)
		pack_uint(p, (uint64_t)param->dir);
	else
		pack_nil(p);
}

static void pack_schema(struct pack *p)
{
	uint32_t n = 0;

	for (unsigned i = 0; i < EVENT_TYPES; i++)
		n += event_type(i) != NULL;
	pack_array(p, n);
	for (unsigned i = 0; i < EVENT_TYPES; i++) {
		const struct event_type *t = event_type(i);
		if (!t)
			continue;
		pack_array(p, 4);
		pack_uint(p, t->number);
		pack_str(p, t->name);
		pack_str(p, t->category);
		pack_array(p, t->nparams);
		for (unsigned k = 0; k < t->nparams; k++)
			pack_param(p, &t->params[k]);
	}
}

static void pack_links(struct pack *p, const struct hello_content *h)
{
	pack_array(p, h->nlinks);
	for (unsigned i = 0; i < h->nlinks; i++) {
		pack_array(p, 2);
		pack_bin(p, h->links[i].link, strlen(h->links[i].link));
		pack_bin(p, h->links[i].target, strlen(h->links[i].target));
	}
}

void hello_frame(struct pack *p, const struct hello_content *h)
{
	struct utsname u = {0};
	size_t frame = frame_begin(p, FRAME_HELLO);

	uname(&u);
	pack_uint(p, WIRE_VERSION);
	pack_str(p, h->program);
	pack_str(p, SAKER_VERSION);
	source_pack(p, &h->source);
	pack_str(p, h->recorded ? "recorded" : "live");
	/* What was recorded may have been so on another machine. */
	pack_str(p, h->recorded ? NULL : u.release);
	pack_str(p, h->recorded ? NULL : u.machine);
	pack_int(p, h->clock_offset || h->recorded ? h->clock_offset : clock_offset());
	if (h->eventless)
		pack_array(p, 0);
	else
		pack_schema(p);
	pack_array(p, h->ntypes);
	for (unsigned i = 0; i < h->ntypes; i++)
		pack_uint(p, h->types[i]);
	pack_str(p, h->plan);
	pack_links(p, h);
	frame_end(p, frame);
}
