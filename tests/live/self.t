#!/bin/sh
# saker's own doings are counted as `self` and raise nothing: a rule on every open and write, with a file that is opened anew for
# each alert, does not feed itself.
here=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
export DIR="$dir" SAKER_BUILD="${SAKER_BUILD:-$here/build}" PYTHONPATH="$here/tests/helpers" PYTHONDONTWRITEBYTECODE=1 HERE="$here"
[ "$(id -u)" = 0 ] || { echo "1..0 # SKIP BPF needs root"; exit 0; }
python3 - <<'EOF'
import json, os, signal, subprocess, time
import wire
from live import Tap, last_stat, probe_start, stop, until
from wire import EVENT

DIR, SECONDS = os.environ["DIR"], 10 if os.environ.get("SAKER_SOAK") else 3
TYPES = "open,openat,write,writev,pwrite,sendto,execve"
STAGES = ("probe", "enrich", "match", "emit")
RULES = """
- rule: all
  desc: every open and write of whomever
  condition: evt.type in (open, openat, write, writev, pwrite, sendto)
  output: "%proc.exepath %evt.type %fd.name"
  priority: INFO
"""
tap = Tap()


def path(name):
    return os.path.join(DIR, name)


def lines():
    try:
        with open(path("alerts"), encoding="utf-8", errors="replace") as f:
            return [json.loads(line) for line in f]
    except FileNotFoundError:
        return []


with open(path("rules.yaml"), "w") as f:
    f.write(RULES)
os.chmod(os.environ["DIR"], 0o755)     # the stages have users of their own
saker = subprocess.Popen(
    [os.environ["HERE"] + "/scripts/saker", "run", "-d", path("run"), "--json", "-e", TYPES, "-r", path("rules.yaml"),
     "-O", "stdout_output.enabled=false", "-O", "file_output.enabled=true", "-O", "file_output.filename=" + path("alerts"), "-O", "file_output.keep_alive=false"],
    stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
said = saker.stderr.readline()
tap.ok(b"watching" in said, "saker watches", said)
start = time.monotonic()
done = 0
while time.monotonic() - start < SECONDS:
    with open(path("mine-%d" % done), "w") as f:
        f.write("x")
    done += 1
    time.sleep(0.05)
mine = lambda: [a for a in lines() if "/mine-" in a["output"]]
until(lambda: len(mine()) >= 2 * done, 10)
saker.send_signal(signal.SIGINT)
tap.is_(saker.wait(20), 0, "saker has ended well")
found = [a for a in lines() if a["source"] != "internal"]
ours = [os.path.realpath(os.path.join(os.environ["SAKER_BUILD"], "bin", s)) for s in STAGES]
own = [a["output"] for a in found if a["output_fields"].get("proc.exepath") in ours]
tap.is_(len(mine()), 2 * done, "each open and write of the test is in the file once")
tap.ok(not own, "no alert is about saker's own doings", *own[:5])
tap.ok(not [a for a in found if a["output"].endswith(path("alerts")) and (a["output_fields"].get("proc.exepath") or "").endswith("/emit")],
       "nor about the file that the alerts go to")

with open(path("raw"), "wb") as out:
    probe = probe_start("-e", TYPES, stdout=out)
    subprocess.run([os.environ["SAKER_BUILD"] + "/bin/frames", "--version"], stdout=subprocess.DEVNULL)
    time.sleep(1.2)
    tap.is_(stop(probe), 0, "the probe has ended well")
with open(path("raw"), "rb") as f:
    data = f.read()
counters = last_stat(data, "probe")
tap.ok(counters.get("kernel.self.write", 0) + counters.get("kernel.self.writev", 0) > 0, "what the probe writes is counted as self",
       {k: v for k, v in counters.items() if ".self." in k})
tap.ok(any(kind == EVENT and v[2] == 293 and (v[9] or b"").endswith(b"/bin/frames")
           for kind, v in ((k, wire.unpack(b)) for k, b in wire.frames(data))), "that one of its programs is started is told all the same")
tap.end()
EOF
