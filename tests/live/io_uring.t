#!/bin/sh
# Calls that io_uring makes in a program's stead are told as those of who asked for them: at once, by a worker, by a poller, from a
# thread; where paths are relative, where they fail, and where nobody is told of their end.
here=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
export DIR="$dir" SAKER_BUILD="${SAKER_BUILD:-$here/build}" PYTHONPATH="$here/tests/helpers" PYTHONDONTWRITEBYTECODE=1
[ "$(id -u)" = 0 ] || { echo "1..0 # SKIP BPF needs root"; exit 0; }
[ "$(uname -m)" = x86_64 ] || { echo "1..0 # SKIP the numbers of the calls are those of x86-64"; exit 0; }
python3 "$here/tests/helpers/rings.py"
