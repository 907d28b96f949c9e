#!/bin/sh
# Configuration files as saker-conf reads them: the table of keys and what is made from it, types, merging, the environment, options,
# hostile files, and the keys that emit honours.
here=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
export HERE="$here" DIR="$dir" TZ=UTC PYTHONPATH="$here/tests/helpers" PYTHONDONTWRITEBYTECODE=1
unset FALCO_HOSTNAME HOST_ROOT
python3 - <<'EOF'
import glob, json, os, re, select, subprocess
import wire
from conf import BIN, DIR, HERE, conf, keys_of, path, run, table
from live import Tap
from wire import ALERT, END, HELLO

tap = Tap()
is_, ok = tap.is_, tap.ok
SHARED = os.environ.get("SAKER_SHARED") or os.path.join(HERE, "..", "shared")
KEYS = table()
BY_NAME = {k["name"]: k for k in KEYS}
RULES = path("rules.yaml", "- {rule: r, desc: d, condition: evt.type = open, output: o, priority: ERROR}\n")


def nested(name, text):
    """name: a.b.c; a configuration file that sets it."""
    lines = ["%s%s:" % ("  " * i, part) for i, part in enumerate(name.split("."))]
    return "\n".join(lines) + " " + text + "\n"


def check(text, *options, name="c.yaml", env=None):
    return conf("check", "-c", path(name, text), *options, env=env)


def effective(text="", *options, env=None, name="c.yaml"):
    """What a generation sets for each stage, and the text of errors."""
    status, out, err = conf("generate", "-d", "run", "-c", path(name, text), "-r", RULES, *options, env=env)
    if status:
        return err
    folder = "run/" + out.strip()
    return {k: v for stage in ("probe", "enrich", "match", "emit", "log") for k, v in keys_of(folder, stage).items()}


# The table, and what is made from it.
is_(len(KEYS), len(BY_NAME), "no key is there twice")
is_(sorted(l.split("\t")[0] for l in conf("--keys")[1].splitlines()), sorted(BY_NAME), "--keys has all of the table")
missing = [k["name"] for k in KEYS if not os.path.exists(os.path.join(HERE, "tests", k["test"]))]
is_(missing, [], "each key's test is there")
stages = {"probe", "enrich", "match", "emit"}
texts = {k["test"]: open(os.path.join(HERE, "tests", k["test"]), encoding="utf-8").read() for k in KEYS if k["name"] not in missing}
unnamed = [k["name"] for k in KEYS if stages & set(k["program"].split()) and k["name"] not in texts.get(k["test"], "")]
is_(unnamed, [], "and names the key, if a stage honours it")
is_({k["name"] for k in KEYS if not set(k["program"].split()) <= stages | {"conf", "log", "saker", "later", "no"}}, set(), "programs are known")
for stage in sorted(stages):
    source = "".join(open(f, encoding="utf-8").read() for f in glob.glob(os.path.join(HERE, stage, "**/*.c"), recursive=True))
    claimed = {m[0] for m in re.findall(r'KEY\((\w+), "[^"]*", (.*?)\)$', open(os.path.join(HERE, "conf/keys.def")).read(), re.S | re.M)
               if stage in re.findall(r'"([a-z ]*)",\s*"[a-z_]+/', m[1])[0].split()}
    is_({c for c in claimed if "CONF_" + c not in source}, set(), "%s uses every key that the table says it honours" % stage)
with open(os.path.join(HERE, "conf/saker.yaml"), encoding="utf-8") as f:
    is_(conf("--saker-yaml")[1], f.read(), "conf/saker.yaml is what the table makes")
is_(conf("check", "-c", os.path.join(HERE, "conf/saker.yaml"))[::2], (0, ""), "which loads without a word")
with open(os.path.join(HERE, "man/saker.yaml.5"), encoding="utf-8") as f:
    ok(conf("--mdoc")[1] in f.read(), "saker.yaml(5) has what the table makes")
schema = json.loads(conf("--config-schema")[1])


def schema_of(name):
    at = schema
    for part in name.split("."):
        at = at["properties"][part]
    return at


is_([k["name"] for k in KEYS if schema_of(k["name"])["description"] != k["meaning"].replace('\\"', '"')], [], "the schema has every key")

# Each key: a good value is taken; a bad one is refused with its place; what is honoured later or never says so when it is on.
OTHER = {"BOOL": ("true", "false"), "TEXT": ("some text", None), "DURATION": ("2h", None), "TEXTS": ("[a]", None), "MAP": ("{a: b}", None)}
SPECIAL = {"config_files": "[/nonexistent]", "webserver.listen_address": "::1", "plugins": "[{name: container, library_path: x}]",
           "load_plugins": "[container]", "rules": "[{enable: {rule: x}}]", "append_output": "[{extra_output: x}]",
           "syscall_event_drops.threshold": "0.5", "syscall_event_drops.max_burst": "2"}
