#!/bin/sh
# The field table against reference/fields.md: each field that it names is there, with its type, argument and flags, and rules may use
# it where they may.
here=$(cd "$(dirname "$0")/../.." && pwd)
PATH="${SAKER_BUILD:-$here/build}/bin:$PATH"
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
export HERE="$here" DIR="$dir" PYTHONPATH="$here/tests/helpers" PYTHONDONTWRITEBYTECODE=1
REFERENCE="${SAKER_SHARED:-$here/../shared}/reference/fields.md"
[ -f "$REFERENCE" ] || {
	echo "1..0 # SKIP no $REFERENCE"
	exit 0
}
export REFERENCE
python3 - <<'EOF'
import json, os, re, subprocess
from live import Tap

DIR = os.environ["DIR"]
tap = Tap()
is_, ok = tap.is_, tap.ok
table = {f["name"]: f for f in json.loads(subprocess.run(["match", "--list-fields", "-v", "--format", "json"], stdout=subprocess.PIPE,
                                                         check=True).stdout)["fields"]}
TYPES = {"str": "CHARBUF", "bool": "BOOL", "dbl": "DOUBLE", "ip": "IPADDR", "net": "IPNET", "port": "PORT", "rel": "RELTIME",
         "abs": "ABSTIME", "bytes": "BYTEBUF"}


def braces(text):
    m = re.search(r"\{([^{}]*)\}", text)
    if not m:
        return [text]
    return [x for one in m.group(1).split(",") for x in braces(text[:m.start()] + one.strip() + text[m.end():])]


def full(first, item):
    """The name that `.s`, `is_io_read` or `_probe` behind the row's first name stands for, or the item itself."""
    rest = item.lstrip("._")
    heads = [first + "."] + [first[:m.end()] for m in reversed(list(re.finditer(r"[._]", first)))]
    if re.match(r"(evt|proc|thread|fd|container|k8s|ka|json|jevt|fs)\.", item):
        return item
    for head in heads:
        if head + rest in table:
            return head + rest
    return head + rest


def names(cell):
    cell = re.sub(r"\([^)]*\)|\[0\.28 only\]", "", cell).strip()
    items = [i for i in re.split(r"\s*,\s*|\s+/\s+|\s+=\s+|/(?=\.)|\s+(?=\.)", cell) if i]
    return [items[0]] + [full(items[0], i) for i in items[1:]]


