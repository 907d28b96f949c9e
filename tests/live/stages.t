#!/bin/sh
# Stages of at most 60 lines, written from saker-wire(7) alone, stand in for enrich and emit; a third prints what strace would.
here=$(cd "$(dirname "$0")/../.." && pwd)
SAKER_BUILD=${SAKER_BUILD:-$here/build}
export SAKER_BUILD PYTHONPATH="$here/tests/helpers" PYTHONDONTWRITEBYTECODE=1
DIR=$(mktemp -d) || exit 1
export DIR
trap 'rm -rf "$DIR"' EXIT
timeout 20 "$SAKER_BUILD/bin/probe" -n 2>"$DIR/log" || { echo "1..0 # SKIP no BPF: $(tail -n 1 "$DIR/log")"; exit 0; }
chmod 755 "$DIR"

timeout 240 python3 - <<'PYTHON'
import json, os, re, secrets, shutil, subprocess
from pipeline import *

DIR = os.environ["DIR"]
FALCO = os.path.join(HERE, "..", "shared", "data", "rules", "falco_rules.yaml")
MARKER = "rd%d" % os.getpid()
CONTAINER = secrets.token_hex(32)
NAMES = re.compile(r"user\.(name|loginname|homedir|shell)$|group\.name$|container\.(?!id$|full_id$)|k8s\.")
DOCKER = os.path.join(DIR, "docker")
MARKED = os.path.join(DIR, "marker.yaml")
with open(MARKED, "w") as f:
    f.write("""- rule: marker
  desc: a marked program opens a file
  condition: evt.type in (open, openat) and proc.name startswith %s
  output: "%%proc.name %%proc.cmdline %%fd.name %%evt.arg.flags user=%%user.name uid=%%user.uid group=%%group.name parent=%%proc.pname
    container=%%container.name image=%%container.image.repository id=%%container.id"
  priority: NOTICE
""" % MARKER)


def docker_files():
    """What docker would have on disk of a container."""
    folder = os.path.join(DOCKER, "containers", CONTAINER)
    os.makedirs(folder)
    config = {"ID": CONTAINER, "Name": "/stand", "Image": "sha256:" + "0" * 64, "Config": {"Image": "example.test/stand:1"}}
    for name, what in (("config.v2.json", config), ("hostconfig.json", {"Privileged": False})):
        with open(os.path.join(folder, name), "w") as f:
            json.dump(what, f)


def in_container(program, *arguments):
    """Runs a program in a cgroup that is called like docker's; returns whether there are cgroups to do that."""
    mount = [line.split()[4] for line in open("/proc/self/mountinfo") if " - cgroup2 " in line]
    if not mount:
        return False
    cgroup = os.path.join(mount[0], "docker", CONTAINER)
    os.makedirs(cgroup)
    subprocess.run(["sh", "-c", 'echo $$ >"$0" && exec "$@"', cgroup + "/cgroup.procs", program, *arguments], stdout=subprocess.DEVNULL)
    os.rmdir(cgroup)
    try:
        os.rmdir(os.path.dirname(cgroup))
    except OSError:
        pass            # a real docker's
    return True


def run(command):
    p = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, errors="backslashreplace", timeout=60,
                       env={**os.environ, "PATH": BIN + ":" + STAGES + ":" + os.environ["PATH"], "DIR": DIR})
    return p.returncode, p.stdout, p.stderr


def split(alert):
    """An alert without its names, and its names."""
    fields = alert["output_fields"]
    names = {k: v for k, v in fields.items() if NAMES.match(k)}
    rest = {k: alert[k] for k in ("time", "rule", "priority", "source", "tags", "complete", "ancestry")}
    return json.dumps([rest, {k: v for k, v in fields.items() if k not in names}], sort_keys=True), names


def without_names(alert, names):
    """The output with the values of its names taken out."""
    output = alert["output"]
    for name in ("user", "loginuser", "group", "container", "image"):
        output = re.sub(r"\b%s=\S*" % name, name + "=", output)
    return output


for stage in ("enrich.py", "emit.py", "strace.py"):
    ok(text(os.path.join(STAGES, stage)).count("\n") <= 60, stage + " has at most 60 lines")

docker_files()
free, nobody, boxed, calls = *copies("/bin/cat", DIR, MARKER + "a", MARKER + "b", MARKER + "c"), os.path.join(BIN, "../tests/helpers/calls")
p = Pipeline("$PROBE -e default | tee -i all.saker | %s/enrich.py | match -r marker.yaml | %s/emit.py >live.out" % (STAGES, STAGES), DIR)
ok(p.ready(), "a pipeline with both stand-ins starts", p.errors())
subprocess.run([free, "/etc/shadow"], stdout=subprocess.DEVNULL)
subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", nobody, "/etc/passwd"], stdout=subprocess.DEVNULL)
contained = in_container(boxed, "/etc/shadow")
os.mkdir(os.path.join(DIR, "calls"))
pids = subprocess.run([calls, os.path.join(DIR, "calls")], capture_output=True, text=True).stdout.split()
live = os.path.join(DIR, "live.out")
ok(until(lambda: "%sc /etc/shadow" % MARKER in text(live)), "alerts arrive while it runs", text(live) + p.errors())
is_(p.stop(), ["0"] * 5, "and all of it ends with 0") or print("#", p.errors())

