#!/bin/sh
# Falco's own unit cases: rules files, the grammar, compilation and boolean logic, with a table of what passed.
here=$(cd "$(dirname "$0")/../.." && pwd)
[ -e "${SAKER_SHARED:-$here/../shared}/data/regression/unit-cases.json" ] || {
	echo "1..0 # SKIP the data of ../shared are not here"
	exit 0
}
export PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$here/tests/conformance"
echo 1..3
exec python3 -c 'import sys, unit_cases; sys.exit(not unit_cases.main(1))'
