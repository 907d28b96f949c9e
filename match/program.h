/* A rule set, compiled: what is evaluated. Conditions are a graph of shared expressions over shared predicates over shared fields,
 * and for each event type there is the list of the rules that may match it, in file order. */
#ifndef MATCH_PROGRAM_H
#define MATCH_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "match/report/diag.h"
#include "expr.h"
#include "format.h"
#include "predicate.h"
#include "match/language/ruleset.h"
#include "settings.h"
#include "slots.h"
#include "spelling.h"
#include "wire/event.h"

enum { TYPE_BITS = (EVENT_TYPES + 7) / 8 };

/* A field that the configuration adds to the alert. */
struct extra_field {
	const char *name;
	struct format format;
	bool raw;                               /* one field with its type, not text */
};

struct rule {
	const struct rule_def *def;             /* only while its rule set lives */
	const char *name, *source, *desc;
	const char *const *tags;
	size_t ntags;
	int priority;
	const char *severity;                   /* the same as it is written; NULL: of no interest */
	struct format output;
	const char *output_text;                /* with what was appended */
	struct extra_field *extra;
	size_t nextra, capextra;
	uint32_t edge;                          /* its condition */
	uint8_t types[TYPE_BITS];               /* event types that it may match */
	bool syscall;
	bool all_types;                         /* as 0.28 saw it, it is tried for every type */
};

/* The rules to be tried for one event type, or for the records of one source. */
struct rule_list_entry {
	uint32_t rule, edge;                    /* the condition with the type put in */
};
struct type_rules {
	bool built;
	struct rule_list_entry *entry;
	size_t n;
};

struct program {
	struct arena arena, spelled;            /* `spelled`: what changes with the spellings */
	struct slots slots;
	struct predicates predicates;
	uint8_t **types;                        /* by predicate: for a check of evt.type, the types that it holds for */
	size_t ntypes, captypes;
	struct exprs exprs;
	struct rule *rules;
	size_t nrules, caprules;
	struct type_rules by_type[EVENT_TYPES];
	struct spellings spellings;
	size_t nmacros, nlists;                 /* of the files, for the first line on stderr */
};

struct compiler;
struct program_options {
	int priority;                           /* rules of a lower one are left out */
	const struct settings *settings;        /* NULL: none */
	bool all;                               /* keep rules that do not run, too: to describe them */
	void (*visit)(void *visitor, struct compiler *);        /* called when all is compiled, or NULL */
	void *visitor;
};

/* Compiles all that the files have said so far. NULL with the error in `d`; `rs` may go afterwards. */
struct program *program_new(const struct ruleset *rs, const struct program_options *o, struct diag *d);
void program_free(struct program *p);

/* Puts in the symbolic links of the streams: `links` are pairs, NULL ends; `live` adds what holds for every live stream. */
void program_links(struct program *p, const char *const *links, bool live);

/* The rules for a type; made when it is first seen. */
const struct type_rules *program_type(struct program *p, unsigned type);

/* evttypes.c. The types that a check of evt.type holds for: TYPE_BITS bytes of bits, and one that is not 0 when a generic system
 * call is named. NULL when it is not such a check or says nothing of types. */
uint8_t *evttypes_of(const struct field_ref *ref, const struct cond *check, struct arena *a);
/* The type name among the check's constants that does not exist, or -1. */
int evttypes_unknown(const struct field_ref *ref, const struct cond *check);
const char *evttypes_nearest(const char *name);
/* May the value of evt.type depend on more than the type's number? */
bool evttypes_open(unsigned type);
/* Does the number alone decide the check whose types are `bits`? */
bool evttypes_known(const uint8_t *bits, unsigned type);
/* Fills in for every rule the types that its condition may be true for. */
void evttypes_rules(struct program *p);
/* The same for one condition. */
void evttypes_edge(struct program *p, uint32_t edge, uint8_t *types);
static inline bool type_bit(const uint8_t *bits, unsigned type)
{
	return bits[type / 8] >> type % 8 & 1;
}

#endif
