#!/bin/sh
# Falco's black-box cases of 0.28 and of today through `saker falco`: options, statuses, outputs, statistics.
here=$(cd "$(dirname "$0")/../.." && pwd)
[ -e "${SAKER_SHARED:-$here/../shared}/data/regression/v0.28/cases.json" ] || {
	echo "1..0 # SKIP the data of ../shared are not here"
	exit 0
}
export PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$here/tests/conformance" TZ=UTC
echo 1..2
exec python3 -c 'import sys, falco_cases; sys.exit(not falco_cases.main(1))'
