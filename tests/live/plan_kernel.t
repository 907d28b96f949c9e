#!/bin/sh
# The kernel's filter against the reference filter: random plans, random calls (SEED=n replays them). What the reference filter lets
# through of all events the kernel must let through, too; what it lets through beyond that are tests that it can not make.
here=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d) || exit 1
trap 'umount -l "$dir"/work/*/* 2>/dev/null; rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
[ "$(id -u)" -eq 0 ] || { echo "1..0 # SKIP needs root"; exit 0; }
export DIR="$dir" SAKER_BUILD="${SAKER_BUILD:-$here/build}" PYTHONPATH="$here/tests/helpers" PYTHONDONTWRITEBYTECODE=1
chmod 755 "$dir"
timeout 600 python3 - <<'EOT'
import collections
import os
import random
import subprocess
import sys
import time
import plan_kernel
from live import Tap

DIR = os.environ["DIR"]
# The same each time, but for the soak.
SEED = int(os.environ.get("SEED") or (int.from_bytes(os.urandom(4), "big") if os.environ.get("SAKER_SOAK") else 7))
ROUNDS, COUNT = (40, 4000) if os.environ.get("SAKER_SOAK") else (4, 2000)
tap = Tap()
print("# SEED=%d" % SEED)
rng = random.Random(SEED)
plans = plan_kernel.Plans(rng, *plan_kernel.samples(DIR, SEED, COUNT))
wanted = let = more = 0
for i in range(ROUNDS):
    text = plans.text()
    run = plan_kernel.run(DIR, text, rng.randrange(1 << 30), COUNT)
    wanted, let, more = wanted + run.wanted, let + run.let, more + sum(run.more.values())
    lost = {name: n for name, n in run.counters.items() if name.startswith("kernel.dropped") and n}
    tap.ok(not run.missing and not lost, "plan %d: nothing is missing of what must pass" % (i + 1), lost, *list(run.missing)[:8])
    if run.missing:
        for name in sorted({plan_kernel.type_of(key) for key in run.missing}):
            at = text.index("event %s\n" % name)
            print("# " + text[at:].split("\nevent")[0].replace("\n", "\n# "))
    kinds = collections.Counter()
    for key, n in run.more.items():
        kinds[plan_kernel.type_of(key)] += n
    print("# %d wanted, %d let through, of which %d only by the kernel: %s" % (run.wanted, run.let, sum(run.more.values()), dict(kinds)))
tap.ok(wanted > let > 0, "the plans reject some", wanted, let)
# How many, depends on which tests the few plans happen to have: on the official rules plan_alerts.t looks at it.
tap.ok(more < 3 * (wanted - let), "the kernel makes a good part of the tests", more, wanted - let)

# Tests that the kernel can make to the last: bits of flags, and ends of names.
FILES = DIR + "/files"
os.mkdir(FILES)
OPENS = """import itertools, os, sys
for name, flags in itertools.product(("a.log", ".log", "log", "b.txt", "x" * 40 + ".log", "sixteen-and-a.log", "release_agent", "exactly-thirty-two-bytes-and.log", "a.log.1",
                                      "__a__b__c", "_______x", "a.l.l.lo.log.l"),
                                     (0, os.O_TRUNC, os.O_APPEND, os.O_TRUNC | os.O_APPEND, os.O_CLOEXEC, os.O_SYNC)):
    os.close(os.open(sys.argv[1] + "/" + name, os.O_WRONLY | os.O_CREAT | flags, 0o600))
"""


def open_all(*_):
    time.sleep(0.02)               # processes are told apart by when they began, in ticks
    subprocess.run([sys.executable, "-c", OPENS, FILES], check=True)


