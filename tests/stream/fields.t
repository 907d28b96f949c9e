#!/bin/sh
# match --list-fields in its three forms, and fields of one's own: tables, their errors, and rules that use them.
here=$(cd "$(dirname "$0")/../.." && pwd)
PATH="${SAKER_BUILD:-$here/build}/bin:$PATH"
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
export HERE="$here" DIR="$dir" TZ=UTC PYTHONPATH="$here/tests/helpers" PYTHONDONTWRITEBYTECODE=1
python3 - <<'EOF'
import json, os, re, subprocess
from collections import Counter
from live import Tap

HERE, DIR = os.environ["HERE"], os.environ["DIR"]
TRAIL = os.path.join(HERE, "rules/fields/cloudtrail.yaml")
tap = Tap()
is_, ok = tap.is_, tap.ok


def run(*arguments, data=b""):
    p = subprocess.run(arguments, input=data, capture_output=True, timeout=30)
    return p.returncode, p.stdout.decode(), p.stderr.decode()


def listed(*options):
    status, out, err = run("match", *options)
    return out if status == 0 else "%d %s" % (status, err)


def path(name, text):
    with open(os.path.join(DIR, name), "w", encoding="utf-8") as f:
        f.write(text)
    return f.name


# The list
with open(os.path.join(HERE, "match/fields/fields.def"), encoding="utf-8") as f:
    table = re.findall(r'^FIELD\("([^"]+)",\s*(\w+),\s*(\w+),\s*([^,]+),', f.read(), re.M)
names = Counter(name for name, *_ in table)
hidden = {name for name, _, _, flags in table if "HIDDEN" in flags}
ok(len(names) > 300 and hidden, "the test reads the table")
everything = json.loads(listed("--list-fields", "-v", "--format", "json"))["fields"]
is_(Counter(f["name"] for f in everything), names, "JSON has every field of the table once")
is_(Counter(re.findall(r"^([A-Za-z0-9_]+\.[A-Za-z0-9_.]+) ", listed("--list-fields", "-v"), re.M)), names, "text too")
is_(Counter(re.findall(r"^\| `([^`]+)` \|", listed("--list-fields", "-v", "--format", "markdown"), re.M)), names, "Markdown too")
is_({f["name"] for f in json.loads(listed("--list-fields", "--format", "json"))["fields"]}, set(names) - hidden, "internal ones only with -v")
cells = [re.split(r"(?<!\\)\|", line) for line in listed("--list-fields", "--format", "markdown").splitlines() if line.startswith("| `")]
is_({len(c) for c in cells}, {6}, "every row of Markdown has four cells")
absent = {name for name, _, _, flags in table if "ABSENT" in flags}
is_({f["name"] for f in everything if not f["supplied"]}, absent, "what this platform does not supply is named")
ok(re.search(r"^k8s\.rc\.label +\.name +CHARBUF +.*\(not supplied here: always missing\)$", listed("--list-fields"), re.M), "in text too")
by_name = {f["name"]: f for f in everything}
is_([(by_name[n]["type"], by_name[n]["list"], by_name[n]["argument"], by_name[n]["argument_required"], by_name[n]["source"])
     for n in ("proc.aname", "evt.arg", "json.value", "fd.sip", "ka.user.groups", "evt.num")],
    [("CHARBUF", False, "[index]", False, "syscall"), ("CHARBUF", False, ".name", True, "syscall"), ("CHARBUF", False, "[key]", True, "json"),
     ("IPADDR", False, None, False, "syscall"), ("CHARBUF", True, None, False, "k8s_audit"), ("UINT64", False, None, False, None)],
    "types and arguments are those of the table")
text = listed("--list-fields")
ok(re.search(r"^proc\.aname +\[index\]\? +CHARBUF ", text, re.M) and re.search(r"^evt\.arg +\.name +CHARBUF ", text, re.M) and
   re.search(r"^ka\.user\.groups +LIST\(CHARBUF\) ", text, re.M), "in text too")
is_({f["source"] for f in json.loads(listed("--list-fields=k8s_audit", "--format", "json"))["fields"]}, {None, "json", "k8s_audit"},
    "of a source: what its rules can use")
is_({f["source"] for f in json.loads(listed("--list-fields=syscall", "--format", "json"))["fields"]}, {None, "syscall"}, "another source")
own = json.loads(listed("--list-fields=aws_cloudtrail", "--fields", TRAIL, "--format", "json"))["fields"]
ok({"ct.name", "s3.bytes.in", "json.value", "evt.num"} <= {f["name"] for f in own} and "ka.verb" not in {f["name"] for f in own},
   "those of one's own stand there too", own[-1])
