#!/bin/sh
# enrich on synthetic streams: what passes unchanged, what is added, in which order, and how it ends.
here=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
export ENRICH="${SAKER_BUILD:-$here/build}/bin/enrich" DIR="$dir" PYTHONPATH="$here/tests/helpers" PYTHONDONTWRITEBYTECODE=1
python3 - <<'EOF'
import grp, json, os, pwd, signal, subprocess, threading, time
import wire
from wire import *

ENRICH, DIR = os.environ["ENRICH"], os.environ["DIR"]
DOCKER = os.path.join(DIR, "docker")
ID = "3ad7b26ded6d8e7b23da7d48fe889434573036c27ae5a74837233de441c3601e"
SHORT = ID[:12]
IMAGE = "19eff6e9d159c24220c56d8de9892ec4ae4faf98916c3c1830c5cc393b7f66e3"
BOOT = open("/proc/sys/kernel/random/boot_id").read().strip()
HERE_NOW = ("host", BOOT, "probe", TIME)
ARGS = [ENRICH, "-O", "enrich.docker_root=" + DOCKER, "-O", "enrich.podman_root=" + os.path.join(DIR, "podman")]
count, failed = 0, False


def ok(good, what, *why):
    global count, failed
    count += 1
    print("%sok %d - %s" % ("" if good else "not ", count, what), flush=True)
    if not good:
        failed = True
        for w in why:
            print("# %r" % (w,))


def is_(found, expected, what):
    ok(found == expected, what, "found", found, "expected", expected)


def run(data, *options):
    p = subprocess.run(ARGS + list(options), input=data, capture_output=True, timeout=20)
    return p.returncode, p.stdout, p.stderr.decode()


def records(data, *kinds):
    return [(k, unpack(b)) for k, b in wire.frames(data) if not kinds or k in kinds]


def raw(data, *kinds):
    return [header(k, len(b)) + b for k, b in wire.frames(data) if not kinds or k in kinds]


def cgroup(id_, path, made=True):
    return frame(CGROUP, id_, path.encode(), made)


def docker(name="web", privileged=False, config=None, host=None):
    """A docker root with one container."""
    folder = os.path.join(DOCKER, "containers", ID)
    images = os.path.join(DOCKER, "image", "overlay2")
    os.makedirs(folder, exist_ok=True)
    os.makedirs(images, exist_ok=True)
    whole = {"Name": "/" + name, "Image": "sha256:" + IMAGE, "Driver": "overlay2",
             "Config": {"Image": "example.test:5000/team/busy:1.2", "Labels": {"tier": "front", "io.kubernetes.pod.name": "web-0", "n": 1}},
             "MountPoints": {"/in": {"Source": "/tmp", "RW": False, "Relabel": "ro", "Propagation": "rslave"}}}
    write(os.path.join(folder, "config.v2.json"), json.dumps(whole) if config is None else config)
    write(os.path.join(folder, "hostconfig.json"), json.dumps({"Privileged": privileged}) if host is None else host)
    write(os.path.join(images, "repositories.json"), json.dumps({"Repositories": {}}))


def write(path, text):
    with open(path + ".new", "w") as f:
        f.write(text)
    os.rename(path + ".new", path)


LIVE = hello(HERE_NOW, "live")
FRAMES = [proc(7, container=False, cgroup=77), cgroup(77, "/docker/" + ID), proc(8, container=False, cgroup=77),
          event("openat", 1), frame(99, "?"), frame(-5), event("openat", 2), json_("{}"), stat(), exit_(key(7)),
          container("x", image="y"), name(0, b"zero")]


