/* What docker and podman leave on disk, whole, half written and hostile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "enrich/engines.h"
#include "enrich_tree.h"

#define ID "3ad7b26ded6d8e7b23da7d48fe889434573036c27ae5a74837233de441c3601e"
#define IMAGE "19eff6e9d159c24220c56d8de9892ec4ae4faf98916c3c1830c5cc393b7f66e3"
#define DIGEST "sha256:7b22859b37b92175b85daf42bad594545e1d80e5f3216799701a6efd487ab8e8"
#define DOCKER_CONFIG "docker/containers/" ID "/config.v2.json"
#define DOCKER_HOST "docker/containers/" ID "/hostconfig.json"
#define DOCKER_IMAGES "docker/image/overlay2/repositories.json"
#define PODMAN_CONFIG "podman/overlay-containers/" ID "/userdata/config.json"
#define PODMAN_LIST "podman/overlay-containers/containers.json"
#define PODMAN_IMAGES "podman/overlay-images/images.json"

struct fixture {
	struct tree tree;
	struct conf conf;
	struct engines engines;
	struct metadata m;
	struct json_problem problem;
	const char *found;
};

static int setup(void **state)
{
	struct fixture *x = calloc(1, sizeof *x);
	char text[256], err[256];

	tree_make(&x->tree);
	snprintf(text, sizeof text, "enrich.docker_root=/nowhere:%s/docker", x->tree.path);
	assert_int_equal(conf_set(&x->conf, text, "enrich", err, sizeof err), 0);
	snprintf(text, sizeof text, "enrich.podman_root=%s/podman", x->tree.path);
	assert_int_equal(conf_set(&x->conf, text, "enrich", err, sizeof err), 0);
	engines_open(&x->engines, &x->conf);
	metadata_init(&x->m);
	*state = x;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *x = *state;

	metadata_free(&x->m);
	engines_close(&x->engines);
	conf_free(&x->conf);
	tree_remove(&x->tree);
	free(x);
	return 0;
}

static enum lookup ask(struct fixture *x, const char *runtime)
{
	metadata_free(&x->m);
	x->problem.text[0] = '\0';
	x->found = NULL;
	return engines_lookup(&x->engines, runtime, ID, &x->m, &x->found, &x->problem);
}

static void assert_field(const struct fixture *x, enum metadata_text which, const char *expected)
{
	if (expected)
		assert_non_null(x->m.text[which]);
	else
		assert_null(x->m.text[which]);
	if (expected)
		assert_string_equal(x->m.text[which], expected);
}

/* The next mount in `c`, joined by colons as container.mounts prints it. */
static void assert_mount(struct cursor *c, const char *expected)
{
	struct value mount, v;
	char text[256] = "";
	size_t n = 0;

	assert_int_equal(value_next(c, &mount), 1);
	assert_int_equal(mount.type, VALUE_ARRAY);
	while (value_next(&mount.a.inside, &v) == 1) {
		if (v.type == VALUE_BOOL)
			n += (size_t)snprintf(text + n, sizeof text - n, "%s:", v.boolean ? "true" : "false");
		else
			n += (size_t)snprintf(text + n, sizeof text - n, "%.*s:", (int)v.s.len, (const char *)v.s.data);
	}
	text[n - 1] = '\0';
	assert_string_equal(text, expected);
}

static struct cursor mounts(const struct fixture *x)
{
	return (struct cursor){ x->m.mounts.data, x->m.mounts.data + x->m.mounts.len };
}

