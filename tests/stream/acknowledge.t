#!/bin/sh
# Acknowledgement over sockets, with stand-ins for the ends: stages that are killed, observers, outputs that hang.
here=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
export DIR="$dir" SAKER_BUILD="${SAKER_BUILD:-$here/build}" PYTHONPATH="$here/tests/helpers" PYTHONDONTWRITEBYTECODE=1
timeout 300 python3 - <<'PYTHON'
import json, os, re, signal, subprocess, threading, time
import wire
from pipeline import BIN, done, is_, ok, text, until
from stand_in import Consumer, Producer

DIR = os.environ["DIR"]
SOAK = "SAKER_SOAK" in os.environ
SOURCE = ("host", open("/proc/sys/kernel/random/boot_id").read().strip(), "stand-in", wire.TIME)
DEFINITIONS = [wire.hello(source=SOURCE, mode="live"), wire.proc(100, comm=b"worker"), wire.proc(200, comm=b"other")]
RULES = """
- {rule: numbered, desc: d, priority: INFO, condition: 'evt.type = openat and fd.name startswith /alert/',
   output: 'n=%evt.arg.name comm=%proc.name'}
- {rule: twice, desc: d, priority: NOTICE, condition: 'evt.type = openat and fd.name startswith /alert/', output: 'twice=%evt.arg.name'}
"""


def path(name):
    return os.path.join(DIR, name)


with open(path("rules.yaml"), "w") as f:
    f.write(RULES)


def event(number, alert, pid=100, size=0):
    name = b"/%s/%d%s" % (b"alert" if alert else b"quiet", number, b"x" * size)
    return wire.event("openat", id_=number, time=wire.TIME + number, pid=pid, result=3, fd=[3, "file", name, 1, 2, 1], dirfd=-100,
                      name=[name, None, name])


class Stage:
    """A program that is started again when it has been killed."""

    def __init__(self, name, *arguments, **redirections):
        self.name, self.command, self.redirections = name, [os.path.join(BIN, name), *arguments], redirections
        self.errors = open(path(name + ".err"), "ab")
        self.begin()

    def begin(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stderr=self.errors,
                                        **{"stdout": subprocess.DEVNULL, **self.redirections})

    def stop(self):
        self.process.kill()
        self.process.wait()

    def kill(self):
        self.stop()
        self.begin()

    def wait(self, seconds=20):
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return None


def pipeline(tag, *emit):
    sockets = {name: path("%s.%s" % (tag, name)) for name in ("probe", "enrich", "match")}
    producer = Producer(sockets["probe"], DEFINITIONS)
    stages = [
        Stage("enrich", "-i", "unix:" + sockets["probe"], "-o", "listen:" + sockets["enrich"]),
        Stage("match", "-i", "unix:" + sockets["enrich"], "-o", "listen:" + sockets["match"], "-r", path("rules.yaml"),
              "-O", "rule_matching=all"),
        Stage("emit", "-i", "unix:" + sockets["match"], "-O", "stdout_output.enabled=false", "-O", "file_output.enabled=true",
              "-O", "file_output.filename=" + path(tag + ".alerts"), "-O", "emit.state_dir=" + path(tag + ".state"), *emit)]
    return producer, stages


def alerts(tag):
    return text(path(tag + ".alerts")).splitlines()


