#!/bin/sh
# match on synthetic streams: which rules fire, what alerts hold, errors with their places, and how it ends.
here=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
export MATCH="${SAKER_BUILD:-$here/build}/bin/match" DIR="$dir" PYTHONPATH="$here/tests/helpers" PYTHONDONTWRITEBYTECODE=1
python3 - <<'EOF'
import os, select, signal, subprocess, time
import wire
from wire import *

MATCH, DIR = os.environ["MATCH"], os.environ["DIR"]
count, failed = 0, False
LIVE = ("host", "boot-1", "probe", TIME)


def ok(good, what, *why):
    global count, failed
    count += 1
    print("%sok %d - %s" % ("" if good else "not ", count, what), flush=True)
    if not good:
        failed = True
        for w in why:
            print("# %r" % (w,))


def is_(found, expected, what):
    ok(found == expected, what, "found", found, "expected", expected)


def path(name):
    return os.path.join(DIR, name)


def write(name, text):
    os.makedirs(os.path.dirname(path(name)), exist_ok=True)
    with open(path(name), "w", encoding="utf-8") as f:
        f.write(text)
    return path(name)


def run(data, rules, *options):
    p = subprocess.run([MATCH, "-r", rules, *options], input=data, capture_output=True, timeout=20)
    return p.returncode, p.stdout, p.stderr.decode()


def records(data, *kinds):
    return [(k, unpack(b)) for k, b in wire.frames(data) if not kinds or k in kinds]


def alerts(data):
    names = "time origin rule priority source tags output fields description fold ancestry complete lost".split()
    return [dict(zip(names, v)) for _, v in records(data, ALERT)]


def rule(name, condition, output="x", more="", priority="WARNING"):
    return "- rule: %s\n  desc: d\n  condition: >\n    %s\n  output: '%s'\n  priority: %s\n%s" % (
        name, condition, output, priority, more)


def rules(*items):
    return write("rules.yaml", "".join(items))


def fired(data, *items, options=()):
    status, out, err = run(data, rules(*items), *options)
    return [a["rule"] for a in alerts(out)] if status == 0 else [status, err]


def open_(file, fd=3, id_=1, flags=1, pid=100, result=3, **more):
    fd = [fd, "file", file, 1, 2, flags] if fd >= 0 else fd
    return event("openat", id_=id_, pid=pid, result=result, fd=fd, dirfd=-100, name=[file, None, file if result >= 0 else None],
                 flags=flags, **more)


START = hello() + proc(1, comm=b"systemd") + proc(50, key(1), comm=b"bash") + proc(100, key(50), comm=b"cat", cwd=b"/root")
ETC = START + open_(b"/etc/shadow") + end()

