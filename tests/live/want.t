#!/bin/sh
# What events bring besides their parameters: data and facts come exactly where the plan in force wants them, or -w; with the values
# that the process file system has; and rules that need them fire.
here=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
[ "$(id -u)" -eq 0 ] || { echo "1..0 # SKIP needs root"; exit 0; }
# The reader reads plans again as nobody.
chmod 755 "$dir"
export DIR="$dir" SAKER_BUILD="${SAKER_BUILD:-$here/build}" PYTHONPATH="$here/tests/helpers" PYTHONDONTWRITEBYTECODE=1
timeout 120 python3 - <<'EOT'
import json
import os
import select
import socket
import subprocess
import sys
import wire
from live import BIN, Tap, alerts, probe_start, stop
from wire import ALERT, EVENT

DIR = os.environ["DIR"]
TEXT = b"0123456789" * 30
SETUP = """
import os, socket, sys, threading
def fd_count(): return len(os.listdir('/proc/self/fd')) - 1
def status(name):
    with open('/proc/self/status') as f:
        return next(int(l.split()[1]) for l in f if l.startswith(name + ':'))
def faults():
    with open('/proc/thread-self/stat') as f: v = f.read().rsplit(')', 1)[1].split()
    return int(v[9]), int(v[7])
gate = threading.Event()
for _ in range(3): threading.Thread(target=gate.wait, daemon=True).start()
"""
DEED = SETUP + """
import json
before = faults()
seen = {'fd_count': fd_count(), 'threads': status('Threads'), 'vm_size': status('VmSize'), 'vm_rss': status('VmRSS'), 'vm_swap': status('VmSwap')}
seen['links'] = [os.readlink('/proc/self/fd/%%d' %% i) for i in range(3)]
for d in (sys.argv[1], sys.argv[1] + '.again'): os.mkdir(d)
seen['pid'], seen['before'], seen['after'] = os.getpid(), before, faults()
print(json.dumps(seen), flush=True)
os._exit(0)
"""
tap = Tap()


def events(name):
    with open(os.path.join(DIR, name), "rb") as f:
        return [(len(body), wire.unpack(body)) for kind, body in wire.frames(f.read()) if kind == EVENT]


def deed(folder):
    """A process with four threads, a file, a pipe and a socket as its standard descriptors makes a folder; what it saw of itself."""
    ours, theirs = socket.socketpair()
    with open(os.path.join(DIR, "input"), "w+") as given:
        p = subprocess.Popen([sys.executable, "-S", "-E", "-c", DEED.replace("%%", "%"), os.path.join(DIR, folder)], stdin=given,
                             stdout=subprocess.PIPE, stderr=theirs)
        seen = json.loads(p.stdout.readline() or "{}")
        p.wait(20)
    ours.close()
    theirs.close()
    return seen


class Probe:
    def __init__(self, name, plan):
        self.write(plan)
        self.lines, tell = os.pipe()
        self.out = open(os.path.join(DIR, name), "wb")
        self.process = subprocess.Popen([os.path.join(BIN, "probe"), "-p", os.path.join(DIR, "plan"), "--notify", str(tell)],
                                        stdout=self.out, pass_fds=[tell])
        os.close(tell)
        self.line()

    def write(self, plan):
        with open(os.path.join(DIR, "plan.new"), "w") as f:
            f.write("plan 1\n" + plan)
        os.rename(os.path.join(DIR, "plan.new"), os.path.join(DIR, "plan"))

    def line(self):
        readable, _, _ = select.select([self.lines], [], [], 20)
        return os.read(self.lines, 2000).decode() if readable else ""

    def reload(self, plan):
        self.write(plan)
        self.process.send_signal(1)
        return self.line()


# Data.
def write_twice():
    with open(os.path.join(DIR, "file"), "wb", buffering=0) as f:
        f.write(TEXT)
        os.writev(f.fileno(), [TEXT[:100], TEXT[:200]])


