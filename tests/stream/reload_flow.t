#!/bin/sh
# Reloads while events pass without a pause: each event raises its one alert, by the rules in force; a refused reload changes nothing.
# 30 reloads, 300 with SAKER_SOAK=1.
here=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
export MATCH="${SAKER_BUILD:-$here/build}/bin/match" PYTHONPATH="$here/tests/helpers" PYTHONDONTWRITEBYTECODE=1
exec python3 - <<'PYTHON'
import os, re, signal, subprocess, threading, time
import wire
from wire import *

RELOADS = 300 if os.environ.get("SAKER_SOAK") == "1" else 30
# What is to be loaded in turn, and the rule that alerts from then on (None: refused, as before).
MACROS = "".join("- macro: m%d\n  condition: proc.name in (a, b, c) or fd.name pmatch (/x%d)\n" % (i, i) for i in range(300))
GOOD = "- rule: %s\n  desc: d\n  condition: evt.type = openat and not m7\n  output: '%%fd.name %%proc.name'\n  priority: INFO\n"
STEPS = [(MACROS + GOOD % "b", "b"), ("- rule: [\n", None), (MACROS + GOOD % "a", "a"), (MACROS + GOOD.replace("openat", "nosuch") % "c", None),
         ("- macro: m\n  condition: evt.num = 1\n- macro: m\n  condition: m\n", None), (None, None)]
count = 0


def is_(found, expected, what):
    global count
    count += 1
    print("%sok %d - %s" % ("" if found == expected else "not ", count, what), flush=True)
    if found != expected:
        print("# found    %r\n# expected %r" % (found, expected))


def put(text):
    if text is None:
        os.unlink("r.yaml")
        return
    with open("new", "w") as f:
        f.write(text)
    os.rename("new", "r.yaml")


put(MACROS + GOOD % "a")
p = subprocess.Popen([os.environ["MATCH"], "-r", "r.yaml", "--notify", "2"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
said, got, sent, enough = [], bytearray(), 0, threading.Event()


def write_events():
    global sent
    p.stdin.write(hello(source=("host", "boot-1", "probe", TIME), mode="live") + proc(1) + proc(100, key(1), comm=b"cat"))
    while not enough.is_set():
        block = b""
        for _ in range(50):
            sent += 1
            block += event("openat", id_=sent, pid=100, result=3, fd=[3, "file", b"/etc/x", 1, 2, 1], dirfd=-100,
                           name=[b"/etc/x", None, b"/etc/x"], flags=1)
        p.stdin.write(block)
        p.stdin.flush()
    p.stdin.write(end())
    p.stdin.close()


def read_alerts():
    while True:
        data = os.read(p.stdout.fileno(), 1 << 20)
        if not data:
            return
        got.extend(data)


def read_words():
    for line in p.stderr:
        if re.match(rb"ready|reloaded|refused", line):
            said.append(line.decode().split(":")[0].strip())


threads = [threading.Thread(target=t) for t in (write_events, read_alerts, read_words)]
for t in threads:
    t.start()


def until(test):
    stop = time.monotonic() + 30
    while not test() and time.monotonic() < stop:
        time.sleep(0.001)
    return test()


def pass_events():
    """Until what was sent from now on has come out."""
    now, length = sent, len(got)
    return until(lambda: sent > now + 2000 and len(got) > length + 100000)


until(lambda: said)
expected, words, turns = ["a"], ["ready 1 rules"], []
for i in range(RELOADS):
    text, name = STEPS[i % len(STEPS)]
    pass_events()
    put(text)
    p.send_signal(signal.SIGHUP)
    until(lambda: len(said) >= i + 2)
    words.append(("reloaded %d" if name else "refused %d") % (i + 1))
    expected += [name] if name else []
pass_events()
enough.set()
for t in threads:
    t.join(60)
is_(p.wait(30), 0, "the stream ends")
is_(said, words, "each reload is answered: done, or refused")
frames = [(k, unpack(b)) for k, b in wire.frames(bytes(got))]
raised = [(v[1][1], v[2]) for k, v in frames if k == ALERT]
is_(([i for i, _ in raised] == list(range(1, sent + 1)), len(raised)), (True, sent), "every event has raised one alert, in order")
for _, name in raised:
    if not turns or turns[-1] != name:
        turns.append(name)
is_(turns, expected, "by the rules in force: each good reload changes them between two events, a refused one does not")
lasts = {v[1]: v[5] for k, v in frames if k == STAT}
is_([(c.get("evaluated"), c.get("alerts.raised")) for c in lasts.values() if "evaluated" in c], [(sent, sent)], "and all are counted")
print("1..%d" % count)
PYTHON
