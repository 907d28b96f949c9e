#!/bin/sh
# scripts/saker with stand-ins for the stages: arguments, statuses, the order of ending, signals.
# shellcheck disable=SC2016  # dollars that must arrive as they are
here=$(cd "$(dirname "$0")/../.." && pwd)
T=$(mktemp -d) || exit 1
trap 'rm -rf "$T"' EXIT
mkdir "$T/bin" "$T/log" "$T/tmp"
SAKER_BUILD=$T TMPDIR=$T/tmp
export SAKER_BUILD TMPDIR T

# Each stage notes its arguments, says that it is ready and passes lines on until END. What a test sets as STATUS_<stage> is
# its status at once; as LATE_<stage>, after the first line.
cat >"$T/stage" <<'STAGE'
#!/bin/sh
stage=$(basename "$0")
[ "$1" != --keys ] || { printf 'probe.ring_size\tprobe\t1\tx\njson_output\temit\tfalse\tx\n'; exit; }
[ "$1" != -n ] || { echo "emit: unknown key" >&2; exit 64; }
printf '%s\n' "$@" >"$T/log/$stage.args"
eval "at_once=\$STATUS_$stage late=\$LATE_$stage"
[ -z "$at_once" ] || exit "$at_once"
trap 'echo end >>"$T/log/signals"; exit 3' TERM
trap '' PIPE
case $stage in
probe) echo ready 20 event types >&3 ;;
enrich) echo ready engines: docker >&3 ;;
match) echo ready 12 rules >&3 ;;
emit) echo ready >&3 ;;
esac
exec 3>&-
while read -r line; do
	[ "$line" != END ] || echo "$stage" >>"$T/log/ended"
	printf '%s\n' "$line" 2>/dev/null || break
	[ "$line" != END ] || exit 0
	[ -z "$late" ] || exit "$late"
done
[ "$stage" = emit ] && exit 75
exit 0
STAGE
cat >"$T/probe" <<'STAGE'
#!/bin/sh
trap 'echo LAST; echo probe >>"$T/log/ended"; echo END; exit 0' TERM
trap '' PIPE
printf '%s\n' "$@" >"$T/log/probe.args"
[ -z "$STATUS_probe" ] || exit "$STATUS_probe"
echo ready 20 event types >&3
exec 3>&-
while echo heartbeat 2>/dev/null; do sleep 0.2; done
exit 0
STAGE
chmod +x "$T/stage" "$T/probe"
mv "$T/probe" "$T/bin/probe"
for stage in enrich match emit; do ln -s ../stage "$T/bin/$stage"; done

n=0
result() { # STATUS NAME
	n=$((n + 1))
	[ "$1" -eq 0 ] || printf 'not '
	printf 'ok %d - %s\n' "$n" "$2"
	[ "$1" -eq 0 ] || sed 's/^/# /' "$T/err" "$T/out" "$T"/log/* 2>/dev/null
}

# start OPTIONS...: in the background, returns when all is ready.
start() {
	rm -f "$T"/log/*
	"$here/scripts/saker" run "$@" >"$T/out" 2>"$T/err" &
	saker=$!
	tries=50
	until grep -qs watching "$T/err" || [ "$tries" -eq 0 ]; do
		sleep 0.1
		tries=$((tries - 1))
	done
}

run() {
	rm -f "$T"/log/*
	timeout 20 "$here/scripts/saker" run "$@" >"$T/out" 2>"$T/err" </dev/null
	status=$?
}

left_behind() {
	# shellcheck disable=SC2009  # pgrep would match this script
	ps -eo args | grep -q "[ /]$T/bin/"
}

start -r a.yaml -r 'b c.yaml' --json -O probe.ring_size=262144 -O 'json_output=$(touch x)' -e open,execve
kill -TERM "$saker"
wait "$saker"
status=$?
result "$status" "ends with 0 when all stages do"
grep -q 'watching 12 rules, 20 event types on Linux .*, engines: docker' "$T/err"
result $? "says what is watched"
[ "$(wc -l <"$T/err")" -eq 1 ]
result $? "says nothing else"
[ "$(tail -n 2 "$T/out")" = "LAST
END" ]
result $? "what the probe had last arrives"
[ "$(tr '\n' ' ' <"$T/log/ended")" = "probe enrich match emit " ]
result $? "stages end in their order"
[ "$(cat "$T/log/match.args")" = "--notify
3
-r
a.yaml
-r
b c.yaml" ]
result $? "rules go to match"
[ "$(tr '\n' '|' <"$T/log/probe.args")" = '--notify|3|-O|probe.ring_size=262144|-e|open,execve|' ]
result $? "keys and types of the probe go to the probe"
[ "$(tr '\n' '|' <"$T/log/emit.args")" = '--notify|3|--json|-O|json_output=$(touch x)|' ] && [ ! -e x ]
result $? "arguments arrive as they are, unevaluated"
[ "$(tr '\n' '|' <"$T/log/enrich.args")" = '--notify|3|' ]
result $? "enrich gets nothing that is not its own"

start
kill -INT "$saker"
wait "$saker"
result $? "SIGINT ends it with 0"
grep -q 'rules/saker_rules.yaml$' "$T/log/match.args"
result $? "default rules without -r"

# Ctrl-C: the signal comes to the whole group of the script.
rm -f "$T"/log/*
python3 - "$here/scripts/saker" >"$T/out" 2>"$T/err" <<'PYTHON'
import os, signal, subprocess, sys, time
p = subprocess.Popen([sys.argv[1], "run"], stdin=subprocess.DEVNULL, stdout=1, stderr=subprocess.PIPE, text=True, start_new_session=True)
p.stderr.readline()
os.killpg(p.pid, signal.SIGINT)
sys.exit(p.wait())
PYTHON
status=$?
[ "$status" -eq 0 ] && tail -n 1 "$T/out" | grep -q END
result $? "Ctrl-C ends it as well"

for case in "probe 77" "enrich 71" "match 78" "emit 71"; do
	stage=${case% *} code=${case#* }
	eval "STATUS_$stage=$code; export STATUS_$stage"
	run
	[ "$status" -eq "$code" ] && grep -q "^saker: $stage ended with status $code$" "$T/err" && ! grep -q watching "$T/err"
	result $? "$stage fails at the start: status $code"
	unset "STATUS_$stage"
done

LATE_match=71
export LATE_match
run
[ "$status" -eq 71 ] && grep -q 'saker: match ended with status 71' "$T/err"
result $? "match fails in the middle: everything ends, its status counts"
[ "$(grep -c 'ended with' "$T/err")" -eq 1 ]
result $? "only the first failing stage is named"
unset LATE_match

run -O nonsense=1
[ "$status" -eq 64 ] && grep -q 'unknown key' "$T/err"
result $? "an unknown key is status 64"
run -r
result $((status != 64)) "-r without a file is status 64"
run surplus
result $((status != 64)) "a surplus argument is status 64"

start <&-
kill -TERM "$saker"
wait "$saker"
result $? "works with standard input closed"

sleep 0.3
! left_behind && [ -z "$(ls -A "$TMPDIR")" ]
result $? "nothing is left behind"
echo "1..$n"
