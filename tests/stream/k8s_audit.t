#!/bin/sh
# The k8s_audit source: which of the two versions' rules each given audit event raises; every ka.* field in both meanings; batches.
here=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
export DIR="$dir" TZ=UTC PYTHONPATH="$here/tests/helpers" PYTHONDONTWRITEBYTECODE=1
export SAKER_BUILD="${SAKER_BUILD:-$here/build}"
[ -d "${SAKER_SHARED:-$here/../shared}/data/k8s_audit" ] || {
	echo "1..0 # SKIP no data/k8s_audit"
	exit 0
}
python3 - <<'EOF'
import collections, json, os, subprocess
from live import BIN, Tap
import golden

DIR = os.environ["DIR"]
tap = Tap()
OLD = ("-O", "compat=0.28")


def stage(name, *options, data):
    return subprocess.run([os.path.join(BIN, name), *options], input=data, capture_output=True, timeout=60, check=False)


def alerts(document, *match):
    stream = stage("frames", "--json-source", "k8s_audit", data=document)
    raised = stage("match", "-O", "rule_matching=all", *match, data=stream.stdout)
    if raised.returncode:
        raise RuntimeError(raised.stderr.decode())
    out = stage("emit", "-O", "json_output=true", data=raised.stdout).stdout
    return stream, [json.loads(line) for line in out.splitlines()]


# What the rules of each version say of the events: the file, and the rules; of those that differ the old one | that of today.
EXPECTED = """
anonymous_creates_namespace_foo: Anonymous Request Allowed, Create Disallowed Namespace, K8s Namespace Created
attach_cluster_admin_role: Attach to cluster-admin Role, K8s Role/Clusterrolebinding Created | K8s ClusterRoleBinding Created
attach_pod: Attach/Exec Pod
create_cluster_role_pod_exec: ClusterRole With Pod Exec Created, K8s Role/Clusterrole Created | K8s ClusterRole Created
create_cluster_role_wildcard_resources: ClusterRole With Wildcard Created, K8s Role/Clusterrole Created | K8s ClusterRole Created
create_cluster_role_wildcard_verbs: ClusterRole With Wildcard Created, K8s Role/Clusterrole Created | K8s ClusterRole Created
create_cluster_role_write_privileges: ClusterRole With Write Privileges Created, K8s Role/Clusterrole Created | K8s ClusterRole Created
create_clusterrole: K8s Role/Clusterrole Created | K8s ClusterRole Created
create_clusterrolebinding: K8s Role/Clusterrolebinding Created | K8s ClusterRoleBinding Created
create_configmap: K8s ConfigMap Created
create_configmap_no_sensitive_values: K8s ConfigMap Created
create_configmap_sensitive_values: 6 Create/Modify Configmap With Private Credentials, 6 K8s ConfigMap Created
create_deployment: K8s Deployment Created
create_kube_system_secret:
create_nginx_pod_hostnetwork: Create HostNetwork Pod
create_nginx_pod_no_secctx_1st_container_privileged_2nd_container: Create Privileged Pod
create_nginx_pod_nohostnetwork:
create_nginx_pod_privileged: Create Privileged Pod
create_nginx_pod_privileged_2nd_container: Create Privileged Pod
create_nginx_pod_sensitive_mount: Create Sensitive Mount Pod
create_nginx_pod_sensitive_mount_2nd_container: Create Sensitive Mount Pod
create_nginx_pod_unprivileged:
create_nginx_pod_unsensitive_mount:
create_nginx_service_nodeport: Create NodePort Service, K8s Service Created
create_nginx_service_nonodeport: K8s Service Created
create_pod_kube_public_namespace: Pod Created in Kube Namespace
create_pod_kube_system_namespace: Pod Created in Kube Namespace
create_secret: K8s Secret Created
create_service: K8s Service Created
create_service_account_token_secret:
create_serviceaccount: K8s Serviceaccount Created
create_serviceaccount_kube_public_namespace: K8s Serviceaccount Created, Service Account Created in Kube Namespace
create_serviceaccount_kube_system_namespace: K8s Serviceaccount Created, Service Account Created in Kube Namespace
delete_cluster_role_kube_aggregator: System ClusterRole Modified/Deleted, K8s Role/Clusterrole Deleted | K8s ClusterRole Deleted
delete_clusterrole: K8s Role/Clusterrole Deleted | K8s ClusterRole Deleted
delete_clusterrolebinding: K8s Role/Clusterrolebinding Deleted | K8s ClusterRoleBinding Deleted
delete_configmap: K8s ConfigMap Deleted
delete_deployment: K8s Deployment Deleted
delete_namespace_foo: K8s Namespace Deleted
delete_secret: K8s Secret Deleted
delete_service: K8s Service Deleted
delete_serviceaccount: K8s Serviceaccount Deleted
exec_pod: Attach/Exec Pod
minikube_creates_namespace_foo: Create Disallowed Namespace, K8s Namespace Created
modify_cluster_role_node_problem_detector: System ClusterRole Modified/Deleted
some-user_creates_namespace_foo: Create Disallowed Namespace, Disallowed K8s User, K8s Namespace Created
"""
AUDIT = os.path.join(golden.DATA, "k8s_audit")
RULES = [(OLD + ("-r", os.path.join(golden.DATA, "rules/k8s_audit_rules-2021.yaml")), "2021"),
         (("-r", os.path.join(golden.DATA, "regression/v0.42/files/k8s_audit_rules.yaml")), "today")]
