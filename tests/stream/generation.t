#!/bin/sh
# Generations: their layout, what refuses to become one, stages started from them, and waiting for changes.
here=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
export HERE="$here" DIR="$dir" TZ=UTC PYTHONPATH="$here/tests/helpers" PYTHONDONTWRITEBYTECODE=1
unset FALCO_HOSTNAME HOST_ROOT
python3 - <<'EOF'
import os, select, shutil, socket, subprocess, time
import wire
from conf import BIN, DIR, arguments, conf, path
from live import Tap
from wire import HELLO, HOST

tap = Tap()
is_, ok = tap.is_, tap.ok
RULE = "- {rule: %s, desc: d, condition: evt.type = %s, output: o, priority: ERROR}\n"


def read(name):
    with open(os.path.join(DIR, name), encoding="utf-8") as f:
        return f.read()


def generate(*options, rundir="run"):
    status, out, err = conf("generate", "-d", rundir, *options)
    return out.strip() if status == 0 else (status, err)


# The layout.
path("rules/b.yaml", RULE % ("b", "unlink"))
path("rules/a.yml", RULE % ("a", "openat"))
path("rules/README", "no rules\n")
os.makedirs(os.path.join(DIR, "rules/more.yaml"))
path("first.yaml", RULE % ("first", "execve"))
path("c.yaml", "rules_files: [first.yaml, nosuch.yaml, rules, ./rules/../first.yaml]\njson_output: true\nfile_output: {enabled: true, filename: 'a b;$(id)'}\n")
is_(generate("-c", "c.yaml"), "1", "the first is 1")
R = os.path.realpath(os.path.join(DIR, "run"))
F = R + "/1/rules" + os.path.realpath(DIR)
is_(arguments("run/1", "match"), ["-r", F + "/first.yaml", "-r", F + "/rules/a.yml", "-r", F + "/rules/b.yaml", "-r", F + "/first.yaml", "-O", "json_output=true"],
    "match gets the copies, in order, and its keys")
is_([read("run/1/rules" + os.path.realpath(DIR) + "/" + n) for n in ("first.yaml", "rules/a.yml")], [RULE % ("first", "execve"), RULE % ("a", "openat")], "copies are whole")
is_(arguments("run/1", "emit"), ["-O", "json_output=true", "-O", "file_output.enabled=true", "-O", "file_output.filename=a b;$(id)"], "values are arguments as they are")
is_(arguments("run/1", "probe"), ["-p", R + "/plan"], "the probe gets a plan")
def types_of(plan):
    return {w for line in read(plan).splitlines() if line.startswith("event ") for w in line.split(" class ")[0].split()[1:]}


ok(types_of("run/1/plan") >= {"execve", "openat", "unlink"}, "which is that of the rules", read("run/1/plan"))
is_(os.readlink(R + "/plan"), "current/plan", "by a link, to that of the generation in force")
is_((read("run/1/plan.union"), read("run/1/names")), (read("run/1/plan"), ""), "there is none before the first; no names")
is_(read("run/1/run"), "head probe\ncompat now\nfalco false\nwatch true\nverbose false\ndaemon false\nnice 0\n", "what the supervisor is to do")
is_(os.readlink(R + "/latest"), "1", "latest leads to it")
is_(conf("check", "-c", "run/1/config.yaml")[0], 0, "the effective configuration is one that loads")
is_(os.stat(R).st_mode & 0o777, 0o700, "the folder is private")
is_(generate("-c", "c.yaml", "-O", "json_output=false", "-v", "-e", "open", "-r", "rules/a.yml"), "2", "the next is 2")
is_(arguments("run/2", "match")[1:], [R + "/2/rules" + os.path.realpath(DIR) + "/rules/a.yml", "-v"], "-r goes before rules_files, -v to every stage")
is_(arguments("run/2", "probe"), ["-e", "open", "-v"], "-e goes before what rules need")

