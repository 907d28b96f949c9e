/* Fields of Kubernetes audit events: values at JSON pointers, and lists made of them. What an element of a list lacks is left
 * out; as 0.28 has it, it is the text <NA>. */
#include <jansson.h>
#include <string.h>

#include "field_get.h"

static const char *const pointers[] = {
	[AUDIT_ID] = "/auditID", [AUDIT_STAGE] = "/stage", [AUDIT_DECISION] = "/annotations/authorization.k8s.io~1decision",
	[AUDIT_REASON] = "/annotations/authorization.k8s.io~1reason",
	[AUDIT_OPENSHIFT_DECISION] = "/annotations/authentication.openshift.io~1decision",
	[AUDIT_OPENSHIFT_USERNAME] = "/annotations/authentication.openshift.io~1username",
	[AUDIT_POLICY_FAILURE] = "/annotations/validation.policy.admission.k8s.io~1validation_failure",
	[AUDIT_POD_VIOLATIONS] = "/annotations/pod-security.kubernetes.io~1audit-violations",
	[AUDIT_USER] = "/user/username", [AUDIT_GROUPS] = "/user/groups", [AUDIT_IMPERSONATED] = "/impersonatedUser/username",
	[AUDIT_VERB] = "/verb", [AUDIT_URI] = "/requestURI", [AUDIT_TARGET_NAME] = "/objectRef/name",
	[AUDIT_TARGET_NAMESPACE] = "/objectRef/namespace", [AUDIT_TARGET_RESOURCE] = "/objectRef/resource",
	[AUDIT_TARGET_SUBRESOURCE] = "/objectRef/subresource", [AUDIT_SUBJECTS] = "/requestObject/subjects",
	[AUDIT_ROLE] = "/requestObject/roleRef/name", [AUDIT_CONFIGMAP] = "/requestObject/data",
	[AUDIT_HOST_IPC] = "/requestObject/spec/hostIPC", [AUDIT_HOST_NETWORK] = "/requestObject/spec/hostNetwork",
	[AUDIT_HOST_PID] = "/requestObject/spec/hostPID", [AUDIT_RUN_AS_USER] = "/requestObject/spec/securityContext/runAsUser",
	[AUDIT_RUN_AS_GROUP] = "/requestObject/spec/securityContext/runAsGroup", [AUDIT_RULES] = "/requestObject/rules",
	[AUDIT_FS_GROUP] = "/requestObject/spec/securityContext/fsGroup",
	[AUDIT_SUPPLEMENTAL] = "/requestObject/spec/securityContext/supplementalGroups",
	[AUDIT_SERVICE_TYPE] = "/requestObject/spec/type", [AUDIT_PORTS] = "/requestObject/spec/ports",
	[AUDIT_VOLUMES] = "/requestObject/spec/volumes", [AUDIT_RESPONSE_NAME] = "/responseObject/metadata/name",
	[AUDIT_CODE] = "/responseStatus/code", [AUDIT_RESPONSE_REASON] = "/responseStatus/reason", [AUDIT_AGENT] = "/userAgent",
	[AUDIT_SOURCE_IPS] = "/sourceIPs", [AUDIT_CONTAINERS] = "/requestObject/spec/containers",
	[AUDIT_INIT] = "/requestObject/spec/initContainers", [AUDIT_EPHEMERAL] = "/requestObject/spec/ephemeralContainers",
};

/* Values as they are gathered. */
struct values {
	struct context *c;
	struct field_value *out;
	int n;
};

static const json_t *at(struct context *c, enum audit_what what)
{
	return document_find(&c->document, pointers[what], &c->arena);
}

static const json_t *below(const json_t *v, const char *a, const char *b)
{
	v = json_object_get(v, a);
	return b ? json_object_get(v, b) : v;
}

static void put_text(struct values *v, const char *p, size_t n)
{
	if (v->n < FIELD_VALUES)
		field_text(&v->out[v->n++], p, n);
}

static void put(struct values *v, const json_t *j)
{
	if (json_is_null(j))
		j = NULL;
	if (!j && v->c->old)
		put_text(v, "<NA>", 4);
	else if (j && v->n < FIELD_VALUES && field_json_text(j, v->c, &v->out[v->n]) == 1)
		v->n++;
}

static void put_all(struct values *v, const json_t *array)
{
	size_t i;
	json_t *one;

	if (!json_is_array(array) && v->c->old)
		put(v, NULL);
	json_array_foreach(array, i, one)
		put(v, one);
}

/* The value that the argument names, or all; `base` is what they were made from. */
static int done(const struct field_ref *f, struct values *v, const json_t *base)
{
	if (!base && v->c->old)
		return field_puts(v->out, "<NA>");
	if (!base)
		return -1;
	if (!f->has_index)
		return v->n;
	if (f->index < 0 || f->index >= v->n)
		return v->c->old ? field_puts(v->out, "<NA>") : -1;
	v->out[0] = v->out[f->index];
	return 1;
}

