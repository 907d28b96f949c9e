#!/bin/sh
# scripts/saker with stand-ins for the stages: what is started again and what is not, statuses, signals, reloads that are refused, what is
# left. Its own programs (saker-conf, saker-log) are real.
# shellcheck disable=SC2016  # dollars that must arrive as they are
here=$(cd "$(dirname "$0")/../.." && pwd)
T=$(mktemp -d) || exit 1
trap 'rm -rf "$T"' EXIT
mkdir "$T/bin" "$T/do" "$T/log" "$T/tmp"
chmod -R 777 "$T"
cp "${SAKER_BUILD:-$here/build}/bin/saker-conf" "${SAKER_BUILD:-$here/build}/bin/saker-log" "$T/bin"
SAKER_BUILD=$T TMPDIR=$T/tmp SAKER_RUN=$T/run
export SAKER_BUILD TMPDIR SAKER_RUN T

# A stage does what do/STAGE says, a line for each time that it is started: ends with that status, if another stage's name follows when
# that one has started, or is deaf to SIGTERM. Without a line it says that it is ready and lives until the stream is over, which the
# probe makes it when it is told to end. On SIGHUP it says what do/STAGE.answer has, else that it has reloaded.
cat >"$T/bin/stage" <<'STAGE'
#!/bin/sh
stage=$(basename "$0")
case " $* " in
*" --plan "*) echo plan 1; exit ;;
*" --event-types "*) echo open; exit ;;
*" --names "* | *" --version "*) exit ;;
*" -n "*) [ ! -e "$T/do/$stage.check" ] || { cat "$T/do/$stage.check" >&2; exit 78; }; exit 0 ;;
esac
what=$(head -n 1 "$T/do/$stage" 2>/dev/null)
[ ! -s "$T/do/$stage" ] || sed -i 1d "$T/do/$stage"
case $what in [0-9]*) trap '' TERM ;; esac
date +%s%3N >>"$T/log/$stage.starts"
id -u >"$T/log/$stage.user"
nice >"$T/log/$stage.nice"
printf '%s\n' "$@" >"$T/log/$stage.args"
case $what in
*' '*) until [ -s "$T/log/${what#* }.starts" ]; do sleep 0.02; done; exit "${what% *}" ;;
[0-9]*) exit "$what" ;;
deaf) trap 'echo TERM >>"$T/log/$stage.signals"' TERM ;;
*) trap '[ "$stage" != probe ] || : >"$T/over"; exit 0' TERM ;;
esac
trap '' INT
trap 'if [ -e "$T/do/$stage.answer" ]; then cat "$T/do/$stage.answer"; else echo reloaded 1; fi >&3; echo HUP >>"$T/log/$stage.signals"' HUP
trap 'echo USR1 >>"$T/log/$stage.signals"' USR1
echo ready "$stage" >&3
until [ -e "$T/over" ] && [ "$what" != deaf ]; do sleep 0.02; done
STAGE
chmod 755 "$T/bin/stage"
for stage in probe enrich match emit; do ln -s stage "$T/bin/$stage"; done
printf '#!/bin/sh\ncat >/dev/null\n' >"$T/bin/frames"
chmod 755 "$T/bin/frames"
cat >"$T/rules.yaml" <<'RULES'
- {rule: r, desc: d, condition: evt.type = open, output: x, priority: INFO}
RULES

