/* Podman's containers, from its storage root: overlay-containers/ID/userdata/config.json (the bundle),
 * overlay-containers/containers.json and overlay-images/images.json. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "conf/conf.h"
#include "engine.h"

static const char *const propagations[] = {
	"private", "rprivate", "shared", "rshared", "slave", "rslave", "unbindable", "runbindable",
};

static bool is_propagation(const char *option)
{
	for (size_t i = 0; i < sizeof propagations / sizeof *propagations; i++)
		if (strcmp(option, propagations[i]) == 0)
			return true;
	return false;
}

/* The bundle also binds files that podman itself made (/etc/hosts, /dev/shm); podman inspect leaves them out too. */
static bool is_own_file(const char *source)
{
	return strstr(source, "/overlay-containers/") && strstr(source, "/userdata/");
}

static void take_mount(struct metadata *m, const json_t *mount)
{
	const char *type = json_text(mount, "type"), *source = json_text(mount, "source");
	const char *destination = json_text(mount, "destination"), *propagation = "";
	bool rdwr = true;
	size_t i;
	json_t *option;

	if (!type || strcmp(type, "bind") != 0 || !source || !destination || is_own_file(source))
		return;
	json_array_foreach(json_object_get(mount, "options"), i, option) {
		const char *s = json_is_string(option) ? json_string_value(option) : "";
		if (strcmp(s, "ro") == 0)
			rdwr = false;
		if (is_propagation(s))
			propagation = s;
	}
	metadata_mount(m, source, destination, "", rdwr, propagation);
}

static void take_bundle(struct metadata *m, const json_t *bundle)
{
	const char *privileged = json_text(json_object_get(bundle, "annotations"), "io.podman.annotations.privileged");
	size_t i;
	json_t *mount;

	/* The annotation is written for every container; without it the spec is not podman's. */
	if (privileged)
		m->privileged = strcasecmp(privileged, "TRUE") == 0;
	m->has_mounts = true;
	json_array_foreach(json_object_get(bundle, "mounts"), i, mount)
		take_mount(m, mount);
}

static const json_t *with_id(const json_t *list, const char *id)
{
	size_t i;
	json_t *entry;

	json_array_foreach(list, i, entry) {
		const char *found = json_text(entry, "id");
		if (found && strcmp(found, id) == 0)
			return entry;
	}
	return NULL;
}

/* `metadata` is JSON again, in a string. */
static void take_image_name(struct metadata *m, const json_t *entry)
{
	const char *text = json_text(entry, "metadata");
	json_t *inner = text ? json_loads(text, 0, NULL) : NULL;
	const char *image = json_text(inner, "image-name");

	metadata_set(m, META_IMAGE, image);
	if (image)
		image_split(m, image);
	json_decref(inner);
}

static void take_entry(struct metadata *m, const json_t *entry)
{
	const json_t *name = json_array_get(json_object_get(entry, "names"), 0);

	if (json_is_string(name))
		metadata_set(m, META_NAME, json_string_value(name));
	metadata_set(m, META_IMAGE_ID, json_text(entry, "image"));
	take_image_name(m, entry);
	if (!m->text[META_TAG] && !m->text[META_DIGEST] && m->text[META_REPOSITORY])
		metadata_set(m, META_TAG, "latest");
}

static enum lookup take_digest(struct engine *e, struct metadata *m, struct json_problem *problem)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/overlay-images/images.json", e->root);
	enum json_file read = json_cache_read(&e->images, path, problem);
	if (read == JSON_FILE_READ && m->text[META_IMAGE_ID])
		metadata_set(m, META_DIGEST, json_text(with_id(e->images.json, m->text[META_IMAGE_ID]), "digest"));
	return read == JSON_FILE_BAD ? LOOKUP_PART : LOOKUP_WHOLE;
}

static enum lookup lookup(struct engine *e, const char *id, struct metadata *m, struct json_problem *problem)
{
	char path[4096];
	json_t *bundle;
	enum lookup result = LOOKUP_WHOLE;

	snprintf(path, sizeof path, "%s/overlay-containers/containers.json", e->root);
	enum json_file list = json_cache_read(&e->containers, path, problem);
	const json_t *entry = list == JSON_FILE_READ ? with_id(e->containers.json, id) : NULL;
	snprintf(path, sizeof path, "%s/overlay-containers/%s/userdata/config.json", e->root, id);
	enum json_file own = json_file_read(path, &bundle, problem);
	if (!entry && own == JSON_FILE_MISSING)
		return list == JSON_FILE_BAD ? LOOKUP_PART : LOOKUP_NONE;
	if (entry)
		take_entry(m, entry);
	if (own == JSON_FILE_READ) {
		take_bundle(m, bundle);
		json_decref(bundle);
	}
	if (take_digest(e, m, problem) == LOOKUP_PART || !entry || own != JSON_FILE_READ)
		result = LOOKUP_PART;
	return result;
}

const struct engine_def podman_engine = {
	.name = "podman", .found = "podman:disk", .roots_key = CONF_ENRICH_PODMAN_ROOT, .mark = "overlay-containers",
	.lookup = lookup,
};
