#!/bin/sh
# Every line of shell that README.md prints does what it says: typed at a terminal, ended with Ctrl-C where it does not end.
here=$(cd "$(dirname "$0")/../.." && pwd)
SAKER_BUILD=${SAKER_BUILD:-$here/build}
export SAKER_BUILD PYTHONPATH="$here/tests/helpers" PYTHONDONTWRITEBYTECODE=1
DIR=$(mktemp -d) || exit 1
export DIR
trap 'umount "$DIR/pts" 2>/dev/null; rm -rf "$DIR"' EXIT
timeout 20 "$SAKER_BUILD/bin/probe" -n 2>"$DIR/why.txt" || { echo "1..0 # SKIP no BPF: $(tail -n 1 "$DIR/why.txt")"; exit 0; }

timeout 240 python3 - <<'PYTHON'
import os, re, signal, subprocess
from pipeline import *

DIR = os.environ["DIR"]
MARKER = "readme%d" % os.getpid()
# The checkout that the lines are typed in: a folder of links, so that what they write does not end up in the real one.
for name in os.listdir(HERE):
    if name != "build" and not name.startswith("."):
        os.symlink(os.path.realpath(os.path.join(HERE, name)), os.path.join(DIR, name))
os.mkdir(os.path.join(DIR, "build"))
os.symlink(BIN, os.path.join(DIR, "build", "bin"))
reader, = copies("/bin/cat", DIR, MARKER)
for name in ("my_rules.yaml", "falco_rules.yaml"):
    with open(os.path.join(DIR, name), "w") as f:
        f.write("- {rule: %s, desc: d, condition: 'evt.type in (execve, openat) and proc.name = %s', output: a %%proc.name, "
                "priority: NOTICE}\n" % (name, MARKER))


def prepared(line):
    """What is typed: as printed, but for what would start these tests again, build, or touch the machine outside of the folder."""
    line = re.sub(r"(?<=[ :])/(run|tmp)/", DIR + "/", line)
    return re.sub(r"^make (\w+)", r"make -C %s -n \1 >/dev/null" % os.path.realpath(HERE), line.replace("sudo ", ""))


def blocks():
    return [re.sub(r"\\\n", "", block).splitlines() for block in re.findall(r"^```sh\n(.*?)^```$", text(os.path.join(HERE, "README.md")), re.M | re.S)]


terminal = Terminal(DIR)
terminal.type("set -o pipefail; PS1=; exec 2>&1\n")
serial = 0


def typed(line, endless):
    """Types a line, and Ctrl-C when it is endless and has shown something of the reader. Returns its status (None: it did not
    end), whether it has shown that, and how often Ctrl-C was needed."""
    global serial
    serial += 1
    status = os.path.join(DIR, "status%d" % serial)
    note = "s=$?; [ -e %s ] || echo $s >%s\n" % (status, status)          # the first time only
    finished = lambda: text(status).endswith("\n")
    before = len(terminal.seen)
    terminal.type(line + "\n" + note)

    def shown():
        subprocess.run([reader, "/etc/shadow"], stdout=subprocess.DEVNULL)
        return finished() or MARKER.encode() in terminal.seen[before:]

    showed = until(shown if endless else finished) and endless
    presses = 0
    while endless and not finished() and presses < 3:
        terminal.type("\x03")
        presses += 1
        # The Ctrl-C throws away what was typed behind the line.
        until(lambda: finished() or terminal.running("probe|enrich|match|emit|frames") == [], 2)
        terminal.type(note)
        until(finished, 1)
    return text(status).strip() or None, showed, presses


lines = [line for block in blocks() for line in block if line.strip() and line.strip() != "sudo -s"]
ok(len(lines) > 10, "README.md has lines to type (%d)" % len(lines))
for line in lines:
    seen = len(terminal.seen)
    endless = bool(re.search(r"\bprobe\b(?! -r)|saker run|-i unix:", line)) and not line.endswith("&")
    # One Ctrl-C ends a pipeline by its probe; where that runs elsewhere it takes the second, and jq dies of the first.
    expected = ("130" if "jq" in line else "0", endless, 2 if "-i unix:" in line else int(endless))
    found = typed(prepared(line), endless)
    ok(found == expected, line.replace("#", "\\#"),
       "status, shown, Ctrl-C: %r, expected %r\n%s" % (found, expected, terminal.seen[seen:].decode(errors="replace")[-3000:]))
# What runs in the background waits for a reader to come back.
for pid in terminal.running("probe|enrich"):
    os.kill(int(pid), signal.SIGTERM)
ok(until(lambda: not terminal.running("probe|enrich|match|emit")), "SIGTERM ends what was started in the background",
   terminal.running("."))
is_(terminal.end(), "", "nothing is left behind")
done()
PYTHON
