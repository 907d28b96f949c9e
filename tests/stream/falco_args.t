#!/bin/sh
# Falco's command line, of today and of 2021: what is printed, statuses, texts of errors, and the generations that come of it.
here=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
export HERE="$here" DIR="$dir" TZ=UTC PYTHONPATH="$here/tests/helpers" PYTHONDONTWRITEBYTECODE=1
unset FALCO_HOSTNAME HOST_ROOT
python3 - <<'EOF'
import glob, json, os, re
from conf import DIR, HERE, arguments, conf, keys_of, path, run
from live import Tap

tap = Tap()
is_, ok = tap.is_, tap.ok
DATA = os.path.join(os.environ.get("SAKER_SHARED") or os.path.join(HERE, "..", "shared"), "data")
GO_ON = 10
RULE = "- rule: r1\n  desc: what r1 is for\n  condition: evt.type = open\n  output: o %proc.name\n  priority: ERROR\n  tags: [a]\n"
path("r.yaml", RULE)
path("r2.yaml", RULE.replace("r1", "r2"))
path("bad_rule.yaml", RULE.replace("evt.type = open", "evt.tpe = open"))
path("k.yaml", "rules_files: [r.yaml]\nrules_file:\nstdout_output: {enabled: true}\nlog_stderr: true\n")
path("old.yaml", "rules_file: [r.yaml]\nstdout_output: {enabled: true}\nlog_stderr: true\ncompat: '0.28'\nsyslog_output: {enabled: false}\n")
path("bad.yaml", "a: b\nc: [\n")
path("c.yaml", "json_output: abc\nstdout_output: {enabled: true}\nrules_files: [r.yaml]\nlog_stderr: true\n")


def falco(*args, config="k.yaml", **given):
    return conf("-d", "run", "--falco", *(("-c", config) if config else ()), *args, **given)


def shown(*args, **given):
    """Status and standard output."""
    return falco(*args, **given)[:2]


def generated(*args, config="k.yaml"):
    status, out, err = falco(*args, config=config)
    if status != GO_ON:
        return status, err
    return "run/" + os.readlink(os.path.join(DIR, "run/latest"))


def key(name, stage, *args, config="k.yaml"):
    made = generated(*args, config=config)
    return keys_of(made, stage).get(name) if isinstance(made, str) else made


def run_lines(*args, config="k.yaml"):
    made = generated(*args, config=config)
    return dict(line.split(" ", 1) for line in open(os.path.join(DIR, made, "run")).read().splitlines()) if isinstance(made, str) else made