BAD = {"BOOL": "maybe", "SIZE": "much", "COUNT": "-1", "NUMBER": "x", "TEXT": "[a]", "ENUM": "zzz", "DURATION": "5000",
       "TEXTS": "{a: b}", "RECORDS": "7", "MAP": "[a]"}
wrong, silent, refused = [], [], []
for k in KEYS:
    name, kind = k["name"], k["type"]
    value = SPECIAL.get(name) or (k["words"].split()[-1] if kind in ("ENUM", "TEXTS") and k["words"] else None)
    if value and kind == "TEXTS" and not value.startswith("["):
        value = "[%s]" % value
    if not value and kind == "BOOL":
        value = "false" if k["value"] == "true" else "true"
    if not value:
        value = str((int(k["low"]) + 1) if kind != "SIZE" else 524288) if kind in ("SIZE", "COUNT", "NUMBER") else OTHER[kind][0]
    needed = {"file_output.enabled": "file_output: {enabled: true, filename: x}\n", "program_output.enabled": "program_output: {enabled: true, program: x}\n",
              "http_output.enabled": "http_output: {enabled: true, url: x}\n", "engine.kind": "engine: {kind: nodriver}\n",
              "metrics.enabled": "metrics: {enabled: true, interval: 1h}\n", "stdout_output.enabled": "stdout_output: {enabled: false}\nfile_output: {enabled: true, filename: x}\n"}
    status, out, err = check(needed.get(name) or nested(name, value))
    if status:
        wrong.append((name, value, err))
    section = name.rpartition(".")[0]
    later = k["program"] == "later" and (name.endswith(".enabled") and value == "true" or section + ".enabled" not in BY_NAME)
    if later != ("%s: honoured by a later version" % name in err) or (k["program"] == "no" and name not in err):
        silent.append((name, value, err))
    bad = BAD[kind]
    if name != "config_files":
        status, out, err = check(nested(name, bad))
        line = len(name.split("."))
        if status != 78 or not re.search(r"c\.yaml:%d:\d+: %s: .*expected|c\.yaml:%d:\d+: %s: .*is not between" % (line, re.escape(name), line, re.escape(name)), err):
            refused.append((name, bad, status, err))
is_(wrong, [], "every key takes a value of its type")
is_(silent, [], "each that is honoured later or makes no sense is named, and no other")
is_(refused, [], "a value of another type is an error with its line and column")

# What Falco ships, then and now, and what the article prints.
for name, warned in (("falco-2021.yaml", {"syslog_output.enabled", "outputs.rate", "webserver.enabled"}),
                     ("falco-today.yaml", {"syslog_output.enabled", "webserver.enabled"})):
    status, out, err = conf("check", "-c", os.path.join(SHARED, "data/config", name))
    is_((status, set(re.findall(r"warning: (\S+): honoured", err)), "unknown" in err), (0, warned, False), "%s loads, with what is not there yet" % name)
article = open(glob.glob(os.path.join(SHARED, "data/article/*.txt"))[0], encoding="utf-8").read()
blocks = [b for b in re.findall(r"```yaml\n(.*?)```", article, re.S) if "rules_file:" in b]
is_([check(b)[0] for b in blocks], [0] * len(blocks), "the article's falco.yaml loads")
ok(len(blocks) >= 1, "there is one")

# What is unknown, given twice, or no YAML.
for text, expected in (
        ("json_output: true\njson_outptu: true\n", r"c.yaml:2:1: warning: unknown key 'json_outptu'; did you mean 'json_output'"),
        ("file_output:\n  enabld: true\n", r"c.yaml:2:3: warning: unknown key 'file_output.enabld'; did you mean 'file_output.enabled'"),
        ("priority: debug\npriority: alert\n", r"c.yaml:2:1: warning: found the key 'priority' again; the first one counts"),
        ("? [a, b]\n: c\n", r"c.yaml:1:3: warning: found a key that is no text"),
        ("priority: debug\n---\npriority: alert\n", r"c.yaml:3:1: warning: found another YAML document"),
        ("plugins: [{name: container, library_path: x, nme: y}]\n", r"unknown key 'nme'; known are: name\* library_path\*"),
        ("rules_file: [a]\n", r"c.yaml:1:13: warning: rules_file is the old name"),
        ("engine: {kind: kmod}\n", r"c.yaml:1:16: warning: engine.kind: there is no kernel module"),
        ("load_plugins: []\nplugins: [{name: cloudtrail, library_path: x}]\n", r"^$"),
        ("plugins: [{name: cloudtrail, library_path: x}]\n", r"1:18: warning: plugins: 'cloudtrail' is not built in"),
        ("plugins: [{name: container, library_path: x}]\n", r"'container' is built in: its library_path, init_config and open_params do nothing")):
    status, out, err = check(text)
    ok(status == 0 and re.search(expected, err), "warned of: %r" % text, status, err)
