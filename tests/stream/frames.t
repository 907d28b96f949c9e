#!/bin/sh
# frames: round trips, malformed input of every kind, and every option.
# shellcheck disable=SC2181
here=$(cd "$(dirname "$0")" && pwd)
frames=$SAKER_BUILD/bin/frames
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
n=0

# ok DESCRIPTION: the result of the last command is the result of the test.
ok() {
	status=$?
	n=$((n + 1))
	if [ $status -eq 0 ]; then echo "ok $n - $1"; else echo "not ok $n - $1"; fi
}

# make NAME: a stream from the Python on standard input, which has wire.py's names and `out`.
make() {
	{ echo "import sys; sys.path.insert(0, '$here/../helpers')"; echo "from wire import *"; echo "out = sys.stdout.buffer.write"; cat; } |
		python3 - >"$dir/$1"
}

# there_and_back NAME: whether the stream comes back byte for byte.
there_and_back() {
	"$frames" <"$dir/$1" >"$dir/json" && "$frames" -e <"$dir/json" >"$dir/back" && cmp -s "$dir/$1" "$dir/back"
}

# fails_at NAME TEXT [OPTION...]: status 65, and the message.
fails_at() {
	name=$1 text=$2
	shift 2
	"$frames" "$@" <"$dir/$name" >"$dir/json" 2>"$dir/err"
	[ $? -eq 65 ] && grep -qF -- "$text" "$dir/err"
}

make all <<'PY'
out(hello(links=[[b"/bin", b"/usr/bin"]], plan="plan 1\n"))
out(proc(1, comm=b"systemd", tty=[34816, b"/dev/pts/0"]))
out(proc(2, parent=key(1), comm=b"ba\xffsh", argv=key(1), env=[b"A=b", [b"C=d", 9000]], groups=[1, 2**32 - 1]))
out(thread(key(3), key(2), 3, uid=1000, comm=b"t", tty=None))
out(event("openat", pid=2, fd=[3, "file", b"/etc/shadow", 1, 2, 1, None, None], dirfd=-100,
          name=[b"/etc/shadow", None, b"/etc/shadow"], flags=1, mode=0, dev=1, ino=2**60))
out(event("connect", pid=2, res=-111, fd=[5, "ipv4", None, 0, 0, 0, 0, [2, b"\x7f\0\0\1", 1, b"\x08\x08\x08\x08", 53, 17, 1]],
          tuple=[2, b"\x7f\0\0\1", 1, b"\x08\x08\x08\x08", 53, 17, 1], addr=[1, b"abstract", 0]))
out(event("dup2", pid=2, res=0, oldfd=3, newfd=0, facts_={"fd_kinds": {0: "file", 2: "ipv4", 1: "other"}}))
out(exit_(key(2), status=256))
out(container("abc", name="web", privileged=True, image__tag="latest", mounts=[["a", "b", "ro", False, "rprivate"]]))
out(name(0, b"root", home=b"/root", shell=b"/bin/sh"))
out(frame(HOST, "example.org", [b"\x01\x02\x03\x04"], TIME))
out(json_('{"a": 1}'))
out(frame(ALERT, TIME, [list(NOW), 2**63], "Rule", 4, "syscall", ["T1059", "shell"], b"out\xffput",
          [["proc.name", b"bash"], ["evt.num", 2**60]], "why", None, [[key(2), b"bash", b"/bin/bash"]], True, []))
out(frame(EVIDENCE, [list(NOW), 7], 0, True, end()))
out(frame(ACK, 3, [1, 2]))
out(stat(kernel__delivered__openat=4, out=2**60))
out(frame(PLAN, "plan 1\n", "abcd", [307]))
out(frame(CGROUP, 77, b"/system.slice", True))
out(end("over"))
PY
there_and_back all
ok "every record comes back byte for byte"
[ "$(jq -rs 'map(.kind) | join(" ")' <"$dir/json")" = \
	"hello proc proc thread event event event exit container name host json alert evidence ack stat plan cgroup end" ]
ok "every record has its name"

"$frames" <"$dir/all" | jq -se '.[] | select(.kind == "event" and .type == "openat") | .params.fd.path == "/etc/shadow" and
	.params.name.passed == "/etc/shadow" and .params.ino == "1152921504606846976" and .time == "1700000000000000000" and
	.params.dirfd == -100 and .result == 0' >/dev/null
ok "an event has its schema's names"
"$frames" <"$dir/all" | jq -se '.[1].tty.name == "/dev/pts/0" and (.[2].comm | has("base64")) and .[2].argv == .[1].key and
	.[3].facts.uid == 1000 and .[8].fields["image.tag"] == "latest" and .[12].fields["proc.name"] == "bash" and
	.[0].source.host == "host" and .[15].counters["kernel.delivered.openat"] == 4' >/dev/null
