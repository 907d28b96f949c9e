"""The real programs in pipes of a real shell, for tests/live: starting, waiting without guessing, TAP.

    ok(good, what, diagnostic)   is_(found, expected, what)   done()
    until(condition, seconds)    text(path)
    Pipeline(command, folder)    a line of bash that begins with $PROBE; .ready(), .stop(), .wait()
    Terminal(folder)             an interactive bash at a terminal; .type(), .seen, .running(), .end()
"""
import fcntl
import os
import shutil
import signal
import struct
import subprocess
import termios
import threading
import time

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
BIN = os.path.join(os.environ.get("SAKER_BUILD", os.path.join(HERE, "build")), "bin")
RULES = os.path.join(HERE, "rules", "saker_rules.yaml")
STAGES = os.path.join(HERE, "tests", "stages")
_count = _failed = 0


def ok(good, what, diagnostic=""):
    global _count, _failed
    _count += 1
    _failed += not good
    print("%sok %d - %s" % ("" if good else "not ", _count, what), flush=True)
    if not good and diagnostic != "":
        print("".join("# %s\n" % line for line in str(diagnostic).splitlines()), end="", flush=True)
    return good


def is_(found, expected, what):
    return ok(found == expected, what, "found    %r\nexpected %r" % (found, expected))


def done():
    print("1..%d" % _count)
    raise SystemExit(_failed > 0)


def until(condition, seconds=20):
    """Waits until the condition holds; returns whether it did in time."""
    end = time.monotonic() + seconds
    while not (holds := condition()) and time.monotonic() < end:
        time.sleep(0.05)
    return bool(holds)


def text(path):
    try:
        with open(path, errors="backslashreplace") as f:
            return f.read()
    except FileNotFoundError:
        return ""


def copies(source, folder, *names):
    """Copies of a program under names of their own; their paths."""
    return [shutil.copy(source, os.path.join(folder, name)) for name in names]


class Pipeline:
    """A line of bash in a session of its own. $PROBE in it is the probe, which says when it is ready and who it is; programs
    of saker are in the path. Standard error goes to folder/errors."""

    def __init__(self, command, folder, **variables):
        self.folder = folder
        self.files = {name: os.path.join(folder, name) for name in ("ready", "pid", "statuses", "errors")}
        for path in self.files.values():
            if os.path.exists(path):
                os.unlink(path)
        # The probe puts itself in the place of a shell that has told its process id.
        probe = "sh -c 'echo $$ >%(pid)s; exec probe --notify 9 \"$@\" 9>%(ready)s' sh" % self.files
        script = "cd %s; probe() { %s \"$@\"; }; PROBE=probe; %s\necho \"${PIPESTATUS[*]}\" >%s" % (
            folder, probe, command, self.files["statuses"])
        with open(self.files["errors"], "wb") as errors:
            self.process = subprocess.Popen(["bash", "-c", script], start_new_session=True, stdin=subprocess.DEVNULL, stderr=errors,
                                            env={**os.environ, "PATH": BIN + ":" + os.environ["PATH"], **variables},
                                            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))

    def ready(self):
        if until(lambda: text(self.files["ready"]).startswith("ready") or self.process.poll() is not None):
            return self.process.poll() is None
        return False

    def errors(self):
        return text(self.files["errors"])

    def probe_pid(self):
        return int(text(self.files["pid"]))

    def wait(self, seconds=20):
        """The exit statuses of all of it, as bash has them; what is still there is killed and is None."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return None
        return text(self.files["statuses"]).split()

    def stop(self, seconds=20):
        """Ends it at its head, as a supervisor would."""
        os.kill(self.probe_pid(), signal.SIGTERM)
        return self.wait(seconds)

    def left(self):
        """Processes of its session that are still there."""
        return subprocess.run(["ps", "-s", str(self.process.pid), "-o", "pid=,args="], capture_output=True, text=True).stdout

    def kill(self):
        for line in self.left().splitlines():
            try:
                os.kill(int(line.split()[0]), signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()


class Terminal:
    """An interactive bash at a terminal of its own, in a folder. Where the machine has no terminals, folder/pts is mounted:
    the test must unmount it."""

    def __init__(self, folder):
        self.folder = folder
        self.fd, slave = self.open()
        self.pid = os.fork()
        if self.pid == 0:
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            for fd in range(3):
                os.dup2(slave, fd)
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.chdir(folder)
            os.environ.update(PATH=BIN + ":" + os.environ["PATH"], PS1="", TERM="dumb")
            os.execvp("bash", ["bash", "--norc", "--noprofile", "--noediting", "-i"])
        os.close(slave)
        self.seen = b""
        threading.Thread(target=self.drain, daemon=True).start()

    def open(self):
        """Both ends of a terminal, from terminals of our own where the machine has none."""
        pts = os.path.join(self.folder, "pts")
        try:
            return os.openpty()
        except OSError:
            os.makedirs(pts, exist_ok=True)
            if not os.path.ismount(pts):
                subprocess.run(["mount", "-t", "devpts", "devpts", pts], check=True)
        fd = os.open(os.path.join(pts, "ptmx"), os.O_RDWR | os.O_NOCTTY)
        fcntl.ioctl(fd, 0x40045431, struct.pack("i", 0))                                # TIOCSPTLCK: unlock
        number = struct.unpack("i", fcntl.ioctl(fd, 0x80045430, struct.pack("i", 0)))[0]     # TIOCGPTN
        return fd, os.open(os.path.join(pts, str(number)), os.O_RDWR | os.O_NOCTTY)

    def drain(self):
        try:
            while data := os.read(self.fd, 4096):
                self.seen += data
        except OSError:
            pass

    def type(self, keys):
        os.write(self.fd, keys.encode())

    def running(self, names):
        """The process ids of those of its programs whose names match the regular expression."""
        return subprocess.run(["pgrep", "-s", str(self.pid), "-x", names], capture_output=True, text=True).stdout.split()

    def end(self):
        """Leaves the shell; returns the processes that are still there, which are killed."""
        self.type("exit\n")
        gone = until(lambda: os.waitpid(self.pid, os.WNOHANG)[0], 5)
        left = subprocess.run(["ps", "-s", str(self.pid), "-o", "pid=,args="], capture_output=True, text=True).stdout
        if not gone or left:
            subprocess.run(["pkill", "-KILL", "-s", str(self.pid)])
        return left
