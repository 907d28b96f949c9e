#!/bin/sh
# Argument files: -c FILE at start, and what match takes from it again on SIGHUP: files, keys, tables; the old stays when it is wrong.
here=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
export BIN="${SAKER_BUILD:-$here/build}/bin" DIR="$dir" PYTHONPATH="$here/tests/helpers" PYTHONDONTWRITEBYTECODE=1 TZ=UTC
python3 - <<'EOF'
import os, select, signal, subprocess, time
import wire
from live import Tap
from wire import *

BIN, DIR = os.environ["BIN"], os.environ["DIR"]
tap = Tap()
is_, ok = tap.is_, tap.ok


def write(name, text):
    os.makedirs(os.path.dirname(os.path.join(DIR, name)), exist_ok=True)
    with open(os.path.join(DIR, name), "w", encoding="utf-8") as f:
        f.write(text)
    return os.path.join(DIR, name)


def rule(name, condition, priority="WARNING"):
    return "- rule: %s\n  desc: d\n  condition: %s\n  output: x\n  priority: %s\n" % (name, condition, priority)


def generation(n, rules, *arguments):
    """A folder as saker-conf writes it, and the link moved to it."""
    file = write("gen/%d/rules.yaml" % n, rules)
    write("gen/%d/match.args" % n, "".join(a + "\0" for a in (*arguments, "-r", os.path.join(DIR, "gen/current/rules.yaml"))))
    os.symlink(str(n), os.path.join(DIR, "gen/next"))
    os.rename(os.path.join(DIR, "gen/next"), os.path.join(DIR, "gen/current"))
    return file


def run(*command, data=b""):
    p = subprocess.run([os.path.join(BIN, command[0]), *command[1:]], input=data, capture_output=True, timeout=20)
    return p.returncode, p.stdout, p.stderr.decode()


generation(1, rule("one", "evt.type = openat"))
ARGS = os.path.join(DIR, "gen/current/match.args")
is_(run("match", "-n", "-c", ARGS)[0], 0, "arguments from a file")
status, _, err = run("match", "-n", "-c", os.path.join(DIR, "gen/nothing"))
ok(status == 66 and "-c %s/gen/nothing: No such file" % DIR in err, "a file that is not there: 66", err)
status, _, err = run("match", "-n", "-c", write("gen/torn", "-O\0priority"))
ok(status == 78 and "torn: byte 11: found the end, expected NUL behind the last argument" in err, "a torn file: 78", err)
status, _, err = run("match", "-n", "-c", ARGS, "-c", ARGS)
ok(status == 64 and "-c: found it twice" in err, "two files: 64", err)
status, _, err = run("match", "-n", "-c", write("gen/bad", "-O\0priorty=1\0-r\0x\0"))
ok(status == 64 and "unknown key 'priorty'; did you mean 'priority'?" in err, "what is wrong inside is said as on the command line", err)

