#!/bin/sh
# Rules files that mean harm: nested, circular, doubling at every step, cut short, of random bytes. match must take them or refuse
# them with a place, within seconds and without a crash. 150 files of random damage, 5,000 with SAKER_SOAK=1; the seed is printed.
here=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
export MATCH="${SAKER_BUILD:-$here/build}/bin/match" RULES="$here/rules/saker_rules.yaml"
exec 3>&1
python3 - <<'PYTHON'
import json, os, random, re, subprocess, time

MATCH, count = os.environ["MATCH"], 0
SAID = re.compile(rb"^(.*\.yaml:\d+:\d+: |.*\.yaml: )", re.M)


def rule(condition, more=""):
    return "- rule: r\n  desc: d\n  condition: %s\n  output: o\n  priority: INFO\n%s" % (json.dumps(condition), more)


def run(name, *args):
    try:
        p = subprocess.run([MATCH, *args, name], capture_output=True, timeout=60)
    except subprocess.TimeoutExpired:
        return "no end", b"", b""
    return p.returncode, p.stdout, p.stderr


def problems(data, expected=(0, 78), text=b""):
    with open("f.yaml", "wb") as f:
        f.write(data if isinstance(data, bytes) else data.encode())
    wrong = []
    for args in (["--validate"], ["-O", "json_output=true", "--validate"], ["--describe", "-r"], ["-O", "compat=0.28", "--validate"]):
        status, out, err = run("f.yaml", *args)
        if status not in expected or (status == 78 and not SAID.search(err)) or b"AddressSanitizer" in err or b"runtime error" in err:
            wrong.append((args, status, err[-400:]))
        elif status == 78 and text not in err:
            wrong.append((args, "says", err[:400]))
        elif "json_output=true" in args:
            json.loads(out)
    return wrong


def case(what, *args, **opts):
    global count
    count += 1
    wrong = problems(*args, **opts)
    print("%sok %d - %s" % ("not " if wrong else "", count, what), flush=True)
    for w in wrong:
        print("# %r" % (w,))


