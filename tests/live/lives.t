#!/bin/sh
# Processes that come and go while nobody needs to hear of them are left out and counted; whoever is referred to is not, nor is any
# ancestor of who raises an alert, and a reader that is killed leaves no reference to somebody that nobody knows.
here=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
[ "$(id -u)" -eq 0 ] || { echo "1..0 # SKIP needs root"; exit 0; }
export DIR="$dir" PYTHONPATH="$here/tests/helpers" PYTHONDONTWRITEBYTECODE=1
python3 - <<'EOT'
import os, signal, subprocess, sys, time
import live, wire
from live import BIN, Tap
from wire import CGROUP, EXIT, PROC, THREAD

DIR = os.environ["DIR"]
MARKER, LOOP = DIR + "/marker", "i=0; while [ $i -lt %d ]; do sh -c :; i=$((i + 1)); done"
# What else runs here opens files that no plan can tell, but makes no quotas.
PLAN, QUIET = "plan 1\nevent open openat\n  pass path-is %s\n" % MARKER, "plan 1\nevent quotactl\n  all\n"
RULE = """- rule: marker
  desc: d
  condition: evt.type in (open, openat) and fd.name = %s
  output: "%%proc.name %%proc.aname[1] %%proc.aname[2] %%proc.aname[3] %%proc.pcmdline"
  priority: INFO
""" % MARKER
DAEMON = """import os, sys, time
if os.fork() == 0:
    os.setsid()
    between = os.getpid()
    if os.fork() == 0:
        print(between, os.getpid(), flush=True)
        os.close(1)
        time.sleep(3 if len(sys.argv) < 2 else 0)
    os._exit(0)
os.wait()
"""
KILLS = 30 if os.environ.get("SAKER_SOAK") else 6
tap = Tap()


def write(name, text):
    with open("%s/%s" % (DIR, name), "w") as f:
        f.write(text)


def content(name):
    with open("%s/%s" % (DIR, name), "rb") as f:
        return f.read()


def watch(name, deed, *args, plan="quiet"):
    """What the probe says while `deed` is done."""
    with open("%s/%s" % (DIR, name), "wb") as out:
        probe = live.probe_start("-p", "%s/%s" % (DIR, plan), *args, stdout=out)
    time.sleep(0.3)
    answer = deed(probe)
    time.sleep(0.3)
    tap.is_(live.stop(probe), 0, "%s: the probe ends well" % name)
    return content(name), answer


def shells(_, n=200):
    subprocess.run(["sh", "-c", LOOP % n], timeout=60)


def procs(data):
    """[(key, what it refers to, pid)] of each PROC."""
    found = []
    for kind, body in wire.frames(data):
        if kind == PROC:
            v = wire.unpack(body)
            facts = dict(zip(wire.FACTS, v[3:]))
            others = [v[1], v[2], facts["argv"], facts["ptracer"]]
            found.append((v[0], {k for k in others if isinstance(k, int) and k}, facts["pid"]))
    return found


def unknown(data):
    found = procs(data)
    known = {key for key, _, _ in found}
    return ["%d (pid %d) refers to %r" % (key, pid, others - known) for key, others, pid in found if others - known][:5]


write("plan", PLAN)
write("quiet", QUIET)
write("rules.yaml", RULE)
write("daemon.py", DAEMON)
write("marker", "")

# 200 short shells.
before, _ = watch("idle", lambda _: None)
data, _ = watch("shells", shells)
stat = live.last_stat(data, "probe")
kinds = [kind for kind, _ in wire.frames(data)]
more = kinds.count(PROC) - sum(kind == PROC for kind, _ in wire.frames(before))
tap.ok(more < 60, "of 200 short shells, which are 400 definitions, nearly none is told", "%d more PROC than without" % more)
tap.ok(stat["probe.definitions.unused"] > 340, "they are counted", stat)
tap.ok(kinds.count(EXIT) < 60, "nor are their ends", kinds.count(EXIT))
# Init comes from /proc; of cgroups that come and go a record tells, too.
rest = stat["kernel.definitions"] - kinds.count(PROC) - kinds.count(THREAD) - stat["probe.definitions.unused"] + 1
tap.ok(0 <= rest <= kinds.count(CGROUP), "definitions = told + left out", rest, stat)
tap.is_(unknown(data), [], "nobody refers to who was left out")


# A daemon: the process between it and who started it is gone at once.
def daemon(probe):
    shells(probe, 20)
    out = subprocess.run([sys.executable, DIR + "/daemon.py"], stdout=subprocess.PIPE, timeout=60).stdout
    shells(probe, 20)
    return [int(n) for n in out.split()]


data, (between, stays) = watch("daemon", daemon)
by_pid = {pid: (key, others) for key, others, pid in procs(data)}
tap.ok(stays in by_pid and between in by_pid and by_pid[between][0] in by_pid[stays][1], "a daemon refers to its parent, which is told",
       between, stays, by_pid.get(stays), by_pid.get(between))
tap.is_(unknown(data), [], "and so on")


