/* A rules file that is not YAML, as Falco and as saker say it. */
#include "yaml_tree.h"

int yaml_read(const struct source_file *file, struct arena *a, struct diag *d, struct node ***documents, size_t *n)
{
	struct yaml_problem p = {0};

	if (yaml_parse(file, a, &p, documents, n) == 0)
		return 0;
	if (!p.yaml_cpp)
		return diag_error(d, p.at, LOAD_ERR_YAML_PARSE, "%s", p.text);
	diag_error(d, p.at, LOAD_ERR_YAML_PARSE, "yaml-cpp: error at line %u, column %u: %s", p.at.line, p.at.column, p.yaml_cpp);
	diag_old(d, "%s", p.text);
	return diag_own(d, "found what is not YAML (%s), expected a rules file", p.text);
}
