/* CONTAINER from a container event, which has all that the engine said as one JSON text. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scap_write.h"
#include "wire/cgroup.h"
#include "wire/frame.h"
#include "wire/jsontext.h"

/* Names of the wire and of the text. */
static const struct {
	const char *name, *key;
} texts[] = {
	{ "full_id", "full_id" }, { "name", "name" }, { "image", "image" }, { "image.id", "imageid" },
	{ "image.repository", "imagerepo" }, { "image.tag", "imagetag" }, { "image.digest", "imagedigest" },
};
enum { TEXTS = sizeof texts / sizeof texts[0] };

static const char *const types[] = {
	"docker", "lxc", "libvirt-lxc", "mesos", "rkt", "custom", "cri", "containerd", "cri-o", "bpm", "static", "podman"
};

static const struct {
	const char *name, *label;
} pod_texts[] = {
	{ "k8s.pod.name", "io.kubernetes.pod.name" }, { "k8s.ns.name", "io.kubernetes.pod.namespace" },
	{ "k8s.pod.uid", "io.kubernetes.pod.uid" },
};
enum { POD_TEXTS = sizeof pod_texts / sizeof pod_texts[0] };

static uint32_t add_text(struct pack *out, const char *name, const json_t *v)
{
	if (!json_is_string(v) || !*json_string_value(v))
		return 0;
	pack_str(out, name);
	pack_strn(out, json_string_value(v), json_string_length(v));
	return 1;
}

static uint32_t add_flag(struct pack *out, const char *name, const json_t *v)
{
	if (!json_is_boolean(v))
		return 0;
	pack_str(out, name);
	pack_bool(out, json_is_true(v));
	return 1;
}

static void pack_json_text(struct pack *out, const json_t *v)
{
	pack_strn(out, json_is_string(v) ? json_string_value(v) : "", json_is_string(v) ? json_string_length(v) : 0);
}

static uint32_t add_mounts(struct pack *out, const json_t *mounts)
{
	size_t i;
	json_t *m;

	if (!json_is_array(mounts))
		return 0;
	pack_str(out, "mounts");
	pack_array(out, (uint32_t)json_array_size(mounts));
	json_array_foreach(mounts, i, m) {
		pack_array(out, 5);
		pack_json_text(out, json_object_get(m, "Source"));
		pack_json_text(out, json_object_get(m, "Destination"));
		pack_json_text(out, json_object_get(m, "Mode"));
		pack_bool(out, json_is_true(json_object_get(m, "RW")));
		pack_json_text(out, json_object_get(m, "Propagation"));
	}
	return 1;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* In the order of their names, as Falco lists them. */
static uint32_t add_labels(struct pack *out, const char *name, json_t *labels)
{
	size_t n = json_object_size(labels), i = 0;
	const char **keys = n ? calloc(n, sizeof *keys) : NULL, *key;
	json_t *v;

	if (!keys)
		return 0;
	json_object_foreach(labels, key, v)
		keys[i++] = key;
	qsort(keys, n, sizeof *keys, by_name);
	pack_str(out, name);
	pack_map(out, (uint32_t)n);
	for (i = 0; i < n; i++) {
		pack_str(out, keys[i]);
		pack_json_text(out, json_object_get(labels, keys[i]));
	}
	free(keys);
	return 1;
}

static uint32_t add_pod(struct pack *out, const json_t *c)
{
	const json_t *labels = json_object_get(c, "labels"), *sandbox = json_object_get(c, "pod_sandbox_id");
	uint32_t n = 0;

	for (int i = 0; i < POD_TEXTS; i++)
		n += add_text(out, pod_texts[i].name, json_object_get(labels, pod_texts[i].label));
	if (!json_is_string(sandbox) || !json_string_length(sandbox))
		return n;
	n += add_text(out, "k8s.pod.full_sandbox_id", sandbox);
	size_t len = json_string_length(sandbox);
	pack_str(out, "k8s.pod.sandbox_id");
	pack_strn(out, json_string_value(sandbox), len < CONTAINER_ID_SHORT ? len : CONTAINER_ID_SHORT);
	return n + 1;
}

/* "container:ID", as Falco calls it. */
static uint64_t write_stand_in(struct scap_writer *o, const char *id, size_t len)
{
	char name[CONTAINER_ID_MAX + 16];
	int n = snprintf(name, sizeof name, "container:%.*s", (int)len, id);
	uint64_t key = 1469598103934665603u;

	for (int i = 0; i < n; i++)
		key = (key ^ (uint8_t)name[i]) * 1099511628211u;
	key |= (uint64_t)1 << 63;              /* no key of a thread has it */
	size_t f = frame_begin(&o->out, FRAME_PROC);
	pack_uint(&o->out, key);
	pack_nil(&o->out);
	pack_nil(&o->out);
	for (int fact = 0; fact < FACT_COUNT; fact++) {
		if (fact == FACT_PID || fact == FACT_VPID)
			pack_int(&o->out, fact == FACT_PID ? -1 : -2);
		else if (fact == FACT_COMM || fact == FACT_EXE)
			pack_bin(&o->out, name, (size_t)n);
		else if (fact == FACT_CONTAINER)
			pack_strn(&o->out, id, len);
		else
			pack_nil(&o->out);
	}
	frame_end(&o->out, f);
	return key;
}

static uint64_t write_container(struct scap_writer *o, const json_t *c)
{
	static const struct { const char *name, *key; } flags[] = {
		{ "privileged", "privileged" }, { "host_pid", "host_pid" }, { "host_network", "host_network" },
		{ "host_ipc", "host_ipc" },
	};
	const json_t *id = json_object_get(c, "id"), *type = json_object_get(c, "type");
	struct pack fields = {0};
	uint32_t n = 0;

	if (!json_is_string(id) || !json_string_length(id) || json_string_length(id) > CONTAINER_ID_MAX)
		return 0;
	for (int i = 0; i < TEXTS; i++)
		n += add_text(&fields, texts[i].name, json_object_get(c, texts[i].key));
	if (json_is_integer(type) && json_integer_value(type) >= 0 &&
		json_integer_value(type) < (json_int_t)(sizeof types / sizeof types[0])) {
		pack_str(&fields, "type");
		pack_str(&fields, types[json_integer_value(type)]);
		n++;
	}
	for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
		n += add_flag(&fields, flags[i].name, json_object_get(c, flags[i].key));
	n += add_text(&fields, "cni.json", json_object_get(c, "cni_json"));
	n += add_text(&fields, "ip", json_object_get(c, "ip"));
	n += add_mounts(&fields, json_object_get(c, "Mounts"));
	n += add_labels(&fields, "labels", json_object_get(c, "labels"));
	n += add_labels(&fields, "k8s.pod.labels", json_object_get(c, "pod_sandbox_labels"));
	n += add_pod(&fields, c);
	size_t f = frame_begin(&o->out, FRAME_CONTAINER);
	size_t len = json_string_length(id) == CONTAINER_ID_MAX ? CONTAINER_ID_SHORT : json_string_length(id);
	pack_strn(&o->out, json_string_value(id), len);
	pack_map(&o->out, n);
	pack_raw(&o->out, fields.data, fields.len);
	pack_str(&o->out, "capture");
	frame_end(&o->out, f);
	pack_free(&fields);
	return write_stand_in(o, json_string_value(id), len);
}

uint64_t scap_write_container(struct scap_writer *o, struct scap_bytes json)
{
	json_t *whole = json.n ? jsontext_load((const char *)json.p, json.n, 0, NULL) : NULL;

	uint64_t key = write_container(o, json_object_get(whole, "container"));
	json_decref(whole);
	return key;
}