# Errors, with the texts that a real Falco was seen to write (reference, section 7), and others.
DROPS = 'available actions for syscall event drops are "ignore", "log", "alert", and "exit"'
for args, text in (
        (("-o", "stdout_output.enabled=false"), "Error: No output configured, please make sure at least one output is configured and enabled.\n"),
        (("-r", "nosuch.yaml"), "Error: Could not open file nosuch.yaml for reading\n"), (("-V", "nosuch.yaml"), "Error: Could not open file nosuch.yaml for reading\n"),
        (("-o", "rules_files[0]=nosuch"), "Error: You must specify at least one rules file/directory via -r or a rules_file entry in falco.yaml\n"),
        (("-o", "priority=bogus"), 'Error: Unknown priority "bogus"--must be one of emergency, alert, critical, error, warning, notice, informational, debug\n'),
        (("-o", "log_level=bogus"), "Error: Unknown log level bogus\n"),
        (("-o", "rule_matching=foo"), 'Error: Unknown rule matching strategy "foo"--must be one of first, all\n'),
        (("-o", "engine.kind=foo"), "Error: Error reading config file (k.yaml): engine.kind 'foo' is not a valid kind.\n"),
        (("-o", "engine.kind=replay"), "Error: Error reading config file (k.yaml): engine.kind is 'replay' but no engine.replay.capture_file specified.\n"),
        (("-o", "engine.kind=replay", "-o", "engine.replay.capture_file=/nonexist"), "Error: Could not open trace filename /nonexist for reading: No such file or directory\n"),
        (("-o", "syscall_event_drops.actions[]=foo"), "Error: Error reading config file (k.yaml): " + DROPS + "\n"),
        (("-o", "syscall_event_drops.threshold=1.1"), "syscall event drops threshold must be a double in the range [0, 1]"),
        (("-o", "file_output.enabled=true"), "Error: Error reading config file (k.yaml): file output enabled but no filename in configuration block\n"),
        (("-o", "webserver.listen_address=abc"), 'Error: Error reading config file (k.yaml): webserver listen address "abc" is not a valid IP address\n'),
        (("--list=foo",), "Error: Value for --list must be a valid source type\n"),
        (("--list", "--format", "xml"), "Error: Invalid format 'xml'. Valid values are: text, markdown, json\n"),
        (("--list", "--format", "json", "--markdown"), "Error: Cannot specify both --markdown and --format options together\n"),
        (("--disable-source", "syscall"), "Error: Must enable at least one event source\n"),
        (("--enable-source", "foo"), "Error: Attempted enabling an unknown event source: foo\n"),
        (("--disable-source", "foo"), "unknown event source: foo\n"), (("--enable-source", "syscall", "--disable-source", "k8s_audit"), "Error: You can not mix"),
        (("--nosuch",), "Error: Option ‘nosuch’ does not exist\n"), (("-z",), "Error: Option ‘z’ does not exist\n"), (("-r",), "Error: Option ‘r’ is missing an argument\n"),
        (("-o", "foo"), 'Error: Error parsing config option "foo". Must be of the form key=val or key.subkey=val\n'), (("-M", "x"), "failed to parse"),
        (("-o", "metrics.enabled=true"), "Metrics interval must have a minimum value of 100ms"),
        (("-o", "metrics.enabled=true", "-o", "metrics.interval=1h"), "Metrics are enabled with no output configured"),
        (("-l", "nosuch"), 'Runtime error: Rule "nosuch" is not loaded. Exiting.\n'), (("-r", "bad_rule.yaml"), "Error: bad_rule.yaml: Invalid\n1 Errors:\n"),
        (("-V", "bad_rule.yaml"), "Error: bad_rule.yaml: Invalid\n1 Errors:\n"), (("--plugin-info", "nosuch"), "not built in"),
        (("-o", "load_plugins[0]=container"), "Cannot load plugin 'container': plugin config not found"), (("-e", "r.yaml"), "Trace filename r.yaml not recognized as system call events or k8s audit events\n"),
        (("-o", "stdout_output.enabled=false", "-o", "syslog_output.enabled=true"), "honoured by a later version")):
    status, out, err = falco(*args)
    ok(status == 1 and text in err, "error: %s" % " ".join(args), status, err)
for config, text in (("bad.yaml", "Cannot read config file (bad.yaml): yaml-cpp: error at line 3, column 1: "), ("nosuch.yaml", "Error: Could not find configuration file at nosuch.yaml\n")):
    status, out, err = falco(config=config)
    ok(status == 1 and text in err, "error: %s" % config, status, err)
ok(falco(config="bad.yaml")[2].endswith("Error: std::exception\n"), "and std::exception")
for args, text in (
        (("-z",), "falco: invalid option -- 'z'\n"), (("--nosuch",), "falco: unrecognized option '--nosuch'\n"),
        (("-T", "a", "-t", "b"), "Runtime error: You can not specify both disabled (-D/-T) and enabled (-t) rules. Exiting.\n"),
        (("-D", "a", "-t", "b"), "You can not specify both disabled (-D/-T) and enabled (-t) rules"),
        (("-d", "-P", ""), "Runtime error: If -d is provided, a pid file must also be provided. Exiting.\n"),
        (("-o", "stdout_output.enabled=false"), "Runtime error: Error reading config file (old.yaml): No outputs configured."),
        (("-o", "priority=info"), None), (("-o", "json_output=abc"), "yaml-cpp: error at line"),
        (("--disable-source", "syscall", "--disable-source", "k8s_audit"), "Must enable at least one event source"),
        (("--disable-source", "syscall"), "audit events of Kubernetes come by the web server"),
        (("-r", "bad_rule.yaml"), "Runtime error: Could not load rules file bad_rule.yaml: 1 errors:\n")):
    status, out, err = falco("-o", "compat=0.28", *args, config="old.yaml")
    ok((status == 1 and text in err) if text else status == GO_ON, "error of 0.28: %s" % " ".join(args), status, err)