for text, expected in (
        ("", None), ("# nothing\n", None), ("a: [\n", r"c.yaml:2:1: did not find expected node content"), ("[a]", r"1:1: found a list, expected a map"),
        ("x\n", r"1:1: found a scalar"), ("a: *b\n", r"1:4: found the alias \*b"), ("&a a: &a [*a]\n", "inside of its own anchor"),
        ("a: " + "[" * 100 + "]" * 100, "nested deeper"), ("a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
            "%s: &%s [%s]\n" % (c, c, ",".join(["*" + chr(ord(c) - 1)] * 10)) for c in "bcdefg"), "aliases counted in full"),
        ("a: \"\\0\"\n", "NUL"), ("a: b\x01\n", "control characters"), ("stdout_output: true\n", r"1:16: stdout_output: found a text, expected an object"),
        ("stdout_output: [a]\n", r"found a list, expected an object"), ("plugins: [{name: x}]\n", "found no library_path in an entry"),
        ("rules: [a]\n", r"1:9: rules: found 'a', expected an object"), ("rules_files: [a, [b]]\n", r"1:18: rules_files: found a list, expected a text"),
        ("load_plugins: [nosuch]\n", "plugin config not found for given name"), ("rules_files: [a]\nrules_file: [b]\n", "Both 'rules_file' and 'rules_files'"),
        ("engine: {kind: replay}\n", "no engine.replay.capture_file"), ("webserver: {listen_address: abc}\n", "is not a valid IP address"),
        ("syscall_event_drops: {actions: [ignore, log]}\n", r'1:32: syscall event drop action "log" does not make sense with the "ignore" action'),
        ("syscall_event_drops: {actions: [log, ignore]}\n", "does not make sense"),
        ("syscall_event_timeouts: {max_consecutives: 0}\n", "must be an unsigned integer > 0"),
        ("stdout_output: {enabled: false}\n", "No output configured"),
        ("stdout_output: {enabled: false}\nsyslog_output: {enabled: true}\n", r"2:26: syslog_output.enabled is the output that is enabled"),
        ("metrics: {enabled: true, output_rule: false}\n", "Metrics are enabled with no output configured"),
        ("probe: {ring_size: 1}\n", "is not between"), ("a: '${LOOP}'\n", "leads to itself")):
    status, out, err = check(text, env={"LOOP": "x${LOOP}"})
    ok((status == 0 and err == "") if expected is None else (status == 78 and re.search(expected, err)), "hostile or wrong: %r" % text[:50], status, err)
is_(check("stdout_output: {enabled: true}\ncompat: '0.28'\nsyscall_event_drops: {actions: [log, ignore]}\n")[0], 0, "0.28 sees `ignore` only in front")
status, out, err = conf("check", "-c", DIR)
ok(status == 78 and "Is a directory" in err, "a folder is no file", err)
status, out, err = conf("check", "-c", os.path.join(DIR, "nosuch.yaml"))
ok(status == 78 and "nosuch.yaml: can not be opened: No such file" in err, "a file that is not there", err)
os.mkfifo(os.path.join(DIR, "fifo"))
ok(conf("check", "-c", os.path.join(DIR, "fifo"), timeout=10)[0] == 0, "a pipe that nobody writes hangs no one")

# Words for true, numbers, empty values.
is_([effective("json_output: %s\n" % w).get("json_output") for w in ("yes", "On", "TRUE", "'true'", "y")], ["true"] * 5, "words for true")
is_(effective("json_output:\npriority: ~\n"), {}, "null is the default")
is_(effective("probe: {ring_size: 0x100000}\n"), {"probe.ring_size": "1048576"}, "hexadecimal numbers")
is_(effective("priority: WARNING\n"), {"priority": "warning"}, "priorities in capitals")