def kill_in_turn():
    """Each stage in turn is killed under load; what came out is what would have come out."""
    rounds, rate = (100, 8000) if SOAK else (9, 4000)
    producer, stages = pipeline("kill")
    number, slowest, stop = 0, 0.0, threading.Event()

    def load():
        nonlocal number
        begin = time.monotonic()
        while not stop.is_set():
            due = int((time.monotonic() - begin) * rate)
            batch = [event(n, n % 20 == 0) for n in range(number + 1, due + 1)]
            number = max(due, number)
            if batch:
                producer.put(*batch)
            time.sleep(0.01)

    loader = threading.Thread(target=load)
    loader.start()
    ok(until(lambda: alerts("kill")), "alerts come out")
    for i in range(rounds):
        stage = stages[i % 3]
        time.sleep(0.3)
        stage.kill()
        killed, mark = time.monotonic(), number
        until(lambda: any("/alert/%d " % n in line for line in alerts("kill")[-2000:] for n in range(mark + 1, mark + 200)), 5)
        slowest = max(slowest, time.monotonic() - killed)
    # Alerts that emit is not there to take, and that nobody else has any more, come from the events again.
    stages[2].stop()
    time.sleep(0.4)
    stages[1].kill()
    time.sleep(0.2)
    stages[0].kill()
    time.sleep(0.2)
    stages[2].begin()
    time.sleep(0.3)
    stages[1].stop()
    time.sleep(0.3)
    stages[0].kill()
    time.sleep(0.2)
    stages[1].begin()
    time.sleep(0.3)
    stop.set()
    loader.join()
    producer.end()
    statuses = [s.wait() for s in stages]
    is_(statuses, [0, 0, 0], "all end by END")
    expected = sorted(["%s=/alert/%d" % (w, n) for n in range(1, number + 1) if n % 20 == 0 for w in ("n", "twice")])
    raised = [line for line in alerts("kill") if " internal: " not in line]
    found = sorted(line.split("Informational ")[-1].split("Notice ")[-1].split(" ")[0] for line in raised)
    lost, more = sorted(set(expected) - set(found)), len(found) - len(set(found))
    ok(not lost, "kill -9 of enrich, match and emit in turn, %d times: no alert of %d is lost" % (rounds, len(expected)), lost[:10])
    is_(more, 0, "and none comes twice")
    is_(len(set(found) - set(expected)), 0, "nor any that nobody raised")
    ok(all(line.endswith("comm=worker") for line in alerts("kill") if "n=/" in line), "they say what they would have said")
    ok(slowest < (2.0 if "/san" in BIN else 1.0), "each recovery takes less than a second", "%.3f s" % slowest)
    # The last one may still be on its way to the producer's thread.
    until(lambda: producer.unsafe() == 0, 5)
    is_((producer.problems, producer.unsafe()), ([], 0), "every ACK is right, and in the end all is acknowledged")
    print("# slowest recovery %.3f s, %d ACKs, %d events" % (slowest, producer.acks, number))


def slow_container():
    """Metadata that is half written for a while: enrich holds what is of that container, and excepts it from its ACKs."""
    container_id, short = "c0ffee" + "0" * 58, "c0ffee000000"
    folder = path("docker/containers/" + container_id)
    os.makedirs(folder)

    def config(text_):
        with open(folder + "/config.v2.json", "w") as f:
            f.write(text_)

    config('{"Name":"/we')
    cgroup = wire.frame(wire.CGROUP, 77, b"/system.slice/docker-%s.scope" % container_id.encode(), True)
    producer = Producer(path("slow.probe"), DEFINITIONS + [cgroup])
    enrich = Stage("enrich", "-i", "unix:" + path("slow.probe"), "-o", "listen:" + path("slow.enrich"),
                   "-O", "enrich.docker_root=" + path("docker"))
    consumer = Consumer(path("slow.enrich"), True)
    consumer.until(lambda f: f[0] == wire.CGROUP)
    consumer.ack()
    slow = [wire.proc(300, parent=wire.key(100), cgroup=77, container=False), event(1, False, 300),
            wire.proc(301, parent=wire.key(300), cgroup=1, container=None), event(2, False, 301)]
    producer.put(*slow, *[event(n, False) for n in range(3, 1003)], event(1003, False, 300))
    got = consumer.until(lambda f: f[0] == wire.EVENT and number_of(f) == 1002)
    order = [number_of(f) for f in got if f[0] == wire.EVENT]
    is_(order, list(range(3, 1003)), "while a container is looked up the others go on")
    consumer.ack()
    ok(until(lambda: producer.most_excepted == len(slow) + 1, 0.04), "its frames, its child's too, are excepted from ACKs",
       producer.most_excepted)
    got = consumer.until(lambda f: f[0] == wire.EVENT and number_of(f) == 1003)
    what = [(f[0], wire.unpack(f[1])[0] if f[0] == wire.PROC else number_of(f)) for f in got if f[0] in (wire.PROC, wire.EVENT)]
    is_(what, [(wire.PROC, wire.key(300)), (wire.EVENT, 1), (wire.PROC, wire.key(301)), (wire.EVENT, 2), (wire.EVENT, 1003)],
        "and then come in their order")
    ok(any(f[0] == wire.CONTAINER and wire.unpack(f[1])[0] == short for f in got), "behind what is known of it")
    config('{"Name":"/bad')
    producer.put(wire.frame(wire.CGROUP, 78, b"/system.slice/docker-%s.scope" % container_id.replace("c0", "d0").encode(), True))
    os.rename(folder, folder.replace("c0ffee", "d0ffee"))
    producer.put(wire.proc(400, cgroup=78, container=False), *[event(n, False, 400) for n in range(2000, 12000)])
    producer.end()
    got += consumer.until(lambda f: f[0] == wire.END)
    consumer.ack()
    is_([number_of(f) for f in got if f[0] == wire.EVENT and number_of(f) >= 2000], list(range(2000, 12000)),
        "a flood of such a container: more than can be excepted holds the stream for that moment, and all of it comes")
    counters = wire.unpack([f for f in got if f[0] == wire.STAT][-1][1])[5]
    is_((counters["in"], counters["out"], counters.get("held", 0)), (11003, 11003, 0), "in = out + held")
    status = enrich.wait()
    until(lambda: producer.unsafe() == 0, 5)
    is_((status, producer.unsafe(), producer.problems), (0, 0, []), "and all is acknowledged")


