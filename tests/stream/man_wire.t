#!/bin/sh
# saker-wire(7) against the tables: every name that a stream may hold is in it, and its example works.
here=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
export PYTHONPATH="$here/tests/helpers" PYTHONDONTWRITEBYTECODE=1 MAN="$here/man/saker-wire.7" DIR="$dir"
python3 - <<'PY'
import os, re, subprocess
import wire

man = open(os.environ["MAN"], encoding="utf-8").read()
words = set(re.findall(r"[^\s,;()]+", man))
count = 0


def ok(missing, what):
    global count
    count += 1
    print("%sok %d - %s" % ("not " if missing else "", count, what))
    for m in missing:
        print("# missing: %s" % (m,))


records = re.findall(r'RECORD\((\d+), (\w+), "\w+", "([^"]*)"\)', wire._table("records.def"))
ok([r for n, r, _ in records if not re.search(r"^\.Ss %s %s$" % (n, r), man, re.M)], "every record")
sections = dict(re.findall(r"^\.Ss \d+ (\w+)\n(.*?)(?=^\.S[sh])", man, re.M | re.S))
ok([(r, v) for _, r, values in records for v in values.split()
    if v != "..." and v not in re.findall(r"\w+", sections.get(r, ""))], "every value of every record")
ok([f for i, f in enumerate(wire.FACTS) if ".It %d Cm %s\n" % (i, f) not in man], "every fact with its number")
ok([n for n in re.findall(r'STAT\(\w+, "([^"]+)"', wire._table("stat.def")) if n not in words and n + "." not in words],
   "every counter")
ok([k for k in re.findall(r'FDKIND\(\w+, "([^"]+)"', wire._table("fdkind.def")) if ".Ql %s" % k not in man], "every kind of file")
ok([t for t in {p[1] for e in wire.EVENTS.values() for p in e[2]} if t not in words], "every type of parameter")
sets = re.findall(r"FLAGSET\((\w+),(.*?)\)\s*(?=FLAGSET|\Z)", wire._table("flags.def"), re.S)
listed = {s: text.split() for s, text in re.findall(r"^\.It Cm (\w+)\n((?:[^.\n].*\n)+)", man, re.M)}
ok([(s, e) for s, body in sets for e in map("=".join, re.findall(r'F\("([^"]+)", (\d+)\)', body)) if e not in listed.get(s, [])],
   "every flag of every set")

stage = os.path.join(os.environ["DIR"], "stage.py")
with open(stage, "w") as f:
    f.write(re.search(r"^import struct.*?(?=^\.Ed)", man, re.M | re.S).group(0).replace("\\e", "\\"))
stream = wire.hello() + wire.proc(1) + wire.event("open") + wire.end()
done = subprocess.run(["python3", stage], input=stream, capture_output=True)
ok([] if (done.stdout, done.stderr) == (stream, b"1 events\n") else [done.stderr], "the example passes a stream on")
print("1..%d" % count)
PY