is_([[f["type"], f["supplied"], f["description"]] for f in own if f["name"] in ("ct.name", "s3.bytes.in", "ct.info")],
    [["CHARBUF", True, "value at /eventName"], ["CHARBUF", False, "of the plugin"], ["UINT64", True, "size of an upload"]], "with type and description")
ok(listed("--list-fields=okta").startswith("64 match: --list-fields: found 'okta', expected"), "an unknown source: 64")
ok(listed("--list-fields", "--format", "xml").startswith("64 match: --format: found 'xml', expected text, json or markdown"), "an unknown format: 64")

# Tables
TABLE = """source: shop
plugin: shop
version: 1.2.0
fields:
  shop.text: /text
  shop.first: [/nobody, /null, /text]
  shop.int: {pointer: /int, type: int}
  shop.uint: {pointer: /uint, type: uint}
  shop.double: {pointer: /double, type: double}
  shop.flag: {pointer: /flag, type: bool}
  shop.ip: {pointer: /ip, type: ip}
  shop.ip6: {pointer: /ip6, type: ip}
  shop.time: {pointer: /time, type: time}
  shop.list: {pointer: /list, type: list, desc: what was bought}
  shop.deep: /a~1b/0/c
  shop.never: ~
"""
RECORD = {"text": "Hello there", "null": None, "int": -3, "uint": "18446744073709551615", "double": 2.75, "flag": "true", "ip": "10.1.2.3",
          "ip6": "fe80::1", "time": "2024-05-01T10:00:00.5Z", "list": ["ham", 7, "eggs"], "a/b": [{"c": "x"}], "bad": {"n": 1}}
table_file = path("shop.yaml", TABLE)


def rule(condition, output="x", source="shop", more=""):
    return "- rule: R\n  desc: d\n  source: %s\n  condition: >\n    %s\n  output: '%s'\n  priority: INFO\n%s" % (source, condition, output, more)


def alerts(rules, *options, record=RECORD, source="shop"):
    """(alerts, what match said)."""
    frames = subprocess.run(["frames", "--json-source", source], input=json.dumps(record).encode(), capture_output=True, timeout=30, check=True)
    file = path("rules.yaml", rules)
    p = subprocess.run(["match", "-r", file, *options], input=frames.stdout, capture_output=True, timeout=30, check=False)
    lines = run("emit", "--json", data=p.stdout)[1].splitlines()
    return [json.loads(line) for line in lines], p.stderr.decode()


CONDITIONS = """
1 shop.text = "Hello there"
0 shop.text != "Hello there"
1 shop.text contains there and shop.text icontains HELLO and shop.text startswith Hel and shop.text endswith re and shop.text glob H*e
1 shop.text regex "^H.*e$" and shop.text in (a, "Hello there") and shop.text != val(shop.deep)
1 tolower(shop.text) = "hello there" and len(shop.text) = 11
1 shop.first = "Hello there"
1 shop.int = -3 and shop.int < 0 and shop.int >= -3 and shop.int in (1, -3)
0 shop.int > -3
1 shop.uint = 18446744073709551615 and shop.uint > 5
1 shop.double = 2.75 and shop.double > 2 and shop.double < 2.751
1 shop.flag = true and shop.flag exists
1 shop.ip = 10.1.2.3 and shop.ip in (1.1.1.1, 10.1.2.3) and shop.ip6 = fe80::1
0 shop.ip = 10.1.2.4
1 shop.time = 1714557600500000000 and shop.time < val(evt.rawtime)
1 shop.list in (ham, 7, eggs, bacon) and shop.list intersects (eggs, x) and len(shop.list) = 3
0 shop.list in (ham, eggs)
1 shop.deep = x and shop.deep pmatch (x)
0 shop.never exists
0 shop.never = x
1 not shop.never = x
1 json.value[/int] = -3 and jevt.value[/list/1] = 7 and json.value[/nobody] != x or jevt.value[text] = "Hello there"
1 evt.source = shop
"""
for line in CONDITIONS.split("\n")[1:-1]:
    expected, condition = line.split(" ", 1)
    found, err = alerts(rule(condition), "--fields", table_file)
    ok(len(found) == int(expected) and err.count("\n") == 1, ("holds: " if expected == "1" else "does not hold: ") + condition.replace("#", ""), found, err)
