#!/bin/sh
# Internal alerts: what emit makes of the counters of all stages.
here=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
export EMIT="${SAKER_BUILD:-$here/build}/bin/emit" DIR="$dir" PYTHONPATH="$here/tests/helpers" PYTHONDONTWRITEBYTECODE=1 TZ=UTC
python3 - <<'EOF'
import json, os, re, subprocess, time
from live import Tap
from wire import *

EMIT, DIR = os.environ["EMIT"], os.environ["DIR"]
SECOND = 1_000_000_000
tap = Tap()
is_, ok = tap.is_, tap.ok
LIVE = ("host", "boot-1", "syscall", TIME)
DROP = "Falco internal: syscall event drop"


def beat(n, start=TIME, stage="probe", name="syscall", why=None, **counters):
    body = [["host", "boot-1", name, start], stage, start, TIME + n * SECOND, 0, {k.replace("__", "."): v for k, v in counters.items()}]
    return frame(STAT, *body, *([why] if why is not None else []))


def run(*frames, options=(), wait=0, mode="live"):
    """(status, alerts as JSON, standard error). A STAT each is what the stream has; `wait` seconds pass before its END."""
    p = subprocess.Popen([EMIT, "--json", *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        p.stdin.write(hello(source=LIVE, mode=mode) + b"".join(frames))
        p.stdin.flush()
        time.sleep(wait)
        p.stdin.write(end())
    except BrokenPipeError:
        pass                        # one that refuses its options, or exits
    out, err = p.communicate(timeout=20)
    return p.returncode, [json.loads(line) for line in out.splitlines()], err.decode()


def key(name, value):
    return "-O", "%s=%s" % (name, value)


lost = [beat(1, kernel__delivered__openat=100), beat(2, kernel__delivered__openat=150, kernel__rejected__openat=100,
        kernel__dropped__full__openat=40, kernel__dropped__full__clone3=5, kernel__dropped__full__getpid=2, kernel__dropped__scratch__openat=2,
        kernel__dropped__missed=1)]
status, found, err = run(*lost)
is_(status, 0, "drops: the stream goes on")
is_([(a["rule"], a["priority"], a["source"], a["output"]) for a in found],
    [(DROP, "Debug", "internal", DROP + ". 50 system calls dropped in last second.")], "an alert says how many were lost")
ok(DROP + ". 50 system calls" in err, "so does the log", err)
fields = found[0]["output_fields"] if found else {}
is_(fields, dict({"n_drops_buffer_%s_exit" % g: "0" for g in "connect execve dir_file close proc".split()}, ebpf_enabled="1", n_drops="50", n_evts="200",
    n_drops_bug="1", n_drops_buffer_total="47", n_drops_page_faults="0", n_drops_scratch_map="2", n_drops_buffer_open_exit="40",
    n_drops_buffer_clone_fork_exit="5", n_drops_buffer_other_interest_exit="2"), "Falco's fields, as texts, of the interval")
is_(list(found[0]) if found else [], ["hostname", "output", "output_fields", "priority", "rule", "source", "time"], "Falco's members")
text = subprocess.run([EMIT], input=hello(source=LIVE, mode="live") + b"".join(lost) + end(), capture_output=True, timeout=20).stdout.decode()
ok(re.match(r'\d\d:\d\d:\d\d\.\d{9}: Debug Falco internal: syscall event drop\. 50 system calls dropped in last second\. \(ebpf_enabled="1" n_drops="50" ', text),
   "as text, with quotes", text)
_, found, _ = run(*lost, options=("-O", "compat=0.28"))
is_((sorted(found[0]["output_fields"]), "source" in found[0]) if found else None,
    (["ebpf_enabled", "n_drops", "n_drops_buffer", "n_drops_bug", "n_drops_pf", "n_evts"], False), "0.28: its fields and members")
is_(len(run(*lost, options=key("syscall_event_drops.threshold", 0.25))[1]), 0, "not above the threshold: nothing")
is_(len(run(*lost, options=key("syscall_event_drops.threshold", 0.249))[1]), 1, "above it: an alert")
more = [beat(2 + n, kernel__delivered__openat=150, kernel__dropped__full__openat=50 * n) for n in range(1, 5)]
is_(len(run(*lost[:1], *more)[1]), 1, "one action in half a minute")
is_(len(run(*lost[:1], *more, options=(*key("syscall_event_drops.rate", 1), *key("syscall_event_drops.max_burst", 2)))[1]), 4, "rate and max_burst")
status, found, err = run(*lost, options=key("syscall_event_drops.actions", "[log]"))
ok(not found and DROP in err, "action log")
status, found, err = run(*lost, options=key("syscall_event_drops.actions", "[ignore]"))
ok(not found and DROP not in err and status == 0, "action ignore")
status, found, err = run(*lost, options=key("syscall_event_drops.actions", "[alert, exit]"))
is_((status, len(found), DROP in err and "Exiting." in err), (1, 1, True), "action exit: status 1")
is_(len(run(*[beat(n, kernel__delivered__openat=9) for n in (1, 2)], options=key("syscall_event_drops.simulate_drops", "true"))[1]), 1, "simulate_drops")
is_(run(*lost, mode="recorded")[1], [], "a recorded stream raises nothing")
status, _, err = run(options=key("syscall_event_drops.actions", "[ignore, log]"))
ok(status in (64, 78) and "expected ignore without log and alert" in err, "ignore and log: refused", err)
status, _, err = run(options=key("syscall_event_drops.threshold", 2))
ok(status in (64, 78) and "syscall_event_drops.threshold" in err, "a threshold above 1: refused", err)

_, found, _ = run(beat(1, stage="match", name="match"), beat(9, start=TIME + 3 * SECOND, stage="match", name="match"))
is_([(a["rule"], a["priority"], a["output_fields"]) for a in found],
    [("saker internal: stage restarted", "Warning", {"stage": "match", "gap_seconds": "2.000"})], "a stage that was started again, and how long it was away")
_, found, _ = run(beat(1, kernel__delivered__openat=1000, kernel__dropped__full__openat=1), beat(4, start=TIME + 3 * SECOND, kernel__delivered__openat=5,
                  kernel__dropped__full__openat=5))
is_([a["rule"] for a in found], ["saker internal: stage restarted", DROP], "a new probe counts from zero")
_, found, _ = run(beat(1, stage="saker", name="saker"), beat(2, stage="saker", name="saker", why="r.yaml:1:1: bad", reloads__refused=1),
                  beat(3, stage="saker", name="saker", reloads__refused=1))
is_([(a["rule"], a["priority"], a["output"]) for a in found],
    [("Falco internal: hot restart failure", "Critical", "Falco internal: hot restart failure: r.yaml:1:1: bad")], "a refused reload, once, with the reason")

_, found, _ = run(beat(1), wait=5.2, options=("-O", "syscall_event_timeouts.max_consecutives=50"))
is_([(a["rule"], a["output"], a["output_fields"]) for a in found], [("Falco internal: timeouts notification",
    "Falco internal: timeouts notification. 50 consecutive timeouts without event.", {"last_event_time": "22:13:21.000000000"})],
    "no heartbeat for three seconds: an alert")

LINES = os.path.join(DIR, "metrics.jsonl")
alert = frame(ALERT, TIME, [list(LIVE), 1], "My rule!", 4, "syscall", [], b"x", [])
status, found, err = run(alert, *lost, wait=2.5, options=("-O", "metrics.enabled=true", "-O", "metrics.interval=1s", "-O", "metrics.output_file=" + LINES,
                         *key("syscall_event_drops.actions", "[ignore]")))
snapshots = [a for a in found if a["rule"] == "Falco internal: metrics snapshot"]
ok(len(snapshots) in (2, 3) and snapshots[0]["priority"] == "Informational" and snapshots[0]["output"] == "Falco metrics snapshot", "metrics: snapshots", found)
fields = snapshots[-1]["output_fields"] if snapshots else {}
is_([fields.get(f) for f in ("falco.rules.My_rule_", "falco.rules.matches_total", "scap.n_drops", "scap.n_evts", "scap.engine_name", "evt.source")],
    [1, 1, 50, 300, "modern_bpf", "syscall"], "their counters")
ok(fields.get("falco.memory_rss_mb", 0) > 0 and fields.get("falco.host_num_cpus", 0) > 0 and fields.get("falco.duration_sec", 0) >= 2, "and facts", fields)
with open(LINES, encoding="utf-8") as f:
    lines = [json.loads(line) for line in f]
is_(([line["sample"] for line in lines], sorted(lines[-1])), (list(range(len(snapshots))), ["output_fields", "sample"]), "the same in a file, a line each")


def snapshot(name, value, *more):
    found = run(alert, *lost, wait=1.7, options=("-O", "metrics.enabled=true", "-O", "metrics.interval=100ms", *key(name, value), *more))[1]
    return {f: v for a in found if "metrics" in a["rule"] for f, v in a["output_fields"].items()}


everything = set(snapshot("metrics.include_empty_values", "true"))
ok("scap.n_drops_buffer_connect_exit" in everything - set(fields), "what is 0, where it is asked for")
is_(sorted(f for f in snapshot("metrics.rules_counters_enabled", "false") if "rules" in f), [], "without the rules")
is_(sorted(f for f in snapshot("metrics.kernel_event_counters_enabled", "false") if f.startswith("scap")), [], "without the kernel")
is_(sorted(f for f in snapshot("metrics.resource_utilization_enabled", "false") if "memory" in f), [], "without memory")
is_(fields.get("falco.outputs_queue_num_drops"), None, "no output has dropped anything")
drops = snapshot("file_output.enabled", "true", *key("file_output.filename", "/dev/full")).get("falco.outputs_queue_num_drops", 0)
ok(drops >= 2, "one output has dropped the alert, and the internal one", drops)
ok(snapshot("metrics.convert_memory_to_mb", "false").get("falco.memory_rss_bytes", 0) > 100000, "memory in bytes")
status, _, err = run(options=("-O", "metrics.enabled=true", "-O", "metrics.output_rule=false"))
ok(status == 78 and "neither metrics.output_rule nor metrics.output_file" in err, "metrics for nobody: refused", err)
status, _, err = run(options=("-O", "metrics.enabled=true", "-O", "metrics.interval=10ms"))
ok(status == 64 and "expected a duration of 100ms or more" in err, "too often: refused", err)

# Samples
SAMPLES = os.path.join(DIR, "samples")
os.environ["FALCO_STATS_EXTRA_cluster"] = 'a"b'
run(*lost, wait=2.5, options=("--samples", SAMPLES, "--samples-interval", "1000", *key("syscall_event_drops.actions", "[ignore]")))
with open(SAMPLES, encoding="utf-8") as f:
    lines = f.read().splitlines()
ok(len(lines) in (2, 3) and all(line.endswith("},") for line in lines), "--samples: a line a second", lines)
first = json.loads(lines[0][:-1]) if lines else {}
is_(first, {"sample": 1, "cluster": 'a"b', "cur": {"events": 300, "drops": 50, "preemptions": 0}, "delta": {"events": 300, "drops": 50, "preemptions": 0},
            "drop_pct": 16.6667}, "as Falco's of 2021, with what the environment adds")
is_(json.loads(lines[1][:-1])["delta"] if len(lines) > 1 else None, {"events": 0, "drops": 0, "preemptions": 0}, "and what came since the one before")

# What was detected
def totals(*options):
    alerts = [frame(ALERT, TIME, [list(LIVE), n], rule, priority, "syscall", [], b"x", [], "d", None, [], True, [], *word)
              for n, (rule, priority, *word) in enumerate([("b", 6, "INFO"), ("a", 4, "WARNING"), ("b", 6, "INFO")])]
    p = subprocess.run([EMIT, "--totals", "-O", "file_output.enabled=true", "-O", "file_output.filename=/dev/null", *options],
                       input=hello(mode="live") + b"".join(alerts) + end(), capture_output=True, timeout=20)
    return p.stdout.decode(), p.stderr.decode()


found, err = totals("-O", "stdout_output.enabled=false")
is_(found, "Events detected: 3\nRule counts by severity:\n   WARNING: 1\n   INFO: 2\nTriggered rules by rule name:\n   b: 2\n   a: 1\n", "--totals")
ok("severity:\n   INFO: 2\n   WARNING: 1\n" in totals("-O", "stdout_output.enabled=false", "-O", "compat=0.28")[0], "0.28: in the order in which they came up")
is_(err, "Syscall event drop monitoring:\n   - event drop detected: 0 occurrences\n   - num times actions taken: 0\n", "drops too")
ok(totals()[0].count("\n") == 10, "behind the alerts", totals())
tap.end()
EOF
