"""The second half of tests/live/rules.t: rules.py DIR RULES...: does all deeds of rules_deeds.py before the real pipeline with
Falco's rules, and checks that every bad one raises what it shall, no twin does, and that nothing else we did raised anything:
not the engines, nor runc. Prints TAP."""
import json
import os
import re
import shutil
import subprocess
import sys
import time

from live import last_stat
from pipeline import Pipeline, done, is_, ok, text, until
from rules_deeds import DOCKER, EARLY, EXEC, HOST, NET, PODMAN, RUN, START, TERMINAL, deeds, mark, marked

DIR, *RULES = sys.argv[1:]
IMAGE, ENGINES = os.environ["ENGINES_IMAGE"], os.environ["ENGINES"].split()
CLIENTS = {
    DOCKER: ["docker", "-H", "unix://%s/docker/socket" % DIR],
    PODMAN: ["podman", "--root", DIR + "/podman/root", "--runroot", DIR + "/podman/run", "--tmpdir", DIR + "/podman/tmp"],
}
NAMES = {DOCKER: "saker-rules-plain", PODMAN: "saker-rules-privileged"}
ALERTS = os.path.join(DIR, "alerts")
ERRORS = os.path.join(DIR, "errors.deeds")
# What runc does, told by rules of our own: that it was seen is what makes the silence of the others worth something.
SEEN = {
    "Seen: runc runs from memory":
        "evt.type in (execve, execveat) and proc.is_exe_from_memfd = true and proc.exepath contains runc",
    "Seen: runc mounts": "evt.type = mount and proc.name startswith runc:",
    "Seen: runc changes namespaces": "evt.type = setns and proc.name startswith runc:",
}
# In a network namespace of its own, or of a container.
ADDRESSES = ["ip link set lo up"] + ["ip addr add %s/32 dev lo" % a for a in ("203.0.113.7", "169.254.169.254")]
HOST_ENV = {**os.environ, "PATH": DIR + "/bin:" + os.environ["PATH"], "DOCKER_HOST": "unix://%s/docker/socket" % DIR}


def rule_names():
    return [name.strip() for path in RULES for name in re.findall(r"^- rule: (.*)$", text(path), re.M)]


def write_extra():
    """Beside the two files: more fields in each output, by which an alert is told to be ours; and the rules of SEEN."""
    path = os.path.join(DIR, "extra.yaml")
    fields = " ".join(["%container.id %container.name"] + ["%%proc.acmdline[%d]" % n for n in range(1, 7)])
    with open(path, "w") as f:
        for name in rule_names():
            f.write("- rule: %s\n  output: ' | %s'\n  override: {output: append}\n" % (name, fields))
        for name, condition in SEEN.items():
            f.write("- {rule: '%s', desc: d, condition: '%s', output: 'seen | %s', priority: NOTICE}\n" %
                    (name, condition, fields))
    return path


def engine(name, *args, **how):
    return subprocess.run(CLIENTS[name] + list(args), capture_output=True, text=True, timeout=30, **how)


def both():
    """Each deed, first the bad one, then its twin."""
    return ((d, twin) for d in DEEDS for twin in (False, True))


def script(place, prefix=""):
    """The deeds of a place, in the order of the table. What fails is said on standard error."""
    return "".join("%s{ %s%s; } || echo 'failed: %s' >&2\n" % (PAUSE, prefix, d.line(twin, DIR), mark(d.name, twin))
                   for d, twin in both() if d.place(twin) == place)


def shell(command, lines, env=HOST_ENV, **how):
    """Starts a shell somewhere that does the lines."""
    with open(ERRORS, "ab") as errors:
        p = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=errors, env=env, **how)
    p.stdin.write(lines.encode())
    p.stdin.close()
    return p


def finished(process, what):
    try:
        ok(process.wait(100) == 0, what, text(ERRORS))
    except subprocess.TimeoutExpired:
        process.kill()
        ok(False, what, "not within 100 s")


def start_containers():
    """One of docker, a privileged one of podman; {place: id}."""
    first, = [d for d in DEEDS if d.where == START]
    options = {DOCKER: ["--network", "none"], PODMAN: ["--privileged"]}
    ids = {}
    for name in ENGINES:
        p = engine(name, "run", "-d", "--name", NAMES[name], *options[name], IMAGE, *first.line(name == DOCKER, DIR).split())
        if ok(p.returncode == 0, "%s: a container" % name, p.stderr):
            ids[name] = p.stdout.split()[-1]
    return ids


def add_addresses(id_):
    pid = engine("docker", "inspect", "-f", "{{.State.Pid}}", id_).stdout.strip()
    return subprocess.run(["nsenter", "--net=/proc/%s/ns/net" % pid, "busybox", "sh", "-e"], text=True, timeout=20,
                          input="\n".join("busybox " + a for a in ADDRESSES)).returncode == 0


