"""Runs random calls under two probes, one of which has a random plan, and compares what that one's kernel side let through with what
the reference filter lets through of the other's."""
import collections
import json
import os
import random
import subprocess
import time

import wire
from live import BIN, last_stat, probe_start, stop
from wire import EVENT

PROGRAM = os.path.join(os.path.dirname(BIN), "tests", "helpers", "random_calls")
RING = "probe.ring_size=%d" % (1 << 26)
# Calls whose parameters change from one moment to the next.
UNSTEADY = {"clone", "clone3", "fork", "vfork", "execve", "execveat", "procexit", "mmap", "mmap2"}
TASK = ("comm-in", "parent-in", "exe-is", "exe-under", "uid", "gid", "loginuid", "vpid", "tty", "container", "host", "cap-effective",
        "comm-prefix", "exe-prefix", "cap-permitted")
FILE = ("path-is", "path-under", "path-prefix", "path-name-is", "path-name-suffix", "path-folder-is", "path-name-prefix", "path-contains")
KINDS = ("ipv4", "ipv6", "unix", "ipv4 ipv6", "file", "directory", "pipe", "file directory")
FLAGS = ("ok", "failed", "read", "write", "create", "exec", "dots")
# The same of the paths that were passed.
WAYS = ("path",) * 3 + ("joined", "joined2", "path2")
CAPS = ("CAP_SYS_ADMIN", "CAP_KILL", "CAP_SETUID", "CAP_NET_RAW")
ENDS = ("connect", "accept", "accept4")
Run = collections.namedtuple("Run", "wanted let missing more counters")


def activity(folder, seed, count):
    program = os.path.join(folder, "fr-executed")
    subprocess.run(["cp", PROGRAM, program], check=True)
    work = os.path.join(folder, "work")
    subprocess.run(["rm", "-rf", work], check=True)
    os.mkdir(work, 0o755)
    subprocess.run(["cp", PROGRAM, os.path.join(work, "fr-executed")], check=True)
    done = subprocess.run([os.path.join(work, "fr-executed"), work, str(seed), str(count)], stdout=subprocess.DEVNULL, timeout=120)
    if done.returncode:
        raise SystemExit("Bail out! random_calls: status %d" % done.returncode)
    shells = "for i in 1 2 3 4 5; do cat /etc/hosts /etc/passwd | sort | head -1; done; cp /bin/true %s/copied; %s/copied" % (work, work)
    subprocess.run(["sh", "-c", shells], stdout=subprocess.DEVNULL, check=True)


def records(path):
    with open(path, "rb") as f:
        lines = subprocess.run([os.path.join(BIN, "frames"), "-k", "event,proc"], stdin=f, stdout=subprocess.PIPE, check=True).stdout
    return [json.loads(line) for line in lines.splitlines()]


def descendants(path, since):
    """Keys of our own children, and theirs, that began after that time, in ticks of their keys."""
    ours = set()
    for v in records(path):
        if v["kind"] == "proc" and int(v["key"]) >> 22 > since:
            parent = int(v["fork_parent"] or 0)
            if parent in ours or parent & 0x3fffff == os.getpid():
                ours.add(int(v["key"]))
    return ours


def events(path, ours):
    """What happened to these processes."""
    found = collections.Counter()
    for e in records(path):
        if e["kind"] == "event" and int(e["process"]) in ours:
            params = None if e["type"] in UNSTEADY else e["params"]
            found[json.dumps([e["process"], e["tid"], e["type"], e["result"], params], sort_keys=True)] += 1
    return found


def ticks():
    return int(time.clock_gettime(time.CLOCK_BOOTTIME) * 100)


def samples(folder, seed, count):
    """Values that occur: names of types, paths, names of tasks and of executables."""
    path = os.path.join(folder, "first")
    with open(path, "wb") as out:
        probe = probe_start("-e", "default", "-O", RING, stdout=out)
        since = ticks()
        activity(folder, seed, count)
        stop(probe)
    types, paths, comms, exes = set(), set(), set(), set()
    with open(path, "rb") as f:
        lines = subprocess.run([os.path.join(BIN, "frames"), "-k", "event,proc"], stdin=f, stdout=subprocess.PIPE, check=True).stdout
    for line in lines.splitlines():
        v = json.loads(line)
        if v["kind"] == "event" and int(v["process"]) >> 22 > since:
            types.add(v["type"])
            for p in v["params"].values():
                if isinstance(p, dict) and isinstance(p.get("path"), str) and p["path"].startswith("/"):
                    paths.add(p["path"])
        elif v["kind"] == "proc" and int(v["key"]) >> 22 > since:
            comms.add(v["comm"])
            exes.add(v["exepath"])
    plain = lambda values: sorted(v for v in values if isinstance(v, str) and v and all(" " < c < "\x7f" and c not in "\"\\#" for c in v))
    return plain(types), plain(paths), plain(comms), plain(exes)


