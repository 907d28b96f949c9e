#!/bin/sh
# match --plan on small rules: the plans are as written here. frames --plan: what stays of a stream. --why.
here=$(cd "$(dirname "$0")/../.." && pwd)
SAKER_BUILD=${SAKER_BUILD:-$here/build}
export SAKER_BUILD PYTHONPATH="$here/tests/helpers" PYTHONDONTWRITEBYTECODE=1
DIR=$(mktemp -d) || exit 1
export DIR
trap 'rm -rf "$DIR"' EXIT

python3 - <<'PYTHON'
import os, re, subprocess, sys
from wire import *

DIR, BIN = os.environ["DIR"], os.path.join(os.environ["SAKER_BUILD"], "bin")
n = 0


def ok(good, what, *more):
    global n
    n += 1
    print("%s %d - %s" % ("ok" if good else "not ok", n, what))
    if not good:
        for text in more:
            print("# " + str(text).replace("\n", "\n# "))


def rules(*conditions, priority="NOTICE", more=""):
    path = os.path.join(DIR, "rules.yaml")
    with open(path, "w") as f:
        for i, c in enumerate(conditions):
            f.write("- rule: r%d\n  desc: d\n  output: o\n  priority: %s\n  condition: >\n    %s\n%s" % (i + 1, priority, c, more))
    return path


def run(*argv, data=b""):
    done = subprocess.run([os.path.join(BIN, argv[0]), *argv[1:]], input=data, capture_output=True)
    return done.returncode, done.stdout, done.stderr.decode()


def plan_of(*conditions, **how):
    status, out, err = run("match", "--plan", "-r", rules(*conditions, **how))
    return out.decode() if status == 0 else err


def golden(what, conditions, expected, **how):
    conditions = [conditions] if isinstance(conditions, str) else conditions
    plan = plan_of(*conditions, **how)
    lines = [re.sub(r" +# ", "  # ", l) for l in plan.splitlines()]
    want = ["plan 1"] + expected.strip("\n").splitlines()
    ok(lines == want, what, "\n".join(lines))


golden("result, flags, a path below a folder", "evt.type in (open, openat) and evt.is_open_write=true and fd.num>=0 and fd.name startswith /srv/", """
event open openat
  pass ok write path-prefix /srv/  # r1
""")
golden("not is pushed down to the checks", "evt.type = openat and not (fd.name in (/srv/a, /srv/b) or proc.name = x)", """
event openat
  pass not comm-in x not path-is /srv/a /srv/b  # r1
""")
golden("not of and is or", "evt.type = openat and not (fd.name = /srv/a and proc.name = x)", """
event openat
  pass not comm-in x  # r1
  pass not path-is /srv/a  # r1
""")
golden("what can not be tested passes both ways", ["evt.type = unlink and proc.cmdline contains x", "evt.type = rename and not user.name = x"], """
event rename
  all  # r2 (not user.name = x)
event unlink
  all  # r1 (proc.cmdline contains x)
""")
golden("what was executed, where, of whom, by whom", ["evt.type = execve and proc.exe startswith ./ and proc.cwd startswith /srv/",
       "evt.type = execve and proc.name = sh and (proc.args startswith \"-c x\" or proc.args startswith y)",
       "evt.type = execve and proc.aname in (a, b) and not proc.aname = c and not proc.pexe endswith java"], """
event execve
  pass ancestor-in a b not ancestor-in c not parent-argv0-suffix java  # r3
  pass argv0-prefix ./ cwd-prefix /srv/  # r1
  pass comm-in sh args-prefix "-c x" y  # r2
""")
golden("beside what can", "evt.type = unlink and user.name = x and container.id != host and evt.arg.path startswith /srv/", """
event unlink
  pass container joined-prefix /srv/  # r1
""")
golden("links in both spellings, but not in a negation", ["evt.type = openat and fd.name = /var/run/x",
    "evt.type = creat and not fd.name = /var/run/x"], """
event creat
  pass not path-is /var/run/x  # r2
event openat
  pass path-is /run/x /var/run/x  # r1
""")
golden("the own entry of /proc", "evt.type = openat and fd.name = /proc/self/mem", """
event openat
  pass path-prefix /proc/  # r1
""")
golden("which path of a call with two", "evt.type in (rename, link) and fs.path.target pmatch (/srv) and evt.arg.newpath endswith .sh", """
event rename
  pass ok path2-under /srv joined2-name-suffix .sh  # r1
event link
  pass ok path-under /srv joined2-name-suffix .sh  # r1
""")
golden("folder and name", "evt.type = openat and (fd.directory = /srv or fd.filename in (a, b))", """
event openat
  pass fd-kind file directory path-folder-is /srv  # r1
  pass fd-kind file path-name-is a b  # r1
""")
golden("sockets", "evt.type = connect and fd.typechar in (4, 6) and fd.l4proto = tcp and fd.sport in (80, 443) and not fd.snet in (10.0.0.0/8, 127.0.0.1/32)", """
event connect
  pass fd-kind ipv4 ipv6 protocol tcp server-port 80 443 not server-addr 10.0.0.0/8 127.0.0.1  # r1
""")
golden("errors by name", "evt.type = connect and evt.res in (SUCCESS, EINPROGRESS) and fd.ip != 127.0.0.1", """
event connect
  pass result EINPROGRESS 0.. not addr 127.0.0.1  # r1
""")
golden("facts of the task", "evt.type = setuid and user.uid > 0 and proc.tty != 0 and user.loginuid = -1 and proc.pname startswith ssh and "
    "thread.cap_effective contains SYS_ADMIN and proc.is_exe_upper_layer = true and proc.exepath pmatch (/srv/x)", """
event setuid
  pass tty uid 1.. loginuid -1 cap-effective CAP_SYS_ADMIN exe-flags upper-layer parent-prefix ssh exe-under /srv/x  # r1
""")
golden("parameters by name", ["evt.type = ptrace and evt.arg.request in (PTRACE_ATTACH, PTRACE_SEIZE)", "evt.type = mprotect and evt.arg.prot contains PROT_EXEC",
    "evt.type = symlink and evt.arg.target = /srv"], """
event ptrace
  pass arg request PTRACE_ATTACH PTRACE_SEIZE  # r1
event symlink
  pass arg-is target /srv  # r3
event mprotect
  pass arg-bits prot PROT_EXEC  # r2
""")
golden("lines that differ in one list become one", ["evt.type = openat and fd.name = /srv/a and proc.name = x", "evt.type = openat and fd.name = /srv/b and proc.name = x"], """
event openat
  pass comm-in x path-is /srv/a /srv/b  # r1, r2
""")
golden("the class of the highest priority", ["evt.type = unlink"], """
event unlink class 3
  all  # r1
""", priority="CRITICAL")
golden("an exception", "evt.type = openat and fd.name startswith /srv/", """
event openat
  pass not comm-in x path-prefix /srv/  # r1
  pass not path-is /srv/a path-prefix /srv/  # r1
""", more="  exceptions:\n    - name: e\n      fields: [proc.name, fd.name]\n      values:\n        - [x, /srv/a]\n")
plan = plan_of("proc.name = x and evt.failed = true")
ok("event syscall open" in plan and " read " in plan and re.findall(r"^  .*?(?= +#)", plan, re.M) == ["  pass failed comm-in x"] * 2,
   "without evt.type every type is wanted, of tasks that pass", plan[:2000])