WRITES = "event write writev\n  pass ok pid %d\n" % os.getpid()
PLANS = ["", "want data=200 write\n", "want data=5 write writev\n", "", "want data=60000 writev\n"]
probe = Probe("data", WRITES + PLANS[0])
write_twice()
for plan in PLANS[1:]:
    probe.reload(WRITES + plan)
    write_twice()
tap.is_(stop(probe.process), 0, "a plan that wants data or not: the probe ends well")
found = [(size, v[9], v[7] if v[2] == 9 else v[11]) for size, v in events("data") if v[5] == os.getpid() and v[7] == len(TEXT)]
W, WHOLE = len(TEXT), [None, None]
tap.is_([f[1] for f in found], [None, None, [TEXT[:200], W], None, [TEXT[:5], W], [TEXT[:5], W], None, None, None, TEXT],
        "data comes for the types that it is wanted for, as much as is wanted, after each reload as the new plan says")
tap.is_([f[2] for f in found], [W] * 10, "how many bytes there were is told all the same")
tap.ok(len(found) > 2 and found[2][0] - found[0][0] >= 200, "an event without data is smaller", found[:3])

# What -e sends by itself, and the key.
for options, expected in ((["-O", "probe.snaplen=7"], [TEXT[:7], W]), (["-w", "data=200"], [TEXT[:200], W])):
    with open(os.path.join(DIR, "hand.out"), "wb") as out:
        probe = probe_start("-e", "write", *options, stdout=out)
        write_twice()
        stop(probe)
    tap.is_([v[9] for _, v in events("hand.out") if v[5] == os.getpid() and v[7] == W], [expected], " ".join(options))
for key, expected in (("7", TEXT[:7]), ("100", TEXT[:100]), ("80", TEXT[:90])):
    with open(os.path.join(DIR, "plan"), "w") as f:
        f.write("plan 1\n" + WRITES + "want data=90 write\n")
    with open(os.path.join(DIR, "hand.out"), "wb") as out:
        probe = probe_start("-p", os.path.join(DIR, "plan"), "-O", "probe.snaplen=" + key, stdout=out)
        write_twice()
        stop(probe)
    tap.is_([v[9] for _, v in events("hand.out") if v[2] == 9 and v[5] == os.getpid() and v[7] == W], [[expected, W]],
            "want data=90 with probe.snaplen=%s" % key)

# Facts, one by one.
FACTS = {"fd-kinds-0-2": {"fd_kinds"}, "fd-kinds": {"fd_kinds"}, "fds-0-2": {"fds"}, "fd-count": {"fd_count"}, "threads": {"threads", "children"},
         "memory": {"vm_size", "vm_rss", "vm_swap"}, "page-faults": {"page_faults_major", "page_faults_minor"}, "socket": set()}
MKDIR = "event mkdir\n  pass ok joined-under %s\n" % DIR


def check(what, seen, extra, names):
    """The facts of an event against what the process saw."""
    tap.is_(set(extra), names, "%s: what is wanted comes, and nothing else" % what)
    for name in ("fd_count", "threads", "vm_size", "vm_swap"):
        if name in names:
            tap.is_(extra.get(name), seen.get(name), "%s: %s" % (what, name))
    if "children" in names:
        tap.is_(extra.get("children"), seen["threads"] - 1, "%s: children" % what)
    if "vm_rss" in names:
        tap.ok(abs(extra.get("vm_rss", 0) - seen["vm_rss"]) <= 2048, "%s: vm_rss" % what, extra, seen)
    for i, name in enumerate(("page_faults_major", "page_faults_minor")):
        if name in names:
            tap.ok(seen["before"][i] <= extra.get(name, -1) <= seen["after"][i], "%s: %s" % (what, name), extra, seen)
    if "fd_kinds" in names:
        kinds = extra.get("fd_kinds", {})
        tap.is_([kinds.get(i) for i in range(3)], ["file", "pipe", "unix"], "%s: kinds" % what)
        tap.ok(len(kinds) == (seen["fd_count"] if what.endswith("fd-kinds") else 3), "%s: of so many" % what, kinds, seen["fd_count"])
    if "fds" in names:
        fds = extra.get("fds", [])
        tap.is_([(fd[0], fd[1]) for fd in fds], [(0, "file"), (1, "pipe"), (2, "unix")], "%s: fds" % what)
        tap.is_((fds[0][2], "pipe:[%d]" % fds[1][4]), (os.fsencode(seen["links"][0]), seen["links"][1]), "%s: what they are" % what)


