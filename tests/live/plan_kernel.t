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
import sys
import plan_directed
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

plan_directed.run(tap, DIR)
tap.end()
EOT