def do_all(ids):
    early = shell(["sh", "-s"], script(EARLY))
    finished(shell(["sh", "-s"], script(HOST), cwd=DIR), "the host's deeds")
    lines = "\n".join("busybox " + a for a in ADDRESSES + ["mount -t tmpfs tmpfs /dev/shm"]) + "\n" + script(NET)
    finished(shell(["unshare", "-mn", "sh", "-s"], lines, cwd=DIR), "those in namespaces of their own")
    if DOCKER in ids:
        ok(add_addresses(ids[DOCKER]), "addresses for the container")
        finished(shell(["sh", "-s"], script(RUN)), "containers of their own")
        finished(shell(CLIENTS[DOCKER] + ["exec", "-i", ids[DOCKER], "/bin/sh", "-s"], script(DOCKER)), "docker's deeds")
        for place, options in ((EXEC, ""), (TERMINAL, "-t ")):
            prefix = "docker exec %s%s " % (options, ids[DOCKER])
            finished(shell(["sh", "-s"], script(place, prefix)), "docker exec: %s" % place)
    if PODMAN in ids:
        finished(shell(CLIENTS[PODMAN] + ["exec", "-i", ids[PODMAN], "/bin/sh", "-s"], script(PODMAN)), "podman's deeds")
    if shutil.which("runc"):
        bare_runc()
    finished(early, "the early deeds")


def bare_runc():
    """A container of nobody but runc, and a program that joins it. A runc that cannot be mounted elsewhere copies itself into
    memory before it enters a container."""
    bundle, name = os.path.join(DIR, "bundle"), "saker-rules-%d" % os.getpid()
    os.mkdir(bundle)
    own = """mkdir -p $0 && mount -t tmpfs tmpfs $0 && mount --make-unbindable $0 &&
        cp $(command -v runc) $0 && exec $0/runc "$@" """
    runc = ["unshare", "-m", "sh", "-c", own, os.path.join(DIR, "unbindable"), "--root", os.path.join(DIR, "runc")]
    subprocess.run(["runc", "spec"], cwd=bundle, check=True, timeout=20)
    path = os.path.join(bundle, "config.json")
    spec = json.loads(text(path))
    spec["process"] |= {"terminal": False, "args": ["/bin/deed", "rest"], "rlimits": []}
    spec["root"]["path"] = os.path.join(DIR, "rootfs")
    with open(path, "w") as f:
        json.dump(spec, f)
    for command in (["run", "-d", name], ["exec", name, "/bin/deed", "nothing"], ["delete", "-f", name]):
        p = shell(runc + command, "", os.environ, cwd=bundle)
        # The kernel refuses the seal on runc's copy (EBUSY) while anything holds a page of it, which passes.
        if command[0] == "exec" and p.wait(100) != 0 and "cloned binary: Device or resource busy" in text(ERRORS):
            p = shell(runc + command, "", os.environ, cwd=bundle)
        finished(p, "runc alone: %s" % command[0])


def is_ours(alert, ids):
    """Whatever descends from us or an engine of ours, and whatever happened in a container: others may be at work here."""
    return (os.getpid() in [a["pid"] for a in alert["ancestry"]] or DIR in alert["output"] or
            alert["output_fields"]["container.id"] in [i[:12] for i in ids.values()])


def alerts(ids):
    """Our own, so far."""
    every = (json.loads(line) for line in text(ALERTS).splitlines(keepends=True) if line.endswith("\n"))
    return [alert for alert in every if is_ours(alert, ids)]


def counters():
    with open(os.path.join(DIR, "matched"), "rb") as f:
        return last_stat(f.read(), "probe") or {}


def start_storm():
    """Two threads that open and close a file at full speed until they are ended, where the test asks for them."""
    if not STORM:
        return None
    return subprocess.Popen(STORM.split(), stdout=subprocess.DEVNULL)


def check_storm(c):
    """The storm was one; and all that was lost is counted, by type and by class."""
    by_type = {n: c[n] for n in c if n.startswith("kernel.dropped.full.") or n.startswith("kernel.dropped.scratch.")}
    by_class = {n: c[n] for n in c if n.startswith("kernel.class_dropped.")}
    opened = {w: c.get("kernel.%s.openat" % w, 0) for w in ("wanted", "rejected", "self", "delivered", "dropped.full", "dropped.scratch")}
    print("# storm: %r; lost by type %r, by class %r" % (opened, by_type, by_class))
    ok(opened["wanted"] > 500000, "the storm was one", opened)
    is_(opened["wanted"], sum(opened.values()) - opened["wanted"], "each open is accounted for")
    is_(sum(by_class.values()), sum(by_type.values()), "what was lost by class is what was lost by type")
    is_(by_class.get("kernel.class_dropped.3", 0), 0, "nothing of the highest class was lost")