def rows():
    columns = section = None
    with open(os.environ["REFERENCE"], encoding="utf-8") as f:
        for line in f:
            if line.startswith("## "):
                section = line[3:].split(".")[0]
            cells = [c.strip().replace("**", "") for c in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
            if line.startswith("| Field"):
                columns = cells
            elif not line.startswith("|"):
                columns = None
            elif columns and not line.startswith("|---"):
                yield section, dict(zip(columns, cells))


def types_of(cell, n):
    one = [TYPES.get(t, "INT64" if re.match(r"i\d", t) else "UINT64" if re.match(r"u\d", t) else None)
           for t in re.findall(r"[a-z]+\d*", re.sub(r"\(.*|, absolute| as given", "", cell or "str"))]
    return one * n if len(one) == 1 else one


ARGUMENTS = {"[n]": "[index]", "[k]": "[key]", "[NAME]": "[key]", "[ts]": "[key]", "[json pointer]": "[key]", ".name": ".name",
             ".subsys": ".name", ".src/.dst": ".name", "[n] or .name": ".name", "[n] or [NAME]": "[index or key]",
             "[n] or [source glob]": "[index or key]", "[n] or [dest glob]": "[index or key]", "[k] or .k": ".name", "[k]/.k": ".name",
             "same": "[index or key]", "": None}

absent, other, seen = [], [], set()
filter_only, no_right, no_transform, plain = set(), set(), set(), set()
for section, row in rows():
    cell = row["Field"]
    if ".*" in cell:
        continue                      # written out below
    found = names(cell)
    kinds = types_of(row.get("Type"), len(found))
    argument = row.get("Arg", "–").split(" any")[0].strip()
    flags = row.get("F", "") or ""
    for i, name in enumerate(found):
        seen.add(name)
        if name not in table:
            absent.append(name)
            continue
        f = table[name]
        part = argument.split("/")[i] if "/" in argument and argument.count("/") == len(found) - 1 and "." not in argument else argument
        required = "!" in part or (section == "11" and part == "[k]")
        want = ARGUMENTS.get(re.sub(r"[!?–]", "", part).strip(), "?")
        if want != f["argument"] or (want and required != f["argument_required"]):
            other.append((name, "argument", row.get("Arg"), f["argument"], f["argument_required"]))
        if kinds and kinds[i] and row.get("Type") != "dyn" and kinds[i] != f["type"]:
            other.append((name, "type", kinds[i], f["type"]))
        ell = row.get("L", "")
        ell = ell.split("/")[i] if "/" in ell else ell
        if (ell.strip() == "L" or bool(re.match(r"L\b", flags))) != f["list"]:
            other.append((name, "list", ell, f["list"]))
        if section in ("2", "3", "5"):
            (filter_only if "FO" in flags else plain).add(name)
            if "NR" in flags:
                no_right.add(name)
            if "NT" in flags:
                no_transform.add(name)
with open(os.environ["REFERENCE"], encoding="utf-8") as f:
    text = f.read()
for what in ("rc", "svc", "rs", "deployment"):
    seen |= {"k8s.%s.%s" % (what, n) for n in ("name", "id", "label", "labels")}
lists = set()
for one in re.findall(r"`(k8smeta\.[^`]+)`", text):
    for item in re.findall(r"[^,{}]+(?=[,}])", one[one.index("{"):]):
        name = one[:one.index("{")] + item.strip().split("[")[0].split(" ")[0]
        seen.add(name)
        if item.endswith(" L"):
            lists.add(name)
for where in ("initContainers", "ephemeralContainers"):
    seen |= {n.replace(".containers.", ".%s." % where) for n in seen if n.startswith("ka.req.pod.containers.")}
seen |= {"proc.%s.%s" % (n, what) for n in ("stdin", "stdout", "stderr") for what in ("type", "name")} | {"thread.vmrss", "thread.vmsize.b"}
seen |= {"k8s.ns." + n for n in ("id", "label", "labels")}
seen |= {"fdlist." + n for n in ("nums", "names", "cips", "sips", "cports", "sports")} | {"util.cnt"}
old = text[text.index("## 12."):]
for one in re.findall(r"(mesos|marathon|syslog)\.\{([^}]*)\}", old):
    seen |= {one[0] + "." + n for n in one[1].split(",")}
absent += sorted(n for n in seen - set(table) if n not in absent)
ok(len(seen) > 380, "the reference is read", len(seen))
is_(absent, [], "every field that it names is in the table")
is_(other, [], "with its type, argument and list-ness")
is_(sorted(n for n in lists if n in table and not table[n]["list"]), [], "the plugin's lists too")


def refused(rules):
    """Those of the rules, by name (condition, output), that do not load."""
    path = os.path.join(DIR, "one.yaml")
    bad = set()
    for name, (condition, output) in rules.items():
        with open(path, "w", encoding="utf-8") as f:
            json.dump([{"rule": "r", "desc": "d", "condition": condition, "output": output, "priority": "INFO"}], f)
        if subprocess.run(["match", "--validate", path], capture_output=True, check=False).returncode:
            bad.add(name)
    return bad


def spelt(name):
    a = table[name]["argument"] if table[name]["argument_required"] else None
    if name in ("evt.arg", "evt.rawarg"):
        return name + ".name"
    return name + {None: "", "[index]": "[1]", "[key]": "[7]", "[index or key]": "[1]", ".name": ".cpu"}[a]


known = {n for n in filter_only | plain if n in table}
# Falco prints those for filters alone too (<IPNET>): see the golden values.
is_(sorted(refused({n: ("evt.num > 0", "x %" + spelt(n)) for n in known})), [], "all can be printed")
is_(sorted(refused({n: ("evt.num > 0 and %s exists" % spelt(n), "x") for n in known - {"evt.around"}})), [], "all can be asked for")
ok(filter_only <= known and all(n == "evt.around" or n.startswith("fd.") for n in filter_only), "those for filters alone are known")
texts = {n for n in known if table[n]["type"] == "CHARBUF" and not table[n]["list"] and n not in ("evt.type", "syscall.type")}
is_(sorted(refused({n: ('evt.num > 0 and toupper(%s) = "X"' % spelt(n), "x") for n in texts})), sorted(no_transform & texts),
    "those that take no transformers")
is_(sorted(refused({n: ("evt.num > 0 and proc.name = val(%s)" % spelt(n), "x") for n in texts})), sorted((no_right & texts)),
    "those that are no right-hand side")
tap.end()
EOF