int get_audit(const struct field_ref *f, struct context *c, struct field_value *out)
{
	struct values v = { c, out, 0 };
	const json_t *j = at(c, (enum audit_what)f->def->what);

	put(&v, j);
	return v.n ? 1 : -1;
}

int get_audit_list(const struct field_ref *f, struct context *c, struct field_value *out)
{
	struct values v = { c, out, 0 };
	const json_t *list = at(c, (enum audit_what)f->def->what);

	put_all(&v, list);
	return done(f, &v, list);
}

int get_audit_pod_name(const struct field_ref *f, struct context *c, struct field_value *out)
{
	const json_t *resource = at(c, AUDIT_TARGET_RESOURCE);
	struct values v = { c, out, 0 };

	(void)f;
	put(&v, json_is_string(resource) && strcmp(json_string_value(resource), "pods") == 0 ? at(c, AUDIT_TARGET_NAME) : NULL);
	return v.n ? 1 : -1;
}

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
}

/* Is the key, which has URL escapes, that name? */
static bool key_is(const char *key, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++, name++) {
		char ch = key[i] == '+' ? ' ' : key[i];
		if (ch == '%' && i + 2 < n && hex(key[i + 1]) >= 0 && hex(key[i + 2]) >= 0) {
			ch = (char)(hex(key[i + 1]) << 4 | hex(key[i + 2]));
			i += 2;
		}
		if (!*name || ch != *name)
			return false;
	}
	return *name == '\0';
}

/* A parameter of the URI; its value stays as it is. */
int get_audit_uri_param(const struct field_ref *f, struct context *c, struct field_value *out)
{
	const json_t *uri = at(c, AUDIT_URI);
	const char *query = json_is_string(uri) ? strchr(json_string_value(uri), '?') : NULL, *p = query;

	while (p && !strchr(query + 1, '?')) {
		size_t n = strcspn(++p, "&"), key = strcspn(p, "=&");
		if (key_is(p, key, f->key))
			return field_text(out, p + key + (key < n), n - key - (key < n));
		p = p[n] ? p + n : NULL;
	}
	return c->old ? field_puts(out, "<NA>") : -1;
}

static bool text_is(const json_t *v, const char *text)
{
	return json_is_string(v) && strcmp(json_string_value(v), text) == 0;
}

/* Names of subjects of one kind; accounts also with their namespace. */
int get_audit_subjects(const struct field_ref *f, struct context *c, struct field_value *out)
{
	static const char *const kinds[] = { [AUDIT_USERS] = "User", [AUDIT_ACCOUNTS] = "ServiceAccount",
		[AUDIT_NS_ACCOUNTS] = "ServiceAccount", [AUDIT_SUBJECT_GROUPS] = "Group" };
	struct values v = { c, out, 0 };
	const json_t *list = at(c, AUDIT_SUBJECTS);
	json_t *one;
	size_t i;

	json_array_foreach(list, i, one) {
		const json_t *name = json_object_get(one, "name"), *ns = json_object_get(one, "namespace");
		if (!text_is(json_object_get(one, "kind"), kinds[f->def->what]))
			continue;
		if (f->def->what != AUDIT_NS_ACCOUNTS) {
			put(&v, name);
		} else if (json_is_string(name) && json_is_string(ns)) {
			struct text t = text_new(&c->arena, 64);
			text_printf(&t, "%s:%s", json_string_value(ns), json_string_value(name));
			put_text(&v, t.p, t.n);
		}
	}
	return done(f, &v, list);
}

int get_audit_has_name(const struct field_ref *f, struct context *c, struct field_value *out)
{
	(void)f;
	return field_puts(out, c->old ? "true" : "N/A");
}

/* All items of one attribute over all rules of a role. */
int get_audit_rules(const struct field_ref *f, struct context *c, struct field_value *out)
{
	static const char *const attributes[] = { [AUDIT_API_GROUPS] = "apiGroups", [AUDIT_URLS] = "nonResourceURLs",
		[AUDIT_VERBS] = "verbs", [AUDIT_RESOURCES] = "resources" };
	struct values v = { c, out, 0 };
	const json_t *list = at(c, AUDIT_RULES);
	json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
		put_all(&v, json_object_get(one, attributes[f->def->what]));
	return done(f, &v, list);
}

/* What stands before the tag and the digest of an image. */
static size_t repository(const char *image)
{
	const char *end = image + strcspn(image, "@"), *slash = memrchr(image, '/', (size_t)(end - image));
	const char *from = slash ? slash : image, *colon = memchr(from, ':', (size_t)(end - from));

	return (size_t)((colon ? colon : end) - image);
}

static void put_image(struct values *v, const json_t *image, bool whole)
{
	if (json_is_string(image) && !whole)
		put_text(v, json_string_value(image), repository(json_string_value(image)));
	else
		put(v, image);
}

