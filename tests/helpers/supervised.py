"""scripts/saker as a child in a run folder of its own, and numbered opens that rules make alerts of."""
import json
import os
import re
import signal
import subprocess
import time

from live import BIN, until

HERE = os.path.dirname(os.path.abspath(__file__))
SAKER = os.path.join(HERE, "../../scripts/saker")
NUMBERED = os.path.join(os.environ["SAKER_BUILD"], "tests/helpers/numbered")
TEXT = "- rule: %s\n  desc: d\n  condition: evt.type in (open, openat) and fd.name startswith %s. and fd.name endswith %s\n  output: n=%%fd.name\n  priority: NOTICE\n"


class Saker:
    """Watches with one rule for each (name, prefix, suffix); more rules and keys as options."""

    def __init__(self, folder, name="saker", *options, rules=None):
        self.folder, self.run = folder, os.path.join(folder, name + ".run")
        self.rules = rules or os.path.join(folder, name + ".yaml")
        self.out, self.log = os.path.join(folder, name + ".out"), os.path.join(folder, name + ".log")
        self.options = options

    def write_rules(self, *rules, extra=""):
        with open(self.rules + ".new", "w", encoding="utf-8") as f:
            f.write("".join(TEXT % rule for rule in rules) + extra)
        os.rename(self.rules + ".new", self.rules)

    def start(self):
        with open(self.out, "wb") as out, open(self.log, "wb") as log:
            self.p = subprocess.Popen([SAKER, "run", "-d", self.run, "--json", *(() if "-c" in self.options else ("-r", self.rules)),
                                       *self.options], stdout=out, stderr=log, stdin=subprocess.DEVNULL)
        if not until(lambda: os.path.exists(self.run + "/ready") or self.p.poll() is not None, 30) or self.p.poll() is not None:
            raise SystemExit("Bail out! saker is not ready: %s" % self.said())
        return self

    def said(self):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return f.read()

    def pid(self, stage):
        """Of the stage; of the probe's reader."""
        try:
            with open("%s/%s.pid" % (self.run, "probe" if stage == "reader" else stage)) as f:
                pid = int(f.read())
            if stage == "reader":
                with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
                    pid = int((f.read().split() or [0])[0])
            return pid
        except (OSError, ValueError):
            return 0

    def kill(self, stage):
        pid = self.pid(stage)
        if pid:
            os.kill(pid, signal.SIGKILL)
        return pid

    def call(self, *command):
        return subprocess.run([SAKER, "-d", self.run, *command], capture_output=True, text=True, timeout=60)

    def alerts(self, begin=0):
        """Those whose lines begin there or behind: while emit writes many the size may lie in the middle of one."""
        with open(self.out, "rb") as f:
            f.seek(max(begin - 1, 0))
            return [json.loads(line) for line in f.read().split(b"\n")[1 if begin else 0:-1]]

    def size(self):
        return os.path.getsize(self.out)

    def numbers(self, rule=None):
        """Of the alerts, in the order in which they came."""
        return [int(re.search(r"\.(\d+)$", a["output_fields"]["fd.name"]).group(1)) for a in self.alerts()
                if "fd.name" in a["output_fields"] and (rule is None or a["rule"] == rule)]

    def internal(self, rule):
        return [a for a in self.alerts() if a["rule"] == rule]

    def stop(self, timeout=30):
        self.p.send_signal(signal.SIGTERM)
        return self.p.wait(timeout)


class Load:
    def __init__(self, prefix, rate=20000):
        self.p = subprocess.Popen([NUMBERED, str(rate), prefix], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def end(self):
        self.p.stdin.close()
        total = int(self.p.stdout.read())
        self.p.wait(10)
        return total


def expected(total, suffix):
    return [n for n in range(total) if str(n).endswith(suffix)]
