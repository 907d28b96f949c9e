"""The rule language by sections of rule-language.md, for tests/stream/language.t."""
import base64
import json
import os
import re
import subprocess

from driver import BIN, MATCH, alerts, describe, options, validate, wire
from wire import end, event, hello, json_, key, proc

count, failed = 0, False
HEAD = "- rule: r\n  desc: d\n  condition: evt.type = open\n  output: o\n  priority: INFO\n"


def is_(found, expected, what):
    global count, failed
    count += 1
    good = found == expected
    failed |= not good
    print("%sok %d - %s" % ("" if good else "not ", count, what), flush=True)
    if not good:
        print("# found    %r\n# expected %r" % (found, expected))


def write(name, text):
    with open(name, "w", encoding="utf-8") as f:
        f.write(text)
    return name


def errors(*texts, **opts):
    """(code, message) of the error of the last file, or None."""
    files = [write("%d.yaml" % i, t) for i, t in enumerate(texts)]
    found = validate(*files, **opts)[-1]["errors"]
    return (found[0]["code"].replace("LOAD_ERR_", ""), found[0]["message"]) if found else None


def warnings(text, **opts):
    return [(w["code"].replace("LOAD_", ""), w["message"]) for w in validate(write("0.yaml", text), **opts)[0]["warnings"]]


def rule(condition="evt.type = open", name="r", output="o", more=""):
    return "- rule: %s\n  desc: d\n  condition: %s\n  output: %s\n  priority: INFO\n%s" % (
        name, json.dumps(condition), json.dumps(output), more)


def condition_error(condition, **opts):
    return errors(rule(condition), **opts)


# The event: cat (pid 100, child of bash, child of systemd) opens /etc/ld.so.cache, which gives it descriptor 3.
STREAM = hello() + proc(1, comm=b"systemd") + proc(50, key(1), comm=b"bash") + \
    proc(100, key(50), comm=b"cat", cwd=b"/root", argv=[b"cat", b"-n", b"-ofile", b"x", b"-z"], exepath=b"/usr/bin/Cat") + \
    event("openat", id_=1, pid=100, result=3, fd=[3, "file", b"/etc/ld.so.cache", 1, 2, 1], dirfd=-100,
          name=[b"/etc/ld.so.cache", None, b"/etc/ld.so.cache"], flags=1) + end()


def holds(*conditions, **opts):
    """Which of the conditions hold for the event."""
    text = "".join(rule(c, str(i), more="  warn_evttypes: false\n") for i, c in enumerate(conditions))
    status, found, err = alerts(STREAM, write("0.yaml", text), rule_matching="all", **opts)
    return [conditions[int(a["rule"])] for a in found] if status == 0 else err


def output(text, **opts):
    status, found, err = alerts(STREAM, write("0.yaml", rule("evt.type = openat", output=text)), **opts)
    return found[0]["output"].decode("utf-8", "surrogateescape") if found else err


def lines(text, *opts):
    """What emit makes of the rules' alerts for the event."""
    m = subprocess.run([MATCH, "-r", write("0.yaml", text)], input=STREAM, capture_output=True, timeout=20)
    return subprocess.run([os.path.join(BIN, "emit"), *opts], input=m.stdout, capture_output=True, timeout=20).stdout.decode()


def structure():
    """Section 1."""
    V, P = "YAML_VALIDATE", "YAML_PARSE"
    is_([errors(t) for t in ("a: b\n", "text\n", "- text\n", "- [a]\n", "---\n---\n", "- null\n- ~\n", "", "# nothing\n")],
        [(V, "Rules content is not yaml array of objects"), (V, "Rules content is not yaml")] +
        [(V, "Unexpected element type. Each element should be a yaml associative array.")] * 2 + [None] * 4, "the outer structure")
    is_(errors(HEAD + "---\n" + HEAD.replace("open", "nosuch")), ("COMPILE_CONDITION", "unknown event type nosuch"), "several documents")
    is_(errors("this : is : not : yaml"), (P, "yaml-cpp: error at line 1, column 11: illegal map value"), "what is not YAML")
    is_(warnings("- nonsense: 1\n"), [("UNKNOWN_ITEM", "Unknown top level item")], "an unknown item")
    is_(warnings(HEAD + "  typo: 1\n"), [("UNKNOWN_KEY", "Unknown key 'typo'. The key will be ignored.")], "an unknown key")
    bad = [("macro: m\n", "Item has no mapping for key 'condition'"), ("macro: m\n  condition:\n", "Mapping for key 'condition' is empty"),
           ("macro: m\n  condition: [a]\n", "Value is not a scalar value"), ("macro: m\n  condition: ''\n", "Value must be non-empty"),
           ("list: l\n", "Item has no mapping for key 'items'"), ("list: l\n  items: a\n", "Value is not a sequence"),
           ("list: l\n  items: [a, [b]]\n", "sequence value is not scalar"), ("list: l\n  items: [a, ~]\n", "sequence value is not scalar"),
           (HEAD[2:] + "  tags: [{a: b}]\n", "sequence value is not scalar"), (HEAD[2:] + "  tags: a\n", "Value is not a sequence"),
           ("list: l\n  items: [a]\n  append: maybe\n", "Can't decode YAML scalar value"), ("rule: r\n", "Item has no mapping for key 'enabled'"),
           ("rule: r\n  desc: d\n  condition: a\n  output: o\n", "Item has no mapping for key 'priority'"),
           (HEAD[2:].replace("INFO", "WNAORTNICNEG"), "Invalid priority"), (HEAD[2:] + "  exceptions: x\n", "Value is not a sequence"),
           (HEAD[2:] + "  capture_duration: x\n", "Can't decode YAML scalar value")]
    is_([errors("- " + t) for t, _ in bad], [(V, m) for _, m in bad], "keys that are missing, empty or of the wrong type")
    names = "Emergency ALERT critical eRRor warning notice informational INFO Debug".split()
    is_([errors(HEAD.replace("INFO", p)) for p in names], [None] * len(names), "priorities in any case")
    is_([errors(HEAD + "  enabled: %s\n" % b) for b in ("yes", "No", "ON", "off", "y", "N", "True")], [None] * 7, "spellings of booleans")