expected = {}
for line in EXPECTED.split("\n")[1:-1]:
    name, _, rules = line.partition(":")
    expected[name] = [rule.strip() for rule in rules.split(",") if rule.strip()]
tap.is_(sorted(expected), sorted(f[:-5] for f in os.listdir(AUDIT)), "every given file is looked at")
for name, rules in sorted(expected.items()):
    with open(os.path.join(AUDIT, name + ".json"), "rb") as f:
        document = f.read()
    for i, (options, version) in enumerate(RULES):
        want = collections.Counter()
        for rule in rules:
            rule = rule.split(" | ")[i if " | " in rule else 0]
            many = rule.split(" ")[0].isdigit()
            want[rule.split(" ", 1)[1] if many else rule] = int(rule.split(" ")[0]) if many else 1
        tap.is_(collections.Counter(a["rule"] for a in alerts(document, *options)[1]), want, "%s, rules of %s" % (name, version))

# Every field: its text today, and that of 0.28 where it is another.
EVENT = {
    "kind": "Event", "auditID": "id-1", "stage": "ResponseComplete", "verb": "create", "stageTimestamp": "2018-10-26T19:21:38.371834Z",
    "requestURI": "/api/v1/x?a=b&cmd=ls+-l&c%20d=e%20f&empty=&flag", "userAgent": "kubectl", "sourceIPs": ["1.1.1.1", "2.2.2.2"],
    "annotations": {"authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": "why"},
    "user": {"username": "ann", "groups": ["g1", "g2"]}, "impersonatedUser": {"username": "imp"},
    "objectRef": {"resource": "pods", "namespace": "ns", "name": "obj", "subresource": "exec"},
    "responseStatus": {"code": 201, "reason": "ok"}, "responseObject": {"metadata": {"name": "resp"}},
    "requestObject": {
        "subjects": [{"kind": "User", "name": "u1"}, {"kind": "ServiceAccount", "name": "sa", "namespace": "n"}, {"kind": "Group", "name": "gr"}],
        "roleRef": {"name": "role"}, "data": {"k": "v"},
        "rules": [{"apiGroups": ["", "apps"], "verbs": ["get", "*"], "resources": ["pods", "pods/exec"]}, {"nonResourceURLs": ["/x"], "verbs": ["list"]}],
        "spec": {
            "type": "NodePort", "ports": [{"port": 80}, {"port": 81}], "hostIPC": True, "hostNetwork": True, "hostPID": False,
            "securityContext": {"runAsUser": 1000, "runAsGroup": 2000, "fsGroup": 3, "supplementalGroups": [4, 5]},
            "containers": [
                {"name": "c1", "image": "reg:5000/a/b:1.0", "args": ["-x", "y"], "command": ["sh"],
                 "ports": [{"hostPort": 8080, "containerPort": 80}, {"containerPort": 90}],
                 "securityContext": {"privileged": True, "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "runAsUser": 7,
                                     "runAsGroup": 8, "procMount": "Default", "capabilities": {"add": ["SYS_ADMIN", "NET_RAW"]}}},
                {"name": "c2", "image": "nginx@sha256:abcd"}],
            "initContainers": [{"name": "i1", "image": "busy:2"}], "ephemeralContainers": [{"name": "e1", "command": ["a", "b"]}],
            "volumes": [{"name": "v1", "hostPath": {"path": "/proc/x"}}, {"name": "v2", "emptyDir": {}}, {"name": "v3", "flexVolume": {"driver": "drv"}}],
        }}}