static void write_docker(const struct fixture *x, const char *reference)
{
	char config[2048];

	snprintf(config, sizeof config,
		"{\"ID\":\"" ID "\",\"Name\":\"/web\",\"Image\":\"sha256:" IMAGE "\",\"Driver\":\"overlay2\","
		"\"Config\":{\"Image\":\"%s\",\"Labels\":{\"io.kubernetes.pod.name\":\"web-0\","
		"\"io.kubernetes.pod.namespace\":\"prod\",\"io.kubernetes.pod.uid\":\"u-1\",\"other\":\"x\"}},"
		"\"MountPoints\":{\"/data\":{\"Source\":\"/var/v/_data\",\"RW\":true,\"Type\":\"volume\",\"Relabel\":\"z\"},"
		"\"/in\":{\"Source\":\"/tmp\",\"RW\":false,\"Relabel\":\"ro\",\"Propagation\":\"rslave\"}}}", reference);
	tree_write(&x->tree, DOCKER_CONFIG, config);
	tree_write(&x->tree, DOCKER_HOST, "{\"Privileged\":true}");
	tree_write(&x->tree, DOCKER_IMAGES,
		"{\"Repositories\":{\"other\":{\"other:1\":\"sha256:00\"},\"reg.test:5000/team/busy\":{"
		"\"reg.test:5000/team/busy:1.2\":\"sha256:" IMAGE "\",\"reg.test:5000/team/busy@" DIGEST "\":\"sha256:" IMAGE "\"}}}");
}

static void docker_whole(void **state)
{
	struct fixture *x = *state;

	write_docker(x, "reg.test:5000/team/busy:1.2");
	assert_int_equal(ask(x, "docker"), LOOKUP_WHOLE);
	assert_string_equal(x->found, "docker:disk");
	assert_field(x, META_NAME, "web");
	assert_field(x, META_IMAGE, "reg.test:5000/team/busy:1.2");
	assert_field(x, META_IMAGE_ID, IMAGE);
	assert_field(x, META_REPOSITORY, "reg.test:5000/team/busy");
	assert_field(x, META_TAG, "1.2");
	assert_field(x, META_DIGEST, DIGEST);
	assert_field(x, META_POD_NAME, "web-0");
	assert_field(x, META_POD_NAMESPACE, "prod");
	assert_field(x, META_POD_UID, "u-1");
	assert_int_equal(x->m.privileged, 1);
	struct cursor c = mounts(x);
	assert_int_equal(x->m.nmounts, 2);
	assert_mount(&c, "/var/v/_data:/data:z:true:");
	assert_mount(&c, "/tmp:/in:ro:false:rslave");
}

static void docker_references(void **state)
{
	static const struct {
		const char *reference, *repository, *tag, *digest;
	} cases[] = {
		{ "sha256:" IMAGE, "reg.test:5000/team/busy", "1.2", DIGEST },
		{ "19eff6e9d159", "reg.test:5000/team/busy", "1.2", DIGEST },
		{ "reg.test:5000/team/busy", "reg.test:5000/team/busy", "1.2", DIGEST },
		{ "reg.test:5000/team/busy:9", "reg.test:5000/team/busy", "9", DIGEST },
		{ "reg.test:5000/team/busy@sha256:aa", "reg.test:5000/team/busy", "1.2", "sha256:aa" },
		{ "gone", "gone", "latest", DIGEST },
		{ "docker.io/x/y:t@sha256:aa", "docker.io/x/y", "t", "sha256:aa" },
	};
	struct fixture *x = *state;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		write_docker(x, cases[i].reference);
		assert_int_equal(ask(x, "docker"), LOOKUP_WHOLE);
		assert_field(x, META_IMAGE, cases[i].reference);
		assert_field(x, META_REPOSITORY, cases[i].repository);
		assert_field(x, META_DIGEST, cases[i].digest);
		if (cases[i].tag)
			assert_field(x, META_TAG, cases[i].tag);
	}
}

static void docker_not_there(void **state)
{
	struct fixture *x = *state;

	assert_int_equal(ask(x, "docker"), LOOKUP_NONE);
	write_docker(x, "a");
	assert_int_equal(ask(x, "podman"), LOOKUP_NONE);
	assert_int_equal(ask(x, "lxc"), LOOKUP_NONE);
}

static void docker_half_written(void **state)
{
	struct fixture *x = *state;

	write_docker(x, "busy");
	tree_write(&x->tree, DOCKER_CONFIG, "{\"Name\":\"/we");
	assert_int_equal(ask(x, "docker"), LOOKUP_PART);
	assert_non_null(strstr(x->problem.text, "config.v2.json: line 1, column"));
	assert_field(x, META_NAME, NULL);
	tree_write(&x->tree, DOCKER_CONFIG, "{\"Name\":\"/web\"}");
	tree_write(&x->tree, DOCKER_HOST, "");
	assert_int_equal(ask(x, "docker"), LOOKUP_PART);
	assert_non_null(strstr(x->problem.text, "hostconfig.json: line 1"));
	assert_field(x, META_NAME, "web");
	assert_int_equal(x->m.privileged, -1);
	tree_write(&x->tree, DOCKER_HOST, "{}");
	assert_int_equal(ask(x, "docker"), LOOKUP_WHOLE);
	assert_int_equal(x->m.privileged, 0);
	tree_write(&x->tree, DOCKER_IMAGES, "{\"Repositories\"");
	assert_int_equal(ask(x, "docker"), LOOKUP_PART);
}