def required():
    """Sections 1.1 and 1.2."""
    version = "- required_engine_version: %s\n"
    wrong = ("VALIDATE", "Rules require engine version %s, but engine version is 0.63.0")
    is_([errors(version % v) for v in ("0.26.0", "26", "0.63.0", "0.57.0-extra")], [None] * 4, "engine versions that do")
    is_([errors(version % v) for v in ("0.64.0", "64", "1.0.0")], [(wrong[0], wrong[1] % v) for v in ("0.64.0", "0.64.0", "1.0.0")],
        "and that do not")
    is_([errors(version % v)[0] for v in ("'1.x'", "26.-1.1", "1.2", "x", "0.26.")], ["YAML_VALIDATE"] * 5, "no version at all")
    is_(describe(write("0.yaml", version % 26 + version % "0.31.0" + version % "0.30.0"))["required_engine_version"], "0.31.0",
        "the highest is remembered")
    plugin = "- required_plugin_versions: [{name: %s, version: %s%s}]\n"

    def loads(text):
        p = subprocess.run([MATCH, "-n", "-r", write("0.yaml", text)], capture_output=True, timeout=20)
        return p.returncode, p.stderr.decode()
    is_([loads(plugin % a)[0] for a in (("json", "0.1.0", ""), ("json", "0.9.0", ""), ("json", "1.0.0", ""), ("x", "0.1.0", ""),
                                        ("x", "0.1.0", ", alternatives: [{name: json, version: 0.2.0}]"))], [0, 78, 78, 78, 0],
        "plugins that are built in, of a compatible version, or an alternative")
    is_("must load one of: a (>= 1.0.0), b (>= 2.0.0)" in loads(plugin % ("a", "1.0.0", ", alternatives: [{name: b, version: 2.0.0}]"))[1],
        True, "the message lists them all")
    is_("Plugin requirement not satisfied" in loads(plugin % ("a", "1.0.0", "") + HEAD.replace("open", "nosuch"))[1], True,
        "which goes before an error in the rules")
    is_([errors(plugin % a)[0] for a in (("x", "1.x", ""), ("a", "1.0.0", ", alternatives: [{name: a, version: 2.0.0}]"),
                                         ("a", "1.0.0", ", alternatives: [{name: b}]"))], ["VALIDATE", "VALIDATE", "YAML_VALIDATE"],
        "entries that are wrong")


def redefinition():
    """Section 2."""
    append = "'%s' or 'override.%s: append'"
    is_([errors(t) for t in ("- list: l\n  items: [a]\n  append: true\n", "- macro: m\n  condition: a\n  append: true\n",
                             "- rule: r\n  condition: a\n  append: true\n", "- rule: r\n  enabled: true\n",
                             "- rule: r\n  condition: a\n  override: {condition: append}\n",
                             "- rule: r\n  desc: a\n  override: {desc: replace}\n", HEAD + "- rule: r\n  append: true\n")],
        [("VALIDATE", m) for m in (
            "List uses 'append' or 'override.items: append' but no list by that name already exists",
            "Macro uses 'append' or 'override.condition: append' but no macro by that name already exists",
            "Rule uses 'append' or 'override.<key>: append' but no rule by that name already exists",
            "Rule has 'enabled' key but no rule by that name already exists",
            "Rule uses 'append' or 'override.condition: append' but no rule by that name already exists",
            "An 'override.<key>: replace' to a rule was requested but no rule by that name already exists",
            "Appended rule must have exceptions or condition property")], "changes of what is not there")
    both = "Keys 'override' and 'append: true' cannot be used together."
    bad = [("  condition: or a\n  append: true\n  override: {condition: append}\n", both),
           ("  condition: a\n  override: {condition: prepend}\n", "Invalid override operation for key 'condition': 'prepend'"),
           ("  priority: INFO\n  override: {priority: append}\n", "Key 'priority' cannot be appended to, use 'replace' instead"),
           ("  source: x\n  override: {source: replace}\n", "Key 'source' cannot be replaced"),
           ("  override: {desc: append}\n", "An append override for 'desc' was specified but 'desc' is not defined"),
           ("  override: {desc: replace}\n", "A replace override for 'desc' was specified but 'desc' is not defined"),
           ("  desc: a\n  tags: [b]\n  override: {desc: append}\n", "Unexpected key 'tags': no corresponding entry under 'override' is defined.")]
    found = [errors(HEAD + "- rule: r\n" + t) for t, _ in bad]
    is_([f and f[1][:len(m)] for f, (_, m) in zip(found, bad)], [m for _, m in bad], "overrides that are wrong")
    bad = [("  priority: INFO\n  override: {priority: append}\n", "overrides", "priority"), ("  desc: x\n  override: {desc: put}\n", "value for", "desc"),
           ("  desc: x\n  tags: []\n  override: {desc: append}\n", "overrides", "tags")]
    found = [validate(write("0.yaml", HEAD + "- rule: r\n" + t))[0]["errors"][0]["context"]["locations"] for t, _, _ in bad]
    is_([[(p["item_type"], p["item_name"]) for p in places[1:]] for places in found],
        [[("rule", "r"), ("overrides", ""), (kind, name)] for _, kind, name in bad], "the places of what is wrong with overrides")
    is_([errors("- list: l\n  items: [a]\n- list: l\n  items: [b]\n  append: true\n  override: {items: append}\n")[1][:len(both)],
         errors("- macro: m\n  condition: a\n- macro: m\n  condition: b\n  append: true\n  override: {condition: append}\n")[1][:len(both)]],
        [both] * 2, "of lists and macros too")
    is_(errors(HEAD + HEAD + "  source: x\n"), ("VALIDATE", "Rule has been re-defined with a different source"), "another source")

    def after(*changes):
        r = describe(write("0.yaml", HEAD + "  tags: [b, a]\n" + "".join("- rule: r\n" + c for c in changes)))["rules"][0]
        return r["info"], r["details"]["condition_compiled"]
    info, condition = after("  condition: and proc.name = a or proc.name = b\n  append: true\n")
    is_(condition, "((evt.type = open and proc.name = a) or proc.name = b)", "an appended condition is text: precedence")
    info, condition = after("  condition: or evt.type = close\n  desc: more\n  output: more\n  tags: [c, a]\n  override: {condition: append, "
                            "desc: append, output: append, tags: append}\n")
    is_([info["description"], info["output"], info["tags"], condition],
        ["d more", "o more", ["a", "b", "c"], "(evt.type = open or evt.type = close)"], "what append does to each key")
    info, condition = after("  condition: evt.type = close\n  desc: x\n  output: y\n  tags: [z]\n  priority: ERROR\n  enabled: false\n"
                            "  capture: true\n  capture_duration: 4294967295\n  warn_evttypes: false\n  skip-if-unknown-filter: true\n"
                            "  override: {condition: replace, desc: replace, output: replace, tags: replace, priority: replace, enabled: replace, "
                            "capture: replace, capture_duration: replace, warn_evttypes: replace, skip-if-unknown-filter: replace}\n")
    is_([info[k] for k in "description output tags priority enabled capture capture_duration".split()] + [condition],
        ["x", "y", ["z"], "Error", False, True, 4294967295, "evt.type = close"], "what replace does to each key")
    is_(after("  condition: and proc.name = a\n  desc: ignored\n  append: true\n")[0]["description"], "d", "append: true ignores other keys")
    spaced = HEAD.replace("output: o", 'output: " o\\n"') + "- rule: r\n  output: '%s'\n  override: {output: %s}\n"
    is_([describe(write("0.yaml", spaced % change))["rules"][0]["info"]["output"] for change in ((" x ", "append"), (" x ", "replace"))],
        ["o  x ", " x "], "an output is trimmed where it is defined, not where it is changed")
    info, _ = after("  enabled: false\n  desc: d2\n  condition: evt.type = open\n  output: o\n  priority: INFO\n",
                    "  desc: d3\n  condition: evt.type = open\n  output: o\n  priority: INFO\n")
    is_([info["enabled"], info["description"]], [True, "d3"], "a redefinition replaces everything, `enabled` too")
    is_(warnings(HEAD + "- rule: r\n  enabled: false\n")[0][0], "DEPRECATED_ITEM", "`enabled` alone is deprecated")