FIELDS = {
    "auditid": "id-1", "stage": "ResponseComplete", "auth.decision": "allow", "auth.reason": "why", "auth.openshift.decision": "<NA>",
    "auth.openshift.username": "<NA>", "validations.admission.policy.failure": "<NA>", "security.pod.violations": "<NA>", "cluster.name": "<NA>",
    "user.name": "ann", "user.groups": "(g1,g2)", "impuser.name": "imp", "verb": "create", "uri": EVENT["requestURI"], "uri.param[cmd]": "ls+-l",
    "uri.param[c d]": "e%20f", "uri.param[empty]": "", "uri.param[flag]": "", "uri.param[none]": "<NA>", "target.name": "obj",
    "target.namespace": "ns", "target.resource": "pods", "target.subresource": "exec", "target.pod.name": "obj",
    "req.binding.subjects.user_names": ("(u1)", "u1"), "req.binding.subjects.serviceaccount_names": ("(sa)", "sa"),
    "req.binding.subjects.serviceaccount_ns_names": ("(n:sa)", "n:sa"), "req.binding.subjects.group_names": ("(gr)", "gr"),
    "req.binding.role": "role", "req.binding.subject.has_name[x]": ("N/A", "true"), "req.configmap.name": "obj", "req.configmap.obj": '{"k":"v"}',
    "req.container.image": "reg:5000/a/b:1.0", "req.container.image.repository": "reg:5000/a/b", "req.pod.host_ipc": "true",
    "req.pod.host_network": "true", "req.pod.host_pid": "false", "req.container.host_network": "true", "req.container.privileged": "true",
    "req.pod.run_as_user": "1000", "req.pod.run_as_group": "2000", "req.role.rules.apiGroups": ("(,apps)", "(,apps,<NA>)"),
    "req.role.rules.nonResourceURLs": ("(/x)", "(<NA>,/x)"), "req.role.rules.verbs": "(get,*,list)", "req.role.rules.verbs[2]": ("(list)", "list"),
    "req.role.rules.resources": ("(pods,pods/exec)", "(pods,pods/exec,<NA>)"), "req.pod.fs_group": "3", "req.pod.supplemental_groups": "(4,5)",
    "req.service.type": "NodePort", "req.service.ports": '({"port":80},{"port":81})', "req.service.ports[1]": ('({"port":81})', '{"port":81}'),
    "req.pod.volumes.hostpath": ("(/proc/x)", "(/proc/x,<NA>,<NA>)"), "req.volume.hostpath[/proc*]": "true", "req.volume.hostpath[/proc/x]": "true",
    "req.volume.hostpath[/p]": "false", "req.pod.volumes.flexvolume_driver": ("(drv)", "(<NA>,<NA>,drv)"),
    "req.pod.volumes.volume_type": "(hostPath,emptyDir,flexVolume)", "resp.name": "resp", "response.code": "201", "response.reason": "ok",
    "useragent": "kubectl", "sourceips": "(1.1.1.1,2.2.2.2)", "sourceips[1]": ("(2.2.2.2)", "2.2.2.2"),
    "req.pod.containers.args": ("(-x,y)", "(-x,y,<NA>)"), "req.pod.containers.command": ("(sh)", "(sh,<NA>)"), "req.pod.containers.name": "(c1,c2)",
    "req.pod.containers.image": "(reg:5000/a/b:1.0,nginx@sha256:abcd)", "req.pod.containers.image[1]": ("(nginx@sha256:abcd)", "nginx@sha256:abcd"),
    "req.pod.containers.image[5]": "<NA>", "req.pod.containers.image.repository": "(reg:5000/a/b,nginx)",
    "req.pod.containers.host_port": ("(8080,90)", "(8080,90,<NA>)"), "req.pod.containers.privileged": ("(true)", "(true,<NA>)"),
    "req.pod.containers.allow_privilege_escalation": ("(false)", "(false,<NA>)"), "req.pod.containers.read_only_fs": ("(true)", "(true,<NA>)"),
    "req.pod.containers.run_as_user": ("(7)", "(8,<NA>)"), "req.pod.containers.eff_run_as_user": "(7,1000)",
    "req.pod.containers.run_as_group": ("(8)", "(8,<NA>)"), "req.pod.containers.eff_run_as_group": "(8,2000)",
    "req.pod.containers.proc_mount": ("(Default)", "(Default,<NA>)"), "req.pod.containers.add_capabilities": ("(SYS_ADMIN,NET_RAW)", "(SYS_ADMIN,NET_RAW,<NA>)"),
    "req.pod.initContainers.image.repository": ("(busy)", "busy"), "req.pod.ephemeralContainers.command": "(a,b)",
}
path = os.path.join(DIR, "fields.yaml")
with open(path, "w", encoding="utf-8") as f:
    json.dump([{"rule": "r", "desc": "d", "source": "k8s_audit", "condition": "evt.num > 0", "priority": "INFO",
                "output": "|" + "|".join("%ka." + n for n in FIELDS)}], f)
