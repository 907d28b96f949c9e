#!/bin/sh
# Names of hosts: match --names lists what rules compare with, enrich -N looks them up and tells HOST, again when their time is over,
# and match compares and prints them; without HOST they are missing, which is said once.
here=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
export DIR="$dir" TZ=UTC PYTHONPATH="$here/tests/helpers" PYTHONDONTWRITEBYTECODE=1
export SAKER_BUILD="${SAKER_BUILD:-$here/build}"
python3 - <<'EOF'
import json, os, select, socket, subprocess, time
from live import BIN, Tap
from wire import *

DIR = os.environ["DIR"]
tap = Tap()
is_, ok = tap.is_, tap.ok
NOW_NS = time.time_ns()
with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as f:
    HERE = (socket.gethostname(), f.read().strip(), "probe", NOW_NS)


def path(name, content):
    with open(os.path.join(DIR, name), "w", encoding="utf-8") as f:
        f.write(content)
    return f.name


def stage(name, *options, data=b""):
    return subprocess.run([os.path.join(BIN, name), *options], input=data, capture_output=True, timeout=60, check=False)


def rule(name, condition, output="ip=%fd.sip name=%fd.sip.name"):
    return {"rule": name, "desc": "d", "condition": condition, "output": output, "priority": "INFO"}


RULES = path("rules.yaml", json.dumps([
    {"list": "servers", "items": ["localhost", "nowhere.invalid"]},
    rule("is", "evt.type = connect and fd.sip.name = localhost"),
    rule("in", "evt.type = connect and fd.rip.name in (servers)"),
    rule("not", "evt.type = connect and fd.sip.name != localhost"),
    rule("other end", "evt.type = connect and fd.cip.name = client.invalid"),
]))


def connect(i, address, when):
    tuple_ = [2, bytes([10, 0, 0, 5]), 4000 + i, socket.inet_aton(address), 80, 6, 1]
    return event("connect", id_=i, time=when, pid=7, result=0, tuple=tuple_, fd=[3, "ipv4", None, 0, 0, 0, 0, tuple_])


def alerts(stream, *options):
    p = stage("match", "-O", "rule_matching=all", "-r", RULES, *options, data=stream)
    out = stage("emit", "-O", "json_output=true", data=p.stdout).stdout
    return p, [json.loads(line) for line in out.splitlines()]


names = stage("match", "--names", "-r", RULES)
is_((names.returncode, sorted(names.stdout.decode().split())), (0, ["client.invalid", "localhost", "nowhere.invalid"]), "--names: each once, lists resolved")
for op in ("contains", "startswith", "glob", "regex", "<"):
    p = stage("match", "-n", "-r", path("op.yaml", json.dumps([rule("r", "evt.type = connect and fd.sip.name %s loc" % op)])))
    ok(p.returncode == 78, "%s is no operator for host names" % op, p.stderr)

# What nobody tells is missing, and that is said once
head = hello(HERE, "live") + proc(1) + proc(7, key(1), comm=b"nc")
p, raised = alerts(head + connect(1, "127.0.0.1", NOW_NS) + connect(2, "127.0.0.1", NOW_NS) + end())
is_(raised, [], "without HOST no comparison holds, != neither")
is_(p.stderr.count(b"host"), 1, "and match says so once")
p, raised = alerts(head + frame(HOST, "localhost", [socket.inet_aton("127.0.0.1")], NOW_NS + 10**12) + connect(1, "127.0.0.1", NOW_NS) +
                   connect(2, "9.9.9.9", NOW_NS) + connect(3, "127.0.0.1", NOW_NS + 2 * 10**12) + end())
is_([(a["rule"], a["output"].split(": ")[1]) for a in raised],
    [("is", "Informational ip=127.0.0.1 name=localhost"), ("in", "Informational ip=127.0.0.1 name=localhost"), ("not", "Informational ip=9.9.9.9 name=<NA>"),
     ("not", "Informational ip=127.0.0.1 name=<NA>")], "with it they do, until its time is over")
ok(b"missing" not in p.stderr, "and nothing is said", p.stderr)

# The whole line. enrich looks up what it can at once, and again.
listed = path("names", names.stdout.decode() + "# a comment\n\n localhost \n")
enrich = subprocess.Popen([os.path.join(BIN, "enrich"), "-N", listed, "-O", "enrich.names_ttl=1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
enrich.stdin.write(head)
enrich.stdin.flush()
got, seen, until = b"", [], time.monotonic() + 30
while len([h for h in seen if h[0] == "localhost" and h[1]]) < 3 and time.monotonic() < until:
    if select.select([enrich.stdout], [], [], 1)[0]:
        got += os.read(enrich.stdout.fileno(), 1 << 16)
    try:
        seen = [unpack(b) for k, b in frames(got) if k == HOST]
    except (ValueError, IndexError, struct.error):
        continue                       # a frame is cut
here_ = [h for h in seen if h[0] == "localhost" and h[1]]
ok(len(here_) >= 3 and here_[0][2] < here_[1][2] < here_[2][2], "enrich -N looks a name up again when its time is over", seen)
ok(bytes([127, 0, 0, 1]) in here_[0][1] and 0 < here_[0][2] - time.time_ns() + 30 * 10**9 < 60 * 10**9, "HOST has its addresses and until when they hold", here_[:1])
is_([h[1:] for h in seen if h[0] == "nowhere.invalid"][:1], [[[], 0]], "a name that is not found has none")
enrich.stdin.write(connect(1, "127.0.0.1", time.time_ns()) + end())
enrich.stdin.close()
got += enrich.stdout.read()
said = enrich.stderr.read().decode()
is_((enrich.wait(30), said.count("nowhere.invalid: ")), (0, 1), "that it is not found is said once")
_, raised = alerts(got)
is_([a["rule"] for a in raised], ["is", "in"], "the alerts")

recorded = stage("enrich", "-N", listed, data=hello(HERE, "recorded") + proc(1) + end())
is_([k for k, _ in frames(recorded.stdout)].count(HOST), 0, "nothing is looked up for a recorded stream")
p = stage("enrich", "-N", path("bad", "good.example\nbad name\n"), data=head + end())
ok(p.returncode == 78 and b":2:4: found ' '" in p.stderr, "a bad name: status 78, and where it stands", p.returncode, p.stderr)
p = stage("enrich", "-N", os.path.join(DIR, "none"), data=head + end())
ok(p.returncode == 78 and b"none" in p.stderr, "no such file: status 78", p.returncode, p.stderr)
tap.end()
EOF