# Other names of keys.
is_(effective("engine: {modern_ebpf: {buf_size_preset: 1, disable_iterators: true}}\n"), {"probe.ring_size": "1048576", "probe.snapshot": "procfs"}, "engine.*")
is_(effective("engine: {modern_ebpf: {buf_size_preset: 0}}\n"), {}, "preset 0 is 4")
is_(effective("engine: {modern_ebpf: {buf_size_preset: 1}}\nprobe: {ring_size: 524288}\n"), {"probe.ring_size": "524288"}, "saker's own go before")
is_(effective("falco_libs: {snaplen: 200}\n"), {"probe.snaplen": "200"}, "falco_libs.snaplen")
is_(effective("falco_libs: {snaplen: 0}\n"), {}, "0 is 80")
is_(effective("rules_file: /nosuch\n"), {}, "rules_file may be one text")

# The environment.
ENV = {"X": "y", "R": "${X}z", "T": "true", "NAME": "n"}
for value, expected in (("a${X}b", "ayb"), ("$${X}", "${X}"), ("a$b ${X}", "a$b ${X}"), ("${NOPE}x", "x"), ("${X", "${X"), ("${R}", "yz"),
                        ("$${X} ${X}", "${X} y"), ("${X}${X}", "yy"), ("$", "$"), ("$$", "$$")):
    is_(effective("file_output: {enabled: true, filename: '%s'}\n" % value, env=ENV).get("file_output.filename"), expected, "env: " + value)
is_(effective("json_output: ${T}\n", env=ENV), {"json_output": "true"}, "types come later")
is_(effective("${NAME}: 1\njson_output: yes\n", env=ENV), {"json_output": "true"}, "keys are not expanded")
is_(effective("append_output: [{extra_output: '${X}'}]\n", env=ENV), {"append_output": '[{extra_output: "y"}]'}, "inside of lists")
is_(effective("compat: '0.28'\nfile_output: {enabled: true, filename: '${X}'}\n", env=ENV)["file_output.filename"], "${X}", "0.28 expands nothing")
is_(effective("", "-O", "file_output.filename=${X}", "-O", "file_output.enabled=true", env=ENV)["file_output.filename"], "${X}", "nor are options expanded")

# config_files.
path("d/2.yaml", "json_output: true\nappend_output: [{extra_output: two}]\n")
path("d/1.yaml", "priority: alert\nappend_output: [{extra_output: one}]\nfile_output: {filename: x}\n")
MAIN = "append_output: [{extra_output: main}]\npriority: error\nfile_output: {enabled: false, keep_alive: true}\n"


def outputs(text, *options):
    found = effective(text, *options)
    return found if isinstance(found, str) else re.findall(r"\w+(?=[,}]|\")", found.get("append_output", "")), found.get("priority"), found.get("file_output.keep_alive")


D = os.path.join(DIR, "d")
is_(outputs("config_files: [%s]\n" % D + MAIN), (["main", "one", "two"], "alert", None), "append: lists grow, other keys are replaced")
is_(outputs("config_files: [{path: %s, strategy: append}]\n" % D + MAIN), (["main", "one", "two"], "alert", None), "the same by name")
is_(outputs("config_files: [{path: %s/1.yaml, strategy: override}]\n" % D + MAIN), (["one"], "alert", None), "override")
is_(outputs("config_files: [{path: %s, strategy: add-only}]\n" % D + MAIN), (["main"], "error", "true"), "add-only")
is_(outputs("config_files: [/nonexistent, %s/2.yaml]\n" % D + MAIN), (["main", "two"], "error", "true"), "what is not there is skipped")
is_(outputs(MAIN, "-O", "config_files[]=%s/2.yaml" % D), (["main", "two"], "error", "true"), "config_files by an option")
is_(outputs("config_files: [%s]\n" % D + MAIN, "-O", "priority=notice")[1], "notice", "options count last")
for text, expected in (("config_files: [%s/c.yaml]\n" % DIR, "tried to load itself"), ("config_files: [{strategy: append}]\n", "found no path"),
                       ("config_files: [{path: x, strategy: merge}]\n", r"c.yaml:1:36: config_files: found 'merge', expected append"),
                       ("config_files: [%s]\n" % path("own.yaml", "config_files: []\n"), "has config_files of its own"),
                       ("config_files: [%s]\n" % path("bad.yaml", "a: [\n"), r"bad.yaml:2:1")):
    status, out, err = check(text)
    ok(status == 78 and re.search(expected, err), "config_files: %s" % expected, status, err)
ok("d/3.yaml:1:1: warning: unknown key 'jso'" in check("config_files: [%s]\n" % os.path.dirname(path("d/3.yaml", "jso: 1\n")))[2], "places are those of the included file")
os.unlink(os.path.join(DIR, "d/3.yaml"))