def passes_unchanged(what, first, data=None, **more):
    whole = first + b"".join(FRAMES)
    if data:
        with open(data, "wb") as f:
            f.write(whole + end("why"))
        with open(data, "rb") as f:
            p = subprocess.run(ARGS, stdin=f, capture_output=True, timeout=20)
        status, out = p.returncode, p.stdout
    else:
        status, out, _ = run(whole + end("why"))
    rest = out[len(whole):]
    ok(out.startswith(whole), what + ": passes byte for byte")
    kinds = [k for k, _ in records(rest)]
    is_((status, kinds), (0, [STAT, END]), what + ": only the own STAT and one END are added")
    is_(records(rest)[1][1], ["why"], what + ": END keeps its reason")


docker()
passes_unchanged("a recorded stream", hello(HERE_NOW, "recorded"))
passes_unchanged("a live stream of another boot", hello(("host", "other", "probe", TIME), "live"))
passes_unchanged("a regular file", LIVE, os.path.join(DIR, "file"))

# Names
status, out, err = run(LIVE + event("openat", 1) + end())
entries = records(out)
names = [r for k, r in entries if k == NAME]
users = {}
for e in pwd.getpwall():
    users.setdefault(e.pw_uid, [None, "user", e.pw_uid, e.pw_name.encode(), e.pw_dir.encode(), e.pw_shell.encode()])
groups = {}
for e in grp.getgrall():
    groups.setdefault(e.gr_gid, [None, "group", e.gr_gid, e.gr_name.encode(), None, None])
is_(sorted(map(str, names)), sorted(map(str, [*users.values(), *groups.values()])), "a live stream gets the host's names")
is_([k for k, _ in entries if k != NAME], [HELLO, EVENT, STAT, END], "and the rest in order")
ok([k for k, _ in entries][1] == NAME, "right behind HELLO")
ok("engines: docker (%s)" % DOCKER in err and err.count("\n") == 1, "one line names the engines", err)
_, out, _ = run(LIVE + LIVE + end())
is_(len(records(out, NAME)), len(names), "HELLO of the same source again: no names again")
_, out, _ = run(LIVE + hello((*HERE_NOW[:3], TIME + 1), "live") + end())
is_(len(records(out, NAME)), 2 * len(names), "HELLO of another source: names again")

# The container fact
docker(privileged=True)
before = [cgroup(77, "/docker/" + ID), cgroup(78, "/user.slice/session-1.scope"), cgroup(79, "/docker/%s/init" % ID)]
_, out, _ = run(LIVE + b"".join(before) + proc(1, cgroup=78, container=False) + proc(2, cgroup=77, container=False, comm=b"x") +
                proc(3, cgroup=79, container=False) + proc(4, cgroup=80, container=False) + proc(5, cgroup=77, container=None) + end())
is_(raw(out, PROC), [proc(1, cgroup=78, container=None), proc(2, cgroup=77, container=SHORT, comm=b"x"),
                     proc(3, cgroup=79, container=SHORT), proc(4, cgroup=80, container=False),
                     proc(5, cgroup=77, container=None)], "false becomes the id or nil where the cgroup is known")

# CONTAINER
found = records(out, CONTAINER)
is_(found, [(CONTAINER, [SHORT, {
    "full_id": ID, "type": "docker", "name": "web", "image": "example.test:5000/team/busy:1.2", "image.id": IMAGE,
    "image.repository": "example.test:5000/team/busy", "image.tag": "1.2", "k8s.pod.name": "web-0", "privileged": True,
    "mounts": [["/tmp", "/in", "ro", False, "rslave"]], "labels": {"io.kubernetes.pod.name": "web-0", "tier": "front"}}, "docker:disk"])], "one CONTAINER tells what docker's files say")
order = [k for k, _ in records(out) if k in (CONTAINER, PROC)]
is_(order, [PROC, CONTAINER, PROC, PROC, PROC, PROC], "right before the first PROC that names it")
_, out, _ = run(LIVE + before[0] + proc(2, cgroup=77, container=SHORT) + end())
is_([k for k, _ in records(out) if k in (CONTAINER, PROC)], [CONTAINER, PROC], "also where the probe has named it")
_, out, _ = run(LIVE + cgroup(5, "/lxc/web") + proc(2, cgroup=5, container=False) + end())
is_(records(out, CONTAINER), [(CONTAINER, ["web", {"full_id": "web", "type": "lxc"}, "cgroup"])],
    "an engine without files: what the path says")