def check(deed, twin, found, ids):
    """One deed's alerts."""
    expected = list(deed.twin_raises) if twin else deed.rules
    name = mark(deed.name, twin)
    is_(sorted(a["rule"] for a in found), sorted(expected), "%s: %s" % (name, ", ".join(expected) or "nothing"))
    alert = next((a for a in found if a["rule"] == deed.rules[0]), None)
    if twin or not alert:
        return
    missing = [w for w in deed.says_what(DIR, LOGINUID) if not re.search(w, alert["output"])]
    ok(not missing, "%s: what it says" % name, "\n".join(["not in it: " + w for w in missing] + [alert["output"]]))
    ok(alert["complete"], "%s: nothing that it rests on was lost" % name, alert.get("lost"))
    container = alert["output_fields"]["container.id"], alert["output_fields"]["container.name"]
    if deed.where == RUN:
        ok(re.fullmatch("[0-9a-f]{12}", container[0]) and container[0] != ids[DOCKER][:12], "%s: a container of its own" % name)
    else:
        where = deed.container(twin)
        is_(container, (ids[where][:12], NAMES[where]) if where in NAMES else ("host", "host"), "%s: where it was" % name)


def check_all(found, ids):
    marks = {}
    for alert in found:
        # What runc does bears a deed's mark as long as the engine that was asked for it is among its ancestors.
        mark_ = None if alert["rule"] in SEEN else marked(alert["output"])
        marks.setdefault(mark_, []).append(alert)
    for d, twin in both():
        if d.container(twin) in NAMES and d.container(twin) not in ENGINES:
            ok(True, "%s # SKIP no %s" % (mark(d.name, twin), d.container(twin)))
        else:
            check(d, twin, marks.get(mark(d.name, twin), []), ids)
    unmarked = marks.get(None, [])
    for name in SEEN:
        if shutil.which("runc"):
            ok(any(a["rule"] == name for a in unmarked), name)
        else:
            ok(True, "%s # SKIP no runc" % name)
    other = [a["output"] for a in unmarked if a["rule"] not in SEEN]
    ok(not other, "no other alert, of engines and runc least of all", "\n".join(other))
    is_(sorted(set(rule_names()) - {r for d in DEEDS for r in d.rules}), UNTRIED, "rules that were not tried")


# Those that want to know a Kubernetes service's name, or a pod and a list of namespaces.
UNTRIED = ["Contact K8S API Server From Container", "Network Connection outside Local Subnet"]
DEEDS = deeds()
STORM = os.environ.get("RULES_STORM")
# In a long storm the deeds are spread over all of it.
PAUSE = "busybox sleep 0.2; " if STORM and os.environ.get("SAKER_SOAK") else ""
with open("/proc/self/loginuid") as f:
    LOGINUID = (int(f.read()) + 2 ** 31) % 2 ** 32 - 2 ** 31

# A big ring, unless the flood is our own: others may be at work on this machine. The copy of what match says is for the
# counters in it.
pipeline = Pipeline(
    'rules="%s"; match $rules --plan >plan; $PROBE -O probe.ring_size=%d -p plan | '
    'enrich -O enrich.docker_root=%s/docker/lib -O enrich.podman_root=%s/podman/root | '
    'match $rules -O rule_matching=all | tee matched | emit --json >alerts' %
    (" ".join("-r " + os.path.realpath(r) for r in RULES + [write_extra()]), 8 << 20 if STORM else 64 << 20, DIR, DIR), DIR)
try:
    ok(pipeline.ready(), "the pipeline watches", pipeline.errors())
    containers = start_containers()
    storm = start_storm()
    storm_ends = time.monotonic() + (30 if os.environ.get("SAKER_SOAK") else 0)
    do_all(containers)
    if storm:
        time.sleep(max(0, storm_ends - time.monotonic()))
        storm.terminate()
        storm.wait(10)
    shell(["sh", "-s"], "%s/bin/reader open r /etc/shadow @last\n" % DIR).wait(20)
    ok(until(lambda: any(marked(a["output"]) == "@last" for a in alerts(containers))), "all has arrived", pipeline.errors())
    check_all(alerts(containers), containers)
finally:
    is_(pipeline.stop(), ["0"] * 5, "the pipeline ends well")
    pipeline.kill()
if STORM:
    check_storm(counters())
ok("failed: " not in text(ERRORS), "every deed was done", text(ERRORS))
done()