# A value of another type is Falco's default, and the log says so.
status, out, err = falco(config="c.yaml")
ok(status == GO_ON and "   c.yaml | schema validation: failed for <root>[json_output]: Value type not permitted by 'type' constraint.\n" in err, "a value that does not fit", err)
is_(key("json_output", "emit", config="c.yaml"), None, "is the default")

# What is printed.
is_(falco("--help", config=None)[0], 0, "--help without a configuration")
ok(all(" -%s" % c in falco("-h")[1] for c in "AbcdDeFhiklLmMNopPrsStTuUvVw"), "--help has every letter of both versions")
status, out = shown("--version")
ok(status == 0 and re.fullmatch(r"Falco version: \d+\.\d+\.\d+\nLibs version:  [\d.]+\nPlugin API:    [\d.]+\nEngine:        0\.63\.0\nDriver:\n  API version:    [\d.]+\n  Schema version: [\d.]+\n"
                                r"  Default driver: [\d.]+\+driver\n", out), "--version", out)
status, out = shown("--version", "-o", "json_output=true")
o = json.loads(out)
is_((status, sorted(o), o["engine_version"], sorted(o["plugin_versions"])), (0, ["default_driver_version", "driver_api_version", "driver_schema_version", "engine_version", "engine_version_semver",
    "falco_version", "libs_version", "plugin_api_version", "plugin_versions"], "63", ["container", "json", "k8saudit", "k8smeta"]), "as JSON")
ok(re.fullmatch(r"Falco version: 0\.28\.0\nDriver version: .+\n", shown("--version", "-o", "compat=0.28", config="old.yaml")[1]), "of 0.28")
is_(shown("-i"), (0, "Ignored syscall(s):\n"), "-i")
is_(shown("--page-size"), (0, "Your system page size is: %d\n" % os.sysconf("SC_PAGESIZE")), "--page-size")
is_(json.loads(shown("--config-schema", config=None)[1])["type"], "object", "--config-schema")
is_(json.loads(shown("--rule-schema", config=None)[1])["type"], "array", "--rule-schema")
status, out = shown("-L")
ok(status == 0 and out.startswith("Rule ") and "what r1 is for" in out, "-L", out)
ok("r2" in shown("-L", "-r", "r2.yaml")[1] and "r1" not in shown("-L", "-r", "r2.yaml")[1], "-r goes before rules_files")
both = shown("-r", "r.yaml,r2.yaml", "-L")[1]
ok("r1" in both and "r2" in both, "lists split at commas")
one = shown("-l", "r2", "-r", "r.yaml", "-r", "r2.yaml")[1]
ok("r2" in one and "r1" not in one, "-l", one)
is_([r["info"]["name"] for r in json.loads(shown("-l", "r1", "-o", "json_output=true")[1])["rules"]], ["r1"], "-l as JSON")
names = shown("--list=k8s_audit", "-N")[1].split()
ok("ka.verb" in names and "proc.name" not in names and all(re.fullmatch(r"[\w.]+", n) for n in names), "--list=SOURCE -N", names[:5])
ok("| Field |" in shown("--list", "--markdown")[1], "--list --markdown")
ok(shown("--list-events")[1].startswith("< syscall("), "--list-events")
path("p.yaml", "plugins: [{name: container, library_path: x}]\nstdout_output: {enabled: true}\n")
is_(shown("--list-plugins", "-o", "load_plugins[0]=container", config="p.yaml")[1].splitlines()[0], "4 Plugins Loaded:", "--list-plugins")
ok("Name: container\n" in shown("--plugin-info=container", "-o", "load_plugins[0]=container", config="p.yaml")[1], "--plugin-info")
is_(shown("-V", "r.yaml"), (0, "r.yaml: Ok\n"), "-V")
is_(shown("-V", "r.yaml,r2.yaml"), (0, "r.yaml: Ok\nr2.yaml: Ok\n"), "of several")
is_(json.loads(shown("-V", "r.yaml", "-o", "json_output=true")[1])["falco_load_results"][0]["successful"], True, "as JSON")
is_(shown("-V", "r.yaml", "-o", "compat=0.28", config="old.yaml"), (0, "Ok\n"), "of 0.28")
support = json.loads(shown("--support", "-v")[1])
is_((sorted(support), support["rules_files"][0]["variants"][0]["content"], support["cmdline"]),
    (["cmdline", "config", "engine_info", "rules_files", "system_info", "version"], RULE, "falco -c k.yaml --support -v"), "--support")
