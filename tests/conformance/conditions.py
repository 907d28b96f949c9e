"""What a real Falco says of 246 conditions (golden/conditions.tsv): errors and warnings when they are loaded, and, where probe reads
captures, for how many events of four captures each holds."""
import json
import os
import subprocess
import tempfile

from driver import BIN, DATA, MATCH, Table, can_read_captures, known_differences, validate, wire


def rows():
    for line in open(os.path.join(DATA, "golden", "conditions.tsv"), encoding="utf-8"):
        capture, condition, count, said = (line.rstrip("\n") + "\t\t\t").split("\t")[:4]
        if not capture.startswith("#"):
            yield capture, condition, count, said


def loads(number):
    """Errors by code and message, warnings by code. Falco aborts on some errors without a code: then any error will do."""
    table, seen = Table(known_differences("known.tsv")), set()
    for _, condition, count, said in rows():
        if condition in seen:
            continue
        seen.add(condition)
        rule = {"rule": "r", "desc": "d", "condition": condition, "output": "o", "priority": "INFO"}
        with open("0.yaml", "w", encoding="utf-8") as f:
            json.dump([rule], f)
        result = validate("0.yaml")[0]
        found = result["errors"] or sorted({w["code"] for w in result["warnings"]})
        if count == "ERR":
            code, _, message = said.partition(": ")
            code = code if code.startswith("LOAD_") else None
            same = found and result["errors"] and (not code or (found[0]["code"], found[0]["message"]) == (code, message))
        else:
            same = found == sorted(said.split())
        table.result("load " + condition, [] if same else ["found %s, expected %r" % (
            [(e["code"], e["message"]) for e in found] if result["errors"] else found, said)])
    return table.tap(number, "errors and warnings of the conditions that a real Falco was asked about")


def counted(path, conditions):
    """How many events of a capture each condition holds for."""
    rules = [{"rule": str(i), "desc": "d", "condition": c, "output": "o", "priority": "INFO", "warn_evttypes": False}
             for i, c in enumerate(conditions)]
    with open("all.yaml", "w", encoding="utf-8") as f:
        json.dump(rules, f)
    probe = subprocess.run([os.path.join(BIN, "probe"), "-r", path], capture_output=True, timeout=60)
    m = subprocess.run([MATCH, "-O", "rule_matching=all", "-r", "all.yaml"], input=probe.stdout, capture_output=True, timeout=60)
    assert m.returncode == 0, m.stderr
    names = [wire.unpack(b)[2] for k, b in wire.frames(m.stdout) if k == wire.ALERT]
    return [names.count(str(i)) for i in range(len(conditions))]


def counts(number):
    table = Table(known_differences("known.tsv"))
    by_capture = {}
    for capture, condition, count, _ in rows():
        if count != "ERR":
            by_capture.setdefault(capture, []).append((condition, int(count)))
    for capture, expected in by_capture.items():
        if not can_read_captures():
            table.skip(capture, "the reader of captures (probe -r) is not built here")
            continue
        found = counted(os.path.join(DATA, "captures", capture), [c for c, _ in expected])
        for (condition, count), n in zip(expected, found):
            table.result("count %s %s" % (capture, condition), [] if n == count else ["%d events, expected %d" % (n, count)])
    return table.tap(number, "for how many events of captures conditions hold") if can_read_captures() else table.skipped(number)


def main(first):
    with tempfile.TemporaryDirectory() as folder:
        here = os.getcwd()
        os.chdir(folder)
        good = all([loads(first), counts(first + 1)])
        os.chdir(here)
    return good
