#!/bin/sh
# Falco's black-box cases of 0.28 and of today, with a table of what passed; captures where probe reads them.
here=$(cd "$(dirname "$0")/../.." && pwd)
[ -e "${SAKER_SHARED:-$here/../shared}/data/regression/v0.28/cases.json" ] || {
	echo "1..0 # SKIP the data of ../shared are not here"
	exit 0
}
export PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$here/tests/conformance" TZ=UTC
"${SAKER_BUILD:-$here/build}/bin/probe" --help | grep -q -e '-r ' || echo "# SKIP cases with captures: probe does not read them here"
echo 1..2
exec python3 -c 'import sys, black_box; sys.exit(not black_box.main(1))'
