/* What is made from the table of keys: saker.yaml, the list in its manual page, the schema; and a configuration's values. */
#ifndef SAKER_CONF_SHIPPED_H
#define SAKER_CONF_SHIPPED_H

#include "settle.h"

void shipped_yaml(struct strbuf *out);          /* conf/saker.yaml */
void shipped_mdoc(struct strbuf *out);          /* the keys of saker.yaml(5) */
void shipped_schema(struct strbuf *out);        /* a JSON schema of the configuration */
void shipped_rule_schema(struct strbuf *out);   /* and of rules files */
/* Every key with the value in force, as a configuration file. */
void shipped_values(const struct settled *s, struct strbuf *out);

#endif
