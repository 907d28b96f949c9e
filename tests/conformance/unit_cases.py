"""Falco's unit cases (regression/unit-cases.json): rules files, the grammar, compilation and boolean logic."""
import ast
import json
import os
import re
import tempfile

from driver import DATA, Table, alerts, describe, known_differences, validate
from wire import end, hello, json_

# What the cases' tests set up besides the rules, by the name of the test.
APPEND = {
    "extra_format_all": '[{extra_output: "evt.type=%evt.type"}]',
    "extra_format_by_tag_rule": '[{match: {tags: [tag1]}, extra_output: extra 1}, {match: {rule: another_rule}, extra_output: extra 2}, '
                                '{match: {tags: [tag2]}, extra_output: extra 3}]',
}
RULE = "- rule: test_rule\n  desc: test rule\n  condition: evt.type = open\n  output: command=%proc.cmdline\n  priority: INFO\n"
# The fields of the compiler's cases, which are always the same, as values of a document. c.buffer is bytes.
FIELDS = {"c.true": "json.value[/true]", "c.false": "json.value[/false]", "c.doublequote": "json.value[/doublequote]",
          "c.buffer": "evt.buffer"}
DOCUMENT = json.dumps({"true": "1", "false": "0", "doublequote": 'hello "quoted"'})


def write(name, text):
    with open(name, "w", encoding="utf-8") as f:
        f.write(text)
    return name


def rule_of(described, name):
    return next(r for r in described["rules"] if r["info"]["name"] == name)


def loader_problems(case):
    texts = [RULE + t.strip("\n") + "\n" if t.lstrip("\n").startswith("  exceptions:") else t for t in case["rules"]]
    files = [write("%d.yaml" % i, t) for i, t in enumerate(texts)]
    opts = {"append_output": APPEND[case["test"]]} if case["test"] in APPEND else {}
    result = validate(*files, **opts)[-1]
    described = describe(*files, **opts)
    said = [w["message"] for w in result["warnings"]]
    problems = []
    for e in case["expect"]:
        if "loads" in e and result["successful"] != e["loads"]:
            problems.append("loads: %s %s" % (result["successful"], [x["message"] for x in result["errors"]]))
        if "schema" in e and result["schema_valid"] != (e["schema"] == "ok"):
            problems.append("schema: %s" % result["schema_warnings"])
        if "has_warnings" in e and bool(said) != e["has_warnings"]:
            problems.append("warnings: %s" % said)
        if "warning" in e and not any(e["warning"] in w for w in said):
            problems.append("expected the warning %r, found %s" % (e["warning"], said))
        if "error" in e and not any(e["error"] in x["message"] for x in result["errors"]):
            problems.append("expected the error %r, found %s" % (e["error"], [x["message"] for x in result["errors"]]))
        if "rule" in e:
            details = rule_of(described, e["rule"])["details"] if described else {}
            for key, what in (("condition_compiled", "compiled_condition"), ("output_compiled", "compiled_output")):
                if what in e and details.get(key) != e[what]:
                    problems.append("%s: %r, expected %r" % (what, details.get(key), e[what]))
    return problems


def loader(number):
    table = Table(known_differences("known.tsv"))
    for case in json.load(open(os.path.join(DATA, "regression", "unit-cases.json")))["rule_loader"]:
        if len(case["rules"]) > 1 and not case["expect"]:
            table.skip(case["test"], "its plugins and what it expects are in its program, not in the data")
        elif not case["expect"]:
            table.result(case["test"], [] if validate(write("0.yaml", case["rules"][0])) else ["no result"])
        else:
            table.result(case["test"], loader_problems(case))
    return table.tap(number, "rule_loader")


def condition_result(text, source="syscall"):
    rule = {"rule": "r", "desc": "d", "condition": text, "output": "o", "priority": "INFO", "source": source, "warn_evttypes": False}
    return validate(write("0.yaml", json.dumps([rule])))[0]


def parses(text):
    """Whether the condition is refused as text, not for names that do not exist or for types that do not fit."""
    errors = validate(write("0.yaml", json.dumps([{"macro": "m", "condition": text}])))[0]["errors"]
    return not errors or errors[0]["message"].startswith("Undefined macro")


def parser(number):
    table = Table(known_differences("known.tsv"))
    for i, case in enumerate(json.load(open(os.path.join(DATA, "regression", "unit-cases.json")))["parser"]):
        text, accept = case["input"], case["expect"] == "accept"
        name = "%s %d" % (case["test"], i)
        if text is None:
            text = ast.literal_eval(case["expr"].rsplit(", ", 1)[0])
        wrong = [t for t in (text, " " + text, text + " ", "\n\t " + text + " \n") if t.strip() and parses(t) != accept]
        table.result(name, ["%r should be %s" % (t, "taken" if accept else "refused") for t in wrong])
    return table.tap(number, "parser, each as it is and with blanks around it")


def translated(text):
    for name, field in FIELDS.items():
        text = text.replace(name, field)
    return text, "test" if "json.value" in text else "syscall"


def compiled_problems(args):
    values = ast.literal_eval("(" + re.sub(r"\btrue\b(?=[^\"]*$)", "True", re.sub(r"\bfalse\b(?=[^\"]*$)", "False",
                                                                                 args.split(", ", 1)[1])) + ",)")
    text, source = translated(values[0])
    result = condition_result(text, source)
    refused = len(values) > 1 and values[1]
    problems = []
    if result["successful"] == refused:
        problems.append("%r: %s" % (text, [e["message"] for e in result["errors"]] or "taken"))
    if len(values) > 2:
        warnings = [w for w in result["warnings"] if w["code"] == "LOAD_COMPILE_CONDITION"]
        if bool(warnings) != bool(values[2]):
            problems.append("%r: warnings %s" % (text, warnings))
    return problems


def run_problems(args):
    expected, literal = args.split(", ", 1)
    text, source = translated(ast.literal_eval(literal))
    rule = {"rule": "r", "desc": "d", "condition": text, "output": "o", "priority": "INFO", "source": source}
    status, found, err = alerts(hello() + json_(DOCUMENT, 1, source) + end(), write("0.yaml", json.dumps([rule])))
    return [] if status == 0 and bool(found) == (expected == "true") else ["%r: %d alerts, status %d %s" % (text, len(found), status, err)]


def compiler(number):
    table = Table(known_differences("known.tsv"))
    for i, case in enumerate(json.load(open(os.path.join(DATA, "regression", "unit-cases.json")))["compiler"]):
        run = case["call"] == "test_filter_run"
        table.result("%s %d" % (case["test"], i), run_problems(case["args"]) if run else compiled_problems(case["args"]))
    return table.tap(number, "compiler")


def main(first):
    with tempfile.TemporaryDirectory() as folder:
        here = os.getcwd()
        os.chdir(folder)
        good = [f(first + i) for i, f in enumerate((loader, parser, compiler))]
        os.chdir(here)
    return all(good)
