#!/bin/sh
# What match can do once it runs, and what not: a match made to misbehave, and the real one with its reloads and sockets.
here=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
export DIR="$dir" SAKER_BUILD="${SAKER_BUILD:-$here/build}" PYTHONPATH="$here/tests/helpers" PYTHONDONTWRITEBYTECODE=1
timeout 120 python3 - <<'EOF'
import ctypes, os, platform, select, signal, socket, struct, subprocess
import wire
from live import BIN, Tap

DIR = os.environ["DIR"]
MISBEHAVE = os.path.join(os.environ["SAKER_BUILD"], "tests/helpers/misbehave")
SANITIZED = os.environ["SAKER_BUILD"].endswith("/san")
RULE = "- {rule: %s, desc: d, priority: INFO, condition: 'evt.type = openat and %s', output: '%%evt.time'}\n"
JIT_AND_SERVICE = "(fd.sport = http or fd.name regex \"/(etc|a*)/.*\")"
tap = Tap()
ok, is_ = tap.ok, tap.is_


def path(*names):
    return os.path.join(DIR, *names)


def write(name, text):
    os.makedirs(os.path.dirname(path(name)), exist_ok=True)
    with open(path(name), "w", encoding="utf-8") as f:
        f.write(text)
    return path(name)


# One taken over. Each deed: what becomes of it with pipes, with an endpoint unix:, with one listen:.
DEEDS = """
read_rules list_folder write_pipe allocate tell_time load_again: allowed allowed allowed
die_by_abort: ABRT ABRT ABRT
open_elsewhere open_above open_by_link open_memory open_device list_elsewhere: EACCES EACCES EACCES
open_write open_both open_truncate open_create open_temporary rename_file link_file symlink_file make_folder: EPERM EPERM EPERM
change_mode change_folder memory_file become_user signal_parent: EPERM EPERM EPERM
remove_file: EPERM EPERM allowed
remove_elsewhere: EPERM EPERM EACCES
socket_unix: killed allowed killed
connect_unix: killed allowed killed
connect_abstract: killed EPERM killed
connect_inet: killed EACCES killed
socket_inet socket_inet6 socket_netlink socket_datagram: killed EPERM killed
send_to: killed EPERM EPERM
accept_nobody: killed killed allowed
socket_pair bind_unix: killed killed killed
fork_process clone_process clone3_process thread exec_program exec_descriptor: killed killed killed
trace memory_of_parent mount_nothing unshare_nothing bpf_nothing perf_nothing ring_nothing: killed killed killed
"""
# Not all can be done by everybody and everywhere; those that can are done by who is not confined.
FREE = set("""open_elsewhere open_above open_by_link open_memory open_device list_elsewhere open_write open_both open_truncate
    open_create rename_file link_file symlink_file make_folder change_mode change_folder memory_file become_user signal_parent remove_file
    remove_elsewhere socket_unix connect_unix connect_abstract socket_inet send_to accept_nobody socket_pair bind_unix
    fork_process clone_process thread exec_program exec_descriptor unshare_nothing""".split())


def misbehave(where, *options):
    rules = write(where + "/rules/r.yaml", RULE % ("a", JIT_AND_SERVICE))
    for name in ("outside", "removed", "rules/beside", "rules/removed", "rules/renamed"):
        write(where + "/" + name, "")
    os.symlink("../outside", path(where, "rules/link_outside"))
    p = subprocess.run([MISBEHAVE, *options, rules], capture_output=True, text=True, timeout=60)
    return dict(line.split() for line in p.stdout.splitlines()) if p.returncode == 0 else p.stderr


def expected(column):
    return {name: what.split()[column] for names, what in (line.split(":") for line in DEEDS.split("\n") if line)
            for name in names.split()}


def compare(found, column, what):
    wanted = expected(column)
    if isinstance(found, dict):
        if platform.machine() == "x86_64":
            wanted["call_as_32_bits"] = "killed"
        found = {k: v for k, v in found.items() if k in wanted}
        found, wanted = [{k: d.get(k) for k in sorted(wanted) if found.get(k) != wanted[k]} for d in (found, wanted)]
    is_(found, wanted, what)