plan = plan_of("evt.type = openat and evt.num > 5")
ok(plan.startswith("# r1: evt.num depends on events that the plan leaves out\nplan 1\n"), "fields that count events are named", plan)
status, out, err = run("match", "--plan", "-r", rules("evt.type = write and evt.buffer contains x", "evt.type = dup2 and fd.types[0] in (ipv4)",
                                                  "evt.type = close and fd.name = /srv/a", "evt.type = dup3 and fd.types in (ipv4)"))
ok(b"want data=80 write\n" in out and b"want fd-kinds-0-2 dup2\n" in out and b"want fd-kinds dup3\n" in out and b"event close class 1 enter\n" in out, "facts, data, and what is gone at the end", out.decode())

path = rules("evt.type in (open, openat) and proc.cmdline contains x")
status, out, err = run("match", "--why", "r1", "-r", path)
out = out.decode()
ok(status == 0 and "proc.cmdline contains x" in out and "fd.name startswith /folder/" in out and "evt.is_open_write" in out, "--why: what is sent, and what to add", out)
path = rules("evt.type = write and evt.buffer contains x and not (proc.stdin.type = unix and proc.vmsize > 3)", "evt.type = mkdir", "evt.type = close and fd.name = /x")
out = run("match", "--why", "r1", "-r", path)[1].decode()
ok(all(re.search(line, out, re.M) for line in ("^want memory write$", "^#     fd.name startswith /folder/ ", "^#     fd-kinds-0-2 +for proc.stdin.type$",
                                               "^#     memory +for proc.vmsize$", "^#     data=80 +for evt.buffer$")),
   "--why: which fields make events bring more", out)
out = run("match", "--why", "r2", "-r", path)[1].decode()
ok("container.id" in out and "evt.arg.path startswith" in out and "fd.name" not in out and "bring" not in out, "--why advises what the kernel side can test, and nothing else", out)
out = run("match", "--why", "r3", "-r", path)[1].decode()
ok("looked at before they are made" in out, "--why: what has to be seen before a call is made", out)
out = run("match", "--why", "r1", "-r", rules("evt.type in (dup, dup2, symlink, accept)"))[1].decode()
ok("To send less of dup2, dup," in out and "evt.arg.target in" in out and "fd.sip" in out and "fd.type in" in out, "--why: what fits of each type, once", out)
out = run("match", "--why", "r1", "-r", rules("evt.type = sync and evt.failed = true and container.id = host and proc.name = x and proc.tty != 0"))[1].decode()
ok("No other clause would make it less." in out and "add what fits" not in out, "--why: when there is nothing to add", out)
status, out, err = run("match", "--why", "no such", "-r", path)
ok(status == 64 and "found no rule 'no such'" in err, "--why of a rule that is not there", status, err)