# Each condition against one event: cat, child of bash, child of systemd, reads /etc/shadow. 1: it holds.
CASES = """
1 evt.type = openat
1 evt.type in (open, openat, openat2)
0 evt.type = open
0 evt.type in ()
1 evt.type != open
1 not evt.type = open
1 evt.type startswith open
1 evt.num = 1
0 evt.num = 0
1 evt.num >= 0
0 evt.num > 1
0 evt.num = 18446744073709551616
1 proc.name = cat
1 proc.name == "cat"
0 proc.name = Cat
1 proc.name != dog
1 proc.name in (dog, cat)
1 proc.name in (a, b, c, d, cat)
0 proc.name in (a, b, c, d, e)
1 proc.name intersects (a, cat)
1 proc.name contains a
1 proc.name icontains AT
0 proc.name contains AT
1 proc.name startswith ca
1 proc.name startswith ""
1 proc.name endswith t
1 proc.name glob c?t
1 proc.name glob "c[!x]t"
0 proc.name glob C*
1 proc.name iglob C*
1 proc.name regex ca.*
0 proc.name regex ca
1 proc.name regex "[[:alpha:]]{3}"
1 proc.name = oneof (cat, dog)
0 proc.name contains oneof (c, a)
1 proc.name contains allof (c, a)
1 proc.name != anyof (cat, dog)
0 proc.name != allof (cat, dog)
1 proc.name startswith anyof (x, c)
1 proc.pid = 100
1 proc.pid in (7, 100)
1 proc.pid > 99 and proc.pid < 101 and proc.pid >= 100 and proc.pid <= 100
0 proc.pid < 100
1 fd.name = /etc/shadow
1 fd.name pmatch (/etc)
1 fd.name pmatch (etc)
1 fd.name pmatch (/etc/)
1 fd.name pmatch (/usr, /etc/*)
1 fd.name pmatch (/e*)
1 fd.name pmatch (/)
1 fd.name pmatch ("")
0 fd.name pmatch (/etc/shadow/x)
0 fd.name pmatch (/et)
0 fd.name pmatch ()
1 fd.name exists
1 fd.num >= 0
1 evt.is_open_read = true
0 evt.is_open_write = true
1 evt.is_open_write = false
0 fd.sip = 1.2.3.4
0 fd.sip != 1.2.3.4
1 not fd.sip = 1.2.3.4
0 fd.sport exists
1 not fd.sport exists
0 container.image.repository != foo
1 not container.image.repository = foo
1 proc.aname in (systemd, nothing)
1 proc.aname = bash
0 proc.aname = cat
1 proc.aname[1] = bash
1 proc.aname[2] = systemd
0 proc.aname[9] != x
1 not proc.aname[9] = x
1 proc.pname = bash
1 not not proc.name = cat
0 not (proc.name = cat or proc.name = dog)
1 proc.name = dog or proc.name = cat and fd.name = /etc/shadow
0 (proc.name = cat or proc.name = dog) and fd.name = /x
1 proc.name = cat and (fd.name = /x or fd.name = /etc/shadow)
0 proc.name = cat and not proc.name = cat
1 proc.name = cat or not proc.name = cat
0 fd.name = /x and not fd.name = /etc/shadow
1 evt.type in (open, openat) and not evt.type = open
0 evt.type = openat and not evt.type = openat
1 (evt.type = open and proc.name = dog) or (evt.type = openat and proc.name = cat)
0 syscall.type = umask
"""
cases = [line.split(" ", 1) for line in CASES.strip().splitlines()]
expected = ["%03d %s" % (i, c[1].replace("\\", "")) for i, c in enumerate(cases) if c[0] == "1"]
items = "".join("- {rule: '%03d %s', desc: d, output: x, priority: INFO, condition: '%s'}\n" %
                (i, c[1].replace("'", "''"), c[1].replace("'", "''")) for i, c in enumerate(cases))
found = fired(ETC, items, options=("-O", "rule_matching=all"))
ok(found == expected, "%d conditions hold or do not" % len(cases), "wrong", sorted(set(found) ^ set(expected)))

# An event without a known process: every check of the process is false, and `not` of it true.
lonely = hello() + event("openat", pid=7, result=3, fd=3, dirfd=-100, name=[b"/x", None, None], flags=1) + end()
is_(fired(lonely, rule("a", "proc.name != x"), rule("b", "proc.name = x or proc.pid > 0"), rule("c", "not proc.name = x"),
          options=("-O", "rule_matching=all")), ["c"], "an unknown process has no fields")

# First and all, priorities, enabled, redefinition.
two = (rule("one", "evt.type = openat"), rule("two", "evt.type = openat", priority="debug"))
is_(fired(ETC, *two), ["one"], "the first rule that matches, in file order")
is_(fired(ETC, *two, options=("-O", "rule_matching=all")), ["one", "two"], "every rule with rule_matching=all")
is_(fired(ETC, *reversed(two), options=("-O", "priority=notice")), ["one"], "a rule below the priority is not run")
is_(fired(ETC, rule("one", "evt.type = openat", more="  enabled: false\n"), two[1]), ["two"], "a rule that is not enabled is not run")
is_(fired(ETC, *two, rule("one", "evt.type = close")), ["two"], "a redefinition replaces")
is_(fired(ETC, rule("two", "evt.type = openat and proc.name = dog"), "- macro: m\n  condition: proc.name = cat\n",
          rule("one", "evt.type = openat and m")), ["one"], "a macro in a rule")
is_(fired(ETC, "- macro: m\n  condition: proc.name = dog or proc.name = cat\n", rule("r", "m and fd.name = /x")), [],
    "a macro is an expression, not text")
is_(fired(ETC, rule("r", "proc.name = cat and fd.name = /x"),
          "- rule: r\n  append: true\n  condition: or fd.name = /etc/shadow\n"), ["r"], "an append is text")