ok "facts, fields and counters have their names"

make hostile <<'PY'
inf, nan = float("inf"), float("nan")
deep = 1
for _ in range(28):
    deep = [deep]
values = ["a", b"b", b"\xff", "\udcff", "", b"", b"\0", "q\"\\\n\x7f", 2**53, 2**53 + 1, -2**53 - 1, 2**64 - 1, -2**63, 1.5, -0.0, 2.0,
          1e300, inf, -inf, nan, 0.1, {}, [], {"str": 1}, {"int": b"5"}, {"base64": b"AA=="}, {"map": []}, {"a": 1, "str": 2},
          {1: 2, "a": None}, {"a\0b": 1}, {"\udcff": 1}, {2**60: {3: 4}}, [[b"cut", 9000]], deep, True, False, None]
for kind in list(range(-128, 128)):
    if kind != HELLO:
        out(frame(kind, *values))
        out(frame(kind))
    for v in values:
        if kind in (PROC, THREAD, CONTAINER, ALERT, STAT, NAME):
            out(frame(kind, *[v] * 60))
for v in values:
    out(event("openat", fd=v, dirfd=v, name=v, flags=v, mode=v, dev=v, ino=v, facts_=v, extra=[v, v]))
    out(event("setsockopt", res=v, val=v))
    out(event("connect", tuple=v, addr=v, fd=[v] * 12))
    out(thread(key(1), key(1), 1, comm=v, argv=v, tty=v, uid=v))
    out(frame(ALERT, v, [v, v], v, v, v, [v], v, [["a", v], ["a", v]], v, v, [[v, v, v, v]], v, [v], v))
    out(frame(THREAD, 1, 1, 1, 1, {99: v, 3: v, 2: v}))
out(frame(CONTAINER, "x", {"a": 1, "b": [1, "c"], "mounts": [["a"] * 9]}, "y"))
PY
there_and_back hostile
ok "values of every type in every place come back"
cat "$dir/all" "$dir/hostile" >"$dir/both"
there_and_back both
ok "also behind a HELLO"

make wide <<'PY'
out(frame(PROC, Raw(b"\xcf\0\0\0\0\0\0\0\5"), Raw(b"\xd9\1a"), Raw(b"\xca\x3f\x80\0\0"), Raw(b"\xdc\0\1\1"), Raw(b"\xdf\0\0\0\0")))
out(frame(EVENT, 1, 2, 307, 4, 5, 6, 7, 8))
out(frame(EVENT, 1, 2))
out(event("open", fd=Raw(b"\xd3\0\0\0\0\0\0\0\3")))
out(frame(99, Raw(b"\xcb\x7f\xf0\0\0\0\0\0\1")))
PY
there_and_back wide
ok "longer forms than needed come back"

make schema <<'PY'
body = lambda schema: frame(HELLO, 1, "p", "1", list(NOW), "recorded", "k", "a", 0, schema, [], None, [])
out(body([[600, "mine", "other", [["x", "FSPATH", "d", None, None], ["y", "NEWTYPE", "d", None, None]]],
          [601, "twice", "other", [["x", "FD", "d", None, None], ["x", "FD", "d", None, None]]],
          [602, "mine", "other", []], "junk", [603], [604, 5, 6]]))
head = lambda t: [Raw(b"\xcf" + bytes(8))] * 2 + [Raw(b"\xcd" + struct.pack(">H", t))] + [Raw(b"\xcf" + bytes(8))] * 2 + [1, 2, 3]
for t in (600, 601, 602, 603, 604, 307):
    out(frame(EVENT, *head(t), [b"a", None, b"b"], "z", {"pid": 1}, 7))
out(body("junk"))
out(frame(EVENT, *head(600), b"a"))
PY
there_and_back schema
ok "a schema of another writer"
[ "$("$frames" <"$dir/schema" | jq -rs '[.[1].type, .[1].type_number, .[1].params.x.object, .[2].type, .[6].type] | map(tostring) | join(" ")')" = \
	"mine 600 b twice 307" ]
ok "the last HELLO's schema gives the names"

