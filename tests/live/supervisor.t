#!/bin/sh
# saker run: whatever is killed is started again and no alert is lost or comes twice; reloads under load; outputs that hang; what is
# left when it ends.
here=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
# The folders of the run and of emit's state are those of other users.
chmod 711 "$dir"
export DIR="$dir" SAKER_BUILD="${SAKER_BUILD:-$here/build}" PYTHONPATH="$here/tests/helpers" PYTHONDONTWRITEBYTECODE=1 TZ=UTC
[ "$(id -u)" = 0 ] || { echo "1..0 # SKIP BPF needs root"; exit 0; }
python3 - <<'EOF'
import json, os, random, re, signal, socket, subprocess, time
from live import Tap, until
from supervised import Load, Saker, expected

DIR, SOAK = os.environ["DIR"], os.environ.get("SAKER_SOAK")
KILLS, RELOADS = (100, 50) if SOAK else (12, 10)
RATE = 20000
random.seed(int(os.environ.get("SEED") or time.time()))
tap = Tap()
ok, is_ = tap.ok, tap.is_
state = os.path.join(DIR, "state")
os.mkdir(state)
os.chmod(state, 0o711)


def path(name):
    return os.path.join(DIR, name)


def saker(name, *options):
    folder = os.path.join(state, name)
    os.mkdir(folder)
    os.chmod(folder, 0o777)
    return Saker(folder, name, *options)


def whole(found, total, suffix, what):
    want = expected(total, suffix)
    lost = sorted(set(want) - set(found))
    ok(not lost, "%s: none of %d alerts is lost" % (what, len(want)), "%d: %r" % (len(lost), lost[:20]))
    is_(len(found), len(set(found)), "%s: none comes twice" % what)
    ok(set(found) <= set(want), "%s: none that nobody raised" % what)


# Each part in turn
s = saker("kill", "-O", "probe.user=64777")
s.write_rules(("numbered", path("k"), "00"))
s.start()
is_(sorted(p for p in ("probe", "enrich", "match", "emit", "log", "reader") if s.pid(p)), ["emit", "enrich", "log", "match", "probe", "reader"], "all run")
users = {p: os.stat("/proc/%d" % s.pid(p)).st_uid for p in ("reader", "enrich", "match", "emit", "log")}
is_(users["reader"], 64777, "probe.user")
ok(0 not in users.values() and len(set(users.values())) == 5, "each as a user of its own", users)
load = Load(path("k"))
ok(until(lambda: s.numbers(), 10), "alerts come")
slowest = 0.0
for i in range(KILLS):
    time.sleep(random.uniform(0.2, 1.0))
    stage = ("enrich", "match", "emit", "reader")[i % 4]
    before = s.size()
    if not s.kill(stage):
        ok(False, "%s runs" % stage)
        continue
    killed = time.time_ns()
    began = time.monotonic()
    # Recovered: an alert of something that was done after the kill has come.
    until(lambda: any(a["output_fields"].get("evt.time", 0) > killed + 20_000_000 and a["rule"] == "numbered" for a in s.alerts(before)), 5, 0.01)
    slowest = max(slowest, time.monotonic() - began - 0.02)
total = load.end()
until(lambda: len(s.numbers()) >= len(expected(total, "00")), 5)
whole(s.numbers(), total, "00", "kill -9 of each part in turn, %d times" % KILLS)
ok(slowest < (3.0 if "/san" in os.environ["SAKER_BUILD"] else 1.0), "each recovery takes less than a second", "%.3f" % slowest)
print("# slowest recovery %.3f s, %d opens" % (slowest, total))


def restarted():
    return {a["output_fields"]["stage"] for a in s.internal("saker internal: stage restarted")}


# emit knows of a restart when it has had a heartbeat before and one after; of quick kills, its own among them, not always.
for stage in {"enrich", "match"} - restarted():
    time.sleep(2.5)
    s.kill(stage)
    until(lambda stage=stage: stage in restarted(), 5)
ok({"enrich", "match"} <= restarted(), "restarts are alerts", restarted())

# The holder: what was in the ring arrives, the break is an alert, a new source goes on.
load = Load(path("k"), 2000)
time.sleep(0.5)
s.kill("probe")
ok(until(lambda: [a for a in s.internal("saker internal: stage restarted") if a["output_fields"]["stage"] == "probe"], 10), "kill -9 of the holder is an alert")
gap = [float(a["output_fields"]["gap_seconds"]) for a in s.internal("saker internal: stage restarted") if a["output_fields"]["stage"] == "probe"]
ok(gap and 0 < gap[-1] < 5, "with the length of the break", gap)
load.end()
again = Load(path("again"), 1000)
time.sleep(0.3)
again.end()
status = s.call("status", "--json")
ok(status.returncode == 0 and {x["stage"] for x in json.loads(status.stdout)["stages"]} >= {"probe", "enrich", "match"}, "saker status", status.stdout, status.stderr)
is_(s.stop(), 0, "SIGTERM ends it well")
ok(not os.path.exists(s.run), "nothing is left of its folder", os.listdir(s.run) if os.path.exists(s.run) else "")

# Reloads under load
s = saker("reload")
s.write_rules(("numbered", path("r"), "00"))
conf = path("reload.yaml")