static void docker_hostile(void **state)
{
	static const char *const configs[] = {
		"[]", "0", "null", "\"\"", "{}", "{\"Name\":1,\"Image\":[],\"Config\":[],\"MountPoints\":7,\"Driver\":{}}",
		"{\"Config\":{\"Image\":{},\"Labels\":\"x\"},\"MountPoints\":{\"/a\":3,\"/b\":null,\"/c\":{\"Source\":{}}}}",
		"{\"Driver\":\"../../../../etc\",\"Config\":{\"Image\":\"@:/\"}}", "{\"Config\":{\"Image\":\":\"}}",
		"{\"Name\":\"\xff\xfe\"}", "{\"Name\":\"\\u0000\"}",
	};
	struct fixture *x = *state;
	char *deep = calloc(1, 100001);

	write_docker(x, "busy");
	for (size_t i = 0; i < sizeof configs / sizeof *configs; i++) {
		tree_write(&x->tree, DOCKER_CONFIG, configs[i]);
		assert_int_not_equal(ask(x, "docker"), LOOKUP_NONE);
		assert_int_equal(x->m.privileged, 1);
	}
	memset(deep, '[', 100000);
	tree_write(&x->tree, DOCKER_CONFIG, deep);
	assert_int_equal(ask(x, "docker"), LOOKUP_PART);
	tree_write(&x->tree, DOCKER_CONFIG, "{\"Config\":{\"Image\":\"busy\"},\"Image\":\"sha256:" IMAGE "\"}");
	tree_write(&x->tree, DOCKER_IMAGES, "{\"Repositories\":{\"a\":3,\"b\":{\"b:1\":[],\"b\":\"sha256:" IMAGE "\"}}}");
	assert_int_equal(ask(x, "docker"), LOOKUP_WHOLE);
	assert_field(x, META_TAG, "latest");
	free(deep);
}

static void write_podman(const struct fixture *x)
{
	tree_write(&x->tree, PODMAN_CONFIG,
		"{\"annotations\":{\"io.podman.annotations.privileged\":\"FALSE\"},\"mounts\":["
		"{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"},"
		"{\"destination\":\"/in\",\"type\":\"bind\",\"source\":\"/tmp\",\"options\":[\"ro\",\"rprivate\",\"rbind\"]},"
		"{\"destination\":\"/etc/hosts\",\"type\":\"bind\",\"source\":\"/run/containers/storage/overlay-containers/" ID
		"/userdata/hosts\",\"options\":[\"bind\"]}]}");
	tree_write(&x->tree, PODMAN_LIST,
		"[{\"id\":\"00\"},{\"id\":\"" ID "\",\"names\":[\"pod1\"],\"image\":\"" IMAGE "\","
		"\"metadata\":\"{\\\"image-name\\\":\\\"reg.test:5000/team/busy:1.2\\\"}\"}]");
	tree_write(&x->tree, PODMAN_IMAGES, "[{\"id\":\"" IMAGE "\",\"digest\":\"" DIGEST "\"}]");
}

static void podman_whole(void **state)
{
	struct fixture *x = *state;

	write_podman(x);
	assert_int_equal(ask(x, "podman"), LOOKUP_WHOLE);
	assert_string_equal(x->found, "podman:disk");
	assert_field(x, META_NAME, "pod1");
	assert_field(x, META_IMAGE, "reg.test:5000/team/busy:1.2");
	assert_field(x, META_IMAGE_ID, IMAGE);
	assert_field(x, META_REPOSITORY, "reg.test:5000/team/busy");
	assert_field(x, META_TAG, "1.2");
	assert_field(x, META_DIGEST, DIGEST);
	assert_int_equal(x->m.privileged, 0);
	struct cursor c = mounts(x);
	assert_int_equal(x->m.nmounts, 1);
	assert_mount(&c, "/tmp:/in::false:rprivate");
}

