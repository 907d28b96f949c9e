#!/bin/sh
# Captures as a real Falco sees them: each field of each event. conditions.t has the conditions.
# Differences that are meant stand in tests/conformance/golden-differences.txt, each with its reason; any other one fails.
here=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
export HERE="$here" DIR="$dir" PYTHONPATH="$here/tests/helpers" PYTHONDONTWRITEBYTECODE=1
[ -d "${SAKER_SHARED:-$here/../shared}/data/golden" ] || {
	echo "1..0 # SKIP no data/golden"
	exit 0
}
python3 - <<'EOF'
import collections, os
import golden
from golden import Known

CAPTURES = ("cat_write", "connect_localhost", "curl_google", "open-multiple-files")
folder, number, failed = os.environ["DIR"], 0, 0
known = Known(os.path.join(os.environ["HERE"], "tests", "conformance", "golden-differences.txt"))


def ok(good, what, *why):
    global number, failed
    number += 1
    failed += not good
    print("%sok %d - %s" % ("" if good else "not ", number, what), flush=True)
    for w in () if good else why[:20]:
        print("#     %s" % (w,))


def same(name, a, b):
    if name == "fd.types" and isinstance(a, list) and isinstance(b, list):
        return sorted(a) == sorted(b)
    return a == b and type(a) is type(b)


def compare(theirs, ours, name, tally):
    """Counts one field of one event; returns what is unexplained."""
    a, b = theirs.get(name), ours.get(name)
    if name in theirs and same(name, a, b):
        tally[name]["passed"] += 1
    elif name != "evt.type.is" and known.explains(name, a, b) is None:
        tally[name]["differs"] += 1
        return "event %d %s: %s: found %r, expected %r" % (theirs["evt.num"], theirs["evt.type"], name, b, a)
    else:
        known.explains(name, a, b)
        tally[name]["known"] += 1
    return None


tables = {}
names = golden.fields()
for capture in CAPTURES:
    theirs = golden.golden(capture)
    ours = golden.saker(folder, capture, [n for n in names if n != "evt.type.is"])
    surplus = [n for n in ours.keys() - theirs.keys() if known.explains("event: " + ours[n]["evt.type"], None, None) is None]
    ok(not theirs.keys() - ours.keys() and not surplus, "%s: %d events" % (capture, len(theirs)),
       "missing %r" % sorted(theirs.keys() - ours.keys())[:9], "surplus %r" % sorted(surplus)[:9])
    tally = tables[capture] = collections.defaultdict(collections.Counter)
    wrong = [w for n in theirs.keys() & ours.keys() for f in names if (w := compare(theirs[n], ours[n], f, tally))]
    total = sum((c for c in tally.values()), collections.Counter())
    ok(not wrong, "%s: %d values as expected, %d with a known difference" % (capture, total["passed"], total["known"]), *wrong)

print("# passed/events, and ! where a known difference is among the rest")
print("# %-44s %s" % ("", " ".join("%12.12s" % c for c in CAPTURES)))
for f in names:
    cells = ["%d/%d%s" % (tables[c][f]["passed"], sum(tables[c][f].values()), "!" if tables[c][f]["known"] else "") for c in CAPTURES]
    print("# %-44s %s" % (f, " ".join("%12s" % cell for cell in cells)))

ok(not known.unused(), "every known difference occurs", *known.unused())
print("1..%d" % number)
raise SystemExit(failed > 0)
EOF