bad = dict(RECORD, int="3x", uint=-1, double="x", flag=1, ip="s3.amazonaws.com", ip6="", time="soon", text=None)
found, err = alerts(rule("evt.num = 1 and not (%s)" % " or ".join(
    "shop.%s exists" % f for f in "text int uint double flag ip ip6 time never".split())), "--fields", table_file, record=bad)
is_(len(found), 1, "what is not of its type is missing")
output = " ".join("%%shop.%s" % f for f in "text int uint double flag ip ip6 time list deep never".split())
found, err = alerts(rule("evt.num = 1", output), "--fields", table_file)
ok(found and found[0]["output"].endswith("Informational Hello there -3 18446744073709551615 2.75 true 10.1.2.3 fe80::1 1714557600500000000 "
                                         "(ham,7,eggs) x <NA>"), "in outputs", found, err)
fields = found[0]["output_fields"] if found else {}
is_([fields.get("shop." + f) for f in ("int", "flag", "list", "never")], [-3, True, ["ham", "7", "eggs"], None], "with their types in JSON")
EXCEPTION = "  exceptions:\n    - name: known\n      fields: [shop.int, shop.list]\n      comps: [=, intersects]\n      values: [[%d, [eggs]]]\n"
is_([len(alerts(rule("shop.flag = true", more=EXCEPTION % n), "--fields", table_file)[0]) for n in (-3, 4)], [0, 1], "in exceptions")
PLUGIN = "- required_plugin_versions:\n    - name: shop\n      version: %s\n"
is_([len(alerts(PLUGIN % v + rule("shop.flag = true"), "--fields", table_file)[0]) for v in ("1.1.0", "1.3.0")], [1, 0],
    "a table stands for a plugin of its version")
found, err = alerts(rule("shop.flag = true"))
ok(not found and "warning: Unknown source shop, skipping" in err, "without the table such a rule is left out", err)
found, err = alerts(rule("shop.lst intersects (x)"), "--fields", table_file)
ok(not found and "rules.yaml:5:5: filter_check called with nonexistent field shop.lst; did you mean 'shop.list'?" in err,
   "with it an unknown field is an error, with the nearest name", err)
found, err = alerts(rule("evt.num = 1", "x %shop.txt"), "--fields", table_file)
ok("shop.txt, expected a field; did you mean '%shop.text'?" in err, "in the output too", err)
found, err = alerts(rule("shop.text = x", source="syscall"), "--fields", table_file)
ok("nonexistent field shop.text; rules of another source have it" in err, "rules of another source do not have it", err)
found, err = alerts(rule("shop.ip = x"), "--fields", table_file)
ok("unrecognized IPv6 address x" in err, "constants are checked by the type", err)
other = path("other.yaml", "source: okta\nfields:\n  okta.actor: /actor/id\n")
is_(len(alerts(rule("okta.actor = ann", source="okta"), "--fields", table_file, "--fields", other, record={"actor": {"id": "ann"}}, source="okta")[0]), 1,
    "several tables")

