#!/bin/sh
# Every captured system call done on purpose, in 64 and in 32 bits: what its event says is compared, parameter by parameter and as
# the text that rules see, with what was done.
here=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d) || exit 1
trap 'umount -l "$dir/mnt" 2>/dev/null; rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
export DIR="$dir" SAKER_BUILD="${SAKER_BUILD:-$here/build}" PYTHONPATH="$here/tests/helpers" PYTHONDONTWRITEBYTECODE=1
[ "$(id -u)" = 0 ] || { echo "1..0 # SKIP BPF needs root"; exit 0; }
[ "$(uname -m)" = x86_64 ] || { echo "1..0 # SKIP the numbers of the calls are those of x86-64"; exit 0; }
python3 "$here/tests/helpers/calls.py"