def mkdir_extra(name, folder):
    for _, v in events(name):
        if v[2] == 277 and v[9][0] == os.fsencode(os.path.join(DIR, folder)):
            return v[11] if len(v) > 11 else {}
    return {"the event": "is missing"}


probe, sights = Probe("facts", MKDIR), [(None, deed("none"))]
for want in FACTS:
    probe.reload(MKDIR + "want %s mkdir\n" % want)
    sights.append((want, deed(want)))
stop(probe.process)
for want, seen in sights:
    check("plan: %s" % (want or "nothing"), seen, mkdir_extra("facts", want or "none"), FACTS.get(want, set()))
with open(os.path.join(DIR, "hand.out"), "wb") as out:
    probe = probe_start("-e", "mkdir,execve,procexit", "-w", "fds-0-2,fd-count,threads", "-w", "memory", stdout=out)
    seen = deed("hand")
    stop(probe)
names = {"fds", "fd_count", "threads", "children", "vm_size", "vm_rss", "vm_swap"}
check("-w", seen, mkdir_extra("hand.out", "hand"), names)
mine = [v for _, v in events("hand.out") if v[3] & 0x3fffff == seen["pid"]]
execs = [v[-1] for v in mine if v[2] == 293 and v[7] == 0]
tap.ok(execs and all(set(e) == names and e["threads"] == 1 and e["children"] == 0 and len(e["fds"]) == 3 for e in execs), "-w: an execve brings them, too", execs)
exits = [v for v in mine if v[2] == 186]
tap.ok(len(exits) == 4 and all(isinstance(v[-1], dict) and v[-1]["threads"] >= 1 and 0 <= v[-1]["threads"] - v[-1]["children"] <= 1 for v in exits),
       "-w: and an exit, which counts itself", [v[-1] for v in exits])

# Rules.
FIELDS = {
    "proc.stdin.type": "= file", "proc.stdout.type": "= pipe", "proc.stderr.type": "= unix", "proc.stdin.name": "= %s/input" % DIR,
    "proc.stdout.name": "exists", "proc.nthreads": "= 4", "proc.nchilds": "= 3", "proc.fdopencount": "> 2", "proc.fdusage": "> 0",
    "proc.vmsize": "> 1000", "proc.vmrss": "> 1000", "proc.vmswap": ">= 0", "thread.vmsize": "> 1000", "thread.vmrss": "> 1000",
    "thread.vmsize.b": "> 1024000", "thread.vmrss.b": "> 1024000", "thread.pfmajor": ">= 0", "thread.pfminor": "> 10",
}
ON_FD = {"fd.types[0]": "in (file)", "fd.types": "intersects (unix)", "fd.types[3]": "in (file)"}
RULE = "- {rule: '%s', desc: d, condition: '%s and %s %s', output: '%%%s', priority: ERROR}\n"