is_(fired(ETC, "- list: l\n  items: [dog]\n", "- macro: m\n  condition: proc.name in (l)\n", rule("r", "m"),
          "- list: l\n  items: [cat]\n  override: {items: append}\n"), ["r"], "a list appended later reaches earlier macros")
is_(fired(ETC, "- list: cat\n  items: [dog]\n", rule("r", "proc.name in (cat)")), [], "a list wins over a literal of its name")
is_(fired(ETC, "- list: l\n  items: []\n", rule("r", "proc.name in (l, cat)")), ["r"], "an empty list takes its comma")
is_(fired(ETC, "- list: l\n  items: [a b, cat]\n", rule("r", "proc.name in (l)")), ["r"], "an item with a blank is quoted")

EXCEPTION = """  exceptions:
    - name: known
      fields: [proc.name, fd.name]
      comps: [=, startswith]
      values: [%s]
    - {name: single, fields: proc.pname, values: [%s]}
"""
is_(fired(ETC, rule("r", "evt.type = openat", more=EXCEPTION % ("[dog, /etc], [cat, /usr]", "zsh"))), ["r"],
    "an exception whose tuples do not hold")
is_(fired(ETC, rule("r", "evt.type = open or evt.type = openat", more=EXCEPTION % ("[dog, /etc], [cat, /etc]", ""))), [],
    "an exception whose tuple holds, around an `or`")
is_(fired(ETC, rule("r", "evt.type = openat", more=EXCEPTION % ("", "bash, zsh"))), [], "an exception on one field")

# What an alert holds.
CONTAINED = START + container("abc123", name="web", image="nginx") + \
    proc(100, key(50), comm=b"cat\xff", cwd=b"/root", container="abc123", uid=33, euid=33) + name(33, b"www-data", scope="abc123") + \
    open_(b"/etc/shadow", id_=17, time=TIME + 5) + end()
OUTPUT = "%proc.name-%proc.pid %evt.time.s|%fd.name|%5proc.pid|%2fd.name|%container.name %user.name %fd.sport %evt.is_open_read %proc.aname[2] %proc.name"
status, out, err = run(CONTAINED, rules(rule("r", "evt.type=openat", OUTPUT, "  tags: [b, a, b]\n")))
a = alerts(out)[0] if alerts(out) else {}
fields = dict(a.get("fields", []))
is_(status, 0, "status 0 at END")
is_([a.get(k) for k in ("time", "origin", "rule", "priority", "source", "tags", "description")],
    [TIME + 5, [list(NOW), 17], "r", 4, "syscall", ["a", "b"], "d"], "the alert's head")
