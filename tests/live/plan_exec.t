#!/bin/sh
# What the kernel's filter says of programs that were executed, against the reference filter: random plans of argv, working directories,
# ancestors and kinds of executables; programs with odd ones (SEED=n replays them).
here=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
[ "$(id -u)" -eq 0 ] || { echo "1..0 # SKIP needs root"; exit 0; }
export DIR="$dir" SAKER_BUILD="${SAKER_BUILD:-$here/build}" PYTHONPATH="$here/tests/helpers" PYTHONDONTWRITEBYTECODE=1
timeout 300 python3 - <<'EOT'
import ctypes
import os
import random
import signal
import subprocess
import time
import plan_kernel
from live import Tap

DIR = os.environ["DIR"]
SEED = int(os.environ.get("SEED") or (int.from_bytes(os.urandom(4), "big") if os.environ.get("SAKER_SOAK") else 7))
ROUNDS, COUNT = (60, 150) if os.environ.get("SAKER_SOAK") else (12, 100)
ARGV0 = ["sh", "-sh", "./x", "/dev/shm/x", "a b", "x" * 63, "x" * 64, "x" * 65, "y" * 300, "\u00e9"]
ARGS = ["", "-c", "-c /dev/shm", "/dev/shm/x", "./", "a", "b", "a b", "z" * 40, "z" * 100, "w" * 5000, "-i"]
ENVS = [{}, {"GLIBC_TUNABLES": "glibc.malloc"}, {"Glibc_Tunables": "", "A": "b c"}, {"A": "z" * 4090, "B": "Tunables"}, {"A": "q" * 90, "GLIBC\x7fTUNABLES": "x"}]
FOLDERS = ["/", "/dev/shm", "/dev", "/usr/share", "/opt", "/tmp", DIR, DIR + "/shm"]
NAMES = ["fr-one", "fr-two", "fr-three"]
tap = Tap()
print("# SEED=%d" % SEED)
rng = random.Random(SEED)
os.mkdir(DIR + "/shm")


def execute(rng, memfd):
    argv = [rng.choice(ARGV0)] + [rng.choice(ARGS) for _ in range(rng.choice((0, 1, 1, 2, 3)))]
    os.chdir(rng.choice(FOLDERS))
    if rng.random() < 0.1:
        os.chroot("/usr")
        os.execve("/bin/true", argv, rng.choice(ENVS))
    try:
        os.execve(memfd if rng.random() < 0.2 else "/no" if rng.random() < 0.1 else "/bin/true", argv, rng.choice(ENVS))
    except OSError:
        os._exit(1)


def rename(name):
    with open("/proc/self/comm", "w") as f:
        f.write(name)


def middle(rng, memfd):
    """A parent that was itself executed, and called something."""
    called = rng.choice(["sh", "a b", "x", "x" * 17, "y" * 250 + "x"])
    os.execve("/bin/sh", [called, "-c", "%s a; exit" % memfd if rng.random() < 0.5 else "/bin/true b; exit"], {})


def descend(rng, memfd, depth):
    """Children of children, of which some outlive their parents and some change their names."""
    if depth == 0 and rng.random() < 0.2:
        middle(rng, memfd)
    if depth == 0:
        execute(rng, memfd)
    if rng.random() < 0.5:
        rename(rng.choice(NAMES))
    if rng.random() < 0.3:
        subprocess.run(["/bin/true", "told"])
    orphan, parent = rng.random() < 0.3, os.getpid()
    pid = os.fork()
    if pid == 0:
        # While the parent ends it is dead for some and the parent for others.
        while orphan and os.getppid() == parent:
            time.sleep(0.0005)
        descend(rng, memfd, depth - 1)
    if not orphan:
        os.waitpid(pid, 0)
    os._exit(0)


def orphaned(work):
    """Work that is done by a process whose parent is gone: the kernel looks at 16 ancestors, and how deep the test itself was started
    shall not count among them."""
    time.sleep(0.02)               # processes are told apart by when they began, in ticks
    done, busy = os.pipe()
    pid = os.fork()
    if pid == 0:
        parent = os.getpid()
        if os.fork() == 0:
            while os.getppid() == parent:
                time.sleep(0.0005)
            ctypes.CDLL(None).prctl(15, b"python3", 0, 0, 0)        # PR_SET_NAME: who takes a name is told of anew, with his parent of now
            work()
        os._exit(0)
    os.close(busy)
    os.waitpid(pid, 0)
    os.read(done, 1)               # nothing, when all who were in it have ended
    os.close(done)


def executions(folder, seed, count):
    orphaned(lambda: execute_all(seed, count))
    time.sleep(0.1)


def execute_all(seed, count):
    rng = random.Random(seed)
    memfd = os.memfd_create("x", 0)
    with open("/bin/true", "rb") as f:
        os.write(memfd, f.read())
    for i in range(count):
        rng.seed(seed * 1000 + i)
        pid = os.fork()
        if pid == 0:
            descend(rng, "/proc/self/fd/%d" % memfd, rng.randint(0, 3))
        os.waitpid(pid, 0)
    os.close(memfd)