def number_of(f):
    return int.from_bytes(f[1][10:18], "big")


def observers():
    """One that stops reading is told what it missed, and holds nobody up."""
    producer = Producer(path("observe.probe"), DEFINITIONS)
    enrich = Stage("enrich", "-i", "unix:" + path("observe.probe"), "-o", "listen:" + path("observe.enrich"))
    consumer = Consumer(path("observe.enrich"), True)
    observer = Consumer(path("observe.enrich"), False)
    time.sleep(0.5)
    total, taken, slowest, number = 30000, 0, 0.0, 0
    seen = set()
    for batch in range(60):
        begin = time.monotonic()
        if batch == 30:
            producer.put(wire.proc(500, comm=b"late"))
        producer.put(*[event(batch * 500 + n, False, 500 if batch >= 30 else 100, 1900) for n in range(500)])
        while taken < (batch + 1) * 500 and (got := consumer.frames(5)):
            taken += sum(f[0] == wire.EVENT for f in got)
            consumer.ack()
        slowest = max(slowest, time.monotonic() - begin)
    ok(taken == total and slowest < 2, "60 MB pass an observer that does not read", (taken, slowest))
    ok(until(lambda: producer.unsafe() == 0, 5), "and are acknowledged", producer.unsafe())
    known, missed, unknown, order = set(), 0, 0, []
    while len(order) + missed < total and (got := observer.frames(5)):
        for kind, body, _ in got:
            values = wire.unpack(body) if kind in (wire.PROC, wire.STAT) else None
            if kind == wire.PROC:
                known.add(values[0])
            elif kind == wire.STAT and values[1] == "enrich.output":
                missed = values[5]["missed"]
            elif kind == wire.EVENT:
                unknown += int.from_bytes(body[22:30], "big") not in known
                order.append(number_of((kind, body)))
    ok(missed > 1000, "the observer is told what it missed", missed)
    is_(len(order) + missed, total, "exactly")
    ok(order == sorted(set(order)) and unknown == 0, "what it gets is in order, and each process is described", unknown)
    # Who acknowledges and then goes away is sent again what it has not acknowledged, and is waited for.
    consumer.close()
    producer.put(*[event(n, False, 500) for n in range(50000, 50100)])
    again = Consumer(path("observe.enrich"), True)
    got = again.until(lambda f: f[0] == wire.EVENT and number_of(f) == 50099)
    is_(got[0][0], wire.HELLO, "who connects again is sent definitions first")
    is_([number_of(f) for f in got if f[0] == wire.EVENT], list(range(50000, 50100)), "then what was not acknowledged")
    again.close()
    again = Consumer(path("observe.enrich"), True)
    got = again.until(lambda f: f[0] == wire.EVENT and number_of(f) == 50099)
    events = [i for i, f in enumerate(got) if f[0] == wire.EVENT]
    is_([number_of(got[i]) for i in events], list(range(50000, 50100)), "as often as it takes")
    held = [events[3], events[50]]
    again.ack(len(got), held)
    ok(until(lambda: producer.unsafe() == 2, 3), "what a consumer excepts is excepted upstream", producer.unsafe())
    again.close()
    again = Consumer(path("observe.enrich"), True)
    producer.put(event(60000, False, 500))
    got = again.until(lambda f: f[0] == wire.EVENT and number_of(f) == 60000)
    is_([number_of(f) for f in got if f[0] == wire.EVENT], [50003, 50050, 60000], "and sent again before what came later")
    again.sock.sendall(wire.frame(wire.ACK, 1 << 40))
    is_(again.frames(2), [], "an ACK of frames that were never sent: the connection is closed")
    bad = Consumer(path("observe.enrich"), True)
    bad.until(lambda f: f[0] == wire.EVENT)
    bad.sock.sendall(wire.hello())
    bad.until(lambda f: False, 1)
    last = Consumer(path("observe.enrich"), True)
    producer.end()
    last.until(lambda f: f[0] == wire.END)
    last.ack()
    status = enrich.wait()
    until(lambda: producer.unsafe() == 0, 5)
    is_((status, producer.unsafe(), producer.problems), (0, 0, []), "the end")
    errors = text(path("enrich.err"))
    ok("found a count of 1099511627776, expected" in errors and "found a record of kind 1, expected ACK" in errors,
       "what a consumer says wrong is named", errors[-400:])