clock = time.strftime("%H:%M:%S", time.localtime(TIME // 10**9)).encode()
is_(a.get("output"), b"cat\xff-100 " + clock + b"|/etc/shadow|100  |/e|web www-data <NA> true systemd cat\xff", "the output")
is_([f[0] for f in a.get("fields", [])], ["evt.time", "proc.name", "proc.pid", "evt.time.s", "fd.name", "container.name",
    "user.name", "fd.sport", "evt.is_open_read", "proc.aname[2]"], "the output's fields in order, evt.time first, each once")
is_([fields.get(k) for k in ("evt.time", "proc.name", "proc.pid", "fd.name", "fd.sport", "evt.is_open_read", "evt.time.s")],
    [TIME + 5, b"cat\xff", 100, "/etc/shadow", None, True, TIME + 5], "fields have their types; what is not UTF-8 is bin")
is_(a.get("ancestry"), [[key(100), b"cat\xff", b"/usr/bin/cat\xff"], [key(50), b"bash", b"/usr/bin/bash"],
                        [key(1), b"systemd", b"/usr/bin/systemd"]], "the ancestry, self first")
is_([a.get("complete"), a.get("lost")], [True, []], "complete")

# Incomplete alerts.
def lost(data):
    status, out, err = run(hello() + data + end(), rules(rule("r", "evt.type=openat")))
    return [(a["complete"], a["lost"]) for a in alerts(out)]

is_(lost(open_(b"/x")), [(False, ["process"])], "an unknown process makes an alert incomplete")
is_(lost(proc(100, key(50)) + open_(b"/x")), [(False, ["ancestor 1"])], "so does an ancestor that is named and unknown")
is_(lost(proc(50, key(1)) + proc(100, key(50)) + open_(b"/x")), [(False, ["ancestor 2"])], "a farther one too")
is_(lost(proc(100) + open_(b"/x", facts_={"incomplete": True, "comm": b"cat", "pid": 100})), [(False, ["process"])],
    "and an event that says so")

# Counters, HELLO, STAT and END.
status, out, err = run(START + stat(stage="probe", kernel__wanted=3) + open_(b"/x") + open_(b"/y", id_=2) +
                       event(1, id_=3, ID=1) + frame(99, 1) + end(), rules(rule("r", "fd.name=/x")))
kinds = [k for k, _ in records(out)]
is_(kinds[0], HELLO, "HELLO first")
is_(records(out, HELLO)[0][1][3][2:3] + records(out, HELLO)[0][1][4:5], ["match", "recorded"], "its own, recorded like the input")
is_(kinds[-2:], [STAT, END], "STAT and END last")
is_([v[1] for _, v in records(out, STAT)][0], "probe", "STAT of others passes")
mine = records(out, STAT)[-1][1]
is_([mine[1], {k: v for k, v in mine[5].items() if k != "processes"}],
    ["match", {"in": 3, "evaluated": 3, "alerts.raised": 1, "alerts.out": 1, "unknown": 1}], "in = evaluated; raised = out")
is_(mine[5].get("processes"), 3, "processes known")

# Rules that can not fire.
few = hello(types=[type_number("openat")]) + end()
r = rules(rule("X", "evt.type = setns"), rule("Y", "evt.type in (open, openat)"), rule("Z", "proc.name = x"))
status, out, err = run(few, r)
is_([l for l in err.splitlines() if "fire" in l], ["match: rule 'X' can not fire here: setns is not captured"], "named on stderr, once")
is_(run(few, r, "--strict")[0], 78, "--strict makes it status 78")
ok("match: 3 rules, 0 macros, 0 lists from " in err, "one line says what is loaded", err)

# JSON records.
doc = hello() + json_('{"a": 1}', 5, "okta") + json_('{"a": 1}', 6, "other") + open_(b"/x", id_=7) + end()
status, out, err = run(doc, rules(rule("okta", "evt.num > 0", more="  source: okta\n"), rule("call", "evt.num > 0")),
                       "-O", "rule_matching=all")
is_([(a["rule"], a["origin"][1], a["source"]) for a in alerts(out)], [("okta", 5, "okta"), ("call", 7, "syscall")],
    "rules of a source see its records alone")

# Both spellings of a link.
def spelled(file, condition, live=True, links=(("/dev/log", "/run/systemd/log"), ("/data", "/mnt/data")), pid=100):
    h = hello(mode="live" if live else "recorded", links=links)
    p = proc(100, key(50), comm=b"cat") + proc(50, None, comm=b"bash")
    status, out, err = run(h + p + open_(file, pid=pid) + end(), rules(rule("r", condition)))
    return [a["rule"] for a in alerts(out)] == ["r"]

TRUE = [
    (b"/usr/bin/ls", "fd.name = /bin/ls"), (b"/usr/bin/ls", "fd.name startswith /bin/"), (b"/usr/bin/ls", "fd.name in (/a, /b, /c, /d, /bin/ls)"),
    (b"/usr/bin/ls", "fd.name pmatch (/bin)"), (b"/usr/bin/ls", "fd.name glob /bin/*"), (b"/usr/bin/ls", "fd.name contains /bin/ls"),
    (b"/usr/bin/ls", "fd.directory = /bin"), (b"/usr/bin/ls", "not fd.name != /bin/ls"), (b"/run/systemd/log", "fd.name = /dev/log"),
    (b"/mnt/data/x", "fd.name startswith /data/"), (b"/run/lock/x", "fd.name startswith /var/lock/"), (b"/var/run/x", "fd.name = /run/x"),
    (b"/proc/100/environ", "fd.name = /proc/self/environ"), (b"/proc/100/environ", "fd.name glob /proc/self/*"),
    (b"/x", "proc.exepath = /bin/cat"), (b"/x", "proc.pexepath = /bin/bash"), (b"/x", "proc.aexepath[1] startswith /bin/"),
]
FALSE = [
    (b"/usr/bin/ls", "evt.arg.name = /bin/ls"), (b"/usr/bin/ls", "fd.nameraw = /bin/ls"), (b"/x", "proc.exe = /bin/cat"),
    (b"/opt/run/x.sock", "fd.name contains /var/run/x.sock"), (b"/usr/binary", "fd.name = /binary"),
    (b"/proc/7/environ", "fd.name = /proc/self/environ"), (b"/proc/1000/environ", "fd.name startswith /proc/self/"),
]
is_([t for t in TRUE if not spelled(*t)], [], "a constant counts in both spellings of a link")
is_([t for t in FALSE if spelled(*t)], [], "but only for kernel paths, and at their start")
is_([t for t in TRUE[:14] if "contains" not in t[1] and spelled(*t, live=False, links=())], [], "a recorded capture has no links, pairs or own /proc")

# Errors with their places.
def refused(text, *parts):
    status, out, err = run(b"", write("bad.yaml", text), "-n")
    ok(status == 78 and all(p in err for p in parts), "refused: " + parts[0], status, err)

HEAD = "- rule: r\n  desc: d\n  output: x\n  priority: INFO\n  condition: "
refused(HEAD + "proc.name = cat or\n", "expected blank or '(' after 'or'", "bad.yaml:5:32: ")
refused(HEAD + "proc.nam = cat\n", "bad.yaml:5:14: filter_check called with nonexistent field proc.nam", "did you mean 'proc.name'?",
        "\n      condition: proc.nam = cat\n                 ^\n")
refused(HEAD + ">\n    evt.type = openat\n    and fd.nme = x\n", "bad.yaml:7:9: ", "fd.nme")
refused("- macro: shell_procs\n  condition: proc.name=x\n" + HEAD + "evt.type=open and shell_proc\n",
        "bad.yaml:7:32: Undefined macro 'shell_proc'", "Did you mean 'shell_procs'?")
refused("- macro: a\n  condition: b\n- macro: b\n  condition: a\n", "bad.yaml:2:14: Undefined macro 'b'")
refused("- macro: a\n  condition: proc.name=x\n- macro: b\n  condition: a\n- macro: a\n  condition: b\n" + HEAD + "a\n",
        "reference loop in macro 'a'")
refused(HEAD + "evt.type = opnat\n", "bad.yaml:5:25: unknown event type opnat", "did you mean 'openat'?")
refused(HEAD + "evt.num = 0x10\n", "bad.yaml:5:24: 0x10 is not a valid number")
refused(HEAD + "evt.is_open_read=yes\n", "unrecognized boolean value yes")
refused(HEAD + "fd.name bcontains 2f\n", "'bcontains' operator not supported for string filters")
refused(HEAD + "fd.sip = localhost\n", "unrecognized IPv6 address localhost")
refused(HEAD + "fd.net = 127.0.0.1\n", "unrecognized IP network 127.0.0.1")
refused(HEAD + "fd.sport = nosuch\n", "unrecognized protocol nosuch")
refused(HEAD + "proc.name regex '(?i)x'\n", "invalid regex pattern: found (?")
refused(HEAD + "proc.name regex '(x'\n", "invalid regex pattern")
refused(HEAD.replace("output: x", "output: a %proc.nme") + "evt.num=1\n", "bad.yaml:3:13: unknown filter: invalid formatting token proc.nme",
        "did you mean '%proc.name'?")
refused(HEAD.replace("INFO", "WNAORTNICNEG") + "evt.num=1\n", "bad.yaml:4:13: Invalid priority")
refused("- rule: bad\n", "bad.yaml:1:3: Item has no mapping for key 'enabled'")
refused("a: b\n", "bad.yaml:1:1: Rules content is not yaml array of objects")
refused("- [x\n", "bad.yaml:2:1: found what is not YAML")
refused("- required_engine_version: 0.99.0\n", "bad.yaml:1:28: Rules require engine version 0.99.0, but engine version is 0.63.0")
refused("- required_plugin_versions: [{name: nosuch, version: 1.0.0}]\n", "Plugin requirement not satisfied")
refused("- list: l\n  items: [a]\n  append: true\n", "bad.yaml:1:9: List uses 'append'")
refused("[" * 500 + "]" * 500, "nested deeper than 64")
refused("- &a [" + "x, " * 100 + "]\n" + "".join("- &%s [%s]\n" % (b, ("*%s, " % a) * 100) for a, b in zip("abcdefg", "bcdefgh")),
        "found more than 4194304 nodes")
refused("- &a [*a]\n", "inside of its own anchor")
refused(HEAD + "(" * 2000 + "a" + ")" * 2000 + "\n", "max depth limit")
is_(run(b"", path("missing.yaml"), "-n")[0], 78, "a file that is not there")

# Aliases, warnings, folders.
is_(fired(ETC, "- list: l\n  items: &i [cat]\n- list: k\n  items: *i\n", rule("r", "proc.name in (k)")), ["r"], "an alias")
status, out, err = run(b"", rules(rule("r", "evt.num=1", more="  typo_field: 1\n")), "-n")
ok(status == 0 and "rules.yaml:7:3: warning: Unknown key 'typo_field'." in err, "a warning has its place", err)
write("d/b.yaml", rule("b", "evt.type = openat and m"))
write("d/a.yml", "- macro: m\n  condition: proc.name = cat\n")
write("d/c.txt", "- nonsense: [")
status, out, err = run(ETC, path("d"))
is_([a["rule"] for a in alerts(out)], ["b"], "a folder's .yaml and .yml files by name")
is_(run(ETC, path("d/b.yaml"), "-r", path("d/a.yml"))[0], 78, "each file must make sense with those before it")

# Malformed input.
status, out, err = run(START + b"\x00" + ETC, rules(two[0]))
is_((status, "byte %d" % len(START) in err, records(out)[-1][0]), (65, True, END), "no frame: status 65, the offset, END")
bad = frame(EVENT, 1, 2, 3)
status, out, err = run(START + bad + end(), rules(two[0]))
is_((status, "byte %d:" % (len(START) + 6) in err), (65, True), "a bad body: status 65, the offset")
status, out, err = run(hello() + frame(PROC, key(1), None) + end(), rules(two[0]))
is_(status, 65, "a PROC that ends early")

began = time.monotonic()
status, out, err = run(START + open_(b"a" * 3000 + b"cb") * 20 + end(), rules(rule("slow", 'fd.name regex "(a|aa|a)*b"'), rule("after", "fd.name regex a+cb")))
counters = [v[5] for k, v in records(out, STAT) if "evaluated" in v[5]][-1]
is_(([a["rule"] for a in alerts(out)], counters.get("rule.errors"), time.monotonic() - began < 5), (["after"] * 20, 20, True),
    "a pattern that has no end for a text is an error each time, counted, and the next rule has its turn")

# A live pipe: alerts are written at once, STAT every second, SIGINT once is nothing, SIGHUP reloads, SIGTERM ends.
r = rules(rule("old", "evt.type = openat"))
p = subprocess.Popen([MATCH, "-r", r, "--notify", "2"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
got, said = b"", b""


def until(test, seconds=5):
    global got, said
    stop = time.monotonic() + seconds
    while time.monotonic() < stop and not test():
        for f in select.select([p.stdout, p.stderr], [], [], 0.1)[0]:
            data = os.read(f.fileno(), 65536)
            if f is p.stdout:
                got += data
            else:
                said += data
    return test()


def whole():
    try:
        return alerts(got)
    except ValueError:
        return []


p.stdin.write(hello(source=LIVE, mode="live") + START[len(hello()):] + open_(b"/x"))
p.stdin.flush()
ok(until(lambda: [a["rule"] for a in whole()] == ["old"]), "an alert is written while the stream goes on")
ok(until(lambda: b"ready" in said), "ready is announced")
ok(until(lambda: len(records(got, STAT)) >= 2), "STAT comes every second", got)
rules("- rule: [\n")
p.send_signal(signal.SIGHUP)
ok(until(lambda: b"refused 1: " in said), "a reload of broken rules is refused", said)
rules(rule("new", "fd.name = /bin/x"))
p.send_signal(signal.SIGHUP)
ok(until(lambda: b"reloaded 2\n" in said), "a reload is announced", said)
p.send_signal(signal.SIGINT)
p.stdin.write(open_(b"/usr/bin/x", id_=2))
p.stdin.flush()
ok(until(lambda: [a["rule"] for a in whole()] == ["old", "new"]), "the new rules hold, with the links that are known")
p.send_signal(signal.SIGTERM)
is_(p.wait(5), 0, "SIGTERM ends it at once")
got += p.stdout.read()
is_(records(got)[-1][0], END, "with END")

print("1..%d" % count)
raise SystemExit(failed)
EOF
