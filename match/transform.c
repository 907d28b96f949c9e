/* What transformers do. */
#include "transform.h"

#include <ctype.h>
#include <string.h>

#include "match/fields/field_text.h"

const char *const transform_names[] = { "tolower", "toupper", "b64", "basename", "len", "join", "concat", "getopt", NULL };

int transform_find(const char *name, size_t n)
{
	for (int i = 0; transform_names[i]; i++)
		if (strlen(transform_names[i]) == n && memcmp(transform_names[i], name, n) == 0)
			return i;
	return -1;
}

static void change_case(const struct field_value *v, bool upper, struct arena *a, struct field_value *out)
{
	char *p = arena_alloc(a, v->s.n + 1);

	for (uint32_t i = 0; i < v->s.n; i++) {
		bool change = upper ? v->s.p[i] >= 'a' && v->s.p[i] <= 'z' : v->s.p[i] >= 'A' && v->s.p[i] <= 'Z';
		p[i] = change ? (char)(v->s.p[i] ^ 0x20) : v->s.p[i];
	}
	field_text(out, p, v->s.n);
}

static void basename_of(const struct field_value *v, struct field_value *out)
{
	const char *slash = memrchr(v->s.p, '/', v->s.n), *start = slash ? slash + 1 : v->s.p;

	field_text(out, start, v->s.n - (size_t)(start - v->s.p));
}

static int sextet(unsigned char c)
{
	if (isupper(c))
		return c - 'A';
	if (islower(c))
		return c - 'a' + 26;
	if (isdigit(c))
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Padding may be left out; anything else that is not base64 has no value. */
static bool from_b64(const struct field_value *v, struct arena *a, struct field_value *out)
{
	uint32_t n = v->s.n, bits = 0, held = 0, written = 0;
	unsigned char *p = arena_alloc(a, v->s.n / 4 * 3 + 4);

	for (int pad = 0; pad < 2 && n && n % 4 == 0 && v->s.p[n - 1] == '='; pad++) {
		n--;
		if (n % 4 == 3 && n && v->s.p[n - 1] == '=') {
			n--;
			break;
		}
	}
	if (n % 4 == 1)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		int six = sextet((unsigned char)v->s.p[i]);
		if (six < 0)
			return false;
		held = held << 6 | (uint32_t)six;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			p[written++] = (unsigned char)(held >> bits & 0xff);
		}
	}
	field_text(out, p, written);
	return true;
}

static int each(const struct transform *t, const struct transform_input *in, struct arena *a, struct field_value *out)
{
	for (int i = 0; i < in->n; i++) {
		switch (t->kind) {
		case TO_LOWER: change_case(&in->v[i], false, a, &out[i]); break;
		case TO_UPPER: change_case(&in->v[i], true, a, &out[i]); break;
		case BASENAME: basename_of(&in->v[i], &out[i]); break;
		default:
			if (!from_b64(&in->v[i], a, &out[i]))
				return -1;
		}
	}
	return in->n;
}

static int length(const struct transform *t, const struct transform_input *in, struct field_value *out)
{
	if (t->tuple)
		out->u = t->nargs;
	else if (in->list)
		out->u = (uint64_t)in->n;
	else
		out->u = in->type == TYPE_STRING ? strnlen(in->v->s.p, in->v->s.n) : in->v->s.n;
	return 1;
}

/* The values of the arguments from `first` on, one behind the other with `sep` between them. */
static int glue(const struct transform *t, const struct transform_input *in, size_t first, const struct field_value *sep,
	struct arena *a, struct field_value *out)
{
	struct text all = text_new(a, 128);
	bool any = false;

	for (size_t i = first; i < t->nargs; i++) {
		for (int j = 0; j < in[i].n; j++) {
			if (any && sep)
				text_add(&all, sep->s.p, sep->s.n);
			any = true;
			if (in[i].type == TYPE_STRING || in[i].type == TYPE_BYTES)
				text_add(&all, in[i].v[j].s.p, in[i].v[j].s.n);
			else
				text_printf(&all, in[i].type == TYPE_INT ? "%lld" : "%llu", (long long)in[i].v[j].i);
		}
	}
	return text_value(&all, out);
}

struct options {
	const struct transform_input *args;
	const struct field_value *spec;
	char only;                      /* that option alone, its last value; 0: all of them */
	struct field_value *out;
	int n;
};

static void give(struct options *o, char letter, const char *value, size_t len, bool with, struct arena *a)
{
	char *name = arena_strn(a, &letter, 1);

	if (o->only) {
		if (letter != o->only)
			return;
		o->n = 1;
		field_text(o->out, with ? value : name, with ? len : 1);
		return;
	}
	if (o->n < FIELD_VALUES)
		field_text(&o->out[o->n++], name, 1);
	if (with && o->n < FIELD_VALUES)
		field_text(&o->out[o->n++], value, len);
}

/* The options of one word, `-abVALUE`. Returns how many words its last option takes besides. */
static int cluster(struct options *o, int at, struct arena *a)
{
	const struct field_value *word = &o->args->v[at], *next = at + 1 < o->args->n ? word + 1 : NULL;

	for (uint32_t i = 1; i < word->s.n; i++) {
		const char *known = word->s.p[i] == ':' ? NULL : memchr(o->spec->s.p, word->s.p[i], o->spec->s.n);
		bool with = known && known + 1 < o->spec->s.p + o->spec->s.n && known[1] == ':';
		if (!with) {
			give(o, known ? *known : '?', "", 0, false, a);
			continue;
		}
		if (i + 1 < word->s.n)
			give(o, *known, word->s.p + i + 1, word->s.n - i - 1, true, a);
		else
			give(o, *known, next ? next->s.p : "", next ? next->s.n : 0, true, a);
		return i + 1 < word->s.n || !next ? 0 : 1;
	}
	return 0;
}

/* Long options are passed over; `--` and the first word that is none end them. */
static int options(const struct transform *t, const struct transform_input *in, struct arena *a, struct field_value *out)
{
	struct options o = { .args = in, .spec = in[1].v, .only = t->option, .out = out };

	for (int i = 0; i < in->n; i++) {
		const struct field_value *word = &in->v[i];
		if (word->s.n < 2 || word->s.p[0] != '-' || (word->s.n == 2 && word->s.p[1] == '-'))
			break;
		if (word->s.p[1] != '-')
			i += cluster(&o, i, a);
	}
	return t->option && !o.n ? -1 : o.n;
}

int transform_apply(const struct transform *t, const struct transform_input *in, struct arena *a, struct field_value *out)
{
	for (size_t i = 0; i < t->nargs; i++)
		if (in[i].n < 0 || (in[i].n == 0 && !in[i].list))
			return -1;
	switch (t->kind) {
	case LENGTH: return length(t, in, out);
	case JOIN: return glue(t, in, 1, in[0].v, a, out);
	case CONCAT: return glue(t, in, 0, NULL, a, out);
	case GETOPT: return options(t, in, a, out);
	default: return each(t, in, a, out);
	}
}