def exceptions():
    """Section 3."""
    def with_(text):
        return errors(HEAD + "  exceptions:\n" + text)
    bad = [("    - fields: [proc.name]\n", "YAML_VALIDATE", "Item has no mapping for key 'name'"),
           ("    - name: e\n", "YAML_VALIDATE", "Item has no mapping for key 'fields'"),
           ("    - {name: e, fields: [proc.name], comps: [=, =]}\n", "VALIDATE", "Fields and comps lists must have equal length"),
           ("    - {name: e, fields: [proc.name], comps: [~]}\n", "VALIDATE", "'~' is not a supported comparison operator"),
           ("    - {name: e, fields: proc.name, comps: '='}\n", "VALIDATE", "'=' is not a supported comparison operator"),
           ("    - {name: e, fields: proc.name, comps: in oneof}\n", "VALIDATE", "'in oneof' is not a supported comparison operator"),
           ("    - {name: e, fields: [proc.nam], comps: [=]}\n", "VALIDATE", "'proc.nam' is not a supported filter field"),
           ("    - {name: e, fields: [proc.name, fd.name], values: [[a]]}\n", "VALIDATE", "Fields and values lists must have equal length"),
           ("    - {name: e, fields: proc.name, values: [[a, b]]}\n", "YAML_VALIDATE", "Expected values array to contain a list of strings")]
    is_([with_(t) for t, _, _ in bad], [(c, m) for _, c, m in bad], "exceptions that are wrong")
    places = [validate(write("0.yaml", HEAD + "  exceptions:\n" + t))[0]["errors"][0]["context"]["locations"] for t in (bad[1][0], bad[7][0])]
    is_([[p["item_type"] for p in of] for of in places], [["rules content", "rule", "exceptions", "exception"]] * 2, "and their places")
    base = HEAD + "  exceptions:\n    - {name: e, fields: proc.name, values: [a]}\n"
    bad = [("{name: e, fields: proc.name, values: [b]}", "Can not append exception fields to existing exception, only values"),
           ("{name: e, comps: in, values: [b]}", "Can not append exception comps to existing exception, only values"),
           ("{name: n, values: [b]}", "Rule exception must have fields property with a list of fields"),
           ("{name: n, fields: proc.name}", "Rule exception must have values property with a list of values")]
    is_([errors(base + "- rule: r\n  exceptions: [%s]\n  append: true\n" % t) for t, _ in bad], [("VALIDATE", m) for _, m in bad],
        "appends to exceptions that are wrong")
    is_([c for c, _ in warnings(base + "    - {name: e, fields: proc.name, values: [b]}\n")], ["EXCEPTION_NAME_NOT_UNIQUE"], "a name twice")
    is_([c for c, _ in warnings(base + "- rule: r\n  exceptions: [{name: e}]\n  append: true\n")],
        ["DEPRECATED_ITEM", "APPEND_NO_VALUES"], "an append without values")

    def compiled(text):
        described = describe(write("0.yaml", "- list: l\n  items: [x, y]\n" + HEAD + "  exceptions:\n" + text))
        return described["rules"][0]["details"]["condition_compiled"] if described else errors(open("0.yaml").read())
    not_ = "(evt.type = open and not %s)"
    forms = [("    - {name: e, fields: proc.name, values: [a, b c, l]}\n", not_ % 'proc.name in (a, "b c", x, y)'),
             ("    - {name: e, fields: fd.name, comps: pmatch, values: [/a]}\n", not_ % "fd.name pmatch (/a)"),
             ("    - {name: e, fields: proc.name, comps: startswith oneof, values: [a, b]}\n", not_ % "proc.name startswith oneof (a, b)"),
             ("    - {name: e, fields: [proc.name, fd.name], values: [[a, /b], [c, d e]]}\n",
              not_ % '((proc.name = a and fd.name = /b) or (proc.name = c and fd.name = "d e"))'),
             ("    - {name: e, fields: [proc.name, fd.name], comps: [in, ' contains '], values: [[[a, b], c], [d, e], ['(f,g)', h]]}\n",
              not_ % "((proc.name in (a, b) and fd.name contains c) or (proc.name in (d) and fd.name contains e) or "
                     "(proc.name in (f, g) and fd.name contains h))"),
             ("    - {name: e, fields: proc.name}\n", "evt.type = open")]
    is_([compiled(t) for t, _ in forms], [c for _, c in forms], "every form of exceptions in the condition")
    text = HEAD.replace("evt.type = open", "evt.type = open or evt.type = close") + "  exceptions: [{name: e, fields: proc.name, values: [a]}]\n" + \
        "- rule: r\n  condition: and fd.name = /x\n  append: true\n"
    is_(describe(write("0.yaml", text))["rules"][0]["details"]["condition_compiled"],
        "((evt.type = open or (evt.type = close and fd.name = /x)) and not proc.name in (a))", "exceptions stand behind the whole condition")


