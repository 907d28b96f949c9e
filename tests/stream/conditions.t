#!/bin/sh
# What a real Falco says of 246 conditions: errors, warnings, and for how many events of captures each holds.
here=$(cd "$(dirname "$0")/../.." && pwd)
[ -e "${SAKER_SHARED:-$here/../shared}/data/golden/conditions.tsv" ] || {
	echo "1..0 # SKIP the data of ../shared are not here"
	exit 0
}
export PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$here/tests/conformance" TZ=UTC
echo 1..2
exec python3 -c 'import sys, conditions; sys.exit(not conditions.main(1))'