def alert(number, size=0):
    return wire.frame(wire.ALERT, wire.TIME + number, [list(SOURCE), number], "R", 4, "syscall", [], b"a%d %s" % (number, b"x" * size),
                      [], "", None, [], True, [])


def hanging_output():
    """An output that nobody reads: the others get everything at once, it gets what its queue holds when it goes on."""
    fifo, total = path("fifo"), 20000
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    producer = Producer(path("hang.match"), [wire.hello(source=SOURCE, mode="live")])
    arguments = ("-v", "-i", "unix:" + path("hang.match"), "-O", "file_output.enabled=true", "-O", "file_output.filename=" + fifo,
                 "-O", "emit.state_dir=" + path("hang.state"), "-O", "outputs_queue.capacity=50000")
    out = open(path("hang.out"), "wb")
    emit = Stage("emit", *arguments, stdout=out)
    begin = time.monotonic()
    for n in range(0, total, 500):
        producer.put(*[alert(i, 20) for i in range(n, n + 500)])
        time.sleep(0.005)
    ok(until(lambda: text(path("hang.out")).count("\n") == total, 10), "an output that nobody reads does not hold the others",
       text(path("hang.out")).count("\n"))
    ok(until(lambda: producer.unsafe() == 0, 5), "nor the stream: what is spooled is acknowledged", producer.unsafe())
    size = os.stat(path("hang.state/spool")).st_size
    ok(size > 100000, "what it has not taken is in the spool", size)
    emit.kill()
    ok(until(lambda: producer.connections == 2), "emit is killed and comes back")
    producer.put(*[alert(i, 20) for i in range(total, total + 10)])
    producer.log.clear()
    producer.put(*[alert(i, 20) for i in range(total - 5, total + 20)])
    ok(until(lambda: text(path("hang.out")).count("\n") == total + 20, 5), "what comes again is known, also by the new one",
       text(path("hang.out")).count("\n") - total)
    data = b""
    end = time.monotonic() + 10
    while data.count(b"\n") < total + 20 and time.monotonic() < end:
        try:
            data += os.read(reader, 1 << 16)
        except BlockingIOError:
            time.sleep(0.001)
    numbers = [int(line.split(" a")[1].split()[0]) for line in data[:data.rindex(b"\n")].decode().splitlines()]
    ok(numbers == list(range(total + 20)), "when it is read again it gets everything, once, also what the emit before had queued",
       (len(numbers), len(set(numbers)), numbers[:3], numbers[-3:]))
    ok(until(lambda: os.stat(path("hang.state/spool")).st_size < 1000, 5), "then the spool is trimmed")

    def kinds():
        stream = subprocess.run([os.path.join(BIN, "frames")], stdin=open(path("hang.state/spool"), "rb"), capture_output=True, text=True)
        return [json.loads(line)["kind"] for line in stream.stdout.splitlines()]

    # An internal alert may be on its way through it.
    ok(until(lambda: kinds() == ["hello", "stat"], 5), "and is a stream that frames reads", kinds()[:5])
    # The end comes although nobody reads.
    producer.put(*[alert(i, 200) for i in range(30000, 31000)])
    producer.end()
    begin = time.monotonic()
    status = emit.wait()
    ok(3 < time.monotonic() - begin < 9, "the end does not wait for ever", time.monotonic() - begin)
    errors = text(path("emit.err"))
    ok(status == 0 and "they stay in the spool" in errors, "what is left stays in the spool", (status, errors[-400:]))
    is_(text(path("hang.out")).count("\n"), total + 20 + 1000, "the other output has all")
    # More than a queue may hold is dropped, for that output only.
    producer = Producer(path("full.match"), [wire.hello(source=SOURCE, mode="live")])
    out = open(path("full.out"), "wb")
    emit = Stage("emit", "-v", "-i", "unix:" + path("full.match"), "-O", "file_output.enabled=true", "-O", "file_output.filename=" + fifo,
                 "-O", "outputs_queue.capacity=100", stdout=out)
    producer.put(*[alert(i, 1000) for i in range(1000)])
    producer.end()
    status = emit.wait()
    match = re.findall(r"output file: alerts in 1000 = written (\d+) \+ dropped (\d+) \+ folded 0 \+ queued 0\n"
                       r"emit: output file: dropped (\d+) as its queue was full, 0 as it failed, (\d+) at the end", text(path("emit.err")))
    written, dropped, full, last = map(int, match[-1] if match else (0, 0, 0, 0))
    ok(status == 71 and written + dropped == 1000 and full + last == dropped and full > 700 and last == 100,
       "drops are counted by reason", (status, text(path("emit.err"))[-500:]))
    is_(text(path("full.out")).count("\n"), 1000, "and the other output has all")
    os.close(reader)