def lists_and_macros():
    """Sections 4 and 5."""
    def compiled(condition, *items):
        return describe(write("0.yaml", "".join("- %s\n" % i for i in items) + rule(condition)))["rules"][0]["details"]["condition_compiled"]
    lists = ["list: a\n  items: [x, y z]", "list: b\n  items: [a, w]", "list: c\n  items: [b]", "list: none\n  items: []", "list: one\n  items: [q]"]
    cases = [("proc.name in (a)", 'proc.name in (x, "y z")'), ("proc.name in (b)", 'proc.name in (x, "y z", w)'),
             ("proc.name in (c)", "proc.name in (a, w)"), ("proc.name in (1, a ,2)", 'proc.name in (1, x, "y z", 2)'),
             ("proc.name in (none)", "proc.name in ()"), ("proc.name in (none, x)", "proc.name in (x)"), ("proc.name in (x, none)", "proc.name in (x)"),
             ("proc.name in one", "proc.name in (q)"), ("proc.name = one", "proc.name = q"), ("proc.name in (ab, /a, a.b)", "proc.name in (ab, /a, a.b)")]
    is_([compiled(c, *lists) for c, _ in cases], [e for _, e in cases], "lists in lists, one level, and lists in conditions")
    is_([warnings("- list: a b\n  items: [x]\n")[0], warnings("- macro: a-b\n  condition: evt.num = 1\n")[0]],
        [("INVALID_LIST_NAME", "List has an invalid name. List names should match a regular expression: [^()\"'[:space:]=,]+"),
         ("INVALID_MACRO_NAME", "Macro has an invalid name. Macro names should match a regular expression: [a-zA-Z]+[a-zA-Z0-9_]*")], "names")
    is_([c for c, _ in warnings("- list: l\n  items: [x]\n- macro: m\n  condition: evt.num = 1\n")], ["UNUSED_MACRO", "UNUSED_LIST"], "what is not used")
    is_(compiled("m and not m", "macro: m\n  condition: evt.num = 1 or evt.num = 2"),
        "((evt.num = 1 or evt.num = 2) and not (evt.num = 1 or evt.num = 2))", "a macro is an expression")
    is_([errors("- macro: a\n  condition: b\n- macro: b\n  condition: evt.num = 1\n"), condition_error("nosuch"),
         errors("- macro: a\n  condition: evt.num = 1\n- macro: b\n  condition: a\n- macro: a\n  condition: b\n" + rule("a"))],
        [("VALIDATE", "Undefined macro 'b' used in filter."), ("VALIDATE", "Undefined macro 'nosuch' used in filter."),
         ("VALIDATE", "reference loop in macro 'a'")], "macros that are not known, and cycles")
    is_(errors("- rule: r\n  desc: d\n  condition: m\n  output: o\n  priority: INFO\n", "- macro: m\n  condition: evt.num = 1\n"), None,
        "a second file is read on top of a broken one")


def grammar():
    """Sections 6, 7.1, 7.3 and 17: errors of conditions."""
    C, V = "COMPILE_CONDITION", "VALIDATE"
    ops = "expected a valid check operator: one of 'exists', '<=', '<', '>=', '>', '==', '=', '!=', 'glob', 'iglob', 'contains', 'icontains', " \
        "'bcontains', 'startswith', 'bstartswith', 'endswith', 'regex', 'intersects', 'in', 'pmatch'"
    value = "expected a string value or a field with a valid transformer: 'val', 'tolower', 'toupper', 'b64', 'basename', 'len', 'join', " \
        "'concat', 'getopt'"
    not_for = "filter error: '%s' operator not supported for %s filters"
    cases = [
        ("evt.num = 0x10", "0x10 is not a valid number"), ("evt.num = 16.0", "16.0 is not a valid number"), ("evt.num = 1e3", "1e3 is not a valid number"),
        ("evt.is_open_read=yes", "filter error: unrecognized boolean value yes"), ("fd.name bcontains 2f", not_for % ("bcontains", "string")),
        ("proc.name in (val(proc.name))", "expected a ')' token"), ("evt.type=open AND evt.num=1", "unexpected token after 'open', expecting 'or', 'and'"),
        ("evt.type=open && evt.num=1", "unexpected token after 'open', expecting 'or', 'and'"),
        ("EVT.TYPE=open", "filter_check called with nonexistent field EVT.TYPE"), ("proc.name = cat or", "expected blank or '(' after 'or'"),
        ('proc.name in "cat"', value.replace("a string", "a list")), ("proc.name = (cat)", value), ("evt.arg[name] = x", "name is not a valid number"),
        ("evt.arg.nosuch = 1", "unknown event argument nosuch"), ("len(proc.aname) > 1", "field 'proc.aname' does not support transformers"),
        ("toupper(evt.type) = OPEN", "event code search does not support `evt.type` checks with transformers."),
        ("fd.sip=\"127.0.0.0/8\"", "unrecognized IPv4 address 127.0.0.0/8"), ("fd.sip=localhost", "unrecognized IPv6 address localhost"),
        ("fd.net=127.0.0.1", "unrecognized IP network 127.0.0.1"), ("fd.sport=nosuch", "unrecognized protocol nosuch"),
        ("proc.name > a", value.replace("a string", "a number")), ("fd.sip < 1.2.3.4", None), ("fd.name = \"\\.\"", "unsupported string escape sequence: \\."),
        ("proc.aname[ 1] = x", None), ("proc.env.SHELL = x", None), ("proc.aname.1 = x", None),
        ("toupper(proc.name) = val(toupper(proc.name))", "expected a field within 'val' transformer"),
        ("proc.name in val(proc.aname)", "field 'proc.aname' can't be used as a right-hand side field"), ("proc.name cat", ops),
        ("evt.type = nosuch", "unknown event type nosuch"), ("evt.type startswith nosuch", "unknown event type nosuch"),
        ("evt.is_io <= true", None), ("evt.buffer regex '.*'", not_for % ("regex", "buffer")), ("proc.pid contains 1", not_for % ("contains", "numeric")),
        ("fd.net contains 1.2.3.4/8", not_for % ("contains", "ip network")), ("fd.sip startswith 1.2.3.4", not_for % ("startswith", "ip address")),
        ("fd.types contains file", not_for % ("contains", "list")), ("evt.buffer bstartswith abc", "bcontains and bstartswith operator support hex strings only"),
        ("proc.name = val(proc.pid)",
         "field 'proc.name' has type 'CHARBUF' while the right-hand side field 'proc.pid' has incompatible type 'INT64'"),
        ("fd.net = val(fd.snet)", None), ("proc.name pmatch val(proc.pname)", None), ("proc.name regex val(proc.pname)", None),
        ("proc.name regex '(?i)x'", None), ("proc.name regex '(x'", None), ("evt.type = val(proc.name)", None),
        ("fd.sport = -1", "unrecognized protocol -1"), ("fd.sport in (80, +80)", "unrecognized protocol +80"),
        ("proc.aname[1] = val(proc.pname)", "field 'proc.aname' can't be compared with a right-hand side field"),
        ("evt.rawarg.flags = val(evt.num)", "field 'evt.rawarg' can't be compared with a right-hand side field"),
        ("proc.name = \"a", value), ("nosuch(proc.name) = x", "unexpected token after 'nosuch', expecting 'or', 'and'"),
        ("concat(proc.name) = x", None), ("join(proc.name, proc.pname) = x", None), ("tolower(proc.pid) = x", None), ("toupper(proc.name)[1] = X", None),
        ("getopt(proc.name, \"a\") exists", None), ("proc.name = val(nosuch.field)", "filter_check called with nonexistent field nosuch.field"),
        ("(" * 1001 + "evt.num=1" + ")" * 1001, "exceeded max depth limit of 1000"),
    ]
    found = [condition_error(c) for c, _ in cases]
    is_([(c, f and f[0], f[1] if f and m else None) for (c, m), f in zip(cases, found)], [(c, C, m) for c, m in cases],
        "%d conditions that are wrong" % len(cases))
    is_(condition_error(" ")[0] if condition_error(" ") else None, C, "an empty condition")
    warn = [("proc.name = proc.pname", "'proc.pname' may be a valid field misused as a const string value"),
            ("proc.name = \"toupper(proc.pname)\"", "'toupper(proc.pname)' may be a valid field transformer misused as a const string value"),
            ("proc.name contains \" len(x) \"", "' len(x) ' may be a valid field transformer misused as a const string value"),
            ("proc.name = \"val(x)\"", "'val(x)' may be a valid field transformer misused as a const string value"),
            ("proc.name regex cat", "regex check with 'cat' may be optimized with simpler operators such as '=', 'contains', 'startswith', 'endswith'")]
    is_([[w for w in warnings(rule("evt.type = open and " + c)) if w[0] == "COMPILE_CONDITION"] for c, _ in warn], [[("COMPILE_CONDITION", m)] for _, m in warn],
        "constants that look like mistakes")
    is_([[c for c, _ in warnings(rule(c))] for c in ("not evt.type = open", "proc.name = x", "evt.type in (open, close)", "evt.type exists", "evt.num = 0",
                                                     "evt.dir = < and evt.type = open")],
        [["NO_EVTTYPE"], ["NO_EVTTYPE"], [], ["NO_EVTTYPE"], [], ["DEPRECATED_ITEM"]], "warnings about types, and deprecated fields")
    is_([c for c, _ in warnings(rule('ka.verb != "<NA>"', more="  source: k8s_audit\n"))], ["UNSAFE_NA_CHECK"], "a comparison with <NA>")
    is_([warnings(rule("proc.nam = x", more="  skip-if-unknown-filter: true\n"))[0], warnings(rule(output="%nosuch", more="  skip-if-unknown-filter: true\n"))[0][0],
         warnings(rule("evt.type = nosuch", more="  skip-if-unknown-filter: true\n"))[0][0]],
        [("UNKNOWN_FILTER", "filter_check called with nonexistent field proc.nam"), "UNKNOWN_FILTER", "UNKNOWN_FILTER"], "skip-if-unknown-filter")
    is_([warnings(rule("my.field = x", more="  source: my\n"))[0], errors(rule("my.field = x", more="  source: my\n") + "- rule: r\n  condition: or x\n  append: true\n")],
        [("UNKNOWN_SOURCE", "Unknown source my, skipping"), None], "a rule of an unknown source")


