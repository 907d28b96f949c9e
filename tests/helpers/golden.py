"""What a real Falco says of the events of captures (data/golden), and what saker says.

    Known(path)                     the list of differences with their reasons; .explains(...), .unused()
    golden(name)                    the events of a capture by number, as Falco has them
    saker(folder, name, fields)     the same, as probe -r | match | emit have them
    alerts(folder, name, rules)     the alerts of a rules file on a capture
"""
import fnmatch
import gzip
import json
import os
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.join(HERE, "..", "..")
BIN = os.path.join(os.environ.get("SAKER_BUILD", os.path.join(TOP, "build")), "bin")
SHARED = os.environ.get("SAKER_SHARED", os.path.join(TOP, "..", "shared"))
DATA = os.path.join(SHARED, "data")
# Falco names the machine that it runs on; that of the golden run had no name.
ENVIRONMENT = dict(os.environ, TZ="UTC", FALCO_HOSTNAME="")


class Known:
    """Lines of: what is compared, Falco's value, ours (both JSON, * for any), reason; separated by tabs."""

    def __init__(self, path):
        self.rows, self.used = [], set()
        with open(path, encoding="utf-8") as f:
            for line in f:
                if line.strip() and not line.startswith("#"):
                    self.rows.append(line.rstrip("\n").split("\t"))

    def explains(self, what, theirs, ours):
        for i, (name, a, b, _) in enumerate(self.rows):
            if fnmatch.fnmatchcase(what, name) and all(p in ("*", json.dumps(v)) for p, v in ((a, theirs), (b, ours))):
                self.used.add(i)
                return self.rows[i][3]
        return None

    def unused(self):
        return [row for i, row in enumerate(self.rows) if i not in self.used]


def fields():
    with open(os.path.join(DATA, "golden", "fields.txt"), encoding="utf-8") as f:
        return f.read().split()


def golden(name):
    with gzip.open(os.path.join(DATA, "golden", name + ".scap.jsonl.gz")) as f:
        return {e["evt.num"]: e for e in map(json.loads, f)}


def stream(folder, name):
    path = os.path.join(folder, name + ".saker")
    if not os.path.exists(path):
        with open(path, "wb") as out:
            subprocess.run([os.path.join(BIN, "probe"), "-r", os.path.join(DATA, "captures", name + ".scap")], stdout=out,
                           check=True, timeout=60)
    return path


def write_rules(folder, rules):
    path = os.path.join(folder, "rules.yaml")
    with open(path, "w", encoding="utf-8") as f:
        for name, condition, output in rules:
            f.write("- rule: %s\n  desc: golden\n  condition: %s\n  output: %s\n  priority: INFO\n" % (
                name, json.dumps(condition), json.dumps(output)))
    return path


def alerts(folder, name, rules):
    with open(stream(folder, name), "rb") as stdin:
        match = subprocess.run([os.path.join(BIN, "match"), "-O", "rule_matching=all", "-r", rules], stdin=stdin,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT, timeout=120)
    if match.returncode:
        raise RuntimeError(match.stderr.decode())
    emit = subprocess.run([os.path.join(BIN, "emit"), "-O", "json_output=true"], input=match.stdout, stdout=subprocess.PIPE,
                          check=True, env=ENVIRONMENT, timeout=120)
    return map(json.loads, emit.stdout.splitlines())


def saker(folder, name, names):
    rules = write_rules(folder, [("all", "evt.num >= 0", " ".join("%" + f for f in names))])
    events = (a["output_fields"] for a in alerts(folder, name, rules))
    return {e["evt.num"]: e for e in events}