with open(os.path.join(DIR, "before"), "w") as f:
    f.write("plan 1\nevent openat class 3\n  pass ok path-is /srv/a  # before\nevent kill\n  all  # before\n")
path = rules("evt.type = openat and evt.failed = false and fd.name in (/srv/a, /srv/b)")
status, out, err = run("match", "--plan", "--union", os.path.join(DIR, "before"), "-r", path)
ok(status == 0 and re.sub(r" +# ", "  # ", out.decode()) == "plan 1\nevent kill\n  all  # before\nevent openat class 3\n"
   "  pass ok path-is /srv/a /srv/b  # r1, before\n", "--union: what either wants", out.decode())
status, out, err = run("match", "--plan", "--union", path, "-r", path)
ok(status == 78 and "rules.yaml:1:1: found '-', expected 'plan 1'" in err, "--union with what is no plan", status, err)

# frames --plan
PLANS = {"p": "plan 1\nevent openat\n  pass ok path-under /srv comm-in sh  # one\n  pass failed  # two\nevent unlink\n  all  # three\n",
         "bad": "plan 1\nevent openat\n  pass path-on /srv\n"}
for name, text in PLANS.items():
    with open(os.path.join(DIR, name), "w") as f:
        f.write(text)


def opened(i, path, pid=1):
    return event("openat", i, pid=pid, result=3, fd=[3, "file", path, 0, 0, 0, 0, None], dirfd=-100, name=[path, None, path], flags=1)


stream = hello() + proc(1, comm=b"sh") + proc(2, comm=b"cat") + opened(1, b"/srv/a") + opened(2, b"/srvx") + opened(3, b"/srv/b", 2) + \
    opened(4, b"/srv", 9) + event("openat", 5, result=-2, fd=-2, dirfd=-100, name=[b"../x", None, None], flags=1) + \
    event("unlink", 6, res=0, path=[b"/a", None, None]) + event("rename", 7, res=0, oldpath=[b"/a", None, None], newpath=[b"/b", None, None]) + end()
status, out, err = run("frames", "-b", "-v", "--plan", os.path.join(DIR, "p"), data=stream)
kept = [unpack(body) for kind, body in frames(out) if kind == EVENT]
ok(status == 0 and [e[1] for e in kept] == [1, 4, 5, 6], "frames --plan: what passes, and what is not known", status, err, [e[1] for e in kept])
ok([k for k, _ in frames(out) if k != EVENT] == [k for k, _ in frames(stream) if k != EVENT], "every definition stays")
ok("plan: 7 events, 3 rejected; of 6 of wanted types 33.3 % were rejected" in err and "2 passed for one" in err and "1 passed for two" in err and
   "not wanted" in err, "and it is counted", err)
status, out, err = run("frames", "--plan", os.path.join(DIR, "bad"), data=stream)
ok(status == 78 and err.startswith("frames: %s/bad:3:8: found 'path-on', expected the name of a test" % DIR), "a plan that is none", status, err)
status, out, err = run("frames", "--plan", os.path.join(DIR, "none"), data=stream)
ok(status == 78 and "none: No such file or directory" in err, "a plan that is not there", status, err)
status, out, err = run("frames", "-e", "--plan", os.path.join(DIR, "p"))
ok(status == 64 and "--plan only where frames are read" in err, "--plan with -e", status, err)
status, out, err = run("frames", "--plan", os.path.join(DIR, "p"), data=stream)
ok(status == 0 and out.count(b'"kind":"event"') == 4, "to JSON, too", err)

# The links of another host: the plan, made here, does not know them, but the filter does.
linked = hello(links=[[b"/data", b"/srv/data"]]) + proc(1, comm=b"sh") + opened(1, b"/srv/data/a") + opened(2, b"/srv/other") + end()
path = rules("evt.type = openat and fd.name startswith /data/")
status, out, err = run("match", "--plan", "-r", path)
with open(os.path.join(DIR, "l"), "wb") as f:
    f.write(out)
status, kept, err = run("frames", "-b", "--plan", os.path.join(DIR, "l"), data=linked)
alerts = [[b for k, b in frames(run("match", "-r", path, data=s)[1]) if k == ALERT] for s in (linked, kept)]
ok(len(alerts[0]) == 1 and alerts[0] == alerts[1] and len([k for k, _ in frames(kept) if k == EVENT]) == 1, "links of another host", alerts, err)

# The plan of the official rules is one that is read again, and rejects most.
official = os.path.join(os.path.dirname(os.environ["PYTHONPATH"]), "..", "..", "shared", "data", "rules", "falco_rules.yaml")
status, out, err = run("match", "--plan", "-r", official)
with open(os.path.join(DIR, "official"), "wb") as f:
    f.write(out)
again, _, err = run("frames", "--plan", os.path.join(DIR, "official"), data=stream)
ok(status == 0 and again == 0 and b"event open openat" in out, "the plan of the official rules is read", err)
print("1..%d" % n)
PYTHON