def evaluation():
    """Sections 7, 8, 16 and 17: what holds."""
    true = [
        "not proc.name != cat", "not fd.sip != 1.2.3.4", "evt.num >= 0 and not fd.sip = 1.2.3.4", "proc.name in cat", "proc.name = val(proc.name)",
        "evt.type exists", "proc.name startswith \"\"", "proc.name regex ca.*", "proc.name glob \"c[!x]t\"", "fd.name pmatch (etc)", "fd.name pmatch (/etc/)",
        "fd.name pmatch (/etc/*)", "fd.name pmatch (/e*)", "fd.name pmatch (/*/ld.so.cache)", "fd.name pmatch (/)", "fd.name pmatch (\"\")",
        "proc.aname[\"1\"] = bash", "evt.is_open_write = false", "evt.arg[0] exists", "proc.aname[0] = cat",
        "tolower(proc.exepath) = /usr/bin/cat", "toupper(proc.name) = CAT", "basename(proc.exepath) = Cat", "toupper(basename(proc.exepath)) = CAT",
        "basename(fd.name) = ld.so.cache", "len(proc.name) = 3", "len(proc.name) > 2 and len(proc.name) < 4", "len((proc.name, fd.name)) = 2",
        "concat(proc.name, \"-\", proc.pname) = cat-bash", "join(\"-\", (proc.name, proc.pname, 3)) = cat-bash-3", "concat(proc.name, proc.name) = catcat",
        "toupper(proc.name) = toupper(proc.name)", "proc.pname = tolower(proc.pname)", "proc.name != val(proc.pname)", "proc.name in val(proc.name)",
        "proc.pid = val(proc.pid)", "proc.pid > val(proc.ppid)", "fd.name startswith val(fd.directory)", "fd.name contains basename(fd.name)",
        "not b64(proc.name) = x", "proc.name = \"\\x63at\"", "proc.name contains allof (c, a, t)", "proc.name = oneof (cat, dog)",
        "proc.name contains anyof (x, a)", "not proc.name contains oneof (c, a)", "proc.name in (dog, cat)", "proc.name intersects (cat)",
        "evt.type in (open, openat) and not evt.type = open",
    ]
    false = [
        "proc.aname[9] != x", "fd.sip != 1.2.3.4", "proc.name in ()", "evt.num = 18446744073709551616", "proc.name regex ca", "proc.name = Cat",
        "fd.name pmatch (/etc/ld.so.cache/x)", "proc.name = \"c\\\"at\"", "evt.num < 1", "container.image.repository = val(container.image.repository)",
        "proc.name = toupper(proc.name)", "len(container.image.tag) > 0", "proc.aname[9] exists",
        "concat(proc.name, container.image.tag) exists",
        "proc.name contains allof (c, x)", "proc.name = oneof (dog)", "proc.name != val(proc.name)", "b64(proc.name) exists and b64(proc.name) = cat",
    ]
    found = holds(*true, *false)
    is_(found if isinstance(found, str) else sorted(set(found) ^ set(true)), [], "%d conditions that hold and %d that do not" % (len(true), len(false)))
    encoded = base64.b64encode(b"cat /etc/shadow").decode()
    doc = json.dumps({"a": encoded, "b": encoded.rstrip("="), "c": "Y2F0", "bad": "a?b="})
    conditions = ['b64(json.value[/a]) = "cat /etc/shadow"', 'b64(json.value[/b]) contains shadow', "b64(json.value[/c]) = cat",
                  "not b64(json.value[/bad]) exists", "toupper(b64(json.value[/c])) = CAT", "not toupper(json.value[/none]) exists"]
    text = "".join(rule(c, str(i), more="  source: s\n") for i, c in enumerate(conditions))
    status, raised, err = alerts(hello() + json_(doc, 1, "s") + end(), write("0.yaml", text), rule_matching="all")
    is_([conditions[int(a["rule"])] for a in raised] or err, conditions, "base64, and transformers over JSON records")
    words = json.dumps({"metadata": {}, "requestObject": {"spec": {"containers": [{"args": ["-v", "-ofile", "--long=x", "-n", "7", "-z", "rest", "-q"]}]}}})
    args = "ka.req.pod.containers.args"
    conditions = ['getopt(%s, "vo:n:")[o] = file' % args, 'getopt(%s, "vo:n:")[n] = 7' % args, 'getopt(%s, "vo:n:")[v] = v' % args,
                  'not getopt(%s, "vo:n:q")[q] exists' % args, 'join(" ", getopt(%s, "vo:n:")) = "v o file n 7 ?"' % args, 'len(%s) = 8' % args,
                  'toupper(%s) intersects (REST)' % args, 'join(",", %s) startswith "-v,-ofile"' % args, '%s intersects val(%s)' % (args, args)]
    text = "".join(rule(c, str(i), more="  source: k8s_audit\n") for i, c in enumerate(conditions))
    status, raised, err = alerts(hello() + json_(words, 1, "k8s_audit") + end(), write("0.yaml", text), rule_matching="all")
    is_([conditions[int(a["rule"])] for a in raised] or err, conditions, "getopt, and transformers over lists")


