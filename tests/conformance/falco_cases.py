"""Falco's black-box cases of both versions, run through `saker falco` itself: each suite under its own compat, with the options
that Falco's own drivers give. What must come out is read from the statuses, the outputs and the statistics at the end."""
import json
import os
import re
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor

from black_box import NO_TRACE, capture, new_validation_problems, option, texts
from driver import DATA, TOP, Table, known_differences

SAKER = os.path.join(TOP, "scripts", "saker")
OLD = os.path.join(DATA, "regression", "v0.28", "test")
FILES = os.path.join(DATA, "regression", "v0.42", "files")
OUTPUTS = "/tmp/falco_outputs"                 # the folder that the cases' configurations name


def falco(args, cwd):
    env = {**os.environ, "TZ": "UTC"}
    p = subprocess.run([SAKER, "falco", *args], cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    return p.returncode, p.stdout.decode("utf-8", "replace"), p.stderr.decode("utf-8", "replace")


def statistics(out):
    """Detected, by severity, by rule: the blocks at the end of a run."""
    m = re.search(r"^Events detected: (\d+)\nRule counts by severity:\n((?:   .*\n)*)Triggered rules by rule name:\n((?:   .*\n)*)", out, re.M)
    if not m:
        return None, {}, {}
    counts = [{name: int(n) for name, n in re.findall(r"^   (.*): (\d+)$", block, re.M)} for block in m.groups()[1:]]
    return int(m.group(1)), counts[0], counts[1]


def pattern_problems(text, wanted=(), unwanted=()):
    return ["no %r in %r" % (p, text[-600:]) for p in wanted if not re.search(p, text)] + \
        ["%r in %r" % (p, text[-600:]) for p in unwanted if re.search(p, text)]


# ---- 0.28 ----

def old_args(case):
    validated = texts(case.get("validate_rules_file"))
    args = ["-o", "compat=0.28", "-c", case.get("conf_file", "../falco.yaml"), "-v"]
    args += [w for f in texts(case.get("rules_file")) if not validated for w in ("-r", f)]
    args += [w for f in validated for w in ("-V", f)]
    for key, letter in (("disabled_rules", "-D"), ("disable_tags", "-T"), ("run_tags", "-t")):
        args += [w for name in case.get(key, ()) for w in (letter, name)]
    if "trace_file" in case and not validated:
        args += ["-e", case["trace_file"]]
    for key in ("json_output", "json_include_output_property", "json_include_tags_property"):
        if key in case:
            args += ["-o", "%s=%s" % (key, str(case[key]).lower())]
    if case.get("priority"):
        args += ["-o", "priority=%s" % case["priority"].lower()]
    if case.get("time_iso_8601"):
        args += ["-o", "time_format_iso_8601=true"]
    if case.get("run_duration"):
        args += ["-M", str(case["run_duration"])]
    return args + (["-A"] if case.get("all_events") else [])


def old_counts(case, out):
    detected, severities, rules = statistics(out)
    problems = []
    if detected is None:
        return ["no statistics in %r" % out[-300:]]
    if (detected > 0) != case.get("detect", False):
        problems.append("%d detected: %s" % (detected, rules))
    for level in texts(case.get("detect_level")) if case.get("detect") else []:
        if not severities.get(level):
            problems.append("no %s among %s" % (level, severities))
    for rule, n in (item for counts in case.get("detect_counts", []) for item in counts.items()):
        if rules.get(rule, 0) != n:
            problems.append("%d of %r, expected %d" % (rules.get(rule, 0), rule, n))
    return problems


def old_files(case, out):
    problems = []
    for actual, expected in (pair for d in case.get("output_strictly_contains", []) for pair in d.items()):
        with open(os.path.join(OLD, expected), encoding="utf-8") as f:
            want = f.read()
        if actual != "stdout":
            with open(actual, encoding="utf-8") as f:
                out = f.read()
        if want not in out:
            problems.append("%s is not what %s says: %r" % (actual, expected, out[:400]))
    for file, pattern in (pair for d in case.get("outputs", []) for pair in d.items()):
        with open(file, encoding="utf-8") as f:
            if not any(re.search(pattern, line) for line in f):
                problems.append("%s: no line %r" % (file, pattern))
    return problems


def old_case(case):
    if case.get("grpc"):
        return None, "gRPC is honoured by a later version"
    if "trace_file" not in case:
        return None, "the case names neither rules nor a capture"
    status, out, err = falco(old_args(case), OLD)
    problems = [] if status == case.get("exit_status", 0) else ["status %d: %s" % (status, err[-500:])]
    if "stdout_is" in case and out != case["stdout_is"]:
        problems.append("%r is not %r" % (out, case["stdout_is"]))
    problems += pattern_problems(out, texts(case.get("stdout_contains")), texts(case.get("stdout_not_contains")))
    problems += pattern_problems(err, texts(case.get("stderr_contains")), texts(case.get("stderr_not_contains")))
    if not case.get("exit_status") and "validate_rules_file" not in case:
        problems += old_counts(case, out)
    return problems + old_files(case, out), None


# ---- 0.42 ----

def new_args(case, files, trace):
    config = [w for o in case["configs"] for w in ("-c", os.path.join(FILES, CONFIGS[o]))]
    args = config or ["-c", os.path.join(DATA, "config", "falco-today.yaml")]
    if any(o.startswith("WithRulesValidation") for o in case["options"]):
        args += [w for f in files for w in ("-V", f)]
    else:
        args += [w for f in files for w in ("-r", f)]
    if trace:
        args += ["-o", "engine.kind=replay", "-o", "engine.replay.capture_file=%s" % trace]
    if "WithOutputJSON()" in case["options"]:
        args += ["-o", "json_output=true"]
    for tag in option(case, "WithDisabledTags"):
        args += ["-o", "rules[].disable.tag=%s" % tag]
    for n, tag in enumerate(option(case, "WithEnabledTags")):
        args += (["-o", "rules[].disable.rule=*"] if n == 0 else []) + ["-o", "rules[].enable.tag=%s" % tag]
    for level in option(case, "WithMinRulePriority"):
        args += ["-o", "priority=%s" % level]
    for o in case["options"]:
        args += re.findall(r'"([^"]*)"', o) if o.startswith("WithArgs(") else []
    return args + (["-A"] if "WithAllEvents()" in case["options"] else [])


def json_lines(out):
    return [json.loads(line) for line in out.splitlines() if line.startswith('{"') and '"priority":' in line]


def new_alerts(expect, out):
    alerts, problems = json_lines(out), []
    priorities = {a["priority"].upper() for a in alerts}
    priorities |= {"INFO"} if "INFORMATIONAL" in priorities else set()
    if expect.get("some") and not alerts:
        problems.append("no alert")
    if not set(expect.get("some_of_priority", [])) <= priorities or set(expect.get("none_of_priority", [])) & priorities:
        problems.append("priorities %s" % sorted(priorities))
    if "count" in expect and len(alerts) != expect["count"]:
        problems.append("%d alerts, expected %d" % (len(alerts), expect["count"]))
    for rule, n in expect.get("count_by_rule", {}).items():
        if sum(a["rule"] == rule for a in alerts) != n:
            problems.append("%d of %r, expected %d" % (sum(a["rule"] == rule for a in alerts), rule, n))
    detected = statistics(out)[0]
    if expect.get("none") and (alerts or detected):
        problems.append("%s alerts" % detected)
    if alerts and detected != len(alerts):
        problems.append("%s detected, but %d alerts" % (detected, len(alerts)))
    return problems


def new_case(case, files):
    expect = case["expect"]
    trace = capture(case["captures"][0]) if case["captures"] else None
    if case["captures"] and not trace:
        return None, NO_TRACE
    if any("tc.args" in o for o in case["options"]):
        runs = [["-h"], ["--help"]]
    else:
        runs = [new_args(case, files, trace)]
    problems = []
    for args in runs:
        status, out, err = falco(args, FILES)
        if status != expect["exit_status"]:
            problems.append("status %d: %s" % (status, err[-500:]))
        problems += pattern_problems(out, expect.get("stdout_regex", ()), expect.get("no_stdout_regex", ()))
        problems += pattern_problems(err, expect.get("stderr_regex", ()), expect.get("no_stderr_regex", ()))
        if "errors" in expect or "warnings" in expect:
            problems += new_validation_problems(expect, json.loads(out)["falco_load_results"])
        elif status == 0:
            problems += new_alerts(expect, out)
    return problems, None


CONFIGS = {}


def cases():
    with open(os.path.join(DATA, "regression", "v0.28", "cases.json"), encoding="utf-8") as f:
        for case in json.load(f):
            yield "0.28 " + case["name"].replace("trace_files/", ""), lambda case=case: old_case(case)
    with open(os.path.join(DATA, "regression", "v0.42", "cases.json"), encoding="utf-8") as f:
        data = json.load(f)
    CONFIGS.update(data["files"])
    for case in data["cases"]:
        files = [os.path.join(FILES, data["files"][r]) for r in case["rules"]]
        yield "0.42 " + case["name"], lambda case=case, files=files: new_case(case, files)


def main(number):
    table = Table(known_differences("falco-known.tsv"))
    ours = not os.path.exists(OUTPUTS)
    os.makedirs(OUTPUTS, exist_ok=True)
    with tempfile.TemporaryDirectory() as tmp, ThreadPoolExecutor(2) as pool:
        os.chmod(tmp, 0o711)
        os.environ["TMPDIR"] = tmp
        names, jobs = zip(*cases())
        for name, (problems, why) in zip(names, pool.map(lambda job: job(), jobs)):
            if why:
                table.skip(name, why)
            else:
                table.result(name, problems)
        left = os.listdir(tmp)
    if ours:
        shutil.rmtree(OUTPUTS, ignore_errors=True)
    good = table.tap(number, "black-box cases of 0.28 and 0.42 through saker falco")
    print("%sok %d - no run leaves anything behind%s" % ("not " if left else "", number + 1, "".join("\n# " + x for x in left)), flush=True)
    return good and not left
