"""The second half of tests/live/bad_things.t: bad_things.py DIR RULES FILE CONTAINER..., where RULES is saker or falco.

Starts the real pipeline with the rules of FILE, does the bad things of bad_things.sh in three ways (typed at a terminal,
by a script, under sudo), each with a docker container of its own (WAY=ID; without an ID its parts are skipped), and
compares each alert, field by field, with what the process that did it said of itself. Prints TAP without a plan.
"""
import fcntl
import json
import os
import platform
import shutil
import signal
import struct
import subprocess
import sys
import termios
import threading
import time

DIR, RULES, FILE = sys.argv[1:4]
CONTAINERS = dict(c.split("=") for c in sys.argv[4:])
HERE = os.path.dirname(os.path.abspath(__file__))
SCRIPT = os.path.join(HERE, "bad_things.sh")
DUP = "dup2" if platform.machine() == "x86_64" else "dup3"
IMAGE = os.environ["ENGINES_IMAGE"].rsplit(":", 1)[0]
NOBODY = 65534
TIOCGPTPEER, TIOCSPTLCK = 0x5441, 0x40045431  # Python has no names for them
WAIT = 10
ANCESTRY_MAX = 20

# Of each thing its rule and priority, by rules file.
EXPECTED = {
    "saker": {
        "shell": ("Interactive shell in a container", "Notice"),
        "read": ("Sensitive file read by an unexpected program", "Warning"),
        "dropped": ("Program added to a container started", "Critical"),
        "memfd": ("Program started from memory", "Critical"),
        "ptrace": ("Process taken over with ptrace", "Warning"),
        "redirect": ("Network socket as standard input or output in a container", "Warning"),
    },
    "falco": {
        "shell": ("Terminal shell in container", "Notice"),
        "read": ("Read sensitive file untrusted", "Warning"),
        "dropped": ("Drop and execute new binary in container", "Critical"),
        "memfd": ("Fileless execution via memfd_create", "Critical"),
        "ptrace": ("PTRACE attached to process", "Warning"),
        "redirect": ("Redirect STDOUT/STDIN to Network Connection in Container", "Notice"),
    },
}[RULES]
EXPECTED["link"] = EXPECTED["last"] = EXPECTED["read"]
if RULES == "saker":  # Falco's trust the name of the account tool that it has
    EXPECTED["impostor"] = EXPECTED["read"]
INSIDE = ("shell", "dropped", "redirect")
TWINS = ("impostor", "twin-read", "twin-link", "twin-known", "twin-memfd", "twin-ptrace", "twin-host")
if RULES == "saker":
    TWINS += ("twin-debugger",)
TWINS_INSIDE = ("twin-shell", "twin-dropped", "twin-redirect")

# Beside these every field of a process is compared; what a thing does not have must be null.
FIELDS = """evt.type evt.rawres evt.arg.request evt.arg.pid evt.rawarg.pid
    proc.name proc.exe proc.exepath proc.cmdline proc.pname proc.pcmdline proc.pid proc.vpid proc.ppid proc.tty proc.sid
    proc.is_exe_upper_layer proc.is_exe_from_memfd user.name user.uid user.loginuid user.loginname
    fd.num fd.name fd.nameraw fd.directory fd.filename fd.type fd.typechar fd.l4proto
    fd.cip fd.cport fd.sip fd.sport fd.lip fd.lport fd.rip fd.rport
    container.id container.name container.image.repository container.privileged""".split()
ANY = object()  # cannot be known from outside
# runc, which starts a program for docker, and who inherits it: runc does not wait until it has begun.
RUNTIMES = ("runc", "containerd-shim")

tests = 0
failures = 0


def result(good, what, *why):
    global tests, failures
    tests += 1
    failures += not good
    print("%sok - %s: %s" % ("" if good else "not ", RULES, what))
    if not good:
        for line in why:
            print("# %s" % line)
    sys.stdout.flush()


def until(condition, what):
    """Waits until it holds; says whether it did."""
    end = time.monotonic() + WAIT
    while not condition():
        if time.monotonic() > end:
            print("# %s: not within %d s" % (what, WAIT))
            return False
        time.sleep(0.02)
    return True


def read_lines(name):
    try:
        with open(os.path.join(DIR, name), errors="replace") as f:
            return [line.strip() for line in f if line.endswith("\n")]
    except FileNotFoundError:
        return []