def event_types():
    """Section 9."""
    def types(condition):
        return sorted(set(describe(write("0.yaml", rule(condition)))["rules"][0]["details"]["events"]) - {"asyncevent"})
    cases = [("evt.type = open", ["open"]), ("evt.type in (open, close)", ["close", "open"]), ("evt.type in (open, openat) and not evt.type = open", ["openat"]),
             ("evt.type = open and evt.type = close", []), ("not (evt.type != open or proc.name = x)", ["open"]), ("evt.num = 0", []),
             ("evt.type = open and (proc.name = x or evt.num = 0)", ["open"]), ("not (not evt.type = open)", ["open"]),
             ("syscall.type = open", ["open"]), ("syscall.type in (open, close) and not syscall.type = close", ["open"]), ("not evt.type exists", []),
             ("(evt.type = open and proc.name = x) or (evt.type = close and not proc.name = y)", ["close", "open"])]
    is_([types(c) for c, _ in cases], [t for _, t in cases], "event types that conditions select")
    is_(describe(write("0.yaml", rule("evt.num = 0")))["rules"][0]["details"]["events"], ["asyncevent"], "asyncevent is named for every rule")
    everything = len(types("proc.name = x"))
    is_([len(types(c)) for c in ("not evt.type = open", "evt.type = open or proc.name = x", "evt.type exists", "evt.num > 0")],
        [everything - 1, everything, everything, everything], "and those that select nearly all or all")


def selection():
    """Section 10."""
    text = "".join(rule("evt.type = openat", n, more="  tags: [%s]\n" % t) for n, t in (("one", "a"), ("two", "b"), ("three", "a, b"))) + \
        rule("evt.type = openat", "off", more="  enabled: false\n")

    def fired(rules="", **opts):
        status, found, err = alerts(STREAM, write("0.yaml", text), rule_matching="all", rules=rules, **opts)
        return [a["rule"] for a in found] if status == 0 else err
    is_([fired(r) for r in ("", "[{disable: {tag: a}}]", "[{disable: {rule: 't*'}}]", "[{disable: {rule: '*'}}, {enable: {tag: b}}]", "[{enable: {rule: off}}]",
                            "[{disable: {rule: one}}, {enable: {rule: one}}]", "[{disable: {rule: '*w*'}}, {enable: {rule: 'tw'}}]")],
        [["one", "two", "three"], ["two"], ["one"], ["two", "three"], ["one", "two", "three", "off"], ["two", "three", "one"], ["one", "three"]],
        "rules chosen by wildcard and tag, in the order in which they were enabled")
    status, found, err = alerts(STREAM, write("0.yaml", rule("proc.name = cat", "any") + rule("evt.type = openat", "open")))
    is_([a["rule"] for a in found], ["any"], "first: in file order")
    p = subprocess.run([MATCH, "-n", "-r", "0.yaml", "-O", "rules=[{disable: x}]"], capture_output=True, timeout=20)
    is_((p.returncode, b"rules:1:2: " in p.stderr), (78, True), "a choice that is wrong")