_, out, _ = run(LIVE + before[0] + cgroup(77, "/docker/" + ID, False) + cgroup(77, "/user.slice") +
                proc(2, cgroup=77, container=False) + end())
is_((raw(out, PROC), records(out, CONTAINER)), ([proc(2, cgroup=77, container=None)], []), "a cgroup that is gone is forgotten")


class Pipe:
    """enrich with its input open; frames are collected with the time at which they came."""

    def __init__(self):
        self.p = subprocess.Popen(ARGS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.data, self.seen = b"", []
        self.thread = threading.Thread(target=self.collect)
        self.thread.start()

    def collect(self):
        while chunk := os.read(self.p.stdout.fileno(), 1 << 16):
            self.data += chunk

    def send(self, data):
        self.p.stdin.write(data)
        self.p.stdin.flush()

    def wait(self, condition, seconds=5):
        stop = time.monotonic() + seconds
        while time.monotonic() < stop:
            try:
                if condition(records(self.data)):
                    return True
            except ValueError:      # a frame that is not whole yet
                pass
            time.sleep(0.002)
        return False

    def finish(self, data=b""):
        self.send(data)
        self.p.stdin.close()
        self.thread.join()
        err = self.p.stderr.read().decode()
        return self.p.wait(), self.data, err


def has(kind, n=1):
    return lambda rs: sum(k == kind for k, _ in rs) >= n


# Metadata that is being written
docker(config='{"Name":"/we')
p = Pipe()
p.send(LIVE + before[0] + proc(2, cgroup=77, container=False) + event("openat", 1))
p.wait(has(CGROUP))
time.sleep(0.01)
docker()
_, out, _ = p.finish(end())
rs = records(out, CONTAINER, PROC, EVENT)
is_(([k for k, _ in rs], rs[0][1][1].get("name")), ([CONTAINER, PROC, EVENT], "web"), "half written metadata is waited for")

docker(config='{"Name":"/we', privileged=True)
p = Pipe()
begun = time.monotonic()
p.send(LIVE + before[0] + proc(2, cgroup=77, container=False) + event("openat", 1))
p.wait(has(EVENT))
took = time.monotonic() - begun
ok(0.04 < took < 1, "but not for long", took)
rs = records(p.data, CONTAINER)
is_([r for _, r in rs], [[SHORT, {"full_id": ID, "type": "docker", "privileged": True}, "cgroup"]], "then what is known is told")
time.sleep(0.2)
docker()
ok(p.wait(has(CONTAINER, 2)), "and more when it can be read", p.data)
_, out, err = p.finish(end())
is_(records(out, CONTAINER)[-1][1][1].get("name"), "web", "with the name")
ok(err.count("config.v2.json: line 1, column") == 1, "one warning names file and position", err)

# Accounting and ends
events = b"".join(event("openat", i) for i in range(1000))
_, out, _ = run(LIVE + events + json_("{}") + end())
last = records(out)[-2:]
is_((last[0][1][1], last[0][1][5]), ("enrich", {"in": 1001, "out": 1001}), "the last STAT counts every EVENT and JSON")
is_(last[0][1][0][:3], [os.uname().nodename, BOOT, "enrich"], "under enrich's own source")
_, out, _ = run(hello() + event("openat", 1) + end("one") + hello() + event("openat", 2) + end("two"))
is_([r for _, r in records(out, END)], [["two"]], "of two streams behind one another one END remains")
p = Pipe()
p.send(LIVE)
ok(p.wait(has(STAT, 2), 4), "a STAT comes every second")
p.finish(end())
status, out, _ = run(LIVE + event("openat", 1))
is_((status, len(records(out, EVENT)), records(out, END)), (75, 1, []), "a live stream that breaks off: 75 and no END")
status, out, err = run(hello() + event("openat", 1) + b"xyz")
is_((status, len(records(out, EVENT))), (65, 1), "garbage: 65, and what is whole goes on")
ok("byte %d:" % len(hello() + event("openat", 1)) in err, "with the byte", err)
bad = LIVE + frame(CGROUP, "id")
status, out, err = run(bad + end())
is_((status, records(out, CGROUP)), (65, []), "a malformed CGROUP: 65")
ok("byte %d: malformed cgroup record" % (len(LIVE) + 6) in err, "with the byte", err)
status, out, err = run(LIVE + frame(PROC, 1, Raw(b"\xc1")) + end())
ok(status == 65 and "byte %d: malformed proc record" % (len(LIVE) + 7) in err, "a malformed PROC: 65 with the byte", status, err)
is_(run(b"")[0], 0, "an empty stream: 0")

# Signals
p = Pipe()
p.send(LIVE)
p.wait(has(HELLO))
p.p.send_signal(signal.SIGINT)
p.p.send_signal(signal.SIGHUP)
p.send(event("openat", 1))
ok(p.wait(has(EVENT)), "the first SIGINT is ignored")
p.p.send_signal(signal.SIGINT)
p.thread.join(5)
is_((p.p.wait(5), [r for _, r in records(p.data, END)]), (0, [["interrupted"]]), "the second ends it")
p = Pipe()
p.send(LIVE)
p.wait(has(HELLO))
p.p.send_signal(signal.SIGTERM)
p.thread.join(5)
is_((p.p.wait(5), records(p.data)[-1]), (0, (END, ["interrupted"])), "SIGTERM ends it at once")


def fill(pipe):
    try:
        pipe.write(LIVE + events * 100)
        pipe.close()
    except BrokenPipeError:
        pass


stuck = subprocess.Popen(ARGS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
threading.Thread(target=fill, args=[stuck.stdin], daemon=True).start()
time.sleep(0.5)
stuck.send_signal(signal.SIGTERM)
try:
    stuck.wait(10)
    ok(True, "also when nobody takes its output")
except subprocess.TimeoutExpired:
    stuck.kill()
    ok(False, "also when nobody takes its output")
closed = subprocess.Popen(ARGS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
closed.stdout.close()
try:
    closed.stdin.write(LIVE + events + end())
    closed.stdin.close()
except BrokenPipeError:
    pass
is_((closed.wait(5), closed.stderr.read().count(b"\n")), (0, 1), "a reader that has gone: 0, without a word")

# HOST_ROOT: the host's files are somewhere else
os.makedirs(os.path.join(DIR, "host/etc"))
os.makedirs(os.path.join(DIR, "host" + DOCKER, "containers"))
write(os.path.join(DIR, "host/etc/passwd"), "other:x:4711:4711::/home/other:/bin/sh\n")
os.environ["HOST_ROOT"] = os.path.join(DIR, "host")
_, out, err = run(LIVE + end())
is_([r for _, r in records(out, NAME)], [[None, "user", 4711, b"other", b"/home/other", b"/bin/sh"]], "HOST_ROOT has the names")
ok("docker (%s/host%s)" % (DIR, DOCKER) in err, "and the engines", err)
del os.environ["HOST_ROOT"]

# Options
is_(run(b"", "-n")[:2], (0, b""), "-n checks and leaves")
is_(run(b"", "-O", "enrich.nothing=1")[0], 64, "an unknown key: 64")
is_(run(b"", "x")[0], 64, "an argument too many: 64")
read, send = os.pipe()
subprocess.run(ARGS + ["--notify", str(send)], stdin=subprocess.DEVNULL, capture_output=True, pass_fds=[send])
os.close(send)
is_(os.read(read, 999), b"ready engines: docker (%s)\n" % DOCKER.encode(), "--notify says ready and the engines")

print("1..%d" % count)
raise SystemExit(failed)
EOF
