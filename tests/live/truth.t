#!/bin/sh
# Truth of fields: thousands of random calls of 16 threads, in 64 and 32 bits, some in jails, from a seed (SEED=n replays it). What
# rules see of each must be what the program wrote into its log before it made the call: nothing different, missing or more.
here=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
[ "$(id -u)" -eq 0 ] || { echo "1..0 # SKIP needs root"; exit 0; }
export DIR="$dir" SAKER_BUILD="${SAKER_BUILD:-$here/build}" PYTHONPATH="$here/tests/helpers" PYTHONDONTWRITEBYTECODE=1
chmod 755 "$dir"
timeout 600 python3 - <<'EOT'
import os
import truth
from live import Tap

DIR = os.environ["DIR"]
SEED = int(os.environ.get("SEED") or int.from_bytes(os.urandom(4), "big"))
COUNT = 100000 if os.environ.get("SAKER_SOAK") else 10000
tap = Tap()
print("# SEED=%d" % SEED)

run = truth.record(DIR, SEED, COUNT)
tap.is_(run.status, 0, "the program did all")
tap.is_(run.probe_status, 0, "the probe has ended well")
print("# %d calls in %.2f s: %.0f a second, %d of them in jails, %d of captured types" % (
    run.calls, run.seconds, run.calls / run.seconds, run.jailed, len(run.log)))
tap.ok(run.jailed * 100 >= run.calls, "one call of a hundred is made in a jail", run.jailed)
if not run.has_32_bits:
    print("# SKIP 32-bit calls: this kernel takes none")
tap.ok(not run.dropped, "the ring had room for all", run.dropped)

found = truth.seen(DIR, run)
problems = truth.differences(run.log, found)
tap.ok(not problems, "what arrived is what the log says", *problems[:60])
for what, log in truth.broken(run.log, SEED):
    found_out = len(truth.differences(log, found)) > len(problems)
    tap.ok(found_out, "broken on purpose it fails: " + what)
tap.end()
tap.end()
EOT
