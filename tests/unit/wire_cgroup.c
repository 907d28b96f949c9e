/* Container ids from cgroup paths: what each engine makes, what lies below it, and what only looks like it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "wire/cgroup.h"

#define ID "3ad7b26ded6d8e7b23da7d48fe889434573036c27ae5a74837233de441c3601e"
#define IN "b8f4c0ffee112233445566778899aabbccddeeff00112233445566778899aabb"
#define ID_SHORT "3ad7b26ded6d"
#define IN_SHORT "b8f4c0ffee11"
#define UUID "2f5b8a44-1c2d-4f3e-8a9b-0c1d2e3f4a5b"
#define HEX32 "0123456789abcdef0123456789abcdef"

static const struct {
	const char *path, *id, *runtime;
} containers[] = {
	{ "/docker/" ID, ID_SHORT, "docker" },
	{ "/docker/" ID "/", ID_SHORT, "docker" },
	{ "/docker/" ID "/init", ID_SHORT, "docker" },
	{ "/docker/" ID "/system.slice/sshd.service", ID_SHORT, "docker" },
	{ "/docker/" ID "/docker/" IN, IN_SHORT, "docker" },
	{ "/docker/" ID "/kubelet/kubepods/besteffort/pod" UUID "/" IN, IN_SHORT, "cri" },
	{ "/my/parent/" ID, ID_SHORT, "docker" },
	{ "/" ID, ID_SHORT, "docker" },
	{ "/system.slice/docker-" ID ".scope", ID_SHORT, "docker" },
	{ "/system.slice/docker-" ID ".scope/init.scope", ID_SHORT, "docker" },
	{ "/libpod_parent/libpod-" ID, ID_SHORT, "podman" },
	{ "/libpod_parent/" IN "/libpod-" ID, ID_SHORT, "podman" },
	{ "/machine.slice/libpod-" ID ".scope", ID_SHORT, "podman" },
	{ "/machine.slice/libpod-" ID ".scope/container", ID_SHORT, "podman" },
	{ "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID ".scope", ID_SHORT, "podman" },
	{ "/machine.slice/libpod-payload-" ID, ID_SHORT, "podman" },
	{ "/kubepods/besteffort/pod" UUID "/" ID, ID_SHORT, "cri" },
	{ "/kubepods/pod" UUID "/" ID "/nested", ID_SHORT, "cri" },
	{ "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod1.slice/cri-containerd-" ID ".scope", ID_SHORT,
		"containerd" },
	{ "/kubepods.slice/kubepods-pod1.slice/crio-" ID ".scope", ID_SHORT, "cri-o" },
	{ "/kubepods/burstable/pod" UUID "/crio-" ID, ID_SHORT, "cri-o" },
	{ "/system.slice/containerd.service/kubepods-burstable-pod1.slice:cri-containerd:" ID, ID_SHORT, "containerd" },
	{ "/user.slice/nerdctl-" ID ".scope", ID_SHORT, "containerd" },
	{ "/default/" ID, ID_SHORT, "containerd" },
	{ "/default/ctr1", "ctr1", "containerd" },
	{ "/default/ctr1/evade", "ctr1", "containerd" },
	{ "/k8s.io/my-thing_2", "my-thing_2", "containerd" },
	{ "/lxc.payload.l1", "l1", "lxc" },
	{ "/lxc.payload.l1/system.slice/cron.service", "l1", "lxc" },
	{ "/lxc.payload/web", "web", "lxc" },
	{ "/lxc/web/ns", "web", "lxc" },
	{ "/machine/web.libvirt-lxc", "web", "libvirt-lxc" },
	{ "/machine.slice/machine-lxc\\x2d2107\\x2dweb.scope", "2107\\x2dweb", "libvirt-lxc" },
	{ "/libvirt/lxc/web", "web", "libvirt-lxc" },
	{ "/system.slice/runc-bpm-garden.scope", NULL, NULL },
	{ "/system.slice/bpm-garden.scope", "garden", "bpm" },
	{ "/lxc/na\xffme", "na?me", "lxc" },
};

static const char *const hosts[] = {
	"", "/", "//", "relative/" ID, "/init.scope", "/user.slice", "/user.slice/user-0.slice", "/user.slice/user-0.slice/session-3.scope",
	"/system.slice", "/system.slice/ssh.service", "/system.slice/docker.service", "/docker", "/docker/buildkit", "/kubepods",
	"/kubepods/besteffort", "/kubepods/pod" UUID, "/kubepods.slice/kubepods-besteffort.slice", "/kubelet/kubepods",
	"/libpod_parent", "/libpod_parent/conmon", "/libpod_parent/" ID, "/machine.slice/libpod-conmon-" ID ".scope",
	"/kubepods.slice/crio-conmon-" ID ".scope", "/lxc", "/lxc.monitor.l1", "/lxc.monitor/l1", "/lxc.pivot", "/default",
	"/c1", "/jobs/" HEX32, "/" HEX32 "/c1", "/jobs/" HEX32 "/c1", "/a/b/c", "/default/a.service", "/ns/x.slice",
	"/ns.mount/x", "/ns/-x", "/ns/x-", "/ns/x..y", "/ns/x y", "/machine/qemu-1-vm", "/openrc/sshd",
	"/elogind/1", "/user/1000.user", "/system/x", "/systemd/x", "/slurm/uid_1000", "/kubelet/x", "/libvirt/x",
	"/system.slice/docker-" ID, "/system.slice/docker-" HEX32 ".scope", "/system.slice/docker-" ID "0.scope",
	"/x/" ID "0", "/machine/.libvirt-lxc", "/libpod_parent/libpod-" HEX32,
	"/ns/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaz",
};

static void finds_containers(void **state)
{
	struct container_id c;

	(void)state;
	for (size_t i = 0; i < sizeof containers / sizeof *containers; i++) {
		bool found = cgroup_container(containers[i].path, strlen(containers[i].path), &c);
		if (found != (containers[i].id != NULL))
			fail_msg("%s: found %d", containers[i].path, found);
		if (!found)
			continue;
		if (strcmp(c.id, containers[i].id) != 0 || strcmp(c.runtime, containers[i].runtime) != 0)
			fail_msg("%s: found %s by %s, expected %s by %s", containers[i].path, c.id, c.runtime,
				containers[i].id, containers[i].runtime);
	}
}

static void keeps_the_full_id(void **state)
{
	struct container_id c;

	(void)state;
	assert_true(cgroup_container("/docker/" ID, strlen("/docker/" ID), &c));
	assert_string_equal(c.full, ID);
	assert_true(cgroup_container("/default/ctr1", strlen("/default/ctr1"), &c));
	assert_string_equal(c.full, "ctr1");
}

static void leaves_the_host_alone(void **state)
{
	struct container_id c;

	(void)state;
	for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
		if (cgroup_container(hosts[i], strlen(hosts[i]), &c))
			fail_msg("%s: taken for container %s of %s", hosts[i], c.id, c.runtime);
}

static void cuts_long_names(void **state)
{
	struct container_id c;
	char path[256] = "/lxc/";

	(void)state;
	memset(path + 5, 'n', 200);
	assert_true(cgroup_container(path, 205, &c));
	assert_int_equal(strlen(c.id), CONTAINER_ID_MAX);
}

static void reads_no_further_than_told(void **state)
{
	struct container_id c;

	(void)state;
	assert_false(cgroup_container("/docker/" ID, 7, &c));
	assert_false(cgroup_container("/docker/" ID, strlen("/docker/" ID) - 1, &c));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_containers), cmocka_unit_test(keeps_the_full_id), cmocka_unit_test(leaves_the_host_alone),
		cmocka_unit_test(cuts_long_names), cmocka_unit_test(reads_no_further_than_told),
	};

	return cmocka_run_group_tests_name("wire_cgroup", tests, NULL, NULL);
}