def broken_spool():
    """Files that are not what emit wrote: what can be read of them counts, the rest is named."""
    folder = path("broken.state")
    os.mkdir(folder)
    whole = wire.hello() + wire.stat(alerts__in=5) + alert(1) + alert(2)
    for name, spool, index, lines, said in (
            ("cut", whole[:-3], b"", ["a3"], ""),
            ("garbage behind", whole + b"garbage", b"x" * 100, ["a3"], "spool: byte %d: found 0x67" % len(whole)),
            ("no stream at all", b"\0" * 1000, os.urandom(5000), ["a3"], "spool: byte 0: found 0x00")):
        for file, data in (("spool", spool), ("spool.index", index)):
            with open(os.path.join(folder, file), "wb") as f:
                f.write(data)
        producer = Producer(path("broken.match"), [wire.hello(source=SOURCE, mode="live")])
        with open(path("broken.out"), "wb") as out:
            emit = Stage("emit", "-i", "unix:" + path("broken.match"), "-O", "emit.state_dir=" + folder, stdout=out)
            producer.put(alert(3))
            producer.end()
            status = emit.wait()
        found = [line.split("Warning ")[1].strip() for line in text(path("broken.out")).splitlines()]
        ok((status, found) == (0, lines) and said in text(path("emit.err")), "a spool that is broken: " + name,
           (status, found, text(path("emit.err"))[-300:]))
        os.unlink(path("broken.match"))
    emit = Stage("emit", "-i", "unix:" + path("nobody"), "-O", "emit.state_dir=" + folder)
    until(lambda: os.path.exists(os.path.join(folder, "spool")) and os.stat(os.path.join(folder, "spool")).st_size)
    time.sleep(0.3)
    is_(Stage("emit", "-i", "unix:" + path("nobody"), "-O", "emit.state_dir=" + folder).wait(), 71, "two emits with one spool")
    emit.stop()
    ok("another emit uses it" in text(path("emit.err")), "the second says why it can not")


kill_in_turn()
slow_container()
observers()
hanging_output()
broken_spool()
done()
PYTHON