# Rules from a pipe, as `<(...)` gives them.
reader, writer = os.pipe()
os.write(writer, (RULE % ("piped", "open")).encode())
os.close(writer)
p = subprocess.run([os.path.join(BIN, "saker-conf"), "generate", "-d", "piped", "-r", "/dev/fd/%d" % reader], cwd=DIR, capture_output=True, pass_fds=[reader], timeout=20)
os.close(reader)
is_((p.stdout, types_of("piped/1/plan")), (b"1\n", {"open"}), "rules from a pipe")

# Plans, by a stand-in for match, which saker-conf takes from its own folder.
shutil.copy(os.path.join(BIN, "saker-conf"), path("bin/saker-conf", ""))
path("bin/match", """#!/bin/sh
for last; do :; done
case " $* " in
*" --union "*) echo "plan of $last with $(cat "$last")" ;;
*" --plan "*) echo "plan of $2" ;;
*" --event-types "*) echo open ;;
esac
""")
for name in ("saker-conf", "match"):
    os.chmod(os.path.join(DIR, "bin", name), 0o755)


def planned(*options):
    p = subprocess.run([os.path.join(DIR, "bin/saker-conf"), "generate", "-d", "plans", "-r", "first.yaml", *options], cwd=DIR, capture_output=True, timeout=20)
    return p.stdout.decode().strip() or p.stderr.decode()


ON = ("-O", "probe.plan=true")
P = os.path.join(os.path.realpath(DIR), "plans")
n = planned(*ON)
mine = "plan of %s/.new/rules%s/first.yaml\n" % (P, os.path.realpath(DIR))
is_((read("plans/%s/plan" % n), read("plans/%s/plan.union" % n), arguments("plans/" + n, "probe")), (mine, mine, ["-p", P + "/plan"]), "probe.plan: a plan for the probe")
is_(os.readlink(P + "/plan"), "current/plan", "the probe reads a link that leads to the one in force")
os.remove(P + "/plan")
os.symlink("1/plan", P + "/plan")
os.symlink(n, P + "/current")
n = planned(*ON)
is_((read("plans/%s/plan" % n), read("plans/%s/plan.union" % n)), (mine, "plan of %s/current/plan with %s" % (P, mine)), "then its union with the one in force")
is_(os.readlink(P + "/plan"), "1/plan", "which plan the probe has is the supervisor's to say")
is_(arguments("plans/" + planned(*ON, "-e", "open"), "probe"), ["-e", "open"], "-e goes before a plan")

# Refusals leave nothing behind.
before = sorted(os.listdir(R))
path("bad.yaml", RULE % ("bad", "nosuch"))
for options, expected in ((("-r", "bad.yaml"), "%s/bad.yaml:" % os.path.realpath(DIR)), (("-r", "nosuch.yaml"), "Could not open file nosuch.yaml"), (("-O", "priority=x"), "found 'x'"),
                          (("-O", "rules_files=[]"), "found no rules file"), (("-c", "nosuch"), "can not be opened")):
    status, err = generate("-c", "c.yaml", *options)
    ok(status == 78 and expected in err and R not in err, "refused: %s" % expected, status, err)
is_((sorted(os.listdir(R)), os.readlink(R + "/latest")), (before, "2"), "the old state stays")
is_(generate(rundir="/proc/nosuch")[0], 78, "a folder that can not be made")