def outputs():
    """Section 11."""
    cases = [("%proc.name", "cat"), ("%proc.name-%proc.pid", "cat-100"), ("%proc.names", "cats"), ("%fd.sip", "<NA>"), ("a %fd.sip b %proc.name", "a <NA> b cat"),
             ("%10proc.name|", "cat       |"), ("%2proc.name|", "ca|"), ("%toupper(proc.name)!", "CAT!"), ("%basename(proc.exepath)", "Cat"),
             ("%concat(proc.name, \"/\", proc.pname)", "cat/bash"), ("%len(proc.name)", "3"), ("%proc.aname[2]", "systemd"), ("%evt.arg[0]", "<f>/etc/ld.so.cache"),
             ("%4len(proc.name)|", "3   |"), ("(%proc.name)", "(cat)"), ("%evt.is_open_read", "true"), ("x %container.info", "x "),
             ("%toupper(tolower(proc.name))%proc.pid", "CAT100")]
    is_([output(t) for t, _ in cases], [o for _, o in cases], "fields, widths, transformers, missing values")
    bad = [("50%%", "unknown filter: "), ("100%", "invalid formatting syntax: "), ("x %5", "invalid formatting syntax: "), ("%nosuch", "unknown filter: "),
           ("%toupper(nosuch.field)", "unknown filter: "), ("%toupper proc.name", "unknown filter: "), ("% x", "unknown filter: ")]
    found = [errors(rule(output=t)) for t, _ in bad]
    is_([(f and f[0], f and f[1][:len(m)]) for f, (_, m) in zip(found, bad)], [("COMPILE_OUTPUT", m) for _, m in bad], "outputs that are wrong")
    is_([c for c, _ in warnings(rule(output="%container.info"))] + [m for _, m in warnings(rule(output="%evt.dir"))],
        ["DEPRECATED_ITEM", "usage of deprecated field 'evt.dir' has been detected in the rule output"], "what is deprecated in outputs")
    status, found, err = alerts(STREAM, write("0.yaml", rule("evt.type = openat", output="o %proc.name", more="  tags: [a, b]\n")), append_output=json.dumps([
        {"extra_output": "X=%proc.pid", "extra_fields": ["proc.name", "%proc.pname", {"my": "a-%proc.pid"}]}, {"match": {"tags": ["b"]}, "extra_output": "tag"},
        {"match": {"tags": ["b", "c"]}, "extra_output": "no"}, {"match": {"rule": "x"}, "extra_output": "no"}, {"match": {"source": "syscall", "rule": "r"},
                                                                                                              "suggested_output": True}]))
    is_(found[0]["output"].decode() if found else err, "o cat X=100 tag container_id=host container_name=host container_image_repository=<NA> "
        "container_image_tag=<NA> k8s_pod_name=<NA> k8s_ns_name=<NA>", "append_output: extra text, by rule, tags and source; suggested fields")
    fields = dict(found[0]["fields"]) if found else {}
    is_([fields.get(k) for k in ("proc.name", "proc.pid", "proc.pname", "my")], ["cat", 100, "bash", "a-100"], "extra fields, with their types or as text")
    spoken = []
    for p in "emergency alert critical error warning notice informational debug".split():
        text = rule("evt.type = openat", output="say \"%proc.name\"\\ \t.").replace("INFO", p)
        spoken.append(lines(text).split(": ", 1)[1].strip())
    is_(spoken, ["%s say \\\"cat\\\"\\\\ \\t." % p for p in "Emergency Alert Critical Error Warning Notice Informational Debug".split()],
        "a text line: the priority's name, and escapes")
    is_([re.sub(r"\d", "0", lines(text, *o).split(": ")[0]) for o in ((), ("-O", "time_format_iso_8601=true"))],
        ["00:00:00.000000000", "0000-00-00T00:00:00.000000000+0000"], "times with and without ISO 8601")


def old():
    """What is marked [0.28]."""
    def said(text):
        p = subprocess.run([MATCH, "--validate", "-O", "compat=0.28", write("0.yaml", text)], capture_output=True, timeout=20)
        return p.stdout.decode()
    is_([said("- required_engine_version: %s\n" % v).splitlines()[:2] for v in (8, 9)],
        [["Ok"], ["1 errors:", "Rules require engine version 9, but engine version is 8"]], "the engine's version is 8")
    whole = "1 errors:\n%s\n---\n%s\n---\n"
    is_([said(t) for t in ("This is not yaml", "foo: bar\n", "this : is : not : yaml\nmore\n\nlines\n")],
        [whole % ("Rules content is not yaml", "This is not yaml"), whole % ("Rules content is not yaml array of objects", "foo: bar"),
         whole % ("mapping values are not allowed in this context", "this : is : not : yaml\nmore\n")], "what is not YAML, or no rules")
    wrong = HEAD + "  exceptions:\n    - {name: e, %s}\n"
    is_([said(wrong % t).splitlines()[1] for t in ("values: [a]", "fields: [proc.name], comps: [no]", "fields: proc.name, comps: no",
                                                   "fields: proc.name, comps: [in]")],
        ["Rule exception item e: " + t for t in ("must have fields property with a list of fields", "comparison operator no is not a supported "
                                                 "comparison operator", "comparison operator no must be one of (in, pmatch, intersects)",
                                                 "fields and comps must both be strings")], "exceptions that are wrong")
    is_(said(rule(output="seen %nosuch.x")).splitlines()[1], "Invalid output format 'seen %nosuch.x': 'invalid formatting token nosuch.x'", "an output")
    refused = ["toupper(proc.name) = X", "proc.name = oneof (a, b)", "proc.name regex a", "proc.name iglob a", "evt.buffer bcontains 00"]
    is_([condition_error(c, compat="0.28") is not None for c in refused], [True] * len(refused), "no transformers, modifiers and later operators")
    is_(holds("proc.name = cat", 'proc.name != "c\\at"', 'proc.name != "c\\x61t"', compat="0.28"),
        ["proc.name = cat", 'proc.name != "c\\at"', 'proc.name != "c\\x61t"'], "a backslash stays in the text")
    is_([output("x %container.info", compat="0.28"), output("x %container.info")], ["x host (id=host)", "x "], "%container.info")
    is_([errors(HEAD.replace("INFO", p), compat="0.28") and 1 for p in ("INFO", "Info", "info", "iNFO")], [None, None, None, 1], "priorities in three spellings")
    status, found, err = alerts(STREAM, write("0.yaml", rule("evt.type = openat")), compat="0.28")
    is_([a["priority"] for a in found], [5], "info is the number of notice")
    quoted = rule("evt.type = openat", output='say "%proc.name"\\')
    is_([lines(quoted, "-O", "compat=0.28").split(": ", 1)[1], json.loads(lines(quoted, "-O", "compat=0.28", "--json"))["output"].split(": ", 1)[1]],
        ['Informational say "cat"\\\n', 'Informational say "cat"\\'], "text lines are not escaped")
    os.makedirs("folder", exist_ok=True)
    write("folder/a.rules", rule("evt.type = openat"))
    is_([len(alerts(STREAM, "folder", compat="0.28")[1]), len(alerts(STREAM, "folder")[1])], [1, 0], "every file of a folder, whatever its name")
    is_(said("- rule: r\n  desc: d\n  output: o\n  priority: INFO\n  condition: evt.type=open bar\n\n# the end\n"),
        "1 errors:\nCompilation error when compiling \"evt.type=open bar\": 15: syntax error, unexpected 'bar', expecting 'or', 'and'\n---\n"
        "- rule: r\n  desc: d\n  output: o\n  priority: INFO\n  condition: evt.type=open bar\n---\n", "errors show the item")
    is_(errors(HEAD + "- rule: r\n  desc: x\n  override: {desc: replace}\n", compat="0.28") is None, False, "no override")