for line in ("write arg-bits flags 0x100", "arg-bits flags 0x108", "not arg-bits flags 0x8", "arg-bits flags 0x4 not arg-bits flags 0x108",
             "path-name-suffix .log", "not path-name-suffix .log", "path-name-suffix .log .txt not path-name-suffix n-and-a.log",
             "path-name-suffix a.log path-name-is b.txt a.log arg-bits flags 0x100", "path-name-suffix sixteen-and-a.lo x.log",
             "path-contains og", "not path-contains log not path-name-suffix x.log", "path-contains a.log .txt not path-name-suffix x.log",
             "not path-contains e_ag a.l path-name-is log b.txt release_agent", "path-contains sixteen- n-an not path-name-suffix x.log",
             "path-contains d.log not path-name-suffix x.log", "not path-contains d.log g.1 not path-name-suffix x.log",
             "path-contains e_ag d.log n-an not path-name-suffix x.log",
             "path-contains _x __c not path-name-suffix x.log", "path-contains .log.l _b__c not path-name-suffix x.log",
             "path-contains a.l.l.lo. not path-name-suffix x.log", "path-contains _ not path-name-suffix x.log"):
    run = plan_kernel.run(DIR, 'plan 1\nevent openat\n  pass ok path-under "%s" %s\n' % (FILES, line), 0, 0, open_all)
    tap.ok(not run.missing and not run.more, "%s: as the reference filter says" % line, list(run.missing)[:4], list(run.more)[:4])
    tap.ok(0 < run.let < run.wanted, "of some", run.let, run.wanted)

# Paths as they are passed: joined with the working directory, or a folder that a descriptor says, or from the root, in all manners of writing.
NAMES = """import ctypes, os, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
top = sys.argv[1]
os.chdir(top)
os.makedirs("a/b", exist_ok=True)
fd = os.open("a/b", os.O_RDONLY | os.O_DIRECTORY)
long = "n" * 40
names = ("f.log", "./f.log", "a/b/f.log", "a//b/./f.log", "a/b/../f.log", top + "/a/f.log", top + "//a/b/f.log", "a/b/x_history", "a/" + long, "f.log/", "..", ".",
         "/", "a/b/" + "d/" * 30 + "f.log", "deep/" * 45 + "f", "a/__x_hist", "thirty-two-bytes-of-a-name-or-so", "")
call = lambda name, *args: libc.syscall({"unlink": 87, "unlinkat": 263, "rename": 82, "renameat": 264, "symlink": 88, "link": 86, "rmdir": 84}[name],
                                        *(a.encode() if isinstance(a, str) else a for a in args))
for n in names:
    call("unlink", n)
    call("rmdir", n)
    call("unlinkat", fd, n, 0)
    call("unlinkat", -100, n, 0)
    call("unlinkat", 999, n, 0)
    for m in names[:8]:
        call("rename", n, m)
        call("renameat", fd, n, -100, m)
    call("symlink", n, top + "/link")
    call("link", n, top + "/link")
    call("unlink", top + "/link")
call("unlink", None)
call("unlink", ctypes.c_void_p(1))
os.chroot(top)
os.chdir("/a")
for n in names:
    call("unlink", n)
    call("rename", n, "/f.log")
"""
TOP = DIR + "/names"
os.mkdir(TOP)


def name_all(*_):
    time.sleep(0.02)
    subprocess.run([sys.executable, "-c", NAMES, TOP], check=True)


for types, line in (("unlink rmdir unlinkat", 'joined-is TOP/f.log TOP/a/f.log TOP/a/b/f.log'), ("unlink", 'path-is TOP/a/b/f.log'),
                    ("unlink unlinkat", 'joined-under TOP/a'), ("unlink", 'joined-prefix TOP/a/'), ("unlinkat", 'not joined-prefix TOP/a'),
                    ("unlink rmdir", 'not path-under TOP/a'), ("unlink unlinkat", 'joined-name-suffix _history .log'),
                    ("unlink", 'joined-name-is f.log thirty-two-bytes-of-a-name-or-so'), ("unlink", 'not joined-name-is f.log'),
                    ("unlink unlinkat rmdir", 'joined-contains _history x_hist'),
                    ("rename renameat", 'joined2-under TOP/a/b'), ("rename", 'path2-is TOP/f.log'), ("renameat", 'joined-is TOP/a/b/f.log joined2-is TOP/f.log'),
                    ("rename renameat", 'joined2-contains _history'), ("rename", 'joined-is /a/f.log /f.log'), ("rename", "joined2-name-suffix _history"),
                    ("symlink", 'arg-is target f.log /'), ("symlink", 'arg-prefix target a/'), ("symlink", "not arg-prefix target a/ TOP"),
                    ("link", 'joined-is TOP/link'), ("symlink link", 'joined-contains lin not joined-is TOP/link')):
    line = line.replace("TOP", TOP)
    run = plan_kernel.run(DIR, "plan 1\n" + "".join("event %s\n  pass %s\n" % (t, line) for t in types.split()), 0, 0, name_all)
    # What is too long or too deep, or relative to nothing, or the root itself, passes in the kernel alone.
    beyond = [k for k in run.more if not any(t in k for t in ("n" * 40, "deep/deep", "d/d/d/d", '"dirfd": 999', '"passed": "/"', '"passed": "."'))]
    tap.ok(not run.missing and not beyond, "%s %s: as the reference filter says" % (types, line.replace(TOP, "TOP")), list(run.missing)[:4], beyond[:4])
    tap.ok(0 < run.let < run.wanted, "of some", run.let, run.wanted)

