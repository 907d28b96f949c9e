#!/bin/sh
# Facts of tasks, files and sockets that are hard to get right, done for real by tests/helpers/tasks.c, 64 and 32 bits: each
# field of each event is compared with what the program itself saw in /proc.
here=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
[ "$(id -u)" -eq 0 ] || { echo "1..0 # SKIP needs root"; exit 0; }

export DIR="$dir" TASKS="${SAKER_BUILD:-$here/build}/tests/helpers/tasks"
export PYTHONPATH="$here/tests/helpers" PYTHONDONTWRITEBYTECODE=1
chmod 777 "$dir"
if [ "$(uname -m)" = x86_64 ]; then
	gcc -m32 -static -pthread -D_GNU_SOURCE -o "$dir/tasks32" "$here/tests/helpers/tasks.c" ||
		echo "# SKIP 32-bit calls: gcc -m32 does not work here (gcc-multilib)"
fi
python3 - <<'EOT'
import json, os, subprocess
import live, wire
from live import BIN, text

DIR = os.environ["DIR"]
RULE = """- rule: all
  desc: all that the test needs
  condition: evt.type in (%s) and (proc.name startswith tk- or proc.pname startswith tk- or fd.nameraw startswith %s)
  output: "%s"
  priority: DEBUG
"""
tap = live.Tap()


def run(program, width):
    folder = "%s/%s" % (DIR, width)
    os.mkdir(folder)
    os.chmod(folder, 0o777)
    p = subprocess.run([program, folder, folder + ".log"], timeout=60, stdin=subprocess.DEVNULL)
    tap.is_(p.returncode, 0, "%s: the program did all" % width)
    with open(folder + ".log", encoding="utf-8", errors="surrogateescape") as f:
        return [dict(json.loads(line), width=width) for line in f]


def record():
    deeds = []
    with open(DIR + "/raw", "wb") as out:
        probe = live.probe_start(stdout=out)
        for width, program in (("64", os.environ["TASKS"]), ("32", DIR + "/tasks32")):
            if os.path.exists(program):
                deeds += run(program, width)
        tap.is_(live.stop(probe), 0, "the probe has ended well")
    return deeds


def evaluate(deeds):
    """match over the recorded stream, with a rule that prints each field that a deed names."""
    fields = sorted({k for d in deeds for part in ("find", "want") for k in d[part] if k[0] != "@"})
    types = sorted({d["find"]["evt.type"] for d in deeds})
    with open(DIR + "/rules.yaml", "w") as f:
        f.write(RULE % (", ".join(types), DIR, " ".join("%" + name for name in fields)))
    line = 'cat "$0/raw" | "$1/enrich" | "$1/match" -r "$0/rules.yaml" -O rule_matching=all'
    return subprocess.run(["sh", "-c", line, DIR, BIN], stdout=subprocess.PIPE, timeout=120).stdout


def argv_length(facts):
    """What argv takes in memory, each text with its NUL, and how much of it came."""
    whole = sum((a[1] if isinstance(a, list) else len(a) + 1) for a in facts["argv"])
    return whole, sum(len(a[0]) if isinstance(a, list) else len(a) + 1 for a in facts["argv"])


def in_stream(key, story, event):
    """What the stream says beside fields."""
    facts = story.facts(event)
    if key == "@namespaces":
        return " ".join(map(str, facts["namespaces"]))
    if key == "@cgroup":
        return text(story.cgroups.get(facts["cgroup"]))
    if key == "@argv":
        return "%d %d" % argv_length(facts)
    return None


deeds = record()
raised = live.alerts(evaluate(deeds))
by_find = {}
for id_, found in raised.items():
    for _, fields, _ in found:
        by_find.setdefault(fields["evt.type"], []).append((id_, fields))
wanted = {}
for deed in deeds:
    deed["name"] = "%s %s %s" % (deed["width"], deed["step"], deed["find"]["evt.type"])
    hits = [(i, f) for i, f in by_find.get(deed["find"]["evt.type"], []) if all(f.get(k) == v for k, v in deed["find"].items())]
    if len(hits) != 1:
        tap.ok(False, deed["name"], "found %d events, expected 1: %r" % (len(hits), deed["find"]))
        continue
    deed["fields"] = hits[0][1]
    wanted.setdefault(hits[0][0], []).append(deed)

with open(DIR + "/raw", "rb") as f:
    raw = f.read()
story = live.Story(raw)
for kind, v in story:
    for deed in wanted.get(v[1], []) if kind == wire.EVENT else []:
        wrong = []
        for key, value in deed["want"].items():
            found = in_stream(key, story, v) if key[0] == "@" else deed["fields"].get(key)
            if found != value:
                wrong.append("%s: found %.300r, expected %.300r" % (key, found, value))
        tap.ok(not wrong, deed["name"], *wrong)

stat = live.last_stat(raw, "probe")
deep = sum(d["step"] == "deep-200" for d in deeds)
tap.ok(stat.get("kernel.path.deep", 0) >= deep, "paths that are too deep are counted", stat)
tap.end()
EOT