# Malformed input.
printf 'hello\n' >"$dir/text"
fails_at text "byte 0: found 0x68 where a frame must begin with 0xc9"
ok "a wrong first byte"
make long <<'PY'
out(end()); out(header(PROC, 2**20 + 1))
PY
fails_at long "byte 8: a body of 1048577 bytes, over the limit"
ok "a body over the limit"
make short <<'PY'
out(end()); out(frame(EXIT, 1, 2, 3)[:-1])
PY
fails_at short "byte 15: the stream ends inside of the frame that begins at byte 7"
ok "the end inside of a body"
make half <<'PY'
out(end()); out(frame(EXIT, 1, 2, 3)[:3])
PY
fails_at half "byte 10: the stream ends inside of the frame that begins at byte 7"
ok "the end inside of a header"
make cut <<'PY'
out(end()); out(frame(EXIT, 1, Raw(b"\xcd\1")))
PY
fails_at cut "byte 14: found no value that the wire knows"
ok "a value that ends early"
[ "$(jq -r .kind <"$dir/json")" = end ]
ok "what comes before a malformed frame is written"
make ext <<'PY'
out(frame(99, 1, [2, Raw(b"\xc7\0\0")]))
PY
fails_at ext "byte 9: found no value that the wire knows"
ok "a type that the wire does not use"
make version <<'PY'
out(frame(HELLO, 2))
PY
fails_at version "byte 6: a HELLO of a wire version that is not known"
ok "a version that is not known"
make deep <<'PY'
deep = 1
for _ in range(33):
    deep = [deep]
out(frame(99, deep))
PY
fails_at deep "found no value that the wire knows"
ok "nesting over the bound"

# Malformed JSON lines.
while IFS='|' read -r line message; do
	printf '{"kind":"end"}\n%s\n' "$line" >"$dir/lines"
	fails_at lines "$message" -e
	ok "JSON: $message"
