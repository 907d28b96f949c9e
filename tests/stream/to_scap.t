#!/bin/sh
# frames --to-scap: a stream becomes a capture, and the capture the same events again; sysdig reads it, where there is one.
here=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
export HERE="$here" DIR="$dir" PYTHONPATH="$here/tests/helpers" PYTHONDONTWRITEBYTECODE=1
python3 - <<'EOF'
import os, shutil, signal, subprocess, time
import golden
from wire import *

CAPTURES = os.path.join(golden.DATA, "captures")
number, failed = 0, 0


def ok(good, what, *why):
    global number, failed
    number += 1
    failed += not good
    print("%sok %d - %s" % ("" if good else "not ", number, what), flush=True)
    for w in () if good else why:
        print("#     %.400s" % (w,))


def run(*words, data):
    p = subprocess.run([os.path.join(golden.BIN, words[0]), *words[1:]], input=data, capture_output=True, timeout=60)
    return p.returncode, p.stdout, p.stderr.decode()


def bare(v):
    """A descriptor is its number alone: files opened before the capture have no name in it. A tuple is source and target: which of
    them is this machine a capture without interfaces does not tell. Of a path it has what was passed."""
    if isinstance(v, (list, tuple)):
        if len(v) == 7 and all(isinstance(v[i], bytes) for i in (1, 3)):
            return [v[0], v[3:5], v[1:3]] if v[6] == 2 else [v[0], v[1:3], v[3:5]]
        if len(v) == 3 and isinstance(v[0], bytes):
            return v[0]
        return v[0] if len(v) >= 7 and isinstance(v[0], int) and isinstance(v[1], str) else [bare(x) for x in v]
    return v


def events(out):
    """(time, type, tid, cpu, result, parameters) of each event."""
    found = []
    for kind, body in frames(out):
        if kind == EVENT:
            v = unpack(body)
            found.append((v[0], v[2], v[5], v[6], v[7], bare([x for x in v[8:] if not isinstance(x, dict)])))
    return found


def differing(a, b):
    """Pairs that differ in more than parameters which drivers did not tell then: these are nil at the end."""
    wrong = []
    for x, y in zip(a, b):
        cut = [p if q is not None else None for p, q in zip(x[5], y[5])]
        if x[:5] + (cut,) != y:
            wrong += [x, y]
    return wrong[:4]


def there_and_back(stream, what):
    status, capture, err = run("frames", "--to-scap", data=stream)
    back, out, complaint = run("probe", "-r", "-", data=capture)
    a, b = events(stream), events(out)
    ok((status, back, len(a)) == (0, 0, len(b)), "%s: %d events there and back" % (what, len(a)), err, complaint, len(b))
    ok(not differing(a, b), "%s: as they were" % what, *differing(a, b))
    return capture, out


if os.path.isdir(CAPTURES):
    for file in sorted(os.listdir(CAPTURES)):
        there_and_back(run("probe", "-r", os.path.join(CAPTURES, file), data=None)[1], file)
else:
    print("# SKIP no data/captures")

# A stream of the kernel's: keys with a start, argv that is borrowed, a thread, cgroups, an address of each kind.
shell, child, helper = 500 << 22 | 70, 600 << 22 | 71, 600 << 22 | 72
file = [3, "file", b"/etc/shadow", 0, 7, 4097, 0]
live = b"".join((
    hello(mode="live"), frame(CGROUP, 9, b"/docker/" + b"ab" * 32, True), name(1000, b"eve", home=b"/home/eve", shell=b"/bin/sh"),
    proc(70, key_=shell, comm=b"bash", exe=b"-bash", argv=[b"-bash", b"-i"], env=[b"A=b"], cwd=b"/home/eve", euid=1000, cgroup=9),
    proc(71, shell, child, comm=b"cat", exe=None, argv=shell, env=shell, cwd=b"/", tty=[34816, b"pts0"]),
    thread(helper, child, 72, comm=b"helper"),
    event("openat", process=child, tid=71, result=3, fd=file, dirfd=-100, name=[b"shadow", b"/etc", b"/etc/shadow"], flags=4097,
          mode=0, dev=1, ino=7),
    event("socket", process=child, tid=71, result=4, fd=4, domain=2, type=1, proto=6, flags=0),
    event("connect", process=child, tid=71, result=0, res=0, tuple=[2, b"\x0a\0\0\1", 4000, b"\x7f\0\0\2", 80, 6, 1], fd=4,
          addr=[2, b"\x7f\0\0\2", 80]),
    event("read", process=child, tid=71, result=4, res=4, data=b"root", fd=file, size=4096),
    event("setuid", process=child, tid=71, result=0, res=0, uid=0),
    event("dup", process=child, tid=71, result=5, res=5, oldfd=3),
    event("procexit", process=child, tid=71, result=None, status=0, ret=0, sig=0, core=0), end()))