static void podman_in_parts(void **state)
{
	struct fixture *x = *state;

	assert_int_equal(ask(x, "podman"), LOOKUP_NONE);
	write_podman(x);
	tree_write(&x->tree, PODMAN_LIST, "[{\"id\":\"" ID);
	assert_int_equal(ask(x, "podman"), LOOKUP_PART);
	assert_non_null(strstr(x->problem.text, "containers.json: line 1, column"));
	assert_int_equal(x->m.privileged, 0);
	write_podman(x);
	tree_write(&x->tree, PODMAN_CONFIG, "");
	assert_int_equal(ask(x, "podman"), LOOKUP_PART);
	assert_field(x, META_NAME, "pod1");
	assert_int_equal(x->m.privileged, -1);
	write_podman(x);
	assert_int_equal(ask(x, "podman"), LOOKUP_WHOLE);
}

static void podman_hostile(void **state)
{
	static const char *const lists[] = {
		"{}", "7", "[[],null,3,{\"id\":[]}]", "[{\"id\":\"" ID "\",\"names\":{},\"image\":{},\"metadata\":\"{\"}]",
		"[{\"id\":\"" ID "\",\"names\":[[]],\"metadata\":\"[]\"}]", "[{\"id\":\"" ID "\",\"metadata\":\"{\\\"image-name\\\":1}\"}]",
	};
	static const char *const bundles[] = {
		"[]", "{\"annotations\":3,\"mounts\":{}}", "{\"mounts\":[3,null,{\"type\":\"bind\"}]}",
		"{\"mounts\":[{\"type\":\"bind\",\"source\":\"/\",\"destination\":\"/\",\"options\":[1,{},null]}]}",
	};
	struct fixture *x = *state;

	write_podman(x);
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		tree_write(&x->tree, PODMAN_LIST, lists[i]);
		assert_int_not_equal(ask(x, "podman"), LOOKUP_NONE);
	}
	for (size_t i = 0; i < sizeof bundles / sizeof *bundles; i++) {
		tree_write(&x->tree, PODMAN_CONFIG, bundles[i]);
		assert_int_not_equal(ask(x, "podman"), LOOKUP_NONE);
		assert_int_equal(x->m.privileged, -1);
	}
}

static void says_what_is_there(void **state)
{
	struct fixture *x = *state;
	char text[512], expected[512];

	engines_describe(&x->engines, text, sizeof text);
	assert_string_equal(text, "none");
	write_docker(x, "busy");
	write_podman(x);
	engines_describe(&x->engines, text, sizeof text);
	snprintf(expected, sizeof expected, "docker (%s/docker), podman (%s/podman)", x->tree.path, x->tree.path);
	assert_string_equal(text, expected);
}

static void packs_a_record(void **state)
{
	struct fixture *x = *state;
	struct pack p = {0};
	struct value v;

	write_podman(x);
	ask(x, "podman");
	metadata_pack(&p, "3ad7b26ded6d", &x->m, x->found);
	struct frame f = tree_frame(&p);
	struct cursor c = { f.body, f.body + f.len };
	assert_int_equal(f.kind, FRAME_CONTAINER);
	assert_int_equal(value_next(&c, &v), 1);
	assert_memory_equal(v.s.data, "3ad7b26ded6d", 12);
	assert_int_equal(value_next(&c, &v), 1);
	assert_int_equal(v.type, VALUE_MAP);
	assert_int_equal(v.a.count, 8);
	assert_int_equal(value_next(&c, &v), 1);
	assert_memory_equal(v.s.data, "podman:disk", 11);
	assert_int_equal(value_next(&c, &v), 0);
	pack_free(&p);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(docker_whole), TEST(docker_references), TEST(docker_not_there), TEST(docker_half_written), TEST(docker_hostile),
		TEST(podman_whole), TEST(podman_in_parts), TEST(podman_hostile), TEST(says_what_is_there), TEST(packs_a_record),
	};

	return cmocka_run_group_tests_name("enrich_engines", tests, NULL, NULL);
}
