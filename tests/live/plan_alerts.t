#!/bin/sh
# The alerts of a probe with the plan of its rules are those of a probe without one, side by side, under random file, process and socket
# operations (SEED=n replays them), nearly all of which some rule wants; and the plan rejects some of the others.
here=$(cd "$(dirname "$0")/../.." && pwd)
dir=$(mktemp -d) || exit 1
trap 'umount -l "$dir"/work/*/* 2>/dev/null; rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM
[ "$(id -u)" -eq 0 ] || { echo "1..0 # SKIP needs root"; exit 0; }
export DIR="$dir" SAKER_BUILD="${SAKER_BUILD:-$here/build}" PYTHONPATH="$here/tests/helpers" PYTHONDONTWRITEBYTECODE=1 ROOT="$here"
chmod 755 "$dir"
timeout 300 python3 - <<'EOT'
import collections
import json
import os
import subprocess
import plan_kernel
from live import BIN, Tap, last_stat, probe_start, stop

DIR, ROOT = os.environ["DIR"], os.environ["ROOT"]
# The same each time, but for the soak.
SEED = int(os.environ.get("SEED") or (int.from_bytes(os.urandom(4), "big") if os.environ.get("SAKER_SOAK") else 7))
COUNT = 40000 if os.environ.get("SAKER_SOAK") else 6000
OURS = """
- macro: ours
  condition: (proc.name startswith fr- or proc.pname startswith fr- or proc.exepath startswith {dir} or fd.name startswith {dir})
""" + "".join("""
- rule: %s
  desc: d
  condition: ours and (%s)
  output: "%s %%evt.type %%evt.res %%proc.pid %%thread.tid %%proc.name %%proc.pname %%proc.exepath %%user.uid %%fd.name %%fd.type %%fd.sip %%fd.sport %%evt.args"
  priority: NOTICE
""" % (name, condition, name) for name, condition in (
    ("written", "evt.type in (open, openat, openat2, creat) and evt.is_open_write = true and fd.name endswith .txt"),
    ("hidden read", "evt.type in (open, openat) and evt.is_open_read = true and fd.filename startswith .hidden"),
    ("below", "evt.type in (open, openat) and fd.name startswith {dir}/work/p0 and user.uid != 0"),
    ("missing", "evt.type in (openat, open) and evt.failed = true and evt.res = ENOENT"),
    ("denied", "evt.type in (setuid, kill, chown, fchown) and evt.failed = true"),
    ("connected", "evt.type = connect and fd.sport > 30000 and fd.l4proto = tcp and fd.sip = 127.0.0.1"),
    ("datagram", "evt.type in (sendto, recvfrom) and fd.sport < 40000 and fd.l4proto = udp"),
    ("accepted", "evt.type in (accept, accept4) and fd.sport > 20000 and evt.failed = false"),
    ("run", "evt.type = execve and proc.name = fr-executed and not user.uid = 0"),
    ("removed", "evt.type in (unlink, unlinkat, rmdir) and evt.failed = false and proc.pname startswith fr-"),
    ("doubled", "evt.type in (dup, dup2, dup3) and fd.type in (ipv4, ipv6)"),
    ("ended", "evt.type = procexit and proc.name startswith fr-1"),
)).replace("{dir}", DIR).replace("{{dir}}", DIR)
tap = Tap()
print("# SEED=%d" % SEED)
rules = os.path.join(DIR, "rules.yaml")
with open(rules, "w") as f:
    f.write(OURS.replace("{dir}", DIR))
match = [os.path.join(BIN, "match"), "-r", rules, "-r", os.path.join(ROOT, "rules/saker_rules.yaml"), "-O", "rule_matching=all"]


def asked(what):
    return subprocess.run(match + [what], stdout=subprocess.PIPE, check=True, text=True).stdout


def alerts(name):
    """How often each alert was raised, without its time; the probe's counters."""
    stages = "'%s/enrich' <'%s' | %s | '%s/emit' --json" % (BIN, name, " ".join("'%s'" % a for a in match), BIN)
    out = subprocess.run(["bash", "-o", "pipefail", "-c", stages], stdout=subprocess.PIPE, check=True, text=True).stdout
    found = collections.Counter()
    for line in out.splitlines():
        a = json.loads(line)
        found[a["rule"], a["output"].split(": ", 1)[1]] += 1
    with open(name, "rb") as f:
        return found, last_stat(f.read(), "probe")


plan, every, planned = (os.path.join(DIR, name) for name in ("plan", "every", "planned"))
with open(plan, "w") as f:
    f.write(asked("--plan"))
with open(every, "wb") as a, open(planned, "wb") as b:
    without = probe_start("-e", asked("--event-types").strip(), "-O", plan_kernel.RING, stdout=a)
    with_plan = probe_start("-p", plan, "-O", plan_kernel.RING, stdout=b)
    plan_kernel.activity(DIR, SEED, COUNT)
    tap.is_((stop(with_plan), stop(without)), (0, 0), "both probes end well")
(all_alerts, all_counters), (plan_alerts, counters) = alerts(every), alerts(planned)


def ours(found):
    return collections.Counter({key: n for key, n in found.items() if "fr-" in key[1] or DIR in key[1]})


def total(c, what):
    return sum(n for name, n in c.items() if name.startswith("kernel.%s." % what))


lost, more = ours(all_alerts) - ours(plan_alerts), ours(plan_alerts) - ours(all_alerts)
kinds = collections.Counter()
for (rule, _), n in ours(all_alerts).items():
    kinds[rule] += n
print("# alerts: %s" % dict(kinds))
print("# with the plan %d events of %d" % (total(counters, "delivered"), total(all_counters, "delivered")))
tap.ok(not total(counters, "dropped") and not total(all_counters, "dropped"), "nothing was lost")
tap.ok(len(kinds) >= 8 and sum(kinds.values()) > 300, "there are alerts of many rules", dict(kinds))
tap.ok(not lost, "no alert is lost by the plan", *list(lost)[:6])
tap.ok(not more, "none is raised only with it", *list(more)[:6])
tap.ok(total(counters, "delivered") * 10 < total(all_counters, "delivered") * 9, "the plan rejects a tenth or more")
tap.end()
EOT