capture, out = there_and_back(live, "a live stream")
with open(os.path.join(os.environ["DIR"], "live.saker"), "wb") as f:
    f.write(out)
fields = ("fd.name", "fd.cip", "fd.sip", "fd.sport", "fd.lip", "fd.l4proto", "fd.connected")
rules = golden.write_rules(os.environ["DIR"], [("r", "evt.type = connect", " ".join("%" + f for f in fields))])
found = [[a["output_fields"][f] for f in fields] for a in golden.alerts(os.environ["DIR"], "live", rules)]
ok(found == [["10.0.0.1:4000->127.0.0.2:80", "10.0.0.1", "127.0.0.2", 80, "10.0.0.1", "tcp", True]], "the ends of a connection", found)
procs = {}
for kind, body in frames(out):
    if kind == PROC:
        v = unpack(body)
        procs[v[3]] = v[3:]
facts = procs.get(71, [None] * 44)
ok([procs[70][7], procs[70][8], procs[70][9], procs[70][17], procs[70][20]] ==
   [b"bash", b"-bash", [b"-bash", b"-i"], b"/home/eve", 1000], "a process as it was", procs.get(70))
ok(procs[70][37] == "abababababab", "its container, by its cgroup", procs[70][37])
ok([facts[7], facts[8], facts[9], facts[10], facts[6]] == [b"cat", b"-bash", [b"-bash", b"-i"], [b"A=b"], [34816, None]],
   "one with borrowed arguments", facts)
ok(("user", 1000, b"eve") in [tuple(unpack(b)[1:4]) for k, b in frames(out) if k == NAME], "a user")
# A live stream tells of a process when it needs it: those that were there begin the capture all the same.
BORN = TIME + 5_000_000


def fork(id_, tid, result, when):
    """Its parameters have names that event() has for itself."""
    whole = event("fork", id_=id_, process=key(tid), tid=tid, result=result, time=when)
    body = frames(whole)[0][1]
    head = body[:len(body) - len(EVENTS[type_number("fork")][2])]          # before its parameters, which are all nil
    told = dict(res=result, exe=b"sh", args=b"", tid=tid, pid=tid, ptid=1 if result else 80, fdlimit=64, comm=b"sh", flags=0, uid=0, gid=0,
                vtid=tid, vpid=tid)
    return frame(EVENT, Raw(head), *[told.get(p[0]) for p in EVENTS[type_number("fork")][2]])


lazy = b"".join((
    hello(mode="live"), proc(1, start=TIME - 10**9), proc(80, key(1), comm=b"sh", cwd=b"/w", start=TIME - 10**9),
    event("read", pid=80, result=1, res=1, data=b"x", fd=[5, "file", b"/was/open", 1, 7, 1, 0], size=1),
    proc(90, key(1), comm=b"late", cwd=b"/late", start=TIME - 10**9),
    event("read", id_=2, pid=90, result=1, res=1, data=b"x", fd=[6, "pipe", b"", 0, 9, 0, 0], size=1),
    event("openat", id_=3, pid=90, result=7, fd=[7, "file", b"/late/rel", 0, 7, 1, 0], dirfd=-100, name=[b"rel", None, b"/late/rel"], flags=1),
    fork(4, 80, 81, BORN),
    proc(81, key(80), comm=b"sh", cwd=b"/w", start=BORN),
    fork(5, 81, 0, BORN + 1),
    event("read", id_=6, process=key(81), tid=81, result=1, time=BORN + 2, res=1, data=b"x", fd=[5, "file", b"/was/open", 1, 7, 1, 0], size=1), end()))