class Pipeline:
    """scripts/saker run, its alerts as JSON in a file. In a run folder of its own, as that of the host may have alerts of others yet."""

    def __init__(self):
        extra = os.path.join(DIR, "fields.yaml")
        with open(extra, "w") as f:
            for rule in sorted({rule for rule, _ in EXPECTED.values()}):
                f.write("- rule: %s\n  output: %s\n  override: {output: append}\n" %
                        (rule, json.dumps("|" + " ".join("%" + field for field in FIELDS))))
        self.out, self.err = RULES + ".alerts", RULES + ".log"
        with open(os.path.join(DIR, self.out), "w") as out, open(os.path.join(DIR, self.err), "w") as err:
            self.process = subprocess.Popen(
                [os.path.join(HERE, "../../scripts/saker"), "run", "-d", os.path.join(DIR, RULES + ".run"), "--json",
                 "-r", FILE, "-r", extra, "-O", "enrich.docker_root=%s/docker/lib" % DIR],
                stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        self.ready = until(lambda: any("saker: watching" in line for line in read_lines(self.err)) or
                           self.process.poll() is not None, "the pipeline's start") and self.process.poll() is None

    def alerts(self):
        return [json.loads(line) for line in read_lines(self.out)]

    def end(self):
        """Its status; None when it had to be killed."""
        for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            if self.process.poll() is None:
                self.process.send_signal(sig)
            try:
                status = self.process.wait(WAIT)
                return status if sig == signal.SIGINT else None
            except subprocess.TimeoutExpired:
                print("# the pipeline did not end by signal %d" % sig)
        return None


def run(command, **how):
    """In a session of its own; gone after three times WAIT seconds, with all that it started."""
    process = subprocess.Popen(command, start_new_session=True, **how)
    try:
        return process.wait(3 * WAIT)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return None


def open_terminal():
    """Both ends of a terminal of the file system in DIR/pts: not every machine has /dev/pts."""
    front = os.open(os.path.join(DIR, "pts/ptmx"), os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    fcntl.ioctl(front, TIOCSPTLCK, struct.pack("i", 0))
    return front, fcntl.ioctl(front, TIOCGPTPEER, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)


def at_a_terminal(arguments):
    """An interactive shell, which is told by what is typed to read the script."""
    front, back = open_terminal()
    os.write(front, ("set -- %s; . %s; exit 0\n" % (" ".join("'%s'" % a for a in arguments), SCRIPT)).encode())
    reader = threading.Thread(target=drain, args=(front,))
    reader.start()
    run(["sh", "-i"], stdin=back, stdout=back, stderr=back, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
    os.close(back)
    reader.join(WAIT)
    os.close(front)


def drain(fd):
    try:
        while os.read(fd, 4096):
            pass
    except OSError:  # the other side is closed
        pass


def by_a_script(arguments):
    return run(["sh", "-c", 'exec sh "$@" <&-', "sh", SCRIPT] + arguments)


def under_sudo(arguments):
    """As somebody who logged in as nobody and may do everything; said in this command's own mount namespace only."""
    sudoers = os.path.join(DIR, "sudoers")
    if not os.path.exists(sudoers):
        with open(sudoers, "w") as f:
            f.write('Defaults env_reset, secure_path="/usr/sbin:/usr/bin:/sbin:/bin"\nnobody ALL=(ALL) NOPASSWD: ALL\n')
        os.chmod(sudoers, 0o440)
    log_in = ('mount --bind "$1" /etc/sudoers && echo %d >/proc/self/loginuid && shift && '
              'exec setpriv --reuid=%d --clear-groups sudo -n sh "$@"' % (NOBODY, NOBODY))
    return run(["unshare", "-m", "sh", "-c", log_in, "sh", sudoers, SCRIPT] + arguments, stdin=subprocess.DEVNULL)


WAYS = {"hand": at_a_terminal, "script": by_a_script, "sudo": under_sudo}


def reports(way):
    """What the doers said, by label; a shell says its line of /proc/PID/stat."""
    said = {}
    for line in read_lines(way + ".report"):
        if line.startswith("{"):
            said[json.loads(line)["label"]] = json.loads(line)
        elif line:
            label, pid, *rest = line.split()
            said[label] = {"pid": int(pid), "tty": int(rest[5])}
    return said


def of_process(way, said):
    """The fields of every alert: of the host for now."""
    here = "%s/%s/" % (DIR, way)
    logged_in = way == "sudo"
    fields = dict.fromkeys(FIELDS) | {
        "evt.type": "execve", "evt.rawres": 0, "evt.arg.pid": said.get("comm"), "evt.rawarg.pid": said["pid"],
        "proc.name": said.get("comm"), "proc.pname": "sh", "proc.pid": said["pid"], "proc.vpid": said["pid"],
        "proc.ppid": said.get("ppid"), "proc.sid": said.get("sid"), "proc.tty": said["tty"],
        "proc.pcmdline": "sh -i" if way == "hand" else " ".join(["sh", SCRIPT] + arguments_of(way)),
        "proc.is_exe_upper_layer": False, "proc.is_exe_from_memfd": False, "user.name": "root", "user.uid": 0,
        "user.loginuid": NOBODY if logged_in else LOGINUID,
        "user.loginname": "nobody" if logged_in else ANY if LOGINUID >= 0 else "<NA>",
        "container.id": "host", "container.name": "host",
    }
    if said.get("comm") in ("reader", "chage"):
        fields |= {"proc.exepath": here + said["comm"], "proc.exe": here + said["comm"]}
    return fields


def of_container(way, said):
    return {"proc.pid": ANY, "proc.vpid": said["pid"], "proc.ppid": ANY, "proc.sid": ANY, "proc.pname": RUNTIMES,
            "proc.pcmdline": ANY, "user.loginuid": LOGINUID, "user.loginname": ANY if LOGINUID >= 0 else "<NA>",
            "container.id": CONTAINERS[way][:12], "container.name": "saker-" + way, "container.image.repository": IMAGE,
            "container.privileged": False}


NO_EXEC = {"evt.arg.pid": None, "evt.rawarg.pid": None}


def of_file(passed, said):
    return NO_EXEC | {
        "evt.type": "openat", "evt.rawres": said["fd"], "fd.num": said["fd"],
        "fd.name": "/etc/shadow", "fd.nameraw": passed,
        "fd.directory": "/etc", "fd.filename": "shadow", "fd.type": "file", "fd.typechar": "f", "fd.l4proto": "<NA>"}


def of_shell(way, said):
    return of_container(way, said) | {"proc.name": "sh", "proc.exe": "sh", "proc.exepath": "/bin/busybox",
                                      "evt.arg.pid": "sh", "evt.rawarg.pid": ANY,
                                      "proc.cmdline": "sh -c %s sh shell" % SHELL}


def of_dropped(way, said):
    return of_container(way, said) | {
        "evt.rawarg.pid": ANY, "proc.exe": "/tmp/dropped", "proc.exepath": "/tmp/dropped",
        "proc.cmdline": "dropped dropped nothing",
        "proc.pname": "sh", "proc.is_exe_upper_layer": True}


def of_redirect(way, said):
    connection = {"fd.cip": "127.0.0.1", "fd.cport": said["client"], "fd.sip": "127.0.0.1", "fd.sport": said["server"],
                  "fd.lip": "127.0.0.1", "fd.lport": said["client"], "fd.rip": "127.0.0.1", "fd.rport": said["server"]}
    return of_container(way, said) | NO_EXEC | connection | {
        "evt.type": DUP, "proc.exe": "bad_thing", "proc.exepath": "/bin/bad_thing",
        "proc.cmdline": "bad_thing redirect dup tcp 0", "user.name": "carol", "user.uid": 4242,
        "fd.num": 0, "fd.nameraw": "", "fd.type": "ipv4", "fd.typechar": "4", "fd.l4proto": "tcp", "fd.name":
        "127.0.0.1:%d->127.0.0.1:%d" % (said["client"], said["server"])}


def expected_fields(way, label, said):
    here = "%s/%s/" % (DIR, way)
    particular = {
        "shell": of_shell, "dropped": of_dropped, "redirect": of_redirect,
        "read": lambda *_: of_file("/etc/shadow", said) | {"proc.cmdline": "reader read read /etc/shadow"},
        "last": lambda *_: of_file("/etc/shadow", said) | {"proc.cmdline": "reader last read /etc/shadow"},
        "impostor": lambda *_: of_file("/etc/shadow", said) | {"proc.cmdline": "chage impostor read /etc/shadow"},
        "link": lambda *_: of_file(here + "link", said) | {
            "proc.pname": "reader", "proc.cmdline": "reader link fork-read %slink" % here,
            "proc.pcmdline": "reader link fork-read %slink" % here},
        "memfd": lambda *_: {"proc.exe": "payload", "proc.exepath": "memfd:payload", "proc.is_exe_from_memfd": True,
                             "proc.cmdline": said["comm"] + " memfd nothing"},
        "ptrace": lambda *_: {"evt.type": "ptrace", "evt.arg.request": "PTRACE_ATTACH", "evt.arg.pid": "tracer",
                              "evt.rawarg.pid": said["target"],
                              "proc.exe": here + "tracer", "proc.exepath": here + "tracer",
                              "proc.cmdline": "tracer ptrace trace attach"},
    }[label](way, said)
    return of_process(way, said) | particular


def label_of(alert):
    """Which thing an alert is about: its command line says so."""
    words = (alert["output_fields"].get("proc.cmdline") or "").split()
    if words[-2:] == ["sh", "shell"]:
        return "shell"
    return words[1] if len(words) > 1 else " ".join(words)


def agrees(found, expected):
    return expected is ANY or found == expected or (isinstance(expected, tuple) and found in expected)


def parent_of(pid):
    with open("/proc/%d/stat" % pid) as stat:
        return int(stat.read().rsplit(")", 1)[1].split()[1])


def ancestors_of(pid):
    """It and its ancestors, as the process file system has them."""
    chain = []
    while pid:
        chain.append(pid)
        pid = parent_of(pid)
    return chain


def compare(way, label, alerts, said):
    rule, priority = EXPECTED[label]
    result([a["rule"] for a in alerts] == [rule], "%s: %s: exactly one alert" % (way, label),
           "found %r, expected %r" % ([(a["rule"], a["output"]) for a in alerts], [rule]))
    if not alerts or not said:
        result(False, "%s: %s: its fields" % (way, label), "no alert, or no report of the process: %r" % said)
        return
    alert = alerts[0]
    wanted = expected_fields(way, label, said) | {"priority": priority, "source": "syscall", "complete": True}
    found = alert | alert["output_fields"] | {"complete": alert["complete"]}
    wrong = ["%s: found %r, expected %r" % (name, found.get(name, "absent"), value) for name, value in wanted.items()
             if not agrees(found.get(name, "absent"), value)]
    result(not wrong, "%s: %s: its fields" % (way, label), *wrong)


def is_ours(alert, way):
    """Whatever the test has started, and whatever happened in the container."""
    return (os.getpid() in [a["pid"] for a in alert["ancestry"]] or
            alert["output_fields"].get("container.id") == (CONTAINERS[way][:12] or None))


def arguments_of(way):
    return [DIR, way, CONTAINERS[way], RULES]


def skip(what, why):
    print("ok - %s: %s # SKIP %s" % (RULES, what, why))


def overlay():
    return subprocess.run(["docker", "info", "-f", "{{.Driver}}"], capture_output=True, text=True,
                          timeout=WAIT).stdout.strip() in ("overlay2", "overlayfs")


def check(way, pipeline):
    before = len(pipeline.alerts())
    WAYS[way](arguments_of(way))

    def new():
        return [a for a in pipeline.alerts()[before:] if is_ours(a, way)]
    until(lambda: any(label_of(a) == "last" for a in new()), "the last alert")
    said, alerts = reports(way), new()
    for label in EXPECTED:
        if label in INSIDE and not CONTAINERS[way]:
            skip("%s: %s" % (way, label), "no docker")
        elif label == "dropped" and not overlay():
            skip("%s: %s" % (way, label), "docker has no overlay file system here")
        else:
            compare(way, label, [a for a in alerts if label_of(a) == label], said.get(label))
    for alert in (a for a in alerts if label_of(a) == "last"):
        pids, own = [a["pid"] for a in alert["ancestry"]], ancestors_of(os.getpid())
        found = pids[pids.index(os.getpid()):] if os.getpid() in pids else pids
        result(found == own[:len(found)] and (len(pids) == ANCESTRY_MAX or found == own), "%s: its ancestors" % way,
               "found %r, expected %r" % (found, own))
    missing = [t for t in TWINS + (TWINS_INSIDE if CONTAINERS[way] else ()) if t not in said]
    result(not missing, "%s: every twin was done" % way, "not done: %r" % missing, *read_lines(way + ".errors"))
    other = ["%s: %s" % (a["rule"], a["output"]) for a in alerts if label_of(a) not in EXPECTED]
    result(not other, "%s: no other alert" % way, *other)


with open(SCRIPT) as f:
    SHELL = next(line for line in f if line.startswith("shell='"))[len("shell='"):-2]
with open("/proc/self/loginuid") as f:
    LOGINUID = (int(f.read()) + 2 ** 31) % 2 ** 32 - 2 ** 31
saker = Pipeline()
try:
    result(saker.ready, "the pipeline watches", *read_lines(saker.err))
    for way in WAYS if saker.ready else ():
        if way == "sudo" and not shutil.which("sudo"):
            skip("sudo", "sudo is not installed")
        else:
            check(way, saker)
finally:
    status = saker.end()
result(status == 0, "the pipeline ends well", "status %r" % status, *read_lines(saker.err))
sys.exit(failures != 0)
