#!/bin/sh
# probe -r: every capture of data/captures, what each holds, files that are no captures or broken ones, recorded streams.
here=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
export HERE="$here" DIR="$dir" PYTHONPATH="$here/tests/helpers" PYTHONDONTWRITEBYTECODE=1
[ -d "${SAKER_SHARED:-$here/../shared}/data/captures" ] || {
	echo "1..0 # SKIP no data/captures"
	exit 0
}
python3 - <<'EOF'
import gzip, os, struct, subprocess
import golden
from wire import *

DIR, PROBE = os.environ["DIR"], os.path.join(golden.BIN, "probe")
CAPTURES = os.path.join(golden.DATA, "captures")
number, failed = 0, 0


def ok(good, what, *why):
    global number, failed
    number += 1
    failed += not good
    print("%sok %d - %s" % ("" if good else "not ", number, what), flush=True)
    for w in () if good else why:
        print("#     %s" % (w,))


def is_(found, expected, what):
    ok(found == expected, what, "found %.300r" % (found,), "expected %.300r" % (expected,))


def untimed(out):
    """Without STAT, which tells the time."""
    return [(k, b) for k, b in frames(out) if k != STAT]


def probe(path, data=None):
    p = subprocess.run([PROBE, "-r", path], input=data, stdin=None if data is not None else subprocess.DEVNULL,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    return p.returncode, p.stdout, p.stderr.decode()


def write(name, data):
    path = os.path.join(DIR, name)
    with open(path, "wb") as f:
        f.write(data)
    return path


def plain(name):
    with open(os.path.join(CAPTURES, name), "rb") as f:
        data = f.read()
    return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data


def problems(out):
    """What a stream of a capture must keep to: definitions precede use, ids rise, it has one HELLO that says recorded, and an END."""
    known, last, wrong, kinds = set(), 0, [], []
    for kind, body in frames(out):
        values = unpack(body)
        kinds.append(kind)
        if kind == PROC:
            known.add(values[0])
        elif kind == THREAD:
            known.add(values[0])
            wrong += [] if values[1] in known else ["thread %d before its process" % values[2]]
        elif kind == EVENT:
            time, id_, type_, process, task = values[:5]
            wrong += [] if not process or {process, task} <= known else ["event %d before its process" % id_]
            wrong += [] if id_ > last else ["event %d after %d" % (id_, last)]
            last = id_
        elif kind == HELLO:
            wrong += [] if values[4] == "recorded" else ["HELLO says %r" % values[4]]
    if kinds[:1] != [HELLO] or kinds.count(HELLO) != 1 or kinds[-1:] != [END]:
        wrong.append("frames %r ... %r" % (kinds[:2], kinds[-1:]))
    return wrong[:5], kinds.count(EVENT)


# Without the events of users, groups and old enter events that a capture holds besides.
EVENTS = {"cat_write": 303, "connect_localhost": 370, "curl_google": 939, "empty": 143, "open-multiple-files": 1230,
          "ping_sendto": 1516, "privileged": 2059, "run_as_user_65534_container": 240, "sample": 390, "single_ipv6_conn": 1714,
          "syscall": 362, "write_tmp_test": 228}
for name in sorted(os.listdir(CAPTURES)):
    status, out, err = probe(os.path.join(CAPTURES, name))
    wrong, events = problems(out) if status == 0 else ([err], 0)
    ok(status == 0 and not err and not wrong, "%s is read: definitions first, ids rise" % name, status, err, *wrong)
    is_(events, EVENTS.get(name.removesuffix(".scap"), events), "%s: its events" % name)


def values(capture, condition, *fields):
    rules = golden.write_rules(DIR, [("r", condition, " ".join("%" + f for f in fields))])
    return [tuple(a["output_fields"].get(f) for f in fields) for a in golden.alerts(DIR, capture, rules)]


is_(set(values("privileged", "container.privileged = true", "evt.type", "container.id", "container.image.repository")),
    {("container", "9dbcbd0c435f", "nginx")}, "a container event has what the engine said")
is_(values("run_as_user_65534_container", "evt.type = execve and container.id != host", "proc.name", "proc.exepath",
           "container.name"),
    [("nologin", "/usr/sbin/nologin", "hopeful_taussig")], "an execve in a container, its file from the enter event")
is_(values("write_tmp_test", "evt.type = open and evt.is_open_write = true", "fd.name", "proc.name", "container.id"),
    [("/tmp/test", "bash", "697956520d89")], "a write in a container")
is_(sorted(values("single_ipv6_conn", "evt.type in (connect, accept) and fd.type = ipv6", "evt.type", "fd.name", "fd.sport",
                  "fd.l4proto")),
    [(t, "2001:db8::4:54405->2001:db8::3:1234", 1234, "tcp") for t in ("accept", "connect")], "both ends of an IPv6 connection")
is_(len(values("ping_sendto", "evt.type = sendmsg and evt.arg.tuple contains 128.32.41.1", "evt.num")), 10, "ten pings")
is_(values("curl_google", "evt.type = procexit and thread.tid = 17498", "proc.name", "proc.ppid", "thread.ismain"),
    [("curl", 3200, False)], "a thread that was born in the capture dies in it")

# The way of the bytes.
cat = os.path.join(CAPTURES, "cat_write.scap")
whole = untimed(probe(cat)[1])
data = plain("cat_write.scap")
is_(untimed(probe(write("plain.scap", data))[1]), whole, "a plain file gives the same as a compressed one")
with open(cat, "rb") as f:
    is_(untimed(probe("-", f.read())[1]), whole, "so does standard input")
status, out, err = probe(write("two.scap", data + data))
is_((status, [k for k, _ in frames(out)].count(HELLO), [k for k, _ in frames(out)].count(EVENT)), (0, 2, 606),
    "two captures, one behind the other: each is a source")

# What is wrong.
for what, path, expected, says in (
        ("no such file", os.path.join(DIR, "nothing"), 66, "No such file or directory"),
        ("an empty file", write("empty", b""), 65, "byte 0: found no event, expected at least one"),
        ("a text", write("text", b"This is no capture at all, and no stream either.\n"), 65, "byte 0: found 0x73696854, expected the 0x0A0D0D0A"),
        ("another first block", write("first", data[28:]), 65, "byte 0: found 0x00000201, expected the 0x0A0D0D0A"),
        ("a capture without its end", write("cut", data[:-7]), 65, "with the file, expected"),
        ("a capture of the other byte order", write("swapped", data[:8] + struct.pack(">I", 0x1A2B3C4D) + data[12:]), 65,
         "other byte order"),
        ("all of it in the other order", write("turned", struct.pack(">IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28)), 65, "byte 8: found a capture of a machine with the other"),
        ("compressed data without their end", write("cut.gz", gzip.compress(data)[:-3000]), 65, "the compressed data end early"),
        ("no event", write("none", data[:28 + 192]), 65, "found no event")):
    status, out, err = probe(path)
    ok(status == expected and says in err, "%s: status %d" % (what, expected), status, err)
status, out, err = probe(os.path.join(DIR, "cut"))
ok(out and not problems(out + end())[0], "what was read before it is written")

# Recorded streams.
live = hello(mode="live") + proc(1 << 22 | 70) + event("openat") + end()
status, out, err = probe(write("day.saker", live))
got = [(k, unpack(b)) for k, b in frames(out)]
is_((status, [k for k, _ in got], got[0][1][4]), (0, [HELLO, PROC, EVENT, END], "recorded"), "a stream is passed on as recorded")
is_([b for k, b in frames(out) if k != HELLO], [b for k, b in frames(live) if k != HELLO], "but for HELLO as it is")
is_(probe(write("day.gz", gzip.compress(live)))[1], out, "a compressed one too")
status, out, err = probe(write("cut.saker", live[:-3]))
ok(status == 65 and "expected" in err, "a frame that ends with the file: status 65", status, err)
status, _, err = (lambda p: (p.returncode, p.stdout, p.stderr))(
    subprocess.run([PROBE, "-r", cat, "-e", "open"], capture_output=True, text=True, timeout=20))
is_(status, 64, "-r and -e do not go together")
print("1..%d" % number)
raise SystemExit(failed > 0)
EOF
