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
tap.end()
EOT