done <<'LINES'
{"kind":"end"|line 2, column
[1]|line 2, column 1: expected an object
{"kind":"nothing"}|line 2, column 2: kind: expected the name of a record
{"kind":"exit","pid":1}|line 2, column 16: unknown member 'pid'
{"kind":"exit","key":"x"}|line 2, column 16: key: found 'x', expected an integer
{"kind":"exit","key":{"base64":"*"}}|key: expected a string or {"base64"
{"kind":"event","type":"nothing"}|type: unknown event type 'nothing'
{"kind":"event","type":"openat","params":{"x":1}}|unknown member 'x'
{"kind":"event","type":"openat","time":-1}|time: expected a number that is not negative
{"kind":"proc","key":1,"key":2}|line 2, column
{"kind":99,"body":{"base64":"A"}}|body: expected {"base64"
LINES

# Writing by hand.
echo '{"kind":"proc","key":7,"pid":9,"comm":"bash"}' | "$frames" -e | "$frames" |
	jq -e '.key == 7 and .pid == 9 and .parent == null and .comm == "bash" and (has("exe") | not)' >/dev/null
ok "what is left out is nil"
echo '{"kind":"event","type":"openat","process":5,"params":{"name":{"object":"/a"}}}' | "$frames" -e | "$frames" |
	jq -e '.task == 5 and .params.name.object == "/a" and .params.fd == null and (.params | has("mode") | not)' >/dev/null
ok "events by names"

# Options.
[ "$("$frames" -k event,15 <"$dir/all" | jq -rs 'map(.kind) | join(" ")')" = "event event event cgroup" ]
ok "-k chooses by name and number"
[ "$("$frames" -k event -n 2 <"$dir/all" | wc -l)" -eq 2 ]
ok "-n ends"
"$frames" -b <"$dir/all" >"$dir/back" && cmp -s "$dir/all" "$dir/back"
ok "-b passes frames on"
[ "$("$frames" -b -k proc -n 1 <"$dir/all" | "$frames" | jq .pid)" = 1 ]
ok "-b with -k and -n"
[ "$("$frames" <"$dir/all" | "$frames" -e -k proc | "$frames" | wc -l)" -eq 2 ]
ok "-e with -k"
for wrong in "-k nothing" "-k 200" "-n 0" "-n x" "-e -b" "--time /a" "-e --json-source x" "left" "-o unix:/x" "--nothing" \
	"--json-source x --time a" "-i nothing"; do
	# shellcheck disable=SC2086
	"$frames" $wrong </dev/null >"$dir/json" 2>"$dir/err"
	[ $? -eq 64 ] && [ -s "$dir/err" ] && [ ! -s "$dir/json" ]
	ok "usage: $wrong"
done
"$frames" --help | grep -q json-source && "$frames" --version | grep -q '^frames [0-9]'
ok "--help and --version"
[ -z "$("$frames" </dev/null)" ]
ok "no input is an ordinary end"

# How a stream ends.
make live <<'PY'
out(hello(mode="live"))
PY
# shellcheck disable=SC2002
cat "$dir/live" | "$frames" >/dev/null 2>&1
[ $? -eq 75 ]
ok "a live stream in a pipe that ends without END is status 75"
"$frames" <"$dir/live" 2>"$dir/err" >/dev/null && grep -q 'without END' "$dir/err"
ok "in a file it is a warning"
"$frames" <"$dir/all" 2>"$dir/err" | head -n 1 >/dev/null && [ ! -s "$dir/err" ]
ok "a reader that leaves is an ordinary end"
mkfifo "$dir/in" "$dir/out"
"$frames" <"$dir/in" >"$dir/out" &
exec 3>"$dir/in" 4<"$dir/out"
cat "$dir/live" >&3
[ "$(timeout 10 head -c 15 <&4)" = '{"kind":"hello"' ]
ok "what has come is written before more comes"
exec 3>&- 4<&-
wait

# --json-source
printf '{"t":"2024-02-29T12:00:00.5+01:00","a":"\\u00e4"}\n\n{"t":1709204400500}\r\n{"t":"1709204400.5"}\n' >"$dir/log"
"$frames" --json-source okta --time /t <"$dir/log" 2>"$dir/err" >"$dir/stream"
[ $? -eq 65 ] && grep -q 'line 4, column 1: /t: found no time' "$dir/err"
ok "a line without a time is malformed"
head -n 3 "$dir/log" | "$frames" --json-source okta --time /t | "$frames" |
	jq -se 'map(.kind) == ["hello", "json", "json", "stat", "end"] and .[1].time == "1709204400500000000" and
	.[2].time == .[1].time and .[1].id == 1 and .[2].id == 2 and .[1].source == "okta" and .[0].source.name == "okta" and
	.[0].mode == "live" and (.[1].document | fromjson | .a) == "ä" and .[2].document == "{\"t\":1709204400500}" and
	.[3].counters.out == 2' >/dev/null
ok "a log as a stream"
"$frames" --json-source x <"$dir/log" | "$frames" | jq -se '.[0].mode == "recorded" and (.[1].time | tonumber) > 17e17' >/dev/null
ok "a log file is recorded, and without --time it is now"
printf '{"a":1}\n{"a":\n' | "$frames" --json-source x 2>"$dir/err" >"$dir/stream"
[ $? -eq 65 ] && grep -q 'line 2, column 5' "$dir/err"
ok "a line that is no JSON"
mkfifo "$dir/log.in"
"$frames" --json-source x <"$dir/log.in" >"$dir/stream" &
pid=$!
exec 3>"$dir/log.in"
echo '{"a":1}' >&3
while [ "$("$frames" -k json <"$dir/stream" 2>/dev/null | wc -l)" -eq 0 ]; do sleep 0.05; done
kill -TERM $pid
wait $pid
[ $? -eq 0 ] && [ "$("$frames" <"$dir/stream" | jq -rs 'map(select(.kind != "stat") | .kind) | join(" ")')" = "hello json end" ]
ok "a signal ends the head of the line by END"
exec 3>&-

# Counters.
beat() { # STAGE SECOND NAME COUNT
	printf '{"kind":"stat","source":["h","b","%s",1700000000000000000],"stage":"%s","start":1700000000000000000,"time":"%d","clock_offset":0,"counters":{"%s":%d}}\n' \
		"$1" "$1" $((1700000000000000000 + $2 * 1000000000)) "$3" "$4"
}
{ "$frames" -k hello <"$dir/all" | head -n 1; beat probe 1 kernel.wanted.openat 10; beat emit 1 alerts.in 7; beat probe 3 kernel.wanted.openat 210
	echo '{"kind":"end","reason":""}'; } | "$frames" -e >"$dir/beats"
"$frames" --status <"$dir/beats" | awk '$1 == "probe" && $2 == "2023-11-14T22:13:20Z" && $3 == 210 && $4 == 100 { n++ } $1 == "emit" && $3 == 7 && $4 == 0 { n++ }
	END { exit NR != 3 || n != 2 }'
ok "a table of counters, with rates"
"$frames" --status=json <"$dir/beats" | jq -e '[.stages[] | .stage, .in, .in_rate] == ["probe", 210, 100, "emit", 7, 0] and
	.stages[0].counters == {"kernel.wanted.openat": 210}' >/dev/null
ok "the same as JSON"
"$frames" -k hello -b <"$dir/all" | "$frames" --status >/dev/null 2>&1
[ $? -ne 0 ]
ok "no counters are no success"

# Sockets.
"$frames" -b -o "listen:$dir/socket" <"$dir/all" &
"$frames" -b -i "unix:$dir/socket" >"$dir/back"
[ $? -eq 0 ] && wait $! && cmp -s "$dir/all" "$dir/back"
ok "a stream over a socket"
"$frames" -b -i "listen:$dir/socket" >"$dir/back" &
"$frames" -b -o "unix:$dir/socket" <"$dir/all" && wait $! && cmp -s "$dir/all" "$dir/back"
ok "the other way around"

echo "1..$n"
