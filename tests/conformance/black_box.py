"""Falco's black-box cases of both versions (regression/v0.28, regression/v0.42). What a case asks of Falco's options is asked of
match's; alerts are counted from its frames. What a case asks of the command line, the configuration file or the outputs is not
match's: such cases are listed, with why."""
import functools
import json
import os
import re
import subprocess

from driver import (ALERT, BIN, DATA, MATCH, PRIORITIES, Table, can_read_captures, json_stream, known_differences, options,
                    validate, wire)

NO_SCAP = "the reader of captures (probe -r) is not built here"
NO_TRACE = "the capture is not among the data"
LATER = [  # by a part of the name: whose subject is not match
    ("_Cmd_", "command line"), ("Metrics", "metrics"), ("WrongValue", "configuration file"), ("MonitorSyscallDrops", "drops"),
    ("monitor_syscall_drops", "drops"), ("StartupFail", "command line"), ("disabled_and_enabled", "command line"),
    ("grpc", "gRPC"),
]


def later(name):
    return next((why for part, why in LATER if part in name), None)


@functools.lru_cache
def stream_of(path, old):
    if path.endswith(".json"):
        return json_stream(path, "k8s_audit")
    p = subprocess.run([os.path.join(BIN, "probe"), "-O", "compat=%s" % ("0.28" if old else "now"), "-r", path], capture_output=True, timeout=60)
    assert p.returncode == 0, p.stderr
    return p.stdout


def run(path, files, opts, emit=()):
    """Status, alerts, and the lines that emit makes of them."""
    rules = [w for f in files for w in ("-r", f)]
    m = subprocess.run([MATCH, *options(opts), *rules], input=stream_of(path, opts.get("compat") == "0.28"), capture_output=True, timeout=60)
    found = [dict(zip(ALERT, wire.unpack(b))) for k, b in wire.frames(m.stdout) if k == wire.ALERT]
    e = subprocess.run([os.path.join(BIN, "emit"), *emit], input=m.stdout, capture_output=True, timeout=60)
    return m.returncode, found, e.stdout.decode("utf-8", "replace"), m.stderr.decode("utf-8", "replace")


def texts(value):
    return [] if value is None else [value] if isinstance(value, str) else value


def count_problems(found, counts):
    problems = []
    for rule, n in counts.items():
        have = sum(1 for a in found if a["rule"] == rule)
        if have != n:
            problems.append("%d alerts of %r, expected %d" % (have, rule, n))
    return problems


def selection(disabled_rules=(), disabled_tags=(), run_tags=()):
    steps = ["disable: {rule: %s}" % json.dumps("*%s*" % r) for r in disabled_rules] + \
        ["disable: {tag: %s}" % t for t in disabled_tags] + (["disable: {rule: '*'}"] if run_tags else []) + \
        ["enable: {tag: %s}" % t for t in run_tags]
    return {"rules": "[%s]" % ", ".join("{%s}" % s for s in steps)} if steps else {}


# ---- 0.28 ----

def old_levels(levels):
    """0.28 counts by the word that the rule has, and INFO is the number of Notice to it."""
    return [{"INFO": 5}.get(w, PRIORITIES.index(w) if w in PRIORITIES else -1) for w in texts(levels)]


def old_validation(case, top):
    files = [os.path.join(top, f) for f in texts(case.get("validate_rules_file") or case["rules_file"])]
    p = subprocess.run([MATCH, "--validate", "-O", "compat=0.28", *files], capture_output=True, timeout=30)
    out, problems = p.stdout.decode(), []
    whole = "Could not load rules file %s: %s" % (files[-1], out)
    if (p.returncode != 0) != (case.get("exit_status", 0) != 0):
        problems.append("status %d" % p.returncode)
    if "stdout_is" in case and out != case["stdout_is"]:
        problems.append("%r is not %r" % (out, case["stdout_is"]))
    for file in (v for d in case.get("output_strictly_contains", []) for v in d.values()):
        with open(os.path.join(top, file), encoding="utf-8") as f:
            if f.read() not in out:
                problems.append("not what %s says: %r" % (file, out[:400]))
    for pattern in texts(case.get("stdout_contains")):
        if not re.search(pattern, out):
            problems.append("%r has no %r" % (out, pattern))
    for pattern in texts(case.get("stderr_contains")):
        if not re.search(pattern, whole if case["exit_status"] else out):
            problems.append("%r has no %r" % (whole, pattern))
    return problems