class Plans:
    """Random plans of values that occur."""

    def __init__(self, rng, types, paths, comms, exes):
        self.rng, self.types, self.paths, self.comms, self.exes = rng, types, paths, comms, exes

    def some(self, values, most=6):
        return " ".join(sorted(set('"%s"' % self.rng.choice(values) for _ in range(self.rng.randint(1, most)))))

    def folder(self):
        path = self.rng.choice(self.paths)
        parts = path.split("/")
        return "/".join(parts[:self.rng.randint(2, max(2, len(parts)))]) or "/tmp"

    def test(self):
        rng = self.rng
        what = rng.choice(TASK + FILE + FILE + FLAGS + ("ok", "result", "arg", "arg-bits", "arg-is", "fd-kind", "protocol"))
        if what in FLAGS + ("tty", "container", "host"):
            return what if what in ("failed", "host") or rng.random() < 0.7 else "not " + what
        name = rng.choice(self.paths).rsplit("/", 1)[1] or "x"
        values = {
            "path-is": lambda: self.some(self.paths), "path-under": lambda: self.folder(), "path-prefix": lambda: self.folder()[:-1] or "/",
            "path-name-is": lambda: name, "path-name-suffix": lambda: self.some([name[-2:], name[-5:], name, "x"], 2), "path-name-prefix": lambda: name[:2],
            "path-folder-is": lambda: self.folder(), "path-contains": lambda: name[:3], "arg-is": lambda: "target " + self.some(self.paths),
            "fd-kind": lambda: rng.choice(KINDS), "protocol": lambda: rng.choice(("tcp", "udp", "other")), "comm-in": lambda: self.some(self.comms), "comm-prefix": lambda: "fr-",
            "parent-in": lambda: self.some(self.comms), "exe-is": lambda: self.some(self.exes), "exe-under": lambda: "/usr/bin",
            "exe-prefix": lambda: rng.choice(self.exes)[:-2], "uid": lambda: rng.choice(("0", "1..70000", "65534")),
            "gid": lambda: rng.choice(("0", "1..70000")), "loginuid": lambda: rng.choice(("-1", "0..100000")),
            "vpid": lambda: "1..%d" % rng.randint(2, 30000), "cap-effective": lambda: rng.choice(CAPS),
            "cap-permitted": lambda: rng.choice(CAPS), "result": lambda: rng.choice(("0..5", "-2", "-13..-1", "3..1000")),
            "arg": lambda: rng.choice(("fd 3..8", "sig 0..9", "domain 1..2", "flags 0..5", "uid 0..100")),
            "arg-bits": lambda: "flags " + rng.choice(("0x100", "0x4", "0x1004", "0x8", "0x80", "0x4000")),
        }[what]()
        if "-" in what and what.split("-")[0] in ("path", "exe", "comm") and '"' not in values:
            values = '"%s"' % values
        if what in FILE:
            what = rng.choice(WAYS) + what[len("path"):]
        return ("not " if rng.random() < 0.3 else "") + what + " " + values

    def socket_test(self):
        rng = self.rng
        what = rng.choice(("fd-kind", "protocol", "port", "server-port", "remote-port", "local-port", "client-port", "addr", "server-addr",
                           "remote-addr", "local-addr", "client-addr"))
        kinds = {"fd-kind": KINDS, "protocol": ("tcp", "udp", "other"),
                 "port": ("1..30000", "30001..65535", "80", "0 53"), "addr": ("127.0.0.0/8", "::1", "10.0.0.0/8 127.0.0.1", "::/0")}
        return ("not " if rng.random() < 0.3 else "") + what + " " + rng.choice(kinds[what if what in kinds else what.split("-")[1]])

    def text(self):
        lines = ["plan 1"]
        for t in self.types:
            if self.rng.random() < 0.75:
                lines.append("event " + t)
                for _ in range(self.rng.randint(1, 4)):
                    lines.append("  pass " + " ".join((self.socket_test if t in ENDS and self.rng.random() < 0.7 else self.test)() for _ in range(self.rng.randint(1, 3))))
        return "\n".join(lines) + "\n"


def run(folder, plan, seed, count, act=activity):
    """The events that the reference filter lets through, those that the kernel side did, and what differs."""
    paths = [os.path.join(folder, name) for name in ("plan", "all", "let", "reference")]
    with open(paths[0], "w") as f:
        f.write(plan)
    types = ",".join(line.split()[1] for line in plan.splitlines() if line.startswith("event "))
    with open(paths[1], "wb") as every, open(paths[2], "wb") as let:
        with_plan = probe_start("-p", paths[0], "-O", RING, stdout=let)
        without = probe_start("-e", types, "-O", RING, stdout=every)
        time.sleep(0.02)
        since = ticks()
        act(folder, seed, count)
        stop(without)
        stop(with_plan)
    with open(paths[1], "rb") as every, open(paths[3], "wb") as out:
        subprocess.run([os.path.join(BIN, "frames"), "-b", "--plan", paths[0]], stdin=every, stdout=out, check=True)
    with open(paths[2], "rb") as f:
        counters = last_stat(f.read(), "probe")
    ours = descendants(paths[1], since)
    reference, kernel = events(paths[3], ours), events(paths[2], ours)
    return Run(sum(events(paths[1], ours).values()), sum(kernel.values()), reference - kernel, kernel - reference, counters)


def type_of(key):
    return json.loads(key)[2]
