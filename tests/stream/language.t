#!/bin/sh
# The rule language, section by section of reference/rule-language.md: its examples and every error and warning that it names, with
# code and message; transformers, outputs byte for byte, the language of 0.28, the printed forms of --validate and --describe.
here=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
export SAKER_BUILD="${SAKER_BUILD:-$here/build}" PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$here/tests/conformance" TZ=UTC
python3 -c 'import sys, language; sys.exit(not language.main())'
