#!/bin/sh
# The deeds of rules.t, beside two threads that open and close a file at full speed all the while, with a ring of the usual size:
# no alert is missed, and all that is lost is counted.
here=$(cd "$(dirname "$0")/../.." && pwd)
shared=${SAKER_SHARED:-$here/../shared}
[ -f "$shared/bench/mtopen.c" ] || { echo "1..0 # SKIP no $shared/bench/mtopen.c"; exit 0; }
bin=$(mktemp -d) || exit 1
trap 'rm -rf "$bin"' EXIT
trap 'exit 1' INT TERM
gcc -O2 -pthread -o "$bin/mtopen" "$shared/bench/mtopen.c" || exit 1
RULES_STORM="$bin/mtopen 2 200" "$here/tests/live/rules.t"