ERRORS = [
    ("source: a\nfields:\n  a.b: /x\n  a.c: {pointer: /x, type: strin}\n", "4:28: found 'strin', expected string, int, uint, double, bool, ip, "
     "time or list; did you mean 'string'?"),
    ("source: a\nfields:\n  a.b: x/y\n", "3:8: found 'x/y', expected a JSON pointer, such as /user/name"),
    ("source: a\nfields:\n  a.b: /x~2\n", "3:8: found '/x~2', expected a JSON pointer"),
    ("source: a\nfields:\n  a.b: [/x, [/y]]\n", "3:13: found 'a list or a map', expected a JSON pointer"),
    ("source: a\nfields:\n  a.b: []\n", "3:8: found 'a list or a map', expected at least one JSON pointer"),
    ("source: a\nfields:\n  ab: /x\n", "3:3: found 'ab', expected the name of a field: words with dots between them"),
    ("source: a\nfields:\n  a.b[1]: /x\n", "3:3: found 'a.b[1]', expected the name of a field"),
    ("source: a\nfields:\n  proc.name: /x\n", "3:3: found the field 'proc.name', expected one that is not there yet: source syscall has it"),
    ("source: a\nfields:\n  a.b: /x\n  a.b: /y\n", "4:3: found "),
    ("source: a\nfields:\n  a.b: {pointr: /x}\n", "3:9: found 'pointr', expected pointer, type or desc; did you mean 'pointer'?"),
    ("source: a\nfields:\n  a.b: {type: int}\n", "3:8: found no 'pointer', expected one"),
    ("source: a\nfield:\n  a.b: /x\n", "2:1: found 'field', expected source, plugin, version or fields; did you mean 'fields'?"),
    ("source: a\nfields: [a.b]\n", "2:9: found 'a list or a map', expected a map of names and JSON pointers"),
    ("source: syscall\nfields: {a.b: /x}\n", "1:9: found 'syscall', expected a source of JSON records"),
    ("source: a\nplugin: a\nfields: {a.b: /x}\n", "2:9: found 'plugin' alone, expected plugin and version"),
    ("source: a\nplugin: a\nversion: one\nfields: {a.b: /x}\n", "3:10: found 'one', expected three numbers with dots between them"),
    ("fields: {a.b: /x}\n", "1:1: "), ("source: a\n", "1:1: "), ("", "1:1: found nothing, expected a map with source and fields"),
    ("- a\n", "1:1: found 'a list or a map', expected a map with source and fields"), ("source: [\n", "2:1: "),
]
for text, message in ERRORS:
    status, out, err = run("match", "--list-fields", "--fields", path("bad.yaml", text))
    ok(status == 78 and "bad.yaml:" + message in err and not out, "refused: %r" % text, status, err)
ok(run("match", "--list-fields", "--fields", os.path.join(DIR, "nothing"))[0] == 78, "a table that is not there: 78")

# Rules for Falco's cloudtrail plugin
LOGIN = {"eventID": "e1", "eventTime": "2024-05-01T10:00:00Z", "eventName": "ConsoleLogin", "eventSource": "signin.amazonaws.com", "awsRegion": "eu-west-1",
         "sourceIPAddress": "203.0.113.9", "errorCode": None, "readOnly": False, "recipientAccountId": "42",
         "userIdentity": {"type": "AssumedRole", "sessionContext": {"sessionIssuer": {"userName": "admin"}}},
         "responseElements": {"ConsoleLogin": "Success"}, "additionalEventData": {"MFAUsed": "No", "bytesTransferredIn": 33.0}}
TRAIL_RULE = PLUGIN.replace("shop", "cloudtrail") % "0.6.0" + rule(
    'ct.name = "ConsoleLogin" and not ct.error exists and json.value[/responseElements/ConsoleLogin] = Success and ct.readonly = false '
    'and json.value[/additionalEventData/MFAUsed]="No" and s3.bytes.in > 32',
    "no MFA (%ct.user %ct.user.accountid %ct.srcip %ct.region %ct.src %ct.info %ct.response)", "aws_cloudtrail")
found, err = alerts(TRAIL_RULE, "--fields", TRAIL, record=LOGIN, source="aws_cloudtrail")
ok(found and "no MFA (admin 42 203.0.113.9 eu-west-1 signin.amazonaws.com <NA> {\"ConsoleLogin\":\"Success\"})" in found[0]["output"],
   "the shipped table of cloudtrail", found, err)

# static_fields
found, err = alerts(PLUGIN.replace("shop", "cloudtrail") % "0.6.0" + rule('static.env = "prod x" and static.n != 8 and not static.other exists', "in %static.env, %static.n", "aws_cloudtrail")
                    .replace("static.other", "ct.error"), "--fields", TRAIL, "-O", 'static_fields={env: prod x, n: 7}', record=LOGIN, source="aws_cloudtrail")
ok(found and "in prod x, 7" in found[0]["output"] and found[0]["output_fields"].get("static.env") == "prod x", "static_fields in conditions and outputs", found, err)
for value, message in (("{a b: x}", "static_fields:1:2: found 'a b', expected a name"), ("{a: [x]}", "static_fields:1:5: "), ("[a]", "static_fields:1:1: "), ("{a", "static_fields:2:1: ")):
    status, out, err = run("match", "-n", "-r", TRAIL, "-O", "static_fields=" + value)
    ok(status == 78 and message in err, "refused: static_fields=%s" % value, status, err)
status, out, err = run("match", "-n", "-r", path("static.yaml", rule("static.nosuch = x", "o", "syscall")), "-O", "static_fields={env: x}")
ok(status == 78 and "static.nosuch" in err, "a static field that is not there", status, err)
tap.end()
EOF