for i, version in enumerate(((), OLD)):
    _, (one,) = alerts(json.dumps(EVENT).encode(), "-r", path, *version)
    found = one["output"].split("|")[1:]
    for (name, want), text in zip(FIELDS.items(), found):
        tap.is_(text, want[i] if isinstance(want, tuple) else want, "ka.%s%s" % (name, " as 0.28 has it" if i else ""))
    tap.ok(one["output"].startswith("19:21:38.371834000: "), "its time is that of the event", one["output"][:40])
    _, (none,) = alerts(b'{"kind": "Event"}', "-r", path, *version)
    bare = {n for n, text in zip(FIELDS, none["output"].split("|")[1:]) if text != "<NA>"}
    tap.is_(bare, {"req.binding.subject.has_name[x]"}, "what an event does not have is <NA>")
known = {f["name"] for f in json.loads(stage("match", "--list-fields=k8s_audit", "--format", "json", data=b"").stdout)["fields"]}
left = {n for n in known if n.startswith("ka.")} - {"ka." + n.split("[")[0] for n in FIELDS}
tap.is_({n for n in left if "itContainers" not in n and "eralContainers" not in n}, {"ka.req.binding.subjects", "ka.req.role.rules"}, "no field is left out")

# Batches
one, two = ({"kind": "Event", "auditID": i} for i in ("1", "2"))
with open(path, "w", encoding="utf-8") as f:
    json.dump([{"rule": "r", "desc": "d", "source": "k8s_audit", "condition": "ka.auditid exists", "priority": "INFO", "output": "%ka.auditid"}], f)
for what, document, ids, status in (
        ("an EventList", {"kind": "EventList", "items": [one, two]}, ["1", "2"], 0), ("an array", [one, two], ["1", "2"], 0),
        ("an array with a list in it", [one, {"kind": "EventList", "items": [two]}], ["1", "2"], 0), ("an empty list", {"kind": "EventList", "items": []}, [], 0),
        ("an array in an array", [one, [two]], ["1"], 65), ("items that are no list", {"kind": "EventList", "items": {}}, [], 65)):
    stream, found = alerts(json.dumps(document).encode(), "-r", path)
    tap.is_((stream.returncode, [a["output_fields"]["ka.auditid"] for a in found]), (status, ids), what)
    tap.ok(status == 0 or b"line 1, column 1: found" in stream.stderr, "is an error that names the line" if status else "is taken apart", stream.stderr)
tap.end()
EOF