if SANITIZED:
    tap.ok(True, "a match made to misbehave # SKIP the sanitizer has calls of its own")
else:
    free = misbehave("free", "-f")
    is_(sorted(name for name in FREE if free[name] != "allowed"), [], "who is not confined can do all of it")
    compare(misbehave("pipes"), 0, "a match made to misbehave, between pipes")
    compare(misbehave("unix", "-i", "unix:" + path("unix/rules/socket")), 1, "with an endpoint unix:")
    compare(misbehave("listen", "-i", "listen:" + path("listen/rules/s")), 2, "with an endpoint listen:")


# The real one.
class Match:
    def __init__(self, rules, *options, stdin=subprocess.PIPE, **given):
        self.told, tell = os.pipe()
        self.p = subprocess.Popen([os.path.join(BIN, "match"), "--notify", str(tell), "-r", rules, *options], stdin=stdin,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, pass_fds=[tell], **given)
        os.close(tell)

    def line(self):
        readable, _, _ = select.select([self.told], [], [], 20)
        return os.read(self.told, 400).decode().strip() if readable else "nothing"

    def reload(self):
        self.p.send_signal(signal.SIGHUP)
        return self.line()

    def end(self, data=None):
        out, err = self.p.communicate(data, timeout=20)
        os.close(self.told)
        names = [wire.unpack(body)[2] for kind, body in wire.frames(out) if kind == wire.ALERT]
        return self.p.returncode, names, err.decode()

    def status(self):
        with open("/proc/%d/status" % self.p.pid, encoding="ascii") as f:
            lines = dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)
        return lines["NoNewPrivs"], lines["Seccomp"]


def replace(name, text):
    os.rename(write(name + ".new", text), path(name))


def swap(link, target):
    """As kubelet and ln -sfn do."""
    os.symlink(target, path(link + ".new"))
    os.rename(path(link + ".new"), path(link))


STREAM = (wire.hello(mode="live") + wire.proc(1, comm=b"systemd") + wire.proc(100, wire.key(1), comm=b"cat") +
          wire.event("openat", id_=1, pid=100, result=3, fd=[3, "file", b"/etc/shadow", 1, 2, 1], dirfd=-100,
                     name=[b"/etc/shadow", None, b"/etc/shadow"], flags=1) + wire.end())

rules = write("own/r.yaml", RULE % ("first", "proc.name = cat"))
m = Match(rules, "-O", "match.confine=false")
is_((m.line(), m.status()), ("ready 1 rules", ("0", "0")), "match.confine=false")
m.end(STREAM)
m = Match(rules)
is_((m.line(), m.status()), ("ready 1 rules", ("1", "2")), "by default match is confined when it is ready")
replace("own/r.yaml", RULE % ("second", JIT_AND_SERVICE))
is_(m.reload(), "reloaded 1", "a reload reads what a rename has put there, compiles a regex, and knows services")
replace("own/r.yaml", "- rule: [")
ok(m.reload().startswith("refused 2"), "and refuses what is wrong")
os.unlink(path("own/r.yaml"))
os.symlink("/etc/passwd", path("own/r.yaml"))
line = m.reload()
ok(line.startswith("refused 3") and "Permission denied" in line, "a link to elsewhere leads nowhere", line)
is_(m.end(STREAM)[:2], (0, ["second"]), "the last good rules are those that run")

for how, argument in (("the folder", "volume"), ("the file in it", "volume/r.yaml"), ("the link", "volume/..data")):
    write("volume/..1/r.yaml", RULE % ("one", "proc.name = cat"))
    write("volume/..2/r.yaml", RULE % ("two", "proc.name = cat"))
    if not os.path.lexists(path("volume/..data")):
        os.symlink("..data/r.yaml", path("volume/r.yaml"))
        os.symlink("..1", path("volume/..data"))
    m = Match(path(argument))
    m.line()
    swap("volume/..data", "..2")
    for name in ("..1/r.yaml", "..1"):
        (os.unlink if name.endswith("l") else os.rmdir)(path("volume", name))
    is_((m.reload(), m.end(STREAM)[:2]), ("reloaded 1", (0, ["two"])), "a volume of kubelet's whose link was turned, by " + how)
    swap("volume/..data", "..1")

