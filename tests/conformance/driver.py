"""Runs cases of Falco's own tests against match: gives their options a meaning, and keeps a table of what passed.

    Table(name, known).result(case, problems)     problems: what is wrong, none for a pass
    validate(*files, options) -> the entries of falco_load_results, in the files' order
    describe(*files, options) -> the output of --describe, or None when the files do not load
    alerts(stream, *files, options) -> (status, [alert, ...], stderr)
"""
import functools
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "helpers"))
import wire  # noqa: E402

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
BIN = os.path.join(os.environ.get("SAKER_BUILD", os.path.join(TOP, "build")), "bin")
MATCH, FRAMES = os.path.join(BIN, "match"), os.path.join(BIN, "frames")
SHARED = os.environ.get("SAKER_SHARED", os.path.join(TOP, "..", "shared"))
DATA = os.path.join(SHARED, "data")
ALERT = "time origin rule priority source tags output fields description fold ancestry complete lost".split()
PRIORITIES = "EMERGENCY ALERT CRITICAL ERROR WARNING NOTICE INFO DEBUG".split()


def known_differences(name):
    """Lines of `case<TAB>reason`; # begins a comment."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), name)
    lines = [line.rstrip("\n") for line in open(path, encoding="utf-8")]
    return dict(line.split("\t", 1) for line in lines if line and not line.startswith("#"))


class Table:
    """Prints one TAP line: whether all cases passed but those that are known to differ."""

    def __init__(self, known):
        self.known, self.passed, self.differ, self.wrong, self.later = known, 0, [], [], []

    def result(self, case, problems):
        if not problems and case in self.known:
            self.wrong.append((case, ["passes, though it is said to differ: " + self.known[case]]))
        elif not problems:
            self.passed += 1
        elif case in self.known:
            self.differ.append((case, self.known[case]))
        else:
            self.wrong.append((case, problems))

    def skip(self, case, why):
        self.later.append((case, why))

    def skipped(self, number):
        print("ok %d # SKIP %s" % (number, self.later[0][1]), flush=True)
        return True

    def tap(self, number, what):
        for case, problems in self.wrong:
            print("# WRONG %s: %s" % (case, "; ".join(str(p).replace("\n", "\n#   ") for p in problems)))
        for case, why in self.differ:
            print("# differs: %s: %s" % (case, why))
        groups = {}
        for case, why in self.later:
            groups.setdefault(why, []).append(case)
        for why, cases in groups.items():
            print("# not here: %d: %s: %s" % (len(cases), why, ", ".join(cases)))
        print("%sok %d - %s: %d passed, %d differ and are known, %d not here, %d wrong" % (
            "not " if self.wrong or not self.passed else "", number, what, self.passed, len(self.differ), len(self.later),
            len(self.wrong)), flush=True)
        return not self.wrong and self.passed > 0


@functools.lru_cache
def can_read_captures():
    p = subprocess.run([os.path.join(BIN, "probe"), "--help"], capture_output=True, timeout=10)
    return b"-r FILE" in p.stdout


def options(opts):
    return [w for key, value in opts.items() for w in ("-O", "%s=%s" % (key, value))]


def validate(*files, **opts):
    opts.setdefault("json_output", "true")
    p = subprocess.run([MATCH, "--validate", *options(opts), *files], capture_output=True, timeout=30)
    results = json.loads(p.stdout)["falco_load_results"]
    assert (p.returncode == 0) == all(r["successful"] for r in results), (p.returncode, p.stderr)
    return results


def describe(*files, **opts):
    rules = [w for f in files for w in ("-r", f)]
    p = subprocess.run([MATCH, "--describe", *options(opts), *rules], capture_output=True, timeout=30)
    return json.loads(p.stdout) if p.returncode == 0 else None


def alerts(stream, *files, **opts):
    rules = [w for f in files for w in ("-r", f)]
    p = subprocess.run([MATCH, *options(opts), *rules], input=stream, capture_output=True, timeout=60)
    found = [dict(zip(ALERT, wire.unpack(b))) for k, b in wire.frames(p.stdout) if k == wire.ALERT]
    return p.returncode, found, p.stderr.decode("utf-8", "replace")


def json_stream(path, source):
    p = subprocess.run([FRAMES, "--json-source", source], stdin=open(path, "rb"), capture_output=True, timeout=30)
    assert p.returncode == 0, p.stderr
    return p.stdout
