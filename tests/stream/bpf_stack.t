#!/bin/sh
# What the programs of both objects need of the stack, and how deep their calls go, is what the strictest kernel gives them: newer ones
# count less or do not add up, so that a program that loads here may be refused elsewhere.
here=$(cd "$(dirname "$0")/../.." && pwd)
export SAKER_BUILD="${SAKER_BUILD:-$here/build}" PYTHONPATH="$here/tests/helpers" PYTHONDONTWRITEBYTECODE=1
exec python3 - <<'EOT'
import os
import bpf_stack
from live import Tap

STACK, FRAMES = 512, 8
tap = Tap()
for name in "probe", "floor":
    path = "%s/probe/%s.bpf.o" % (os.environ["SAKER_BUILD"], name)
    found = list(bpf_stack.programs(path))
    tap.ok(len(found) >= 10, "%s: programs" % name, len(found))
    for section, size, frames, names in found:
        tap.ok(size <= STACK and frames <= FRAMES, "%s, %s: %d bytes of stack, %d frames" % (name, section, size, frames), " > ".join(names))
tap.end()
EOT