# Kinds of descriptors, and what a socket's ends are, in IPv6 clothes too.
KINDS = """import os, socket, sys
top = sys.argv[1]
for flags in os.O_RDONLY, os.O_WRONLY | os.O_CREAT, os.O_RDWR | os.O_TMPFILE:
    for mode in 0o644, 0o755:
        for name in "new%o" % mode, "new", ".":
            try:
                os.close(os.open(top if name == "." or flags & os.O_TMPFILE == os.O_TMPFILE else top + "/" + name, flags, mode))
            except OSError:
                pass
for path in "/dev/null", "/proc/self/fd", "/proc/self/status":
    os.close(os.open(path, os.O_RDONLY))
listener = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
port = listener.getsockname()[1]
pairs = []
for family, address in (socket.AF_INET6, "::1"), (socket.AF_INET6, "::ffff:127.0.0.1"), (socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::ffff:127.0.0.2"):
    one = socket.socket(family)
    one.connect((address, port))
    pairs += [one, listener.accept()[0]]
    one = socket.socket(family, socket.SOCK_DGRAM)
    one.connect((address, 53))
    pairs.append(one)
    one = socket.socket(family)
    try:
        one.connect((address, 1))
    except OSError:
        pass
    pairs.append(one)
pairs += socket.socketpair()
pipe = os.pipe()
for one in pairs:
    os.dup2(one.fileno(), 0)
for fd in pipe[0], os.open("/", os.O_RDONLY), os.open("/etc/passwd", os.O_RDONLY), os.open("/dev/null", os.O_RDONLY), os.memfd_create("m"):
    os.dup2(fd, 0)
"""


def kinds_all(*_):
    time.sleep(0.02)
    subprocess.run("rm -rf %s/kinds; mkdir %s/kinds; touch %s/kinds/new" % (DIR, DIR, DIR), shell=True, check=True)
    subprocess.run([sys.executable, "-c", KINDS, DIR + "/kinds"], check=True)


for types, line in (("openat", "fd-kind directory"), ("openat", "not fd-kind directory path-under %s/kinds" % DIR), ("openat", "create"), ("openat", "not create path-under /dev"),
                    ("openat", "exec"), ("openat", "not exec write"), ("dup2 dup3", "fd-kind ipv4"), ("dup2 dup3", "fd-kind ipv6"), ("dup2 dup3", "fd-kind unix pipe"),
                    ("dup2 dup3", "not fd-kind ipv4 ipv6"), ("dup2", "protocol tcp"), ("dup2", "not protocol udp"), ("connect", "ok fd-kind ipv4"),
                    ("connect", "ok fd-kind ipv6"), ("connect", "ok server-addr 127.0.0.1"), ("connect", "ok not addr 127.0.0.0/8"), ("connect", "ok client-addr ::1"),
                    ("connect accept4", "server-port 1..52"), ("accept4", "client-addr 127.0.0.1"), ("accept4", "server-addr 127.0.0.2"), ("accept4", "fd-kind ipv6"),
                    ("accept4", "not fd-kind ipv4 remote-addr ::1")):
    run = plan_kernel.run(DIR, "plan 1\n" + "".join("event %s\n  pass %s\n" % (t, line) for t in types.split()), 0, 0, kinds_all)
    # Of a connection that did not come about the ends are what was asked for, and datagrams have many; a memfd is a file to the kernel.
    beyond = [k for k in run.more if not any(t in k for t in ('"result": -', '"protocol": 17', "memfd"))]
    tap.ok(not run.missing and not beyond, "%s %s: as the reference filter says" % (types, line), list(run.missing)[:4], beyond[:4])
    tap.ok(run.let < run.wanted, "of some", run.let, run.wanted)
tap.end()
EOT
