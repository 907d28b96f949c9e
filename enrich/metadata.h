/* What is known of a container: the fields of a CONTAINER record. */
#ifndef ENRICH_METADATA_H
#define ENRICH_METADATA_H

#include <stdbool.h>
#include <stddef.h>

#include "wire/pack.h"

enum metadata_text {
	META_FULL_ID, META_TYPE, META_NAME, META_IMAGE, META_IMAGE_ID, META_REPOSITORY, META_TAG, META_DIGEST,
	META_POD_NAME, META_POD_NAMESPACE, META_POD_UID, META_POD_SANDBOX, META_POD_FULL_SANDBOX, META_TEXTS
};

struct metadata {
	char *text[META_TEXTS];                /* owned; NULL: not known */
	int privileged;                        /* -1: not known */
	struct pack mounts;                    /* [source, destination, mode, rdwr, propagation], one behind the other */
	uint32_t nmounts;
	bool has_mounts;
	struct pack labels;                    /* name and value, one behind the other */
	uint32_t nlabels;
};

void metadata_init(struct metadata *m);
void metadata_free(struct metadata *m);
/* Sets a text; NULL and "" leave it unknown. */
void metadata_set(struct metadata *m, enum metadata_text which, const char *value);
void metadata_setn(struct metadata *m, enum metadata_text which, const char *value, size_t len);
void metadata_mount(struct metadata *m, const char *source, const char *destination, const char *mode, bool rdwr,
	const char *propagation);
/* In the order of their names. */
void metadata_label(struct metadata *m, const char *name, const char *value);
/* Packs the CONTAINER frame; `found` says how it was found. */
void metadata_pack(struct pack *out, const char *id, const struct metadata *m, const char *found);

/* Takes an image reference apart: repository, tag and digest. */
void image_split(struct metadata *m, const char *reference);
/* The image id without the name of its hash; NULL stays NULL. */
const char *image_bare_id(const char *id);

#endif