# Options.
for option, expected in (("json_output=true", {"json_output": "true"}), ("append_output[0].extra_output=x", {"append_output": "[{extra_output: x}]"}),
                         ('append_output[]={"extra_output": "a b", "extra_fields": ["proc.name", {"g": "%proc.pid"}]}',
                          {"append_output": '[{"extra_output": "a b", "extra_fields": ["proc.name", {"g": "%proc.pid"}]}]'}),
                         ("rules=[{disable: {tag: x}}]", {"rules": "[{disable: {tag: x}}]"}), ("static_fields.a\\.c=x", {"static_fields": "{a.b: y, a.c: x}"}), ("file_output.filename=[x", {"file_output.filename": "[x"}),
                         ("file_output.filename=a=b\n; rm", {"file_output.filename": "a=b\n; rm"})):
    is_(effective("static_fields: {a.b: y}\n" if "static" in option else "", "-O", option), expected, "-O %r" % option)
is_(effective("append_output: [{extra_output: a}, {extra_output: b}]\n", "-O", "append_output[1].extra_output=c"),
    {"append_output": "[{extra_output: a}, {extra_output: c}]"}, "-O a[1].b")
for option, expected in (("json_output", 'Error parsing config option "json_output"'), ("json_output.x=1", "json_output: found an object"), ("a[5]=1", "behind the end"),
                         ("a[x]=1", "found what is no index"), ("a[99999999999]=1", "no index"), ("=1", "empty key"), ("rules={a", "did not find expected"),
                         ("stdout_output.enabled.x=1", "found an object"), ("rules[]={disable: 1", "did not find"), ("append_output[]=", "found ''")):
    status, out, err = conf("check", "-O", option)
    ok(status == 78 and expected in err, "-O %s is refused" % option, status, err)
ok("json_outptu=1: warning: unknown key" in conf("check", "-O", "json_outptu=1")[2], "an unknown key in an option is warned about")

# What emit does with its keys.
TIME = 1700000000 * 10**9
ALERTS = wire.frame(HELLO, 1, "t", "1", ["web1", "b", "s", TIME], False, "6", "x86_64", 0, [], [], None, []) + \
    wire.frame(ALERT, TIME + 5, [["web1", "b", "s", TIME], 7], "R", 4, "syscall", ["t"], b"all well", [["proc.name", b"x"]], None, None, None, None, None) + \
    wire.frame(END, "done")


def emitted(*options, env=None):
    return run("emit", *[w for o in options for w in ("-O", o)], data=ALERTS, env=env)[1]


def members(*options):
    return json.loads(emitted("json_output=true", *options))


full = members()
is_(set(full) >= {"output", "output_fields", "tags", "hostname", "time", "priority", "rule", "source"} and "message" not in full, True, "JSON by default")
for option, member in (("json_include_output_property=false", "output"), ("json_include_output_fields_property=false", "output_fields"), ("json_include_tags_property=false", "tags")):
    is_(set(full) - set(members(option)), {member}, option)
is_(members("json_include_message_property=true")["message"], "all well", "json_include_message_property")
is_(emitted("time_format_iso_8601=true"), "2023-11-14T22:13:20.000000005+0000: Warning all well\n", "time_format_iso_8601 in text")
iso = members("time_format_iso_8601=true")
is_((iso["output"][:35], [k for k in iso["output_fields"] if k.startswith("evt.time")]), ("2023-11-14T22:13:20.000000005+0000:", ["evt.time.iso8601"]), "and in JSON")
is_(json.loads(emitted("json_output=true", env={"FALCO_HOSTNAME": "node7"}))["hostname"], "node7", "FALCO_HOSTNAME")
for keep in ("true", "false"):
    out = os.path.join(DIR, "kept." + keep)
    emitted("file_output.enabled=true", "file_output.filename=" + out, "file_output.keep_alive=" + keep)
    is_(open(out).read().count("all well"), 1, "file_output.keep_alive=" + keep)
is_(emitted("buffered_outputs=true"), emitted(), "buffered_outputs loses nothing at the end")
for buffered in ("true", "false"):
    p = subprocess.Popen([os.path.join(BIN, "emit"), "-O", "buffered_outputs=" + buffered], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    p.stdin.write(ALERTS[:-len(wire.frame(END, "done"))])
    p.stdin.flush()
    early = bool(select.select([p.stdout], [], [], 0.4 if buffered == "true" else 5)[0])
    p.stdin.write(wire.stat())
    p.stdin.flush()
    late = bool(select.select([p.stdout], [], [], 5)[0])
    p.stdin.close()
    p.stdout.read()
    p.wait(10)
    is_((early, late), (buffered == "false", True), "buffered_outputs=%s: %s" % (buffered, "written with the next heartbeat" if buffered == "true" else "written at once"))
tap.end()
EOF