status, begun, err = run("frames", "--to-scap", data=lazy)
_, out, _ = run("probe", "-r", "-", data=begun)
first = next(i for i, (k, _) in enumerate(frames(out)) if k == EVENT)
there = sorted(unpack(b)[3] for k, b in frames(out)[:first] if k == PROC)
ok(status == 0 and there == [1, 80, 90], "processes that were there, told of late or not, and no one born since", there, err)
with open(os.path.join(os.environ["DIR"], "lazy.saker"), "wb") as f:
    f.write(out)
fields = ("evt.type", "proc.name", "proc.pname", "proc.cwd", "fd.name", "fd.type")
rules = golden.write_rules(os.environ["DIR"], [("r", "evt.num > 0", " ".join("%" + f for f in fields))])
found = [tuple(a["output_fields"][f] for f in fields) for a in golden.alerts(os.environ["DIR"], "lazy", rules)]
is_lazy = [("read", "sh", "systemd", "/w/", "/was/open", "file"), ("read", "late", "systemd", "/late/", "", "pipe"),
           ("openat", "late", "systemd", "/late/", "/late/rel", "file"), ("fork", "sh", "systemd", "/w/", None, None),
           ("fork", "sh", "sh", "/w/", None, None), ("read", "sh", "sh", "/w/", "/was/open", "file")]
ok([f[:2] + f[3:] for f in found] == [f[:2] + f[3:] for f in is_lazy], "with what they had open, which their children have too", *found)

# It is written at the end; SIGTERM is one, and so is the second SIGINT: the first is for the head of the line.
for what, signals in (("SIGTERM", (signal.SIGTERM,)), ("two SIGINT", (signal.SIGINT, signal.SIGINT))):
    p = subprocess.Popen([os.path.join(golden.BIN, "frames"), "--to-scap"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    p.stdin.write(lazy[:-len(end())])
    p.stdin.flush()
    time.sleep(0.3)
    for s in signals:
        p.send_signal(s)
        time.sleep(0.2)
    written, status = p.stdout.read(), p.wait(10)
    ok((written, status) == (begun, 0), "%s: what has come so far is written" % what, len(written), len(begun), status)

status, _, err = run("frames", "--to-scap", data=hello() + end())
ok(status == 0 and "no event" in err, "no event: said so", status, err)
status, _, err = run("frames", "--to-scap", "-b", data=b"")
ok(status == 64, "--to-scap with -b: status 64", status)

sysdig = shutil.which("sysdig")
if sysdig:
    path = os.path.join(os.environ["DIR"], "live.scap")
    with open(path, "wb") as f:
        f.write(capture)
    p = subprocess.run([sysdig, "-r", path, "-p", "*%evt.dir%evt.type %proc.name %user.name %fd.name %evt.args"], capture_output=True, text=True,
                       timeout=60)
    lines = p.stdout.splitlines()
    ok(p.returncode == 0 and len(lines) == 13, "sysdig reads it: enter and exit events", p.returncode, p.stderr, lines)
    ok(any(l.startswith("<openat cat") and "name=shadow" in l and "flags=4097(O_RDONLY|O_CLOEXEC)" in l for l in lines),
       "sysdig: an open with its flags", *lines)
    ok(any(l.startswith(">read cat") and "size=4096" in l for l in lines) and
       any(l.startswith("<read cat") and "data=root" in l for l in lines), "sysdig: a read in two halves", *lines)
    with open(path, "wb") as f:
        f.write(run("frames", "--to-scap", data=lazy)[1])
    p = subprocess.run([sysdig, "-r", path, "-p", "*%evt.type|%proc.name|%proc.cwd|%fd.name", "evt.dir=<"], capture_output=True, text=True, timeout=60)
    theirs = [tuple(None if x == "<NA>" else x for x in l.split("|")) for l in p.stdout.splitlines()]
    ok(theirs == [(f[0], f[1], f[3], f[4]) for f in is_lazy], "sysdig sees the same of a live stream", p.stderr, *theirs)
    ok(any(">dup cat" in l and "fd=3" in l for l in lines), "sysdig: a dup of its day", *lines)
else:
    print("# SKIP no sysdig: apt-get install sysdig")
print("1..%d" % number)
raise SystemExit(failed > 0)
EOF
