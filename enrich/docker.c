/* Docker's containers, from its data root: containers/ID/{config.v2,hostconfig}.json and
 * image/DRIVER/repositories.json. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "engine.h"

static const struct {
	const char *label;
	enum metadata_text text;
} pod_labels[] = {
	{ "io.kubernetes.pod.name", META_POD_NAME },
	{ "io.kubernetes.pod.namespace", META_POD_NAMESPACE },
	{ "io.kubernetes.pod.uid", META_POD_UID },
	{ "io.kubernetes.sandbox.id", META_POD_FULL_SANDBOX },
};

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void take_each(struct metadata *m, json_t *labels)
{
	size_t n = 0;
	const char **names = calloc(json_object_size(labels) + 1, sizeof *names), *name;
	json_t *value;

	if (!names)
		return;
	json_object_foreach(labels, name, value)
		if (json_is_string(value))
			names[n++] = name;
	qsort(names, n, sizeof *names, by_name);
	for (size_t i = 0; i < n; i++)
		metadata_label(m, names[i], json_text(labels, names[i]));
	free(names);
}

static void take_labels(struct metadata *m, json_t *labels)
{
	take_each(m, labels);
	for (size_t i = 0; i < sizeof pod_labels / sizeof *pod_labels; i++)
		metadata_set(m, pod_labels[i].text, json_text(labels, pod_labels[i].label));
	if (m->text[META_POD_FULL_SANDBOX])
		metadata_setn(m, META_POD_SANDBOX, m->text[META_POD_FULL_SANDBOX],
			strnlen(m->text[META_POD_FULL_SANDBOX], 12));
}

static const char *text_or_empty(const json_t *object, const char *key)
{
	const char *s = json_text(object, key);

	return s ? s : "";
}

static void take_mounts(struct metadata *m, json_t *mounts)
{
	const char *key;
	json_t *mount;

	m->has_mounts = true;
	json_object_foreach(mounts, key, mount)
		metadata_mount(m, text_or_empty(mount, "Source"), key, text_or_empty(mount, "Relabel"),
			json_is_true(json_object_get(mount, "RW")), text_or_empty(mount, "Propagation"));
}

/* A container may have been started by its image's id: that is no name. */
static bool is_image_id(const char *reference, const char *id)
{
	size_t len = strlen(reference);

	return strncmp(reference, "sha256:", 7) == 0 || (len >= 12 && id && strncmp(id, reference, len) == 0);
}

/* The references that repositories.json has for one image. */
struct references {
	const char *repository, *wanted;       /* of the first one; of the container */
	const char *tag, *digest;              /* of the wanted repository */
	const char *any_digest;
	unsigned digests;
};

static void take_reference(struct references *r, const char *repository, const char *reference)
{
	const char *at = strchr(reference, '@');
	size_t len = strlen(repository);
	bool mine = strcmp(r->wanted ? r->wanted : r->repository ? r->repository : repository, repository) == 0;

	if (!r->repository)
		r->repository = repository;
	if (at) {
		r->any_digest = at + 1;
		r->digests++;
		if (mine)
			r->digest = at + 1;
	} else if (mine && !r->tag && strncmp(reference, repository, len) == 0 && reference[len] == ':') {
		r->tag = reference + len + 1;
	}
}

static void find_references(struct references *r, json_t *repositories, const char *image)
{
	const char *repository, *reference;
	json_t *references, *id;

	json_object_foreach(repositories, repository, references)
		json_object_foreach(references, reference, id)
			if (json_is_string(id) && strcmp(json_string_value(id), image) == 0)
				take_reference(r, repository, reference);
}

static void take_references(struct metadata *m, json_t *repositories, const char *image)
{
	struct references r = { .wanted = m->text[META_REPOSITORY] };

	find_references(&r, repositories, image);
	if (!m->text[META_REPOSITORY])
		metadata_set(m, META_REPOSITORY, r.repository);
	if (!m->text[META_TAG])
		metadata_set(m, META_TAG, r.tag);
	if (!m->text[META_DIGEST])
		metadata_set(m, META_DIGEST, r.digest ? r.digest : r.digests == 1 ? r.any_digest : NULL);
}

/* The driver's name becomes part of a path. */
static enum json_file read_repositories(struct engine *e, const json_t *config, struct json_problem *problem)
{
	const char *driver = json_text(config, "Driver");
	char path[4096];

	if (!driver || driver[0] == '.' || strchr(driver, '/'))
		driver = "overlay2";
	snprintf(path, sizeof path, "%s/image/%s/repositories.json", e->root, driver);
	return json_cache_read(&e->images, path, problem);
}

static enum lookup take_config(struct engine *e, const json_t *config, struct metadata *m, struct json_problem *problem)
{
	const json_t *inner = json_object_get(config, "Config");
	const char *name = json_text(config, "Name"), *image = json_text(config, "Image");
	const char *reference = json_text(inner, "Image");

	metadata_set(m, META_NAME, name && *name == '/' ? name + 1 : name);
	metadata_set(m, META_IMAGE, reference);
	metadata_set(m, META_IMAGE_ID, image_bare_id(image));
	take_labels(m, json_object_get(inner, "Labels"));
	take_mounts(m, json_object_get(config, "MountPoints"));
	if (reference && !is_image_id(reference, m->text[META_IMAGE_ID]))
		image_split(m, reference);
	enum json_file repositories = read_repositories(e, config, problem);
	if (image && repositories == JSON_FILE_READ)
		take_references(m, json_object_get(e->images.json, "Repositories"), image);
	if (!m->text[META_TAG] && m->text[META_REPOSITORY] && reference && !strchr(reference, '@'))
		metadata_set(m, META_TAG, "latest");
	return repositories == JSON_FILE_BAD ? LOOKUP_PART : LOOKUP_WHOLE;
}

static enum json_file read_own(struct engine *e, const char *id, const char *file, json_t **json,
	struct json_problem *problem)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/containers/%s/%s", e->root, id, file);
	return json_file_read(path, json, problem);
}

static enum lookup take_hostconfig(struct engine *e, const char *id, struct metadata *m, struct json_problem *problem)
{
	json_t *json;

	if (read_own(e, id, "hostconfig.json", &json, problem) != JSON_FILE_READ)
		return LOOKUP_PART;
	m->privileged = json_is_true(json_object_get(json, "Privileged"));
	json_decref(json);
	return LOOKUP_WHOLE;
}

static enum lookup lookup(struct engine *e, const char *id, struct metadata *m, struct json_problem *problem)
{
	json_t *config;
	enum json_file read = read_own(e, id, "config.v2.json", &config, problem);

	if (read == JSON_FILE_MISSING)
		return LOOKUP_NONE;
	enum lookup result = LOOKUP_PART;
	if (read == JSON_FILE_READ) {
		result = take_config(e, config, m, problem);
		json_decref(config);
	}
	enum lookup host = take_hostconfig(e, id, m, problem);
	return host == LOOKUP_PART ? host : result;
}

const struct engine_def docker_engine = {
	.name = "docker", .found = "docker:disk", .roots_key = CONF_ENRICH_DOCKER_ROOT, .mark = "containers",
	.lookup = lookup,
};
