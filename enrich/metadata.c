/* Building CONTAINER records, and image references. */
#include "metadata.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "wire/log.h"

static const char *const names[META_TEXTS] = {
	[META_FULL_ID] = "full_id", [META_TYPE] = "type", [META_NAME] = "name", [META_IMAGE] = "image",
	[META_IMAGE_ID] = "image.id", [META_REPOSITORY] = "image.repository", [META_TAG] = "image.tag",
	[META_DIGEST] = "image.digest", [META_POD_NAME] = "k8s.pod.name", [META_POD_NAMESPACE] = "k8s.ns.name",
	[META_POD_UID] = "k8s.pod.uid", [META_POD_SANDBOX] = "k8s.pod.sandbox_id",
	[META_POD_FULL_SANDBOX] = "k8s.pod.full_sandbox_id",
};

void metadata_init(struct metadata *m)
{
	*m = (struct metadata){ .privileged = -1 };
}

void metadata_free(struct metadata *m)
{
	for (int i = 0; i < META_TEXTS; i++)
		free(m->text[i]);
	pack_free(&m->mounts);
	pack_free(&m->labels);
	metadata_init(m);
}

void metadata_setn(struct metadata *m, enum metadata_text which, const char *value, size_t len)
{
	if (!value || !len)
		return;
	char *copy = strndup(value, len);
	if (!copy)
		diex(EX_OSERR, "out of memory: a text of %zu bytes", len);
	free(m->text[which]);
	m->text[which] = copy;
}

void metadata_set(struct metadata *m, enum metadata_text which, const char *value)
{
	metadata_setn(m, which, value, value ? strlen(value) : 0);
}

void metadata_mount(struct metadata *m, const char *source, const char *destination, const char *mode, bool rdwr,
	const char *propagation)
{
	pack_array(&m->mounts, 5);
	pack_str(&m->mounts, source);
	pack_str(&m->mounts, destination);
	pack_str(&m->mounts, mode);
	pack_bool(&m->mounts, rdwr);
	pack_str(&m->mounts, propagation);
	m->nmounts++;
}

void metadata_label(struct metadata *m, const char *name, const char *value)
{
	pack_str(&m->labels, name);
	pack_str(&m->labels, value);
	m->nlabels++;
}

static uint32_t count(const struct metadata *m)
{
	uint32_t n = (uint32_t)(m->privileged >= 0) + m->has_mounts + (m->nlabels > 0);

	for (int i = 0; i < META_TEXTS; i++)
		n += m->text[i] != NULL;
	return n;
}

static int pack_whole(struct pack *out, const char *id, const struct metadata *m, const char *found)
{
	size_t f = frame_begin(out, FRAME_CONTAINER);

	pack_str(out, id);
	pack_map(out, count(m));
	for (int i = 0; i < META_TEXTS; i++) {
		if (!m->text[i])
			continue;
		pack_str(out, names[i]);
		pack_str(out, m->text[i]);
	}
	if (m->privileged >= 0) {
		pack_str(out, "privileged");
		pack_bool(out, m->privileged);
	}
	if (m->has_mounts) {
		pack_str(out, "mounts");
		pack_array(out, m->nmounts);
		pack_raw(out, m->mounts.data, m->mounts.len);
	}
	if (m->nlabels) {
		pack_str(out, "labels");
		pack_map(out, m->nlabels);
		pack_raw(out, m->labels.data, m->labels.len);
	}
	pack_str(out, found);
	return frame_end(out, f);
}

void metadata_pack(struct pack *out, const char *id, const struct metadata *m, const char *found)
{
	if (pack_whole(out, id, m, found) == 0)
		return;
	log_warnx("container %s: its description is over a frame's limit; sent without mounts and texts", id);
	struct metadata small = { .privileged = m->privileged };
	pack_whole(out, id, &small, found);
}

const char *image_bare_id(const char *id)
{
	const char *colon = id ? strchr(id, ':') : NULL;

	return colon ? colon + 1 : id;
}

void image_split(struct metadata *m, const char *reference)
{
	size_t len = strcspn(reference, "@");

	if (reference[len])
		metadata_set(m, META_DIGEST, reference + len + 1);
	const char *slash = memrchr(reference, '/', len);
	const char *last = slash ? slash : reference;
	/* A colon before the last slash is a registry's port. */
	const char *colon = memchr(last, ':', len - (size_t)(last - reference));
	if (colon)
		metadata_setn(m, META_TAG, colon + 1, len - (size_t)(colon + 1 - reference));
	metadata_setn(m, META_REPOSITORY, reference, colon ? (size_t)(colon - reference) : len);
}