# Somebody deep down among many that nobody needs to hear of.
def deep(probe):
    for _ in range(5):
        shells(probe, 10)
        subprocess.run(["bash", "-c", "dash -c 'sh -c \"cat %s; :\"; :'; :" % MARKER], timeout=60)
    shells(probe, 10)


data, _ = watch("deep", deep, plan="plan")
line = 'cat "$0/deep" | "$1/enrich" | "$1/match" -r "$0/rules.yaml"'
raised = live.alerts(subprocess.run(["sh", "-c", line, DIR, BIN], stdout=subprocess.PIPE, timeout=60).stdout)
said = [[f["proc.aname[%d]" % n] for n in (1, 2, 3)] + [complete] for found in raised.values() for _, f, complete in found]
tap.is_(said, [["sh", "dash", "bash", True]] * 5, "an alert has all its ancestors")
stat = live.last_stat(data, "probe")
tap.ok(stat["probe.definitions.unused"] > 60, "among others that are left out", stat)


# With every event there is nothing that goes unnoticed.
with open(DIR + "/all", "wb") as out:
    probe = live.probe_start("-e", "execve,procexit", stdout=out)
shells(probe, 50)
time.sleep(0.3)
tap.is_(live.stop(probe), 0, "all: the probe ends well")
stat = live.last_stat(content("all"), "probe")
tap.ok(stat.get("probe.definitions.unused", 0) == 0 and stat["probe.events.out"] >= 100, "where events tell of them nobody is left out", stat)


# Readers that are killed at any moment, while families come and go.
def killed(probe):
    family = "i=0; while [ $i -lt 200 ]; do (sh -c : & (sh -c ': | :' &)); i=$((i + 1)); done"
    kills, end = 0, time.monotonic() + 120
    while kills < KILLS and time.monotonic() < end:
        running = [subprocess.Popen(["sh", "-c", family]) for _ in range(2)]
        while any(p.poll() is None for p in running):
            reader = live.reader_of(probe)
            if reader:
                os.kill(reader, signal.SIGKILL)
                kills += 1
            # Each other one lives for long enough that the next comes at once; or the ring would be left alone for most of the time.
            time.sleep(2.2 if reader and kills % 2 and KILLS > 6 else 0.13)
            subprocess.run([sys.executable, DIR + "/daemon.py", "short"], stdout=subprocess.DEVNULL, timeout=60)
    return kills


data, kills = watch("killed", killed, "-O", "probe.ring_size=134217728")
stat = live.last_stat(data, "probe")
tap.ok(kills >= KILLS, "readers were killed", kills)
tap.is_(unknown(data), [], "what several readers told and left out fits together")
tap.ok(stat["probe.definitions.unused"] > 50, "they have left out", stat)
kinds = [kind for kind, _ in wire.frames(data)]
rest = stat["kernel.definitions"] - kinds.count(PROC) - kinds.count(THREAD) - stat["probe.definitions.unused"] + 1
tap.ok(stat["kernel.definitions.lost"] == 0 and 0 <= rest <= kinds.count(CGROUP), "and counted exactly", rest, stat)


# A reader that dies in the middle of what it has looked at, where it waits for room.
def family():
    """A child and its child, which executes something only when 300 others, which stay, have been begun. Their pids."""
    go, tell = os.pipe()
    said, say = os.pipe()
    outer = os.fork()
    if outer == 0:
        os.close(tell)
        inner = os.fork()
        if inner == 0:
            os.read(go, 1)
            os.execve("/bin/true", ["true"], {})
        os.write(say, b"%d" % inner)
        os.waitpid(inner, 0)
        os._exit(0)
    inner = int(os.read(said, 20))
    others = [subprocess.Popen(["sleep", "60"], env={"FILL": "x" * 4000}) for _ in range(300)]
    os.write(tell, b"x")
    os.waitpid(outer, 0)
    for fd in (go, tell, said, say):
        os.close(fd)
    return outer, inner, others


from_probe, to_pipe = os.pipe()
probe = live.probe_start("-p", DIR + "/quiet", "-O", "probe.replay_buffer=1048576", stdout=to_pipe)
os.close(to_pipe)
time.sleep(0.3)
first = live.reader_of(probe)
os.kill(first, signal.SIGSTOP)
outer, inner, others = family()
os.kill(first, signal.SIGCONT)
time.sleep(1.3)
os.kill(first, signal.SIGKILL)
tap.ok(live.until(lambda: live.reader_of(probe) not in (0, first), 5), "another reader takes over")
with open(DIR + "/middle", "wb") as out:
    copy = subprocess.Popen(["cat"], stdin=from_probe, stdout=out)
os.close(from_probe)
time.sleep(1)
tap.is_(live.stop(probe), 0, "middle: the probe ends well")
copy.wait(30)
for p in others:
    p.kill()
    p.wait(10)
data = content("middle")
told = {pid for _, _, pid in procs(data)}
tap.ok({p.pid for p in others} <= told, "all who stay are told")
tap.is_((told & {outer, inner}, unknown(data)), (set(), []), "and who was left out at first stays so")
tap.end()
EOT