def fired(name, text, what):
    """Which rules fire of a probe with their plan, and with which output, while something is done."""
    rules = os.path.join(DIR, name + ".yaml")
    with open(rules, "w") as f:
        f.write(text)
    plan = subprocess.run([os.path.join(BIN, "match"), "--plan", "-r", rules], stdout=subprocess.PIPE, check=True).stdout
    with open(os.path.join(DIR, "plan"), "wb") as f:
        f.write(plan)
    raw = os.path.join(DIR, name)
    with open(raw, "wb") as out:
        probe = probe_start("-p", os.path.join(DIR, "plan"), stdout=out)
        seen = what()
        stop(probe)
    with open(raw, "rb") as f:
        data = subprocess.run([os.path.join(BIN, "match"), "-O", "rule_matching=all", "-r", rules], stdin=f, stdout=subprocess.PIPE, check=True).stdout
    return {wire.unpack(b)[2]: wire.unpack(b)[6].decode() for k, b in wire.frames(data) if k == ALERT}, seen


text = "".join(RULE % (f, "evt.type = mkdir and fs.path.name = %s/rules" % DIR, f, test, f) for f, test in FIELDS.items())
values, seen = fired("fields", text, lambda: deed("rules"))
tap.is_(sorted(set(FIELDS) - set(values)), [], "a rule fires that has %s" % ", ".join(FIELDS))
expected = {"proc.stdin.name": seen["links"][0], "proc.fdopencount": str(seen["fd_count"]), "proc.vmsize": str(seen["vm_size"]),
            "thread.vmsize.b": str(1024 * seen["vm_size"]), "proc.stderr.type": "unix"}
tap.is_({k: values.get(k) for k in expected}, expected, "with the values that the process file system has")


def opened():
    script = "import os, sys\na = os.open(sys.argv[1], os.O_RDONLY)\nb = os.open(sys.argv[1], os.O_RDONLY)\nos.dup2(b, 9)\n"
    ours, theirs = socket.socketpair()
    with open(os.path.join(DIR, "input"), "w+") as given:
        subprocess.run([sys.executable, "-S", "-E", "-c", script, os.path.join(DIR, "input")], stdin=given, stdout=theirs, stderr=theirs, check=True)
    return None


text = "".join(RULE % (f, "evt.type in (dup2, dup3) and fd.name = %s/input" % DIR, f, test, f) for f, test in ON_FD.items())
values, _ = fired("kinds", text, opened)
tap.is_(sorted(values), sorted(ON_FD), "a rule fires that has %s" % ", ".join(ON_FD))


def talked():
    """A datagram to two places, and a connection to ourselves."""
    a, b, c = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(3))
    for s in (b, c):
        s.bind(("127.0.0.1", 0))
    for s in (b, b, c):
        a.sendto(b"x", s.getsockname())
    listener = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(listener.getsockname())
    return [s.close() for s in (a, b, c, listener, client)]


text = "".join(RULE % (f, condition + " and proc.pid = %d" % os.getpid(), f.split("/")[0], "= true", "fd.name") for f, condition in (
    ("fd.name_changed", "evt.type = sendto"), ("fd.is_server/connect", "evt.type = connect and fd.sip = 127.0.0.1"),
    ("fd.is_server/accept", "evt.type in (accept, accept4)"))) + RULE % ("fd.connected", "evt.type = sendto and proc.pid = %d" % os.getpid(), "fd.connected", "= false", "fd.name")


def accepted():
    talked()
    listener = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(listener.getsockname())
    conn, _ = listener.accept()
    return [s.close() for s in (listener, client, conn)]


values, _ = fired("sockets", text, accepted)
tap.is_(sorted(values), ["fd.connected", "fd.is_server/accept", "fd.is_server/connect", "fd.name_changed"], "rules on what the socket is")
text = RULE % ("buffer", "evt.type = write and proc.pid = %d" % os.getpid(), "evt.buffer", "contains 6789012345", "evt.buffer") + \
    RULE % ("long", "evt.type = writev and proc.pid = %d" % os.getpid(), "evt.buffer", "contains \"%s\"" % TEXT[:120].decode(), "evt.buflen")
values, _ = fired("buffers", text, write_twice)
tap.is_(values, {"buffer": TEXT[:80].decode(), "long": "300"}, "evt.buffer: as many bytes as the rule compares, 80 otherwise")
tap.end()
EOT