def old_events(case, top):
    path = os.path.join(top, case["rules_file"])
    rules = json.loads(subprocess.run([MATCH, "--describe", "-O", "compat=0.28", "-r", path], capture_output=True, timeout=30).stdout)
    found = {r["info"]["name"]: sorted(set(r["details"]["events"]) - {"asyncevent"}) for r in rules["rules"]}
    problems = []
    for entry in case["rules_events"]:
        for rule, types in entry.items():
            if (types == ["all"] and len(found[rule]) < 100) or (types != ["all"] and found[rule] != types):
                problems.append("%s needs %s, expected %s" % (rule, found[rule][:9], types))
    warned = {l["item_name"] for w in validate(path, compat="0.28")[0]["warnings"] if w["code"] == "LOAD_NO_EVTTYPE"
              for l in w["context"]["locations"] if l["item_type"] == "rule"}
    if warned != set(case["rules_warning"]):
        problems.append("warned of %s" % sorted(warned ^ set(case["rules_warning"])))
    return problems


def emit_keys(case):
    named = {"time_iso_8601": "time_format_iso_8601", "json_output": "json_output",
             "json_include_output_property": "json_include_output_property", "json_include_tags_property": "json_include_tags_property"}
    return {key: str(case[name]).lower() for name, key in named.items() if name in case}


def old_run(case, top):
    opts = {"compat": "0.28"}
    if case.get("priority"):
        opts["priority"] = case["priority"].lower()
    opts.update(selection(case.get("disabled_rules", ()), case.get("disable_tags", ()), case.get("run_tags", ())))
    emit = options({**emit_keys(case), "compat": "0.28"})
    files = [os.path.join(top, f) for f in texts(case["rules_file"])]
    status, found, out, err = run(os.path.join(top, case["trace_file"]), files, opts, emit)
    problems = [] if status == 0 else ["status %d: %s" % (status, err[-300:])]
    if bool(found) != case.get("detect", False):
        problems.append("%d alerts: %s" % (len(found), sorted({a["rule"] for a in found})))
    for n in old_levels(case.get("detect_level")) if case.get("detect") else []:
        if not any(a["priority"] == n for a in found):
            problems.append("no alert of priority %d" % n)
    for counts in case.get("detect_counts", []):
        problems += count_problems(found, counts)
    for file in (v for d in case.get("output_strictly_contains", []) for v in d.values()):
        with open(os.path.join(top, file), encoding="utf-8") as f:
            if f.read() not in out:
                problems.append("not what %s says: %r" % (file, out[:400]))
    for pattern in texts(case.get("stdout_contains")):
        if not re.search(pattern, out, re.M):
            problems.append("no %r in %r" % (pattern, out[:400]))
    return problems


def old_cases(number):
    top = os.path.join(DATA, "regression", "v0.28", "test")
    table = Table(known_differences("known.tsv"))
    for case in json.load(open(os.path.join(DATA, "regression", "v0.28", "cases.json"))):
        name = "0.28 " + case["name"].replace("trace_files/", "")
        if later(name):
            table.skip(name, later(name))
        elif "rules_events" in case:
            table.result(name, old_events(case, top))
        elif "validate_rules_file" in case or case.get("exit_status"):
            table.result(name, old_validation(case, top))
        elif "trace_file" not in case:
            table.skip(name, "the capture is not among the data")
        elif case["trace_file"].endswith(".scap") and not can_read_captures():
            table.skip(name, NO_SCAP)
        else:
            table.result(name, old_run(case, top))
    return table.tap(number, "black-box cases of 0.28")


# ---- 0.42 ----