def write_conf(text=""):
    with open(conf + ".new", "w") as f:
        f.write("rules_files: [%s, %s]\nwatch_config_files: false\n%s" % (s.rules, path("rules.d"), text))
    os.rename(conf + ".new", conf)


# As Kubernetes mounts a ConfigMap: a link to a link that is swapped.
os.makedirs(path("data.0"))
os.symlink("data.0", path("..data"))
os.symlink("..data", path("rules.d"))
write_conf()
s.options = ("-c", conf)
s.start()
# A rule that comes and goes, and needs of the kernel what no other rule does: another type, and another path.
MADE = """- rule: made
  desc: d
  condition: evt.type in (mkdir, mkdirat) and evt.arg.path startswith %s/
  output: p=%%evt.arg.path
  priority: NOTICE
""" % path("made")
os.mkdir(path("made"))
load = Load(path("r"))
bad = 0
problems, plans, made = [], set(), []
holds = False
for i in range(RELOADS):
    time.sleep(0.2)
    refuse = i % 5 == 4
    if refuse and i % 2:
        s.write_rules(("numbered", path("r"), "00"), extra="- rule: [\n")
    elif refuse:
        write_conf("priorty: debug\npriority: 7up\n")
    elif i % 3 == 0:
        os.makedirs(path("data.%d" % (i + 1)))
        with open(path("data.%d/more.yaml" % (i + 1)), "w") as f:
            f.write("- macro: unused_%d\n  condition: evt.type = open\n" % i)
        os.symlink("data.%d" % (i + 1), path("..next"))
        os.rename(path("..next"), path("..data"))
    else:
        holds = not holds
        s.write_rules(("numbered", path("r"), "00"), ("other%d" % i, path("nothing"), "x"), extra=MADE if holds else "")
    p = s.call("reload")
    # It holds as soon as the reload is over, and as long as what comes after it is refused.
    name = path("made/%d" % i)
    os.mkdir(name)
    if holds:
        made.append(name)
    with open(s.run + "/plan") as f:
        plans.add(f.read())
    if (p.returncode != 0) != refuse:
        problems.append((i, p.returncode, p.stdout, p.stderr))
    if refuse:
        bad += 1
        s.write_rules(("numbered", path("r"), "00"), extra=MADE if holds else "")
        write_conf()
total = load.end()
is_(problems, [], "%d reloads, every fifth refused: each as it should" % RELOADS)
until(lambda: len(s.numbers("numbered")) >= len(expected(total, "00")), 5)
whole(s.numbers("numbered"), total, "00", "reloads under load")
is_([a["output_fields"]["evt.arg.path"] for a in s.alerts() if a["rule"] == "made"], made, "the plan follows the rules")
ok(len(plans) > RELOADS / 3 and made and len(made) < RELOADS, "which have changed it", len(plans), len(made))
ok(until(lambda: len(s.internal("Falco internal: hot restart failure")) == bad, 5), "each refusal is an alert",
   len(s.internal("Falco internal: hot restart failure")), bad)
is_(s.stop(), 0, "it ends well")

# Changed files are seen
s = saker("watch")
s.write_rules(("before", path("w"), "00"))
s.start()
s.write_rules(("after", path("w"), "00"))
ok(until(lambda: "reloaded: generation 2" in s.said(), 10), "a rules file that is replaced is loaded", s.said())
load = Load(path("w"), 1000)
ok(until(lambda: s.numbers("after"), 10), "and holds")
s.write_rules(("broken", path("w"), "00"), extra="- rule: [\n")
ok(until(lambda: "the configuration stays as it was" in s.said(), 10), "one that is broken is refused")
s.write_rules(("mended", path("w"), "00"))
ok(until(lambda: s.numbers("mended"), 10), "and taken when it is mended")
load.end()
s.p.send_signal(signal.SIGINT)
is_(s.p.wait(30), 0, "SIGINT ends it too")

# An output that hangs, and an observer that stops reading
fifo = path("fifo")
os.mkfifo(fifo)
os.chmod(fifo, 0o666)
reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
s = saker("hang", "-O", "file_output.enabled=true", "-O", "file_output.filename=" + fifo)
s.write_rules(("numbered", path("h"), "0"))
s.start()
observers = []
for stage in ("probe", "enrich", "match"):
    o = socket.socket(socket.AF_UNIX)
    o.connect("%s/%s/out" % (s.run, stage))
    observers.append(o)
load = Load(path("h"), RATE)
time.sleep(60 if SOAK else 5)
total = load.end()
ok(until(lambda: len(s.numbers()) >= len(expected(total, "0")), 10), "an output that hangs and observers that do not read hold nobody up",
   len(s.numbers()), total)
whole(s.numbers(), total, "0", "beside them")
ok(not s.internal("Falco internal: syscall event drop"), "the probe drops nothing because of them")
for o in observers:
    o.close()
os.close(reader)
s.stop()

# What can not be
s = saker("wrong")
with open(s.rules, "w") as f:
    f.write("- rule: [\n")
p = subprocess.run([os.path.join(os.path.dirname(os.environ["PYTHONPATH"]), "../scripts/saker"), "run", "-d", s.run, "-r", s.rules], capture_output=True, text=True)
ok(p.returncode == 78 and s.rules + ":" in p.stderr, "broken rules: 78, and where", p.returncode, p.stderr)
ok(not os.path.exists(s.run), "and nothing is left")
tap.end()
EOF