refused = {"expected": (78,)}
case("100,000 parentheses", rule("(" * 100000 + "evt.num=1" + ")" * 100000), text=b"max depth", **refused)
case("100,000 not(", rule("not(" * 100000 + "evt.num=1" + ")" * 100000), text=b"max depth", **refused)
case("100,000 not", rule("not " * 100001 + "evt.num=1"), expected=(0,))
case("100,000 transformers", rule("toupper(" * 100000 + "proc.name" + ")" * 100000 + " = X"), **refused)
case("YAML 100,000 deep", "- " + "[" * 100000, text=b"nested deeper", **refused)
case("sequences in a line", "- " * 100000 + "a", text=b"nested deeper", **refused)
case("maps in maps", "- " + "{a: " * 100000, text=b"nested deeper", **refused)
case("aliases of aliases", "- list: a\n  items: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    "- list: l%d\n  items: &%s [%s]\n" % (i, chr(98 + i), ",".join(["*" + chr(97 + i)] * 9)) for i in range(20)), text=b"nodes", **refused)
macros = "- macro: m0\n  condition: proc.name=a or proc.name=b\n" + "".join(
    "- macro: m%d\n  condition: (m%d and proc.name=x%d) or (m%d and proc.name=y%d)\n" % (i, i - 1, i, i - 1, i) for i in range(1, 60))
case("macros that double 60 times", macros + rule("m59"), expected=(0,))
lists = "".join("- list: l%d\n  items: [%s]\n" % (i, ", ".join(["l%d" % (i - 1)] * 8)) for i in range(39, 0, -1)) + "- list: l0\n  items: [a, a]\n"
case("lists that grow eightfold 39 times", lists + rule("proc.name in (l39)"), text=b"of lists in conditions", **refused)
circle = "- macro: a\n  condition: evt.num=1\n- macro: b\n  condition: a\n- macro: a\n  condition: not b\n"
case("macros in a circle", circle + rule("a"), text=b"reference loop in macro 'a'", **refused)
case("and when no rule uses them", circle, text=b"reference loop in macro 'a'", **refused)
case("a macro of itself", "- macro: a\n  condition: evt.num=1\n- macro: a\n  condition: a\n", text=b"reference loop in macro 'a'", **refused)
case("macros in macros, 10,000 deep", "- macro: m0\n  condition: evt.num=1\n" + "".join(
    "- macro: m%d\n  condition: m%d\n" % (i, i - 1) for i in range(1, 10000)), text=b"nested too deep", **refused)
case("a list of 200,000", "- list: l\n  items: [%s]\n" % ", ".join("item%d" % i for i in range(200000)) + rule("proc.name in (l)"), expected=(0,))
case("20,000 lists in one condition", "".join("- list: l%d\n  items: [a]\n" % i for i in range(20000)) +
     rule("proc.name in (%s)" % ", ".join("l%d" % i for i in range(20000))), expected=(0,))
case("50,000 parts joined by or", rule(" or ".join("evt.num=%d" % i for i in range(50000))), expected=(0,))
case("a rule appended to 5,000 times", rule("evt.type=open") + "".join("- rule: r\n  condition: or evt.num=%d\n  append: true\n" % i for i in range(5000)))
case("100,000 exceptions", rule("evt.type=open", "  exceptions:\n") + "".join("  - {name: e%d, fields: proc.name}\n" % i for i in range(100000)),
     text=b"exceptions of a rule", **refused)
case("100,000 keys that are not known", "- list: a\n  items: [b]\n" + "".join("  k%d: x\n" % i for i in range(100000)), expected=(0,))
case("a condition with 50,000 warnings", rule("evt.type=open and proc.name in (%s)" % ", ".join(["proc.pname"] * 50000)), expected=(0, 78))
case("more than 16 MiB", "#" * (17 << 20), text=b"more than 16 MiB", **refused)
case("10 MB of rules", "".join("- rule: r%d\n  desc: d\n  condition: evt.type=open and proc.name=x%d\n  output: o %%proc.name\n  priority: INFO\n" % (
    i, i) for i in range(20000)) + "#" * (8 << 20), expected=(0,))
case("a NUL", b"- rule: a\0b\n", **refused)
case("bytes that are no UTF-8", b"- list: a\xff\xfe\n  items: [b]\n", **refused)

seed = int(os.environ.get("SAKER_SEED", time.time()))
print("# SAKER_SEED=%d" % seed)
random.seed(seed)
good = open(os.environ["RULES"], "rb").read()
seeds = [good, (circle + macros + lists).encode(), rule("evt.type=open and not (proc.name in (a, \"b c\") or fd.name pmatch (/a))",
                                                     "  tags: [a]\n  exceptions: [{name: e, fields: [proc.name, fd.name], comps: [in, =], values: [[[a, b], c]]}]\n").encode()]
words = [b"(", b")", b"not ", b" and ", b"[", b"]", b"{", b"}", b": ", b"- ", b"\n", b"&a ", b"*a", b"'", b'"', b"\\", b"%", b"!!", b"\t", b"|\n", b"--- ", b"0x", b"proc.name",
         b"val(", b"toupper(", b"\xc3\xa9", b"append: true\n", b"override:\n", b"\x00", b"\xff", b"#", b"=", b","]
wrong, n = [], 5000 if os.environ.get("SAKER_SOAK") == "1" else 150
for i in range(n):
    data = bytearray(random.choice(seeds))
    kind = i % 4
    if kind == 0:
        data = bytearray(random.randbytes(random.randint(0, 300)))
    elif kind == 1:
        del data[random.randint(0, len(data)):]
    for _ in range(random.randint(1, 6) if kind >= 2 else 0):
        at = random.randint(0, len(data))
        data[at:at + random.choice([0, 0, 1, 5, 40])] = random.choice(words) * random.choice([1, 1, 1, 3])
    found = problems(bytes(data))
    if found:
        wrong.append((found, bytes(data[:2000])))
count += 1
print("%sok %d - %d files of random bytes, cut short, or damaged" % ("not " if wrong else "", count, n))
for w in wrong[:3]:
    print("# %r" % (w,))
print("1..%d" % count)
PYTHON