/* That of the container, else of the pod, else 0. */
static void put_effective(struct values *v, const json_t *own, enum audit_what pod)
{
	const json_t *shared = own ? NULL : at(v->c, pod);

	if (own || shared)
		put(v, own ? own : shared);
	else
		put_text(v, "0", 1);
}

static void put_ports(struct values *v, const json_t *ports)
{
	json_t *port;
	size_t i;

	if (!ports)
		put(v, NULL);
	json_array_foreach(ports, i, port) {
		const json_t *host = json_object_get(port, "hostPort");
		put(v, host ? host : json_object_get(port, "containerPort"));
	}
}

static void put_part(struct values *v, const json_t *container, enum audit_part part)
{
	const json_t *security = json_object_get(container, "securityContext");

	switch (part) {
	case PART_ARGS: put_all(v, json_object_get(container, "args")); break;
	case PART_COMMAND: put_all(v, json_object_get(container, "command")); break;
	case PART_NAME: put(v, json_object_get(container, "name")); break;
	case PART_IMAGE: put_image(v, json_object_get(container, "image"), true); break;
	case PART_REPOSITORY: put_image(v, json_object_get(container, "image"), false); break;
	case PART_PORT: put_ports(v, json_object_get(container, "ports")); break;
	case PART_PRIVILEGED: put(v, json_object_get(security, "privileged")); break;
	case PART_ESCALATION: put(v, json_object_get(security, "allowPrivilegeEscalation")); break;
	case PART_READ_ONLY: put(v, json_object_get(security, "readOnlyRootFilesystem")); break;
	/* 0.28 read the group in place of the user. */
	case PART_USER: put(v, json_object_get(security, v->c->old ? "runAsGroup" : "runAsUser")); break;
	case PART_EFFECTIVE_USER: put_effective(v, json_object_get(security, "runAsUser"), AUDIT_RUN_AS_USER); break;
	case PART_GROUP: put(v, json_object_get(security, "runAsGroup")); break;
	case PART_EFFECTIVE_GROUP: put_effective(v, json_object_get(security, "runAsGroup"), AUDIT_RUN_AS_GROUP); break;
	case PART_PROC_MOUNT: put(v, json_object_get(security, "procMount")); break;
	case PART_CAPABILITIES: put_all(v, below(security, "capabilities", "add")); break;
	}
}

int get_audit_containers(const struct field_ref *f, struct context *c, struct field_value *out)
{
	struct values v = { c, out, 0 };
	const json_t *list = at(c, (enum audit_what)(f->def->what >> 8));
	json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
		put_part(&v, one, (enum audit_part)(f->def->what & 0xff));
	return done(f, &v, list);
}

/* Of the first container alone. */
int get_audit_first(const struct field_ref *f, struct context *c, struct field_value *out)
{
	struct values v = { c, out, 0 };

	put_part(&v, json_array_get(at(c, AUDIT_CONTAINERS), 0), (enum audit_part)f->def->what);
	return v.n ? 1 : -1;
}

/* Is any container privileged? */
int get_audit_privileged(const struct field_ref *f, struct context *c, struct field_value *out)
{
	const json_t *list = at(c, AUDIT_CONTAINERS);
	bool any = false;
	json_t *one;
	size_t i;

	(void)f;
	if (!list)
		return c->old ? field_puts(out, "<NA>") : -1;
	json_array_foreach(list, i, one)
		any |= json_is_true(below(one, "securityContext", "privileged"));
	return field_puts(out, any ? "true" : "false");
}

int get_audit_volumes(const struct field_ref *f, struct context *c, struct field_value *out)
{
	struct values v = { c, out, 0 };
	const json_t *list = at(c, AUDIT_VOLUMES);
	const char *key;
	json_t *one, *value;
	size_t i;

	json_array_foreach(list, i, one) {
		if (f->def->what == AUDIT_HOSTPATH)
			put(&v, below(one, "hostPath", "path"));
		else if (f->def->what == AUDIT_DRIVER)
			put(&v, below(one, "flexVolume", "driver"));
		else
			json_object_foreach(one, key, value)
				if (strcmp(key, "name") != 0)
					put_text(&v, key, strlen(key));
	}
	return done(f, &v, list);
}

/* Does a volume mount that path of the host? A `*` at the end of the argument stands for anything. */
int get_audit_hostpath(const struct field_ref *f, struct context *c, struct field_value *out)
{
	const json_t *list = at(c, AUDIT_VOLUMES);
	size_t n = strlen(f->key), i;
	bool open = n && f->key[n - 1] == '*', any = false;
	json_t *one;

	if (!list)
		return c->old ? field_puts(out, "<NA>") : -1;
	json_array_foreach(list, i, one) {
		const json_t *path = below(one, "hostPath", "path");
		const char *p = json_is_string(path) ? json_string_value(path) : NULL;
		any |= p && (open ? strncmp(p, f->key, n - 1) == 0 : strcmp(p, f->key) == 0);
	}
	return field_puts(out, any ? "true" : "false");
}
