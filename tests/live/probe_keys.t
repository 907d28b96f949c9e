#!/bin/sh
# The probe's keys: how much data an event carries, where the processes at start come from, how long records gather.
here=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
export DIR="$dir" SAKER_BUILD="${SAKER_BUILD:-$here/build}" PYTHONPATH="$here/tests/helpers" PYTHONDONTWRITEBYTECODE=1 HERE="$here"
[ "$(id -u)" = 0 ] || { echo "1..0 # SKIP BPF needs root"; exit 0; }
python3 - <<'EOF'
import os, time
import wire
from live import Tap, probe_start, stop
from wire import EVENT, PROC

DIR = os.environ["DIR"]
TEXT = b"0123456789" * 30
tap = Tap()


def watched(*keys):
    """What the probe tells with these keys while we write TEXT three times: the data in the events, and what it says of us."""
    options = [w for k in keys for w in ("-O", k)]
    with open(os.path.join(DIR, "stream"), "wb") as out:
        probe = probe_start("-e", "write", *options, stdout=out)
    with open(os.path.join(DIR, "file"), "wb", buffering=0) as f:
        for _ in range(3):
            f.write(TEXT)
            time.sleep(0.05)
    status = stop(probe)
    with open(os.path.join(DIR, "stream"), "rb") as f:
        frames = [(k, wire.unpack(b)) for k, b in wire.frames(f.read())]
    data = [v[9] for k, v in frames if k == EVENT and v[5] == os.getpid() and v[7] == len(TEXT)]
    me = [dict(zip(wire.FACTS, v[3:])) for k, v in frames if k == PROC and v[3] == os.getpid()]
    tap.is_((status, len(data), len(me) > 0), (0, 3, True), "three writes of a known process: %s" % (keys or "defaults",))
    return data, me[0] if me else {}


default, me = watched()
tap.is_(default, [[TEXT[:80], len(TEXT)]] * 3, "80 bytes of the data, and how many there were")
tap.is_(watched("probe.snaplen=7")[0], [[TEXT[:7], len(TEXT)]] * 3, "probe.snaplen=7")
tap.is_(watched("probe.snaplen=4096")[0], [TEXT] * 3, "probe.snaplen=4096: all of them")
tap.is_([watched("probe.batch_us=" + n)[0] for n in ("0", "100000")], [default] * 2, "probe.batch_us loses nothing")
same = ("pid", "comm", "argv", "exepath", "cwd", "uid", "cgroup", "sid")
for way in ("procfs", "iterator"):
    found = watched("probe.snapshot=" + way)[1]
    tap.is_({k: found.get(k) for k in same}, {k: me.get(k) for k in same}, "probe.snapshot=%s tells the same of us" % way)
tap.end()
EOF
