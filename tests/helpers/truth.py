"""Compares what rules see of the calls of random_calls with the log that it wrote before each call."""
import collections
import difflib
import json
import mmap
import os
import random
import struct
import subprocess

import wire
from live import BIN, last_stat, probe_start, stop, text
from wire import ALERT, HELLO

PROGRAM = os.path.join(os.path.dirname(BIN), "tests", "helpers", "random_calls")
RULE = """- rule: %s
  desc: d
  condition: evt.type = %s and proc.name startswith fr-
  output: "%s"
  priority: DEBUG
"""
LOG_HEAD = 4096
Run = collections.namedtuple("Run", "status probe_status calls seconds has_32_bits jailed dropped captured log")


def record(folder, seed, count):
    """Runs the program with the probe watching; what it did, of the types that are captured."""
    program = os.path.join(folder, "fr-executed")
    subprocess.run(["cp", PROGRAM, program], check=True)
    with open(os.path.join(folder, "raw"), "wb") as out:
        probe = probe_start("-e", "default,close,read,write", "-O", "probe.ring_size=%d" % (1 << 26), stdout=out)
        p = subprocess.run([program, folder, str(seed), str(count)], stdout=subprocess.PIPE, timeout=300)
        probe_status = stop(probe)
    with open(os.path.join(folder, "raw"), "rb") as f:
        raw = f.read()
    captured = captured_types(raw)
    stat = last_stat(raw, "probe")
    dropped = {name: n for name, n in stat.items() if name.startswith("kernel.dropped") and n}
    lines = read_logs(folder)
    jailed = sum(1 for line in lines if line["jail"])
    seconds, has_32_bits = (p.stdout or b"1 0").split()
    return Run(p.returncode, probe_status, len(lines), float(seconds), has_32_bits == b"1", jailed, dropped, captured,
               [line for line in lines if line["type"] in captured])


def captured_types(raw):
    for kind, body in wire.frames(raw):
        if kind == HELLO:
            return {wire.EVENTS[number][0] for number in wire.unpack(body)[9]}
    raise ValueError("no HELLO")


def read_logs(folder):
    """The lines of all threads, those of one task in their order, each with all that is wanted of it."""
    lines = []
    for name in sorted(os.listdir(folder)):
        if not name.startswith("log."):
            continue
        with open(os.path.join(folder, name), "rb") as f:
            data = f.read()
        length, = struct.unpack_from("=Q", data)
        lines += complete(data[LOG_HEAD:LOG_HEAD + length].decode("utf-8", "surrogateescape"))
    return lines


def complete(log):
    """A line holds only the state that has changed; one without a type ends the last one of its task."""
    state, last, jails, lines = {}, {}, set(), []
    for line in map(json.loads, log.splitlines()):
        tid = line["tid"]
        known = state.setdefault(tid, {})
        known.update(line["state"])
        if not line["type"]:
            last[tid]["want"].update(line["want"])
            continue
        if line["type"] == "unshare":
            jails.add(tid)
        lines.append({"tid": tid, "type": line["type"], "want": {**known, **line["want"]}, "jail": tid in jails})
        last[tid] = lines[-1]
    return lines


def rules(run):
    """A rule for each type, with the fields that its lines name."""
    fields = collections.defaultdict(set)
    fields["openat"].add("fd.nameraw")
    for line in run.log:
        fields[line["type"]].update(line["want"], ["thread.tid"])
    return "".join(RULE % (type_, type_, " ".join("%" + name for name in sorted(names))) for type_, names in sorted(fields.items()))


def seen(folder, run):
    """{task: [(type, {field: text})]} in the order of the stream; of threads between their marks."""
    with open(os.path.join(folder, "rules.yaml"), "w") as f:
        f.write(rules(run))
    line = 'cat "$0/raw" | "$1/enrich" | "$1/match" -r "$0/rules.yaml" -O rule_matching=all >"$0/alerts"'
    subprocess.run(["sh", "-c", line, folder, BIN], check=True, timeout=300)
    with open(os.path.join(folder, "alerts"), "rb") as f:
        data = f.read()
    found = collections.defaultdict(list)
    for kind, body in wire.frames(data):
        if kind == ALERT:
            alert = wire.unpack(body)
            fields = {name: text(value) for name, value in alert[7]}
            found[fields["thread.tid"]].append((alert[2], fields))
    tasks = {str(line["tid"]) for line in run.log}
    return {task: between_marks(events) for task, events in found.items() if task in tasks}


def between_marks(events):
    names = [fields.get("fd.nameraw") for _, fields in events]
    first = names.index("fr-begin") + 1 if "fr-begin" in names else 0
    last = names.index("fr-end") if "fr-end" in names else len(names)
    return events[first:last]


def differences(log, found):
    """What is not as the log says, one text each."""
    expected = collections.defaultdict(list)
    for line in log:
        expected[str(line["tid"])].append((line["type"], line["want"]))
    problems = []
    for task in sorted(set(expected) | set(found), key=int):
        problems += of_task(task, expected.get(task, []), found.get(task, []))
    return problems


def of_task(task, expected, found):
    problems = []
    matcher = difflib.SequenceMatcher(None, [e[0] for e in expected], [f[0] for f in found], autojunk=False)
    for what, a, b, c, d in matcher.get_opcodes():
        if what == "equal":
            for i in range(b - a):
                problems += of_event(task, a + i, *expected[a + i], found[c + i][1])
        else:
            problems += ["%s: missing: %s %s" % (task, type_, want) for type_, want in expected[a:b]]
            problems += ["%s: more than expected: %s %s" % (task, type_, fields) for type_, fields in found[c:d]]
    return problems


def of_event(task, number, type_, want, fields):
    return ["%s, event %d: %s: %s: found %.300r, expected %.300r" % (task, number, type_, key, fields.get(key), value)
            for key, value in want.items() if fields.get(key) != value]


def broken(log, seed):
    """The log, broken in a way each time: [(what, log)]. One field of one event is another event's; an event is missing, is
    there twice, or two have changed places."""
    chance = random.Random(seed)
    for key in ("fd.name", "evt.arg.name", "proc.cwd", "user.uid", "evt.rawres", "fd.num", "fd.sport", "thread.tid", "proc.name"):
        number, other = two_with(log, key, chance)
        yield "another event's " + key, changed(log, number, {key: log[other]["want"][key]})
    number = chance.choice([i for i, line in enumerate(log) if line["want"].get("fs.path.target") != line["want"].get("fs.path.source")])
    want = log[number]["want"]
    yield "source for target", changed(log, number, {"fs.path.source": want["fs.path.target"], "fs.path.target": want["fs.path.source"]})
    yield "one missing", log[:number] + log[number + 1:]
    yield "one twice", log[:number] + log[number:number + 1] + log[number:]
    number = next(i for i, line in enumerate(log[number:-1], number) if line["tid"] == log[i + 1]["tid"] and line["type"] != log[i + 1]["type"])
    yield "two that changed places", log[:number] + [log[number + 1], log[number]] + log[number + 2:]


def two_with(log, key, chance):
    """Two events that differ in a field; both have it."""
    having = [i for i, line in enumerate(log) if line["want"].get(key) is not None]
    one = chance.choice(having)
    return one, chance.choice([i for i in having if log[i]["want"][key] != log[one]["want"][key]])


def changed(log, number, fields):
    line = dict(log[number], want=dict(log[number]["want"], **fields))
    return log[:number] + [line] + log[number + 1:]