os.makedirs(path("linked"))
os.symlink(write("target/r.yaml", RULE % ("one", "proc.name = cat")), path("linked/r.yaml"))
m = Match(path("linked"))
m.line()
replace("target/r.yaml", RULE % ("two", "proc.name = cat"))
is_((m.reload(), m.end(STREAM)[:2]), ("reloaded 1", (0, ["two"])), "a file that the folder links to, replaced where it is")

m = Match("r.yaml", cwd=path("target"))
m.line()
replace("target/r.yaml", RULE % ("three", "proc.name = cat"))
is_((m.reload(), m.end(STREAM)[:2]), ("reloaded 1", (0, ["three"])), "a file by its name alone")


def times(*options):
    p = subprocess.run([os.path.join(BIN, "match"), "-r", path("target"), *options], input=STREAM, capture_output=True, timeout=20,
                       env={**os.environ, "TZ": "Asia/Tokyo"})
    return [wire.unpack(body)[6] for kind, body in wire.frames(p.stdout) if kind == wire.ALERT]


ok(times() and times() == times("-O", "match.confine=false"), "times of day are those of the zone", times())

# Sockets: who comes later, who comes back, and nothing is left behind.
m = Match(path("target"), "-i", "listen:" + path("in"), stdin=subprocess.DEVNULL)
m.line()
with socket.socket(socket.AF_UNIX) as s:
    s.connect(path("in"))
    s.sendall(STREAM)
    is_((m.end()[:2], os.path.exists(path("in"))), ((0, ["three"]), False), "listen: accepts, and the socket is removed at the end")

with socket.socket(socket.AF_UNIX) as server:
    m = Match(path("target"), "-i", "unix:" + path("late"), stdin=subprocess.DEVNULL)
    m.line()
    server.bind(path("late"))
    server.listen()
    server.settimeout(20)
    for data in (STREAM[:60], STREAM):
        peer, _ = server.accept()
        peer.sendall(data)
        peer.close()
    is_(m.end()[:2], (0, ["three"]), "unix: connects to who comes later, and again")

m = Match(path("target"), "-o", "listen:" + path("out"))
m.line()
with socket.socket(socket.AF_UNIX) as s:
    s.connect(path("out"))
    m.p.stdin.write(STREAM)
    m.p.stdin.close()
    m.p.stdin = None
    got = b"".join(iter(lambda: s.recv(65536), b""))
    is_(([kind for kind, _ in wire.frames(got)].count(wire.ALERT), m.end()[0]), (1, 0), "-o listen: sends")


def refuse(*calls):
    """For a child: these system calls, or prctl with that first argument, do not exist."""
    def insn(code, jt, jf, k):
        return struct.pack("=HBBI", code, jt, jf, k)
    program = b""
    for number, first in calls:
        match = [insn(0x20, 0, 0, 0), insn(0x15, 0, 1 if first is None else 3, number)]
        if first is not None:
            match += [insn(0x20, 0, 0, 16), insn(0x15, 0, 1, first)]
        program += b"".join(match) + insn(0x06, 0, 0, 0x00050000 | 38)
    program += insn(0x06, 0, 0, 0x7fff0000)
    libc, code = ctypes.CDLL(None), ctypes.create_string_buffer(program)

    def install():
        libc.prctl(38, 1, 0, 0, 0)
        libc.prctl(22, 2, struct.pack("@HP", len(program) // 8, ctypes.addressof(code)), 0, 0)
    return install


SECCOMP, PRCTL = {"x86_64": (317, 157), "aarch64": (277, 167)}[platform.machine()]
LANDLOCK = 444
for what, calls in (("Landlock", [(LANDLOCK, None)]), ("seccomp", [(SECCOMP, None), (PRCTL, 22)])):
    m = Match(path("target"), preexec_fn=refuse(*calls))
    line, (status, names, err) = m.line(), m.end(STREAM)
    is_((line, status, names, err.count(what)), ("ready 1 rules", 0, ["three"], 1), "a kernel without %s: that is said once, and match runs" % what)
tap.end()
EOF
