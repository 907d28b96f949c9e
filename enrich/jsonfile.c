/* JSON files of engines, with jansson. */
#include "jsonfile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum json_file parse(const char *path, const char *text, size_t len, json_t **out, struct json_problem *problem)
{
	json_error_t error;

	*out = json_loadb(text, len, 0, &error);
	if (*out)
		return JSON_FILE_READ;
	snprintf(problem->text, sizeof problem->text, "%s: line %d, column %d: %s", path, error.line, error.column,
		error.text);
	return JSON_FILE_BAD;
}

/* As json_file_read; leaves `*out` alone when the file is as `*stamp` says. */
static enum json_file read_changed(const char *path, struct file_stamp *stamp, json_t **out,
	struct json_problem *problem)
{
	char *text = NULL;
	size_t len;
	int rc = file_read(-1, path, JSON_FILE_MAX, stamp, &text, &len);

	if (rc == 0)
		return JSON_FILE_READ;
	if (rc < 0 && (errno == ENOENT || errno == ENOTDIR))
		return JSON_FILE_MISSING;
	if (rc < 0) {
		snprintf(problem->text, sizeof problem->text, "%s: %s", path, strerror(errno));
		return JSON_FILE_BAD;
	}
	enum json_file result = parse(path, text, len, out, problem);
	free(text);
	return result;
}

enum json_file json_file_read(const char *path, json_t **out, struct json_problem *problem)
{
	struct file_stamp stamp = {0};

	*out = NULL;
	return read_changed(path, &stamp, out, problem);
}

enum json_file json_cache_read(struct json_cache *c, const char *path, struct json_problem *problem)
{
	struct file_stamp stamp = c->json ? c->stamp : (struct file_stamp){0};
	json_t *now = NULL;
	enum json_file result = read_changed(path, &stamp, &now, problem);

	if (result == JSON_FILE_READ && !now)
		return result;
	json_decref(c->json);
	c->json = now;
	c->stamp = stamp;
	return result;
}

void json_cache_free(struct json_cache *c)
{
	json_decref(c->json);
	*c = (struct json_cache){0};
}

const char *json_text(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s && *s ? s : NULL;
}