n=0
result() { # STATUS NAME
	n=$((n + 1))
	[ "$1" -eq 0 ] || printf 'not '
	printf 'ok %d - %s\n' "$n" "$2"
	[ "$1" -eq 0 ] || tail -n 20 "$T/err" "$T/out" "$T"/log/* 2>/dev/null | sed 's/^/# /'
}

begin() { # ARGUMENTS: starts it, and waits until it watches or has ended
	rm -f "$T"/log/* "$T/over"
	"$here/scripts/saker" run -r "$T/rules.yaml" "$@" >"$T/out" 2>"$T/err" &
	pid=$!
	for _ in $(seq 200); do
		{ [ ! -e "$T/run/ready" ] && kill -0 $pid 2>/dev/null; } || break
		sleep 0.02
	done
}

finish() {
	wait $pid
	ended=$?
	rm -f "$T"/do/*
}

within() { # SECONDS COMMAND...
	for _ in $(seq "$1"00); do
		shift 0
		(shift; "$@") >/dev/null 2>&1 && return 0
		sleep 0.01
	done
	return 1
}

starts() { # STAGE NUMBER
	[ "$(wc -l <"$T/log/$1.starts")" -ge "$2" ]
}

begin
kill -TERM $pid
finish
[ "$ended" -eq 0 ] && grep -q 'saker: watching match, probe on Linux.*, enrich$' "$T/err"
result $? "four stages, and what they say they watch; SIGTERM ends it well"
[ ! -e "$T/run" ] && [ -z "$(ls "$T/tmp")" ] && ! pgrep -f "$T/bin/" >/dev/null
result $? "nothing is left of it"
grep -qx "unix:$T/run/probe/out" "$T/log/enrich.args" && grep -qx "listen:$T/run/probe/out" "$T/log/probe.args" &&
	grep -qx "$T/run/current/match.args" "$T/log/match.args"
result $? "they are joined by sockets, and read the generation in force"
if [ "$(id -u)" = 0 ]; then
	[ "$(cat "$T"/log/*.user | sort -u | tr '\n' ' ')" = "0 64611 64612 64613 " ]
	result $? "each as a user of its own, and the probe's holder as root"
fi
begin -O saker.nice=7
kill -INT $pid
finish
[ "$ended" -eq 0 ] && [ "$(cat "$T"/log/*.nice | sort -u)" = 7 ]
result $? "saker.nice; SIGINT ends it too"

for status in 64 66 69 77 78; do
	echo $status >"$T/do/match"
	begin
	finish
	echo "$ended" >"$T/out"
	[ "$ended" -eq $status ] && [ "$(wc -l <"$T/log/match.starts")" -eq 1 ] && grep -q "saker: match ended with status $status" "$T/err"
	result $? "status $status is not tried again, and is that of all"
done
echo 69 >"$T/do/probe"
echo 78 probe >"$T/do/emit"
begin
finish
[ "$ended" -eq 69 ]
result $? "of two that fail the first in the line has its say"

printf '71\n75\n137\n65\n' >"$T/do/enrich"
begin
within 5 starts enrich 5
result $? "others are started again"
kill -TERM $pid
finish
awk 'NR > 1 { gap[NR] = $1 - last } { last = $1 } END { exit !(gap[2] < 90 && gap[3] >= 100 && gap[4] >= 200 && gap[5] >= 400 && gap[5] < 1500) }' \
	"$T/log/enrich.starts" && grep -q 'enrich ended with status 71; it is started again in 0.0 s' "$T/err"
result $? "at once, then after 0.1 s, which doubles"
[ "$ended" -eq 0 ]
result $? "and that is no failure"

printf 'deaf\n' >"$T/do/match"
begin
began=$(date +%s)
for _ in 1 2 3; do
	kill -INT $pid
	sleep 0.3
done
finish
[ $(($(date +%s) - began)) -lt 8 ] && ! pgrep -f "$T/bin/" >/dev/null && [ ! -e "$T/run" ]
result $? "a stage that is deaf is killed by the third signal"

# Reloads, when we say so
begin -O watch_config_files=false
"$here/scripts/saker" reload >"$T/out" 2>&1 && grep -q 'generation 2' "$T/out" && [ "$(readlink "$T/run/current")" = 2 ]
result $? "reload: the next generation is in force"
[ "$(wc -l <"$T/log/probe.signals")" -eq 2 ] && grep -q HUP "$T/log/enrich.signals" && grep -q HUP "$T/log/emit.signals"
result $? "each stage has taken it, and the probe both plans and then the new one"
cp "$T/rules.yaml" "$T/good.yaml"
rm "$T/rules.yaml"
"$here/scripts/saker" reload >"$T/out" 2>&1
[ $? -eq 78 ] && grep -q "rules.yaml" "$T/out" && [ "$(readlink "$T/run/current")" = 2 ]
result $? "a configuration that can not be read: refused, and the old one stays"
cp "$T/good.yaml" "$T/rules.yaml"
echo 'emit: bad key' >"$T/do/emit.check"
"$here/scripts/saker" reload >"$T/out" 2>&1
[ $? -eq 78 ] && grep -q 'bad key' "$T/out" && [ "$(readlink "$T/run/current")" = 2 ]
result $? "one that a stage does not like when it is asked before: the same"
rm "$T/do/emit.check"
echo 'refused 9: no, thanks' >"$T/do/emit.answer"
: >"$T/log/match.signals"
"$here/scripts/saker" reload >"$T/out" 2>&1
[ $? -eq 78 ] && grep -q 'no, thanks' "$T/out" && [ "$(readlink "$T/run/current")" = 2 ] && [ "$(wc -l <"$T/log/match.signals")" -eq 2 ]
result $? "one that a stage refuses at last: those who took it have the old one back"
rm "$T/do/emit.answer"
"$here/scripts/saker" reload >"$T/out" 2>&1
result $? "and a good one is taken again"
"$here/scripts/saker" rotate && within 2 grep -q USR1 "$T/log/emit.signals"
result $? "rotate"
"$here/scripts/saker" run -r "$T/rules.yaml" >"$T/out" 2>&1
[ $? -eq 75 ] && grep -q "saker runs there already (process $pid)" "$T/out"
result $? "two in one folder: 75"
kill -TERM $pid
finish
[ "$ended" -eq 0 ] && grep -q 'the configuration stays as it was' "$T/err"
result $? "which is in the log"

# What is in the configuration is nothing to a shell.
hostile="a b'c\"d\$(touch $T/tmp/pwned)\`touch $T/tmp/pwned\`;*
line"
begin -O "file_output.filename=$hostile" -O file_output.enabled=true
kept=$(tr '\0' '\001' <"$T/run/current/emit.args" | grep -c 'touch')
kill -TERM $pid
finish
[ "$ended" -eq 0 ] && [ "$kept" -ge 1 ] && [ ! -e "$T/tmp/pwned" ]
result $? "no shell sees what is configured"

# In the background
rm -f "$T/over"
"$here/scripts/saker" start -r "$T/rules.yaml" >"$T/out" 2>&1 && [ -e "$T/run/ready" ]
result $? "start"
"$here/scripts/saker" stop >"$T/out" 2>&1 && [ ! -e "$T/run" ]
result $? "stop"
"$here/scripts/saker" stop >"$T/out" 2>&1
[ $? -eq 69 ]
result $? "stop, where nothing runs: 69"
"$here/scripts/saker" check-config -r "$T/rules.yaml" >"$T/out" 2>&1 && grep -qx ok "$T/out"
result $? "check-config"
"$here/scripts/saker" check-config -O priority=7 >"$T/out" 2>&1
[ $? -eq 78 ] && grep -q 'priority' "$T/out"
result $? "check-config of what is wrong: 78"
"$here/scripts/saker" env >"$T/out" 2>&1 && grep -q '^kernel ' "$T/out" && grep -q '^user of match ' "$T/out"
result $? "env"
"$here/scripts/saker" fly >"$T/out" 2>&1
[ $? -eq 64 ]
result $? "a command that there is not: 64"
"$here/scripts/saker" run -x >"$T/out" 2>&1
[ $? -eq 64 ] && grep -q "run: found '-x'" "$T/out"
result $? "an option that there is not: 64"
echo "1..$n"