tell, told = os.pipe()
p = subprocess.Popen([os.path.join(BIN, "match"), "-c", ARGS, "--notify", str(told)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                     stderr=subprocess.DEVNULL, pass_fds=[told])
os.close(told)
got, said, number = b"", b"", 0


def until(test, seconds=5):
    global got, said
    stop = time.monotonic() + seconds
    while time.monotonic() < stop and not test():
        for f in select.select([p.stdout, tell], [], [], 0.1)[0]:
            if f == tell:
                said += os.read(tell, 4096)
            else:
                got += os.read(p.stdout.fileno(), 65536)
    return test()


def raised(expected):
    """The rules that an open raises."""
    global number
    number += 1
    before = len(names())
    p.stdin.write(event("openat", id_=number, fd=3, name=[b"/x", None, b"/x"]))
    p.stdin.flush()
    until(lambda: len(names()) >= before + len(expected))
    return names()[before:]


def names():
    try:
        return [unpack(b)[2] for k, b in wire.frames(got) if k == ALERT]
    except ValueError:
        return []


def reload(*given):
    global said
    said = b""
    generation(*given)
    p.send_signal(signal.SIGHUP)
    until(lambda: b"\n" in said)
    return said.decode()


ok(until(lambda: said.startswith(b"ready")), "ready")
p.stdin.write(hello(source=("host", "boot-1", "probe", TIME), mode="live"))
is_(raised(["one"]), ["one"], "the first generation")
is_(reload(2, rule("one", "evt.type = openat", "INFO") + rule("two", "evt.type = openat"), "-O", "rule_matching=all"), "reloaded 1\n", "reload")
is_(raised(["one", "two"]), ["one", "two"], "files and rule_matching are read again")
is_(reload(3, rule("one", "evt.type = openat", "INFO") + rule("two", "evt.type = openat"), "-O", "priority=warning"), "reloaded 2\n", "reload")
is_(raised(["two"]), ["two"], "the priority too; a key that is no longer set has its default")
found = reload(4, rule("three", "evt.type = openat"), "-O", "priority=high")
ok(found.startswith("refused 3: priority: found 'high'"), "a bad key is refused", found)
found = reload(5, "- rule: [\n")
ok(found.startswith("refused 4: "), "bad rules are refused", found)
is_(raised(["two"]), ["two"], "the old ones stay")
os.remove(os.path.join(DIR, "gen/5/match.args"))
said = b""
p.send_signal(signal.SIGHUP)
ok(until(lambda: said.startswith(b"refused 5: -c ")), "so is a file that has gone", said)
is_(reload(6, rule("six", "evt.type = openat")), "reloaded 6\n", "a good one is taken again")
is_(raised(["six"]), ["six"], "and holds")
p.stdin.close()
p.wait(5)

# emit
def emit_args(*keys):
    return write("emit.args", "".join("-O\0%s\0" % k for k in keys))


FILE = "file_output.filename=" + os.path.join(DIR, "alerts")
tell, told = os.pipe()
p = subprocess.Popen([os.path.join(BIN, "emit"), "-c", emit_args("file_output.enabled=true", FILE), "--notify", str(told)], stdin=subprocess.PIPE,
                     stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, pass_fds=[told])
os.close(told)
got, said = b"", b""


def alert(text):
    global got
    got = b""
    p.stdin.write(frame(ALERT, TIME, [["h", "b", "syscall", TIME], 1], "R", 4, "syscall", [], text.encode(), []))
    p.stdin.flush()


def text(name="alerts"):
    try:
        with open(os.path.join(DIR, name), encoding="utf-8") as f:
            return f.read()
    except FileNotFoundError:
        return ""


def take(*keys):
    global said
    said = b""
    emit_args(*keys)
    p.send_signal(signal.SIGHUP)
    until(lambda: b"\n" in said)
    return said.decode()


ok(until(lambda: said.startswith(b"ready")), "emit is ready")
p.stdin.write(hello(source=("host", "boot-1", "match", TIME), mode="live"))
alert("one")
ok(until(lambda: got.endswith(b" Warning one\n") and text().endswith(" Warning one\n")), "on standard output and in a file")
is_(take("json_output=true", FILE), "reloaded 1\n", "another configuration")
alert("two")
ok(until(lambda: got.startswith(b"{") and b"two" in got) and "two" not in text(), "JSON now, and no file")
is_(take("stdout_output.enabled=false", "file_output.enabled=true", "file_output.keep_alive=true", FILE + "2"), "reloaded 2\n", "and another")
alert("three")
ok(until(lambda: text("alerts2").endswith(" Warning three\n")) and not got, "another file alone")
found = take("stdout_output.enabled=false")
ok(found.startswith("refused 3: no output is enabled"), "one that can not be is refused", found)
found = take("file_output.enable=true")
ok(found.startswith("refused 4: unknown key 'file_output.enable'; did you mean 'file_output.enabled'"), "so is an unknown key", found)
alert("four")
ok(until(lambda: text("alerts2").endswith(" Warning four\n")), "the old one stays")
os.rename(os.path.join(DIR, "alerts2"), os.path.join(DIR, "rotated"))
alert("five")
ok(until(lambda: text("rotated").endswith(" Warning five\n")), "a file that is kept open is written on after it was renamed")
p.send_signal(signal.SIGUSR1)
time.sleep(0.2)
alert("six")
ok(until(lambda: text("alerts2").endswith(" Warning six\n") and text("alerts2").count("\n") == 1), "SIGUSR1: the file is opened again")
p.stdin.write(end())
p.stdin.close()
is_(p.wait(5), 0, "and all ends well")

# saker-log
LINES = b"<3>match: bad\n<6>match: good\n<7>probe: much\nplain \x1b[31m\n<4>torn"
options = ["-O", "log_syslog=false"]
status, _, err = run("saker-log", *options, data=LINES)
is_((status, [line[26:] for line in err.splitlines()]), (0, ["match: bad", "match: good", "plain \\x1b[31m", "torn"]), "saker-log: lines by level")
ok(time.strftime("%a %b ") in err[:8] and err[24:26] == ": ", "with Falco's time", err)
is_(len(run("saker-log", *options, "-O", "log_level=debug", data=LINES)[2].splitlines()), 5, "all of them")
is_(len(run("saker-log", *options, "-O", "log_level=error", data=LINES)[2].splitlines()), 1, "errors only")
ok(run("saker-log", *options, "-O", "time_format_iso_8601=true", data=LINES)[2][10:11] == "T", "ISO 8601")
is_(run("saker-log", *options, "-O", "log_stderr=false", data=LINES)[2], "", "not on standard error")
status, _, err = run("saker-log", "-O", "log_level=loud")
ok(status == 64 and "log_level: found 'loud'" in err, "a level that there is not: 64", err)
long = run("saker-log", *options, data=b"<3>" + b"x" * 100000 + b"\n<3>next\n")[2].splitlines()
ok(long[-1].endswith(": next") and sum(line.count("x") for line in long[:-1]) == 100000, "a line that is too long comes in pieces")
os.environ["SAKER_LOG"] = "levels"
ok(run("match", "-n", "-r", os.path.join(DIR, "gen/5/rules.yaml"))[2].startswith("<3>"), "stages say their level where they are asked to")
tap.end()
EOF