def printed():
    """Sections 14 and 15."""
    def run(*args):
        p = subprocess.run([MATCH, *args], capture_output=True, timeout=20)
        return p.returncode, p.stdout.decode(), p.stderr.decode()
    write("ok.yaml", HEAD)
    write("warn.yaml", HEAD + "  typo: 1\n")
    write("bad.yaml", HEAD.replace("- rule: r", "- rule: b") + HEAD.replace("evt.type = open", "evt.type = open and\n    proc.nam = x"))
    is_(run("--validate", "ok.yaml", "warn.yaml")[:2], (0, "ok.yaml: Ok\nwarn.yaml: Ok, with warnings\n"), "files that are well")
    status, out, err = run("--validate", "bad.yaml")
    is_((status, out), (78, """bad.yaml: Invalid
1 Errors:
In rules content: (bad.yaml:0:0)
    rule 'r': (bad.yaml:5:2)
    rule condition: (bad.yaml:7:13)
    condition expression: ("evt.type = open a...":0:20)
------
evt.type = open and proc.nam = x
                    ^
------
LOAD_ERR_COMPILE_CONDITION (Error compiling condition): filter_check called with nonexistent field proc.nam
"""), "an error in Falco's form")
    is_(err, "bad.yaml:9:5: filter_check called with nonexistent field proc.nam; did you mean 'proc.name'?\n        proc.nam = x\n        ^\n",
        "and in saker's, which counts from 1 and suggests")
    wrong = [(rule("proc.name contain x"), "contains"), (rule("evt.type = opennat"), "openat"), (rule("proc.nam = x"), "proc.name"),
             (rule(output="%proc.nam"), "%proc.name"), (HEAD + "- rule: rr\n  append: true\n  condition: x\n", "r"), (HEAD + "- rule: q\n  enabled: true\n", "r"),
             ("- list: abc\n  items: []\n- list: abd\n  items: []\n  append: true\n", "abc"), (HEAD.replace("INFO", "WARNIN"), "Warning"),
             ("- macro: abc\n  condition: evt.num=1\n- macro: x\n  condition: abd\n", "abc"), (HEAD + "  exceptions: [{name: e, fields: proc.nam}]\n", "proc.name"),
             (HEAD + "  exceptions: [{name: e, fields: proc.name, comps: pmtch}]\n", "pmatch"), ("- marco: m\n", "macro"), (HEAD + "  tag: []\n", "tags"),
             (HEAD + "- rule: s\n  desc: d\n  override: {desc: replace}\n", "r")]
    is_([n in run("--validate", write("0.yaml", t))[2].lower() for t, n in [(t, ("did you mean '%s'?" % n).lower()) for t, n in wrong]], [True] * len(wrong),
        "the nearest name is suggested, of %d kinds" % len(wrong))
    long = "- macro: m\n  condition: evt.num = 1 and %s nosuch = 1\n" % ("proc.name != aaaaaaaaa and " * 9)
    snippet = validate(write("0.yaml", long))[0]["errors"][0]["context"]["snippet"].splitlines()
    is_([len(snippet[0]) <= 163, snippet[0][:3], snippet[1].strip(), snippet[0][snippet[1].index("^"):][:6]], [True, "...", "^", "= 1"], "a long line is cut")
    accents = validate(write("0.yaml", rule("evt.type = " + "é" * 200 + " or proc.nam" + "é" * 200)))[0]["errors"][0]
    is_((accents["code"], len(accents["context"]["locations"])), ("LOAD_ERR_COMPILE_CONDITION", 4), "what is cut inside of a character is JSON still")
    result = validate("bad.yaml")[0]
    is_([sorted(result), sorted(result["errors"][0]), result["successful"], result["schema_valid"], result["errors"][0]["context"]["locations"][1]],
        [["errors", "name", "schema_valid", "schema_warnings", "successful", "warnings"], ["code", "codedesc", "context", "message"], False, True,
         {"item_type": "rule", "item_name": "r", "position": {"name": "bad.yaml", "line": 5, "column": 2, "offset": 80}}], "the same as JSON")
    is_(validate(write("0.yaml", rule(output="%evt.dir")))[0]["warnings"][0].get("deprecated_field"), "evt.dir", "a deprecated field is named")
    is_([bool(validate(write("0.yaml", t))[0]["schema_valid"]) for t in (HEAD, HEAD.replace("INFO", "info"), HEAD + "  override: {}\n", HEAD + "  x: 1\n")],
        [True, False, False, False], "the schema is stricter than the loader")
    write("0.yaml", "- list: l\n  items: [a]\n- macro: m\n  condition: proc.name in (l)\n" + rule("evt.type = open and m", "x", "%fd.name"))
    is_(run("--list-rules", "-r", "0.yaml")[1], "%-50s Description\n%-50s -----------\n%-50s d\n\n" % ("Rule", "----", "x"), "--list-rules")
    status, out, _ = run("--describe", "x", "-r", "0.yaml")
    only = json.loads(out)
    d = only["rules"][0]["details"]
    is_([sorted(only), d["macros"], d["lists"], sorted(d["condition_operators"]), d["condition_fields"], d["output_fields"], d["condition_compiled"],
         d["output_compiled"]], [["rules"], ["m"], [], ["=", "in"], ["evt.type", "proc.name"], ["fd.name"], "(evt.type = open and proc.name in (a))",
                                 "%fd.name"], "--describe NAME")
    write("1.yaml", rule('evt.type = open and proc.name = "\\xff"', "y"))
    is_(describe("1.yaml")["rules"][0]["details"]["condition_compiled"], "(evt.type = open and proc.name = ?)", "a byte that is no text")
    is_(run("--describe=nosuch", "-r", "0.yaml")[0::2], (78, "match: Rule \"nosuch\" is not loaded\n"), "--describe of a rule that is not there")
    whole = json.loads(run("--describe", "-r", "0.yaml")[1])
    is_([sorted(whole), whole["macros"][0]["details"]["lists"], whole["lists"][0]["details"]["items_compiled"], whole["macros"][0]["details"]["used"]],
        [["lists", "macros", "required_engine_version", "required_plugin_versions", "rules"], ["l"], ["a"], True], "--describe")
    is_([e in run("--list-events")[1] for e in ("< openat(FD fd, FD dirfd, FSRELPATH name", "> open(")], [True, True], "--list-events")


def main():
    for part in (structure, required, redefinition, exceptions, lists_and_macros, grammar, evaluation, event_types, selection, outputs, old, printed):
        print("# " + part.__doc__)
        part()
    print("1..%d" % count)
    return not failed