# Stages from a generation.
is_(conf("exec", "-d", "run", "match", "-n")[0], 66, "no generation is in force")
os.symlink("1", R + "/current")
is_(conf("exec", "-d", "run", "match", "-n")[0], 0, "match takes its arguments, and then ours")
path("other.yaml", RULE % ("other", "mkdir"))
n = generate("-r", "other.yaml")
is_((types_of("run/%s/plan" % n), types_of("run/%s/plan.union" % n) - types_of("run/1/plan")), ({"mkdir"}, {"mkdir"}), "the plan of other rules")
ok(types_of("run/%s/plan.union" % n) > types_of("run/1/plan"), "and its union with that of the generation in force", read("run/%s/plan.union" % n))
is_(conf("exec", "-d", "run", "-g", "2", "match", "--event-types")[1], "open,openat\n" if "open," in read("run/2/event-types") else read("run/2/event-types"), "of another generation")
is_(conf("exec", "-d", "run", "nosuch")[0], 66, "no such stage")
path("names.yaml", "- {rule: n, desc: d, condition: evt.type = connect and fd.sip.name = localhost, output: o, priority: ERROR}\n")
n = generate("-r", "names.yaml", "-O", "enrich.names_ttl=7")
is_((read("run/%s/names" % n), arguments("run/" + n, "enrich")), ("localhost\n", ["-N", R + "/%s/names" % n, "-O", "enrich.names_ttl=7"]), "host names for enrich")
boot = open("/proc/sys/kernel/random/boot_id").read().strip()
enrich = subprocess.Popen([os.path.join(BIN, "saker-conf"), "exec", "-d", R, "-g", n, "enrich"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
now = time.time()
enrich.stdin.write(wire.frame(HELLO, 1, "probe", "1", [socket.gethostname(), boot, "syscall", int(now * 1e9)], "live", "6.1", "x86_64", 0, [], [], None, []))
enrich.stdin.flush()
got = b""
end = time.monotonic() + 10
hosts = []
while not hosts and time.monotonic() < end:
    if select.select([enrich.stdout], [], [], 0.2)[0]:
        got += os.read(enrich.stdout.fileno(), 65536)
        try:
            hosts = [h for h in (wire.unpack(b) for k, b in wire.frames(got) if k == HOST) if h[2]]
        except Exception:  # half a frame yet
            hosts = []
enrich.kill()
enrich.wait()
ok(hosts and 13 <= hosts[0][2] / 1e9 - now <= 24, "enrich.names_ttl: a name holds for twice that time", hosts, now)

# Audit events and captures instead of the kernel are the falco command line's; replay is a key.
n = generate("-r", "first.yaml", "-O", "engine.kind=replay", "-O", "engine.replay.capture_file=/x y.scap")
is_((arguments("run/" + n, "probe"), "input /x y.scap\n" in read("run/%s/run" % n)), (["-r", "/x y.scap"], True), "engine.kind=replay")
n = generate("-r", "first.yaml", "-O", "engine.kind=nodriver")
is_(read("run/%s/run" % n).splitlines()[0], "head none", "engine.kind=nodriver")
status, err = generate("-r", "first.yaml", "-O", "engine.kind=replay", "-O", "engine.replay.capture_file=a\nhead none")
ok(status == 78 and "found an end of line" in err, "a line in `run` is one line", err)
n = generate("-r", "first.yaml", "-O", "compat=0.28", "-O", "engine.kind=nodriver")
is_(arguments("run/" + n, "match")[-2:], ["-O", "compat=0.28"], "compat reaches the stages")
path("old/x", RULE % ("x", "open"))
n = generate("-r", "old", "-O", "compat=0.28")
is_(arguments("run/" + n, "match")[1][-6:], "/old/x", "0.28 reads every file of a folder")


# Waiting. A change is what the generation did not see: also one before anyone waits.
def waiting(rundir="wait"):
    return subprocess.Popen([os.path.join(BIN, "saker-conf"), "wait", "-d", rundir], cwd=DIR, stdout=subprocess.PIPE, text=True)


def changes(what, do, expected, *options):
    shutil.rmtree(os.path.join(DIR, "wait"), ignore_errors=True)
    made = generate(*options, rundir="wait")
    if not isinstance(made, str):
        ok(False, what, made)
        return
    os.symlink(made, os.path.join(DIR, "wait/current"))
    p = waiting()
    time.sleep(0.15)
    early = p.poll()
    do()
    try:
        out = p.communicate(timeout=5)[0]
    except subprocess.TimeoutExpired:
        out = None
    p.kill()
    p.wait()
    is_((early, out), (None, "changed %s\n" % (os.path.realpath(DIR) + "/" + expected) if expected else None), what)


def replace(name, text):
    os.rename(path(name + ".new", text), os.path.join(DIR, name))


os.makedirs(os.path.join(DIR, "w/conf.d"))
path("w/c.yaml", "rules_files: [w/r.yaml, w/rules.d, w/later.d/x.yaml]\nconfig_files: [w/conf.d]\n")
path("w/r.yaml", RULE % ("r", "open"))
os.makedirs(os.path.join(DIR, "w/rules.d"))
C = ("-c", "w/c.yaml")
changes("the configuration is written to", lambda: path("w/c.yaml", read("w/c.yaml") + "# x\n"), "w/c.yaml", *C)
changes("the configuration is replaced by a rename", lambda: replace("w/c.yaml", read("w/c.yaml")), "w/c.yaml", *C)
changes("a rules file is written to", lambda: path("w/r.yaml", RULE % ("r2", "open")), "w/r.yaml", *C)
changes("a rules file is replaced by a rename", lambda: replace("w/r.yaml", RULE % ("r3", "open")), "w/r.yaml", *C)
changes("a rules file comes into a folder", lambda: path("w/rules.d/a.yaml", RULE % ("a", "open")), "w/rules.d", *C)
changes("a rules file of a folder is written to", lambda: path("w/rules.d/a.yaml", RULE % ("a2", "open")), "w/rules.d/a.yaml", *C)
changes("a rules file leaves a folder", lambda: os.unlink(os.path.join(DIR, "w/rules.d/a.yaml")), "w/rules.d", *C)
changes("a file comes into a folder of config_files", lambda: path("w/conf.d/a.yaml", "priority: alert\n"), "w/conf.d", *C)
changes("a file of config_files is written to", lambda: path("w/conf.d/a.yaml", "priority: error\n"), "w/conf.d/a.yaml", *C)


def make_later():
    os.mkdir(os.path.join(DIR, "w/later.d"))
    time.sleep(0.3)
    path("w/later.d/x.yaml", RULE % ("x", "open"))


changes("what was not there comes, its folder first", make_later, "w/later.d/x.yaml", *C)
changes("something else beside them", lambda: path("w/other", "x"), "", *C)

# A ConfigMap: files are links through the link ..data, which is replaced by a rename.
for day, rule in (("1", "one"), ("2", "two")):
    path("map/..%s/c.yaml" % day, "rules_files: [map/r.yaml]\n")
    path("map/..%s/r.yaml" % day, RULE % (rule, "open"))
os.symlink("..1", os.path.join(DIR, "map/..data"))
for name in ("c.yaml", "r.yaml"):
    os.symlink("..data/" + name, os.path.join(DIR, "map", name))


def swap():
    os.symlink("..2", os.path.join(DIR, "map/..new"))
    os.rename(os.path.join(DIR, "map/..new"), os.path.join(DIR, "map/..data"))


changes("a ConfigMap is swapped", swap, "map/c.yaml", "-c", "map/c.yaml")

# A link on the way, which leads to another folder.
for day in ("1", "2"):
    path("chain/v%s/in/r.yaml" % day, RULE % ("v" + day, "open"))
os.symlink("v1", os.path.join(DIR, "chain/now"))


def relink():
    os.symlink("v2", os.path.join(DIR, "chain/new"))
    os.rename(os.path.join(DIR, "chain/new"), os.path.join(DIR, "chain/now"))


changes("a link on the way to a rules file", relink, "chain/now/in/r.yaml", "-r", "chain/now/in/r.yaml")

generate(*C, rundir="late")
os.symlink("1", os.path.join(DIR, "late/current"))
path("w/r.yaml", RULE % ("late", "open"))
p = waiting("late")
is_(p.communicate(timeout=5)[0], "changed %s/w/r.yaml\n" % os.path.realpath(DIR), "a change before anyone waited")
changes("watch_config_files: false", lambda: path("w/r.yaml", RULE % ("never", "open")), "", *C, "-O", "watch_config_files=false")
is_(conf("wait", "-d", "nosuch")[0], 66, "nothing to wait for")
for words, status in (((), 64), (("generate",), 64), (("nosuch",), 64), (("check", "x"), 64), (("check", "-x"), 64), (("exec", "-d", "run"), 64), (("--version",), 0), (("--help",), 0)):
    is_(conf(*words)[0], status, "status of saker-conf %s" % " ".join(words))
tap.end()
EOF