def quoted(*values):
    # Longer ones the kernel does not look for; now and then one is.
    values = [v if len(v) <= 64 or rng.random() < 0.2 else v[:rng.randint(60, 64)] for v in values]
    return " ".join('"%s"' % v.encode().decode("latin-1").replace("\u00c3\u00a9", "\\xc3\\xa9") for v in sorted(set(values)))


def test(rng):
    joined = [" ".join(rng.choice(ARGS) for _ in range(rng.randint(0, 2))) for _ in range(2)]
    cut = lambda s: s[:rng.randint(0, len(s))] or s or "-"
    folder = rng.choice(FOLDERS)
    slashed = folder.rstrip("/") + "/"
    what = rng.choice((
        "argv0-is " + quoted(rng.choice(ARGV0), rng.choice(ARGV0)), "argv0-prefix " + quoted(cut(rng.choice(ARGV0)), rng.choice(ARGV0) or "x"),
        "args-is " + quoted(*joined), "args-prefix " + quoted(*[cut(s) for s in joined]), "cwd-is " + quoted(slashed, rng.choice(FOLDERS)),
        "cwd-under " + quoted(folder), "cwd-prefix " + quoted(cut(slashed), "/no"), "ancestor-in " + quoted(*rng.sample(NAMES, 2)),
        "ancestor-in " + quoted(rng.choice(NAMES)), "ancestor-in nobody", "ancestor-in python3", "exe-flags memfd", "exe-flags memfd upper-layer",
        "exe-flags lower-layer writable", "comm-in sh true",
        "cmdline-prefix " + quoted("true " + cut(joined[0]), cut("sh -c /bin/true")), "cmdline-contains " + quoted(cut(joined[0]), "e " + cut(joined[1])),
        "cmdline-contains " + quoted(*rng.sample(["c /d", "shm", "true", "e -", "a b a", "wwz", "zzw", "-i -", " ./ ", "xyz", "\u00e9"], 3)),
        "env-contains " + quoted(*rng.sample(["glibc_tunables", "bc t", "c=", "b=tunables", "qqqqqqqqqqqqqqqq", "nables=glibc.m", "a=b c", " a="], 2)),
        "parent-argv0-suffix " + rng.choice(('on3', '3', 'x', '"b"')), "parent-argv0-suffix b sh y" + "x" * rng.randint(1, 17), "comm-in x true"))
    return ("not " if rng.random() < 0.3 else "") + what


def plan(rng):
    lines = ["  pass " + " ".join(test(rng) for _ in range(rng.choice((1, 1, 2, 3)))) for _ in range(rng.randint(1, 3))]
    return "plan 1\nevent execve\n" + "\n".join(lines) + "\n"


# What random plans seldom come to.
FIRST = ["env-contains glibc_tunables", 'args-prefix "-c " "a " "b "', 'cmdline-contains "dev/shm" "b a" "zza"', 'not cmdline-contains " -c" cmdline-prefix "true " "sh"', "ancestor-in fr-one", "parent-argv0-suffix x b"]
wanted = let = more = rejected = 0
for i in range(ROUNDS):
    text = "plan 1\nevent execve\n  pass %s\n" % FIRST[i] if i < len(FIRST) else plan(rng)
    run = plan_kernel.run(DIR, text, rng.randrange(1 << 20), COUNT, executions)
    wanted, let = wanted + run.wanted, let + run.let
    if i < len(FIRST):
        more, rejected = more + sum(run.more.values()), rejected + run.wanted - run.let
        tap.ok(run.let * 4 < run.wanted * 3, "plan %d: some are rejected" % (i + 1), run.let, run.wanted)
    tap.ok(not run.missing, "plan %d: nothing is missing of what must pass" % (i + 1), *list(run.missing)[:8])
    if run.missing:
        print("# " + text.replace("\n", "\n# "))
    print("# %d executed, %d let through, of which %d only by the kernel" % (run.wanted, run.let, sum(run.more.values())))
tap.ok(wanted > let > 0, "the plans reject some", wanted, let)


def swept(folder, seed, count):
    """What is looked for, at each place of a word and behind others."""
    def work():
        for i in list(range(140)) + [960, 980, 1100, 4080, 4096]:
            pid = os.fork()
            if pid == 0:
                os.execve("/bin/true", ["x", "z" * i, "./", "/dev/shm/x"], {"N": "z" * i, "GLIBC_TUNABLES": "x"})
            os.waitpid(pid, 0)
    orphaned(work)
    time.sleep(0.1)


for test in 'cmdline-contains "b a" "dev/shm" "zza"', 'env-contains "glibc_tunables"':
    run = plan_kernel.run(DIR, "plan 1\nevent execve\n  pass %s\n" % test, 0, 0, swept)
    tap.ok(not run.missing and run.let >= 140, test + ": wherever it is", run.let, *list(run.missing)[:4])
# Of who ran before the probe, or has an argv[0] of his own making, it does not know all.
tap.ok(more * 2 < rejected, "the kernel makes the tests that it can", more, rejected)
tap.end()
EOT