for name, rules in (("our rules", RULES), ("Falco's rules", FALCO), ("a rule of the test", MARKED)):
    if not os.path.exists(rules):
        ok(True, name + " # SKIP not here")
        continue
    both = {}
    for stage in ("enrich -O enrich.docker_root=%s" % DOCKER, "enrich.py"):
        status, out, errors = run("cat $DIR/all.saker | %s | match -r %s | tee $DIR/alerts.saker | emit --json" % (stage, rules))
        ok(status == 0, "%s: %s ends with 0" % (name, stage.split()[0]), errors)
        both[stage.split()[0]] = [json.loads(line) for line in out.splitlines()]
    real, stand_in = both["enrich"], both["enrich.py"]
    ok(len([a for a in real if MARKER in a["output"]]) >= 2, "%s: there are alerts (%d)" % (name, len(real)), real)
    is_([split(a)[0] for a in stand_in], [split(a)[0] for a in real], name + ": the same alerts from enrich.py but for names")
    is_([without_names(a, split(a)[1]) for a in stand_in], [without_names(a, split(a)[1]) for a in real], name + ": and the same text")

    status, out, errors = run("emit.py <$DIR/alerts.saker")
    shown = [re.sub(r"^(\S+) (.*?): \2: ", r"", line) for line in out.splitlines()]
    ok(status == 0, name + ": emit.py ends with 0", errors)
    is_([(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in out.splitlines()],
        [(a["time"], "%s: %s" % (a["rule"], re.sub(r"^[0-9:.]+: \w+ ", "", a["output"]))) for a in stand_in],
        name + ": emit.py prints the time, the rule and the output of each")

names = {a["output_fields"]["proc.name"]: split(a)[1] for a in real}
is_(names[MARKER + "b"]["user.name"], "nobody", "enrich knows the user")
ok(not any(split(a)[1]["user.name"] == "nobody" for a in stand_in), "enrich.py does not")
if contained:
    ids = {a["output_fields"]["container.id"] for a in stand_in if MARKER + "c" in a["output"]}
    is_(ids, {CONTAINER[:12]}, "the container's id needs no enrich")
    is_(names[MARKER + "c"]["container.name"], "stand", "its name does")
live_lines = [line.split(" ", 1)[0] for line in text(live).splitlines()]
is_(live_lines, [a["time"] for a in stand_in], "what was seen live are the alerts of the recording")


# strace

def plain(line):
    """A line of strace without its padding, in the order and the spelling of strace.py."""
    line = re.sub(r" +\) = |\) += ", ") = ", line)
    line = re.sub(r", \d+\) = ", ") = ", line) if " connect(" in line else line
    line = line.replace("SOCK_STREAM", "1").replace("SOCK_DGRAM", "2").replace("IPPROTO_IP", "0")
    return re.sub(r"\w+(\|\w+)+", lambda m: "|".join(sorted(m[0].split("|"))), line)


def by_process(lines, pids):
    """The traced calls of each process after it became that program, without its id."""
    calls = [[plain(line).split(None, 1)[1] for line in lines if line.split()[0] == pid] for pid in pids]
    begin = [max([0] + [i for i, call in enumerate(c) if call.startswith("execve(")]) for c in calls]
    return [[call for call in c[b:] if call.split("(")[0] in TRACED.split(",")] for c, b in zip(calls, begin)]


TRACED = "open,openat,creat,connect,socket,dup,dup2,dup3,setuid"
status, out, errors = run("strace.py <$DIR/all.saker")
ok(status == 0, "strace.py ends with 0", errors)
seen = out.splitlines()
shutil.rmtree(os.path.join(DIR, "calls"))
os.mkdir(os.path.join(DIR, "calls"))
_, traced, errors = run("strace -f -qq -e signal=none -e trace=%s -o $DIR/traced %s $DIR/calls" % (TRACED, calls))
expected = by_process(text(os.path.join(DIR, "traced")).splitlines(), traced.split())
for who, found, wanted in zip(("the parent", "the child"), by_process(seen, pids), expected):
    ok(len(wanted) > 5 and found == wanted, "strace.py prints of %s what strace prints (%d calls)" % (who, len(wanted)),
       "\n".join(["found:", *found, "expected:", *wanted]))
done()
PYTHON