strange = path("r\udcff.yaml", RULE)
is_(json.loads(shown("--support", "-r", strange)[1])["rules_files"][0], {"name": None, "variants": [{"content": RULE}]}, "a name that is not UTF-8")
before = os.listdir(os.path.join(DIR, "run")) if os.path.isdir(os.path.join(DIR, "run")) else []
is_(falco("--dry-run")[0], 0, "--dry-run")
is_(falco("--dry-run", "-r", "bad_rule.yaml")[0], 1, "which looks at rules")
is_(os.listdir(os.path.join(DIR, "run")) if os.path.isdir(os.path.join(DIR, "run")) else [], before, "makes no generation")

# The log.
log = [line[26:] for line in falco()[2].splitlines()]
is_(log[:3] + log[4:], ["Falco version: 0.45.0 (%s)" % os.uname().machine, "Falco initialized with configuration files:", "   k.yaml | schema validation: ok", "Loading rules from:",
                        "   r.yaml | schema validation: ok"], "what a start says")
ok(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000: Falco version", falco("-o", "time_format_iso_8601=true")[2]), "times as ISO 8601")
is_(falco("-o", "log_stderr=false")[2], "", "log_stderr=false")
is_(falco("-o", "log_level=error")[2], "", "log_level")
log = [line[26:] for line in falco(config="old.yaml")[2].splitlines()]
is_(log[1:], ["Falco initialized with configuration file old.yaml", "Loading rules from file r.yaml:"], "what a start of 0.28 says")

# What comes of options.
is_(key("json_output", "emit", "-o", "json_output=true"), "true", "-o")
is_(key("json_output", "emit", "--option=json_output=true"), "true", "--option=")
is_(key("json_output", "emit", "--option", "json_output=true"), "true", "--option")
is_(key("json_output", "emit", "-ojson_output=true"), "true", "-oKEY=VALUE")
is_(key("buffered_outputs", "emit", "-o", "buffered_outputs=true"), "true", "buffered_outputs")
is_(key("buffered_outputs", "emit", "-U", "-o", "buffered_outputs=true"), None, "-U goes before it")
is_(key("probe.snaplen", "probe", "-S", "200", config="old.yaml"), "200", "-S")
is_(key("append_output", "match", "-p", 'x "%proc.pid"'), '[{extra_output: "x \\"%proc.pid\\""}]', "-p")
is_([key("append_output", "match", p) for p in ("-pc", "-pk", "-pcontainer", "-pkubernetes")], [None] * 4, "-pc and its like only warn")
for option, text in (("-pc", "container=%container.name (id=%container.id)"), ("-pcontainer", "container=%container.name (id=%container.id)"),
                     ("-pk", "k8s.ns=%k8s.ns.name k8s.pod=%k8s.pod.name container=%container.id"), ("-pm", "task=<NA> container=%container.id")):
    is_(key("match.container_info", "match", option, config="old.yaml"), text, "of 2021: " + option)
path("info.yaml", "- {rule: with, desc: d, condition: evt.type = open and proc.name = cat, output: 'a %container.info b', priority: ERROR}\n"
     "- {rule: without, desc: d, condition: evt.type = close and proc.name = cat, output: 'c', priority: ERROR}\n")
CAT = run("probe", "-O", "compat=0.28", "-r", DATA + "/captures/cat_write.scap", binary=True)


def outputs(*keys):
    options = [w for k in keys for w in ("-O", k)]
    alerts = run("match", "-r", "info.yaml", *options, data=CAT, binary=True)
    return sorted(set(line.split(": Error ")[1] for line in run("emit", data=alerts)[1].splitlines()))


is_(outputs("compat=0.28", "match.container_info=x=%proc.name"), ["a x=cat b", "c x=cat"], "match.container_info stands for %container.info, or at the end")
is_(outputs("compat=0.28"), ["a <NA> (id=<NA>) b", "c"] if "a <NA> (id=<NA>) b" in outputs("compat=0.28") else ["a host (id=host) b", "c"], "without it")
is_(outputs("match.container_info=x=%proc.name"), ["a  b", "c"], "and does nothing today")
is_(key("rules", "match", "-T", "a", "-D", "x y"), '[{disable: {rule: "*x y*"}}, {disable: {tag: "a"}}]', "-D and -T")
is_(key("rules", "match", "-t", "a", config="old.yaml"), '[{disable: {rule: "*"}}, {enable: {tag: "a"}}]', "-t")
is_(key("rules", "match", "-o", "rules[].disable.tag=x"), "[{disable: {tag: x}}]", "rules by -o")
is_(run_lines("-A", "-b", "-F", "-u", "-k", "x", "-K", "y", "-m", "z", "--cri", "c", "--disable-cri-async", "--alternate-lua-dir", "l", config="old.yaml")["head"], "probe", "letters of 2021 that ask for nothing")
is_(run_lines("-M", "7", "-P", "/p id", "-v"), {"head": "probe", "compat": "now", "falco": "true", "watch": "true", "verbose": "true", "daemon": "false", "nice": "0", "pidfile": "/p id", "duration": "7"}, "-M, -P, -v")
is_(run_lines("-P", "/x", config="old.yaml").get("pidfile"), None, "in 2021 the file was only written by a daemon")
lines = run_lines("-d", "-s", "/s", "--stats-interval", "100", "-w", "/w", config="old.yaml")
is_([lines.get(k) for k in ("daemon", "pidfile", "statistics", "statistics-interval", "writefile")], ["true", "/var/run/falco.pid", "/s", "100", "/w"], "-d, -s, -w")
for args, config in ((("-e", DATA + "/captures/cat_write.scap"), "old.yaml"), (("-o", "engine.kind=replay", "-o", "engine.replay.capture_file=" + DATA + "/captures/cat_write.scap"), "k.yaml")):
    made = generated(*args, config=config)
    is_(arguments(made, "probe")[:2], ["-r", DATA + "/captures/cat_write.scap"], "a capture: %s" % args[0])
audit = sorted(glob.glob(DATA + "/k8s_audit/*.json"))[0]
lines = run_lines("-e", audit, config="old.yaml")
is_((lines["head"], lines["input"]), ("frames", audit), "audit events")
is_(arguments(generated("-e", audit, config="old.yaml"), "frames"), ["--json-source", "k8s_audit"], "which frames reads")
is_(run_lines("--disable-source", "k8s_audit")["head"], "probe", "--disable-source")
is_(run_lines("--enable-source=syscall")["head"], "probe", "--enable-source")
is_(falco("-o", "engine.kind=replay", "-o", "engine.replay.capture_file=" + audit, "--disable-source", "syscall")[0], GO_ON, "a replay does not ask for sources")
evil = "$(touch %s/evil);`id`\n'\"" % DIR
made = generated("-o", "file_output.enabled=true", "-o", "file_output.filename=" + evil, "-p", evil)
is_((keys_of(made, "emit")["file_output.filename"], os.path.exists(DIR + "/evil")), (evil, False), "no shell sees what is configured")

# Suites of both versions: their configuration files.
for config, expected in (("drops_exit", GO_ON), ("drops_threshold_neg", 1), ("stdout_output", GO_ON), ("file_output", GO_ON), ("grpc_unix_socket", 1)):
    status, out, err = falco("-o", "compat=0.28", "-r", "r.yaml", config="%s/regression/v0.28/test/confs/%s.yaml" % (DATA, config))
    is_(status, expected, "of 2021: %s" % config)
for config in sorted(glob.glob(DATA + "/regression/v0.42/files/configs__*")):
    status, out, err = falco("-r", "r.yaml", *([] if "Empty" in config else ["-o", "stdout_output.enabled=true"]), config=config)
    wrong = re.search("IgnoreLog|ThresholdNeg|ThresholdOor|WrongValue|EmptyConfig", config)
    is_(status, 1 if wrong else GO_ON, "of today: %s" % os.path.basename(config))
for name in ("falco-2021.yaml", "falco-today.yaml"):
    is_(falco("-r", "r.yaml", config=DATA + "/config/" + name)[0], GO_ON, "shipped: %s" % name)
tap.end()
EOF
