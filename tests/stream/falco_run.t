#!/bin/sh
# saker falco: options that concern the run itself, on a capture: -M, -P, -w, -d, and what is said at the end.
here=$(cd "$(dirname "$0")/../.." && pwd)
data=$here/../shared/data
[ -d "$data" ] || { echo "1..0 # SKIP no captures: $data is not there"; exit 0; }
T=$(mktemp -d) || exit 1
trap 'rm -rf "$T"' EXIT
chmod 711 "$T"
mkdir -m 777 "$T/tmp"
SAKER_BUILD=${SAKER_BUILD:-$here/build} TMPDIR=$T/tmp
export SAKER_BUILD TMPDIR
PATH=$SAKER_BUILD/bin:$PATH
n=0
result() { # STATUS NAME
	n=$((n + 1))
	[ "$1" -eq 0 ] || printf 'not '
	printf 'ok %d - %s\n' "$n" "$2"
	[ "$1" -eq 0 ] || tail -n 20 "$T/err" "$T/out" 2>/dev/null | sed 's/^/# /'
}
falco() {
	timeout 60 "$here/scripts/saker" falco -c "$T/falco.yaml" -r "$T/rules.yaml" -o stdout_output.enabled=true "$@" >"$T/out" 2>"$T/err"
}
cat >"$T/rules.yaml" <<'RULES'
- {rule: every event, desc: d, condition: evt.num > 0, output: "n=%evt.num t=%evt.rawtime", priority: WARNING}
RULES
printf 'watch_config_files: false\nlog_stderr: true\n' >"$T/falco.yaml"
capture=$data/captures/curl_google.scap
replay="-o engine.kind=replay -o engine.replay.capture_file=$capture"

# shellcheck disable=SC2086  # a list
falco $replay -P "$T/pid" -w "$T/copy.scap"
result $? "a replay ends with 0"
all=$(grep -c 'n=' "$T/out")
[ "$all" -gt 100 ] && grep -qx "Events detected: $all" "$T/out" && grep -qx "   WARNING: $all" "$T/out" && grep -qx "   every event: $all" "$T/out"
result $? "and says what it has detected"
grep -q 'event drop detected: 0 occurrences' "$T/err"
result $? "of drops too"
[ -s "$T/pid" ] && [ "$(tr -d '0-9' <"$T/pid" | wc -c)" -eq 0 ]
result $? "-P: the process id, without an end of line"
[ "$(probe -r "$T/copy.scap" | frames -k event | wc -l)" -ge "$((all * 9 / 10))" ]
result $? "-w: a capture of it"
# shellcheck disable=SC2086  # a list
falco $replay -M 1 && awk -F 't=' '/t=/ { if (!first) first = $2; last = $2; n++ } END { exit !(n > 10 && last - first <= 1.05e9) }' "$T/out" &&
	[ "$(grep -c 'n=' "$T/out")" -lt "$all" ]
result $? "-M 1: the first second of it"
# shellcheck disable=SC2086  # a list
falco $replay -P /nowhere/pid
[ $? -eq 255 ] && grep -q 'Could not write pid to pidfile /nowhere/pid. Exiting.' "$T/err"
result $? "-P that can not be written: 255"
falco -o engine.kind=nodriver -M 1
result $? "-M ends a run that has no events, too"
falco -o compat=0.28 -o engine.kind=nodriver -d -P "$T/daemon" -M 2
pid=$(cat "$T/daemon" 2>/dev/null)
[ -n "$pid" ] && kill -0 "$pid" 2>/dev/null
result $? "-d: it goes on in the background"
for _ in $(seq 200); do
	kill -0 "$pid" 2>/dev/null || break
	sleep 0.05
done
! kill -0 "$pid" 2>/dev/null && [ -z "$(ls "$T/tmp")" ]
result $? "until it has ended, and leaves nothing"
saker-conf -d "$T/gen" --falco -c "$T/falco.yaml" -r "$T/rules.yaml" -o compat=0.28 -o stdout_output.enabled=true -s "$T/s" --stats-interval 100 -e "$capture" \
	>"$T/out" 2>"$T/err"
[ $? -eq 10 ] && [ "$(tr '\0' ' ' <"$T/gen/1/emit.args" | grep -c -e "--samples $T/s --samples-interval 100 ")" -eq 1 ]
result $? "-s: emit has the samples to write"
echo "1..$n"
