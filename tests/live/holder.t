#!/bin/sh
# The probe's two processes: kill -9 of the reader at any moment loses nothing, in a pipe and on a socket whose consumer acknowledges; one
# container whose frames are withheld holds nobody up; what the reader can do; what becomes of a reader without a holder.
here=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
export DIR="$dir" SAKER_BUILD="${SAKER_BUILD:-$here/build}" PYTHONPATH="$here/tests/helpers" PYTHONDONTWRITEBYTECODE=1
[ "$(id -u)" = 0 ] || { echo "1..0 # SKIP BPF needs root"; exit 0; }
python3 - <<'EOF'
import ctypes, os, random, signal, socket, subprocess, threading, time
from consumer import Consumer
from live import Tap, probe_start, reader_of, stage, until

DIR, SOAK = os.environ["DIR"], os.environ.get("SAKER_SOAK")
NUMBERED = os.path.join(os.environ["SAKER_BUILD"], "tests/helpers/numbered")
KILLS, RATE = (100 if SOAK else 20), 20000
TYPES = "open,openat,execve"
random.seed(6)
tap = Tap()
ok, is_ = tap.ok, tap.is_


class Numbers:
    """Opens numbered files until it is ended."""

    def __init__(self, prefix, rate=RATE):
        self.prefix = os.path.join(DIR, prefix)
        self.p = subprocess.Popen([NUMBERED, str(rate), self.prefix], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def end(self):
        self.p.stdin.close()
        self.total = int(self.p.stdout.read())
        self.p.wait(10)
        return self.total


def start(path, *options, errors="errors", **consumer):
    """A probe with a consumer on a socket, or in a pipe without `path`."""
    with open(os.path.join(DIR, errors), "ab") as err:
        if path:
            c = Consumer(path=path, **consumer)
            c.start()
            return probe_start("-e", TYPES, "-o", "listen:" + path, *options, stdout=subprocess.DEVNULL, stderr=err), c
        r, w = os.pipe()
        c = Consumer(pipe=r, **consumer)
        probe = probe_start("-e", TYPES, *options, stdout=w, stderr=err)
        os.close(w)
        c.start()
        return probe, c


def kill_reader(probe, c):
    """Returns how long it took until an event came that was made after that."""
    pid = reader_of(probe)
    at, wall = time.monotonic(), time.time_ns()
    os.kill(pid, signal.SIGKILL)
    until(lambda: c.newest > wall + 50_000_000, 10, 0.005)
    return time.monotonic() - at - 0.05


def of_type(stat, what):
    return sum(n for name, n in stat.items() if name.startswith("kernel.%s." % what))


def ended(probe, c, status=0):
    probe.send_signal(signal.SIGTERM)
    is_(probe.wait(30), status, "the probe ends well")
    c.join(30)
    is_((c.error, c.is_alive()), (None, False), "the consumer has understood everything")


def complete(c, numbers, what):
    lacking = c.missing(numbers.prefix, numbers.total)
    ok(not lacking, what, "%d of %d are missing: %r" % (len(lacking), numbers.total, lacking[:5]))


def exact(c, what):
    """Of a consumer that got nothing twice, or counts ids."""
    is_((of_type(c.stat, "delivered"), c.stat["probe.events.out"]), (len(c.ids), len(c.ids)), what)
    is_(of_type(c.stat, "dropped.full"), 0, "the kernel dropped nothing")


def kills(path):
    where = "socket" if path else "pipe"
    prefix = os.path.join(DIR, where)
    probe, c = start(path, prefixes=[prefix])
    numbers = Numbers(where)
    took = []
    for i in range(KILLS):
        time.sleep(random.uniform(1.05, 1.5))
        # Every third time with what nobody has taken yet.
        c.paused = i % 3 == 0
        time.sleep(0.2 * c.paused)
        threading.Timer(0.05, setattr, (c, "paused", False)).start()
        took.append(kill_reader(probe, c))
    time.sleep(0.5)
    numbers.end()
    ended(probe, c)
    complete(c, numbers, "%s: kill -9 of the reader %d times: all %d events have arrived" % (where, KILLS, numbers.total))
    ok(max(took) < 1, "each recovery took less than a second", took)
    exact(c, "and are counted exactly: in the kernel, by the probe, as they came")
    if path:
        print("# %d connections, %d events twice" % (c.connections, c.twice(prefix)))
    else:
        is_(c.events, len(c.ids), "none came twice")
    ok(c.stats >= KILLS, "the heart went on beating", c.stats)
    print("# recoveries: median %.0f ms, longest %.0f ms" % (sorted(took)[len(took) // 2] * 1e3, max(took) * 1e3))
    return c


def privileges():
    wanted = {
        "reader": "open_file:EACCES open_process:EACCES open_write:EPERM list_root:EACCES list_cgroups:allowed memory_file:EPERM become_root:EPERM"
                  " signal_holder:EPERM make_socket:killed trace:killed unshare_all:killed allocate:allowed fork_process:killed exec_program:killed"
                  " look_at_map:allowed make_map:EPERM load_program:EPERM find_program:EPERM read_stats:allowed iterate:EPERM",
        "holder": "open_write:EPERM memory_file:EPERM make_socket:EPERM trace:killed unshare_all:killed fork_process:allowed exec_program:killed"
                  " make_map:EPERM load_program:EPERM find_program:EPERM iterate:allowed"}
    for which, text in wanted.items():
        p = subprocess.run([os.path.join(os.environ["SAKER_BUILD"], "tests/helpers/misread"), which], capture_output=True, text=True, timeout=60)
        found = dict(line.split() for line in p.stdout.splitlines())
        want = dict(w.split(":") for w in text.split())
        is_({k: found.get(k) for k in want}, want, "what a %s that was taken over can do" % which)


def status_of(pid):
    with open("/proc/%d/status" % pid) as f:
        return {name: value.split() for name, _, value in (line.partition(":") for line in f)}


def memfd_of(pid):
    folder = "/proc/%d/fd/" % pid
    return next(folder + n for n in os.listdir(folder) if os.readlink(folder + n).startswith("/memfd:saker-probe"))


def said(name="errors"):
    with open(os.path.join(DIR, name)) as f:
        return f.read()


def gone(*pids):
    return until(lambda: not any(os.path.exists("/proc/%d" % pid) for pid in pids), 5)


def ordinary():
    """Ctrl-C goes to both; one `ready` in spite of several readers; nobody is left."""
    tell, told = os.pipe()
    r, w = os.pipe()
    c = Consumer([os.path.join(DIR, "x")], pipe=r)
    probe = stage("probe", "-e", TYPES, "--notify", str(told), stdout=w, stderr=subprocess.DEVNULL, pass_fds=[told], start_new_session=True)
    os.close(told)
    os.close(w)
    c.start()
    until(lambda: c.stats > 0 and reader_of(probe), 10)
    first = reader_of(probe)
    found = status_of(first)
    is_((found["CapPrm"], found["CapEff"], found["CapBnd"], found["NoNewPrivs"], found["Seccomp"]), (["0" * 16],) * 3 + (["1"], ["2"]),
        "the reader has no capabilities, and is confined")
    ok("0" not in found["Uid"] + found["Gid"] + found["Groups"], "and no user", found["Uid"], found["Gid"], found["Groups"])
    beats = c.stats
    until(lambda: c.stats > beats, 2, 0.002)
    os.kill(first, signal.SIGKILL)
    ok(until(lambda: c.stats > beats + 1, 0.6), "the next one's heart beats at once")
    second = reader_of(probe)
    os.killpg(probe.pid, signal.SIGINT)
    is_((probe.wait(10), c.join(10), c.reason), (0, None, None), "Ctrl-C ends both, and the stream with END")
    is_(os.read(tell, 100).count(b"ready"), 1, "`ready` is said once")
    ok(gone(first, second), "nobody is left")
    r, w = os.pipe()
    probe = probe_start("-e", TYPES, stdout=w, stderr=subprocess.DEVNULL)
    reader = reader_of(probe)
    os.close(w)
    os.close(r)
    is_((probe.wait(10), gone(reader)), (0, True), "nor when nobody reads any more, which is an ordinary end")


def ended_between():
    """The end is asked for while there is no reader."""
    prefix = os.path.join(DIR, "between")
    probe, c = start(None, prefixes=[prefix])
    numbers = Numbers("between")
    time.sleep(0.3)
    os.kill(reader_of(probe), signal.SIGKILL)
    until(lambda: not reader_of(probe), 5, 0.001)
    numbers.end()
    ended(probe, c)
    complete(c, numbers, "asked to end while there is no reader, it ends with everything")
    exact(c, "and that is counted")


def lost_holder(path):
    where = "socket" if path else "pipe"
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)         # the orphan becomes our child
    probe, c = start(path, prefixes=[os.path.join(DIR, "lost" + where)])
    reader = reader_of(probe)
    numbers = Numbers("lost" + where)
    time.sleep(0.3)
    os.kill(reader, signal.SIGSTOP)
    time.sleep(0.2)
    numbers.end()
    probe.kill()
    probe.wait(10)
    os.kill(reader, signal.SIGCONT)
    _, status = os.waitpid(reader, 0)
    is_(os.waitstatus_to_exitcode(status), 71, "%s: a reader whose holder is lost ends with status 71" % where)
    c.join(10)
    is_((c.error, c.reason), (None, "holder lost"), "and says so in END")
    complete(c, numbers, "what was in the ring has arrived")
    exact(c, "and is counted")
    if path and os.path.exists(path):
        os.unlink(path)


def nobody_came():
    """A reader that waits at its end for somebody who takes what is left, and whose holder is killed then; it has ten seconds."""
    with open(os.path.join(DIR, "errors"), "ab") as err:
        probe = probe_start("-e", TYPES, "-o", "listen:" + os.path.join(DIR, "nobody.sock"), stdout=subprocess.DEVNULL, stderr=err)
    reader = reader_of(probe)
    probe.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    ok(probe.poll() is None, "where nobody has come yet the end waits")
    probe.kill()
    probe.wait(10)
    return reader


def broken(what, offset, content):
    """Nobody has connected, so that everything is in the buffer."""
    prefix, path = os.path.join(DIR, what), os.path.join(DIR, what + ".sock")
    with open(os.path.join(DIR, what + ".err"), "w") as err:
        probe = probe_start("-e", TYPES, "-o", "listen:" + path, stdout=subprocess.DEVNULL, stderr=err)
    reader = reader_of(probe)
    numbers = Numbers(what, 1000)
    time.sleep(0.3)
    os.kill(reader, signal.SIGSTOP)
    with open(memfd_of(reader), "r+b") as f:
        f.seek(offset)
        f.write(content)
    os.kill(reader, signal.SIGKILL)
    until(lambda: "anew" in said(what + ".err"), 5)
    c = Consumer([prefix], path=path)
    c.start()
    ok(until(lambda: c.events > 300, 5), "a buffer with %s is begun anew" % what)
    ok("can not be used, and is begun anew: found" in said(what + ".err"), "and that is said", said(what + ".err"))
    print("# " + said(what + ".err").splitlines()[1])
    numbers.end()
    ended(probe, c)


def slow_container(kill):
    """Its frames are withheld for a second at a time; `kill`: the reader too, meanwhile."""
    where = "killed" if kill else "slow"
    path, slow, fast = os.path.join(DIR, where + ".sock"), os.path.join(DIR, where + "-slow"), os.path.join(DIR, where + "-fast")
    probe, c = start(path, prefixes=[slow, fast], slow=slow)
    flood, others = Numbers(where + "-slow", 12000), Numbers(where + "-fast", 4000)
    for _ in range(5 if SOAK else 2):
        time.sleep(2)
        if kill:
            kill_reader(probe, c)
    flood.end()
    others.end()
    ended(probe, c)
    complete(c, others, "one container's frames are withheld for a second at a time while it floods: those of the others arrive")
    complete(c, flood, "and all of its own")
    ok(c.most_held > 4096, "more were withheld than one ACK can except", c.most_held)
    exact(c, "everything is counted")
    if not kill:
        ok(c.worst[fast] < (3 if os.environ["SAKER_BUILD"].endswith("/san") else 0.5), "nobody else waited", c.worst)
        print("# the longest way of an event of theirs: %.0f ms" % (c.worst[fast] * 1e3))
        is_(c.twice(slow) + c.twice(fast), 0, "nothing came twice")


def observer():
    """One that does not read, beside a consumer that acknowledges."""
    path, prefix = os.path.join(DIR, "seen.sock"), os.path.join(DIR, "seen")
    probe, c = start(path, "-O", "probe.replay_buffer=1048576", prefixes=[prefix])
    asleep = socket.socket(socket.AF_UNIX)
    asleep.connect(path)
    numbers = Numbers("seen")
    time.sleep(2)
    numbers.end()
    late = Consumer([prefix], acknowledge=False)
    awake = threading.Thread(target=lambda: late.stream(lambda: asleep.recv(1 << 18), asleep), daemon=True)
    awake.start()
    time.sleep(0.5)
    ended(probe, c)
    awake.join(10)
    complete(c, numbers, "an observer that does not read holds nobody back")
    exact(c, "nothing is dropped for it")
    missed = [s.get("missed", 0) for s in late.others.values()]
    # What was before it came it did not miss.
    ok(missed and 0 < missed[0] and c.events - 1000 < missed[0] + late.events <= c.events, "it is told how many it missed",
       late.others, late.events, c.events)


def without_iterator():
    """A reader that would have to read /proc again has another one do it."""
    prefix = os.path.join(DIR, "procfs")
    probe, c = start(None, "-O", "probe.snapshot=procfs", "-O", "probe.ring_size=262144", prefixes=[prefix])
    first = reader_of(probe)
    os.kill(first, signal.SIGSTOP)
    subprocess.run([os.path.join(os.environ["SAKER_BUILD"], "tests/helpers/storm"), "fork", "300"], timeout=60)
    os.kill(first, signal.SIGCONT)
    ok(until(lambda: reader_of(probe) not in (0, first), 5), "definitions that were lost are read from /proc by another reader")
    ok(until(lambda: c.stat.get("probe.rescans", 0) > 0, 5), "which counts it", c.stat.get("kernel.definitions.lost"))
    ended(probe, c)
    is_(of_type(c.stat, "delivered"), len(c.ids), "what was delivered has arrived")


privileges()
left = nobody_came()
ordinary()
ended_between()
lost_holder(None)
lost_holder(os.path.join(DIR, "lost.sock"))
broken("no header", 0, b"nonsense")
broken("no frames", 65536, b"nonsense" * 8192)
broken("a wrong state", 24, b"\xff" * 400)
broken("no state", 24, bytes(8) + b"\x01" * 400)
without_iterator()
ok(until(lambda: not os.path.exists("/proc/%d" % left), 15), "a reader that waits, and whose holder is killed, has gone")
observer()
slow_container(False)
slow_container(True)
kills(None)
kills(os.path.join(DIR, "sock"))
tap.end()
EOF
