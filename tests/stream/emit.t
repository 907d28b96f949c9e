#!/bin/sh
# emit on synthetic streams: outputs, statuses, the account of each output, ends and signals.
here=$(cd "$(dirname "$0")/../.." && pwd)
emit=${SAKER_BUILD:?}/bin/emit
T=$(mktemp -d) || exit 1
trap 'rm -rf "$T"' EXIT
cd "$T" || exit 1
export TZ=UTC PYTHONPATH="$here/tests/helpers" PYTHONDONTWRITEBYTECODE=1

n=0
result() { # STATUS NAME
	n=$((n + 1))
	[ "$1" -eq 0 ] || printf 'not '
	printf 'ok %d - %s\n' "$n" "$2"
	[ "$1" -eq 0 ] || head -n 20 out err 2>/dev/null | cut -c 1-300 | sed 's/^/# /'
}

run() { # FILE OPTIONS...
	input=$1
	shift
	"$emit" "$@" <"$input" >out 2>err
	status=$?
}

python3 - <<'PYTHON'
from wire import *
def alert(output=b"all is well", priority=4, fields=(), rule="R"):
    return frame(ALERT, TIME + 123456789, [["web1", "boot", "syscall", TIME], 7], rule, priority, "syscall", ["t"], output,
                 [list(f) for f in fields], "", None, [], True, [])
def write(name, *parts):
    with open(name, "wb") as f:
        f.write(b"".join(parts))
start, live, over = hello(mode="recorded"), hello(mode="live"), end()
write("one", start, alert(b"one \x1b]0;title\x07\n", fields=[("proc.name", b"c\xffat"), ("fd.num", 3), ("x", None)]), over)
write("mixed", start, alert(), stat(), frame(77, 1, 2), event("openat"), alert(priority=0), over)
write("prios", start, *[alert(b"p%d" % i, i) for i in range(8)], over)
write("many", start, *[alert(b"%05d " % i + b"x" * (i % 9000)) for i in range(3000)], over)
write("noend", live, alert())
write("cut", start, alert()[:-3])
write("garbage", start, b"\x00\x01\x02")
write("badalert", start, frame(ALERT, 1, None, "R", 9, "syscall", [], b"x"), over)
write("version", frame(HELLO, 2, "match", "9", ["h", "b", "n", 1], "live"), over)
write("reason", start, frame(END, "holder lost"))
write("nothing")
PYTHON

run one
[ "$status" -eq 0 ] && [ "$(cat out)" = '22:13:20.123456789: Warning one \u001b]0;title\u0007\n' ] && [ ! -s err ]
result $? "a text line, escaped"
run one -O time_format_iso_8601=true
grep -q '^2023-11-14T22:13:20.123456789+0000: Warning one' out
result $? "ISO 8601 on demand"
run one --json
[ "$(jq -c '[.hostname, .priority, .rule, .source, .tags[0], .time, .complete, .output_fields["proc.name", "fd.num", "x"]]' out)" = \
	'["web1","Warning","R","syscall","t","2023-11-14T22:13:20.123456789Z",true,"c�at",3,null]' ]
result $? "JSON has Falco's keys and types"
[ "$(jq -r '.output' out | od -c | tr -d ' \n')" = "$(printf '22:13:20.123456789: Warning one \033]0;title\007\n\n' | od -c | tr -d ' \n')" ]
result $? "JSON decodes to what was meant"
cp out json
run one -O json_output=true
cmp -s out json
result $? "--json is -O json_output=true"
run prios
[ "$(cut -d ' ' -f 2 out | tr '\n' ' ')" = "Emergency Alert Critical Error Warning Notice Informational Debug " ]
result $? "priorities by name"

run mixed -v
[ "$status" -eq 0 ] && [ "$(wc -l <out)" -eq 2 ] && grep -q 'alerts in 2, statistics 1, other frames 3, unknown frames 1' err
result $? "other frames are passed over and counted"
grep -q 'output stdout: alerts in 2 = written 2 + dropped 0 + folded 0 + queued 0' err
result $? "the account of an output"

run many
sort -c out && [ "$(wc -l <out)" -eq 3000 ]
result $? "3000 alerts, each once and in order"
"$emit" <many | { sleep 0.3; cat; } >slow
cmp -s out slow
result $? "a slow reader gets the same"

run noend
result "$status" "a recording without END ends with 0"
# shellcheck disable=SC2002  # a pipe is the point
cat noend | "$emit" >out 2>err
[ $? -eq 75 ] && [ "$(wc -l <out)" -eq 1 ]
result $? "a live pipe without END: 75, after what was there"
run nothing
result "$status" "an empty stream"
run reason
grep -q 'holder lost' err
result $? "why the stream ended is said"

for case in cut garbage badalert version; do
	run "$case"
	[ "$status" -eq 65 ] && grep -q 'byte [0-9]' err
	result $? "$case: status 65 and the byte"
done

run one -O file_output.enabled=true -O file_output.filename="$T/log"
run one -O file_output.enabled=true -O file_output.filename="$T/log" -O stdout_output.enabled=false
[ "$status" -eq 0 ] && [ ! -s out ] && [ "$(wc -l <log)" -eq 2 ]
result $? "a file is appended to"
run one -O file_output.enabled=true
[ "$status" -eq 78 ] && grep -q 'file_output.filename is empty' err
result $? "a file without a name is status 78"
run one -O stdout_output.enabled=false -n
result $((status != 78)) "no output is status 78, seen by -n"
run one -O file_output.enabled=true -O file_output.filename=/nowhere/at/all
[ "$status" -eq 71 ] && grep -q 'output file: No such file' err
result $? "a file that can not be opened is status 71"
run one -n
[ "$status" -eq 0 ] && [ ! -s out ]
result $? "-n writes nothing"
run one -o x
result $((status != 64)) "-o is refused"
run one --nonsense
result $((status != 64)) "unknown options are refused"

"$emit" -v <mixed >/dev/full 2>err
[ $? -eq 71 ] && grep -q 'No space left' err && grep -q 'alerts in 2 = written 0 + dropped 2' err
result $? "a full disk is not success"
{ "$emit" -v <many 2>err; echo $? >status; } | head -n 1 >out
[ "$(cat status)" -eq 0 ] && ! grep -q 'roken pipe' err
result $? "a reader that leaves ends it quietly"
{ "$emit" -O file_output.enabled=true -O file_output.filename="$T/both" <many 2>err; echo $? >status; } | head -n 1 >out
[ "$(cat status)" -eq 71 ] && [ "$(wc -l <both)" -eq 3000 ]
result $? "but not when there is a file to write"

# Each alert is there at once, though nothing follows it.
mkfifo in
"$emit" <in >out 2>err &
pid=$!
exec 9>in
head -c $(($(wc -c <one) - 7)) one >&9
tries=20
until [ -s out ] || [ "$tries" -eq 0 ]; do
	sleep 0.1
	tries=$((tries - 1))
done
[ -s out ]
result $? "flushed per alert"
# Sh starts it with SIGINT ignored, which emit overrides: the first one is for the head of the line.
kill -INT "$pid"
sleep 0.2
kill -0 "$pid"
result $? "the first SIGINT is ignored"
kill -INT "$pid"
wait "$pid"
result $? "the second one ends it"
exec 9>&-

"$emit" --notify 8 <one 8>ready >out
[ "$(cat ready)" = ready ]
result $? "--notify says ready"
echo "1..$n"