def capture(name):
    words = re.sub(r"^captures\.", "", name)
    if words.startswith("Traces"):
        return None
    folder, ending = ("k8s_audit", ".json") if words.startswith("K8SAudit") else ("captures", ".scap")
    want = re.sub(r"^K8SAudit", "", words).lower()
    for file in os.listdir(os.path.join(DATA, folder)):
        if file.endswith(ending) and re.sub(r"[^a-z0-9]", "", file[:-len(ending)].lower()) == want:
            return os.path.join(DATA, folder, file)
    raise KeyError(name)


def option(case, name):
    """The quoted words of an option: WithEnabledTags("a", "b")."""
    return [w for o in case["options"] if o.startswith(name + "(") for w in re.findall(r'"([^"]*)"', o)]


def new_validation(case, files):
    results = validate(*files)
    return new_validation_problems(case["expect"], results)


def new_validation_problems(expect, results):
    problems = []
    for kind in ("errors", "warnings"):
        for want in expect.get(kind, []):
            def fits(m):
                places = m["context"]["locations"]
                return m["code"] == want["code"] and want.get("message", "") in m["message"] and \
                    any(want.get("itemtype") in (None, p["item_type"]) for p in places) and \
                    any(want.get("itemname") in (None, p["item_name"]) for p in places)
            if not any(fits(m) for r in results for m in r[kind]):
                problems.append("no %s among %s" % (want, [(m["code"], m["message"]) for r in results for m in r[kind]]))
    if all(r["successful"] for r in results) != expect["succeeds"]:
        problems.append("succeeds is not %s" % expect["succeeds"])
    return problems


def new_run(case, files, path):
    expect = case["expect"]
    opts = selection((), option(case, "WithDisabledTags"), option(case, "WithEnabledTags"))
    if option(case, "WithMinRulePriority"):
        opts["priority"] = option(case, "WithMinRulePriority")[0].lower()
    keys = [w for o in case["options"] for w in re.findall(r'"((?:time_format|json)_\w+=\w+)"', o)]
    keys += ["json_output=true"] if "WithOutputJSON()" in case["options"] else []
    status, found, out, err = run(path, files, opts, [w for key in keys for w in ("-O", key)])
    problems = [] if status == 0 else ["status %d: %s" % (status, err[-300:])]
    priorities = {PRIORITIES[a["priority"]] for a in found}
    if expect.get("some") and not found:
        problems.append("no alert")
    if expect.get("none") and found:
        problems.append("%d alerts" % len(found))
    if not set(expect.get("some_of_priority", [])) <= priorities or set(expect.get("none_of_priority", [])) & priorities:
        problems.append("priorities %s" % sorted(priorities))
    if "count" in expect and len(found) != expect["count"]:
        problems.append("%d alerts, expected %d" % (len(found), expect["count"]))
    problems += count_problems(found, expect.get("count_by_rule", {}))
    for pattern in expect.get("no_stdout_regex", []):
        if re.search(pattern, out):
            problems.append("%r in %r" % (pattern, out[:400]))
    for pattern in expect.get("stdout_regex", []):
        if not re.search(pattern, out):
            problems.append("no %r in %r" % (pattern, out[:400]))
    return problems


def new_cases(number):
    data = json.load(open(os.path.join(DATA, "regression", "v0.42", "cases.json")))
    table = Table(known_differences("known.tsv"))
    for case in data["cases"]:
        name = "0.42 " + case["name"]
        files = [os.path.join(DATA, "regression", "v0.42", "files", data["files"][r]) for r in case["rules"]]
        if later(name):
            table.skip(name, later(name))
        elif any(o.startswith("WithRulesValidation") for o in case["options"]):
            table.result(name, new_validation(case, files))
        elif not case["captures"]:
            table.skip(name, "command line")
        elif capture(case["captures"][0]) is None:
            table.skip(name, NO_TRACE)
        elif capture(case["captures"][0]).endswith(".scap") and not can_read_captures():
            table.skip(name, NO_SCAP)
        else:
            table.result(name, new_run(case, files, capture(case["captures"][0])))
    return table.tap(number, "black-box cases of 0.42")


def main(first):
    return all([old_cases(first), new_cases(first + 1)])
