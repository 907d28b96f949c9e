#!/bin/sh
# The rules of the 2021 article and the official rules files load as they are.
here=$(cd "$(dirname "$0")/../.." && pwd)
[ -e "${SAKER_SHARED:-$here/../shared}/data/article" ] || {
	echo "1..0 # SKIP the data of ../shared are not here"
	exit 0
}
export PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$here/tests/conformance"
exec python3 -c 'import sys, article; sys.exit(not article.main())'
